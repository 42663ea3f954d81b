// The tuning screen (权重调试): weights moved by hand, consequences seen at once. Plain JavaScript, no other file needed.
//
// First the arithmetic: pure functions on typed arrays that know no page, so that Node's own test runner imports them. Then the
// screen. All numbers are whole: a weight in hundredths, points in ten-thousandths, totals in 10^-decimals, reckoned exactly as
// scoring/aggregation.py reckons them. Names and ids come from records: they enter the page as text, never as markup.

export const NOT_SCORED = -2147483648;
const POINT = 10 ** 4; // ten-thousandths in a point
const WEIGHT = 100; // hundredths in a weight of 1

// ==== weights: whole steps that add up ====

/** The greatest common divisor of whole numbers, given as numbers or BigInts. */
export function gcd(a, b) {
  while (b) [a, b] = [b, a % b];
  return a;
}

/**
 * Deal an amount out in proportion to some weights, in whole steps by largest remainder: what is dealt adds up to the amount.
 * What is less than a step goes to the next in line. Where all weights are nothing, `otherwise` says the proportion, or all get
 * alike.
 */
export function dealt(amount, weights, step = 1, otherwise = []) {
  const some = [weights, otherwise].find((each) => each.some((weight) => weight > 0)) || weights.map(() => 1);
  const sum = some.reduce((one, other) => one + other, 0);
  const least = some.map((weight) => Math.floor((amount * weight) / (sum * step)) * step);
  const remainder = (at) => amount * some[at] - least[at] * sum;
  let left = amount - least.reduce((one, other) => one + other, 0);
  const inLine = [...some.keys()].sort((a, b) => remainder(b) - remainder(a) || a - b);
  for (const at of inLine) {
    least[at] += Math.min(step, left);
    left -= Math.min(step, left);
  }
  return least;
}

/** Read the tree of the table from its nodes, each of which stands before its parts; fixed: not scored at this level. */
export function treeOf(nodes, style, fixed = nodes.map((node) => Boolean(node.fixed))) {
  const parts = nodes.map(() => []);
  nodes.forEach((node, at) => at && parts[node.above].push(at));
  const inForce = nodes.map((node) => node.weight);
  const steps = parts.map((inner) => inner.reduce((step, at) => gcd(step, inForce[at]), WEIGHT));
  return { above: nodes.map((node) => node.above), parts, inForce, steps, fixed, whole: nodes.map((node) => node.whole), style };
}

/** What the parts of a node add up to: written down, or, where indicators have marks (分值), the weight of the node itself. */
export const wholeOf = (tree, weights, node) => (tree.style === "marks" && node ? weights[node] : tree.whole[node]);

/** How far a weight can go, given what is locked beside it. */
export function mostOf(tree, weights, node, locked) {
  const beside = tree.parts[tree.above[node]].filter((at) => at !== node && locked[at]);
  return wholeOf(tree, weights, tree.above[node]) - beside.reduce((sum, at) => sum + weights[at], 0);
}

/** The parts that give way when a weight moves: those beside it that are neither locked nor fixed. */
export const givingWay = (tree, node, locked) =>
  tree.parts[tree.above[node]].filter((at) => at !== node && !locked[at] && !tree.fixed[at]);

/** Move a weight: the others share the rest as they did in `start`, the weights at the start of the drag. */
export function moved(tree, start, node, value, locked) {
  const free = givingWay(tree, node, locked);
  if (!free.length || tree.fixed[node]) return start;
  const next = start.slice();
  const most = mostOf(tree, start, node, locked);
  next[node] = Math.min(Math.max(Math.round(value), 0), most);
  share(tree, start, next, free, most - next[node]);
  if (tree.style === "marks") for (const at of [node, ...free]) cascade(tree, start, next, at, locked);
  return next;
}

function share(tree, start, next, among, amount) {
  const inForce = among.map((at) => tree.inForce[at]);
  const parts = dealt(amount, among.map((at) => start[at]), tree.steps[tree.above[among[0]]], inForce);
  among.forEach((at, place) => (next[at] = parts[place]));
}

/** Marks of indicators follow those of their dimension; locked ones stay as long as the others can take the difference. */
function cascade(tree, start, next, node, locked) {
  const inner = tree.parts[node].filter((at) => !tree.fixed[at]);
  if (!inner.length || next[node] === start[node]) return;
  const kept = inner.filter((at) => locked[at]).reduce((sum, at) => sum + start[at], 0);
  const free = inner.filter((at) => !locked[at]);
  if (free.length && kept <= next[node]) share(tree, start, next, free, next[node] - kept);
  else share(tree, start, next, inner, next[node]);
  for (const at of inner) cascade(tree, start, next, at, locked);
}

// ==== undo and redo: what was, what is, what would be again ====

export const begun = (now) => ({ past: [], now, future: [] });
export const did = (history, now) =>
  alike(history.now, now) ? history : { past: [...history.past, history.now], now, future: [] };
export const undone = ({ past, now, future }) =>
  past.length ? { past: past.slice(0, -1), now: past.at(-1), future: [now, ...future] } : { past, now, future };
export const redone = ({ past, now, future }) =>
  future.length ? { past: [...past, now], now: future[0], future: future.slice(1) } : { past, now, future };
const alike = (one, other) => same(one.weights, other.weights) && same(one.locked, other.locked);
const same = (one, other) => one.length === other.length && one.every((each, at) => each === other[at]);

const STEPS_KEPT = 30; // of the ways back, and of those forward

/** Write a draft with its ways back and forward as a text: weights and locks, nothing of any unit. */
export const writeDraft = ({ past, now, future }) =>
  JSON.stringify({ past: past.slice(-STEPS_KEPT), now, future: future.slice(0, STEPS_KEPT) });

/** Read a draft that was written for a table; null where it is none, or not of this table. */
export function readDraft(tree, text) {
  const count = tree.above.length;
  const sums = (weights) =>
    tree.parts.every((inner, node) => {
      return !inner.length || inner.reduce((sum, at) => sum + weights[at], 0) === wholeOf(tree, weights, node);
    });
  const fits = (step) =>
    [step?.weights, step?.locked].every((each) => Array.isArray(each) && each.length === count) &&
    step.weights.every((weight, at) => Number.isSafeInteger(weight) && weight >= 0 && (!tree.fixed[at] || weight === tree.inForce[at])) &&
    step.locked.every((each) => typeof each === "boolean") && sums(step.weights);
  try {
    const { past, now, future } = JSON.parse(text);
    return [...past, now, ...future].every(fits) ? { past, now, future } : null;
  } catch {
    return null;
  }
}

// ==== points and weights to totals ====

/**
 * Lay out a table once: which parts of the tree each unit has (patterns), which units each group has.
 *
 * given: nodes, style, decimals, leastCovered (scoring's least_share, to be compared with >=); points (Int32, units × indicators),
 * adjusted (Int32), able (Uint8), group (Uint16).
 */
export function prepared(given) {
  const units = given.able.length;
  const leafNodes = [];
  given.nodes.forEach((node, at) => node.leaf >= 0 && (leafNodes[node.leaf] = at));
  const leaves = leafNodes.length;
  const { which, masks } = patterns(given.points, units, leaves);
  const fixed = given.nodes.map((node, at) => Boolean(node.fixed) || nowhere(given, at, masks, leaves));
  const tree = treeOf(given.nodes, given.style, fixed);
  const tops = tree.parts[0];
  const topOf = given.nodes.map((_, at) => tops.indexOf(ancestor(tree, at)));
  let most = 0;
  for (const point of given.points) if (point !== NOT_SCORED) most = Math.max(most, Math.abs(point));
  return {
    ...given, units, leaves, leafNodes, which, masks, tree, tops, most, topOf,
    top: Uint16Array.from(leafNodes, (at) => topOf[at]), members: membersOf(given.group, units),
    patterns: masks.length / (leaves || 1),
  };
}

function ancestor(tree, node) {
  while (node && tree.above[node]) node = tree.above[node];
  return node;
}

/** Say whether a part weighs nothing in force and was scored nowhere: then it does not belong to this level. */
function nowhere(given, node, masks, leaves) {
  if (!node || given.nodes[node].weight || !given.points.length) return false;
  const inside = (at) => at === node || (at > 0 && inside(given.nodes[at].above));
  const own = given.nodes.flatMap((each, at) => (each.leaf >= 0 && inside(at) ? [each.leaf] : []));
  return !masks.some((there, at) => there && own.includes(at % leaves));
}

/** Find the different ways in which units are scored, and which of them each unit has; masks: patterns × indicators. */
function patterns(points, units, leaves) {
  const which = new Uint32Array(units);
  const masks = [];
  const known = new Map();
  for (let unit = 0; points.length && unit < units; unit++) {
    const row = points.subarray(unit * leaves, (unit + 1) * leaves);
    const code = codeOf(row);
    if (!known.has(code)) {
      known.set(code, known.size);
      for (const point of row) masks.push(point === NOT_SCORED ? 0 : 1);
    }
    which[unit] = known.get(code);
  }
  return { which, masks: Uint8Array.from(masks) };
}

/** Write what of a row is scored as a text, sixteen indicators a letter. */
function codeOf(row) {
  let code = "";
  for (let from = 0; from < row.length; from += 16) {
    let letter = 0;
    for (let at = from; at < Math.min(from + 16, row.length); at++) letter = letter * 2 + (row[at] === NOT_SCORED ? 0 : 1);
    code += String.fromCharCode(letter);
  }
  return code;
}

function membersOf(group, units) {
  const members = [];
  for (let unit = 0; unit < units; unit++) (members[group[unit]] ||= []).push(unit);
  return Array.from(members.length ? members : [[]], (each) => Uint32Array.from(each || []));
}

/** Weigh what is there in a pattern: each node's own weight where anything in it is scored, and their sums above. */
function siblings(table, weights, pattern) {
  const { above } = table.tree;
  const used = new Float64Array(above.length);
  const sums = new Float64Array(above.length);
  for (let node = above.length - 1; node > 0; node--) {
    const leaf = table.nodes[node].leaf;
    const there = leaf >= 0 ? table.masks[pattern * table.leaves + leaf] : sums[node] > 0;
    used[node] = there ? weights[node] : 0;
    sums[above[node]] += used[node];
  }
  return { used, sums };
}

/** The share of the total of every node in a pattern, as floats. */
function sharesIn(table, weights, pattern) {
  const { used, sums } = siblings(table, weights, pattern);
  const found = new Float64Array(used.length).fill(1);
  for (let node = 1; node < found.length; node++) {
    const over = table.tree.above[node];
    found[node] = (found[over] * used[node]) / (sums[over] || 1);
  }
  return found;
}

/** The nominal share of every node, before anything is missing. */
function nominal(table, weights) {
  const { above, parts } = table.tree;
  const found = new Float64Array(above.length).fill(1);
  for (let node = 1; node < found.length; node++) {
    const whole = parts[above[node]].reduce((sum, at) => sum + weights[at], 0);
    found[node] = (found[above[node]] * weights[node]) / (whole || 1);
  }
  return found;
}

/** Say of each pattern whether enough weight was scored for a place. */
function enough(table, weights) {
  const shares = nominal(table, weights);
  return Uint8Array.from({ length: table.patterns }, (_, pattern) => {
    const from = pattern * table.leaves;
    const covered = table.leafNodes.reduce((sum, node, leaf) => sum + table.masks[from + leaf] * shares[node], 0);
    return covered >= table.leastCovered && covered > 0 ? 1 : 0;
  });
}

/** Divide weights by what is common to those that stand beside each other. */
function lowest(tree, weights) {
  const own = weights.slice();
  for (const parts of tree.parts) {
    const common = parts.reduce((divisor, at) => gcd(divisor, weights[at]), 0);
    if (common > 1) for (const at of parts) own[at] = weights[at] / common;
  }
  return own;
}

/** What no product of weights down the tree can exceed. */
function bound(tree, own) {
  const most = own.map(() => 1);
  for (let node = 1; node < own.length; node++) {
    const sum = tree.parts[tree.above[node]].reduce((all, at) => all + own[at], 0);
    most[node] = most[tree.above[node]] * Math.max(1, sum);
  }
  return Math.max(...most);
}

/**
 * Give each weight used (patterns × indicators) as a fraction: own weights down the tree over those of the scored siblings.
 *
 * twice: 2·above, under: below · 10^(4-decimals), so that a contribution is floor((points·twice + under) / (2·under)). `large`
 * holds the few that floats could not carry exactly, as BigInts.
 */
export function fractions(table, weights) {
  const { tree, leaves, leafNodes } = table;
  const own = lowest(tree, weights);
  const scale = POINT / 10 ** table.decimals;
  const exact = 2 * bound(tree, own) * (table.most + scale) < Number.MAX_SAFE_INTEGER;
  const size = table.patterns * leaves;
  const found = { twice: new Float64Array(size), under: new Float64Array(size), large: new Map() };
  for (let pattern = 0; pattern < table.patterns; pattern++) {
    const [above, below] = products(table, siblings(table, own, pattern), exact ? Number : BigInt);
    for (let leaf = 0; leaf < leaves; leaf++) {
      const at = pattern * leaves + leaf;
      const node = leafNodes[leaf];
      if (exact) [found.twice[at], found.under[at]] = [2 * above[node], below[node] * scale || 1];
      else reduced(found, at, above[node], below[node], BigInt(scale), table.most);
    }
  }
  return { ...found, enough: enough(table, weights) };
}

function products(table, { used, sums }, kind) {
  const above = Array.from(used, () => kind(1));
  const below = Array.from(used, () => kind(1));
  for (let node = 1; node < above.length; node++) {
    const over = table.tree.above[node];
    above[node] = above[over] * kind(used[node]);
    below[node] = below[over] * kind(sums[over]);
  }
  return [above, below];
}

function reduced(found, at, above, below, scale, most) {
  if (!above) [above, below] = [0n, 1n];
  const divisor = gcd(above, below);
  const [twice, under] = [(2n * above) / divisor, (below / divisor) * scale];
  const exact = BigInt(most) * twice + 2n * under < BigInt(Number.MAX_SAFE_INTEGER);
  if (exact) [found.twice[at], found.under[at]] = [Number(twice), Number(under)];
  else found.large.set(at, [twice, under]);
}

/** Write a unit's contributions, indicator by indicator, in whole 10^-decimals. */
function contribute(table, used, unit, out) {
  const { leaves, points } = table;
  const { twice, under } = used;
  const from = unit * leaves;
  const at = table.which[unit] * leaves;
  for (let leaf = 0; leaf < leaves; leaf++) {
    const point = points[from + leaf];
    out[leaf] = point === NOT_SCORED ? 0 : Math.floor((point * twice[at + leaf] + under[at + leaf]) / (2 * under[at + leaf]));
  }
  if (used.large.size) contributeLarge(table, used, unit, out);
}

