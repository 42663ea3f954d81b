"""The tuning screen in a notebook: what the browser cannot do is done here, on its request."""

from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from fengqiao_eval.errors import FengqiaoError, InputError, UsageError
from fengqiao_eval.records.units import OFFICER
from fengqiao_eval.scorecards.folder import Run, open_run
from fengqiao_eval.workbench import payload, saving
from fengqiao_eval.workbench.choice import Chosen, choose
from fengqiao_eval.workbench.field import Outcome
from fengqiao_eval.workbench.firm import firm

HERE = Path(__file__).parent
SIGNED = ("reason", "author", "checker", "date")


class Tuner(anywidget.AnyWidget):
    """Weights moved by hand: the screen of tuner.js, and the kernel that answers it.

    Messages: totals (the browser cannot reckon), firm (how firm the places of a group are), save. An answer carries the id of
    its question; what is refused comes back as sentences.
    """

    _esm = HERE / "tuner.js"
    _css = HERE / "tuner.css"
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
    names = traitlets.Unicode().tag(sync=True)
    ids = traitlets.Unicode().tag(sync=True)
    weights = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, chosen: Chosen, folder: Path, group: str | None = None) -> None:
        """Show what was chosen; override files go to the folder."""
        self.field, self.folder = chosen.field, folder
        self.saved: list[saving.Saved] = []
        head = payload.head(chosen, group)
        weights = self.field.table.in_force.tolist()
        super().__init__(head=head, weights=weights, **payload.arrays(self.field), **payload.texts(self.field))
        self.on_msg(self._asked)

    def _asked(self, _: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        """Answer a message of the browser."""
        kind, number = content.get("kind"), content.get("id")
        answers = {"totals": self._totals, "firm": self._firm, "save": self._save}
        if kind not in answers:
            return
        try:
            answer, parts = answers[kind](content, buffers)
        except InputError as error:
            answer, parts = {"kind": "refused", "faults": [fault.text(self.field.lang) for fault in error.faults]}, []
        except FengqiaoError as error:
            answer, parts = {"kind": "refused", "faults": [str(error)]}, []
        self.send({**answer, "id": number}, parts)

    def _totals(self, content: dict[str, Any], _: list[Any]) -> tuple[dict[str, Any], list[bytes]]:
        outcome = self.field.outcome(self._weights(content))
        return {"kind": "totals"}, [_whole(outcome.totals), _whole(outcome.place), _whole(self._by_dimension(outcome))]

    def _by_dimension(self, outcome: Outcome) -> np.ndarray:
        """Add up contributions by the dimensions at the top (units × dimensions)."""
        tree = self.field.table.tree
        top = np.arange(len(tree.above))
        while (tree.above[top] > 0).any():
            top = np.where(tree.above[top] > 0, tree.above[top], top)
        tops = [node for node in self.field.table.nodes if tree.above[node] == 0]
        return np.column_stack([outcome.contributions[:, top[tree.leaves] == node].sum(axis=1) for node in tops])

    def _firm(self, content: dict[str, Any], _: list[Any]) -> tuple[dict[str, Any], list[bytes]]:
        group = int(content.get("group", 0)) % len(self.field.groups)
        found = firm(self.field, self._weights(content), group, self.head["awards"][group])
        return {"kind": "firm", "ranges": found.ranges, "draws": found.draws}, [_whole(found.low), _whole(found.high)]

    def _save(self, content: dict[str, Any], buffers: list[Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Reckon anew, hold the browser's places against it, and write."""
        weights = self._weights(content)
        self._agree(self.field.outcome(weights).place, np.frombuffer(buffers[0] if buffers else b"", dtype="<i4"))
        signed = {key: content.get(key) for key in SIGNED if content.get(key) is not None}
        path = saving.free_path(self.folder, self.field.level, str(signed.get("date", "")))
        saved = saving.write(self.field, path, weights, signed)
        self.saved.append(saved)
        return {"kind": "saved", "file": path.name, "summary": saved.text(self.field.lang)}, []

    def _agree(self, ours: np.ndarray, theirs: np.ndarray) -> None:
        """Refuse to go on where browser and kernel do not say the same places."""
        if len(ours) != len(theirs):
            raise UsageError("tune.places", count=len(ours), given=len(theirs))
        away = np.flatnonzero(ours != theirs)
        if len(away):
            unit = "—" if self.field.level == OFFICER else self.field.units["unit_id"].iloc[away[0]]
            raise UsageError("tune.disagree", count=len(away), unit=unit)

    def _weights(self, content: dict[str, Any]) -> np.ndarray:
        """Read the weights of a message."""
        given, most = content.get("weights"), int(self.field.table.in_force.max())
        count = len(self.field.table.nodes)
        fine = isinstance(given, list) and len(given) == count and all(type(one) is int and 0 <= one <= most for one in given)
        if not fine:
            raise UsageError("tune.weights", count=count, most=most, given=str(given)[:60])
        return np.array(given, dtype=np.int64)


def _whole(numbers: np.ndarray) -> bytes:
    """Write whole numbers as the browser reads them."""
    return np.ascontiguousarray(numbers, dtype="<i4").tobytes()


def tuner(
    run: Run | str | Path,
    level: str | None = None,
    group: str | None = None,
    period: str | None = None,
    folder: str | Path | None = None,
) -> Tuner:
    """Open the tuning screen on a finished run: move weights, see who rises and falls, keep or drop them.

    level: whose weights (the stations', where there are any); group: the class shown first; period: by default the run's own, or,
    while that is open or being paid out, the one before; folder: where override files go, by default beside the scheme.
    Raises UsageError where the run holds no points, no such level, period or group.
    """
    opened = run if isinstance(run, Run) else open_run(run)
    return Tuner(choose(opened, level, period), Path(folder) if folder else _beside_scheme(opened), group)


def _beside_scheme(run: Run) -> Path:
    """Name the folder of the run's scheme, or the one we are in, where that is gone."""
    scheme = run.path / str(run.manifest.get("parameters", {}).get("scheme", ""))
    return scheme.parent.resolve() if scheme.is_file() else Path()
