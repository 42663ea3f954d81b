"""The tuning screen's Python side: what it hands the browser, what it reckons for it, what it saves, and what it refuses."""

import base64
import json
import re
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import anywidget
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import fengqiao_eval as fq
from every_feature import copy_runs
from fengqiao_eval.cli import app
from fengqiao_eval.errors import InputError, UsageError
from fengqiao_eval.periods import parse
from fengqiao_eval.results.run import open_run
from fengqiao_eval.scheme.load import load
from fengqiao_eval.scoring.aggregation import Weights, total
from fengqiao_eval.scoring.ranking import places
from fengqiao_eval.tuning import override, payload, sensitivity
from fengqiao_eval.tuning.model import WeightTable
from fengqiao_eval.tuning.payload import write_standalone
from fengqiao_eval.tuning.rescore import choice_warnings, choose, read_field
from fengqiao_eval.tuning.sensitivity import Draft, chance_ranges, rank_robustness
from fengqiao_eval.tuning.widget import tuner

ROOT = Path(__file__).parents[1]
SIGNED = {"reason": "市局党委会决定提高群众满意度权重", "author": "甲", "checker": "乙", "date": "2025-01-10"}
RUNS = ("plain", "recount", "mean_of_totals", "deductions")


def score(project, name, scheme, more=""):
    """Score the project's records by a scheme; return the run's folder."""
    given = f"period: 2024Q4\nrecords: demo\nscheme: {scheme}\n{more}"
    (project / f"{name}.yaml").write_text(given, "utf-8")
    with pytest.MonkeyPatch.context() as here:
        here.chdir(project)
        done = CliRunner().invoke(app, ["score", f"{name}.yaml"])
        assert done.exit_code == 0, done.output
    return project / "runs" / name


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Score an invented province by plain sums, by every feature (counted anew, and as means of months), and by deductions."""
    project = copy_runs(tmp_path_factory, "tuner")
    shutil.copy(ROOT / "params" / "one_table.yaml", project / "plain_scheme.yaml")
    shutil.copy(ROOT / "params" / "examples" / "deductions_scheme.yaml", project)
    for name in ("plain", "deductions"):
        score(project, name, f"{name}_scheme.yaml")
    return project


@pytest.fixture(scope="module")
def opened(project):
    """Open a run of the project by name."""
    return lambda name: open_run(project / "runs" / name)


@pytest.fixture
def plain(opened):
    """Give the stations of the plain run in its own period."""
    return read_field(opened("plain"), "station", parse("2024Q4"))


@pytest.fixture
def zones(opened):
    """Give the zones of the plain run, and the largest of their groups."""
    field = read_field(opened("plain"), "zone", parse("2024Q4"))
    return field, int(np.bincount(field.group).argmax())


def other_weights(field):
    """Take a quarter off the first weight, and move one inside another dimension."""
    table = field.table
    less = Draft(field, table.in_force, 1)._moved(1, int(table.in_force[1]) * 3 // 400 * 100)
    inside = next(
        node for node in range(2, len(table.above)) if table.above[node] > 1 and (table.above == table.above[node]).sum() > 1
    )
    most = table.whole(less, int(table.above[inside]))
    return Draft(field, less, 1)._moved(inside, min(int(less[inside]) + 300, most))


# What is read


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("level", ["county", "station", "officer"])
def test_the_weights_in_force_give_the_places_of_the_run(opened, name, level):
    """Read from its folder and reckoned anew, every total and place is what the run says."""
    run = opened(name)
    ranks = run.frame("ranks", officers=level == "officer").data
    if ranks.empty or level not in set(ranks["level"]):
        return  # the scheme has no such level
    for period in ("2024Q4", "2024Q3"):
        field = read_field(run, level, parse(period))
        said = ranks[(ranks["level"] == level) & (ranks["period"] == period)].set_index("unit_id").loc[field.units["unit_id"]]
        assert np.array_equal(field.base.totals, np.rint(said["total"].to_numpy() * 100))
        assert np.array_equal(field.base.place, said["rank"].fillna(0).to_numpy(dtype="int64"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain", "recount", "deductions"])
def test_a_draft_is_what_the_run_under_it_would_say(project, opened, name):
    """Saved as an override and scored again from the records, other weights give the totals and places that were shown."""
    field = read_field(opened(name), "station", parse("2024Q4"))
    draft = other_weights(field)
    path = project / f"{name}_override.yaml"
    override.write(field, path, draft, SIGNED)
    again = open_run(score(project, f"{name}_again", f"{name}_scheme.yaml", f"overrides: {path.name}\nlevels: [station]\n"))
    shown, said = field.outcome(draft), read_field(again, "station", parse("2024Q4"))
    assert np.array_equal(shown.totals, said.sheet.totals)
    assert np.array_equal(shown.place, said.base.place)
    assert not np.array_equal(shown.totals, field.base.totals)


def test_the_period_is_the_last_that_is_settled(opened):
    """A run seen from just after its quarter is being paid out, so that the quarter before is tuned on, and both are said."""
    run = opened("plain")
    by_default, asked = choose(run), choose(run, period="2024Q4")
    assert (str(by_default.period), str(asked.period)) == ("2024Q3", "2024Q4")
    assert re.match(r"默认按2024年第三季度调权，.*2024年第四季度.*在屏上的“期间”中选它", next(choice_warnings(by_default)))
    assert next(choice_warnings(asked)).startswith("2024年第四季度正在兑现：")


@pytest.mark.parametrize(("as_of", "period", "words"), [("2024-12-20", "2024Q4", "尚未结束"), ("2025-04-02", "2024Q4", "")])
def test_what_is_said_of_a_period_hangs_on_when_it_is_seen(opened, monkeypatch, as_of, period, words):
    """Before its end a period is open; once the next of its length has ended, nothing is said."""
    run = opened("plain")
    monkeypatch.setitem(run.manifest, "as_of", as_of)
    told = list(choice_warnings(choose(run, period=period)))
    assert any(words in one for one in told) if words else not any("2024年第四季度" in one for one in told)
    assert str(choose(run).period) == ("2024Q3" if words else "2024Q4")


# What the browser is handed


def test_the_browser_can_reckon_what_the_run_says(plain):
    """Points × weights from the bytes alone, and what stands outside, give the totals and places of the run."""
    head, arrays = payload.screen_head(choose(plain.run, period="2024Q4")), payload.unit_arrays(plain)
    points = np.frombuffer(arrays["points"], "<i4").reshape(head["n"], -1)
    scored = points != payload.NOT_SCORED
    found = total(np.where(scored, points, 0) / 10_000, scored, plain.table.weights(plain.table.in_force), head["decimals"])
    totals = found.totals + np.frombuffer(arrays["adjusted"], "<i4")
    assert np.array_equal(totals, np.frombuffer(arrays["base"], "<i4"))
    able = np.frombuffer(arrays["able"], "u1") & (found.covered >= head["least_covered"])
    place, _ = places(totals, np.frombuffer(arrays["group"], "<u2"), able.astype(bool))
    assert np.array_equal(place, plain.base.place)


def test_the_head_is_json_and_its_nodes_a_tree(plain):
    """Every node stands after what it is part of, parts add up to the whole, leaves are the columns of the points."""
    head = json.loads(json.dumps(payload.screen_head(choose(plain.run, period="2024Q4"))))
    nodes = head["nodes"]
    assert all(node["above"] < at for at, node in enumerate(nodes))
    for at, node in enumerate(nodes):
        parts = [part["weight"] for part in nodes if part["above"] == at]
        assert not parts or sum(parts) == node["whole"]
    assert sorted(node["leaf"] for node in nodes if node["leaf"] >= 0) == list(range(15))
    assert head["mode"] == "browser"
    assert head["awards"] == [max(0, int(size * 0.1)) for size in np.bincount(plain.group[plain.base.place > 0])]
    assert head["words"]["tuner.title"] == "权重调试"


@pytest.mark.parametrize(
    ("name", "why"),
    [("recount", "有几何平均、有维度设了上限或下限、有一票否决清零的项目、有指标按分值计分，得分随权重变、有单位不适用某些指标"),
     ("mean_of_totals", "本期是各期总分的平均"), ("deductions", "有维度设了上限或下限、有指标按分值计分，得分随权重变")],
)  # fmt: skip
def test_what_is_no_sum_is_reckoned_by_the_kernel(opened, name, why):
    """Geometric means, limits, vetoes on items, marks and means of totals are left to the kernel, and it is said why."""
    head = payload.screen_head(choose(opened(name), "station", "2024Q4"))
    assert head["mode"] == "kernel"
    assert why in head["why_kernel"]


def test_few_survey_answers_size_and_county(plain):
    """Units with fewer than 30 answers are marked; thirds by residents are about equal; the county is the one of the run."""
    arrays, head = payload.unit_arrays(plain), payload.screen_head(choose(plain.run, period="2024Q4"))
    frame = plain.run.frame("points").data
    surveyed = [i.code for i in plain.run.scheme.indicators if "surveys" in i.measure.tables]
    here = frame[(frame["period"] == "2024Q4") & frame["indicator"].isin(surveyed) & (frame["level"] == "station")]
    least = here.groupby("unit_id", observed=True)["n"].min().reindex(plain.units["unit_id"])
    assert np.array_equal(np.frombuffer(arrays["few"], "u1"), least < 30)
    assert np.bincount(np.frombuffer(arrays["size"], "u1")).tolist() == [6, 5, 5]
    counties = plain.units["county_id"].map(plain.run.frame("units").data.set_index("unit_id")["name"])
    assert [head["counties"][at] for at in np.frombuffer(arrays["county"], "<u2")] == counties.tolist()


# The kernel's answers


@pytest.fixture
def screen(opened, tmp_path):
    """Open a screen whose answers are kept: ask(kind, ...) gives the message and its arrays."""

    def make(name="plain", level="station", **given):
        found = tuner(opened(name), level, folder=tmp_path, **{"period": "2024Q4", **given})
        sent = []
        found.send = lambda content, buffers=None: sent.append((content, buffers))

        def ask(kind, buffers=(), **content):
            found._asked(found, {"kind": kind, "id": 7, **content}, list(buffers))
            return sent[-1][0], [np.frombuffer(part, "<i4") for part in sent[-1][1]]

        return found, ask

    return make


@pytest.mark.parametrize("name", ["plain", "recount"])
def test_totals_come_with_places_and_parts(screen, name):
    """For any weights the kernel sends totals, places, and contributions by dimension, which add up but for what is outside."""
    shown, ask = screen(name)
    draft = other_weights(shown.field)
    answer, (totals, place, parts) = ask("totals", weights=draft.tolist())
    outcome = shown.field.outcome(draft)
    assert answer == {"kind": "totals", "id": 7}
    assert np.array_equal(totals, outcome.totals)
    assert np.array_equal(place, outcome.place)
    assert np.array_equal(parts.reshape(len(totals), -1).sum(axis=1), outcome.contributions.sum(axis=1))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain", "recount", "mean_of_totals"])
def test_firmness_holds_the_places_and_the_weights(screen, name):
    """A range holds the place it is of, and a stretch the weight; sliders that cannot move have none."""
    shown, ask = screen(name)
    weights = shown.field.table.in_force
    group = int(shown.head["group"])
    answer, (low, high, *_) = ask("firm", weights=weights.tolist(), group=group)
    place = shown.field.base.place[shown.field.group == group]
    assert ((low <= place) & (place <= high)).all()
    assert answer["ranges"]
    for one in answer["ranges"]:
        assert all(low <= weights[one["node"]] <= high for low, high in (one["first"], one["awards"]))
        assert (shown.field.table.above == shown.field.table.above[one["node"]]).sum() > 1
    assert any(one["sampled"] for one in answer["ranges"]) or name == "plain"


def unsaid(field):
    """Give the field as if its run said no ranges, so that they are drawn."""
    none = np.zeros(len(field.units), dtype=np.int64)
    return replace(field, sheet=replace(field.sheet, low=none, high=none))


def test_ranges_under_the_weights_in_force_are_those_of_the_run(plain):
    """They stand in its frame ranks; drawn anew as for any draft they are the same but for a place of chance."""
    group = next(group for group, size in enumerate(np.bincount(plain.group[plain.base.place > 0])) if size >= 4)
    at = plain.group == group
    said = plain.run.frame("ranks").of_period("2024Q4").set_index("unit_id").loc[plain.units["unit_id"][at]]
    low, high, error = chance_ranges(plain, plain.table.in_force, group)
    assert np.array_equal(low, said["rank_low"].fillna(0))
    assert np.array_equal(high, said["rank_high"].fillna(0))
    assert np.allclose(error, said["se_total"], atol=1e-9, equal_nan=True)


def test_ranges_of_a_draft_follow_its_weights(zones):
    """Drawn under the weights in force they are the run's to within two places; under others errors follow the weights used."""
    field, group = zones
    at = field.group == group
    drawn, said = chance_ranges(unsaid(field), field.table.in_force, group), chance_ranges(field, field.table.in_force, group)
    assert max(np.abs(one - other).max() for one, other in zip(drawn[:2], said[:2], strict=True)) <= 2
    assert drawn[0].any()
    draft = other_weights(field)
    low, high, error = chance_ranges(field, draft, group)
    outcome = field.outcome(draft)
    used = np.where(np.isnan(outcome.points), 0, outcome.weighed.weight_used)
    by_hand = np.sqrt((np.nan_to_num(used * field.sheet.errors) ** 2).sum(axis=1)) * field.error_scale
    assert np.allclose(error, by_hand[at])
    place = outcome.place[at]
    ranked = (place > 0) & (low > 0)
    assert ranked.any()
    assert ((low <= place) & (place <= high))[ranked].all()
    assert not low[place == 0].any()


