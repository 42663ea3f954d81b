"""How firm places are: ranges hold the truth as often as they say, chances come true, and the same seed gives the same bytes."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengqiao_eval.errors import Status
from fengqiao_eval.measuring.quantiles import LEVELS
from fengqiao_eval.scoring import frames
from fengqiao_eval.scoring.aggregation import Weights
from fengqiao_eval.scoring.ranking import SETTLED
from fengqiao_eval.scoring.sampling_errors import Counts, coded_law, count_law, mean_law, quantile_law, share_law
from fengqiao_eval.scoring.score import score_period, score_periods
from fengqiao_eval.scoring.sensitivity import competition, draw_weights, stretch_weights
from fengqiao_eval.scoring.shrinkage import beta_binomial
from fengqiao_eval.scoring.uncertainty import (
    LEAST,
    RankedClass,
    Setting,
    dice,
    doubtful_ranges,
    draw_totals,
    error_notes,
    firm_places,
    firmness,
    joint_error,
    posterior,
    rankability,
    same_records,
    settled_places,
    total_errors,
)
from places import (
    LAWS,
    PERIOD,
    SCALE,
    TRUTHS,
    WEIGHTS,
    comes_true,
    law_holds,
    measured,
    play,
    play_pairs,
    play_records,
    province,
    standing,
    table_of,
)
from shared import province as province_of_records
from test_shrinkage import SCHOOLS

PARAMS = Path(__file__).parents[1] / "params"
GAMES = 60


def class_of(drawn):
    """Read units drawn as total, error: whole hundredths of a point."""
    rows = np.array([[float(cell) for cell in line.split("|")] for line in drawn.strip().splitlines()]) * SCALE
    return standing(rows[:, 0], rows[:, 1])


@pytest.mark.parametrize("kind", ["normal", "skewed", "t3", "equal", "alike"])
@pytest.mark.parametrize(("size", "noise"), [(5, 0.3), (10, 1), (18, 3), (60, 0.05), (60, 1)])
def test_ranges_hold_the_true_place(kind, size, noise):
    """Of classes of every size and shape at least 88 % of the true places lie in the ranges, less two standard errors."""
    tally = play(kind, size, noise, GAMES)
    assert tally.keeps_its_word, tally.covers


@pytest.mark.parametrize("kind", ["normal", "t3", "equal"])
@pytest.mark.parametrize(("size", "noise"), [(10, 1), (60, 0.3), (60, 3)])
def test_what_is_said_of_another_period_comes_true(kind, size, noise):
    """Of the places in another period, chance played anew, at least 88 % lie where they were said to, less two errors."""
    again = np.array(play(kind, size, noise, GAMES).again)
    assert again.mean() >= 0.88 - 2 * again.std() / GAMES**0.5


@pytest.mark.parametrize("kind", ["normal", "skewed", "t3"])
@pytest.mark.parametrize(("noise", "most"), [(0.3, 0.55), (1, 0.75)])
def test_ranges_are_narrower_than_what_holds_whatever_the_truth(kind, noise, most):
    """In a class of 60 a range is as wide as a half to three quarters of the pairwise one."""
    tally = play(kind, 60, noise, 30, compare=True)
    assert np.mean(tally.width) <= most * np.mean(tally.pairwise)


@pytest.mark.parametrize("noise", [0.3, 1])
def test_chances_come_true(noise):
    """Of what is said with 80 to 90 % (being among the first k, having a grade) 75 to 95 % come true."""
    tally = play("normal", 60, noise, 160)
    for said in (tally.promised, tally.graded):
        count, share = comes_true(said)
        assert count >= 500
        assert 0.75 <= share <= 0.95


@pytest.mark.parametrize("size", [2, 3, 4])
def test_pairs_of_small_classes_are_settled_with_care(size):
    """Of pairs said with 90 % and more at least 85 % are so; with noise thrice the spread few are said, 70 % of them so."""
    (often, true), (seldom, still) = (comes_true(play_pairs(size, noise, 700), 0.9, 1.01) for noise in (1, 3))
    assert often >= 4 * seldom
    assert true >= 0.85
    assert still >= 0.7


def test_without_errors_the_range_is_the_place():
    """Where all errors are 0 nothing is in doubt: the range is the place, ties and all, and chances are 0 or 1."""
    units = class_of("""
        91 | 0
        90 | 0
        90 | 0
        80 | 0
        70 | 0
    """)
    found = firmness(units, dice(0), firsts=[2], award=1)
    assert found.low.tolist() == found.high.tolist() == [1, 2, 2, 4, 5]
    assert found.first[2].tolist() == [1, 1, 1, 0, 0]
    assert found.named.tolist() == [1, 0, 0, 0, 0]
    assert found.again.tolist() == [found.low.tolist()] * 2
    assert not found.pulled.any()
    assert [pair.chance for pair in found.duels] == [1, 0, 1, 1]


def test_one_unit_without_error_stands_where_it_is_printed():
    """Who has no error beside others that have one keeps its total; only the others move around it."""
    units = class_of("""
        95 | 2
        90 | 0
        88 | 2
        84 | 2
        80 | 2
    """)
    found = firmness(units, dice(0))
    assert found.shrunken[1] == pytest.approx(9000, abs=0.1)
    assert (found.low <= units.place).all()
    assert (found.high >= units.place).all()


def test_of_too_few_only_pairs_are_said():
    """Under five units there is no range, and every pair is held against each other, the better first."""
    units = class_of("""
        90 | 3
        95 | 3
        85 | 3
    """)
    assert len(units) < LEAST
    found = firmness(units, dice(0), firsts=[1], award=1)
    assert found.low.tolist() == found.high.tolist() == [0, 0, 0]
    assert not found.again.size
    assert not found.first
    assert [(pair.unit, pair.other) for pair in found.duels] == [(1, 0), (1, 2), (0, 2)]
    assert all(pair.chance > pair.again > 0.5 for pair in found.duels)


def test_an_unknown_error_leaves_the_class_without_ranges():
    """Where the error of one is not known nobody of the class has a range, for their places hang on it."""
    units = class_of("""
        90 | nan
        89 | 1
        88 | 1
        87 | 1
        86 | 1
    """)
    found = firmness(units, dice(0), firsts=[1])
    assert found.low.tolist() == found.high.tolist() == [0] * 5
    assert np.isnan(found.kept).all()
    assert not found.duels


def test_a_class_that_is_all_equal_cannot_be_ranked():
    """Where totals are equal and errors are not 0, everybody may be the first, and rankability is low."""
    units = class_of("\n".join(["90 | 2"] * 30))
    found = firmness(units, dice(0))
    assert set(found.low.tolist()) == {1}
    assert found.rankability < 0.1


def test_who_is_pulled_towards_the_middle_keeps_its_printed_place():
    """A unit with few records and the best total may belong further down: its range is widened to its place, and says so."""
    units = class_of("106 | 30\n105 | 0.2\n104 | 0.2\n" + "\n".join(f"{95 - n / 4} | 0.2" for n in range(40)))
    found = firmness(units, dice(0))
    assert found.pulled[0]
    assert found.low[0] == units.place[0] == 1
    assert found.shrunken[0] < units.hundred[0]


def test_another_period_moves_places_further_than_doubt_about_this_one():
    """In another period chance plays twice: on what is known of this one, and anew; without records to err nobody moves."""
    found = firmness(class_of("\n".join(f"{90 - n / 2} | 4" for n in range(40))), dice(0))
    assert (found.again[1] - found.again[0]).mean() > (found.high - found.low).mean()
    still = firmness(class_of("95 | 0\n" + "\n".join(f"{60 - n / 2} | 1" for n in range(40))), dice(0))
    assert still.again[:, 0].tolist() == [1, 1]


def test_eight_schools_come_out_as_published():
    """Effects of coaching: quartiles of what lies behind each of the eight, within the scatter of the 200 draws published."""
    values, errors = (100.0 * each for each in SCHOOLS)
    drawn = np.concatenate([*draw_totals(posterior(values, errors**2), values, errors**2, dice(0), 20_000)]) / 100
    wanted = [(7, 3, 2, 4, 1, 2, 7, 3), (10, 8, 7, 8, 5, 6, 10, 8), (16, 12, 11, 11, 10, 10, 15, 13)]  # Gelman et al. 2013, 5.5
    assert np.quantile(drawn, [0.25, 0.5, 0.75], axis=0) == pytest.approx(np.array(wanted, dtype=float), abs=1.3)
    found = firmness(standing(values, errors), dice(0), firsts=[1])
    assert found.rankability < 0.5
    assert found.high.min() >= 6, "anybody might stand nearly anywhere"


def test_facts_outside_the_hundred_are_in_every_draw():
    """A deduction of thirty points moves a unit to the end in every draw, whatever chance does to the hundred."""
    plain = class_of("\n".join(f"{90 - n} | 1" for n in range(8)))
    outside = np.array([-3000.0, *[0.0] * 7])
    units = RankedClass(plain.hundred, outside, plain.error, np.array([8, *range(1, 8)]), plain.barred, plain.lower, plain.upper)
    found = firmness(units, dice(0), award=1)
    assert (found.low[0], found.high[0], found.named[0]) == (8, 8, 0)


def test_who_is_barred_is_never_named():
    """A veto on awards makes the chance of being named 0; nobody moves up in their stead."""
    plain = class_of("\n".join(f"{90 - n} | 0.1" for n in range(8)))
    barred = np.arange(8) == 0
    units = RankedClass(plain.hundred, plain.outside, plain.error, plain.place, barred, plain.lower, plain.upper)
    assert firmness(units, dice(0), award=1).named.tolist() == [0.0] * 8


def test_the_same_seed_gives_the_same_bytes():
    """Draws hang on seed and names alone: equal they give equal bytes, any other gives others."""
    units = class_of("\n".join(f"{90 - n} | 3" for n in range(40)))
    one, same, other = (firmness(units, dice(*key)).shrunken.tobytes() + np.concatenate(
        [firmness(units, dice(*key)).low, firmness(units, dice(*key)).high]).tobytes()
        for key in ((0, "四类"), (0, "四类"), (1, "四类")))  # fmt: skip
    assert one == same
    assert one != other


TREE = Weights(np.array([100, 25, 20, 25, 30]), np.array([-1, 0, 0, 0, 0]), np.array([1, 2, 3, 4]))


@pytest.mark.parametrize(
    "draw", [lambda: stretch_weights(TREE, 0.2, 20), lambda: draw_weights(TREE, 20)], ids=["uniform", "dirichlet"]
)
def test_doubt_about_weights_widens_ranges(draw):
    """With weights in doubt too ranges hold the printed places and are wider on the whole; without any doubt they are not."""
    lots = dice(3)
    points = 50 + 10 * lots.normal(size=(60, 4))
    errors = lots.uniform(0.5, 1.5, size=points.shape)
    hundred = np.floor((points * WEIGHTS).sum(axis=1) * SCALE + 0.5)
    units = standing(hundred, np.sqrt((errors**2 * WEIGHTS**2).sum(axis=1)) * SCALE)
    plain = firmness(units, dice(4))
    low, high = doubtful_ranges(units, points, errors, (TREE, draw()), SCALE, dice(5))
    assert ((low <= units.place) & (units.place <= high)).all()
    assert (high - low).mean() > (plain.high - plain.low).mean()
    sure = doubtful_ranges(units, points, errors, (TREE, stretch_weights(TREE, 0, 20)), SCALE, dice(5))
    assert (sure[1] - sure[0]).mean() == pytest.approx((plain.high - plain.low).mean(), rel=0.1)


def test_indicators_of_the_same_records_err_together():
    """Two indicators that rest on the same records have a greater error together than two that do not."""
    errors, used = np.array([[6.0, 8.0]]), np.array([[0.5, 0.5]])
    assert joint_error(errors, used, np.array([0, 1])).tolist() == [5]
    assert joint_error(errors, used, np.array([0, 0])).tolist() == [7]


# From records through laws, rules, weights and rounding


@pytest.mark.parametrize(("curve", "answers"), [("bent", 15), ("capped", 60), ("capped", 15), ("counts", 0)])
@pytest.mark.parametrize("size", [10, 60])
def test_ranges_hold_the_true_place_of_what_is_counted(curve, answers, size):
    """Rates near one asked few times, points that are capped, counts: the ranges hold the true places as often as they say."""
    tally = play_records(curve, size, answers, GAMES)
    assert tally.keeps_its_word, tally.covers


SIZE = 12
ANSWERS = np.full((SIZE, 4), 25.0)
MET = np.array([[n + 13.0 - (n > 6)] * 4 for n in range(SIZE)])


def errors_of(scheme, *periods, seed=0):
    """Reckon the errors of one class: measures of the main period, then of others that it is held against."""
    history = {one.period: one for one in periods}
    setting = Setting(history, PERIOD, scheme, province(1, SIZE), seed)
    one = score_period(history, PERIOD, scheme, setting.tree)
    return one, total_errors(setting, one)


def changed(scheme, **keys):
    """Change keys of every indicator of a scheme."""
    whole = scheme.dimensions[0]
    own = [type(indicator).model_validate({**indicator.model_dump(by_alias=True), **keys}) for indicator in whole.indicators]
    return scheme.model_copy(update={"dimensions": (whole.model_copy(update={"indicators": tuple(own)}),)})


def test_the_error_of_a_share_is_that_of_its_draws():
    """Under a plain rule a share errs by √(p(1 − p)/(n + 2)) at the rate drawn to the class, and totals by their sum."""
    one, errors = errors_of(table_of("plain"), measured(MET, ANSWERS))
    rate = beta_binomial(MET[:, 0], ANSWERS[:, 0]).rates(MET[:, 0], ANSWERS[:, 0])
    wanted = 100 * np.sqrt(rate * (1 - rate) / 27)
    assert errors.points[:, 0] == pytest.approx(wanted, rel=0.2)
    assert errors.error / SCALE == pytest.approx(wanted * np.sqrt((WEIGHTS**2).sum()), rel=0.2)
    assert errors.hundred.tolist() == one.totals.totals.tolist()
    assert not errors.bent.any()


def test_near_a_cap_the_mean_of_draws_is_not_the_middle():
    """Where half of what might have been lies beyond a cap, the mean of draws is said to be away from what is printed."""
    _, errors = errors_of(table_of("capped"), measured(ANSWERS - (np.arange(SIZE) % 2)[:, None], ANSWERS))
    assert errors.bent.all()


@pytest.mark.parametrize("keys", [{"error": "none"}, {"error": {"sample_of": 25}}], ids=["none", "all of a known whole"])
def test_what_was_counted_whole_has_no_error(keys):
    """`error: none`, and a sample that is all of a known whole, leave points and totals without error."""
    _, errors = errors_of(changed(table_of("plain"), **keys), measured(MET, ANSWERS))
    assert errors.error == pytest.approx(0, abs=1)
    assert not errors.unknown


def test_a_sample_of_a_known_whole_errs_less():
    """Twenty-five answers of a hundred: the error is √(1 − 1/4) of what it would be of any number."""
    _, plain = errors_of(table_of("plain"), measured(MET, ANSWERS))
    _, sample = errors_of(changed(table_of("plain"), error={"sample_of": 100}), measured(MET, ANSWERS))
    assert (sample.error / plain.error).mean() == pytest.approx(0.75**0.5, abs=0.06)


def test_what_is_missing_or_too_few_has_no_error_of_its_own():
    """Full marks for what is missing are a fact: nothing of them is drawn."""
    scheme = changed(table_of("plain"), missing="full")
    none = measured(MET, ANSWERS)
    none.status[:, 1] = Status.NO_RECORDS
    none.value[:, 1] = np.nan
    _, errors = errors_of(scheme, none)
    assert errors.points[:, 1].tolist() == [0.0] * SIZE
    assert (errors.error > 0).all()


FIGURE = {"measure": {"kind": "figure", "figure": "safety"}, "least": 0}


def test_a_figure_without_n_has_no_error_and_says_why():
    """Where nobody said on how many answers a figure rests there is no error, of the total neither; the word for it is kept."""
    given = measured(MET, ANSWERS)
    given.n[3, 2] = np.nan
    _, errors = errors_of(changed(table_of("plain"), **FIGURE), given)
    assert errors.unknown == {2: "no_n"}
    assert np.isnan(errors.error).all()
    assert np.isfinite(errors.points[:, [0, 1, 3]]).all()


def test_a_design_effect_makes_answers_worth_less():
    """A figure of 25 answers with a design effect of 4 errs about twice as much as one of 25 drawn at random."""
    plain, clustered = measured(MET, ANSWERS), measured(MET, ANSWERS)
    clustered = replace(clustered, moments={number: {"design_effect": np.full(SIZE, 4.0)} for number in range(4)})
    scheme = changed(table_of("plain"), **FIGURE)
    found = [errors_of(scheme, one)[1].error.mean() for one in (plain, clustered)]
    assert 1.5 < found[1] / found[0] < 2.1


def test_standing_in_the_class_is_reckoned_anew_for_each_draw():
    """Points by percentile hang on all values: with more answers they err less, and in a class that is all equal not at all."""
    scheme = changed(table_of("plain"), points={"kind": "percentile"})
    few, many = (errors_of(scheme, measured(MET * by, ANSWERS * by))[1].error.mean() for by in (1, 100))
    assert 0 < many < few / 3
    _, equal = errors_of(scheme, measured(np.full_like(MET, 20), ANSWERS))
    assert equal.error.tolist() == [0.0] * SIZE


def test_references_of_last_year_are_drawn_too():
    """A change since last year errs by both years: with as many answers then as now by √2 as much."""
    line = {"kind": "line", "start": 50, "each": 1}
    now, before = measured(MET, ANSWERS), measured(MET, ANSWERS, PERIOD.year_before)
    _, value = errors_of(changed(table_of("plain"), points=line | {"at": 70}), now, before)
    held = changed(table_of("plain"), points=line, against=[{"kind": "change", "since": "year_before"}])
    _, change = errors_of(held, now, before)
    inside = np.abs(MET[:, 0] - 17) < 3
    assert (change.error / value.error)[inside].mean() == pytest.approx(2**0.5, abs=0.12)


@pytest.mark.parametrize("among", ["class", "level"])
def test_the_mean_of_others_is_drawn_with_them(among):
    """Held against the mean of all, one value errs as its difference from that mean does: the mean of each draw is its own."""
    line = {"kind": "line", "start": 50, "each": 1}
    _, value = errors_of(changed(table_of("plain"), points=line | {"at": 70}), measured(MET, ANSWERS))
    peers = changed(table_of("plain"), points=line, against=[{"kind": "peers", "of": "mean", "among": among}])
    _, held = errors_of(peers, measured(MET, ANSWERS))
    inside = np.abs(MET[:, 0] - 18) < 3
    assert (held.error / value.error)[inside].mean() == pytest.approx((1 - 1 / SIZE) ** 0.5, abs=0.03)


def test_a_zeroed_item_no_longer_errs():
    """A veto that takes all that an item brought takes its error too; a deduction is a fact that changes none."""
    veto = {"code": "veto", "label": "否决", "why": "例", "source": "例", "measure": {"kind": "count", "table": "notices",
            "date": "happened_on"}, "levels": ["station"], "effect": "zero_item", "item": "part_3"}  # fmt: skip
    cut = {**veto, "code": "cut", "effect": "deduct", "points": {"kind": "line", "start": 0, "each": 5, "cap": "none"}}
    del cut["item"]
    scheme = table_of("plain", outside=[{"code": "facts", "label": "其他", "lines": [veto, cut]}])
    facts = np.zeros((SIZE, 2))
    facts[0], facts[1] = (1, 0), (0, 2)
    given = measured(np.hstack([np.full_like(MET, 18), facts]), np.hstack([ANSWERS, np.full((SIZE, 2), np.nan)]))
    history = {PERIOD: given} | {month: replace(given, period=month) for month in PERIOD.trend[-3:]}
    setting = Setting(history, PERIOD, scheme, province(1, SIZE), 0)
    one = score_period(history, PERIOD, scheme, setting.tree)
    errors = total_errors(setting, one)
    assert errors.outside.tolist() == [0, -1000, *[0] * 10]
    assert (errors.hundred + errors.outside).tolist() == one.totals.totals.tolist()
    without = np.sqrt((WEIGHTS[:3] ** 2).sum() / (WEIGHTS**2).sum())
    assert errors.error[0] / errors.error[2:].mean() == pytest.approx(without, abs=0.12)
    assert errors.error[1] / errors.error[2:].mean() == pytest.approx(1, abs=0.15)


def test_errors_are_the_same_on_one_core_and_two():
    """The same seed gives the same bytes, however many threads the numbers may be spread over."""
    code = ("import numpy as np; from test_uncertainty import *; found = errors_of(table_of('bent'), measured(MET, ANSWERS))[1];"
            "print(found.error.tobytes().hex(), found.points.tobytes().hex())")  # fmt: skip
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=Path(__file__).parent, check=True, capture_output=True, text=True,
            env={**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
        ).stdout
        for threads in ("1", "2")
    }  # fmt: skip
    assert len(printed) == 1


def shares_held(heading):
    """Read from a part of docs/UNCERTAINTY.md, as `make ranges` writes it, the first number of every cell: row -> shares."""
    text = (PARAMS.parent / "docs" / "UNCERTAINTY.md").read_text("utf-8")
    lines = [line for line in text.split(heading)[1].split("\n## ")[0].splitlines() if line.startswith("| ") and " / " in line]
    rows = [line.strip("| ").split(" | ") for line in lines]
    return {name: [cell.split(" / ")[0] for cell in cells] for name, *cells in rows}


def test_the_page_of_the_simulation_shows_every_cell_and_no_range_that_breaks_its_word():
    """Every truth and size at every noise is in docs/UNCERTAINTY.md; in bold, for too little, is none that has a bound."""
    bound, unbound = shares_held("Where ranges are held to their word"), shares_held("Without a bound")
    assert {f"{kind}, {size}" for kind in TRUTHS for size in (5, 10, 18, 60, 500)} <= bound.keys()
    assert {len(cells) for name, cells in bound.items() if name.split(",")[0] in TRUTHS} == {4}
    assert not [name for name, cells in bound.items() if any("*" in cell for cell in cells)]
    assert any("*" in cell for cell in unbound["clusters, 60"]), "the failures are shown"


def test_what_the_notebook_says_of_the_simulation_is_what_came_of_it():
    """how_firm cites the page of the simulation: shares held in two clusters, with errors that go together, and at the least."""
    bound, unbound = shares_held("Where ranges are held to their word"), shares_held("Without a bound")
    told = (PARAMS.parent / "notebooks" / "how_firm.ipynb").read_text("utf-8")

    def stretch(*names):
        shares = [float(cell.strip("*")) for name in names for cell in unbound[name]]
        return f"{min(shares):.2f}–{max(shares):.2f}"

    for said in (stretch("clusters, 60"), stretch("clusters, 500"), stretch("correlation 0.5, 18", "correlation 0.5, 60")):
        assert told.count(said) == 2, f"{said} stands in Chinese and in English"
    least = min(float(cell) for cells in bound.values() for cell in cells)
    assert told.count(f"{int(100 * least) / 100:.2f}") == 2


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("taskset") is None, reason="nothing here holds a process to one core (taskset)")
def test_frames_are_the_same_bytes_on_one_core_and_on_all(tmp_path, tmp_path_factory):
    """A run held to one core writes the files of one on all cores, with numbers spread over one thread or two, byte by byte."""
    (tmp_path / "params.yaml").write_text(f"period: 2024Q4\nrecords: demo\nscheme: {PARAMS / 'one_table.yaml'}\n", "utf-8")
    (tmp_path / "demo").symlink_to(province_of_records(tmp_path_factory, 16))
    written, frames_of = set(), [f"{side}{name}.parquet" for side in ("", "officer/") for name in ("ranks", "chances")]
    for hold, threads in ((["taskset", "-c", str(min(os.sched_getaffinity(0)))], "1"), ([], "1"), ([], "2")):
        out = tmp_path / f"runs_{len(hold)}_{threads}"
        command = [*hold, Path(sys.executable).with_name("fengqiao"), "score", "params.yaml", f"--set=out={out}"]
        number = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, env={**os.environ, **number})
        written.add(tuple((out / "params" / name).read_bytes() for name in frames_of))
    assert len(written) == 1
    ranks = pd.read_parquet(out / "params" / "ranks.parquet")
    assert ranks["rank_low"].notna().any(), "nothing was drawn"


@pytest.mark.parametrize("kind", LAWS)
def test_laws_of_few_records_hold_the_true_value(kind):
    """Of classes of 2, 3, 5 and 15 records a unit at least 88 % of true values lie where nine tenths are drawn; of 15 not all."""
    held = [law_holds(kind, records, 8) for records in (2, 3, 5, 15)]
    assert min(share for share, _ in held) >= 0.88, held
    assert held[-1][0] <= 0.995


def few(n, values=None):
    """Say what values rest on, of one class in which so many records lie behind each."""
    n = np.array(n, dtype=float)
    value = np.zeros(len(n)) if values is None else np.array(values)
    return Counts(value * n, n, value, n, n > 0, n * 0, n * 0 + 1, np.full(len(n), np.inf))


def as_levels(*records):
    """Say what lies at LEVELS of the records of each unit."""
    return np.array([np.quantile(own, LEVELS) for own in records])


def test_a_median_of_two_may_lie_beyond_both():
    """Two records hold little: their median is drawn beyond either as often as those of the class lie apart."""
    lots = dice(1)
    pairs = 50 + 10 * lots.normal(size=(60, 2))
    drawn = quantile_law(few([2] * 60), 0.5, as_levels(*pairs)).draw(lots, 2000)
    assert ((drawn < pairs.min(axis=1)[:, None]) | (drawn > pairs.max(axis=1)[:, None])).mean() > 0.3
    assert drawn.std(axis=1).mean() == pytest.approx(10 / 2**0.5, rel=0.25)


def test_who_shows_no_spread_borrows_that_of_the_class():
    """Records that are all alike, and one alone, have the error that others of the class show; more records leave less of it."""
    apart = [20.0, 30.0, 40.0]
    law = quantile_law(few([3, 3, 3, 9, 1]), 0.5, as_levels(apart, apart, [30.0] * 3, [30.0] * 9, [30.0]))
    error = law.draw(dice(2), 4000).std(axis=1)
    assert law.known.all()
    assert error[4] > error[2] > error[3] > 0
    squares = np.array([200.0, 200, 0, 0, 0])
    mean = mean_law(few([3, 3, 3, 9, 1]), squares, np.array([3.0, 3, 3, 9, 1]), 1)
    error = mean.numbers[:, 0]
    assert mean.known.all()
    assert error[4] > error[2] > error[3] > 0


@pytest.mark.parametrize(("n", "alike"), [([1, 1, 1], False), ([1], False), ([3, 4, 5], True)])
def test_where_nobody_shows_a_spread_there_is_no_law(n, alike):
    """One record each, or records that differ in no unit, tell no error: it is not known, and not 0 as that of a whole is."""
    records = [[30.0 + 5 * unit] * many for unit, many in enumerate(n)]
    assert all(len(set(own)) == 1 for own in records) or not alike
    of = few(n)
    for law in (quantile_law(of, 0.5, as_levels(*records)), mean_law(of, of.n * 0, of.n, 1)):
        assert not law.known.any()
        assert law.word == "no_spread"
    whole = of._replace(whole=of.n)
    for law in (quantile_law(whole, 0.5, as_levels(*records)), mean_law(whole, of.n * 0, of.n, 1)):
        assert law.known.all()
        assert np.ptp(law.draw(dice(3), 50), axis=1).max() < 1e-3


def test_answers_that_come_in_bursts_are_no_true_differences():
    """Where answers of a month are alike a unit whose ten were all met is drawn towards the class the more, and errs the more."""
    met = np.array([10.0, 4, 6, 5, 7, 3, 5, 6])
    calm, bursts = (few([10] * 8)._replace(above=met, phi=np.full(8, phi)) for phi in (1.0, 3.0))
    one, other = share_law(calm, 1), share_law(bursts, 1)
    assert other.centre[0] < one.centre[0]
    assert other.draw(dice(4), 4000)[0].std() > 1.3 * one.draw(dice(4), 4000)[0].std()
    assert share_law(few([10])._replace(above=met[:1], phi=np.array([2.0])), 1).numbers == pytest.approx(np.array([[5.5, 0.5]]))


def test_means_counts_and_codes_have_laws_of_their_own():
    """Draws of each kind of measure lie around the value, as far as the textbook has it."""
    one, lots = np.full(40, 1.0), dice(7)
    base = Counts(30 * one, 30 * one, one, 30 * one, one > 0, one * 0, one, one * np.inf)
    count = count_law(base._replace(below=one * np.nan), 1).draw(lots, 4000)
    assert (count.mean(), count.std()) == pytest.approx((30, 30**0.5), rel=0.05)
    mean = mean_law(base._replace(value=10 * one), 29 * 4 * one, 30 * one, 1).draw(lots, 4000)
    assert (mean.mean(), mean.std()) == pytest.approx((10, 2 / 30**0.5), rel=0.05)
    coded = coded_law(base, np.tile([3.0, 9, 18], (40, 1)), np.array([0, 0.6, 1]), 100).draw(lots, 4000)
    spread = np.sqrt((0.1 * 0 + 0.3 * 0.36 + 0.6) - 0.78**2) * 100 / 32.5**0.5
    assert (coded.mean(), coded.std()) == pytest.approx((78, spread), rel=0.05)
    middle = quantile_law(base, 0.5, np.tile(LEVELS, (40, 1)) * 100).draw(lots, 4000)
    assert (middle.mean(), middle.std()) == pytest.approx((50, 50 / 32**0.5), rel=0.05)


# Every class of a period, and the frames of a run

BANDS = [{"grade": "优秀", "at_least": 80}, {"grade": "良好", "at_least": 60}, {"grade": "达标", "at_least": 0}]


def firm_of(scheme, *periods, tree=None):
    """Say how firm places are: measures of the main period, then of others; gives the frames ranks and chances by unit too."""
    history = {one.period: one for one in periods}
    main = periods[0].period
    setting = Setting(history, main, scheme, tree or province(1, SIZE), 0)
    scored = score_periods(history, [main], scheme, setting.tree)
    firm = firm_places(setting, scored)
    one = scored[main]
    ranks = frames.ranks([one], scheme, setting.tree, [np.full(len(one.points), 92.0)], {main: firm})
    return SimpleNamespace(
        firm=firm, ranks=ranks.set_index("unit_id"), chances=frames.chances({main: firm}, setting.tree),
        points=frames.points(frames.measures([one], scheme, setting.tree), [one], scheme, {main: firm}),
        notes=list(error_notes(firm, one, scheme)),
    )  # fmt: skip


def test_ranks_say_how_firm_every_place_is():
    """Of every ranked unit: a range around its place, one with weights in doubt, the error of its total, and the shrunken one."""
    found = firm_of(table_of("plain", bands=BANDS), measured(MET, ANSWERS))
    ranks = found.ranks
    assert ((ranks["rank_low"] <= ranks["rank"]) & (ranks["rank"] <= ranks["rank_high"])).all()
    assert ((ranks["rank_low_w"] <= ranks["rank"]) & (ranks["rank"] <= ranks["rank_high_w"])).all()
    assert (ranks["rank_low_again"] <= ranks["rank_high_again"]).all()
    assert ((ranks["rank_high_again"] - ranks["rank_low_again"]).mean()) > (ranks["rank_high"] - ranks["rank_low"]).mean()
    assert (ranks["se_total"] > 0).all()
    middle = ranks["total"].mean()
    assert ((ranks["shrunken"] - middle).abs() < (ranks["total"] - middle).abs() + 0.5).all()
    assert found.points["se"].notna().all()


def test_indicators_of_one_table_and_date_err_together_at_most():
    """All four parts look at the same records: the error if they err as one stands beside, and is greater."""
    found = firm_of(table_of("plain"), measured(MET, ANSWERS))
    assert same_records(table_of("plain")).tolist() == [0] * 4
    assert (found.ranks["se_joint"] > 1.5 * found.ranks["se_total"]).all()


def pairs_settled(places, printed):
    """Give it as the definition has it, pair by pair."""
    sure = [
        [(places[:, one] < places[:, other]).mean() >= SETTLED for other in range(len(printed))] for one in range(len(printed))
    ]

    def all_stand(unit, those, *, above):
        return all(sure[other][unit] if above else sure[unit][other] for other in those)

    found = []
    for unit, place in enumerate(printed):
        before = [k for k in set(printed) if k < place and all_stand(unit, np.flatnonzero(printed <= k), above=True)]
        after = [k for k in set(printed) if k > place and all_stand(unit, np.flatnonzero(printed >= k), above=False)]
        found.append((max(before, default=0), min(after, default=0)))
    return np.array(found).T.tolist()


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from([0.3, 1.0, 4.0]))
def test_places_told_apart_are_those_of_which_every_pair_is_settled(seed, size, noise):
    """Up to a printed place all stand above, from another on all below, nine times in ten; ties and neighbours included."""
    lots = np.random.default_rng(seed)
    totals = lots.integers(0, 8, size).astype(float)
    printed = competition(totals[None, :].astype(np.float32))[0].astype(np.int64)
    places = competition((totals + noise * lots.standard_normal((200, size))).astype(np.float32))
    assert settled_places(places, printed).tolist() == pairs_settled(places, printed)


def test_chances_are_a_long_frame_of_statements():
    """Chances are said of being among the first, named, of the grade printed, and of standing above the next; each is a share."""
    found = firm_of(table_of("plain", bands=BANDS, awards={"count": 2}), measured(MET, ANSWERS))
    said = found.chances.groupby("statement").size().to_dict()
    dots = found.chances[found.chances["statement"] == "place"].groupby("unit_id")["chance"].sum()
    assert (len(dots), dots.round(9).unique().tolist()) == (SIZE, [1.0])
    assert said | {"place": 0} == {
        "first": 3 * SIZE,
        "named": SIZE,
        "grade": SIZE,
        "above": SIZE - 1,
        "above_again": SIZE - 1,
        "apart_before": SIZE,
        "apart_after": SIZE,
        "rankable": SIZE,
        "place": 0,
    }
    assert found.chances["chance"].between(0, 1).all()
    assert sorted(found.chances.loc[found.chances["statement"] == "first", "k"].unique()) == [1, 2, 3]
    grades = found.chances[found.chances["statement"] == "grade"].set_index("unit_id")["object"]
    assert (grades == found.ranks["grade"].reindex(grades.index)).all()
    best = found.ranks["rank"].idxmin()
    rows = (found.chances["unit_id"] == best) & (found.chances["statement"] == "first")
    first = found.chances.loc[rows].sort_values("k")["chance"].to_numpy()
    assert (np.diff(first) >= 0).all()


def test_a_class_of_four_has_pairs_and_no_ranges():
    """In a class of four no place has a range; of every two it is said how sure it is that one stands above the other."""
    found = firm_of(table_of("plain", bands=BANDS), measured(MET[:4], ANSWERS[:4]), tree=province(1, 4))
    assert found.ranks[["rank_low", "rank_low_again"]].isna().all(axis=None)
    assert set(found.chances["statement"]) == {"rankable", "above", "above_again"}
    assert len(found.chances) == 4 + 2 * 6
    assert found.ranks["se_total"].notna().all()


def test_a_scheme_that_counted_all_gives_places_without_ranges():
    """Under `error: none` nothing is drawn: no ranges, no chances, and a sentence says why."""
    found = firm_of(table_of("plain", error="none"), measured(MET, ANSWERS))
    assert found.ranks[["rank_low", "rank_high", "rank_low_w", "rank_low_again", "se_total", "shrunken"]].isna().all(axis=None)
    assert found.chances.empty
    assert [note.key for note in found.notes] == ["error_none"]


def test_weights_that_are_not_in_doubt_have_no_second_range():
    """Under `weight_doubt: none` the range with weights in doubt is empty; the range itself stays."""
    found = firm_of(table_of("plain", weight_doubt="none"), measured(MET, ANSWERS))
    assert found.ranks["rank_low_w"].isna().all()
    assert found.ranks["rank_low"].notna().all()
    wide = firm_of(table_of("plain", weight_doubt={"kind": "dirichlet", "closeness": 20}), measured(MET, ANSWERS))
    assert wide.ranks["rank_low_w"].notna().all()


def test_a_figure_without_n_says_why_there_is_no_range():
    """One figure without n leaves its class without ranges, and the sentence names the indicator and counts the units."""
    given = measured(MET, ANSWERS)
    given.n[3, 2] = np.nan
    found = firm_of(changed(table_of("plain"), **FIGURE), given)
    assert found.ranks["rank_low"].isna().all()
    assert [(note.key, note.given["indicator"], note.given["count"]) for note in found.notes] == [("error_no_n", "第2项", SIZE)]


def test_a_missing_n_costs_its_own_class_alone_its_ranges():
    """Of two classes that which holds the figure without n has no ranges; the other has those it would have had, and no note."""
    given, whole = (measured(np.vstack([MET, MET]), np.vstack([ANSWERS, ANSWERS])) for _ in range(2))
    given.n[3, 2] = np.nan
    tree, scheme = province(2, SIZE), changed(table_of("plain"), **FIGURE)
    found, same = firm_of(scheme, given, tree=tree), firm_of(scheme, whole, tree=tree)
    lost = found.ranks["peer_class"] == "0类"
    assert found.ranks.loc[lost, ["rank_low", "se_total"]].isna().all(axis=None)
    assert found.ranks.loc[~lost, ["rank_low", "rank_high"]].notna().all(axis=None)
    assert (found.ranks["se_total"] / same.ranks["se_total"])[~lost].mean() == pytest.approx(1, abs=0.05)
    assert [(note.key, note.given["level"], note.given["group"], note.given["count"]) for note in found.notes] == [
        ("error_no_n", "station", "0类", SIZE)
    ]


def test_who_is_held_against_a_figure_without_n_keeps_its_range():
    """The mean of a level takes a figure whose error is not known as it is printed; the class of that figure has no range."""
    given = measured(np.vstack([MET, MET]), np.vstack([ANSWERS, ANSWERS]))
    given.n[3, 2] = np.nan
    line = {"kind": "line", "start": 50, "each": 1}
    peers = changed(table_of("plain"), **FIGURE, points=line, against=[{"kind": "peers", "of": "mean", "among": "level"}])
    ranks = firm_of(peers, given, tree=province(2, SIZE)).ranks
    assert (ranks["rank_low"].notna() == (ranks["peer_class"] == "1类")).all()
    assert not ranks["flags"].str.contains("bent").any()


def test_one_record_each_is_no_place_without_doubt():
    """A median of one record each has an error that nobody knows: no range, and not one that is the place."""
    one = measured(MET[:, :1].repeat(4, axis=1), np.full((SIZE, 4), np.nan))
    lie = {number: dict.fromkeys((f"at_{at + 1}" for at in range(len(LEVELS))), one.value[:, number]) for number in range(4)}
    middle = {
        "kind": "quantile",
        "table": "cases",
        "date": "received_at",
        "of": {"minutes": ["received_at", "closed_at"]},
        "q": "0.5",
    }
    one = replace(one, n=np.ones((SIZE, 4)), moments=lie)
    found = firm_of(changed(table_of("plain"), measure=middle, least=1), one)
    assert found.ranks[["rank_low", "se_total"]].isna().all(axis=None)
    assert {note.key for note in found.notes} == {"error_no_spread"}


def test_the_mean_of_three_months_errs_less_than_one_of_them():
    """A quarter that is the mean of its months errs by a month's error over √3, and has ranges as any period."""
    months = [measured(MET, ANSWERS, month) for month in PERIOD.trend[-3:]]
    whole = measured(3 * MET, 3 * ANSWERS)
    scheme = table_of("plain", longer_period="mean_of_totals")
    quarter = firm_of(scheme, whole, *months).ranks
    one = firm_of(scheme, months[0]).ranks
    assert quarter["rank_low"].notna().all()
    assert (quarter["se_total"] / one["se_total"]).mean() == pytest.approx(3**-0.5, abs=0.08)


def test_a_class_that_cannot_be_ranked_has_no_rankability():
    """All equal: 0; without errors: 1; one unit, or an error that nobody knows: there is none."""
    values, errors = np.array([90.0, 80, 70, 60]), np.ones(4)
    assert rankability(values, errors) > 0.9
    assert rankability(values * 0, errors) == 0
    assert np.isnan(rankability(values, errors * np.nan))
    assert np.isnan(rankability(values[:1], errors[:1]))
