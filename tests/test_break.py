"""What was tried to break the program, case by case of the folder break: refused in plain words, or the right value."""

# ruff: noqa: E501 - what is pinned stands on one line with what breaks it; Chinese counts double

import csv
import gc
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from unicodedata import normalize

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from fengqiao_eval import files
from fengqiao_eval.cli import app
from fengqiao_eval.documents import join_ids, split_ids
from fengqiao_eval.engine import pool
from fengqiao_eval.records import sources
from fengqiao_eval.results.lost_records import escape_formula
from fengqiao_eval.runs import job as jobs
from fengqiao_eval.tuning import payload

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("project")]
ROOT = Path(__file__).parents[1]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Give a copy of the small project that every case begins from; skip where the cases are not beside this checkout."""
    base = Path(os.environ.get("FENGQIAO_CASES") or ROOT.parent / "shared" / "cases") / "break" / "base"
    if not base.is_dir():
        pytest.skip("the cases are not beside this checkout; FENGQIAO_CASES may name their folder")
    for name in ("params", "rec"):
        shutil.copytree(base / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fengqiao(*words: str) -> str:
    """Run a command, and give its exit code and all that is said; whatever is not refused in words fails here."""
    done = CliRunner().invoke(app, words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return f"exit {done.exit_code}\n{done.output}"


def check(*given: str, params: str = "m") -> str:
    """Check params/NAME.yaml, and give all that is said; whatever is not refused in words fails here."""
    return fengqiao("check", f"params/{params}.yaml", *given)


def digest(path: str) -> str:
    """Hash a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def write(table: str, change) -> None:
    """Change the rows of a table in place."""
    path = Path("rec") / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows = change(rows) or rows
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def cell(table: str, column: str, value: str, row: int = 2) -> None:
    """Write a value into a cell; the heading is row 0."""
    write(table, lambda rows: rows[row].__setitem__(rows[0].index(column), value))


def read_from(records: str) -> None:
    """Let the params file name other records."""
    Path("params/m.yaml").write_text(f"period: 2024Q4\nrecords: {records}\nscheme: params/mini_scheme.yaml\n", "utf-8")


def base(name: str, *statements: str) -> None:
    """Make a DuckDB file, and read the records from it; REC is the folder of the tables as CSV."""
    with duckdb.connect(name) as connection:
        for statement in statements:
            connection.execute(
                re.sub(r"REC\((\w+)\)", rf"(FROM read_csv('{Path.cwd()}/rec/\1.csv', all_varchar=true))", statement)
            )
    read_from(name)


def go(command: str, *given: str, params: str = "m") -> str:
    """Call a command on params/NAME.yaml, and give all that is said; whatever is not refused in words fails here."""
    done = CliRunner().invoke(app, [command, f"params/{params}.yaml", *given])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return f"exit {done.exit_code}\n{done.output}"


def scored() -> str:
    """Score, and say how that ended: the first word of the summary, or the fault."""
    return go("score", "--quiet").splitlines()[-1]


def test_01_changed_records_are_noticed():
    """A table in a folder, named without suffix; a view over files is refused; what lies in the log of a DuckDB file."""
    Path("rec/2024").mkdir()
    Path("rec/cases.csv").rename("rec/2024/cases.csv")
    with Path("params/m.yaml").open("a", encoding="utf-8") as file:
        file.write("tables: {cases: {file: 2024/cases}}\n")
    assert scored().startswith("完成")
    assert scored().startswith("无新内容")
    rows = Path("rec/2024/cases.csv").read_text("utf-8").splitlines(keepends=True)
    Path("rec/2024/cases.csv").write_text("".join([rows[0], *rows[9:]]), "utf-8")
    assert scored().startswith("完成")
    told = json.loads(Path("runs/m/manifest.json").read_text("utf-8"))
    assert told["fingerprints"]["records"][str(Path("2024/cases.csv"))] == digest("rec/2024/cases.csv")


def test_01_a_view_over_files_is_refused():
    """What lies behind it would change unseen."""
    base("v.duckdb", *(f"CREATE VIEW {table} AS FROM REC({table})" for table in ("units", "cases", "figures")))
    assert "[records.no_view]" in go("score", "--quiet")


def test_01_the_log_of_a_base_is_read_and_named():
    """Rows deleted and not yet in the file itself."""
    base("w.duckdb", *(f"CREATE TABLE {table} AS FROM REC({table})" for table in ("units", "cases", "figures")))
    assert scored().startswith("完成")
    dies = (
        "import duckdb, os; c = duckdb.connect('w.duckdb'); c.execute('delete from cases where unit_id = ?', ['S1']); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", dies], check=False)
    assert Path("w.duckdb.wal").is_file()
    assert scored().startswith("完成")
    told = json.loads(Path("runs/m/manifest.json").read_text("utf-8"))["fingerprints"]["records"]
    assert told == {name: digest(name) for name in ("w.duckdb", "w.duckdb.wal")}


