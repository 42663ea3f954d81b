"""The house keeps its own rules: arrows, sizes, words, names. A test that fails lists all that breaks its rule."""

import ast
import re
import string
import subprocess
import sys
from collections import Counter
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from fengqiao_eval.words import LANGUAGES, catalogue

ROOT = Path(__file__).parents[1]
HOUSE = "fengqiao_eval"
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)

ORDER = (  # each room may import those before it, itself, and the ground: the modules beside the rooms
    *("office", "records", "demo", "scheme", "measuring", "scoring", "wording", "results"),
    *("pages", "publication", "validation", "workbooks", "engine", "tuning", "runs", "intake"),
)
DOORS = {"cli", "catalogue"}  # the command line and fengqiao_eval/__init__.py open every room, and no room opens them
MOST_MODULES = 13
NO_NAMES = re.compile(  # a module is named by a noun or the verb of its command: no past participle, no preposition
    r"[a-z]*[^ei]ed|above|against|apart|at|before|begun|behind|below|beside|between|by|done|drawn|for|found|from|given|gone|held|in|kept"
    r"|left|lost|made|moved|of|on|over|said|seen|sent|shown|since|spent|stood|taken|to|told|under|with|within|written"
)

IN_TEMPLATES = {"fixed", "signed", "measured", "lost"}  # short words for templates, which read as sentences

TOP = {
    *(".ci", "docs", "fengqiao_eval", "notebooks", "params", "tests"),
    *(".gitattributes", ".gitignore", ".pre-commit-config.yaml", "Makefile", "pyproject.toml"),
    *("CHANGELOG.md", "LICENSE", "README.md", "README.zh-CN.md", "SECURITY.md"),
    *("requirements.lock", "requirements-postgres.lock", "requirements-test.lock"),
}

SAYS = {  # who says a sentence -> (which argument is its key, what stands before the key in the catalogue)
    "say": (0, ""),
    "UsageError": (0, "usage."),
    "Fault": (2, "fault."),
    "fault": (1, "fault."),
    "rule": (0, "fault."),
    "PydanticCustomError": (0, "fault."),
}
SAID_IN_PAGES = re.compile(r"""\bsay\(\s*\\?["']([\w.]*\w)\\?["']\s*[,)]""")


def nothing(found):
    """Fail with one line for each thing found."""
    if lines := [str(one) for one in found]:
        pytest.fail("\n".join(lines), pytrace=False)


@cache
def trees(folder=HOUSE):
    """Parse every Python file below a folder: path within the project -> tree."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT): ast.parse(path.read_text("utf-8")) for path in paths}


def parts(kind, folder=HOUSE):
    """List the nodes of a kind, each with where it stands."""
    found = ((path, node) for path, tree in trees(folder).items() for node in ast.walk(tree) if isinstance(node, kind))
    return [(f"{path}:{node.lineno} {getattr(node, 'name', '')}", node) for path, node in found]


@cache
def imports():
    """List what each module imports, anywhere in it: own modules by their full name, others as written."""
    modules = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): tree for path, tree in trees().items()}
    return {module: set(_imported(tree, modules)) for module, tree in modules.items()}


def _imported(tree, modules):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):  # ruff refuses relative ones
            inner = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            yield from (full if full in modules else node.module for full in inner.values())


def room(module):
    """Name the room a module stands in; what stands beside the rooms is a door or the ground."""
    inside = module.split(".")[1:2]
    return inside[0] if set(inside) & {*ORDER, *DOORS} else "ground" if inside else "catalogue"


@cache
def files(*more):
    """List what is under version control; what a user has made beside it is none of ours."""
    listing = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", *more]
    found = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip("this copy of the project is not under version control")
    return [path for path in found.stdout.split("\0") if (ROOT / path).is_file()]


# Arrows


def test_imports_point_one_way():
    """No room imports a room that stands after it, and the ground knows no room."""
    place = {"ground": -1, **{name: place for place, name in enumerate(ORDER)}, **dict.fromkeys(DOORS, len(ORDER))}
    arrows = [(one, other) for one, others in imports().items() for other in others if other.split(".")[0] == HOUSE]
    nothing(f"{one} → {other}" for one, other in arrows if place[room(other)] > place[room(one)])


def first_sentence(path):
    """Give the first line of a module's docstring; of a room that of its door."""
    return (ast.get_docstring(trees()[Path(HOUSE) / path]) or "").split("\n")[0]


