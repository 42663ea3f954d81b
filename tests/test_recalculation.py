"""How a score is made: what the notebook reckons by hand is what the system says, whatever form the records have."""

import json
import re
import shutil
from datetime import datetime
from io import StringIO
from pathlib import Path

import ibis
import pandas as pd
import pytest
from typer.testing import CliRunner

import shared
from conftest import parse
from every_feature import RUNS, copy_runs
from fengqiao_eval.cli import app
from fengqiao_eval.engine.execute import run_notebook
from fengqiao_eval.errors import UsageError
from fengqiao_eval.records import query
from fengqiao_eval.records.store import Records, open_records
from fengqiao_eval.results.run import open_run
from fengqiao_eval.runs import recalculation as module
from fengqiao_eval.runs.recalculation import COUNTED, recalculation
from fengqiao_eval.scheme.measure import Share
from fengqiao_eval.wording.expressions import column_names, deadlines, expressions
from fengqiao_eval.wording.rules import Words
from fengqiao_eval.words import say

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "how_a_score_is_made.ipynb"
DIFFERENT = re.compile("注意|Beware")
CELLS = ["".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]


def score(folder: Path, *names: str) -> Path:
    """Score the params files of a project."""
    with pytest.MonkeyPatch.context() as here:
        here.chdir(folder)
        for name in names:
            done = CliRunner().invoke(app, ["score", name])
            assert done.exit_code == 0, done.output
    return folder


def recalculable(run: Path) -> list[str]:
    """Name the indicators of a run that can be recalculated."""
    return [i.code for i in open_run(run).scheme.indicators if i.measure.kind in ("share", "ratio", "mean")]


class Worked(dict):
    """The names that the cells of the notebook leave behind, and what was printed."""

    def __init__(self, run: Path, unit: str, indicator: str, lang: str = "zh") -> None:
        """Run the cells of the notebook, one after the other, as an analyst does."""
        super().__init__(run=str(run), unit=unit, indicator=indicator, lang=lang)
        self.printed = StringIO()
        self["display"] = lambda frame: self.printed.write(f"{frame}\n")
        self["print"] = lambda *said, sep=" ": self.printed.write(sep.join(map(str, said)) + "\n")
        for cell in CELLS[1:]:
            exec(cell, self)  # noqa: S102 - our own notebook

    @property
    def text(self) -> str:
        """What was printed."""
        return self.printed.getvalue()

    @property
    def alike(self) -> bool:
        """Whether nothing differs: neither a step, as the notebook says, nor a record."""
        by_step = self["both"]
        same = (by_step["hand"] - by_step["system"]).abs().lt(1e-6) | by_step[["hand", "system"]].isna().all(axis=1)
        return bool(same.all() and list(by_step.index) == list(COUNTED) and not DIFFERENT.search(self.text))

    @property
    def numbers(self) -> list[float]:
        """What was reckoned by hand."""
        return self["both"]["hand"].tolist()


@pytest.fixture(scope="module", autouse=True)
def _opened_once():
    """Open the records of a run once for all that is reckoned of it here."""
    opened: dict[Path, Records] = {}

    def open_once(where: Path, *more: object) -> Records:
        opened[where] = opened.get(where) or open_records(where, *more)
        return opened[where]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "open_records", open_once)
        yield