def test_03_records_replaced_while_a_run_scores(monkeypatch):
    """Half the records lie there in the middle of it, the whole ones afterwards: the frames are those of the whole ones."""
    go("score", "--quiet")
    right, whole = digest("runs/m/points.parquet"), Path("rec/cases.csv").read_bytes()
    score, texts = jobs.score_job, [b"".join(whole.splitlines(keepends=True)[:15]), whole]

    def replaced(job):
        if texts:
            Path("rec/aside").write_bytes(texts.pop(0))
            Path("rec/aside").replace("rec/cases.csv")
        return score(job)

    monkeypatch.setattr(jobs, "score_job", replaced)
    assert re.search(r"cases\.csv \[records\.changing\] 评分时此文件又变了", go("score", "--quiet", "--fresh"))
    assert digest("runs/m/points.parquet") == right
    assert scored().startswith("无新内容")


def test_18_a_final_run_is_sealed():
    """A page, a list of records, the workbook, a frame: noticed by every command, and no silent correction."""
    go("score", "--quiet", "--set", "state=final")
    for path in (Path("runs/m"), *Path("runs/m").rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)
    Path("runs/m/one_table.xlsx").write_text("x", "utf-8")
    said = go("score", "--quiet", "--set", "state=final")
    assert re.search(r"exit 1\nm \[seal\.added\] one_table\.xlsx", said)
    Path("runs/m/one_table.xlsx").unlink()
    Path("runs/m/ranks.parquet").write_bytes(Path("runs/m/points.parquet").read_bytes())
    for command in (("explain", "m", "S2"), ("compare", "m", "m"), ("tune", "params/m.yaml"), ("verify", "m")):
        done = CliRunner().invoke(app, command)
        assert (done.exit_code, done.output.split(" 与")[0]) == (1, "m [seal.changed] ranks.parquet")
    assert "[seal.changed] ranks.parquet" in go("score", "--quiet", "--set", "state=final")
    assert not Path("runs/m-r2").exists()


def test_02_lines_that_begin_with_a_hash_are_records():
    """A third of the ids begin with #: all 30 cases are read, and the foot of a total is refused by its line."""
    write("cases", lambda rows: [["#" + row[0], *row[1:]] if number % 3 == 1 else row for number, row in enumerate(rows)])
    assert "cases 30" in check()
    write("cases", lambda rows: [*rows, ["#合计：30"]])
    assert re.search(r"cases\.csv \[records\.row_width\] 有 1 行的格数与表头不同（行号：格数 32: 1）", check())


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["CREATE VIEW units AS SELECT * REPLACE ((SELECT content FROM read_text('secret.txt')) AS name) FROM REC(units)"], r"\[records\.no_view\]"),
        (["CREATE TABLE units AS FROM REC(units)", "CREATE TABLE visits AS SELECT * REPLACE ('13800138000' AS subject_id) FROM REC(visits)",
          "CREATE MACRO regexp_matches(a, b) AS false, (a, b, c) AS false"], r"visits\.subject_id \[records\.citizen_value\] 有 20 个编码"),
    ],
)  # fmt: skip
def test_05_what_lies_in_a_base_is_not_run(statements, words):
    """A view that reads a file beside it is refused, and a macro of a file's own turns no check off."""
    Path("secret.txt").write_text("SECRET", "utf-8")
    base("a.duckdb", *statements)
    said = check()
    assert re.search(words, said)
    assert "SECRET" not in said


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ("SELECT * FROM t", "exit 0"),
        ("WITH x AS (SELECT * FROM t) SELECT x.* FROM x JOIN t USING (unit_id)", "exit 0"),
        ("SELECT t.* FROM t, range(1)", "no_view"),
        ("SELECT t.* FROM t, duckdb_settings() LIMIT 10", "no_view"),
        ("SELECT t.* FROM t, information_schema.tables", "no_view"),
        ("SELECT 'S1' unit_id, '甲' name, 'station' level", "no_view"),
        ("SELECT t.* FROM t, glob('/etc/*')", "no_view"),
    ],
)
def test_05_only_tables_of_the_base_are_read(view, words):
    """A view over tables of its own file is read; one over anything else of the engine or the machine is refused by name."""
    base("a.duckdb", "CREATE TABLE t AS FROM REC(units)", "CREATE TABLE cases AS FROM REC(cases)")
    with duckdb.connect("a.duckdb") as connection:
        try:
            connection.execute(f"CREATE VIEW units AS {view}")
        except duckdb.Error:
            pytest.skip("the engine itself does not take this view")
    assert words in check()


