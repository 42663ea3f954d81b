"""Records are opened from a folder or a DuckDB file, and read alike from Parquet, CSV and DuckDB."""

# ruff: noqa: E501 - what is pinned stands on one line with what breaks it; Chinese counts double

import gc
import os
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml
from pydantic import TypeAdapter

from fengqiao_eval.errors import InputError
from fengqiao_eval.periods import parse
from fengqiao_eval.records.ingest import Mapped
from fengqiao_eval.records.store import open_records
from fengqiao_eval.scheme.load import load
from fengqiao_eval.scheme.measure import Measure
from fengqiao_eval.scoring.score import score

ROOT = Path(__file__).parents[1]
UNITS = """
    | unit_id | name | level   |
    | '003'   | 三所 | station |
    | '014'   | 四所 | station |
"""
CASES = """
    | case_id | unit_id | received_at      | due_at     | audited | elements_required | elements_filled | tier |
    | '0017'  | '003'   | 2024-10-05 08:00 | 2024-11-05 | true    | 8                 | 7               | 1    |
    | '0018'  | '014'   | 2024-12-31 23:59 |            | false   | 5                 |                 |      |
    | '0019'  | '014'   | 2024-12-31 23:59 | 2025-01-05 |         |                   |                 | 三级 |
"""


@pytest.fixture
def tables(drawn):
    """Two stations and three cases."""
    return {"units": drawn(UNITS), "cases": drawn(CASES)}


def as_parquet(folder, tables):
    """Write a folder of Parquet."""
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet")
    return folder


def as_csv(folder, tables):
    """Write a folder of CSV, as a spreadsheet would."""
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n")
    return folder


def as_duckdb(folder, tables):
    """Write a DuckDB file."""
    with duckdb.connect(folder / "records.duckdb") as base:
        for name, table in tables.items():
            table.to_parquet(folder / f"{name}_.parquet")
            base.read_parquet(str(folder / f"{name}_.parquet")).create(name)
    return folder / "records.duckdb"


def as_texts(folder, tables):
    """Write a DuckDB file in which every cell is text, as some exports are."""
    with duckdb.connect(folder / "records.duckdb") as base:
        for name in as_csv(folder, tables).glob("*.csv"):
            base.read_csv(str(name), all_varchar=True).create(name.stem)
    return folder / "records.duckdb"


WRITERS = pytest.mark.parametrize("write", [as_parquet, as_csv, as_duckdb, as_texts])


@WRITERS
def test_the_same_rows_from_every_format(tables, tmp_path, write):
    """'003' stays '003', times are times, empty cells are empty, yes is yes, whether from Parquet, CSV or DuckDB."""
    records = open_records(write(tmp_path, tables))
    cases = records.tables["cases"].order_by("case_id").to_pandas()
    assert records.counts == {"units": 2, "cases": 3}
    assert cases["unit_id"].tolist() == ["003", "014", "014"]
    assert cases["received_at"].tolist()[0] == pd.Timestamp("2024-10-05 08:00")
    assert cases["due_at"].isna().tolist() == [False, True, False]
    assert cases["audited"].tolist()[:2] == [True, False]
    assert cases["elements_filled"].fillna(-1).tolist() == [7, -1, -1]
    assert cases["tier"].fillna("").tolist() == ["1", "", "三级"]


@pytest.mark.slow
def test_the_same_scores_from_every_format(province, tmp_path):
    """Part of the invented province gives the same points from Parquet, CSV and DuckDB, to the last digit."""
    frames = {path.stem: pd.read_parquet(path) for path in province.glob("*.parquet")}
    units = frames["units"][frames["units"]["unit_id"].isin(["C01", "X01", "S001", "S001-1", "S001-2"])]
    chosen = {name: frames[name] for name in ("cases", "surveys", "duties", "disputes")}
    there = {name: frame[frame["unit_id"].isin(units["unit_id"])].head(300) for name, frame in chosen.items()}
    small = there | {"units": units, "credits": frames["credits"].head(300)}
    scheme, points = load(ROOT / "params" / "one_table.yaml"), []
    firsts = tuple(d.model_copy(update={"indicators": d.indicators[:1]}) for d in scheme.dimensions)
    scheme = scheme.model_copy(update={"dimensions": firsts, "void": ()})
    for write in (as_parquet, as_csv, as_duckdb):
        folder = tmp_path / write.__name__
        folder.mkdir()
        points.append(score(open_records(write(folder, small)), scheme, parse("2023Q1"), datetime(2023, 4, 1)).points)
    assert points[0]["points"].notna().sum() > 10
    pd.testing.assert_frame_equal(points[0], points[1], check_exact=True)
    pd.testing.assert_frame_equal(points[0], points[2], check_exact=True)


def test_numbers_in_parquet_are_ids(tables, tmp_path):
    """An id column of whole numbers is read as text; what was never written with a nought has none."""
    tables["cases"] = tables["cases"].assign(case_id=[17, 18, 19])
    cases = open_records(as_parquet(tmp_path, tables)).tables["cases"].to_pandas()
    assert sorted(cases["case_id"]) == ["17", "18", "19"]


# Numbers


@WRITERS
def test_what_nobody_can_reckon_with_is_no_number(tables, tmp_path, write):
    """Neither inf nor 1e308 is a number, in a column of numbers or of whole ones: each cell is told with its row."""
    numbers = [1.0, float("inf"), float("-inf"), 1e308, -2e15]
    columns = dict.fromkeys(("value", "n", "design_effect"), numbers)
    figures = pd.DataFrame({"unit_id": "003", "indicator": list("abcde"), "period": "2024Q4", **columns})
    with pytest.raises(InputError) as refused:
        open_records(write(tmp_path, {"units": tables["units"], "figures": figures}))
    told = re.findall(
        r"figures\.(\w+) \[records\.(\w+)\] 表 figures 有 4 个单元格不是.*（行号：样子 3: .*4: .*5: .*6: ", str(refused.value)
    )
    assert sorted(told) == [("design_effect", "no_number"), ("n", "no_whole"), ("value", "no_number")]


