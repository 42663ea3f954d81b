"""Records in a PostgreSQL database: the same numbers, and a sentence for whatever a database can do to a run."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pandas as pd
import pytest

import postgres_server
from fengqiao_eval.errors import InputError
from fengqiao_eval.measuring.drilldown import totals_of, trace
from fengqiao_eval.periods import parse
from fengqiao_eval.records.ingest import Mapped
from fengqiao_eval.records.sources import one_snapshot, read_address
from fengqiao_eval.records.store import open_records, read_records
from fengqiao_eval.scheme.load import load
from fengqiao_eval.scoring.score import score
from shared import ROOT, once
from test_cli import fengqiao
from test_identities import CUT_NUMBERS, NO_NUMBERS
from wire import Wire

pytestmark = pytest.mark.database

UNITS = """
    | unit_id | name   | level   | parent_id |
    | C1      | 甲县   | county  |           |
    | S1      | 东街所 | station | C1        |
    | S2      | 河口所 | station | C1        |
"""
SCHEME = """
title: 走访
version: "1"
sources: [测试]
author: 甲
checker: 乙
weights: within
levels: [county, station]
bands: [{grade: 达标, at_least: 0}]
dimensions:
  - code: visits
    label: 走访
    weight: 100
    indicators:
      - {code: made, label: 走访数, why: 见面, direction: higher, weight: 100, missing: redistribute, source: 测试, unit: 次,
         measure: {kind: count, table: visits, date: visited_at},
         points: {kind: curve, knots: [[0, 0], [100, 100]]}}
"""
VISITS = """
    visit_id | unit_id | visited_at
    V1       | S1      | 2024-11-05 08:30
    V2       | S1      | 2024-11-06 08:30
    V3       | S2      | 2024-11-07 08:30
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """Give an invented province of twelve stations."""
    from fengqiao_eval.demo import write  # noqa: PLC0415 - as elsewhere: made once for all processes

    return once(tmp_path_factory, "province_12_0", lambda folder: write.write(folder, 12, 0))


@pytest.fixture(scope="module")
def demo(server, small) -> str:
    """Give the address of the same province in the database."""
    return server.fill("demo", small)


NUMBERS = count()


@pytest.fixture
def base(server, drawn):
    """Give a database of two stations and three visits: its address, and a connection of its owner."""
    name = f"base_{next(NUMBERS)}"
    with server.connect() as owner:
        owner.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    with server.connect(name) as owner:
        for table, text in (("units", UNITS), ("visits", VISITS)):
            postgres_server.add_table(owner, table, drawn(text))
        grant(owner)
        owner.execute("SET lock_timeout = '20s'")  # what a reader still holds must not be waited for
        yield server.address(name), owner


def grant(owner, schema="public"):
    """Let the reader read everything of a schema."""
    owner.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO reader')
    owner.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO reader')


def read(address, **mapped):
    """Read the records of a database, and let go of it."""
    with one_snapshot():
        return read_records(read_address(address), {table: Mapped.model_validate(how) for table, how in mapped.items()})


def rules(address, **mapped):
    """Name the rules of the faults with which records are read or refused."""
    try:
        return [fault.rule for fault in read(address, **mapped)[1]]
    except InputError as refused:
        return [fault.rule for fault in refused.faults]


# The same numbers