# The scheme of the invented province, on Parquet


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    """Give a project with the invented province, and the run of its one table."""
    folder = tmp_path_factory.mktemp("recalculated")
    for name in ("params", "notebooks"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copytree(shared.province(tmp_path_factory, 16, seed=5), folder / "demo")
    (folder / "demo.yaml").write_text("period: 2024Q4\nrecords: demo\nscheme: params/one_table.yaml\n", "utf-8")
    return score(folder, "demo.yaml")


UNITS = {"city": "C01", "county": "X01", "station": "S007", "zone": "S007-1", "officer": "P0006"}
CODES_IN_TURN = (
    *("arrival_on_time", "recorded_in_24h", "elements_complete", "closed_on_time", "files_passed", "visits_verified"),
    *("visit_frequency", "revisits_done", "settled_on_time", "recurrence", "agreements_performed", "complaint_reply"),
)
TURNS = [(code, list(UNITS)[n % len(UNITS)]) for n, code in enumerate(CODES_IN_TURN)]


@pytest.mark.slow
def test_every_indicator_of_its_kinds_has_a_turn(demo):
    """No share, ratio or mean of the province's one table is left out below."""
    assert {code for code, _ in TURNS} == set(recalculable(demo / "runs" / "demo"))


@pytest.mark.parametrize(("code", "level"), TURNS)
def test_by_hand_is_as_the_system_says(demo, code, level):
    """Numerator, denominator, value, points, weight, contribution and every record are the same, at every level."""
    worked = Worked(demo / "runs" / "demo", UNITS[level], code)
    assert worked.alike, worked.text
    assert worked["asked"].asked.rank["level"] == level


@pytest.mark.slow
@pytest.mark.parametrize("name", ["deductions", "grid", "one_net_four_classes"])
def test_other_schemes_are_reckoned_too(demo, name):
    """Lines in marks, bands, places and means of months are reckoned by hand as by the system."""
    run = demo / "runs" / name
    if not run.is_dir():
        score(demo, f"params/examples/{name}.yaml")
    for code in recalculable(run)[::2]:
        unit = next(
            unit
            for unit in ("S007", "X01")
            if open_run(run).frame("points").of(unit).query(f"indicator == '{code}'")["weight"].any()
        )
        assert Worked(run, unit, code, "en").alike, (unit, code)


@pytest.mark.slow
@pytest.mark.parametrize("longer", RUNS)
def test_every_kind_of_rule_is_reckoned(tmp_path_factory, longer):
    """Limits, whole steps, relative points, references, nested groups and full marks by class: by hand as by the system."""
    run = copy_runs(tmp_path_factory, f"by_hand_{longer}") / "runs" / longer
    for code, unit in zip(recalculable(run), ["S007", "S003", "P0001", "X01", "S001"], strict=True):
        assert Worked(run, unit, code).alike, (unit, code)


@pytest.mark.slow
def test_papermill_runs_the_notebook(demo):
    """The engine runs it in either language, and what it puts out is in that language throughout."""
    path = demo / "notebooks" / NOTEBOOK.name
    for lang, alike in (
        ("zh", "手算与系统所记，各项相同。"),
        ("en", "What was reckoned by hand and what the system says are the same"),
    ):
        ran = run_notebook(path, None, {"unit": "S003", "indicator": "elements_complete", "lang": lang}, path.parent, "fengqiao")
        assert ran.error is None
        cells = [cell for cell in ran.notebook.cells if cell.cell_type == "code"]
        said = json.dumps(
            [cell.outputs for cell in cells[3:]], ensure_ascii=False
        )  # before that the unit and its class are named
        assert alike in said
        assert lang == "zh" or not re.search("[一-龥]", said)


# Records in other forms


CASES = {
    "case_id": "案件编号",
    "unit_id": "单位",
    "received_at": "接报 时间",
    "category": "类别（大类）",
    "arrived_at": "到场时间",
}
CODES = {"警情": "01", "治安案件": "02", "窗口业务": "03"}


@pytest.fixture(scope="module")
def exported(demo, tmp_path_factory) -> Path:
    """Write the province as CSV as an office exports it: other headings, codes for words, 是 and 否; and score that."""
    folder = tmp_path_factory.mktemp("exported")
    (folder / "records").mkdir()
    for file in (demo / "demo").glob("*.parquet"):
        frame = pd.read_parquet(file)
        if file.stem == "cases":
            frame = frame.assign(category=frame["category"].map(CODES), audited=frame["audited"].map({True: "是", False: "否"}))
        frame.rename(columns=CASES if file.stem == "cases" else {}).to_csv(folder / "records" / f"{file.stem}.csv", index=False)
    shutil.copy(ROOT / "params" / "one_table.yaml", folder)
    words = {code: word for word, code in CODES.items()}
    tables = {"cases": {"rename": {there: here for here, there in CASES.items()}, "values": {"category": words}}}
    given = {"period": "2024Q4", "records": "records", "scheme": "one_table.yaml", "tables": tables}
    (folder / "office.yaml").write_text(json.dumps(given, ensure_ascii=False), "utf-8")
    return score(folder, "office.yaml")


@pytest.mark.slow
@pytest.mark.parametrize("code", ["arrival_on_time", "elements_complete", "files_passed", "visit_frequency"])
def test_renamed_csv_is_read_as_the_run_read_it(demo, exported, code):
    """From CSV with other headings and codes the same numbers come by hand as from Parquet, and as the system says."""
    own = Worked(exported / "runs" / "office", "S007", code)
    assert own.alike, own.text
    assert own.numbers == pytest.approx(Worked(demo / "runs" / "demo", "S007", code).numbers, nan_ok=True)


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "folder", "units"), [("nypd", "nypd_calls", ["014", "075"]), ("pingshan", "pingshan_12345", ["U1891"])]
)
def test_real_records(real, tmp_path, name, folder, units):
    """On records that nobody here made, by hand is as by the system."""
    with pytest.MonkeyPatch.context() as here:
        here.chdir(tmp_path)
        given = [f"records={real / folder}", f"out={tmp_path}"]
        done = CliRunner().invoke(
            app, ["score", str(ROOT / f"params/examples/{name}.yaml"), *(w for one in given for w in ("--set", one))]
        )
        assert done.exit_code == 0, done.output
    for unit in units:
        for code in recalculable(tmp_path / name):
            assert Worked(tmp_path / name, unit, code).alike, (unit, code)


