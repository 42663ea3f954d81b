"""New weights kept: an override file with its parent, reason, author, checker, date, and whom it affects; never the scheme."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from fengqiao_eval.documents import Document, validate
from fengqiao_eval.errors import OFFICER, UsageError, refuse
from fengqiao_eval.files import file_name, to_path
from fengqiao_eval.results.run import Run
from fengqiao_eval.scheme.load import Affected, Override, apply_override
from fengqiao_eval.scheme.scheme import parts_of
from fengqiao_eval.scheme.validation import check
from fengqiao_eval.scheme.yaml_text import dump
from fengqiao_eval.scoring.aggregation import HUNDREDTHS
from fengqiao_eval.scoring.ranking import grades
from fengqiao_eval.tuning.rescore import Field, Outcome, choose
from fengqiao_eval.wording.numbers import period_words, term
from fengqiao_eval.words import say


@dataclass(frozen=True)
class Saved:
    """Where an override was written, and whom it affects; again: the same stood there already, so nothing was written."""

    path: Path
    affected: Affected
    again: bool = False

    def text(self, lang: str) -> str:
        """Say in one sentence whom it affects."""
        found = self.affected
        affected = {name: getattr(found, name) for name in ("units", "moved", "farthest", "regraded", "enter", "leave")}
        counts = {name: each if isinstance(each, int) else len(each) for name, each in affected.items()}
        place = {"period": period_words(str(found.period), lang), "level": term("level", found.level, lang)}
        return say("tune.affected", lang, **place, **counts)


def save_override(
    run: Run, path: str | Path, weights: Mapping[str, Any], level: str | None = None, period: str | None = None, **signed: Any
) -> Saved:
    """Write new weights of a level into an override file; who is affected is reckoned from the run.

    weights: by code of dimension or indicator, those that change. signed: reason (ten characters or more), author, checker, date.
    Raises InputError with every fault (sums, unknown codes, one person in both roles, nothing changed), UsageError where a file
    is there already that says something else.
    """
    place, field = to_path(path), choose(run, level, period)
    given = {code: Decimal(str(weight)) for code, weight in weights.items()}
    hundredths = field.table.in_force.copy()
    for node, part in enumerate(field.table.parts, 1):
        if part.code in given:
            hundredths[node] = int(given.pop(part.code) * HUNDREDTHS)
    return write(field, place, hundredths, signed, given)


def write(
    field: Field, path: Path, hundredths: np.ndarray, signed: Mapping[str, Any], strange: Mapping[str, Decimal] | None = None
) -> Saved:
    """Write weights (hundredths, one a node) into an override file; strange: codes that are none.

    Raises as save_override does.
    """
    text, found = _compose(field, path, hundredths, signed, strange)
    saved = _keep(path, text, found)
    if saved is None:
        raise UsageError("tune.exists", given=path)
    return saved


def write_beside(field: Field, folder: Path, hundredths: np.ndarray, signed: Mapping[str, Any]) -> Saved:
    """Write weights into a folder, under the first name that is free, or where the same stands already; raises as write does."""
    stem = f"weights_{file_name(field.level)}_{file_name(str(signed.get('date', '')))}"
    text, found = _compose(field, folder / f"{stem}.yaml", hundredths, signed)
    tries = (_keep(folder / f"{stem}{number}.yaml", text, found) for number in ("", *(f"-{n}" for n in range(2, 1000))))
    return next(saved for saved in tries if saved)


def _keep(path: Path, text: str, found: Affected) -> Saved | None:
    """Write a file that is not there yet; None where another stands there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        same = path.is_file() and not path.is_symlink() and path.read_bytes() == text.encode()
        return Saved(path, found, again=True) if same else None
    return Saved(path, found)


