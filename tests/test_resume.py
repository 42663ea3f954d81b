"""A run gone on with: nothing new ends at once, what is missing is made, what was stopped goes on, a final run stays."""

import errno
import json
import os
import re
import shutil
import stat
from pathlib import Path

import pandas as pd
import pytest

from fengqiao_eval.engine.card_job import Failure
from fengqiao_eval.errors import FullDiskError, InputError, LockedError, UsageError
from fengqiao_eval.runs import console, manifest
from fengqiao_eval.runs import job as jobs
from fengqiao_eval.runs.lock import hold_lock
from resumed import UNITS, differences, draw, draw_pages, files, go, logged, open_again, places, project
from shared import once
from test_cli import CASES, PARAMS, fengqiao

posix = pytest.mark.skipif(os.name != "posix", reason="Windows keeps other rights")


@pytest.fixture(scope="module")
def known():
    """What was scored already, by what it was made of: scoring is for other tests."""
    return {}


@pytest.fixture
def work(tmp_path, monkeypatch):
    """The project, the current folder."""
    monkeypatch.chdir(project(tmp_path / "project"))
    return Path.cwd()


@pytest.fixture
def asked(monkeypatch):
    """Draw cards without their notebooks, and list the units of the cards that were asked for."""
    units = []

    def printed(cards, *given, **more):
        units.extend(card.unit_id for card in cards)
        return draw(cards, *given, **more)

    monkeypatch.setattr("fengqiao_eval.runs.run.print_cards", printed)
    return units


@pytest.fixture(autouse=True)
def _pages(monkeypatch):
    """Draw the pages of a whole run."""
    monkeypatch.setattr("fengqiao_eval.runs.run.write_pages", draw_pages)


@pytest.fixture(autouse=True)
def scorings(monkeypatch, known):
    """List the periods that are scored; each scoring is reckoned once."""
    periods, score = [], jobs.score_job

    def counted(job):
        periods.append(str(job.params.span))
        made_of = (
            job.params.model_dump_json(exclude={"records", "scheme", "out"}),
            str(manifest.fingerprint_records(job.params)),
        )
        known[made_of] = known.get(made_of) or score(job)
        return known[made_of]

    monkeypatch.setattr(jobs, "score_job", counted)
    return periods


@pytest.fixture
def begun(tmp_path_factory, tmp_path, monkeypatch, asked, scorings):
    """Give a function that makes the project with a run in it the current folder; the run is made once for all tests."""

    def begin(*sets):
        made = once(tmp_path_factory, "_".join(["resumed", *sets]), lambda folder: go(project(folder / "project"), *sets))
        monkeypatch.chdir(shutil.copytree(made / "project", tmp_path / "project"))
        asked.clear()
        scorings.clear()
        return Path.cwd()

    return begin


@pytest.fixture
def whole(begun):
    """The project with a whole run in it, and a copy of it; nothing is asked for yet."""
    work = begun()
    shutil.copytree(work / "runs", work / "copy")
    return work


def stop_after(monkeypatch, cards, error=KeyboardInterrupt):
    """Let a run be stopped after some cards."""

    def printed(wanted, *given, **more):
        draw(wanted[:cards], *given, **more)
        raise error

    monkeypatch.setattr("fengqiao_eval.runs.run.print_cards", printed)


# Nothing new


def test_nothing_new_ends_at_once(whole, asked, scorings):
    """The same command again scores nothing, prints nothing, touches nothing, and says so."""
    before = places(whole / "runs")
    made = go(whole)
    assert made.unchanged
    assert (asked, scorings) == ([], [])
    assert places(whole / "runs") == before
    assert (made.printed, made.kept, made.failures) == ({}, {"county": 1, "station": 2, "officer": 2}, ())
    assert [line["run"] for line in logged(whole / "runs", "unchanged")] == ["q4"]


def test_frames_alone_are_there_already(whole, scorings):
    """A run with cards has all that `fengqiao score` asks for; its cards stay."""
    assert go(whole, cards=False).unchanged
    assert scorings == []
    assert differences(whole / "runs", whole / "copy") == []


def test_dates_decide_not_how_they_are_written(whole, scorings):
    """Naming the moment that is the default is nothing new to the frames."""
    go(whole, "as_of=2025-01-01")
    assert scorings == []


def test_fresh_does_all_again(whole, asked, scorings):
    """--fresh ignores what was done; the result is the same."""
    assert not go(whole, fresh=True).unchanged
    assert (asked, scorings) == (UNITS, ["2024Q4"])
    assert differences(whole / "runs", whole / "copy") == []


