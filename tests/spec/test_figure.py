"""A figure was counted elsewhere: it is taken as it stands, for the unit and period it names."""

from dataclasses import replace

import ibis
import pytest

from seam import faults, scalar, score

SAFETY = "{kind: figure, figure: safety}"
FIGURES = """
    | unit_id | indicator | period | numerator | denominator | value | n   |
    | S1      | safety    | 2024Q4 | 90        | 120         |       |     |
    | S2      | safety    | 2024Q4 |           |             | 97.5  | 200 |
    | S2      | safety    | 2024Q3 |           |             | 11    | 200 |
    | S2      | other     | 2024Q4 |           |             | 22    | 200 |
"""


def test_a_value_not_given_is_the_fraction(count):
    """90 of 120 is 75 per cent, and rests on 120 answers."""
    found = count(SAFETY, figures=FIGURES).frame.loc["S1"]
    assert (found["counted"], found["value"], found["n"]) == ("90/120", 75, 120)


def test_a_value_given_is_taken(count):
    """97.5 on 200 answers stays 97.5; the figure of another period or another name is not touched."""
    assert count(SAFETY, figures=FIGURES).frame.loc["S2", ["value", "n"]].tolist() == [97.5, 200]


def test_figures_that_print_alike_are_alike(count):
    """0.1 + 0.2, as a machine adds it, is 0.3: a figure keeps six decimals, and what a float leaves behind them is dropped."""
    figures = """
        | unit_id | indicator | period | value               | n   |
        | S1      | safety    | 2024Q4 | 0.30000000000000004 | 100 |
        | S2      | safety    | 2024Q4 | 0.3                 | 100 |
    """
    assert count(SAFETY, figures=figures).frame.loc[["S1", "S2"], "value"].tolist() == [0.3, 0.3]


def test_no_level_is_made_of_another(count):
    """The county has no figure of its own, so it has none: figures are neither added nor averaged."""
    assert count(SAFETY, figures=FIGURES).frame.loc["X", "status"] == "no_records"


@pytest.mark.parametrize(("least", "status"), [(120, "ok"), (121, "too_few")])
def test_a_figure_on_few_answers_is_too_few(count, least, status):
    """A figure needs as many answers as the scheme says."""
    assert count(SAFETY, figures=FIGURES, least=least).frame.loc["S1", "status"] == status


def test_a_fraction_of_nothing_is_no_value(count):
    """0 of 0 answers, or 3 of 0, is no figure."""
    figures = """
        | unit_id | indicator | period | numerator | denominator |
        | S1      | safety    | 2024Q4 | 0         | 0           |
        | S2      | safety    | 2024Q4 | 3         | 0           |
    """
    assert count(SAFETY, figures=figures).frame.loc[["S1", "S2"], "status"].tolist() == ["no_records"] * 2


@pytest.mark.parametrize(("n", "told"), [("120", []), ("", []), ("1000", ["S1"])])
def test_an_n_that_is_not_the_denominator_is_told(one_line, n, told):
    """90 of 120 answers cannot well rest on a thousand."""
    figures = f"| unit_id | indicator | period | numerator | denominator | n |\n| S1 | safety | 2024Q4 | 90 | 120 | {n} |"
    it = one_line(SAFETY, figures=figures)
    assert [note.given["ids"] for note in score(it.records, it.scheme).notes if note.key == "sample_of_another"] == told


# A figure that does not say on how many answers it rests


SILENT = "| unit_id | indicator | period | value |\n| S1 | safety | 2024Q4 | 90 |\n| S2 | safety | 2024Q4 | 80 |"


def told(it):
    """Give the notes of a run of one line by key."""
    return {note.key: note.given for note in score(it.records, it.scheme).notes}


def test_a_figure_without_a_sample_is_not_scored_and_says_so(count, one_line):
    """Nobody wrote n: it is not 0, it is not known; the line is not scored, and who checks is told what would do."""
    assert count(SAFETY, figures=SILENT).frame.loc["S1", ["value", "status"]].tolist() == [90, "too_few"]
    assert count(SAFETY, figures=SILENT).frame.loc[["S1", "X"], "n"].isna().tolist() == [True, False]
    assert told(one_line(SAFETY, figures=SILENT))["no_sample"] == {"indicator": "it", "count": 2, "ids": "S1, S2"}


@pytest.mark.parametrize("least", ["0", "{station: 0, others: 30}"])
def test_the_scheme_may_let_it_be_scored(count, one_line, least):
    """least: 0, for all or for a level, scores what has no n; it is told all the same."""
    assert count(SAFETY, figures=SILENT, least=scalar(least)).frame.loc["S1", "status"] == "ok"
    assert told(one_line(SAFETY, figures=SILENT, least=scalar(least)))["no_sample_scored"]["count"] == 2


def test_a_sample_that_is_given_is_no_secret(one_line):
    """With n, or a denominator, nothing is said."""
    assert not {"no_sample", "no_sample_scored"} & set(told(one_line(SAFETY, figures=FIGURES)))