# Drawn: late records, deadlines to come, void months, mergers, shares, headings that Python cannot say


TABLES = {
    "units": """
      unit_id | parent_id | valid_to   | successor_id | level   | name
      X1      |           |            |              | county  | 县
      S1      | X1        |            |              | station | 甲所
      S2      | X1        |            |              | station | 乙所
      S0      | X1        | 2024-04-30 | S1           | station | 旧所
      P1      |           |            |              | officer | 某
      P2      |           |            |              | officer | 某
    """,
    "postings": """
      officer_id | unit_id | from_date
      P1         | S1      | 2024-01-01
      P2         | S1      | 2024-01-01
    """,
    "cases": """
    case_id|unit_id|officer_id|received_at     |recorded_at|arrived_at      |due_at    |closed_at |值（分）|class|if
    A1     |S1     |P1        |2024-04-02 08:00|2024-04-02 |2024-04-02 08:10|2024-06-01|2024-05-01|8   |一    |3
    A2     |S0     |P2        |2024-04-03 08:00|           |2024-04-03 08:31|2024-06-01|2024-06-02|9   |二    |5
    A3     |S1     |P1        |2024-05-03 08:00|2024-05-03 |                |2024-06-25|          |    |一    |7
    A4     |S1     |P2        |2024-06-03 08:00|2024-06-28 |2024-06-03 08:02|2024-06-10|2024-06-04|1   |一    |1
    A5     |S1     |P2        |2024-06-04 08:00|2024-06-04 |2024-06-04 07:58|2024-06-10|2024-06-22|7.25|一    |9
    A6     |S1     |P1        |2024-06-05 08:00|2024-06-05 |2024-06-05 08:20|2024-06-11|2024-06-06|6   |     |4
    B1     |S2     |          |2024-06-05 08:00|2024-06-05 |2024-06-05 08:03|2024-06-11|2024-06-06|5   |一    |2
    B2     |S2     |          |2024-03-31 23:59|2024-04-01 |2024-04-01 00:03|2024-06-30|2024-06-06|5   |一    |2
    """,
    "credits": """
      table | record_id | share | officer_id
      cases | A1        | 0.25  | P1
      cases | A1        | 0.75  | P2
      cases | A6        |       | P1
      cases | A6        |       | P2
    """,
}  # fmt: skip

