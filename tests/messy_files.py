"""Files as offices make them, drawn from a seed: each with the table meant, the layout that reads it, its rows by kind."""

import gzip
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import xlsxwriter

KNOWN = ("单位", "编号", "接报时间", "结案日期", "投诉数", "满意率", "备注", "案件 受理", "案件 办结", "类别")
"""What the columns of these files are called."""
UNITS = ("东街所", "河口所", "西山所", "南湖所", "北关所")
KINDS = {
    "接报时间": "time",
    "结案日期": "date",
    "投诉数": "whole",
    "满意率": "number",
    "案件 受理": "whole",
    "案件 办结": "whole",
}
NAMES = ("单位", "编号", "接报时间", "结案日期", "类别", "投诉数", "满意率", "备注")
LOST = "9.99E+07"
"""An id whose last digits are gone."""
MERGED, FILLED, PLAIN = "merged", "filled", "plain"


@dataclass
class MessyFile:
    """A file: where it lies, the layout that a person would settle, the table that is meant, and the groups of its rows."""

    path: Path
    layout: dict
    table: dict[str, list]
    groups: Counter
    lost: Counter = field(default_factory=Counter)
    kinds: dict = field(default_factory=lambda: dict(KINDS))
    joins: dict = field(default_factory=dict)
    title: bool = False


@dataclass
class Draft:
    """A file being drawn: rows of cells, merged places, and what is hidden."""

    rows: list[list]
    merged: list[tuple[int, int, int, int, object]]
    hidden_column: int | None = None
    hidden_row: int | None = None


def wide(text: str) -> str:
    """Write a text full-width."""
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else "\u3000" if sign == " " else sign for sign in text)


def half_day(moment: datetime) -> str:
    """Write a time with the half of the day."""
    return f"{moment:%Y-%m-%d} {'上午' if moment.hour < 12 else '下午'}{(moment.hour - 1) % 12 + 1}:{moment:%M}"


SPELLINGS = {
    "iso": lambda t: f"{t:%Y-%m-%d %H:%M}",
    "seconds": lambda t: f"{t:%Y-%m-%d %H:%M:%S}",
    "slash": lambda t: f"{t.year}/{t.month}/{t.day} {t.hour}:{t:%M}",
    "chinese": lambda t: f"{t.year}年{t.month}月{t.day}日 {t.hour}时{t.minute:02d}分",
    "chinese_seconds": lambda t: f"{t.year}年{t.month}月{t.day}日{t.hour}时{t.minute}分{t.second}秒",
    "dots": lambda t: f"{t.year}.{t.month}.{t.day} {t:%H:%M}",
    "compact": lambda t: f"{t:%Y%m%d%H%M}",
    "month_name": lambda t: f"{t:%d-%b-%Y %H:%M}",
    "half_day": half_day,
    "am_pm": lambda t: f"{t:%Y-%m-%d %I:%M %p}",
    "wide": lambda t: wide(f"{t:%Y-%m-%d %H:%M}"),
    "serial": lambda t: (t - datetime(1899, 12, 30)) / timedelta(days=1),
    "serial_text": lambda t: repr((t - datetime(1899, 12, 30)) / timedelta(days=1)),
    "typed": lambda t: t,
}
DAYS = {
    "iso": lambda t: f"{t:%Y-%m-%d}",
    "slash": lambda t: f"{t.year}/{t.month}/{t.day}",
    "chinese": lambda t: f"{t.year}年{t.month}月{t.day}日",
    "dots": lambda t: f"{t.year}.{t.month}.{t.day}",
    "compact": lambda t: f"{t:%Y%m%d}",
    "compact_number": lambda t: int(f"{t:%Y%m%d}"),
    "month_name": lambda t: f"{t:%d-%b-%Y}",
    "serial": lambda t: (t.replace(hour=0, minute=0, second=0) - datetime(1899, 12, 30)).days,
    "wide": lambda t: wide(f"{t:%Y-%m-%d}"),
}
COUNTS = {
    "plain": str,
    "number": lambda n: n,
    "thousands": lambda n: f"{n:,}",
    "wide": lambda n: wide(str(n)),
    "scale": lambda n: f"{n / 10_000:g}万",
}


