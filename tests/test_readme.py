"""The README cannot lie: its files are read, its commands and its Python are run, in a project of their own.

Three things differ from what a user types: the province has 32 stations, its officers are not scored, and no card is
printed (test_cli.py prints some).
"""

import re
import shlex
import shutil
from pathlib import Path

import nbformat
import pytest
import yaml
from typer.main import get_command
from typer.testing import CliRunner

from fengqiao_eval.cli import SIGNALS, app, exit_code
from fengqiao_eval.errors import FengqiaoError
from fengqiao_eval.office.layout import Layout
from fengqiao_eval.records.ingest import Mapped
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.runs.params import RunParams, load_params
from fengqiao_eval.scheme.load import load

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.zh-CN.md")
BLOCK = re.compile(r"^```(?P<kind>\w+) ?(?P<path>\S*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
ELSEWHERE = {"make", "papermill", "jupyter", "umask", "ssh"}
"""Commands that are shown and not run here."""
SMALLER = {
    "demo demo": ["--stations", "32"],
    "run params/demo.yaml": ["--only", "S007", "--set", "levels=[city, county, station]"],
}
HASTE = 80
"""The words that may stand before the first command."""


def text(name="README.md"):
    """Read a page of the project."""
    return (ROOT / name).read_text("utf-8")


def blocks(kind, name="README.md"):
    """List the fenced blocks of a kind: the path that is named beside it, and its text."""
    return [(found["path"], found["text"]) for found in BLOCK.finditer(text(name)) if found["kind"] == kind]


def lines(kind, name="README.md"):
    """List the commands of the blocks of a kind, without their comments."""
    shown = [line.replace("\\", "/") for _, block in blocks(kind, name) for line in block.splitlines()]
    return [words for words in (shlex.split(line, comments=True) for line in shown) if words]


def ours():
    """List the calls of fengqiao in the order of a reader: the set-up first, as the Windows block spells it out."""
    by_hand = [words for words in lines("powershell") if words[0].endswith("/fengqiao")]
    return [" ".join(words[1:]) for words in (*by_hand, *lines("sh")) if words[0].endswith("fengqiao")]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Make a project of the README's files the current folder, print no cards, serve nothing, and give what types a call."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "params", folder / "params")
    for path, block in (*blocks("csv"), *blocks("yaml")):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(block, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("fengqiao_eval.runs.run.print_cards", lambda *_, **__: ())
        patch.setattr("fengqiao_eval.runs.lab.serve", lambda *_, **__: None)
        yield typed


def typed(call):
    """Type a call of fengqiao, made smaller where it would take long."""
    return CliRunner().invoke(app, [*shlex.split(call), *SMALLER.get(call, [])])


@pytest.fixture(scope="module")
def said(project):
    """Run every call of fengqiao once and give its result."""
    return {call: project(call) for call in ours()}


def test_the_first_command_comes_soon():
    """What it is takes at most eighty words; then come the two commands that do everything."""
    before, first = text().split("```sh\n", 1)
    assert len(before.partition("(README.zh-CN.md)")[2].split()) <= HASTE
    assert re.match(r"make scorecards .*\nmake test ", first)


def test_every_command_is_known():
    """No line of a shell block is passed over unseen."""
    assert {words[0].rpartition("/")[2] for words in lines("sh")} <= {"fengqiao", *ELSEWHERE}


@pytest.mark.parametrize("call", ours())
def test_the_commands_run(said, call):
    """What the README tells to type ends with exit code 0."""
    assert said[call].exit_code == 0, said[call].output


@pytest.mark.usefixtures("said")
@pytest.mark.parametrize("run", ["demo", "mine"])
def test_a_run_is_where_the_readme_says(run):
    """Screen, workbook, manifest and frames lie in the run's folder, which bears the name of its params file."""
    there = {path.name for path in Path("runs", run).iterdir()}
    assert {"index.html", "one_table.xlsx", "manifest.json", "points.parquet"} <= there


def test_the_explanation_ends_at_records(said):
    """Explaining an indicator lists the records behind it, down to the reader's own total."""
    lists = said["explain demo S007 arrival_on_time"].output
    whole, listed = re.search(r"分母 (\d+)，与评分时一致", lists)[1], re.findall(r"(?m)^  \S+  2024-\d\d-\d\d .*$", lists)
    assert int(whole) == len(listed) > 0


def test_three_records_give_no_place(said, project):
    """The example of own records warns of what is missing, and nobody in it is ranked."""
    assert "没有“群众评价”表" in said["check params/mine.yaml"].output
    explained = project("explain mine 003").output
    assert "样本过少" in explained
    assert "没有总分和名次" in explained


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("path", [path for path, _ in blocks("yaml")])
def test_the_files_are_right(path):
    """A params file of the README has no fault, and an override fits the table that it names."""
    if "parent" in yaml.safe_load(Path(path).read_text("utf-8")):
        assert load(Path("params/one_table.yaml"), Path(path)).dimensions
    else:
        assert load_params(Path(path))[1] == []


@pytest.mark.usefixtures("said")
@pytest.mark.parametrize("block", [block for _, block in blocks("python")])
def test_the_python_runs(capsys, block):
    """The Python of the README prints a headline and the lines of the total."""
    exec(compile(block, "README.md", "exec"), {})  # noqa: S102 - the README is ours
    printed = capsys.readouterr().out
    assert "(S007) Station" in printed
    assert "arrival_on_time" in printed


def test_both_languages_show_the_same():
    """The Chinese README has the same commands, files and Python as the English one, comments apart."""
    for kind in ("sh", "powershell"):
        assert lines(kind) == lines(kind, READMES[1])
    for kind, bare in (("csv", str), ("python", str), ("yaml", yaml.safe_load)):
        both = [[(path, bare(block)) for path, block in blocks(kind, name)] for name in READMES]
        assert both[0] == both[1]


def test_the_card_is_the_one_in_the_notebook():
    """The card that is shown is the one stored in the notebook of the invented province, in both languages."""
    english, chinese = (blocks("text", name)[0][1] for name in READMES)
    assert re.findall(r"\d+\.\d\d", english) == re.findall(r"\d+\.\d\d", chinese)
    cells = nbformat.read(ROOT / "notebooks" / "station_scorecard.ipynb", 4).cells
    kept = [cell for cell in cells if "keep_output" in cell.metadata.get("tags", ())]
    stored = [out.text for cell in kept for out in cell.outputs if out.output_type == "stream"]
    assert stored[:1] in ([], [chinese]), "the invented province has changed: renew the card in both READMEs"


@pytest.mark.parametrize("name", READMES)
def test_links_lead_somewhere(name):
    """Every link names a file or folder of the project that is there."""
    links = re.findall(r"\]\(([^)#]+)\)", text(name))
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("name", READMES)
def test_targets_of_make_exist(name):
    """What the README calls by make stands in the Makefile."""
    targets = set(re.findall(r"(?m)(?:^|`)make ([a-z-]+)", text(name)))
    assert {"scorecards", "test", "lab"} <= targets <= set(re.findall(r"(?m)^([a-z-]+):", text("Makefile")))


@pytest.mark.parametrize("name", READMES)
def test_tables_and_keys_are_complete(name):
    """Every record table stands there with its required columns, and every key of a params file."""
    rows = [line.strip("| ").split(" | ") for line in text(name).splitlines() if line.startswith("| `")]
    required = {row[0].strip("`"): tuple(re.split("[、,] ?", re.sub(r"[（(].*", "", row[2]))) for row in rows if len(row) > 2}
    assert {table.name: table.required for table in TABLES.values()}.items() <= required.items()
    keys = {key for row in rows for key in re.findall(r"`(\w+)`", row[0])}
    assert RunParams.model_fields.keys() <= keys


@pytest.mark.parametrize("name", READMES)
def test_options_and_exit_codes_are_complete(name):
    """Every option of `run` and `score` stands there, and every exit code that a refusal or a signal has."""
    commands = get_command(app).commands
    options = {word for command in ("run", "score") for option in commands[command].params for word in option.opts}
    assert {word for word in options if word.startswith("--")} <= set(re.findall(r"--[a-z]+", text(name)))
    codes = {0, *(kind.exit_code for kind in (FengqiaoError, *FengqiaoError.__subclasses__())), *map(exit_code, SIGNALS)}
    rows = re.findall(r"(?m)^\| (\d+(?:[,、] ?\d+)*) \|", text(name))
    assert codes == {int(code) for row in rows for code in re.findall(r"\d+", row)}


@pytest.mark.parametrize("words", [words for words in lines("sh") if words[0] == "papermill"], ids=lambda words: words[3])
def test_papermill_is_given_what_the_notebook_lists(words):
    """The parameters in a papermill line are those of the notebook's parameters cell."""
    cells = nbformat.read(ROOT / words[3], 4).cells
    listed = next(cell.source for cell in cells if "parameters" in cell.metadata.get("tags", ()))
    given = [words[at + 1] for at, word in enumerate(words) if word in ("-p", "-r")]
    assert set(given) <= set(re.findall(r"(?m)^(\w+) = ", listed))


def test_the_keys_of_records_are_all_explained():
    """docs/RECORDS.md explains every key of a layout, and its examples are read as mappings of tables that there are."""
    said = text("docs/RECORDS.md")
    explained = set(re.findall(r"`(\w+)`", "".join(line.split(" | ")[0] for line in said.splitlines() if line.startswith("| `"))))
    assert Layout.model_fields.keys() - {"settled"} <= explained
    examples = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", said, re.DOTALL)]
    assert len(examples) > 2
    for table, given in (pair for example in examples for pair in example.items()):
        assert table in TABLES
        Mapped.model_validate(given)
