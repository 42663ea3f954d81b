// Weights that are moved by hand: whole steps that add up, whoever gives way, and the way back.
import assert from "node:assert/strict";
import test from "node:test";
import { dice, nodesOf, tuner } from "./tuner.mjs";

const { begun, dealt, did, moved, mostOf, readBeside, readDraft, redone, stems, treeOf, undone, wholeOf, writeBeside, writeDraft } = tuner;
const FOUR = "cases 25\nvisits 20\ndisputes 25\nsatisfaction 30";
const NESTED = `
a 40
  a1 50
    a11 30
    a12 70
  a2 50
b 60
  b1 33.33
  b2 33.33
  b3 33.34`;
const none = (nodes) => nodes.map(() => false);
const sum = (weights) => weights.reduce((one, other) => one + other, 0);
const drawn = (drawing, style = "within") => treeOf(nodesOf(drawing, style), style);

test("what is dealt adds up to the amount, in whole steps by largest remainder", () => {
  assert.deepEqual(dealt(7000, [2500, 2000, 2500], 100), [2500, 2000, 2500]);
  assert.deepEqual(dealt(6500, [2500, 2000, 2500], 100), [2300, 1900, 2300]);
  assert.deepEqual(dealt(100, [1, 1, 1], 100), [100, 0, 0]);
});

test("what is less than a step goes to the next in line", () => {
  assert.deepEqual(dealt(7550, [2500, 2500, 2500], 100), [2550, 2500, 2500]);
});

test("where all weigh nothing the weights in force say the proportion, or all get alike", () => {
  assert.deepEqual(dealt(600, [0, 0], 100, [2000, 4000]), [200, 400]);
  assert.deepEqual(dealt(600, [0, 0], 100), [300, 300]);
});

test("the others give way in proportion to the weights at the start of the drag", () => {
  const tree = drawn(FOUR);
  assert.deepEqual(moved(tree, tree.inForce, 4, 4000, none(tree.above)).slice(1), [2200, 1700, 2100, 4000]);
});

test("dragged to the whole and back within one drag, the ratios are kept", () => {
  const tree = drawn(FOUR);
  const all = moved(tree, tree.inForce, 1, 10000, none(tree.above));
  assert.deepEqual(all.slice(1), [10000, 0, 0, 0]);
  assert.deepEqual(moved(tree, tree.inForce, 1, 2500, none(tree.above)), tree.inForce);
});

test("a weight may be nothing, and cannot go below it or above what is not locked", () => {
  const tree = drawn(FOUR);
  const locked = [false, true, false, false, false];
  assert.deepEqual(moved(tree, tree.inForce, 2, -500, none(tree.above))[2], 0);
  assert.equal(mostOf(tree, tree.inForce, 2, locked), 7500);
  assert.deepEqual(moved(tree, tree.inForce, 2, 99999, locked).slice(1), [2500, 7500, 0, 0]);
});

test("where all others are locked nothing moves", () => {
  const tree = drawn(FOUR);
  assert.deepEqual(moved(tree, tree.inForce, 2, 4000, [false, true, false, true, true]), tree.inForce);
});

test("halves and hundredths of the scheme stay possible", () => {
  assert.deepEqual(drawn("a 12.5\nb 37.5\nc 50").steps[0], 50);
  assert.equal(drawn("a 33.33\nb 33.33\nc 33.34").steps[0], 1);
  const tree = drawn("a 12.5\nb 37.5\nc 50");
  assert.deepEqual(moved(tree, tree.inForce, 3, 6000, none(tree.above)).slice(1), [1000, 3000, 6000]);
});

test("marks of indicators follow those of their dimension", () => {
  const tree = drawn("a 60\n  a1 40\n  a2 20\nb 40\n  b1 10\n  b2 30", "marks");
  const next = moved(tree, tree.inForce, 1, 3000, none(tree.above));
  assert.deepEqual(next.slice(1), [3000, 2000, 1000, 7000, 1800, 5200]);
});

