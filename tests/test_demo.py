"""What the invented province promises to everyone who tries the product on it."""

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fengqiao_eval.demo import write
from fengqiao_eval.errors import UsageError
from fengqiao_eval.records.tables import EVENTS, TABLES
from test_files import closed

DAY = pd.Timedelta(days=1)
FIRST, AFTER = pd.Timestamp("2023-01-01"), pd.Timestamp("2025-01-01")
OWN_DATE = {"cases": "received_at", "visits": "visited_at", "disputes": "received_at", "surveys": "asked_at"}
SETTLED = ("协议", "口头和解")
Province = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def default() -> Province:
    """The province as everyone gets it."""
    return write.invent()


@pytest.fixture(scope="module", params=[(60, 0), (200, 3)], ids=["60 stations", "200 stations"])
def province(request, default) -> Province:
    """The default province, and a larger one of another seed, by the same law."""
    return default if request.param == (60, 0) else write.invent(*request.param)


def station_of(tables: Province, unit_id: pd.Series) -> pd.Series:
    """Name the station of each record: the unit itself, or the parent of a zone."""
    units = tables["units"]
    zones = units[units["level"] == "zone"].set_index("unit_id")["parent_id"]
    return unit_id.map(zones).fillna(unit_id)


def due(tables: Province, kind: str) -> pd.DataFrame:
    """Take the duties of one kind."""
    return tables["duties"][tables["duties"]["kind"] == kind]


def in_last_quarter(tables: Province, station: str) -> dict[str, pd.DataFrame]:
    """Take what one station has in 2024Q4, by table."""
    dates = {**OWN_DATE, "duties": "due_at"}
    own = {name: tables[name][station_of(tables, tables[name]["unit_id"]) == station] for name in dates}
    return {name: table[table[dates[name]] >= pd.Timestamp("2024-10-01")] for name, table in own.items()}


# how the tables are made


def test_every_table_and_no_other(province):
    """There is one frame for each declared table, in the declared order."""
    assert list(province) == list(TABLES)


def test_columns_are_declared(province):
    """Every table has its required columns and no column that is not declared."""
    for name, table in TABLES.items():
        declared = {column.name for column in table.columns}
        assert set(table.required) <= set(province[name].columns) <= declared


def test_required_columns_are_filled(province):
    """No required cell is empty, but for the parent of the city and the subject of nothing."""
    for name, table in TABLES.items():
        for column in set(table.required) - {"parent_id"}:
            assert province[name][column].notna().all(), (name, column)


def test_types_follow_the_declaration(province):
    """Text is text, times are without zone, flags are flags and numbers are numbers."""
    kinds = {"text": "str", "time": "datetime64[us]", "date": "datetime64[us]"}
    for name, table in TABLES.items():
        for column in table.columns:
            if column.name in province[name] and column.kind in kinds:
                assert province[name][column.name].dtype == kinds[column.kind], (name, column.name)


def test_only_declared_words(province):
    """Where the declaration lists the words of a column, no other word is used."""
    for name, table in TABLES.items():
        for column in table.columns:
            if column.words:
                unused = {"duties", "notices", "surveys"} if name == "credits" else {"withdrawn"}
                assert set(province[name][column.name].dropna()) == set(column.words) - unused


def test_ids_are_unique(province):
    """No two rows of a table share an id."""
    for name, table in TABLES.items():
        if table.key:
            assert province[name][table.key].is_unique, name


def test_same_seed_same_frames(default):
    """The same seed invents the same province to the last cell."""
    again = write.invent()
    for name, table in default.items():
        pd.testing.assert_frame_equal(table, again[name])


def test_another_seed_another_province(default):
    """A different seed invents different records."""
    other = write.invent(seed=1)
    assert not default["cases"].head(100).equals(other["cases"].head(100))


@pytest.mark.parametrize("seed", range(1, 7))
def test_small_provinces_stand(seed):
    """Even the smallest province has every table filled and somebody in post every month."""
    tables = write.invent(stations=8, seed=seed)
    assert all(len(table) for table in tables.values())
    assert tables["cases"]["officer_id"].notna().all()


