"""The language of rules at a glance: every class of a scheme is a rule, a part of a rule, or what holds rules together."""

from fengqiao_eval.scheme.counted import Coded, Count, Distinct, Elapsed, Figure, Mean, Quantile, Ratio, Share
from fengqiao_eval.scheme.filters import Test, Within
from fengqiao_eval.scheme.indicator import Aside, Exempt, Gate, Indicator, Split
from fengqiao_eval.scheme.model import Award, Band, Dimension, Judgement, Justified, Scheme, Void
from fengqiao_eval.scheme.outside import Consequence, Outside
from fengqiao_eval.scheme.references import Change, Peers, Place, Quota
from fengqiao_eval.scheme.rules import Curve, Line, Relative, Steps
from fengqiao_eval.scheme.worth import Again, Factor, Ladder, Worth

COUNTED = (Share, Coded, Ratio, Mean, Quantile, Distinct, Count, Figure)
REFERENCES = (Quota, Change, Peers, Place)
POINTS = (Curve, Steps, Line, Relative)

RULES = (*COUNTED, *REFERENCES, *POINTS, Worth, Factor, Gate, Exempt)
"""What an author writes to say how something is reckoned: each takes rows or values and makes a value, points or a status."""

PARTS = (Elapsed, Test, Within, Ladder, Again, Aside, Split)
"""What a rule is filled in with, or what is printed beside it; none stands by itself."""

HOLDERS = (Scheme, Dimension, Indicator, Outside, Consequence, Band, Award, Void, Justified, Judgement)
"""What holds rules together: lines with label, weight or effect, groups of them, and what is decided about the whole."""