def test_nan_of_a_database_is_no_number(tables, tmp_path):
    """What a database keeps as NaN is no empty cell."""
    with duckdb.connect(as_duckdb(tmp_path, {"units": tables["units"]})) as base:
        base.sql("create table figures as select '003' unit_id, 'a' indicator, '2024Q4' period, 'nan'::double as value")
    with pytest.raises(InputError, match=r"figures\.value \[records\.no_number\] .*inf、nan 和大过 10 的 15 次方的也不算数"):
        open_records(tmp_path / "records.duckdb")


@WRITERS
def test_a_fraction_in_a_whole_column_is_told(tables, tmp_path, write):
    """1.50, be it a decimal or a float, is never 1 or 2; 2.00 is 2."""
    for number, bad in ((Decimal("1.50"), True), (1.5, True), (Decimal("2.00"), False), (2.0, False)):
        cases = tables["cases"].assign(elements_filled=[number, None, None])
        if bad:
            with pytest.raises(InputError, match=r"cases\.elements_filled \[records\.no_whole\] .*2: 9\.9"):
                open_records(write(tmp_path, tables | {"cases": cases}))
        else:
            assert open_records(write(tmp_path, tables | {"cases": cases})).tables["cases"].elements_filled.max().execute() == 2
        (tmp_path / "records.duckdb").unlink(missing_ok=True)


@pytest.mark.parametrize("write", [as_parquet, as_duckdb])
@pytest.mark.parametrize(("number", "kept"), [(2.0**53 - 1, True), (330109202410010001.0, False), (-(2.0**60), False)])
def test_an_id_that_has_lost_its_last_digits_is_refused(tables, tmp_path, write, number, kept):
    """A floating number holds 53 binary digits: an id of more may be that of another record."""
    cases = tables["cases"].assign(case_id=[number, 2.0, 3.0])
    if kept:
        ids = open_records(write(tmp_path, tables | {"cases": cases})).tables["cases"].case_id.execute()
        assert set(ids) == {"9007199254740991", "2", "3"}
    else:
        with pytest.raises(
            InputError, match=r"cases\.case_id \[records\.no_text\] 表 cases 有 1 个编号以浮点数存放.*（行号：样子 2: "
        ):
            open_records(write(tmp_path, tables | {"cases": cases}))


@pytest.mark.parametrize("share", [-0.1, 1.1, 60])
@WRITERS
def test_a_share_lies_between_0_and_1(tables, tmp_path, write, share):
    """Less than nothing of a record, or 60 of it where 60 % was meant, is refused with its row."""
    credits_ = pd.DataFrame({"table": "cases", "record_id": ["K1", "K2"], "officer_id": "P1", "share": [0.5, share]})
    with pytest.raises(InputError, match=r"credits\.share \[records\.share\] 有 1 个单元格.*（第 3 行），应为 0–1.*60% 写 0\.6"):
        open_records(write(tmp_path, {"units": tables["units"], "credits": credits_}))


def shared(*lines: tuple[str, str, str, float | None]) -> pd.DataFrame:
    """Make a table of credits, no two lines equal."""
    return pd.DataFrame(lines, columns=["table", "record_id", "officer_id", "share"]).assign(role=range(len(lines)))


@WRITERS
def test_a_record_is_shared_out_once(tables, tmp_path, write):
    """Nine tenths of K1 to each of two, or to one in two lines, is more than K1; the record is named."""
    credits_ = shared(
        ("cases", "K1", "P1", 0.9), ("cases", "K1", "P2", 0.9), ("cases", "K2", "P1", 0.9), ("cases", "K2", "P1", 0.2)
    )
    with pytest.raises(InputError, match=r"credits\.share \[records\.shared_twice\] 有 2 条记录的份额合计大于 1（如 K1, K2）"):
        open_records(write(tmp_path, {"units": tables["units"], "credits": credits_}))


@pytest.mark.parametrize("shares", [[0.166667] * 6, [0.333333] * 3, [0.5, 0.5], [0.3], [None, None, None], [0.1] * 10])
def test_what_is_rounded_or_less_than_a_record_is_not_refused(tables, tmp_path, shares):
    """Six sixths by six decimals are a record, and a part of one may be nobody's."""
    credits_ = shared(*(("cases", "K1", f"P{n}", share) for n, share in enumerate(shares)), ("visits", "K1", "P1", 1.0))
    assert open_records(as_csv(tmp_path, {"units": tables["units"], "credits": credits_})).counts["credits"] == len(shares) + 1


@WRITERS
def test_a_share_is_written_for_all_or_for_none(tables, tmp_path, write):
    """What P2 has of K1 beside the 0.8 of P1 nobody said: a fifth, or all of it?"""
    credits_ = shared(("cases", "K1", "P1", 0.8), ("cases", "K1", "P2", None), ("cases", "K2", "P1", None))
    with pytest.raises(
        InputError, match=r"credits\.share \[records\.share_unsaid\] 有 1 条记录.*（如 K1）；请全部写明，或全部留空（均分）"
    ):
        open_records(write(tmp_path, {"units": tables["units"], "credits": credits_}))