@pytest.mark.parametrize("stations", [0, 7, 3001])
def test_impossible_sizes_are_refused(stations, monkeypatch):
    """Too few stations for four classes, or more than there are invented names, are refused."""
    monkeypatch.setenv("FENGQIAO_LANG", "en")
    with pytest.raises(UsageError, match=rf"has 8 to 3000 stations, {stations} were asked for"):
        write.invent(stations=stations)


# sizes


def test_size_of_the_default_province(default):
    """By default there are 1 city, 4 counties, 60 stations and a merged one, 120 zones, 300 officers and 30 others."""
    counts = default["units"]["level"].value_counts().to_dict()
    assert counts == {"city": 1, "county": 4, "station": 61, "zone": 120, "officer": 330}
    roles = default["postings"].drop_duplicates("officer_id")["role"].value_counts()
    assert roles["民警"] == 300
    assert roles["辅警"] + roles["网格员"] == 30


def test_at_least_300_000_records(default):
    """The default size has between 300,000 and 360,000 rows, visits being the largest table."""
    assert 300_000 <= sum(map(len, default.values())) <= 360_000
    assert max(default, key=lambda name: len(default[name])) == "visits"


def test_records_grow_with_the_stations(province):
    """A station has about 5,500 records, however many stations there are."""
    stations = (province["units"]["level"] == "station").sum() - 1
    assert 5_300 <= sum(map(len, province.values())) / stations <= 5_800


def test_every_class_can_be_ranked(province):
    """Each of the four classes has at least eight stations in force."""
    units = province["units"]
    in_force = units[(units["level"] == "station") & units["valid_to"].isna()]
    sizes = in_force["peer_class"].value_counts()
    assert set(sizes.index) == {"一类", "二类", "三类", "四类"}
    assert sizes.min() >= 8


def test_classes_mix_in_every_county(default):
    """The county of a station says nothing of its class: every county has at least three classes."""
    stations = default["units"].query("level == 'station'")
    assert stations.groupby("parent_id")["peer_class"].nunique().min() >= 3


# units, names, postings


def test_units_form_one_tree(province):
    """Every parent is a unit of the level above, and only the city has none."""
    units = province["units"].set_index("unit_id")
    above = units["parent_id"].map(units["level"])
    wanted = units["level"].map({"county": "city", "station": "county", "zone": "station", "officer": "station"})
    assert above.equals(wanted.rename(above.name))


def test_people_add_up(province):
    """The residents and households of zones, stations and counties add up to those of the city."""
    units = province["units"]
    sums = units[units["valid_to"].isna()].groupby("level")[["residents", "households"]].sum()
    assert sums.loc[["city", "county", "station", "zone"]].drop_duplicates().shape[0] == 1


def test_names_are_invented(province):
    """Places bear invented names, officers a surname with 某 and a number of their own, and no two names are equal."""
    units = province["units"]
    assert units["name"].is_unique
    assert units.loc[units["level"] == "officer", "name"].str.fullmatch(r"[\u4e00-\u9fff]某\d{3,}").all()
    assert units.loc[units["level"] == "city", "name"].tolist() == ["晴枫市公安局"]


def test_no_citizen_in_the_file(province):
    """No column holds a name, number or phone of the public; a subject is a code."""
    of_the_public = re.compile(r"name|phone|mobile|id_?card|address|姓名|电话|手机|身份证|住址")
    for name, table in province.items():
        assert name == "units" or not [column for column in table if of_the_public.search(column)]
    for name in ("visits", "duties"):
        assert province[name]["subject_id"].dropna().str.fullmatch(r"Z\d{6,7}").all()


def test_postings_of_a_person_do_not_overlap(province):
    """Nobody serves at two stations on one day, and nobody leaves before arriving."""
    postings = province["postings"].sort_values(["officer_id", "from_date"])
    before = postings.groupby("officer_id")["to_date"].shift()
    second = postings["officer_id"].duplicated()
    assert (postings["from_date"] >= before)[second].all()
    assert (postings["to_date"].dropna() > postings.loc[postings["to_date"].notna(), "from_date"]).all()


