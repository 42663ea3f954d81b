"""Lint: what a scheme scores that law forbids or statistics cannot bear: what hits, what passes, who answers for it."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

import shared
from fengqiao_eval.cli import app
from fengqiao_eval.documents import read, scalar
from fengqiao_eval.pages import page, run_screen
from fengqiao_eval.results.run import open_run
from fengqiao_eval.runs import job as jobs
from fengqiao_eval.scheme.lint import CONDITIONS, SHAPES, catalogue, lint
from fengqiao_eval.scheme.load import load
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.workbooks import results
from run_folders import write_run

ROOT = Path(__file__).parents[1]
OBJECTIONABLE = ROOT / "params" / "examples" / "objectionable_scheme.yaml"
SCHEMES = [path for path in shared.shipped("params/**/*.yaml") if "dimensions" in read(path).data and path != OBJECTIONABLE]
ONE_TABLE = load(ROOT / "params" / "one_table.yaml")

SHARE = "{kind: share, table: cases, date: received_at, met: {passed: true}}"
RATE = "{kind: curve, knots: [[0, 0], [100, 100]]}"
PER_ITEM = "{kind: line, start: 0, each: 2}"
QUOTA = "[{kind: quota, amount: 5, every: month, as: completion}]"


def counted(table: str, where: str = "{}") -> str:
    """A raw count of a table."""
    dates = {"visits": "visited_at", "notices": "happened_on", "duties": "due_at"}
    return f"{{kind: count, table: {table}, date: {dates.get(table, 'received_at')}, where: {where}}}"


def indicator(label: str, **keys: object) -> dict:
    """An indicator of a name; other keys as they would be written in the one table, a share unless told otherwise."""
    usual = {"code": "it", "why": "示例", "direction": "higher", "weight": 100, "missing": "redistribute", "source": "示例"}
    given = {"measure": SHARE, "points": RATE, **keys}
    return {"label": label, **usual, **{key: scalar(str(cell)) for key, cell in given.items()}}


def line(label: str, **keys: object) -> dict:
    """A line outside the hundred of a name."""
    usual = {
        "measure": counted("notices"),
        "points": "{kind: line, start: 0, each: 1}",
        "levels": "[station]",
        "effect": "deduct",
    }
    given = indicator(label, **{**usual, **keys})
    return {key: cell for key, cell in given.items() if key not in ("weight", "missing", "direction") and cell is not None}


def scheme(*indicators: dict, outside: tuple = (), **keys: object) -> Scheme:
    """A scheme of one dimension with these indicators, and these lines outside the hundred."""
    each = [{**one, "code": one["code"] if one["code"] != "it" else f"it{n}"} for n, one in enumerate(indicators)]
    signed = {"title": "示例", "version": "1", "sources": ["示例"], "author": "甲", "checker": "乙", "weights": "within"}
    groups = [{"code": "public", "label": "公共加减", "lines": list(outside)}] if outside else []
    dimension = {"code": "d", "label": "维度", "weight": 100, "indicators": each or [indicator("合格率")]}
    return Scheme.model_validate(
        {**signed, "levels": ["county", "station"], "dimensions": [dimension], "outside": groups, **keys}
    )


def rules(found: tuple) -> list[str]:
    """The rules that found something."""
    return [one.rule.code for one in found]


BANDS = [{"grade": "优秀", "at_least": 90}, {"grade": "达标", "at_least": 60}]


@pytest.mark.parametrize(
    ("full", "bands", "found"),
    [
        ({"县": 150, "others": 100}, BANDS, ["bands_of_points"]),
        ({"县": 100, "others": 100}, BANDS, []),
        ({"县": 150, "others": 100}, [], []),
        (150, BANDS, []),
    ],
)
def test_grades_by_points_of_unlike_full_marks_are_told_once(full, bands, found):
    """90 points are 60 of 100 in one class and 90 in the other; one number for all, or no grades, is no matter."""
    told = lint(scheme(indicator("合格率"), full_marks=full, bands=bands))
    assert rules(told) == found
    assert not found or "“优秀”的 90 分占满分的 县 60%, others 90%" in told[0].why("zh")


# Words: what published schemes hold


@pytest.mark.parametrize(
    ("label", "keys", "expected"),
    [
        ("破案总量同比增长率排名", {"against": "[{kind: change, since: year_before, as: percent}, {kind: place}]",
                                    "points": "{kind: line, start: 50, each: -2, at: 1}"}, ["clearance", "growth"]),
        ("破案率", {}, ["clearance"]),
        ("3日内未侦破", {"direction": "lower"}, ["clearance"]),
        ("公诉", {"measure": counted("cases"), "points": PER_ITEM}, ["enforcement_count", "raw_count"]),
        ("批捕数", {}, ["enforcement_quota"]),
        ("行政处罚数", {"target": 20}, ["enforcement_quota"]),
        ("毒品查缉", {"against": QUOTA, "points": "{kind: line, start: 0, each: 1}"}, ["enforcement_quota"]),
        ("抓获数", {"points": PER_ITEM}, ["enforcement_count"]),
        ("抓获数", {"points": PER_ITEM, "against": QUOTA}, ["enforcement_quota"]),
        ("打处任务", {"points": PER_ITEM}, ["enforcement_quota"]),
        ("罚没款数额", {}, ["fines"]),
        ("刑拘人数", {}, ["detentions"]),
        ("行政拘留数", {}, ["detentions"]),
        ("退查率", {"direction": "lower"}, ["returns"]),
        ("批捕率", {}, ["returns"]),
        ("起诉率", {}, ["returns"]),
        ("结案率", {}, ["closing"]),
        ("案件办结率", {}, ["closing"]),
        ("刑事发案数", {"direction": "lower"}, ["recorded_crime"]),
        ("千人发案率", {"direction": "lower"}, ["recorded_crime"]),
        ("立案数", {"direction": "lower"}, ["recorded_crime"]),
        ("警情数", {"direction": "lower"}, ["recorded_crime"]),
        ("刑事警情下降幅度", {}, ["recorded_crime"]),
        ("矛盾纠纷化解率", {"why": "以受理数为分母"}, ["resolution"]),
        ("劳动教养数", {}, ["labour"]),
        ("群众满意率同比增幅", {}, ["growth"]),
        ("走访户数", {"points": PER_ITEM}, ["raw_count"]),
        ("示例", {"label_en": "Clearance rate"}, ["clearance"]),
        ("示例", {"code": "fines_collected"}, ["fines"]),
    ],
)  # fmt: skip
def test_what_published_schemes_hold_is_found(label, keys, expected):
    """Lines of published schemes, and the like of them, are found by their names and shapes."""
    assert rules(lint(scheme(indicator(label, **keys)))) == expected


@pytest.mark.parametrize(
    ("label", "keys"),
    [
        ("按时办结率", {}),
        ("按期办结率", {"label_en": "Closed within the limit"}),
        ("执法合格率", {"why": "不考核破案率、罚没款数额和刑事拘留数"}),
        ("案卷评查合格率", {"source": "公安部令第137号：不得以罚没款数额、破案率等作为考评指标"}),
        ("违规罚款投诉", {"direction": "lower"}),
        ("行政拘留执行及时率", {}),
        ("现场勘查合格率", {"label_en": "Crime scenes examined properly"}),
        ("破案返还回访满意率", {}),
        ("如实立案抽查合格率", {"code": "recorded_honestly"}),
        ("刑事发案数", {"weight": 100, "direction": "higher"}),
        ("行政处罚案件合格率", {}),
        (
            "24小时登记率",
            {"measure": "{kind: share, table: cases, date: received_at, where: {category: 警情}, met: {passed: true}}"},
        ),
        ("民转刑案件数", {"direction": "lower"}),
        ("逾期案件数", {"direction": "lower"}),
        ("走访覆盖率", {}),
        ("入户走访达标数占比达标率", {}),
        ("法制宣传场次", {"measure": counted("duties"), "against": QUOTA}),
        ("安全感", {"measure": "{kind: figure, figure: sense_of_safety}"}),
    ],
)
def test_what_is_lawful_passes(label, keys):
    """Lawful lines pass, also where they speak of what they do not score."""
    assert rules(lint(scheme(indicator(label, **keys)))) == []


def test_what_is_only_shown_passes():
    """A line of no weight is context, not appraisal."""
    shown = scheme(indicator("可防性案件发案数", direction="lower", weight=0), indicator("合格率", weight=100))
    assert rules(lint(shown)) == []


@pytest.mark.parametrize(("effect", "expected"), [("deduct", ["recorded_crime"]), ("add", [])])
def test_lines_outside_the_hundred_are_read_too(effect, expected):
    """Deducting for every recorded case punishes recording; adding for it does not."""
    assert rules(lint(scheme(outside=(line("立案数", effect=effect),)))) == expected


def test_what_is_counted_speaks_where_the_label_is_silent():
    """A label may be vague: the words that choose the records, or the name of the figure, tell what it is."""
    calls = indicator(
        "社会面平稳", measure=counted("cases", "{category: 警情}"), direction="lower", points="{kind: line, start: 100, each: -1}"
    )
    figure = indicator("打击成效", measure="{kind: figure, figure: 破案率}")
    assert rules(lint(scheme(calls))) == ["recorded_crime"]
    assert rules(lint(scheme(figure))) == ["clearance"]


def test_a_count_of_what_was_handled_badly_is_no_count_of_cases():
    """Fewer cases that failed the audit is not fewer cases."""
    failed = counted("cases", "{category: 治安案件, audited: true, passed: false}")
    deducted = indicator("案卷不合格", measure=failed, direction="lower", points="{kind: line, start: 100, each: -1}")
    assert rules(lint(scheme(deducted))) == []


# Context: the same scheme


@pytest.mark.parametrize("beside", ["复发率", "协议履行率", "纠纷回访率", "化解抽查真实率"])
def test_settlements_pass_beside_a_check(beside):
    """A rate of settled disputes passes where recurrence, performance, revisits or a sample stand in the same table."""
    settled = indicator("按期化解率", weight=50)
    assert rules(lint(scheme(settled, indicator(beside, weight=50)))) == []
    assert rules(lint(scheme(settled, indicator("满意率", weight=50)))) == ["resolution"]
    assert rules(lint(scheme({**settled, "weight": 100}, indicator(beside, weight=0)))) == ["resolution"]


@pytest.mark.parametrize(
    ("label", "why", "expected"),
    [
        ("化解率", "示例", ["denominator"]),
        ("化解率", "以到期数为分母", []),
        ("受理化解率", "示例", []),
        ("按期化解率", "示例", []),
    ],
)
def test_a_rate_names_its_denominator(label, why, expected):
    """A rate of settlements says in label or why whether it is of those accepted, closed or due."""
    assert rules(lint(scheme(indicator(label, why=why, weight=50), indicator("复发率", weight=50)))) == expected


@pytest.mark.parametrize(
    ("measure", "points", "expected"),
    [
        (counted("visits"), PER_ITEM, ["raw_count"]),
        (counted("visits"), "{kind: curve, knots: [[0, 0], [50, 100]]}", ["raw_count"]),
        (counted("visits").replace("}}", "}, per: households}"), PER_ITEM, []),
        (counted("notices"), PER_ITEM, []),
        (counted("duties"), PER_ITEM, []),
    ],
)
def test_points_per_item_want_a_base(measure, points, expected):
    """A raw count that earns points per item is found by its shape; not one per household, of notices, or of what was due."""
    assert rules(lint(scheme(indicator("服务群众", measure=measure, points=points)))) == expected


def test_a_veto_that_voids_a_year_is_found():
    """A deduction of the whole hundred for one event, an item void for the year, and words that say so, are found."""
    whole = line("重大责任事故", points="{kind: line, start: 0, each: 100}")
    block = line("一票否决事项", points="{kind: line, start: 0, each: 30}")
    year = line("瞒报", effect="zero_item", item="it0", points="null", year_only=True)
    month = line("瞒报", effect="zero_item", item="it0", points="null")
    words = line("发生事故全年归零", points="{kind: line, start: 0, each: 5}")
    found = [rules(lint(scheme(outside=(one,)))) for one in (whole, block, year, month, words)]
    assert found == [["year_veto"], [], ["year_veto"], [], ["year_veto"]]


def test_tail_elimination_is_found_wherever_it_stands():
    """末位淘汰 is found in groups outside the hundred and in grades too."""
    bands = [{"grade": "末位淘汰", "at_least": 0}]
    assert rules(lint(scheme(bands=bands))) == ["tail"]


# Statistics


def test_places_in_small_groups_are_found_where_the_sizes_are_known():
    """Points by place or standing in groups under eight are found; one unit has no places; other rules do not care."""
    place = indicator("满意率名次", against="[{kind: place}]", points="{kind: line, start: 100, each: -2, at: 1}", weight=50)
    sizes = {"county": {"": 4}, "station": {"一类": 7, "二类": 8, "三类": 1}}
    relative = scheme(place, indicator("满意率", points="{kind: percentile}", weight=50))
    found = lint(relative, sizes)
    assert [(one.rule.code, one.code) for one in found] == [("small_groups", "it0"), ("small_groups", "it1")]
    assert found[0].why("zh").startswith("按名次或组内相对位置给分，而组内不足 8 个单位（county: 4, station 一类: 7），")
    assert lint(relative) == ()
    assert lint(scheme(indicator("满意率")), sizes) == ()


def test_a_dimension_that_cannot_move_anyone_is_found():
    """A dimension of weight 0, or one on which all units of a level had the same points, is told with its levels."""
    idle = {
        "code": "idle",
        "label": "空维度",
        "weight": {"county": 0, "others": 10},
        "indicators": [indicator("合格率", code="quality")],
    }
    rest = {
        "code": "rest",
        "label": "其余",
        "weight": {"county": 100, "others": 90},
        "indicators": [indicator("满意率", code="happy")],
    }
    given = scheme(dimensions=[idle, rest])
    found = lint(given, constant={"county": ["quality"], "station": ["happy"]})
    assert [(one.rule.code, one.code, dict(one.given)) for one in found] == [
        ("inert_weight", "idle", {"levels": "county"}),
        ("inert_values", "rest", {"levels": "station"}),
    ]


# Who answers for it


def test_who_answers_is_told():
    """A finding is answered for by rule, for one indicator or for all; an answer to nothing is told."""
    signed = {"person": "王某", "document": "某公考〔2024〕3号", "date": "2024-01-15"}
    one = {"rule": "clearance", "indicator": "it1", **signed}
    given = scheme(indicator("破案率", weight=50), indicator("破案数", weight=50), justified=[one, {"rule": "fines", **signed}])
    found = lint(given)
    assert [(f.rule.code, f.code, f.open, len(f.justified)) for f in found] == [
        ("clearance", "it0", True, 0), ("clearance", "it1", False, 1), ("idle", "", False, 0),
    ]  # fmt: skip
    assert not any(f.open for f in lint(scheme(indicator("破案率"), justified=[{"rule": "clearance", **signed}])))


# Sources and data


def test_a_finding_quotes_its_source_and_names_its_place():
    """A finding names file, line and place, the instrument with its force and words, and what would do instead."""
    document = read(ROOT / "params" / "one_table.yaml")
    rotten = ONE_TABLE.model_copy(deep=True, update={"dimensions": tuple(_renamed(d) for d in ONE_TABLE.dimensions)})
    (one,) = lint(rotten, document=document)
    assert re.search(r"one_table\.yaml:\d+$", one.file)
    assert (one.place, one.code, one.name("zh")) == ("dimensions.0.indicators.1", "recorded_in_24h", "破案率")
    order, opinion = one.sources
    assert order.title.zh.startswith("公安部令第137号（2016）")
    assert "不得以不科学、不合理的罚没款数额" in order.words.zh
    assert order.force.en == "ministerial rule, in force since 2016-03-01"
    assert opinion.title.zh.startswith("公通字〔2015〕32号")
    assert one.rule.suggestion.zh == "改用回访满意率、现场勘查合格率"


def _renamed(dimension):
    swapped = (i.model_copy(update={"label": "破案率"} if i.code == "recorded_in_24h" else {}) for i in dimension.indicators)
    return dimension.model_copy(update={"indicators": tuple(swapped)})


def test_no_instrument_names_an_article():
    """No copy of the texts shows the numbers of the articles, so none is printed."""
    texts = [text for one in catalogue().instruments.values() for part in (one.title, one.words) for text in (part.zh, part.en)]
    assert [text for text in texts if re.search(r"第[一二三四五六七八九十\d]+条|\bart(?:icle|\.)", text)] == []


def test_the_data_hold_together():
    """Codes are unique, shapes, conditions and instruments exist, and sentences speak of the same things in both languages."""
    found = catalogue()
    assert len({rule.code for rule in found.rules}) == len(found.rules)
    assert {rule.shape for rule in found.rules} - {None} == set(SHAPES)
    assert {name for rule in found.rules for name in rule.when} == set(CONDITIONS)
    assert {code for rule in found.rules for code in rule.instruments} == set(found.instruments)
    slots = [(re.findall(r"{(\w+)}", s.zh), re.findall(r"{(\w+)}", s.en)) for r in found.rules for s in (r.why, r.suggestion)]
    assert [pair for pair in slots if sorted(pair[0]) != sorted(pair[1])] == []
    assert [
        rule.code for rule in found.rules if rule.code != "idle" and not (rule.instruments and (rule.pattern or rule.shape))
    ] == []


@pytest.mark.parametrize("path", SCHEMES, ids=lambda path: path.stem)
def test_every_scheme_that_ships_is_clean(path):
    """Nothing is found in any scheme of params/ but the one that exists to show the warnings."""
    document = read(path)
    assert [(one.rule.code, one.file, one.name("zh")) for one in lint(load(path), document=document)] == []


# The command


@pytest.fixture(scope="module")
def objectionable(tmp_path_factory):
    """Run a command on the objectionable scheme as it is, or with more answers; give exit code and what was said."""
    out, province = tmp_path_factory.mktemp("runs"), shared.province(tmp_path_factory, 16)
    score, known = jobs.score, {}

    def scored(records, scheme, *given):
        """Score once, whoever answers for the scheme: answers are no numbers."""
        asked = scheme.model_dump_json(exclude={"justified"}), *map(str, given)
        known[asked] = known.get(asked) or score(records, scheme, *given)
        return known[asked]

    def run(command: str, answers: str = "") -> tuple[int, str]:
        path = out / "scheme.yaml"
        path.write_text(OBJECTIONABLE.read_text("utf-8").replace("justified:\n", f"justified:\n{answers}"), "utf-8")
        sets = [f"records={province}", f"scheme={path}", f"out={out}"]
        words = [word for one in sets for word in ("--set", one)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(jobs, "score", scored)
            done = CliRunner().invoke(app, [command, str(OBJECTIONABLE.with_name("objectionable.yaml")), *words])
        assert not done.stderr
        return done.exit_code, done.stdout

    run.out = out
    return run


@pytest.mark.slow
def test_check_shows_every_warning(objectionable):
    """The objectionable scheme shows each rule of lint once at least, the worst first, with its source; check ends with 1."""
    code, said = objectionable("check")
    assert code == 1
    assert set(re.findall(r"(?m)^  \S+scheme\.yaml:\d+ · [\w.]+ \[(\w+)\] ", said)) == {rule.code for rule in catalogue().rules}
    assert re.findall(r"(?m)^(须停用或说明理由|建议修改|提示)：$", said) == ["须停用或说明理由", "建议修改", "提示"]
    order = "公安部令第137号（2016）《公安机关执法质量考核评议规定》"
    assert said.count(f"    依据：{order}（部门规章，2016年3月1日起施行）：“不得以不科学、不合理的罚没款数额、刑事拘留数、") == 1
    assert f"    依据：{order}（已引）" in said
    assert "    已说明理由：示例：法制支队某支队长，依据示例公考〔2024〕3号会议纪要，2024-01-15" in said
    assert re.search(r"组内不足 8 个单位（station \w类: \d, .+），名次多半是偶然", said)
    assert "“台账”：在层级 county, station 本期各单位各项得分全同" in said
    assert "有 5 项须停用；确需保留的，由责任人在方案的 justified 中写明 rule、indicator、person、document、date" in said
    assert re.search(r"(?m)^  破案率（clearance）：本表 10\.00%、熵权法 \d+\.\d\d%、CRITIC法 \d+\.\d\d%$", said)


@pytest.mark.slow
def test_check_passes_once_somebody_answers(objectionable):
    """With an answer to each rule of the worst level check ends with 0, and names who answers."""
    worst = [rule.code for rule in catalogue().rules if rule.level == "stop"]
    answer = "  - {{rule: {rule}, person: 示例局长, document: 示例公考〔2024〕9号, date: 2024-02-01}}\n"
    code, said = objectionable("check", "".join(answer.format(rule=rule) for rule in worst))
    assert code == 0
    assert said.count("    已说明理由：示例局长，依据示例公考〔2024〕9号，2024-02-01") == 6
    assert "项须停用" not in said


@pytest.mark.slow
def test_a_run_goes_on_and_its_manifest_holds_the_findings(objectionable):
    """Scoring does not stop; the manifest tells rule, level, line and words in both languages, and who answers."""
    code, said = objectionable("score")
    assert code == 0
    assert "注意：方案含有 6 项须停用或说明理由的内容，已印在各页；详见 fengqiao check" in said
    findings = json.loads((objectionable.out / "objectionable" / "manifest.json").read_text("utf-8"))["lint"]
    answered = {one["rule"]: one for one in findings}["detentions"]
    assert (answered["level"], answered["indicator"], answered["place"]) == ("stop", "detained", "dimensions.0.indicators.2")
    assert answered["name"] == {"zh": "行政拘留人数", "en": "Detentions"}
    assert answered["said"]["en"] == "scoring detentions turns coercive measures into a task"
    assert answered["justified"] == [
        {"person": "示例：法制支队某支队长", "document": "示例公考〔2024〕3号会议纪要", "date": "2024-01-15"}
    ]
    totals = pd.read_parquet(objectionable.out / "objectionable" / "ranks.parquet")["total"]
    assert totals.notna().all()


# The banner

ANSWER = {"person": "王某", "document": "某公考〔2024〕3号", "date": "2024-01-15"}


def told(level: str, name: str, *answers: dict) -> dict:
    """A finding as the manifest holds it."""
    return {"level": level, "name": {"zh": name}, "source": {"zh": ["公安部令第137号（2016）"]}, "justified": list(answers)}


TOLD = [told("stop", "破案率"), told("stop", "批捕率<"), told("stop", "罚款", ANSWER), told("warn", "增幅")]
SAID = [
    "注意：本表含有 3 项按规定不得或应当取消的考核内容。",
    "破案率、批捕率<（公安部令第137号（2016））：尚无人说明理由，所得分数不宜用于奖惩。",
    "罚款（公安部令第137号（2016））：由王某说明理由，依据某公考〔2024〕3号，2024-01-15。",
]


def warned(folder: Path, found: list) -> dict[str, list[str]]:
    """Give the lines of the banner on each page and on the first sheet of the workbook of a run with findings."""
    write_run(folder, months=False, lint=found)
    run_screen.write(folder)
    run_screen.write(folder, officers=True)
    results.write_workbook(folder, folder / "one_table.xlsx")
    run, nothing = open_run(folder), {"cells": []}
    pages = {name: (folder / name).read_text("utf-8") for name in ("index.html", "officer/index.html")}
    pages |= {name: page.page(nothing, run, unit) for name, unit in (("card", "S002"), ("officer", "P0001"), ("overview", ""))}
    banners = {
        name: re.findall(r'(?s)<section class="?beware"? role="?note"?>(.*?)</section>', text) for name, text in pages.items()
    }
    lines = {
        name: [line.replace("&lt;", "<") for one in found for line in re.findall("<p>([^<]*)", one)]
        for name, found in banners.items()
    }
    rows = CalamineWorkbook.from_path(str(folder / "one_table.xlsx")).get_sheet_by_index(0).to_python()
    start = next((number for number, row in enumerate(rows) if row[0] == "方案体检"), len(rows))
    return {**lines, "workbook": [row[1] for row in rows[start : start + len(SAID)]]}


def test_every_page_carries_the_banner(tmp_path):
    """Cards, both indexes, overview and the workbook's first sheet say what must be dropped and who answers, in words."""
    assert warned(tmp_path / "demo", TOLD) == dict.fromkeys(
        ("index.html", "officer/index.html", "card", "officer", "overview", "workbook"), SAID
    )


def test_nothing_to_say_is_no_banner(tmp_path):
    """Without a finding of the worst level there is no banner."""
    assert not any(warned(tmp_path / "demo", TOLD[-1:]).values())