def test_the_scheme_of_the_demo_gives_the_same_numbers(small, demo):
    """Every frame of the invented province is the same to 1e-9, whether files are read or a database, and so is every note."""
    scheme, period = load(ROOT / "params" / "one_table.yaml"), parse("2024Q4")
    files, database = (
        score(open_records(where, name="records"), scheme, period, period.end, None, 0) for where in (small, read_address(demo))
    )
    assert files.notes == database.notes
    frames = [name for name, one in vars(files).items() if isinstance(one, pd.DataFrame)]
    assert {"measures", "points", "ranks", "losses"} <= set(frames)
    for name in frames:
        whole, theirs = getattr(files, name), getattr(database, name)
        pd.testing.assert_frame_equal(whole, theirs[list(whole.columns)], rtol=1e-9, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("first", ["a-m", "n-z"])
def test_the_spec_holds_in_the_database(server, first):
    """What the rules of the catalogue say of drawn tables is so where PostgreSQL counts them."""
    with server.connect() as owner:
        owner.execute(f'CREATE DATABASE "spec {first}" TEMPLATE template0')
    told = os.environ | {"FENGQIAO_SPEC_BASE": server.address(f"spec%20{first}")}
    files = sorted(map(str, (ROOT / "tests" / "spec").glob(f"test_[{first}]*.py")))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:nbval", "-p", "no:xdist", "-p", "spec_on_postgres", *files]
    done = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


TEXTS = {
    "visited_at": [
        *("2024-11-05", "2024-11-5 8:05", "2024/11/05 08:05:30", "2024-11-05T08:05", "2024-02-29", "2023-02-29", "2024-02-30"),
        *("1900-02-29", "2000-02-29", "2024-13-01", "2024-00-10", "2024-11-31", "2024-11-05 24:00", "2024-11-05 25:00"),
        *("2024-11-05 08:60", "2024-11-05 08:30:15.1234567", "2024-11-05 08:30+08:00", "2024-11-05 00:30Z", "2024-1/1", "soon"),
        *("2024-11-05 08:30 GMT", "2024-11-05 08:30-0530", " 2024-11-05 ", "\u3000", "24/10/1"),
    ],
    "share": [
        *(
            "0.5",
            "+0.5",
            ".5",
            "1.",
            "1e-3",
            " 0.25 ",
            "inf",
            "nan",
            "-Infinity",
            "0,5",
            "０.5",
            "0x1",
            "--1",
            "",
            "0.12345678901",
        ),
        *("0.1234565", "0.0000005", "1E-1"),
    ],
    "verified": ["true", "t", "yes", "y", "1", "是", "否", "0", "FALSE", " true", "on", "2", "Y", "1.0", ""],
}


@pytest.mark.parametrize(("table", "column"), [("visits", "visited_at"), ("postings", "share"), ("visits", "verified")])
def test_a_text_is_read_alike(base, tmp_path, drawn, table, column):
    """What a text says of a time, a number or a flag, and that it says nothing, is the same in both engines."""
    address, owner = base
    texts = TEXTS[column]
    frame = pd.DataFrame({column: texts, "unit_id": "S1"}).astype("str")
    if table == "visits":
        frame["visit_id"] = [f"V{n}" for n in range(len(texts))]
        frame["visited_at"] = frame.get("visited_at", "2024-11-05")
    else:
        frame["officer_id"], frame["from_date"] = [f"P{n}" for n in range(len(texts))], "2024-01-01"
    owner.execute(f"DROP TABLE IF EXISTS {table}")
    postgres_server.add_table(owner, table, frame)
    grant(owner)
    drawn(UNITS).to_parquet(tmp_path / "units.parquet")
    frame.to_parquet(tmp_path / f"{table}.parquet")
    told = []
    for where in (tmp_path, read_address(address)):
        records, faults = read_records(where)
        key = "visit_id" if table == "visits" else "officer_id"
        rows = records.tables[table].to_pandas().sort_values(key, ignore_index=True) if table in records.tables else None
        if rows is not None and f"{column}_utc_" in rows:  # of what could not be read the moment is nobody's
            rows[f"{column}_utc_"] = rows[f"{column}_utc_"].where(rows[column].notna())
        # rows have numbers in files alone, and ids in the database (see test_row_names)
        named = ("rows", "row_ids", "row_where")
        told.append((rows, [(f.rule, f.place, {k: v for k, v in f.given.items() if k not in named}) for f in faults]))
    (files, faults), (database, others) = told
    assert faults == others
    pd.testing.assert_frame_equal(files, database, rtol=0, atol=0)


# Nothing but counts on the wire


@pytest.mark.slow
def test_five_million_visits_are_counted_where_they_are(server, base, tmp_path):
    """Of five million visits no row comes here: all answers together have fewer rows than there are days in a few years."""
    address, owner = base
    owner.execute("TRUNCATE visits")
    owner.execute(
        """INSERT INTO visits SELECT 'V' || n, CASE n % 2 WHEN 0 THEN 'S1' ELSE 'S2' END,
            timestamp '2024-01-01' + make_interval(mins => n % 527040) FROM generate_series(1, 5000000) AS n"""
    )
    owner.execute("ANALYZE visits")
    (tmp_path / "scheme.yaml").write_text(SCHEME, "utf-8")
    scheme = load(tmp_path / "scheme.yaml")
    with Wire(server.port) as wire:
        records = open_records(read_address(address.replace(str(server.port), str(wire.port))))
        period = parse("2024Q4")
        scored = score(records, scheme, period, period.end, None, 0)
        behind = trace(records, scheme, scheme.indicators[0], "S1", period, period.end, most=100)
    assert records.counts["visits"] == 5_000_000
    measured = scored.measures.query("period == '2024Q4' and level == 'station'").set_index("unit_id")["numerator"]
    with server.connect(owner.info.dbname) as asked:
        expected = dict(
            asked.execute("SELECT unit_id, count(*) FROM visits WHERE visited_at >= '2024-10-01' GROUP BY 1").fetchall()
        )
    assert measured.to_dict() == expected
    assert (len(behind), totals_of(behind)["n"]) == (100, expected["S1"])
    assert wire.rows < 2_000


# A whole run


SECRET = "never-to-be-written-9f3a"  # noqa: S105 - it opens nothing
PARAMS = "period: 2024Q4\nrecords: {address}\nscheme: params/scheme.yaml\n"


@pytest.fixture
def project(tmp_path, monkeypatch, base):
    """Give a project whose records lie in the database of three visits; it is the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "scheme.yaml").write_text(SCHEME, "utf-8")
    (tmp_path / "params" / "q4.yaml").write_text(PARAMS.format(address=base[0]), "utf-8")
    return tmp_path


def files(folder):
    """Give the bytes of every file below a folder, by its name there."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_counts_in_the_database_and_says_what_it_stood_on(project, base):
    """A run has frames and a fingerprint of each table; it is made once, anew where a row has changed, and explained."""
    assert fengqiao("score", "params/q4.yaml")[0] == 0
    manifest = json.loads((project / "runs" / "q4" / "manifest.json").read_text("utf-8"))
    prints = manifest["fingerprints"]["records"]
    name = base[0].rpartition("/")[2]
    assert set(prints) == {f"{name}:units", f"{name}:visits"}
    assert manifest["counts"] == {"units": 3, "visits": 3}
    events = (project / "runs" / "log.jsonl").read_text("utf-8")
    assert fengqiao("score", "params/q4.yaml")[0] == 0
    assert '"unchanged"' in (project / "runs" / "log.jsonl").read_text("utf-8").removeprefix(events)
    assert "V1" in fengqiao("explain", "runs/q4", "S1", "made")[1]
    base[1].execute("UPDATE visits SET unit_id = 'S1' WHERE visit_id = 'V3'")
    assert f"{name}:visits" in fengqiao("explain", "runs/q4", "S1", "made")[1]
    assert fengqiao("score", "params/q4.yaml")[0] == 0
    again = json.loads((project / "runs" / "q4" / "manifest.json").read_text("utf-8"))["fingerprints"]["records"]
    assert [name for name in prints if prints[name] != again[name]] == [f"{name}:visits"]


def test_the_password_reaches_no_file(project):
    """What PGPASSWORD holds is in no file, neither of the run nor of its log, nor in what is printed."""
    printed = "".join(part for words in ("check", "score") for part in map(str, fengqiao(words, "params/q4.yaml")))
    assert postgres_server.WORD not in printed
    assert not [name for name, held in files(project).items() if postgres_server.WORD.encode() in held]


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://me:{SECRET}@host/db",
        f"postgres://me:{SECRET}@host:5432/db?sslmode=require",
        f"postgresql://host/db?password={SECRET}",
        f"postgresql://host/db?sslpassword={SECRET}&sslmode=require",
        f"postgresql://me:{SECRET}/with@host/db",
        f"postgresql://host/{SECRET}@db",
        f"postgresql://host/db?{SECRET}",
        f"mysql://me:{SECRET}@host/db",
        f"postgresql://me:{SECRET}/db",
        f"postgresql://me@host:{SECRET}/db",
        f"postgresql://host,other:{SECRET}/db",
        f"postgresql://me%3A{SECRET}%40host/db",
        f"postgresql://host/db%20password={SECRET}",
        f"postgresql://host/me%3A{SECRET}%40db",
        f"postgresql://host/db?pass%77ord={SECRET}",
        f"POSTGRESQL://me:{SECRET}@host/db",
        f"postgresql+psycopg://me:{SECRET}@host/db",
        f"postgresql:/me:{SECRET}@host/db",
        f"postgres:me:{SECRET}@host/db",
        f"me:{SECRET}@host/db",
        f"host=db user=me password={SECRET} dbname=x",
        f"password = '{SECRET}'",
        f"PGPASSWORD={SECRET} postgresql:host",
        f"//me:{SECRET}@host/db",
        f"me/{SECRET}@host:1521/db",
        f"host:5432:db:me:{SECRET}",
        f"host/db --password {SECRET}",
        f"[postgresql://me:{SECRET}@host/db]",
        f"[[postgresql://me:{SECRET}@host/db]]",
        f"{{host: host, password: {SECRET}}}",
        f"{{glob: '**postgresql://me:{SECRET}@host'}}",
        f"{{glob: 'postgresql://me:{SECRET}@host/*'}}",
    ],
)
@pytest.mark.parametrize("way", ["--set", "file"])
def test_an_address_with_a_password_is_refused_unsaid(project, address, way):
    """Wherever a password stands in an address, it is refused before anything is done, and neither printed nor written."""
    typed = [f"--set=records={address}"] if way == "--set" else []
    if way == "file":
        written = address if address[0] in "[{" else f'"{address}"'
        (project / "params" / "q4.yaml").write_text(PARAMS.format(address=written), "utf-8")
    for command in ("check", "score", "run"):
        code, out, told = fengqiao(command, "params/q4.yaml", *typed)
        assert (code, SECRET in out + told) == (1, False)
        assert "records" in told
    assert [name for name, held in files(project).items() if SECRET.encode() in held] == (
        ["params/q4.yaml"] if way == "file" else []
    )


