"""The browser of these tests: Debian's Chromium, able to reach this machine and no other."""

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