@WRITERS
def test_a_share_is_in_a_record_of_a_table(tables, tmp_path, write):
    """A share in a record of `case` counts for nobody; the tables that there can be are named."""
    credits_ = shared(("case", "K1", "P1", 1.0), ("units", "S1", "P1", 1.0), ("notices", "N1", "P1", 1.0))
    with pytest.raises(InputError, match=r"credits\.table \[records\.word\] 有 2 个取值.*（第 2, 3 行）；只能是 cases, visits"):
        open_records(write(tmp_path, {"units": tables["units"], "credits": credits_}))


def test_an_id_that_may_be_a_citizens_number_is_not_printed(tables, tmp_path):
    """From a shifted line a telephone stands where the record should: only its look is shown."""
    credits_ = shared(("cases", "13812345678", "P1", 0.9), ("cases", "13812345678", "P2", 0.9))
    with pytest.raises(InputError, match=r"（如 99999999999）"):
        open_records(as_csv(tmp_path, {"units": tables["units"], "credits": credits_}))


@pytest.mark.parametrize("blank", [" ", "\u3000", " \xa0 "])
@WRITERS
def test_a_cell_of_blanks_is_empty(tables, tmp_path, write, blank):
    """A blank, wide or not, is nothing written; where values says what it means it means that."""
    cases = tables["cases"].assign(category=[blank, "甲", blank], status=["无", blank, "有"])
    given = {"cases": Mapped(values={"status": {"无": "", blank: "不明"}})}
    rows = open_records(write(tmp_path, tables | {"cases": cases}), given).tables["cases"].order_by("case_id").to_pandas()
    assert rows["category"].isna().tolist() == [True, False, True]
    assert rows["status"].fillna("—").tolist() == ["—", "不明", "有"]


@WRITERS
def test_a_numerator_alone_is_no_figure(tables, tmp_path, write):
    """Nine of how many nobody said."""
    given = {"unit_id": "S1", "indicator": ["a", "b", "c"], "period": "2024Q4", "n": 10}
    figures = pd.DataFrame(
        {**given, "numerator": [9.0, 9.0, None], "denominator": [None, 10.0, 10.0], "value": [None, None, 90.0]}
    )
    with pytest.raises(InputError, match=r"figures\.numerator \[records\.numerator_alone\] 有 1 行只有分子.*（第 2 行）"):
        open_records(write(tmp_path, {"units": tables["units"], "figures": figures}))


@pytest.mark.parametrize(("table", "column"), [("cases", "elements_required"), ("units", "residents")])
def test_counts_are_not_below_nought(tables, tmp_path, table, column):
    """Minus five elements, or inhabitants, there are not."""
    changed = tables | {table: tables[table].assign(**{column: [-5] + [1] * (len(tables[table]) - 1)})}
    with pytest.raises(InputError, match=rf"{table}\.{column} \[records\.bounds\] 有 1 个单元格.*（第 2 行），应为 ≥ 0"):
        open_records(as_csv(tmp_path, changed))


def test_how_a_share_is_written_is_said_of_shares_alone(tables, tmp_path):
    """60 where 0.6 is meant; of a number of residents that says nothing."""
    postings = pd.DataFrame({"officer_id": ["P1"], "unit_id": "S1", "from_date": "2024-01-01", "share": 60})
    wrong = tables | {"postings": postings, "units": tables["units"].assign(residents=-5)}
    with pytest.raises(
        InputError, match=r"postings\.share \[records\.share\].*应为 0–1；份额写作 0 至 1 的小数，60% 写 0\.6"
    ) as refused:
        open_records(as_csv(tmp_path, wrong))
    assert [fault.rule for fault in refused.value.faults if "residents" in fault.place] == ["records.bounds"]


@pytest.mark.parametrize("write", [as_parquet, as_csv, as_duckdb])
@pytest.mark.parametrize(("number", "rule"), [(float("inf"), "no_number"), (-2.5, "below_nought")])
def test_amounts_of_undeclared_columns_are_looked_at(tables, drawn, tmp_path, write, number, rule):
    """A worth that a column gives is a number of 0 or more, whatever file it comes from."""
    cases = drawn(EXTRA).assign(amount=[number, 1.5, None])
    records = open_records(write(tmp_path, {"units": tables["units"], "cases": cases}), name="records")
    measure = "{kind: count, table: cases, date: received_at, worth: [{column: amount}]}"
    with pytest.raises(InputError, match=rf"cases\.amount \[records\.{rule}\]"):
        _counted(records, measure)


# Times


WALL_CLOCK = {
    "2024-11-05": datetime(2024, 11, 5),
    "2024-11-05 08:30": datetime(2024, 11, 5, 8, 30),
    "2024/11/05 08:30:15": datetime(2024, 11, 5, 8, 30, 15),
    "2024-11-05T08:30:00": datetime(2024, 11, 5, 8, 30),
    "2024-11-05T00:30:00Z": datetime(2024, 11, 5, 8, 30),
    "2024-11-05 00:30:00+00:00": datetime(2024, 11, 5, 8, 30),
    "2024-11-05 08:30:00+08": datetime(2024, 11, 5, 8, 30),
    "2024-11-05 00:30+0000": datetime(2024, 11, 5, 8, 30),
    "2024-11-05 00:30:00 UTC": datetime(2024, 11, 5, 8, 30),
    "2024-11-05 00:30 gmt": datetime(2024, 11, 5, 8, 30),
    "2024-11-04T21:00-0330": datetime(2024, 11, 5, 8, 30),
    " 2024-11-5 8:30 ": datetime(2024, 11, 5, 8, 30),
    "2024-12-31T20:00:00Z": datetime(2025, 1, 1, 4, 0),
}


