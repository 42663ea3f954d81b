"""What a cell says as the record tables want it: ISO times and plain numbers; what was repaired, and what is lost for good.

Each distinct cell of a column is read once. A cell that is not understood stays as it is written, so that casting it is a fault.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import pyarrow as pa

from fengqiao_eval.office.layout import squeeze

EPOCHS = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001 - a wall clock has no zone
"""The day of serial number 0, by whether a workbook counts from 1904."""
SERIALS = (10_000, 80_000)
"""Serial numbers that are taken for days: 1927 to 2119."""
KEPT_DIGITS = 1e15
"""Excel keeps fifteen digits of a number: those of a longer id are lost."""


_WIDE = [0xA0, 0x2007, 0x202F, 0x3000, *range(0xFE50, 0xFE70), *range(0xFF00, 0xFFF0)]
_NARROW = {sign: unicodedata.normalize("NFKC", chr(sign)) for sign in _WIDE}


def narrow(text: str) -> str:
    """Write a text in half width; signs that are more than wide stay, for 5² is not 52.

    >>> narrow("２０２４：５²　①")
    '2024:5² ①'
    """
    return text if text.isascii() else text.translate(_NARROW)


class Read(NamedTuple):
    """A cell as it was read: its text (None where it is empty), what was repaired, and what is lost ('' for nothing)."""

    text: str | None
    repaired: str = ""
    lost: str = ""


@dataclass(frozen=True)
class Writing:
    """How the cells of a column are written: kind wanted, a date format, the sign of decimals, marks, where days begin."""

    kind: str = "text"
    format: str = ""
    decimal: str = "."
    marks: Mapping[str, str] = field(default_factory=dict)
    from_1904: bool = False
    scale: int = 1
    """How many one of a number stands for, where its heading says so: 万人."""


@dataclass
class ColumnRead:
    """A column as it was read: texts, and by kind of repair, mark or loss the places of the cells in it."""

    texts: list[str | None]
    repaired: dict[str, list[int]] = field(default_factory=dict)
    lost: dict[str, list[int]] = field(default_factory=dict)


def read_column(cells: Sequence[Any], writing: Writing) -> ColumnRead:
    """Read the cells of a column.

    >>> read_column(["2024年10月1日 8时12分", 45566.5, "—", ""], Writing("time", marks={"—": "missing"})).texts
    ['2024-10-01 08:12', '2024-10-01 12:00:00', None, None]
    >>> read_column([3.0, "003", True], Writing()).texts
    ['3', '003', 'true']
    """
    kinds = set(map(type, cells))
    if kinds == {str} and writing.kind == "text" and not writing.marks:
        return _read_texts(cells)
    if datetime in kinds and writing.kind in ("time", "text"):
        return _read_moments(cells, writing)
    return _read_cells(cells, writing)


def _read_cells(cells: Sequence[Any], writing: Writing) -> ColumnRead:
    read = _reader(writing)
    typed = {key: read(key[1]) for key in set(zip(map(type, cells), cells, strict=True))}  # 1, 1.0 and True are one key
    if any(one.repaired or one.lost for one in typed.values()):
        found = [typed[key] for key in zip(map(type, cells), cells, strict=True)]
        column = ColumnRead([one.text for one in found])
        for place, one in enumerate(found):
            if one.repaired:
                column.repaired.setdefault(one.repaired, []).append(place)
            if one.lost:
                column.lost.setdefault(one.lost, []).append(place)
        return column
    texts = {key: one.text for key, one in typed.items()}
    return ColumnRead([texts[key] for key in zip(map(type, cells), cells, strict=True)])


def _read_moments(cells: Sequence[Any], writing: Writing) -> ColumnRead:
    """Read the cells that are moments all at once, and the others one by one."""
    held = [cell if type(cell) is datetime else None for cell in cells]
    moments = pa.array(held, pa.timestamp("us")).cast(pa.int64()).fill_null(0).to_numpy()
    whole = (moments + 500_000) // 1_000_000  # what a spreadsheet keeps as five decimals of a day is some tenths off
    texts = pa.array(whole, pa.timestamp("s")).cast(pa.string()).to_pylist()
    others = [place for place, moment in enumerate(held) if moment is None]
    column = _read_cells([cells[place] for place in others], writing)
    for place, text in zip(others, column.texts, strict=True):
        texts[place] = text
    moved = [
        {kind: [others[place] for place in those] for kind, those in what.items()} for what in (column.repaired, column.lost)
    ]
    return ColumnRead(texts, *moved)


def _read_texts(cells: Sequence[str]) -> ColumnRead:
    together = "\0".join(cells)  # nearly every column holds none of these signs: one look at all of it says so
    shown = any(sign in together for sign in ("#", "E+", "e+"))
    known = {cell: lost for cell in set(cells) if (lost := _lost_text(cell))} if shown else {}
    column = ColumnRead([cell or None for cell in cells])
    for place, cell in enumerate(cells if known else ()):
        if cell in known:
            column.lost.setdefault(known[cell], []).append(place)
    return column


def _reader(writing: Writing) -> Callable[[Any], Read]:
    """Give what reads one cell of a column."""
    read = READERS.get(writing.kind, _read_text)
    marks = {squeeze(mark): meant for mark, meant in writing.marks.items()}

    def reading(cell: Any) -> Read:
        if isinstance(cell, str):
            if not cell:
                return Read(None)
            if marks and (meant := marks.get(squeeze(cell))):
                return Read("0" if meant == "zero" else None, f"mark_{meant}")
            if lost := _lost_text(cell):
                return Read(cell, lost=lost)
        return read(cell, writing)

    return reading


_EXPONENT = re.compile(r"\s*[+-]?\d(?:\.\d+)?[eE]\+\d{1,3}\s*")
_HASHES = re.compile(r"\s*#{2,}\s*")
_ERROR = re.compile(r"\s*#(?:N/A|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!)\s*")


def _lost_text(text: str) -> str:
    """Name the kind of loss that a text shows: digits cut by an exponent, a cell too narrow, an error of a formula."""
    if "#" in text:
        return "hashes" if _HASHES.fullmatch(text) else "error" if _ERROR.fullmatch(text) else ""
    return "digits" if ("E+" in text or "e+" in text) and _EXPONENT.fullmatch(text) else ""


_NAME = re.compile(r"[\u4e00-\u9fff·]{2,4}")


def is_like_name(text: str) -> bool:
    """Say whether a text may be a person's name: two to four Chinese signs and nothing else.

    >>> is_like_name(" 张三丰 "), is_like_name("邻里纠纷调解"), is_like_name("003")
    (True, False, False)
    """
    return bool(_NAME.fullmatch(text.strip()))


# Text: as it is written


def _read_text(cell: Any, _writing: Writing) -> Read:
    if isinstance(cell, str):
        return Read(cell)
    if isinstance(cell, bool):
        return Read(str(cell).lower())
    if isinstance(cell, float | int):
        return Read(_plain(cell), lost="digits" if abs(cell) >= KEPT_DIGITS else "")
    return Read(_moment_text(cell))


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)


def _moment_text(cell: Any) -> str:
    if isinstance(cell, datetime):
        return _write_moment(cell, clock=True)
    if isinstance(cell, timedelta):
        seconds = round(cell.total_seconds())
        return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _write_moment(moment: datetime, *, clock: bool) -> str:
    """Write a moment; serial numbers are some tenths of a second off, which are no part of it."""
    if moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=moment.microsecond >= 500_000)  # noqa: PLR2004 - half
    text = moment.isoformat(" ")
    return text if clock else text[:10]


# Times and days

_CLOCK = (
    r"(?P<half>上午|下午|凌晨|早上|早晨|中午|晚上|傍晚|am|pm)?\s*(?P<hour>\d{1,2})"
    r"(?:[:时点](?:(?P<minute>\d{1,2}|半)(?:[:分](?:(?P<second>\d{1,2})(?:\.(?P<part>\d{1,6})\d*)?秒?)?)?)?)?整?\s*(?P<after>am|pm|上午|下午)?"
)
_DATES = {
    "plain": r"(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})",
    "chinese": r"(?P<year>\d{4})\s*年\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*[日号]?",
    "dots": r"(?P<year>\d{4})\.(?P<month>\d{1,2})\.(?P<day>\d{1,2})",
    "digits": r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)",
    "month_name": r"(?P<day>\d{1,2})[- ](?P<name>[a-z]{3,9})[- ,]+(?P<year>\d{4})",
    "name_first": r"(?P<name>[a-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})",
}
_FORMS = {name: re.compile(rf"{day}(?:[T\s,，]*{_CLOCK})?", re.IGNORECASE) for name, day in _DATES.items() if name != "digits"}
_FORMS["digits"] = re.compile(
    rf"{_DATES['digits']}(?:[T\s_]*(?P<hour>\d\d):?(?P<minute>\d\d)(?::?(?P<second>\d\d))?)?(?P<part>)(?P<half>)(?P<after>)",
    re.IGNORECASE,
)
_CLOCK_ALONE = re.compile(_CLOCK, re.IGNORECASE)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_CUT = re.compile(r"\d{1,2}月\d{1,2}日|\d{4}年\d{1,2}月|\d{1,2}-[a-z]{3}|[a-z]{3}-\d{2}|\d{4}[-./]\d{1,2}", re.IGNORECASE)
"""Days of which the year or the day is gone."""
_PLAIN = re.compile(r"[1-9]\d{3}[-/]\d{1,2}[-/]\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?", re.ASCII)
"""A time that the record tables take as it is."""
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_HALVES: dict[str, dict[int, int]] = {
    "am": {12: 0, **{hour: hour for hour in range(1, 12)}},
    "pm": {12: 12, **{hour: hour + 12 for hour in range(1, 12)}},
    "上午": {12: 0, **{hour: hour for hour in range(12)}},
    "下午": {**{hour: hour + 12 for hour in range(12)}, **{hour: hour for hour in range(12, 24)}},
    "凌晨": {12: 0, **{hour: hour for hour in range(7)}},
    "早上": {hour: hour for hour in range(12)},
    "早晨": {hour: hour for hour in range(12)},
    "中午": {1: 13, 2: 14, **{hour: hour for hour in range(11, 15)}},
    "傍晚": {**{hour: hour + 12 for hour in range(4, 9)}, **{hour: hour for hour in range(16, 21)}},
    "晚上": {**{hour: hour + 12 for hour in range(6, 12)}, **{hour: hour for hour in range(17, 25)}},
}
"""The hours that a word for a part of the day goes with, and which of 24 each is.

