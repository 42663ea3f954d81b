"""Planted identities: however a person's number is written and wherever it lies, it reaches no output and is refused unsaid."""

import functools
import itertools
import json
import random
import re
import shutil
import sys
import tempfile
import unicodedata
import zipfile
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import xlsxwriter
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import fengqiao_eval as fq
import shared
from fengqiao_eval.errors import FengqiaoError
from fengqiao_eval.identities import CUT, LIKELY, LONG, names_citizen
from fengqiao_eval.records.tables import TABLES
from test_cli import CASES, PARAMS, SCHEME, a_project, fengqiao

pytestmark = pytest.mark.usefixtures("scored_once")
ROOT = Path(__file__).resolve().parents[1]
NAME = "欧阳锋"
NUMBERS = ("11010519491231002X", "110105491231002", "13800138000")
SPELLINGS = {
    "18 digits": "11010519491231002X",
    "18 digits, small x": "11010519491231002x",
    "18 digits, wide": "１１０１０５１９４９１２３１００２Ｘ",
    "18 digits, blanks": "110105 19491231 002X",
    "18 digits, hyphens": "110105-19491231-002X",
    "15 digits": "110105491231002",
    "mobile": "13800138000",
    "mobile, +86": "+86 138-0013-8000",
    "mobile, blanks": "138 0013 8000",
    "mobile, wide": "１３８００１３８０００",
}
PLAIN = f"{NAME}13800138000"
CARD = f"{NAME} 110105 19491231 002X"


def holds(text):
    """Say whether a text holds the name or one of the numbers, in any width, whatever is put between the digits."""
    joined = re.sub(r"[\s\-+.·()/]", "", unicodedata.normalize("NFKC", text)).upper()
    return NAME in text or any(number in joined for number in NUMBERS)


def contents(path):
    """Read a file as text: the parts of a workbook or an archive, the cells of a frame, else its bytes."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path).to_csv()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            return " ".join([*packed.namelist(), *(packed.read(name).decode("utf-8", "ignore") for name in packed.namelist())])
    return path.read_bytes().decode("utf-8", "ignore")


def leaks(*folders, planted=()):
    """Name the files below some folders, but those that were planted, whose name below it or content holds an identity."""
    found = []
    for folder in folders:
        files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path not in planted)
        found += [str(path) for path in files if holds(path.relative_to(folder).as_posix() + contents(path))]
    return found


@pytest.fixture
def elsewhere(tmp_path_factory, monkeypatch):
    """Give the folder of temporary files, which is the test's own."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.fixture
def project(tmp_path, monkeypatch, elsewhere):
    """Give a small project, the current folder, and a function that tells what a command did: exit code, and all it said.

    Whatever it says or leaves, but in the files that are there before, is searched.
    """
    monkeypatch.chdir(a_project(tmp_path))

    def done(*words, planted=None):
        before = {path for path in tmp_path.rglob("*") if path.is_file()} if planted is None else set(planted)
        code, said, refused = fengqiao(*words)
        assert not holds(said + refused), f"{words}: {said}{refused}"
        assert leaks(tmp_path, elsewhere, planted=before) == []
        return code, said + refused

    return done


