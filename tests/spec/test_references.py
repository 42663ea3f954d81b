"""A value is held against a quota, its own past, its peers or its place before the rule sees it."""

import pytest

from seam import InputError, faults, neighbours, refuse

HEAD = "| dimension | share | indicator | weight | against | direction |\n"
TREND = "| unit | v |\n| A | {a} |\n| B | {b} |\n"


@pytest.fixture
def table(scheme):
    """Make a scheme of one indicator that is held against something."""
    return lambda against, direction="higher", **keys: scheme(
        f"{HEAD}| d | 100 | v | 100 | {against} | {direction} |", **{"least_class": 2, **keys}
    )


@pytest.fixture
def held(table, judge):
    """Give what becomes of the drawn values of v, by unit: a number, or a status word."""

    def hold(against: str, text: str, direction: str = "higher", period: str = "2024Q4", **given) -> dict[str, float | str]:
        keys = {name: given.pop(name) for name in ("least_class", "compare_within", "unranked", "void") if name in given}
        return judge(table(against, direction, **keys), text, period, **given).compared

    return hold


# Quotas


@pytest.mark.rule("R3")
@pytest.mark.parametrize(
    ("as_", "expected"),
    [("completion", [10, 100, 120]), ("shortfall", [9, 0, 0]), ("excess", [0, 0, 2]), ("excess_percent", [0, 0, 20])],
)
def test_a_quota_is_met_missed_or_passed(held, as_, expected):
    """Of 10 due, 1 done is 10 per cent and 9 short; 12 are 2 too many, 20 per cent."""
    found = held(f"[{{kind: quota, amount: 10, as: {as_}}}]", "| unit | v |\n| A | 1 |\n| B | 10 |\n| C | 12 |")
    assert list(found.values()) == expected


@pytest.mark.rule("R4")
def test_what_is_wanting_of_a_target_is_deducted_in_its_share(scheme, judge):
    """总分5分,目标10完成1: 90 per cent of 5 marks are lost, so that 0.5 marks are left, a tenth of full marks."""
    rule = "{kind: line, start: 5, at: 100, each: 0.05, in_marks: true}"
    head = "| dimension | share | indicator | weight | against | points |\n"
    one = scheme(f"{head}| d | 100 | v | 5 | [{{kind: quota, amount: 10, as: completion}}] | {rule} |")
    assert judge(one, "| unit | v |\n| A | 1 |\n| B | 10 |").points["points"].tolist() == [10, 100]


CLASSES = """
    | unit | class | v  |
    | 南宁 | 大站  | 20 |
    | 北海 | 小站  | 5  |
"""


@pytest.mark.rule("R13")
def test_a_quota_goes_by_class_and_by_month(scheme, judge):
    """大站8起/月, 小站2起/月, 每少1起扣0.2: a quarter asks for 24 and 6; who did 20 and 5 loses 0.8 and 0.2 of 10 marks."""
    quota = "[{kind: quota, amount: {大站: 8, 小站: 2}, every: month, as: shortfall}]"
    head = "| dimension | share | indicator | weight | against | points |\n"
    one = scheme(f"{head}| d | 100 | v | 10 | {quota} | {{kind: line, start: 10, each: -0.2, whole: true, in_marks: true}} |")
    found = judge(one, CLASSES)
    assert found.steps[["given", "reference", "result"]].to_numpy().tolist() == [[20, 24, 4], [5, 6, 1]]
    assert found.points["points"].tolist() == [92, 98]


@pytest.mark.rule("R13")
def test_a_quota_per_hundred_officers_is_no_whole_number_division(held):
    """百名民警120台 asks 44.4 of 37 officers (whole-number division would ask nothing); 22.2 done are half of it."""
    officers = "\n".join(f"| P{n} | A | 2024-10-01 |" for n in range(37))
    quota = "[{kind: quota, amount: 120, per: officers, scale: 100, as: completion}]"
    postings = f"| officer_id | unit_id | from_date |\n{officers}"
    assert held(quota, "| unit | v |\n| A | 22.2 |", postings=postings) == {"A": 50}


@pytest.mark.rule("R13")
def test_a_quota_per_inhabitants(held):
    """Of 2 for a thousand residents 2,500 residents are due 5; where nobody knows how many live there, nothing can be said."""
    text = "| unit | residents | v |\n| A | 2500 | 4 |\n| B | | 4 |"
    assert held("[{kind: quota, amount: 2, per: residents, scale: 1000, as: shortfall}]", text) == {"A": 1, "B": "no_records"}


