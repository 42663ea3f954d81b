"""Records of ids that are no units: how many, what share, for whom they are meant; too many are refused, never passed over."""

# ruff: noqa: E501 - what is pinned stands on one line with what breaks it; Chinese counts double

import pytest

from seam import InputError, read_records, score

UNITS = """
    | unit_id | name     | level   | parent_id |
    | X       | 甲县     | county  |           |
    | '018'   | 东街所   | station | X         |
    | '019'   | 河口所   | station | X         |
"""
TABLE = "| dimension | share | indicator | weight |\n| d | 100 | closed | 100 |"


@pytest.fixture
def scored(drawn, scheme, tmp_path):
    """Score cases of the ids given, one each, out of a folder of CSV; keywords are what the parameters say of them."""

    def give(*ids: str, repair="rules", **said):
        for name, table in {"units": drawn(UNITS)}.items():
            table.to_csv(tmp_path / f"{name}.csv", index=False)
        rows = "".join(f"K{number},{unit},2024-10-05,2024-10-06\n" for number, unit in enumerate(ids))
        (tmp_path / "cases.csv").write_text("case_id,unit_id,received_at,closed_at\n" + rows, "utf-8")
        scores = score(read_records(tmp_path, unknown=said, repair=repair), scheme(TABLE))
        return {note.key: note.given for note in scores.notes}

    return give


def test_more_than_one_in_fifty_is_refused(scored):
    """Two of fifty-one name no unit: that is 3.9 per cent, and 2 may."""
    words = r"cases\.unit_id \[records\.unknown_units\] 本期 2 条记录（3.9%，1 个编号）的单位编号不在单位表中.*“S9” ×2；上限 2%"
    with pytest.raises(InputError, match=words):
        scored(*["018"] * 49, "S9", "S9")


def test_one_in_fifty_is_told(scored):
    """One of fifty is 2 per cent, which is told and left out."""
    told = scored(*["018"] * 49, "S9")["unknown_units"]
    assert told == {"table": "警情案件", "count": 1, "share": "2%", "number": 1, "ids": "“S9” ×1"}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("18", "“18” ×1 → “018”?"),
        ("18.0", "“18.0” ×1 → “018”?"),
        (" 018", "“ 018” ×1 → “018”?"),
        ("018 ", "“018 ” ×1 → “018”?"),
        ("\t018", r"“\t018” ×1 → “018”?"),
        ("０１８", "“０１８” ×1 → “018”?"),
        ('"=""018"""', '“="018"” ×1 → “018”?'),
        ("东街所", "“东街所” ×1 → “018”?"),
        ("O18", "“O18” ×1 → “018”?"),
        ("x", "“x” ×1 → “X”?"),
        ("018x", "“018x” ×1 → “018”?"),
        ("东街派出所", "“东街派出所” ×1"),
    ],
)
def test_the_likeliest_unit_is_named(scored, written, shown):
    """An id that no rule repairs, or none may, is shown in quotes, with the unit it may mean."""
    with pytest.raises(InputError) as refused:
        scored("018", written, repair="none")
    assert f"：{shown}；上限 2%" in str(refused.value)


def test_a_telephone_where_a_unit_should_be_is_not_shown(scored):
    """A shifted line may put a citizen's number into the column: it is refused by its row, of other long numbers the look is said."""
    with pytest.raises(
        InputError, match=r"cases\.unit_id \[records\.citizen_value\] 有 1 个编码像身份证号或手机号（第 3 行）"
    ) as refused:
        scored("018", "13812345678")
    assert "13812345678" not in str(refused.value)
    with pytest.raises(InputError, match="“99999999999” ×1；"):
        scored("018", "23812345678")


def test_where_no_id_is_a_unit_the_ids_are_at_fault(scored):
    """Ten records without the nought are no empty period, whatever is allowed."""
    words = r"\[records\.unknown_units\] 本期 10 条记录（100%，1 个编号）.*“18” ×10 → “018”\?"
    for said in ({}, {"at_most": "100%"}, {"outside": "others"}):
        with pytest.raises(InputError, match=words):
            scored(*["18"] * 10, repair="none", **said)


@pytest.mark.parametrize("outside", [("99*", "A1"), "others"])
def test_what_lies_outside_is_counted_apart(scored, outside):
    """Ids declared to lie elsewhere are no fault, however many; what they have is said apart."""
    told = scored("018", "991", "992", "A1", outside=outside)
    assert "unknown_units" not in told
    assert (told["outside_units"]["count"], told["outside_units"]["share"]) == (3, "75%")


def test_the_rest_is_held_to_the_share(scored):
    """Two of four are outside; the fourth is not, and a quarter is too much."""
    with pytest.raises(InputError, match=r"1 条记录（25%，1 个编号）.*“B2” ×1；上限 2%"):
        scored("018", "991", "992", "B2", outside=("99*",))
    assert scored("018", "991", "992", "B2", outside=("99*",), at_most="25%")["unknown_units"]["count"] == 1


