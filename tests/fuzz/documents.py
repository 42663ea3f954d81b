"""Mutated schemes, weight overrides and params: something done to their data, then perhaps to their text or bytes."""

import random
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import yaml

from fuzz import hostile, sound

Way = tuple[Any, ...]
"""Where something stands in a document: keys and numbers."""


class _Dumper(yaml.SafeDumper):
    """Writes everything out, without anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - as YAML's dumper has it
        """Write the same thing twice rather than point to it."""
        return True


def text(data: Any) -> str:
    """Write data as a document, a line a key."""
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10**6)


@dataclass
class Documents:
    """The documents of a project to be, what is typed with them, and what was done."""

    dice: random.Random
    data: dict[str, Any]
    bytes: dict[str, bytes] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)


# What is done to data


def _ways(data: Any, way: Way = ()) -> Iterator[Way]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield (*way, key)
        yield from _ways(value, (*way, key))


def _at(data: Any, way: Way) -> Any:
    for key in way:
        data = data[key]
    return data


def _value(dice: random.Random, old: Any) -> Any:
    """Give another value for what stands somewhere."""
    numbers = [0, -1, 1, 0.5, 100, 101, 1000, 10**18, 10**25, -(10**25), 1e300, 5e-324, float("inf"), float("nan"), 33.333, 2**31]
    texts = [
        "",
        " ",
        "其他",
        "警情",
        "station",
        "officer",
        "x",
        "A",
        "ａ",
        "<b>&",
        "{0}",
        "=1+1",
        "长" * 200,
        "2024-11",
        "2024Q4",
        "0001-01-01",
        "9999-12-31",
        "none",
        "others",
    ]
    others = [
        None,
        True,
        False,
        [],
        {},
        [[]],
        [old],
        {"others": old},
        {"一类": 1, "others": 2},
        [1, 2],
        ["a", "a"],
        {"kind": "line"},
    ]
    return deepcopy(dice.choice(dice.choice([numbers, texts, others])))


def _tweak(dice: random.Random, old: Any) -> Any:
    """Give what might stand there as well: another number, another word of the language of schemes."""
    if isinstance(old, (int, float)) and not isinstance(old, bool):
        return dice.choice([0, 1, 2, -old, 2 * old, old / 3, 0.01, 1e-9, 36526, 3_000_000, 1e9, 10**17, 9007199254740993, 100])
    if isinstance(old, list):
        return dice.choice([old[::-1], old + old, old[:1], old[1:]])
    words = [
        "count",
        "share",
        "mean",
        "quantile",
        "distinct",
        "ratio",
        "coded",
        "curve",
        "steps",
        "line",
        "percentile",
        "min_max",
        "z_score",
    ]
    words += [
        "higher",
        "lower",
        "redistribute",
        "full",
        "zero",
        "not_ranked",
        "previous",
        "year_before",
        "history",
        "difference",
        "percent",
    ]
    words += [
        "received_at",
        "arrived_at",
        "closed_at",
        "unit_id",
        "officer_id",
        "status",
        "category",
        "elements_filled",
        "verified",
        "answer",
    ]
    words += [
        "cases",
        "visits",
        "surveys",
        "notices",
        "figures",
        "units",
        "credits",
        "county",
        "station",
        "officer",
        "class",
        "level",
        "%",
        "‰",
    ]
    return not old if isinstance(old, bool) else dice.choice(words)


def change(dice: random.Random, data: Any) -> str:
    """Delete, double, retype, rename, replace, move or copy something."""
    ways = list(_ways(data))
    if not ways:
        return "nothing"
    way = dice.choice(ways)
    above, key, said = _at(data, way[:-1]), way[-1], ".".join(map(str, way))
    old = above[key]
    kinds = ["delete", "replace", "replace", "rename", "double", "copy", "nest", "text", *["tweak"] * 5]
    what = dice.choice(kinds)
    if what == "delete":
        del above[key]
    elif what == "replace":
        above[key] = _value(dice, old)
    elif what == "rename" and isinstance(above, dict):
        above[dice.choice([f"{key}x", str(key).upper(), str(key)[:-1], f"{key} ", "label", "kind", "weight", 1, True, None])] = (
            above.pop(key)
        )
    elif what == "double" and isinstance(above, list):
        above.insert(key, deepcopy(old))
    elif what == "copy":
        above[key] = deepcopy(_at(data, dice.choice(ways)) if isinstance(above, list) or dice.random() < 0.5 else old)
    elif what == "nest":
        above[key] = [old] if dice.random() < 0.5 else {"of": old}
    elif what == "text":
        above[key] = str(old)
    else:
        above[key] = _tweak(dice, old)
    return f"{said}: {what} {str(above[key] if key in above or (isinstance(above, list) and key < len(above)) else '')[:40]}"


def features(dice: random.Random, scheme: dict[str, Any]) -> str:
    """Add to a scheme something that a sound one may have too, rings of gates among it."""
    lines = [line for part in scheme["dimensions"] for line in part["indicators"]]
    one, other = dice.choice(lines), dice.choice(lines)
    gate = {"gate": {"indicator": other["code"], "at_least": 50}}
    void = {"void": [{"indicator": one["code"], "period": dice.choice(["2024-11", "2024-10", "2024", 2024]), "reason": "停用"}]}
    answer = {"rule": dice.choice(["inert_values", "arrest_quota"]), "person": "甲", "document": "文", "date": "2024-01-01"}
    base = {"kind": "count", "table": "cases", "date": "received_at"}
    during = [["2024-10-01", dice.choice(["2024-12-31", "9999-12-31"])]]
    late = {
        "closed_at": {
            "within": {dice.choice(["minutes", "hours", "days"]): dice.choice([1, 36525, 36526, 10**9]), "of": "received_at"}
        }
    }
    of_line = [
        {"measure": {**base, "times": [{"by": 2, "during": during}]}}, {"measure": {**base, "kind": "share", "met": late}},
        {"measure": {**base, "settles_days": dice.choice([0, 30, 36526, 10**7])}},
        gate, {"not_applicable": {"classes": ["一类"], "give": "full"}}, {"levels": ["station"]}, {"least": {"station": 3, "others": 1}},
        {"missing": dice.choice(["full", "zero", "not_ranked"])}, {"target": dice.choice([1, 0, 1e9])}, {"weight": {"station": one["weight"], "others": one["weight"]}},
        {"against": [{"kind": "quota", "amount": {"一类": 2, "others": 3}, "as": dice.choice(["completion", "shortfall", "excess_percent"])}]},
        {"against": [{"kind": "change", "since": dice.choice(["previous", "year_before", "history"]), "as": "percent"}]},
        {"against": [{"kind": "place"}, {"kind": "change", "since": "previous"}]}, {"against": [{"kind": "peers", "of": "median", "among": "level"}]},
        {"against": [{"kind": "quota", "figure": "due", "every": "month", "apart": True, "as": "shortfall"}]},
        {"points": {"kind": "steps", "steps": [[90, 100], [60, 60]], "otherwise": 10}}, {"points": {"kind": dice.choice(["percentile", "z_score", "min_max"])}},
        {"points": {"kind": "line", "start": 0, "each": {"一类": 1, "others": 2}, "whole": True, "first": -3, "per": 0.5, "in_marks": True}},
        {"points": {"kind": "line", "start": 100, "each": -1e9, "floor": "none", "cap": "none"}}, {"beside": [{"code": "aside", "label": "另"}]},
    ]  # fmt: skip
    of_scheme = [
        void, {"least_class": 2}, {"least_covered": 0}, {"full_marks": {"一类": 150, "others": 100}}, {"full_marks": 10}, {"decimals": dice.choice([0, 4])},
        {"longer_period": "mean_of_totals"}, {"unranked": ["S3"]}, {"awards": {"share": 0.5}}, {"awards": {"count": 1}},
        {"justified": [answer]}, {"aggregation": "geometric"}, {"compare_within": {"station": dice.choice(["class", "level", "station", "class_in_county"])}},
        {"judgements": [{"more": one["code"], "than": other["code"], "by": 3}]}, {"weights": "marks"}, {"levels": ["county", "station", "zone", "officer"]},
        {"bands": [{"grade": "好", "at_least": -1e9}]}, {"title_en": "<b>&"},
    ]  # fmt: skip
    if dice.random() < 0.5:
        one |= (added := dice.choice(of_line))
        if "gate" in added and dice.random() < 0.5:
            other["gate"] = {"indicator": one["code"], "at_most": 5}
    else:
        scheme |= (added := dice.choice(of_scheme))
    return f"with {', '.join(added)}"


def options(dice: random.Random, params: dict[str, Any]) -> str:
    """Set further keys of a params file, each to something it may be or may be mistaken for."""
    said = {
        "period": ["2024", "2024Q4", "2024-10", "last_month", "0001", "0150", "9950", "9999", "9999-12", "0000", 2024, "2024-13", "2024Q5", "２０２４", "2024-to-11"],
        "as_of": ["2024-11-15", "2024-11-30 12:00", "2024-12-31", "2024-11-01", "9999-12-31", "0001-01-01", "2024-11-31", 20241130, "now", None],
        "levels": [["station"], ["station", "county"], ["city"], [], "station", ["officer"], None], "only": [["S1"], ["X/"], ["S9"], [1], [], "S1"],
        "lang": ["en", "zh", "fr", 1], "timezone": ["UTC", "America/New_York", "Nowhere", "../etc", "", "+08:00", "'; --", "localtime", "right/UTC", "Factory"], "seed": [1, -1, 10**30, 1.5, "a"],
        "state": ["draft", "announced", "final", "done"], "objection_until": ["2024-12-10", "soon", 5, "9999-12-31"], "contact": ["电话 0000", "<b>", 7, "长" * 500],
        "out": ["runs", "a/b/c", ".", "", "scheme.yaml", "长" * 120, "r<>", "records"], "records": ["records", "none", "", ".", "params", "postgresql://u:secret@h/d", "scheme.yaml", ["records"], ["records", "records"], ["records", "none"], [], {"glob": "rec*"}, {"glob": "*/x*"}, {"glob": "**"}, {"glob": 5}, {"x": "y"}],
        "repair": ["rules", "none", None, True, "x"],
        "scheme": ["scheme.yaml", "none.yaml", "records", "", "params/run.yaml"], "overrides": ["none.yaml", "", None, "scheme.yaml"],
        "unknown_units": [{"at_most": "5%"}, {"at_most": 2}, {"outside": "others"}, {"outside": ["S9", "*"]}, {"at_most": "x%"}, {"at_most": "nan"}, "others", {}],
        "tables": [
            {"cases": {"rename": {"status": "状态"}}}, {"cases": {"rename": {"category": "status"}}}, {"cases": {"values": {"category": {"警情": "案件", "": "无"}}}},
            {"cases": {"set": {"tier": "red", "audited": True, "closed_at": {"from": "arrived_at"}}}}, {"cases": {"missing": ["-", "closed"]}},
            {"cases": {"repeated": dice.choice(["keep", "refuse", "first", "last", "x"])}}, {"units": {"absent_parents": "root"}}, {"cases": {"file": "none"}},
            {"cases": {"file": dice.choice(["../scheme.yaml", "*", "", "units", "units.parquet", "a\x00b"])}}, {"nothing": {}}, {"cases": None},
            {"cases": {"file": dice.choice([["cases"], ["cases", "cases"], ["cases", "none"], [], [5], {"glob": "case*"}, {"glob": "*"}, {"glob": "../*/cases*"}, {"glob": "[*"}, {"glob": "a\x00b"}, {"glob": ""}, {"glob": None}])}},
            {"cases": {"repair": dice.choice(["none", "rules", "x", None, 1])}}, {"cases": {"values": {"x": {"a": 1}}}},
            {"cases": {"set": {"received_at": "2024-11-05"}}}, {"cases": {"set": {"unit_id": "S1"}}}, {"visits": {"values": {"verified": {"true": "是", "": False}}}},
            {"cases": {"set": {"elements_filled": None, "received_at": None}}}, {"cases": {"rename": {"unit_id": "unit_id", "officer_id": "unit_id"}}},
        ],
    }  # fmt: skip
    key = dice.choice(sorted(said))
    params[key] = dice.choice(said[key])
    return f"{key}: {str(params[key])[:50]}"


def typed(dice: random.Random) -> str:
    """Give something to type after --set."""
    key = dice.choice(
        ["period", "as_of", "seed", "levels", "contact", "lang", "records", "tables", "x", "", "unknown_units.at_most", "only"]
    )
    value = dice.choice(hostile.WRITTEN).replace("\0", "")
    return f"{key}={value}" if dice.random() < 0.95 else key


# What is done to text and bytes


def _bomb(dice: random.Random) -> str:
    width, depth = dice.choice([(9, 8), (4, 12), (50, 5)])
    first = f"b0: &b0 [{', '.join('x' * width)}]\n"
    return first + "".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * width)}]\n" for n in range(1, depth))


def garble(dice: random.Random, document: str) -> tuple[bytes, str]:
    """Do something to the text or bytes of a document; return them with what was done."""
    lines = document.splitlines(keepends=True) or [""]
    at = dice.randrange(len(lines))
    what = dice.choice(
        [
            *["value"] * 8,
            "key",
            "double",
            "drop",
            "indent",
            "insert",
            "nest",
            "bomb",
            "alias",
            "merge",
            "encode",
            "cut",
            "put",
            "json",
        ]
    )
    if what == "value":
        key, colon, _ = lines[at].partition(":")
        token = dice.choice(hostile.WRITTEN)
        lines[at] = f"{key}{colon} {token}\n" if colon else f"{lines[at].rstrip()} {token}\n"
        what = f"line {at + 1}: {token[:40]!r}"
    elif what == "key":
        key, colon, rest = lines[at].partition(":")
        lines[at] = f"{key}{dice.choice(['x', ' ', '?', chr(0xFF1A), ':'])}{colon}{rest}"
    elif what in ("double", "drop"):
        lines[at : at + 1] = [lines[at]] * 2 if what == "double" else []
    elif what == "indent":
        lines[at] = dice.choice([" ", "  ", "\t", "      "]) + lines[at]
    elif what == "insert":
        lines.insert(at, dice.choice(hostile.WRITTEN) + "\n")
    elif what == "nest":
        depth, (left, right) = dice.choice([20, 500, 3000]), dice.choice(["[]", "{}"])
        lines.append(f"deep: {left * depth}{right * depth}\n")
    elif what == "bomb":
        lines.append(_bomb(dice))
    elif what == "alias":
        lines.append(dice.choice(["y: &a [*a]\n", "y: &a {b: *a}\n", "y: &a x\nz: *a\n", "y: *none\n", "y: &a 1\nz: &a 2\n"]))
    elif what == "merge":
        lines.append(dice.choice(["<<: {seed: 1}\n", "<<: [1]\n", "y: &y {seed: 2}\n<<: *y\n", "<<: x\n"]))
    data = "".join(lines).encode("utf-8", "surrogatepass")
    place = int(len(data) * dice.random())
    if what == "encode":
        name = dice.choice(["utf-16", "gbk", "utf-8-sig", "utf-32"])
        data, what = data.decode().encode(name, "replace"), name
    elif what == "cut":
        data = data[:place]
    elif what == "put":
        data = (
            data[:place]
            + dice.choice([b"\0", b"\xff", b"\r", b"\xef\xbb\xbf", b"\x85", b"\xed\xa0\x80", b'"', b"'"])
            + data[place:]
        )
    elif what == "json":
        data = dice.choice(
            [
                b"",
                b"[]",
                b"null",
                b"1",
                b"text",
                b"[{}]",
                b"--- {}\n--- {}\n",
                b"{}",
                b"# \xe6\xb3\xa8\n",
                b"&a [*a]",
                b"&a {b: *a}",
            ]
        )
    return data, what


def mutate(dice: random.Random, asked: list[str]) -> Documents:
    """Take sound documents on some tables and do one to four things to one of them; of some only what they may well have."""
    scheme = sound.scheme(dice, asked, most=2)
    codes = [line["code"] for line in scheme["dimensions"][0]["indicators"]]
    target = dice.choices(["scheme", "params", "overrides"], [5, 3, 2])[0]
    documents = Documents(dice, {"scheme": scheme, "params": sound.params()})
    sound_still = dice.random() < 0.4
    for _ in range(dice.choice([1, 2, 3]) if sound_still else dice.choice([0, 0, 1, 2])):
        documents.done.append(features(dice, scheme))
    if target == "overrides":
        weights = {line["code"]: line["weight"] for line in scheme["dimensions"][0]["indicators"]}
        documents.data["overrides"] = {
            **sound.OVERRIDE,
            "weights": weights | ({dice.choice([*codes, "work"]): dice.choice([100, 50, 0])} if dice.random() < 0.3 else {}),
        }
        documents.data["params"]["overrides"] = "overrides.yaml"
    for _ in range(0 if sound_still else dice.choice([0, 1, 1, 1, 2])):
        done = options(dice, documents.data["params"]) if target == "params" else change(dice, documents.data[target])
        documents.done.append(f"{target}: {done}")
    if target == "params" and not sound_still and dice.random() < 0.4:
        documents.typed.append(typed(dice))
    for name, data in documents.data.items():
        documents.bytes[name] = text(data).encode("utf-8", "surrogatepass")
    if dice.random() < (0.1 if sound_still else 0.3 if documents.done else 1):
        data, done = garble(dice, documents.bytes[target].decode("utf-8", "ignore"))
        documents.bytes[target] = data
        documents.done.append(f"{target}: {done}")
    return documents