function contributeLarge(table, used, unit, out) {
  for (let leaf = 0; leaf < table.leaves; leaf++) {
    const [twice, under] = used.large.get(table.which[unit] * table.leaves + leaf) || [];
    const point = table.points[unit * table.leaves + leaf];
    if (!twice || point === NOT_SCORED) continue;
    const [above, below] = [BigInt(point) * twice + under, 2n * under];
    out[leaf] = Number(above / below) - (above % below < 0n ? 1 : 0);
  }
}

/** Weigh and add up: totals and parts by dimension (units × dimensions) in whole 10^-decimals, and who may have a place. */
export function weigh(table, weights) {
  const { units, leaves, top, adjusted, able, which } = table;
  const used = fractions(table, weights);
  const across = table.tops.length;
  const totals = new Int32Array(units);
  const parts = new Int32Array(units * across);
  const ranked = new Uint8Array(units);
  const out = new Int32Array(leaves);
  for (let unit = 0; unit < units; unit++) {
    contribute(table, used, unit, out);
    let total = adjusted[unit];
    for (let leaf = 0; leaf < leaves; leaf++) {
      total += out[leaf];
      parts[unit * across + top[leaf]] += out[leaf];
    }
    totals[unit] = total;
    ranked[unit] = able[unit] && used.enough[which[unit]] ? 1 : 0;
  }
  return { weights, totals, parts, ranked };
}

// ==== how firm totals are: errors of points stay, those of totals follow the weights ====

/**
 * Give a function from a unit to the error of its total under some weights, in 10^-decimals; NaN where it is not known.
 * It is reckoned when it is asked for, so that a drag costs no more than the rows in view.
 */
export function errorsOf(table, weights) {
  const known = new Map();
  const finest = 10 ** table.decimals / POINT;
  return (unit) => {
    if (!table.errors?.length) return NaN;
    const pattern = table.which[unit];
    if (!known.has(pattern)) known.set(pattern, sharesIn(table, weights, pattern));
    const shares = known.get(pattern);
    let sum = 0;
    for (let leaf = 0; leaf < table.leaves; leaf++) {
      const share = table.masks[pattern * table.leaves + leaf] ? shares[table.leafNodes[leaf]] : 0;
      const error = table.errors[unit * table.leaves + leaf];
      if (share && error === NOT_SCORED) return NaN;
      if (share) sum += (share * error) ** 2;
    }
    return Math.sqrt(sum) * table.scale[unit] * finest;
  };
}

const TWICE_TAIL = 1.645; // of a normal error so many leave out a twentieth at either side

/** Say whether two totals cannot be told apart, given their errors; null where one is not known. */
export function alikeTotals(one, other, errorOne, errorOther) {
  const noise = Math.hypot(errorOne, errorOther);
  return Number.isNaN(noise) ? null : Math.abs(one - other) <= TWICE_TAIL * noise;
}

// ==== places ====

/** Sort units by whole-number keys, small ones first, equals by their number: key and place in one number, sorted as numbers. */
export function sorted(units, keyOf) {
  let low = Infinity;
  const keys = new Float64Array(units.length); // filled by loops: `from` with a function takes ten times as long
  for (let at = 0; at < keys.length; at++) {
    keys[at] = keyOf(units[at]);
    if (keys[at] < low) low = keys[at];
  }
  const room = 2 ** Math.ceil(Math.log2(units.length + 1));
  for (let at = 0; at < keys.length; at++) keys[at] = (keys[at] - low) * room + at;
  keys.sort();
  const order = new Uint32Array(units.length);
  for (let at = 0; at < keys.length; at++) order[at] = units[keys[at] % room];
  return order;
}

/** Place the units of a group: competition places of whole totals, ties share the better one; `place` is 0 without one. */
export function placed(table, outcome, group, place = new Int32Array(table.units)) {
  const { totals, ranked } = outcome;
  const all = table.members[group] || new Uint32Array();
  const members = all.some((unit) => !ranked[unit]) ? all.filter((unit) => ranked[unit]) : all;
  const order = sorted(members, (unit) => -totals[unit]);
  const position = new Int32Array(table.units).fill(-1);
  for (let at = 0; at < order.length; at++) {
    const unit = order[at];
    position[unit] = at;
    place[unit] = at && totals[unit] === totals[order[at - 1]] ? place[order[at - 1]] : at + 1;
  }
  return { order, place, position };
}

/** Place the units of every group, and put all into one order by their totals: place is the one within the own group. */
export function placedTogether(table, outcome) {
  const place = placedAll(table, outcome);
  const members = Uint32Array.from(place.keys()).filter((unit) => place[unit]);
  const order = sorted(members, (unit) => -outcome.totals[unit]);
  const position = new Int32Array(table.units).fill(-1);
  order.forEach((unit, at) => (position[unit] = at));
  return { order, place, position };
}

/** Place the units of every group. */
export function placedAll(table, outcome) {
  const place = new Int32Array(table.units);
  table.members.forEach((_, group) => placed(table, outcome, group, place));
  return place;
}

// ==== what follows from it ====

/** The number of the grade that each total reaches, the best being 0; below all of them their number. */
export function gradesOf(totals, bands) {
  const found = new Uint8Array(totals.length);
  for (let unit = 0; unit < totals.length; unit++) {
    const total = totals[unit];
    let grade = 0;
    while (grade < bands.length && total < bands[grade]) grade++;
    found[unit] = grade;
  }
  return found;
}

/**
 * How far the units of a group moved between two orders, and who entered and left the award list; awards: how many of the group
 * are named, or of each group; units: those that are looked at.
 */
export function moves(table, group, before, now, awards, units = table.members[group] || []) {
  const found = { of: 0, moved: 0, far: 0, sum: 0, up: 0, down: 0, enter: [], leave: [], lost: 0, won: 0 };
  const last = (unit) => (Array.isArray(awards) ? (awards[table.group[unit]] ?? 0) : awards);
  const named = (place, unit) => place > 0 && place <= last(unit) && !table.barred?.[unit];
  for (const unit of units) {
    const [was, is] = [before.place[unit], now.place[unit]];
    if (is) found.of += 1;
    if (named(is, unit) && !named(was, unit)) found.enter.push(unit);
    if (named(was, unit) && !named(is, unit)) found.leave.push(unit);
    if (!was || !is) {
      found.lost += was ? 1 : 0;
      found.won += is ? 1 : 0;
      continue;
    }
    const by = was - is;
    found.moved += by ? 1 : 0;
    found.far += Math.abs(by) >= 10 ? 1 : 0;
    found.sum += Math.abs(by);
    found.up = Math.max(found.up, by);
    found.down = Math.max(found.down, -by);
  }
  return found;
}

/**
 * Why one unit fell behind another: what the gap between them was and is, and what each dimension did to it, in 10^-decimals.
 * What stands outside the hundred is the rest of a total, and moves nothing.
 */
export function gap(table, before, now, unit, other) {
  const across = table.tops.length;
  const lead = (outcome) => outcome.totals[unit] - outcome.totals[other];
  const part = (outcome, top) => outcome.parts[unit * across + top] - outcome.parts[other * across + top];
  return { was: lead(before), is: lead(now), by: table.tops.map((_, top) => part(now, top) - part(before, top)) };
}

/** Change in points by some grouping: for each code how many units, the sum of changes, how many rose and fell a grade. */
export function changes(codes, count, before, now, bands) {
  const [n, sum, rose, fell] = Array.from({ length: 4 }, () => new Float64Array(count));
  for (let unit = 0; unit < codes.length; unit++) {
    const code = codes[unit];
    if (code >= count || !before.ranked[unit] || !now.ranked[unit]) continue;
    n[code] += 1;
    sum[code] += now.totals[unit] - before.totals[unit];
    if (bands.now[unit] < bands.before[unit]) rose[code] += 1;
    else if (bands.now[unit] > bands.before[unit]) fell[code] += 1;
  }
  const found = Array.from(n, (units, code) => ({ code, n: units, sum: sum[code], rose: rose[code], fell: fell[code] }));
  return found.filter((one) => one.n);
}

/** How often each grade was left for each other one, most often first. */
export function crossings(units, bands) {
  const found = new Map();
  for (const unit of units) {
    if (bands.before[unit] === bands.now[unit]) continue;
    const key = bands.before[unit] * 256 + bands.now[unit];
    found.set(key, (found.get(key) || 0) + 1);
  }
  return [...found].map(([key, n]) => ({ from: key >> 8, to: key % 256, n })).sort((a, b) => b.n - a.n);
}

/**
 * Share each column of contributions has in the differences between totals: cov(contribution, total) / var(total).
 * columns: arrays over units that add up to the totals, so that the shares add up to 1. Null where all totals are equal.
 */
export function influence(columns, totals) {
  const mean = totals.reduce((sum, total) => sum + total, 0) / (totals.length || 1);
  const variance = totals.reduce((sum, total) => sum + (total - mean) ** 2, 0);
  if (!variance) return null;
  return columns.map((column) => column.reduce((sum, each, at) => sum + each * (totals[at] - mean), 0) / variance);
}

/** Influence of every node of the table within a group, and of what stands outside (last); null where all totals are equal. */
export function influenceOfNodes(table, outcome, order) {
  const totals = Float64Array.from(order, (unit) => outcome.totals[unit]);
  const columns = table.leafNodes.map(() => new Float64Array(order.length));
  const used = fractions(table, outcome.weights);
  const out = new Int32Array(table.leaves); // as in `weigh`: two kinds would take longer in both
  order.forEach((unit, at) => {
    contribute(table, used, unit, out);
    for (let leaf = 0; leaf < table.leaves; leaf++) columns[leaf][at] = out[leaf];
  });
  const shares = influence([...columns, Float64Array.from(order, (unit) => table.adjusted[unit])], totals);
  if (!shares) return null;
  const found = new Float64Array(table.nodes.length + 1);
  found[table.nodes.length] = shares.pop();
  shares.forEach((share, leaf) => (found[table.leafNodes[leaf]] = share));
  for (let node = table.nodes.length - 1; node > 0; node--) found[table.tree.above[node]] += found[node];
  return found;
}

/** Round shares so that what is shown adds up: largest remainder, also of negative ones. */
export function rounded(shares, whole) {
  const least = shares.map(Math.floor);
  const inLine = [...shares.keys()].sort((a, b) => shares[b] - least[b] - (shares[a] - least[a]) || a - b);
  let left = whole - least.reduce((sum, each) => sum + each, 0);
  for (let turn = 0; left > 0; turn = (turn + 1) % inLine.length, left--) least[inLine[turn]] += 1;
  return least;
}

/** Influence as it is shown, in tenths of a per cent: parts add up to what they are part of, dimensions and outside to 1000. */
export function shownInfluence(table, shares) {
  const shown = new Array(shares.length).fill(0);
  const outside = table.nodes.length;
  const deal = (among, whole) =>
    rounded(among.map((at) => shares[at] * 1000), whole).forEach((each, place) => (shown[among[place]] = each));
  deal([...table.tops, outside], 1000);
  for (const [node, parts] of table.tree.parts.entries()) if (node && parts.length) deal(parts, shown[node]);
  return shown;
}

// ==== names ====

/** The ending that most names have (four of five or more), '' where there is none: in a narrow list it tells nobody apart. */
export function commonEnding(names) {
  const some = names.slice(0, 2000).map((name) => [...name]);
  for (let long = 24; some.length > 3 && long > 1; long--) {
    const counts = new Map();
    for (const name of some) {
      if (name.length <= long) continue;
      const end = name.slice(-long).join("");
      counts.set(end, (counts.get(end) || 0) + 1);
    }
    const [end, count] = [...counts].reduce((best, each) => (each[1] > best[1] ? each : best), ["", 0]);
    if (count >= 0.8 * some.length) return end;
  }
  return "";
}

/** Divide names into what tells them apart and the ending that most share; whole where two would look alike. */
export function stems(names) {
  const ending = commonEnding(names);
  const short = names.map((name) => (ending && name.endsWith(ending) && name.length > ending.length ? name.slice(0, -ending.length) : name));
  const seen = new Map();
  for (const stem of short) seen.set(stem, (seen.get(stem) || 0) + 1);
  return { ending, stems: short.map((stem, at) => (seen.get(stem) > 1 ? names[at] : stem)) };
}

// ==== how far a weight can go before the first place or the award list changes ====

/**
 * The stretch of x around `now` within low..high over which everybody inside stays at or above everybody outside.
 *
 * Totals are lines over x: totals[i] + slopes[i]·(x - now). The least of the inside less the most of the outside is concave, so
 * that from each end a few of Newton's steps find where it becomes negative.
 */
export function stretch(totals, slopes, inside, now, low, high) {
  const end = (limit) => {
    for (let x = limit; ; ) {
      let [least, most] = [-1, -1];
      const at = (unit) => totals[unit] + slopes[unit] * (x - now);
      for (let unit = 0; unit < totals.length; unit++) {
        if (inside[unit]) least = least < 0 || at(unit) < at(least) ? unit : least;
        else most = most < 0 || at(unit) > at(most) ? unit : most;
      }
      if (least < 0 || most < 0 || at(least) - at(most) >= -1e-7) return x;
      const crossing = now + (totals[most] - totals[least]) / (slopes[least] - slopes[most]);
      if (Math.abs(crossing - now) >= Math.abs(x - now)) return x;
      x = crossing;
    }
  };
  return [end(low), end(high)];
}

/** The stretches [low, high] of one weight, the others in proportion, for first place and award list; null if not linear. */
export function stretches(table, outcome, view, node, locked, awards) {
  const { tree } = table;
  const free = givingWay(tree, node, locked);
  const high = mostOf(tree, outcome.weights, node, locked);
  if (!free.length || tree.fixed[node] || !view.order.length || !linear(table, outcome, view, node, free, high)) return null;
  const slopes = slopesOf(table, outcome, view.order, node, free);
  const totals = Float64Array.from(view.order, (unit) => outcome.totals[unit]);
  const upTo = (last) => {
    const inside = Uint8Array.from(view.order, (unit) => (view.place[unit] <= last ? 1 : 0));
    return stretch(totals, slopes, inside, outcome.weights[node], 0, high);
  };
  return { node, first: upTo(1), awards: upTo(awards), sampled: false };
}

/** Say whether totals are lines over a weight: nobody lacks it or what gives way, and nobody wins or loses a place by it. */
function linear(table, outcome, view, node, free, high) {
  const { weights } = outcome;
  const [none, all] = [0, high].map((value) => enough(table, proportional(table, weights, node, free, value)));
  const able = table.members[table.group[view.order[0]]].filter((unit) => table.able[unit]);
  const seen = new Set(able.map((unit) => table.which[unit]));
  const now = enough(table, weights);
  for (const pattern of seen) {
    if (none[pattern] !== now[pattern] || all[pattern] !== now[pattern]) return false;
    if (!now[pattern]) continue;
    const { sums } = siblings(table, weights, pattern);
    const there = (at) => (table.nodes[at].leaf >= 0 ? table.masks[pattern * table.leaves + table.nodes[at].leaf] : sums[at] > 0);
    const given = free.some((at) => weights[at] > 0);
    const beside = table.tree.parts[table.tree.above[node]];
    const counted = beside.filter((at) => at === node || weights[at] > 0 || (!given && free.includes(at)));
    if (!counted.every(there)) return false;
  }
  return true;
}