def test_where_an_error_is_not_known_nothing_is_said(zones):
    """One unit with an indicator of no error leaves its group without ranges; the screen names the indicator."""
    field, group = zones
    column = field.table.columns[0]
    first = np.flatnonzero((field.group == group) & (field.base.place > 0) & ~np.isnan(field.base.points[:, column]))[0]
    errors = field.sheet.errors.copy()
    errors[first, column] = np.nan
    lost = replace(field, sheet=replace(unsaid(field).sheet, errors=errors, error=np.full(len(errors), np.nan)))
    low, high, error = chance_ranges(lost, lost.table.in_force, group)
    assert not low.any()
    assert not high.any()
    assert np.isnan(error).sum() == 1
    label = field.table.scheme.indicators[column].label
    assert payload.range_missing(lost) == f"名次没有可能范围：“{label}”的误差不知。"
    assert payload.range_missing(field) == ""
    apart = replace(field, sheet=replace(field.sheet, errors=errors))
    said = [payload.range_missing(apart, number) for number in range(len(field.groups))]
    assert payload.range_missing(apart) == ""
    assert [bool(words) for words in said] == [number == group for number in range(len(field.groups))], "the others have ranges"
    nothing = replace(field, sheet=replace(field.sheet, errors=errors * np.nan))
    assert payload.range_missing(nothing) == "名次未附误差。"
    counted = replace(field, table=WeightTable(field.table.scheme.model_copy(update={"error": "none"}), "zone"))
    assert payload.range_missing(counted) == "全量统计，不含抽样误差。"