def test_a_quota_by_figure_is_each_units_own(held):
    """控制数 are given unit by unit; of a year's a quarter has a fourth, and who was given none has no value."""
    figures = "| unit_id | indicator | period | value |\n| A | control | 2024 | 40 |\n| A | control | 2024Q4 | 7 |"
    text = "| unit | v |\n| A | 12 |\n| B | 12 |"
    yearly = held("[{kind: quota, figure: control, every: year, as: excess}]", text, "lower", figures=figures)
    assert yearly == {"A": 2, "B": "no_records"}
    assert held("[{kind: quota, figure: control, as: excess}]", text, "lower", figures=figures)["A"] == 5


def test_a_void_month_asks_nothing(held):
    """Of 8 a month a quarter with one void month asks 16."""
    void = ({"indicator": "v", "period": "2024-11", "reason": "系统迁移"},)
    assert held("[{kind: quota, amount: 8, every: month, as: shortfall}]", "| unit | v |\n| A | 10 |", void=void) == {"A": 6}


@pytest.mark.rule("R15")
def test_plenty_in_one_quarter_does_not_make_up_for_want_in_another(held):
    """每季不少于1期: five issues in one quarter and none in the others are three missing, told apart; together none is."""
    quarters = {f"2024Q{n}": TREND.format(a=a, b=1) for n, a in enumerate((5, 0, 0, 0), 1)}
    year = TREND.format(a=5, b=4)
    quota = "[{{kind: quota, amount: 1, every: quarter, as: shortfall{apart}}}]"
    assert held(quota.format(apart=", apart: true"), year, "higher", "2024", also=quarters) == {"A": 3, "B": 0}
    assert held(quota.format(apart=""), year, "higher", "2024", also=quarters) == {"A": 0, "B": 0}


@pytest.mark.rule("R12")
@pytest.mark.parametrize(("value", "points"), [(20, 100), (21, 97), (22, 96.5), (25.9, 96), (26, 95.5), (60, 87)])
def test_beyond_a_control_number_three_and_then_a_half_for_each_ten_per_cent(scheme, judge, value, points):
    """超全年控制数扣3分,每超10%加扣0.5: of 20 allowed, 26 are 30 per cent over and cost 3 + 3 × 0.5."""
    quota = "[{kind: quota, amount: 20, as: excess_percent}]"
    rule = "{kind: line, start: 100, first: -3, each: -0.5, per: 10, whole: true}"
    head = "| dimension | share | indicator | weight | against | points | direction |\n"
    one = scheme(f"{head}| d | 100 | v | 100 | {quota} | {rule} | lower |")
    assert judge(one, f"| unit | v |\n| A | {value} |").points["points"].tolist() == [points]


@pytest.mark.rule("R13")
def test_a_quota_by_class_that_passes_over_a_unit_is_refused(table, judge):
    """A class without an amount, and units without class, are faults of the run, told at once; `others` takes the rest."""
    text = "| unit | class | v |\n| A | 大站 | 1 |\n| B | 小站 | 1 |\n| C | | 1 |"
    quota = "[{{kind: quota, amount: {{大站: 8, 特大站: 9{others}}}, as: shortfall}}]"
    open_, closed = (table(quota.format(others=others), least_class=2) for others in ("", ", others: 1"))
    tree = judge(closed, text).tree
    with pytest.raises(InputError) as refused:
        refuse(faults(open_, tree))
    one, two = str(refused.value).splitlines()
    assert "v.against.0.amount [quota.no_amount] “v”的定额没有写这些类别：小站（已写：大站、特大站）" in one
    assert "[quota.no_class] “v”的定额按类别给出（大站、特大站），而有 1 个单位没有类别（层级：station）" in two
    assert faults(closed, tree) == []


def test_a_quota_per_inhabitant_where_none_are_known_is_refused(table, judge):
    """Where no unit has residents, nobody could be held to anything: that is said before scoring."""
    one = table("[{kind: quota, amount: 2, per: residents, as: shortfall}]")
    with pytest.raises(InputError, match=r"v\.against\.0\.per \[quota\.no_exposure\] “v”的定额按 residents 折算"):
        refuse(faults(one, judge(one, "| unit | v |\n| A | 1 |").tree))


# The own past