LINES = {
    "minutes": "{kind: mean, table: cases, date: received_at, of: {minutes: [received_at, arrived_at]}}",
    "marks": "{kind: mean, table: cases, date: received_at, of: 值（分）, where: {class: {not_in: [二]}}}",
    "closed": "{kind: share, table: cases, date: due_at, where: {if: {above: 2}}, met: {closed_at: {not_after: due_at}}}",
    "near": """{kind: share, table: cases, date: received_at, where: {arrived_at: {present: true}},
        met: {arrived_at: {within: {minutes: 15, of: received_at, either_side: true}}, 值（分）: {at_least: if}}}""",
    "filled": "{kind: ratio, table: cases, date: received_at, numerator: 值（分）, denominator: if, subset: false}",
}
HEAD = """title: 手绘
version: "1"
sources: [测试]
author: 甲
checker: 乙
weights: within
levels: [county, station, officer]
least_class: 2
least_covered: 0.1
void: [{indicator: minutes, period: 2024-05, reason: 测试}]
dimensions:
- {code: all, label: 全部, weight: 100, indicators: [
"""


@pytest.fixture(scope="module")
def drawn_run(tmp_path_factory) -> Path:
    """Score the drawn records as of the twentieth of June."""
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "records").mkdir()
    for name, text in TABLES.items():
        parse(text).to_parquet(folder / "records" / f"{name}.parquet")
    lines = [
        f"  {{code: {code}, label: {code}, why: 测, direction: higher, weight: 20, missing: redistribute, source: 测,"
        f" measure: {measure}, points: {{kind: curve, knots: [[0, 10], [50, 60], [100, 90]]}}}},"
        for code, measure in LINES.items()
    ]
    (folder / "scheme.yaml").write_text(HEAD + "\n".join(lines) + "\n]}\n", "utf-8")
    (folder / "drawn.yaml").write_text("period: 2024Q2\nas_of: 2024-06-20\nrecords: records\nscheme: scheme.yaml\n", "utf-8")
    return score(folder, "drawn.yaml") / "runs" / "drawn"


@pytest.mark.parametrize("unit", ["X1", "S1", "S2", "P1", "P2"])
@pytest.mark.parametrize("code", LINES)
def test_awkward_records_by_hand(drawn_run, unit, code):
    """Late, pending and void records, a merged station, shares and awkward headings: by hand as by the system."""
    worked = Worked(drawn_run, unit, code)
    assert worked.alike, worked.text


def fates(worked: Worked) -> dict[str, str]:
    """Say what became of each record of the period."""
    return worked["listed"].set_index("record")["fate"].str.strip().to_dict()


def test_every_record_of_the_period_says_what_became_of_it(drawn_run):
    """A record waits, is late, lies in a void month, fails a condition or misses the standard; the sentence names which."""
    closed = fates(Worked(drawn_run, "S1", "closed"))
    assert closed == {
        "A1": "计入",
        "A2": "计入，未达标：办结时间不晚于办理期限",
        "A3": "期限未到，暂不计",
        "A4": "迟录，不计",
        "A5": "计入，未达标：办结时间不晚于办理期限",  # closed on the 22nd, which on the 20th has not happened yet
        "A6": "计入",
    }
    minutes = fates(Worked(drawn_run, "S1", "minutes"))
    assert (minutes["A3"], minutes["A2"]) == ("月份作废，不计", "计入")
    assert fates(Worked(drawn_run, "S1", "marks"))["A2"] == "不计，不符合：class不为二"


def test_a_person_counts_by_shares(drawn_run):
    """Of what is shared a person has the share of the credits, equal parts where none is said."""
    worked = Worked(drawn_run, "P1", "near")
    listed = worked["listed"].set_index("record")
    assert listed["denominator"].dropna().to_dict() == {"A1": 0.25, "A6": 0.5}
    assert "取自系统的有：每条记录中本人的份额" in worked.text
    assert "P2" not in worked.text


def test_what_is_not_reckoned_by_hand_is_said(demo, drawn_run):
    """The notebook names what it takes from the system, and nothing else."""
    assert "取自系统的有：哪些单位的记录算给本单位（见下表，含已并入的单位）；其他指标本期是否计分。" in str(
        recalculation(drawn_run, "S1", "near")
    )
    assert "the visits paid for each duty" in str(recalculation(demo / "runs" / "demo", "S007", "visit_frequency", "en"))


