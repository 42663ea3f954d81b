"""The command line on a small project of its own: exit codes, all faults at once, whole runs, explanations to the last record."""

import json
import os
import re
import shutil
import stat
import zipfile
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from typer.testing import CliRunner

import shared
from fengqiao_eval.cli import app

pytestmark = pytest.mark.usefixtures("scored_once")
UNITS = """unit_id,name,level,parent_id,peer_class
X1,东溪县公安局,county,,
S1,石桥派出所,station,X1,三类
S2,柳河派出所,station,X1,三类
PQ701,甲,officer,S1,
PQ702,乙,officer,S2,
"""
POSTINGS = """officer_id,unit_id,from_date
PQ701,S1,2020-01-01
PQ702,S2,2020-01-01
"""
CASES = """case_id,unit_id,received_at,officer_id,arrived_at,recorded_at
C1,S1,2024-10-01 08:00,PQ701,2024-10-01 08:10,2024-10-01 09:00
C2,S1,2024-11-02 08:00,PQ701,2024-11-02 08:40,2024-11-02 09:00
C3,S1,2024-12-03 08:00,,2024-12-03 08:05,2024-12-03 09:00
C4,S2,2024-12-04 08:00,PQ702,2024-12-04 08:05,2024-12-04 09:00
"""
FIGURES = """unit_id,indicator,period,numerator,denominator,value,n,source
X1,safety,2024Q4,192,200,96,200,省统计局电话调查
S1,safety,2024Q4,95,100,95,100,省统计局电话调查
S2,safety,2024Q4,97,100,97,100,省统计局电话调查
"""
SCHEME = """
title: 小方案
version: "1"
sources: [测试]
author: 甲
checker: 乙
weights: within
least_covered: 0.5
levels: [county, station, officer]
bands: [{grade: 优秀, at_least: 90}, {grade: 达标, at_least: 0}]
dimensions:
  - code: cases
    label: 接处警
    weight: {officer: 100, others: 60}
    indicators:
      - {code: arrival, label: 到场时限达标率, why: 快, direction: higher, weight: 100, missing: redistribute, source: 承诺,
         measure: {kind: share, table: cases, date: received_at, met: {arrived_at: {within: {minutes: 15, of: received_at}}}},
         points: {kind: curve, knots: [[0, 0], [100, 100]]}}
  - code: people
    label: 群众
    weight: {officer: 0, others: 40}
    indicators:
      - {code: safety, label: 安全感, why: 独立调查, direction: higher, weight: 100, missing: redistribute, source: 统计局,
         levels: [county, station], measure: {kind: figure, figure: safety}, points: {kind: curve, knots: [[0, 0], [100, 100]]}}
"""
PARAMS = "period: 2024Q4\nrecords: records\nscheme: params/scheme.yaml\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with three units, two officers, four cases and two small notebooks; it is the current folder."""
    monkeypatch.chdir(tmp_path)
    return a_project(tmp_path)


