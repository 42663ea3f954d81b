"""The one table both ways: a scheme printed as the workbook that offices sign, and read back as YAML."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from fengqiao_eval import documents
from fengqiao_eval.errors import Fault, InputError, UsageError, refuse
from fengqiao_eval.scheme.leaves import dump, leaves, path
from fengqiao_eval.scheme.load import load
from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scorecards import scheme_table, table_reader
from fengqiao_eval.scorecards.table_cells import Source
from fengqiao_eval.scorecards.table_grid import is_table


def to_table(scheme: Path, table: Path, lang: str) -> Scheme:
    """Print a scheme as a workbook, and read it back to be sure that nothing was lost.

    Raises InputError with the faults of the scheme, or what a workbook cannot hold; UsageError where another file stands there.
    """
    if table.exists() and not is_table(table):
        raise UsageError("table_taken", given=table)
    source = Source(load(scheme), documents.read(scheme).data, lang)
    table.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=table.parent, prefix=".") as folder:
        trial = Path(folder) / table.name
        scheme_table.write(source, trial)
        refuse(_lost(source, table_reader.read(trial), str(scheme)))
        trial.replace(table)
    return source.scheme


def _lost(source: Source, read: Source, file: str) -> Iterator[Fault]:
    kept = dict(leaves(read.data))
    for place, given in leaves(source.data):
        if place not in kept or kept[place] != given:
            yield Fault(file, path(place), "table.not_kept", {"given": given, "read": kept.get(place, "")})


def from_table(table: Path, scheme: Path, *, force: bool) -> tuple[Scheme, bool]:
    """Read a workbook back and write it as YAML; return the scheme, and whether a file was written.

    A file that says the same already is left as it is, with its comments. Raises InputError with every fault of the workbook,
    UsageError where a file that says something else would be replaced without force.
    """
    source = table_reader.read(table)
    text = dump(source.data)
    if scheme.exists():
        if _says(scheme) == text:
            return source.scheme, False
        if not force:
            raise UsageError("scheme_taken", given=scheme)
    scheme.parent.mkdir(parents=True, exist_ok=True)
    scheme.write_text(text, "utf-8", newline="\n")
    return source.scheme, True


def _says(scheme: Path) -> str | None:
    try:
        return dump(documents.read(scheme).data)
    except (InputError, OSError):
        return None