def test_times_are_the_bureaus_wall_clock(tables, tmp_path):
    """A time without a zone is taken as it stands; one with a zone becomes the time on the bureau's wall."""
    ids = [f"K{n:02}" for n in range(len(WALL_CLOCK))]
    tables["cases"] = pd.DataFrame({"case_id": ids, "unit_id": "003", "received_at": list(WALL_CLOCK)})
    cases = open_records(as_csv(tmp_path, tables)).tables["cases"].order_by("case_id").to_pandas()
    assert cases["received_at"].tolist() == list(WALL_CLOCK.values())


@pytest.mark.parametrize(
    ("write", "timezone", "hour"),
    [
        (as_parquet, "Asia/Shanghai", 8),
        (as_duckdb, "Asia/Shanghai", 8),
        (as_parquet, "UTC", 0),
        (as_parquet, "America/New_York", 19),
    ],
)
def test_zoned_columns_are_converted(tables, tmp_path, write, timezone, hour):
    """A column with a zone is converted to that of the bureau, whatever the machine's own."""
    tables["cases"] = tables["cases"].assign(received_at=pd.Timestamp("2024-11-05 00:30", tz="UTC"))
    cases = open_records(write(tmp_path, tables), timezone=timezone).tables["cases"].to_pandas()
    assert set(cases["received_at"].dt.hour) == {hour}
    assert cases["received_at"].dt.tz is None


# Mapping


@pytest.mark.parametrize("write", [as_csv, as_parquet, as_duckdb])
def test_what_is_set_in_the_entry_of_a_file_holds_for_it_alone(tables, tmp_path, write):
    """Two files of cases without a column of units: each has its own, beside a category that holds for both."""
    rows = tables["cases"].drop(columns="unit_id")
    where = write(tmp_path, {"units": tables["units"], "east": rows.iloc[:1], "west": rows.iloc[1:]})
    entries = [{"name": name, "set": {"unit_id": unit}} for name, unit in (("east", "003"), ("west", "014"))]
    mapped = Mapped.model_validate({"file": entries, "set": {"category": "警情"}})
    found = open_records(where, {"cases": mapped}).tables["cases"].order_by("case_id").to_pandas()
    assert found[["unit_id", "category"]].to_numpy().tolist() == [["003", "警情"], ["014", "警情"], ["014", "警情"]]


def test_columns_and_words_are_mapped(drawn, tmp_path):
    """Another file name, other columns, other words, a constant, and markers for what is missing."""
    as_parquet(tmp_path, {"units": drawn(UNITS), "接处警": drawn("""
        | 编号 | 单位  | 接报             | 等级 | 抽查 |
        | K1   | '003' | 2024-10-05 08:00 | 红   | 1    |
        | K2   | '014' | 2024-10-05 08:00 | -    | 0    |
        | K3   | -     | 2024-10-05 08:00 | 无   | -    |
    """)})  # fmt: skip
    mapped = Mapped.model_validate({
        "file": "接处警", "rename": {"编号": "case_id", "接报": "received_at", "等级": "tier", "抽查": "audited"},
        "values": {"tier": {"红": "red", "无": None}}, "missing": ["-"],
        "set": {"unit_id": {"from": "单位"}, "category": "警情", "status": None},
    })  # fmt: skip
    with pytest.raises(InputError, match=r"接处警\.parquet · cases\.unit_id \[records\.empty_cell\] 有 1 行此列为空（第 4 行）"):
        open_records(tmp_path, {"cases": mapped})
    mapped = mapped.model_copy(update={"set": {**mapped.set, "unit_id": "014"}})
    frame = open_records(tmp_path, {"cases": mapped}).tables["cases"].order_by("case_id").to_pandas()
    assert frame[["unit_id", "category"]].to_numpy().tolist() == [["014", "警情"]] * 3
    assert frame["tier"].fillna("").tolist() == ["red", "", ""]
    assert frame["audited"].tolist()[:2] == [True, False]
    assert frame[["status"]].isna().all().all()


@pytest.mark.parametrize(
    ("mapped", "words"),
    [
        ({"rename": {"tiers": "tier"}}, r"cases\.parquet · tables\.cases\.rename \[records\.mapping_column\] 文件中没有列“tiers”；相近的有：tier"),
        ({"set": {"category": {"from": "nowhere"}}}, r"tables\.cases\.set \[records\.mapping_column\] 文件中没有列“nowhere”"),
        ({"values": {"colour": {"红": "red"}}}, r"tables\.cases\.values \[records\.mapping_column\] 文件中没有列“colour”"),
        ({"rename": {"tier": "unit_id"}}, r"tables\.cases\.rename \[document\.twice\] 键“unit_id”写了两次"),
        ({"file": "elsewhere"}, r"tables\.cases\.file \[records\.file_not_there\] 找不到“elsewhere”；那里有：cases\.parquet, units\.parquet；请核对 file"),
    ],
)  # fmt: skip
def test_a_mapping_that_does_not_fit(tables, tmp_path, mapped, words):
    """Columns and files that are not there, and two columns of one name, are named."""
    with pytest.raises(InputError, match=words):
        open_records(as_parquet(tmp_path, tables), {"cases": Mapped.model_validate(mapped)})


def test_a_mapping_of_a_table_that_is_not_there_is_told(tables, tmp_path):
    """Words for visits help nothing where there are none."""
    records = open_records(as_parquet(tmp_path, tables), {"visits": Mapped(missing=("-",))})
    assert [(note.key, note.given["table"], note.given["there"]) for note in records.notes] == [
        ("mapping_no_table", "visits", "cases.parquet, units.parquet")
    ]