def test_what_will_run_is_listed_for_the_administrator(project):
    """Check --sql lists every statement: a read-only transaction, SELECTs, and settings of the session; nothing is written."""
    before = files(project)
    code, out, _ = fengqiao("check", "params/q4.yaml", "--sql")
    statements = [line for line in out.split(";\n") if line.strip()]
    assert code == 0
    assert files(project) == before
    assert "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" in statements
    assert {re.match(r"\s*(\w+)", one)[1] for one in statements} == {"SELECT", "SET", "BEGIN"}
    assert any('FROM "public"."visits"' in one for one in statements)


def test_files_have_no_statements_to_list(project, drawn):
    """Records in files are asked nothing by SQL that anybody had to allow."""
    (project / "records").mkdir()
    drawn(UNITS).to_parquet(project / "records" / "units.parquet")
    assert fengqiao("check", "params/q4.yaml", "--sql", "--set", "records=records")[0] == 2


# What a database can do to a run


def test_a_run_sees_one_state(base):
    """Between two queries of a run rows come and change: the run is of the moment at which it began."""
    address, owner = base
    records = open_records(read_address(address))
    owner.execute("INSERT INTO visits VALUES ('V4', 'S2', '2024-11-08')")
    owner.execute("UPDATE visits SET unit_id = 'S2'")
    assert records.tables["visits"].group_by("unit_id").count().to_pandas().set_index("unit_id").iloc[:, 0].to_dict() == {
        "S1": 2,
        "S2": 1,
    }
    assert open_records(read_address(address)).counts["visits"] == 4


def plant(owner, body, table="visits"):
    """Let the server run something for the reader whenever it plans a statement on a table: by the condition of an index."""
    owner.execute(
        f"CREATE FUNCTION planted(integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS "
        f"$$ BEGIN IF current_user = 'reader' THEN {body}; END IF; RETURN true; END $$"
    )
    owner.execute(f"CREATE INDEX ON {table} (unit_id) WHERE planted(1)")


def test_nothing_can_be_written(base):
    """What would write when a table is read is refused in a sentence, and the base stays as it is."""
    address, owner = base
    owner.execute("CREATE TABLE seen (at timestamp)")
    owner.execute(
        "CREATE FUNCTION look() RETURNS text LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public"
        " AS $$ INSERT INTO seen VALUES (now()) RETURNING 'S1' $$"
    )
    plant(owner, "PERFORM public.look()")
    assert rules(address) == ["records.base_writes"]
    assert owner.execute("SELECT count(*) FROM seen").fetchone() == (0,)


# Views that may answer otherwise each time


