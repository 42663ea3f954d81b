"""Small cells kept back: which cells of a table of counts are not shown, so that none of them can be reckoned back."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, product
from math import gcd, lcm
from typing import NamedTuple

import numpy as np

PrintedSums = Sequence[Sequence[Fraction | int]]

NOBODY = -1
"""In the place of the row above: there is none."""

MOST_MOVES = 200_000
"""Of so many vectors at most the moves of a row are sought; of wider codes only those of three columns."""


@dataclass(frozen=True)
class Suppression:
    """Which cells of a table are not shown, and which of them follow all the same; both rows × columns of bool.

    derivable: cells of few answers that anybody can reckon from what is printed of the row (and of the rows below it) anyway.
    """

    hidden: np.ndarray
    derivable: np.ndarray


def suppress(counts: np.ndarray, above: Sequence[int], printed: PrintedSums, least: int, *, empty: bool = True) -> Suppression:
    """Choose the cells of a table of counts that are kept back: those of fewer than `least`, and those that would tell them.

    counts: whole numbers, a row a unit, a column an answer or a group. above: the number of the row of which each is a part, or
    NOBODY; what a row counts beyond its parts is a part of its own, which is not printed and all the same not to be told.
    printed: what is told of every row whatever is hidden, each a weight a column: of (1, 1, 1) the number of answers, then of
    (1, 0.6, 0) the numerator; none, where a row tells no sum.

    0 is fewer than `least`, as it stands: where nobody was dissatisfied, everybody's answer is known. empty: whether it is so
    here; of a group in which nobody is, nothing is known of anybody. A row without any answer tells of nobody and hides nothing.

    Each cell of few answers is kept from being known by a second table, which exists: answers moved within one row so that all
    that is printed of it stays, and moved back in others with the same row above, so that all sums stay. The rows on these ways
    are hidden in the columns of the move, as few new cells as can be among the nearest rows (a hypercube, or a network of them,
    found greedily from the lowest rows up; the same table has always the same cells). Where no row beside it can move back, the
    rows above are hidden as well. Where only numbers of answers are printed, the second table holds `least` or more in the cell,
    if the row has as many; beside numerators one move must do.

    >>> found = suppress(np.array([[9, 1], [8, 7], [17, 8]]), [2, 2, NOBODY], [(1, 1)], 5)
    >>> found.hidden.tolist(), found.derivable.any()
    ([[True, True], [True, True], [False, False]], np.False_)
    """
    table = _CountTable.complete(np.asarray(counts, dtype="int64"), above)
    few = (table.counts < least) & (table.counts.sum(axis=1) > 0)[:, None] & (empty | (table.counts > 0))
    printable = len(counts)
    table.hidden[:] = few
    table.hidden[printable:] = True  # nobody sees them as it is
    derivable = np.zeros_like(few)
    moves = _moves(tuple(tuple(map(Fraction, weights)) for weights in printed), table.counts.shape[1])
    for row, column in sorted(zip(*map(np.ndarray.tolist, few.nonzero()), strict=True), key=lambda at: (-table.depth(at[0]), at)):
        if not table.safe[row, column]:
            derivable[row, column] = not _shield(table, (row, column), moves, least, wide=len(printed) < 2)  # noqa: PLR2004
    return Suppression(table.hidden[:printable], derivable[:printable])


@dataclass(frozen=True)
class _CountTable:
    """A table with all its parts, and what is known of it so far: which cells are hidden, which are safe."""

    counts: np.ndarray
    above: Sequence[int]
    leaves: Sequence[list[int]]
    hidden: np.ndarray = field(repr=False)
    safe: np.ndarray = field(repr=False)

    @classmethod
    def complete(cls, counts: np.ndarray, above: Sequence[int]) -> "_CountTable":
        """Add to each row what it counts beyond its parts; parts that count more than their whole are no parts of it."""
        links, rows = list(above), list(counts)
        for whole in sorted(set(above) - {NOBODY}):
            parts = [row for row, top in enumerate(above) if top == whole]
            rest = counts[whole] - counts[parts].sum(axis=0)
            if (rest < 0).any():
                for row in parts:
                    links[row] = NOBODY
            elif rest.any():
                rows.append(rest)
                links.append(whole)
        leaves: list[list[int]] = [[] for _ in rows]
        for row in sorted(set(range(len(rows))) - set(links)):
            at = row
            while at != NOBODY:
                leaves[at].append(row)
                at = links[at]
        full = np.array(rows).reshape(len(rows), counts.shape[1])
        return cls(full, links, leaves, np.zeros(full.shape, bool), np.zeros(full.shape, bool))

    def depth(self, row: int) -> int:
        """Say how many rows stand above one."""
        return len(self.way(row, NOBODY)) - 1

    def way(self, row: int, top: int) -> list[int]:
        """List the rows from one up to another, without that."""
        found = []
        while row != top:
            found.append(row)
            row = self.above[row]
        return found


class _SecondTable(NamedTuple):
    """A second table: of each row that differs, how often a move was made in it; below 0 the other way."""

    move: np.ndarray
    times: int
    rows: Mapping[int, int]


def _shield(table: _CountTable, cell: tuple[int, int], moves: np.ndarray, least: int, *, wide: bool) -> bool:
    """Hide what keeps a cell from being known; False where nothing can: what is printed of the row tells it."""
    row, column = cell
    need = least - int(table.counts[cell])
    own = [(move, leaf, room) for leaf in table.leaves[row] for move in moves if move[column]
           and (room := int(_room(table.counts[leaf], move))) > 0]  # fmt: skip
    if not own:
        return False
    furthest = max(_reach(move[column], room, need) for move, _, room in own)
    for top, beside in _nearest_rows(table, row):
        found = []
        for move, leaf, room in own:
            times = min(room, -(-need // int(move[column]))) if move[column] > 0 else 1
            found += [one] if (one := _second_table(table, move, leaf, times, top, beside)) else []
        best = min(found, key=lambda one: _cost(table, one, column, need), default=None)
        if best and (not wide or _reach(best.move[column], best.times, need) >= furthest):
            _hide(table, best, least, wide=wide)
            break
    return True


def _nearest_rows(table: _CountTable, row: int) -> Iterator[tuple[int, list[int]]]:
    """Give each row above one, the nearest first, with the lowest rows in it that stand beside; last, above all, none."""
    below = row
    while below != NOBODY:
        top = table.above[below]
        inside = set(table.leaves[below])
        yield top, [leaf for leaf in table.leaves[top] if leaf not in inside] if top != NOBODY else []
        below = top


def _second_table(
    table: _CountTable, move: np.ndarray, leaf: int, times: int, top: int, beside: list[int]
) -> _SecondTable | None:
    """Make a move in a lowest row, as often as it can be made back in others with the same row above: the cheapest come first."""
    rows = Counter(dict.fromkeys(table.way(leaf, top), times))
    if top == NOBODY:
        return _SecondTable(move, times, rows)
    rooms = np.minimum(_room(table.counts[beside], -move), times)
    able = [(_dearness(table, table.way(beside[at], top), move) / rooms[at], at) for at in np.flatnonzero(rooms).tolist()]
    left = times
    for _, at in sorted(able):
        part = min(left, int(rooms[at]))
        left -= part
        for row in table.way(beside[at], top) if part else []:
            rows[row] -= part
    if left == times:
        return None
    for row in table.way(leaf, top):
        rows[row] -= left
    return _SecondTable(move, times - left, rows)


def _dearness(table: _CountTable, rows: list[int], move: np.ndarray) -> float:
    """Reckon what it costs to hide the cells that a move changes in some rows: cells first, then the answers in them."""
    new = ~table.hidden[rows] & (move != 0)
    answers = int(table.counts[rows][new].sum())
    return int(new.sum()) + answers / (answers + 1)


def _room(counts: np.ndarray, move: np.ndarray) -> np.ndarray:
    """Say how often a move can be made in a row, or in each of several, before a cell falls below 0."""
    falls = move < 0
    return (counts[..., falls] // -move[falls]).min(axis=-1, initial=np.iinfo("int32").max)


def _reach(step: int, times: int, need: int) -> int:
    """Say how much more a cell may hold, as far as it matters."""
    return max(0, min(need, int(step) * times))


def _cost(table: _CountTable, one: _SecondTable, column: int, need: int) -> tuple[float, ...]:
    """Put second tables in order: the widest first, of these the one that hides fewest cells more, and fewest answers."""
    return -_reach(one.move[column], one.times, need), _dearness(table, [*one.rows], one.move), *one.rows


def _hide(table: _CountTable, one: _SecondTable, least: int, *, wide: bool) -> None:
    """Hide the cells that a second table changes; they are safe, where it is wide enough."""
    moved = one.move != 0
    for row, times in one.rows.items():
        table.hidden[row, moved] = True
        reached = table.counts[row] + times * one.move >= least
        table.safe[row] |= moved & (reached | np.bool_(not wide))


@lru_cache(maxsize=64)
def _moves(printed: tuple[tuple[Fraction, ...], ...], columns: int) -> np.ndarray:
    """List the moves of a row that change nothing printed of it, both ways, none of them made up of others; the shortest first.

    >>> _moves(((1, 1, 1), (Fraction(1), Fraction(3, 5), Fraction(0))), 3).tolist()
    [[-3, 5, -2], [3, -5, 2]]
    """
    whole = [_whole_numbers(weights) for weights in printed]
    if not whole:
        found = np.concatenate([np.eye(columns, dtype="int64"), -np.eye(columns, dtype="int64")])
    elif len(whole) == 1 and set(whole[0]) == {1}:
        one = np.eye(columns, dtype="int64")
        found = np.array([one[a] - one[b] for a in range(columns) for b in range(columns) if a != b]).reshape(-1, columns)
    else:
        found = _kernel(np.array(whole[-1], dtype="int64"))
    return found[np.lexsort((*found.T[::-1], np.abs(found).sum(axis=1)))]


def _whole_numbers(weights: Sequence[Fraction]) -> tuple[int, ...]:
    """Write weights as whole numbers without a common divisor, the least of them 0 where they differ."""
    exact = [Fraction(weight) for weight in weights]
    exact = [weight - min(exact) for weight in exact] if len(set(exact)) > 1 else [Fraction(1)] * len(exact)
    common = lcm(*(weight.denominator for weight in exact))
    numbers = [int(weight * common) for weight in exact]
    return tuple(number // gcd(*numbers) for number in numbers)


def _kernel(weights: np.ndarray) -> np.ndarray:
    """List the vectors that add up to 0, weighted or not, of which none is a sum of others that moves each cell the same way."""
    size, widest = len(weights), int(weights.max())
    low, high = int(weights.argmin()), int(weights.argmax())
    free = [column for column in range(size) if column not in (low, high)]
    if low == high or not free:
        return np.zeros((0, size), dtype="int64")
    if (2 * widest + 1) ** len(free) <= MOST_MOVES:
        tried = [np.array(list(product(range(-widest, widest + 1), repeat=len(free))), dtype="int64")]
    else:
        tried = [_threes(weights, free)]
    found = np.zeros((len(tried[0]), size), dtype="int64")
    found[:, free] = tried[0]
    rest = -(found @ weights)
    found[:, high] = rest // widest
    found[:, low] = -found.sum(axis=1)
    found = found[(rest % widest == 0) & found.any(axis=1)]
    return _shortest(found[np.argsort(np.abs(found).sum(axis=1), kind="stable")])


def _threes(weights: np.ndarray, free: list[int]) -> np.ndarray:
    """List what moves of three columns move in the columns that are free to choose."""
    found, size = [], len(weights)
    for a, b, c in combinations(range(size), 3):
        move = np.zeros(size, dtype="int64")
        move[[a, b, c]] = weights[b] - weights[c], weights[c] - weights[a], weights[a] - weights[b]
        move //= np.gcd.reduce(np.abs(move)) or 1
        found += [move[free], -move[free]]
    return np.array(found)


def _shortest(vectors: np.ndarray) -> np.ndarray:
    """Keep the vectors in which no shorter one is contained, cell by cell with the same sign; the shortest come first."""
    kept = np.zeros((0, vectors.shape[1]), dtype="int64")
    for one in vectors:
        inside = (np.sign(kept) * np.sign(one) >= 0) & (np.abs(kept) <= np.abs(one))
        if not inside.all(axis=1).any():
            kept = np.vstack([kept, one])
    return kept
