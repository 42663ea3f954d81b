"""The seal of a final run: every file by its hash, a ledger whose lines hold one another, and who refuses what is broken."""

import hashlib
import json
import os
import re
import shutil
import stat
from pathlib import Path

import pandas as pd
import pytest

from fengqiao_eval.errors import FileAccessError, InputError, UsageError
from fengqiao_eval.results import differences as results_differences
from fengqiao_eval.results import seal
from fengqiao_eval.results.run import open_run
from fengqiao_eval.runs import folder as run_folder
from resumed import draw, draw_pages, go, logged, open_again, project
from shared import once
from test_cli import CASES, fengqiao

posix = pytest.mark.skipif(os.name != "posix", reason="Windows keeps other rights, and makes no links for everybody")
FINAL = ("--set", "state=final")


pytestmark = pytest.mark.usefixtures("scored_once")


@pytest.fixture(autouse=True)
def _drawn(monkeypatch):
    """Draw cards and pages: what they say is for other tests."""
    monkeypatch.setattr("fengqiao_eval.runs.run.print_cards", draw)
    monkeypatch.setattr("fengqiao_eval.runs.run.write_pages", draw_pages)


@pytest.fixture
def work(tmp_path_factory, tmp_path, monkeypatch):
    """The project with a final run q4, which may be written to again; it is the current folder."""
    made = once(tmp_path_factory, "sealed", lambda folder: go(project(folder / "project"), "state=final"))
    monkeypatch.chdir(shutil.copytree(made / "project", tmp_path / "project"))
    open_again(Path("runs"))
    yield Path.cwd()
    open_again(Path("runs"))


@pytest.fixture
def run(work):
    """The folder of the final run."""
    return work / "runs" / "q4"


def ledger():
    """Read the lines of the ledger as they stand."""
    return Path("runs/ledger.jsonl").read_bytes().splitlines(keepends=True)


def digest(content):
    """Hash bytes."""
    return hashlib.sha256(content).hexdigest()


def rehash(run):
    """Write the hashes of all files into the manifests, as somebody would who knows how a run is sealed."""
    for place, others in ((run / "officer", None), (run, run / "officer")):
        told = json.loads((place / "manifest.json").read_text("utf-8"))
        told |= {"files": seal.hash_files(place, others)} | ({"frames": run_folder.fingerprints(run)} if others else {})
        (place / "manifest.json").write_text(json.dumps(told, ensure_ascii=False), "utf-8")


def better(run):
    """Give a station a better total in a frame."""
    frame = pd.read_parquet(run / "ranks.parquet")
    frame.loc[frame["unit_id"] == "S2", "total"] = 99.99
    frame.to_parquet(run / "ranks.parquet")


# What is sealed


def test_every_file_is_listed_officers_among_themselves(run):
    """Both manifests together list all there is; of officers the run's own names nothing but frames and their manifest."""
    own, theirs = (json.loads((place / "manifest.json").read_text("utf-8")) for place in (run, run / "officer"))
    listed = {**own["files"], **{f"officer/{path}": found for path, found in theirs["files"].items()}}
    there = {path.relative_to(run).as_posix(): path for path in run.rglob("*") if path.is_file()}
    assert listed == {path: digest(file.read_bytes()) for path, file in there.items() if path != "manifest.json"}
    assert {path for path in own["files"] if path.startswith("officer/")} == {"officer/manifest.json"}
    assert "officer/PQ701.html" in listed
    assert "PQ70" not in (run / "manifest.json").read_text("utf-8")
    assert "PQ70" not in Path("runs/ledger.jsonl").read_text("utf-8")


def test_a_line_of_the_ledger_says_run_time_manifest_and_the_line_before(run):
    """The first line has none before; a correction's names the hash of the first."""
    go(run.parents[1], "state=final", "contact=五楼")
    first, second = ledger()
    told = [json.loads(line) for line in (first, second)]
    assert [list(line) for line in told] == [["run", "time", "manifest", "before"]] * 2
    assert [(line["run"], line["before"]) for line in told] == [("q4", ""), ("q4-r2", digest(first.rstrip(b"\n")))]
    assert [line["manifest"] for line in told] == [
        digest((run.parent / line["run"] / "manifest.json").read_bytes()) for line in told
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", told[0]["time"])


@posix
@pytest.mark.usefixtures("work")
def test_the_ledger_is_its_owners():
    """Nobody else reads it."""
    assert stat.S_IMODE(Path("runs/ledger.jsonl").stat().st_mode) == 0o600


def test_drafts_are_not_sealed(work):
    """A draft lists no hashes and stands in no ledger."""
    (work / "runs" / "ledger.jsonl").unlink()
    made = go(work, "out=drafts")
    assert "files" not in json.loads((made.folder / "manifest.json").read_text("utf-8"))
    assert not (work / "drafts" / "ledger.jsonl").exists()


@posix
def test_nothing_is_written_through_a_link(tmp_path):
    """A link in the place of the ledger is refused."""
    (tmp_path / "ledger.jsonl").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "manifest.json").write_text("{}", "utf-8")
    with pytest.raises(OSError, match="ledger"):
        seal.enter(tmp_path, "q4", tmp_path / "manifest.json")
    assert not (tmp_path / "elsewhere").exists()