@pytest.mark.parametrize(
    ("statements", "functions"),
    [
        (["CREATE VIEW cases AS SELECT * FROM t WHERE random() < 2"], "random"),
        (["CREATE VIEW cases AS SELECT * FROM t WHERE now() > received_at"], "now"),
        (["CREATE VIEW cases AS SELECT * FROM t WHERE current_date > DATE '2000-01-01'"], "current_date"),
        (["CREATE VIEW cases AS SELECT * FROM t WHERE txid_current() > 0 AND current_setting('threads') <> '0'"], "current_setting, txid_current"),
        (["CREATE MACRO lucky(a) AS a + random()", "CREATE VIEW cases AS SELECT * FROM t WHERE lucky(1) < 3"], "random"),
        (["CREATE VIEW inner_one AS SELECT * FROM t WHERE uuid() <> ''", 'CREATE VIEW cases AS SELECT * FROM "INNER_ONE"'], "uuid"),
        (["CREATE VIEW cases AS SELECT * FROM t USING SAMPLE 30 ROWS"], "sample"),
        (["CREATE VIEW cases AS SELECT * FROM t TABLESAMPLE 100%"], "sample"),
        (["CREATE VIEW cases AS SELECT * FROM query('SELECT * FROM t WHERE random() < 2')"], "query"),
        (["CREATE VIEW cases AS SELECT * FROM t WHERE pg_conf_load_time() > received_at"], "current_timestamp|now|get_current_timestamp"),
        (["CREATE VIEW cases AS SELECT * FROM t WHERE current_localtimestamp() > received_at"], "current_localtimestamp"),
        (["CREATE VIEW cases AS SELECT * FROM t WHERE age(received_at) > INTERVAL 1 DAY"], "age"),
        (["CREATE TABLE cases (case_id VARCHAR, unit_id VARCHAR, received_at TIMESTAMP, x DOUBLE AS (random()))"], "random"),
    ],
)  # fmt: skip
def test_05_what_answers_otherwise_each_time_is_no_record(statements, functions):
    """A view that hangs on chance, time or settings, by itself, a macro or another view, is refused by what it calls."""
    base(
        "a.duckdb",
        "CREATE TABLE units AS FROM REC(units)",
        "CREATE TABLE t AS SELECT * REPLACE (received_at::TIMESTAMP AS received_at) FROM REC(cases)",
        *statements,
    )
    assert re.search(rf"a\.duckdb:cases \[records\.volatile_view\] 此视图或生成列用了 .*{functions}", check())


@pytest.mark.parametrize(
    "view",
    [
        "SELECT * REPLACE (replace(status, 'random(', 'now(') AS status) FROM t",
        "SELECT *, case_id AS now, case_id AS random FROM t",
        "SELECT *, 'current_date' AS word FROM t ORDER BY case_id LIMIT 100",
    ],
)
def test_05_steady_views_are_read(view):
    """Words in quotes and names of columns are no functions."""
    base("a.duckdb", "CREATE TABLE units AS FROM REC(units)", "CREATE TABLE t AS FROM REC(cases)", f"CREATE VIEW cases AS {view}")
    assert "exit 0" in check()


def test_05_a_view_is_asked_once():
    """What is checked and what is counted are the same rows: a view is copied, and a generated column with it."""
    base(
        "a.duckdb",
        "CREATE TABLE units AS FROM REC(units)",
        "CREATE TABLE cases (case_id VARCHAR, unit_id VARCHAR, received_at VARCHAR, day VARCHAR AS (received_at[:10]))",
        "INSERT INTO cases SELECT case_id, unit_id, received_at FROM REC(cases)",
    )
    found = sources.find_sources(Path("a.duckdb"), {"cases": sources.Mapped()}, "Asia/Shanghai", "a")
    assert "day" in found.tables["cases"][0].rows.columns
    assert found.tables["cases"][0].rows.get_name().startswith("temp.main.ibis_view_")
    assert found.faults == []


def test_05_a_view_without_end_is_interrupted(monkeypatch):
    """A view that is never done is refused by its name, not waited for."""
    monkeypatch.setattr(sources, "LONGEST_VIEW", 0.5)
    endless = "SELECT t.* FROM t, t a, t b, t c, t d, t e, t f, t g, t h, t i, t j WHERE a.case_id || b.case_id || c.case_id = md5(j.case_id)"
    base(
        "a.duckdb",
        "CREATE TABLE units AS FROM REC(units)",
        "CREATE TABLE t AS FROM REC(cases)",
        f"CREATE VIEW cases AS {endless}",
    )
    assert re.search(r"a\.duckdb:cases \[records\.endless_view\] 此视图 .* 分钟内没有算完", check())


def test_05_a_log_that_was_left_is_told():
    """Beside a base lies the log of a writing that did not end: what is whole in it is read, and that is said."""
    base("a.duckdb", "CREATE TABLE units AS FROM REC(units)", "CREATE TABLE cases AS FROM REC(cases)")
    write = "c.execute('PRAGMA disable_checkpoint_on_shutdown'); c.execute('DELETE FROM cases WHERE rowid % 2 = 0'); os._exit(0)"
    subprocess.run([sys.executable, "-c", f"import duckdb, os; c = duckdb.connect('a.duckdb'); {write}"], check=True)
    said = check()
    assert re.search(r"a\.duckdb\.wal 未并入库中（上次写入没有正常结束）", said)
    assert "cases 15" in said


