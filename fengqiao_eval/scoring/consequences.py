"""What stands outside the hundred: points added and deducted within their limits, and vetoes with their effects."""

from collections.abc import Iterable

from fengqiao_eval.periods import Period
from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scoring.adjustments import Adjustment
from fengqiao_eval.scoring.cohort import Cohort
from fengqiao_eval.scoring.comparing import Compared, History
from fengqiao_eval.scoring.totals import Totals


def consequences(
    found: Compared, totals: Totals, history: History, period: Period, scheme: Scheme, among: Cohort
) -> tuple[Adjustment, ...]:
    """Give the lines outside the hundred of every unit in a period."""
    return ()


def needs(scheme: Scheme, periods: Iterable[Period]) -> tuple[Period, ...]:
    """Name the further periods whose measures the lines outside the hundred look at."""
    return ()