/** Weights with one at a value and the free others in proportion, without rounding. */
function proportional(table, weights, node, free, value) {
  const next = weights.slice();
  const sum = free.reduce((all, at) => all + weights[at], 0);
  const rest = sum + weights[node] - value;
  next[node] = value;
  for (const at of free) next[at] = sum ? (rest * weights[at]) / sum : rest / free.length;
  return next;
}

/** What a hundredth more of a weight adds to each total, in 10^-decimals: share of the node above × (points - those given up). */
function slopesOf(table, outcome, order, node, free) {
  const { tree } = table;
  const { weights } = outcome;
  const over = tree.above[node];
  const sum = free.reduce((all, at) => all + weights[at], 0);
  const whole = wholeOf(tree, weights, over) * (POINT / 10 ** table.decimals) || 1;
  const seen = new Map();
  return Float64Array.from(order, (unit) => {
    const pattern = table.which[unit];
    if (!seen.has(pattern)) seen.set(pattern, { of: sharesIn(table, weights, pattern), ...siblings(table, weights, pattern) });
    const known = seen.get(pattern);
    const value = (at) => valueOf(table, known, unit, at);
    const given = free.reduce((all, at) => all + value(at) * (sum ? weights[at] / sum : 1 / free.length), 0);
    return (known.of[over] * (value(node) - given)) / whole;
  });
}

function valueOf(table, known, unit, node) {
  const leaf = table.nodes[node].leaf;
  if (leaf >= 0) return Math.max(table.points[unit * table.leaves + leaf], NOT_SCORED + 1);
  let value = 0;
  for (const at of table.tree.parts[node]) if (known.used[at]) value += known.used[at] * valueOf(table, known, unit, at);
  return value / (known.sums[node] || 1);
}

// ==== the screen ====

const ROWS = 20; // rows in view at most
const FEWEST_ROWS = 8;
const ALL = -1; // all classes, all counties
const COLUMN = 44; // width of a column of the slope lines
const SNAPSHOTS = ["A", "B", "C"];
const SETTLES = 140; // milliseconds of rest before what takes longer is reckoned
const DOT = 3; // pixels of a place on the thin line of places
const MANY = 10_000; // units; of more the tables of changes wait until a drag has ended
const LISTED = 8; // lines of a table of changes; of more, the worst and the best are shown
const COLOURS = 8;
const NARROW = 640; // below so many pixels the parts stand below each other
const PATIENCE = { open: 45, totals: 20, firm: 120, save: 60 }; // seconds that an answer of the kernel may take
const STATES = { draft: "tuner.state_draft", announced: "tuner.state_announced", final: "tuner.state_final" };
const ORDERS = {
  place: { label: "tuner.by_place" },
  change: { label: "tuner.by_change", key: (was, is) => -Math.abs(was - is) },
  up: { label: "tuner.by_up", key: (was, is) => is - was },
  down: { label: "tuner.by_down", key: (was, is) => was - is },
};
const SVG = "http://www.w3.org/2000/svg";

/** Make an element; what it holds is text or elements, never markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) mark(element, name, value);
  element.append(...children);
  return element;
}

/** Set an attribute, or take it away where the value is null or false; what is so already is left alone. */
function mark(element, name, value) {
  const text = value === true ? "" : value === null || value === false ? null : String(value);
  if (element.getAttribute(name) === text) return;
  if (text === null) element.removeAttribute(name);
  else element.setAttribute(name, text);
}

/** Let an element say something else; what it says already is left alone. */
function tell(element, text) {
  const first = element.firstChild;
  if (first && first === element.lastChild && first.nodeType === 3) {
    if (first.data !== text) first.data = text;
  } else if (first || text) element.replaceChildren(text);
}

const button = (label, onclick, attributes = {}) => {
  const made = make("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", (event) => isIdle(made) || onclick(event));
  return made;
};

/** Let a button do nothing for a while: disabled it would lose the keyboard that stands on it. */
const idle = (element, now) => mark(element, "aria-disabled", now ? "true" : null);
const isIdle = (element) => element.getAttribute("aria-disabled") === "true";

const signed = (text, number) => (number > 0 ? "+" : number < 0 ? "−" : "") + text;
const weightText = (hundredths) => String(hundredths / WEIGHT);
const marks = (app, total) => signed((Math.abs(total) / 10 ** app.head.decimals).toFixed(app.head.decimals), Math.min(total, 0));
const change = (app, total) => signed((Math.abs(total) / 10 ** app.head.decimals).toFixed(app.head.decimals), Math.round(total));
const tenths = (number) => signed((Math.abs(number) / 10).toFixed(1), Math.min(number, 0));
const direction = (number) => (number > 0 ? "up" : number < 0 ? "down" : "level");
const arrow = (number) => (number > 0 ? "▲" + number : number < 0 ? "▼" + -number : "–");
const today = () => new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
const labelOf = (labels, code) => labels[code] ?? "";

// ---- what is known, and what is shown ----

/** Read a trait of bytes as numbers of a kind: it comes as a view, as bytes, or (from a page of its own) in base64. */
function numbers(given, Kind) {
  if (typeof given === "string") given = Uint8Array.from(atob(given), (letter) => letter.charCodeAt(0));
  if (!given) return new Kind();
  if (!ArrayBuffer.isView(given)) return new Kind(given);
  return new Kind(given.buffer.slice(given.byteOffset, given.byteOffset + given.byteLength));
}

function opened(way, given) {
  const { model } = way;
  const { head } = given;
  const read = (name, Kind) => numbers(given[name], Kind);
  const table = prepared({
    nodes: head.nodes, style: head.style, decimals: head.decimals, leastCovered: head.least_covered,
    points: read("points", Int32Array), adjusted: read("adjusted", Int32Array), able: read("able", Uint8Array),
    group: read("group", Uint16Array),
  });
  [table.errors, table.scale] = [read("errors", Int32Array), read("scale", Float32Array)];
  const barred = read("barred", Uint8Array);
  if (barred.length) table.barred = barred;
  const bands = [...head.bands].sort((a, b) => b.at_least - a.at_least);
  const fresh = { weights: table.tree.inForce, locked: head.nodes.map(() => false) };
  const history = begunFrom(head, table, model.get("weights"), fresh);
  const names = given.names.split("\n");
  return {
    way, model, head, table, bands, now: history.now, history, gesture: null, anchor: null, typing: null,
    county: read("county", Uint16Array), size: read("size", Uint8Array), few: read("few", Uint8Array),
    base: read("base", Int32Array), low: read("low", Int32Array), high: read("high", Int32Array), names, ids: given.ids.split("\n"), ...stems(names),
    kernel: head.mode === "kernel", asked: null, restored: history.restored,
    inForce: null, draft: null, snapshots: [], firm: null, firmFor: null, stretches: [], influence: null,
    ...chosenBefore({ head, way }), sort: "place", active: 0, found: null, lit: -1, pins: new Set(),
    row: 28, shown: ROWS,
    say: (key, values = {}) => filled(head.words[key] ?? key, values),
  };
}

/** Fill in a sentence; in English a noun behind a number that is one loses its s. */
export const filled = (words, values) =>
  words.replace(/\{(\w+)\}( (?:places|units|points|lines|characters)\b)?/g, (_, name, noun = "") =>
    values[name] + (String(values[name]) === "1" ? noun.slice(0, -1) : noun));

/** Begin with the weights that a notebook set, else with the draft that this browser kept, else with those in force. */
function begunFrom(head, table, set, fresh) {
  const kept = readDraft(table.tree, recalled(head.key));
  const isSet = set?.length === fresh.weights.length && !same(set, fresh.weights) && !(kept && same(set, kept.now.weights));
  if (isSet) return begun({ ...fresh, weights: [...set] });
  return kept ? { ...kept, restored: true } : begun(fresh);
}

const KEPT = "fengqiao-tuner "; // before every key in the browser's own store

function recalled(key) {
  try {
    return localStorage.getItem(KEPT + key);
  } catch {
    return null; // a browser may keep nothing
  }
}

/** Keep a text, or, where there is nothing to keep, forget the one that was kept. */
function retain(key, text) {
  try {
    if (text) localStorage.setItem(KEPT + key, text);
    else localStorage.removeItem(KEPT + key);
  } catch {
    // then a reload begins anew
  }
}

function store(app) {
  const nothing = isInForce(app) && !app.history.past.length && !app.history.future.length;
  retain(app.head.key, nothing ? "" : writeDraft(app.history));
}

/** Write what is looked at and typed beside the drafts of a run; '' where that is nothing. */
export const writeBeside = (beside) => (Object.values(beside).some((each) => Object.keys(each).length) ? JSON.stringify(beside) : "");

/**
 * Read what was looked at and typed beside the drafts of a run: typed, what stands in the fields of saving; looked, the level and
 * the period; chosen, by level the class and the county, by name ('': all). Anything else that a text holds is left out.
 */
export function readBeside(text) {
  const isObject = (one) => typeof one === "object" && one !== null && !Array.isArray(one);
  const texts = (one) => Object.fromEntries(Object.entries(isObject(one) ? one : {}).filter(([, each]) => typeof each === "string"));
  let found = null;
  try {
    found = JSON.parse(text);
  } catch {
    // no text of ours
  }
  const { typed, looked, chosen } = isObject(found) ? found : {};
  const levels = Object.entries(isObject(chosen) ? chosen : {}).map(([level, one]) => [level, texts(one)]);
  return { typed: texts(typed), looked: texts(looked), chosen: Object.fromEntries(levels) };
}

const storeBeside = ({ way }) => retain(way.kept, writeBeside(way.beside));

/** Keep the class and the county that are looked at, by name: their numbers are those of a period. */
function storeChoice(app) {
  const { head, way } = app;
  const name = (list, at) => (at === ALL ? "" : list[at]);
  way.beside.chosen[head.level] = { asked: head.asked, group: name(head.groups, app.group), county: name(head.counties, app.within) };
  storeBeside(app);
}

/** Take up the class and the county that were looked at before, unless a notebook asks for another class since. */
function chosenBefore({ head, way }) {
  const { asked, group, county } = way.beside.chosen[head.level] ?? {};
  const at = (list, name) => (name === "" ? ALL : list.indexOf(name));
  const found = { group: at(head.groups, group), within: at(head.counties, county) };
  if (asked !== head.asked || (group && found.group < 0)) found.group = head.group;
  return group === undefined ? { group: head.group, within: ALL } : found;
}

const weightsInForce = (app) => app.table.tree.inForce;
const isInForce = (app) => same(app.now.weights, weightsInForce(app));

/** The places of an outcome in the group on screen, reckoned once for each group. */
function view(app, outcome) {
  if (outcome.viewed !== app.group) {
    outcome.view = app.group === ALL ? placedTogether(app.table, outcome) : placed(app.table, outcome, app.group);
    outcome.viewed = app.group;
  }
  return outcome.view;
}

const grades = (app, outcome) => (outcome.grades ||= gradesOf(outcome.totals, app.bands.map((band) => band.at_least)));
const awardsOf = (app) => (app.group === ALL ? Math.max(0, ...app.head.awards) : (app.head.awards[app.group] ?? 0));
const isNamed = (app, unit, place) =>
  place > 0 && place <= (app.head.awards[app.table.group[unit]] ?? 0) && !app.table.barred?.[unit];
const inCounty = (app, unit) => app.within === ALL || app.county[unit] === app.within;
const inScope = (app, unit) => (app.group === ALL || app.table.group[unit] === app.group) && inCounty(app, unit);

/** The units that are looked at: those of the class and the county chosen. */
function scope(app) {
  const what = `${app.group} ${app.within}`;
  if (app.scoped !== what) [app.scoped, app.scopeUnits] = [what, Uint32Array.from(app.table.group.keys()).filter((unit) => inScope(app, unit))];
  return app.scopeUnits;
}

// ---- one gesture: it begins with the first move and ends with the release; then it can be undone ----

function move(app, node, value) {
  if (!app.gesture) app.gesture = { node, before: app.now };
  if (app.anchor?.node !== node || app.anchor.after !== app.gesture.before) app.anchor = { node, start: app.now.weights };
  app.anchor.after = app.gesture.before;
  app.limit = limitSaid(app, node, value);
  become(app, { ...app.now, weights: moved(app.table.tree, app.anchor.start, node, value, app.now.locked) });
}

function release(app) {
  const { gesture } = app;
  if (!gesture) return;
  app.gesture = null;
  app.history = did(app.history, app.now);
  app.now = app.history.now;
  if (app.anchor) app.anchor.after = app.now;
  if (app.now !== gesture.before) settled(app, sayMove(app, gesture.node));
  else if (app.limit) tell(app.live, (app.what = app.limit));
  schedule(app);
}

/** Take up weights or locks that are not dragged: a step back or forward, a snapshot, the scheme in force. */
function take(app, step, what) {
  release(app);
  [app.limit, app.typing] = ["", null];
  const history = step(app.history);
  if (history.now === app.now) return schedule(app); // half a number may stand in a field
  app.history = history;
  become(app, history.now);
  settled(app, what);
}

const undo = (app) => take(app, undone, app.say("tuner.undone"));
const redo = (app) => take(app, redone, app.say("tuner.redone"));
const turnTo = (app, weights, what) => take(app, (history) => did(history, { ...history.now, weights: [...weights] }), what);

function lock(app, node) {
  const { label } = app.head.nodes[node];
  const turn = ({ locked }) => locked.map((each, at) => (at === node ? !each : each));
  const what = app.say(app.now.locked[node] ? "tuner.unlocked_said" : "tuner.locked_said", { label });
  take(app, (history) => did(history, { ...history.now, locked: turn(history.now) }), what);
}

/** Say who gave way, since this weight was first taken hold of; and why some that were equal may now differ by a step. */
function sayMove(app, node) {
  const { nodes } = app.head;
  const { tree } = app.table;
  const { start } = app.anchor;
  const by = (at) => app.now.weights[at] - start[at];
  if (!by(node)) return app.limit;
  const beside = tree.parts[tree.above[node]].filter((at) => at !== node);
  const others = beside.filter(by);
  const changed = others.map((at) => `${nodes[at].label} ${signed(weightText(Math.abs(by(at))), by(at))}`);
  const given = { label: nodes[node].label, was: weightText(start[node]), is: weightText(app.now.weights[node]) };
  const said = app.say(by(node) > 0 ? "tuner.gave_way" : "tuner.took_over", { ...given, others: changed.join(app.say("tuner.and")) });
  const free = givingWay(tree, node, app.now.locked);
  const uneven = free.some((at) => free.some((other) => start[at] === start[other] && by(at) !== by(other)));
  const step = weightText(tree.steps[tree.above[node]]);
  return said + (uneven ? app.say("tuner.whole_steps", { step }) : "") + app.limit;
}

