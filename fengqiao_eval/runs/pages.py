"""What is written once a run, after its cards: assets, the one screen, the index of officers, the workbooks."""

from pathlib import Path

from fengqiao_eval.records.units import OFFICER
from fengqiao_eval.runs import changes, publish
from fengqiao_eval.scorecards import screen
from fengqiao_eval.scorecards.page import write_assets
from fengqiao_eval.scorecards.workbook import write as write_workbook

WORKBOOK = "one_table.xlsx"


def write(folder: Path, lang: str) -> None:
    """Write the pages that speak of the whole run; those of officers into officer/ only."""
    write_assets(folder / "assets")
    screen.write(folder, lang, [line.strip() for line in changes.lines(publish.read_manifest(folder)["since"], lang)])
    write_workbook(folder, folder / WORKBOOK, lang)
    if (folder / OFFICER).is_dir():
        screen.officer_index(folder, lang)
        write_workbook(folder, folder / OFFICER / WORKBOOK, lang, officers=True)