def test_half_a_line_goes(run):
    """What a loss of power left of a line is no line; the next one stands in its place, and the chain holds."""
    with Path("runs/ledger.jsonl").open("ab") as file:
        file.write(b'{"run": "q4-r2", "ti')
    assert seal.check(run).key == "whole"
    seal.enter(run.parent, "other", run / "manifest.json")
    assert list(seal.read_ledger(run.parent)) == ["q4", "other"]


def test_a_run_is_entered_once(run):
    """What stands in the ledger stays as it is."""
    before = ledger()
    seal.enter(run.parent, "q4", run / "scheme.json")
    assert ledger() == before


@pytest.mark.parametrize("when", ["_take_place", "_settle"])
def test_a_death_after_the_seal_is_put_right(work, monkeypatch, when):
    """A run that was sealed takes its place with the next call, whatever that asks for, and is whole."""

    def dies(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run_folder, when, dies)
        with pytest.raises(KeyboardInterrupt):
            go(work, "state=final", "contact=五楼")
    assert (work / "runs" / "q4-r2").exists() is (when == "_settle")
    made = go(work, "state=final", "contact=五楼")
    assert (made.unchanged, made.folder.name, made.corrects) == (True, "q4-r2", "q4")
    assert seal.check(made.folder, every=True).key == "whole"
    assert [json.loads(line)["run"] for line in ledger()] == ["q4", "q4-r2"]
    assert sorted(path.name for path in (work / "runs").iterdir()) == ["latest", "ledger.jsonl", "log.jsonl", "q4", "q4-r2"]


def test_a_run_that_was_changed_after_it_died_is_not_put_in_place(work, monkeypatch):
    """Aside lies another manifest than was sealed: the run is gone, and nothing stands for it."""

    def dies(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run_folder, "_take_place", dies)
        with pytest.raises(KeyboardInterrupt):
            go(work, "state=final", "contact=五楼")
    with (work / "runs" / ".q4.part" / "manifest.json").open("a") as file:
        file.write(" ")
    with pytest.raises(InputError, match=r"q4-r2 \[seal\.gone\] 登记簿中有这个定稿批次"):
        go(work, "state=final", "contact=五楼")


# fengqiao verify


@pytest.mark.usefixtures("work")
def test_a_whole_run_is_said_to_be_whole():
    """Files, time and the hash of the manifest are said; exit 0."""
    code, said, _ = fengqiao("verify", "q4")
    assert code == 0
    assert re.match(r"q4 与封存时一致：\d+ 个文件，封存于 \d{4}-\S+；清单的 SHA-256 为 [0-9a-f]{64}", said)
    assert digest(Path("runs/q4/manifest.json").read_bytes()) in said
    for other in ("runs/q4", "runs/latest"):
        assert fengqiao("verify", other)[1] == said


def page(run):
    """A page with another total."""
    (run / "station" / "S1.html").write_text("better", "utf-8")


def swap(run):
    """Another file in the place of the workbook."""
    shutil.copy(run / "index.html", run / "one_table.xlsx")


def letters(run):
    """A name in other letters."""
    (run / "station" / "S1.html").rename(run / "station" / "s1.html")


def leads_elsewhere(run):
    """A link to the same bytes, which can be changed later."""
    (run / "index.html").rename(run.parent / "moved.html")
    (run / "index.html").symlink_to(run.parent / "moved.html")


def folder_elsewhere(run):
    """A link in the place of a folder."""
    (run / "station").rename(run.parent / "moved")
    (run / "station").symlink_to(run.parent / "moved")


def pipe(run):
    """A pipe, which nobody would ever finish reading."""
    (run / "index.html").unlink()
    os.mkfifo(run / "index.html")