def test_patterns_of_what_lies_outside_that_fit_nothing_are_told(scored):
    """A pattern in vain may be misspelt; one that fits only units does nothing, for they count all the same."""
    told = scored("018", "991", outside=("99*", "88*", "01*"))
    assert (told["outside_idle"], told["outside_known"]) == ({"patterns": "“88*”"}, {"patterns": "“01*” (“018”, “019”)"})
    assert not {"outside_idle", "outside_known"} & set(scored("018", "991", outside=("99*",)))


@pytest.mark.parametrize(
    ("last", "levels"),
    [
        ("Z1,一片区,community,,", None),
        ("Z1,旧所,station,,2024-06-30", None),
        ("Z1,乙县,county,,", ("station",)),
    ],
    ids=["of a level not scored, without parent", "not in force", "above the levels asked for"],
)
def test_records_of_known_units_that_count_for_nobody_are_told(scheme, tmp_path, last, levels):
    """A unit may be in the table and count for nobody scored: as many records as lie there are said, and whose they are."""
    units = f"unit_id,name,level,parent_id,valid_to\n018,东街所,station,,\n{last}\n"
    (tmp_path / "units.csv").write_text(units, "utf-8")
    rows = "".join(f"K{n},{unit},2024-10-05,2024-10-06\n" for n, unit in enumerate(["018", "Z1", "Z1", "018"]))
    (tmp_path / "cases.csv").write_text("case_id,unit_id,received_at,closed_at\n" + rows, "utf-8")
    told = [note for note in score(read_records(tmp_path), scheme(TABLE), levels=levels).notes if note.key == "unscored_units"]
    assert [note.given for note in told] == [{"table": "警情案件", "count": 2, "share": "50%", "number": 1, "ids": "“Z1” ×2"}]


def test_an_empty_cell_may_be_given_a_unit(drawn, tmp_path):
    """Blank ids are a kind of their own: refused, unless values name the empty cell, also one that held a marker."""
    drawn(UNITS).to_csv(tmp_path / "units.csv", index=False)
    rows = "K1,018,2024-10-05,\nK2,,2024-10-05,\nK3,-,2024-10-05,\nK4,无,2024-10-05,\n"
    (tmp_path / "cases.csv").write_text("case_id,unit_id,received_at,closed_at\n" + rows, "utf-8")
    with pytest.raises(InputError, match=r"cases\.unit_id \[records\.empty_cell\] 有 3 行此列为空（第 3, 4, 5 行）"):
        read_records(tmp_path, cases={"missing": ["-", "无"]})
    mapped = {"missing": ["-", "无"], "values": {"unit_id": {"": "019", "无": "018"}}}
    cases = read_records(tmp_path, cases=mapped).tables["cases"].order_by("case_id").to_pandas()
    assert cases["unit_id"].tolist() == ["018", "019", "019", "018"]


def test_no_unit_of_the_levels_is_told_as_that(scheme, drawn, tmp_path):
    """Levels written in another language leave nobody to be scored: the words that are there are named."""
    drawn(UNITS.replace("station", "派出所").replace("county", "县局")).to_csv(tmp_path / "units.csv", index=False)
    (tmp_path / "cases.csv").write_text("case_id,unit_id,received_at,closed_at\nK1,018,2024-10-05,\n", "utf-8")
    with pytest.raises(InputError, match=r"units\.level \[records\.no_level\] 没有一个单位属于要评的层级.*“县局”, “派出所”"):
        score(read_records(tmp_path), scheme(TABLE))


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("station ", "“station ” ×1 → “station”？"),
        ("Ｓtation", "“Ｓtation” ×1 → “station”？"),
        ("派出所", "“派出所” ×1 → “station”？"),
        ("community ", "“community ” ×1 → “community”？"),
        ("科室", "“科室” ×1；"),
    ],
)
def test_a_level_that_nobody_knows_is_refused(scheme, drawn, tmp_path, level, shown):
    """One row is written otherwise: its unit would be in no ranking, so the word is named and the level it may mean."""
    units = drawn(UNITS)
    units.loc[2, "level"] = level
    units.to_csv(tmp_path / "units.csv", index=False)
    (tmp_path / "cases.csv").write_text("case_id,unit_id,received_at,closed_at\nK1,018,2024-10-05,\n", "utf-8")
    with pytest.raises(InputError, match=r"units\.level \[records\.unknown_level\] 有 1 个单位的层级不是已知的层级") as refused:
        score(read_records(tmp_path), scheme(TABLE))
    assert shown.replace("？", "?") in str(refused.value)


