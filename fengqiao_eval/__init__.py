"""Fengqiao evaluation workbench (一表通考): records in, station and officer scorecards out.

This page is the catalogue of public names; what stands behind a name is loaded when it is first asked for, so that
`import fengqiao_eval` loads neither ibis nor plotly nor papermill.

>>> import fengqiao_eval as fq
>>> str(fq.parse("2024Q4").previous)
'2024Q3'
"""

from importlib import import_module
from typing import Any

_CATALOGUE = {
    "errors": ("Fault", "FengqiaoError", "InputError", "UsageError"),
    "periods": ("Period", "parse", "resolve"),
    "records.store": ("Records", "open_records"),
    "scheme.load": ("load",),
    "scheme.indicator": ("Indicator",),
    "scheme.scheme": ("Scheme", "nominal"),
    "scoring.normalisation": ("absolute", "half_up", "relative"),
    "scoring.aggregation": ("total", "weights_at"),
    "scoring.ranking": ("grades", "places"),
    "scoring.score": ("Scores", "score"),
    "measuring.drilldown": ("trace",),
    "results.run": ("Run", "open_run"),
    "results.card": ("Card", "card"),
    "results.firmness": ("places_frame", "rankability_frame", "shared_records", "shrunken_frame"),
    "validation.claims": ("claims_frame",),
    "validation.audit": ("AuditReport", "write_audit"),
    "runs.job": ("audit_records",),
    "runs.recalculation": ("Recalculation", "recalculation"),
    "intake.reading": ("Reading", "read_folder"),
    "pages.card_frames": ("class_frame", "dimension_frame", "indicator_frame", "trend_frame"),
    "pages.fragments": (
        *("dimensions_table", "gains_table", "headline", "indicators_table", "limits", "lost_records"),
        *("open_disputes", "service", "units_table"),
    ),
    "tuning.sensitivity": ("proposed_weights",),
    "pages.charts": ("draw_class", "draw_dimensions", "draw_funnel", "draw_indicators", "draw_places", "draw_trend"),
    "tuning.widget": ("tuner",),
    "tuning.override": ("save_override",),
    "tuning.payload": ("write_standalone",),
}

_MODULES = {"overview": "pages.overview"}
"""Modules that notebooks use whole."""

_ROOM_OF = {name: room for room, names in _CATALOGUE.items() for name in names}

__all__ = sorted(_ROOM_OF | _MODULES)  # noqa: PLE0605 - a list of names, made from the catalogue
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load a public name from its room."""
    if name in _MODULES:
        return import_module(f"{__name__}.{_MODULES[name]}")
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOM_OF[name]}"), name)


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
