"""Two checkouts side by side: are they the same program? `python tests/compare_checkouts.py BEFORE AFTER FOLDER`.

Each checkout has its own .venv (make setup). Both invent the province, run params/demo.yaml and every file of params/examples
(those on real records where these lie beside AFTER, or where FENGQIAO_REAL says), and print what the commands print. Held against
each other: frames, value by value whatever the order of columns; the text of pages, sheets and consoles; the help of all
commands. A side that is made already is not made again. Exit 1 where anything differs.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
from python_calamine import CalamineWorkbook

COMMANDS = ("", "demo", "scheme", "check", "score", "run", "tune", "explain", "compare")
REAL = {"pingshan": "pingshan_12345", "nypd": "nypd_calls"}
EXPLAINED = {"demo": ("C01", "X01", "S007", "P0001"), "deductions": ("S031",), "grid": ("S007",)}
FLEETING = re.compile(r"\d+(\.\d+)? ?(秒|s\b|CPU)|\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\.\d+)?([+-]\d\d:\d\d)?")
OF_THE_PACKAGE = {"package", "fingerprints", "packages", "began", "ended", "seconds", "keys", "cpu", "peak", "peak_of_children"}
"""Keys of a manifest that tell one package, or one moment, from another."""


class Words(HTMLParser):
    """The words of a page: all text that is not style; data in scripts counts as text."""

    def __init__(self, page: str) -> None:
        """Read a page."""
        super().__init__()
        self.words: list[str] = []
        self.quiet = False
        self.feed(page)

    def handle_starttag(self, tag, _attrs):
        """Do not listen to style sheets."""
        self.quiet = tag == "style"

    def handle_data(self, data):
        """Keep what is said."""
        if not self.quiet:
            self.words += data.split()


def make(checkout: Path, side: Path, real: Path) -> None:
    """Let a checkout make in a folder of its own all that is compared."""
    program = (checkout / ".venv" / "bin" / "fengqiao").resolve()

    def say(name: str, *words: str, lang: str = "zh") -> None:
        told = {**os.environ, "FENGQIAO_LANG": lang}
        done = subprocess.run([program, *words], cwd=side, env=told, capture_output=True, text=True, check=False)
        said = "\n".join([done.stdout, done.stderr, f"exit {done.returncode}"]).replace(str(side), "")
        (side / "said" / f"{name}.txt").write_text(FLEETING.sub("…", said), "utf-8")

    (side / "said").mkdir(parents=True)
    for folder in ("notebooks", "params"):
        shutil.copytree(checkout / folder, side / folder)
    for command in COMMANDS:
        say(f"help_{command or 'fengqiao'}", *command.split(), "--help")
    say("demo", "demo", "demo")
    for params in [Path("params/demo.yaml"), *sorted((side / "params" / "examples").glob("*.yaml"))]:
        name = params.stem
        if name.endswith("_scheme") or name == "claims" or (name in REAL and not real.is_dir()):
            continue
        given = [f"params/examples/{name}.yaml" if name != "demo" else str(params)]
        given += ["--set", f"records={real / REAL[name]}"] if name in REAL else []
        say(f"check_{name}", "check", *given)
        say(f"run_{name}", "run", *given)
        for unit in EXPLAINED.get(name, ()):
            say(f"explain_{name}_{unit}", "explain", f"runs/{name}", unit)
    for code in ("arrival_on_time", "satisfied"):
        say(f"explain_S007_{code}", "explain", "runs/demo", "S007", code)
    say("compare", "compare", "runs/demo", "runs/deductions", "--out", "compared.html")
    say("run_english", "run", "params/demo.yaml", "--set", "lang=en", "--set", "out=english", lang="en")
    for code in ((), ("arrival_on_time",)):
        say(f"explain_english_{len(code)}", "explain", "english/demo", "S007", *code, lang="en")
    say("compare_english", "compare", "english/demo", "runs/deductions", "--out", "compared_english.html", lang="en")
    say("scheme", "scheme", "params/one_table.yaml", "--to", "table.xlsx")
    (side / "done").touch()


def words_of(file: Path) -> object:
    """Give what a file says, in a form in which equal things are equal."""
    if file.suffix == ".html":
        return FLEETING.sub("…", " ".join(Words(file.read_text("utf-8")).words)).split()
    if file.suffix == ".xlsx":
        book = CalamineWorkbook.from_path(str(file))
        return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    if file.name in ("manifest.json", "log.jsonl"):
        return [_lasting(json.loads(line)) for line in _documents(file)]
    if file.suffix == ".txt":
        return FLEETING.sub("…", file.read_text("utf-8")).split()
    if file.suffix == ".ipynb":
        return [cell["source"] for cell in json.loads(file.read_text("utf-8"))["cells"]]
    return file.read_bytes()


def _documents(file: Path) -> list[str]:
    text = file.read_text("utf-8")
    return text.splitlines() if file.suffix == ".jsonl" else [text]


def _lasting(given: object) -> object:
    if isinstance(given, dict):
        return {key: _lasting(value) for key, value in given.items() if key not in OF_THE_PACKAGE}
    if isinstance(given, list):
        return [_lasting(value) for value in given]
    return FLEETING.sub("…", given) if isinstance(given, str) else given


def unlike_frames(before: Path, after: Path) -> str:
    """Say how two frames differ, or nothing."""
    one, other = pd.read_parquet(before), pd.read_parquet(after)
    if set(one.columns) != set(other.columns):
        return f"columns {sorted(set(one.columns) ^ set(other.columns))}"
    try:
        pd.testing.assert_frame_equal(one, other[one.columns], check_exact=True)
    except AssertionError as error:
        return str(error).splitlines()[0]
    return ""


def unlike(before: Path, after: Path) -> str:
    """Say how two files differ, or nothing."""
    if not after.is_file():
        return "missing"
    if before.read_bytes() == after.read_bytes():
        return ""
    if before.suffix == ".parquet":
        return unlike_frames(before, after)
    one, other = words_of(before), words_of(after)
    if one == other:
        return ""
    if isinstance(one, list) and isinstance(other, list):
        at = next((n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other)))
        return f"from word {at}: {str(one[at : at + 8])[:300]} → {str(other[at : at + 8])[:300]}"
    return "differs"


def main(before: Path, after: Path, work: Path) -> int:
    """Make both sides, hold them against each other, and print a line a kind of file."""
    sides = {before: (work / "before").resolve(), after: (work / "after").resolve()}
    for checkout, side in sides.items():
        if not (side / "done").exists():
            shutil.rmtree(side, ignore_errors=True)
            make(checkout.resolve(), side, Path(os.environ.get("FENGQIAO_REAL") or after.resolve().parent / "shared" / "real"))
    one, other = sides[before], sides[after]
    files = [{p.relative_to(side) for p in side.rglob("*") if p.is_file()} for side in (one, other)]
    skipped = {"assets", "notebooks", "params"}  # scripts and sources, which are not what a run says
    wanted = sorted(path for path in files[0] | files[1] if not skipped & set(path.parts) and path.name != "done")
    found = {path: unlike(one / path, other / path) if (one / path).is_file() else "new" for path in wanted}
    for ending in sorted({path.suffix for path in wanted}):
        of_kind = [path for path in wanted if path.suffix == ending]
        equal = [path for path in of_kind if not found[path]]
        same = sum((one / path).read_bytes() == (other / path).read_bytes() for path in equal)
        print(f"{ending or 'no ending':10} {len(of_kind):5} files, {len(equal):5} say the same, {same:5} of them byte for byte")
    different = {path: how for path, how in found.items() if how}
    for path, how in different.items():
        print(f"{path}: {how}")
    print(f"{len(different)} of {len(wanted)} files differ")
    return bool(different)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
