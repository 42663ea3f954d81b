"""A small project whose runs are begun, stopped, harmed and gone on with; and what lies in a folder of runs."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import nbformat

import test_cli
from fengqiao_eval.errors import InputError
from fengqiao_eval.runs import manifest
from fengqiao_eval.runs.job import Job, choose_cards, levels_of, repair_only, score_job, short_path
from fengqiao_eval.runs.run import run

TEXTS = {
    "records/units.csv": test_cli.UNITS,
    "records/postings.csv": test_cli.POSTINGS,
    "records/cases.csv": test_cli.CASES,
    "records/figures.csv": test_cli.FIGURES,
    "params/scheme.yaml": test_cli.SCHEME,
    "params/q4.yaml": test_cli.PARAMS,
}
NOTEBOOKS = ("station_scorecard.ipynb", "officer_scorecard.ipynb")
PAGES = ("index.html", "one_table.xlsx", "assets/fengqiao.js", "officer/index.html")
UNITS = ["X1", "S1", "S2", "PQ701", "PQ702"]


def project(folder: Path) -> Path:
    """Write a project with three units, two officers and two notebooks that say whose card it is."""
    for name, text in TEXTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    (folder / "notebooks").mkdir()
    parameters = nbformat.v4.new_code_cell('run = ""\nunit = ""\nlang = "zh"', metadata={"tags": ["parameters"]})
    for name in NOTEBOOKS:
        notebook = nbformat.v4.new_notebook(cells=[parameters, nbformat.v4.new_code_cell("print(unit, lang)")])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, folder / "notebooks" / name)
    return folder


def go(folder, *sets, **asked):
    """Run the project once."""
    return run(Job(folder / "params" / "q4.yaml", sets, **asked))


_KNOWN = {}


def score_once(job):
    """Score as score_job does, but equal records by an equal scheme once a process; what is refused is refused anew each time.

    For tests of what is done with scores; what is to be seen of records is seen each time.
    """
    params, faults = job.given
    if faults or not params or not params.scheme or not params.records:
        return score_job(job)
    told = params.model_dump_json(exclude={*manifest.PATHS, "only", "contact", "objection_until", "lang"})
    try:
        files = manifest.fingerprint_scheme(params), str(manifest.fingerprint_records(params))
        made_of = (told, *files, *map(short_path, params.roots))
    except (InputError, OSError):  # what cannot be read is refused in the words of whoever reads it
        return score_job(job)
    if made_of not in _KNOWN:
        seen = []
        try:
            scored = score_job(replace(job, seen=seen.append))
        finally:
            _show(seen, job)
        _KNOWN[made_of] = scored, seen
        return scored
    (scheme, records, scores), seen = _KNOWN[made_of]
    _show(seen, job)
    choose_cards(scores.units, levels_of(params, scheme), repair_only(params, scores.units))  # refuses an `only` of no unit
    return scheme, records, scores


def _show(seen, job):
    for one in seen if job.seen else ():
        job.seen(one)


def draw(cards, *_, done=None, **__):
    """Write the files of cards in the order in which they are printed, without running a notebook."""
    for card in cards:
        card.page.parent.mkdir(exist_ok=True)
        for path in card.files:
            path.with_name("half").write_text(f"{path.name} {card.lang}", "utf-8")
            path.with_name("half").replace(path)
        if done:
            done(card, None)
    return ()


def draw_pages(folder, lang):
    """Write what stands for the pages of a whole run: what they say is for other tests."""
    for name in PAGES:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"{name} {lang}", "utf-8")


def files(out):
    """Read all that lies in a folder of runs, hidden files too, but for the log; of a manifest what no clock decides."""
    found = {path.relative_to(out).as_posix(): path for path in sorted(out.rglob("*")) if path.is_file()}
    for name in ("log.jsonl", "ledger.jsonl"):
        found.pop(name, None)
    return {name: _timeless(path) if path.name == "manifest.json" else path.read_bytes() for name, path in found.items()}


def _timeless(path):
    told = json.loads(path.read_text("utf-8"))
    return {key: value for key, value in told.items() if key not in {"made_at", "seconds"}}


def differences(out, other):
    """Name what two folders of runs do not have alike."""
    one, two = files(out), files(other)
    return sorted(name for name in {*one, *two} if one.get(name) != two.get(name))


def places(out):
    """Say of every file which bytes of the disk it is, and when it was last written."""
    return {
        path: (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in out.rglob("*")
        if path.name not in ("log.jsonl", "ledger.jsonl")
    }


def logged(out, event):
    """Read the lines of the log that tell of an event."""
    lines = map(json.loads, (out / "log.jsonl").read_text("utf-8").splitlines())
    return [line for line in lines if line["event"] == event]


def open_again(out):
    """Let a final run be removed."""
    for path in (*out.rglob("*"), out):
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
