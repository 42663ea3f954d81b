"""docs/rules.md as the tests read it: a heading a rule, snippets of YAML, and the drawn tables reckoned with each.

A table whose caption ends in the name of a record table holds records; any other is what comes out, one row a unit. There a
column named like a period (2024Q3) holds values given by hand; so does 数值 where the records of its measure are not drawn.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import ibis
import pandas as pd

from fengqiao_eval.documents import scalar
from fengqiao_eval.periods import Period, parse
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.scheme.measure import Figure
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring.score import Scores, score

PAGE = Path(__file__).parents[1] / "docs" / "rules.md"
HEADING = re.compile(r"^## (?P<rule>R\d+) (?P<title>.+)$", re.MULTILINE)
PART = re.compile(r"^```yaml\n(?P<snippet>(?s:.*?))^```$|^(?P<caption>[^|\n]+)\n\n(?P<table>(?:\|.*\n?)+)", re.MULTILINE)
NAMED = re.compile(r"`(?P<table>\w+)`[：:]$")
SPAN = re.compile(r"\d{4}(Q\d|-\d\d)?")
QUARTER = "2024Q4"
REST = {
    "code": "rest",
    "label": "其余各项",
    "why": "补足一百分",
    "source": "示例",
    "direction": "higher",
    "missing": "full",
    "measure": {"kind": "figure", "figure": "rest"},
    "points": {"kind": "curve", "knots": [[0, 0], [100, 100]]},
}
SIGNED = {"title": "示例", "version": "1", "sources": ["示例"], "author": "甲", "checker": "乙", "weights": "marks"}
Drawn = Callable[[str], pd.DataFrame]


class Example(NamedTuple):
    """One snippet, the records drawn for it, the period, and the table of what comes out."""

    name: str
    snippet: str
    records: Mapping[str, str]
    period: str
    outcome: str


@dataclass(frozen=True)
class Section:
    """One rule of the page: its number, its heading, and what is reckoned."""

    rule: str
    title: str
    text: str

    @property
    def examples(self) -> tuple[Example, ...]:
        """The snippets of the section, each with its tables."""
        found: list[Example] = []
        snippet, records = "", {}
        for part in PART.finditer(self.text):
            named = NAMED.search((part["caption"] or "").strip())
            if part["snippet"]:
                snippet, records = part["snippet"], {}
            elif named and named["table"] in TABLES:
                records[named["table"]] = part["table"]
            else:
                period = (SPAN.search(part["caption"]) or [QUARTER])[0]
                found.append(Example(f"{self.rule}.{len(found) + 1}", snippet, dict(records), period, part["table"]))
        return tuple(found)

    @property
    def snippets(self) -> list[str]:
        """The blocks of YAML of the section."""
        return [part["snippet"] for part in PART.finditer(self.text) if part["snippet"]]


def sections() -> tuple[Section, ...]:
    """Read the page: one section a rule, in the order of the page."""
    text = PAGE.read_text("utf-8")
    heads = list(HEADING.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return tuple(Section(h["rule"], h["title"], text[h.end() : end]) for h, end in zip(heads, ends, strict=True))


def examples() -> list[Example]:
    """List every snippet of the page with what is reckoned with it."""
    return [example for section in sections() for example in section.examples]


def primer() -> str:
    """Give what stands before the first rule."""
    return PAGE.read_text("utf-8").split("\n## R1 ", 1)[0]


def document_of(snippet: str, levels: list[str]) -> dict[str, Any]:
    """Put a snippet (indicator, dimension, group outside the hundred, or keys of a scheme) into a whole scheme of marks."""
    given = scalar(snippet)
    if "measure" in given:
        given = {"code": "it", "label": "示例", "weight": 100, "indicators": [given, *_rest(100 - given["weight"])]}
    if "lines" in given:
        given = {"outside": [given]}
    if "code" in given:
        others = [
            {"code": "others", "label": "其余", "weight": left, "indicators": _rest(left)} for left in [100 - given["weight"]]
        ]
        given = {"dimensions": [given, *(others if given["weight"] < 100 else [])]}
    whole = [{"code": "others", "label": "其余", "weight": 100, "indicators": _rest(100)}]
    return {**SIGNED, "levels": levels, "dimensions": whole, **given}


def _rest(weight: Any) -> list[dict[str, Any]]:
    return [REST | {"weight": weight}] if weight else []


def scheme_of(example: Example, drawn: Drawn) -> Scheme:
    """Make the scheme that an example is reckoned by."""
    return Scheme.model_validate(document_of(example.snippet, _levels(example, drawn)))


def _levels(example: Example, drawn: Drawn) -> list[str]:
    return list(dict.fromkeys(_units(example, drawn)["level"]))


def _units(example: Example, drawn: Drawn) -> pd.DataFrame:
    if "units" in example.records:
        return drawn(example.records["units"])
    rows = drawn(example.outcome)
    columns = {"unit_id": rows["单位"].astype(str), "name": rows["单位"].astype(str)}
    units = pd.DataFrame({**columns, "level": rows.get("层级", "station"), "peer_class": rows.get("类别", "")})
    return units.drop_duplicates("unit_id", ignore_index=True)


def differences(example: Example, drawn: Drawn) -> list[str]:
    """Reckon an example and list every number of the page that is another."""
    scheme, rows = scheme_of(example, drawn), drawn(example.outcome)
    given = _given(example, rows, scheme)
    scores = score(_opened(example, drawn, given), _measured(scheme, given), parse(example.period), parse(example.period).end)
    found = Found(scores, scheme, parse(example.period))
    said = [column for column in rows.columns if column not in ("单位", "层级", "类别") and column not in given]
    cells = [(unit, column, cell) for column in said for unit, cell in zip(rows["单位"].astype(str), rows[column], strict=True)]
    reckoned = [(*cell, found.cell(cell[0], cell[1])) for cell in cells if not pd.isna(cell[2]) and cell[2] != ""]
    wrong = [one for one in reckoned if not _same(one[2], one[3])]
    return [f"{unit} {column}: {cell} is said, {result} is reckoned" for unit, column, cell, result in wrong]


def _same(said: Any, reckoned: Any) -> bool:
    if isinstance(reckoned, str) or isinstance(said, str):
        return str(said) == str(reckoned)
    return abs(float(said) - float(reckoned)) < 5e-5


def _given(example: Example, rows: pd.DataFrame, scheme: Scheme) -> dict[str, tuple[str, str]]:
    """Tell which columns are values given by hand: column -> code of the entry, period."""
    apart = [entry.code for entry in scheme.entries if entry.measure.table not in example.records and entry.code != "rest"]
    columns = [column.split() for column in rows.columns]
    named = {
        " ".join(words): (words[1:] or apart[:1], words[0]) for words in columns if words[0] == "数值" or SPAN.fullmatch(words[0])
    }
    known = {column: (code[0], period.replace("数值", example.period)) for column, (code, period) in named.items() if code}
    return {column: (code, period) for column, (code, period) in known.items() if code in apart}


def _measured(scheme: Scheme, given: Mapping[str, tuple[str, str]]) -> Scheme:
    """Let values that are given by hand be figures of that name."""
    codes = {code for code, _ in given.values()}

    def fed(part: Any) -> Any:
        inner = {
            name: tuple(map(fed, getattr(part, name))) for name in ("dimensions", "indicators", "lines") if hasattr(part, name)
        }
        here = {"measure": Figure(kind="figure", figure=part.code)} if part.code in codes else {}
        return part.model_copy(update=inner | here)

    parts = {name: tuple(map(fed, getattr(scheme, name))) for name in ("dimensions", "outside")}
    return scheme.model_copy(update=parts)


def _opened(example: Example, drawn: Drawn, given: Mapping[str, tuple[str, str]]) -> Records:
    rows = drawn(example.outcome)
    frames = {name: drawn(text) for name, text in example.records.items()} | {"units": _units(example, drawn)}
    frames["figures"] = pd.concat([frames.get("figures", _no_figures()), *_figured(rows, given)], ignore_index=True)
    tables = {name: ibis.memtable(frame) for name, frame in frames.items()}
    return Records(
        MappingProxyType(tables), MappingProxyType({name: len(frame) for name, frame in frames.items()}), (), PAGE.name
    )


def _no_figures() -> pd.DataFrame:
    return pd.DataFrame({"unit_id": [""], "indicator": "", "period": "", "value": 0.0, "n": 100})[:0]


def _figured(rows: pd.DataFrame, given: Mapping[str, tuple[str, str]]) -> Iterator[pd.DataFrame]:
    for column, (code, period) in given.items():
        known = rows[rows[column].notna()]
        values = known[column].astype("float64")
        yield pd.DataFrame({"unit_id": known["单位"].astype(str), "indicator": code, "period": period, "value": values, "n": 100})


@dataclass(frozen=True)
class Found:
    """What was reckoned, to be asked by the words that head the columns of the page."""

    scores: Scores
    scheme: Scheme
    period: Period

    def cell(self, unit: str, column: str) -> Any:
        """Give what stands under a heading for a unit: 得分 CODE, 贡献 CODE, 总分, 名次 ..."""
        word, *code = column.split()
        if word in ("总分", "名次", "等次"):
            return self._placed(unit, word)
        if word in ("外加", "效果"):
            return self._outside(unit, word, code)
        code = code or [next(i.code for i in self.scheme.entries if i.code != "rest")]
        if word == "对照":
            return self._frame("comparisons", unit, code[0]).sort_values("step")["result"].iloc[-1]
        name = {"数值": "value", "得分": "points", "贡献": "contribution", "状态": "status"}[word]
        return self._frame("points", unit, code[0])[name].iloc[0]

    def _frame(self, name: str, unit: str, code: str | None = None) -> pd.DataFrame:
        frame = getattr(self.scores, name)
        here = (frame["unit_id"].astype(str) == unit) & (frame["period"].astype(str) == str(self.period))
        return frame[here & (frame["indicator"].astype(str) == code)] if code else frame[here]

    def _placed(self, unit: str, word: str) -> Any:
        row = self._frame("ranks", unit).iloc[0]
        return {"总分": row["total"], "名次": f"{row['rank']}/{row['of']}", "等次": row["grade"] or "—"}[word]

    def _outside(self, unit: str, word: str, code: list[str]) -> Any:
        lines = self._frame("adjustments", unit)
        lines = lines[lines["line"] == code[0]] if code else lines
        return round(lines["contribution"].sum(), 4) if word == "外加" else "、".join(lines["effect"].astype(str)) or "—"