def draw(seed: int, folder: Path) -> MessyFile:
    """Draw a file from a seed: every seed is another layout."""
    chance = random.Random(seed)  # noqa: S311 - drawn again from the same seed
    kind = ("xlsx", "xlsx", "csv", "txt", "tsv", "gz")[seed % 6]
    text = kind != "xlsx"
    how = (PLAIN, FILLED, PLAIN if text else MERGED)[seed // 6 % 3]
    double = seed % 5 == 0
    names = list(NAMES[:2] + NAMES[2:6] + (("案件 受理", "案件 办结") if double else NAMES[6:]))
    rows, groups, lost = _records(chance, names, text, seed), Counter(), Counter()
    draft = Draft([], [])
    _head(draft, chance, names, double, text)
    first = len(draft.rows)
    heading = (first - 1, first) if double else first
    table = _body(draft, chance, names, rows, how, seed, groups, lost)
    _foot(draft, chance, names, seed, text, groups)
    layout = {"heading": heading}
    if how == FILLED:
        layout["fill"] = ("单位",)
    if any(row and isinstance(row[0], str) and row[0].startswith(("审核人", "说明")) for row in draft.rows):
        layout["remarks"] = ("审核人*", "说明*")
    marks = {"结案日期": {"—": "missing", "/": "missing"}, "投诉数": {"无": "zero", "不分管": "not_applicable"}}
    layout["marks"] = marks
    path = folder / f"m{seed}.{'csv.gz' if kind == 'gz' else kind}"
    if text:
        separator = "\t" if kind == "tsv" else chance.choice([",", ";", "\t", "|"]) if kind == "txt" else ","
        encoding = chance.choice(["utf-8", "utf-8-sig", "gb18030", "utf-16"])
        layout |= {"separator": separator}
        _write_text(path, draft.rows, separator, encoding, len(names))
    else:
        _write_book(path, draft, seed)
    groups["headings"] = sum(any(cell not in ("", None) for cell in row) for row in draft.rows[:first]) + groups["headings"]
    groups["blanks"] += sum(all(cell in ("", None) for cell in row) for row in draft.rows[:first])
    return MessyFile(path, layout, table, +groups, +lost, title=first > 1)


def _records(chance, names, text, seed):
    """Draw the records: the cells as they are written, and the values that are meant."""
    spelling = list(SPELLINGS)[seed % len(SPELLINGS)]
    day = list(DAYS)[seed % len(DAYS)]
    count = list(COUNTS)[seed % len(COUNTS)]
    ids = seed % 4
    found = []
    for unit in chance.sample(UNITS, chance.randint(2, 4)):
        for _ in range(chance.randint(1, 6)):
            moment = datetime(2024, chance.randint(1, 12), chance.randint(1, 28), chance.randint(1, 23), chance.randint(0, 59))
            if spelling in ("seconds", "chinese_seconds"):
                moment += timedelta(seconds=chance.randint(0, 59))
            number = len(found) + 1
            record = {
                "单位": (unit, unit),
                "编号": _id(ids, number, text),
                "类别": (k := chance.choice(["警情", "纠纷", "求助"]), k),
            }
            written = SPELLINGS["iso" if text and spelling == "typed" else spelling](moment)
            record["接报时间"] = (str(written) if text else written, moment.replace(second=moment.second))
            closed = moment + timedelta(days=chance.randint(1, 40))
            mark = chance.choice(["—", "/", "", None, None, None])
            record["结案日期"] = (mark, None) if mark is not None else (_as(DAYS[day](closed), text), closed.date())
            amount = chance.randint(1, 9999)
            mark, meant = chance.choice([("无", 0), ("不分管", None), (None, 0), (None, 0), (None, 0)])
            record["投诉数"] = (mark, meant) if mark else (_as(COUNTS[count](amount), text), amount)
            rate = chance.randint(1, 99)
            record["满意率"] = (f"{rate}%", rate) if seed % 2 else (_as(rate, text), rate)
            record["备注"] = (k := chance.choice(["", "已回访", "合计三人，均已劝离", "说明情况后离开；小计"]), k or None)
            for name in ("案件 受理", "案件 办结"):
                record[name] = (_as(k := chance.randint(0, 50), text), k)
            found.append({name: record[name] for name in names})
    if seed % 9 == 4:
        found[-1]["编号"] = (LOST, LOST)
    return found


def _as(cell, text):
    return str(cell) if text else cell


def _id(how, number, text):
    if how == 0:
        return f"{number:03d}", f"{number:03d}"
    if how == 1:
        return f"\tJQ{number}", f"\tJQ{number}"
    if how == 2 and not text:
        return float(number), str(number)
    return f'="{number:03d}"', f'="{number:03d}"'


def _head(draft, chance, names, double, text):
    """Draw titles, notes and the heading."""
    width = len(names)
    for _ in range(chance.randint(0, 2)):
        draft.rows.append(["某县公安局接处警情况登记表（2024年）"] + [""] * (width - 1))
        if not text and chance.random() < 0.7:
            draft.merged.append((len(draft.rows) - 1, 0, len(draft.rows) - 1, width - 1, draft.rows[-1][0]))
    if chance.random() < 0.5:
        draft.rows.append(["制表单位：指挥中心", "", "", "2024年12月31日"] + [""] * (width - 4))
    if chance.random() < 0.3:
        draft.rows.append([""] * width)
    if not double:
        draft.rows.append([_broken(name, chance) for name in names])
        return
    top = len(draft.rows)
    draft.rows.append([name.split()[0] if i != width - 1 else "" for i, name in enumerate(names)])
    draft.rows.append([name.split()[1] if " " in name else "" for name in names])
    if not text:
        for column, name in enumerate(names):
            if " " not in name:
                draft.merged.append((top, column, top + 1, column, name))
        draft.merged.append((top, width - 2, top, width - 1, "案件"))


def _broken(name, chance):
    """Break a name of a heading as narrow columns do."""
    how = chance.randint(0, 3)
    return name if how < 2 else f"{name[:2]}\n{name[2:]}" if how == 2 and len(name) > 2 else f" {' '.join(name)} "


def _body(draft, chance, names, rows, how, seed, groups, lost):
    """Draw the records with what stands between them; give the table that is meant."""
    meant = {name: [] for name in names}
    heading, seen = list(draft.rows[-1]), set()
    for unit in dict.fromkeys(record["单位"][0] for record in rows):
        begin = len(draft.rows)
        for number, record in enumerate(record for record in rows if record["单位"][0] == unit):
            cells = [record[name][0] for name in names]
            if how != PLAIN and number:
                cells[0] = ""
            times = 2 if chance.random() < 0.08 and (how == PLAIN or number) else 1
            lost["digits"] += times * (cells[1] == LOST)
            for _ in range(times):
                draft.rows.append(cells)
                values = tuple(record[name][1] for name in names)
                groups["repeated" if values in seen else "read"] += 1
                seen.add(values)
                for name in names:
                    meant[name].append(record[name][1])
            if seed % 7 == 3 and chance.random() < 0.15 and how == PLAIN:
                draft.rows.append([""] * len(names))
                groups["blanks"] += 1
        if how == MERGED and len(draft.rows) - begin > 1:
            draft.merged.append((begin, 0, len(draft.rows) - 1, 0, unit))
        if seed % 3 == 1:
            draft.rows.append(["小 计" if how == PLAIN else "", "小计" if how != PLAIN else ""] + [""] * (len(names) - 2))
            groups["totals"] += 1
        if seed % 11 == 5 and begin == len(draft.rows) - 4 and how != MERGED:
            draft.rows.append(list(heading))
            groups["headings"] += 1
    return meant


def _foot(draft, chance, names, seed, text, groups):
    """Draw the sums of all, notes and signatures."""
    width = len(names)
    if seed % 2 == 0:
        total = ["合　计", "", *[""] * (width - 2)]
        total[5] = "" if text else "=SUBTOTAL(9,F3:F9)"
        draft.rows.append(total)
        groups["totals"] += 1
    if chance.random() < 0.4 and (text or seed % 2):  # a workbook has no rows below the last that holds anything
        draft.rows.append([""] * width)
        groups["blanks"] += 1
    if seed % 4 == 1:
        draft.rows.append(["审核人：", "", "", "填表人："] + [""] * (width - 4))
        groups["remarks"] += 1
    if seed % 4 == 3:
        draft.rows.append(["说明：数据以平台为准"] + [""] * (width - 1))
        groups["remarks"] += 1
    if not text and seed % 6 == 0:
        draft.hidden_column = 4
    if not text and seed % 6 == 1:
        draft.hidden_row = len(draft.rows) - 2


def _write_text(path, rows, separator, encoding, width):
    def cell(value):
        value = "" if value is None else str(value)
        quoted = any(sign in value for sign in (separator, '"', "\n", "\r"))
        return '"' + value.replace('"', '""') + '"' if quoted else value

    text = "\r\n".join(separator.join(map(cell, [*row, *[""] * (width - len(row))])) for row in rows) + "\r\n"
    raw = text.encode(encoding)
    path.write_bytes(gzip.compress(raw, mtime=0) if path.suffix == ".gz" else raw)


def _write_book(path, draft, seed):
    book = xlsxwriter.Workbook(str(path))
    if seed % 8 == 6:
        book.add_worksheet("空表")
    sheet = book.add_worksheet("台账")
    if seed % 8 == 0:
        book.add_worksheet("旧表").hide()
    stamp = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for row, cells in enumerate(draft.rows):
        for column, cell in enumerate(cells):
            _write_cell(sheet, row, column, cell, stamp)
    for top, left, bottom, right, value in draft.merged:
        sheet.merge_range(top, left, bottom, right, value)
    if draft.hidden_column is not None:
        sheet.set_column(draft.hidden_column, draft.hidden_column, None, None, {"hidden": True})
    if draft.hidden_row is not None:
        sheet.set_row(draft.hidden_row, None, None, {"hidden": True})
    book.close()


def _write_cell(sheet, row, column, cell, stamp):
    if isinstance(cell, datetime):
        sheet.write_datetime(row, column, cell, stamp)
    elif isinstance(cell, str) and cell.startswith("=SUBTOTAL"):
        sheet.write_formula(row, column, cell, None, "")
    elif isinstance(cell, str) and cell:
        sheet.write_string(row, column, cell)
    elif cell not in ("", None):
        sheet.write_number(row, column, cell)
