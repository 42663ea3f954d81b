"""The browser of these tests: Debian's Chromium, able to reach this machine and no other."""

import socket
import time
import urllib.request

import pytest

BLIND = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


@pytest.fixture(scope="module")
def browser(need):
    """Start Chromium; playwright brings none of its own."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=need("chromium"), args=BLIND)
        yield running
        running.close()


@pytest.fixture(scope="session")
def free_port():
    """Give a function that finds a port of the loopback that nobody uses."""

    def find() -> int:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return free.getsockname()[1]

    return find


@pytest.fixture(scope="session")
def await_server():
    """Give a function that waits until a server of this machine answers."""

    def wait(url: str) -> None:
        for _ in range(120):
            try:
                urllib.request.urlopen(url, timeout=2).read()  # noqa: S310 - the loopback
            except OSError:
                time.sleep(0.5)
            else:
                return
        pytest.fail("JupyterLab did not start within a minute")

    return wait
