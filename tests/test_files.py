"""What the system refuses, streams that cannot be written, and names that are no UTF-8: each a sentence, none a traceback."""

import ctypes
import errno
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

import fengqiao_eval as fq
from fengqiao_eval import files
from fengqiao_eval.errors import FengqiaoError
from shared import ROOT
from test_cli import a_project, fengqiao

pytestmark = pytest.mark.usefixtures("scored_once")
POSIX = pytest.mark.skipif(os.name != "posix", reason="rights and streams as POSIX has them")
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="names may be any bytes on Linux")
GBK = os.fsdecode("项目".encode("gbk"))
LONG = "长" * 100
COMMAND = Path(sys.executable).with_name("fengqiao")


@contextmanager
def without_privilege():
    """Let root obey the rights of files, as everybody else does (capabilities 1 to 3)."""
    if os.geteuid() != 0:
        yield
        return
    libc, head, data = ctypes.CDLL(None, use_errno=True), (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc.capget(head, data)
    all_of_them = data[0]
    data[0] &= ~0b1110
    if libc.capset(head, data):
        pytest.skip("root keeps its privileges here")
    try:
        yield
    finally:
        data[0] = all_of_them
        libc.capset(head, data)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A small project, which is the current folder; no card is printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("fengqiao_eval.runs.run.print_cards", lambda *_, **__: ())
    return a_project(tmp_path)


@contextmanager
def closed(path, mode=0):
    """Take rights away from a path for a while, from root too."""
    before = path.stat().st_mode
    path.chmod(mode)
    with without_privilege():
        yield
    path.chmod(before)


def events(out=Path("runs")):
    """List what the log says."""
    return [json.loads(line) for line in (out / "log.jsonl").read_text("utf-8").splitlines()]


# Rights


@POSIX
@pytest.mark.parametrize("command", ["check", "score", "run", "tune"])
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("params/q4.yaml", r"params/q4\.yaml \[system\.read\] 用户 \w+ 没有 .*q4\.yaml 的读取权限"),
        ("params", r"params/q4\.yaml \[system\.enter\] 用户 \w+ 没有文件夹 .*params 的进入权限"),
        ("params/scheme.yaml", r"scheme\.yaml \[system\.read\] 用户 \w+ 没有 .*scheme\.yaml 的读取权限"),
        ("records", r"records\S* \[system\.(enter|read)\] 用户 \w+ 没有(文件夹)? ?.*records 的(进入|读取)权限"),
        ("records/cases.csv", r"cases\.csv \[system\.read\] 用户 \w+ 没有 .*cases\.csv 的读取权限"),
    ],
)
def test_an_input_without_right_is_a_fault(project, command, path, said):
    """Parameters, scheme and records that may not be read are faults of the input: path, missing right and user, exit 1."""
    with closed(project / path):
        code, _, refused = fengqiao(command, "params/q4.yaml")
    assert code == 1
    assert re.search(said, refused), refused


@POSIX
def test_records_that_may_not_be_listed_are_not_taken_for_none(project):
    """A run that is there is not called unchanged while its records cannot be looked at."""
    fengqiao("score", "params/q4.yaml")
    with closed(project / "records"):
        assert fengqiao("score", "params/q4.yaml")[0] == 1


@POSIX
@pytest.mark.parametrize(
    "words",
    [
        ["score", "params/q4.yaml", "--set", "out=kept"],
        ["score", "params/q4.yaml", "--set", "out=kept/a/b"],
        ["run", "params/q4.yaml", "--set", "out=kept"],
        ["tune", "params/q4.yaml", "--set", "out=kept"],
        ["scheme", "params/scheme.yaml", "--to", "kept/table.xlsx"],
        ["scheme", "--new", "kept/table.yaml"],
        ["demo", "kept/demo", "--stations", "8"],
        ["compare", "runs/q4", "runs/other", "--out", "kept/page.html"],
    ],
)
def test_a_place_that_may_not_be_written_is_exit_three(project, words):
    """Path, missing right and user in one sentence, nothing is written, exit 3."""
    (project / "kept").mkdir()
    if words[0] == "compare":
        shutil.copy("params/q4.yaml", "params/other.yaml")
        assert [fengqiao("score", f"params/{name}.yaml")[0] for name in ("q4", "other")] == [0, 0]
    with closed(project / "kept", 0o555):
        code, _, refused = fengqiao(*words)
    assert code == 3
    assert re.search(
        r"kept\S* \[system\.write\] 用户 \w+ 没有 .*kept 的写入权限；请开通该权限，或换一个位置$", refused.strip()
    ), refused
    assert list((project / "kept").iterdir()) == []