def test_an_older_run_knows_of_no_errors(opened, tmp_path):
    """Without the columns of errors the screen opens, and says that places carry none."""
    old = {"points": lambda frame: frame.drop(columns="se"), "ranks": lambda frame: frame.drop(columns=["se_total", "rank_low"])}
    shown = tuner(changed_run(opened("plain"), tmp_path / "run", **old), "station", period="2024Q4")
    assert shown.head["no_range"] == "名次未附误差。"
    assert set(np.frombuffer(payload.unit_arrays(shown.field)["errors"], "<i4")) == {payload.NOT_SCORED}


@pytest.mark.parametrize("name", ["plain", "recount"])
def test_the_kernel_tells_ranges_and_errors_with_the_draws(screen, name):
    """Five arrays come for the units of the group: both kinds of range, and errors in hundredths of the last decimal."""
    shown, ask = screen(name)
    draft, group = other_weights(shown.field), int(shown.head["group"])
    _, (*_, low, high, error) = ask("firm", weights=draft.tolist(), group=group)
    found = chance_ranges(shown.field, draft, group)
    assert np.array_equal(low, found[0])
    assert np.array_equal(high, found[1])
    assert np.array_equal(error, np.where(np.isnan(found[2]), -1, np.rint(np.nan_to_num(found[2]) * 10_000)))