上午 and 下午 are the halves of the day as programs write them, 12 first. 晚上12点 may be noon's other end on either side of a
day, 晚上1点 the night before or the one after: what can mean two things is not here.
"""
_ORDERS = {"dmy": ("day", "month", "year"), "mdy": ("month", "day", "year"), "ymd": ("year", "month", "day")}


def _read_time(cell: Any, writing: Writing) -> Read:
    """Read a time or a day, however it is written, as long as it can mean one thing only."""
    if isinstance(cell, str):
        return _read_plain(cell) if _PLAIN.fullmatch(cell) else _read_time_text(cell, writing)
    if isinstance(cell, datetime):
        whole = writing.kind == "time" or (cell.hour, cell.minute, cell.second) != (0, 0, 0)
        return Read(_write_moment(cell, clock=whole))
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return _read_serial(cell, writing)
    return Read(_read_text(cell, writing).text)


def _read_time_text(cell: str, writing: Writing) -> Read:
    """Read a text that is no plain time: by the format of its column, as a serial number, or in one of the forms."""
    text = narrow(cell).strip()
    if not text:
        return Read(None)
    if writing.format and (told := _read_format(text, writing.format)):
        return Read(told, "format")
    if _SERIAL.fullmatch(text):
        serial = _read_serial(float(text), writing)
        return serial._replace(repaired="serial_text") if serial.repaired else Read(cell)
    wide = "width" if text != cell.strip() else ""
    for name, form in _FORMS.items():
        if (found := form.fullmatch(text)) and (written := _read_form(found)):
            return Read(written[0], written[1] or (wide if name == "plain" else name.replace("name_first", "month_name")))
    return Read(cell, lost="cut" if _CUT.fullmatch(text) else "")


def _read_plain(text: str) -> Read:
    """Read a time that is plain already; only the hour 24 is another day's."""
    found = _FORMS["plain"].fullmatch(text)
    written = _read_form(found) if found else None
    return Read(written[0], written[1]) if written and written[1] else Read(text)


