"""The pairwise judgements of a scheme as matrices, one a group of siblings in the table, and what is wrong with them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from fengqiao_eval.documents import Document
from fengqiao_eval.errors import Fault
from fengqiao_eval.scheme.model import Dimension, Judgement, Scheme, parts_of
from fengqiao_eval.scheme.places import codes_of
from fengqiao_eval.scheme.weights import CONSISTENT, RANDOM_INDEX, ahp


@dataclass(frozen=True)
class Siblings:
    """Parts of the table that stand side by side: the name of what they are part of, their codes, and the judgements on them."""

    label: str
    codes: tuple[str, ...]
    judged: tuple[Judgement, ...]

    @property
    def unjudged(self) -> tuple[tuple[str, str], ...]:
        """The pairs that nobody judged."""
        said = {frozenset((one.more, one.than)) for one in self.judged}
        return tuple(pair for pair in combinations(self.codes, 2) if frozenset(pair) not in said)

    @property
    def matrix(self) -> np.ndarray:
        """The judgements as a matrix in the order of the codes, completed by reciprocity."""
        found = np.eye(len(self.codes))
        for one in self.judged:
            more, than = self.codes.index(one.more), self.codes.index(one.than)
            found[more, than], found[than, more] = float(one.by), 1 / float(one.by)
        return found


def judged(scheme: Scheme) -> tuple[Siblings, ...]:
    """Name the groups of siblings that are judged, in the order of the table; only judgements between siblings count.

    Of a scheme that was loaded every group is complete, and its consistency ratio is at most CONSISTENT.
    """
    parts = [(part.label, part.parts) for _, _, part in parts_of(scheme) if isinstance(part, Dimension)]
    groups = [(label, tuple(one.code for one in inner)) for label, inner in ((scheme.title, scheme.dimensions), *parts)]
    found = (Siblings(label, codes, tuple(j for j in scheme.judgements if _between(j, codes))) for label, codes in groups)
    return tuple(group for group in found if group.judged)


def _between(judgement: Judgement, codes: tuple[str, ...]) -> bool:
    return judgement.more in codes and judgement.than in codes and judgement.more != judgement.than


def misjudged(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Find judgements on what does not stand side by side, pairs judged twice or not at all, and judgements that clash."""
    groups = judged(scheme)
    pairs = Counter(frozenset((one.more, one.than)) for one in scheme.judgements)
    known = {code for _, code in codes_of(scheme)}
    counted = {one for group in groups for one in group.judged}
    for number, one in enumerate(scheme.judgements):
        if one not in counted and {one.more, one.than} <= known:
            yield document.fault(("judgements", number), "judgements.no_siblings", more=one.more, than=one.than)
    for pair, times in pairs.items():
        if times > 1:
            yield document.fault(("judgements",), "judgements.twice", pair=" – ".join(sorted(pair)))
    for group in groups:
        yield from _group(group, document)


def _group(group: Siblings, document: Document) -> Iterator[Fault]:
    if group.unjudged:
        pairs = "、".join(" – ".join(pair) for pair in group.unjudged)
        yield document.fault(("judgements",), "judgements.missing", what=group.label, pairs=pairs)
    elif len(group.codes) > len(RANDOM_INDEX):
        yield document.fault(("judgements",), "judgements.too_many", what=group.label, most=len(RANDOM_INDEX))
    elif (ratio := ahp(group.matrix)[1]) > CONSISTENT:
        given = {"ratio": f"{ratio:.2f}", "most": CONSISTENT, "pair": _oddest(group)}
        yield document.fault(("judgements",), "judgements.inconsistent", what=group.label, **given)


def _oddest(group: Siblings) -> str:
    """Name the judgement that lies farthest from what the weights of all would make of it."""
    weights = ahp(group.matrix)[0]
    of = dict(zip(group.codes, weights, strict=True))
    worst = max(group.judged, key=lambda one: abs(np.log(float(one.by) * of[one.than] / of[one.more])))
    return f"{worst.more} – {worst.than} ({worst.by} ↔ {of[worst.more] / of[worst.than]:.1f})"