def test_an_exact_stretch_ends_where_somebody_else_is_first(plain):
    """One step of a hundredth beyond the stretch the first place is another's, or shared, rounded or not; within it never."""
    group = next(group for group in range(len(plain.groups)) if not np.isnan(plain.sheet.points[plain.group == group]).any())
    _, ranges, _ = rank_robustness(plain, plain.table.in_force, group, 1)
    draft = Draft(plain.only(np.flatnonzero(plain.group == group)), plain.table.in_force, 1)
    totals = draft.totals.astype(float)
    for one in ranges:
        assert not one["sampled"]
        node, whole = one["node"], plain.table.whole(plain.table.in_force, int(plain.table.above[one["node"]]))
        slope = firm_slopes(draft, node)
        for value, holds in [
            (one["first"][0], True),
            (one["first"][1], True),
            (one["first"][0] - 1, False),
            (one["first"][1] + 1, False),
        ]:
            if 0 <= value <= whole:
                moved = totals + slope * (value - plain.table.in_force[node]) / whole
                same = np.array_equal(moved == moved.max(), draft.place == 1)
                assert (same and draft._same(node, value, 1)) == holds, (one, value)


def test_a_stretch_knows_who_gains_a_place(opened):
    """Of all who may have a place, be it those who have none today, the same are named at its ends, and others a point beyond."""
    zones = read_field(opened("plain"), "zone", parse("2024Q4"))
    group = zones.groups.index("四类")
    at = np.flatnonzero(zones.group == group)
    now = zones.base.place[at]
    for one in rank_robustness(zones, zones.table.in_force, group, zones.awards[group])[1]:
        draft = Draft(zones.only(at), zones.table.in_force, 1)
        whole = zones.table.whole(zones.table.in_force, int(zones.table.above[one["node"]]))
        for named, ends in ((1, one["first"]), (zones.awards[group], one["awards"])):
            for value in (*ends, *(end for end in (ends[0] - 100, ends[1] + 100) if 0 <= end <= whole)):
                place = zones.outcome(draft._moved(one["node"], value)).place[at]
                same = np.array_equal((place > 0) & (place <= named), (now > 0) & (now <= named))
                assert same == (value in ends), (one, value)


def test_what_weighs_nothing_and_is_moved_up_counts(plain):
    """Where somebody lacks an indicator, places by sums under a weight that was nothing are those of the run's arithmetic."""
    nothing = Draft(plain, plain.table.in_force, 1)._moved(19, 0)
    for group in range(len(plain.groups)):
        draft = Draft(plain.only(np.flatnonzero(plain.group == group)), nothing, 1)
        moved = draft._moved(19, 5000)
        weights = plain.table.weights(moved)
        by_sums = draft._by_sums(Weights(weights.own[:, None], weights.above, weights.leaves))[0]
        assert np.array_equal(by_sums, draft._by_run(moved))


def test_in_large_groups_steps_are_reckoned_by_sums(plain, monkeypatch):
    """Where a group is large and units lack indicators, who is named is found by sums that are not rounded: to two points."""
    group = next(group for group in range(len(plain.groups)) if np.isnan(plain.sheet.points[plain.group == group]).any())
    exact = rank_robustness(plain, plain.table.in_force, group, 1)[1]
    monkeypatch.setattr(sensitivity, "FEW", 1)
    by_sums = rank_robustness(plain, plain.table.in_force, group, 1)[1]
    assert [one["node"] for one in by_sums] == [one["node"] for one in exact]
    assert max(np.abs(np.subtract(one["first"], other["first"])).max() for one, other in zip(by_sums, exact, strict=True)) <= 200


def firm_slopes(draft, node):
    """Take the slopes of the group by two points of the exact totals, unrounded."""
    table = draft.field.table
    ends = [table.weights(draft._moved(node, value)) for value in (0, table.whole(draft.hundredths, int(table.above[node])))]
    shares = [np.array([float(s) for s in weights.nominal]) for weights in ends]
    return draft.field.sheet.points @ (shares[1] - shares[0]) * 100


# Saving


def test_saving_writes_an_override_that_can_be_read_again(screen, project, tmp_path, plain):
    """The file names records and whom it affects; other levels keep their weights; neither scheme nor file is overwritten."""
    shown, ask = screen()
    before = (project / "plain_scheme.yaml").read_bytes()
    draft = other_weights(shown.field)
    place = shown.field.outcome(draft).place.astype("<i4").tobytes()
    answer, _ = ask("save", [place], weights=draft.tolist(), **SIGNED)
    assert (answer["kind"], answer["again"]) == ("saved", False)
    path = tmp_path / "weights_station_2025-01-10.yaml"
    assert Path(answer["path"]).name == path.name
    assert answer["summary"].startswith("2024年第四季度，派出所 16 个单位：名次变动 ")
    scheme = load(project / "plain_scheme.yaml", path)
    changed = read_field(plain.run, "station", parse("2024Q4")).table
    by_level = [(i.code, i.weight["station"], i.weight["others"]) for i in scheme.dimensions if isinstance(i.weight, dict)]
    for code, station, others in by_level:
        node = 1 + [part.code for part in changed.parts].index(code)
        assert (int(station * 100), int(others * 100)) == (draft[node], changed.in_force[node])
    text = path.read_text("utf-8")
    assert re.search(r"records_fingerprint: [0-9a-f]{64}", text)
    assert (project / "plain_scheme.yaml").read_bytes() == before
    ask("save", [place], weights=draft.tolist(), **{**SIGNED, "author": "丙"})
    assert sorted(each.name for each in tmp_path.iterdir()) == [f"{path.stem}-2.yaml", path.name]


def test_saving_the_same_again_writes_nothing(screen, tmp_path):
    """Weights, reason and persons as they were: the file that is there is named, and no second one stands beside it."""
    shown, ask = screen()
    draft = other_weights(shown.field)
    place = shown.field.outcome(draft).place.astype("<i4").tobytes()
    first, _ = ask("save", [place], weights=draft.tolist(), **SIGNED)
    again, _ = ask("save", [place], weights=draft.tolist(), **SIGNED)
    assert (first["again"], again["again"]) == (False, True)
    assert again["path"] == first["path"]
    assert len(list(tmp_path.iterdir())) == len(shown.saved) == 1