def write(path, text):
    """Write a file of the project."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, "utf-8")


def test_the_search_finds_what_is_there(tmp_path):
    """Every spelling is found in a text, a workbook and a frame."""
    for number, text in enumerate(SPELLINGS.values()):
        write(tmp_path / f"{number}.json", json.dumps({"held": text}, ensure_ascii=False))
        pd.DataFrame({"held": [text]}).to_parquet(tmp_path / f"{number}.parquet")
        with zipfile.ZipFile(tmp_path / f"{number}.zip", "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("part", text)
    assert len(leaks(tmp_path)) == 3 * len(SPELLINGS)


# Cells


EXTRA = "remark_of_clerk"
TEXTS = {name: [*(column.name for column in table.columns if column.kind == "text"), EXTRA] for name, table in TABLES.items()}


@pytest.fixture(scope="module")
def province(tmp_path_factory):
    """Give the tables of an invented province."""
    folder = shared.province(tmp_path_factory, 12, seed=0)
    return {path.stem: pd.read_parquet(path) for path in folder.glob("*.parquet")}


def plant(tables, first):
    """Put a number into every column of texts of every table, each into a row of its own, and into one that nobody declared."""
    spellings = itertools.islice(itertools.cycle(SPELLINGS.values()), first, None)
    for name, frame in tables.items():
        planted = frame.head(60).reset_index(drop=True)
        for row, column in enumerate(TEXTS[name]):
            cells = planted[column] if column in planted else pd.Series("", planted.index)
            number = next(spellings)
            free = "_id" in column and len(number) == len("110105491231002")  # which may be the number of a case, or of a unit
            text = PLAIN if free else NAME * (row % 2) + number
            planted[column] = cells.astype(object).where(planted.index != row % len(planted), text)
        yield name, planted.astype(dict.fromkeys(TEXTS[name], "str"))


@pytest.mark.parametrize(("ending", "first"), [("csv", 0), pytest.param("parquet", 3, marks=pytest.mark.slow)])
def test_every_column_of_texts_is_refused_by_name(project, province, ending, first):
    """A number in any text of any table, declared or not, alone or beside a name: the column is named, the cell is not."""
    shutil.rmtree("records")
    Path("records").mkdir()
    for name, frame in plant(province, first):
        (frame.to_parquet if ending == "parquet" else frame.to_csv)(f"records/{name}.{ending}", index=False)
    code, said = project("check", "params/q4.yaml", "--to", "report")
    found = set(re.findall(r"(\w+\.\w+) \[records\.citizen_\w+\]", said))
    assert code == 1
    assert {f"{name}.{column}" for name in province for column in TEXTS[name]} - found == set()


@pytest.mark.parametrize("command", [["check"], ["score"], ["run", "--workers", "1"], ["tune", "--html", "tune.html"]])
def test_no_door_lets_a_cell_through(project, command):
    """Whatever is to be done with records in which a number lies: nothing is written but the log, which does not hold it."""
    head, *rows = CASES.splitlines()
    write("records/cases.csv", "\n".join([f"{head},purpose", f"{rows[0]},{PLAIN}", *(f"{row}," for row in rows[1:]), ""]))
    code, said = project(command[0], "params/q4.yaml", *command[1:])
    assert code == 1
    assert "cases.purpose [records.citizen_text]" in said


# Names of files, folders, sheets, tables and columns


def _a_file():
    shutil.move("records/cases.csv", f"records/cases {PLAIN}.csv")
    return "tables: {cases: {file: {glob: 'cases*'}}}\n"


def _a_folder():
    for part in ("2023", f"2024 {CARD}"):
        shutil.copytree("records", f"all/{part}")
    Path("all/2023/cases.csv").unlink()
    return "records: {glob: 'all/*'}\n"


def _a_heading():
    write("records/cases.csv", CASES.replace("recorded_at", f"备注{PLAIN}", 1))
    return ""


def _a_sheet():
    _workbook("records/cases.xlsx", ("案件", [line.split(",") for line in CASES.splitlines()]), (PLAIN, [["旧"]]))
    Path("records/cases.csv").unlink()
    return "tables: {cases: {file: cases.xlsx, sheet: 案件}}\n"


def _a_heading_of_a_sheet():
    _workbook("records/cases.xlsx", ("案件", [line.split(",") for line in CASES.replace("recorded_at", PLAIN, 1).splitlines()]))
    Path("records/cases.csv").unlink()
    return "tables: {cases: {file: cases.xlsx, heading: 1}}\n"


def _a_table_of_a_base():
    with duckdb.connect("base.duckdb") as base:
        for name in ("units", "postings", "cases", "figures"):
            base.execute(f"""CREATE TABLE "{name}{f" {PLAIN}" * (name == "cases")}" AS FROM 'records/{name}.csv'""")
    return "records: base.duckdb\ntables: {cases: {file: {glob: 'cases*'}}}\n"


def _workbook(path, *sheets):
    book = xlsxwriter.Workbook(path)
    for name, rows in sheets:
        sheet = book.add_worksheet(name)
        for number, cells in enumerate(rows):
            sheet.write_row(number, 0, cells)
    book.close()


@pytest.mark.parametrize("name", [_a_file, _a_folder, _a_heading, _a_sheet, _a_heading_of_a_sheet, _a_table_of_a_base])
def test_what_is_called_by_a_number_is_refused_by_its_look(project, name):
    """A file, folder, sheet, table or heading that is called by a person's number is not read, and its name not repeated."""
    more = name()
    told = dict(line.split(": ", 1) for line in (PARAMS + more).splitlines())
    write("params/q4.yaml", "".join(f"{key}: {value}\n" for key, value in told.items()))
    for command in ("check", "score"):
        code, said = project(command, "params/q4.yaml")
        assert code == 1
        assert re.search(r"\[(records\.citizen_name|records\.no_heading|office\.no_heading)\]", said)