def test_05_a_pipe_beside_a_base_is_not_waited_for():
    """Where the log of a base should lie there is a pipe: it is named, nobody waits."""
    base("a.duckdb", "CREATE TABLE units AS FROM REC(units)")
    os.mkfifo("a.duckdb.wal")
    assert re.search(r"a\.duckdb\.wal \[document\.special\]", check())


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        (",".join(f"c{n}" for n in range(10_000)), r"units\.csv \[records\.many_columns\] 有 10000 列，超过上限 702 列"),
        ("unit_id,name,level," + "x" * 300, r"units\.csv \[records\.long_name\] 第 4 列的列名有 300 个字符"),
        ("x" * (1 << 21), r"units\.csv \[records\.no_heading\]"),
        ('"' + "x,\n" * (1 << 20), r"units\.csv \["),
    ],
    ids=["10000 columns", "long name", "no end", "open quote"],
)
def test_24_a_heading_is_bounded(heading, words):
    """Ten thousand columns, a name of 300 characters, a first line without end: refused at the heading."""
    Path("rec/units.csv").write_text(heading + "\n" + heading + "\n", "utf-8")
    assert re.search(words, check())


def test_05_a_hostile_base_opens_no_file_elsewhere(need, tmp_path, tmp_path_factory):
    """While a base is read no file is read but the project's and those of Python and the system, and no network is asked."""
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.txt"
    secret.write_text("SECRET", "utf-8")
    views = ["CREATE VIEW cases AS SELECT * REPLACE (TEXT AS status) FROM REC(cases)", "CREATE MACRO count(x) AS TEXT"]
    views = [view.replace("TEXT", f"(SELECT max(content) FROM read_text('{secret}'))") for view in views]  # noqa: S608 - our own
    base("a.duckdb", "CREATE TABLE units AS FROM REC(units)", "CREATE TABLE visits AS FROM REC(visits)", *views)
    trace = [
        need("strace"),
        "-f",
        "-qq",
        "-e",
        "trace=open,openat,connect",
        "-o",
        "traced",
        Path(sys.executable).with_name("fengqiao"),
    ]
    subprocess.run([*trace, "score", "params/m.yaml", "--quiet"], capture_output=True, timeout=300, check=False)
    traced = Path("traced").read_text("utf-8", "replace")
    opened = re.findall(r'open(?:at)?\((?:AT_FDCWD, )?"([^"]+)", (?!\S*O_(?:EXCL|DIRECTORY))[^\n]*\) = \d', traced)
    system = [sys.prefix, sys.base_prefix, *("/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sys", "/usr", "/var/cache")]
    known = [Path(place).resolve() for place in (tmp_path, ROOT, *system)]
    places = {Path(os.path.realpath(tmp_path / name)) for name in opened}
    assert len(places) > 100
    ours = [path for path in places if any(one.name.startswith(files.TEMPORARY) for one in (path, *path.parents))]
    assert sorted(str(one) for one in places - {*ours} if not any(one.is_relative_to(place) for place in known)) == []
    assert "sa_family=AF_INET" not in traced


def test_05_a_file_of_another_database_is_unreadable():
    """A SQLite file is told as what it is not; nothing is fetched for it."""
    Path("e.duckdb").write_bytes(b"SQLite format 3\0" + b"\0" * 100)
    read_from("e.duckdb")
    assert re.search(r"\[records\.unreadable\] 无法作为 DuckDB 读取", check())


@pytest.mark.parametrize(
    ("table", "column"),
    [("cases", "case_id"), ("surveys", "survey_id"), ("units", "unit_id"), ("postings", "officer_id"), ("visits", "subject_id")],
)
@pytest.mark.parametrize("secret", ["11010519491231002X", "13800138000"])
def test_06_numbers_of_citizens_are_no_ids(table, column, secret):
    """Identity numbers and telephones as ids of records, units and officers are refused, and shown nowhere."""
    cell(table, column, secret)
    said = check()
    assert re.search(rf"{table}\.csv · {table}\.{column} \[records\.citizen_value\] 有 1 个编码像身份证号或手机号", said)
    assert secret not in said


@pytest.mark.parametrize(
    "secret", ["13800138000 ", "138 0013 8000", "+8613800138000", "１３８００１３８０００", "110105194912310"]
)
def test_07_no_way_of_writing_hides_a_number(secret):
    """A blank, a country's code, full width, 15 digits: the number of a citizen all the same."""
    cell("visits", "subject_id", secret)
    assert re.search(r"visits\.subject_id \[records\.citizen_value\] 有 1 个编码", check())


def test_08_no_cell_is_printed():
    """A name, a telephone and signs that control a terminal stand where a time should: their look is printed."""
    cell("surveys", "asked_at", "王小明13800138000")
    cell("visits", "visited_at", "x\033]0;owned\007\033[2J")
    said = check()
    assert re.search(r"surveys\.asked_at \[records\.no_time\] .*3: 字字字9{11}", said)
    assert re.search(r"visits\.visited_at \[records\.no_time\]", said)
    assert not any(word in said for word in ("王小明", "13800138000", "owned", "\033"))


def test_10_rows_without_an_id():
    """Two different rows without an id are two empty cells."""
    cell("cases", "case_id", "", 4)
    cell("cases", "case_id", "", 5)
    assert re.search(r"cases\.case_id \[records\.empty_cell\] 有 2 行此列为空（第 5, 6 行）", check())