HARM = [
    (page, "changed", "station/S1.html"),
    (lambda run: (run / "station" / "S2.records.csv").unlink(), "missing", "station/S2.records.csv"),
    (lambda run: (run / "station" / "S9.html").write_text("", "utf-8"), "added", "station/S9.html"),
    (lambda run: (run / "officer" / "PQ999.html").write_text("", "utf-8"), "added", "officer/PQ999.html"),
    (lambda run: (run / "officer" / "PQ701.html").write_text("", "utf-8"), "changed", "officer/PQ701.html"),
    (swap, "changed", "one_table.xlsx"),
    (letters, "missing", "station/S1.html"),
    (better, "changed", "ranks.parquet"),
    (lambda run: (run / "manifest.json").unlink(), "missing", "manifest.json"),
    (lambda run: (run / "manifest.json").write_text("{", "utf-8"), "changed", "manifest.json"),
    (lambda run: (better(run), rehash(run)), "changed", "manifest.json"),
    (lambda run: (run / "manifest.json").write_text('{"run": "q4", "state": "draft"}', "utf-8"), "changed", "manifest.json"),
    pytest.param(leads_elsewhere, "changed", "index.html", marks=posix),
    pytest.param(folder_elsewhere, "added", "station", marks=posix),
    pytest.param(pipe, "changed", "index.html", marks=posix),
]


@pytest.mark.parametrize(("harm", "how", "path"), HARM, ids=map(str, range(len(HARM))))
def test_the_first_file_that_differs_is_named(run, harm, how, path):
    """Changed, missing, added, a link, a pipe, a manifest hashed anew or called a draft: exit 1, and run it again refuses."""
    harm(run)
    for command in (("verify", "q4"), ("run", "params/q4.yaml", *FINAL), ("run", "params/q4.yaml", "--fresh", "--quiet")):
        code, said, refused = fengqiao(*command)
        assert (code, said) == (1, "")
        assert re.search(rf"q4 \[seal\.{how}\] {re.escape(path)} ", refused.splitlines()[0])
    assert [path.name for path in run.parent.glob("q4*")] == ["q4"]


def test_how_many_others_differ_is_said(run):
    """The first is named, the rest is counted."""
    for name in ("S1.html", "S2.html", "S2.records.csv"):
        (run / "station" / name).write_text("x", "utf-8")
    assert "q4 [seal.more] 另有 2 个文件与封存时不同" in fengqiao("verify", "q4")[2]


def test_the_log_says_no_officer(run):
    """A refusal over an officer's card is logged without it."""
    (run / "officer" / "PQ701.html").write_text("x", "utf-8")
    fengqiao("run", "params/q4.yaml", *FINAL)
    assert logged(run.parent, "refused")[-1]["faults"] == ["q4 [seal.changed]"]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: lines[1:], 1),
        (lambda lines: [lines[0], lines[2]], 2),
        (lambda lines: [lines[0].replace(b'"q4"', b'"q5"'), *lines[1:]], 2),
        (lambda lines: [lines[1], lines[0], lines[2]], 1),
        (lambda lines: [*lines, b"{}\n"], 4),
        (lambda lines: [*lines, b"\xff[\n"], 4),
        (
            lambda lines: [
                *lines,
                json.dumps(json.loads(lines[0]) | {"before": digest(lines[2].rstrip(b"\n"))}).encode() + b"\n",
            ],
            4,
        ),
    ],
    ids=["first dropped", "one dropped", "changed", "swapped", "empty", "no JSON", "a name twice"],
)
def test_where_the_chain_breaks_is_said(run, change, line):
    """A line dropped, changed, put in or naming a run again breaks the chain there: for every run of the folder."""
    for name in ("other", "more"):
        seal.enter(run.parent, name, run / "scheme.json")
    Path("runs/ledger.jsonl").write_bytes(b"".join(change(ledger())))
    code, _, refused = fengqiao("verify", "q4")
    assert code == 1
    assert re.search(rf"ledger\.jsonl · {line} \[seal\.chain\] 登记簿从此行起与上文接不上", refused)
    assert "[seal.chain]" in fengqiao("score", "params/q4.yaml", *FINAL)[2]


