// What follows from other weights: who moves, who pays, who decides, and how far a weight can go.
import assert from "node:assert/strict";
import test from "node:test";
import { dice, tableOf, tuner, weightsOf } from "./tuner.mjs";

const { alikeTotals, changes, crossings, errorsOf, gap, gradesOf, influence, influenceOfNodes, moves, placed, placedTogether, rounded, shownInfluence, stretch, stretches, weigh } = tuner;
const TREE = "a 30\n  a1 40\n  a2 60\nb 45\n  b1 50\n  b2 50\nc 25";

function random(n, seed, more = {}) {
  const roll = dice(seed);
  const rows = Array.from({ length: n }, () => Array.from({ length: 5 }, () => roll(1_000_000) / 10_000));
  return tableOf(TREE, rows, { decimals: 4, ...more });
}

test("moves count who moved, how far, and who entered and left the award list", () => {
  const table = tableOf("a 100", [[90], [80], [70]]);
  const before = placed(table, { totals: Int32Array.of(9000, 8000, 7000), ranked: Uint8Array.of(1, 1, 1) }, 0);
  const now = placed(table, { totals: Int32Array.of(7500, 8000, 9000), ranked: Uint8Array.of(1, 1, 1) }, 0);
  const found = moves(table, 0, before, now, 1);
  assert.deepEqual([found.of, found.moved, found.up, found.down, found.sum], [3, 2, 2, 2, 4]);
  assert.deepEqual([found.enter, found.leave], [[2], [0]]);
});

test("who loses the place for want of weight scored is counted apart, and the barred are on no list", () => {
  const table = tableOf("a 100", [[90], [80]]);
  table.barred = Uint8Array.of(0, 1);
  const before = placed(table, { totals: Int32Array.of(9000, 8000), ranked: Uint8Array.of(1, 1) }, 0);
  const now = placed(table, { totals: Int32Array.of(9000, 8000), ranked: Uint8Array.of(0, 1) }, 0);
  const found = moves(table, 0, before, now, 1);
  assert.deepEqual([found.lost, found.won, found.moved, found.enter, found.leave], [1, 0, 1, [], [0]]);
});

test("of all classes together each unit keeps the place within its own, and each class its own award list", () => {
  const table = tableOf("a 100", [[90], [80], [70], [60]], { group: Uint16Array.of(0, 1, 0, 1) });
  const before = placedTogether(table, { totals: Int32Array.of(9000, 8000, 7000, 6000), ranked: Uint8Array.of(1, 1, 1, 1) });
  const now = placedTogether(table, { totals: Int32Array.of(9000, 6000, 7000, 8500), ranked: Uint8Array.of(1, 1, 1, 1) });
  assert.deepEqual([[...before.order], [...before.place]], [[0, 1, 2, 3], [1, 1, 2, 2]]);
  assert.deepEqual([...now.order], [0, 3, 2, 1]);
  const found = moves(table, -1, before, now, [1, 1], [0, 1, 2, 3]);
  assert.deepEqual([found.of, found.moved, found.enter, found.leave], [4, 2, [3], [1]]);
  assert.deepEqual(moves(table, -1, before, now, [1, 0], [0, 1, 2, 3]).leave, []);
  assert.deepEqual(moves(table, -1, before, now, [1, 1], [0, 2]).moved, 0);
});

test("what a gap between two units became is the sum of what each dimension did to it", () => {
  const table = random(6, 11);
  const before = weigh(table, weightsOf(table));
  const now = weigh(table, tuner.moved(table.tree, weightsOf(table), 1, 6000, table.nodes.map(() => false)));
  const { was, is, by } = gap(table, before, now, 2, 4);
  assert.equal(by.length, 3);
  assert.equal(is - was, by.reduce((sum, each) => sum + each, 0));
  assert.notEqual(is, was);
});

