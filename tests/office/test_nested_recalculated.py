"""LibreOffice reckons a scheme that uses every feature: dimensions in dimensions, full marks by class, means of months."""

from pathlib import Path

import pandas as pd
import pytest

from fengqiao_eval.periods import parse
from fengqiao_eval.records import demo
from fengqiao_eval.records.store import open_records
from fengqiao_eval.runs import publish
from fengqiao_eval.scheme.load import load
from fengqiao_eval.scorecards import workbook
from fengqiao_eval.scoring.score import score

pytestmark = pytest.mark.office
SCHEME = Path(__file__).parents[1] / "every_feature.yaml"
