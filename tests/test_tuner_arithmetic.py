"""The arithmetic of the tuning screen: Node runs its own tests, and totals and places are those of scoring, number for number."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from fengqiao_eval.scoring.aggregation import Weights, total
from fengqiao_eval.scoring.ranking import places

HERE = Path(__file__).parent / "workbench"
NOT_SCORED = -(2**31)
LEAST = 0.7
TREES = {
    "one dimension": [-1, 0, 1],
    "flat": [-1, 0, 0, 0],
    "dimensions and indicators": [-1, 0, 1, 1, 1, 0, 5, 5, 0, 8, 8, 8],
    "dimensions in dimensions": [-1, 0, 1, 2, 2, 1, 5, 5, 0, 8, 8, 0, 11, 12, 13, 13],
}
"""For each node of a table the node it is part of."""


def node(program, *given):
    """Run Node and give what it said; whatever it exits with."""
    return subprocess.run([program, *map(str, given)], capture_output=True, text=True, check=False, encoding="utf-8")


def test_node_runs_its_own_tests(need):
    """Steps, locks, undo, totals, places, influence and stretches hold by Node's own test runner."""
    ran = node(need("node"), "--test", *sorted(HERE.glob("*.test.mjs")))
    assert "# fail 0" in ran.stdout, ran.stdout[-4000:]
    assert ran.returncode == 0


def leaves_of(above):
    """Name the nodes that nothing is part of, in order."""
    return [each for each in range(1, len(above)) if each not in above]


def draw_weights(dice, above, *, whole):
    """Draw weights in hundredths that add up to 10,000 beneath each node; whole ones, or any; some are nothing."""
    weights = np.zeros(len(above), dtype=int)
    for over in set(above) - {-1}:
        parts = [each for each, one in enumerate(above) if one == over]
        step = 100 if whole else 1
        shares = dice.multinomial(10_000 // step, dice.dirichlet(np.ones(len(parts))))
        weights[parts] = shares * step
    return weights


def draw_case(dice, units, tree, *, decimals, ties, whole):
    """Draw a table: points with gaps, adjustments, who may be placed, groups, and some weights."""
    above = TREES[tree]
    shape = (units, len(leaves_of(above)))
    points = dice.integers(60, 70, shape) * 10_000 if ties else dice.integers(-50_000, 1_500_000, shape)
    points[dice.random(shape) < 0.1] = NOT_SCORED
    adjusted = dice.integers(-300, 300, units) * (dice.random(units) < 0.2)
    group = dice.integers(0, max(1, min(7, units // 3)), units)
    draws = [draw_weights(dice, above, whole=whole) for _ in range(3)]
    return {
        "above": np.array(above),
        "points": points.astype("<i4"),
        "adjusted": adjusted.astype("<i4"),
        "able": (dice.random(units) < 0.95).astype("u1"),
        "group": group.astype("<u2"),
        "draws": draws,
        "decimals": decimals,
    }


def write(case, folder, name):
    """Write a case as the browser has it: JSON for the table, bytes for the units."""
    leaves = leaves_of(case["above"].tolist())
    nodes = [
        {
            "above": int(over),
            "leaf": leaves.index(at) if at in leaves else -1,
            "weight": int(case["draws"][0][at]),
            "whole": 10_000,
        }
        for at, over in enumerate(case["above"])
    ]
    given = {"nodes": nodes, "style": "within", "decimals": case["decimals"], "leastCovered": LEAST - 1e-9}
    (folder / f"{name}.json").write_text(json.dumps(given | {"draws": [draw.tolist() for draw in case["draws"]]}), "utf-8")
    for trait in ("points", "adjusted", "able", "group"):
        (folder / f"{name}.{trait}").write_bytes(case[trait].tobytes())


def scored_by_python(case, draw):
    """Score a case as scoring does: totals and places."""
    above = case["above"]
    weights = Weights(np.r_[1, draw[1:]], above, np.array(leaves_of(above.tolist())))
    scored = case["points"] != NOT_SCORED
    found = total(np.where(scored, case["points"], 0) / 10_000, scored & (weights.indicators > 0), weights, case["decimals"])
    totals = found.totals + case["adjusted"]
    ranked = (case["able"] == 1) & (found.covered >= LEAST - 1e-9) & (found.covered > 0)
    return totals, places(totals, case["group"], ranked)[0]


def read(path):
    """Read what the browser's arithmetic found."""
    return np.frombuffer(path.read_bytes(), dtype="<i4")


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("ties", [True, False], ids=["ties", "no ties"])
def test_the_browser_places_as_scoring_does(need, tmp_path, tree, ties):
    """Random weights, 2 to 2,000 units, gaps, redistribution, nested dimensions: the same totals and places, every one."""
    dice = np.random.default_rng([len(tree), ties])
    sizes = [(2, 2), (3, 0), (17, 2), (60, 4), (400, 1), (2_000, 2)]
    cases = [
        draw_case(dice, n, tree, decimals=decimals, ties=ties, whole=whole) for n, decimals in sizes for whole in (True, False)
    ]
    compare(need("node"), cases, tmp_path)


@pytest.mark.parametrize("units", [40_000, 60_000])
def test_a_whole_province_of_officers_is_placed_alike(need, tmp_path, units):
    """Tens of thousands of units: the same totals and places, every one."""
    dice = np.random.default_rng(units)
    case = draw_case(dice, units, "dimensions and indicators", decimals=2, ties=False, whole=True)
    case["group"] = case["group"] * (units < 50_000)  # all 60,000 in one group
    compare(need("node"), [case], tmp_path)


def compare(program, cases, folder):
    """Hand the cases to the browser's arithmetic and hold what it finds against scoring."""
    for number, case in enumerate(cases):
        write(case, folder, f"case-{number}")
    ran = node(program, HERE / "places.mjs", folder)
    assert ran.returncode == 0, ran.stderr
    for number, case in enumerate(cases):
        for at, draw in enumerate(case["draws"]):
            totals, place = scored_by_python(case, draw)
            assert np.array_equal(read(folder / f"case-{number}.{at}.totals"), totals)
            assert np.array_equal(read(folder / f"case-{number}.{at}.places"), place)