def _compose(
    field: Field, path: Path, hundredths: np.ndarray, signed: Mapping[str, Any], strange: Mapping[str, Decimal] | None = None
) -> tuple[str, Affected]:
    """Compose the text of an override file, and say whom it affects; refuse it with all its faults."""
    table = field.table
    files = field.run.manifest.get("fingerprints", {}).get("records", {})  # all as one; '' where the run does not say
    lines = "\n".join(f"{name} {digest}" for name, digest in sorted(files.items()))
    fingerprint = hashlib.sha256(lines.encode()).hexdigest() if files else ""
    changed = {part.code: Decimal(int(w)) / HUNDREDTHS for part, w in zip(table.parts, hundredths[1:], strict=True)}
    data: dict[str, Any] = {"parent": str(table.scheme.version)}
    data |= {key: value.strip() if isinstance(value, str) else value for key, value in signed.items()}
    data |= {"weights": {**_weights(field, changed), **(strange or {})}, "records_fingerprint": fingerprint}
    document = Document(str(path), data, {})
    if not strange and np.array_equal(hundredths, table.in_force):
        refuse([document.fault(("weights",), "override.nothing")])
    override = _check_override(field, document)
    found = affected_units(field, field.outcome(hundredths))
    summary = override.model_copy(update={"summary": found}).model_dump(exclude_unset=True)
    return dump(summary | {"weights": data["weights"], "summary": found.model_dump(mode="json")}), found


def _check_override(field: Field, document: Document) -> Override:
    """Hold an override against the scheme in force; refuse it with all its faults.

    What is said of the scheme in force itself is no fault of the override: written out in full, it repeats every default.
    """
    override, faults = validate(Override, document)
    if override is not None:
        scheme, more = apply_override(field.table.scheme, document)
        told = {(fault.place, fault.rule) for fault in (*more, *check(field.table.scheme, document))}
        faults = more + [fault for fault in check(scheme, document) if (fault.place, fault.rule) not in told]
    refuse(faults)
    assert override is not None  # noqa: S101 - what could not be read has faults
    return override


def _weights(field: Field, changed: Mapping[str, Decimal]) -> dict[str, Any]:
    """Give the weights that change at the level; those of other levels stay. After an earlier override all are given.

    An override is put on the scheme as it was signed, so that one which follows another must hold what that one changed.
    """
    level, found = field.level, {}
    every = bool(field.run.manifest.get("parameters", {}).get("overrides"))
    for _, _, part in parts_of(field.table.scheme):
        now = dict(part.weight) if isinstance(part.weight, dict) else {"others": part.weight}
        new = {**now, level: changed[part.code]} if part.code in changed else now
        if every or (part.code in changed and changed[part.code] != now.get(level, now.get("others", Decimal(0)))):
            found[part.code] = _shortest_weight(new, field.table.scheme.levels)
    return found


def _shortest_weight(weights: dict[str, Decimal], levels: tuple[str, ...]) -> Any:
    """Write a weight that is the same at every level as one number; the level first, the others last."""
    plain = {level: _number(weight) for level, weight in weights.items() if level != "others"}
    if set(levels) <= set(plain):
        return plain[levels[0]] if len(set(plain.values())) == 1 else plain
    return {**plain, "others": _number(weights["others"])} if "others" in weights and plain else _number(weights["others"])


def _number(weight: Decimal) -> Any:
    return int(weight) if weight == weight.to_integral_value() else weight.normalize()


def affected_units(field: Field, draft: Outcome) -> Affected:
    """Say whom other weights affect, against those in force; officers are counted and not named."""
    base, scheme = field.base, field.table.scheme
    both = (base.place > 0) & (draft.place > 0)
    far = np.abs(draft.place - base.place)[both]
    last, able = np.array(field.awards)[field.group], ~field.kept_from_awards
    before, after = (able & (outcome.place > 0) & (outcome.place <= last) for outcome in (base, draft))
    lists = ((field.units["unit_id"][where], where.sum()) for where in (after & ~before, before & ~after))
    enter, leave = (int(count) if field.level == OFFICER else tuple(ids) for ids, count in lists)
    crossed = grades(base.totals, scheme.bands, scheme.decimals) != grades(draft.totals, scheme.bands, scheme.decimals)
    return Affected(
        level=field.level,
        period=str(field.period),
        units=len(field.units),
        moved=int((far > 0).sum()),
        farthest=int(far.max(initial=0)),
        regraded=int((crossed & both).sum()),
        enter=enter,
        leave=leave,
    )
