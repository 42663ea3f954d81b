"""The parts of a card as a notebook shows them: HTML in JupyterLab and on the page, readable text everywhere else."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate, zip_longest
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension

from fengqiao_eval.pages import plain_text
from fengqiao_eval.pages.charts import dot_strip
from fengqiao_eval.pages.colours import notebook_colours, page_colours
from fengqiao_eval.results.card import Card
from fengqiao_eval.results.lost_records import LostRecords
from fengqiao_eval.wording import numbers
from fengqiao_eval.words import say

# The parts themselves.


@dataclass(frozen=True)
class Fragment:
    """One part of a card: `html` carries the class fq, `text` says the same in lines. `styled` brings the style sheet along."""

    html: str
    text: str
    styled: bool = False

    def _repr_html_(self) -> str:
        return f'<style class="fq-style">{notebook_colours()}{_rules()}</style>{self.html}' if self.styled else self.html

    def __repr__(self) -> str:
        """Show the text, as a terminal does."""
        return self.text


def headline(card: Card) -> Fragment:
    """Say how many points, which place, where points were lost and how to win them back; brings the style sheet along."""
    return _fragment("headline", card, styled=True)


def dimensions_table(card: Card) -> Fragment:
    """Lay out the dimensions: earned, possible, changes."""
    return _fragment("dimensions", card)


def indicators_table(card: Card) -> Fragment:
    """Lay out every indicator: counts, value, target, points, weight, contribution, and beneath it what to read beside it."""
    return _fragment("indicators", card)


def gains_table(card: Card) -> Fragment:
    """Lay out where most points can still be won, and with how many records."""
    return _fragment("gains", card)


def open_disputes(card: Card) -> Fragment:
    """Lay out the open disputes by colour with the days left; ids only."""
    return _fragment("disputes", card)


def lost_records(card: Card) -> Fragment:
    """Lay out the ids of the records that lost points, the latest of each indicator."""
    return _fragment("lost", card)


def units_table(card: Card) -> Fragment:
    """Name the units above and the number of officers, and lay out the units right below: total, place, what to know of both."""
    return _fragment("units", card)


def service(card: Card) -> Fragment:
    """Say to an officer where and how long they served, what counts, what does not and why, and how to object.

    Raises UsageError for the card of a unit.
    """
    return _fragment("service", card)


def limits(card: Card) -> Fragment:
    """Say what the records could not tell, how the card was made, and how to object, where the card has not said it before."""
    return _fragment("limits", card)


def _fragment(name: str, card: Card, *, styled: bool = False) -> Fragment:
    scored = [line for line in card.indicators if line.scored]
    given = {
        "card": card,
        "shown": lambda: list_lengths(card),
        "worst": [  # each dimension with the indicator that lost most of its points
            (worst, max((line for line in scored if worst.code in line.above), key=lambda line: line.lost, default=None))
            for worst in plain_text.worst_dimensions(card)
        ],
        "gains": [(gain, *projected_standing(card, gain.points)) for gain in card.gains],
        "reached": projected_standing(card, sum(gain.points for gain in card.gains)),
        "groups": [[line for line in card.adjustments if line.inside is kind] for kind in (True, False)],
        "csv": f"{card.identity.page}.records.csv",
        "lists": {kind: quote(f"{card.identity.page}.records.{kind}") for kind in ("xlsx", "csv")},
        "folded": FOLDED,
    }
    return Fragment(render(f"{name}.html", card.lang, **given), getattr(plain_text, name)(card), styled)


def projected_standing(card: Card, won: float) -> tuple[float | None, int | None]:
    """Give the total, and the place if all others stood still, that so many points more would bring; none of a part alone."""
    total, rank = card.standing.total if card.standing.complete else None, card.standing.rank
    if total is None or rank is None or card.standing.of <= 1:
        return (None if total is None else total + won), None
    return total + won, card.peers.above(total + won, card.decimals) + 1


# How many of its many records a card lists: so many that its page stays within its bytes, whatever records are called.


PAGE = 20_480
"""Bytes of a page, its pictures' numbers and all words included."""


FRAME, EACH = {"zh": 11_680, "en": 11_880}, 430
"""Bytes that head, figures and sentences take, and each indicator with its two rows, its bar and the head of its list."""


LEAST = 700
"""Bytes that lists get in any case: a table of more than some twenty indicators makes a larger page."""


SHOWN = 30
"""As many records an indicator, and disputes a colour, as a card lists at most."""


FOLDED = 6
"""So many records of an indicator stand open on a card; what else is listed is folded."""


MARKUP, ROW, GROUP, HEAD = 4, 40, 80, 100
"""Bytes of a page that an entry takes besides its words; a unit beyond that; a class of units; a list of records."""


REASON, FOLD = 15, 75
"""Bytes that a reason takes besides its words, and what folds a list."""