def test_some_moved_and_some_came_late(province):
    """Some officers changed station within 2024, and some joined only in its last five months."""
    postings, units = province["postings"], province["units"].set_index("unit_id")
    moved = postings["to_date"].dropna()
    assert (moved > pd.Timestamp("2024-01-01")).sum() >= 3
    late = postings[postings["from_date"] >= pd.Timestamp("2024-08-01")]
    late = late[~late["officer_id"].duplicated(keep=False) & ~late["officer_id"].isin(postings.loc[moved.index, "officer_id"])]
    assert len(late) >= 3
    assert (units.loc[late["officer_id"], "valid_from"].array == late["from_date"].array).all()


def test_every_officer_was_in_post(province):
    """Whoever is named in a record was in post at that station on the day of the record."""
    postings = province["postings"].assign(to_date=lambda rows: rows["to_date"].fillna(pd.Timestamp.max.floor("us")))
    for name in EVENTS:
        records = province[name][["unit_id", "officer_id"]].assign(at=province[name][TABLES[name].own_date])
        records = records.assign(station=station_of(province, records["unit_id"]), row=np.arange(len(records)))
        joined = records.merge(postings, left_on=["officer_id", "station"], right_on=["officer_id", "unit_id"])
        in_post = joined[(joined["from_date"] <= joined["at"]) & (joined["at"] < joined["to_date"])]
        assert in_post["row"].nunique() == len(records), name


def test_most_records_hang_on_zones(default):
    """Most records hang on a zone and some on the station, so that rolling up matters."""
    for name in EVENTS:
        assert 0.4 <= default[name]["unit_id"].str.contains("-").mean() < 1


# times


def test_records_lie_in_the_two_years(province):
    """Every record's own date lies within 2023 and 2024."""
    for name in EVENTS:
        own = province[name][TABLES[name].own_date]
        assert own.between(FIRST, AFTER, inclusive="left").all(), name


def test_nothing_is_entered_before_it_happened(province):
    """Records are entered at or after their own date, a few of them days later; duties when they begin to run."""
    for name, own in {**OWN_DATE, "duties": "due_from"}.items():
        waited = province[name]["recorded_at"] - province[name][own]
        assert (waited >= pd.Timedelta(0)).all(), name
        assert name == "duties" or 0.005 < (waited > DAY).mean() < 0.1


def test_nothing_ends_before_it_begins(province):
    """Arrival, closing, settlement and recurrence follow each other."""
    cases, disputes, duties = (province[name] for name in ("cases", "disputes", "duties"))
    for table, earlier, later in [
        (cases, "received_at", "arrived_at"),
        (cases, "arrived_at", "closed_at"),
        (cases, "received_at", "closed_at"),
        (disputes, "received_at", "resolved_at"),
        (disputes, "resolved_at", "recurred_at"),
        (duties, "due_from", "due_at"),
        (duties, "due_from", "done_at"),
    ]:
        both = table[[earlier, later]].dropna()
        assert (both[later] >= both[earlier]).all(), (earlier, later)


# what each table holds


def test_cases_by_category(province):
    """Only dispatched calls have an arrival; only public-order cases and counter business have limits."""
    cases = province["cases"]
    assert (cases["arrived_at"].notna() == (cases["category"] == "警情")).all()
    limit = cases["category"].map({"治安案件": 30 * DAY, "窗口业务": 7 * DAY})
    assert (cases["due_at"] - cases["received_at"]).equals(limit.astype("timedelta64[us]").rename(None))
    assert set(cases["tier"]) == {"一般", "较大"}


def test_status_agrees_with_the_closing(province):
    """A case is 已办结 exactly where it has a closing time."""
    cases = province["cases"]
    assert ((cases["status"] == "已办结") == cases["closed_at"].notna()).all()
    assert set(cases["status"]) == {"已办结", "在办"}


def test_audits(province):
    """About 6 % of the files are audited, and only those passed or failed."""
    cases = province["cases"]
    assert 0.05 <= cases["audited"].mean() <= 0.07
    assert (cases["passed"].notna() == cases["audited"]).all()