@pytest.mark.rule("R11")
@pytest.mark.parametrize(
    ("since", "as_", "expected"),
    [
        ("previous", "difference", 6),
        ("previous", "percent", 20),
        ("year_before", "difference", -4),
        ("year_before", "percent", -10),
    ],
)
def test_the_change_since_an_earlier_period(held, since, as_, expected):
    """36 after 30 in the quarter before and 40 a year ago: +6 or 20 per cent, -4 or -10 per cent (同比)."""
    also = {"2024Q3": TREND.format(a=30, b=0), "2023Q4": TREND.format(a=40, b=0)}
    found = held(f"[{{kind: change, since: {since}, as: {as_}}}]", TREND.format(a=36, b=5), also=also)
    assert found == {"A": expected, "B": 5 if as_ == "difference" else "no_records"}


@pytest.mark.rule("R11")
def test_the_own_history_is_the_mean_of_what_there_is(held):
    """Of three quarters before B has one: its 20 is its history; A's is the mean of 10, 20 and 30. C has none."""
    before = {"2024Q3": (10, 20, ""), "2024Q2": (20, "", ""), "2024Q1": (30, "void", "")}
    rows = "| unit | v |\n| A | {} |\n| B | {} |\n| C | {} |"
    also = {name: rows.format(*values) for name, values in before.items()}
    found = held("[{kind: change, since: history, periods: 3}]", rows.format(25, 25, 25), also=also)
    assert found == {"A": 5, "B": 5, "C": "no_records"}


# The peers

STATIONS = """
    | unit | class | v     |
    | A    | 四类  | 10    |
    | B    | 四类  | 20    |
    | C    | 四类  | 60    |
    | D    | 四类  |       |
    | E    | 二类  | 50    |
    | F    | 二类  | void  |
"""


@pytest.mark.rule("R11")
@pytest.mark.parametrize(("of", "expected"), [("mean", [-20, -10, 30]), ("median", [-10, 0, 40])])
def test_the_difference_from_the_middle_of_the_class(held, of, expected):
    """The mean of 10, 20 and 60 is 30, the median 20; D has no value, and one unit of class 二类 is too few to compare."""
    found = held(f"[{{kind: peers, of: {of}}}]", STATIONS, least_class=3)
    assert found == dict(zip("ABC", expected, strict=True)) | {"D": "no_records", "E": "too_few", "F": "void"}


@pytest.mark.rule("R11")
def test_the_difference_from_last_years_mean_of_the_level(held):
    """低于前一年度全省平均: this year's 10 against 30, the mean over all classes of a year ago."""
    also = {"2023Q4": STATIONS.replace("20", "10")}
    found = held("[{kind: peers, since: year_before, among: level, as: difference}]", STATIONS, least_class=3, also=also)
    assert found["A"] == 10 - (10 + 10 + 60 + 50) / 4


def test_who_stands_for_unknown_is_no_yardstick(held):
    """C is counted in the whole and not ranked: the mean is that of A and B."""
    assert held("[{kind: peers}]", STATIONS, unranked=("C",))["A"] == -5


# The place


@pytest.mark.rule("R8", "R34")
def test_the_place_is_that_in_the_class_and_ties_share_the_better(held):
    """A, B and C are tied but for what fifteen digits do not show: 1, 1, 1, then 4; each class has its own first."""
    text = """
        | unit | class | v                  |
        | A    | A组   | 0.3                |
        | B    | A组   | 0.30000000000000004|
        | C    | A组   | 0.3                |
        | D    | A组   | 0.2                |
        | E    | B组   | 0.1                |
        | F    | B组   | 0.2                |
    """
    best, worst = ({"A": 1, "B": 1, "C": 1, "D": 4, "E": 2, "F": 1}, {"A": 4, "B": 4, "C": 4, "D": 1, "E": 1, "F": 2})
    assert held("[{kind: place}]", text.strip()) == best
    assert held("[{kind: place, from: worst}]", text.strip()) == worst
    assert held("[{kind: place}]", text.strip(), "lower") == {"A": 2, "B": 2, "C": 2, "D": 1, "E": 1, "F": 2}


@pytest.mark.rule("R8")
def test_the_first_has_full_marks_and_each_place_two_less(scheme, judge):
    """第一名50分,逐名减2分: of an item of 50 marks the third keeps 46, 92 of a hundred."""
    head = "| dimension | share | indicator | weight | against | points |\n"
    rule = "{kind: line, start: 50, at: 1, each: -2, in_marks: true}"
    one = scheme(f"{head}| d | 100 | v | 50 | [{{kind: place}}] | {rule} |", least_class=2)
    found = judge(one, "| unit | v |\n| A | 9 |\n| B | 8 |\n| C | 7 |")
    assert found.points["points"].tolist() == [100, 96, 92]


