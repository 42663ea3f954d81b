"""Help and refusals of wrong calls: in the reader's language, as wide as the console, in colour on a terminal alone."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pandas as pd
import pytest

import test_cli
from fengqiao_eval.usage import break_lines
from fengqiao_eval.words import text_width

COMMANDS = ("", "demo", "scheme", "draft", "read", "check", "score", "run", "tune", "lab", "explain", "compare", "verify")
PROGRAM = str(Path(sys.executable).with_name("fengqiao"))
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def fengqiao(*words, columns=60, **env):
    """Type a command in a shell of its own: exit code, stdout, stderr."""
    own = {name: value for name, value in os.environ.items() if name not in ("FENGQIAO_LANG", "NO_COLOR")}
    command = [PROGRAM, *words]
    made = subprocess.run(
        command, env=own | {"COLUMNS": str(columns)} | env, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    return made.returncode, made.stdout, made.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_units_are_completed_by_id_and_by_name(shell, tmp_path):
    """Those of the run that is typed, else of the latest; officers are none of them, nor a name that a shell would cut."""
    for run, name in (("demo", "石桥派出所"), ("last", "柳河派出所")):
        (tmp_path / "runs" / run).mkdir(parents=True)
        pd.DataFrame({"unit_id": ["S001", "S002", "X1"], "name": [name, "east station", None]}).to_parquet(
            tmp_path / "runs" / run / "units.parquet"
        )
    (tmp_path / "runs" / "latest").write_text("last\n", "utf-8")
    assert {"S001", "S002"} <= set(re.findall(r"S\d+", complete(shell, "fengqiao explain demo S", tmp_path)))
    assert "石桥派出所" in complete(shell, "fengqiao explain demo 石", tmp_path)
    assert "柳河派出所" in complete(shell, "fengqiao run params/other.yaml --only 柳", tmp_path)
    assert "石桥派出所" in complete(shell, "fengqiao run params/demo.yaml --only 石", tmp_path)
    assert "east" not in complete(shell, "fengqiao explain demo e", tmp_path)
    (tmp_path / "runs" / "demo" / "units.parquet").write_text("torn", "utf-8")
    assert "S001" not in complete(shell, "fengqiao explain demo S", tmp_path)


def on_terminal(*words, columns=0, cwd=None, **env):
    """Type a command on a terminal of so many columns (0: it does not say): what it shows."""
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    own = {name: value for name, value in os.environ.items() if name not in ("FENGQIAO_LANG", "NO_COLOR")}
    with subprocess.Popen([PROGRAM, *words], cwd=cwd, env=own | env, stdout=there, stderr=there):
        os.close(there)
        said = b""
        try:
            while read := os.read(here, 4096):
                said += read
        except OSError:  # the other end is closed
            pass
    os.close(here)
    return said.decode()


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_help_speaks_one_language_and_keeps_within_sixty_columns(command, lang):
    """Help is in the reader's language throughout, and no line is wider than the console, Chinese characters being two."""
    code, said, refused = fengqiao(*command.split(), "--help", FENGQIAO_LANG=lang)
    assert (code, refused) == (0, "")
    assert max(map(text_width, said.splitlines())) <= 60
    if lang == "en":
        assert not CHINESE.search(said)
    else:
        own = [line for line in said.splitlines() if line and not CHINESE.search(line)]
        assert not [line for line in own if re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}", line)]


def test_help_without_a_language_says_how_to_have_the_other():
    """Where nobody chose a language, help is Chinese and says in English how to have English."""
    _, said, _ = fengqiao("run", "--help")
    assert "评分并出卡" in said
    assert said.splitlines()[-1] == "In English: export FENGQIAO_LANG=en"
    assert "In English" not in fengqiao("run", "--help", FENGQIAO_LANG="zh")[1]


WRONG = {
    "rum": ("没有命令“rum”（相近：run）", "there is no command “rum” (near: run)"),
    "run": ("缺少 PARAMS", "PARAMS is missing"),
    "run a b": ("多出来的词“b”", "“b” is one word too many"),
    "run a --wokers 2": ("没有选项“--wokers”（相近：--workers）", "there is no option “--wokers” (near: --workers)"),
    "run a --workers 0": (
        "--workers：须为整数，不小于 1，现为“0”",
        "--workers: must be a whole number of at least 1, and is “0”",
    ),
    "run a --workers x": (
        "--workers：须为整数，不小于 1，现为“x”",
        "--workers: must be a whole number of at least 1, and is “x”",
    ),
    "tune a --port 70000": ("须为整数，1 至 65535，现为“70000”", "a whole number from 1 to 65535, and is “70000”"),
    "run a --only": ("--only 后面须有一个值", "--only needs a value after it"),
    "read a": ("缺少 --to", "--to is missing"),
    "--completion fish": ("没有“fish”的补全；可用：bash, zsh", "there is no completion for “fish”; there is bash, zsh"),
}


@pytest.mark.slow
@pytest.mark.parametrize("call", WRONG)
def test_a_wrong_call_is_refused_in_the_readers_language(call):
    """A wrong call is exit 2; what is wrong is said in the reader's language, and how it is called rightly."""
    for lang, wanted in zip(("zh", "en"), WRONG[call], strict=True):
        code, said, refused = fengqiao(*call.split(), FENGQIAO_LANG=lang)
        assert (code, said) == (2, "")
        assert wanted in refused
        assert "Error" not in refused
        assert "Try '" not in refused