def test_elements(province):
    """A file needs 10 to 20 elements and never has more than it needs."""
    cases = province["cases"]
    assert cases["elements_required"].between(10, 20).all()
    assert (cases["elements_filled"] <= cases["elements_required"]).all()


def test_visit_purposes_and_samples(province):
    """Visits have three purposes; about 15 % were verified, and most of these were true."""
    visits = province["visits"]
    assert set(visits["purpose"]) == {"入户走访", "重点走访", "回访"}
    assert 0.14 <= visits["verified"].notna().mean() <= 0.16
    assert 0.85 <= visits["verified"].mean() <= 0.99


def test_done_visits_exist(province):
    """A due household visit has its date exactly where a visit to that household was made within the window."""
    listed = due(province, "visit").reset_index(drop=True)
    joined = listed.reset_index().merge(province["visits"], on="subject_id", suffixes=("", "_visit"))
    within = joined[(joined["visited_at"] >= joined["due_from"]) & (joined["visited_at"] <= joined["due_at"])]
    assert set(within["index"]) == set(listed.index[listed["done_at"].notna()])
    assert (within.groupby("index")["visited_at"].min() == listed["done_at"].dropna()).all()
    assert (within["unit_id"] == within["unit_id_visit"]).all()


def test_focus_visits_can_be_counted(province):
    """A focus person due 2 to 4 visits counts as done exactly where that many visits lie within the quarter."""
    focus = due(province, "focus").reset_index(drop=True)
    assert set(focus["times"]) == {2, 3, 4}
    joined = focus.reset_index().merge(province["visits"], on="subject_id")
    within = joined[(joined["visited_at"] >= joined["due_from"]) & (joined["visited_at"] <= joined["due_at"])]
    made = within.groupby("index").size().reindex(focus.index, fill_value=0)
    assert ((made >= focus["times"]) == focus["done_at"].notna()).all()
    assert (within.groupby("index")["visited_at"].max()[made >= focus["times"]] == focus["done_at"].dropna()).all()


def test_windows_of_duties(province):
    """Household visits are due by month or quarter, focus visits and briefings by quarter, to the last second."""
    for kind, freq in {"visit": ("M", "Q"), "focus": ("Q",), "briefing": ("Q",)}.items():
        duties = due(province, kind)
        spans = [(duties["due_from"].dt.to_period(one), duties["due_at"].dt.to_period(one)) for one in freq]
        whole = [(start == end) & (duties["due_from"] == start.dt.start_time) for start, end in spans]
        assert np.logical_or.reduce(whole).all(), kind
        assert ((duties["due_at"] + pd.Timedelta(seconds=1)).dt.day == 1).all()


def test_a_briefing_a_quarter(province):
    """Every station in force owes one briefing a quarter, held at the station itself."""
    briefings = due(province, "briefing")
    per_quarter = briefings.groupby(["unit_id", briefings["due_at"].dt.to_period("Q")]).size()
    stations = (province["units"]["level"] == "station").sum() - 1
    assert set(per_quarter) == {1}
    assert len(per_quarter) == stations * 8 + 4


def test_replies_have_five_working_days(province):
    """A complaint is to be answered by the end of the fifth working day."""
    replies = due(province, "reply")
    days = np.busday_count(replies["due_from"].to_numpy("datetime64[D]"), replies["due_at"].to_numpy("datetime64[D]"))
    assert set(days) <= {5, 6}


def test_colours_and_limits_of_disputes(province):
    """About 75, 20 and 5 % of the disputes are blue, yellow and red, with 30, 15 and 7 days."""
    disputes = province["disputes"]
    shares = disputes["tier"].value_counts(normalize=True)
    assert shares.to_dict() == pytest.approx({"blue": 0.75, "yellow": 0.2, "red": 0.05}, abs=0.02)
    days = disputes["tier"].map({"blue": 30, "yellow": 15, "red": 7})
    assert ((disputes["due_at"] - disputes["received_at"]) == days * DAY).all()