@pytest.mark.rule("R9")
def test_the_last_two_lose_half_a_mark(scheme, judge):
    """月度排名末两位每次扣0.5: two tied for the last place but one are among the last two, three tied above them are not."""
    head = "| dimension | share | indicator | weight | against | points |\n"
    rule = "{kind: steps, steps: [[3, 10]], otherwise: 9.5, in_marks: true}"
    one = scheme(f"{head}| d | 100 | v | 10 | [{{kind: place, from: worst}}] | {rule} |", least_class=2)
    rows = "\n".join(f"| U{n} | {value} |" for n, value in enumerate((5, 5, 5, 1, 1)))
    assert judge(one, f"| unit | v |\n{rows}").points["points"].tolist() == [100, 100, 100, 95, 95]


@pytest.mark.rule("R10")
def test_the_movement_of_a_place(scheme, judge):
    """位次后退>=5扣1,>=10扣2;进步>=5加0.5: from 1st to 6th costs 1, from 6th to 1st earns 0.5, staying is nought."""
    quarter = {f"U{n:02d}": 100 - n for n in range(1, 13)}
    swapped = quarter | {"U01": quarter["U06"], "U06": quarter["U01"]}
    head = "| dimension | share | indicator | weight | against | points |\n"
    rule = "{kind: steps, steps: [[-5, 10], [4, 9.5], [9, 8.5]], otherwise: 7.5, cap: none, in_marks: true}"
    one = scheme(f"{head}| d | 100 | v | 9.5 | [{{kind: place}}, {{kind: change, since: previous}}] | {rule} |")
    before, now = ("| unit | v |\n" + "\n".join(f"| {u} | {v} |" for u, v in each.items()) for each in (quarter, swapped))
    found = judge(one, now, also={"2024Q3": before})
    marks = (found.points["points"] * 9.5 / 100).round(3).droplevel("indicator")
    assert marks[["U01", "U06", "U02"]].tolist() == [8.5, 10, 9.5]
    assert found.steps.loc["U01", ["step", "kind", "given", "reference", "result"]].to_numpy().tolist() == [
        [1, "place", 94, 12, 6], [2, "change", 6, 1, 5],
    ]  # fmt: skip


def test_too_few_have_no_place(held):
    """Where the class has fewer than least_class values nobody has a place; what was missing stays what it was."""
    assert held("[{kind: place}]", TREND.format(a=1, b="pending"), least_class=2) == {"A": "too_few", "B": "pending"}


# Together


def test_a_provisional_value_stays_provisional(table, judge):
    """What may still change, held against a quota, may still change."""
    found = judge(table("[{kind: quota, amount: 10, as: completion}]"), "| unit | v |\n| A | 5~ |")
    assert found.points.loc[("A", "v"), ["points", "status"]].tolist() == [50, "provisional"]


def test_other_units_called_otherwise_change_nothing(table, judge):
    """Listed and called otherwise every unit keeps its points."""
    one = table("[{kind: peers}, {kind: place}]", least_class=2)
    values = {"A": 3, "B": 1, "C": 4, "D": 1, "E": 5}
    text = [
        "| unit | v |\n" + "\n".join(f"| {u} | {v} |" for u, v in each) for each in (values.items(), reversed(values.items()))
    ]
    first, second = (judge(one, drawing).points["points"] for drawing in text)
    assert first.sort_index().equals(second.sort_index())


@pytest.mark.parametrize(
    ("against", "expected"),
    [
        ("[{kind: change, since: previous}]", ["2024Q3"]),
        ("[{kind: place}, {kind: change, since: year_before}]", ["2023Q4"]),
        ("[{kind: change, since: previous}, {kind: peers, since: year_before}]", ["2024Q3", "2023Q4", "2023Q3"]),
        ("[{kind: quota, amount: 1, every: month, apart: true, as: shortfall}]", ["2024-10", "2024-11", "2024-12"]),
        ("[{kind: quota, amount: 1, every: year, as: shortfall}, {kind: place}]", []),
    ],
)
def test_references_say_how_far_they_look_back(table, against, expected):
    """Every period that a reference, or the reference of a reference, needs is counted beforehand."""
    assert neighbours("2024Q4", table(against)).references == expected
