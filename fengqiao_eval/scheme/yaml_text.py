"""A YAML document as rows of path and value and back, and as text: nothing is lost but comments and anchors."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import yaml

from fengqiao_eval.documents import KeyPath, scalar

ROW = 60
"""A list of plain values no longer than this when written is one row; a longer one, or one that holds mappings, is many."""


LINE = 100
"""A list or mapping no longer than this is written on one line of a file."""

_BARE = re.compile(r"[^\W\d][\w-]*")
_STEP = re.compile(r'"(?:[^"\\]|\\.)*"|[^."]+')
_NUMBERLIKE = re.compile(r"[-0-9.]+")
_UNSEEN = re.compile(
    r"[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Signs that nobody sees or that turn the order of others; in a file they are spelled out."""
_RESOLVED = re.compile(r"-?[0-9]+(\.[0-9]*)?|-?\.[0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2}|true|false|null|~|")


def leaves(data: Any, place: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Walk a document in its order: the place of each leaf and its value; short lists of plain values are one leaf.

    >>> list(leaves({"knots": [[0, 0], [1, 100]], "met": {"tier": "red"}}))
    [(('knots',), [[0, 0], [1, 100]]), (('met', 'tier'), 'red')]
    """
    if not data or not isinstance(data, (dict, list)) or (_is_plain(data) and len(flow(data)) <= ROW):
        yield place, data
    else:
        for step, inner in data.items() if isinstance(data, dict) else enumerate(data):
            yield from leaves(inner, (*place, step))


def _is_plain(data: Any) -> bool:
    return all(map(_is_plain, data)) if isinstance(data, list) else not isinstance(data, dict)


def build_document(found: Iterable[tuple[KeyPath, Any]]) -> dict[str, Any]:
    """Make a document of its leaves, in their order; items of a list are put in the order of their numbers.

    >>> build_document([(("levels",), ["station"]), (("bands", 1, "grade"), "B"), (("bands", 0, "grade"), "A")])
    {'levels': ['station'], 'bands': [{'grade': 'A'}, {'grade': 'B'}]}
    """
    tree: dict[Any, Any] = {}
    for place, value in found:
        branch = tree
        for step in place[:-1]:
            branch = branch.setdefault(step, _Branch())
        branch[place[-1]] = value
    return {key: _plain_data(value) for key, value in tree.items()}


class _Branch(dict[Any, Any]):
    """A mapping or list that is still growing."""


def _plain_data(value: Any) -> Any:
    if not isinstance(value, _Branch):
        return value
    if all(isinstance(step, int) for step in value):
        return [_plain_data(value[number]) for number in sorted(value)]
    return {str(step): _plain_data(inner) for step, inner in value.items()}


def path(place: KeyPath) -> str:
    """Write a place as faults do, with quotes around what is no plain word.

    >>> path(("dimensions", 0, "measure", "values", "基本满意")), path(("values", "1.5"))
    ('dimensions.0.measure.values.基本满意', 'values."1.5"')
    """
    return ".".join(str(step) if isinstance(step, int) or _BARE.fullmatch(step) else _quote(step) for step in place)


def place_of(text: str) -> KeyPath | None:
    """Read a path; None where it is none.

    >>> place_of('values."1.5"'), place_of("bands.0.grade"), place_of("a..b")
    (('values', '1.5'), ('bands', 0, 'grade'), None)
    """
    steps = _STEP.findall(text)
    if not steps or ".".join(steps) != text:
        return None
    return tuple(json.loads(step) if step[0] == '"' else int(step) if re.fullmatch("[0-9]+", step) else step for step in steps)


def format_value(value: Any) -> str:
    """Write a value as it stands in a cell: what reads as text is itself, all else as in YAML.

    >>> format_value(Decimal("12.50")), format_value("014"), format_value("12"), format_value([1, "一类"]), format_value(True)
    ('12.50', '014', '"12"', '[1, 一类]', 'true')
    """
    if isinstance(value, str):
        plain = not value.startswith(('"', "[", "{")) and value == value.strip() and _resolve(value) == value
        return value if plain else _quote(value)
    return flow(value)


def value_of(text: str) -> Any:
    """Read a value as `spelled` writes it; what cannot be read so is text.

    >>> value_of("12.50"), value_of("014"), value_of('"12"'), value_of("[1, 一类]"), value_of("=1+1")
    (Decimal('12.50'), '014', '12', [1, '一类'], '=1+1')
    """
    if not text.startswith(('"', "[", "{")):
        return _resolve(text)
    try:
        return json.loads(text) if text[0] == '"' else scalar(text)
    except (ValueError, yaml.YAMLError):
        return text


def _resolve(text: str) -> Any:
    """Read a plain scalar without YAML's signs: numbers, days, yes and no; anything else is text."""
    return scalar(text) if _RESOLVED.fullmatch(text) else text


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


class _FlowDumper(yaml.SafeDumper):
    """YAML as it is read here: numberlike text in quotes, decimals as written, no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - as YAML's dumper has it
        """Write what stands twice twice."""
        return True


class _BlockDumper(_FlowDumper):
    """The same, with what is long in blocks and what is short on a line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - as YAML's dumper has it
        """Indent the items of a list below its key."""
        super().increase_indent(flow, indentless=False)


def _is_short(data: Any) -> bool:
    """Say whether anything but the document itself fits on a line; the first length is quick, and longer by quotes."""
    return "dimensions" not in data and len(str(data)) <= 3 * LINE and len(flow(data)) <= LINE


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    quoted = _NUMBERLIKE.fullmatch(text) or not text.isprintable()  # YAML folds what breaks a line
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, '"' if quoted else None)