UNSTEADY = {
    "SELECT * FROM held WHERE random() < 0.5": "random()",
    "SELECT * FROM held WHERE current_query() NOT LIKE '%hash%'": "current_query()",
    "SELECT * FROM held WHERE visited_at < now()": "now()",
    "SELECT * FROM held WHERE age(visited_at::timestamp) > interval '1 day'": "age(timestamp without time zone)",
    "SELECT * FROM held WHERE visited_at < current_date": "SQLVALUEFUNCTION",
    "SELECT * FROM held WHERE current_setting('a.b', true) IS NULL": "current_setting(text,boolean)",
    "SELECT * FROM held WHERE set_config('timezone', 'UTC', false) <> ''": "set_config(text,text,boolean)",
    "SELECT * FROM held TABLESAMPLE system (50)": "TABLESAMPLECLAUSE",
    "SELECT * FROM held LIMIT 1 + (2 * random())::int": "random()",
    "WITH few AS (SELECT * FROM held WHERE lies(unit_id)) SELECT * FROM few": "public.lies(text)",
    "SELECT * FROM held WHERE EXISTS (SELECT FROM held WHERE lies(unit_id))": "public.lies(text)",
    "SELECT * FROM held WHERE unit_id OPERATOR(public.~~~) 'S1'": "public.differ(text,text)",
    "SELECT max(visit_id) AS visit_id, most(unit_id) AS unit_id, max(visited_at) AS visited_at FROM held": "public.most(text)",
    "SELECT visit_id, unit_id, visited_at FROM held, pg_sleep(0)": "pg_sleep(double precision)",
    "SELECT visit_id, nextval('one')::text AS unit_id, visited_at FROM held": "nextval(regclass)",
    "SELECT visit_id, unit_id::held_id AS unit_id, visited_at FROM held": "COERCETODOMAIN",
}
MADE = (
    "ALTER TABLE visits RENAME TO held",
    "CREATE SEQUENCE one",
    "CREATE FUNCTION lies(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN random() < 0.5; END'",
    "CREATE FUNCTION differ(text, text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN random() < 0.5; END'",
    "CREATE OPERATOR ~~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = differ)",
    "CREATE AGGREGATE most(text) (SFUNC = text_larger, STYPE = text)",
    "CREATE DOMAIN held_id AS text CHECK (lies(VALUE))",
)


@pytest.mark.parametrize("below", [False, True])
def test_a_view_that_may_answer_otherwise_each_time_is_refused(base, below):
    """Whatever hangs on chance, clock, session, or on a function that somebody made is named, in the view that uses it."""
    address, owner = base
    for sql in MADE:
        owner.execute(sql)
    told = {}
    for number, sql in enumerate(UNSTEADY):
        owner.execute(f"CREATE VIEW view_{number} AS {sql}")
        owner.execute(f"CREATE VIEW over_{number} AS TABLE view_{number}")
    grant(owner)
    for number, sql in enumerate(UNSTEADY):
        faults = read(address, visits={"file": f"{'over' if below else 'view'}_{number}"})[1]
        told[sql] = ", ".join(fault.given["given"] for fault in faults)
        assert {(fault.rule, fault.place) for fault in faults} == {("records.base_unsteady", f"public.view_{number}")}
    assert told == UNSTEADY


def test_a_view_of_steady_words_is_read(base):
    """Joins, groups, windows, dates, texts and zones are steady; a materialized view holds its rows, whatever made them."""
    address, owner = base
    owner.execute("ALTER TABLE visits RENAME TO held")
    owner.execute(
        """CREATE VIEW visits AS
        WITH last AS (SELECT DISTINCT ON (visit_id) * FROM held ORDER BY visit_id, visited_at DESC)
        SELECT coalesce(l.visit_id, '—') AS visit_id,
            CASE u.level WHEN 'station' THEN upper(l.unit_id) ELSE u.unit_id END AS unit_id,
            (l.visited_at::text || '+08')::timestamptz AS visited_at, greatest(l.visited_at::date, date '2024-01-01') AS "on",
            to_char(l.visited_at, 'YYYY-MM') || 1 AS month, extract(year FROM l.visited_at AT TIME ZONE 'Asia/Shanghai') AS year,
            row_number() OVER (PARTITION BY l.unit_id ORDER BY l.visited_at) AS n, (SELECT count(*) FROM held) AS of,
            l.visit_id IN ('V1', 'V2') AS early, (string_to_array(l.visit_id, 'V'))[2]::int AS number,
            l.unit_id COLLATE "C" AS plain, ROW(l.visit_id, 1)::text AS both_,
            l.visited_at::timestamptz > date '2024-01-01' AS late,
            ':funcid 1 {SQLVALUEFUNCTION' AS ":funcid 2 {SQLVALUEFUNCTION"
        FROM last l JOIN units u USING (unit_id) WHERE NOT l.visit_id IS NULL
        UNION ALL SELECT 'V9', 'S1', '2024-11-09 08:30+08', NULL, string_agg(visit_id, ',' ORDER BY visit_id), 2024, 1, count(*),
            true, sum(1)::int, NULL, NULL, NULL, NULL
            FROM held WHERE visited_at IS DISTINCT FROM '2024-01-01' HAVING count(*) > 1"""
    )
    grant(owner)
    records, faults = read(address)
    assert (faults, records.counts["visits"]) == ([], 4)
    owner.execute("DROP VIEW visits; CREATE MATERIALIZED VIEW visits AS SELECT * FROM held WHERE random() < 2")
    grant(owner)
    assert rules(address) == []