@pytest.mark.parametrize(
    ("table", "column", "value", "words"),
    [
        ("units", "residents", "99999999999999999999", r"units\.residents \[records\.no_whole\]"),
        ("cases", "elements_required", "1e30", r"cases\.elements_required \[records\.no_whole\]"),
        ("units", "valid_to", "infinity", r"exit 0"),
        ("units", "valid_to", "99999-01-01", r"units\.valid_to \[records\.no_date\]"),
        ("units", "valid_to", "0000-01-01", r"units\.valid_to \[records\.no_date\]"),
        ("postings", "from_date", "-infinity", r"exit 0"),
        ("postings", "to_date", "99999-01-01", r"postings\.to_date \[records\.no_date\]"),
    ],
)
def test_11_cells_that_overflow(table, column, value, words):
    """Numbers beyond 64 bits and years beyond four digits are told; a stretch without end is one."""
    cell(table, column, value)
    assert re.search(words, check())


@pytest.mark.parametrize(
    ("column", "cells", "words"),
    [
        ("valid_to", pa.array([["x"]] * 10), r"units\.valid_to \[records\.column_type\] 该列类型是 array"),
        ("valid_from", pa.array([b"\xff"] * 10), r"units\.valid_from \[records\.column_type\] 该列类型是 binary"),
        ("residents", pa.array([date(2024, 1, 1)] * 10), r"units\.residents \[records\.column_type\] 该列类型是 date"),
        ("valid_from", pa.array([2**62] * 10, pa.timestamp("ms")), r"units\.parquet \[records\.unreadable\]|units\.valid_from \[records\.no_date\]"),
        (None, None, r"units\.parquet \[records\.unreadable\] 无法作为 Parquet 读取"),
    ],
    ids=["list", "bytes", "day for a number", "milliseconds out of range", "damage behind the head"],
)  # fmt: skip
def test_12_types_without_a_cast_and_damage(column, cells, words):
    """What cannot become what its column is declared to be is told with its type; so is damage behind the head of a file."""
    with Path("rec/units.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    table = pa.table({name: [row[n] or None for row in rows] for n, name in enumerate(head)})
    if column:
        table = table.set_column(head.index(column), column, cells)
    Path("p").mkdir()
    pq.write_table(table, "p/units.parquet", compression="snappy")
    if column is None:
        data = bytearray(Path("p/units.parquet").read_bytes())
        data[20:120] = b"\xff" * 100
        Path("p/units.parquet").write_bytes(data)
    read_from("p")
    assert re.search(words, check())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("contact: !!bool maybe", r"m\.yaml:4 \[document\.tag\] 不接受标签“!!bool”"),
        ("contact: !!timestamp x", r"m\.yaml:4 \[document\.tag\]"),
        ("contact: " + "[" * 1000 + "]" * 1000, r"m\.yaml:4 \[document\.endless\] 嵌套超过 50 层"),
        ("a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)),
         r"m\.yaml:9 \[document\.endless\]"),
    ],
    ids=["bool", "timestamp", "1000 deep", "bomb"],
)  # fmt: skip
def test_19_yaml_without_end(line, words):
    """Tags, a thousand brackets and a bomb of ten lines are refused at their line."""
    with Path("params/m.yaml").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    assert re.search(words, check())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("as_of=2024-99-99", r"--set · as_of \[params\.moment\] “2024-99-99”不是日期时间"),
        ("seed=!!float x", r"--set · seed \[document\.tag\]"),
    ],
)
def test_19_yaml_on_the_command_line(given, words):
    """What is typed is read as strictly."""
    assert re.search(words, check("--set", given))


def test_21_a_table_that_cannot_be_read_hides_nothing():
    """A time, a figure and a file in GBK at fault: three faults."""
    cell("cases", "received_at", "notatime", 1)
    cell("figures", "value", "abc", 1)
    Path("rec/visits.csv").write_bytes("visit_id,unit_id,visited_at,purpose\nV1,S1,2024-11-01,走访\n".encode("gbk"))
    said = check()
    for words in (
        r"visits\.csv \[records\.encoding\]",
        r"cases\.received_at \[records\.no_time\]",
        r"figures\.value \[records\.no_number\]",
    ):
        assert re.search(words, said)


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["CREATE SCHEMA s", "CREATE TABLE s.units AS FROM REC(units)", "CREATE TABLE cases AS FROM REC(cases)"], "exit 0"),
        (["CREATE TABLE x AS FROM REC(units)", "CREATE VIEW units AS FROM x", "DROP TABLE x"], r"units \[records\.no_view\]"),
        (
            ["CREATE TABLE units AS FROM REC(units)", "CREATE TABLE cases AS FROM REC(cases)", "CREATE MACRO count(x) AS 0"],
            "cases 30",
        ),
    ],
    ids=["another schema", "a view whose table is gone", "a macro called count"],
)
def test_22_tables_of_a_base(statements, words):
    """A table of another schema is found, a dead view is told, and a macro counts nothing."""
    base("q.duckdb", *statements)
    assert re.search(words, check())