# What people write into params, schemes and overrides


OVERRIDE = "parent: '1'\nreason: 试行一季后经会议同意\nauthor: 甲\nchecker: 乙\ndate: 2024-11-05\nweights: {arrival: 100}\n"
PLACES = [
    *(("q4", f"{key}: {{}}", key) for key in ("out", "lang", "timezone", "strange")),
    ("q4", "contact: 考评办 {card}", "contact"),
    ("q4", "only: ['{}']", "only.0"),
    ("q4", "levels: ['{}']", "levels.0"),
    ("q4", "tables: {{cases: {{missing: ['{}']}}}}", "tables.cases.missing.0"),
    ("q4", "tables: {{cases: {{rename: {{'{}': category}}}}}}", r"tables.cases.rename.\S+"),
    ("q4", "tables: {{cases: {{values: {{category: {{'{}': 盗窃}}}}}}}}", r"tables.cases.values.category.\S+"),
    ("q4", "tables: {{cases: {{set: {{category: '{}'}}}}}}", "tables.cases.set.category"),
    ("q4", "unknown_units: {{outside: ['{}']}}", "unknown_units.outside.0"),
    *(("scheme", (before, after), place) for before, after, place in (
        ("小方案", "小方案 {}", "title"),
        ("sources: [测试]", "sources: ['测试 {}']", "sources.0"),
        ("author: 甲", "author: 甲 {}", "author"),
        ("label: 接处警", "label: '接处警 {}'", "dimensions.0.label"),
        ("why: 快", "why: '快 {}'", "dimensions.0.indicators.0.why"),
        ("source: 承诺", "source: '承诺 {}'", "dimensions.0.indicators.0.source"),
        ("grade: 优秀", "grade: '{}'", "bands.0.grade"),
    )),
    ("override", ("试行一季", "试行一季 {}"), "reason"),
    ("override", ("author: 甲", "author: 甲 {}"), "author"),
    ("override", ("arrival: 100", "'{}': 100"), r"weights.\S+"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "change", "place"), PLACES, ids=[f"{file} {place}" for file, _, place in PLACES])
def test_what_people_write_holds_no_number(project, file, change, place):
    """A key, a reason, a purpose or a source with a person's number is refused by its place, before anything is told of it."""
    texts = {"q4": PARAMS, "scheme": SCHEME, "override": OVERRIDE}
    if isinstance(change, str):
        texts[file] += change.format(PLAIN, card=CARD) + "\n"
    else:
        assert change[0] in texts[file]
        texts[file] = texts[file].replace(change[0], change[1].format(PLAIN), 1)
    texts["q4"] += "overrides: params/override.yaml\n" * (file == "override")
    for name, text in texts.items():
        write(f"params/{name}.yaml", text)
    code, said = project("check", "params/q4.yaml")
    assert code == 1
    assert re.search(rf"{file}\.yaml:\d+ · {place} \[document\.citizen\]", said)


