// The tuning screen (权重调试): weights moved by hand, consequences seen at once. Plain JavaScript, no other file needed.
//
// First the arithmetic: pure functions on typed arrays that know no page, so that Node's own test runner imports them. Then the
// screen. All numbers are whole: a weight in hundredths, points in ten-thousandths, totals in 10^-decimals, reckoned exactly as
// scoring/totals.py reckons them. Names and ids come from records: they enter the page as text, never as markup.

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
 * What is less than a step goes to the next in line. Where all weights are nothing, `otherwise` says the proportion, or all alike.
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

// ==== points and weights to totals ====

/**
 * Lay out a table once: which parts of the tree each unit has (patterns), which units each group has.
 *
 * given: nodes, style, decimals, leastCovered; points (Int32, units × indicators), adjusted (Int32), able (Uint8), group (Uint16).
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
    ...given, units, leaves, leafNodes, which, masks, tree, tops, most,
    topOf, top: Uint16Array.from(leafNodes, (at) => topOf[at]), members: membersOf(given.group, units), patterns: masks.length / (leaves || 1),
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
    let key = "";
    for (let from = 0; from < leaves; from += 16) {
      let code = 0;
      for (let leaf = from; leaf < Math.min(from + 16, leaves); leaf++) code = code * 2 + (points[unit * leaves + leaf] !== NOT_SCORED);
      key += String.fromCharCode(code);
    }
    if (!known.has(key)) {
      known.set(key, known.size);
      for (let leaf = 0; leaf < leaves; leaf++) masks.push(points[unit * leaves + leaf] !== NOT_SCORED ? 1 : 0);
    }
    which[unit] = known.get(key);
  }
  return { which, masks: Uint8Array.from(masks) };
}

function membersOf(group, units) {
  const members = [];
  for (let unit = 0; unit < units; unit++) (members[group[unit]] ||= []).push(unit);
  return Array.from(members, (each) => Uint32Array.from(each || []));
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
    let covered = 0;
    for (let leaf = 0; leaf < table.leaves; leaf++) if (table.masks[pattern * table.leaves + leaf]) covered += shares[table.leafNodes[leaf]];
    return covered >= table.leastCovered - 1e-9 && covered > 0 ? 1 : 0;
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
 * Give each weight used (patterns × indicators) as a fraction of whole numbers: own weights down the tree over sums of scored siblings.
 *
 * twice: 2·above, under: below · 10^(4-decimals), so that a contribution is floor((points·twice + under) / (2·under)). `large` holds
 * the few that floats could not carry exactly, as BigInts.
 */