def test_13_what_the_system_refuses_is_a_sentence():
    """A name that is too long is a fault of the input."""
    assert re.search(r"exit 1.*\[system\.long\]", check("--set", "records=" + "a" * 300), re.DOTALL)


def test_14_a_full_disk_leaves_the_scheme_in_force(need):
    """Where the disk takes nothing, the scheme that is there stays, and no empty file beside it: exit 3."""
    if os.geteuid():
        pytest.skip("a small disk is mounted by root only")
    mount = need("mount")
    fengqiao("scheme", "params/one_table.yaml", "--to", "t.xlsx")
    Path("m").mkdir()
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=8k", "tmpfs", "m"], check=False).returncode:
        pytest.skip("nothing may be mounted here")
    try:
        Path("m/s.yaml").write_text("title: the table in force\n", "utf-8")
        Path("m/fill").write_bytes(b"\0" * 4096)
        assert re.search(r"exit 3.*system\.full", fengqiao("scheme", "m/s.yaml", "--from", "t.xlsx", "--force"), re.DOTALL)
        assert Path("m/s.yaml").read_text("utf-8") == "title: the table in force\n"
        assert sorted(path.name for path in Path("m").iterdir()) == ["fill", "s.yaml"]
    finally:
        subprocess.run([need("umount"), "m"], check=False)


@pytest.mark.parametrize("name", [".m.lock", ".m.old", ".m.part", ".m.latest"])
def test_15_nothing_is_written_through_a_link(name):
    """A link in place of the lock, or of a run that waits, is refused as a link; what it leads to stays as it was."""
    victim = Path("victim")
    if name in (".m.old", ".m.part"):
        victim.mkdir()
        (victim / "letters.txt").write_text("precious", "utf-8")
    else:
        victim.write_text("precious", "utf-8")
    Path("runs").mkdir()
    Path("runs", name).symlink_to(victim.absolute())
    assert re.search(
        rf"exit 2.*{re.escape(name)} \[system\.link\] .* 是链接", fengqiao("score", "params/m.yaml", "--quiet"), re.DOTALL
    )
    assert ((victim / "letters.txt") if victim.is_dir() else victim).read_text("utf-8") == "precious"
    assert not Path("runs/letters.txt").exists()


def test_15_a_log_that_is_a_link_gets_no_line():
    """The run goes on without its log; what the links lead to stays, and `latest` becomes a file."""
    Path("runs").mkdir()
    for link in ("log.jsonl", "latest"):
        Path(f"{link}.victim").write_text("precious", "utf-8")
        Path("runs", link).symlink_to(Path(f"{link}.victim").absolute())
    assert "exit 0" in fengqiao("score", "params/m.yaml", "--quiet")
    assert Path("log.jsonl.victim").read_text("utf-8") == Path("latest.victim").read_text("utf-8") == "precious"
    assert Path("runs/latest").read_text("utf-8").strip() == "m"


def test_15_a_file_beside_is_not_followed():
    """A link where a file waits to take its place is removed, not followed."""
    Path("victim").write_text("precious", "utf-8")
    files.temporary_path(Path("a.txt")).symlink_to(Path("victim").absolute())
    files.write_whole(Path("a.txt"), "new")
    assert (Path("victim").read_text("utf-8"), Path("a.txt").read_text("utf-8")) == ("precious", "new")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["demo", "pipe", "--stations", "8"], "不是文件夹"),
        (["scheme", "params/one_table.yaml", "--to", "pipe"], "不是一表"),
        (["scheme", "pipe", "--from", "t.xlsx", "--force"], r"\[system\.special\]"),
        (["scheme", "--new", "pipe.yaml", "--force"], r"\[system\.special\]"),
        (["compare", "m", "n", "--out", "pipe.html"], "不是比对页"),
    ],
    ids=["demo", "to", "from", "new", "compare"],
)
def test_16_pipes_and_devices_stay(words, said):
    """No command puts its result in place of a pipe, even where it is told to."""
    fengqiao("scheme", "params/one_table.yaml", "--to", "t.xlsx")
    pipe = Path(next(word for word in words if "pipe" in word))
    os.mkfifo(pipe)
    if words[0] == "compare":
        shutil.copy("params/m.yaml", "params/n.yaml")
        assert all("exit 0" in fengqiao("score", f"params/{name}.yaml", "--quiet") for name in "mn")
    assert re.search(rf"exit 2.*{said}", fengqiao(*words), re.DOTALL)
    assert pipe.is_fifo()


def test_16_a_comparison_replaces_comparisons_only():
    """The page of a comparison is written again; another page of that name stays."""
    shutil.copy("params/m.yaml", "params/n.yaml")
    assert all("exit 0" in fengqiao("score", f"params/{name}.yaml", "--quiet") for name in "mn")
    assert all("exit 0" in fengqiao("compare", "m", "n", "--out", "p.html") for _ in range(2))
    Path("p.html").write_text("<p>a letter</p>", "utf-8")
    assert re.search(r"exit 2.*p\.html 已存在且不是比对页", fengqiao("compare", "m", "n", "--out", "p.html"), re.DOTALL)
    assert Path("p.html").read_text("utf-8") == "<p>a letter</p>"


