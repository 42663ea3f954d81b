"""Ids that meet: an id written otherwise than in the units table is repaired where one unit fits, counted and told; never guessed."""

# ruff: noqa: E501 - what is pinned stands on one line with what breaks it; Chinese counts double

import pytest

from seam import InputError, read_records, score

UNITS = """
    | unit_id  | name     | level   | parent_id |
    | X        | 甲县     | county  |           |
    | '003'    | 东街所   | station | X         |
    | '014'    | 河口所   | station | X         |
    | P1       | 张三     | officer | '003'     |
    | P2       | 李四     | officer | '014'     |
"""
NAMESAKES = UNITS.replace("甲县", "东街所")
TWINS = """
    | unit_id | name   | level   | parent_id |
    | X       | 甲县   | county  |           |
    | '003'   | 东街所 | station | X         |
    | '3'     | 河口所 | station | X         |
    | J0      | 山口所 | station | X         |
    | j0      | 海口所 | station | X         |
"""
SHARE = "{kind: share, table: cases, date: received_at, met: {officer_id: {present: true}}}"
TABLE = f"| dimension | share | indicator | weight | measure |\n| d | 100 | named | 100 | {SHARE} |"


@pytest.fixture
def opened(drawn, tmp_path):
    """Open cases of the ids given, one each, beside units as drawn, out of a folder of CSV; keywords are of the parameters."""

    def give(*ids: str, units: str = UNITS, officers: tuple[str, ...] = (), **said):
        drawn(units).to_csv(tmp_path / "units.csv", index=False)
        persons = (*officers, *[""] * len(ids))
        rows = "".join(f"K{n},{unit},2024-10-05,{who}\n" for n, (unit, who) in enumerate(zip(ids, persons, strict=False)))
        (tmp_path / "cases.csv").write_text("case_id,unit_id,received_at,officer_id\n" + rows, "utf-8")
        return read_records(tmp_path, **said)

    return give


def ids(records, column="unit_id"):
    """List what a column of the cases holds, in the order of the file."""
    return records.tables["cases"].order_by("case_id").to_pandas()[column].tolist()


def told(records):
    """List what was repaired: column, rule, and how many records."""
    return [(n.given["column"], n.given["repair"], n.given["count"]) for n in records.notes if n.key == "repaired_ids"]


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        (" 003", "ends"),
        ("003\u3000", "ends"),
        ("\t003", "ends"),
        ("'003", "ends"),
        ("\ufeff003\u200b", "ends"),
        ('"=""003"""', "formula"),
        ("００３", "width"),
        ("＝＂００３＂", "width"),
        ("3", "noughts"),
        ("0003", "noughts"),
        ("003.0", "decimal"),
        ("3.0", "noughts"),
        ("东街所", "name"),
        (" 东街所 ", "name"),
    ],
)
def test_an_id_that_fits_one_unit_by_a_rule_is_that_units(opened, written, rule):
    """The record counts for 003, keeps what was written, and is told by the rule."""
    records = opened(written, "014", written)
    assert ids(records) == ["003", "014", "003"]
    assert len({*ids(records, "unit_id_written_")} - {"014"}) == 1
    assert told(records) == [("unit_id", rule, 2)]


def test_case_alone_is_repaired_where_no_two_units_differ_by_it(opened):
    """X is X, but J0 and j0 are two units: each stays what it is, and a blank before one does not make it the other."""
    assert ids(opened("x")) == ["X"]
    records = opened("J0", "j0", " j0", "Ｊ０", units=TWINS)
    assert ids(records) == ["J0", "j0", "j0", "J0"]


@pytest.mark.parametrize(
    ("written", "units", "both"),
    [
        ("03", TWINS, "“03” ×1 → “003”, “3”"),
        ("3.0", TWINS.replace("'3' ", "'003.0'"), "“3.0” ×1 → “003”, “003.0”"),
        ("东街所", NAMESAKES, "“东街所” ×1 → “003”, “X”"),
    ],
    ids=["noughts", "decimal", "name"],
)
def test_an_id_that_several_units_fit_is_refused_with_all_of_them(opened, written, units, both):
    """003 and 3 are both known, and 03 is neither: which is meant is nobody's guess, and so of two units of one name."""
    with pytest.raises(InputError) as refused:
        opened("003", written, units=units)
    assert f"cases.unit_id [records.several_units] 1 条记录的编号写法不同而与不止一个单位相符，不作猜测：{both}；" in str(
        refused.value
    )


def test_a_nought_is_lost_only_where_all_ids_of_the_level_are_digits_of_one_width(opened):
    """Beside 14, of two digits, 3 is no longer 003 for sure: it stays unknown."""
    records = opened("3", units=UNITS.replace("'014'", "'14' "))
    assert (ids(records), told(records)) == (["3"], [])