def test_words_and_marks_that_no_cell_holds_are_told(tables, tmp_path):
    """A mapping speaks of what is there; what it names in vain may be misspelt."""
    mapped = {"missing": ["-", "—"], "values": {"tier": {"三级": "3", "四级": "4", "": "0"}, "unit_id": {"": "003"}}}
    tables["cases"].loc[0, "tier"] = "-"
    records = open_records(as_csv(tmp_path, tables), {"cases": Mapped.model_validate(mapped)})
    (note,) = records.notes
    assert note.given == {"table": "警情案件", "keys": "values.tier: “四级”, values.unit_id: “”, missing: “—”"}
    assert sorted(records.tables["cases"].to_pandas()["tier"]) == ["0", "0", "3"]


def test_a_mapping_of_which_nothing_is_there_is_told(tables, tmp_path):
    """Where not one word or marker is in a cell it is said just so; of a table without rows nothing can be."""
    mapped = Mapped.model_validate({"missing": ["N/A"], "values": {"tier": {"盗抢": "3"}}})
    (note,) = open_records(as_csv(tmp_path, tables), {"cases": mapped}).notes
    assert (note.key, note.given["keys"]) == ("mapping_idle", "values.tier: “盗抢”, missing: “N/A”")
    empty = {**tables, "cases": tables["cases"].head(0)}
    assert "mapping_idle" not in {note.key for note in open_records(as_csv(tmp_path, empty), {"cases": mapped}).notes}


def test_a_constant_replaces_no_cell(tables, tmp_path):
    """The unit of every record would be one: a column that holds something is given another name first, or left alone."""
    over = Mapped.model_validate({"set": {"unit_id": "003"}})
    with pytest.raises(
        InputError, match=r"tables\.cases\.set \[records\.set_over\] 文件中已有列“unit_id”，3 格有内容，set 的常量会全部盖掉"
    ):
        open_records(as_csv(tmp_path, tables), {"cases": over})
    meant = over.model_copy(update={"rename": {"unit_id": "as_written"}})
    records = open_records(tmp_path, {"cases": meant})
    assert set(records.tables["cases"].to_pandas()["unit_id"]) == {"003"}
    assert not records.notes
    empty = tables["cases"].assign(unit_id=None)  # of an empty column nothing is lost
    assert not open_records(as_csv(tmp_path, {**tables, "cases": empty}), {"cases": over}).notes


def test_a_column_in_the_place_of_another_is_told(tables, tmp_path):
    """Counting by another column is a choice; what it puts aside is said."""
    tables["cases"]["post"] = "003"
    mapped = Mapped.model_validate({"set": {"unit_id": {"from": "post"}}})
    (note,) = open_records(as_csv(tmp_path, tables), {"cases": mapped}).notes
    assert (note.key, note.given) == ("set_over", {"table": "警情案件", "column": "unit_id", "count": 3, "source": "post"})


def test_a_table_of_another_name(tables, tmp_path):
    """A mapping for a table that the design does not know is refused."""
    with pytest.raises(InputError, match=r"records · tables\.case \[records\.unknown_table\] tables 中没有名为“case”的表"):
        open_records(as_parquet(tmp_path, tables), {"case": Mapped()}, name="records")


# Where records lie


def test_files_that_no_table_reads_are_told(tables, tmp_path):
    """A second part, a slip in the name, another case: each may be meant for records, so it is named."""
    as_csv(tmp_path, tables)
    for name in ("cases-2.csv", "visit.CSV", "Cases.parquet", "README.md"):
        (tmp_path / name).write_text("a,b\n1,2\n", "utf-8")
    (note,) = open_records(tmp_path).notes
    assert (note.key, note.given) == ("files_unread", {"count": 3, "names": "“Cases.parquet”, “cases-2.csv”, “visit.CSV”"})


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.symlink_to("nowhere.csv"), r"visits\.csv \[document\.dangling\] 这是链接，而所指的文件不存在"),
        (lambda path: path.mkdir(), r"visits\.csv \[document\.folder\] 这是文件夹，不是文件"),
        (os.mkfifo, r"visits\.csv \[document\.special\] 这不是普通文件"),
    ],
    ids=["link", "folder", "pipe"],
)
def test_a_table_that_is_there_and_no_file_is_told_as_that(tables, tmp_path, make, words):
    """To say that there is no table of visits would mislead."""
    make(as_csv(tmp_path, tables) / "visits.csv")
    with pytest.raises(InputError, match=words):
        open_records(tmp_path)


def test_where_a_table_lies_twice_parquet_wins(tables, tmp_path):
    """Both files are named in a note."""
    as_csv(as_parquet(tmp_path, tables), {"cases": tables["cases"].head(1)})
    records = open_records(tmp_path)
    assert records.counts["cases"] == 3
    (note,) = records.notes
    assert (note.key, note.given["used"], note.given["left"]) == ("twice", "cases.parquet", "cases.csv")


def _gbk(folder, tables):
    tables["cases"].assign(category="警情").to_csv(folder / "cases.csv", index=False, encoding="gbk")
    return folder


def _garbage(name):
    def write(folder, _):
        (folder / name).write_bytes(b"this is no table at all" * 20)
        return folder / name if name.endswith("duckdb") else folder

    return write