@POSIX
def test_a_refusal_of_the_system_is_logged(project):
    """Where a run has a log, it says which file was refused, by which rule, and the exit code."""
    (project / "runs" / ".q4.part").mkdir(parents=True)
    with closed(project / "runs" / ".q4.part"):
        assert fengqiao("score", "params/q4.yaml")[0] == 3
    assert events()[-1] | {"time": ""} == {
        "time": "",
        "run": "q4",
        "event": "refused",
        "exit": 3,
        "faults": ["manifest.json [system.enter]"],
    }


# Paths that cannot be


@POSIX
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["score", "params/q4.yaml", "--set", "out=file/runs"], "file/runs 中有一段是文件而不是文件夹"),
        (["score", "params/q4.yaml", "--set", f"out={LONG}"], "路径太长，系统不收"),
        (["check", "params/q4.yaml", "--set", f"out={LONG}"], "路径太长，系统不收"),
        (["check", "params/q4.yaml", "--set", "out=file/runs"], "file/runs 中有一段是文件而不是文件夹"),
        (["scheme", "params/scheme.yaml", "--to", f"{LONG}.xlsx"], "路径太长，系统不收"),
        (["scheme", "--new", "file/table.yaml"], "file 挡在那里"),
        (["demo", "file/demo", "--stations", "8"], "file 挡在那里|中有一段是文件"),
        (["explain", LONG, "S1"], "路径太长，系统不收"),
    ],
)
def test_a_path_that_cannot_be_is_exit_two(project, words, said):
    """A file for a folder, or a name too long, is wrong usage: a sentence that names it."""
    (project / "file").write_text("")
    code, _, refused = fengqiao(*words)
    assert code == 2
    assert re.search(said, refused), refused


def test_a_path_with_a_null_character_is_a_fault(project):
    """YAML can write what no path may hold."""
    (project / "params" / "q4.yaml").write_text('period: 2024Q4\nrecords: records\nscheme: params/scheme.yaml\nout: "a\\0b"\n')
    code, _, refused = fengqiao("score", "params/q4.yaml")
    assert (code, "q4.yaml:4 · out [params.nul] “a␀b”里有空字符" in refused) == (1, True)


# Disks that fail


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.ENOSPC, "磁盘已满"),
        (errno.EROFS, "磁盘是只读的"),
        (errno.EIO, "磁盘读写出错（EIO"),
        (errno.ESTALE, "网络磁盘已断开（ESTALE"),
        (errno.EMFILE, "可同时打开的文件数已用完"),
        (errno.EFBIG, "超过用户 .* 可写的大小"),
        (errno.ENODEV, "系统拒绝读写 .*（ENODEV"),
    ],
)
@pytest.mark.parametrize("words", [["scheme", "params/scheme.yaml", "--from", "t.xlsx", "--force"], ["compare", "q4", "other"]])
def test_whatever_a_disk_answers_is_a_sentence_and_what_stood_there_stands(project, monkeypatch, code, said, words):
    """A disk that refuses is exit 3, and the file that was to be replaced is whole."""
    fengqiao("scheme", "params/scheme.yaml", "--to", "t.xlsx")
    shutil.copy("params/q4.yaml", "params/other.yaml")
    assert [fengqiao("score", f"params/{name}.yaml")[0] for name in ("q4", "other")] == [0, 0]
    (project / "params" / "scheme.yaml").write_text(before := "title: in force\n")

    def refuse(path, mode="r", *given, **named):
        if mode == "xb":  # as a file is written anew
            raise OSError(code, os.strerror(code), str(path))
        return plain(path, mode, *given, **named)

    plain = Path.open
    monkeypatch.setattr(Path, "open", refuse)
    exit_code, _, refused = fengqiao(*words)
    assert exit_code == 3
    assert re.search(said, refused), refused
    assert (project / "params" / "scheme.yaml").read_text() == before
    assert list(project.glob("*.html")) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_a_library_that_only_quotes_the_system_is_understood(code):
    """What a database or a writer of workbooks makes of an error of the system is the system's."""
    quoted = type("IOException", (Exception,), {"__module__": "duckdb"})(f'Cannot open file "/srv/x.csv": {os.strerror(code)}')
    found = files.find_refusal(quoted)
    assert (found.errno, found.filename) == (code, "/srv/x.csv")