def test_17_a_server_that_dies_twice_is_cards_failed(monkeypatch):
    """The print server is killed before its first card, and again: every card has failed, exit 3, and the run stands."""
    monkeypatch.setattr(pool, "serve", _die)
    assert re.search(r"exit 3.*9 (张|cards)", fengqiao("run", "params/m.yaml", "--quiet"), re.DOTALL)
    assert json.loads(Path("runs/m/manifest.json").read_text("utf-8"))["failures"]
    assert sorted(path.name for path in Path("runs").iterdir()) == ["latest", "log.jsonl", "m"]


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def edited(name: str, change) -> None:
    """Write a copy of t.xlsx whose parts are changed; a part of None is left out."""
    with zipfile.ZipFile("t.xlsx") as source, zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            if (data := change(part, source.read(part))) is not None:
                target.writestr(part, data)


def _columns(count: int) -> bytes:
    cells = "".join(f'<c r="{column_name(n)}1"><v>1</v></c>' for n in range(count))
    return f'<row r="1">{cells}</row>'.encode()


def column_name(number: int) -> str:
    """Name a column as a workbook does."""
    name = ""
    while number >= 0:
        name, number = chr(65 + number % 26) + name, number // 26 - 1
    return name


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda part, data: data.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
         if "sheet1" in part else data, r"XFD1048576 \[table\.far_cell\]"),
        (lambda part, data: re.sub(rb"<sheetData>.*</sheetData>", b"<sheetData>" + _columns(10_000) + b"</sheetData>", data, flags=re.DOTALL)
         if "sheet1" in part else data, r"\[table\.far_cell\]"),
        (lambda part, data: data.replace(b"</sheetData>", b" " * (300 << 20) + b"</sheetData>") if "sheet1" in part else data,
         r"\[table\.far_cell\]"),
        (lambda part, data: data.replace(b"<sst", b" " * (300 << 20) + b"<sst", 1) if "sharedStrings" in part else data, r"\[table\.far_cell\]"),
        (lambda part, data: None if "worksheets" in part else data, r"\[table\.(unreadable|not_a_table)\]"),
    ],
    ids=["far cell", "10000 columns", "bomb", "bomb of words", "no sheets"],
)  # fmt: skip
def test_24_workbooks_without_end(change, words):
    """A cell at the far corner, ten thousand columns, a bomb, no sheets: refused by what the file declares, in 2 s and 200 MB."""
    fengqiao("scheme", "params/one_table.yaml", "--to", "t.xlsx")
    edited("far.xlsx", change)
    script = ("import resource, sys, time; from fengqiao_eval.workbooks import scheme_reader as r; from pathlib import Path\n"
              "from fengqiao_eval.errors import InputError\n"
              "before = resource.getrusage(resource.RUSAGE_SELF); began = before.ru_utime + before.ru_stime\n"
              "try: r.read(Path('far.xlsx'))\n"
              "except InputError as error: print(error)\n"
              "after = resource.getrusage(resource.RUSAGE_SELF)\n"
              "print(after.ru_utime + after.ru_stime - began, (after.ru_maxrss - before.ru_maxrss) >> 10)")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    *said, used = done.stdout.strip().splitlines()
    assert re.search(words, "\n".join(said)), done.stdout
    seconds, megabytes = map(float, used.split())
    assert (seconds < 2, megabytes < 200) == (True, True), used


def test_25_names_never_meet():
    """Names of files of ids that differ by case, form of Unicode or a reserved word differ on every disk; all others are the ids."""
    ids = ["S1", "s1", "é", "e\u0301", "É", "E\u0301", "index", "INDEX", "Index", "con", "CON", "COM1", "ß", "ss", "SS", "ẞ", "ſ", "S", "K", "\u212a", "İ", "i\u0307",
           "a b", "A B", "S1.", "S1 ", "Ａ", "A", "Ⅷ", "ⅷ"]  # fmt: skip
    names = files.file_names([*ids, "s007", "坪山.一"])
    disk = [normalize("NFD", normalize("NFD", names[one]).casefold()) for one in ids]
    assert len(set(disk)) == len(ids)
    assert not {"index", "con", "com1", "nul"} & {name.split(".")[0] for name in disk}
    assert (names["s007"], names["坪山.一"]) == ("s007", "坪山.一"), "an id that meets no other has its own name"


@pytest.mark.parametrize("level", ["Station", "ｓｔａｔｉｏｎ", "ASSETS", "Officer", "units.parquet", "index.html", " "])
def test_23_levels_never_meet(level):
    """A level whose folder would meet that of another, or something of the run's own, is refused."""
    path = Path("params/mini_scheme.yaml")
    text = re.sub(r"levels:.*", f'levels: [city, county, station, "{level}", officer]', path.read_text("utf-8"), count=1)
    path.write_text(text, "utf-8")
    assert re.search(r"levels\.3 \[scheme\.level_name\]", check())