def test_outcomes_of_disputes(province):
    """An outcome stands exactly where a dispute was resolved; few failed, and only agreements are performed."""
    disputes = province["disputes"]
    assert (disputes["outcome"].notna() == disputes["resolved_at"].notna()).all()
    shares = disputes["outcome"].value_counts(normalize=True)
    assert set(shares.index) == {*SETTLED, "调解不成"}
    assert shares["调解不成"] < 0.06
    agreed = disputes["outcome"] == "协议"
    assert not disputes["performed"].notna()[~agreed].any()
    assert 0.05 < disputes["performed"].isna()[agreed].mean() < 0.3
    assert 0 < disputes["escalated"].mean() < 0.01


def test_surveys_by_channel(province):
    """Surveys are asked by phone or message, and answered in three words or not at all."""
    surveys = province["surveys"]
    assert set(surveys["channel"]) == {"电话", "短信"}
    assert set(surveys["answer"].dropna()) == {"满意", "基本满意", "不满意"}


def test_shared_credits(province):
    """A shared record has two persons, one of them its officer, and their shares add up to one."""
    credits_ = province["credits"]
    assert set(credits_["table"]) == {"cases", "visits", "disputes"}
    assert not credits_.duplicated(["table", "record_id", "officer_id"]).any()
    groups = credits_.groupby(["table", "record_id"])["share"]
    assert (groups.size() == 2).all()
    assert groups.sum().round(9).eq(1).all()
    for name, own in credits_[credits_["role"] == "主办"].groupby("table"):
        officers = province[name].set_index(TABLES[name].key)["officer_id"]
        assert (own["record_id"].map(officers) == own["officer_id"]).all()


def test_helpers_share_credits(province):
    """Auxiliaries and grid workers share in records, and are never named as the officer of one."""
    helpers = set(province["postings"].query("role != '民警'")["officer_id"])
    assert helpers & set(province["credits"]["officer_id"])
    assert not any(province[name]["officer_id"].isin(helpers).any() for name in EVENTS)


def test_partners_were_in_post_too(province):
    """Whoever shares a visit was in post at that station on that day."""
    shared = province["credits"].query("table == 'visits'").rename(columns={"officer_id": "person"})
    joined = shared.merge(province["visits"], left_on="record_id", right_on="visit_id")
    joined = joined.assign(station=station_of(province, joined["unit_id"]))
    posts = joined.merge(province["postings"], left_on=["person", "station"], right_on=["officer_id", "unit_id"])
    left = posts["to_date"].fillna(AFTER)
    assert ((posts["from_date"] <= posts["visited_at"]) & (posts["visited_at"] < left)).sum() == len(shared)


def test_notices(province):
    """Notices name a unit or an officer; only upheld ones were checked, by another office than entered them."""
    notices = province["notices"]
    assert set(notices["code"]) >= {"praise", "complaint", "veto_event", "adopted_town"}
    assert (notices["entered_by"] != notices["checked_by"]).all()
    assert (notices["unit_id"].notna() != notices["officer_id"].notna()).all()
    assert ((notices["status"] == "upheld") == notices["checked_by"].notna()).all()
    assert (notices["recorded_at"] > notices["happened_on"]).all()


def test_a_matter_is_adopted_at_several_levels(province):
    """Notices of one matter are of one station, each worth more than the one before: there is something to take the best of."""
    matters = province["notices"].dropna(subset="matter").groupby("matter")
    assert len(matters) == len(province["notices"].drop_duplicates(["matter", "unit_id"]).dropna(subset="matter"))
    assert matters["value"].apply(lambda values: values.is_monotonic_increasing).all()
    assert (matters.size() > 1).any()


def test_a_grave_event_lies_in_the_last_quarter(province):
    """The demo's own quarter has an event for which a scheme may veto."""
    grave = province["notices"].query("code == 'veto_event'")
    assert grave["happened_on"].between(pd.Timestamp("2024-10-01"), AFTER).any()


