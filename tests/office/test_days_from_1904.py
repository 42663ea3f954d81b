"""Bare numbers of a workbook whose days begin in 1904, as LibreOffice writes it in each format, are the days that they show."""

import subprocess

import pytest
import xlsxwriter

from fengqiao_eval.office.layout import Layout
from fengqiao_eval.office.table import read_table

FORMATS = {"xlsx": "xlsx:Calc MS Excel 2007 XML", "xls": "xls:MS Excel 97", "ods": "ods:calc8"}


@pytest.mark.office
@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("from_1904", [False, True])
def test_a_bare_number_is_the_day_that_its_workbook_counts(tmp_path, need, ending, from_1904):
    """45566 is 1 October 2024 from 1900, and 44104 the same from 1904; the number stands without a format."""
    made = tmp_path / "made"
    made.mkdir()
    book = xlsxwriter.Workbook(str(made / "t.xlsx"), {"date_1904": from_1904})
    sheet = book.add_worksheet()
    for row, cells in enumerate([["编号", "接报时间"], ["1", 44104 if from_1904 else 45566]]):
        sheet.write_row(row, 0, cells)
    book.close()
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [
        need("soffice"),
        profile,
        "--headless",
        "--convert-to",
        FORMATS[ending],
        "--outdir",
        str(tmp_path),
        str(made / "t.xlsx"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    read, _ = read_table(tmp_path / f"t.{ending}", Layout(), {"接报时间": "time"})
    assert read["接报时间"].to_pylist() == ["2024-10-01"]