def test_a_lost_latest_is_written_again(whole):
    """`latest` that is gone names the run again; one that names another run stays."""
    for text in (None, "other\n"):
        (whole / "runs" / "latest").unlink()
        if text:
            (whole / "runs" / "latest").write_text(text, "utf-8")
        assert go(whole).unchanged
        assert (whole / "runs" / "latest").read_text("utf-8") == (text or "q4\n")


# What is lost or harmed


HARM = [
    ("ranks.parquet", "gone", []),
    ("officer/points.parquet", "empty", []),
    ("scheme.json", "gone", []),
    ("index.html", "empty", []),
    ("assets/fengqiao.js", "gone", []),
    ("officer/index.html", "gone", []),
    ("station/S2.html", "gone", ["S2"]),
    ("station/S2.html", "empty", ["S2"]),
    ("station/S2.records.csv", "gone", ["S2"]),
    ("station/S2.records.xlsx", "gone", ["S2"]),
    ("officer/PQ702.html", "gone", ["PQ702"]),
]


@pytest.mark.parametrize(("path", "how", "again"), HARM)
def test_what_is_lost_is_made_again(whole, asked, scorings, path, how, again):
    """A file that is gone or empty is noticed, it alone is made again, and the run is as it was."""
    (whole / "runs" / "q4" / path).unlink()
    if how == "empty":
        (whole / "runs" / "q4" / path).touch()
    made = go(whole)
    frames = path.endswith((".parquet", "scheme.json"))
    assert not made.unchanged
    assert asked == again
    assert scorings == (["2024Q4"] if frames else [])
    assert differences(whole / "runs", whole / "copy") == []


def test_a_frame_that_was_changed_is_not_believed(whole, scorings):
    """A frame of the same size with other bytes is scored again."""
    path = whole / "runs" / "q4" / "ranks.parquet"
    path.write_bytes(path.read_bytes()[::-1])
    go(whole)
    assert scorings == ["2024Q4"]
    assert differences(whole / "runs", whole / "copy") == []


def test_a_lost_folder_is_made_again(whole, asked):
    """Without its folder a run is made from the beginning, and is the same."""
    shutil.rmtree(whole / "runs")
    go(whole)
    assert asked == UNITS
    assert differences(whole / "runs", whole / "copy") == []


def test_cards_that_failed_are_printed_again(work, asked, monkeypatch):
    """The next call prints the cards that failed and no others, also where nothing else has changed."""

    def fails(cards, *_, done, **__):
        draw([card for card in cards if card.unit_id != "S2"])
        failure = Failure("S2", "station", 3, "ValueError", "坏记录")
        done(next(card for card in cards if card.unit_id == "S2"), failure)
        return (failure,)

    with monkeypatch.context() as patch:
        patch.setattr("fengqiao_eval.runs.run.print_cards", fails)
        made = go(work)
    assert (made.printed, [failure.unit_id for failure in made.failures]) == ({"county": 1, "station": 1, "officer": 2}, ["S2"])
    assert [(line["unit"], line["cell"]) for line in logged(work / "runs", "card_failed")] == [("S2", 3)]
    made = go(work)
    assert asked == ["S2"]
    assert (made.printed, made.kept) == ({"station": 1}, {"county": 1, "station": 1, "officer": 2})
    assert go(work).unchanged


def test_an_officers_failure_is_logged_without_the_officer(work, monkeypatch):
    """The log says the level of an officer's card that failed, and no id."""

    def fails(cards, *_, done, **__):
        failure = Failure("PQ701", "officer", 2, "ValueError", "PQ701 …")
        done(cards[-1], failure)
        return (failure,)

    monkeypatch.setattr("fengqiao_eval.runs.run.print_cards", fails)
    go(work, only=["PQ701"])
    assert "PQ70" not in (work / "runs" / "log.jsonl").read_text("utf-8")
    assert "PQ70" not in (work / "runs" / "q4" / "manifest.json").read_text("utf-8")


# What has changed


@pytest.mark.parametrize("sets", ["contact=五楼", "state=announced", "lang=en"])
def test_words_alone_need_no_scoring(whole, asked, scorings, sets):
    """Where only what cards say has changed, the frames are taken over and every card is printed."""
    frame = whole / "runs" / "q4" / "ranks.parquet"
    before = places(frame.parent)[frame]
    go(whole, sets)
    assert (asked, scorings) == (UNITS, [])
    assert os.name != "posix" or places(frame.parent)[frame] == before