def test_figures(province):
    """The sense of safety is there for every station, county and the city, by quarter and year, with its n."""
    figures, units = province["figures"], province["units"]
    levels = figures["unit_id"].map(units.set_index("unit_id")["level"])
    assert set(levels) == {"city", "county", "station"}
    assert len(figures) == (units["level"].isin(["city", "county", "station"]).sum() - 1) * 10 + 5
    assert not figures.duplicated(["unit_id", "period"]).any()
    assert (figures["value"] == (figures["numerator"] / figures["denominator"] * 100).round(2)).all()
    assert (figures["n"] == figures["denominator"]).all()
    assert figures["design_effect"].between(1.2, 1.6).all()
    assert "省统计调查队2024年第四季度电话调查(示例)" in set(figures["source"])


def test_years_of_figures_are_their_quarters(default):
    """A year's interviews are those of its four quarters."""
    figures = default["figures"].assign(
        year=lambda rows: rows["period"].str[:4], quarter=lambda rows: rows["period"].str.len() > 4
    )
    sums = figures.groupby(["unit_id", "year", "quarter"])["numerator"].sum().unstack("quarter")
    assert (sums[True] == sums[False]).all()


# pooled rates: the province looks like one


def test_pooled_rates_of_cases(province):
    """Arrival in 15 minutes, recording in 24 hours, elements and closing on time are each 85 to 99.5 %."""
    cases = province["cases"]
    taken = (cases["arrived_at"] - cases["received_at"]).dropna()
    limited = cases[cases["due_at"] < AFTER]
    rates = {
        "arrival": (taken <= pd.Timedelta(minutes=15)).mean(),
        "recording": (cases["recorded_at"] - cases["received_at"] <= DAY).mean(),
        "elements": cases["elements_filled"].sum() / cases["elements_required"].sum(),
        "closing": (limited["closed_at"] <= limited["due_at"]).mean(),
    }
    assert all(0.85 <= rate <= 0.995 for rate in rates.values()), rates
    assert pd.Timedelta(minutes=6) <= taken.median() <= pd.Timedelta(minutes=15)


def test_pooled_rate_of_replies(province):
    """Outside the lost month 85 to 99.5 % of the complaints are answered in time."""
    replies = due(province, "reply")
    kept = replies[replies["due_at"].dt.to_period("M") != pd.Period("2024-11")]
    assert 0.85 <= (kept["done_at"] <= kept["due_at"]).mean() <= 0.995


def test_pooled_coverage_of_visits(province):
    """Between 60 and 98 % of the due households are visited in time."""
    visits = due(province, "visit")
    assert 0.6 <= (visits["done_at"] <= visits["due_at"]).mean() <= 0.98


def test_pooled_rates_of_disputes(province):
    """80 to 98 % of the disputes are settled in time; 2 to 10 % of the settled recur in 90 days, a few later."""
    disputes = province["disputes"]
    settled = disputes["outcome"].isin(SETTLED)
    assert 0.8 <= (settled & (disputes["resolved_at"] <= disputes["due_at"])).mean() <= 0.98
    again = (disputes["recurred_at"] - disputes["resolved_at"])[settled]
    assert 0.02 <= (again <= 90 * DAY).mean() <= 0.1
    assert 0 < (again > 90 * DAY).sum() < (again <= 90 * DAY).sum() / 4
    assert disputes["recurred_at"].notna().sum() == again.notna().sum()


def test_pooled_satisfaction(province):
    """20 to 60 % of the asked answer, and satisfaction (满意 1, 基本满意 0.6) is 85 to 99 %."""
    answer = province["surveys"]["answer"]
    assert 0.2 <= answer.notna().mean() <= 0.6
    assert 0.85 <= answer.dropna().map({"满意": 1, "基本满意": 0.6, "不满意": 0}).mean() <= 0.99


def test_pooled_sense_of_safety(province):
    """Pooled over stations, and in the city, 90 to 99 % feel safe."""
    figures = province["figures"]
    stations = figures[figures["unit_id"].str.startswith("S")]
    assert 0.9 <= stations["numerator"].sum() / stations["denominator"].sum() <= 0.99
    assert figures.loc[figures["unit_id"] == "C01", "value"].between(90, 99).all()


