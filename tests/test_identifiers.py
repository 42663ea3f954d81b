"""Ids held against known units: properties that hold whatever is written, and what the rules take for one and the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengqiao_eval.records.identifiers import KINDS, Known

SIGNS = st.text(alphabet="0123jJxX.=\"' \t\u3000０３Ｊ\u200b所", min_size=1, max_size=6)
UNITS = st.lists(st.tuples(SIGNS, SIGNS, st.sampled_from(["station", "county"])), max_size=6)


def known(units):
    """Know some units, of whatever ids and names."""
    return Known(frozenset(unit for unit, _, _ in units), tuple(units))


def bare(text):
    """Leave nothing of an id by which two may differ."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = "".join(sign for sign in plain if not sign.isspace() and unicodedata.category(sign) not in ("Cc", "Cf"))
    plain = plain.strip("'=\"")
    whole = plain.partition(".")[0] if plain.partition(".")[2].strip("0") == "" and plain.partition(".")[0].isdigit() else plain
    return whole.lstrip("0") or "0" if whole.isdigit() else whole


@given(UNITS, SIGNS)
def test_a_repair_is_to_a_known_unit_by_a_known_rule(units, written):
    """What is meant is always among the units; an id that is known is never another."""
    found = known(units).meant(written)
    assert found is None or ({*found.units} <= {unit for unit, _, _ in units} and found.rule in KINDS)
    assert found is None or written not in {unit for unit, _, _ in units}


@given(UNITS, SIGNS)
def test_where_two_units_fit_by_one_rule_both_are_named(units, written):
    """A single unit is meant only where no other has the same form by that very rule, plainly reckoned for the widest of them."""
    found = known(units).meant(written)
    if found and found.rule == "noughts" and len(found.units) == 1:
        assert {unit for unit, _, _ in units if bare(unit) == bare(found.units[0])} == {*found.units}


@given(UNITS, SIGNS)
def test_repairing_twice_is_repairing_once(units, written):
    """What an id is repaired to is known, and stays."""
    found = known(units).meant(written)
    assert found is None or all(known(units).meant(unit) is None for unit in found.units)


@given(UNITS, SIGNS)
def test_the_order_of_the_units_does_not_matter(units, written):
    """What is meant is the same however the table of units is sorted."""
    assert known(units).meant(written) == known(units[::-1]).meant(written)


@pytest.mark.parametrize("written", ["'" * 50_000, "=" * 50_000, " " * 50_000, "0" * 50_000, '="' * 20_000, "9" * 50_000])
def test_a_cell_of_any_length_is_looked_at_without_harm(written):
    """A hostile cell is unknown, or means a unit; nothing recurses into it."""
    found = known([("003", "东街所", "station"), ("014", "河口所", "station")]).meant(written)
    assert found is None


def test_no_unit_means_nothing_is_repaired():
    """Of an empty table of units every id is unknown."""
    assert known([]).meant("003") is None