def _decimal(dumper: yaml.SafeDumper, number: Decimal) -> yaml.Node:
    text = f"{number:f}"
    return dumper.represent_scalar("tag:yaml.org,2002:float", text if "." in text else f"{text}.")


for _dumper in (_FlowDumper, _BlockDumper):
    _dumper.add_representer(str, _text)
    _dumper.add_representer(Decimal, _decimal)
_BlockDumper.add_representer(list, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, _is_short(data)))
_BlockDumper.add_representer(dict, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, _is_short(data)))


def flow(data: Any) -> str:
    """Write on one line, as the one item of a list.

    >>> flow({"rename": ["003", "单位"]})
    '{rename: ["003", 单位]}'
    """
    return _dump([data], _FlowDumper, flow=True).strip()[1:-1]


def dump(data: Mapping[str, Any]) -> str:
    """Write a document as YAML that reads back the same: values, order of keys, decimals with their idle zeros.

    >>> print(dump({"title": "一表", "version": "1", "dimensions": [{"code": "a", "weight": Decimal("12.50")}]}))
    title: 一表
    version: "1"
    dimensions: [{code: a, weight: 12.50}]
    <BLANKLINE>
    """
    return _dump(dict(data), _BlockDumper, flow=False)


def _dump(data: Any, dumper: type[yaml.SafeDumper], *, flow: bool) -> str:
    text = yaml.dump(data, Dumper=dumper, allow_unicode=True, sort_keys=False, default_flow_style=flow, width=10**6)
    return _UNSEEN.sub(lambda sign: f"\\U{ord(sign[0]):08X}", text)  # such text stands in quotes


def renumber(places: Iterable[KeyPath]) -> dict[KeyPath, KeyPath]:
    """Number the items of every list anew from 0, in their order, where some have been taken out.

    >>> renumber([("bands", 0), ("bands", 2)])
    {('bands', 0): ('bands', 0), ('bands', 2): ('bands', 1)}
    """
    kept = list(places)
    numbers: dict[KeyPath, set[int]] = {}
    for place in kept:
        for depth, step in enumerate(place):
            if isinstance(step, int):
                numbers.setdefault(place[:depth], set()).add(step)
    order = {(*before, step): rank for before, steps in numbers.items() for rank, step in enumerate(sorted(steps))}
    return {place: tuple(order.get(place[: depth + 1], step) for depth, step in enumerate(place)) for place in kept}
