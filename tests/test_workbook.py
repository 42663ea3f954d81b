"""The workbook holds the frames as real numbers, prints on A4, and takes no text for a formula."""

import csv
import re
import zipfile
from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from fengqiao_eval.results.card import card, write_records_csv
from fengqiao_eval.results.lost_records import Lost, LostRecords
from fengqiao_eval.results.run import open_run
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring.aggregation import whole_weights
from fengqiao_eval.wording.definitions import definition, rule_of
from fengqiao_eval.workbooks import losses, results
from run_folders import HOSTILE, NOT_RANKED, scheme, write_run
from runs_fixture import write as write_rich


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write a run with both workbooks."""
    run = write_run(tmp_path_factory.mktemp("runs") / "demo")
    results.write_workbook(run, run / "one_table.xlsx")
    results.write_workbook(run, run / "officer" / "one_table.xlsx", officers=True)
    return run


def cells(path, name):
    """Read a sheet as rows of cells."""
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_name(name).to_python()


def sheet(path, name, head):
    """Read a sheet below its row `head` (0 is the first) into a frame whose columns are numbered."""
    heads, *rows = cells(path, name)[head:]
    return pd.DataFrame(rows, columns=[f"{number}:{word}" for number, word in enumerate(heads)])


def parts(path):
    """Read the files inside a workbook: name -> text."""
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name).decode("utf-8") for name in packed.namelist()}


def test_a_sheet_a_level_and_three_more(folder):
    """The workbook begins with what it is, then come the levels, the one table and the recalculation."""
    names = CalamineWorkbook.from_path(str(folder / "one_table.xlsx")).sheet_names
    assert names == ["说明", "市局", "县（区）局", "派出所", "警务区", "指标", "验算"]


def test_totals_and_places_are_the_frames(folder):
    """Each unit stands with its total and place, units without a place last and without one; too little scored is no total."""
    found = sheet(folder / "one_table.xlsx", "派出所", 1)
    ranks = pd.read_parquet(folder / "ranks.parquet")
    ranks = ranks[(ranks["period"] == "2024Q4") & (ranks["level"] == "station")].set_index("unit_id")
    assert dict(zip(found["2:编号"], found["6:总分"], strict=True)) == {**ranks["total"].to_dict(), NOT_RANKED: ""}
    placed = found[found["0:名次"] != ""]
    assert dict(zip(placed["2:编号"], placed["0:名次"].astype(int), strict=True)) == ranks["rank"].dropna().astype(int).to_dict()
    assert set(found["2:编号"].tail(2)) == {NOT_RANKED, "S005"}
    assert found["4:类别"].drop_duplicates().tolist()[:2] == ["一类", "二类"]


def test_counts_stay_beside_the_points(folder):
    """Numerator, denominator, value and points of an indicator stand side by side; without points the reason stands there."""
    found = sheet(folder / "one_table.xlsx", "派出所", 1).set_index("2:编号")
    points = pd.read_parquet(folder / "points.parquet")
    points = points[(points["period"] == "2024Q4") & (points["indicator"] == "arrival_on_time")].set_index("unit_id")
    first = next(place for place, name in enumerate(found) if name.endswith(":分子"))
    cells = found.iloc[:, first : first + 4]
    unit = points.index[points.index.isin(cells.index) & points["points"].notna()][0]
    assert cells.loc[unit].tolist() == points.loc[unit, ["numerator", "denominator", "value", "points"]].tolist()
    texts = {cell for cell in found.iloc[:, first + 3 :: 4].to_numpy().ravel() if isinstance(cell, str)}
    assert {"样本过少", "无可计记录", "作废"} >= texts - {""} > set()


def test_officers_have_a_workbook_of_their_own(folder):
    """The main workbook holds no officer, the officers' holds nobody else."""
    main, own = (folder / "one_table.xlsx", folder / "officer" / "one_table.xlsx")
    assert not re.search(r"P000\d|秘名", "".join(parts(main).values()))
    names = CalamineWorkbook.from_path(str(own)).sheet_names
    assert names == ["说明", "民警", "指标", "验算"]
    assert sheet(own, "民警", 1)["2:编号"].str.startswith("P").all()