@pytest.mark.parametrize("line", [f"'{PLAIN}': 1\n'{PLAIN}': 2\n", f"levels: !{PLAIN} [station]\n", f"levels: [{PLAIN}\n"])
def test_what_is_no_yaml_does_not_show_it(project, line):
    """A key that stands twice, a tag, a bracket left open: the number in it is not repeated."""
    write("params/q4.yaml", PARAMS + line)
    assert project("check", "params/q4.yaml")[0] == 1


def test_an_office_has_a_telephone(project):
    """The mobile number of whom to object to is an office's own, and may stand there."""
    write("params/q4.yaml", PARAMS + "contact: 考评办 139-1111-2222\n")
    assert project("check", "params/q4.yaml")[0] == 0


@pytest.mark.parametrize("address", ["192.168.10.100", "172.16.100.150"])
def test_the_address_of_a_machine_is_no_number_of_a_person(project, address):
    """An address of eleven digits is read: there is no server, which is told by its name."""
    base = f"postgresql://reader@{address}/db?connect_timeout=1"
    write("params/q4.yaml", PARAMS.replace("records: records", f"records: {base}"))
    said = project("check", "params/q4.yaml")[1]
    assert "document.citizen" not in said
    assert address in said


# Words of a call


CALLS = [
    ["check", "params/{}.yaml"],
    ["check", "params/q4.yaml", "--to", "{}"],
    ["score", "params/q4.yaml", "--set", "out={}"],
    ["run", "params/q4.yaml", "--only", "{}"],
    ["tune", "params/q4.yaml", "--html", "{}.html"],
    ["explain", "runs/{}", "S1"],
    ["explain", "q4", "{}"],
    ["explain", "q4", "S1", "{}"],
    ["compare", "q4", "{}"],
    ["compare", "q4", "q5", "--out", "{}.html"],
    ["verify", "{}"],
    ["draft", "{}"],
    ["draft", "records", "--to", "{}.yaml"],
    ["read", "{}.csv", "--to", "clean"],
    ["read", "records/cases.csv", "--to", "clean", "--code", "{}"],
    ["scheme", "params/scheme.yaml", "--to", "{}.xlsx"],
    ["demo", "{}"],
    ["{}"],
    ["check", "params/q4.yaml", "--{}"],
]


@pytest.mark.parametrize("words", CALLS, ids=map(" ".join, CALLS))
@pytest.mark.parametrize("typed", [PLAIN, CARD])
def test_a_call_with_a_number_does_nothing(project, words, typed):
    """A path, a unit, a run or a value that is called by a person's number: wrong usage, not repeated, nothing written."""
    before = set(Path().rglob("*"))
    assert project(*(word.format(typed) for word in words))[0] == 2
    assert set(Path().rglob("*")) == before


@pytest.mark.parametrize("given", [PLAIN, CARD, f"runs/{PLAIN}"])
def test_python_does_not_repeat_it_either(project, given):
    """What is refused of a call in Python, or in a notebook, does not hold it."""
    assert project("score", "params/q4.yaml")[0] == 0
    run = fq.open_run("runs/q4")
    for ask in (lambda: fq.open_run(given), lambda: fq.card(run, given), lambda: fq.recalculation("runs/q4", given, "arrival")):
        with pytest.raises(FengqiaoError) as refused:
            ask()
        assert not holds(str(refused.value))


# What is not read