def test_rows_that_lie_in_no_snapshot_are_refused(base):
    """A foreign table, by itself or as a part, a sequence and a catalogue answer as of no moment of ours."""
    address, owner = base
    for sql in (
        "CREATE FOREIGN DATA WRAPPER idle; CREATE SERVER other FOREIGN DATA WRAPPER idle; CREATE SEQUENCE one",
        "CREATE FOREIGN TABLE far (visit_id text, unit_id text, visited_at timestamp) SERVER other",
        "CREATE TABLE parted (visit_id text, unit_id text, visited_at timestamp) PARTITION BY LIST (unit_id)",
        "CREATE FOREIGN TABLE part PARTITION OF parted FOR VALUES IN ('S1') SERVER other",
        "CREATE VIEW counted AS SELECT visits.* FROM visits, one WHERE last_value > 0",
        "CREATE VIEW watched AS SELECT * FROM visits WHERE EXISTS (SELECT FROM pg_stat_activity)",
    ):
        owner.execute(sql)
    grant(owner)
    for table, named in (
        ("far", "public.far"),
        ("parted", "public.part"),
        ("counted", "public.one"),
        ("watched", "pg_stat_activity"),
    ):
        assert [(fault.rule, fault.place) for fault in read(address, visits={"file": table})[1]] == [
            ("records.base_elsewhere", named)
        ]


def test_a_policy_may_ask_only_what_is_steady(base):
    """The condition of row security is held to the same words as a view."""
    address, owner = base
    owner.execute("ALTER TABLE visits ENABLE ROW LEVEL SECURITY")
    owner.execute("CREATE POLICY half ON visits FOR SELECT TO reader USING (random() < 0.5)")
    [fault] = read(address)[1]
    assert (fault.rule, fault.place, fault.given["given"]) == ("records.base_unsteady", "public.visits", "random()")


def test_a_cast_that_somebody_made_is_not_used(base):
    """A column of another type is read as the type writes it, as the fingerprint reads it too."""
    address, owner = base
    owner.execute("CREATE TYPE way AS ENUM ('door', 'phone')")
    owner.execute("CREATE FUNCTION lie(way) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT random()::text $$")
    owner.execute("CREATE CAST (way AS text) WITH FUNCTION lie(way)")
    owner.execute("ALTER TABLE visits ADD purpose way")
    owner.execute("UPDATE visits SET purpose = 'door' WHERE visit_id <> 'V3'")
    records = open_records(read_address(address))
    assert records.tables["visits"].to_pandas().sort_values("visit_id").purpose.fillna("").tolist() == ["door", "door", ""]


def test_a_setting_that_something_changes_ends_the_run(base, project):
    """What runs inside the database can change the session; then nothing is believed that it answers."""
    plant(base[1], "PERFORM set_config('timezone', 'Pacific/Kiritimati', false), set_config('search_path', 'public', false)")
    code, _, told = fengqiao("score", "params/q4.yaml")
    assert (code, "records.base_moved" in told, "search_path, timezone" in told) == (1, True, True)
    assert not (project / "runs").exists()


@pytest.mark.parametrize("code", ["08006", "57P01"])
def test_a_code_alone_does_not_say_that_the_connection_is_lost(base, code):
    """A function can raise whatever code it likes; whether the connection is lost is seen by the connection."""
    address, owner = base
    plant(owner, f"RAISE EXCEPTION 'no' USING ERRCODE = '{code}'")
    assert rules(address) == ["records.base_refused"]


def test_a_session_that_the_administrator_ends_is_lost(base):
    """A connection that the server ends is said to be lost."""
    address, owner = base
    visits = open_records(read_address(address)).tables["visits"]
    owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader' AND datname = current_database()"
    )
    with pytest.raises(InputError, match="base_lost"):
        visits.count().execute()


def test_a_role_that_may_do_too_much_is_refused(base):
    """A superuser, or who may run programs and read or write files of the server, is sent for a role that only reads."""
    address, owner = base
    owner.execute(f"CREATE ROLE mighty LOGIN SUPERUSER PASSWORD '{postgres_server.WORD}'")
    owner.execute(
        f"CREATE ROLE above NOLOGIN IN ROLE pg_read_server_files; CREATE ROLE handy LOGIN PASSWORD '{postgres_server.WORD}'"
    )
    owner.execute("GRANT above TO handy")
    told = {}
    for role in ("mighty", "handy"):
        with pytest.raises(InputError, match="base_power") as refused:
            read(address.replace("reader@", f"{role}@"))
        told[role] = refused.value.faults[0].given["given"]
    assert (told["mighty"] != "", told["handy"]) == (True, "pg_read_server_files")


CLEAR, MD5 = b"R\0\0\0\x08\0\0\0\x03", b"R\0\0\0\x0c\0\0\0\x05salt"
"""How a server asks for the password as it is, and for its MD5."""


@pytest.mark.usefixtures("server")  # it sets the password
@pytest.mark.parametrize(("asks", "said", "sent"), [(CLEAR, "", False), (MD5, "", False), (MD5, "?require_auth=md5", True)])
def test_a_password_goes_to_no_server_that_asks_for_it_in_clear(asks, said, sent):
    """Whoever holds the port may ask for the password; it is sent only as the address allows."""
    heard = []

    def serve(listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                while len(told := client.recv(4096)) == 8:  # whether it would encrypt
                    client.sendall(b"N")
                if told:
                    client.sendall(asks)
                    heard.append(client.recv(4096))

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve, args=(listener,), daemon=True)
    thread.start()
    try:
        found = rules(f"postgresql://reader@127.0.0.1:{listener.getsockname()[1]}/db{said}")
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
    assert any(heard) == sent
    assert found == ["records.base_no_entry" if sent else "records.base_in_clear"]


def test_another_machine_is_asked_only_where_the_wire_is_settled(monkeypatch):
    """Off this machine the address says how the wire is encrypted; nothing is asked before."""
    monkeypatch.delenv("PGSSLMODE", raising=False)
    for host in ("db.invalid", "192.0.2.7", "127.0.0.1,db.invalid"):
        assert rules(f"postgresql://reader@{host}/db") == ["records.base_wire"]
    assert rules("postgresql://reader@db.invalid/db?sslmode=verify-full&connect_timeout=2") == ["records.base_no_way"]


