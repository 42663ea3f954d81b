"""How firm a unit's place is, as a card tells it: from what the frames ranks and chances say of it; nothing is drawn here."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fengqiao_eval.errors import OFFICER, UsageError
from fengqiao_eval.results import standings
from fengqiao_eval.results.hierarchy import class_words
from fengqiao_eval.results.lines import Row, comparable_total
from fengqiao_eval.results.run import Run
from fengqiao_eval.results.standings import frame
from fengqiao_eval.scheme.measure import Count, Share
from fengqiao_eval.scheme.scheme import Scheme, applies
from fengqiao_eval.scoring.ranking import RANKABLE
from fengqiao_eval.wording.numbers import fixed, number, term, text
from fengqiao_eval.words import say

BAND = 1.645
"""Errors to either side of a total between which it would lie nine times in ten, were as many records drawn again."""


class Rival(NamedTuple):
    """Another unit of the class ('' where it is not named): the chance of standing above it, behind all and in another period.

    Of one that is printed before the unit it is the chance that it stands above the unit.
    """

    name: str
    above: float
    again: float


@dataclass(frozen=True)
class Margin:
    """What is known of how firm a place is; what was not asked, or cannot be said, is None or empty.

    low, high: places between which the place by what lies behind the total lies, nine times in ten; low_w, high_w: with weights
    in doubt too; error: of the total, in points; joint: that error were all indicators that rest on the same records to move as
    one; places {place: chance}, for a picture; rankable: the share of what they differ by that the units of the class keep;
    low_again, high_again: in another period, levels as they are; apart: up to which place all printed before it stand above it,
    and from which place on all printed after it stand below it, nine times in ten (0: none);
    grade: the chance of the grade printed; first {k: chance}: of being among the first k; named: of being named for an award,
    one of so many (award); rivals: units printed after it, the nearest first, ahead: those before it. Where there is no range:
    unknown {why: indicators without an error}, counted: the scheme says that all there is was counted.
    """

    low: int | None = None
    high: int | None = None
    low_w: int | None = None
    high_w: int | None = None
    low_again: int | None = None
    high_again: int | None = None
    apart: tuple[int, int] | None = None
    error: float | None = None
    joint: float | None = None
    places: Mapping[int, float] = field(default_factory=dict)
    rankable: float | None = None
    grade: float | None = None
    first: Mapping[int, float] = field(default_factory=dict)
    named: float | None = None
    award: int = 0
    rivals: tuple[Rival, ...] = ()
    ahead: tuple[Rival, ...] = ()
    unknown: Mapping[str, Sequence[str]] = field(default_factory=dict)
    counted: bool = False

    @property
    def ordered(self) -> bool:
        """Whether the class can be put into an order at all."""
        return self.rankable is None or self.rankable >= RANKABLE

    @property
    def certain(self) -> bool:
        """Whether nobody of the class has an error: the place is the range, and nothing was drawn of it."""
        return self.low is not None and self.low == self.high and not self.error and not self.places

    @property
    def moves_as_one(self) -> bool:
        """Whether the error is larger by a third or more where what rests on the same records errs together."""
        return bool(self.error and self.joint) and 3 * (self.joint or 0) >= 4 * (self.error or 0)


def rivals_of(chances: Iterable[Row]) -> list[str]:
    """List the unit_id of those against whom a unit is held."""
    return [text(row["object"]) for row in chances if row["statement"] == "above"]


def margin(
    rank: Row,
    chances: Iterable[Row],
    called: Mapping[str, str] | None = None,
    ahead: Iterable[tuple[str, float, float]] = (),
) -> Margin:
    """Put together what the row of a unit in ranks, and its rows in chances of the same period, say of its place.

    called: names of other units; who has none there is not named; ahead: who is printed before it, as ahead_of lists them.

    >>> row = {"rank_low": 3, "rank_high": 9, "se_total": 1.5}
    >>> said = margin(row, [{"statement": "place", "object": "", "k": 4, "chance": 0.25}])
    >>> said.low, said.high, said.places
    (3, 9, {4: 0.25})
    """
    rows = list(chances)
    ends = [f"{end}{kind}" for kind in ("", "_w", "_again") for end in ("low", "high")]
    places: dict[str, Any] = {end: _place(rank.get(f"rank_{end}")) for end in ends}
    above, again = (
        {text(row["object"]): float(row["chance"]) for row in rows if row["statement"] == word}
        for word in ("above", "above_again")
    )
    return Margin(
        **places,
        apart=_separation(rows),
        error=number(rank.get("se_total")),
        joint=number(rank.get("se_joint")),
        places=_by_place(rows, "place"),
        rankable=_chance(rows, "rankable"),
        grade=_chance(rows, "grade"),
        first=_by_place(rows, "first"),
        named=_chance(rows, "named"),
        award=next((int(row["k"]) for row in rows if row["statement"] == "named"), 0),
        rivals=tuple(Rival((called or {}).get(other, ""), chance, again.get(other, 0.0)) for other, chance in above.items()),
        ahead=tuple(Rival((called or {}).get(other, ""), *told) for other, *told in ahead),
    )


def _place(cell: object) -> int | None:
    found = number(cell)
    return None if found is None else int(found)


def _by_place(rows: Iterable[Row], statement: str) -> dict[int, float]:
    return {int(row["k"]): float(row["chance"]) for row in rows if row["statement"] == statement}


def _separation(rows: Iterable[Row]) -> tuple[int, int] | None:
    """Read from and to which places units are told apart; an older run says nothing of it."""
    found = {row["statement"]: _place(row["k"]) or 0 for row in rows if row["statement"] in ("apart_before", "apart_after")}
    return (found["apart_before"], found["apart_after"]) if found else None


def _chance(rows: Iterable[Row], statement: str) -> float | None:
    return next((number(row["chance"]) for row in rows if row["statement"] == statement), None)


UNKNOWN = ("no_n", "no_spread")
"""Why the error of an indicator may not be known: the words of sampling_errors.law_of, as the notes of a run have them."""


def without_error(
    notes: Iterable[Mapping[str, Any]], called: Mapping[str, str], unit: Row | None = None, silent: Collection[str] = ()
) -> dict[str, list[str]]:
    """Name the indicators of which a run says that their error is not known in the class of a unit, by why.

    called: the indicators of the unit, by their label; unit: its `level` and `group`, the class compared within; silent: names of
    those of which nobody said on how many answers the unit's own number rests. Of these the word is no_n_own, of others, which
    somebody of the class lacks, no_n_class; an older run does not say of whom it speaks.

    >>> note = {"key": "error_no_n", "given": {"indicator": "安全感", "level": "station", "group": "四类"}}
    >>> without_error([note], {"安全感": "Sense of safety"}, {"level": "station", "group": "四类"})
    {'no_n_class': ['Sense of safety']}
    >>> without_error([note], {"安全感": "Sense of safety"}, {"level": "station", "group": "一类"})
    {}
    """
    found: dict[str, list[str]] = {}
    for one in notes:
        why, given = str(one["key"]).removeprefix("error_"), one.get("given", {})
        label = given.get("indicator")
        others = unit is not None and any(given.get(name, unit[name]) != unit[name] for name in ("level", "group"))
        if why not in UNKNOWN or label not in called or others:
            continue
        if why == "no_n" and "group" in given:
            why = "no_n_own" if called[label] in silent else "no_n_class"
        found.setdefault(why, []).append(called[label])
    return found


# Indicators that rest on the same records: their errors are taken as independent, and may move as one


def same_record_groups(scheme: Scheme, level: str, lang: str = "zh") -> list[tuple[str, ...]]:
    """Name the indicators of a level that rest on the same records (same_records), group by group; those alone are left out."""
    from fengqiao_eval.scoring.uncertainty import same_records  # noqa: PLC0415 - it loads scipy, which no card needs

    groups: dict[int, list[str]] = {}
    for indicator, group in zip(scheme.indicators, same_records(scheme).tolist(), strict=True):
        if applies(indicator, level):
            groups.setdefault(group, []).append(indicator.name(lang))
    return [tuple(names) for names in groups.values() if len(names) > 1]


def same_records_words(scheme: Scheme, level: str, errors: tuple[object, object], lang: str = "zh") -> str:
    """Say which indicators of a level rest on the same records, and what that may do to the error of a total; '' where none do.

    errors: that of the total, and that with all of a group moving as one (correlation 1); where either is not known, ''.
    """
    error, joint = (number(each) for each in errors)
    groups = same_record_groups(scheme, level, lang)
    if error is None or joint is None or not groups:
        return ""
    named = say("card.semicolon", lang).join(say("card.comma", lang).join(names) for names in groups)
    shown = {"error": fixed(error, scheme.decimals), "joint": fixed(joint, scheme.decimals)}
    return say("firmness.same_records", lang, groups=named, **shown)


def shared_records(run: Run, level: str, peer_class: str = "", lang: str = "zh") -> str:
    """Say it of a class: with the errors of its units in the mean; '' where nothing is known. Raises as places_frame does."""
    firm = places_frame(run, level, peer_class)
    return same_records_words(run.scheme, level, (firm["error"].mean(), firm["joint"].mean()), lang)


def half_band(rank: Row) -> float | None:
    """Give from a row of ranks how far to either side of its total the band reaches, in points.

    None where no error is known, and where too little was scored for a total.

    >>> half_band({"total": 80.0, "se_total": 2.0}), half_band({"total": 80.0})
    (3.29, None)
    """
    error = number(rank.get("se_total"))
    return None if error is None or comparable_total(rank) is None else round(BAND * error, 9)


# Frames of a class, for the notebook how_firm


def places_frame(run: Run, level: str, peer_class: str = "") -> pd.DataFrame:
    """Lay out how firm the places of a class are ('' for the first class of the level), a row a ranked unit, the best first.

    place, of; name; total, its error, and that error were all that rests on the same records to move as one (joint); low, high;
    low_w, high_w with weights in doubt; low_again, high_again in another period of the same kind; shrunken; spread: where the
    place may lie, {place: chance}. Units of a class that has no ranges have empty cells. Raises UsageError for a level or class
    of which nobody is ranked.
    """
    ranks = frame(run, "ranks", officers=level == OFFICER)
    ranks = ranks[(ranks["level"] == level) & ranks["rank"].notna()]
    known = sorted(ranks["peer_class"].unique())
    named = peer_class or next(iter(known), "")
    if named not in known:
        raise UsageError("firmness.nobody", given=f"{level} {peer_class}".strip(), known=", ".join(known))
    ranks = ranks[ranks["peer_class"] == named].sort_values(["rank", "unit_id"])
    chances = frame(run, "chances", officers=level == OFFICER)
    told = chances.groupby("unit_id") if len(chances) else ()  # an older run says nothing of chances
    spread = {unit: _by_place(rows.to_dict("records"), "place") for unit, rows in told}
    names = {"total": "total", "error": "se_total", "joint": "se_joint"}
    names |= {f"{end}{kind}": f"rank_{end}{kind}" for kind in ("", "_w", "_again") for end in ("low", "high")}
    cells = {new: ranks.get(old) for new, old in (names | {"shrunken": "shrunken"}).items()}  # an older run has not all
    found = pd.DataFrame({"place": ranks["rank"], "of": ranks["of"], "name": ranks["name"], **cells})
    return found.assign(spread=[spread.get(unit, {}) for unit in ranks["unit_id"]]).reset_index(drop=True)


def rankability_frame(run: Run, lang: str = "zh") -> pd.DataFrame:
    """Lay out of every class how far it can be ranked: units, rankability of totals and of each indicator (0-1), in words.

    That of totals is what the run says (statement rankable in chances); of a class of which it says nothing the cell is empty.
    """
    from fengqiao_eval.scoring.uncertainty import rankability  # noqa: PLC0415 - it loads scipy, which no card needs

    parts = []
    for officers in (False, True) if run.manifest.get("officers") else (False,):
        ranks, points = (frame(run, name, officers=officers) for name in ("ranks", "points"))
        ranks, kept = ranks[ranks["rank"].notna()], standings.rankability(run, officers=officers)
        for (level, peer_class), those in ranks.groupby(["level", "peer_class"], sort=False):
            own = points[points["unit_id"].isin(those["unit_id"])].assign(se=points.get("se"))  # an older run has none
            cells = {"total": kept.get((str(level), str(peer_class)), float("nan"))}
            for entry in run.scheme.indicators:
                scored = own[(own["indicator"] == entry.code) & own["points"].notna()]
                found = rankability(scored["points"].to_numpy("float64"), scored["se"].to_numpy("float64"))
                cells[entry.name(lang)] = found
            said = say("firmness.unordered" if cells["total"] < RANKABLE else "firmness.ordered", lang)
            head = {"level": term("level", level, lang), "class": class_words(level, peer_class, lang), "units": len(those)}
            parts.append({**head, "said": said if cells["total"] == cells["total"] else "—", **cells})
    return pd.DataFrame(parts)


def shrunken_frame(run: Run, indicator: str, level: str, peer_class: str = "") -> pd.DataFrame:
    """Lay out the values of an indicator beside what they are drawn to, and what chance alone allows, by n from the smallest.

    name, n, value; shrunken: drawn towards the class (beta-binomial for shares, gamma-Poisson for counts, else as the error of
    points allows); low, high: funnel limits at 95 %, over-dispersed, where all units had the rate of the class; centre: that
    rate. Raises UsageError for an indicator that is none, and where nobody has a value.
    """
    from fengqiao_eval.scoring import shrinkage  # noqa: PLC0415 - it loads scipy, which no card needs

    entry = next((one for one in run.scheme.indicators if indicator in (one.code, one.name("zh"), one.name("en"))), None)
    points = frame(run, "points", officers=level == OFFICER)
    points = points[(points["level"] == level) & points["value"].notna()]
    points = points[points["indicator"] == entry.code] if entry else points[:0]
    named = peer_class or next(iter(sorted(points["peer_class"].unique())), "")
    points = points[points["peer_class"] == named].sort_values("n")
    if entry is None or points.empty:
        raise UsageError("firmness.nothing", given=indicator, known=", ".join(one.code for one in run.scheme.indicators))
    met, of, value = (points[name].to_numpy("float64") for name in ("numerator", "denominator", "value"))
    names = frame(run, "units", officers=level == OFFICER).set_index("unit_id")["name"]
    found = pd.DataFrame({"name": points["unit_id"].map(names).to_numpy(), "n": points["n"].to_numpy(), "value": value})
    binomial, scale = isinstance(entry.measure, Share), float(entry.scale)
    if not isinstance(entry.measure, Share | Count) or not met.any():
        return found.assign(shrunken=float("nan"), low=float("nan"), high=float("nan"), centre=float("nan"))
    of = np.where(np.isnan(of), 1.0, of)
    lent = (shrinkage.beta_binomial if binomial else shrinkage.gamma_poisson)(met, of)
    phi = shrinkage.funnel_dispersion(met, of, binomial=binomial)
    limits = shrinkage.funnel(met.sum() / of.sum(), of, binomial=binomial, phi=phi)
    cells = {"shrunken": lent.rates(met, of), "low": limits.low, "high": limits.high, "centre": limits.centre}
    return found.assign(**{name: scale * np.asarray(cell) for name, cell in cells.items()})