test("changes in points are added up by class, with those that rose and fell a grade", () => {
  const before = { totals: Int32Array.of(9000, 8000, 7000, 6000), ranked: Uint8Array.of(1, 1, 1, 0) };
  const now = { totals: Int32Array.of(8900, 8200, 7000, 9900), ranked: Uint8Array.of(1, 1, 1, 1) };
  const bands = { before: gradesOf(before.totals, [9000, 8000]), now: gradesOf(now.totals, [9000, 8000]) };
  assert.deepEqual([...bands.before], [0, 1, 2, 2]);
  assert.deepEqual(changes([0, 0, 1, 1], 3, before, now, bands), [
    { code: 0, n: 2, sum: 100, rose: 0, fell: 1 },
    { code: 1, n: 1, sum: 0, rose: 0, fell: 0 },
  ]);
  assert.deepEqual(crossings([0, 1, 2, 3], bands), [{ from: 0, to: 1, n: 1 }, { from: 2, to: 0, n: 1 }]);
});

test("shares of influence add up to 1 with the adjustments, and may be negative", () => {
  const table = random(200, 3, { adjusted: Int32Array.from({ length: 200 }, (_, unit) => -50_000 * (unit % 3)) });
  const outcome = weigh(table, weightsOf(table));
  const shares = influenceOfNodes(table, outcome, placed(table, outcome, 0).order);
  const outside = shares.at(-1);
  assert.ok(Math.abs(table.tops.reduce((sum, at) => sum + shares[at], outside) - 1) < 1e-9);
  assert.ok(Math.abs(shares[2] + shares[3] - shares[1]) < 1e-12);
  const against = influence([[1, 2, 3], [-0.5, -1, -1.5]], [0.5, 1, 1.5]);
  assert.deepEqual(against, [2, -1]);
});

test("where all totals are equal there is no influence to share", () => {
  assert.equal(influence([[1, 2], [2, 1]], [3, 3]), null);
  const table = tableOf("a 100", [[90]]);
  assert.equal(influenceOfNodes(table, weigh(table, [100, 100]), [0]), null);
});

test("influence is shown so that it adds up: dimensions and the outside to 100.0 %, parts to their dimension", () => {
  assert.deepEqual(rounded([33.34, 33.33, 33.33], 100), [34, 33, 33]);
  assert.deepEqual(rounded([110.4, -10.4], 100), [110, -10]);
  const table = random(50, 9);
  const outcome = weigh(table, weightsOf(table));
  const shown = shownInfluence(table, influenceOfNodes(table, outcome, placed(table, outcome, 0).order));
  assert.equal(table.tops.reduce((sum, at) => sum + shown[at], shown.at(-1)), 1000);
  assert.equal(shown[2] + shown[3], shown[1]);
});

test("a stretch ends where somebody outside overtakes somebody inside", () => {
  // 10 + x against 12: the lead is lost at x = 2 below now, and never above it
  assert.deepEqual(stretch([30, 12], [1, 0], [1, 0], 20, 0, 100), [2, 100]);
  assert.deepEqual(stretch([30, 12], [1, 0], [1, 1], 20, 0, 100), [0, 100]);
});

for (const locked of [false, true])
  test(`the closed form finds what stepping finds: first place and award list, at any depth${locked ? ", with locks" : ""}`, () => {
    for (const seed of [1, 2, 3]) {
      const table = random(30, seed);
      const weights = weightsOf(table);
      const locks = weights.map((_, at) => locked && at === 7);
      const outcome = weigh(table, weights);
      const view = placed(table, outcome, 0);
      for (const node of [1, 2, 4, 6]) {
        const found = stretches(table, outcome, view, node, locks, 5);
        const inner = (last) => stepped(table, weights, node, locks, last);
        for (const [range, last] of [[found.first, 1], [found.awards, 5]])
          range.forEach((end, side) => assert.ok(Math.abs(end - inner(last)[side]) <= 12, `${seed} ${node} ${last}: ${range} ${inner(last)}`));
      }
    }
  });