def _newer(folder, tables):
    """Write a database and its version number anew, as a program of tomorrow would (the check sum then fails first)."""
    path = as_duckdb(folder, tables)
    head = bytearray(path.read_bytes())
    head[12:20] = (999).to_bytes(8, "little")
    path.write_bytes(bytes(head))
    return path


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (_gbk, r"cases\.csv \[records\.encoding\] 第 2 行不是 UTF-8 文本，像是 GBK"),
        (_garbage("cases.parquet"), r"cases\.parquet \[records\.unreadable\] 无法作为 Parquet 读取："),
        (_garbage("records.duckdb"), r"records\.duckdb \[records\.unreadable\] 无法作为 DuckDB 读取："),
        (_newer, r"records\.duckdb \[records\.unreadable\] 无法作为 DuckDB 读取：.*由更新的程序写成"),
        (lambda folder, _: folder / "nowhere", r"nowhere \[records\.not_there\] 没有这个文件夹或文件；请核对 records"),
        (lambda folder, _: folder, r"\[records\.empty_folder\] 其中没有任何记录表（应有 units, postings, cases.*那里有：—"),
        (lambda folder, tables: as_parquet(folder, {"cases": tables["cases"]}), r"units \[records\.no_units\] 缺少单位表 units.*那里有：cases\.parquet"),
    ],
    ids=["gbk", "parquet", "duckdb", "newer", "nowhere", "empty", "no units"],
)  # fmt: skip
def test_what_cannot_be_opened(tables, tmp_path, write, words):
    """Another encoding, a broken file, a database of a newer version, nothing at all: a sentence, never a traceback."""
    with pytest.raises(InputError, match=f"(?i){words}"):
        open_records(write(tmp_path, tables))


def test_all_files_that_cannot_be_read_are_told_at_once(tables, tmp_path):
    """A broken table does not hide another."""
    as_parquet(tmp_path, tables)
    for name in ("visits.parquet", "surveys.parquet"):
        (tmp_path / name).write_bytes(b"no")
    with pytest.raises(InputError) as refused:
        open_records(tmp_path)
    assert [fault.file for fault in refused.value.faults] == ["visits.parquet", "surveys.parquet"]


def test_a_file_that_cannot_be_read_hides_no_fault_of_another(tables, tmp_path):
    """A table in GBK is told beside a time that is none in another table."""
    _gbk(tmp_path, tables)
    as_csv(tmp_path, {"units": tables["units"]})
    (tmp_path / "visits.csv").write_text("visit_id,unit_id,visited_at\nV1,003,soon\n", "utf-8")
    with pytest.raises(InputError) as refused:
        open_records(tmp_path)
    assert {(fault.file, fault.rule) for fault in refused.value.faults} == {
        ("cases.csv", "records.encoding"),
        ("visits.csv", "records.no_time"),
    }


def test_damage_behind_the_head_of_a_file_is_told(tables, tmp_path):
    """A Parquet file that is torn in the middle is refused by its name."""
    as_parquet(tmp_path, tables)
    torn = bytearray((tmp_path / "cases.parquet").read_bytes())
    torn[20:120] = b"\xff" * 100
    (tmp_path / "cases.parquet").write_bytes(bytes(torn))
    with pytest.raises(InputError, match=r"cases\.parquet \[records\.unreadable\] 无法作为 Parquet 读取"):
        open_records(tmp_path)


@pytest.mark.parametrize("folder", ["a[1]*?", "arrived_at=2024-10-01", "it's {a,b}", "unit_id=999"])
@pytest.mark.parametrize("write", [as_parquet, as_csv])
def test_a_path_is_neither_pattern_nor_data(tables, tmp_path, folder, write):
    """Whatever signs are in the name of a folder, it is that folder, and its name fills no column."""
    (tmp_path / folder).mkdir()
    records = open_records(write(tmp_path / folder, tables))
    assert records.counts == {"units": 2, "cases": 3}
    assert set(records.tables["cases"].to_pandas()["unit_id"]) == {"003", "014"}
    assert set(records.columns("cases")) == set(tables["cases"].columns)


def test_one_file_may_feed_two_tables(tables, tmp_path):
    """A register that holds cases and disputes is read as both."""
    as_csv(tmp_path, {"units": tables["units"], "all": tables["cases"]})
    mapped = {"cases": {"file": "all"}, "disputes": {"file": "all", "rename": {"case_id": "dispute_id", "tier": "tier_"}}}
    records = open_records(tmp_path, {name: Mapped.model_validate(how) for name, how in mapped.items()})
    assert records.counts == {"units": 2, "cases": 3, "disputes": 3}


def test_a_suffix_in_upper_case_is_one(tables, tmp_path):
    """cases.CSV, as old programs write it, is the table cases."""
    as_csv(tmp_path, tables)
    (tmp_path / "cases.csv").rename(tmp_path / "cases.CSV")
    assert open_records(tmp_path).counts["cases"] == 3


def test_a_database_is_opened_for_reading_only(tables, tmp_path):
    """Nothing is written into it, and another program may read it at the same time."""
    path = as_duckdb(tmp_path, tables)
    before = path.read_bytes()
    open_records(path)
    assert path.read_bytes() == before
    assert not path.with_suffix(".duckdb.wal").exists()


def _base(folder, *statements):
    with duckdb.connect(folder / "records.duckdb") as base:
        base.execute("CREATE SCHEMA s; CREATE SCHEMA t")
        base.execute("CREATE TABLE s.units AS SELECT '003' AS unit_id, '三所' AS name, 'station' AS level")
        for statement in statements:
            base.execute(statement)
    return folder / "records.duckdb"


CASE = "SELECT 'K1' AS case_id, '003' AS unit_id, TIMESTAMP '2024-10-01 08:00' AS received_at"


def test_tables_of_another_schema_are_found(tmp_path):
    """Where a table lies in a schema of its own it is read from there."""
    assert open_records(_base(tmp_path, f"CREATE TABLE s.cases AS {CASE}")).counts == {"units": 1, "cases": 1}


