"""The cron line of docs/scheduling.md under a real cron daemon, which sees a crontab of its own and no other."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from fengqiao_eval.demo import write

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow

ALONE = """set -e
mount --make-rprivate /
mount -t tmpfs none /run
mount -t tmpfs none /etc/cron.d
mount -t tmpfs none /var/spool/cron/crontabs
for file in /etc/crontab /etc/default/locale /etc/environment; do test ! -f $file || mount --bind /dev/null $file; done
install -m 600 crontab /var/spool/cron/crontabs/$1
exec cron -f
"""
"""What the daemon is started by, where its mounts and processes are seen by nobody else: other crontabs are hidden from it."""


@pytest.fixture
def project(blocks, tmp_path):
    """Make a project as the page has it, of one card, over an invented province of the year 2024."""
    shutil.copytree(ROOT / "params", tmp_path / "params")
    [(name, text)] = blocks("yaml")
    told = yaml.safe_load(text)
    fewer = {"as_of": "2025-01-06", "levels": ["city", "county", "station"], "only": ["S007"]}
    (tmp_path / name).write_text(yaml.safe_dump(told | fewer), "utf-8")
    write.write(tmp_path / told["records"], 32)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


@pytest.fixture
def crontab(lines, project):
    """Write the crontab of the page, for every minute, in this project; what it prints and its exit code are kept."""
    *settings, line = lines("cron")
    assert settings == ["MAILTO=fengqiao"]
    command = line.split(maxsplit=5)[5].replace("/srv/fengqiao", str(project))
    line = f"* * * * * env >{project}/env.txt; {command} >said.txt 2>&1; echo $? >code.txt"
    (project / "crontab").write_text(f'MAILTO=""\n{line}\n', "utf-8")
    return project / "crontab"


@contextmanager
def daemon(folder):
    """Run cron for a while, apart; with its first process all its children end."""
    apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    user = pwd.getpwuid(os.geteuid()).pw_name
    running = subprocess.Popen([*apart, "sh", "-c", ALONE, "sh", user], cwd=folder, stderr=subprocess.PIPE, text=True)
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def wait_for(path, running):
    """Wait until a file holds something."""
    for _ in range(600):
        if path.is_file() and path.read_text("utf-8"):
            return
        assert running.poll() is None, running.stderr.read()
        time.sleep(0.5)
    pytest.fail(f"cron made no {path.name} within five minutes")


@pytest.mark.usefixtures("crontab")
def test_cron_makes_the_run(project, need, lack):
    """With cron's own bare environment the line prints a card, says one line in Chinese and ends with 0."""
    if os.geteuid() != 0:
        lack("only root can start a cron daemon apart from that of the machine")
    for program in ("cron", "unshare"):
        need(program)
    with daemon(project) as running:
        wait_for(project / "code.txt", running)
    said = (project / "said.txt").read_text("utf-8")
    assert (project / "code.txt").read_text("utf-8") == "0\n", said
    assert re.fullmatch(r"完成：monthly-2024-12（2024-12，草稿），.*\n", said)
    assert (project / "runs" / "monthly-2024-12" / "station" / "S007.html").stat().st_mode & 0o077 == 0
    told = dict(line.split("=", 1) for line in (project / "env.txt").read_text("utf-8").splitlines())
    assert told["PATH"] == "/usr/bin:/bin"
    assert {"LANG", "LC_ALL", "VIRTUAL_ENV"}.isdisjoint(told)
