// Hands the tests what tuner.js exports. It is imported from its text: Node before 22 would not take a file ending in .js for a module.
import { readFileSync } from "node:fs";

const text = readFileSync(new URL("../../fengqiao_eval/tuning/tuner.js", import.meta.url), "utf-8");
export const tuner = await import("data:text/javascript;base64," + Buffer.from(text).toString("base64"));
const { prepared, NOT_SCORED } = tuner;

/** Dice that fall the same way every time: whole numbers below a number. */
export function dice(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A table from a drawn tree: each line is `depth label weight` (depth 1 is a dimension); weights as people write them. */
export function nodesOf(drawing, style = "within") {
  const nodes = [{ code: "", label: "", above: -1, leaf: -1, weight: 10000, whole: 10000 }];
  const path = [0];
  for (const line of drawing.trim().split("\n")) {
    const [, indent, label, weight] = line.match(/^( *)(\S+) +(\S+)$/);
    const depth = indent.length / 2;
    path[depth + 1] = nodes.length;
    nodes.push({ code: label, label, above: path[depth], leaf: -1, weight: Math.round(weight * 100), whole: 10000 });
  }
  let leaf = 0;
  nodes.forEach((node, at) => {
    if (!nodes.some((other) => other.above === at)) node.leaf = leaf++;
    else if (style === "marks" && at) node.whole = node.weight;
  });
  return nodes;
}

/** A table ready to be weighed; points as people write them, null where not scored. */
export function tableOf(drawing, rows, more = {}) {
  const nodes = nodesOf(drawing, more.style);
  const points = Int32Array.from(rows.flat(), (point) => (point === null ? NOT_SCORED : Math.round(point * 10000)));
  const given = { nodes, style: "within", decimals: 2, leastCovered: 0.7 - 1e-9, points, adjusted: new Int32Array(rows.length) };
  return prepared({ ...given, able: new Uint8Array(rows.length).fill(1), group: new Uint16Array(rows.length), ...more });
}

export const weightsOf = (table) => table.nodes.map((node) => node.weight);