@pytest.mark.slow
def test_what_is_said_after_saving_leads_to_a_comparison(project, opened, monkeypatch):
    """The two commands, typed as they are said, score another run and compare it with the one that was tuned."""
    (project / "params").mkdir()
    shutil.copy(project / "plain.yaml", project / "params" / "plain.yaml")
    (project / "my_notebooks").mkdir()
    monkeypatch.chdir(project / "my_notebooks")
    shown = tuner(opened("plain"), "station", period="2024Q4", folder=project)
    shown.saved.append(override.write_beside(shown.field, project, other_weights(shown.field), {**SIGNED, "date": "2025-02-03"}))
    commands = [line.split() for line in shown.saved_overrides().splitlines() if line.startswith("  fengqiao")]
    monkeypatch.chdir(project)
    for words in commands:
        done = CliRunner().invoke(app, words[1:])
        assert done.exit_code == 0, done.output
    assert [words[1] for words in commands] == ["score", "compare"]
    assert re.search(
        r"compare-\S*plain-\S*weights\S*-plain\.html", done.output
    )  # two runs of one name are told apart by their folders


@pytest.mark.parametrize(("kept", "words"), [("2024Q3", "对照按批次的考评期（2024年第四季度）"), ("2024Q4", "")])
def test_a_comparison_of_another_period_is_told(opened, tmp_path, kept, words):
    """What is tuned on an earlier quarter is compared in the run's own: that is said, else nothing."""
    shown = tuner(opened("plain"), "station", period=kept, folder=tmp_path)
    told = "\n".join(shown._next_steps(tmp_path / "weights.yaml"))
    assert ("对照按批次的考评期" in told) == bool(words)
    assert words in told


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reason": "太短"}, r"reason \[document\.value\]"),
        ({"checker": "甲"}, r"起草人与审核人都是“甲”；须为两人"),
        ({"date": "明天"}, r"date \[document\.value\]"),
        ({"author": None}, r"缺少必填的键“author”"),
    ],
)
def test_what_is_not_signed_well_is_refused(screen, tmp_path, change, words):
    """No reason, one person in both roles, no date, no author: refused in sentences, and nothing is written."""
    shown, ask = screen()
    draft = other_weights(shown.field)
    place = shown.field.outcome(draft).place.astype("<i4").tobytes()
    answer, _ = ask("save", [place], weights=draft.tolist(), **{**SIGNED, **change})
    assert answer["kind"] == "refused"
    assert re.search(words, "\n".join(answer["faults"]))
    assert not list(tmp_path.iterdir())


def test_all_faults_of_a_save_are_told_at_once(screen):
    """A short reason and a missing author are two sentences."""
    shown, ask = screen()
    draft = other_weights(shown.field)
    place = shown.field.outcome(draft).place.astype("<i4").tobytes()
    answer, _ = ask("save", [place], weights=draft.tolist(), reason="短", checker="乙", date="2025-01-10")
    assert len(answer["faults"]) == 2


def test_a_browser_that_disagrees_saves_nothing(screen, tmp_path):
    """One place that is not the kernel's, or too few of them: refused, the unit named; an officer is not."""
    shown, ask = screen()
    draft = other_weights(shown.field)
    place = shown.field.outcome(draft).place.astype("<i4")
    place[3] += 1
    answer, _ = ask("save", [place.tobytes()], weights=draft.tolist(), **SIGNED)
    assert f"（1 个单位，例如 {shown.field.units['unit_id'][3]}）" in answer["faults"][0]
    answer, _ = ask("save", [place[:2].tobytes()], weights=draft.tolist(), **SIGNED)
    assert "须送来 16 个名次，收到 2 个" in answer["faults"][0]
    officers, ask = screen(level="officer")
    place = officers.field.outcome(officers.field.table.in_force).place.astype("<i4") + 1
    answer, _ = ask("save", [place.tobytes()], weights=officers.field.table.in_force.tolist(), **SIGNED)
    assert "例如 —）" in answer["faults"][0]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("weights", [[], None, ["1"], [-1] * 20, [10**9] * 20, [1.5] * 20])
def test_weights_that_are_none_are_refused(screen, weights):
    """Too few, no numbers, negative, too large: every kind of message is answered with what would do."""
    _, ask = screen()
    for kind in ("totals", "firm", "save"):
        answer, _ = ask(kind, weights=weights, group=0)
        assert re.search(r"权重须是 20 个从 0 到 10000 的整数", answer["faults"][0])


def test_weights_that_do_not_add_up_are_not_saved(screen):
    """The sums of the scheme hold for a draft as well."""
    shown, ask = screen()
    draft = shown.field.table.in_force.copy()
    draft[1] += 100
    place = shown.field.outcome(draft).place.astype("<i4").tobytes()
    answer, _ = ask("save", [place], weights=draft.tolist(), **SIGNED)
    assert "各维度权重之和须为 100，实际为 101" in answer["faults"][0]