def test_names_that_the_server_would_cut_are_refused(base):
    """A name of more than 63 bytes would be cut, and might be another's."""
    address, _ = base
    long = "列" * 21
    faults = read(address, visits={"rename": {"visited_at": long + "a"}, "set": {long + "乙": "1", long: "2"}})[1]
    assert [(fault.place, fault.rule, fault.given["count"]) for fault in faults] == [
        ("tables.visits.rename", "records.base_long", 64),
        ("tables.visits.set", "records.base_long", 66),
    ]


# Names, rights and types


def test_functions_of_others_stand_in_for_none_of_the_systems(base):
    """What somebody put beside the tables under a name of the system's is not called."""
    address, owner = base
    owner.execute("CREATE FUNCTION public.char_length(text) RETURNS integer LANGUAGE sql AS 'SELECT 1000'")
    owner.execute("CREATE FUNCTION public.coalesce_count(text) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'")
    assert rules(address) == []


def test_a_statement_that_takes_too_long_is_stopped(base, project):
    """A time-out, here of the address, ends the run in a sentence; no run is written."""
    address, owner = base
    owner.execute("ALTER TABLE visits RENAME TO all_visits")
    owner.execute("CREATE VIEW visits AS SELECT all_visits.* FROM all_visits, generate_series(1, 100000000)")
    grant(owner)
    (project / "params" / "q4.yaml").write_text(PARAMS.format(address=f"{address}?options=-c%20statement_timeout%3D300"), "utf-8")
    code, _, told = fengqiao("score", "params/q4.yaml")
    assert (code, "records.base_too_long" in told) == (1, True)
    assert "options=-c statement_timeout=300" in told
    assert not (project / "runs").exists()


def test_a_snapshot_within_another_is_the_same_and_each_thread_has_its_own(base):
    """What was seen first holds until the outer one ends; another thread neither sees those connections nor closes them."""
    address, owner = base

    def sessions():
        with one_snapshot():
            return {id(open_records(read_address(address)).tables["visits"].get_backend()) for _ in range(2)}

    with one_snapshot():
        visits = open_records(read_address(address)).tables["visits"]
        before = visits.count().execute()
        owner.execute("DELETE FROM visits")
        [inner] = sessions()
        with ThreadPoolExecutor(1) as other:
            [elsewhere] = other.submit(sessions).result()
        assert (inner, elsewhere != inner) == (id(visits.get_backend()), True)
        assert visits.count().execute() == before > 0
    assert visits.get_backend().con.closed


@pytest.mark.parametrize(
    ("whom", "milliseconds"), [("ROLE reader", 5), ("ROLE reader IN DATABASE {base}", 1), ("DATABASE {base}", 5)]
)
def test_whose_time_limit_stopped_a_statement_is_said(base, whom, milliseconds):
    """Be the limit as short as it may: it is said for whom it was set, how short it is, and how it is made longer."""
    address, owner = base
    whom = whom.format(base=owner.info.dbname)
    owner.execute("ALTER TABLE visits RENAME TO all_visits")
    owner.execute("CREATE VIEW visits AS SELECT all_visits.* FROM all_visits, generate_series(1, 1000000)")
    grant(owner)
    owner.execute(f"ALTER {whom} SET statement_timeout = '{milliseconds}ms'")
    try:
        with pytest.raises(InputError) as refused:
            open_records(read_address(address))
    finally:
        owner.execute(f"ALTER {whom} RESET statement_timeout")
    [fault] = refused.value.faults
    assert fault.rule == "records.base_too_long"
    assert f" {milliseconds / 1000:g} 秒内没有算完" in str(refused.value)
    assert f"（ALTER {whom} SET statement_timeout = '{milliseconds}ms'）" in str(refused.value)
    assert f"放宽时限：ALTER {whom} SET statement_timeout = '30min'" in str(refused.value)


def test_without_another_word_a_statement_has_five_minutes(base):
    """The time-out is that of the role or the address, else five minutes."""
    address, owner = base

    def limit():
        session = open_records(read_address(address)).tables["visits"].get_backend()
        return session.ask("SHOW statement_timeout")[0][0]

    assert limit() == "5min"
    owner.execute(f"ALTER ROLE reader IN DATABASE {owner.info.dbname} SET statement_timeout = '9min'")
    assert limit() == "9min"


@pytest.mark.parametrize("after", [1, 30, 60])
def test_a_connection_that_is_lost_leaves_nothing(server, project, base, after):
    """Wherever the wire is cut, the run ends in a sentence and no half of it stands."""
    with Wire(server.port, cut_after=after) as wire:
        (project / "params" / "q4.yaml").write_text(
            PARAMS.format(address=base[0].replace(str(server.port), str(wire.port))), "utf-8"
        )
        code, _, told = fengqiao("score", "params/q4.yaml")
    assert code == 1
    assert re.search(r"records.base_(lost|no_way)", told)
    assert not (project / "runs").exists()


def test_a_server_that_is_not_there_is_said(base, server):
    """No server at the port, a role that is none, a password that is missing: each is another sentence."""
    address, _ = base
    with Wire(server.port) as closed:
        pass
    assert rules(address.replace(str(server.port), str(closed.port))) == ["records.base_no_way"]
    assert rules(address.replace("reader@", "nobody_at_all@")) == ["records.base_no_entry"]
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PGPASSWORD")
        patch.setenv("PGPASSFILE", os.devnull)
        assert rules(address) == ["records.base_no_word"]