def test_a_table_of_several_schemas_must_be_named(tmp_path):
    """Which of two is meant is not guessed; file says it."""
    base = _base(
        tmp_path, f"CREATE TABLE s.cases AS {CASE}", f"CREATE TABLE t.cases AS {CASE} UNION ALL {CASE.replace('K1', 'K2')}"
    )
    with pytest.raises(
        InputError, match=r"tables\.cases\.file \[records\.several_tables\] 几个模式中都有此表：s\.cases, t\.cases"
    ):
        open_records(base)
    assert open_records(base, {"cases": Mapped(file="t.cases")}).counts["cases"] == 2


@pytest.mark.parametrize("view", ["SELECT * FROM read_csv('OUTSIDE', all_varchar = true)", "SELECT * FROM gone"])
def test_a_view_that_leaves_the_file_is_refused(tmp_path, view):
    """What a view reads elsewhere would change unseen, and might be any file: it is to be made a table."""
    (tmp_path / "raw.csv").write_text("case_id,unit_id,received_at\nK1,003,2024-10-01\n")
    view = view.replace("OUTSIDE", str(tmp_path / "raw.csv"))
    base = _base(tmp_path, "CREATE TABLE gone (a INT)", f"CREATE VIEW cases AS {view}", "DROP TABLE gone")
    with pytest.raises(InputError, match=r"records\.duckdb:cases \[records\.no_view\] 此视图要读库外的文件，或所依的表已不在"):
        open_records(base)


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("arrived_at", "TIME '08:12'", r"arrived_at \[records\.column_type\] 该列类型是 time，不能读作 timestamp"),
        ("arrived_at", "[1]", r"arrived_at \[records\.column_type\] 该列类型是 array<int32>"),
        ("case_id", "'\\xff'::BLOB", r"case_id \[records\.column_type\] 该列类型是 binary，不能读作 string"),
        ("tier", "{'a': 1}", r"tier \[records\.column_type\] 该列类型是 struct"),
        ("tier", "'101'::BIT", r"tier \[records\.column_type\] 该列类型是 unknown"),
        ("elements_required", "DATE '2024-01-01'", r"elements_required \[records\.column_type\] 该列类型是 date，不能读作 int64"),
        ("elements_required", "INTERVAL 1 DAY", r"elements_required \[records\.column_type\] 该列类型是 interval"),
        ("elements_required", "'inf'::DOUBLE", r"elements_required \[records\.no_whole\] .*2: aaa"),
        ("elements_required", "1e30::DOUBLE", r"elements_required \[records\.no_whole\] .*2: 9a\+99"),
        ("elements_required", "1.50::DECIMAL(5, 2)", r"elements_required \[records\.no_whole\] .*2: 9\.99"),
        ("elements_required", "99999999999999999999::HUGEINT", r"elements_required \[records\.no_whole\] .*2: 9{20}"),
        ("arrived_at", "TIMESTAMP 'infinity'", r"arrived_at \[records\.no_time\] .*2: aaaaaaaa"),
        ("arrived_at", "TIMESTAMP '0001-01-01' - INTERVAL 2 YEAR", r"arrived_at \[records\.no_time\] .*2: 9999-99-99 \(aa\)"),
        ("arrived_at", "'290000-01-01'::TIMESTAMP_S", r"arrived_at \[records\.no_time\] .*2: 999999-99-99"),
        ("arrived_at", "20241001", r"arrived_at \[records\.no_time\] .*2: 99999999"),
    ],
)  # fmt: skip
def test_a_column_of_a_type_that_cannot_be_read(tmp_path, column, cell, words):
    """A time without a day, a list, bytes, a number without end: the column and its type, or the row; never a traceback."""
    case = f"SELECT * REPLACE ({cell} AS {column})" if column == "case_id" else f"SELECT *, {cell} AS {column}"
    with pytest.raises(InputError, match=rf"records\.duckdb:s\.cases · cases\.{words}"):
        open_records(_base(tmp_path, f"CREATE TABLE s.cases AS {case} FROM ({CASE})"))


def test_what_has_no_room_in_memory_lies_in_a_private_folder(tmp_path, tables, monkeypatch):
    """Records that spill out of memory are no file in the folder that one happens to work in, and nobody else reads them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    records = open_records(as_parquet(tmp_path, tables))
    (folder,) = records.tables["cases"].get_backend().raw_sql("SELECT current_setting('temp_directory')").fetchone()
    assert Path(folder).stat().st_mode & 0o777 == 0o700
    del records
    gc.collect()
    assert not Path(folder).exists()


@pytest.mark.parametrize("place", [0.2, 0.5, 0.9])
def test_a_parquet_file_that_was_damaged_is_told_as_such(tmp_path, tables, place):
    """Where the library takes damage for a refusal of the system, the file is named all the same as what is damaged."""
    as_parquet(tmp_path, tables)
    data = bytearray((tmp_path / "cases.parquet").read_bytes())
    at = int(len(data) * place)
    data[at:at] = b'"'
    (tmp_path / "cases.parquet").write_bytes(data)
    with pytest.raises(InputError, match=r"cases\.parquet \[records\.unreadable\] 无法作为 Parquet 读取"):
        open_records(tmp_path)


def test_a_parquet_file_whose_names_are_data_shows_none_of_them(tmp_path, tables):
    """Where the first row became the names of the columns the file has no heading, and what stands in it is not printed."""
    tables["cases"].rename(columns={"tier": "王小明13812345678"}).to_parquet(tmp_path / "cases.parquet")
    as_parquet(tmp_path, {"units": tables["units"]})
    with pytest.raises(InputError, match=r"cases\.parquet \[records\.no_heading\]") as refused:
        open_records(tmp_path)
    assert "138" not in str(refused.value)


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("'2024-10-01 08:05'::TIMESTAMP_S", "2024-10-01 08:05"),
        ("'2024-10-01 08:05'::TIMESTAMP_NS", "2024-10-01 08:05"),
        ("TIMESTAMPTZ '2024-10-01 00:05:00+00'", "2024-10-01 08:05"),
        ("DATE '2024-10-01'", "2024-10-01"),
    ],
)
def test_times_of_every_kind_of_column(tmp_path, cell, read):
    """Seconds, nanoseconds, a zone, a day: all are times of the bureau's wall."""
    records = open_records(_base(tmp_path, f"CREATE TABLE s.cases AS SELECT *, {cell} AS arrived_at FROM ({CASE})"))  # noqa: S608 - drawn
    assert records.tables["cases"].to_pandas()["arrived_at"].tolist() == [pd.Timestamp(read)]


