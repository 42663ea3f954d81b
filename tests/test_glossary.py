"""The glossary holds every word that a reader meets: indicators, statuses, flags, rules, effects, tables and columns."""

import re
from pathlib import Path
from typing import get_args

import pytest

from fengqiao_eval.documents import Model
from fengqiao_eval.errors import FLAGS, STATUSES
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.scheme import benchmark, measure, normalisation, scheme
from fengqiao_eval.scheme import indicator as scheme_indicator
from fengqiao_eval.scheme.benchmark import Change, Peers, Place, Quota, Reference
from fengqiao_eval.scheme.indicator import Aside, Consequence, Effect, Exempt, Gate, Indicator, Outside, Sample, Split
from fengqiao_eval.scheme.lint import LEVELS
from fengqiao_eval.scheme.load import load
from fengqiao_eval.scheme.measure import (
    Again,
    Coded,
    Count,
    Distinct,
    Elapsed,
    Factor,
    Figure,
    Ladder,
    Mean,
    Measure,
    Quantile,
    Ratio,
    Share,
    Test,
    Within,
    Worth,
)
from fengqiao_eval.scheme.normalisation import Curve, Line, Points, Relative, Steps
from fengqiao_eval.scheme.scheme import Aggregation, Award, Band, Dimension, Doubt, Judgement, Justified, Scheme, Void
from fengqiao_eval.words import say

COUNTED = (Share, Coded, Ratio, Mean, Quantile, Distinct, Count, Figure)
REFERENCES = (Quota, Change, Peers, Place)
POINTS = (Curve, Steps, Line, Relative)

RULES = (*COUNTED, *REFERENCES, *POINTS, Worth, Factor, Gate, Exempt)
"""What an author writes to say how something is reckoned: each takes rows or values and makes a value, points or a status."""

PARTS = (Elapsed, Test, Within, Ladder, Again, Aside, Split, Sample)
"""What a rule is filled in with, or what is printed beside it; none stands by itself."""

HOLDERS = (Scheme, Dimension, Indicator, Outside, Consequence, Band, Award, Doubt, Void, Justified, Judgement)
"""What holds rules together: lines with label, weight or effect, groups of them, and what is decided about the whole."""

ROOT = Path(__file__).parents[1]
GLOSSARY = ROOT / "docs" / "GLOSSARY.md"
SCHEME = load(ROOT / "params" / "one_table.yaml")
HEAD = ["中文", "name in code", "meaning", "source"]


def chapters():
    """Read the glossary: number of the chapter -> its rows, each with four cells."""
    found = re.split(r"(?m)^## (\d+)\. .*$", GLOSSARY.read_text("utf-8"))
    return {int(number): _rows(text) for number, text in zip(found[1::2], found[2::2], strict=True)}


def _rows(text):
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def coded(number):
    """Give the rows of a chapter by each of the names in code that they explain."""
    return {code: row for row in chapters()[number][2:] for code in re.findall(r"`([^`]+)`", row[1])}


def kinds(union):
    """List the words that tell the members of a tagged union apart."""
    return [word for member in get_args(get_args(union)[0]) for word in get_args(member.model_fields["kind"].annotation)]


@pytest.mark.parametrize("number", range(1, 11))
def test_every_chapter_is_one_table(number):
    """A chapter has one table of four columns, and no cell of it is empty."""
    head, rule, *rows = chapters()[number]
    assert (head, rule) == (HEAD, ["---"] * 4)
    assert [row for row in rows if len(row) != 4 or not all(row)] == []


@pytest.mark.parametrize("part", [*SCHEME.dimensions, *SCHEME.indicators], ids=lambda part: part.code)
def test_every_indicator_is_defined(part):
    """Dimensions and indicators of the one table stand there by code and label, an indicator with its own source."""
    label, _, _, source = coded(8)[part.code]
    assert label == part.label
    assert source == getattr(part, "source", source)


@pytest.mark.parametrize("code", [indicator.code for indicator in SCHEME.indicators if indicator.measure.kind != "figure"])
def test_every_rate_names_its_denominator(code):
    """An indicator that is counted says what stands above and below the line."""
    assert re.search("分子：.+分母：", coded(8)[code][2])


def test_no_indicator_is_left_over():
    """The glossary defines no indicator that the one table does not have."""
    assert set(coded(8)) == {part.code for part in (*SCHEME.dimensions, *SCHEME.indicators)}


@pytest.mark.parametrize(("number", "kind", "words"), [(6, "status", STATUSES), (7, "flag", FLAGS)])
def test_statuses_and_flags_are_called_as_on_the_pages(number, kind, words):
    """Every status and flag stands there under the word that the pages print."""
    found = [(code, row[0]) for code, row in coded(number).items() if code in words]
    assert found == [(word, say(f"{kind}.{word}", "zh")) for word in words]


@pytest.mark.parametrize(("number", "union"), [(4, Measure), (4, Reference), (5, Points)], ids=["counted", "against", "points"])
def test_every_kind_is_explained(number, union):
    """Every kind of measure, every reference and every rule from value to points is explained."""
    assert set(kinds(union)) - set(coded(number)) == set()


@pytest.mark.parametrize("words", [Effect, Aggregation], ids=["effects", "means"])
def test_every_effect_and_mean_is_explained(words):
    """What a line outside the hundred may do, and how parts gather, stand there by their words."""
    assert set(get_args(words)) - set(coded(9)) == set()


def test_every_level_of_lint_is_explained():
    """The three levels of a finding are told apart."""
    assert [level for level in LEVELS if f"`{level}`" not in coded(9)["lint"][2]] == []


def declared():
    """List every class that the language of a scheme declares, without what several have in common."""
    modules = (measure, scheme_indicator, scheme, benchmark, normalisation)
    found = {one for module in modules for one in vars(module).values() if isinstance(one, type) and issubclass(one, Model)}
    return {one for one in found if not one.__name__.startswith("_")} - {Model, scheme_indicator.Named, scheme_indicator.Entry}


def test_the_language_has_at_most_twenty_rules():
    """Every class of the language is a rule, a part of one, or holds rules; the rules number at most twenty."""
    assert len(RULES) <= 20
    assert sorted(one.__name__ for one in (*RULES, *PARTS, *HOLDERS)) == sorted(one.__name__ for one in declared())


def test_the_rules_are_the_members_of_the_unions():
    """What can be counted, held against and made points of is what the unions of the language allow."""
    unions = [get_args(get_args(union)[0]) for union in (Measure, Reference, Points)]
    assert unions == [COUNTED, REFERENCES, POINTS]


def test_every_table_and_column_is_there():
    """Every record table stands there with all its columns, those it cannot lack in bold."""
    for name, table in TABLES.items():
        label, _, meaning, _ = coded(3)[name]
        columns = re.findall(r"(?:列：|；)(\*\*)?`(\w+)`", meaning)
        assert label == table.label
        assert columns == [("**" if column.required else "", column.name) for column in table.columns]


def test_its_sources_are_there():
    """A file named as a source is in the project."""
    named = re.findall(r"\]\(\.\./([^)]+)\)", GLOSSARY.read_text("utf-8"))
    assert [path for path in named if not (ROOT / path).is_file()] == []