def test_nothing_is_written_where_no_officer_was_scored(tmp_path):
    """A run without officers has no workbook of officers."""
    run = write_run(tmp_path / "demo", officers=0, months=False)
    results.write_workbook(run, tmp_path / "officers.xlsx", officers=True)
    assert not (tmp_path / "officers.xlsx").exists()


def test_no_text_becomes_a_formula(folder):
    """A name that begins with = is a text; formulas stand in the recalculation only, and none looks out of the workbook."""
    found = parts(folder / "one_table.xlsx")
    sheets = {name: re.findall(r"<f>(.*?)</f>", text) for name, text in found.items() if "/worksheets/" in name}
    assert [name for name, formulas in sheets.items() if formulas] == ["xl/worksheets/sheet7.xml"]
    used = {word for formula in sheets["xl/worksheets/sheet7.xml"] for word in re.findall(r"[A-Z]+(?=\()", formula)}
    assert used == {"ABS", "AND", "IF", "IFERROR", "ISNUMBER", "RANK", "ROUND", "SUM", "SUMPRODUCT"}
    assert HOSTILE in sheet(folder / "one_table.xlsx", "派出所", 1)["3:单位"].tolist()
    assert not [name for name in found if "externalLink" in name or "hyperlink" in name.lower()]


def test_sheets_print_on_a4(folder):
    """Every sheet is A4 landscape with its state on top; heads are frozen, levels have filters and colour scales."""
    found = parts(folder / "one_table.xlsx")
    sheets = [found[f"xl/worksheets/sheet{number}.xml"] for number in range(1, 8)]
    assert all(sign in text for text in sheets for sign in ('paperSize="9"', 'orientation="landscape"', 'fitToPage="1"'))
    assert all('state="frozen"' in text for text in sheets[1:])
    assert all("<autoFilter" in text and "<colorScale>" in text for text in sheets[1:5])
    assert all("【草稿】" in text for text in sheets)
    assert found["xl/workbook.xml"].count("_xlnm.Print_Titles") == 6