@pytest.fixture
def crowded(tmp_path, monkeypatch, elsewhere):
    """Give a project whose own folder is called by a number, with such files, folders and cells beside what is read."""
    folder = tmp_path / f"{PLAIN} 的资料"
    folder.mkdir()
    monkeypatch.chdir(a_project(folder))
    for name in (f"{PLAIN}.xlsx", f"{CARD}.csv", f".{PLAIN}", f"{PLAIN}.docx"):
        write(f"records/{name}", PLAIN)
    write(f"records/{PLAIN}/cases.csv", CASES)
    write(f"params/{PLAIN}.yaml", PLAIN)
    Path("records/cases.csv").unlink()
    rows = [line.split(",") for line in CASES.splitlines()]
    book = xlsxwriter.Workbook("records/cases.xlsx")
    sheet = book.add_worksheet("案件")
    sheet.write_row(0, 0, [f"台账，{PLAIN} 制"])
    for number, cells in enumerate([rows[0], *rows[1:]], 1):
        sheet.write_row(number, 0, [*cells, "备注" if number == 1 else CARD])
    sheet.write_row(len(rows) + 2, 0, [f"填表人：{CARD}"])
    sheet.write_comment(2, 0, PLAIN)
    book.add_worksheet("说明").write(0, 0, PLAIN)
    book.close()
    mapping = "{file: cases.xlsx, sheet: 案件, heading: 2, columns: ['A:F'], remarks: ['填表人*']}"
    for name, as_of in (("q4", "2025-01-05"), ("q5", "2025-01-06")):
        write(f"params/{name}.yaml", PARAMS + f"as_of: {as_of}\ntables: {{cases: {mapping}}}\n")
    for notebook in Path("notebooks").iterdir():
        notebook.unlink()
    for notebook in shared.shipped("notebooks/*.ipynb"):
        shutil.copy(notebook, "notebooks")
    planted = {path for path in folder.rglob("*") if path.is_file()}

    def done(*words):
        code, said, refused = fengqiao(*words)
        assert not holds(said + refused), f"{words}: {said}{refused}"
        assert leaks(folder, elsewhere, planted=planted) == [], words
        return code, said + refused

    return done


WINDOWS = pytest.mark.skipif(sys.platform == "win32", reason="there a name ends before a dot")


@WINDOWS
def test_what_is_not_read_reaches_nothing(crowded):
    """Files beside the records, titles, remarks, comments, columns and sheets left out, the project's folder: in no output."""
    assert crowded("check", "params/q4.yaml", "--to", "report")[0] == 0
    assert crowded("score", "params/q4.yaml")[0] == 0
    assert crowded("explain", "q4", "S1", "arrival")[0] == 0


@WINDOWS
@pytest.mark.slow
def test_what_is_not_read_reaches_no_page(crowded):
    """Nor cards, their notebooks as papermill keeps them, comparisons, the tuner's page, drafts and clean tables."""
    assert crowded("run", "params/q4.yaml", "--workers", "1", "--notebooks", "--short")[0] == 0
    assert crowded("score", "params/q5.yaml")[0] == 0
    assert crowded("compare", "q4", "q5")[0] == 0
    assert crowded("tune", "params/q4.yaml", "--html", "tune.html")[0] == 0
    assert crowded("draft", "records", "--to", "params/drafted.yaml")[0] == 0
    assert crowded("read", "records/cases.xlsx", "--to", "clean")[0] == 1
    assert crowded("read", "records/units.csv", "--to", "clean")[0] == 0


@WINDOWS
@pytest.mark.usefixtures("crowded")
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_folder_below_one_that_is_called_by_a_number_is_refused_in_a_sentence(lang):
    """To look at a folder it is named by its whole path: that is shown by its look, with what would do."""
    words = {"zh": "请把文件夹改名，或移到别处再看", "en": "rename the folder, or move the files elsewhere"}
    for folder in ("records", Path("records").absolute()):
        told = rf"字字字99999999999 字字字/records \[records\.citizen_folder\].*{words[lang]}"
        with pytest.raises(FengqiaoError, match=told) as refused:
            fq.read_folder(folder, lang)
        assert not holds(str(refused.value))


# How it is written


def read(written):
    """Read a little table of texts, one a line."""
    return [line.strip() for line in written.strip().splitlines()]