/** Say why a weight stops before the value that was asked for. */
function limitSaid(app, node, value) {
  const { tree } = app.table;
  const { label } = app.head.nodes[node];
  const beside = tree.parts[tree.above[node]].filter((at) => at !== node && app.now.locked[at]);
  if (tree.fixed[node] || !givingWay(tree, node, app.now.locked).length) return app.say("tuner.limit_all", { label });
  const most = mostOf(tree, app.now.weights, node, app.now.locked);
  if (value >= 0 && value <= most) return "";
  const given = { label, asked: weightText(value), most: weightText(most) };
  const held = weightText(beside.reduce((sum, at) => sum + app.now.weights[at], 0));
  const names = beside.map((at) => app.head.nodes[at].label).join(app.say("tuner.and"));
  return beside.length && value > most ? app.say("tuner.limit_locked", { ...given, held, names }) : app.say("tuner.limit", given);
}

/** Show other weights at once, and what follows from them in the next frame. */
function become(app, now) {
  app.now = now;
  app.firm = app.firmFor = null;
  app.root.classList.add("moving");
  schedule(app);
}

function settled(app, what) {
  app.what = what;
  app.untold = true;
  store(app);
  if (!same(app.model.get("weights") || [], app.now.weights)) {
    app.model.set("weights", [...app.now.weights]);
    app.model.save_changes();
  }
  schedule(app);
}

// ---- reckoning: here, or in the kernel where floats or memory of the browser would not do ----

function schedule(app) {
  if (!app.frame) app.frame = requestAnimationFrame(() => frame(app));
}

function frame(app) {
  app.frame = 0;
  if (app.kernel) ask(app);
  else if (app.draft?.weights !== app.now.weights) app.draft = weigh(app.table, app.now.weights);
  draw(app);
}

/** Ask the kernel for totals, one question at a time; what was asked for in the meantime is asked last. */
function ask(app) {
  const wanted = app.inForce ? app.now.weights : weightsInForce(app);
  if (app.asked || app.head.readonly || app.draft?.weights === wanted || app.way.state) return;
  app.asked = wanted;
  const answered = (message, buffers) => {
    app.asked = null;
    if (message.kind !== "totals") return refused(app, message.faults);
    const [totals, places, parts] = buffers.map((buffer) => numbers(buffer, Int32Array));
    const outcome = { weights: wanted, totals, parts, ranked: Uint8Array.from(places, (place) => (place ? 1 : 0)) };
    app.inForce ||= outcome;
    app.draft = outcome;
    schedule(app);
  };
  question(app.way, { kind: "totals", weights: wanted }, [], answered, () => (app.asked = null));
}

/** Ask for the draws around these weights, group by group: places as ranges, and stretches where totals are not linear. */
function askFirm(app) {
  const wanted = app.group === ALL ? app.table.members.flatMap((each, at) => (each.length ? [at] : [])) : [app.group];
  const group = wanted.find((each) => !app.firm?.groups.has(each));
  if (app.head.readonly || group === undefined || app.firmFor !== null || app.way.state) return;
  app.firmFor = group;
  const { weights } = app.now;
  const answered = (message, buffers) => {
    if (app.now.weights !== weights) return;
    app.firmFor = null;
    if (message.kind !== "firm") return refused(app, message.faults);
    addFirm(app, group, message.ranges || [], ...buffers.map((buffer) => numbers(buffer, Int32Array)));
    askFirm(app);
    schedule(app);
  };
  question(app.way, { kind: "firm", weights, group }, [], answered, () => (app.firmFor = null));
}

const FIRM = ["low", "high", "couldLow", "couldHigh", "error"]; // as they come for each unit: under other weights, by chance in the records

/** Lay out place ranges by unit; they come for the units of the group, in the order of units. */
function addFirm(app, group, ranges, ...arrays) {
  const { units, members } = app.table;
  app.firm ||= { groups: new Map(), ...Object.fromEntries(FIRM.map((name) => [name, new Int32Array(units)])) };
  const { firm } = app;
  FIRM.forEach((name, which) => members[group].forEach((unit, at) => (firm[name][unit] = arrays[which]?.[at] ?? 0)));
  firm.groups.set(group, new Map(ranges.map((range) => [range.node, range])));
}

const isKnown = (app, unit) => Boolean(app.firm?.groups.has(app.table.group[unit]));

/**
 * Between which places a unit may stand by chance in the records, at the weights on screen: what the kernel drew for them, or,
 * while they are those in force, what the run says; null where neither is known. What was of other weights is never shown.
 */
function couldBe(app, unit) {
  if (isKnown(app, unit)) return app.firm.couldLow[unit] ? [app.firm.couldLow[unit], app.firm.couldHigh[unit]] : null;
  app.draft.isInForce ??= same(app.draft.weights, weightsInForce(app));
  return app.draft.isInForce && app.low[unit] ? [app.low[unit], app.high[unit]] : null;
}

/** The error of a unit's total at the weights on screen, in 10^-decimals: here, or, where totals are no sums, the kernel's. */
function errorNow(app, unit) {
  if (app.kernel) return isKnown(app, unit) && app.firm.error[unit] >= 0 ? app.firm.error[unit] / FINER : NaN;
  app.draft.error ||= errorsOf(app.table, app.draft.weights);
  return app.draft.error(unit);
}

/** Whether there are ranges to show, or some may come: there is room, and somebody of the class on screen has one. */
function hasRanges(app) {
  if (app.tight || app.head.no_range) return false;
  const comes = !app.head.readonly && (app.group === ALL || !app.firm?.groups.has(app.group));
  return comes || view(app, app.draft).order.some((unit) => couldBe(app, unit));
}

const FINER = 100; // the kernel tells errors in so small parts of 10^-decimals

/** Say whether a unit and the one that follows it in the order of places cannot be told apart. */
function alikeNext(app, order, at) {
  const [unit, next] = [order[at], order[at + 1]];
  if (unit === undefined || next === undefined || !app.draft.ranked[unit] || !app.draft.ranked[next]) return false;
  const { totals } = app.draft;
  return alikeTotals(totals[unit], totals[next], errorNow(app, unit), errorNow(app, next));
}

/** Whether neighbours in the list are neighbours in place. */
const inPlaceOrder = (app) => app.sort === "place" && app.within === ALL && app.group !== ALL;

// ---- the kernel: every question has an end, and that it is gone is said at once ----

/** The way to the kernel. kept: the key of what this browser keeps beside drafts; state: '' while it answers; silent, restarted, dead, cut. told: who is to show that. */
function wayTo(model, kept) {
  const way = { model, kept, beside: readBeside(recalled(kept)), id: 0, waiting: new Map(), state: "", told() {} };
  const turn = (state) => {
    if (way.state === state) return;
    way.state = state;
    if (state && state !== "silent") {
      const left = [...way.waiting.values()];
      way.waiting.clear();
      for (const { timer, overdue } of left) {
        clearTimeout(timer);
        overdue();
      }
    }
    way.told();
  };
  way.turn = turn;
  const hear = (message, buffers) => {
    const asked = way.waiting.get(message.id);
    if (!asked) return;
    way.waiting.delete(message.id);
    clearTimeout(asked.timer);
    if (way.state === "silent") turn("");
    asked.answered(message, buffers || []);
  };
  const restarted = () => turn("restarted");
  const status = (_, now) => {
    if (/dead|terminating/.test(now)) turn("dead");
    else if (/restarting/.test(now)) restarted();
  };
  const connection = (_, now) => {
    if (now !== "connected") turn(way.state || "cut");
    else if (way.state === "cut") turn("");
  };
  const gone = () => turn("dead");
  const kernel = model.widget_manager?.kernel;
  const signals = [["statusChanged", status], ["connectionStatusChanged", connection], ["disposed", gone]];
  model.on("msg:custom", hear);
  model.on("comm_live_update", restarted);
  for (const [name, slot] of signals) kernel?.[name]?.connect?.(slot);
  way.close = () => {
    model.off("msg:custom", hear);
    model.off("comm_live_update", restarted);
    for (const [name, slot] of signals) kernel?.[name]?.disconnect?.(slot);
    for (const { timer } of way.waiting.values()) clearTimeout(timer);
  };
  return way;
}

/** Ask the kernel; answered with its message and arrays, or overdue after so long that nobody need wait on. */
function question(way, message, buffers, answered, overdue) {
  const id = (way.id += 1);
  const late = () => {
    way.turn(way.state || "silent");
    overdue();
  };
  way.waiting.set(id, { answered, overdue, timer: setTimeout(late, PATIENCE[message.kind] * 1000) });
  way.model.send({ id, ...message }, undefined, buffers);
}

/** A line that says what became of the kernel, with a button that runs the notebook anew where something listens to it. */
function alarm(way, say) {
  const text = make("span");
  const rerun = () => {
    const asked = new CustomEvent("tuner:rerun", { bubbles: true, cancelable: true });
    tell(text, say(line.dispatchEvent(asked) ? "tuner.rerun_menu" : "tuner.rerunning"));
  };
  const line = make("div", { class: "alarm", role: "alert", hidden: true }, text, button(say("tuner.rerun"), rerun));
  const draw = () => {
    line.hidden = !way.state;
    if (way.state) tell(text, say("tuner.kernel_" + way.state));
  };
  return { line, draw };
}

/** Reckon what can wait until the weights rest. */
function rest(app) {
  app.root.classList.remove("moving");
  if (!app.draft || (app.kernel && app.draft.weights !== app.now.weights)) return;
  const now = view(app, app.draft);
  const { nodes } = app.head;
  const open = nodes.map((_, at) => at).filter((at) => at && app.weightLines[at].shown());
  if (!app.kernel) {
    app.stretches = app.group === ALL ? [] : open.map((at) => stretches(app.table, app.draft, now, at, app.now.locked, awardsOf(app))).filter(Boolean);
    app.influence = influenceOfNodes(app.table, app.draft, now.order);
  } else app.influence = influenceOfTops(app, now.order);
  app.rested = app.draft;
  if (!app.gesture) askFirm(app);
  draw(app);
  announce(app);
}

function influenceOfTops(app, order) {
  const { tops, nodes } = app.table;
  const totals = Float64Array.from(order, (unit) => app.draft.totals[unit]);
  const columns = tops.map((_, top) => Float64Array.from(order, (unit) => app.draft.parts[unit * tops.length + top]));
  const outside = totals.map((total, at) => columns.reduce((left, column) => left - column[at], total));
  const shares = influence([...columns, outside], totals);
  if (!shares) return null;
  const found = new Array(nodes.length + 1).fill(NaN); // of the parts inside the kernel tells nothing
  found[nodes.length] = shares.pop();
  shares.forEach((share, top) => (found[tops[top]] = share));
  return found;
}

/** Say in a sentence what a gesture did, once it is done: for those who hear the page. */
function announce(app) {
  if (!app.untold || app.gesture || !app.before) return;
  app.untold = false;
  const { before } = app;
  const given = { what: app.what || "", moved: before.moved, enter: before.enter.length, leave: before.leave.length };
  tell(app.live, app.say("tuner.announced", given));
}

// ---- drawing ----

function draw(app) {
  if (!app.draft) return void tell(app.status, app.say(app.head.readonly ? "tuner.needs_kernel" : "tuner.waiting"));
  const [before, now] = [view(app, app.inForce), view(app, app.draft)];
  app.before = moves(app.table, app.group, before, now, app.head.awards, scope(app));
  app.listed = listed(app, before, now);
  app.root.classList.toggle("no-could", !hasRanges(app));
  tell(app.placeOption, app.say(app.group === ALL ? "tuner.total" : ORDERS.place.label)); // places of several classes are no order
  drawList(app); // first, for it asks where the list was scrolled to: after a change the page would be laid out for that
  drawWeights(app);
  drawTop(app);
  drawMoves(app);
  drawHarm(app);
  drawChance(app);
  drawFirm(app);
  clearTimeout(app.timer);
  if (app.rested !== app.draft || app.restedGroup !== app.group || app.restedState !== app.now.locked || app.untold) {
    [app.restedGroup, app.restedState] = [app.group, app.now.locked];
    app.timer = setTimeout(() => rest(app), SETTLES);
  }
  app.root.dispatchEvent(new CustomEvent("tuner:drawn", { bubbles: true, detail: { weights: app.now.weights } }));
}

/** The units of the list: those with a place in the order asked for, then those without one. */
function listed(app, before, now) {
  const { key } = ORDERS[app.sort];
  const by = (unit) => (before.place[unit] ? key(before.place[unit], now.place[unit]) : 1e7);
  const order = app.within === ALL ? now.order : now.order.filter((unit) => inCounty(app, unit));
  const first = key ? sorted(order, by) : order;
  const without = scope(app).filter((unit) => !now.place[unit]);
  return without.length ? joined(first, without) : first;
}

