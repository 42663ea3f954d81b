"""YAML is read strictly: exact decimals, text that stays text, no key twice, and every fault with its line."""

from datetime import date
from decimal import Decimal

import pytest

from fengqiao_eval.documents import Model, read, validate
from fengqiao_eval.errors import InputError


class Inner(Model):
    """A small declaration."""

    code: str
    weight: Decimal


class Outer(Model):
    """A declaration that holds others."""

    title: str
    parts: tuple[Inner, ...] = ()


@pytest.fixture
def written(tmp_path):
    """Write text into a file and read it as a document called a.yaml."""

    def reading(text: str | bytes):
        path = tmp_path / "a.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(path, "a.yaml")

    return reading


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("014", "014"),
        ("0o14", "0o14"),
        ("12:30", "12:30"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("Y", "Y"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("2024-11", "2024-11"),
        ("2024Q4", "2024Q4"),
        ("是", "是"),
        ("14", 14),
        ("-3", -3),
        ("0", 0),
        ("12.5", Decimal("12.5")),
        ("0.1", Decimal("0.1")),
        ("12.50", Decimal("12.50")),
        (".5", Decimal("0.5")),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("2024-11-05", date(2024, 11, 5)),
        ("'14'", "14"),
    ],
)
def test_plain_scalars_are_what_they_look_like(written, text, value):
    """014 is a unit, 12:30 a time and no a word; 12.5 is exactly 12.5."""
    found = written(f"key: {text}").data["key"]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", r"a\.yaml:\d+ · a \[document\.twice\] 键“a”写了两次；请删去一处"),
        ("a: {b: 1, c: 2, b: 3}\n", r"a\.yaml:1 · a\.b \[document\.twice\]"),
        ("a:\n\t- 1\n", r"a\.yaml \[document\.not_yaml\] 不是合格的 YAML:.*\\t.*line 2"),
        ("a: [1, 2\n", r"a\.yaml \[document\.not_yaml\]"),
        ("a: !!python/object/apply:os.system [ls]\n", r"a\.yaml \[document\.not_yaml\]"),
        ("a: 2024-02-30\n", r"a\.yaml \[document\.not_yaml\]"),
        ("- 1\n- 2\n", r"a\.yaml \[document\.no_mapping\] 文件顶层须为“键: 值”，现为 list"),
        ("", r"a\.yaml \[document\.no_mapping\]"),
        ("标题: 考评".encode("gbk"), r"a\.yaml \[document\.not_yaml\]"),
    ],
)
def test_what_is_no_document(written, text, words):
    """A key twice, a tab, an open bracket, a command, an impossible day, a list, nothing, another encoding: refused."""
    with pytest.raises(InputError, match=words):
        written(text)


def test_every_key_that_stands_twice_is_told(written):
    """Two slips are two lines."""
    with pytest.raises(InputError) as refused:
        written("a: 1\na: 2\nb: {c: 1, c: 2}\n")
    assert [fault.place for fault in refused.value.faults] == ["a", "b.c"]


def test_a_file_that_is_not_there(tmp_path):
    """The message names the path."""
    with pytest.raises(InputError, match=r"nowhere\.yaml \[document\.not_there\] 文件不存在；请核对路径"):
        read(tmp_path / "nowhere.yaml")


def test_a_byte_order_mark_is_passed_over(written):
    """Windows editors put one at the beginning."""
    assert written(b"\xef\xbb\xbftitle: x").data == {"title": "x"}


GOOD = """
title: 示例
parts:
  - {code: a, weight: 33.33}
  - code: b
    weight: 66.67
"""


def test_decimals_stay_exact(written):
    """33.33 + 66.67 is 100, not 99.99999999999999."""
    found, faults = validate(Outer, written(GOOD))
    assert (sum(part.weight for part in found.parts), faults) == (100, [])


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("title:", "titel:", r"a\.yaml:2 · titel \[document\.unknown_key\] 不认识的键“titel”（值 示例）"),
        ("title: 示例", "", r"a\.yaml · title \[document\.missing_key\] 缺少必填的键“title”；请补上"),
        ("weight: 66.67", "wieght: 66.67", r"a\.yaml:6 · parts\.1\.wieght \[document\.unknown_key\]"),
        ("weight: 66.67", "weight: 很多", r"a\.yaml:6 · parts\.1\.weight \[document\.value\] 值 很多 不合要求"),
        ("weight: 66.67", "weight: nan", r"a\.yaml:6 · parts\.1\.weight \[document\.value\] 值 nan 不合要求"),
        ("weight: 66.67", "weight: [1]", r"a\.yaml:6 · parts\.1\.weight \[document\.value\]"),
        ("title: 示例", "title: 2024", r"a\.yaml:2 · title \[document\.value\] 值 2024 不合要求"),
        ("code: a", "code: ", r"a\.yaml:4 · parts\.0\.code \[document\.value\] 值 None 不合要求"),
    ],
)
def test_a_fault_says_file_line_place_rule_and_what_was_given(written, before, after, words):
    """Whatever is wrong, the line and the dotted place are named."""
    _, faults = validate(Outer, written(GOOD.replace(before, after)))
    with pytest.raises(InputError, match=words):
        raise InputError(faults)


def test_all_faults_are_told_at_once(written):
    """A misspelt key does not hide what is wrong behind it or beside it."""
    _, faults = validate(Outer, written("titel: x\nparts:\n  - {code: a, wieght: 3, weight: viel}\n"))
    assert sorted((fault.rule, fault.place) for fault in faults) == [
        ("document.missing_key", "title"),
        ("document.unknown_key", "parts.0.wieght"),
        ("document.unknown_key", "titel"),
        ("document.value", "parts.0.weight"),
    ]


def test_a_long_value_is_cut(written):
    """A page of text in the wrong place does not fill the screen."""
    _, faults = validate(Outer, written("title: x\nparts: " + "很" * 500))
    assert len(InputError(faults).args[0][0].text()) < 250


def test_an_anchor_that_holds_itself_is_refused(written):
    """A document that contains itself has no end."""
    with pytest.raises(InputError, match=r"a\.yaml \[document\.not_yaml\]"):
        written("a: &a [*a]\n")