def test_save_override_takes_weights_by_code(opened, tmp_path):
    """Without a screen: codes and numbers; a file that is there is never overwritten, and nothing changed is nothing saved."""
    run, path = opened("plain"), tmp_path / "new.yaml"
    dimensions = {d.code: d.weight for d in run.scheme.dimensions}
    first, second = list(dimensions)[:2]
    given = {first: dimensions[first] - 5, second: dimensions[second] + 5}
    saved = fq.save_override(run, path, given, period="2024Q4", **SIGNED)
    assert saved.path == path
    assert load(ROOT / "params" / "one_table.yaml", path).dimensions[0].weight["station"] == given[first]
    with pytest.raises(UsageError, match="已存在，不会覆盖"):
        fq.save_override(run, path, given, **SIGNED)
    with pytest.raises(InputError, match="权重与现行方案相同"):
        fq.save_override(run, tmp_path / "same.yaml", dimensions, **SIGNED)
    with pytest.raises(InputError, match=r"weights\.visit \[override\.unknown_code\] 方案中没有“visit”"):
        fq.save_override(run, tmp_path / "strange.yaml", {**given, "visit": 3}, **SIGNED)


def test_an_override_writes_weights_as_people_do(opened, tmp_path):
    """Whole weights have no point, halves have one; a weight that is the same at every level would be one number."""
    run, path = opened("plain"), tmp_path / "plain.yaml"
    first, second, third, *_ = run.scheme.dimensions
    given = {first.code: first.weight - Decimal("7.5"), second.code: second.weight + 3, third.code: third.weight + Decimal("4.5")}
    fq.save_override(run, path, given, period="2024Q4", **SIGNED)
    lines = re.findall(r"^  (\w+): \{station: ([0-9.]+), others: ([0-9.]+)\}$", path.read_text("utf-8"), re.MULTILINE)
    was = {part.code: part.weight for part in run.scheme.dimensions}
    assert lines == [(code, f"{weight.normalize():f}", f"{was[code].normalize():f}") for code, weight in given.items()]
    assert [station.endswith(".5") for _, station, _ in lines] == [True, False, True]


@pytest.mark.slow
def test_an_override_after_another_holds_all_weights(project, opened, tmp_path):
    """What follows an override is put on the scheme as it was signed, so that it repeats what the earlier one changed."""
    run = opened("plain")
    codes = [d.code for d in run.scheme.dimensions[:2]]
    weights = {d.code: d.weight for d in run.scheme.dimensions[:2]}
    fq.save_override(run, project / "one.yaml", {codes[0]: weights[codes[0]] - 5, codes[1]: weights[codes[1]] + 5}, **SIGNED)
    after = open_run(score(project, "after", "plain_scheme.yaml", "overrides: one.yaml\nlevels: [station]\n"))
    field = read_field(after, "station", parse("2024Q4"))
    override.write(field, tmp_path / "two.yaml", other_weights(field), SIGNED)
    scheme = load(project / "plain_scheme.yaml", tmp_path / "two.yaml")
    found = fq.weights_at(scheme, "station")
    assert np.array_equal(found.own, field.table.weights(other_weights(field)).own)


def test_officers_are_counted_in_a_saved_file_and_not_named(opened, tmp_path):
    """A summary at the officers' level holds numbers, and no officer's id or name."""
    run = opened("plain")
    field = read_field(run, "officer", parse("2024Q4"))
    saved = override.write(field, tmp_path / "officers.yaml", other_weights(field), SIGNED)
    text = saved.path.read_text("utf-8")
    assert isinstance(saved.affected.enter, int)
    assert not [cell for column in ("unit_id", "name") for cell in field.units[column] if cell in text]


# Without Jupyter


def test_one_file_asks_for_nothing_and_runs_nothing_of_the_records(opened, tmp_path):
    """The page holds script, style and data; a unit named like markup stays text; no address stands in what it loads."""
    run = opened("plain")
    hostile = "</script><img src=x onerror=alert(1)>\u2028"
    units = run.frame("units").data
    frame = units.assign(name=np.where(units["unit_id"] == "S001", hostile, units["name"]))
    folder = shutil.copytree(run.path, tmp_path / "run")
    frame.to_parquet(folder / "units.parquet")
    page = write_standalone(folder, tmp_path / "page.html").read_text("utf-8")
    assert page.count("</script>") == 3
    assert "onerror=alert" in page
    assert "<img" not in page
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=|@import|url\(", page.replace("src=x", ""))


def test_one_file_says_where_places_may_lie_in_a_period_that_the_run_has_no_ranges_of(opened, tmp_path):
    """There is no kernel to ask: what it would answer at the weights in force stands in the page, class by class."""
    run = opened("plain")
    field = choose(run, "station")
    assert not field.sheet.low.any(), "the run says nothing of this period"
    page = write_standalone(run, tmp_path / "page.html", "station").read_text("utf-8")
    arrays = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])["arrays"]
    low, high = (np.frombuffer(base64.b64decode(arrays[name]), "<i4") for name in ("low", "high"))
    for group in range(len(field.groups)):
        said = chance_ranges(field, field.table.in_force, group)
        assert low[field.group == group].tolist() == said[0].tolist()
        assert high[field.group == group].tolist() == said[1].tolist()
    place, said = field.base.place, low > 0
    assert said.any(), "a class of five and more has ranges"
    assert ((low <= place) & (place <= high))[said].all()


def test_one_file_names_no_officer(opened, tmp_path):
    """Officers are numbered: neither a name nor an id of one is in the page."""
    run = opened("plain")
    page = write_standalone(run, tmp_path / "page.html", "officer").read_text("utf-8")
    units = run.frame("units", officers=True).data
    texts = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])["texts"]
    assert texts["names"].split("\n")[:2] == ["民警 1", "民警 2"]
    assert not [cell for column in ("unit_id", "name") for cell in units[column] if f'"{cell}' in page or f"\\n{cell}" in page]