function joined(first, second) {
  const all = new Uint32Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

// ---- the top: what is tuned, the ways back, snapshots ----

function topPanel(app) {
  const { head, say } = app;
  app.undoButton = button(say("tuner.undo"), () => undo(app), { title: "Ctrl+Z" });
  app.redoButton = button(say("tuner.redo"), () => redo(app), { title: "Ctrl+Shift+Z" });
  app.backButton = button(say("tuner.back", { version: head.version }), () => back(app));
  app.snapshotList = make("span", { class: "snapshots" });
  app.keepButton = button(say("tuner.keep"), () => keep(app));
  app.status = make("b", { class: "status" });
  const facts = [say("tuner.run", { run: head.run, state: say(STATES[head.state] || head.state) }), say("tuner.units", { n: app.table.units })];
  const why = app.kernel && head.why_kernel ? [head.why_kernel] : [];
  const warnings = [...head.warnings, ...why, ...disagreement(app)];
  const toForm = () => {
    app.form?.scrollIntoView({ block: "center" });
    app.form?.querySelector("textarea").focus({ preventScroll: true });
  };
  const saving = head.readonly ? [] : [button(say("tuner.to_save"), toForm)];
  const tools = [app.undoButton, app.redoButton, app.backButton, app.snapshotList, app.keepButton, ...saving];
  return make("header", {},
    make("div", { class: "line" }, make("h2", {}, say("tuner.title")), make("span", { class: "scheme" }, head.title), app.status,
      make("span", { class: "tools", role: "toolbar", "aria-label": say("tuner.tools") }, ...tools)),
    make("div", { class: "line choices" }, ...choices(app), make("span", { class: "facts" }, facts.join(" · "))),
    (app.problem = make("p", { class: "note", role: "status" })),
    make("ul", { class: "warnings", "aria-label": say("tuner.warnings"), hidden: !warnings.length },
      ...warnings.map((each) => make("li", {}, each))));
}

/** Level, period, class and county as lists; on a page of its own level and period are what it was written for. */
function choices(app) {
  const { say, head } = app;
  const labelled = (key, control) => make("label", {}, say(key), " ", control);
  const fixed = (key, label) => make("span", {}, say(key), " ", make("b", {}, label));
  const what = {};
  const of = (name, list) => {
    const choice = (what[name] = make("select", { name }, ...list.map((one) => option(one.code, one.label))));
    choice.value = head[name];
    choice.addEventListener("change", reopen);
    return labelled("tuner." + name, choice);
  };
  const reopen = () => {
    tell(app.problem, app.way.model.get("opening").waits);
    app.reopen({ level: what.level.value, period: what.period.value }, (faults) => {
      for (const name of Object.keys(what)) what[name].value = head[name];
      tell(app.problem, faults.join(" "));
    });
  };
  const first = head.readonly
    ? [fixed("tuner.level", head.level_label), fixed("tuner.period", head.period_label)]
    : [of("level", head.levels), of("period", head.periods)];
  const counties = head.counties.length > 1 && app.county.length ? [labelled("tuner.county", countyChoice(app))] : [];
  return [...first, labelled("tuner.group", groupChoice(app)), ...counties];
}

/** Say where the browser's totals of the scheme in force are not those of the run: then nothing here is to be trusted. */
function disagreement(app) {
  if (app.kernel || !app.base.length) return [];
  const n = app.inForce.totals.reduce((sum, total, unit) => sum + (total !== app.base[unit] ? 1 : 0), 0);
  return n ? [app.say("tuner.disagrees", { n })] : [];
}

function back(app) {
  turnTo(app, weightsInForce(app), app.say("tuner.back_said", { version: app.head.version }));
}

function keep(app) {
  const name = SNAPSHOTS.find((each) => !app.snapshots.some((one) => one.name === each));
  if (!name || app.draft.weights !== app.now.weights) return;
  app.snapshots = [...app.snapshots, { name, ...app.draft }].sort((a, b) => a.name.localeCompare(b.name));
  tell(app.live, app.say("tuner.kept", { name }));
  drawSnapshots(app);
  schedule(app);
}

function forget(app, snapshot) {
  app.snapshots = app.snapshots.filter((each) => each !== snapshot);
  drawSnapshots(app);
  app.keepButton.focus();
  schedule(app);
}

function drawSnapshots(app) {
  const { say } = app;
  const tools = app.snapshots.map((each) => {
    const { name } = each;
    const restore = () => turnTo(app, each.weights, say("tuner.took", { name }));
    return [
      button(name, restore, { "aria-label": say("tuner.take", { name }) }),
      button("×", () => forget(app, each), { class: "forget", "aria-label": say("tuner.forget", { name }) }),
    ];
  });
  app.snapshotList.replaceChildren(...tools.flat());
  idle(app.keepButton, app.snapshots.length === SNAPSHOTS.length);
}

function drawTop(app) {
  const given = { version: app.head.version };
  tell(app.status, app.say(isInForce(app) ? "tuner.in_force" : "tuner.draft", given));
  idle(app.undoButton, !app.history.past.length && !app.gesture);
  idle(app.redoButton, !app.history.future.length);
  idle(app.backButton, isInForce(app));
}

// ---- weights ----

function weightsPanel(app) {
  const { say } = app;
  app.weightLines = [];
  app.sums = new Map();
  app.gave = make("p", { class: "gave" });
  app.outside = make("p", { class: "outside note" });
  app.noInfluence = make("p", { class: "note" });
  return make("section", { class: "weights", "aria-label": say("tuner.weights") },
    make("h3", {}, say("tuner.weights"), " ", sumOf(app, 0)),
    weightList(app, 0),
    app.gave, app.outside, app.noInfluence,
    make("p", { class: "note" }, make("i", { class: "band first" }), say("tuner.key_first"), " ",
      make("i", { class: "band awards" }), say("tuner.key_awards")),
    make("details", { class: "note" }, make("summary", {}, say("tuner.how_to")), make("p", {}, say("tuner.keys")),
      make("p", {}, say("tuner.influence_note"))));
}

function sumOf(app, node) {
  const sum = make("small", { class: "sum" });
  app.sums.set(node, sum);
  return sum;
}

function weightList(app, node) {
  const list = make("ul", { class: "nodes" });
  list.append(...app.table.tree.parts[node].map((at) => weightLine(app, at)));
  return list;
}

function weightLine(app, node) {
  const line = weightControls(app, node);
  const { label } = app.head.nodes[node];
  const { tree, topOf } = app.table;
  const inner = tree.parts[node].length ? partsOf(app, node, label) : null;
  const ownKey = tree.above[node] ? [] : [key(topOf[node])];
  const track = make("span", { class: "track", "aria-hidden": "true" }, line.first, line.awards);
  line.shown = () => !line.element.closest(".inner[hidden]");
  line.element = make("li", { "data-node": node },
    make("div", { class: "line" }, inner ? fold(app, inner, label) : make("span", { class: "fold" }),
      make("label", { for: line.slider.id }, ...ownKey, label), line.number, line.locker),
    make("div", { class: "slide" }, line.slider, track),
    make("p", { class: "told" }, line.was, line.influence, line.firm), ...(inner ? [inner] : []));
  app.weightLines[node] = line;
  return line.element;
}

function weightControls(app, node) {
  const { say } = app;
  const { label, code } = app.head.nodes[node];
  const id = `${app.prefix}-${node}`;
  const both = { min: 0, step: "any", "data-node": node, "data-code": code };
  const slider = make("input", { type: "range", id, "aria-describedby": id + "-firm", ...both });
  const number = make("input", { type: "number", "aria-label": say("tuner.number", { label }), ...both });
  slider.addEventListener("input", () => move(app, node, snapped(slider.valueAsNumber * WEIGHT)));
  for (const end of ["change", "pointerup", "blur", "keyup"]) slider.addEventListener(end, () => release(app));
  number.addEventListener("input", () => (app.typing = number));
  number.addEventListener("change", () => typed(app, node, number));
  number.addEventListener("blur", () => (app.typing = null));
  number.addEventListener("keyup", () => release(app));
  const spans = Object.fromEntries(["was", "influence"].map((name) => [name, make("span", { class: name })]));
  const bands = Object.fromEntries(["first", "awards"].map((name) => [name, make("i", { class: "band " + name })]));
  const locker = button("", () => lock(app, node), { class: "lock", "aria-label": say("tuner.lock_label", { label }) });
  return { slider, number, locker, ...spans, ...bands, firm: make("span", { class: "firm", id: id + "-firm" }) };
}

function partsOf(app, node, label) {
  const note = make("p", { class: "note" }, app.say("tuner.parts", { label }), " ", sumOf(app, node));
  return make("div", { class: "inner", id: `${app.prefix}-${node}-parts`, hidden: true }, note, weightList(app, node));
}

const key = (top) => make("i", { class: "key d" + (top % COLOURS), "aria-hidden": "true" });
const snapped = (hundredths) => Math.round(hundredths / WEIGHT) * WEIGHT;

function fold(app, parts, label) {
  const said = { "aria-expanded": "false", "aria-controls": parts.id, "aria-label": app.say("tuner.fold", { label }) };
  const turn = () => {
    parts.hidden = !parts.hidden;
    mark(folder, "aria-expanded", String(!parts.hidden));
    tell(folder, parts.hidden ? "▸" : "▾");
    app.rested = null;
    schedule(app);
  };
  const folder = button("▸", turn, { class: "fold", ...said });
  return folder;
}

/** Take up a number that was typed; it is selected then, so that the next one typed takes its place. */
function typed(app, node, number) {
  app.typing = null;
  const value = Math.round(number.valueAsNumber * WEIGHT);
  if (Number.isFinite(value)) move(app, node, value);
  release(app);
  schedule(app);
  if (app.limit) tell(app.live, app.limit);
  write(number, app.now.weights[node]);
}

/** Write a weight into its field; where the keyboard stands there, it is selected. */
function write(number, weight) {
  number.value = weightText(weight);
  if (document.activeElement === number) number.select();
}

function drawWeights(app) {
  const { say, now } = app;
  const { tree } = app.table;
  const shown = app.influence && shownInfluence(app.table, app.influence);
  app.weightLines.forEach((line, node) => line.shown() && drawWeight(app, line, node, shown));
  for (const [node, sum] of app.sums) {
    const whole = tree.parts[node].reduce((all, at) => all + now.weights[at], 0);
    const right = whole === wholeOf(tree, now.weights, node);
    tell(sum, say(right ? "tuner.sum_right" : "tuner.sum_wrong", { sum: weightText(whole) }));
  }
  tell(app.gave, app.gesture ? sayMove(app, app.gesture.node) : app.what || say("tuner.gave_hint"));
  app.gave.classList.toggle("limited", Boolean(app.limit));
  const outside = shown?.[app.head.nodes.length];
  const adjusted = shown && (outside || app.table.adjusted.some(Boolean));
  tell(app.outside, adjusted ? say("tuner.outside", { share: tenths(outside) }) : "");
  tell(app.noInfluence, app.rested && !app.influence ? say("tuner.no_influence") : "");
}

function drawWeight(app, line, node, shown) {
  const { say, now } = app;
  const { tree } = app.table;
  const weight = now.weights[node];
  const whole = wholeOf(tree, now.weights, tree.above[node]);
  const { label } = app.head.nodes[node];
  for (const input of [line.slider, line.number]) mark(input, "max", weightText(whole));
  if (line.slider.valueAsNumber !== weight / WEIGHT) line.slider.value = weight / WEIGHT;
  mark(line.slider, "aria-valuetext", weightText(weight));
  const typing = app.typing === line.number && !app.gesture; // half a number is left alone
  if (!typing && line.number.value !== weightText(weight)) write(line.number, weight);
  const was = tree.inForce[node];
  const by = signed(weightText(Math.abs(weight - was)), weight - was);
  tell(line.was, was === weight ? "" : say("tuner.was", { was: weightText(was), by }));
  const stuck = tree.fixed[node] || now.locked[node];
  line.locker.disabled = tree.fixed[node];
  if (stuck && [line.slider, line.number].includes(document.activeElement)) line.locker.focus({ preventScroll: true });
  line.slider.disabled = line.number.disabled = stuck;
  mark(line.locker, "aria-pressed", String(now.locked[node]));
  tell(line.locker, say(now.locked[node] ? "tuner.locked" : "tuner.lock"));
  const share = shown && Number.isFinite(shown[node]) ? tenths(shown[node]) : null;
  tell(line.influence, share === null ? "" : say("tuner.influence", { share }));
  line.influence.classList.toggle("against", share !== null && shown[node] < 0);
  drawStretch(app, line, node, whole, label);
}

function drawStretch(app, line, node, whole) {
  const beside = app.table.tree.parts[app.table.tree.above[node]].some((at) => at !== node && app.now.locked[at]);
  const found = beside ? null : app.firm?.groups.get(app.group)?.get(node); // the kernel knows of no locks
  const own = app.stretches.find((each) => each.node === node);
  const known = app.rested === app.draft || app.gesture?.node === node ? own || found : null;
  const put = (band, range) => {
    band.hidden = !range;
    if (!range) return;
    band.style.left = `${(100 * range[0]) / whole}%`;
    band.style.width = `${(100 * (range[1] - range[0])) / whole}%`;
  };
  put(line.first, known?.first);
  put(line.awards, awardsOf(app) ? known?.awards : null);
  if (!known) return tell(line.firm, stretchMissing(app, node));
  const text = ([low, high]) => [low, high].map((end) => Math.round((end / WEIGHT) * 10) / 10).join("\u2060–\u2060");
  const given = { first: text(known.first), awards: text(known.awards) };
  const said = app.say(awardsOf(app) ? "tuner.stretch" : "tuner.stretch_first", given);
  tell(line.firm, known.sampled ? said + app.say("tuner.sampled") : said);
}

function stretchMissing(app, node) {
  if (app.table.tree.fixed[node]) return app.say("tuner.fixed");
  if (!givingWay(app.table.tree, node, app.now.locked).length) return app.say("tuner.cannot_move");
  if (app.group === ALL) return node === app.table.tops[0] ? app.say("tuner.stretch_all") : "";
  if (app.rested !== app.draft || app.gesture || app.firm?.groups.has(app.group) || app.way.state) return "";
  return app.say(app.head.readonly ? "tuner.stretch_none" : "tuner.stretch_waits");
}

// ---- ranking ----

function rankingPanel(app) {
  const { say } = app;
  app.foundNote = make("span", { class: "note", role: "status" });
  app.search = make("input", { name: "find", type: "search", placeholder: say("tuner.find_hint"), autocomplete: "off" });
  for (const typing of ["input", "search"]) app.search.addEventListener(typing, () => find(app, app.search.value));
  const controls = [["tuner.sort", orderChoice(app)], ["tuner.find", app.search]];
  const labelled = controls.map(([label, control]) => make("label", {}, say(label), " ", control));
  return make("section", { class: "ranking", "aria-label": say("tuner.ranking") },
    make("div", { class: "line controls" }, make("h3", {}, say("tuner.ranking")), ...labelled, app.foundNote),
    legend(app), ...listPanel(app));
}

const option = (value, label) => make("option", { value }, label);

function groupChoice(app) {
  const { say, head } = app;
  const label = (members, group) => say("tuner.group_of", { label: labelOf(head.groups, group), n: members.length });
  const options = app.table.members.flatMap((members, group) => (members.length ? [option(group, label(members, group))] : []));
  const all = options.length > 1 ? [option(ALL, say("tuner.group_of", { label: say("tuner.all"), n: app.table.units }))] : [];
  app.groupSelect = make("select", { name: "group" }, ...all, ...options);
  app.groupSelect.value = String(app.group);
  app.groupSelect.addEventListener("change", () => chooseGroup(app, Number(app.groupSelect.value)));
  return app.groupSelect;
}

function countyChoice(app) {
  const { say, head } = app;
  app.countySelect = make("select", { name: "county" }, option(ALL, say("tuner.all")), ...head.counties.map((label, at) => option(at, label)));
  app.countySelect.value = String(app.within);
  app.countySelect.addEventListener("change", () => chooseCounty(app, Number(app.countySelect.value)));
  return app.countySelect;
}

function chooseCounty(app, county) {
  app.within = county;
  app.countySelect.value = String(county);
  storeChoice(app);
  goTo(app, 0);
  schedule(app);
}

function orderChoice(app) {
  const choice = make("select", { name: "sort" }, ...Object.entries(ORDERS).map(([name, order]) => option(name, app.say(order.label))));
  app.placeOption = choice.options[0];
  choice.addEventListener("change", () => {
    app.sort = choice.value;
    goTo(app, 0);
    schedule(app);
  });
  return choice;
}

function legend(app) {
  const { nodes } = app.head;
  const parts = app.table.tops.map((node, top) => make("span", {}, key(top), nodes[node].label));
  const extra = make("i", { class: "key extra", "aria-hidden": "true" });
  return make("p", { class: "legend" }, ...parts, make("span", {}, extra, app.say("tuner.extra")));
}

function listPanel(app) {
  const { say } = app;
  app.slopeHead = make("span", { class: "slope" });
  const cell = (name, text) => make("span", { class: name }, text);
  const unit = (app.nameHead = cell("name", say("tuner.unit")));
  if (app.ending) unit.append(make("span", { class: "ending" }, say("tuner.unit_short", { ending: app.ending.trim() })));
  const heads = make("div", { class: "row heads", "aria-hidden": "true" }, app.slopeHead, cell("place", say("tuner.place")),
    cell("moved", say("tuner.moved")), cell("pin", ""), unit, cell("bar", say("tuner.bar", { full: app.head.full })),
    cell("total", say("tuner.total")), cell("could", say("tuner.could")), cell("range", say("tuner.range")));
  app.pinned = make("div", { class: "pinned", role: "listbox", "aria-label": say("tuner.pinned") });
  app.lines = document.createElementNS(SVG, "svg");
  mark(app.lines, "aria-hidden", "true");
  mark(app.lines, "class", "lines");
  app.body = make("div", { class: "body" });
  const said = { role: "listbox", "aria-multiselectable": "true", "aria-label": say("tuner.list") };
  app.list = make("div", { class: "list", ...said }, app.body);
  app.list.addEventListener("scroll", () => scrolled(app), { passive: true });
  app.rows = Array.from({ length: ROWS + 2 }, () => row(app));
  app.rows.forEach(({ element }) => app.body.append(element));
  app.polylines = app.rows.map(() => app.lines.appendChild(document.createElementNS(SVG, "polyline")));
  app.detail = make("p", { class: "detail" });
  app.why = make("p", { class: "why" });
  app.scale = 100 / Math.max(app.head.full * 10 ** app.head.decimals, 1);
  const listWindow = make("div", { class: "window" }, app.list, app.lines);
  app.printed = make("table", { class: "printed" });
  const keys = make("details", { class: "note" }, make("summary", {}, say("tuner.list_how")),
    make("p", {}, say(app.head.readonly ? "tuner.list_keys_alone" : "tuner.list_keys")));
  return [heads, app.pinned, listWindow, app.printed, app.detail, app.why, keys];
}

function scrolled(app) {
  app.scrolling ||= requestAnimationFrame(() => {
    app.scrolling = 0;
    if (app.listed && !app.frame) drawList(app);
  });
}

function row(app) {
  const names = ["slope", "place", "moved", "pin", "name", "bar", "total", "could", "range"];
  const cells = Object.fromEntries(names.map((name) => [name, make("span", { class: name })]));
  [cells.stem, cells.ending, cells.mark] = ["stem", "ending", "mark"].map((name) => make("span", { class: name }));
  const inName = make("span", { class: "whole" }, cells.stem, cells.ending, cells.mark);
  cells.name.append(inName);
  for (const name of ["said", "track", "span", "tick"]) cells[name] = make(name === "said" ? "span" : "i", { class: name });
  cells.track.append(cells.span, cells.tick);
  cells.could.append(cells.said, cells.track);
  const segments = [...app.table.tops.map((_, top) => "d" + (top % COLOURS)), "extra"].map((name) => make("i", { class: name }));
  cells.bar.append(...segments);
  const element = make("div", { class: "row", role: "option", tabindex: -1 }, ...names.map((name) => cells[name]));
  const made = { element, cells, segments, unit: -1, at: -1 };
  const look = () => {
    if (made.at >= 0) app.active = made.at;
    if (app.shownUnit !== made.unit) app.lit = -1;
    app.shownUnit = made.unit;
  };
  element.addEventListener("click", (event) => {
    look();
    if (event.target === cells.pin) togglePin(app, made.unit);
    schedule(app);
  });
  element.addEventListener("focus", () => {
    look();
    drawDetail(app);
  });
  return made;
}

function chooseGroup(app, group) {
  app.group = group;
  app.groupSelect.value = String(group);
  storeChoice(app);
  app.firmFor = null;
  app.stretches = [];
  app.influence = null;
  app.rested = null;
  goTo(app, 0);
  schedule(app);
}

/** Find units by name or number: those of the group in the order of the list, then those of other groups. */
function find(app, text, step = 0) {
  const wanted = text.trim().toLowerCase();
  if (!wanted || !app.listed) {
    app.lit = -1;
    schedule(app);
    return void tell(app.foundNote, "");
  }
  if (app.found?.text !== wanted) app.found = { text: wanted, at: 0, units: matches(app, wanted) };
  else app.found.at = (app.found.at + step + app.found.units.length) % (app.found.units.length || 1);
  const { units, at } = app.found;
  if (!units.length) return void tell(app.foundNote, app.say("tuner.found_none"));
  show(app, units[at]);
  const group = labelOf(app.head.groups, app.table.group[units[at]]);
  tell(app.foundNote, app.say("tuner.found", { n: units.length, at: at + 1, name: app.names[units[at]], group }));
}

function matches(app, wanted) {
  const fits = (unit) => app.names[unit].toLowerCase().includes(wanted) || app.ids[unit].toLowerCase().includes(wanted);
  const here = [...app.listed].filter(fits);
  const elsewhere = [...app.table.group.keys()].filter((unit) => !inScope(app, unit) && fits(unit));
  return [...here, ...elsewhere];
}

function show(app, unit) {
  const group = app.table.group[unit];
  if (app.group !== ALL && group !== app.group) chooseGroup(app, group);
  if (!inCounty(app, unit)) chooseCounty(app, ALL);
  app.listed = listed(app, view(app, app.inForce), view(app, app.draft));
  app.shownUnit = app.lit = unit;
  goTo(app, app.listed.indexOf(unit), true);
  schedule(app);
}

/** Make a row of the list the one that the keyboard stands on, and bring it into view. */
function goTo(app, at, centred = false) {
  app.active = Math.max(0, at);
  const top = app.active * app.row;
  const { scrollTop } = app.list;
  const room = app.shown * app.row;
  if (centred || !app.listed) app.list.scrollTop = centred ? top - room / 2 : top;
  else if (top < scrollTop) app.list.scrollTop = top;
  else if (top + app.row > scrollTop + room) app.list.scrollTop = top + app.row - room;
}

function togglePin(app, unit) {
  if (!app.pins.delete(unit)) app.pins.add(unit);
  tell(app.live, app.say(app.pins.has(unit) ? "tuner.pinned_said" : "tuner.unpinned_said", { name: app.names[unit] }));
  schedule(app);
}

function drawList(app) {
  const count = app.listed.length;
  const height = `${count * app.row}px`;
  if (app.body.style.height !== height) app.body.style.height = height;
  app.active = Math.min(app.active, Math.max(0, count - 1));
  const focused = app.rows.find((each) => each.element === document.activeElement);
  app.scrollTop = app.list.scrollTop;
  const first = Math.max(0, Math.min(Math.floor(app.scrollTop / app.row), count - app.shown));
  const shown = Math.min(app.rows.length, count - first);
  if (app.active < first || app.active >= first + app.shown) app.active = first;
  drawSlopeHead(app);
  for (let at = first; at < first + app.rows.length; at++) {
    const line = app.rows[at % app.rows.length];
    const unit = at < first + shown ? app.listed[at] : -1;
    drawRow(app, line, unit, at, count);
    mark(line.element, "tabindex", at === app.active ? 0 : -1);
    drawSlope(app, app.polylines[at % app.rows.length], unit, at);
  }
  if (focused) app.rows[app.active % app.rows.length].element.focus({ preventScroll: true });
  drawPinned(app);
  drawDetail(app);
}

function drawRow(app, line, unit, at, count) {
  const { element, cells } = line;
  element.hidden = unit < 0;
  [line.unit, line.at] = [unit, at];
  if (unit < 0) return;
  const top = `translateY(${at * app.row}px)`;
  if (count && element.style.transform !== top) element.style.transform = top;
  const [was, is] = [view(app, app.inForce).place[unit], view(app, app.draft).place[unit]];
  const within = was !== is && was > 0 && is > 0 && inRange(app, unit, was);
  drawMove(app, cells.moved, unit, was, is, within);
  tell(cells.place, is ? String(is) : "—");
  tell(cells.pin, app.pins.has(unit) ? "★" : "☆");
  tell(cells.stem, app.stems[unit]);
  tell(cells.ending, app.names[unit].slice(app.stems[unit].length));
  tell(cells.mark, markSaid(app, unit));
  mark(cells.name, "title", app.names[unit]);
  tell(cells.total, totalSaid(app, unit));
  tell(cells.range, is && isKnown(app, unit) ? `${app.firm.low[unit]}–${app.firm.high[unit]}` : "");
  drawBar(app, line.segments, unit);
  const could = is ? couldBe(app, unit) : null;
  drawCould(app, cells, unit, is, could);
  const beside = count > 0 && inPlaceOrder(app);
  const [follows, leads] = [beside && alikeNext(app, app.listed, at - 1), beside && alikeNext(app, app.listed, at)];
  element.classList.toggle("follows", Boolean(follows));
  element.classList.toggle("leads", Boolean(leads));
  element.classList.toggle("named", isNamed(app, unit, is));
  element.classList.toggle("lit", unit === app.lit);
  mark(element, "aria-current", unit === app.lit ? "true" : null);
  mark(element, "aria-selected", String(app.pins.has(unit)));
  mark(element, "aria-posinset", count ? at + 1 : null);
  mark(element, "aria-setsize", count || null);
  mark(element, "aria-label", rowSaid(app, unit, was, is, within) + couldSaid(app, could, leads));
}

/** Draw between which places a unit may stand, as a thin line on those of its class, its place on it. */
function drawCould(app, cells, unit, is, could) {
  tell(cells.said, could ? could.join("–") : "");
  cells.track.hidden = !could;
  if (!could) return;
  const last = Math.max(1, app.table.members[app.table.group[unit]].length - 1);
  const across = (places, more = 0) => `calc((100% - ${DOT}px) * ${(places / last).toFixed(3)} + ${more}px)`; // a place is so wide
  const where = [across(could[0] - 1), across(could[1] - could[0], DOT), across(is - 1)];
  const what = where.join();
  if (cells.drawn === what) return;
  cells.drawn = what;
  [cells.span.style.left, cells.span.style.width, cells.tick.style.left] = where;
}

function couldSaid(app, could, leads) {
  const said = could ? app.say("tuner.row_could", { low: could[0], high: could[1] }) : "";
  return said + (leads ? app.say("tuner.row_alike") : "");
}

/** What a name is followed by: few answers, and the class where all are listed. */
function markSaid(app, unit) {
  const group = app.group === ALL ? app.say("tuner.group_mark", { group: labelOf(app.head.groups, app.table.group[unit]) }) : "";
  return group + (app.few[unit] ? app.say("tuner.few_mark") : "");
}

/** A move is faint until the range of places says whether there is anything in it. */
function drawMove(app, cell, unit, was, is, within) {
  const by = was && is ? was - is : 0;
  const lone = was ? app.say("tuner.lost_place") : is ? app.say("tuner.new_place") : "";
  const unsure = by && !isKnown(app, unit);
  tell(cell, was && is ? arrow(by) + (within ? "≈" : "") : lone);
  mark(cell, "class", "moved " + (within ? "within" : unsure ? "unsure" : direction(by)));
  mark(cell, "title", unsure ? app.say("tuner.unsure") : null);
}

const inRange = (app, unit, was) => isKnown(app, unit) && app.firm.low[unit] <= was && was <= app.firm.high[unit];

/** The total of a unit; of whom too little is scored for a place there is none to be held against others. */
const totalSaid = (app, unit) => (app.draft.ranked[unit] ? marks(app, app.draft.totals[unit]) : "—");

function rowSaid(app, unit, was, is, within) {
  const given = { name: app.names[unit], was: was || "—", is: is || "—", total: totalSaid(app, unit) };
  const range = is && isKnown(app, unit) ? app.say("tuner.row_range", { low: app.firm.low[unit], high: app.firm.high[unit] }) : "";
  return app.say("tuner.row", given) + range + (within ? app.say("tuner.row_within") : "");
}

function drawBar(app, segments, unit) {
  const { parts, totals } = app.draft;
  const across = segments.length - 1;
  let rest = totals[unit];
  for (let top = 0; top <= across; top++) {
    const part = top < across ? parts[unit * across + top] : rest;
    rest -= part;
    const width = `${(app.draft.ranked[unit] ? Math.max(0, part) * app.scale : 0).toFixed(2)}%`;
    if (segments[top].style.width !== width) segments[top].style.width = width;
  }
}

const columns = (app) => [app.inForce, ...app.snapshots, app.draft];

function drawSlopeHead(app) {
  const names = [app.say("tuner.in_force_short"), ...app.snapshots.map((each) => each.name), app.say("tuner.draft_short")];
  const width = `${(names.length - 1) * COLUMN + 16}px`;
  if (app.slopeWidth !== width) {
    app.slopeWidth = width;
    app.root.style.setProperty("--slope", width);
    mark(app.lines, "width", parseInt(width));
    app.slopeHead.replaceChildren(...names.map((name) => make("b", { title: name }, name)));
    app.fitted = "";
    fit(app);
  }
}

/** Draw how a unit came to its row: by place a line from row to row, in another order a small line of its places alone. */
function drawSlope(app, line, unit, at) {
  const views = columns(app).map((outcome) => view(app, outcome));
  const places = views.map((each) => (unit < 0 ? 0 : each.place[unit]));
  if (places.includes(0)) return mark(line, "points", "");
  const tall = app.row;
  const here = at * tall - app.scrollTop;
  const there = (each) => each.position[unit] * tall - app.scrollTop;
  const byPlace = (each, column) => (column === views.length - 1 ? here : there(each)) + tall / 2;
  const alone = (_, column) => here + 4 + ((tall - 8) * (places[column] - 1)) / Math.max(1, app.table.units - 1);
  const heights = views.map(app.sort === "place" && app.within === ALL ? byPlace : alone);
  const [low, high] = [-tall, (app.shown + 1) * tall];
  const far = heights.some((y) => y < low || y > high) ? " far" : "";
  const strong = app.pins.has(unit) || unit === app.shownUnit || unit === app.lit ? " strong" : "";
  const points = heights.map((y, column) => `${8 + column * COLUMN},${Math.min(Math.max(y, low), high).toFixed(1)}`);
  mark(line, "points", points.join(" "));
  mark(line, "class", direction(places[0] - places.at(-1)) + far + strong);
}

function drawPinned(app) {
  const units = [...app.pins].filter((unit) => inScope(app, unit));
  const now = view(app, app.draft);
  units.sort((a, b) => (now.place[a] || 1e9) - (now.place[b] || 1e9));
  app.pinned.hidden = !units.length;
  app.pinRows ||= [];
  const focused = app.pinRows.find((each) => each.element === document.activeElement);
  while (app.pinRows.length < units.length) app.pinRows.push(row(app));
  const wanted = app.pinRows.slice(0, units.length);
  wanted.forEach((line, at) => {
    drawRow(app, line, units[at], -1, 0);
    mark(line.element, "tabindex", 0);
    if (line.element.parentNode !== app.pinned) app.pinned.append(line.element);
  });
  app.pinRows.slice(units.length).forEach((line) => line.element.remove());
  const next = wanted.at(-1) || app.rows[app.active % app.rows.length];
  if (focused && !focused.element.isConnected) next.element.focus({ preventScroll: true });
}

/** Say of the unit that was looked at last what each dimension brings it, and by how much that changed. */
function drawDetail(app) {
  const unit = app.shownUnit ?? app.listed?.[app.active];
  if (unit === undefined || unit < 0 || !app.draft) return [app.detail, app.why].forEach((each) => tell(each, ""));
  const across = app.table.tops.length;
  const part = (outcome, top) => outcome.parts[unit * across + top];
  const parts = app.table.tops.map((node, top) => {
    const by = part(app.draft, top) - part(app.inForce, top);
    const changed = by ? app.say("tuner.changed", { by: change(app, by) }) : "";
    return `${app.head.nodes[node].label} ${marks(app, part(app.draft, top))}${changed}`;
  });
  const [was, is] = [app.inForce, app.draft].map((outcome) => view(app, outcome).place[unit] || "—");
  const given = { name: app.names[unit], id: app.ids[unit], was, is, parts: parts.join(app.say("tuner.and")) };
  tell(app.detail, app.say("tuner.detail", given) + alikeSaid(app, unit));
  tell(app.why, whySaid(app, unit));
}

/** Say from which units of its class a unit cannot be told apart by the records: how many, and where they stand; once weights rest. */
function alikeSaid(app, unit) {
  if (app.gesture || app.rested !== app.draft || app.head.no_range || !app.draft.ranked[unit]) return "";
  const { totals, ranked } = app.draft;
  const { place } = view(app, app.draft);
  const [own, error] = [totals[unit], errorNow(app, unit)];
  if (Number.isNaN(error)) return "";
  let [n, low, high] = [0, Infinity, 0];
  for (const other of app.table.members[app.table.group[unit]]) {
    if (other === unit || !ranked[other] || !alikeTotals(own, totals[other], error, errorNow(app, other))) continue;
    [n, low, high] = [n + 1, Math.min(low, place[other]), Math.max(high, place[other])];
  }
  return n ? app.say("tuner.alike", { n, low, high }) : app.say("tuner.alike_none");
}

/** Say why a unit left the award list or came onto it: against the one whose place it gave up or took, dimension by dimension. */
function whySaid(app, unit) {
  const { enter = [], leave = [] } = app.before ?? {};
  const leaves = leave.includes(unit);
  if (!leaves && !enter.includes(unit)) return "";
  const group = app.table.group[unit];
  const others = (leaves ? enter : leave).filter((each) => app.table.group[each] === group);
  const { place } = view(app, leaves ? app.draft : app.inForce);
  const other = others.sort((a, b) => (place[b] || 1e9) - (place[a] || 1e9)).at(-1);
  if (other === undefined || !app.draft.ranked[unit] || !app.inForce.ranked[unit]) return "";
  const { was, is, by } = gap(app.table, app.inForce, app.draft, unit, other);
  const order = [...by.keys()].filter((top) => by[top]).sort((a, b) => (leaves ? by[a] - by[b] : by[b] - by[a]));
  const parts = order.map((top) => `${app.head.nodes[app.table.tops[top]].label} ${change(app, by[top])}`).join(app.say("tuner.and"));
  const given = { name: app.names[unit], other: app.names[other], was: change(app, was), is: change(app, is), parts };
  return app.say(leaves ? "tuner.why_leaves" : "tuner.why_enters", given);
}

// ---- consequences ----

function movesPanel(app) {
  const { say } = app;
  for (const name of ["movesSaid", "awardsSaid", "bandsSaid", "chanceSaid", "firmSaid"]) app[name] = make("p", { class: name });
  mark(app.awardsSaid, "tabindex", -1); // it takes the keyboard over from a name that goes
  const label = say("tuner.who_moves");
  return make("section", { class: "moves", "aria-label": label }, make("h3", { class: "unseen" }, label),
    app.movesSaid, app.awardsSaid, app.bandsSaid, app.chanceSaid, app.firmSaid);
}

function harmPanel(app) {
  const { say } = app;
  const kinds = [
    { title: "tuner.by_group", codes: app.table.group, labels: app.head.groups },
    { title: "tuner.by_size", codes: app.size, labels: app.head.sizes },
    { title: "tuner.by_few", codes: app.few, labels: [say("tuner.few_no"), say("tuner.few_yes")] },
    { title: "tuner.county", codes: app.county, labels: app.head.counties },
  ];
  const telling = kinds.filter((each) => each.codes.length && each.labels.length > 1);
  app.harm = telling.map((each) => ({ ...each, ...harmTable(app, each) }));
  const label = say("tuner.who_pays");
  app.harmFold = make("details", { class: "harm" }, make("summary", {}, make("h3", {}, label)),
    make("div", { class: "tables" }, ...app.harm.map((each) => each.element)), make("p", { class: "note" }, say("tuner.points_note")));
  app.harmFold.querySelector("summary").addEventListener("click", () => (app.harmTurned = true));
  return make("section", { class: "harm", "aria-label": label }, app.harmFold);
}

function harmTable(app, { title, labels }) {
  const { say } = app;
  const more = make("caption");
  const cells = () => [make("th", { scope: "row" }), make("td"), make("td"), make("td")];
  const lines = Array.from({ length: Math.min(LISTED, labels.length) }, cells);
  const names = [title, "tuner.n", "tuner.mean_change", "tuner.grades_changed"];
  const heads = names.map((name) => make("th", { scope: "col" }, say(name)));
  const body = make("tbody", {}, ...lines.map((line) => make("tr", {}, ...line)));
  return { lines, more, element: make("table", {}, more, make("thead", {}, make("tr", {}, ...heads)), body) };
}

function drawHarm(app) {
  if (!app.harmTurned) app.harmFold.open = !isInForce(app); // while nothing has moved nobody pays
  if (!app.harmFold.open) return;
  const bands = { before: grades(app, app.inForce), now: grades(app, app.draft) };
  for (const one of app.harm) {
    const waits = app.gesture && (one.labels.length > LISTED || app.table.units > MANY); // many lines would jump about, and many units hold a drag up
    if (waits || one.drawn === app.draft) continue;
    one.drawn = app.draft;
    const found = changes(one.codes, one.labels.length, app.inForce, app.draft, bands);
    drawHarmLines(app, one, one.labels.length > LISTED ? found.sort((a, b) => a.sum / a.n - b.sum / b.n) : found);
  }
}

function drawHarmLines(app, one, found) {
  const half = LISTED / 2;
  const chosen = found.length > LISTED ? [...found.slice(0, half), ...found.slice(-half)] : found;
  tell(one.more, found.length > LISTED ? app.say("tuner.more_lines", { shown: LISTED, n: found.length }) : "");
  one.lines.forEach((cells, at) => {
    const each = chosen[at];
    cells[0].parentNode.hidden = !each;
    if (!each) return;
    const mean = Math.round(each.sum / each.n);
    tell(cells[0], labelOf(one.labels, each.code));
    tell(cells[1], String(each.n));
    tell(cells[2], mean ? `${mean > 0 ? "▲" : "▼"} ${change(app, mean)}` : "–");
    cells[2].className = direction(mean);
    tell(cells[3], each.rose || each.fell ? app.say("tuner.rose_fell", { rose: each.rose, fell: each.fell }) : "–");
  });
}

function drawMoves(app) {
  const { say, before } = app;
  const mean = before.moved ? (before.sum / before.of).toFixed(1) : "0";
  const lost = before.lost || before.won ? say("tuner.lost_won", { lost: before.lost, won: before.won }) : "";
  tell(app.movesSaid, (before.moved ? say("tuner.moves", { ...before, mean }) : say("tuner.moves_none", before)) + lost);
  drawAwards(app);
  tell(app.bandsSaid, app.bands.length ? say("tuner.bands") + bandsSaid(app) : "");
}

/** The award list: who leaves and who enters, each a button that goes there and says why. */
function drawAwards(app) {
  const { say, before } = app;
  const awards = app.group === ALL ? app.head.awards.reduce((sum, each) => sum + each, 0) : awardsOf(app);
  const what = `${awards} ${app.within} ${before.leave} ${before.enter} ${app.group}`;
  if (app.awarded === what) return;
  app.awarded = what;
  const held = app.awardsSaid.contains(document.activeElement) && document.activeElement.textContent;
  const name = (unit) => button(app.names[unit], () => show(app, unit), { class: "unit", title: say("tuner.show_why") });
  const some = (sentence, kind, units) => {
    const listed = units.slice(0, 5).flatMap((unit, at) => [at ? say("tuner.and") : "", name(unit)]);
    return units.length ? [make("span", { class: kind }, say(sentence, { n: units.length })), ...listed, units.length > 5 ? say("tuner.and_more") : ""] : [];
  };
  const both = [some("tuner.leave", "down", before.leave), some("tuner.enter", "up", before.enter)].filter((each) => each.length);
  const parts = both.flatMap((each, at) => (at ? [say("tuner.then"), ...each] : each));
  const said = awards ? [say("tuner.awards", { n: awards }), ...(parts.length ? parts : [say("tuner.awards_same")])] : [say("tuner.no_awards")];
  app.awardsSaid.replaceChildren(...said);
  if (held === false) return;
  const again = [...app.awardsSaid.querySelectorAll("button")].find((one) => one.textContent === held);
  (again || app.awardsSaid).focus({ preventScroll: true });
}

function bandsSaid(app) {
  const grade = (at) => app.bands[at]?.grade ?? app.say("tuner.no_grade");
  const found = crossings(view(app, app.draft).order, { before: grades(app, app.inForce), now: grades(app, app.draft) });
  const way = ({ from, to }) => (to < from ? "tuner.grade_up" : "tuner.grade_down");
  const said = found.slice(0, 6).map((each) => app.say(way(each), { from: grade(each.from), to: grade(each.to), n: each.n }));
  return said.join(app.say("tuner.and")) || app.say("tuner.bands_same");
}

/** Say how many neighbours cannot be told apart by the records, and over how many places ranges go; once the weights rest. */
function drawChance(app) {
  const { say, head, firm, draft, group } = app;
  const missing = head.no_range || head.no_ranges?.[group]; // of all groups none, which has no number
  if (missing) return tell(app.chanceSaid, missing);
  const waits = app.gesture || app.rested !== draft || (app.kernel && !firm?.groups.has(group));
  if (group === ALL) return tell(app.chanceSaid, say("tuner.chance_all"));
  if (waits) return tell(app.chanceSaid, app.way.state ? "" : say("tuner.chance_waits"));
  const what = [draft, group, firm];
  if (app.chanced && same(app.chanced, what)) return;
  app.chanced = what;
  tell(app.chanceSaid, chanceSaid(app));
}

function chanceSaid(app) {
  const { say } = app;
  const { order } = view(app, app.draft);
  const pairs = Math.max(0, order.length - 1);
  let alike = 0;
  for (let at = 0; at < pairs; at++) if (alikeNext(app, order, at)) alike += 1;
  const ranges = Array.from(order, (unit) => couldBe(app, unit)).filter(Boolean);
  const widths = Float64Array.from(ranges, ([low, high]) => high - low + 1).sort();
  const alone = app.head.readonly && !isInForce(app) ? say("tuner.chance_alone") : "";
  return say("tuner.chance", { alike, pairs }) + (widths.length ? say("tuner.chance_width", { width: widths[widths.length >> 1] }) : alone);
}

function drawFirm(app) {
  const { say, firm } = app;
  const known = app.group === ALL ? app.table.members.every((each, at) => !each.length || firm?.groups.has(at)) : firm?.groups.has(app.group);
  if (!known) return tell(app.firmSaid, say(app.head.readonly ? "tuner.firm_none" : app.way.state ? "tuner.firm_lost" : "tuner.firm_waits"));
  const { place: was } = view(app, app.inForce);
  const { place: is, order } = view(app, app.draft);
  const n = app.group === ALL ? app.head.awards.reduce((sum, each) => sum + each, 0) : awardsOf(app);
  const widths = Float64Array.from(order, (unit) => firm.high[unit] - firm.low[unit] + 1).sort();
  const sure = order.filter((unit) => isNamed(app, unit, firm.high[unit])).length;
  const within = order.filter((unit) => inCounty(app, unit) && was[unit] && was[unit] !== is[unit] && inRange(app, unit, was[unit])).length;
  const said = say(app.before.moved ? "tuner.firm" : "tuner.firm_still", { width: widths[widths.length >> 1] ?? 0, within, moved: app.before.moved });
  tell(app.firmSaid, said + (n ? say("tuner.firm_awards", { sure, n }) : ""));
}

// ---- saving: an override file, written by the kernel after it has reckoned itself ----

function savePanel(app) {
  const { say } = app;
  const { typed } = app.way.beside;
  if (app.head.readonly) return make("section", { class: "save" }, make("p", { class: "note" }, say("tuner.readonly")));
  const field = (name, label, attributes) => {
    const input = make(name === "reason" ? "textarea" : "input", { name, required: true, autocomplete: "off", ...attributes });
    if (name in typed) input.value = typed[name];
    input.addEventListener("input", () => {
      if (input.value && input.value !== attributes?.value) typed[name] = input.value;
      else delete typed[name];
      storeBeside(app);
    });
    return [name, input, make("label", { class: name }, say(label), input)];
  };
  const fields = [
    field("reason", "tuner.reason", { rows: 2 }), field("author", "tuner.author"), field("checker", "tuner.checker"),
    field("date", "tuner.date", { type: "date", value: today() }),
  ];
  app.saveButton = make("button", { type: "submit" }, say("tuner.save"));
  app.answer = make("div", { class: "answer", role: "status" });
  const form = make("form", { novalidate: true }, ...fields.map((each) => each[2]), app.saveButton);
  app.form = form;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(app, Object.fromEntries(fields.map(([name, input]) => [name, input.value.trim()])));
  });
  const title = say("tuner.save_title", { version: app.head.version });
  return make("section", { class: "save", "aria-label": title },
    make("h3", {}, title), make("p", { class: "note" }, say("tuner.save_note")), form, app.answer);
}