def test_stations_truly_differ(default):
    """Good stations stay good: coverage in 2023 and 2024 agree far more than by chance, and spread widely."""
    visits = due(default, "visit")
    done = (visits["done_at"] <= visits["due_at"]).groupby([station_of(default, visits["unit_id"]), visits["due_at"].dt.year])
    rates = done.mean().unstack().dropna().drop("S060")
    assert rates.corr().iloc[0, 1] > 0.5
    assert rates[2024].max() - rates[2024].min() > 0.15


def test_classes_differ_in_volume(default):
    """The busier the class, the more cases a station has."""
    units = default["units"].set_index("unit_id")
    cases = station_of(default, default["cases"]["unit_id"]).value_counts().drop(["S060", "S061"])
    assert cases.groupby(units["peer_class"]).mean().sort_values(ascending=False).index.tolist() == [
        "一类",
        "二类",
        "三类",
        "四类",
    ]


# planted on purpose


def test_one_station_is_too_small_to_rank(province):
    """The last station has a handful of records of every kind in 2024Q4, and no other station so few cases."""
    stations = province["units"].query("level == 'station'")["unit_id"]
    counts = {name: len(rows) for name, rows in in_last_quarter(province, stations.iloc[-2]).items()}
    assert all(1 <= count <= 20 for count in counts.values()), counts
    cases = province["cases"][province["cases"]["received_at"] >= pd.Timestamp("2024-10-01")]
    assert station_of(province, cases["unit_id"]).value_counts().drop(stations.iloc[-2]).min() > 3 * counts["cases"]


def test_one_class_never_fails_an_audit(province):
    """In class 四类 every audited file passed; in every other class some failed."""
    cases = province["cases"].dropna(subset="passed")
    classes = station_of(province, cases["unit_id"]).map(province["units"].set_index("unit_id")["peer_class"])
    passed = cases["passed"].groupby(classes).mean()
    assert passed["四类"] == 1
    assert passed.drop("四类").between(0.85, 0.99).all()


def test_one_station_has_five_answers(province):
    """One station asked 14 and got 5 answers in 2024Q4, all entered in time."""
    stations = province["units"].query("level == 'station'")["unit_id"]
    surveys = in_last_quarter(province, stations.iloc[(len(stations) - 1) // 2 - 1])["surveys"]
    assert (len(surveys), surveys["answer"].notna().sum()) == (14, 5)
    assert (surveys["recorded_at"] < AFTER).all()


def test_replies_of_one_month_are_lost(province):
    """No reply due in 2024-11 has a date of completion; most others have."""
    replies = due(province, "reply")
    lost = replies["due_at"].dt.to_period("M") == pd.Period("2024-11")
    assert lost.any()
    assert replies["done_at"][lost].isna().all()
    assert replies["done_at"][~lost].notna().mean() > 0.9


def test_one_station_was_merged(province):
    """The merged station names its successor, ends with 2023, and has records up to then and none later."""
    gone = province["units"].dropna(subset="valid_to")
    assert len(gone) == 1
    merged = gone.iloc[0]
    assert merged["valid_to"] == pd.Timestamp("2024-01-01")
    assert merged["successor_id"] in set(province["units"].query("level == 'station'")["unit_id"])
    for name in EVENTS:
        own = province[name].loc[province[name]["unit_id"] == merged["unit_id"], TABLES[name].own_date]
        assert len(own)
        assert own.max() < merged["valid_to"]


def test_officers_of_the_merged_station_moved_along(province):
    """Whoever served at the merged station serves at its successor from the first day of 2024."""
    merged = province["units"].dropna(subset="valid_to").iloc[0]
    postings = province["postings"]
    left = postings[postings["unit_id"] == merged["unit_id"]]
    came = postings[postings["officer_id"].isin(left["officer_id"]) & (postings["from_date"] == merged["valid_to"])]
    assert len(left) >= 2
    assert set(left["officer_id"]) == set(came["officer_id"])
    assert set(came["unit_id"]) == {merged["successor_id"]}


# written to a folder


def test_written_as_one_file_a_table(tmp_path):
    """The folder holds one Parquet file a table, with the rows that were reported, and nothing beside it is left."""
    rows = write.write(tmp_path / "new" / "demo", stations=8)
    files = {file.stem: len(pd.read_parquet(file)) for file in (tmp_path / "new" / "demo").iterdir()}
    assert files == rows
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["demo"]


def test_read_back_as_invented(tmp_path):
    """What is read back equals what was invented; dates are dates in the file."""
    write.write(tmp_path / "demo", stations=8, seed=5)
    tables = write.invent(stations=8, seed=5)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "demo" / "cases.parquet"), tables["cases"])
    postings = pd.read_parquet(tmp_path / "demo" / "postings.parquet")
    assert postings["from_date"].tolist() == tables["postings"]["from_date"].dt.date.tolist()