export function fractions(table, weights) {
  const { tree, leaves, leafNodes } = table;
  const own = lowest(tree, weights);
  const scale = POINT / 10 ** table.decimals;
  const exact = 2 * bound(tree, own) * (table.most + scale) < Number.MAX_SAFE_INTEGER;
  const found = { twice: new Float64Array(table.patterns * leaves), under: new Float64Array(table.patterns * leaves), large: new Map() };
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
  if (BigInt(most) * twice + 2n * under < BigInt(Number.MAX_SAFE_INTEGER)) [found.twice[at], found.under[at]] = [Number(twice), Number(under)];
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
  const out = new Float64Array(leaves);
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

// ==== places ====

/** Sort units by whole-number keys, small ones first, equals by their number: key and place in one number, sorted as numbers. */
export function sorted(units, keyOf) {
  let low = Infinity;
  const keys = Float64Array.from(units, (unit) => {
    const key = keyOf(unit);
    if (key < low) low = key;
    return key;
  });
  const room = 2 ** Math.ceil(Math.log2(units.length + 1));
  for (let at = 0; at < keys.length; at++) keys[at] = (keys[at] - low) * room + at;
  keys.sort();
  return Uint32Array.from(keys, (key) => units[key % room]);
}

/** Place the units of a group: competition places of whole totals, ties share the better one. `place` is 0 where there is none. */
export function placed(table, outcome, group, place = new Int32Array(table.units)) {
  const { totals, ranked } = outcome;
  const members = (table.members[group] || new Uint32Array()).filter((unit) => ranked[unit]);
  const order = sorted(members, (unit) => -totals[unit]);
  const position = new Int32Array(table.units).fill(-1);
  order.forEach((unit, at) => {
    position[unit] = at;
    place[unit] = at && totals[unit] === totals[order[at - 1]] ? place[order[at - 1]] : at + 1;
  });
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
  return Uint8Array.from(totals, (total) => {
    let grade = 0;
    while (grade < bands.length && total < bands[grade]) grade++;
    return grade;
  });
}

/** How far the units of a group moved between two orders, and who entered and left the award list. */
export function moves(table, group, before, now, awards) {
  const found = { of: now.order.length, moved: 0, far: 0, sum: 0, up: 0, down: 0, enter: [], leave: [], lost: 0, won: 0 };
  const named = (place, unit) => place > 0 && place <= awards && !table.barred?.[unit];
  for (const unit of table.members[group] || []) {
    const [was, is] = [before.place[unit], now.place[unit]];
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

/** Change in points by the codes of some grouping: for each code how many units, the sum of changes, and how many rose and fell a grade. */
export function changes(codes, count, before, now, bands) {
  const found = Array.from({ length: count }, (_, code) => ({ code, n: 0, sum: 0, rose: 0, fell: 0 }));
  for (let unit = 0; unit < codes.length; unit++) {
    const one = found[codes[unit]];
    if (!one || !before.ranked[unit] || !now.ranked[unit]) continue;
    one.n += 1;
    one.sum += now.totals[unit] - before.totals[unit];
    one.rose += bands.now[unit] < bands.before[unit] ? 1 : 0;
    one.fell += bands.now[unit] > bands.before[unit] ? 1 : 0;
  }
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
  const out = new Float64Array(table.leaves);
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

/** Influence as it is shown, in tenths of a per cent: parts add up to what they are part of, the whole with the outside to 1000. */
export function shownInfluence(table, shares) {
  const shown = new Array(shares.length).fill(0);
  const outside = table.nodes.length;
  const deal = (among, whole) => rounded(among.map((at) => shares[at] * 1000), whole).forEach((each, place) => (shown[among[place]] = each));
  deal([...table.tops, outside], 1000);
  for (const parts of table.tree.parts.slice(1)) if (parts.length) deal(parts, shown[table.tree.above[parts[0]]]);
  return shown;
}

// ==== how far a weight can go before the first place or the award list changes ====

/**
 * The stretch of x around `now` within low..high over which everybody inside stays at or above everybody outside.
 *
 * Totals are lines over x: totals[i] + slopes[i]·(x - now). The least of the inside less the most of the outside is concave, so that
 * from each end a few of Newton's steps find where it becomes negative.
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

/** The stretches of one weight, the others in proportion: [low, high] for the first place and for the award list; null if not linear. */
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

/** Say whether totals are lines over a weight: nobody lacks it or what gives way to it, and nobody wins or loses a place by it. */
function linear(table, outcome, view, node, free, high) {
  const { weights } = outcome;
  const [none, all] = [0, high].map((value) => enough(table, proportional(table, weights, node, free, value)));
  const seen = new Set(table.members[table.group[view.order[0]]].filter((unit) => table.able[unit]).map((unit) => table.which[unit]));
  const now = enough(table, weights);
  for (const pattern of seen) {
    if (none[pattern] !== now[pattern] || all[pattern] !== now[pattern]) return false;
    if (!now[pattern]) continue;
    const { sums } = siblings(table, weights.map((weight) => weight || 1e-6), pattern);
    const there = (at) => (table.nodes[at].leaf >= 0 ? table.masks[pattern * table.leaves + table.nodes[at].leaf] : sums[at] > 0);
    const counted = table.tree.parts[table.tree.above[node]].filter((at) => at === node || weights[at] > 0 || free.includes(at));
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

/** What a hundredth more of a weight adds to each total, in whole 10^-decimals: share of the node above × (points - points given up). */
function slopesOf(table, outcome, order, node, free) {
  const { tree } = table;
  const { weights } = outcome;
  const over = tree.above[node];
  const sum = free.reduce((all, at) => all + weights[at], 0);
  const whole = wholeOf(tree, weights, over) * (POINT / 10 ** table.decimals) || 1;
  const shares = new Map();
  return Float64Array.from(order, (unit) => {
    const pattern = table.which[unit];
    if (!shares.has(pattern)) shares.set(pattern, { of: sharesIn(table, weights, pattern), ...siblings(table, weights, pattern) });
    const known = shares.get(pattern);
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
