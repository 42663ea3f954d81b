"""YAML is read strictly: exact decimals, text that stays text, no key twice, and every fault with its line."""

import os
from datetime import date
from decimal import Decimal
from pathlib import Path

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
        ("a:\n\t- 1\n", r"a\.yaml:2 \[document\.not_yaml\] 从第 1 个字起不是合格的 YAML；请看这里和前面一行"),
        ("a: [1, 2\n", r"a\.yaml:2 \[document\.not_yaml\]"),
        ("a: b: c\n", r"a\.yaml:1 \[document\.not_yaml\] 从第 5 个字起"),
        ("a: *b\n", r"a\.yaml:1 \[document\.not_yaml\]"),
        ("{[1]: 2}\n", r"a\.yaml:1 \[document\.not_yaml\]"),
        (
            "a: 1\nb: !!python/object/apply:os.system [ls]\n",
            r"a\.yaml:2 \[document\.tag\] 不接受标签“!!python/object/apply:os\.system”",
        ),
        ("a: !!float x\n", r"a\.yaml:1 \[document\.tag\] 不接受标签“!!float”；请删去标签"),
        ("a: !!timestamp 2024-99-99\n", r"a\.yaml:1 \[document\.tag\]"),
        ("- 1\n- 2\n", r"a\.yaml \[document\.no_mapping\] 文件顶层须为“键: 值”，现为 \[…, …\]"),
        ("", r"a\.yaml \[document\.no_mapping\] 文件顶层须为“键: 值”，现为 null"),
        (
            "a: 1\n标题: 考评".encode("gbk"),
            r"a\.yaml:2 \[document\.encoding\] 不是 UTF-8 文本，或含有不可见的控制字符；请删去这些字符",
        ),
        ("a: 1\nb: x\0y\n", r"a\.yaml:2 \[document\.encoding\]"),
        ('a: 1\nb: "\\ud800"\n', r"a\.yaml:2 \[document\.encoding\]"),
    ],
)
def test_what_is_no_document(written, text, words):
    """A key twice, a tab, open brackets, loose anchors, tags, a list, nothing, other encodings: refused, with the line."""
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


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a]\n",
        "a: &a {b: [1, *a]}\n",
        "a: " + "[" * 51 + "]" * 51,
        "a: " + "{b: " * 3000 + "1" + "}" * 3000,
        "b0: &b0 [x]\n" + "".join(f"b{n}: &b{n} [*b{n - 1}]\n" for n in range(1, 60)),
        "b0: &b0 [x,x,x,x,x,x,x,x,x]\n" + "".join(f"b{n}: &b{n} [{','.join([f'*b{n - 1}'] * 9)}]\n" for n in range(1, 9)),
    ],
    ids=["list in itself", "mapping in itself", "51 deep", "3000 deep", "deep by anchors", "a bomb of anchors"],
)
def test_a_document_without_end_is_refused(written, text):
    """What holds itself, is nested too deep, or grows beyond measure once its anchors are written out is refused at its line."""
    with pytest.raises(
        InputError, match=r"a\.yaml:\d+ \[document\.endless\] 嵌套超过 50 层，或展开锚点（\*）后超过 200000 项，或锚点包含自身"
    ):
        written(text)


def test_an_anchor_is_written_out(written):
    """What is only said once and meant twice is there twice."""
    assert written("a: &a [1, {b: 2}]\nc: *a\n").data == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}


@pytest.mark.parametrize("text", ["2024-02-30", "2024-99-99", "0000-00-00", "9" * 61])
def test_what_no_calendar_has_and_no_count_reaches_stays_text(written, text):
    """An impossible day is refused where a day is asked for, as any other text is; so is a number of 61 digits."""
    assert written(f"a: {text}\n").data == {"a": text}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (Path.mkdir, r"\[document\.folder\] 这是文件夹，不是文件；请写出其中的文件"),
        (os.mkfifo, r"\[document\.special\] 这不是普通文件"),
        (lambda path: path.symlink_to("nowhere.yaml"), r"\[document\.dangling\] 这是链接，而所指的文件不存在"),
    ],
    ids=["folder", "pipe", "link"],
)
def test_what_is_no_file_is_called_what_it_is(tmp_path, make, words):
    """A folder is there, and a pipe: that there is no such file would be no help."""
    make(tmp_path / "a.yaml")
    with pytest.raises(InputError, match=words):
        read(tmp_path / "a.yaml")