def test_26_the_engine_spills_where_nobody_looks(tmp_path, monkeypatch):
    """Its temporary folder is 0700, not the current one, and goes; the memory it takes has a limit; one that was left goes too."""
    monkeypatch.setattr(files.tempfile, "tempdir", str(tmp_path))
    left = tmp_path / "fqtmp-left0000"
    left.mkdir(0o700)
    connection = sources._connect("Asia/Shanghai")
    folder, most = connection.con.execute("SELECT current_setting('temp_directory'), current_setting('memory_limit')").fetchone()
    assert Path(folder).stat().st_mode & 0o777 == 0o700
    assert Path(folder).parent == tmp_path
    assert not left.exists()
    own = duckdb.connect().execute("SELECT current_setting('memory_limit')").fetchone()[0]
    assert float(most.split()[0]) < float(own.split()[0])
    del connection
    gc.collect()
    assert list(tmp_path.glob("fqtmp-*")) == []


def test_26_a_folder_that_is_lived_in_stays(tmp_path):
    """Who starts later removes no folder whose process lives."""
    with files.temporary_folder(str(tmp_path)) as first, files.temporary_folder(str(tmp_path)) as second:
        assert first.is_dir()
        assert second.is_dir()


def test_27_officers_stand_in_no_manifest():
    """Ids of persons under `values` and `set` of params stand in officer/ only."""
    with Path("params/m.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "tables: {cases: {values: {officer_id: {P77: P1}}}, notices: {values: {checked_by: {甲: P78}}}, duties: {set: {officer_id: P79}}}\n"
        )
    write(
        "duties", lambda rows: [[cell for name, cell in zip(rows[0], row, strict=True) if name != "officer_id"] for row in rows]
    )
    said = fengqiao("score", "params/m.yaml", "--quiet")
    assert "exit 0" in said, said
    outside = [path for path in Path("runs").rglob("*") if path.is_file() and "officer" not in path.parts]
    assert not [path for path in outside if re.search(rb"\bP(1|77|78|79)\b", path.read_bytes())]
    assert "P77" in Path("runs/m/officer/manifest.json").read_text("utf-8")


def test_27_numbers_do_not_follow_ids():
    """Officers on the page without a server stand in the order of what is printed: in whatever order they came, it is the same page."""
    generator = np.random.default_rng(0)
    base, points = np.array([70, 90, 80, 90], "<i4"), generator.integers(0, 100, (4, 3)).astype("<i4")
    parts = {"base": base.tobytes(), "points": points.tobytes()}
    there = payload._order_by_content(parts, 4)
    other = [2, 0, 3, 1]
    again = payload._order_by_content({"base": base[other].tobytes(), "points": points[other].tobytes()}, 4)
    assert np.frombuffer(there["base"], "<i4").tolist() == [90, 90, 80, 70]
    assert there == again


@pytest.mark.parametrize("cell", ["=1+1", "＝1+1", "＋1", "－1", "＠x", "\t=1", "\r=1"])
def test_27_formulas_in_all_widths(cell):
    """A cell of CSV that a spreadsheet would take for a formula, full width and behind a tab too, becomes text."""
    assert escape_formula(cell) == f"'{cell}"


# What is written in ids


def test_an_id_with_blanks_is_one_id():
    """A notice whose id holds blanks or quotes is one record on the card, as it is in the records."""
    for ids in (["N1", "通报 3 号"], ['a"b', "c  d", ""], ["x\ty"]):
        assert split_ids(join_ids(ids)) == ids


def test_signs_that_are_not_seen_are_spelled_out_on_the_console():
    """Marks that turn the order of signs, or move the cursor, reach the console as what they are."""
    with Path("rec/units.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    at = rows[0].index("name")
    rows[1][at] = "甲\u202e所\x1b[2J\u200b乙"
    with Path("rec/units.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    said = fengqiao("score", "params/m.yaml") + fengqiao("explain", "m", rows[1][0])
    assert "\\u202e" in said
    assert not re.search("[\u202e\x1b\u200b]", said)


@pytest.mark.parametrize("blank", ["\u2003", "\u200b", "\u3000", " \u00a0", "\u2060\ufeff"])
def test_a_blank_of_any_width_is_an_empty_cell(blank):
    """An id of blanks that nobody sees is no id."""
    cell("cases", "unit_id", blank)
    assert re.search(r"cases\.unit_id \[records\.empty_cell\] 有 1 行此列为空（第 3 行）", check())


def test_a_text_without_end_is_refused():
    """A word of 30,000 characters reaches nothing; one of 300,000 is no cell."""
    cell("cases", "status", "x" * 30_000)
    assert re.search(r"cases\.status \[records\.too_long\] 有 1 格超过 2,000 个字符", check())
    cell("cases", "status", "x" * 300_000)
    assert re.search(r"cases\.csv \[records\.long_cell\] 第 3 行有一格超过 32,767 个字符", check())
