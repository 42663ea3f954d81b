"""A unit is found by its id or by its name, a level by its code or its label; what is meant is never guessed."""

import pytest

from fengqiao_eval.errors import UsageError
from fengqiao_eval.results.hierarchy import find_unit, level_named, unit_named
from fengqiao_eval.results.run import open_run
from runs_fixture import write as write_rich

NAMES = {"S1": "城关派出所", "S2": "东关派出所", "S3": "城关派出所", "东关派出所": "西关派出所"}


@pytest.mark.parametrize(
    ("given", "found"),
    [("S1", "S1"), ("西关派出所", "东关派出所"), ("西关 派出所", "东关派出所"), ("东关派出所", "东关派出所")],
)
def test_a_unit_is_meant_by_id_before_name(given, found):
    """An id is taken as it is, though it is another's name too; of a name blanks do not matter."""
    assert unit_named(given, NAMES, "demo") == found


@pytest.mark.parametrize(
    ("given", "key", "known"),
    [
        ("城关派出所", "unit_names_several", "S1, S3"),
        ("城关", "unknown_unit", "S1 城关派出所, S3 城关派出所"),
        ("S4", "unknown_unit", "S1, S2, S3"),
        ("", "unknown_unit", "S1, S2, S3"),
    ],
)
def test_what_is_unclear_is_refused_with_the_ids_to_choose_from(given, key, known):
    """A name of several units, or of none, is refused; the ids of those that may be meant are named."""
    with pytest.raises(UsageError) as refused:
        unit_named(given, NAMES, "demo")
    assert (refused.value.key, refused.value.given["known"]) == (key, known)


def test_officers_are_found_by_their_ids_alone(tmp_path):
    """The names of officers find nobody, and no refusal names one."""
    run = open_run(write_rich(tmp_path / "demo"))
    officer = run.frame("units", officers=True).rows("P0001")[-1]
    assert find_unit(run, "P0001") == "P0001"
    with pytest.raises(UsageError) as refused:
        find_unit(run, officer["name"])
    assert refused.value.key == "unknown_unit"
    assert "P0" not in str(refused.value)


def test_a_unit_of_a_run_is_found_by_its_name(tmp_path):
    """Where one unit of the run has the name, it is that one."""
    run = open_run(write_rich(tmp_path / "demo"))
    name = run.unit("S007")["name"]
    assert find_unit(run, name) == "S007"


def test_a_level_has_its_labels_as_names():
    """派出所 and Station are the level station; a word that is none is not guessed at."""
    levels = ["county", "station"]
    assert [level_named(given, levels) for given in ("station", "派出所", "Station", "所")] == [
        "station",
        "station",
        "station",
        None,
    ]