@pytest.mark.parametrize("gone", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")], ids=["gone", "empty"])
def test_a_final_run_without_a_line_is_told(run, gone):
    """Whoever drops the ledger, or its last line, drops no seal."""
    gone(run.parent / "ledger.jsonl")
    code, _, refused = fengqiao("verify", "q4")
    assert code == 1
    assert re.search(r"q4 \[seal\.no_entry\] 这是定稿，但旁边的登记簿 ledger\.jsonl 中没有它", refused)


def test_a_run_under_another_name_is_told(run):
    """Renamed or copied, it is the one that it was."""
    shutil.copytree(run, run.parent / "q5")
    assert re.search(r"q5 \[seal\.renamed\] 这是“q4”改了名或复制的", fengqiao("verify", "q5")[2])
    with pytest.raises(InputError, match=r"seal\.renamed"):
        open_run(run.parent / "q5")


@posix
def test_a_link_does_not_bring_its_own_ledger(run):
    """Where a run was made into a link, the ledger beside the link counts."""
    run.rename(run.parents[1] / "q4")
    run.symlink_to(run.parents[1] / "q4")
    assert seal.check(open_run(run).path.parent / "runs" / "q4").key == "whole"
    better(run)
    rehash(run)
    (run.parents[1] / "ledger.jsonl").touch()
    seal.enter(run.parents[1], "q4", run / "manifest.json")
    with pytest.raises(InputError, match=r"seal\.changed"):
        open_run(run)


def test_a_sealed_run_that_is_gone_is_not_made_anew_in_silence(run):
    """Removed, it must come back: neither the same command nor another makes a run of its name."""
    shutil.rmtree(run)
    for words in (FINAL, ()):
        code, _, refused = fengqiao("score", "params/q4.yaml", *words)
        assert (code, refused.startswith("q4 [seal.gone] 登记簿中有这个定稿批次，它的文件夹却不在了")) == (1, True)
    assert re.search(r"q4 \[seal\.missing\] manifest\.json", fengqiao("verify", "q4")[2])
    assert not run.exists()


def test_a_draft_has_no_seal(work):
    """Wrong usage: only final runs are sealed."""
    go(work, "out=drafts")
    with pytest.raises(UsageError, match="q4 不是定稿：只有定稿（state: final）才封存"):
        raise_of("verify", "drafts/q4")


def raise_of(*words):
    """Run a command of the library's that refuses."""
    from fengqiao_eval.runs import reopen  # noqa: PLC0415 - one test alone

    assert words[0] == "verify"
    reopen.verify_run(Path(words[1]), "zh")


def test_an_older_program_sealed_nothing(run):
    """A final run without hashes does not pass for checked, and is explained all the same, with a word."""
    (run.parent / "ledger.jsonl").unlink()
    told = json.loads((run / "manifest.json").read_text("utf-8"))
    del told["files"]
    (run / "manifest.json").write_text(json.dumps(told, ensure_ascii=False), "utf-8")
    said = "q4 是较早的程序定稿的，当时不封存，没有可核对的哈希；请与纸上留存的结果核对"
    code, lines, refused = fengqiao("verify", "q4")
    assert (code, lines, refused.count(said)) == (1, "", 1)
    code, lines, _ = fengqiao("explain", "q4", "S1")
    assert (code, lines.splitlines()[0]) == (0, said)
    assert fengqiao("run", "params/q4.yaml", *FINAL)[0] == 0


@posix
@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root reads everything")
def test_who_may_not_read_the_ledger_is_told(run):
    """The seal cannot be checked by everybody: it is said, and nothing is refused."""
    (run.parent / "ledger.jsonl").chmod(0)
    code, lines, _ = fengqiao("explain", "q4", "S1")
    assert (code, lines.splitlines()[0].startswith("您无权读取登记簿")) == (0, True)


# Who refuses a broken seal


@pytest.mark.parametrize("harm", [better, lambda run: (better(run), rehash(run))], ids=["frame", "frame and manifest"])
def test_nothing_is_read_from_a_frame_that_was_changed(run, harm):
    """Explain, compare, tune and the library's own door refuse it."""
    go(run.parents[1], "out=drafts")
    harm(run)
    named = r"q4 \[seal\.changed\] (ranks\.parquet|manifest\.json) 与封存时不同"
    for command in (("explain", "q4", "S2"), ("compare", "drafts/q4", "q4"), ("tune", "params/q4.yaml", "--no-browser")):
        code, said, refused = fengqiao(*command)
        assert (code, said) == (1, "")
        assert re.search(named, refused)
    with pytest.raises(InputError, match=r"\[seal\.changed\]"):
        open_run(run)


def test_words_for_officers_are_frames_too(run):
    """What officers' records are found by is checked before anything is explained."""
    with (run / "officer" / "manifest.json").open("a") as file:
        file.write(" ")
    with pytest.raises(InputError, match=r"seal\.changed\] officer/manifest\.json"):
        open_run(run)


def test_a_later_run_is_not_held_against_it(work):
    """The next period's run stands, and says on the console and on its pages why nothing is compared."""
    run = work / "runs" / "q4"
    made = go(work, "out=drafts", cards=False)
    better(run)
    found = results_differences.find_changes(made.folder, run)
    assert found == {"run": "q4", "broken": "ranks.parquet"}
    from fengqiao_eval.pages.comparison import change_lines  # noqa: PLC0415 - one test alone

    [line] = change_lines(found, "zh")
    assert line.startswith("上次的结果 q4 已定稿封存，但 ranks.parquet 与封存时不同，未作对照")


def test_a_correction_names_what_it_corrects(work):
    """On the console, be it quiet, and in its manifest."""
    (work / "records" / "cases.csv").write_text(CASES.replace("08:40", "08:05"), "utf-8")
    code, said, refused = fengqiao("run", "params/q4.yaml", *FINAL, "--quiet")
    assert (code, refused) == (0, "")
    assert said.splitlines()[0] == "q4 已定稿，不作改动；本次结果另存为 q4-r2"
    assert json.loads(Path("runs/q4-r2/manifest.json").read_text("utf-8"))["corrects"] == "q4"
    assert len(fengqiao("run", "params/q4.yaml", *FINAL, "--quiet")[1].splitlines()) == 1
    assert [fengqiao("verify", name)[0] for name in ("q4", "q4-r2")] == [0, 0]


@pytest.mark.parametrize("command", [("explain", "q4", "S1"), ("compare", "q4", "drafts/q4"), ("verify", "q4")])
def test_a_page_that_was_changed_is_told_by_every_command(run, command):
    """Not only what is read again is looked at."""
    go(run.parents[1], "out=drafts")
    (run / "station" / "S1.html").write_text("<p>99.75</p>", "utf-8")
    code, _, refused = fengqiao(*command)
    assert (code, "q4 [seal.changed] station/S1.html" in refused) == (1, True)


# What somebody else put where runs are written


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """A project without any run, the current folder."""
    monkeypatch.chdir(project(tmp_path / "fresh"))
    Path("runs").mkdir()
    return Path.cwd()


@pytest.mark.parametrize("name", ["../notebooks", "other", "q4/../../records"])
def test_no_line_of_a_ledger_moves_another_folder(fresh, name):
    """What lies aside takes the place of its own name alone, whatever stands in the ledger."""
    (part := fresh / "runs" / ".q4.part").mkdir()
    (part / "manifest.json").write_text('{"state": "final"}', "utf-8")
    hashed = hashlib.sha256((part / "manifest.json").read_bytes()).hexdigest()
    told = {"run": name, "time": "", "manifest": hashed, "before": ""}
    (fresh / "runs" / "ledger.jsonl").write_text(json.dumps(told) + "\n", "utf-8")
    before = sorted(path.name for path in fresh.iterdir())
    assert go(fresh, cards=False).folder.name == "q4"
    assert sorted(path.name for path in fresh.iterdir()) == before
    assert not (fresh / "runs" / "other").exists()


def test_latest_names_a_run_beside_it(fresh):
    """A text left by somebody else leads nowhere."""
    (fresh / "evil" / "q4").mkdir(parents=True)
    (fresh / "evil" / "q4" / "manifest.json").write_text("{}", "utf-8")
    (fresh / "runs" / ".q4.latest").write_text("../evil/q4", "utf-8")
    assert go(fresh, cards=False).folder.name == "q4"
    assert (fresh / "runs" / "latest").read_text("utf-8") == "q4\n"


@posix
def test_a_folder_in_which_others_may_move_things_takes_no_results(fresh):
    """Where every user may write, nothing is written, unless the sticky bit lets each move only what is theirs."""
    (fresh / "runs").chmod(0o777)
    with pytest.raises(FileAccessError, match=r"别的用户能移走或替换 .*runs 里的东西.*chmod go-w 或 chmod \+t"):
        go(fresh, cards=False)
    (fresh / "runs").chmod(0o1777)
    assert go(fresh, cards=False)


@posix
@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="root alone gives things to others")
def test_a_folder_of_a_group_takes_no_results(fresh):
    """A group is others as well; only one that is called as its user, as some systems make for each, is that user's own."""
    (fresh / "runs").chmod(0o775)
    assert go(fresh, cards=False)
    os.chown(fresh / "runs", -1, 12345)
    with pytest.raises(FileAccessError, match=r"别的用户能移走或替换"):
        go(fresh, cards=False)


