"""Which shorter periods a longer one is the mean of: asked by pages too, which load nothing else of the scoring."""

from collections.abc import Iterable

from fengqiao_eval.periods import Period
from fengqiao_eval.scheme.model import Scheme

MONTHS = {"month": 1, "quarter": 3}


def parts(scheme: Scheme, period: Period) -> tuple[Period, ...]:
    """Name the periods of whose totals a longer one is the mean, the longest that are shorter; none where it is counted anew.

    >>> from fengqiao_eval.periods import parse
    >>> scheme = Scheme.model_construct(longer_period="mean_of_totals", mean_of=("month", "quarter"))
    >>> [*map(str, parts(scheme, parse("2024")))], [*map(str, parts(scheme, parse("2024Q4")))], parts(scheme, parse("2024-10"))
    (['2024Q1', '2024Q2', '2024Q3', '2024Q4'], ['2024-10', '2024-11', '2024-12'], ())
    """
    lengths = [MONTHS[word] for word in scheme.mean_of if MONTHS[word] < period.months]
    if scheme.longer_period == "recount" or not lengths:
        return ()
    return tuple(Period(first, max(lengths)) for first in period.month_numbers[:: max(lengths)])


def with_parts(scheme: Scheme, periods: Iterable[Period]) -> tuple[Period, ...]:
    """Name the periods, and after them every period of which they are the mean, at any remove."""
    asked = tuple(dict.fromkeys(periods))
    inner = [part for period in asked for part in parts(scheme, period)]
    return tuple(dict.fromkeys((*asked, *with_parts(scheme, inner)))) if inner else asked
