"""The tuning screen in a notebook: what the browser cannot do is done here, on its request."""

import re
import shlex
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from fengqiao_eval.errors import OFFICER, FengqiaoError, InputError, UsageError
from fengqiao_eval.files import refusal, to_path
from fengqiao_eval.periods import parse
from fengqiao_eval.results.run import Run
from fengqiao_eval.tuning import override, payload
from fengqiao_eval.tuning.rescore import Field, choose
from fengqiao_eval.tuning.sensitivity import chance_ranges, rank_robustness
from fengqiao_eval.wording.numbers import period_words, plain, term
from fengqiao_eval.words import say

FINER = 100
"""Errors of totals are told in so small parts of the last decimal of a total; -1: not known."""

SIGNED = ("reason", "author", "checker", "date")


class Tuner(anywidget.AnyWidget):
    """Weights moved by hand: the screen of tuner.js, and the kernel that answers it.

    Messages: open (a level and a period: head, names, ids and arrays, which are no state of the widget: a tool that saves the
    notebook would keep them in it), totals (the browser cannot reckon), firm (how firm the places of a group are), save. An
    answer carries the id of its question; what is refused comes back as sentences. State is only what the weights are.
    """

    _esm = payload.HERE / "tuner.js"
    _css = payload.HERE / "tuner.css"
    opening = traitlets.Dict().tag(sync=True)  # what is said until all else is there
    weights = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, field: Field, folder: Path, group: str | None = None) -> None:
        """Show what was chosen; override files go to the folder."""
        self.field, self.folder, self.group = field, folder, group
        self.head = payload.screen_head(field, group)
        self.saved: list[override.Saved] = []
        lang = field.lang
        opening = {"lang": lang, "waits": say("tune.opening", lang), "silent": say("tune.opening_silent", lang)}
        opening |= {"kept": payload.kept_key(field), "asked": f"{field.level} {field.period}"}
        super().__init__(weights=field.table.in_force.tolist(), opening=opening)
        self.on_msg(self._asked)

    def headline(self) -> str:
        """Say which units are placed, by which weights, and what must be known of the choice."""
        field, head = self.field, self.head
        lang, comma = field.lang, say("explain.comma", field.lang)
        given = {"level": term("level", field.level, lang), "period": period_words(str(field.period), lang)}
        counts = {"units": len(field.units), "placed": int((field.base.place > 0).sum()), "version": head["version"]}
        tops = [node for node in head["nodes"][1:] if node["above"] == 0]
        weights = [say("tune.weight", lang, label=node["label"], weight=plain(node["weight"] / 100, 2)) for node in tops]
        return "\n".join([say("tune.headline", lang, **given, **counts), comma.join(weights), *head["warnings"]])

    def saved_overrides(self) -> str:
        """Say which override files were saved on the screen, whom they affect, and how to lay the last one beside the run."""
        lang = self.field.lang
        if not self.saved:
            return say("tune.nothing_kept", lang)
        lines = [say("tune.kept", lang, path=_project_path(one.path), affected=one.text(lang)) for one in self.saved]
        return "\n".join([*lines, *self._next_steps(self.saved[-1].path)])

    def _next_steps(self, path: Path) -> list[str]:
        """Say how a saved override is scored into a run of its own and compared, in commands typed in the project folder."""
        run, lang, name = self.field.run, self.field.lang, str(self.field.run.manifest["run"])
        stem = re.sub(r"-r\d+$", "", name)  # a correction is made from the params file of what it corrects
        params = f"params/{stem}.yaml" if Path("..", "params", f"{stem}.yaml").is_file() else "PARAMS"
        out, saved = _project_path(run.path.parent / path.stem), _project_path(path)
        draft = [] if run.manifest["state"] == "draft" else ["--set", "state=draft"]
        score = ["fengqiao", "score", params, "--set", f"overrides={saved}", "--set", f"out={out}", *draft]
        compare = ["fengqiao", "compare", _project_path(run.path), f"{out}/{stem}"]
        told = [say("tune.then", lang), *(f"  {shlex.join(words)}" for words in (score, compare))]
        if self.field.period != parse(run.period):
            both = {"tuned": period_words(str(self.field.period), lang), "own": period_words(run.period, lang)}
            told.append(say("tune.other_period", lang, **both))
        return told

    def _asked(self, _: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        """Answer a message of the browser."""
        kind, number = content.get("kind"), content.get("id")
        answers = {"open": self._open, "totals": self._totals, "firm": self._firm, "save": self._save}
        if kind not in answers:
            return
        try:
            answer, parts = answers[kind](content, buffers)
        except Exception as error:
            self.send({"kind": "refused", "faults": self._faults(error), "id": number}, [])
            if not isinstance(error, FengqiaoError | OSError):
                raise  # a bug is for whoever reads the log; on the screen a sentence stands
        else:
            self.send({**answer, "id": number}, parts)

    def _faults(self, error: Exception) -> list[str]:
        """Say in sentences what was refused: by us, by the system, or by a fault of the program."""
        lang = self.field.lang
        if isinstance(error, InputError):
            return [fault.text(lang) for fault in error.faults]
        told = error if isinstance(error, FengqiaoError) else refusal(error)
        if told is None:
            return [say("tune.fault_bug", lang)]
        told.lang = lang
        return [str(told)]

    def _open(self, content: dict[str, Any], _: list[Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Tell all that the screen shows; of another level or period where they are named."""
        level, period = (content.get(key) for key in ("level", "period"))
        if isinstance(level, str) and (level, period) != (self.field.level, str(self.field.period)):
            field = choose(self.field.run, level, period if isinstance(period, str) else None)
            head = payload.screen_head(field, self.group if self.group in field.groups else None)
            if field.level != self.field.level:
                self.weights = field.table.in_force.tolist()
            self.field, self.head = field, head
        parts = payload.unit_arrays(self.field)
        told = {"head": self.head, "arrays": list(parts), **payload.unit_texts(self.field)}
        return {"kind": "opened", "weights": self.weights, **told}, list(parts.values())

    def _totals(self, content: dict[str, Any], _: list[Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Weigh anew: totals, places, and contributions by the dimensions at the top (units × dimensions)."""
        outcome, tree = self.field.outcome(self._weights(content)), self.field.table.tree
        top = np.arange(len(tree.above))
        while (tree.above[top] > 0).any():
            top = np.where(tree.above[top] > 0, tree.above[top], top)
        tops = [node for node in self.field.table.nodes if tree.above[node] == 0]
        parts = np.column_stack([outcome.contributions[:, top[tree.leaves] == node].sum(axis=1) for node in tops])
        return {"kind": "totals"}, [_int32_bytes(each) for each in (outcome.totals, outcome.place, parts)]

    def _firm(self, content: dict[str, Any], _: list[Any]) -> tuple[dict[str, Any], list[bytes]]:
        group = int(content.get("group", 0)) % len(self.field.groups)
        ends, ranges, draws = rank_robustness(self.field, self._weights(content), group, self.head["awards"][group])
        low, high, error = chance_ranges(self.field, self._weights(content), group)
        finest = 10**self.field.table.scheme.decimals * FINER
        errors = np.where(np.isnan(error), -1, np.rint(np.nan_to_num(error) * finest))
        return {"kind": "firm", "ranges": ranges, "draws": draws}, [_int32_bytes(each) for each in (*ends, low, high, errors)]

    def _save(self, content: dict[str, Any], buffers: list[Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Reckon anew, refuse to go on where the browser does not say the same places, and write."""
        weights = self._weights(content)
        ours, theirs = self.field.outcome(weights).place, np.frombuffer(buffers[0] if buffers else b"", dtype="<i4")
        if len(ours) != len(theirs):
            raise UsageError("tune.places", count=len(ours), given=len(theirs))
        away = np.flatnonzero(ours != theirs)
        if len(away):
            unit = "—" if self.field.level == OFFICER else self.field.units["unit_id"].iloc[away[0]]
            raise UsageError("tune.disagree", count=len(away), unit=unit)
        signed = {key: content.get(key) for key in SIGNED if content.get(key) is not None}
        saved = override.write_beside(self.field, self.folder, weights, signed)
        if not saved.again:
            self.saved.append(saved)
        lang = self.field.lang
        told = {"path": _project_path(saved.path), "summary": saved.text(lang), "then": self._next_steps(saved.path)}
        return {"kind": "saved", "again": saved.again, **told}, []

    def _weights(self, content: dict[str, Any]) -> np.ndarray:
        """Read the weights of a message."""
        given, most = content.get("weights"), int(self.field.table.in_force.max())
        count = len(self.field.table.nodes)
        fine = isinstance(given, list) and len(given) == count and all(type(one) is int and 0 <= one <= most for one in given)
        if not fine:
            raise UsageError("tune.weights", count=count, most=most, given=str(given)[:60])
        return np.array(given, dtype=np.int64)


def _int32_bytes(numbers: np.ndarray) -> bytes:
    """Write whole numbers as the browser reads them."""
    return np.ascontiguousarray(numbers, dtype="<i4").tobytes()


def tuner(
    run: Run | str | Path,
    level: str | None = None,
    group: str | None = None,
    period: str | None = None,
    folder: str | Path | None = None,
    lang: str | None = None,
) -> Tuner:
    """Open the tuning screen on a finished run: move weights, see who rises and falls, keep or drop them.

    Level, period and class are lists on the screen; what is given here is what it shows first.
    level: whose weights (the stations', where there are any), by code or name; group: the class; period: by default the run's
    own, or, while that is open or being paid out, the one before; folder: where override files go, by default beside the scheme;
    lang: zh or en, by default the run's. Raises UsageError where the run holds no points, no such level, period or group.
    """
    given = None if folder in (None, "") else to_path(folder)
    field = choose(run, level, period, lang)
    scheme = field.run.path / str(field.run.manifest.get("parameters", {}).get("scheme", ""))
    beside = scheme.parent.resolve() if scheme.is_file() else Path()  # where the scheme is gone, the folder we are in
    return Tuner(field, given or beside, group)


def _project_path(path: Path) -> str:
    """Write a path as it is typed in the project folder, which lies above the notebook's."""
    project = Path("..").resolve()
    whole = path.resolve()
    return whole.relative_to(project).as_posix() if whole.is_relative_to(project) else str(whole)