def test_the_map_names_every_room_and_module():
    """CONTRIBUTING's map has a line for each room and each module, in the order of the rooms: its first sentence."""
    text = (ROOT / "docs" / "CONTRIBUTING.md").read_text("utf-8")
    found = re.findall(r"(?m)^\| (?:\*\*)?`([\w/.]+)`(?:\*\*)? \| (?:\*\*)?(.*?)(?:\*\*)? \|$", text)
    modules = [path.relative_to(HOUSE).as_posix() for path in trees() if path.name != "__init__.py"]
    wanted = {path: first_sentence(path) for path in modules}
    wanted |= {name: first_sentence(f"{name}/__init__.py") for name in (*ORDER, "words")}
    nothing(
        f"{name}: {wanted.get(name, 'is not there')}"
        for name in wanted | dict(found)
        if wanted.get(name) != dict(found).get(name)
    )
    assert [name for name, _ in found if name in ORDER] == list(ORDER)


def test_imports_form_no_ring():
    """No module imports itself by a detour."""
    try:
        TopologicalSorter(imports()).prepare()
    except CycleError as ring:
        pytest.fail(" ← ".join(ring.args[1]), pytrace=False)


def test_only_three_modules_know_the_database():
    """Raw database expressions do not leave sources.py, postgres.py and query.py."""
    knowing = {f"{HOUSE}.records.sources", f"{HOUSE}.records.query", f"{HOUSE}.records.postgres"}
    arrows = [(one, other) for one, others in imports().items() for other in others if one not in knowing]
    nothing(f"{one} → {other}" for one, other in arrows if other.split(".")[0] in {"ibis", "duckdb"})


@pytest.mark.parametrize("door", [HOUSE, f"{HOUSE}.cli"])
def test_the_doors_open_lightly(door):
    """Neither the catalogue of names nor the command line loads the heavy libraries by itself."""
    code = f"import sys, {door}; print(*{{'ibis', 'plotly', 'papermill'}} & sys.modules.keys())"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    nothing(loaded.stdout.split())


# Names and explanations


def test_a_class_name_stands_once():
    """No two classes or types of the package share a name, and none differs from another by an underscore alone."""
    names = [(node.name.strip("_"), at) for at, node in parts(ast.ClassDef)]
    aliases = [
        (path, node) for path, tree in trees().items() for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)
    ]
    names += [(target.id, f"{path}:{node.lineno} {target.id}") for path, node in aliases
              for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
              if isinstance(target, ast.Name) and re.fullmatch(r"[A-Z]\w*[a-z]\w*", target.id)]  # fmt: skip
    twice = {name for name, times in Counter(name for name, _ in names).items() if times > 1}
    nothing(sorted(f"{name} {at}" for name, at in names if name in twice))


def test_modules_are_named_by_what_they_hold():
    """No module is named by a past participle or a preposition; functions that stand for themselves neither."""
    nothing(path for path in trees() if NO_NAMES.fullmatch(path.stem))
    functions = [(f"{path}:{node.lineno} {node.name}", node.name) for path, tree in trees().items() for node in tree.body
                 if isinstance(node, FUNCTION)]  # fmt: skip
    nothing(at for at, name in functions if NO_NAMES.fullmatch(name.strip("_")) and name not in IN_TEMPLATES)


def test_a_room_can_be_overlooked():
    """No room holds more than thirteen modules."""
    rooms = Counter(path.parts[1] for path in trees() if len(path.parts) > 2 and path.name != "__init__.py")
    nothing(f"{name}: {modules} modules" for name, modules in rooms.items() if modules > MOST_MODULES)


def public(node):
    """List the public classes, functions and methods below a module or class."""
    for child in node.body:
        if isinstance(child, (ast.ClassDef, *FUNCTION)) and not child.name.startswith("_"):
            yield child
            yield from public(child) if isinstance(child, ast.ClassDef) else ()


def test_public_names_are_explained():
    """Every module, and every public class, function and method, has a docstring."""
    nothing(path for path, tree in trees().items() if not ast.get_docstring(tree))
    names = [(path, node) for path, tree in trees().items() for node in public(tree)]
    nothing(f"{path}:{node.lineno} {node.name}" for path, node in names if not ast.get_docstring(node))


def test_tests_are_plain_sentences():
    """Every test says in one line what it states."""
    tests = [(at, test) for at, test in parts(FUNCTION, "tests") if test.name.startswith("test_")]
    nothing(at for at, test in tests if len((ast.get_docstring(test) or "").splitlines()) != 1)


# Words


def slots(sentence):
    """Name the placeholders of a sentence."""
    names = [name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None]
    return {re.split(r"[.\[]", name)[0] for name in names}