def test_the_same_run_gives_the_same_bytes(folder, tmp_path):
    """Written twice, the workbook is equal to the last byte; its only date is the run's as_of."""
    results.write_workbook(folder, tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == (folder / "one_table.xlsx").read_bytes()
    assert "2025-01-01T00:00:00Z" in parts(tmp_path / "again.xlsx")["docProps/core.xml"]


def test_what_it_is_stands_on_the_first_sheet(folder):
    """State, period, as_of, how to object, sources, records and notes are said, of officers only their number."""
    text = "\n".join(str(cell) for row in cells(folder / "one_table.xlsx", "说明") for cell in row)
    for said in (
        "草稿：",
        "2024年第四季度",
        "2025-01-01 00:00",
        "考评办 0571-0000000",
        "甘肃",
        "警情案件　120,345",
        "6 人，不列于",
    ):
        assert said in text
    assert "of_no_catalogue: rows 3" in text


def test_the_one_table_is_a_sheet(folder):
    """Every indicator stands there with its definition, points, target and source; the shares of a level add up to 100."""
    found = sheet(folder / "one_table.xlsx", "指标", 0)
    table = scheme()
    assert found["2:代码"].tolist() == [i.code for i in table.indicators]
    shares = [name for name in found if "占总分" in name]
    assert [round(pd.to_numeric(found[name], errors="coerce").sum(), 6) for name in shares] == [100] * 4
    assert (
        found.iloc[0].tolist()[-6]
        == "分子：其中到场时间在接报时间后15分钟内；分母：“警情案件”中类别为警情的记录；按接报时间归入考评期"
    )


def test_the_workbook_speaks_english(folder, tmp_path):
    """In English the sheets and heads are English, and the numbers the same."""
    results.write_workbook(folder, tmp_path / "table.xlsx", "en")
    names = CalamineWorkbook.from_path(str(tmp_path / "table.xlsx")).sheet_names
    assert names == ["About", "City", "County", "Station", "Zone", "Indicators", "Recalculation"]
    chinese, english = sheet(folder / "one_table.xlsx", "派出所", 1), sheet(tmp_path / "table.xlsx", "Station", 1)
    assert chinese.iloc[:, 6].tolist() == english.iloc[:, 6].tolist()


def test_weights_with_decimals_become_whole_numbers():
    """A dimension whose weights have decimals is taken ten or a hundred times, which changes no proportion."""
    table = scheme()
    first = table.dimensions[0]
    weights = [Decimal(w) for w in ("12.5", "12.25", "25", "25", "25.25")]
    changed = tuple(i.model_copy(update={"weight": w}) for i, w in zip(first.indicators, weights, strict=True))
    other = table.model_copy(update={"dimensions": (first.model_copy(update={"indicators": changed}), *table.dimensions[1:])})
    whole = whole_weights(other, "station")
    assert [whole[indicator.code] for indicator in other.indicators][:6] == [1250, 1225, 2500, 2500, 2525, 35]
    assert [whole[dimension.code] for dimension in other.dimensions] == [25, 20, 25, 30]


def test_a_weight_that_does_not_apply_is_empty():
    """A level that lacks an indicator has no weight for it, and its own weights for the others."""
    whole = whole_weights(scheme(), "zone")
    assert [whole[indicator.code] for indicator in scheme().indicators][-3:] == [60, None, 40]


def indicator(measure, **points):
    """Make an indicator with a measure, and points by a curve unless told otherwise."""
    rule = points or {"kind": "curve", "knots": [[0, 0], [1, 100]]}
    given = {"code": "a", "label": "甲", "why": "无", "direction": "higher", "weight": 100, "missing": "zero", "source": "无"}
    return Indicator.model_validate({**given, "measure": measure, "points": rule})


@pytest.mark.parametrize(
    ("measure", "zh", "en"),
    [
        (
            {
                "kind": "quantile",
                "table": "cases",
                "date": "received_at",
                "of": {"minutes": ["received_at", "arrived_at"]},
                "q": "0.5",
            },
            "接报时间至到场时间的分钟数的0.5分位数；范围：“警情案件”记录；按接报时间归入考评期",
            (
                "quantile 0.5 of minutes from received_at to arrived_at over rows of cases; "
                "a row belongs to the period of its received_at"
            ),
        ),
        (
            {
                "kind": "count",
                "table": "visits",
                "date": "visited_at",
                "where": {"verified": {"not_in": [False]}},
                "per": "residents",
                "scale": 1000,
            },
            "分子：“走访”中核验结果不为否的记录；分母：实有人口÷1000；按走访时间归入考评期",
            (
                "numerator: rows of visits where verified is not no; denominator: residents / 1000; "
                "a row belongs to the period of its visited_at"
            ),
        ),
        (
            {
                "kind": "mean",
                "table": "surveys",
                "date": "asked_at",
                "of": "score",
                "where": {"score": {"at_least": 1, "below": 6}},
            },
            "评分的平均数；范围：“群众评价”中评分不少于1且评分小于6的记录；按询问时间归入考评期",
            (
                "mean of score over rows of surveys where score is at least 1 and score is below 6; "
                "a row belongs to the period of its asked_at"
            ),
        ),
    ],
)
def test_a_definition_is_said_in_words(measure, zh, en):
    """What is counted is said from the scheme itself, filters and dates included, in both languages."""
    assert definition(indicator(measure), "zh") == zh
    assert definition(indicator(measure), "en") == en


@pytest.mark.parametrize(
    ("rule", "zh"),
    [
        (
            {"kind": "steps", "steps": [[95, 10], [90, 8]], "otherwise": 0, "cap": 9},
            "分档：95%得10分、90%得8分，其余0分；最高9分",
        ),
        ({"kind": "percentile"}, "按同类单位内的百分位计分"),
        ({"kind": "min_max"}, "按同类单位内最差与最好之间的位置计分"),
        ({"kind": "z_score"}, "按同类单位的标准分计分：50＋10×标准分"),
    ],
)
def test_a_rule_of_points_is_said_in_words(rule, zh):
    """How a value becomes points is said with its thresholds, floor and cap."""
    measure = {"kind": "mean", "table": "surveys", "date": "asked_at", "of": "score"}
    assert rule_of(indicator(measure, **rule), Scheme.model_construct(dimensions=()), "zh") == zh


def test_lost_records_are_listed_in_a_workbook_too(tmp_path):
    """The workbook beside a card holds the rows of the CSV, cell by cell, as texts: none is a formula or a number."""
    run = open_run(write_rich(tmp_path / "demo"))
    of = card(run, "S002")
    losses.write_losses(run, of, tmp_path / "S002.records.xlsx")
    write_records_csv(of, tmp_path / "S002.records.csv")
    with (tmp_path / "S002.records.csv").open(encoding="utf-8-sig", newline="") as file:
        wanted = [[cell.removeprefix("'") for cell in row] for row in csv.reader(file)]
    title, *found = cells(tmp_path / "S002.records.xlsx", "失分记录")
    assert f"共 {len(wanted) - 1} 条" in title[0]
    assert [list(map(str, row)) for row in found] == wanted
    assert "=cmd|0" in {row[3] for row in found}
    assert not re.search(r"<f>|<f ", "".join(parts(tmp_path / "S002.records.xlsx").values()))


def test_ids_that_a_spreadsheet_would_change_stay_texts(tmp_path):
    """003, 1E5, 20241001123456789 and 1-2 are texts in the workbook, each with its reason behind it."""
    run = open_run(write_rich(tmp_path / "demo"))
    ids = ("003", "1E5", "20241001123456789", "1-2", "0.10")
    lost = tuple(Lost(one, "S002", "2024-10-01", "办结 2024-10-03，期限 2024-10-02") for one in ids)
    of = replace(card(run, "S002"), lost_records=(LostRecords("arrival", "到场", "cases", "警情案件", lost),), disputes=())
    losses.write_losses(run, of, tmp_path / "a.xlsx")
    _, head, *found = cells(tmp_path / "a.xlsx", "失分记录")
    assert (head[3], head[6]) == ("记录编号", "失分原因")
    assert [(row[3], row[6]) for row in found] == [(one, "办结 2024-10-03，期限 2024-10-02") for one in ids]
    assert all(isinstance(cell, str) for row in found for cell in row)


def test_a_long_list_of_lost_records_is_cut_and_says_so(tmp_path, monkeypatch):
    """Of more records than a workbook lists the first are there, and its first row says how many are not."""
    monkeypatch.setattr(losses, "MOST", 3)
    run = open_run(write_rich(tmp_path / "demo"))
    of = card(run, "S002")
    losses.write_losses(run, of, tmp_path / "a.xlsx")
    title, _, *found = cells(tmp_path / "a.xlsx", "失分记录")
    assert "只列出前 3 条，全部见 S002.records.csv" in title[0]
    assert len(found) == 3


def test_a_card_without_lost_records_has_a_list_that_says_none(tmp_path):
    """Where nothing was lost the workbook is there all the same, with its heading."""
    run = open_run(write_rich(tmp_path / "demo"))
    of = replace(card(run, "S002"), lost_records=(), disputes=())
    losses.write_losses(run, of, tmp_path / "a.xlsx")
    title, head = cells(tmp_path / "a.xlsx", "失分记录")
    assert "共 0 条" in title[0]
    assert head[0] == "指标代码"
