"""Mutates files as offices have them, and says which is neither read with a receipt that balances nor refused in words.

    python -m fuzz.files --seed 0 --inputs 10000       one line a kind of what was found; exit 1 where there is any

A file is drawn as for the tests (messy_files), then its cells, bytes, encoding, parts or name are changed. Whatever is proposed
for it, and the layout it was drawn with, is then read.
"""

import argparse
import random
import resource
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import messy_files
from fengqiao_eval.errors import InputError
from fengqiao_eval.office.finder import propose
from fengqiao_eval.office.layout import Layout
from fengqiao_eval.office.table import read_table
from fengqiao_eval.records.headings import read_headings

LONGEST, MEMORY, CHUNK = 20, 3 << 30, 50
SIGNS = (
    "\0",
    "\u202e",
    "\ud83d\ude00",
    '"',
    "\n",
    "\r",
    "\t",
    ",",
    ";",
    "\ufeff",
    "=1+1",
    "#REF!",
    "9.99E+07",
    "９",
    "x" * 10_000,
    "合计",
    "—",
)
"""What is put into cells; a lone half of a pair as well, where the encoding takes it."""
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "big5")
XML = (
    b'r="XFD1048576"',
    b't="s"',
    b"<v>99999999</v>",
    b"<v>1e999</v>",
    b"&x;",
    b"]]>",
    b"<!DOCTYPE x [<!ENTITY x 'y'>]>",
    b'ref="A1:A1048576"',
)
NAMES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".csv.gz", ".xlsm", ".et")


class Slow(BaseException):
    """A file took too long."""


def mutate(chance: random.Random, path: Path) -> Path:
    """Change a file in one to four ways; give where it lies then."""
    for _ in range(chance.randint(1, 4)):
        raw = path.read_bytes()
        kind = chance.choice(("bytes", "cut", "cells", "encoding", "twice", "parts", "name"))
        if kind == "bytes" and raw:
            places = [chance.randrange(len(raw)) for _ in range(chance.randint(1, 20))]
            changed = bytearray(raw)
            for place in places:
                changed[place] = chance.randrange(256)
            path.write_bytes(changed)
        elif kind == "cut":
            path.write_bytes(raw[: chance.randrange(len(raw) + 1)])
        elif kind == "twice":
            path.write_bytes(raw + raw[chance.randrange(len(raw) + 1) :])
        elif kind == "name":
            path = path.rename(path.with_name(f"t{chance.choice(NAMES)}"))
        elif raw.startswith(b"PK"):
            _change_parts(chance, path)
        else:
            _change_text(chance, path, encode=kind == "encoding")
    return path


def _change_text(chance: random.Random, path: Path, *, encode: bool) -> None:
    text = path.read_bytes().decode("gb18030", "replace")
    for _ in range(chance.randint(0, 5)):
        place = chance.randrange(len(text) + 1)
        text = text[:place] + chance.choice(SIGNS) + text[place + chance.randrange(4) :]
    path.write_bytes(text.encode(chance.choice(ENCODINGS) if encode else "utf-8", "replace"))


def _change_parts(chance: random.Random, path: Path) -> None:
    """Change the parts of a workbook: a piece put in, taken out, said twice, a part dropped."""
    try:
        with ZipFile(path) as book:
            parts = {name: book.read(name) for name in book.namelist()}
    except Exception:  # noqa: BLE001 - it is broken already
        return
    name = chance.choice(sorted(parts))
    data, place = parts[name], chance.randrange(len(parts[name]) + 1)
    how = chance.randrange(5)
    if how == 0:
        del parts[name]
    elif how == 1:
        parts[name] = data[:place] + chance.choice(XML) + data[place:]
    elif how == 2:
        parts[name] = data[:place]
    elif how == 3:
        parts[name] = data.replace(b"<row", b"<row" * 2, 1).replace(b"</c>", b"", chance.randint(1, 3))
    else:
        sign = chance.choice(SIGNS).encode("utf-8", "surrogatepass")
        parts[name] = data.replace(b"<t>", b"<t>" + sign, chance.randint(1, 5))
    with ZipFile(path, "w", ZIP_DEFLATED) as book:
        for part, content in parts.items():
            book.writestr(part, content)


