"""Weights as others would propose them (AHP, entropy, CRITIC; never applied), and the pairwise judgements of a scheme."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from fengqiao_eval.documents import Document
from fengqiao_eval.errors import Fault, UsageError
from fengqiao_eval.scheme.scheme import Dimension, Judgement, Scheme, parts_of, places_of

RANDOM_INDEX = (0, 0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)
"""The mean consistency index of random matrices of 1 to 15 rows (Saaty 1980, The Analytic Hierarchy Process, p. 21)."""
CONSISTENT = 0.1
"""The largest consistency ratio of judgements that can be used (ibid.)."""


def ahp(judgements: np.ndarray) -> tuple[np.ndarray, float]:
    """Weigh by pairwise judgements: the principal eigenvector, and how far the judgements contradict each other.

    judgements: n × n, a[i, j] how many times as important i is as j, with a[j, i] = 1 / a[i, j]. The weights sum to 1; the
    consistency ratio is ((λ - n) / (n - 1)) / RI, 0 where they agree, too much above CONSISTENT (Saaty 1980).
    Raises UsageError for what is no matrix of judgements, or has more than 15 rows.

    >>> weights, ratio = ahp(np.array([[1, 3, 6], [1 / 3, 1, 2], [1 / 6, 1 / 2, 1]]))
    >>> weights.round(6).tolist(), round(ratio, 6)
    ([0.666667, 0.222222, 0.111111], 0.0)
    """
    judged = np.asarray(judgements, dtype="float64")
    size = len(judged)
    if judged.shape != (size, size) or not 0 < size <= len(RANDOM_INDEX):
        raise UsageError("weights.judged", given=" × ".join(map(str, judged.shape)), most=len(RANDOM_INDEX))
    if not (judged > 0).all() or not np.allclose(judged * judged.T, 1):
        raise UsageError("weights.reciprocal")
    values, vectors = np.linalg.eig(judged)
    principal = np.argmax(values.real)
    vector = np.abs(vectors[:, principal].real)
    excess = max(float(values[principal].real) - size, 0.0)
    return vector / vector.sum(), excess / (size - 1) / RANDOM_INDEX[size - 1] if RANDOM_INDEX[size - 1] else 0.0


def entropy(values: np.ndarray, names: Sequence[str] = ()) -> np.ndarray:
    """Weigh columns by how unevenly they spread over the rows: 1 + Σ p ln p / ln m, in proportion (Shannon 1948, Zeleny 1982).

    values: m rows × n columns, none negative, more is better; p is a cell's share of its column. A constant column gets 0; so
    do all where all are constant. The weights sum to 1. Raises UsageError for an empty or a negative cell, naming its column.

    >>> entropy(np.array([[1, 5], [3, 5]])).tolist()
    [1.0, 0.0]
    """
    values = _complete_matrix(values, names)
    if (values < 0).any():
        raise UsageError("weights.negative", column=_column_names((values < 0).any(axis=0), names))
    shares = values / np.where(values.sum(axis=0) == 0, 1, values.sum(axis=0))
    bits = np.where(shares > 0, shares * np.log(np.where(shares > 0, shares, 1)), 0).sum(axis=0)
    return _proportions(np.where(np.ptp(values, axis=0) == 0, 0, 1 + bits / np.log(len(values))))


def critic(values: np.ndarray, higher: Sequence[bool] | np.ndarray, names: Sequence[str] = ()) -> np.ndarray:
    """Weigh columns by spread × conflict with the others: σ · Σ (1 - r), in proportion (Diakoulaki et al. 1995).

    values: m rows × n columns; higher: which columns are better where they are higher. Columns are first put on 0 to 1, 1 the
    best, so that the direction is respected. A constant column gets 0 and conflicts with none; where no column conflicts with
    another all get 0. The weights sum to 1. Raises UsageError for an empty cell, naming its column.

    >>> critic(np.array([[1, 9, 4], [2, 5, 4], [3, 1, 4]]), [True, True, True]).tolist()
    [0.5, 0.5, 0.0]
    """
    values = _complete_matrix(values, names)
    varies = np.ptp(values, axis=0) > 0
    within = np.where(higher, values, -values)[:, varies]
    within = (within - within.min(axis=0)) / np.ptp(within, axis=0)
    conflict = (1 - np.atleast_2d(np.corrcoef(within, rowvar=False))).sum(axis=0) if varies.any() else 0
    found = np.zeros(values.shape[1])
    found[varies] = within.std(axis=0) * np.where(np.abs(conflict) < 1e-12, 0, conflict)  # noqa: PLR2004 - a rounding, no conflict
    return _proportions(found)


def _complete_matrix(values: np.ndarray, names: Sequence[str]) -> np.ndarray:
    values = np.asarray(values, dtype="float64")
    if values.ndim != 2 or len(values) < 2:  # noqa: PLR2004 - one row alone has no spread
        raise UsageError("weights.rows", given=" × ".join(map(str, values.shape)))
    if not np.isfinite(values).all():
        raise UsageError("weights.empty", column=_column_names(~np.isfinite(values).all(axis=0), names))
    return values


def _column_names(columns: Any, names: Sequence[str]) -> str:
    return ", ".join(names[int(column)] if names else str(column) for column in np.flatnonzero(columns))


def _proportions(amounts: np.ndarray) -> np.ndarray:
    whole = amounts.sum()
    return amounts / whole if whole > 0 else np.zeros(len(amounts))


# The pairwise judgements of a scheme as matrices, one a group of siblings, and what is wrong with them.


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


def judged_groups(scheme: Scheme) -> tuple[Siblings, ...]:
    """Name the groups of siblings that are judged, in the order of the table; only judgements between siblings count.

    Of a scheme that was loaded every group is complete, and its consistency ratio is at most CONSISTENT.
    """
    inner = [(part.label, part.parts) for _, _, part in parts_of(scheme) if isinstance(part, Dimension)]
    found = []
    for label, parts in ((scheme.title, scheme.dimensions), *inner):
        codes = tuple(part.code for part in parts)
        judged = tuple(one for one in scheme.judgements if {one.more, one.than} <= {*codes} and one.more != one.than)
        found += [Siblings(label, codes, judged)] if judged else []
    return tuple(found)


def judgement_faults(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Find judgements on what does not stand side by side, pairs judged twice or not at all, and judgements that clash."""
    groups = judged_groups(scheme)
    pairs = Counter(frozenset((one.more, one.than)) for one in scheme.judgements)
    known = {part.code for _, part in places_of(scheme)}
    between = {one for group in groups for one in group.judged}
    for number, one in enumerate(scheme.judgements):
        if one not in between and {one.more, one.than} <= known:
            yield document.fault(("judgements", number), "judgements.no_siblings", more=one.more, than=one.than)
    for pair, times in pairs.items():
        if times > 1:
            yield document.fault(("judgements",), "judgements.twice", pair=" – ".join(sorted(pair)))
    for group in groups:
        if group.unjudged:
            missing = "、".join(" – ".join(pair) for pair in group.unjudged)
            yield document.fault(("judgements",), "judgements.missing", what=group.label, pairs=missing)
        elif len(group.codes) > len(RANDOM_INDEX):
            yield document.fault(("judgements",), "judgements.too_many", what=group.label, most=len(RANDOM_INDEX))
        elif (ratio := ahp(group.matrix)[1]) > CONSISTENT:
            given = {"ratio": f"{ratio:.2f}", "most": CONSISTENT, "pair": _oddest_judgement(group)}
            yield document.fault(("judgements",), "judgements.inconsistent", what=group.label, **given)


def _oddest_judgement(group: Siblings) -> str:
    """Name the judgement that lies farthest from what the weights of all would make of it."""
    of = dict(zip(group.codes, ahp(group.matrix)[0], strict=True))
    worst = max(group.judged, key=lambda one: abs(np.log(float(one.by) * of[one.than] / of[one.more])))
    return f"{worst.more} – {worst.than} ({worst.by} ↔ {of[worst.more] / of[worst.than]:.1f})"
