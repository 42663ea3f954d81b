"""Which measures may be used: not those that do not apply to a unit, nor those that an audit has voided."""

import numpy as np

from fengqiao_eval.errors import SCORED, STATUSES
from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.indicator import Gate
from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scoring.cohort import exempted
from fengqiao_eval.scoring.measures import Measured

NOT_APPLICABLE, VOID = STATUSES.index("not_applicable"), STATUSES.index("void")
OK, PROVISIONAL = map(STATUSES.index, SCORED)


def valued(status: np.ndarray) -> np.ndarray:
    """Say which statuses carry a value that may be used."""
    return (status == OK) | (status == PROVISIONAL)


def admitted(found: Measured, scheme: Scheme, tree: Tree, number: int) -> np.ndarray:
    """Give the statuses of one entry after its exemptions and its gate, before anything is held against them."""
    status = _applicable(found, scheme, tree, number)
    gate = getattr(scheme.entries[number], "gate", None)
    if gate is None:
        return status
    other = next(n for n, indicator in enumerate(scheme.indicators) if indicator.code == gate.indicator)
    fails = valued(_applicable(found, scheme, tree, other)) & _fails(gate, found.value[:, other])
    return np.where(fails & (status != NOT_APPLICABLE), VOID, status).astype(np.int8)


def _applicable(found: Measured, scheme: Scheme, tree: Tree, number: int) -> np.ndarray:
    exempt, status = getattr(scheme.entries[number], "not_applicable", None), found.status[:, number]
    return np.where(exempted(exempt, tree), NOT_APPLICABLE, status).astype(np.int8) if exempt else status


def _fails(gate: Gate, value: np.ndarray) -> np.ndarray:
    if gate.at_least is not None:
        return value < float(gate.at_least)
    return value > float(gate.at_most)  # type: ignore[arg-type]  # a gate has one line