def test_an_earlier_demo_is_replaced(tmp_path):
    """A second demo in the same folder replaces the first, also in an empty folder."""
    (tmp_path / "demo").mkdir()
    first = write.write(tmp_path / "demo", stations=8)
    second = write.write(tmp_path / "demo", stations=10)
    assert len(pd.read_parquet(tmp_path / "demo" / "units.parquet")) == second["units"] > first["units"]


@pytest.mark.parametrize("name", ["notes.txt", "cases.parquet", "units.csv"])
def test_other_folders_are_left_alone(tmp_path, name, monkeypatch):
    """A folder that holds anything but an earlier demo is refused, by name, and nothing in it changes."""
    monkeypatch.setenv("FENGQIAO_LANG", "en")
    write.write(tmp_path, stations=8)
    (tmp_path / name).write_text("not invented")
    with pytest.raises(UsageError, match=rf"is not demo data \({name}\) and is left alone"):
        write.write(tmp_path, stations=8)
    assert (tmp_path / name).read_text() == "not invented"


def test_real_tables_are_left_alone(tmp_path):
    """A Parquet file of the right name that was not invented here is refused too."""
    pd.DataFrame({"case_id": ["1"]}).to_parquet(tmp_path / "cases.parquet")
    with pytest.raises(UsageError, match=r"cases\.parquet"):
        write.write(tmp_path, stations=8)


def test_a_file_is_no_folder(tmp_path):
    """A file where the folder should be is refused."""
    (tmp_path / "demo").write_text("a file")
    with pytest.raises(UsageError, match="demo"):
        write.write(tmp_path / "demo", stations=8)


def test_what_lies_there_is_named(tmp_path):
    """A refusal names what is not the demo's, the first five of many."""
    for number in range(7):
        (tmp_path / f"{number}.txt").write_text("")
    with pytest.raises(UsageError, match=r"（0\.txt, 1\.txt, 2\.txt, 3\.txt, 4\.txt …），不会覆盖"):
        write.write(tmp_path, stations=8)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_is_no_folder(tmp_path):
    """What is neither file nor folder is no empty folder, and stays."""
    os.mkfifo(tmp_path / "demo")
    with pytest.raises(UsageError, match="demo 不是文件夹，不会覆盖"):
        write.write(tmp_path / "demo", stations=8)
    assert (tmp_path / "demo").is_fifo()


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
def test_a_folder_that_may_not_be_looked_into_is_not_taken_for_empty(tmp_path):
    """A closed folder is refused, and what lies in it stays."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "letter.txt").write_text("")
    with closed(tmp_path / "kept"), pytest.raises(PermissionError):
        write.write(tmp_path / "kept", stations=8)
    assert (tmp_path / "kept" / "letter.txt").is_file()


def test_nothing_half_written_stays(tmp_path, monkeypatch):
    """Where writing breaks off, the earlier demo stands as it was and no scrap is left."""
    write.write(tmp_path / "demo", stations=8)
    before = (tmp_path / "demo" / "units.parquet").read_bytes()

    def broken(_: object, where: Path) -> None:
        where.write_bytes(b"half")
        raise OSError

    monkeypatch.setattr(write.pq, "write_table", broken)
    with pytest.raises(OSError):  # noqa: PT011 - a full disk says nothing of its own
        write.write(tmp_path / "demo", stations=10)
    assert (tmp_path / "demo" / "units.parquet").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["demo"]