def test_a_level_that_the_scheme_does_not_appraise_is_no_fault(scheme, drawn, tmp_path):
    """Zones may be in the table of a scheme that appraises stations, and so may a level that only the scheme knows."""
    units = drawn(UNITS + "    | Z1 | 一区 | zone | 018 |\n    | K1 | 指挥科 | 科室 | X |")
    units.to_csv(tmp_path / "units.csv", index=False)
    (tmp_path / "cases.csv").write_text("case_id,unit_id,received_at,closed_at\nK1,018,2024-10-05,\n", "utf-8")
    own = scheme(TABLE, levels=("county", "科室", "station"))
    assert set(score(read_records(tmp_path), own, levels=("station",)).ranks["level"]) == {"station"}


FIGURES = "| dimension | share | indicator | weight | measure |\n| d | 100 | a | 100 | {kind: figure, figure: trust} |"
PLACE = (
    "unit_id,name,level,parent_id\nX,甲县,county,\n018,东街所,station,X\n019,河口所,station,X\nP1,张,officer,\nP2,李,officer,\n"
)


@pytest.fixture
def brought(scheme, tmp_path):
    """Score figures of two stations, and postings as given, out of CSV; `said` is what the parameters say of unknown units."""

    def give(figures: str = "018,trust,2024Q4,9\n", postings: str = "P1,018,2024-01-01,\n", units: str = PLACE, **said):
        (tmp_path / "units.csv").write_text(units, "utf-8")
        (tmp_path / "figures.csv").write_text("unit_id,indicator,period,value\n" + figures, "utf-8")
        (tmp_path / "postings.csv").write_text("officer_id,unit_id,from_date,to_date\n" + postings, "utf-8")
        return {
            note.key: note.given for note in score(read_records(tmp_path, unknown=said, repair="none"), scheme(FIGURES)).notes
        }

    return give


def test_figures_of_no_unit_are_held_to_the_share(brought):
    """One of two figures of the period is of 19, which is nobody: as of records, 2 per cent may be."""
    with pytest.raises(
        InputError, match=r"figures\.unit_id \[records\.unknown_figures\] 本期 1 行数据（50%.*“19” ×1 → “019”\?；上限 2%"
    ):
        brought("018,trust,2024Q4,9\n19,trust,2024Q4,9\n")
    assert brought("018,trust,2024Q4,9\n19,trust,2024Q4,9\n", at_most="50%")["unknown_units"]["count"] == 1
    assert brought("018,trust,2024Q4,9\n19,trust,2023Q4,9\n")["unknown_units"]["count"] == 1  # of another period


def test_postings_at_no_unit_are_held_to_the_share(brought):
    """One of two postings of the period is at 18; the person is appraised all the same, so that it does not count for nobody."""
    posts = "P1,018,2024-01-01,\nP2,18,2024-01-01,{end}\n"
    with pytest.raises(
        InputError, match=r"postings\.unit_id \[records\.unknown_posts\] 本期 1 段任职（50%.*“18” ×1 → “018”\?；上限 2%"
    ):
        brought(postings=posts.format(end=""))
    told = brought(postings=posts.format(end=""), outside=("18",))
    assert told["unknown_posts"]["ids"] == "“18” ×1 → “018”?"
    assert brought(postings=posts.format(end="2024-03-31"))["unknown_posts"]["count"] == 1  # over before the period


def test_nobody_is_posted_at_a_person(brought):
    """P1 at P2 is a slip: the days would flow through P2 to a station."""
    with pytest.raises(
        InputError, match=r"postings\.unit_id \[records\.post_at_officer\] 有 1 段任职的单位是个人（人 → 单位：“P1” → “P2”）"
    ):
        brought(postings="P2,018,2024-01-01,\nP1,P2,2024-01-01,\n")


def test_some_unit_is_in_force_at_the_periods_end(brought):
    """All units ended in November, or begin in January: nobody is there to be appraised on the last of December."""
    for dates in ("2020-01-01,2024-11-30", "2025-01-01,"):
        units = f"unit_id,name,level,valid_from,valid_to\n018,东街所,station,{dates}\n"
        with pytest.raises(InputError, match=r"units\.valid_to \[records\.none_in_force\] 单位表的 1 行在期末 2024-12-31 没有"):
            brought(units=units)


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        ("020,西街所,station,018", "“020” station → “018” station"),
        ("Y,乙县,county,018", "“Y” county → “018” station"),
        ("P3,王,officer,P1", "“P3” officer → “P1” officer"),
    ],
)
def test_a_parent_is_of_a_higher_level(brought, unit, shown):
    """A station under a station would count for its rival."""
    with pytest.raises(InputError) as refused:
        brought(units=PLACE + unit + "\n")
    said = f"units.parent_id [records.parent_level] 有 1 个单位的上级与自己同级或更低，它们的记录会计入别的参评单位（第 7 行：{shown}）"
    assert said in str(refused.value)