@posix
@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="root alone gives things to others")
@pytest.mark.parametrize("name", [".q4.part", ".q4.old", ".q4.latest", "ledger.jsonl", "q4", "latest"])
def test_what_another_user_put_there_is_no_work_of_ours(fresh, name):
    """Runs, finished or not, and the ledger of somebody else are neither gone on with nor written to."""
    place = fresh / "runs" / name
    place.mkdir() if name.endswith((".part", ".old", "q4")) else place.write_text("", "utf-8")
    os.chown(place, 12345, 12345)
    with pytest.raises(FileAccessError, match=r"属于别的用户，不属于用户"):
        go(fresh, cards=False)


@posix
@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="root alone gives things to others")
@pytest.mark.parametrize("kind", ["file", "pipe"])
def test_a_log_of_another_user_gets_no_line(fresh, kind):
    """Nothing of a run is told to a file or a pipe that somebody else put there; the run goes on, and says so."""
    log = fresh / "runs" / "log.jsonl"
    os.mkfifo(log) if kind == "pipe" else log.write_text("", "utf-8")
    os.chown(log, 12345, 12345)
    assert go(fresh, cards=False)
    assert kind == "pipe" or log.read_text("utf-8") == ""


# What somebody else wrote in the place of ours

NO_MANIFESTS = ("[1]", "{}", "null", '"x"', "[" * 100_000, '{"run": "q4", "state": "draft", "periods": []}', "\udcff", "{")