def test_nothing_is_repaired_where_repair_is_none(opened):
    """For all tables, or for one of them; a table may also repair where the others do not."""
    for said in ({"repair": "none"}, {"cases": {"repair": "none"}}, {"repair": "rules", "cases": {"repair": "none"}}):
        records = opened(" 003", "3", **said)
        assert (ids(records), told(records)) == ([" 003", "3"], [])
        assert "unit_id_written_" not in records.tables["cases"].columns
    assert ids(opened(" 003", repair="none", cases={"repair": "rules"})) == ["003"]


def test_an_id_declared_to_lie_outside_is_no_other_id_wrongly_written(opened):
    """unknown_units names 3 as one that lies elsewhere, so that it is not 003; `others` names none."""
    assert ids(opened("3", unknown={"outside": ("3",)})) == ["3"]
    assert ids(opened("3", unknown={"outside": "others"})) == ["003"]


def test_officers_are_held_against_persons_alone(opened):
    """p1 is P1; the station 003 is nobody, and a name is a person's where no other has it. No id of a person is told."""
    records = opened(*["003"] * 4, officers=("p1", "P2", "李四", "003"))
    assert ids(records, "officer_id") == ["P1", "P2", "P2", "003"]
    assert told(records) == [("officer_id", "case", 1), ("officer_id", "name", 1)]
    match = next(one for one in records.matches if one.column == "officer_id")
    assert (match.written, match.unknown, match.strange) == (1, 1, "")


def test_persons_of_one_name_are_not_told_by_it(opened):
    """Two are called 张三: which is meant is refused, with the ids of both and without the name."""
    with pytest.raises(InputError, match=r"cases\.officer_id \[records\.several_units\].*“字字” ×1 → “P1”, “P2”") as refused:
        opened("003", officers=("张三",), units=UNITS.replace("李四", "张三"))
    assert "张三" not in str(refused.value)


def test_parents_and_successors_are_repaired_before_the_tree_is_looked_at(opened):
    """A parent written x is the county X, and no absent parent."""
    records = opened("003", units=UNITS.replace("'014'    | 河口所   | station | X ", "'014'    | 河口所   | station | x "))
    assert records.tables["units"].to_pandas()["parent_id"].tolist()[1:3] == ["X", "X"]


def test_rows_that_are_equal_once_repaired_are_one_row(drawn, tmp_path):
    """K1 of 003 and K1 of 3 are one case; of figures, two of one unit that differ are refused."""
    drawn(UNITS).to_csv(tmp_path / "units.csv", index=False)
    (tmp_path / "cases.csv").write_text("case_id,unit_id,received_at\nK1,003,2024-10-05\nK1,3,2024-10-05\n", "utf-8")
    records = read_records(tmp_path)
    assert records.counts["cases"] == 1
    (tmp_path / "figures.csv").write_text("unit_id,indicator,period,value\n003,t,2024Q4,9\n3,t,2024Q4,8\n", "utf-8")
    with pytest.raises(InputError, match=r"figures\.indicator \[records\.repeated\]"):
        read_records(tmp_path)


def test_postings_credits_and_figures_are_repaired_too(drawn, tmp_path):
    """Every column that names a unit or a person is held against the units."""
    drawn(UNITS).to_csv(tmp_path / "units.csv", index=False)
    (tmp_path / "postings.csv").write_text("officer_id,unit_id,from_date\np1, 3,2024-01-01\n", "utf-8")
    (tmp_path / "credits.csv").write_text("table,record_id,officer_id,share\ncases,K1,Ｐ1,1\n", "utf-8")
    (tmp_path / "figures.csv").write_text("unit_id,indicator,period,value\np2,t,2024Q4,9\n", "utf-8")
    tables = read_records(tmp_path).tables
    found = {name: tables[name].to_pandas().iloc[0] for name in ("postings", "credits", "figures")}
    assert found["postings"][["officer_id", "unit_id"]].tolist() == ["P1", "003"]
    assert (found["credits"]["officer_id"], found["figures"]["unit_id"]) == ("P1", "P2")


def test_the_match_rate_counts_every_record(opened):
    """Of five records two match as written, one once repaired, two are unknown: the commonest is named, and whom it may mean."""
    match = next(
        one for one in opened("003", "014", "3", "0l4", "0l4").matches if one.table == "cases" and one.column == "unit_id"
    )
    assert (match.records, match.written, match.repaired, match.unknown, match.ids, match.blank) == (
        5,
        2,
        {"noughts": 1},
        2,
        1,
        0,
    )
    assert match.strange == "“0l4” ×2 → “014”?"


def test_a_repaired_record_counts_for_its_unit(opened, scheme):
    """Both of station 003 are counted, though one was written 3."""
    points = score(opened("003", "3", "014"), scheme(TABLE), levels=("station",)).points
    now = points[points["period"] == "2024Q4"]
    assert dict(zip(now["unit_id"], now["denominator"], strict=True)) == {"003": 2, "014": 1}