def _read_serial(number: float, writing: Writing) -> Read:
    """Read a number as a day: 20241001, or days since 1900 or 1904."""
    if number == int(number) and (found := _FORMS["digits"].fullmatch(str(int(number)))) and (written := _read_form(found)):
        return Read(written[0], "digits")
    if SERIALS[0] <= number < SERIALS[1]:
        moment = EPOCHS[writing.from_1904] + timedelta(seconds=round(number * 86_400))  # five decimals are some tenths off
        return Read(_write_moment(moment, clock=number != int(number)), "serial")
    text = _plain(number)
    return Read(text, lost="cut" if _CUT.fullmatch(text) else "")


def _read_form(found: re.Match[str]) -> tuple[str, str] | None:
    """Write what was found as ISO, with what is special in it; None where there is no such day or hour."""
    parts = found.groupdict()
    month = _month(parts["name"]) if parts.get("name") else int(parts["month"])
    try:
        day = date(int(parts["year"]), month, int(parts["day"]))
    except ValueError:
        return None
    if parts["hour"] is None:
        return day.isoformat(), ""
    return _join_clock(day, parts)


def _month(name: str) -> int:
    """Number a month by its English name, whole or short; 0 where it is none."""
    short = "sep" if name.lower() == "sept" else name.lower()
    return next((number for number, whole in enumerate(_MONTHS, 1) if short in (whole, whole[:3])), 0)