def test_views_over_tables_of_the_file_are_read(tmp_path):
    """A view that stays in the file is as good as a table, and a macro called count changes no count."""
    made = (f"CREATE TABLE s.raw AS {CASE}", "CREATE VIEW s.cases AS SELECT * FROM s.raw", "CREATE MACRO count(x) AS 0")
    assert open_records(_base(tmp_path, *made)).counts["cases"] == 1


# Columns that nobody declared


EXTRA = """
    | case_id | unit_id | received_at      | sent_at          | money | minutes | urgent | code  | sent_on    |
    | K1      | '003'   | 2024-10-05 08:00 | 2024-10-05 08:10 | 9     | 10      | true   | '010' | 2024-10-05 |
    | K2      | '003'   | 2024-10-05 08:00 | 2024-10-05 09:00 | 10    | 9       | false  | '011' | 2024-10-06 |
    | K3      | '003'   | 2024-10-05 08:00 |                  |       |         |        |       |            |
"""


USED = {
    "{kind: share, met: {sent_at: {within: {minutes: 15, of: received_at}}}}": (1, 3),
    "{kind: share, where: {sent_at: {not_after: sent_on}}, met: {sent_at: {present: true}}}": (2, 2),
    "{kind: share, met: {money: {at_least: 10}}}": (1, 3),
    "{kind: share, met: {money: {below: minutes}}}": (1, 3),
    "{kind: share, met: {money: 10}}": (1, 3),
    "{kind: share, met: {urgent: true}}": (1, 3),
    "{kind: share, met: {code: '010'}}": (1, 3),
    "{kind: mean, of: money}": (19, 2),
    "{kind: mean, of: {minutes: [received_at, sent_at]}}": (70, 2),
    "{kind: ratio, numerator: money, denominator: money}": (19, 19),
}


@WRITERS
def test_a_column_is_read_as_the_scheme_uses_it(tables, drawn, tmp_path, write):
    """Times, numbers, flags and codes that nobody declared count alike from Parquet, CSV and DuckDB."""
    records = open_records(write(tmp_path, {"units": tables["units"], "cases": drawn(EXTRA)}))
    assert _counted(records, *USED) == list(USED.values())


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        ("{kind: mean, of: code}", r"cases\.csv · cases\.code \[records\.no_number\] 表 cases 有 1 个单元格不是数（行号：样子 2: 字字，9 是数字）"),
        ("{kind: share, met: {audited: 是}}", r"cases\.csv · it0\.measure \[document\.value\] 值 cases\.audited: 是 不合要求；应为：true / false"),
        ("{kind: share, met: {received_at: {at_least: 5}}}", r"\[document\.value\] 值 cases\.received_at: 5 不合要求；应为：2024-11-05 08:30"),
        ("{kind: share, met: {unit_id: 3}}", r'\[document\.value\] 值 cases\.unit_id: 3 不合要求；应为："…"'),
        ("{kind: mean, of: unit_id}", r"\[document\.value\] 值 cases\.unit_id 不合要求；应为：12\.5"),
    ],
)  # fmt: skip
def test_a_column_that_cannot_be_what_the_scheme_uses_it_for(tables, drawn, tmp_path, measure, words):
    """A mean of names, a comparison of a time with a number, 是 for a flag: said before anything is counted."""
    cases = drawn(EXTRA.replace("'010'", "一号 ")).assign(audited=True)
    records = open_records(as_csv(tmp_path, {"units": tables["units"], "cases": cases}), name="records")
    with pytest.raises(InputError, match=words):
        _counted(records, measure)


def _counted(records, *measures: str) -> list[tuple[float, float]]:
    texts = [yaml.safe_load(text.replace("{kind", "{table: cases, date: received_at, kind", 1)) for text in measures]
    keys = {"unit": "次", "levels": ("station",), "weight": 10}
    scheme = load(ROOT / "params" / "one_table.yaml")
    base = scheme.indicators[0]
    lines = [
        base.model_copy(update={**keys, "code": f"it{number}", "measure": TypeAdapter(Measure).validate_python(text)})
        for number, text in enumerate(texts)
    ]
    dimension = scheme.dimensions[0].model_copy(update={"indicators": tuple(lines)})
    scheme = scheme.model_copy(update={"dimensions": (dimension,), "void": ()})
    found = score(records, scheme, parse("2024-10"), datetime(2025, 1, 1)).measures
    rows = found.query("unit_id == '003' and period == '2024-10'")
    return list(zip(rows["numerator"], rows["denominator"], strict=True))
