// Points and weights to totals and places. The expected numbers are worked by hand; Python's own are compared in test_tuner_arithmetic.py.
import assert from "node:assert/strict";
import test from "node:test";
import { dice, tableOf, tuner, weightsOf } from "./tuner.mjs";

const { fractions, placed, placedAll, prepared, sorted, weigh, NOT_SCORED } = tuner;
const TWO = "a 40\n  a1 50\n  a2 50\nb 60\n  b1 100";

test("a contribution is points times weights down the tree, rounded half-up once; the total is their sum", () => {
  const table = tableOf(TWO, [[90, 80.0125, 70]]);
  const { totals, parts } = weigh(table, weightsOf(table));
  assert.deepEqual([...parts], [1800 + 1600, 4200]); // 80.0125 · 0.2 = 16.0025
  assert.deepEqual([...totals], [7600]);
});

test("halves are rounded up, below nothing too", () => {
  const table = tableOf("a 50\nb 50", [[0.01, -0.01], [0.03, -0.03]], { leastCovered: 0 });
  assert.deepEqual([...weigh(table, weightsOf(table)).parts], [1, 0, 2, -1]);
});

test("what is missing is spread among its siblings first, a dimension with nothing scored over the others", () => {
  const table = tableOf(TWO, [[90, null, 70], [null, null, 70], [null, null, null]]);
  const { totals, ranked } = weigh(table, weightsOf(table));
  assert.deepEqual([...totals], [3600 + 4200, 7000, 0]);
  assert.deepEqual([...ranked], [1, 0, 0]); // covered 0.8, 0.6, 0 of which 0.7 is needed
});

test("adjustments come on top, and who may not be placed has no place", () => {
  const table = tableOf("a 100", [[90], [95], [80]], { adjusted: Int32Array.of(300, -600, 0), able: Uint8Array.of(1, 1, 0) });
  const outcome = weigh(table, weightsOf(table));
  assert.deepEqual([...outcome.totals], [9300, 8900, 8000]);
  assert.deepEqual([...placedAll(table, outcome)], [1, 2, 0]);
});

test("equal totals share the better place, and each group is placed by itself", () => {
  const table = tableOf("a 100", [[90], [90], [80], [99], [80]], { group: Uint16Array.of(0, 0, 0, 1, 0) });
  const outcome = weigh(table, weightsOf(table));
  assert.deepEqual([...placedAll(table, outcome)], [1, 1, 3, 1, 3]);
  const { order, position } = placed(table, outcome, 0);
  assert.deepEqual([...order], [0, 1, 2, 4]);
  assert.deepEqual([...position], [0, 1, 2, -1, 3]);
});

test("a part that weighs nothing adds nothing, and may be all that is missing", () => {
  const table = tableOf("a 0\n  a1 100\nb 100\n  b1 100", [[50, 70], [null, 70]]);
  assert.deepEqual([...weigh(table, weightsOf(table)).totals], [7000, 7000]);
});

test("a part that weighs nothing and was scored nowhere does not belong to this level and cannot be moved", () => {
  assert.deepEqual(tableOf("a 0\n  a1 100\nb 100\n  b1 100", [[null, 70]]).tree.fixed, [false, true, false, false, false]);
  assert.deepEqual(tableOf("a 0\nb 100", [[50, 70]]).tree.fixed, [false, false, false]);
});

test("one unit, no unit, and units that all are equal are placed", () => {
  const one = tableOf("a 100", [[90]]);
  assert.deepEqual([...placedAll(one, weigh(one, weightsOf(one)))], [1]);
  const nobody = tableOf("a 100", []);
  assert.deepEqual([...placedAll(nobody, weigh(nobody, weightsOf(nobody)))], []);
  const same = tableOf("a 100", [[90], [90], [90]]);
  assert.deepEqual([...placedAll(same, weigh(same, weightsOf(same)))], [1, 1, 1]);
});

test("where floats are not exact whole numbers without a limit take over: still the fraction, rounded half-up once", () => {
  const roll = dice(11);
  const deep = "a 33.37\n  a1 33.31\n    a11 33.29\n      a111 49.99\n      a112 50.01\n    a12 66.71\n  a2 66.69\nb 66.63\n  b1 12.53\n  b2 87.47";
  const rows = Array.from({ length: 40 }, () => Array.from({ length: 6 }, () => (roll(4) ? roll(1_000_000) / 10_000 : null)));
  const table = tableOf(deep, rows, { leastCovered: 0 });
  assert.ok(fractions(table, weightsOf(table)).large.size > 0);
  const { totals } = weigh(table, weightsOf(table));
  rows.forEach((row, unit) => assert.equal(totals[unit], byFractions(table, unit), `unit ${unit}`));
});

/** Work a total with whole numbers without a limit, as the rules are written. */
function byFractions(table, unit) {
  const { parts } = table.tree;
  const point = (leaf) => table.points[unit * table.leaves + leaf];
  const there = (node) => (table.nodes[node].leaf >= 0 ? point(table.nodes[node].leaf) !== NOT_SCORED : parts[node].some(there));
  let total = 0;
  const walk = (node, above, below) => {
    const { leaf } = table.nodes[node];
    if (leaf >= 0 && there(node)) {
      const [top, under] = [2n * BigInt(point(leaf)) * above + below * 100n, 2n * below * 100n];
      total += Number(top / under);
    }
    const scored = parts[node].filter(there);
    const sum = scored.reduce((all, at) => all + BigInt(table.nodes[at].weight), 0n);
    for (const at of scored) walk(at, above * BigInt(table.nodes[at].weight), below * sum);
  };
  walk(0, 1n, 1n);
  return total;
}

test("40 units or 70,000 are sorted by key, equals by their number", () => {
  const roll = dice(5);
  for (const n of [40, 70_000]) {
    const keys = Int32Array.from({ length: n }, () => roll(1000) - 500);
    const order = sorted(Uint32Array.from(keys.keys()), (unit) => keys[unit]);
    const expected = [...keys.keys()].sort((a, b) => keys[a] - keys[b] || a - b);
    assert.deepEqual([...order], expected);
  }
});

test("without points, as where the kernel reckons, a table can still be laid out", () => {
  const table = tableOf("a 40\nb 60", []);
  const nodes = table.nodes;
  const bare = prepared({ ...table, nodes, points: new Int32Array(), able: new Uint8Array(3).fill(1), group: new Uint16Array(3) });
  assert.deepEqual(bare.tree.fixed, [false, false, false]);
  assert.equal(bare.members[0].length, 3);
});