def test_a_mistake_of_ours_is_not_blamed_on_the_system():
    """An error of Python's own that comes up while an error of the system is handled stays a bug."""
    mistake = KeyError("key")
    mistake.__context__ = PermissionError(errno.EACCES, "")
    assert files.refusal(mistake) is None


# Streams

SCORE = [COMMAND, "score", "params/q4.yaml", "--quiet"]


def typed(command, **streams):
    """Type a command in a process of its own; return its exit code and what it said on stderr."""
    done = subprocess.run([*map(str, command)], check=False, **{"stderr": subprocess.PIPE, **streams})
    return done.returncode, (done.stderr or b"").decode()


@pytest.mark.slow
@FULL
@pytest.mark.usefixtures("project")
def test_a_run_stands_where_its_last_line_cannot_be_printed():
    """A full stdout costs the summary, not the run: exit 0, said on stderr and in the log."""
    with Path("/dev/full").open("wb") as full:
        code, said = typed(SCORE, stdout=full)
    assert (code, "标准输出写不了" in said, "结果文件已全部写好" in said) == (0, True, True)
    assert [event["event"] for event in events()][-2:] == ["finished", "not_printed"]


@pytest.mark.slow
@FULL
@pytest.mark.usefixtures("project")
def test_what_is_only_printed_is_exit_three_where_it_cannot_be():
    """A check whose findings nobody can read has not been told."""
    with Path("/dev/full").open("wb") as full:
        code, said = typed([COMMAND, "check", "params/q4.yaml"], stdout=full)
    assert (code, said.count("\n"), "标准输出写不了" in said) == (3, 1, True)


@pytest.mark.slow
@POSIX
@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("shut", ["2>&-", "<&-", "<&- >&- 2>&-", ">&- 2>&-"])
def test_closed_streams_stop_no_run(shut):
    """Whatever is closed, the run is made, and no file of it is written to as if it were the terminal."""
    assert typed(["sh", "-c", f'"$@" {shut}', "sh", *SCORE], stdout=subprocess.DEVNULL)[0] == 0
    assert [event["event"] for event in events()][:3] == ["started", "frames", "finished"]


@POSIX
@pytest.mark.usefixtures("project")
def test_a_reader_who_leaves_is_told_nothing():
    """A pipe that is closed ends no command and prints no word."""
    reading, writing = os.pipe()
    os.close(reading)
    assert typed([COMMAND, "check", "params/q4.yaml"], stdout=writing) == (0, "")
    os.close(writing)


# Names that are no UTF-8


@pytest.mark.slow
@LINUX
def test_a_project_in_a_folder_with_a_gbk_name_works(tmp_path, monkeypatch):
    """Scored, explained, compared, printed as a workbook, read back: the folder's name stands in no way."""
    (tmp_path / GBK).mkdir()
    monkeypatch.setattr("fengqiao_eval.runs.run.print_cards", lambda *_, **__: ())
    monkeypatch.chdir(a_project(tmp_path / GBK))
    shutil.copy("params/q4.yaml", "params/other.yaml")
    assert [fengqiao("run", f"params/{name}.yaml")[0] for name in ("q4", "other")] == [0, 0]
    assert "与评分时一致" in fengqiao("explain", "q4", "S1", "arrival")[1]
    assert fengqiao("compare", "q4", "other")[0] == 0
    table = tmp_path / GBK / f"{GBK}.xlsx"
    assert fengqiao("scheme", "params/scheme.yaml", "--to", table)[1].startswith(f"已写出 {tmp_path}/项目/项目.xlsx：2 项指标")
    assert fengqiao("scheme", "new.yaml", "--from", table)[0] == 0
    assert fengqiao("demo", tmp_path / GBK / "demo", "--stations", "8")[0] == 0
    assert json.loads(Path("runs/q4/manifest.json").read_text("utf-8"))["parameters"]["records"] == "../../records"


@LINUX
def test_records_and_results_may_bear_gbk_names(project):
    """A folder named on the command line by bytes that are no UTF-8 is read, written, and found again from the manifest."""
    (project / "records").rename(project / GBK)
    given = ["--set", f"records={GBK}", "--set", f"out={GBK}出"]
    assert fengqiao("score", "params/q4.yaml", *given)[0] == 0
    assert "与评分时一致" in fengqiao("explain", project / f"{GBK}出" / "q4", "S1", "arrival")[1]