def _join_clock(day: date, parts: Mapping[str, str | None]) -> tuple[str, str] | None:
    """Join a day and the parts of a clock; 24:00 begins the next day, and a part of the day is named once.

    None where there is no such hour, or where a word for a part of the day and an hour do not make one hour of 24.
    """
    minute = 30 if parts["minute"] == "半" else int(parts["minute"] or 0)
    hour, second = int(parts["hour"] or 0), int(parts["second"] or 0)
    words = [word.lower() for word in (parts["half"], parts["after"]) if word]
    if len(words) > 1 or (words and hour not in _HALVES[words[0]]):
        return None
    special = "half_day" if words else ""
    hour = _HALVES[words[0]][hour] if words else hour
    if hour == 24 and not minute and not second:  # noqa: PLR2004 - the end of a day
        if day == date.max:
            return None
        return f"{(day + timedelta(days=1)).isoformat()} 00:00", "hour_24"
    try:
        clock = time(hour, minute, second)
    except ValueError:
        return None
    part = f".{parts['part']}" if parts.get("part") else ""
    written = clock.isoformat("seconds" if second or part else "minutes")
    return f"{day.isoformat()} {written}{part}", special


@lru_cache(maxsize=64)
def _order_form(order: str) -> re.Pattern[str]:
    signs = {"day": r"(?P<day>\d{1,2})", "month": r"(?P<month>\d{1,2})", "year": r"(?P<year>\d{4})"}
    return re.compile(r"[-/. ]".join(signs[part] for part in _ORDERS[order]) + rf"(?:[T\s,，]*{_CLOCK})?", re.IGNORECASE)


def _read_format(text: str, written: str) -> str | None:
    """Read a time by the format that was named for its column."""
    if written in _ORDERS:
        found = _order_form(written).fullmatch(text)
        read = _read_form(found) if found else None
        return read[0] if read else None
    try:
        moment = datetime.strptime(text, written)  # noqa: DTZ007 - a wall clock has no zone
    except ValueError:
        return None
    if moment.year < 1000:  # noqa: PLR2004 - a year has four digits
        return None
    return _write_moment(moment.replace(tzinfo=None), clock=any(sign in written for sign in ("%H", "%I", "%T", "%X", "%c", "%R")))


