"""YAML documents read strictly: exact decimals, no duplicate keys, no YAML 1.1 surprises, and the line of every key."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from fengqiao_eval.errors import Fault, InputError, refuse
from fengqiao_eval.files import absence, input_faults
from fengqiao_eval.identities import hide, look, names_citizen
from fengqiao_eval.words import HALF

KeyPath = tuple[str | int, ...]
Declared = TypeVar("Declared", bound=BaseModel)
RULE = "fengqiao."
"""What the types of faults of our own rules begin with."""
LINE = 60
"""No more of what was given is printed in a fault."""
TEXT = "tag:yaml.org,2002:str"
DEEPEST, MOST = 50, 200_000
"""How deep a document may be nested, and how many values it may hold, every anchor written out."""


class Model(BaseModel):
    """A declaration: frozen, and refusing keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def rule(key: str, broken: Callable[[Any], Mapping[str, Any] | bool | None]) -> Any:
    """Make one of the rules of a declaration: where it is broken a fault of that key, which speaks of what a mapping holds.

    Once `validate` has told of it, the declaration is read all the same, so that what is wrong elsewhere is found in the same go.
    """

    def checked(self: Declared, info: ValidationInfo) -> Declared:
        if not info.context and (found := broken(self)):
            raise PydanticCustomError(f"{RULE}{key}", "refused", {} if found is True else dict(found))
        return self

    return model_validator(mode="after")(checked)


@dataclass(frozen=True)
class Document:
    """A file as read: its name, its data, and the line on which each place begins (1 is the first), or of a workbook the cell."""

    file: str
    data: Any
    lines: Mapping[KeyPath, int | str]

    def fault(self, place: KeyPath, rule: str, /, **given: Any) -> Fault:
        """Make a fault that names the file, the line and the dotted place.

        >>> Document("a.yaml", {}, {("title",): 3}).fault(("title",), "document.missing_key", key="title").file
        'a.yaml:3'
        """
        known = next((place[:n] for n in range(len(place), 0, -1) if place[:n] in self.lines), ())
        line = f":{self.lines[known]}" if known else ""
        return Fault(self.file + line, ".".join(map(str, place)), rule, given)


class _UnreadableError(yaml.MarkedYAMLError):
    """What is YAML, and is not read all the same: the rule, and what its sentence speaks of."""

    def __init__(self, rule: str, mark: yaml.Mark, **given: Any) -> None:
        super().__init__(problem_mark=mark)
        self.rule, self.given = rule, given


