"""A scheme that uses every feature: what cards, workbook and explain say of it adds up for every unit, to the last decimal."""

import re
from decimal import Decimal

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from every_feature import RUNS, copy_runs
from fengqiao_eval.cli import app
from fengqiao_eval.pages import plain_text
from fengqiao_eval.pages.explain import Question, entry_lines, total_lines
from fengqiao_eval.pages.fragments import dimensions_table, indicators_table
from fengqiao_eval.pages.plain_text import indicator_remarks
from fengqiao_eval.results.card import card
from fengqiao_eval.results.run import open_run
from fengqiao_eval.workbooks import results

pytestmark = pytest.mark.slow

SUM = re.compile(r"(按规则|得分|由分值折算|按本类满分折算|百分位|在最差与最好之间|标准分|贡献)：(.+) = (−?[\d.]+)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Score the invented province, counted anew and as the mean of months."""
    return copy_runs(tmp_path_factory, "every")


@pytest.fixture(scope="module", params=RUNS)
def run(folder, request):
    """Open each of the runs."""
    return open_run(folder / "runs" / request.param)


@pytest.fixture(scope="module")
def recounted(folder):
    """Open the run whose quarter is counted anew."""
    return open_run(folder / "runs" / "recount")


def units(run, officers=1000):
    """Name the units of a run, and so many of its officers."""
    return [*run.frame("units").units, *list(run.frame("units", officers=True).units)[:officers]]


def reckoned(text):
    """Reckon a printed sum."""
    return eval(text.replace("−", "-").replace("×", "*").replace(",", ""), {"__builtins__": {}})  # noqa: S307 - our own words


def test_every_explained_total_adds_up(run):
    """The parts that explain prints add up to the total of every unit (and of thirty officers), to the last decimal shown."""
    for unit in units(run, 30):
        said = total_lines(run, unit, "zh")
        [whole] = [line for line in said if line.startswith("合计：")]  # below it stands how firm the place is
        parts, total = re.fullmatch(r"合计：(.+) = (−?[\d.-]+)", whole).groups()
        found = sum(Decimal(part) for part in re.sub(r"([+−]) ", r"\1", parts).replace("−", "-").split())
        assert (found, Decimal(total)) == (Decimal(f"{Question(run, unit, 'zh').rank['total']:.2f}"),) * 2, unit


def test_every_line_printed_is_part_of_the_sum(run):
    """Each contribution and each line outside the hundred stands in the explanation of the total with its own number."""
    for unit in units(run, 10):
        said = "\n".join(total_lines(run, unit, "en"))
        for line in card(run, unit, "en").adjustments:
            number = f"{line.points:+.2f}".replace("-", "−") if line.points else ""
            assert f"  {line.label} ({line.code})  {line.said('en')}  {number}".rstrip() in said


def test_every_sum_is_right(recounted):
    """Every sum that explain prints on the way from value to contribution comes to what stands behind its = sign."""
    seen = set()
    for unit in units(recounted, 12):
        for entry in recounted.scheme.entries:
            for kind, written, result in SUM.findall("\n".join(entry_lines(recounted, unit, entry.code, None, "zh"))):
                off = 0.0051 if kind == "贡献" else 6e-4  # weights stand there with six decimals, values too
                *_, last = written.split(" = ")
                assert reckoned(last) == pytest.approx(float(result.replace("−", "-")), abs=off), (unit, entry.code, written)
                seen.add(kind)
    assert seen == {"按规则", "得分", "百分位", "在最差与最好之间", "标准分", "贡献"}


def test_points_explained_are_the_points_scored(recounted):
    """The last number of the chain from value to points is that of the frames, for every unit and indicator."""
    points = recounted.frame("points").data
    shown = points[(points["period"] == "2024Q4") & points["points"].notna()]
    for row in shown[shown["unit_id"].isin(["X01", *(f"S{number:03d}" for number in range(1, 13))])].to_dict("records"):
        said = entry_lines(recounted, row["unit_id"], row["indicator"], None, "zh")
        contribution = next(line for line in said if line.startswith("贡献："))
        assert contribution.startswith(f"贡献：{row['points']:,.4f}".replace("-", "−")), said


def test_every_card_adds_up(run):
    """Contributions of the dimensions and the lines beside them are the total on every card, and the card says so."""
    for unit in units(run, 20):
        of = card(run, unit)
        parts = sum(line.contribution for line in of.dimensions) + sum(line.points for line in of.adjustments)
        assert parts == pytest.approx(of.standing.total, abs=1e-9)
        assert sum(line.contribution for line in of.indicators) == pytest.approx(sum(d.contribution for d in of.dimensions))
        assert bool(plain_text.total_parts(of)) == bool(of.adjustments)


def test_a_dimension_in_a_dimension_is_a_line_of_its_own(recounted):
    """Dimensions stand one in another, each with the sum of what is in it; tables indent them."""
    of = card(recounted, "S001")
    assert [(line.code, line.depth) for line in of.outline] == [
        ("work", 0), ("calls", 1), ("visits", 1), ("duties", 2), ("made", 2), ("public", 0),
    ]  # fmt: skip
    earned = {line.code: line.contribution for line in of.outline}
    assert earned["work"] == pytest.approx(earned["calls"] + earned["duties"] + earned["made"])
    assert 'class=fq-inner style="--depth:2"' in dimensions_table(of).html
    assert indicators_table(of).html.count("<tbody>") == 6 + len({line.inside for line in of.adjustments})


def test_full_marks_are_those_of_the_class(recounted):
    """A station of a class with full marks of its own can reach those, the others the usual ones."""
    classes = recounted.frame("units").data.set_index("unit_id")["peer_class"]
    for unit in classes.index[classes.isin(["三类", "四类"])]:
        of = card(recounted, unit)
        assert of.standing.full == (150 if classes[unit] == "三类" else 100)
        assert sum(line.possible for line in of.dimensions) == pytest.approx(of.standing.full)


def test_a_value_says_what_it_was_held_against(recounted):
    """Beside an indicator stand quota, period before, peers and place, with what came of them."""
    said = "\n".join(plain_text.indicators(card(recounted, unit)) for unit in units(recounted, 0))
    for words in (
        r"定额120 次，完成[\d.]+%",
        r"上期[\d.]+%，相差[+−][\d.]+ 个百分点",
        r"同级中位数[\d.]+%，相差",
        r"居同类\d+个中第\d+位",
    ):
        assert re.search(words, said), words
    english = "\n".join(plain_text.indicators(card(recounted, unit, "en")) for unit in units(recounted, 0))
    assert re.search(r"the quota is 120 times: [\d.]+% of it done", english)


def test_who_is_exempt_is_told_so(recounted):
    """An indicator that does not apply says so, and that it counts as full marks, on the card and among what it cannot tell."""
    classes = recounted.frame("units").data.set_index("unit_id")["peer_class"]
    of = card(recounted, classes.index[classes == "一类"][0])
    line = next(line for line in of.indicators if line.code == "quota")
    assert (line.status, line.points) == ("not_applicable", 100)
    assert "不适用，视同满分" in indicator_remarks(line, of)
    assert any(said.startswith("对本单位不适用：核验走访定额完成率；按满分计") for said in of.unknowns)


def test_a_mean_names_its_months(folder):
    """Where the total is the mean of the months' totals the card names them, explain each contribution's; no gain is promised."""
    run = open_run(folder / "runs" / "mean_of_totals")
    of = card(run, "S001")
    months = [run.frame("ranks").of("S001").set_index("period").loc[f"2024-{month}", "total"] for month in (10, 11, 12)]
    assert plain_text.monthly_mean(of).startswith("总分为3期总分的平均：" + "、".join(
        f"2024年{number}月 {total:.2f}" for number, total in zip((10, 11, 12), months, strict=True)))  # fmt: skip
    assert of.standing.total == pytest.approx(sum(months) / 3, abs=0.0051)
    assert of.gains == ()
    said = "\n".join(entry_lines(run, "S001", "arrival", None, "zh"))
    assert len(re.findall(r"(?m)^  2024-1[012]：[\d.]+ × [\d.]+ = [\d.]+$", said)) == 3
    assert re.search(r"3 期平均，得分按各期所用权重加权：[\d.]+ × [\d.]+ = [\d.]+（各期贡献 [\d.]+ [\d.]+ [\d.]+）", said)


def test_gains_are_silent_where_no_promise_can_be_kept(recounted):
    """Nothing is promised under a geometric mean, a limit, a reference or a standing in the class."""
    named = {gain.code for unit in units(recounted) for gain in card(recounted, unit).gains}
    assert named <= {"overdue"}


def test_a_line_outside_is_explained_down_to_its_notices(folder, monkeypatch):
    """A veto says what it took of its item, the group its limits, and each notice its source and checker, never its reason."""
    monkeypatch.chdir(folder)
    lines = open_run(folder / "runs" / "recount").frame("adjustments").data
    vetoed = lines[(lines["line"] == "veto") & (lines["period"] == "2024Q4")].iloc[0]
    said = CliRunner().invoke(app, ["explain", "recount", vetoed["unit_id"], "veto"]).output
    amount = f"−{-vetoed['contribution']:.2f}"
    assert re.search(rf"计入总分：“走访覆盖率”一项在发生的月份计零 {amount} = −[\d.]+ × [123] / 3", said)
    assert "所在组“投诉与否决”：合计最多扣6分" in said
    assert re.search(r"(?m)^  N\d+  2024-1\d-\d\d \d\d:\d\d  计 1  依据：\S+  审核：\S+$", said)
    notices = pd.read_parquet(folder / "demo" / "notices.parquet")
    assert not [reason for reason in notices["reason"].dropna().unique() if reason in said]


def test_records_add_up_for_every_kind(folder, monkeypatch):
    """The records listed behind each indicator add up to what was scored."""
    monkeypatch.chdir(folder)
    for indicator in ("arrival", "coverage", "quota", "satisfied", "overdue"):
        said = CliRunner().invoke(app, ["explain", "recount", "S002", indicator]).output
        assert "与评分时一致" in said.splitlines()[-1], said[-300:]


def test_the_workbook_lists_what_is_no_indicators(run, tmp_path):
    """Every line outside the hundred is a row with its records; their sum is the adjusted column of the levels."""
    results.write_workbook(run.path, tmp_path / "table.xlsx")
    book = CalamineWorkbook.from_path(str(tmp_path / "table.xlsx"))
    head, *rows = book.get_sheet_by_name("加扣明细").to_python()
    found = pd.DataFrame(rows, columns=head)
    lines = run.frame("adjustments").data
    lines = lines[lines["period"] == "2024Q4"]
    assert len(found) == len(lines)
    heads, *cells = book.get_sheet_by_name("派出所").to_python()[1:]
    level = pd.DataFrame(cells, columns=[f"{number}:{word}" for number, word in enumerate(heads)])
    sums = found.groupby("编号")["计入总分"].sum().round(2)
    adjusted = level.set_index("2:编号")[f"{heads.index('加扣与汇总增减')}:加扣与汇总增减"]
    assert adjusted.to_dict() == sums.reindex(adjusted.index, fill_value=0.0).to_dict()


def test_the_run_speaks_english(recounted):
    """No sentence of card or explanation is missing in English."""
    for unit in ("S001", "X01", units(recounted)[-1]):
        of = card(recounted, unit, "en")
        said = [
            plain_text.headline(of),
            plain_text.indicators(of),
            plain_text.dimensions(of),
            *total_lines(recounted, unit, "en"),
        ]
        said += [line for e in recounted.scheme.entries for line in entry_lines(recounted, unit, e.code, None, "en")[3:-1]]
        assert re.findall(r"[：；，。]", "\n".join(said)) == []


def test_an_officers_card_and_explanation_name_no_colleague(recounted):
    """Neither card nor explanation of an officer names another; what they are compared with is numbers only."""
    colleagues = recounted.frame("units", officers=True).units
    for unit in units(recounted)[-6:]:
        said = [repr(card(recounted, unit)), *total_lines(recounted, unit, "zh")]
        said += [line for e in recounted.scheme.entries for line in entry_lines(recounted, unit, e.code, None, "zh")]
        assert [other for other in colleagues if other != unit and re.search(rf"\b{other}\b", "\n".join(said))] == []
    assert not set(colleagues) & {*recounted.frame("comparisons").units, *recounted.frame("adjustments").units}