def test_no_citizen_is_named(demo):
    """Of a record its id, date and unit are shown; of what it says only whether it meets the conditions."""
    worked = Worked(demo / "runs" / "demo", "S007", "visit_frequency")
    assert set(worked["listed"].columns) == {"record", "date", "unit_id", "numerator", "denominator", "fate"}


# The tests of a scheme as pandas expressions


TESTS = [
    {"class": {"in": ["一", "二"]}},
    {"class": "一"},
    {"class": {"not_in": ["二"]}},
    {"class": {"present": False}},
    {"值（分）": {"at_least": 6, "below": 9}},
    {"值（分）": {"above": "if"}},
    {"arrived_at": {"within": {"minutes": 15, "of": "received_at"}}},
    {"arrived_at": {"within": {"minutes": 2, "of": "received_at", "either_side": True}}},
    {"closed_at": {"not_after": "due_at", "present": True}, "if": {"at_most": 5}},
    {"received_at": {"not_after": "recorded_at"}},  # a day without a time of day, on which the records came in at eight
    {"class": {"not_in": ["引\"号'", "`@#\\"]}},
]


@pytest.mark.parametrize("tests", TESTS)
def test_an_expression_passes_the_rows_that_the_engine_passes(tests):
    """What pandas makes of an expression is what the database makes of the test, empty cells included."""
    cases = parse(TABLES["cases"])
    met = Share.model_validate({"kind": "share", "table": "cases", "date": "received_at", "met": tests}).met
    names = column_names(cases.columns)
    by_hand = pd.DataFrame({one: cases.rename(columns=names).eval(one) for one in expressions(met, Words("cases", "zh"), names)})
    rows = ibis.duckdb.connect().create_table("cases", cases)
    engine = rows.mutate(passes_=query.is_so(query.passes(rows, met))).order_by("case_id").to_pandas()["passes_"]
    assert by_hand.all(axis=1).tolist() == engine.tolist()
    assert 0 < engine.sum() < len(engine) or "引" in str(tests)


def test_a_deadline_is_a_column_or_a_time_and_a_limit():
    """What is within a limit is due that much later than the other time."""
    given = {"arrived_at": {"within": {"hours": 2, "of": "received_at"}}, "closed_at": {"not_after": "due_at"}}
    met = Share.model_validate({"kind": "share", "table": "cases", "date": "received_at", "met": given}).met
    names = {name: name for name in ("received_at", "due_at")}
    assert deadlines(met, names, datetime(2024, 7, 1)) == [
        "due_at > '2024-07-01 00:00:00' or (due_at >= '2024-07-01' and due_at == due_at.dt.floor('D'))",
        "received_at > '2024-06-30 22:00:00'",
    ]


def test_a_deadline_without_a_time_of_day_is_still_to_come_that_day():
    """At nine on the tenth, what is due on the tenth is open and what was due at eight is not, by hand as by the engine."""
    met = Share.model_validate({"kind": "share", "table": "t", "date": "due_at", "met": {"done_at": {"not_after": "due_at"}}}).met
    times, as_of = (
        ["2024-06-09 00:00", "2024-06-10 00:00", "2024-06-10 08:00", "2024-06-10 10:00", None],
        datetime(2024, 6, 10, 9),
    )
    rows = pd.DataFrame({"due_at": pd.to_datetime(times)})
    (by_hand,) = deadlines(met, {"due_at": "due_at"}, as_of)
    engine = ibis.duckdb.connect().create_table("t", rows)
    found = engine.mutate(open_=query.is_pending(engine, met, as_of)).order_by("due_at").to_pandas()["open_"]
    assert rows.eval(by_hand).tolist() == found.tolist() == [False, True, False, True, False]


# Refusals and warnings


def test_another_kind_is_refused_in_one_sentence(demo):
    """A measure of another kind is not reckoned; the sentence says which kinds are."""
    run = demo / "runs" / "demo"
    with pytest.raises(UsageError, match="“走访覆盖率”的统计方式是 distinct，不能在此手算：只有 share"):
        recalculation(run, "S007", "visit_coverage")
    with pytest.raises(UsageError, match="“Sense of safety” is measured by figure and cannot be recalculated here"):
        recalculation(run, "S007", "sense_of_safety", "en")


