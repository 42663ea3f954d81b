"""An xlsx of 200,000 rows read with its receipt, beside calamine's own plain read, pandas and openpyxl: CPU and memory.

Must hold: CPU at most 1.3 times that of calamine's plain read and 2 seconds; memory at most 1 GiB. Each way has its process.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import xlsxwriter

ROWS = 200_000
KINDS = {"接报时间": "time", "到场时间": "time", "结案时间": "time", "次数": "whole"}
WAYS = ("calamine", "office", "pandas", "openpyxl")


def write(path: Path, rows: int) -> None:
    """Write a ledger: a title, a heading, rows of nine columns, a row of sums, a signature."""
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet, stamp = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.write(0, 0, "接处警台账")
    sheet.write_row(1, 0, ["编号", "单位编号", "类别", *list(KINDS)[:3], "状态", "次数", "备注"])
    for number in range(rows):
        row, moment = number + 2, datetime(2024, 1, 1) + timedelta(minutes=number)
        sheet.write_row(row, 0, [f"JQ{number:08d}", f"{number % 40:03d}", "治安"])
        for column in range(3):
            sheet.write_datetime(row, 3 + column, moment + timedelta(minutes=11 * column), stamp)
        sheet.write_row(row, 6, ["已办结", number % 7, f"第 {number} 号"])
    sheet.write_row(rows + 2, 0, ["合计", "", "", "", "", "", "", sum(number % 7 for number in range(rows))])
    sheet.write(rows + 3, 0, "审核人：")
    book.close()


def read(way: str, path: Path) -> int:
    """Read the file in one way; return how many rows came of it."""
    if way == "calamine":
        from python_calamine import CalamineWorkbook  # noqa: PLC0415 - each way loads only what is its own

        return len(CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python())
    if way == "office":
        from fengqiao_eval.office.layout import Layout  # noqa: PLC0415
        from fengqiao_eval.office.table import read_table  # noqa: PLC0415

        table, receipt = read_table(path, Layout(heading=2, remarks=("审核人*",)), KINDS)
        assert receipt.balanced
        assert receipt.check.agreed == 1
        return table.num_rows
    if way == "pandas":
        import pandas as pd  # noqa: PLC0415

        return len(pd.read_excel(path, header=1, engine="calamine"))
    import openpyxl  # noqa: PLC0415 # type: ignore[import-not-found]

    return sum(1 for _ in openpyxl.load_workbook(path, read_only=True).active.iter_rows(values_only=True))


def warm(way: str) -> None:
    """Load what a way needs, so that reading alone is measured."""
    modules = {"calamine": "python_calamine", "office": "fengqiao_eval.office.table", "pandas": "pandas", "openpyxl": "openpyxl"}
    __import__(modules[way])
    __import__("pandas")  # which pyarrow loads with its first array


def measure(way: str, path: Path) -> dict | None:
    """Read the file in a process of its own: CPU in seconds, memory in MiB; None where the library is not there."""
    made = subprocess.run([sys.executable, __file__, "--way", way, "--path", path], capture_output=True, text=True, check=False)
    return json.loads(made.stdout) if made.returncode == 0 else None


def main() -> None:
    """Measure every way three times, print the best of each, and fail where the promise is broken."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--way")
    asked.add_argument("--path", type=Path)
    asked.add_argument("--rows", type=int, default=ROWS)
    given = asked.parse_args()
    if given.way:
        warm(given.way)
        began = time.process_time()
        rows = read(given.way, given.path)
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"rows": rows, "seconds": time.process_time() - began, "mib": used}))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.xlsx"
        write(path, given.rows)
        found = {way: [measure(way, path) for _ in range(3)] for way in WAYS}
    best = {way: min((run for run in runs if run), key=lambda run: run["seconds"], default=None) for way, runs in found.items()}
    for way, run in best.items():
        print(
            f"{way:9} {run['seconds']:6.2f} s CPU {run['mib']:7.0f} MiB {run['rows']:,} rows" if run else f"{way:9} is not there"
        )
    bound = 1.3 * best["calamine"]["seconds"] + 2
    print(f"office: {best['office']['seconds']:.2f} s, at most {bound:.2f} s; {best['office']['mib']:.0f} MiB, at most 1024 MiB")
    sys.exit(best["office"]["seconds"] > bound or best["office"]["mib"] > 1024)


if __name__ == "__main__":
    main()
