"""The log of runs: a line an event, whatever is in it and whoever writes beside, and never a reason for a run to fail."""

import json
import multiprocessing
import os
import re
import stat
from datetime import datetime

import pytest

from fengqiao_eval.errors import Fault, InputError, UsageError
from fengqiao_eval.runs import log
from fengqiao_eval.runs.log import Log

HOSTILE = 'S1\n{"event": "forged"}\r\u2028\u2029\x85\x1b[31m\x00\ud800\u202e"\\所😀'
POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and full devices are POSIX's")


def lines(path):
    """Read a log as a program does."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_line_says_when_which_run_and_what(tmp_path):
    """Time with the offset of the bureau's zone, run, event, then the facts in their order."""
    Log(tmp_path / log.NAME, "demo", "Asia/Urumqi").write("finished", printed={"station": 60}, seconds=1.5, corrects=None)
    [found] = lines(tmp_path / log.NAME)
    assert list(found) == ["time", "run", "event", "printed", "seconds", "corrects"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+06:00", found["time"])
    assert datetime.fromisoformat(found["time"]).tzinfo
    assert (found["run"], found["event"], found["printed"]) == ("demo", "finished", {"station": 60})


def test_lines_are_added(tmp_path):
    """What a run writes stands below what was there."""
    for event in log.EVENTS:
        Log(tmp_path / log.NAME).write(event)
    assert [line["event"] for line in lines(tmp_path / log.NAME)] == list(log.EVENTS)


def test_no_id_breaks_a_line(tmp_path):
    """Ends of lines of every kind, control characters and halves of characters are escaped; what was written is read back."""
    Log(tmp_path / log.NAME).write("card_failed", unit_id=HOSTILE, **{"a\nb": [HOSTILE, {HOSTILE: HOSTILE}]})
    text = (tmp_path / log.NAME).read_text("utf-8")
    assert text.splitlines() == [text.rstrip("\n")]
    assert text.rstrip("\n").isprintable()
    assert lines(tmp_path / log.NAME)[0]["unit_id"] == HOSTILE


def test_long_words_are_cut(tmp_path):
    """Of the words of an exception the beginning is kept."""
    Log(tmp_path / log.NAME).write("card_failed", message="错" * 100_000, more=["x" * 1000])
    [found] = lines(tmp_path / log.NAME)
    assert found["message"] == "错" * (log.LONGEST - 1) + "…"
    assert len(found["more"][0]) == log.LONGEST


@POSIX
def test_a_log_is_its_owners(tmp_path):
    """Nobody else reads which unit's card failed."""
    Log(tmp_path / log.NAME).write("started")
    assert stat.S_IMODE((tmp_path / log.NAME).stat().st_mode) == 0o600


def test_a_torn_line_is_ended_first(tmp_path):
    """Half a line that a full disk left does not swallow the next one."""
    (tmp_path / log.NAME).write_text('{"event": "fini', "utf-8")
    Log(tmp_path / log.NAME).write("started")
    torn, whole = (tmp_path / log.NAME).read_text("utf-8").splitlines()
    assert (torn, json.loads(whole)["event"]) == ('{"event": "fini', "started")


def many(path, run):
    """Write a hundred lines."""
    for number in range(100):
        Log(path, run).write("frames", number=number, text=run * 200)


def test_lines_of_two_processes_do_not_mix(tmp_path):
    """Four processes write at once, and every line of each is there, whole and in its order."""
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=many, args=(tmp_path / log.NAME, run)) for run in "甲乙丙丁"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = lines(tmp_path / log.NAME)
    assert len(found) == 400
    for run in "甲乙丙丁":
        assert [line["number"] for line in found if line["run"] == run] == list(range(100))


def test_a_log_that_cannot_be_written_is_told_once(tmp_path, capfd):
    """A folder in its place is told on stderr, once however many lines there are, and nothing fails."""
    (tmp_path / "nolog.jsonl").mkdir()
    for _ in range(3):
        Log(tmp_path / "nolog.jsonl").write("started")
    told = capfd.readouterr().err
    assert told.count("写不了运行日志 nolog.jsonl") == 1
    assert str(tmp_path) not in told


@POSIX
def test_a_full_disk_stops_no_run(tmp_path, capfd):
    """A device that is always full takes no line; the run goes on."""
    (tmp_path / "full.jsonl").symlink_to("/dev/full")
    Log(tmp_path / "full.jsonl").write("started")
    assert "写不了运行日志 full.jsonl" in capfd.readouterr().err


def test_what_json_has_no_word_for_stops_no_run(tmp_path, capfd):
    """A number that is none is told; a path is written as text."""
    Log(tmp_path / "odd.jsonl").write("finished", seconds=float("nan"))
    Log(tmp_path / "odd.jsonl").write("finished", page=tmp_path)
    assert "写不了运行日志 odd.jsonl" in capfd.readouterr().err
    assert [line["page"] for line in lines(tmp_path / "odd.jsonl")] == [str(tmp_path)]


def test_a_log_makes_no_folder(tmp_path, capfd):
    """A run that was refused before there is a folder for runs leaves none, and says nothing of it."""
    Log(tmp_path / "runs" / log.NAME).write("refused", exit=1)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr().err == ""


def test_a_refusal_is_logged_without_what_was_given():
    """File, place and rule of each fault, or the sentence without its words: no id, no path, no password."""
    faults = [
        Fault("/srv/me/q4.yaml:4", "onyl", "document.unknown_key", {"known": "only", "given": "PQ701"}),
        Fault("D:\\records\\cases.csv", "", "records.unreadable", {"given": "secret"}),
    ]
    assert log.heads(InputError(faults)) == ["q4.yaml:4 · onyl [document.unknown_key]", "cases.csv [records.unreadable]"]
    assert log.heads(UsageError("only", given="PQ701", known="PQ702")) == ["没有单位“…”；相近的有：…"]