function save(app, form) {
  release(app);
  const faults = faultsOf(app, form);
  if (faults.length) return refused(app, faults);
  if (isIdle(app.saveButton)) return;
  idle(app.saveButton, true); // while the file is being written
  app.answer.className = "answer";
  app.answer.replaceChildren(app.say("tuner.saving"));
  const places = placedAll(app.table, app.draft);
  const answered = (message) => {
    idle(app.saveButton, false);
    if (message.kind !== "saved") return refused(app, message.faults);
    app.answer.className = "answer saved";
    const said = app.say(message.again ? "tuner.saved_again" : "tuner.saved", { path: message.path });
    const [title, ...steps] = message.then;
    const commands = steps.map((each) => (/^ /.test(each) ? make("code", {}, each.trim()) : make("p", {}, each)));
    app.answer.replaceChildren(make("p", {}, make("b", {}, said)), make("p", {}, message.summary), make("p", {}, title), ...commands);
  };
  const overdue = () => {
    idle(app.saveButton, false);
    refused(app, [app.say("tuner.save_overdue")]);
  };
  question(app.way, { kind: "save", weights: app.now.weights, ...form }, [places.buffer], answered, overdue);
}

function faultsOf(app, { reason, author, checker, date }) {
  const { say } = app;
  return [
    app.way.state && say("tuner.kernel_" + app.way.state),
    app.draft?.weights !== app.now.weights && say("tuner.fault_reckoning"),
    isInForce(app) && say("tuner.fault_nothing"),
    [...reason].length < 10 && say("tuner.fault_reason", { n: [...reason].length }),
    (!author || !checker || !date) && say("tuner.fault_signed"),
    author && author === checker && say("tuner.fault_one_person", { name: author }),
  ].filter(Boolean);
}