@pytest.mark.parametrize(
    ("given", "words"),
    [("page.txt", "须是批次文件夹以外的 .html 文件"), ("runs/plain/page.html", "须是批次文件夹以外的 .html 文件"),
     ("foreign.html", "不是权重调试页，不予覆盖"), ("link.html", "link.html"), ("folder.html", "folder.html")],
)  # fmt: skip
def test_a_page_replaces_nothing_but_a_page_of_ours(project, tmp_path, monkeypatch, given, words):
    """No .html file, inside the run, another's file, a link, a folder: refused, and what stood there stays."""
    shutil.copytree(project / "runs" / "plain", tmp_path / "runs" / "plain")
    monkeypatch.chdir(tmp_path)
    Path("foreign.html").write_text("theirs", "utf-8")
    Path("link.html").symlink_to(tmp_path / "page-elsewhere")
    Path("folder.html").mkdir()
    with pytest.raises((UsageError, OSError), match=words):
        write_standalone("runs/plain", given)
    assert Path("foreign.html").read_text("utf-8") == "theirs"
    assert not Path("page-elsewhere").exists()
    assert not Path("runs/plain/page.html").exists()


def test_a_page_of_ours_is_written_anew(opened, tmp_path):
    """The second time it stands in the place of the first."""
    path = tmp_path / "new" / "page.html"
    first = write_standalone(opened("plain"), path, lang="zh").read_bytes()
    assert write_standalone(opened("plain"), path, lang="en").read_bytes() != first


def test_what_needs_a_kernel_is_no_page_by_itself(opened, tmp_path):
    """Where only the kernel can reckon, no page is written, and it is said why."""
    with pytest.raises(UsageError, match="要有后台程序才能算（有几何平均"):
        write_standalone(opened("recount"), tmp_path / "page.html", "station")
    assert not list(tmp_path.iterdir())


def test_the_screen_is_an_anywidget_whose_state_holds_no_path_and_no_name(screen, project):
    """All that is synced is JSON or bytes; no folder of the machine is in it, and no name: tools keep it in the notebook."""
    shown, ask = screen()
    assert isinstance(shown, anywidget.AnyWidget)
    state = {key: value for key, value in shown.get_state().items() if not key.startswith("_")}
    assert str(project) not in str(state)
    units, (told, _) = shown.field.units, ask("open")
    assert not [name for name in (*units["name"], *units["unit_id"]) if name in str(state)]
    assert [told["names"].split("\n"), told["ids"].split("\n")] == [[*units["name"]], [*units["unit_id"]]]
    assert shown.weights == shown.field.table.in_force.tolist()


def test_the_screen_opens_at_a_class_that_has_an_award_list(opened, monkeypatch):
    """The largest of those whose share names somebody; where nobody is named, the first; a class that is asked for is the one."""
    field = choose(opened("plain"), "zone", "2024Q4")
    awards = [0] * len(field.groups)
    awards[-1] = 2
    for wanted, given in ((len(awards) - 1, awards), (0, [0] * len(awards))):
        monkeypatch.setattr(type(field), "awards", property(lambda _, given=given: given))
        assert payload.screen_head(field)["group"] == wanted
    assert payload.screen_head(field, field.groups[1])["group"] == 1


def test_whatever_fails_while_saving_is_told_in_a_sentence(screen, monkeypatch):
    """What the system refuses by its reason, a fault of ours by what to do; the browser never waits for nothing."""
    shown, ask = screen()
    draft = other_weights(shown.field)
    place = shown.field.outcome(draft).place.astype("<i4").tobytes()
    (shown.folder / "file").write_text("", "utf-8")
    shown.folder /= "file"
    answer, _ = ask("save", [place], weights=draft.tolist(), **SIGNED)
    assert (answer["kind"], len(answer["faults"])) == ("refused", 1)
    assert not re.search(r"Error|Errno|Traceback", answer["faults"][0])
    sent = []
    shown.send = lambda content, buffers=None: sent.append((content, buffers))
    monkeypatch.setattr(override, "write_beside", lambda *_: {}["gone"])
    with pytest.raises(KeyError):
        shown._asked(shown, {"kind": "save", "id": 9, "weights": draft.tolist(), **SIGNED}, [place])
    assert sent[-1][0] == {
        "kind": "refused",
        "id": 9,
        "faults": ["程序在这里出了差错，没有完成；草稿还在。请把批次文件夹和做到哪一步告诉维护者。"],
    }


def test_level_and_period_are_chosen_on_the_screen(screen):
    """Both are listed; another one opens with its own units, and what is not there is refused while the screen stays."""
    shown, _ = screen()
    sent = []
    shown.send = lambda content, buffers=None: sent.append((content, buffers))
    levels, periods = ([one["code"] for one in shown.head[key]] for key in ("levels", "periods"))
    assert {"city", "county", "station", "officer"} <= set(levels)
    assert {"2024Q4", "2024Q3"} <= set(periods)
    shown._asked(shown, {"kind": "open", "id": 1, "level": "county", "period": "2024Q3"}, [])
    head, parts = sent[-1][0]["head"], dict(zip(sent[-1][0]["arrays"], sent[-1][1], strict=True))
    assert (head["level"], head["period"], head["n"]) == ("county", "2024Q3", len(parts["able"]))
    assert shown.weights == shown.field.table.in_force.tolist()
    shown._asked(shown, {"kind": "open", "id": 2, "level": "county", "period": "1999Q1"}, [])
    assert sent[-1][0]["kind"] == "refused"
    assert (shown.field.level, str(shown.field.period)) == ("county", "2024Q3")


def test_a_level_goes_by_its_name_too(opened):
    """In Chinese and in English, as it stands on every page."""
    assert [choose(opened("plain"), name, "2024Q4").level for name in ("县（区）局", "County", "county")] == ["county"] * 3


def test_the_screen_speaks_the_language_that_is_asked_for(screen):
    """Whatever that of the run: the words of the screen, and what is said until they are there."""
    shown, _ = screen(lang="en")
    assert shown.head["words"]["tuner.title"] == "Tuning weights"
    assert shown.opening["waits"] == "Opening the tuning screen …"