class _Loader(yaml.SafeLoader):
    """YAML 1.2's plain scalars: 014, 12:30 and no stay text, 12.5 is an exact decimal. No tags, and no anchor without end."""

    yaml_implicit_resolvers = {}

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth, self.extents = 0, dict[yaml.Node, tuple[int, int]]()
        """How deep the nodes are and how many they hold, with every anchor written out."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> Any:
        """Compose a node; refused are tags, and anchors that hold themselves or grow beyond measure."""
        event, self.depth = self.peek_event(), self.depth + 1  # type: ignore[no-untyped-call]  # untyped in its stubs
        mark, extent = event.start_mark, (DEEPEST + 1, 0)
        node: Any = None
        if (tag := getattr(event, "tag", None)) not in (None, "!", TEXT):
            raise _UnreadableError("document.tag", mark, given=hide(tag.replace("tag:yaml.org,2002:", "!!")))
        if self.depth <= DEEPEST:
            node = super().compose_node(parent, index)
            if not isinstance(event, yaml.AliasEvent):
                inner = [self.extents[n] for _, key, value in _children(node, ()) for n in dict.fromkeys((key, value))]
                self.extents[node] = 1 + max((deep for deep, _ in inner), default=0), 1 + sum(many for _, many in inner)
            extent = self.extents.get(node, extent)  # an anchor that holds itself is not done yet
        if extent[0] > DEEPEST or extent[1] > MOST:
            raise _UnreadableError("document.endless", mark, deep=DEEPEST, most=MOST)
        if isinstance(node, yaml.ScalarNode) and HALF.search(node.value):
            raise _UnreadableError("document.encoding", mark)
        self.depth -= 1
        return node


def _day(text: str) -> date | str:
    """Read a day; one that no calendar has stays text, so that it is refused where a day is asked for."""
    with suppress(ValueError):
        return date.fromisoformat(text)
    return text


def _whole(text: str) -> int | str:
    """Read a whole number; one longer than any count stays text."""
    return int(text) if len(text) <= LINE else text


def _construct(reading: Callable[[str], Any], loader: yaml.SafeLoader, node: Any) -> Any:
    return reading(loader.construct_scalar(node))


for _tag, _pattern, _first, _reading in (
    ("null", r"~|null|", ["~", "n", ""], None),
    ("bool", r"true|false", list("tf"), None),
    ("int", r"-?(?:0|[1-9][0-9]*)", list("-0123456789"), _whole),
    ("float", r"-?(?:0|[1-9][0-9]*)?\.[0-9]+|-?[0-9]+\.[0-9]*", list("-.0123456789"), Decimal),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", list("0123456789"), _day),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)
    if _reading:
        _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", partial(_construct, _reading))


def read(path: Path, name: str | None = None) -> Document:
    """Read a YAML file whose top is a mapping.

    Raises InputError naming file and line: not there, not YAML, a key twice, a top that is no mapping, a citizen's number in it.
    """
    name = name or str(path)
    with input_faults(path, name):
        if not path.is_file():
            raise InputError([Fault(name, "", absence(path))])
        raw = path.read_bytes()
    try:
        loader = _Loader(raw.decode("utf-8-sig"))
        node = loader.get_single_node()
        data = loader.construct_document(node) if node else None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError([yaml_fault(name, "", error, raw)]) from None
    document = Document(name, data, dict(_lines(node)))
    refuse(_citizen_faults(document))
    refuse(document.fault(place, "document.twice", key=place[-1]) for place in _duplicate_keys(node))
    if not isinstance(data, dict):
        raise InputError([Fault(name, "", "document.no_mapping", {"given": _LOOKS.get(type(data).__name__.lower(), "…")})])
    return document


def scalar(text: str) -> Any:
    """Read one value as it would be written in a document.

    Raises yaml.YAMLError, which `yaml_fault` puts into words.

    >>> scalar("014"), scalar("12.5"), scalar("[S001, S002]")
    ('014', Decimal('12.5'), ['S001', 'S002'])
    """
    return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader


def yaml_fault(file: str, place: str, error: yaml.YAMLError | UnicodeDecodeError, raw: bytes | None = None) -> Fault:
    """Say in our own words what is no YAML, with the line where the bytes of the file are given."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if isinstance(error, _UnreadableError):
        rule, given = error.rule, error.given
    elif mark:
        rule, given = "document.not_yaml", {"column": mark.column + 1}
    else:
        rule, given = "document.encoding", {}
    if raw is not None:
        at = error.start if isinstance(error, UnicodeDecodeError) else getattr(error, "position", 0)
        line = mark.line if mark else raw.decode("utf-8-sig", "replace")[:at].count("\n")
        file = f"{file}:{line + 1}"
    return Fault(file, place, rule, given)