function refused(app, faults = []) {
  if (!app.answer) return;
  app.answer.className = "answer refused";
  const lines = faults.map((fault) => make("li", {}, fault));
  app.answer.replaceChildren(make("p", {}, app.say("tuner.refused")), make("ul", {}, ...lines));
}

// ---- keyboard ----

const WRITING = "textarea, select, input:not([type=range]):not([type=number])";

/**
 * JupyterLab and Notebook 7 take arrows, letters and Enter for themselves: they listen at the document. So the screen listens
 * before them, at the window, and keeps what is meant for it; Tab, Escape and combinations that are not its own pass on.
 */
function onKey(app, event) {
  const target = event.composedPath()[0];
  if (!(target instanceof Node) || !app.root.contains(target)) return;
  const combined = event.ctrlKey || event.metaKey;
  const writing = target.matches(WRITING);
  if (combined || event.altKey) {
    const wanted = combined && !writing && { z: event.shiftKey ? redo : undo, y: redo }[event.key.toLowerCase()];
    if (wanted) wanted(app);
    if (wanted || event.key === "Enter") kept(event);
    return;
  }
  if (/^(Tab|Escape|F\d+)$/.test(event.key)) return;
  event.stopImmediatePropagation();
  const keyed = target.type === "range" ? slideKey : target.matches(".row") ? rowKey : inputKey;
  if (keyed(app, target, event)) event.preventDefault();
}

