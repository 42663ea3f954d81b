"""The templates, notebooks that cards are printed with: found, held against those shipped, copied for a user to work in."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from fengqiao_eval.errors import OFFICER, UsageError
from fengqiao_eval.files import PRIVATE, write_whole
from fengqiao_eval.runs.manifest import fingerprint_text

OVERVIEW = "overview.ipynb"

WORK = "my_notebooks"
"""The folder of a project in which its user works on copies of the templates."""

_SHIPPED = "templates.json"

# Found


def find_notebooks(project: Path, *names: str) -> Path:
    """Find the folder that has some notebooks, by default those of cards: the project's own, else the one beside the package.

    Raises UsageError where they are in neither.
    """
    places = [project / "notebooks", Path(__file__).parents[2] / "notebooks"]
    needed = names or (notebook_of(OFFICER), notebook_of("station"))
    found = next((place for place in places if all((place / name).is_file() for name in needed)), None)
    if found is None:
        raise UsageError("no_notebook", given=", ".join(needed), places=", ".join(map(str, dict.fromkeys(places))))
    return found


def notebook_of(level: str) -> str:
    """Name the notebook that prints the card of a unit of a level; that of no level is the overview.

    >>> notebook_of("officer"), notebook_of("county"), notebook_of("")
    ('officer_scorecard.ipynb', 'station_scorecard.ipynb', 'overview.ipynb')
    """
    if not level:
        return OVERVIEW
    return "officer_scorecard.ipynb" if level == OFFICER else "station_scorecard.ipynb"


# Held against those shipped


def find_differences(folder: Path, levels: list[str]) -> list[dict[str, Any]]:
    """Tell which templates of some levels differ from those shipped in what acts on a card, and in which cells (by id).

    Outputs, and what JupyterLab notes of a kernel, are no difference.
    """
    shipped = json.loads(files(__package__).joinpath(_SHIPPED).read_text("utf-8"))
    found = []
    for name in dict.fromkeys(map(notebook_of, levels)):
        before, now = shipped[name], cell_prints(folder / name)
        ids = {done: cell for cell, done in before.items()}
        now = {ids.get(done, cell) if cell.isdigit() else cell: done for cell, done in now.items()}
        stayed, order = ([cell for cell in these if cell in those] for these, those in ((before, now), (now, before)))
        cells = {
            "changed": [cell for cell in stayed if before[cell] != now[cell]],
            "added": [cell for cell in now if cell not in before],
            "removed": [cell for cell in before if cell not in now],
            "moved": [cell for cell, other in zip(stayed, order, strict=True) if cell != other],
        }
        if any(cells.values()):
            found.append({"name": name, "levels": [level for level in levels if notebook_of(level) == name], **cells})
    return found


def cell_prints(path: Path) -> dict[str, str]:
    """Fingerprint what each cell of a notebook does, by its id; what cannot be read as a notebook has no cell.

    Cells of an older format have no id and are named by their place; of two with one id the second is named by both.
    """
    found: dict[str, str] = {}
    try:
        for at, cell in enumerate(json.loads(path.read_bytes())["cells"], 1):
            name = str(cell.get("id") or at)
            found[f"{name}#{at}" if name in found else name] = _cell_print(cell)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
    return found


def _cell_print(cell: Mapping[str, Any]) -> str:
    told = cell["metadata"]
    source = "".join(cell["source"]).replace("\r\n", "\n")
    acts = [cell["cell_type"], source, sorted(told.get("tags", ())), told.get("fengqiao")]
    return fingerprint_text(json.dumps(acts, sort_keys=True))[:16]


def write_prints(templates: Path) -> None:
    """Note what the templates shipped do, cell by cell (maintainers)."""
    told = {path.name: cell_prints(path) for path in sorted(templates.glob("*.ipynb"))}
    write_whole(Path(__file__).with_name(_SHIPPED), json.dumps(told, indent=1) + "\n")


# Copied for a user to work in


def work_folder(folder: Path, templates: Path) -> Path:
    """Make a folder for working copies that only its user opens: an officer's card may come to stand in one.

    Raises UsageError where it cannot be made, is the folder of the templates or holds it, or where others may open it.
    """
    if templates.resolve().is_relative_to(folder.resolve()):
        raise UsageError("work_templates", folder=folder)
    try:
        folder.mkdir(PRIVATE, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError("work_refused", folder=folder, why=error.strerror) from None
    if os.name != "nt" and folder.stat().st_mode & 0o077:
        raise UsageError("work_open", folder=folder)
    return folder


def list_templates(templates: Path) -> list[Path]:
    """List the notebooks of a folder; what cannot be read as one is left out."""
    return [path for path in sorted(templates.glob("*.ipynb")) if cell_prints(path)]


def copy_templates(templates: Path, folder: Path, runs: Path) -> Iterator[str]:
    """Copy the templates that have no copy in a folder yet; name the copies made of another template than there is today."""
    for template in list_templates(templates):
        copy = folder / template.name
        if copy.is_symlink() or not copy.exists():  # through a link the template itself would be written
            write_whole(copy, json.dumps(fresh_copy(template, folder, runs), ensure_ascii=False, indent=1) + "\n")
        elif _copied_from(copy) != _made_from(template):
            yield template.name


def fresh_copy(template: Path, folder: Path, runs: Path) -> dict[str, Any]:
    """Give a copy of a template as it is written, without outputs; the run it opens is named as seen from a folder.

    Raises UsageError where the template is no notebook.
    """
    if not cell_prints(template):
        raise UsageError("not_a_notebook", given=template)
    notebook: dict[str, Any] = json.loads(template.read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
        if "parameters" in cell["metadata"].get("tags", ()):
            place = Path(os.path.relpath(runs, folder)).as_posix()
            cell["source"] = "".join(cell["source"]).replace('run = "../runs/', f'run = "{place}/')
    notebook.setdefault("metadata", {})["fengqiao"] = {"template": _made_from(template)}
    return notebook


def _made_from(template: Path) -> str:
    return fingerprint_text(json.dumps(cell_prints(template)))[:16]


def _copied_from(copy: Path) -> str | None:
    try:
        told: str = json.loads(copy.read_bytes())["metadata"]["fengqiao"]["template"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return told


if __name__ == "__main__":
    write_prints(Path(sys.argv[1]))