for (const style of ["within", "marks"])
  test(`over 1,000 gestures the weights always add up, and undo leads back to the start (${style})`, () => {
    const drawing = style === "within" ? NESTED : "a 40\n  a1 20\n    a11 5\n    a12 15\n  a2 20\nb 60\n  b1 12.5\n  b2 40\n  b3 7.5";
    const tree = drawn(drawing, style);
    const roll = dice(4);
    const start = { weights: tree.inForce, locked: none(tree.above) };
    let history = begun(start);
    for (let gesture = 0; gesture < 1000; gesture++) {
      const node = 1 + roll(tree.above.length - 1);
      const { weights, locked } = history.now;
      const draw = roll(10);
      if (draw === 0) history = did(history, { weights, locked: locked.map((each, at) => (at === node ? !each : each)) });
      else if (draw === 1) history = undone(history);
      else if (draw === 2) history = redone(history);
      else history = did(history, { locked, weights: moved(tree, weights, node, roll(11000) - 500, locked) });
      for (const [over, parts] of tree.parts.entries()) {
        if (!parts.length) continue;
        assert.equal(sum(parts.map((at) => history.now.weights[at])), wholeOf(tree, history.now.weights, over));
        assert.ok(parts.every((at) => history.now.weights[at] >= 0));
      }
    }
    const last = history.now;
    const steps = history.past.length;
    for (let step = 0; step < steps; step++) history = undone(history);
    assert.deepEqual(history.now, start);
    for (let step = 0; step < steps; step++) history = redone(history);
    assert.deepEqual(history.now, last);
  });

test("a gesture that changes nothing is not kept, and a new one ends what could be redone", () => {
  const now = { weights: [1, 2], locked: [false, false] };
  const history = begun(now);
  assert.equal(did(history, { weights: [1, 2], locked: [false, false] }), history);
  const back = undone(did(history, { ...now, weights: [2, 1] }));
  assert.equal(back.future.length, 1);
  assert.equal(did(back, { ...now, weights: [0, 3] }).future.length, 0);
});

test("a draft survives being written and read, with its locks and its ways back and forward", () => {
  const tree = drawn(FOUR);
  const locked = [false, false, true, false, false];
  const first = { weights: tree.inForce, locked: none(tree.above) };
  const second = { weights: moved(tree, tree.inForce, 4, 4000, locked), locked };
  const history = undone(did(did(begun(first), { ...first, locked }), second));
  assert.deepEqual(readDraft(tree, writeDraft(history)), history);
});

test("what is no draft of this table is not taken up", () => {
  const tree = drawn(FOUR);
  const good = JSON.parse(writeDraft(begun({ weights: tree.inForce, locked: none(tree.above) })));
  const wrong = (change) => JSON.stringify({ ...good, now: { ...good.now, ...change } });
  for (const text of [null, "", "{", "[]", "7", '{"now":1}', wrong({ weights: [1, 2] }), wrong({ weights: [10000, 2500, 2000, 2500, 3100] }),
    wrong({ weights: [10000, 2500, 2000, 2500.5, 2999.5] }), wrong({ weights: [10000, -100, 4600, 2500, 3000] }), wrong({ locked: [1, 2, 3, 4, 5] })])
    assert.equal(readDraft(tree, text), null, String(text));
});

test("what is typed and chosen beside a draft survives being written and read; what is no text of ours does not", () => {
  const nothing = { typed: {}, looked: {}, chosen: {} };
  const beside = { typed: { reason: "党委会决定" }, looked: { asked: "station 2024Q3", level: "zone", period: "2024Q4" },
    chosen: { zone: { asked: "", group: "一类", county: "" } } };
  assert.deepEqual(readBeside(writeBeside(beside)), beside);
  assert.equal(writeBeside(nothing), "");
  for (const text of [null, "", "{", "[]", "7", "null", '{"typed":[1],"looked":7,"chosen":{"zone":null}}', '{"typed":{"reason":{}}}']) {
    const { chosen, ...more } = readBeside(text);
    assert.deepEqual(more, { typed: {}, looked: {} }, String(text));
    assert.deepEqual(Object.values(chosen).flatMap(Object.keys), [], String(text));
  }
});

test("an ending that most names carry is left out where what is left still tells them apart", () => {
  const names = ["柚浦派出所", "柚畔派出所", "薇溪派出所", "晴苑派出所", "水上分局"];
  assert.deepEqual(stems(names), { ending: "派出所", stems: ["柚浦", "柚畔", "薇溪", "晴苑", "水上分局"] });
  assert.deepEqual(stems([...names, "柚浦", "菖集派出所", "霜坡派出所", "枫泉派出所", "梧津派出所"]).stems.slice(0, 2), ["柚浦派出所", "柚畔"]);
  assert.equal(stems(["甲", "乙", "丙", "丁"]).ending, "");
  assert.equal(stems(["一所", "二所"]).ending, "");
});