def test_new_records_are_scored_and_printed(whole, asked, scorings):
    """A record more, and everything is made anew; what changed is told against the run that was replaced."""
    (whole / "records" / "cases.csv").write_text(CASES + "C5,S1,2024-12-05 08:00,,2024-12-05 08:05,2024-12-05 09:00\n", "utf-8")
    made = go(whole)
    assert (asked, scorings) == (UNITS, ["2024Q4"])
    assert (made.changes["run"], made.changes["rows"]) == ("q4", {"cases": [4, 5]})


def test_records_that_were_moved_are_named_where_they_are(whole, asked, scorings):
    """The same records in another folder need no scoring and no printing; the manifest names the new place."""
    (whole / "records").rename(whole / "moved")
    go(whole, f"records={whole / 'moved'}")
    assert (asked, scorings) == ([], [])
    told = json.loads((whole / "runs" / "q4" / "manifest.json").read_text("utf-8"))
    assert told["parameters"]["records"] == "../../moved"


def test_only_prints_what_is_missing_and_keeps_nothing_else(whole, asked):
    """A run holds the cards that are asked for: fewer are taken over, more are printed beside them."""
    less = go(whole, only=["S1"])
    assert "批次 q4 原有的 4 个页面这次没有要求" in "\n".join(console.result_lines(less, "zh"))
    assert "批次 q4 原有的 4 个页面这次没有要求" in "\n".join(console.quiet_lines(less, "zh"))
    assert (asked, sorted(path.stem for path in (whole / "runs").rglob("S?.html"))) == ([], ["S1"])
    made = go(whole)
    assert asked == ["X1", "S2", "PQ701", "PQ702"]
    assert (made.kept, made.gone) == ({"station": 1}, 0)
    assert differences(whole / "runs", whole / "copy") == []


def test_notebooks_asked_for_later_are_made(whole, asked, scorings):
    """Cards without their notebook are printed again where notebooks are asked for; then nothing is new any more."""
    go(whole, notebooks=True)
    assert (asked, scorings) == (UNITS, [])
    assert len(list((whole / "runs").rglob("*.ipynb"))) == len(UNITS)
    assert go(whole, notebooks=True).unchanged
    assert go(whole).unchanged


def test_short_cards_asked_for_later_are_made(whole, asked, scorings, monkeypatch):
    """Cards without a short one are no cards with one; both are printed as PDFs; without --short they are of no concern."""
    printed = []

    def pdfs(wanted, **_):
        printed.extend(wanted)
        return [page.with_suffix(".pdf").write_text("%PDF", "utf-8") for page in wanted][:0]

    monkeypatch.setattr("fengqiao_eval.engine.pdf.print_pdfs", lambda wanted, **_: tuple(pdfs(wanted)))
    monkeypatch.setattr("fengqiao_eval.engine.pdf.find_browser", str)
    go(whole, short=True)
    assert (asked, scorings) == (UNITS, [])
    assert len(list((whole / "runs").rglob("*.short.html"))) == len(UNITS)
    assert go(whole, short=True).unchanged
    assert go(whole).unchanged
    go(whole, short=True, pdf=True)
    assert sum(page.name.endswith(".short.html") for page in printed) == len(UNITS)
    assert go(whole, short=True, pdf=True).unchanged


def test_pdfs_asked_for_later_are_printed_alone(whole, asked, monkeypatch):
    """Only the PDFs are made where the cards are there; one that failed is told, and made the next time."""
    broken, pages = {"S2"}, []

    def pdfs(wanted, **_):
        pages.extend(page.stem for page in wanted)
        for page in wanted:
            page.with_suffix(".pdf").write_text("" if page.stem in broken else "%PDF", "utf-8")
        return tuple((page, "no browser") for page in wanted if page.stem in broken)

    monkeypatch.setattr("fengqiao_eval.engine.pdf.print_pdfs", pdfs)
    monkeypatch.setattr("fengqiao_eval.engine.pdf.find_browser", str)
    made = go(whole, pdf=True)
    assert (asked, pages) == ([], UNITS)
    assert [(failure.unit_id, failure.error) for failure in made.failures] == [("S2", "PDF")]
    broken.clear()
    assert go(whole, pdf=True).failures == ()
    assert pages == [*UNITS, "S2"]
    assert go(whole, pdf=True).unchanged


def test_the_stock_engine_prints_its_own_cards(whole, asked):
    """Cards of one engine do not stand for those of the other: --engine stock is there to compare."""
    go(whole, engine="stock")
    assert asked == UNITS