@LINUX
def test_a_run_is_named_in_characters(project):
    """The run of a params file with a GBK name has that name in UTF-8."""
    (project / "params" / "q4.yaml").rename(project / "params" / f"{GBK}.yaml")
    assert fengqiao("score", Path("params", f"{GBK}.yaml"))[0] == 0
    assert (project / "runs" / "latest").read_text("utf-8") == "项目\n"


@LINUX
@pytest.mark.slow
def test_cards_are_printed_in_a_folder_with_a_gbk_name(tmp_path, monkeypatch):
    """Pages, lists of records and kept notebooks of a run in such a folder are there."""
    (tmp_path / GBK).mkdir()
    monkeypatch.chdir(a_project(tmp_path / GBK))
    assert fengqiao("run", "params/q4.yaml", "--only", "S1", "--notebooks")[0] == 0
    assert {path.name for path in Path("runs/q4/station").iterdir()} == {
        "S1.html",
        "S1.records.csv",
        "S1.records.xlsx",
        "S1.ipynb",
    }


# Paths as they are handed over in a call


CALLS = {
    "load": fq.load,
    "load: overrides": lambda given: fq.load(ROOT / "params" / "one_table.yaml", given),
    "open_records": fq.open_records,
    "open_records: several": lambda given: fq.open_records([given, given]),
    "open_run": fq.open_run,
    "read_folder": fq.read_folder,
    "claims_frame": fq.claims_frame,
    "audit_records": fq.audit_records,
    "write_audit": lambda given: fq.write_audit(SimpleNamespace(name="demo", lang="zh"), given),
    "recalculation": lambda given: fq.recalculation(given, "S1", "arrival"),
    "tuner": fq.tuner,
    "tuner: folder": lambda given: fq.tuner("none", folder=given),
    "write_standalone": lambda given: fq.write_standalone(given, "screen.html"),
    "write_standalone: path": lambda given: fq.write_standalone("none", given),
    "save_override": lambda given: fq.save_override("none", given, {}),
}
"""The public functions that take a path, each called with one."""


def refusal_of(call, given):
    """Say in what words a call refuses a path."""
    with pytest.raises(FengqiaoError) as refused:
        call(given)
    return type(refused.value).__name__, str(refused.value)


@pytest.mark.parametrize("call", CALLS)
def test_a_path_may_be_a_text(tmp_path, monkeypatch, call):
    """A text and a path are one: what is not there is refused in the same words."""
    monkeypatch.chdir(tmp_path)
    assert refusal_of(CALLS[call], "none/deeper") == refusal_of(CALLS[call], Path("none", "deeper"))


@pytest.mark.parametrize("given", [7, b"none", 1.5, {"a": 1}])
@pytest.mark.parametrize("call", CALLS)
def test_what_is_no_path_is_refused_in_a_sentence(tmp_path, monkeypatch, call, given):
    """A number or bytes where a path is asked for: a wrong call, and never an AttributeError or a TypeError."""
    monkeypatch.chdir(tmp_path)
    kind, words = refusal_of(CALLS[call], given)
    assert kind == "UsageError"
    assert type(given).__name__ in words or str(given) in words


def test_texts_are_read_where_they_lead(tmp_path):
    """A scheme, records and claims are opened by a text as by a path."""
    scheme, claims = ROOT / "params" / "one_table.yaml", ROOT / "params" / "examples" / "claims.yaml"
    assert fq.load(str(scheme)) == fq.load(scheme)
    assert fq.claims_frame(str(claims)).equals(fq.claims_frame(claims))
    (tmp_path / "units.csv").write_text("unit_id,name,level\nS1,东街所,station\n", "utf-8")
    assert fq.open_records(str(tmp_path)).counts == fq.open_records([str(tmp_path)]).counts == {"units": 1}


def test_the_address_of_a_database_is_no_path():
    """Where a text is an address the database is asked, and one that holds a password is refused without it."""
    kind, words = refusal_of(fq.open_records, "postgresql://reader:geheim@db/records")
    assert (kind, "geheim" in words) == ("InputError", False)


def test_every_public_function_that_takes_a_path_is_called():
    """No function of the catalogue has a path among its arguments, by their types, that is not called above."""
    hints = {name: inspect.get_annotations(one) for name in fq.__all__ if inspect.isfunction(one := getattr(fq, name))}
    takes = {name for name, of in hints.items() if any("Path" in str(kind) for arg, kind in of.items() if arg != "return")}
    assert takes == {call.partition(":")[0] for call in CALLS}