@cache
def pages():
    """Read what speaks outside Python: templates, scripts of the workbench, notebooks."""
    paths = [*(ROOT / HOUSE).rglob("*.*"), *(ROOT / "notebooks").glob("*.ipynb")]
    texts = [path for path in paths if path.suffix in {".html", ".j2", ".js", ".ipynb"}]
    return {path.relative_to(ROOT): path.read_text("utf-8") for path in texts}


def spoken(speakers):
    """List the calls of functions that say something: where, who speaks, the call."""
    calls = [(at, getattr(call.func, "id", getattr(call.func, "attr", "")), call) for at, call in parts(ast.Call)]
    return [(at, speaker, call) for at, speaker, call in calls if speaker in speakers]


def in_full(key):
    """Complete a key: a page or workbook may leave out the first part, which is its own name."""
    return key if "." in key else next((one for one in catalogue() if one.partition(".")[2] == key), key)


def said():
    """List the sentences that are said by name: where, key, and what is handed over (None where not to be seen)."""
    for at, speaker, call in spoken(SAYS):
        place, before = SAYS[speaker]
        for key in call.args[place : place + 1]:
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                names = {word.arg for word in call.keywords}
                open_handed = speaker in {"say", "UsageError", "fault"} and None not in names
                full = before + key.value.removeprefix("fengqiao.")
                yield at, in_full(full), names if open_handed and "." in full else None
    for path, text in pages().items():
        yield from ((path, in_full(key), None) for key in SAID_IN_PAGES.findall(text))


def test_every_sentence_stands_once():
    """No key stands twice: YAML would take the later one in silence."""
    texts = [path.read_text("utf-8") for path in (ROOT / HOUSE / "words").glob("*.yaml")]
    keys = Counter(key for text in texts for key in re.findall(r"(?m)^([\w.]+):", text))
    nothing(key for key, times in keys.items() if times > 1)


def test_every_sentence_has_both_languages():
    """A sentence stands in Chinese and in English, and speaks of the same things in both."""
    nothing(key for key, words in catalogue().items() if set(words) != set(LANGUAGES) or not all(words.values()))
    nothing(key for key, words in catalogue().items() if slots(words["zh"]) != slots(words["en"]))


def test_every_sentence_said_exists():
    """A key that is said stands in the catalogue, and is handed what its sentence speaks of."""
    nothing(f"{at} {key}" for at, key, _ in said() if key not in catalogue())
    lacking = [(at, key, slots(catalogue()[key]["zh"]) - given) for at, key, given in said() if given is not None]
    nothing(f"{at} {key} is not handed {lack}" for at, key, lack in lacking if lack)


def test_every_sentence_is_said():
    """No sentence of the catalogue is left over; what is looked up by the beginning of its key counts as said."""
    whole = {node.value for _, node in parts(ast.Constant) if isinstance(node.value, str)}
    begun = {start for start in whole if re.fullmatch(r"\w+\.([\w.]*[._])?", start)} - {"fault.", "usage.", "fengqiao."}
    terms = {f"{call.args[0].value}." for _, _, call in spoken({"term"}) if isinstance(call.args[0], ast.Constant)}
    begun = (*begun, *terms, "status.", "flag.", "level.", "repair.")  # the rest of the key stands in the records
    in_pages = "\n".join(pages().values())

    def used(key):
        short = re.sub(r"^(fault|usage)\.", "", key)
        names = {key, short, f"fengqiao.{short}"}
        return names & whole or any(name.startswith(begun) for name in names) or key in in_pages

    nothing(key for key in catalogue() if not used(key))


# Files


def test_locks_name_no_host():
    """A lock holds versions and hashes; where they come from is for the network to say on which it is used."""
    locks = [ROOT / f"requirements{name}.lock" for name in ("", "-postgres", "-test")]
    nothing(lock.name for lock in locks if re.search(r"(?m)://|^-", lock.read_text("utf-8")))


def test_the_top_folder_shows_only_what_was_agreed():
    """Nothing lies in the top folder but what the design names."""
    nothing({path.split("/")[0] for path in files()} - TOP)


def test_the_whole_house_is_kept():
    """Version control does not pass over a part of the package, because some folder to be ignored has its name."""
    nothing({path.as_posix() for path in trees()} - set(files("--others", "--exclude-standard")))


def test_files_name_no_machine():
    """No file names a folder of the machine it was written on."""
    machine = re.compile(r"(?<![\w.~$}])/(work|tmp|root|home|Users)/|[A-Z]:\\+Users")
    texts = [(path, (ROOT / path).read_bytes().decode("utf-8", "ignore").splitlines()) for path in files()]
    lines = [(path, n, line) for path, text in texts for n, line in enumerate(text, 1) if machine.search(line)]
    nothing(f"{path}:{n} {line.strip()[:80]}" for path, n, line in lines)
