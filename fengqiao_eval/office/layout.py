"""What a person has settled about a file: sheet, heading, rows, columns, which rows are no records, how its cells are written."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field

from fengqiao_eval.documents import Model, rule

TOTALS = (
    *("小计", "*小计", "合计", "*合计", "总计", "*总计", "累计", "共计", "总合计"),
    *("*小计数", "*合计数", "*总计数", "承前页", "接前页", "承上页", "过次页", "转次页"),
    *("total", "subtotal", "sub-total", "sub total", "grand total", "sum"),
)
"""What a row of sums says, where nothing else is settled."""
MOST_COLUMNS = 1024
"""The columns of a sheet that are read, at most."""
REFERENCE = r"^[A-Za-z]{1,3}(?::[A-Za-z]{1,3})?$"
"""A column by its letters, or the first and the last of several."""

Mark = Literal["missing", "not_applicable", "zero"]
RowNumber = Annotated[int, Field(ge=1, strict=True)]
RowSpan = tuple[RowNumber, RowNumber]
RowPattern = Annotated[str, Field(pattern=r"[^\s*]")]
"""What rows say; of stars alone every row would."""


def column_number(letters: str) -> int:
    """Number a column by its letters, from 0.

    >>> column_number("A"), column_number("Z"), column_number("AA")
    (0, 25, 26)
    """
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(number: int) -> str:
    """Name a column by its letters, as a spreadsheet does; the first is 0.

    >>> column_letters(0), column_letters(26)
    ('A', 'AA')
    """
    letters, number = "", number + 1
    while number:
        number, left = divmod(number - 1, 26)
        letters = chr(65 + left) + letters
    return letters


def squeeze(text: str) -> str:
    """Write a text without what the eye passes over: width, case, blanks; by it words of rows and marks are compared.

    >>> squeeze(" 合　计 "), squeeze("Ｔotal:")
    ('合计', 'total:')
    """
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


@lru_cache(maxsize=256)
def compile_words(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Make one expression of patterns of words; a star stands for any signs, and a colon may end what is looked at.

    >>> bool(compile_words(("小计", "*合计")).fullmatch("本月合计:")), bool(compile_words(("小计",)).fullmatch("本月小计"))
    (True, False)
    """
    words = (".*".join(map(re.escape, squeeze(pattern).split("*"))) for pattern in patterns)
    return re.compile(f"(?:{'|'.join(words)}):?" if patterns else r"(?!)", re.DOTALL)


def _span_fault(layout: Any) -> dict[str, str] | None:
    first, last = layout.heading_rows
    begin, end = layout.rows or (last + 1, last + 1)
    return {"heading": f"{first}, {last}", "rows": f"{begin}, {end}"} if first > last or begin > end or begin <= last else None


class Layout(Model):
    """What a person has settled about a file; all is optional, and nothing is guessed while reading.

    sheet: its name; needed where several hold anything. heading: the row of the names, or the first and last of a heading of
    several rows; unsaid, row 1. rows: the first and last row of data. columns: those that are read, as A or C:F. totals: what
    rows of sums say; remarks: what notes and signatures begin with (see compile_words). fill: columns whose empty cells take the
    cell above, as merged ones do anyway. formats {column: how its times are written, as %d/%m/%Y or dmy, mdy, ymd}. encoding,
    separator: of a file of text. decimal: the sign of decimals. marks {column: {mark: missing, not_applicable or zero}}.

    >>> Layout(heading=3, columns=("A", "C:D")).wanted(6), Layout().heading_rows
    ([0, 2, 3], (1, 1))
    """

    sheet: str | None = None
    heading: RowNumber | RowSpan | None = None
    rows: RowSpan | None = None
    columns: tuple[Annotated[str, Field(pattern=REFERENCE)], ...] = ()
    totals: tuple[RowPattern, ...] = TOTALS
    remarks: tuple[RowPattern, ...] = ()
    fill: tuple[str, ...] = ()
    formats: dict[str, str] = {}
    encoding: Literal["utf-8", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"] | None = None
    separator: Literal[",", ";", "\t", "|"] | None = None
    decimal: Literal[".", ","] = "."
    marks: dict[str, dict[str, Mark]] = {}

    settled = rule("office.spans", _span_fault)

    @property
    def heading_rows(self) -> tuple[int, int]:
        """Give the first and the last row of the heading, from 1."""
        return self.heading if isinstance(self.heading, tuple) else (self.heading or 1, self.heading or 1)

    def wanted(self, width: int) -> list[int]:
        """Number the columns that are read of so many, from 0, in the order of the sheet."""
        if not self.columns:
            return list(range(width))
        spans = [sorted(map(column_number, one.split(":"))) for one in self.columns]
        return sorted({n for span in spans for n in range(span[0], span[-1] + 1) if n < width})

    def names(self) -> Iterable[tuple[str, str]]:
        """List the columns that are named: the key, and the name."""
        for key in ("fill", "formats", "marks"):
            yield from ((key, name) for name in getattr(self, key))

    def says(self) -> list[str]:
        """Name the keys of a layout that say anything."""
        usual = {"heading"} if self.heading_rows == (1, 1) else set()
        fields = Layout.model_fields
        return [key for key in fields if key not in usual and getattr(self, key) != fields[key].get_default()]