def test_what_is_not_there_is_refused_in_the_readers_language(demo):
    """An unknown run, unit or indicator is refused in one sentence, in the language asked for."""
    run = demo / "runs" / "demo"
    for given, said in [
        ((run / "none", "S007", "arrival_on_time"), "there is no run at"),
        ((run, "S999", "arrival_on_time"), "run demo has no unit “S999”"),
        ((run, "S007", "arrival"), "there is no indicator “arrival”; near it: arrival_on_time"),
        ((None, "S007", "arrival_on_time"), "there is no run at “None”"),
        ((run, "S007", 7), "there is no indicator “7”"),
    ]:
        with pytest.raises(UsageError, match=said):
            recalculation(*given, "en")
    with pytest.raises(UsageError, match="没有语言“fr”"):
        recalculation(run, "S007", "arrival_on_time", "fr")


def test_a_refusal_in_the_notebook_is_a_sentence(demo):
    """What the notebook shows of a refusal is the sentence alone, no traceback."""
    path = demo / "notebooks" / NOTEBOOK.name
    ran = run_notebook(path, None, {"indicator": "satisfied", "lang": "en"}, path.parent, "fengqiao")
    (output,) = [one for cell in ran.notebook.cells for one in cell.get("outputs", []) if one.output_type == "error"]
    assert output.traceback == [say("usage.recalculation.kind", "en", label="Satisfied when called back", kind="coded")]


def test_records_that_changed_are_said_and_shown(drawn_run, tmp_path):
    """Where a record was changed since, the first line says which file, and the step and the record that differ are shown."""
    shutil.copytree(drawn_run.parents[1], tmp_path, dirs_exist_ok=True)
    file = tmp_path / "records" / "cases.parquet"
    cases = pd.read_parquet(file)
    cases[cases["case_id"] != "A6"].to_parquet(file)
    worked = Worked(tmp_path / "runs" / "drawn", "S1", "closed")
    assert worked.text.startswith("注意：记录文件在评分之后有变动（cases.parquet）")
    assert "注意：分子 分母 记录数 数值 得分 贡献，手算与系统所记不同" in worked.text


@pytest.mark.parametrize("name", ["manifest.json", "scheme.json", "ranks.parquet"])
def test_a_damaged_run_is_refused_in_one_sentence(drawn_run, tmp_path, name):
    """A file of the run that was cut short is named, with what would do."""
    folder = tmp_path / "runs" / "drawn"
    shutil.copytree(drawn_run, folder)
    (folder / name).write_bytes((folder / name).read_bytes()[:99])
    with pytest.raises(UsageError, match=rf"{name} in run .*drawn is damaged or gone; make the run anew"):
        recalculation(folder, "S1", "closed", "en")


def test_records_that_moved_are_asked_back(drawn_run, tmp_path):
    """Where the folder of the records is gone, one sentence says which, and nothing is reckoned."""
    shutil.copytree(drawn_run, tmp_path / "runs" / "drawn")
    with pytest.raises(UsageError, match=r"评分时的记录打不开了，无法手算；请把记录放回 .*records"):
        recalculation(tmp_path / "runs" / "drawn", "S1", "closed")


def test_records_that_are_closed_to_the_reader_are_said(drawn_run, monkeypatch):
    """Who may not read the records is told so in one sentence."""

    def closed(*_: object) -> None:
        raise PermissionError(13, "denied", "records")

    monkeypatch.setattr(module, "open_records", closed)
    with pytest.raises(UsageError, match="records may not be read by you, so nothing can be recalculated"):
        recalculation(drawn_run, "S1", "closed", "en")


def test_the_notebook_is_thin():
    """No function, no loop, at most twelve cells of code of at most eleven lines, pandas and the package alone."""
    assert len(CELLS) <= 12
    assert max(len(cell.splitlines()) for cell in CELLS) <= 11
    whole = "\n".join(CELLS)
    assert not re.search(r"(?m)^\s*(def|for|while|class)\b|lambda", whole)
    assert re.findall(r"(?m)^import .*$", whole) == ["import pandas as pd", "import fengqiao_eval as fq"]
