"""Parameters of a run: strict, all faults at once, and where their paths count from."""

from datetime import date, datetime
from pathlib import Path

import pytest

from fengqiao_eval.errors import UsageError
from fengqiao_eval.runs.params import load_params, run_name

LEAST = "period: 2024Q4\nrecords: demo\nscheme: params/one_table.yaml\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project folder with an empty params folder; the current folder is another."""
    (tmp_path / "project" / "params" / "examples").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "project"


@pytest.fixture
def written(project):
    """Write a params file and give its path."""

    def write(text, name="q4.yaml"):
        path = project / "params" / name
        path.write_text(text, "utf-8")
        return path

    return write


def said(faults):
    """All faults as they are printed."""
    return "\n".join(fault.text() for fault in faults)


def test_three_keys_are_enough(written):
    """Period, records and scheme are all that a run needs; the rest has defaults, as_of the period's end."""
    params, faults = load_params(written(LEAST))
    assert not faults
    assert (params.lang, params.state, params.only, params.levels) == ("zh", "draft", None, None)
    assert (str(params.span), params.moment) == ("2024Q4", datetime(2025, 1, 1))


def test_paths_in_the_file_count_from_the_project_folder(written, project):
    """Paths in a file count from the folder that holds params/, also for a file in params/examples."""
    for name in ("q4.yaml", "examples/q4.yaml"):
        params, _ = load_params(written(LEAST, name))
        assert Path(params.records) == project / "demo"
        assert Path(params.scheme) == project / "params" / "one_table.yaml"
        assert Path(params.out) == project / "runs"


def test_paths_typed_count_from_the_current_folder(written, project):
    """A path typed with --set counts from the current folder, the others still from the project."""
    params, _ = load_params(written(LEAST), ["records=../real"])
    assert Path(params.records) == project.parent / "real"
    assert Path(params.out) == project / "runs"


def test_a_file_outside_params_counts_from_the_current_folder(tmp_path, monkeypatch):
    """A params file that lies in no params folder has the current folder for its project."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.yaml").write_text(LEAST, "utf-8")
    params, _ = load_params(Path("my.yaml"))
    assert Path(params.records) == tmp_path / "demo"


def test_an_address_is_no_path(written):
    """postgresql://… stays as it is written."""
    params, _ = load_params(written(LEAST), ["records=postgresql://host/db"])
    assert params.records == "postgresql://host/db"


def test_all_faults_at_once_with_file_line_and_key(written):
    """Every fault of the file and of the command line is told in one go, with file, line and key."""
    path = written(
        "period: 2024Q5\nrecords: demo\nscheme: s.yaml\nonyl: [S1]\nonly: [014, 14]\nas_of: 2025\nlang: fr\n"
        "timezone: Mars/Base\nobjection_until: soon\ntables: {cases: {file: a, bogus: 1}, caess: {}}\n"
    )
    _, faults = load_params(path, ["stat=final", "seed=x", "contact={"])
    text = said(faults)
    for line, words in {
        1: "period [params.period] 期间“2024Q5”无法识别",
        4: "onyl [document.unknown_key] 不认识的键“onyl”",
        5: "only.1 [params.id_text] 单位编号须为文本，现为 14",
        6: "as_of [params.moment] “2025”不是日期时间",
        7: "lang [document.value] 值 fr 不合要求",
        8: "timezone [params.timezone] 没有时区“Mars/Base”",
        9: "objection_until [params.moment] “soon”不是日期时间",
        10: "tables [params.table] 没有名为“caess”的记录表；相近的有：cases",
    }.items():
        assert f"q4.yaml:{line} · {words}" in text
    assert "tables.cases.bogus [document.unknown_key]" in text
    assert "--set · stat [document.unknown_key] 不认识的键“stat”" in text
    assert "--set · seed [document.value] 值 x 不合要求" in text
    assert "--set · contact [document.not_yaml]" in text


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "posix/Asia/Shanghai", "right/Asia/Shanghai", "Factory", "+08:00"])
def test_a_zone_is_one_that_the_engine_knows_too(written, zone):
    """What only the language knows, and what is no place's, is a fault with an example of what would do."""
    _, (fault,) = load_params(written(LEAST + f"timezone: {zone}\n"))
    assert (fault.rule, fault.place) == ("params.timezone", "timezone")
    assert f"没有时区“{zone}”；例如 Asia/Shanghai" in fault.text("zh")


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "Asia/Urumqi", "America/Chicago"])
def test_zones_of_places_are_taken(written, zone):
    """And UTC."""
    params, faults = load_params(written(LEAST + f"timezone: {zone}\n"))
    assert (params.timezone, faults) == (zone, [])