def try_file(seed: int, number: int) -> list[tuple[str, str]]:
    """Draw a file, change it, read it; give what is wrong, each with where."""
    chance = random.Random(f"{seed}:{number}")  # noqa: S311 - drawn, not secret
    with tempfile.TemporaryDirectory(prefix="fuzzfiles") as folder:
        drawn = messy_files.draw(chance.randrange(10_000), Path(folder))
        path = mutate(chance, drawn.path)
        signal.setitimer(signal.ITIMER_PROF, LONGEST)
        try:
            return list(_judge(path, Layout(**drawn.layout)))
        except Slow:
            return [("slow", path.suffix)]
        except BaseException:  # noqa: BLE001 - whatever gets through is what is looked for
            return [("traceback", traceback.format_exc())]
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)


def _judge(path: Path, layout: Layout) -> Iterator[tuple[str, str]]:
    layouts, refused = [layout], 0
    try:
        layouts += [found.layout for found in propose(path, read_headings().words)]
    except InputError as error:
        refused += 1
        yield from _judge_faults(error)
    for one in layouts:
        try:
            table, receipt = read_table(path, one, {"受理时间": "time", "件数": "number"})
        except InputError as error:
            yield from _judge_faults(error)
            continue
        if not receipt.balanced:
            yield "unbalanced", str(receipt.data())
        if table.num_rows != receipt.count("read") + receipt.count("repeated"):
            yield "rows", f"{table.num_rows} {receipt.data()['groups']}"
        if len({name.casefold() for name in table.column_names}) < table.num_columns:
            yield "names", str(table.column_names)
        said = "\n".join(receipt.lines("zh"))
        if any(not sign.isprintable() and sign not in "\n\u3000" for sign in said):
            yield "unseen", ascii(said)[:300]


def _judge_faults(error: InputError) -> Iterator[tuple[str, str]]:
    """A refusal names a file and a rule, in both languages, and shows nothing that moves a reader."""
    if not error.faults:
        yield "no fault", ""
    for fault in error.faults:
        for lang in ("zh", "en"):
            if len(text := fault.text(lang)) < 8 or "\x1b" in text or "\u202e" in text:
                yield "words", ascii(text)[:300]


def _begin() -> None:
    def stop(_number: int, _frame: Any) -> None:
        raise Slow

    signal.signal(signal.SIGPROF, stop)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _try_some(seed: int, numbers: list[int]) -> list[tuple[int, str, str]]:
    return [(number, kind, where) for number in numbers for kind, where in try_file(seed, number)]


def main() -> int:
    """Try so many files; print what was found, a line a kind, with the number of one that shows it."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--inputs", type=int, default=10_000)
    asked.add_argument("--workers", type=int, default=2)
    given = asked.parse_args()
    chunks = [list(range(at, min(at + CHUNK, given.inputs))) for at in range(0, given.inputs, CHUNK)]
    found: list[tuple[int, str, str]] = []
    with ProcessPoolExecutor(given.workers, get_context("fork"), _begin) as pool:
        for some in pool.map(_try_some, [given.seed] * len(chunks), chunks):
            found += some
    kinds = Counter((kind, where.strip().split("\n")[-1][:120]) for _, kind, where in found)
    for (kind, last), count in kinds.most_common():
        number, where = next((n, w) for n, k, w in found if k == kind and w.strip().split("\n")[-1][:120] == last)
        print(f"{kind} {count} times, first of input {number}:\n{where}")
    print(f"{given.inputs} files of seed {given.seed}: {'nothing found' if not found else f'{len(found)} found'}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
