"""Editors check schemes and override files by the same rules as the program, as far as a JSON schema can say them."""

import json
import os
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
from json_schema import FILES, schema_of, text_of

from fengqiao_eval.documents import read, scalar
from shared import shipped

ROOT = Path(__file__).parents[1]
SCHEMES = [path for path in shipped("params/**/*.yaml") if "\ndimensions:" in path.read_text("utf-8")]
SCHEMA = {name: schema_of(model) for name, model in FILES.items()}
OVERRIDE = "{parent: '1', reason: 市局党委会决定提高群众满意度权重, author: 丙, checker: 丁, date: 2024-12-01, weights: WEIGHTS}"


def plain(data):
    """Turn what was read from YAML into what JSON knows."""
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items()}
    if isinstance(data, list):
        return [plain(value) for value in data]
    return float(data) if isinstance(data, Decimal) else data.isoformat() if isinstance(data, date) else data


def faults(data, name="scheme.schema.json"):
    """List what a schema finds wrong, by place."""
    checker = jsonschema.Draft7Validator(SCHEMA[name])
    return ["/".join(map(str, error.absolute_path)) for error in checker.iter_errors(plain(data))]


@pytest.mark.parametrize("name", FILES)
def test_the_schemas_in_docs_are_up_to_date(name):
    """What editors use is what the program checks; `make schema` writes it anew."""
    jsonschema.Draft7Validator.check_schema(SCHEMA[name])
    assert (ROOT / "docs" / name).read_text("utf-8") == text_of(FILES[name])


@pytest.mark.parametrize("path", SCHEMES, ids=lambda path: path.stem)
def test_the_schemes_of_the_project_fit(path):
    """Every scheme under params/ fits the schema, and its first line tells editors where that is."""
    assert faults(read(path).data) == []
    first = path.read_text("utf-8").splitlines()[0]
    where = os.path.relpath(ROOT / "docs" / "scheme.schema.json", path.parent)
    assert first == f"# yaml-language-server: $schema={where}"


@pytest.mark.parametrize(
    ("place", "change", "found"),
    [
        ((), {"lable": "x"}, [""]),
        ((), {"weights": "percent"}, ["weights"]),
        ((), {"least_covered": 1.5}, ["least_covered"]),
        ((), {"least_cell": 0}, ["least_cell"]),
        ((), {"decimals": "two"}, ["decimals"]),
        (("dimensions", 0), {"wieght": 3}, ["dimensions/0"]),
        (("dimensions", 0, "indicators", 0), {"missing": "ignore"}, ["dimensions/0/indicators/0/missing"]),
        (("dimensions", 0, "indicators", 0), {"weight": "100"}, ["dimensions/0/indicators/0/weight"]),
        (("dimensions", 0, "indicators", 0), {"points": {"kind": "kurve"}}, ["dimensions/0/indicators/0/points"]),
        (
            ("dimensions", 0, "indicators", 0),
            {"points": {"kind": "curve", "knots": [[1, 2, 3], [4, 5]]}},
            ["dimensions/0/indicators/0/points"],
        ),
        (("dimensions", 0, "indicators", 0, "measure"), {"tabel": "cases"}, ["dimensions/0/indicators/0/measure"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_underlined(place, change, found):
    """A misspelt key, an unknown word, a number out of range: found where they stand."""
    data = read(ROOT / "params" / "one_table.yaml").data
    part = data
    for step in place:
        part = part[step]
    part.update(change)
    assert faults(data) == found


@pytest.mark.parametrize(
    ("written", "fits"),
    [
        ("{tier: red, level: 3, open: true, share: 0.5}", True),
        ("{tier: [red, yellow], level: [1, 2]}", True),
        ("{closed_at: {within: {days: 3, of: opened_at}}, level: {at_least: 2, at_most: limit}}", True),
        ("{tier: {nut_in: [red]}}", False),
        ("{tier: null}", False),
        ("[red]", False),
    ],
)
def test_filters_may_be_written_short(written, fits):
    """A word, a number or a list of them is a test as well as a mapping is."""
    data = read(ROOT / "params" / "one_table.yaml").data
    data["dimensions"][0]["indicators"][0]["measure"]["where"] = scalar(written)
    assert (faults(data) == []) is fits


@pytest.mark.parametrize(
    ("weights", "fits"), [("{closed: 60.5, public: {officer: 1, others: 2}}", True), ("{安全感: 60}", False), ("{}", False)]
)
def test_override_files_have_a_schema_too(weights, fits):
    """New weights by code, one for all or one a level."""
    assert (faults(scalar(OVERRIDE.replace("WEIGHTS", weights)), "override.schema.json") == []) is fits


def test_every_key_of_a_file_can_be_completed():
    """Keys stand in the schema as they are written, with the sentence below their declaration; classes keep a short one."""
    scheme = SCHEMA["scheme.schema.json"]
    assert {"in", "not_in", "within"} <= set(scheme["$defs"]["Test"]["properties"])
    assert scheme["properties"]["mean_of"]["description"].startswith("Of which: [month]")
    assert scheme["$defs"]["Count"]["properties"]["settles_days"]["description"].startswith("Days after the period")
    assert scheme["$defs"]["Line"]["description"].startswith("So many points a step from a start")
    assert not re.search(r'"title": "', json.dumps(scheme))