def test_nothing_but_figures_goes_without_records(one_line):
    """least: 0 on what is counted from records would score nothing at all."""
    with pytest.raises(ValueError, match=r"indicator\.least"):
        one_line("{kind: share, table: cases, date: received_at, met: {closed_at: {present: true}}}", least=0)


# A figure and its own fraction


@pytest.mark.parametrize(
    ("value", "unit", "fits"),
    [
        *[(90, "%", True), (0.9, "%", False), (9, "%", False), (89, "%", False), (90.04, "%", False), (90.0, "%", True)],
        *[
            (0.9, "比", True),
            (90, "件/百人", True),
            (9000, "件/万人", True),
            (45, "分钟", False),
            (900, "‰", True),
            (90, "‰", False),
        ],
    ],
)
def test_a_value_is_what_its_fraction_makes(one_line, value, unit, fits):
    """9 of 10 is 90 %, or 9,000 of ten thousand; 0.9 % it is not."""
    figures = f"| unit_id | indicator | period | numerator | denominator | value |\n| S1 | safety | 2024Q4 | 9 | 10 | {value} |"
    it = one_line(SAFETY, figures=figures, unit=unit)
    assert [fault.rule for fault in faults(it.scheme, it.records)] == ([] if fits else ["records.contradiction"])


@pytest.mark.parametrize("value", [33, 33.3, 33.33, 33.3333333, 34, 33.4])
def test_a_value_may_be_rounded(one_line, value):
    """1 of 3 is 33, 33.3 or 33.33 %, or 34 where somebody rounded up: right within the last place that is written."""
    figures = f"| unit_id | indicator | period | numerator | denominator | value |\n| S1 | safety | 2024Q4 | 1 | 3 | {value} |"
    it = one_line(SAFETY, figures=figures)
    assert not list(faults(it.scheme, it.records))


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), 1.7e38])
def test_what_is_no_number_contradicts_nothing(one_line, value):
    """It is refused as what it is, by the table; to ask whether it fits its fraction must not end the reading."""
    figures = "| unit_id | indicator | period | numerator | denominator | value |\n| S1 | safety | 2024Q4 | 9 | 10 | 90.5 |"
    it = one_line(SAFETY, figures=figures)
    assert [fault.rule for fault in faults(it.scheme, it.records)] == ["records.contradiction"]
    changed = ibis.memtable(it.records.tables["figures"].to_pandas().assign(value=value))
    assert not list(faults(it.scheme, replace(it.records, tables={**it.records.tables, "figures": changed})))


def test_all_units_are_per_the_same(one_line):
    """Where one figure is per 1 and the other per 100 of its denominator, one of them is at fault."""
    figures = """
        | unit_id | indicator | period | numerator | denominator | value |
        | S1      | safety    | 2024Q4 | 9         | 10          | 0.9   |
        | S2      | safety    | 2024Q4 | 9         | 10          | 90    |
        | X       | safety    | 2024Q4 | 18        | 20          | 0.9   |
    """
    it = one_line(SAFETY, figures=figures, unit="比")
    assert [(fault.rule, fault.given["ids"]) for fault in faults(it.scheme, it.records)] == [("records.contradiction", "S2")]


# Per cents that are none


@pytest.mark.parametrize(
    ("values", "key", "ids"),
    [
        ((101, 50), "per_cent_outside", "S1"),
        ((-1, 50), "per_cent_outside", "S1"),
        ((0.95, 94), "per_cent_share", "S1"),
        ((0.95, 0.8), "per_cent_share", "S1, S2"),
    ],
)
def test_per_cents_that_may_be_none_are_told(one_line, values, key, ids):
    """More than 100, less than 0, or a share of 1 among per cents: scored as it stands, and told."""
    rows = "".join(f"\n| S{n} | safety | 2024Q4 | {value} | 50 |" for n, value in enumerate(values, 1))
    it = one_line(SAFETY, figures="| unit_id | indicator | period | value | n |" + rows)
    assert told(it)[key]["ids"] == ids


def test_small_per_cents_are_small(one_line):
    """0.5 among 3 and 4 is a small per cent; of another unit nothing is said."""
    rows = "".join(f"\n| S{n} | safety | 2024Q4 | {value} | 50 |" for n, value in ((1, 0.5), (2, 3)))
    for unit in ("%", "起"):
        it = one_line(SAFETY, figures="| unit_id | indicator | period | value | n |" + rows, unit=unit)
        assert not {"per_cent_share", "per_cent_outside"} & set(told(it))


@pytest.mark.parametrize("numerator", [-1, 11])
def test_a_part_lies_between_nothing_and_the_whole(one_line, numerator):
    """Fewer than none of 10, or 11 of them, is no share."""
    figures = f"| unit_id | indicator | period | numerator | denominator |\n| S1 | safety | 2024Q4 | {numerator} | 10 |"
    it = one_line(SAFETY, figures=figures)
    assert [fault.rule for fault in faults(it.scheme, it.records)] == [
        "records.below_nought" if numerator < 0 else "records.over"
    ]