def valid_format(written: str) -> bool:
    """Say whether a date format can be followed: a known order, or signs as of strptime that name year, month and day.

    >>> valid_format("dmy"), valid_format("%d.%m.%Y"), valid_format("DD/MM/YYYY")
    (True, True, False)
    """
    if written in _ORDERS:
        return True
    try:
        moment = datetime(2024, 11, 25, 13, 5)  # noqa: DTZ001 - a wall clock has no zone
        return datetime.strptime(moment.strftime(written), written).date() == moment.date()  # noqa: DTZ007
    except (ValueError, re.error):
        return False


def join_moments(days: Sequence[Any], clocks: Sequence[Any], writing: Writing) -> ColumnRead:
    """Join the day of one column and the clock of another, cell by cell; a clock without a day stays as it is, a fault.

    >>> join_moments(["2024.10.1", ""], ["下午3时5分", "8:00"], Writing("time")).texts
    ['2024-10-01 15:05', '8:00']
    """
    found = ColumnRead([])
    known: dict[tuple[Any, ...], Read] = {}
    read_day, is_mark = _reader(writing), {squeeze(mark) for mark in writing.marks}
    for place, (day, clock) in enumerate(zip(days, clocks, strict=True)):
        key = (type(day), day, type(clock), clock)
        if key not in known:
            known[key] = _join(read_day(day), day, clock, is_mark)
        read = known[key]
        found.texts.append(read.text)
        if read.repaired:
            found.repaired.setdefault(read.repaired, []).append(place)
        if read.lost:
            found.lost.setdefault(read.lost, []).append(place)
    return found


def _join(day: Read, written: Any, clock: Any, marks: set[str]) -> Read:
    text = narrow(clock).strip() if isinstance(clock, str) else clock
    if text == "" or (isinstance(clock, str) and squeeze(clock) in marks):
        return day
    if day.text is None:
        return Read(_read_text(clock, Writing()).text)
    found = _PLAIN.fullmatch(day.text)
    time_ = _clock_parts(text)
    joined = _join_clock(date.fromisoformat(_iso_day(day.text)), time_) if found and time_ and _iso_day(day.text) else None
    if joined is None:
        return Read(f"{_read_text(written, Writing()).text} {_read_text(clock, Writing()).text}", lost=day.lost)
    return Read(joined[0], "joined")


def _iso_day(text: str) -> str:
    """Give a plain day without its clock, which may be midnight only; '' where there is no such day."""
    found = _FORMS["plain"].fullmatch(text)
    read = _read_form(found) if found else None
    return read[0][:10] if read and read[0][10:] in ("", " 00:00") else ""


def _clock_parts(clock: Any) -> Mapping[str, str | None] | None:
    """Read a clock: a time of a workbook, a part of a day, or a text."""
    if isinstance(clock, datetime):
        clock = clock.time() if clock.date() in (date(1899, 12, 30), date(1899, 12, 31), date(1904, 1, 1)) else None
    if isinstance(clock, float) and 0 <= clock < 1:
        clock = timedelta(days=clock)
    if isinstance(clock, timedelta):
        seconds = round(clock.total_seconds())
        clock = f"{seconds // 3600}:{seconds % 3600 // 60}:{seconds % 60}" if 0 <= seconds <= 86_400 else None  # noqa: PLR2004
    if isinstance(clock, time):
        clock = f"{clock.hour}:{clock.minute}:{clock.second}"
    found = _CLOCK_ALONE.fullmatch(clock) if isinstance(clock, str) else None
    return found.groupdict() if found and (found["minute"] or found["half"] or not clock.isdigit()) else None


# Numbers

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_POINTED = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_COMMAED = re.compile(r"[+-]?(?:\d{1,3}(?:[. ]\d{3})+|\d+)(?:,\d+)?")
_SCALES = {"万": 10_000, "亿": 100_000_000}


_HEADING_SCALE = re.compile(r"[(（\[【]\s*(亿|千万|百万|十万|万|千(?![米克瓦])|百(?!分))[^)）\]】%‰]{0,3}[)）\]】]\s*$")