@pytest.mark.slow
def test_a_manifest_that_is_none_is_refused_in_words(fresh):
    """Whatever stands in its place: a sentence and an exit code of the input's fault."""
    go(fresh, cards=False)
    shutil.copytree("runs/q4", "runs/other")
    for text in NO_MANIFESTS:
        Path("runs/q4/manifest.json").write_bytes(text.encode("utf-8", "surrogatepass"))
        for words in (["explain", "q4", "S1"], ["compare", "q4", "other"], ["verify", "q4"]):
            code, _, said = fengqiao(*words)
            assert (code in (1, 2), bool(said.strip())) == (True, True), (text[:40], words, said)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["q4", ".q4.part"])
def test_no_run_goes_on_from_a_manifest_that_is_none(fresh, place):
    """A finished or unfinished run whose manifest is damaged is made anew, or left alone in a sentence."""
    for text in NO_MANIFESTS:
        shutil.rmtree("runs")
        Path("runs", place).mkdir(parents=True)
        Path("runs", place, "manifest.json").write_bytes(text.encode("utf-8", "surrogatepass"))
        code, _, said = fengqiao("score", "params/q4.yaml", "--quiet")
        assert code in ((0,) if place == ".q4.part" else (0, 2)), (text[:40], said)
    assert (fresh / "runs" / place).exists() == (place == "q4")


def test_parameters_that_are_none_are_refused_in_words(fresh):
    """A manifest whose parameters are damaged explains nothing, and says which file is torn."""
    go(fresh, cards=False)
    manifest = Path("runs/q4/manifest.json")
    for wrong in (3, {"period": []}, {}, {"tables": [1]}):
        manifest.write_text(json.dumps(json.loads(manifest.read_text("utf-8")) | {"parameters": wrong}), "utf-8")
        code, _, said = fengqiao("explain", "q4", "S1", "arrival")
        assert (code, "manifest.json" in said) == (2, True), said


@pytest.mark.parametrize("name", [b"\xff\xfe", b"x" * 5000, b"../../etc\n", b"\0", b""])
def test_latest_names_a_run_beside_it_or_none(fresh, name):
    """Bytes that are no text, a name without end, a way out of the folder: no such run, in a sentence."""
    go(fresh, cards=False)
    Path("runs/latest").write_bytes(name)
    code, _, said = fengqiao("explain", "runs/latest", "S1")
    assert code == 2
    assert said.strip()


@pytest.mark.usefixtures("run")
def test_a_damaged_list_of_officers_is_named_first():
    """Where the manifest among officers' cards was changed, it is named, not the cards that it no longer lists."""
    Path("runs/q4/officer/manifest.json").write_text('{"files": {"a\\u0000b": "x"}}', "utf-8")
    code, _, said = fengqiao("verify", "q4")
    assert code == 1
    assert "officer/manifest.json" in said
    assert "另有" not in said