function kept(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

function slideKey(app, slider, event) {
  const node = Number(slider.dataset.node);
  const weight = app.now.weights[node];
  const by = event.shiftKey ? 5 * WEIGHT : WEIGHT;
  const steps = { ArrowRight: by, ArrowUp: by, ArrowLeft: -by, ArrowDown: -by, PageUp: 10 * WEIGHT, PageDown: -10 * WEIGHT };
  const ends = { Home: 0, End: Number(slider.max) * WEIGHT };
  const to = ends[event.key] ?? weight + steps[event.key];
  if (Number.isNaN(to)) return false;
  if (!slider.disabled) move(app, node, to);
  return true;
}

function rowKey(app, element, event) {
  const line = [...app.rows, ...(app.pinRows || [])].find((each) => each.element === element);
  if (event.key === "Enter" || event.key === " ") {
    togglePin(app, line.unit);
    return true;
  }
  const { at } = line;
  const last = app.listed.length - 1;
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + app.shown, PageUp: at - app.shown, Home: 0, End: last }[event.key];
  if (to === undefined) return false;
  if (at < 0) return true; // pinned rows are few: Tab goes from one to the next
  goTo(app, Math.min(Math.max(to, 0), last));
  app.shownUnit = app.listed[app.active];
  drawList(app);
  return true;
}

function inputKey(app, input, event) {
  if (input === app.search && event.key === "Enter") {
    find(app, input.value, event.shiftKey ? -1 : 1);
    return true;
  }
  const steps = { ArrowUp: 1, ArrowDown: -1 };
  if (input.type === "number" && event.key === "Enter") {
    typed(app, Number(input.dataset.node), input);
    return true;
  }
  if (input.type !== "number" || !(event.key in steps)) return false;
  app.typing = null;
  const by = steps[event.key] * WEIGHT * (event.shiftKey ? 5 : 1);
  move(app, Number(input.dataset.node), app.now.weights[input.dataset.node] + by);
  return true;
}

// ---- room: how wide the screen is, whether it is dark around it, and paper ----

/** Stand parts below each other where there is no room beside, and leave columns out before anything is cut. */
function fit(app) {
  const { root } = app;
  const width = root.clientWidth;
  if (!width || app.fitted === `${width} ${innerHeight}`) return;
  app.fitted = `${width} ${innerHeight}`;
  root.classList.toggle("narrow", width < NARROW);
  const digits = String(Math.max(1, ...app.table.members.map((each) => each.length))).length;
  root.style.setProperty("--digits", digits);
  root.classList.toggle("short", app.list.clientWidth < 760);
  fitColumns(app);
  app.shown = Math.min(ROWS, Math.max(FEWEST_ROWS, Math.floor((innerHeight - 420) / 28)));
  fitRows(app);
  schedule(app);
}

const LEFT_OUT = ["no-bar", "no-range", "no-slope", "no-could", "tiny"]; // of a narrow list, one after the other
const NAME = 5; // letters of a name that stand on a line, at least

/** Leave out one column after the other until names have room; what may yet come has its room kept. */
function fitColumns(app) {
  const { root, head, nameHead } = app;
  const never = { "no-range": head.readonly, "no-could": head.no_range };
  for (const name of LEFT_OUT) root.classList.toggle(name, Boolean(never[name]));
  const least = NAME * parseFloat(getComputedStyle(nameHead).fontSize);
  for (const name of LEFT_OUT) if (nameHead.clientWidth < least) root.classList.add(name);
  app.tight = root.classList.contains("no-could");
}

/** Make rows as tall as the longest name needs, up to three lines. */
function fitRows(app) {
  const room = app.nameHead.clientWidth - 2;
  const pen = document.createElement("canvas").getContext("2d");
  if (!pen || room < 1) return;
  pen.font = getComputedStyle(app.rows[0].element).font;
  const short = app.root.classList.contains("short");
  const long = (unit) => pen.measureText((short ? app.stems[unit] : app.names[unit]) + markSaid(app, unit)).width * 1.08; // bold
  const widest = app.longest ??= [...app.names.keys()].sort((a, b) => app.names[b].length - app.names[a].length).slice(0, 60);
  const lines = Math.min(3, Math.max(1, Math.ceil(Math.max(0, ...widest.map(long)) / room)));
  app.row = lines > 1 ? 8 + 17 * lines : 28;
  app.root.style.setProperty("--row", `${app.row}px`);
  app.root.style.setProperty("--lines", lines);
  app.list.style.height = `${Math.min(app.shown, Math.max(3, Math.floor((app.shown * 28) / app.row))) * app.row}px`;
  app.shown = Math.round(parseInt(app.list.style.height) / app.row);
  mark(app.lines, "height", app.shown * app.row);
}

/** Follow the theme of JupyterLab or of an editor around the screen, else that of the browser. */
function themed(root) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const turn = () => {
    const { jpThemeLight } = document.body.dataset;
    const editor = /vscode-(dark|high-contrast)\b/.test(document.body.className);
    root.classList.toggle("dark", jpThemeLight ? jpThemeLight === "false" : editor || dark.matches);
  };
  const watch = new MutationObserver(turn);
  watch.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "class"] });
  dark.addEventListener("change", turn);
  turn();
  return () => {
    watch.disconnect();
    dark.removeEventListener("change", turn);
  };
}

const PRINTED = 2000; // rows of a list on paper at most

/** Lay out the whole list for paper: on the screen only the rows in view are there. */
function drawPrinted(app) {
  if (!app.draft) return;
  const { say } = app;
  const heads = ["tuner.place", "tuner.moved", "tuner.unit", "tuner.total", "tuner.could"].map((each) => make("th", { scope: "col" }, say(each)));
  const [before, now] = [view(app, app.inForce).place, view(app, app.draft).place];
  const lines = [...app.listed.slice(0, PRINTED)].map((unit) => {
    const [was, is] = [before[unit], now[unit]];
    const moved = was && is ? arrow(was - is) : say(was ? "tuner.lost_place" : "tuner.new_place");
    const cells = [is || "—", was || is ? moved : "", app.names[unit] + markSaid(app, unit), totalSaid(app, unit), (is && couldBe(app, unit)?.join("–")) || "—"];
    return make("tr", { class: isNamed(app, unit, is) ? "named" : "" }, ...cells.map((each) => make("td", {}, String(each))));
  });
  const more = app.listed.length > PRINTED ? [make("caption", {}, say("tuner.printed", { shown: PRINTED, n: app.listed.length }))] : [];
  app.printed.replaceChildren(...more, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...lines));
}

// ---- opening and closing ----

let screens = 0;

const AROUND = [".jp-OutputArea-output", ".jp-OutputArea-child", ".jp-OutputArea"]; // of JupyterLab: they would scroll by themselves

/**
 * Ask the kernel for all that is shown, and draw the screen into an element; what comes back closes it again.
 * Names are no state of the widget: tools that save a notebook would keep them in the file.
 */
function render({ model, el }) {
  const words = model.get("opening");
  const way = wayTo(model, words.kept);
  let close = () => {};
  const said = make("p", { class: "note" }, words.waits);
  const waiting = make("div", { class: "fengqiao-tuner", lang: words.lang === "zh" ? "zh-CN" : words.lang }, said);
  const open = (what, refused) => {
    const answered = (message, buffers) => {
      if (message.kind !== "opened") return refused(message.faults);
      const held = controlHeld(el);
      close();
      const arrays = Object.fromEntries(message.arrays.map((name, at) => [name, buffers[at]]));
      close = mount(way, el, { ...message, ...arrays }, open);
      if (held) holdAgain(el, held);
      storeLook(way, message.head, words.asked);
    };
    question(way, { kind: "open", ...what }, [], answered, () => refused([words.silent]));
  };
  const unthemed = themed(waiting);
  el.replaceChildren(waiting);
  const fresh = () => open({}, (faults) => tell(said, faults.join(" ")));
  const { asked, ...before } = way.beside.looked;
  if (asked === words.asked) open(before, fresh);
  else fresh();
  return () => {
    unthemed();
    close();
    way.close();
  };
}

/** Keep the level and the period that are looked at, as long as a notebook asks for the same ones. */
function storeLook(way, { level, period }, asked) {
  way.beside.looked = `${level} ${period}` === asked ? {} : { asked, level, period };
  storeBeside({ way });
}

const CONTROLS = "button, input, select, textarea, summary, .row[tabindex='0']";

/** Name a control of the screen so that the next screen's is found by it. */
const controlName = (one) => {
  const own = one.name || one.dataset.code || (one.matches(".row") ? "row" : one.getAttribute("aria-label") || one.textContent);
  return [one.tagName, one.type, own].join();
};

/** Name the control of a screen that the keyboard stands on; '' where it stands elsewhere. */
function controlHeld(el) {
  const at = document.activeElement;
  return el.contains(at) && at.matches(CONTROLS) ? controlName(at) : "";
}

/** Let the keyboard stand on the control of that name; where the screen has none such, on its first list. */
function holdAgain(el, held) {
  const controls = [...el.querySelectorAll(CONTROLS)];
  const control = controls.find((one) => controlName(one) === held) ?? controls.find((one) => one.matches("select"));
  control?.focus({ preventScroll: true });
}

function mount(way, el, given, reopen) {
  const app = opened(way, given);
  app.reopen = reopen;
  app.prefix = `tuner-${(screens += 1)}`;
  if (!app.kernel) {
    app.inForce = weigh(app.table, weightsInForce(app));
    app.draft = isInForce(app) ? { ...app.inForce, weights: app.now.weights } : weigh(app.table, app.now.weights);
  }
  app.live = make("p", { class: "unseen", "aria-live": "polite" });
  app.root = make("div", { class: "fengqiao-tuner", lang: app.head.lang === "zh" ? "zh-CN" : app.head.lang });
  app.alarm = alarm(way, app.say);
  app.root.append(app.alarm.line, topPanel(app), make("div", { class: "beside" }, weightsPanel(app)), movesPanel(app), rankingPanel(app), harmPanel(app), savePanel(app), app.live);
  const unthemed = themed(app.root);
  el.replaceChildren(app.root);
  for (const around of AROUND) el.closest(around)?.style.setProperty("overflow", "visible"); // else nothing stays in view
  fit(app);
  if (app.restored) tell(app.live, (app.what = app.say("tuner.restored")));
  const unheard = listen(app);
  return () => {
    unthemed();
    unheard();
  };
}

function listen(app) {
  const { model, way } = app;
  const onkey = (event) => onKey(app, event);
  const onweights = () => {
    const weights = model.get("weights") || [];
    const other = weights.length === app.now.weights.length && !same(weights, app.now.weights);
    if (other && !app.gesture) turnTo(app, weights, app.say("tuner.set_outside"));
  };
  const onprint = () => drawPrinted(app);
  const room = new ResizeObserver(() => fit(app));
  way.told = () => {
    app.alarm.draw();
    if (!way.state) app.rested = null;
    schedule(app);
  };
  way.told();
  if (!same(model.get("weights") || [], app.now.weights)) {
    model.set("weights", [...app.now.weights]);
    model.save_changes();
  }
  room.observe(app.root);
  window.addEventListener("keydown", onkey, true);
  window.addEventListener("beforeprint", onprint);
  model.on("change:weights", onweights);
  schedule(app);
  return () => {
    room.disconnect();
    window.removeEventListener("keydown", onkey, true);
    window.removeEventListener("beforeprint", onprint);
    model.off("change:weights", onweights);
    clearTimeout(app.timer);
    for (const waiting of [app.frame, app.scrolling]) cancelAnimationFrame(waiting);
  };
}

/** Show the screen on a page of its own, without a kernel: it reckons, but it cannot save. given: names, ids and arrays. */
export function standalone(head, given, el) {
  let weights = [];
  const model = { get: () => weights, set: (_, value) => (weights = value), save_changes() {}, on() {}, off() {}, send() {} };
  return mount(wayTo(model, head.kept), el, { ...given, head: { ...head, readonly: true } }, () => {});
}

if (typeof window !== "undefined") window.fengqiaoTuner = standalone;

export default { render };