# What was stopped


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, OSError(errno.EIO, "the disk is ill")])
def test_a_run_that_was_stopped_goes_on(work, asked, scorings, monkeypatch, error):
    """What a stopped run has done is kept, closed to others; the next call does the rest and leaves nothing over."""
    with monkeypatch.context() as patch:
        stop_after(patch, 2, error)
        with pytest.raises(error if isinstance(error, type) else type(error)):
            go(work)
    part = work / "runs" / ".q4.part"
    assert not (work / "runs" / "q4").exists()
    if os.name == "posix":
        assert [stat.S_IMODE(path.stat().st_mode) for path in (part, part / "officer")] == [0o700, 0o700]
    made = go(work)
    assert (asked, scorings) == (UNITS[2:], ["2024Q4"])
    assert (made.printed, made.kept) == ({"station": 1, "officer": 2}, {"county": 1, "station": 1})
    assert not part.exists()
    shutil.move(work / "runs", work / "copy")
    go(work)
    assert differences(work / "runs", work / "copy") == []


def test_what_another_run_left_is_removed(work, asked, scorings, monkeypatch):
    """Where something else is asked for now, what the stopped run has done does not count, and goes."""
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            go(work, "lang=en")
    go(work)
    assert (asked, scorings) == (UNITS, ["2024Q4"])
    assert not any(b" en" in text for name, text in files(work / "runs").items() if name.endswith("csv"))


def test_nothing_new_removes_what_was_left(whole, monkeypatch):
    """What a stopped run left is removed when the run that is there is all that is asked for."""
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            go(whole, "lang=en")
    assert go(whole).unchanged
    assert differences(whole / "runs", whole / "copy") == []