def test_a_draft_is_kept_under_run_weights_and_level(screen):
    """The key under which a browser keeps a draft changes with the level, not with the period, and names no unit."""
    keys = [screen(level=level, period=period)[0].head["key"] for level, period in
            (("station", "2024Q4"), ("station", "2024Q3"), ("county", "2024Q4"))]  # fmt: skip
    assert keys[0] == keys[1] != keys[2]
    assert re.fullmatch(r"plain [0-9a-f]{16} station", keys[0])


# Bad input


def changed_run(run, folder, **frames):
    """Copy a run with frames changed by functions; None takes a frame away."""
    shutil.copytree(run.path, folder)
    for name, change in frames.items():
        path = folder / f"{name}.parquet"
        path.unlink() if change is None else change(pd.read_parquet(path)).to_parquet(path)
    return folder


def test_a_run_without_points_says_what_to_do(opened, tmp_path):
    """Neither an empty screen nor a stack trace: score again."""
    folder = changed_run(opened("plain"), tmp_path / "run", points=None)
    with pytest.raises(UsageError, match=r"计分结果 plain 中没有层级 station 的得分；请重新计分"):
        tuner(folder)
    for name in ("ranks", "units"):
        (folder / f"{name}.parquet").unlink()
    with pytest.raises(UsageError, match="请重新计分"):
        tuner(folder)


def test_strange_levels_periods_and_groups_are_refused(opened):
    """What there is instead is named."""
    run = opened("plain")
    with pytest.raises(UsageError, match=r"没有层级 village、期间 2024Q4 的单位；有的层级：city"):
        tuner(run, "village", period="2024Q4")
    with pytest.raises(UsageError, match=r"没有层级 station、期间 2019Q4 的单位；.*有的期间：2024Q4"):
        tuner(run, period="2019Q4")
    with pytest.raises(UsageError, match="没有组别“五类”；有的组别：一类, 二类, 三类, 四类"):
        tuner(run, group="五类")


def test_contributions_of_another_arithmetic_are_refused(opened, tmp_path):
    """A run whose contributions its points and weights do not make cannot be tuned: nobody could say what moves."""

    def moved(points):
        return points.assign(contribution=points["contribution"] + 0.01)

    folder = changed_run(opened("plain"), tmp_path / "run", points=moved)
    with pytest.raises(UsageError, match="贡献与其得分、权重不符"):
        tuner(folder, period="2024Q4")


def test_one_unit_alone_is_told(opened):
    """The city has nobody to be compared with: the screen opens and says so; the kernel answers."""
    shown = tuner(opened("plain"), "city", period="2024Q4")
    assert any("只有一个单位" in one for one in shown.head["warnings"])
    ends, ranges, _ = rank_robustness(shown.field, shown.field.table.in_force, 0, 1)
    assert [end.tolist() for end in ends] == [[1], [1]]
    assert all(one["first"] == [0, 10000] for one in ranges)


def test_equal_totals_are_told(opened, tmp_path):
    """Where everybody has the same points no weights tell them apart; all share the first place."""

    def same(points):
        return points.assign(points=80.0, status="ok", contribution=80.0 * points["weight"])

    run = opened("plain")
    folder = changed_run(run, tmp_path / "run", points=same)
    weights = fq.weights_at(run.scheme, "station")
    exact = total(np.full((1, 15), 80.0), np.ones((1, 15), dtype=bool), weights).contributions[0] / 100
    points = pd.read_parquet(folder / "points.parquet")
    number = points["indicator"].astype("category").cat.set_categories([i.code for i in run.scheme.indicators]).cat.codes
    points.assign(contribution=exact[number]).to_parquet(folder / "points.parquet")
    ranks = pd.read_parquet(folder / "ranks.parquet")
    ranks.assign(total=exact.sum()).to_parquet(folder / "ranks.parquet")
    shown = tuner(folder, "station", period="2024Q4")
    assert any("所有单位总分相同" in one for one in shown.head["warnings"])
    assert set(shown.field.base.place) == {1}


def test_missing_indicators_are_counted(opened):
    """How many units lack something is said above the screen."""
    told = list(choice_warnings(choose(opened("plain"), "officer", "2024Q4")))
    assert any(re.match(r"\d+ 个单位有缺测指标", one) for one in told)


@pytest.mark.slow
@pytest.mark.parametrize(("count", "mode"), [(65_536, "browser"), (65_537, "kernel")])
def test_the_kernel_takes_over_where_the_browser_cannot(opened, tmp_path, count, mode):
    """65,536 units are the most a browser places; with one more the kernel does, and answers the same."""
    run = opened("plain")

    def many(frame):
        kept = frame[(frame["level"] == "station") & (frame["period"] == "2024Q4")] if "period" in frame else frame
        kept = kept[kept["level"] == "station"]
        ids = kept["unit_id"].drop_duplicates().astype("str")
        copies = -(-count // len(ids))
        every = pd.concat(
            [kept.assign(unit_id=kept["unit_id"].astype("str") + f"-{n}") for n in range(copies)], ignore_index=True
        )
        wanted = [f"{unit}-{n}" for n in range(copies) for unit in ids][:count]
        return every[every["unit_id"].isin(wanted)]

    folder = changed_run(run, tmp_path / "run", points=many, ranks=many, units=many)
    shown = tuner(folder, "station", period="2024Q4")
    assert (shown.head["n"], shown.head["mode"]) == (count, mode)
    assert (f"单位 {count} 个，超过浏览器能排的 65536 个" in shown.head["why_kernel"]) == (mode == "kernel")
    assert np.array_equal(shown.field.base.totals, shown.field.sheet.totals)