CUT_NUMBERS = read("""
    138:0013:8000
    138#0013#8000
    138|0013|8000
    138 = 0013 = 8000
    138~0013~8000
    138"0013"8000
    138##0013##8000
    138和0013和8000
    138x0013x8000
    86:138:0013:8000
    电话:138:0013:8000: 张三
    138:00138000
    1:3:8:0:0:1:3:8:0:0:0
    一三八:〇〇一三:八〇〇〇
    一38 0013 8000
    110105#19491231#002X
    110105:491231:002
    138, 0013, 8000
    138, 2345, 8000
    2, 138, 0013, 8000
    138, 2345, 8000, 139, 2345, 8001
    138/2345/8000
""")
NO_NUMBERS = read("""
    08:30:15、13:45:00、15:30:20
    13:45~15:30
    2024:10:05 13:45:30
    1998—2024 年 120 起
    1998年2005年138起
    1500000 和 3000
    138:20241005
    138-20241005-0001
    135/2024/0012
    192.168.10.100:5432
    138件2001件4500件
    138 起 2001 起 4500 起
    138, 2345, 4500, 7
    5、138、2345、4500
    138/2345/4500/7
    9:138:2345:4500
    138:2345;4500
""")


@pytest.mark.parametrize("text", CUT_NUMBERS)
def test_one_sign_between_all_groups_hides_no_number(text):
    """In the lengths that people write a number is found, whatever the one sign is that stands between all its groups."""
    assert names_citizen(text)
    assert names_citizen(f"张三 {text}。")


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_times_ranges_addresses_and_lists_are_no_numbers(text):
    """Times, years, amounts with their units, addresses, numbers of cases, and lists of more than the groups of a number."""
    assert not names_citizen(text)


@pytest.mark.parametrize("sign", [", ", "、", "/", "|", " : "])
def test_lists_of_numbers_are_lists(sign):
    """Of lists of five random amounts less than one in a thousand is taken for a number of a person."""
    drawn = random.Random(16)  # noqa: S311 - a seed, no secret
    lists = [sign.join(str(int(10 ** drawn.uniform(0, 7))) for _ in range(5)) for _ in range(5000)]
    assert sum(map(names_citizen, lists)) < 5


def unseen_by_engine(texts, *patterns):
    """List the texts that none of some patterns of the engine fits."""
    cells = pa.array(texts, pa.string())
    fits = functools.reduce(pc.or_, (pc.match_substring_regex(cells, pattern) for pattern in patterns))
    return cells.filter(pc.invert(fits)).to_pylist()


SIGNS = st.text(st.sampled_from(' :;|#~="和与x-._/·()+,，、*\u200b\u3000\x1c\x85\v'), max_size=2)
DIGITS = st.sampled_from([*"0123456789"] * 3 + [*"０１３８〇一三八幺零٣⑧"])


@st.composite
def cut_numbers(draw):
    """Write a number of a person with signs between its digits, and things beside it."""
    number = draw(st.sampled_from([*NUMBERS, "17951" + NUMBERS[2], "008613800138000", NUMBERS[2] * 2, "110105199003072316"]))
    lengths = draw(
        st.lists(st.integers(1, 9), min_size=1, max_size=18) | st.sampled_from([[3, 4, 4], [6, 8, 4], [4, 4, 3], [3, 8]])
    )
    signs = itertools.repeat(draw(SIGNS)) if draw(st.booleans()) else iter(lambda: draw(SIGNS), None)
    ends = [0, *itertools.takewhile(lambda end: end < len(number), itertools.accumulate(itertools.cycle(lengths))), len(number)]
    groups = [number[begin:end] for begin, end in itertools.pairwise(ends)]
    wide = draw(st.sampled_from(["0123456789", "０１２３４５６７８９", "〇一二三四五六七八九", "0一2三4567八9"]))
    text = "".join(sign + group for sign, group in zip(signs, groups, strict=False)).translate(str.maketrans("0123456789", wide))
    return draw(SIGNS | DIGITS) + text + draw(SIGNS | DIGITS)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, database=None, phases=[Phase.generate])  # to shrink takes minutes
@given(st.lists(cut_numbers() | st.lists(DIGITS | SIGNS, min_size=11, max_size=40).map("".join), min_size=20, max_size=40))
def test_the_engine_looks_for_all_that_is_found(texts):
    """Whatever is taken for a citizen's number the engine finds among its few cells, and of codes too."""
    assert unseen_by_engine([text for text in texts if names_citizen(text) or names_citizen(text, code=True)], LIKELY, CUT) == []
    assert unseen_by_engine([text for text in texts if names_citizen(text, bare=True)], LONG) == []