def list_lengths(card: Card) -> Mapping[str, int]:
    """Say how many entries each list shows: units of a class, records behind a line, disputes of a colour, records that lost.

    Where the units do not all fit, the records that lost points are only counted (0). What is not shown stands in the list of
    records beside the page; units, on the page of all units.
    """
    sentences = [plain_text.firmness(card), *card.unknowns, *(plain_text.service(card) if card.service else "").splitlines()]
    spent = FRAME[card.lang] + EACH * len(card.indicators) + sum(len(line.encode()) for line in sentences)
    spent += sum(ROW + len((unit.page + unit.name).encode()) for unit in card.hierarchy.above)
    left = max(LEAST, PAGE - spent)
    below = [[unit.page + plain_text.unit_line(unit, card) + " " * ROW for unit in units] for units in card.hierarchy.groups]
    disputes = [
        [f"{one.dispute_id} {plain_text.days_left(one.days_left, card.lang)}" for one in part.disputes[:SHOWN]]
        for part in card.disputes
    ]
    records = [_record_entries(part) for part in card.lost_records]
    behind = [line.record_ids for line in card.adjustments]
    heads, whole = GROUP * len(below), max(map(len, below), default=0)
    units = max_entries(below, 0.75 * left - heads)
    if counted := units < whole:
        left, heads = left + HEAD * len(records), 2 * heads  # each class says how many more there are
        units = max_entries(below, 0.9 * left - heads)
    found, left = {"units": units}, left - sum(_costs(below)[units - 1 : units]) - heads
    least = 0 if counted else sum(_costs(records)[:1])  # each list of records that lost points names one at least
    for name, share, lists in (("behind", 0.2, behind), ("disputes", 0.5, disputes), ("lost", 1.0, records)):
        found[name] = max_entries(lists, left if name == "lost" else (left - least) * share)
        left -= sum(_costs(lists)[found[name] - 1 : found[name]])
    return found | ({"lost": 0} if counted else {})


def _record_entries(part: LostRecords) -> list[str]:
    """Write the records of a list as long as they stand on a page, where a reason stands once."""
    entries, said = [], {""}
    for number, one in enumerate(part.records[:SHOWN]):
        said = {""} if number == FOLDED else said
        words = "" if one.reason in said else one.reason + " " * REASON
        entries.append(one.record_id + words + " " * FOLD * (number == FOLDED))
        said.add(one.reason)
    return entries


def max_entries(lists: Sequence[Sequence[str]], room: float) -> int:
    """Give how many entries of each list may be shown so that all of them together fit; one at least.

    >>> max_entries([["S001", "S002", "S003"], ["S004"]], 24)
    2
    """
    return max(1, bisect_right(_costs(lists), room))


def _costs(lists: Sequence[Sequence[str]]) -> list[int]:
    """Reckon the bytes of one entry of each list, of two, and so on."""
    rows = zip_longest(*(entries[:SHOWN] for entries in lists))
    return [*accumulate(sum(len(entry.encode()) + MARKUP for entry in row if entry is not None) for row in rows)]


# Templates, those of a card without what a browser reads into them anyway: end tags and quotes that HTML lets out, ends of
# lines. Done once, when a template is compiled; what records and schemes hold is filled in later and stays as it is.


TEMPLATES = frozenset(
    f"{name}.html"
    for name in (
        "dimensions",
        "disputes",
        "figure",
        "gains",
        "headline",
        "indicators",
        "limits",
        "lost",
        "page",
        "parts",
        "service",
        "units",
    )
)


_END = re.compile(r"</(?:td|th|tr|li|dt|dd|thead|tbody|tfoot)>")


_QUOTED = re.compile(r"(\{[{%].*?[%}]\})|(?<==)\"([\w-]+)\"")


_LINE = re.compile(r"\s*\n\s*")


class Slim(Extension):
    """Slims the templates of a card as they are read; others are left alone."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002 - jinja's words
        """Slim one of them."""
        return slim(source) if name in TEMPLATES else source


def slim(html: str) -> str:
    """Leave out the end tags and quotes that HTML lets out, and the ends of lines; what stands in braces is the template's.

    >>> slim('<tr><td colspan="2">{{ say(x="1") }}</td>' + chr(10) + "<td>2</td></tr>")
    '<tr><td colspan=2>{{ say(x="1") }}<td>2'
    """
    return _LINE.sub("", _QUOTED.sub(lambda found: found[1] or found[2], _END.sub("", html)))


_OPENED = re.compile(r"<[a-z][^<>]*>")


def slim_tags(html: str) -> str:
    """Slim finished HTML as `slim` does a template: end tags and quotes go, words stay whatever they hold.

    >>> slim_tags('<tr class="fq-group"><td>a="b"</td></tr>')
    '<tr class=fq-group><td>a="b"'
    """
    return _OPENED.sub(lambda tag: _QUOTED.sub(lambda found: found[1] or found[2], tag[0]), _END.sub("", html))


@cache
def environment() -> Environment:
    """Set up the templates: whatever a record holds is escaped, a name nobody set is an error."""
    made = Environment(
        loader=PackageLoader("fengqiao_eval.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[Slim],
    )
    said = {name: getattr(numbers, name) for name in ("arrow", "fixed", "plain", "signed", "measured", "covered_part")}
    made.globals |= said | {"plain_text": plain_text, "dot_strip": dot_strip}
    return made


def style() -> str:
    """Give the style sheet that pages link: colours by the reader's system, and the rules that a notebook has as well."""
    return page_colours() + _rules()


@cache
def _rules() -> str:
    return files(__package__).joinpath("templates/fengqiao.css").read_text("utf-8")


def render(template: str, lang: str, **given: Any) -> str:
    """Fill in a template; `say` and `term` in it speak the language."""
    said = {"say": lambda key, **words: say(key, lang, **words), "term": lambda kind, word: numbers.term(kind, word, lang)}
    return environment().get_template(template).render(lang=lang, tag="zh-CN" if lang == "zh" else lang, **said, **given)
