"""What is tuned: the units of one level of a run in one period, and what comes of them under any weights."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from fengqiao_eval.errors import UsageError
from fengqiao_eval.periods import Period
from fengqiao_eval.records.units import OFFICER
from fengqiao_eval.scorecards.folder import Run
from fengqiao_eval.scorecards.glance import class_order
from fengqiao_eval.scoring.cohort import Cohort
from fengqiao_eval.scoring.ranks import places
from fengqiao_eval.workbench.anew import Weighed, outside_of, settled, unlinear, weighed
from fengqiao_eval.workbench.sheet import Sheet, read_sheet
from fengqiao_eval.workbench.table import Table

EXEMPT = "exempt"


@dataclass(frozen=True)
class Outcome:
    """What comes of some weights: contributions (units × indicators) and totals in whole 10^-decimals, and places (0: none)."""

    contributions: np.ndarray
    totals: np.ndarray
    place: np.ndarray


@dataclass(frozen=True)
class Field:
    """The units of a level in a period: what the run knows of them, and the number of the group within which each is placed."""

    run: Run
    period: Period
    units: pd.DataFrame
    groups: tuple[str, ...]
    group: np.ndarray
    table: Table
    sheet: Sheet

    @property
    def level(self) -> str:
        """The level."""
        return self.table.level

    @property
    def lang(self) -> str:
        """The language of the run."""
        return str(self.run.manifest.get("lang", "zh"))

    @cached_property
    def unlinear(self) -> list[str]:
        """What makes totals more than sums of points × weights (each a sentence tune.why); nothing where they are sums."""
        spared = self.sheet.spared[:, self.table.columns].any()
        return [*unlinear(self.table, self.sheet), *([EXEMPT] if spared else [])]

    @cached_property
    def able(self) -> np.ndarray:
        """Say which units may have a place, if enough is scored."""
        return self.table.among.eligible & ~self._weighed(self.table.in_force).barred

    @cached_property
    def base(self) -> Outcome:
        """What comes of the weights in force."""
        return self.outcome(self.table.in_force)

    @cached_property
    def _outside(self) -> dict[Period, np.ndarray]:
        return outside_of(self.table, self.sheet)

    def _weighed(self, hundredths: np.ndarray) -> Weighed:
        return weighed(self.table, self.sheet, hundredths, self._outside)

    def outcome(self, hundredths: np.ndarray) -> Outcome:
        """Weigh anew and place within the groups: what the run would say under these weights (hundredths, one a node)."""
        found = self._weighed(np.asarray(hundredths))
        placed = self.table.among.eligible & found.enough(self.table.scheme)
        return Outcome(found.contributions, found.totals, places(found.totals, self.group, placed)[0])

    def only(self, at: np.ndarray) -> "Field":
        """Take some of the units."""
        among = Cohort(*(getattr(self.table.among, name)[at] for name in ("levels", "classes", "groups", "within", "eligible")))
        table = Table(self.table.scheme, self.level, among)
        return Field(self.run, self.period, self.units.iloc[at], self.groups, self.group[at], table, self.sheet.only(at))


def read_field(run: Run, level: str, period: Period) -> Field:
    """Read what is tuned from a run folder.

    Raises UsageError where the run has no points, no such units, or other contributions than its points and weights make.
    """
    units = _units(run, level, period)
    labels = sorted(units["group"].unique(), key=class_order)
    group = pd.Index(labels).get_indexer(units["group"])
    classes = units["peer_class"].fillna("").to_numpy(dtype=object)
    eligible = ~units["unit_id"].isin(run.scheme.unranked).to_numpy()
    levels = np.full(len(units), level, dtype=object)
    among = Cohort(levels, classes, units["group"].to_numpy(dtype=object), group, eligible)
    sheet = read_sheet(run, among, pd.Index(units["unit_id"]), period)
    table = Table(run.scheme, level, among)
    found = Field(run, period, units, tuple(labels), group, table, settled(table, sheet))
    if not np.array_equal(found.base.contributions, sheet.contributions):
        raise UsageError("tune.other_arithmetic", run=run.manifest["run"])
    return found


def _units(run: Run, level: str, period: Period) -> pd.DataFrame:
    """List the units of a level that have a total in the period, as the run knows them."""
    ranks, units = (run.frame(name, officers=level == OFFICER).data for name in ("ranks", "units"))
    here = ranks[((ranks["level"] == level) & (ranks["period"] == str(period))).to_numpy()] if len(ranks) else ranks
    scored = run.of_period("points", str(period), officers=level == OFFICER)
    if ranks.empty or units.empty or (scored.empty and run.frame("points", officers=level == OFFICER).data.empty):
        raise UsageError("tune.no_points", run=run.manifest["run"], level=level)
    if here.empty:
        held = {"levels": ", ".join(ranks["level"].unique()), "periods": ", ".join(ranks["period"].unique())}
        raise UsageError("tune.nobody", run=run.manifest["run"], level=level, period=str(period), **held)
    placed = here[["unit_id", "peer_class"]].rename(columns={"peer_class": "group"}).fillna({"group": ""}).astype("str")
    return placed.merge(units.astype({"unit_id": "str"}), on="unit_id", how="left")