def test_a_language_that_is_not_there_is_refused_in_both_that_are():
    """FENGQIAO_LANG=fr is exit 2, told in Chinese and in English, before anything else is done."""
    assert fengqiao("--version", FENGQIAO_LANG="fr") == (
        2,
        "",
        "没有语言“fr”；可写 zh（中文）或 en（English）\nthere is no language “fr”; write zh or en\n",
    )


def test_the_version_is_told():
    """--version names the program, its version and Python's."""
    code, said, _ = fengqiao("--version")
    assert code == 0
    assert re.fullmatch(r"fengqiao_eval \d+\.\d+\.\d+ \(Python 3\.\d+\.\d+\)\n", said)


def complete(shell, line, folder):
    """Press the tabulator behind a line."""
    words = line.split(" ")
    told = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)} if shell == "bash" else {"_TYPER_COMPLETE_ARGS": line}
    made = subprocess.run(
        [PROGRAM],
        env={**os.environ, **told, "_FENGQIAO_COMPLETE": f"complete_{shell}"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return made.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_commands_options_and_runs_are_completed(shell, tmp_path):
    """Commands, options and the names of runs are completed in bash and zsh."""
    (tmp_path / "runs" / "demo-2024Q4").mkdir(parents=True)
    assert "explain" in complete(shell, "fengqiao exp", tmp_path)
    assert "--notebooks" in complete(shell, "fengqiao run --note", tmp_path)
    assert "demo-2024Q4" in complete(shell, "fengqiao explain dem", tmp_path)
    assert "_FENGQIAO_COMPLETE" in fengqiao("--completion", shell)[1]


TERMINAL = 60
WORD = r"[A-Za-z0-9_./%−]+"
SPOKEN = (
    "check params/q4.yaml",
    "score params/q4.yaml",
    "explain q4 S1 arrival",
    "compare q4 before",
    "explain q4 S9",
    "check no/such/place.yaml",
)


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_lines_are_broken_where_a_terminal_ends_and_words_may_break(tmp_path, lang):
    """On 60 columns every line ends between words or Chinese characters; in a pipe a message is one line, however long."""
    project = test_cli.a_project(tmp_path)
    subprocess.run([PROGRAM, "score", "params/q4.yaml", "--set", "out=other"], cwd=project, check=True, capture_output=True)
    (project / "other" / "q4").rename(project / "before")
    for call in SPOKEN[1:4]:  # what is said the first time alone is said to nobody
        subprocess.run([PROGRAM, *call.split()], cwd=project, check=True, capture_output=True)
    for call in SPOKEN:
        shown = on_terminal(*call.split(), columns=TERMINAL, cwd=project, FENGQIAO_LANG=lang, NO_COLOR="1").split("\r\n")
        assert max(map(text_width, shown)) <= TERMINAL
        command = [PROGRAM, *call.split()]
        piped = subprocess.run(
            command, cwd=project, env={**os.environ, "FENGQIAO_LANG": lang}, capture_output=True, text=True, check=False
        )
        told = re.sub(r"\d+ (秒|s\b)", "", piped.stdout + piped.stderr)  # seconds are never the same
        seen = re.sub(r"\d+ (秒|s\b)", "", "\n".join(shown))
        assert set(re.findall(WORD, seen)) - set(re.findall(WORD, told)) <= ({"Reading", "the", "records", "of", call.split()[1]})
        assert [line for line in told.splitlines() if "".join(line.split()) not in "".join(seen.split())] == []


@pytest.mark.parametrize(
    ("line", "broken"),
    [
        ("总分 83.75，第 10 名（共 18 个）", ["总分 83.75，第 10 名", "（共 18 个）"]),
        ("  - 指标“安全感”变动 −12.5，区间 3–15 名", ["  - 指标“安全感”变动", "    −12.5，区间 3–15 名"]),
        ("runs/a-very-long-name/of-a-run/index.html", ["runs/a-very-long-name/", "of-a-run/index.html"]),
        ("abcdefghijklmnopqrstuvwxyz", ["abcdefghijklmnopqrstuvw", "xyz"]),
        ("", [""]),
    ],
)
def test_signs_and_numbers_stay_with_what_they_belong_to(line, broken):
    """No line ends with an opening bracket or begins with a comma; a number keeps its sign, a path is cut at its folders."""
    assert break_lines(line, 23).split("\n") == broken
    assert break_lines(line, None) == line


def test_a_script_for_a_shell_is_never_broken():
    """What another program reads is the same on a terminal as in a pipe."""
    shown = on_terminal("--completion", "bash", columns=40).replace("\r\n", "\n")
    assert shown == fengqiao("--completion", "bash")[1]


def test_faults_are_coloured_on_a_terminal_alone(tmp_path):
    """On a terminal the place is bold and the rule red; in a file, or where NO_COLOR is set, there is no sign of colour."""
    missing = str(Path(tmp_path) / "nope.yaml")
    shown = on_terminal("check", missing)
    assert "\x1b[31m[document.not_there]\x1b[0m" in shown
    assert "正在读取记录" in shown
    assert "\x1b" not in on_terminal("check", missing, NO_COLOR="1")
    assert "\x1b" not in fengqiao("check", missing)[2]


def test_colour_opens_no_door_for_what_others_wrote(tmp_path):
    """A name that would move the cursor is spelled out before anything is coloured."""
    shown = on_terminal("check", str(Path(tmp_path) / "a\x1b[2J.yaml"))
    assert "\x1b[2J" not in shown