def heading_scale(heading: str) -> int:
    """Give how many one of a number stands for by the unit that its heading names in brackets.

    >>> heading_scale("实有人口（万人）"), heading_scale("满意率（百分比）"), heading_scale("户数(千户)")
    (10000, 1, 1000)
    """
    found = _HEADING_SCALE.search(heading)
    return prod({"亿": 10**8, "万": 10**4, "千": 1000, "百": 100, "十": 10}[sign] for sign in found[1]) if found else 1


def _read_number(cell: Any, writing: Writing) -> Read:
    """Read a number, as many times as its heading says that one stands for; one with a 万 of its own says so itself."""
    read = _read_amount(cell, writing)
    if writing.scale == 1 or read.repaired == "scale" or read.text is None or not _NUMBER.fullmatch(read.text):
        return read
    return Read(_write_amount(Decimal(read.text) * writing.scale), "heading_scale")


def _read_amount(cell: Any, writing: Writing) -> Read:
    """Read a number with its thousands, its percent or its 万; what else stands behind a number makes it none."""
    if not isinstance(cell, str):
        return Read(_read_text(cell, writing).text)
    if writing.decimal == "." and _NUMBER.fullmatch(cell):
        return Read(cell)
    text = narrow(cell).strip().replace("\u2212", "-")
    if not text:
        return Read(None)
    repaired = "width" if text != cell.strip() else ""
    scale, bare = Decimal(1), text
    if text[-1] in _SCALES:
        scale, bare, repaired = Decimal(_SCALES[text[-1]]), text[:-1].strip(), "scale"
    elif text[-1] == "%":
        bare, repaired = text[:-1].strip(), "percent"
    form = _COMMAED if writing.decimal == "," else _POINTED
    if not form.fullmatch(bare):
        return Read(cell)
    if writing.decimal == ",":
        number, repaired = (
            bare.replace(".", "").replace(" ", "").replace(",", "."),
            repaired or ("decimal" if "," in bare else ""),
        )
    else:
        number = bare.replace(",", "")
    repaired = repaired or ("thousands" if number != bare else "")
    try:
        return Read(_write_amount(Decimal(number) * scale) if scale != 1 else number, repaired)
    except InvalidOperation:
        return Read(cell)


def _write_amount(amount: Decimal) -> str:
    return str(int(amount)) if amount == int(amount) else format(amount.normalize(), "f")


def read_amount(cell: Any, decimal: str = ".") -> Decimal | None:
    """Read a cell as an amount that can be added up; None where it is none.

    >>> read_amount("1,200"), read_amount(3.5), read_amount("—")
    (Decimal('1200'), Decimal('3.5'), None)
    """
    if isinstance(cell, bool) or not isinstance(cell, str | float | int):
        return None
    try:
        number = Decimal(str(_read_number(cell, Writing("number", decimal=decimal)).text))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _read_flag(cell: Any, writing: Writing) -> Read:
    """Read yes or no: a text without blanks and width, a number as its digits."""
    if not isinstance(cell, str):
        return Read(_read_text(cell, writing).text)
    text = narrow(cell).strip()
    return Read(text or None, "width" if text != cell.strip() else "")


_SEPARATED = re.compile(r"\d{1,3}(?:,\d{3})+")
_FORMULA = re.compile(r'="([^"]*)"')


def _read_key(cell: Any, writing: Writing) -> Read:
    """Read the id of a record: a text without what a spreadsheet put to it: blanks and tabs at its ends, ="…", width, commas."""
    if isinstance(cell, date):
        return Read(_moment_text(cell), lost="id_day")
    if not isinstance(cell, str):
        return _read_text(cell, writing)
    text = narrow(cell).strip().strip("\u200b\u200e\u200f\u2060\ufeff'")
    if found := _FORMULA.fullmatch(text):
        text = found[1].strip()
    text = text.replace(",", "") if _SEPARATED.fullmatch(text) else text
    return Read(text or None, "key" if text != cell else "")


READERS: dict[str, Callable[[Any, Writing], Read]] = {
    "time": _read_time,
    "date": _read_time,
    "number": _read_number,
    "whole": _read_number,
    "flag": _read_flag,
    "key": _read_key,
}
"""How a cell is read as each kind; text stays as it is written."""
