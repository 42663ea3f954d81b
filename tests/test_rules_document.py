"""docs/rules.md cannot lie: every snippet on it is a lawful scheme, and every number in its tables is reckoned anew."""

from typing import get_args

import pytest

from fengqiao_eval.documents import Document
from fengqiao_eval.scheme.benchmark import Reference
from fengqiao_eval.scheme.indicator import Effect
from fengqiao_eval.scheme.lint import lint
from fengqiao_eval.scheme.measure import Measure
from fengqiao_eval.scheme.normalisation import Points
from fengqiao_eval.scheme.validation import check
from rule_catalogue import RULES, WAITING
from rules_document import differences, document_of, examples, primer, scheme_of, sections

EXAMPLES = pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)


def test_every_rule_has_its_place():
    """The page has one section for each rule of the catalogue, in its order."""
    assert [section.rule for section in sections()] == list(RULES)


def test_every_rule_is_shown_or_waits():
    """A rule that waits says so and shows nothing; every other one has a snippet with numbers."""
    assert [one.rule for one in sections() if not one.examples] == [rule for rule in RULES if rule in WAITING]
    assert all("待后续" in one.text for one in sections() if one.rule in WAITING)
    shown = {one.rule: {example.snippet for example in one.examples} for one in sections()}
    assert [one.rule for one in sections() if set(one.snippets) - shown[one.rule]] == []


@EXAMPLES
def test_the_numbers_are_right(example, drawn):
    """What the page says comes out comes out."""
    assert differences(example, drawn) == []


@EXAMPLES
def test_the_snippet_has_no_fault(example, drawn):
    """A snippet passes the checks of a whole scheme."""
    scheme = scheme_of(example, drawn)
    document = document_of(example.snippet, list(scheme.levels))
    assert [fault.text() for fault in check(scheme, Document("docs/rules.md", document, {}))] == []


@EXAMPLES
def test_the_snippet_is_lawful(example, drawn):
    """The arithmetic is that of real tables, the subject is none that may not be scored."""
    found = lint(scheme_of(example, drawn))
    assert [(finding.rule.code, finding.code) for finding in found if finding.rule.level == "stop"] == []


def _kinds(union):
    """Name the kinds of a union of declarations that are told apart by `kind`."""
    return {word for member in get_args(get_args(union)[0]) for word in get_args(member.model_fields["kind"].annotation)}


def test_the_first_page_names_every_kind():
    """What can be counted, compared, valued and done outside the hundred stands on the first page."""
    words = {*_kinds(Measure), *_kinds(Reference), *_kinds(Points), *get_args(Effect)}
    assert sorted(word for word in words if f"`{word}`" not in primer()) == []