def _children(node: yaml.Node, place: KeyPath) -> Iterator[tuple[KeyPath, yaml.Node, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from (((*place, str(key.value)), key, value) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from (((*place, number), item, item) for number, item in enumerate(node.value))


def _lines(node: yaml.Node | None, place: KeyPath = ()) -> Iterator[tuple[KeyPath, int]]:
    for inner, key, value in _children(node, place) if node else ():
        yield inner, key.start_mark.line + 1
        yield from _lines(value, inner)


def _duplicate_keys(node: yaml.Node | None, place: KeyPath = ()) -> Iterator[KeyPath]:
    places = set()
    for inner, _, value in _children(node, place) if node else ():
        if inner in places:
            yield inner
        places.add(inner)
        yield from _duplicate_keys(value, inner)


def validate(model: type[Declared], document: Document) -> tuple[Declared | None, list[Fault]]:
    """Read a document into a model; return the model (None where it cannot be read) and every fault.

    Unknown keys and broken rules are faults, and are then left aside, so that what is wrong behind them is found in the same go.
    What holds a citizen's number is not read at all, for anything in it may be printed.
    """
    if hidden := _citizen_faults(document):
        return None, hidden
    try:
        return model.model_validate(document.data), []
    except ValidationError as error:
        every = error.errors(include_url=False)
        # a list is also called too short where only what stands in it is at fault
        errors = [one for one in every if one["type"] != "too_short" or len(one["input"]) < one["ctx"]["min_length"]]
    faults = _join_wanted(_fault(document, problem) for problem in errors)
    unknown = {_place(document.data, problem["loc"]) for problem in errors if problem["type"] == "extra_forbidden"}
    if unknown:
        found, more = validate(model, replace(document, data=_drop_places(document.data, unknown)))
        return found, add_faults(faults, more)
    try:  # only rules may be broken, which have been told of
        return model.model_validate(document.data, context={"told": True}), faults
    except ValidationError:
        return None, faults


CONTACT = "contact"
"""The key of what is an office's own: a mobile number there is that of whoever answers its telephone."""


def _citizen_faults(document: Document) -> list[Fault]:
    """Find the numbers of citizens among the keys and values of a document; of a key too only the look is shown."""

    def walk(data: Any, place: KeyPath, shown: KeyPath) -> Iterator[Fault]:
        inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list | tuple) else ()
        for key, value in inner:
            strange = isinstance(key, str) and names_citizen(key)
            below, seen = (*place, key), (*shown, look(key) if strange else key)
            found = isinstance(value, str | int) and names_citizen(str(value), cards=below == (CONTACT,))
            if strange or found:
                line = document.fault(below, "document.citizen").file
                yield Fault(line, ".".join(map(str, seen)), "document.citizen")
            yield from walk(value, below, seen)

    return list(walk(document.data, (), ()))


def add_faults(faults: list[Fault], more: Iterable[Fault]) -> list[Fault]:
    """Add to faults those that are not told of yet, by place and rule."""
    told = {(fault.place, fault.rule) for fault in faults}
    return faults + [fault for fault in more if (fault.place, fault.rule) not in told]


def _drop_places(data: Any, places: set[KeyPath], place: KeyPath = ()) -> Any:
    if isinstance(data, dict):
        return {k: _drop_places(v, places, (*place, str(k))) for k, v in data.items() if (*place, str(k)) not in places}
    if isinstance(data, list):
        return [_drop_places(v, places, (*place, n)) for n, v in enumerate(data)]
    return data


def _place(data: Any, location: tuple[str | int, ...], *, missing: bool = False) -> KeyPath:
    """Drop the steps that pydantic adds for tagged unions and are no keys of the document; a missing key is its last step."""
    place: KeyPath = ()
    for number, step in enumerate(location):
        last = missing and number == len(location) - 1
        if isinstance(data, list) and isinstance(step, int) and step < len(data):
            data, place = data[step], (*place, step)
        elif isinstance(data, dict) and (step in data or last):
            data, place = data.get(step), (*place, str(step))
    return place


_RULES = {"extra_forbidden": "unknown_key", "missing": "missing_key", "union_tag_not_found": "missing_kind"}


def _fault(document: Document, problem: Any) -> Fault:
    kind, context = problem["type"], problem.get("ctx", {})
    place = _place(document.data, problem["loc"], missing=kind == "missing")
    if kind.startswith(RULE):
        return document.fault(place, kind.removeprefix(RULE), **context)
    given, key = str(problem["input"]), problem["loc"][-1] if problem["loc"] else ""
    given = given if len(given) <= LINE else given[:LINE] + "…"
    return document.fault(place, f"document.{_RULES.get(kind, 'value')}", given=given, key=key, wanted=_remedy(kind, context))


def _remedy(kind: str, context: Mapping[str, Any]) -> str:
    """Show what would do, in signs that need no translation: a bound, the words allowed, or how such a value is written."""
    if allowed := context.get("expected") or context.get("expected_tags"):
        return str(allowed).replace(" or ", ", ")
    if kind in _BOUNDS:
        sign, name = _BOUNDS[kind]
        return f"{sign} {context[name]}"
    return str(context.get("pattern") or _LOOKS.get(kind.split("_", maxsplit=1)[0], "…"))


_BOUNDS = {
    "greater_than": (">", "gt"), "greater_than_equal": ("≥", "ge"), "less_than": ("<", "lt"), "less_than_equal": ("≤", "le"),
    "too_short": ("[…] ≥", "min_length"), "too_long": ("[…] ≤", "max_length"), "string_too_short": ('"…" ≥', "min_length"),
    "string_too_long": ('"…" ≤', "max_length"),
    "decimal_max_places": ("0.… ≤", "decimal_places"),
}  # fmt: skip
_LOOKS = {"string": '"…"', "bool": "true / false", "date": "2024-11-05", "datetime": "2024-11-05 08:30", "none": "null"}
_LOOKS |= {"nonetype": "null", "str": '"…"'}
_LOOKS |= dict.fromkeys(("int",), "12") | dict.fromkeys(("decimal", "float", "finite"), "12.5")
_LOOKS |= dict.fromkeys(("dict", "model", "mapping"), "{…: …}") | dict.fromkeys(("list", "tuple", "set"), "[…, …]")


def _join_wanted(faults: Iterable[Fault]) -> list[Fault]:
    """Make one fault of those of one place: a value that may be written in several ways fails each of them."""
    found: dict[tuple[str, str, str], Fault] = {}
    for fault in faults:
        key = (fault.file, fault.place, fault.rule)
        before = found.get(key)
        if before and fault.rule == "document.value" and fault.given["wanted"] not in before.given["wanted"].split(" | "):
            given = {**before.given, "wanted": f"{before.given['wanted']} | {fault.given['wanted']}"}
            found[key] = replace(before, given=given)
        elif not before:
            found[key] = fault
    return list(found.values())


def suggest(given: str, known: Collection[str]) -> str:
    """Name the known word most like the one given, or list them all.

    >>> suggest("lable", ["label", "why"]), suggest("x", ["label", "why"])
    ('label', 'label, why')
    """
    return ", ".join(get_close_matches(given, known, 1) or known)


def near(given: str, known: Iterable[str], most: int = 5) -> list[str]:
    """List the known ids most like the one given, else the first ones."""
    every = sorted(known)
    return get_close_matches(given, every, most) or every[:most]


MORE = "…"
"""What stands before the number of ids that are not listed, behind those that are."""


def join_ids(ids: Iterable[str]) -> str:
    """Write ids in one cell, with a blank between them; one that holds blanks or quotes stands in quotes.

    >>> join_ids(["N1", "通报 3 号"])
    'N1 "通报 3 号"'
    """
    return " ".join('"' + one.replace('"', '""') + '"' if re.search(r'[\s"]', one) or not one else one for one in ids)


def split_ids(text: str) -> list[str]:
    """Read what join_ids wrote.

    >>> split_ids('N1 "通报 3 号"')
    ['N1', '通报 3 号']
    """
    found = re.findall(r'"((?:[^"]|"")*)"|(\S+)', text)
    return [bare or quoted.replace('""', '"') for quoted, bare in found]


def similar_ids(given: str, known: Collection[str], most: int = 5) -> str:
    """Name the known ids most like the one given, else the first ones; dots say that there are more."""
    found = near(given, known, most)
    return ", ".join(found) + (" …" if len(known) > len(found) else "")