def test_what_is_right_is_kept_where_something_is_wrong(written):
    """With a fault in one key the others are still read, so that scheme and records are looked at in the same go."""
    params, faults = load_params(written(LEAST + "state: finished\n"))
    assert len(faults) == 1
    assert params.scheme.endswith("one_table.yaml")
    params, _ = load_params(written(LEAST.replace("2024Q4", "soon")))
    assert (params.period, params.records[-4:]) == ("", "demo")


def test_records_are_left_alone_where_their_mapping_is_wrong(written):
    """A fault in tables: keeps the records shut, which would look wrong without their mapping."""
    params, _ = load_params(written(LEAST + "tables: {cases: {repeated: sometimes}}\n"))
    assert params.records == ""


def test_a_missing_key_is_told(written):
    """A required key that is not there is a fault that names it."""
    _, faults = load_params(written("period: 2024Q4\nrecords: demo\n"))
    assert "[document.missing_key] 缺少必填的键“scheme”" in said(faults)


def test_a_file_that_is_not_there(tmp_path):
    """No file: nothing could be read, and the fault says so."""
    params, faults = load_params(tmp_path / "none.yaml")
    assert params is None
    assert "文件不存在" in said(faults)


def test_set_wins_over_the_file(written):
    """--set is YAML by the same strict rules, and wins over the file."""
    params, faults = load_params(written(LEAST), ["period=2024-11", "only=[014, no]", "state=final"])
    assert not faults
    assert (params.period, params.only, params.state) == ("2024-11", ("014", "no"), "final")


def test_only_of_the_command_line_is_text(written):
    """--only takes ids as typed: 14 is the text 14."""
    params, faults = load_params(written(LEAST + "only: [S1]\n"), (), ["14", "014"])
    assert not faults
    assert params.only == ("14", "014")


@pytest.mark.parametrize("given", ["period", "=2024", ""])
def test_set_needs_a_key_and_a_value(written, given):
    """--set without key or = is wrong usage."""
    with pytest.raises(UsageError, match="--set 须写成 键=值"):
        load_params(written(LEAST), [given])


def test_a_relative_period_counts_from_today(written):
    """last_month is the whole month before today; read again from its as_of it is the same."""
    path = written(LEAST.replace("2024Q4", "last_month"), "monthly.yaml")
    params, _ = load_params(path, today=date(2026, 3, 5))
    assert (str(params.span), params.moment) == ("2026-02", datetime(2026, 3, 1))
    assert run_name(path, params) == "monthly-2026-02"


def test_a_relative_period_counts_from_as_of(written):
    """Where as_of is given, a relative period counts back from it."""
    params, _ = load_params(written(LEAST.replace("2024Q4", "last_quarter")), ["as_of=2024-05-03 08:30"])
    assert (str(params.span), params.moment) == ("2024Q1", datetime(2024, 5, 3, 8, 30))


def test_a_named_period_leaves_the_name_alone(written):
    """A run over a named period is called as its file."""
    path = written(LEAST)
    params, _ = load_params(path)
    assert run_name(path, params) == "q4"


def test_as_of_before_the_period_is_refused(written):
    """An as_of before the period begins leaves nothing to score."""
    _, faults = load_params(written(LEAST + "as_of: 2024-09-30\n"))
    assert "as_of [params.as_of_early] 截止时刻 2024-09-30 00:00:00 不晚于期间开始 2024-10-01" in said(faults)


@pytest.mark.parametrize("given", ["0000", "9999", "2024-13", "true", "''", "[2024]"])
def test_impossible_periods_are_refused(written, given):
    """A period that is none, or leaves the calendar, is a fault and no crash."""
    _, faults = load_params(written(LEAST.replace("2024Q4", given)))
    assert "[params.period]" in said(faults)


def test_a_year_is_a_period(written):
    """2024 without quotes is the year, not a number."""
    params, faults = load_params(written(LEAST.replace("2024Q4", "2024")))
    assert not faults
    assert str(params.span) == "2024"