def a_project(folder):
    """Write the project into a folder."""
    texts = {
        "records/units.csv": UNITS,
        "records/postings.csv": POSTINGS,
        "records/cases.csv": CASES,
        "records/figures.csv": FIGURES,
        "params/scheme.yaml": SCHEME,
        "params/q4.yaml": PARAMS,
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    (folder / "notebooks").mkdir()
    for name in ("station_scorecard.ipynb", "officer_scorecard.ipynb"):
        nbformat.write(a_notebook(), folder / "notebooks" / name)
    return folder


def a_notebook():
    """A card that says whose it is, and fails for S2."""
    parameters = nbformat.v4.new_code_cell('run = ""\nunit = ""\nlang = "zh"', metadata={"tags": ["parameters"]})
    says = nbformat.v4.new_code_cell("print('卡', unit, lang)\nif unit == 'S2':\n    raise ValueError('坏记录')")
    notebook = nbformat.v4.new_notebook(cells=[parameters, says])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return notebook


def fengqiao(*words):
    """Run a command; give its exit code, what it said and what it refused."""
    done = CliRunner().invoke(app, list(map(str, words)))
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def contents(path):
    """Everything that is in a file; a workbook is unpacked."""
    if path.suffix != ".xlsx":
        return path.read_bytes()
    with zipfile.ZipFile(path) as packed:
        return b"".join(map(packed.read, packed.namelist()))


@pytest.fixture
def no_cards(monkeypatch):
    """Print no cards, but say what would have been printed."""
    asked = []
    monkeypatch.setattr("fengqiao_eval.runs.run.print_cards", lambda cards, *_, **__: asked.extend(cards) or ())
    return asked


# Help and wrong usage


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("words", [["rum"], ["run"], ["run", "q4.yaml", "--worker", "2"], ["run", "q4.yaml", "--workers", "0"]])
def test_wrong_usage_is_exit_two(words):
    """A command, argument or option that does not exist is exit 2."""
    assert fengqiao(*words)[0] == 2


@pytest.mark.usefixtures("project")
def test_a_set_without_value_is_exit_two():
    """--set without = is wrong usage, said in one line."""
    assert fengqiao("check", "params/q4.yaml", "--set", "period") == (2, "", "--set 须写成 键=值，现为“period”\n")


@pytest.mark.usefixtures("no_cards")
def test_an_unknown_unit_is_exit_two_and_writes_nothing(project):
    """--only of no unit is told before anything is written, naming near ones."""
    code, _, refused = fengqiao("run", "params/q4.yaml", "--only", "S11")
    assert (code, refused.split("；")[0]) == (2, "没有单位“S11”")
    assert "S1" in refused.split("；")[1]
    assert not (project / "runs").exists()


@pytest.mark.parametrize("named", ["石桥派出所", "Ｓ1", " s1"])
def test_only_takes_a_name(project, no_cards, named):
    """--only takes the name of a unit where one unit has it, and an id in any spelling that fits one."""
    assert fengqiao("run", "params/q4.yaml", "--only", named)[0] == 0
    assert {card.unit_id for card in no_cards} - {""} == {"S1"}
    assert (project / "runs").exists()


@pytest.mark.parametrize("named", ["石桥派出所", "石桥派出所/"])
@pytest.mark.usefixtures("no_cards")
def test_only_refuses_a_name_that_two_units_bear(project, named):
    """Their ids are told, and that there are two; it is not said that there is none."""
    units = project / "records" / "units.csv"
    rows = units.read_text("utf-8").splitlines()
    of_one = next(row for row in rows if row.startswith("S1,"))
    units.write_text("\n".join([*rows, of_one.replace("S1,", "S9,", 1)]) + "\n", "utf-8")
    code, _, refused = fengqiao("run", "params/q4.yaml", "--only", named)
    assert (code, refused) == (2, "--only：名为“石桥派出所”的单位有 2 个，请改用编号：S1, S9\n")
    assert not (project / "runs").exists()


@pytest.mark.usefixtures("project", "no_cards")
def test_a_part_of_a_name_is_answered_with_the_units_that_hold_it():
    """Near a part of a name stand the units whose names hold it, by id and name."""
    assert "没有单位“石桥”；相近的有：S1 石桥派出所" in fengqiao("run", "params/q4.yaml", "--only", "石桥")[2]


# Faults of the input


def test_all_faults_at_once(project):
    """Faults of parameters, scheme and records are told together, each with its file; nothing is written."""
    (project / "params" / "q4.yaml").write_text(PARAMS + "onyl: [S1]\nlevels: [station, team]\n", "utf-8")
    (project / "params" / "scheme.yaml").write_text(SCHEME.replace("others: 60", "others: 59"), "utf-8")
    (project / "records" / "cases.csv").write_text(CASES.replace("2024-12-04 08:00", "2024-13-45"), "utf-8")
    code, said, refused = fengqiao("run", "params/q4.yaml")
    assert (code, said) == (1, "")
    assert "q4.yaml:4 · onyl [document.unknown_key] 不认识的键“onyl”" in refused
    assert "[weights.dimensions] 层级 county、station 各维度权重之和须为 100，" in refused
    assert "[records.no_time] 表 cases 有 1 个单元格不是时间" in refused
    assert "2024-13-45" not in refused
    assert "Traceback" not in refused
    assert not (project / "runs").exists()


@pytest.mark.usefixtures("project")
def test_a_level_the_scheme_lacks_is_a_fault():
    """levels: names only levels of the scheme."""
    code, _, refused = fengqiao("check", "params/q4.yaml", "--set", "levels=[station, team]")
    assert code == 1
    assert "q4.yaml · levels [params.level] 方案没有层级“team”；有：county, station, officer" in refused


def test_a_column_the_scheme_needs_is_a_fault(project):
    """A column that an indicator looks at and the records lack is told beside other faults."""
    (project / "records" / "cases.csv").write_text(CASES.replace("arrived_at", "came_at"), "utf-8")
    code, _, refused = fengqiao("check", "params/q4.yaml", "--set", "state=ready")
    assert code == 1
    assert "arrived_at" in refused
    assert "--set · state [document.value] 值 ready 不合要求" in refused


def test_what_is_still_to_be_filled_in_is_told_and_no_run_for_good(project):
    """A scheme with blanks is said in every check and at the foot of the pages, and is refused for an announced run."""
    scheme = project / "params" / "scheme.yaml"
    scheme.write_text(scheme.read_text("utf-8").replace("author: 甲", "author: 待填：起草人"), "utf-8")
    code, said, _ = fengqiao("check", "params/q4.yaml")
    assert (code, "方案中尚待填写：author；填好之前只能作草稿" in said) == (0, True)
    code, _, refused = fengqiao("check", "params/q4.yaml", "--set", "state=announced")
    assert (code, "scheme.yaml [params.blank] 状态为 announced 的批次不得用尚未填好的方案；请填写 author" in refused) == (1, True)


def test_a_period_without_records_is_a_fault(project):
    """Nobody can be scored on a quarter that holds no record."""
    code, _, refused = fengqiao("run", "params/q4.yaml", "--set", "period=2019Q1")
    assert code == 1
    assert "2019Q1" in refused
    assert not (project / "runs").exists()


@pytest.mark.usefixtures("project")
def test_a_database_is_refused_without_its_password():
    """An address with a password is refused, and the message does not repeat it."""
    code, _, refused = fengqiao("check", "params/q4.yaml", "--set", "records=postgresql://me:secret@host/db")
    assert code == 1
    assert "地址中不得写密码" in refused
    assert "secret" not in refused


def test_a_params_file_called_latest_is_refused(project):
    """`latest` is the file that names the last run, so no run may be called so."""
    (project / "params" / "latest.yaml").write_text(PARAMS, "utf-8")
    code, _, refused = fengqiao("check", "params/latest.yaml")
    assert code == 1
    assert "params.name_taken" in refused


@pytest.mark.usefixtures("project")
def test_a_bug_shows_its_traceback(monkeypatch):
    """What is no refusal is a bug, and is not dressed up as one."""
    monkeypatch.setattr("fengqiao_eval.runs.job.score_job", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fengqiao("check", "params/q4.yaml")


# Check and score


def test_check_tells_what_it_found_and_writes_nothing(project):
    """Where nothing is wrong, check says what there is."""
    code, said, _ = fengqiao("check", "params/q4.yaml")
    assert code == 0
    assert "未发现差错。2024Q4，截至 2025-01-01 00:00；方案“小方案”版本 1；记录：units 5" in said
    assert "县（区）局 1、派出所 2、民警 2" in said
    assert not (project / "runs").exists()


def test_check_and_manifest_tell_how_many_rows_lie_in_the_period(project):
    """What lies outside the period is not counted in it: where that is so, both numbers are said."""
    path = project / "records" / "cases.csv"
    lines = path.read_text("utf-8").splitlines()
    old = [re.sub(r"2024-\d\d-\d\d", "2019-05-01", lines[1]).replace(lines[1].split(",")[0], "old", 1)]
    path.write_text("\n".join([*lines, *old]) + "\n", "utf-8")
    cases = len(lines) - 1
    assert f"cases {cases + 1}（本期 {cases}）" in fengqiao("check", "params/q4.yaml")[1]
    fengqiao("score", "params/q4.yaml")
    told = json.loads((project / "runs" / "q4" / "manifest.json").read_text("utf-8"))
    assert (told["counts"]["cases"], told["in_period"]["cases"]) == (cases + 1, cases)


def test_score_writes_frames_only(project):
    """Score writes frames, scheme, manifest and what was read; no other page, no workbook, no card."""
    code, said, _ = fengqiao("score", "params/q4.yaml")
    assert code == 0
    assert said.rstrip().endswith("，请看 " + str(Path("runs") / "q4" / "ranks.parquet"))
    run = project / "runs" / "q4"
    assert [path.name for path in (*run.rglob("*.html"), *run.rglob("*.xlsx"))] == ["read.html"]
    ranks = pd.read_parquet(run / "ranks.parquet").query("period == '2024Q4'").set_index("unit_id")
    assert ranks["total"].to_dict() == {"X1": 83.4, "S1": 78.0, "S2": 98.8}
    assert json.loads((run / "manifest.json").read_text("utf-8"))["officers"] == 2


# Run


@pytest.mark.slow
def test_a_run_prints_cards_and_tells_what_failed(project):
    """Cards that fail are told and exit 3; all else stands, officers and failures each in their place."""
    code, said, refused = fengqiao("run", "params/q4.yaml", "--only", "S2", "--only", "PQ701", "--notebooks", "--workers", "2")
    differs = "模板 station_scorecard.ipynb 与随程序发布的不同（新增 2 格；缺 "
    assert differs.replace("station", "officer") in said
    first, card, last = refused.splitlines()
    assert (code, first, card) == (3, "2 张计分卡中有 1 张失败：", "  S2（单元格 [3]）: ValueError: 坏记录")
    assert last.startswith(differs)
    assert "计分卡：民警 1" in said
    assert str(Path("runs") / "q4" / "index.html") in said
    run = project / "runs" / "q4"
    assert {path.name for path in run.iterdir() if path.suffix != ".parquet"} == {
        *("assets", "officer", "station", "index.html", "manifest.json", "one_table.xlsx", "read.html", "scheme.json")
    }
    assert [path.name for path in (run / "station").iterdir()] == ["S2.failed.ipynb"]
    told = json.loads((run / "manifest.json").read_text("utf-8"))
    failed = {"unit_id": "S2", "level": "station", "cell": 3, "error": "ValueError", "message": "坏记录"}
    assert (told["failures"], told["officers_failed"], told["cards"], told["only"]) == ([failed], 0, {}, ["S2"])
    theirs = json.loads((run / "officer" / "manifest.json").read_text("utf-8"))
    assert (theirs["cards"], theirs["only"]) == (["PQ701"], ["S2", "PQ701"])
    assert "卡 PQ701 zh" in (run / "officer" / "PQ701.html").read_text("utf-8")
    kept = nbformat.read(run / "officer" / "PQ701.ipynb", 4)
    assert 'run = ".."' in kept.cells[1].source
    assert str(project) not in json.dumps(kept)
    outside = [path for path in run.rglob("*") if path.is_file() and "officer" not in path.parts]
    assert not [path for path in outside if b"PQ70" in contents(path)]


@pytest.mark.usefixtures("project")
def test_all_units_get_cards_by_default(no_cards):
    """Without `only` every unit of a scored level gets a card, from the top down, officers with their own notebook."""
    assert fengqiao("run", "params/q4.yaml", "--set", "lang=en")[0] == 0
    cards = [(card.unit_id, card.notebook.name.split("_")[0], card.page.parent.name, card.lang) for card in no_cards]
    assert cards == [
        ("X1", "station", "county", "en"),
        ("S1", "station", "station", "en"),
        ("S2", "station", "station", "en"),
        ("PQ701", "officer", "officer", "en"),
        ("PQ702", "officer", "officer", "en"),
    ]


def test_a_run_that_breaks_leaves_the_earlier_one(project, monkeypatch):
    """Where anything breaks in the middle of a run, the earlier run stays, and what is done waits aside for the next."""
    fengqiao("score", "params/q4.yaml")
    before = (project / "runs" / "q4" / "manifest.json").read_bytes()
    monkeypatch.setattr("fengqiao_eval.runs.run.print_cards", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fengqiao("run", "params/q4.yaml")
    assert sorted(path.name for path in (project / "runs").iterdir()) == [".q4.part", "latest", "log.jsonl", "q4"]
    assert (project / "runs" / "q4" / "manifest.json").read_bytes() == before


def test_a_final_run_stays_and_is_corrected_beside_it(project):
    """A final run cannot be written to; the next is -r2, names it, and latest points to it."""
    fengqiao("score", "params/q4.yaml", "--set", "state=final")
    run = project / "runs" / "q4"
    before = (run / "manifest.json").read_bytes()
    code, said, _ = fengqiao("score", "params/q4.yaml")
    assert code == 0
    assert "q4 已定稿，不作改动；本次结果另存为 q4-r2" in said
    assert (run / "manifest.json").read_bytes() == before
    if os.name == "posix":
        assert not stat.S_IMODE((run / "ranks.parquet").stat().st_mode) & 0o222
    assert json.loads((run.parent / "q4-r2" / "manifest.json").read_text("utf-8"))["corrects"] == "q4"
    assert (run.parent / "latest").read_text("utf-8") == "q4-r2\n"


def test_a_relative_period_is_part_of_the_name(project):
    """A run over last_quarter carries the quarter in its name, so that the next one does not replace it."""
    code, _, _ = fengqiao("score", "params/q4.yaml", "--set", "period=last_quarter", "--set", "as_of=2025-02-10")
    assert code == 0
    assert (project / "runs" / "q4-2024Q4" / "ranks.parquet").is_file()


# Explain


def score_project(folder):
    """Write the project and score it."""
    with pytest.MonkeyPatch.context() as here:
        here.chdir(a_project(folder))
        assert fengqiao("score", "params/q4.yaml")[0] == 0


@pytest.fixture
def scored(tmp_path_factory, tmp_path, monkeypatch):
    """The project, scored; it is the current folder, a copy of what is scored once for all processes of the tests."""
    shutil.copytree(shared.once(tmp_path_factory, "scored", score_project), tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("scored")
def test_a_total_is_explained_to_the_last_decimal():
    """Each indicator's points × weight = contribution; together they are the total."""
    code, said, _ = fengqiao("explain", "q4", "S1")
    assert code == 0
    assert said.splitlines()[0] == "石桥派出所（S1） · 派出所 · 三类 · 2024Q4 · 草稿"
    assert "到场时限达标率 (arrival)  66.6667 × 0.60 = 40.00" in said
    assert "安全感 (safety)  95.0000 × 0.40 = 38.00" in said
    assert said.splitlines()[-1] == "合计：40.00 + 38.00 = 78.00"


@pytest.mark.usefixtures("scored")
def test_an_indicator_is_explained_down_to_its_records():
    """The rule, the sum, and every record that makes the denominator; their number is the denominator."""
    _, said, _ = fengqiao("explain", "runs/latest", "S1", "arrival")
    lines = said.splitlines()
    assert "数值：2 / 3 × 100 → 66.6667 %（依据 3 条记录，正常）" in lines
    assert "得分：0 + (66.666667 − 0) / (100 − 0) × (100 − 0) = 66.6667" in lines
    assert "贡献：66.6667 × 0.60 = 40.00" in lines
    assert lines[-4:] == [
        "  C1  2024-10-01 08:00  计入  1 / 1  到场 10 分钟，在 15 分钟以内",
        "  C2  2024-11-02 08:00  未计入  0 / 1  到场 40 分钟，时限 15 分钟",
        "  C3  2024-12-03 08:00  计入  1 / 1  到场 5 分钟，在 15 分钟以内",
        "合计：分子 2，分母 3，与评分时一致",
    ]


@pytest.mark.usefixtures("scored")
def test_a_long_list_is_cut_and_says_how_to_see_all_of_it(monkeypatch):
    """So many records are listed, those that lost points first; the sum is of all, and the command that lists all is said."""
    monkeypatch.setattr("fengqiao_eval.pages.explain.MOST", 1)
    _, said, _ = fengqiao("explain", "runs/latest", "S1", "arrival")
    lines = said.splitlines()
    assert lines[-3].startswith("以下列出 1 条，失分的在前；全部：fengqiao explain ")
    assert lines[-3].endswith(" S1 arrival --all")
    assert lines[-2].startswith("  C2  ")
    assert lines[-1] == "合计：分子 2，分母 3，与评分时一致"
    assert len(fengqiao("explain", "runs/latest", "S1", "arrival", "--all")[1].splitlines()) == len(lines) + 1


@pytest.mark.usefixtures("scored")
def test_an_officer_is_explained_by_their_own_records():
    """An officer's indicator rests on the records credited to them, not on those of the station."""
    _, said, _ = fengqiao("explain", "q4", "PQ701", "到场时限达标率")
    assert re.findall(r"(?m)^  (C\d)", said) == ["C1", "C2"]


@pytest.mark.usefixtures("scored")
def test_a_figure_ends_at_its_source():
    """A figure counted elsewhere is explained by its line and where it comes from."""
    _, said, _ = fengqiao("explain", "q4", "X1", "safety")
    figure = "外部数据一行：期间 2024Q4，分子 192，分母 200，数值 96，样本 200；出处：省统计局电话调查"
    assert said.splitlines()[-1] == figure


def test_changed_records_are_told(scored):
    """Where the records are not those of the scoring, explain says which file changed and that the sums differ."""
    path = scored / "records" / "cases.csv"
    path.write_text(CASES + "C5,S1,2024-12-05 08:00,,2024-12-05 08:05,2024-12-05 09:00\n", "utf-8")
    _, said, _ = fengqiao("explain", "q4", "S1", "arrival")
    assert "注意：记录文件在评分之后有变动（cases.csv）" in said.splitlines()[0]
    assert said.splitlines()[-1].startswith("注意：合计分子 3、分母 4，评分时为 2、3")


def test_records_that_are_gone_are_told(scored):
    """Without its records a run is explained as far as it goes."""
    (scored / "records").rename(scored / "moved")
    code, said, _ = fengqiao("explain", "q4", "S1", "arrival")
    assert code == 0
    assert "贡献：66.6667 × 0.60 = 40.00" in said
    assert "打不开评分时的记录" in said


def test_a_project_can_be_moved(scored, tmp_path_factory, monkeypatch):
    """Run and records moved together still find each other."""
    moved = tmp_path_factory.mktemp("elsewhere") / "project"
    monkeypatch.chdir(tmp_path_factory.getbasetemp())
    scored.rename(moved)
    _, said, _ = fengqiao("explain", moved / "runs" / "q4", "S1", "arrival")
    assert said.splitlines()[-1] == "合计：分子 2，分母 3，与评分时一致"


@pytest.mark.usefixtures("scored")
@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (["q5", "S1"], "没有评分结果“q5”；相近的有：q4"),
        (["q4", "S9"], "S9"),
        (["q4", "S1", "arival"], "没有指标“arival”；相近的有：arrival"),
    ],
)
def test_what_is_unknown_is_exit_two(words, refused):
    """An unknown run, unit or indicator is wrong usage, and near ones are named."""
    code, said, told = fengqiao("explain", *words)
    assert (code, said) == (2, "")
    assert refused in told


# Demo


def test_demo_writes_a_province(project):
    """Demo invents records and says how many."""
    code, said, _ = fengqiao("demo", "invented", "--stations", "8", "--seed", "3")
    assert code == 0
    assert "已在 invented 虚构一个省的记录：" in said
    assert (project / "invented" / "cases.parquet").is_file()