/** Walk a weight in small steps, the free others in proportion, until those within the first places are others. */
function stepped(table, weights, node, locked, last) {
  const over = table.tree.above[node];
  const free = table.tree.parts[over].filter((at) => at !== node && !locked[at]);
  const sum = free.reduce((all, at) => all + weights[at], 0);
  const fine = 1000; // weights a thousand times finer, so that they need no rounding
  const names = (value) => {
    const next = weights.map((weight) => weight * fine);
    next[node] = value * fine;
    for (const at of free) next[at] = Math.round(((sum + weights[node] - value) * weights[at] * fine) / sum);
    const outcome = weigh(table, next);
    const { place } = placed(table, outcome, 0);
    return [...place.keys()].filter((unit) => place[unit] <= last).join();
  };
  const here = names(weights[node]);
  const walk = (by) => {
    let value = weights[node];
    while (value + by >= 0 && value + by <= sum + weights[node] && names(value + by) === here) value += by;
    return value;
  };
  return [walk(-10), walk(10)];
}

test("there is no closed form where somebody placed lacks a part, or where places hang on what was scored", () => {
  const table = tableOf("a 50\nb 30\nc 20", [[90, 80, 70], [60, 70, null]], { leastCovered: 0.5 });
  const outcome = weigh(table, weightsOf(table));
  assert.equal(stretches(table, outcome, placed(table, outcome, 0), 1, [], 1), null);
  const strict = tableOf("a 50\nb 30\nc 20", [[90, 80, 70], [60, 70, null], [80, 80, 80]], { leastCovered: 0.85 });
  const without = weigh(strict, weightsOf(strict));
  assert.equal(stretches(strict, without, placed(strict, without, 0), 3, [], 1), null);
});

test("where nothing can give way there is no stretch", () => {
  const table = tableOf("a 50\nb 50", [[90, 80], [60, 70]]);
  const outcome = weigh(table, weightsOf(table));
  assert.equal(stretches(table, outcome, placed(table, outcome, 0), 1, [false, false, true], 1), null);
});

test("the error of a total is that of its points, each weighed and squared, and follows the weights", () => {
  const table = tableOf("a 60\n  a1 50\n  a2 50\nb 40", [[90, 80, 70], [90, null, 70], [90, 80, 70]]);
  table.errors = Int32Array.of(40_000, 0, 20_000, 40_000, tuner.NOT_SCORED, 20_000, tuner.NOT_SCORED, 0, 20_000);
  table.scale = Float32Array.of(1, 1, 1);
  const error = errorsOf(table, weightsOf(table));
  assert.ok(Math.abs(error(0) - 100 * Math.hypot(0.3 * 4, 0.4 * 2)) < 1e-9);
  assert.ok(Math.abs(error(1) - 100 * Math.hypot(0.6 * 4, 0.4 * 2)) < 1e-9, "what is missing gives its weight to its siblings");
  assert.ok(Number.isNaN(error(2)), "an indicator that weighs and has no error leaves the total without one");
  const without = tuner.moved(table.tree, weightsOf(table), 1, 0, table.nodes.map(() => false));
  assert.ok(Math.abs(errorsOf(table, without)(2) - 200) < 1e-9, "one that weighs nothing does not matter");
  table.scale = Float32Array.of(1.5, 1, 1);
  assert.ok(Math.abs(errorsOf(table, weightsOf(table))(0) - 150 * Math.hypot(1.2, 0.8)) < 1e-9);
  delete table.errors;
  assert.ok(Number.isNaN(errorsOf(table, weightsOf(table))(0)), "an older run knows of no errors");
});

test("two totals are alike within 1.645 errors of their difference, and nothing is said where one has none", () => {
  const edge = 1.645 * Math.hypot(100, 150);
  assert.equal(alikeTotals(0, edge, 100, 150), true);
  assert.equal(alikeTotals(0, edge + 0.01, 100, 150), false);
  assert.equal(alikeTotals(5, 5, 0, 0), true);
  assert.equal(alikeTotals(5, 6, 0, 0), false);
  assert.equal(alikeTotals(5, 6, NaN, 1), null);
});
