"""The tuning screen in a notebook: what the browser cannot do is done here, on its request."""

from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from fengqiao_eval.errors import OFFICER, FengqiaoError, InputError, UsageError
from fengqiao_eval.results.run import Run
from fengqiao_eval.tuning import override, payload
from fengqiao_eval.tuning.rescore import Field, choose
from fengqiao_eval.tuning.sensitivity import rank_robustness
from fengqiao_eval.wording.numbers import period_words, plain, term
from fengqiao_eval.words import say

SIGNED = ("reason", "author", "checker", "date")


class Tuner(anywidget.AnyWidget):
    """Weights moved by hand: the screen of tuner.js, and the kernel that answers it.

    Messages: texts (names and ids, which are no state of the widget: a tool that saves the notebook would keep them in it),
    totals (the browser cannot reckon), firm (how firm the places of a group are), save. An answer carries the id of its
    question; what is refused comes back as sentences.
    """

    _esm = payload.HERE / "tuner.js"
    _css = payload.HERE / "tuner.css"
    head = traitlets.Dict().tag(sync=True)
    points = traitlets.Bytes().tag(sync=True)
    adjusted = traitlets.Bytes().tag(sync=True)
    able = traitlets.Bytes().tag(sync=True)
    barred = traitlets.Bytes().tag(sync=True)
    group = traitlets.Bytes().tag(sync=True)
    county = traitlets.Bytes().tag(sync=True)
    size = traitlets.Bytes().tag(sync=True)
    few = traitlets.Bytes().tag(sync=True)
    base = traitlets.Bytes().tag(sync=True)
    weights = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, field: Field, folder: Path, group: str | None = None) -> None:
        """Show what was chosen; override files go to the folder."""
        self.field, self.folder = field, folder
        self.saved: list[override.Saved] = []
        head, weights = payload.screen_head(field, group), field.table.in_force.tolist()
        super().__init__(head=head, weights=weights, **payload.unit_arrays(field))
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
        """Say which override files were saved on the screen, whom they affect, and how to score with the last one."""
        lang = self.field.lang
        if not self.saved:
            return say("tune.nothing_kept", lang)
        lines = [say("tune.kept", lang, path=_project_path(one.path), affected=one.text(lang)) for one in self.saved]
        name = self.field.run.manifest["run"]
        params = f"params/{name}.yaml" if Path("..", "params", f"{name}.yaml").is_file() else "PARAMS"
        last = f"{params} --set overrides={_project_path(self.saved[-1].path)}"
        calls = [f"fengqiao check {last}", f"fengqiao score {last} --set out=runs/tuned"]
        return "\n".join([*lines, say("tune.then", lang), *(f"  {call}" for call in calls)])

    def _asked(self, _: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        """Answer a message of the browser."""
        kind, number = content.get("kind"), content.get("id")
        answers = {"texts": self._texts, "totals": self._totals, "firm": self._firm, "save": self._save}
        if kind not in answers:
            return
        try:
            answer, parts = answers[kind](content, buffers)
        except FengqiaoError as error:
            faults = [fault.text(self.field.lang) for fault in error.faults] if isinstance(error, InputError) else [str(error)]
            answer, parts = {"kind": "refused", "faults": faults}, []
        self.send({**answer, "id": number}, parts)

    def _texts(self, _content: dict[str, Any], _: list[Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Tell names and ids."""
        return {"kind": "texts", **payload.unit_texts(self.field)}, []

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
        return {"kind": "firm", "ranges": ranges, "draws": draws}, [_int32_bytes(end) for end in ends]

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
        path = override.free_path(self.folder, self.field.level, str(signed.get("date", "")))
        saved = override.write(self.field, path, weights, signed)
        self.saved.append(saved)
        return {"kind": "saved", "file": path.name, "summary": saved.text(self.field.lang)}, []

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

    level: whose weights (the stations', where there are any); group: the class shown first; period: by default the run's own, or,
    while that is open or being paid out, the one before; folder: where override files go, by default beside the scheme; lang: zh
    or en, by default the run's. Raises UsageError where the run holds no points, no such level, period or group.
    """
    field = choose(run, level, period, lang)
    scheme = field.run.path / str(field.run.manifest.get("parameters", {}).get("scheme", ""))
    beside = scheme.parent.resolve() if scheme.is_file() else Path()  # where the scheme is gone, the folder we are in
    return Tuner(field, Path(folder) if folder else beside, group)


def _project_path(path: Path) -> str:
    """Write a path as it is typed in the project folder, which lies above the notebook's."""
    project = Path("..").resolve()
    whole = path.resolve()
    return whole.relative_to(project).as_posix() if whole.is_relative_to(project) else str(whole)