def test_half_a_frame_is_scored_again(work, scorings, monkeypatch):
    """What was stopped while frames were written has nothing that counts."""
    with monkeypatch.context() as patch:
        patch.setattr("fengqiao_eval.runs.folder.write_scheme", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            go(work, cards=False)
    go(work, cards=False)
    assert scorings == ["2024Q4", "2024Q4"]
    assert sorted(path.name for path in (work / "runs").iterdir()) == ["latest", "log.jsonl", "q4"]


def test_a_wrong_call_costs_nothing(work, asked, monkeypatch):
    """A fault of the input or a wrong `only` leaves what a stopped run has done, and the run that is there."""
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            go(work)
    before = places(work / "runs")
    with pytest.raises(UsageError, match="没有单位“S9”"):
        go(work, only=["S9"])
    with pytest.raises(InputError, match=r"document\.value"):
        go(work, "state=ready")
    assert places(work / "runs") == before
    go(work)
    assert asked == UNITS[2:]


@posix
def test_officers_are_never_open(work, monkeypatch):
    """From the first moment nobody else may look into officer/, nor into a run that is not finished."""
    seen = []

    def look(cards, *_, **__):
        part = cards[0].run
        seen.extend(stat.S_IMODE((part / name).stat().st_mode) for name in ("", "officer"))
        return draw(cards)

    monkeypatch.setattr("fengqiao_eval.runs.run.print_cards", look)
    go(work)
    go(work, "lang=en")  # whose frames are taken over
    assert seen == [0o700] * 4
    assert stat.S_IMODE((work / "runs" / "q4" / "officer").stat().st_mode) == 0o700


# Two at once


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize("command", ["run", "score", "tune"])
def test_the_second_of_two_runs_is_exit_four(command):
    """While another process is at a run, `run`, `score` and `tune` say who it is and end with 4."""
    with hold_lock(Path("runs"), "q4"):
        code, _, refused = fengqiao(command, "params/q4.yaml")
    assert (code, refused.split("（")[0]) == (4, f"q4 正在运行：进程 {os.getpid()}")


@pytest.mark.usefixtures("asked")
def test_the_refusal_is_logged(whole):
    """The log tells that a run was refused, and with which exit code."""
    with hold_lock(whole / "runs", "q4"), pytest.raises(LockedError, match="q4 正在运行"):
        go(whole)
    assert [line["exit"] for line in logged(whole / "runs", "refused")] == [4]


# A full disk


def test_a_full_disk_is_said_plainly(work, asked, monkeypatch):
    """Folder, what is left and needed, and where what is done is kept; exit 3; the next call goes on."""
    with monkeypatch.context() as patch:
        stop_after(patch, 2, OSError(errno.ENOSPC, "No space left on device"))
        code, _, refused = fengqiao("run", "params/q4.yaml")
    room = r"磁盘已满：.*runs 只剩 \d+ MB，本次运行约还需 \d+ MB。"
    kept = r"没有发布任何结果，已完成的保留在 .*\.q4\.part；请腾出空间，再运行同一命令"
    assert code == 3
    assert re.match(room + kept, refused)
    assert not (work / "runs" / "q4").exists()
    go(work)
    assert asked == UNITS[2:]


def test_a_full_disk_behind_another_error_is_found(work, monkeypatch):
    """Libraries that wrap the system's error are seen through."""
    wrapped = RuntimeError("no file")
    wrapped.__cause__ = OSError(errno.ENOSPC, "No space left on device", str(work / "elsewhere" / "file"))
    stop_after(monkeypatch, 0, wrapped)
    with pytest.raises(FullDiskError, match="elsewhere 只剩"):
        go(work)


# Final runs


@pytest.fixture
def final(begun):
    """The project with a final run; nothing is asked for yet."""
    work = begun("state=final")
    yield work
    open_again(work / "runs")


def test_a_final_run_asked_for_again_is_there(final, asked):
    """Nothing new makes no correction."""
    made = go(final, "state=final")
    assert (made.unchanged, made.folder.name, asked) == (True, "q4", [])
    assert not (final / "runs" / "q4-r2").exists()


@pytest.mark.parametrize("more", [{"only": ["S1"]}, {"notebooks": True}, {"fresh": True}])
def test_a_final_run_is_corrected_beside_it(final, more):
    """Whatever is to be changed makes RUN-r2, which names the old one; of that nothing is touched, neither bytes nor rights."""
    before = {path: (place, path.stat().st_mode) for path, place in places(final / "runs" / "q4").items()}
    made = go(final, "state=final", **more)
    assert (made.folder.name, made.corrects) == ("q4-r2", "q4")
    assert {path: (place, path.stat().st_mode) for path, place in places(final / "runs" / "q4").items()} == before
    assert json.loads((made.folder / "manifest.json").read_text("utf-8"))["corrects"] == "q4"
    assert go(final, "state=final", **more | {"fresh": False}).unchanged


def test_frames_of_a_final_run_are_copied(final, scorings):
    """A correction that changes words alone has copies of the frames, which it may write to."""
    frame = go(final, "contact=五楼").folder / "ranks.parquet"
    assert scorings == []
    assert frame.read_bytes() == (final / "runs" / "q4" / "ranks.parquet").read_bytes()
    assert frame.stat().st_ino != (final / "runs" / "q4" / "ranks.parquet").stat().st_ino
    assert frame.stat().st_mode & 0o200


# What changed since


@pytest.mark.slow
def test_the_next_period_is_held_against_the_last(work):
    """Of a relative period the run before is the last earlier one of the same file."""
    (work / "params" / "q4.yaml").write_text(PARAMS.replace("2024Q4", "last_month"), "utf-8")
    said = [go(work, f"as_of=2024-{month}-01", cards=False).changes for month in ("11", "12")]
    said += [go(work, "as_of=2025-01-01", cards=False).changes, go(work, "as_of=2024-12-01", cards=False, fresh=True).changes]
    assert [changes.get("run") for changes in said] == [None, "q4-2024-10", "q4-2024-11", "q4-2024-10"]
    assert json.loads((work / "runs" / "q4-2024-12" / "manifest.json").read_text("utf-8"))["since"] == said[2]


def test_a_run_made_again_still_tells_the_last_change(whole):
    """A lost page does not make a run forget what it had changed."""
    (whole / "records" / "cases.csv").write_text(CASES.replace("08:40", "08:05"), "utf-8")
    since = go(whole).changes
    (whole / "runs" / "q4" / "index.html").unlink()
    assert go(whole).changes == since
    assert since["run"] == "q4"


# Speed and shape


def test_what_a_manifest_tells_of_a_run_is_read_back(whole):
    """Units, officers' number, notes and findings are those of the scoring."""
    made, again = go(whole, fresh=True), go(whole)
    assert made.units == again.units == {"county": 1, "station": 2, "officer": 2}
    assert (made.notes, made.stops) == (again.notes, again.stops)
    told = json.loads((whole / "runs" / "q4" / "manifest.json").read_text("utf-8"))
    assert len(pd.read_parquet(whole / "runs" / "q4" / "units.parquet")) == sum(told["units"].values())
    assert set(told["pages"]) >= {"index.html", "one_table.xlsx", "officer/index.html"}
    assert not any("PQ70" in page for page in told["pages"])