def test_a_role_with_too_few_rights_is_told_what_to_ask_for(base):
    """A table that may not be read is a fault that names the GRANT; a column that may not be is as if it were not there."""
    address, owner = base
    owner.execute("REVOKE SELECT ON visits FROM reader")
    [fault] = read(address)[1]
    assert (fault.rule, fault.given) == ("records.base_no_select", {"table": '"public"."visits"', "role": "reader"})
    owner.execute("ALTER TABLE visits ADD purpose text")
    owner.execute("GRANT SELECT (visit_id, unit_id, visited_at) ON visits TO reader")
    records, faults = read(address)
    assert not faults
    assert records.columns("visits") == ("visit_id", "unit_id", "visited_at")
    assert [note.given["columns"] for note in records.notes if note.key == "base_columns"] == ["“purpose”"]
    owner.execute("REVOKE SELECT (visited_at) ON visits FROM reader")
    assert rules(address) == ["records.missing_column"]


def test_the_role_of_the_documentation_is_enough(server, demo):
    """What an administrator copies from docs/RECORDS.md makes a role that can read everything and create nothing."""
    script = re.search(r"```sql\n(.*?)```", (ROOT / "docs" / "RECORDS.md").read_text("utf-8"), re.DOTALL)[1]
    with server.connect("demo") as owner:
        owner.execute(script)
        owner.execute(f"ALTER ROLE fengqiao PASSWORD '{postgres_server.WORD}'")
    assert rules(demo.replace("reader@", "fengqiao@")) == []


def test_a_view_whose_owner_lost_the_right_is_said(base):
    """What a view stands on may be forbidden though the view is not."""
    address, owner = base
    owner.execute("CREATE ROLE clerk")
    owner.execute("ALTER TABLE visits RENAME TO all_visits")
    owner.execute("CREATE VIEW visits AS SELECT * FROM all_visits")
    owner.execute("ALTER VIEW visits OWNER TO clerk")
    owner.execute("GRANT SELECT ON visits TO reader")
    assert rules(address) == ["records.base_no_right"]


def test_rows_that_a_policy_leaves_out_are_not_left_out_in_silence(base):
    """Row security is told."""
    address, owner = base
    owner.execute("ALTER TABLE visits ENABLE ROW LEVEL SECURITY")
    owner.execute("CREATE POLICY own ON visits FOR SELECT TO reader USING (unit_id = 'S1')")
    records, faults = read(address)
    assert (faults, records.counts["visits"]) == ([], 2)
    assert [note.given["table"] for note in records.notes if note.key == "base_filtered"] == ["visits"]


def test_names_are_only_names(base, drawn):
    """Quotes and SQL in the names of schemas, tables and columns are letters of a name."""
    address, owner = base
    name = "vi\"s'its; DROP TABLE units --"
    owner.execute('CREATE SCHEMA "o""dd"')
    frame = drawn(VISITS).rename(columns={"visit_id": "n\"o'; --"}).assign(**{"%s {x} \\": "1"})
    postgres_server.add_table(owner, name, frame, 'o"dd')
    owner.execute('GRANT USAGE ON SCHEMA "o""dd" TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA "o""dd" TO reader')
    records, faults = read(address, visits={"file": name, "rename": {"n\"o'; --": "visit_id"}})
    assert (faults, records.counts) == ([], {"units": 3, "visits": 3})


def test_a_table_in_two_schemas_is_refused_unless_one_goes_before(base, drawn):
    """Of two tables of a name the one on the search path is read, which is told; of two beside it neither."""
    address, owner = base
    for schema in ("one", "other"):
        owner.execute(f"CREATE SCHEMA {schema}")
        postgres_server.add_table(owner, "visits", drawn(VISITS), schema)
        grant(owner, schema)
    assert [note.given["used"] for note in read(address)[0].notes if note.key == "twice"] == ["visits"]
    owner.execute("DROP TABLE public.visits")
    assert rules(address) == ["records.several_tables"]
    assert read(address, visits={"file": "other.visits"})[0].counts["visits"] == 3


def test_the_first_of_rows_is_none_in_a_database(base):
    """Rows of a database have no order; which of them holds is for a view to say."""
    address, owner = base
    owner.execute("INSERT INTO visits VALUES ('V1', 'S2', '2024-11-08'), ('V2', 'S1', '2024-11-06 08:30')")
    assert rules(address, visits={"repeated": "first"}) == ["records.base_order"]
    assert rules(address, visits={"repeated": "refuse"}) == ["records.repeated"]
    records, faults = read(address)
    assert (faults, records.counts["visits"]) == ([], 4)  # V2 stands there twice, equal in every column
    assert {note.key for note in records.notes} >= {"equal_rows", "repeated_keep"}


def test_ids_are_repaired_and_faults_found_there_too(base):
    """An id written otherwise is repaired as in files; empty cells, citizens and wrong words are faults."""
    address, owner = base
    owner.execute("UPDATE visits SET unit_id = ' s1' WHERE visit_id = 'V3'")
    records, faults = read(address)
    assert not faults
    assert [(match.written, dict(match.repaired)) for match in records.matches if match.table == "visits"] == [(2, {"case": 1})]
    owner.execute("UPDATE visits SET unit_id = NULL WHERE visit_id = 'V1'")
    owner.execute("ALTER TABLE visits ADD subject_id text")
    owner.execute("UPDATE visits SET subject_id = '138 1234 5678' WHERE visit_id = 'V2'")
    assert set(rules(address)) == {"records.empty_cell", "records.citizen_value"}


def test_numbers_of_citizens_are_found_however_they_are_cut(base):
    """The patterns of the engine mean the same on the server: every spelling is found, and no list or time."""
    address, owner = base
    owner.execute("ALTER TABLE visits ADD remark text")
    cells = enumerate([*CUT_NUMBERS, *NO_NUMBERS])
    with owner.cursor() as cursor:
        cursor.executemany("INSERT INTO visits (visit_id, unit_id, visited_at, remark) VALUES (%s, 'S1', '2024-11-05', %s)",
                           [(f"R{number}", text) for number, text in cells])  # fmt: skip
    [fault] = read(address)[1]
    assert (fault.rule, fault.place) == ("records.citizen_text", "visits.remark")
    assert fault.given["count"] == len(CUT_NUMBERS)


def test_types_of_a_database_are_read_as_what_they_are(base):
    """Numbers of any width, words of an enumeration, fixed texts, domains and times with a zone are what the table declares."""
    address, owner = base
    owner.execute("CREATE TYPE way AS ENUM ('door', 'phone')")
    owner.execute("CREATE DOMAIN short AS varchar(8)")
    owner.execute("DROP TABLE visits")
    owner.execute(
        "CREATE TABLE visits (visit_id numeric(12), unit_id char(6), visited_at timestamptz, purpose way, verified smallint,"
        " recorded_at date, officer_id short, extra jsonb, place point)"
    )
    owner.execute(
        "INSERT INTO visits VALUES (7, 'S1', '2024-11-05 00:30Z', 'door', 1, '2024-11-06', 'P1', '{}', '(1,2)'),"
        " (8, 'S2', NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
    )
    grant(owner)
    records, faults = read_records(read_address(address))
    assert [fault.rule for fault in faults] == ["records.empty_cell"]
    rows = records.tables["visits"].to_pandas().sort_values("visit_id")
    first = rows.iloc[0]
    assert (first.visit_id, first.unit_id, first.purpose, first.officer_id) == ("7", "S1", "door", "P1")
    assert (str(first.visited_at), str(first.recorded_at), bool(first.verified)) == (
        "2024-11-05 08:30:00",
        "2024-11-06 00:00:00",
        True,
    )


def test_another_encoding_is_refused(server):
    """A database that is not in UTF8 has no words for what is asked of it."""
    with server.connect() as owner:
        owner.execute("CREATE DATABASE old ENCODING LATIN1 LOCALE 'C' TEMPLATE template0")
    assert rules(server.address("old")) == ["records.base_encoding"]


# No more ids than are listed


VERIFIED = SCHEME.replace(
    "kind: count, table: visits, date: visited_at", "kind: share, table: visits, date: visited_at, met: {verified: {in: [true]}}"
)


def test_a_card_lists_the_latest_and_counts_all(server, project, base):
    """Of five thousand visits that lost points a hundred ids of each unit come here; card, list and console say so."""
    address, owner = base
    owner.execute("ALTER TABLE visits ADD verified boolean")
    owner.execute(
        """INSERT INTO visits SELECT 'W' || lpad(n::text, 5, '0'), 'S1', timestamp '2024-11-05' + make_interval(mins => n), false
            FROM generate_series(1, 5000) AS n"""
    )
    (project / "params" / "scheme.yaml").write_text(VERIFIED, "utf-8")
    shutil.copytree(ROOT / "notebooks", project / "notebooks")
    with Wire(server.port) as wire:
        written = PARAMS.format(address=address.replace(str(server.port), str(wire.port)))
        (project / "params" / "q4.yaml").write_text(written, "utf-8")
        code, said, refused = fengqiao("run", "params/q4.yaml", "--only", "S1", "--only", "C1", "--workers", "1")
    assert (code, "最多取出 100 条编号" in said) == (0, True), refused
    assert wire.rows < 1_000
    for unit, lost in (("S1", 5002), ("C1", 5003)):
        [page] = (project / "runs" / "q4").rglob(f"{unit}.html")
        assert f"列出最近30条，共{lost}条" in page.read_text("utf-8")
        listed = page.with_suffix(".records.csv").read_text("utf-8-sig").splitlines()
        assert 100 < len(listed) < 110
        assert listed[1].split(",")[3] == "W04320"  # the first id of the last day


def test_lists_that_are_cut_are_the_first_of_the_whole_ones(small, demo, monkeypatch):
    """Of each unit and indicator, line and colour three ids come: those that files would list first, and the number of all."""
    monkeypatch.setattr("fengqiao_eval.scoring.score.MOST_AWAY", 3)
    scheme, period = load(ROOT / "params" / "one_table.yaml"), parse("2024Q4")
    whole = score(open_records(small, name="records"), scheme, period, period.end, None, 0)
    cut = score(open_records(read_address(demo), name="records"), scheme, period, period.end, None, 0)
    for name in ("losses", "officer_losses"):
        every, some = getattr(whole, name), getattr(cut, name)
        groups = every.groupby(["unit_id", "indicator"])
        latest = (
            every.sort_values(["happened_at", "record_id"], ascending=[False, True], kind="stable")
            .groupby(["unit_id", "indicator"])
            .head(3)
        )
        same = ["unit_id", "indicator", "record_id", "happened_at", "why"]
        pd.testing.assert_frame_equal(
            latest[same].sort_values(same, ignore_index=True), some[same].sort_values(same, ignore_index=True), check_dtype=False
        )
        sizes = some.set_index(["unit_id", "indicator"])["of"]
        assert sizes.groupby(level=[0, 1]).first().astype(int).to_dict() == groups.size().to_dict()
    for name in ("open_disputes", "officer_open_disputes"):
        every, some = getattr(whole, name), getattr(cut, name)
        alike = ["unit_id", "tier"]
        assert some.groupby(alike)["of"].first().astype(int).to_dict() == every.groupby(alike).size().to_dict()
        late = every.assign(late=every["days_left"] < 0).groupby(alike)["late"].sum().astype(int).to_dict()
        assert some.groupby(alike)["late"].first().astype(int).to_dict() == late
        assert some.groupby(alike).size().max() <= 3
        assert set(some["dispute_id"]) <= set(every["dispute_id"])
    ids = cut.adjustments["record_ids"].str.split()
    assert not (ids.str.len() > 4).any()
    assert [note.given for note in cut.notes if note.key == "ids_away"] == [{"most": 3}]
