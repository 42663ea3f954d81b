// The one screen: lists the units of a level and class, sorts and finds them. Plain JavaScript, no other file needed.
// window.FENGQIAO_ROWS holds the words, and per level the rows; `fields` says what stands at which place of a row.
"use strict";

(() => {
  const data = window.FENGQIAO_ROWS;
  const words = data.words;
  const collator = new Intl.Collator(data.lang === "zh" ? "zh-Hans-CN" : data.lang, { numeric: true });
  const FIRST = 120; // rows drawn before the page answers; the others follow in idle moments
  const CHUNK = 600;

  const narrow = window.matchMedia("(max-width: 600px)");

  const byId = (id) => document.getElementById(id);
  /** Fill in a sentence; in English a noun behind a number that is one loses its s. */
  const say = (key, given) =>
    words[key].replace(/\{(\w+)\}( (?:places|points|units)\b)?/g, (_, name, noun = "") => given[name] + (String(given[name]) === "1" ? noun.slice(0, -1) : noun));
  const fixed = (number, decimals) => number.toFixed(decimals).replace("-", "−");
  const marks = (number) => fixed(number, data.decimals);

  /** Make an element; what it holds is text or elements, never markup. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  const levels = data.levels.map((level) => ({ ...level, rows: level.rows.map(asUnit) }));

  function asUnit(row) {
    const unit = Object.fromEntries(data.fields.map((field, place) => [field, row[place]]));
    unit.found = [unit.name, unit.unit_id, unit.parent].join("\n").toLowerCase();
    return unit;
  }

  // ---- what is shown: kept in the address, so that the way back from a card leads to the same view ----

  const asked = new URLSearchParams(location.hash.slice(1));
  const usual = levels.find((level) => level.code === "station") || levels.find((level) => level.rows.length > 1) || levels[0];
  const view = {
    level: levels.find((level) => level.code === asked.get("level")) || usual,
    group: asked.get("class"), // null: every class
    shown: asked.get("shown") === "rate" ? "rate" : "marks",
    sort: asked.get("sort") || "place",
    falling: asked.get("order") === "falling",
    text: asked.get("find") || "",
  };

  function remember() {
    const kept = { level: view.level.code, shown: view.shown, sort: view.sort, order: view.falling ? "falling" : "rising", find: view.text };
    if (view.group !== null) kept.class = view.group;
    history.replaceState(null, "", "#" + new URLSearchParams(kept));
  }

  const groups = () => [...new Set(view.level.rows.map((unit) => unit.peer_class))].sort(byClass);
  const inGroup = () => view.level.rows.filter((unit) => view.group === null || unit.peer_class === view.group);

  /** Classes are numbered in Chinese: 一类 comes before 二类, which no alphabet knows. */
  function byClass(a, b) {
    const number = (name) => "一二三四五六七八九十".indexOf(name[0]);
    return number(a) >= 0 && number(b) >= 0 ? number(a) - number(b) : collator.compare(a, b);
  }

  const groupLabel = (group) => (group === null ? words.every_class : group || words.no_class);

  // ---- columns: what a cell says, and what it is sorted by (null always comes last) ----

  function columns() {
    const level = view.level;
    const has = (field) => level.rows.some((unit) => unit[field] && unit.rank !== null);
    const order = groups();
    const every = [
      { key: "place", label: words.place, kind: "number", by: (unit) => order.indexOf(unit.peer_class) * 1e6 + unit.rank, cell: placeCell },
      { key: "unit", label: words.unit, kind: "head", by: (unit) => unit.name, cell: unitCell },
      { key: "id", label: words.unit_id, kind: "quiet", aside: true, by: (unit) => unit.unit_id, cell: (unit) => [unit.unit_id] },
      order.length > 1 && { key: "class", label: words.class, kind: "text", aside: true, by: (unit) => order.indexOf(unit.peer_class), cell: (unit) => [groupLabel(unit.peer_class)] },
      has("parent") && { key: "parent", label: words.parent, kind: "text parent", aside: true, by: (unit) => unit.parent, cell: (unit) => [unit.parent || ""] },
      { key: "total", label: words.total, kind: "number total", falls: true, by: (unit) => unit.total, cell: totalCell },
      data.grades.length > 0 && { key: "grade", label: words.grade, kind: "text", by: (unit) => gradeAt(unit), cell: gradeCell },
      level.rows.some((unit) => unit.change !== null) && { key: "change", label: words.change, kind: "number", falls: true, by: (unit) => unit.change, cell: changeCell },
      ...level.dimensions.map((dimension, place) => dimensionColumn(dimension, place)),
      has("adjusted") && { key: "adjusted", label: words.adjusted, kind: "number", falls: true, by: (unit) => unit.adjusted, cell: (unit) => [marks(unit.adjusted)] },
      has("remark") && { key: "remark", label: words.flags, kind: "text remark", by: (unit) => unit.remark || null, cell: (unit) => [unit.remark] },
    ].filter(Boolean);
    // On a phone what stands beside the name is the total; where a unit belongs is further along.
    return narrow.matches ? [...every.filter((each) => !each.aside), ...every.filter((each) => each.aside)] : every;
  }

  function placeCell(unit) {
    if (unit.of <= 1) return [make("span", { class: "quiet", title: words.alone_said }, words.alone)];
    const place = [make("b", {}, String(unit.rank)), make("span", { class: "of" }, "/" + unit.of)];
    const given = { low: unit.rank_low, high: unit.rank_high };
    return unit.rank_low === null ? place : [...place, make("small", {}, say("place_range", given))];
  }

  /** Write a share in per cent, cut and not rounded, so that no part looks like enough. */
  function part(share) {
    return fixed(Math.floor(1000 * share + 1e-6) / 10, 1);
  }

  /** Where not all of the weight was scored, the total says of how much it is. */
  function totalCell(unit) {
    if (unit.covered >= 1) return [marks(unit.total)];
    return [marks(unit.total), make("small", {}, say("part", { covered: part(unit.covered) }))];
  }

  const unitCell = (unit) => [unit.link ? make("a", { href: unit.link }, unit.name) : unit.name];
  const gradeAt = (unit) => (unit.grade ? data.grades.indexOf(unit.grade) : null);
  /** The best grade is blue and the last one orange, however many there are. */
  const gradeColour = (place) => "g" + Math.round((3 * place) / Math.max(1, data.grades.length - 1));
  const gradeCell = (unit) => (unit.grade ? [make("span", { class: "grade " + gradeColour(gradeAt(unit)) }, unit.grade)] : ["—"]);

  function changeCell(unit) {
    if (unit.change === null) return [make("span", { class: "quiet", title: words.changed_unknown }, "—")];
    if (unit.change === 0) return [make("span", { title: words.changed_none }, "0")];
    const [sign, kind] = unit.change > 0 ? ["▲", "up"] : ["▼", "down"];
    const n = Math.abs(unit.change);
    return [make("span", { class: kind, title: say("changed_" + kind, { n }) }, sign + "\u2009" + n)];
  }

  function dimensionColumn(dimension, place) {
    const score = (unit) => unit.dimensions[place];
    const cell = (unit) => {
      if (!score(unit)) return ["—"];
      const [contribution, rate, full] = score(unit);
      if (view.shown === "rate") return [fixed(rate, 1)];
      return full === dimension.full ? [marks(contribution)] : [marks(contribution), make("small", {}, say("own_full", { full }))];
    };
    return {
      key: "d" + place, label: dimension.label, kind: "number heat", falls: true, cell,
      under: view.shown === "rate" ? "%" : say("full", { full: dimension.full }),
      by: (unit) => (score(unit) ? score(unit)[view.shown === "rate" ? 1 : 0] : null),
      shade: (unit) => (score(unit) ? "h" + data.heat.filter((edge) => score(unit)[1] >= edge).length : "none"),
      title: (unit) => {
        if (!score(unit)) return words.not_scored;
        const [points, rate, full, n] = score(unit);
        const said = say("cell", { unit: unit.name, dimension: dimension.label, points: marks(points), rate: fixed(rate, 1), full, n: n ?? "—" });
        return full === dimension.full ? said : said + words.semicolon + words.redistributed;
      },
    };
  }

  // ---- which units, in which order ----

  const fits = (unit) => !view.text || unit.found.includes(view.text.toLowerCase());

  function sorted(units, column) {
    const keyed = units.map((unit) => [column.by(unit), unit]);
    const way = view.falling ? -1 : 1;
    const compare = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));
    return keyed
      .sort(([a, one], [b, other]) => (a === null) - (b === null) || way * compare(a ?? 0, b ?? 0) || collator.compare(one.unit_id, other.unit_id))
      .map(([, unit]) => unit);
  }

  // ---- drawing ----

  function draw() {
    if (!groups().includes(view.group)) view.group = null;
    const shown = columns();
    const column = shown.find((each) => each.key === view.sort) || shown[0];
    view.sort = column.key;
    const units = inGroup();
    const listed = sorted(units.filter((unit) => unit.rank !== null && fits(unit)), column);
    drawSwitches();
    drawHead(shown);
    drawRows(shown, listed);
    if (data.glance) drawGlance(units.filter(fits));
    drawLeftOut(units.filter((unit) => unit.rank === null && fits(unit)));
    const order = view.falling ? words.falling : words.rising;
    byId("said").textContent = say("said", { level: view.level.label, class_: groupLabel(view.group), shown: listed.length, column: column.label, order });
    remember();
    fitFrame();
  }

  /** A list that is wider than the page scrolls in its own box, where the names stay; else its heads stay. */
  function fitFrame() {
    const frame = document.querySelector(".frame");
    frame.classList.toggle("wide", byId("units").scrollWidth > frame.clientWidth);
  }

  function drawHead(shown) {
    const paper = [data.head, view.level.label, groupLabel(view.group)].join(" · ");
    byId("paper").replaceChildren(make("th", { colspan: shown.length, scope: "colgroup" }, paper));
    const kept = document.activeElement && document.activeElement.dataset.column;
    byId("head").replaceChildren(...shown.map(headCell));
    if (kept) document.querySelector(`[data-column="${kept}"]`)?.focus();
  }

  function headCell(column) {
    const here = column.key === view.sort;
    const button = make("button", { type: "button", "data-column": column.key, title: say("sort_by", { column: column.label }) }, column.label);
    button.append(make("span", { class: "arrow", "aria-hidden": "true" }, here ? (view.falling ? "↓" : "↑") : "↕"));
    if (column.under) button.append(make("small", {}, column.under));
    button.addEventListener("click", () => sortBy(column));
    // Chromium repeats a table's head on every printed page, but not the buttons in it: paper has words of its own.
    const printed = make("span", { class: "on_paper", "aria-hidden": "true" }, column.label);
    if (column.under) printed.append(make("small", {}, column.under));
    return make("th", { scope: "col", class: column.kind, "aria-sort": here ? (view.falling ? "descending" : "ascending") : "none" }, button, printed);
  }

  function sortBy(column) {
    view.falling = column.key === view.sort ? !view.falling : Boolean(column.falls);
    view.sort = column.key;
    draw();
  }

  let waiting = null; // rows of the list in view that are not drawn yet

  function drawRows(shown, units) {
    const body = document.querySelector("#units tbody");
    const nothing = make("tr", {}, make("td", { colspan: shown.length, class: "quiet" }, view.text ? words.nothing : words.nothing_ranked));
    body.replaceChildren(...(units.length ? rowsOf(shown, units, 0, FIRST) : [nothing]));
    document.querySelector("#units").setAttribute("aria-rowcount", units.length + 1);
    const rest = { shown, units, from: FIRST, body };
    waiting = rest;
    setTimeout(() => drawMore(rest));
  }

  function drawMore(rest, all = false) {
    if (rest !== waiting || rest.from >= rest.units.length) return;
    const until = all ? rest.units.length : rest.from + CHUNK;
    rest.body.append(...rowsOf(rest.shown, rest.units, rest.from, until));
    rest.from = until;
    setTimeout(() => drawMore(rest));
  }

  function rowsOf(shown, units, from, until) {
    const first = (place) => view.sort === "place" && place > 0 && units[place].peer_class !== units[place - 1].peer_class;
    return units.slice(from, until).map((unit, nth) => rowOf(shown, unit, first(from + nth)));
  }

  function rowOf(shown, unit, firstOfClass) {
    const row = document.createElement("tr");
    if (firstOfClass) row.className = "first";
    for (const column of shown) {
      const cell = document.createElement(column.kind === "head" ? "th" : "td");
      cell.className = column.shade ? column.kind + " " + column.shade(unit) : column.kind;
      if (column.kind === "head") cell.scope = "row";
      if (column.title && column.title(unit)) cell.title = column.title(unit);
      cell.append(...column.cell(unit));
      row.append(cell);
    }
    return row;
  }

  function drawSwitches() {
    const count = (units) => make("span", { class: "count" }, String(units.length));
    fill("levels", levels.map((level) => [level === view.level, [level.label, count(level.rows)], () => Object.assign(view, { level, group: null })]));
    const classes = groups();
    byId("classes").hidden = classes.length < 2;
    byId("one_class").hidden = classes.length > 1 || view.level.rows.length < 2;
    byId("common").textContent = view.level.common;
    fill("classes", [null, ...classes].map((group) => {
      const units = view.level.rows.filter((unit) => group === null || unit.peer_class === group);
      return [group === view.group, [groupLabel(group), count(units)], () => Object.assign(view, { group })];
    }));
    fill("shown", ["marks", "rate"].map((shown) => [shown === view.shown, [words["as_" + shown]], () => Object.assign(view, { shown })]));
  }

  /** Fill a switch with buttons, one of them pressed; the one that had the keyboard keeps it. */
  function fill(id, choices) {
    const field = byId(id);
    const held = [...field.querySelectorAll("button")].indexOf(document.activeElement);
    field.querySelectorAll("button").forEach((button) => button.remove());
    for (const [pressed, label, choose] of choices) {
      const button = make("button", { type: "button", "aria-pressed": String(pressed) }, ...label);
      button.addEventListener("click", () => { choose(); draw(); });
      field.append(button);
    }
    if (held >= 0) field.querySelectorAll("button")[held]?.focus();
  }

  // ---- at a glance ----

  function drawGlance(units) {
    const ranked = units.filter((unit) => unit.rank !== null);
    const found = view.text ? [make("small", { class: "found" }, say("glance_found", { text: view.text }))] : [];
    const totals = ranked.map((unit) => unit.total).sort((a, b) => a - b);
    const left = units.length - ranked.length;
    const tiles = [tile(words.units, String(ranked.length), left ? say("units_more", { n: left }) : words.none_left_out)];
    if (totals.length > 1) {
      const range = say("range", { low: marks(totals[0]), high: marks(totals[totals.length - 1]) });
      tiles.push(tile(words.median, marks(median(totals)), range), grades(ranked), spread(totals));
    }
    byId("glance").replaceChildren(...found, ...tiles);
  }

  const tile = (name, figure, more) => make("div", { class: "tile" }, make("h2", {}, name), make("p", { class: "figure" }, figure), make("p", {}, more));

  /** The median in whole last digits, rounded half up as everywhere. */
  function median(sortedTotals) {
    const whole = (place) => Math.round(sortedTotals[place] * 10 ** data.decimals);
    const half = sortedTotals.length / 2;
    return Math.floor((whole(Math.ceil(half) - 1) + whole(Math.floor(half)) + 1) / 2) / 10 ** data.decimals;
  }

  function grades(units) {
    const list = make("ul", { class: "grades" });
    data.grades.forEach((grade, place) => {
      const n = units.filter((unit) => unit.grade === grade).length;
      const bar = make("span", { class: "bar " + gradeColour(place), style: `width:${(100 * n) / units.length}%` });
      list.append(make("li", {}, make("span", { class: "name" }, grade), make("span", { class: "track" }, bar), make("b", {}, String(n))));
    });
    return make("div", { class: "tile wide" }, make("h2", {}, words.grades), list);
  }

  function spread(totals) {
    const [least, best] = [totals[0], totals[totals.length - 1]];
    const width = [1, 2, 5, 10].find((each) => (best - least) / each <= 24) || 20;
    const first = Math.floor(least / width) * width;
    const bins = new Array(Math.max(1, Math.ceil((best - first) / width))).fill(0);
    for (const total of totals) bins[Math.min(Math.floor((total - first) / width), bins.length - 1)] += 1;
    const most = Math.max(...bins);
    const bars = bins.map((n, place) => make("i", { style: `height:${(100 * n) / most}%`, title: `${first + place * width}–${first + (place + 1) * width}: ${n}` }));
    const edges = make("p", { class: "edges" }, make("span", {}, String(first)), make("span", {}, String(first + bins.length * width)));
    const said = say("spread_said", { width, most });
    return make("div", { class: "tile wide" }, make("h2", {}, words.spread), make("div", { class: "spread", role: "img", "aria-label": said }, ...bars), edges, make("p", {}, said));
  }

  function drawHeatLegend() {
    const edges = data.heat;
    const label = (place) => (place === 0 ? say("heat_below", { to: edges[0] }) : place === edges.length ? say("heat_above", { at: edges[place - 1] }) : `${edges[place - 1]}–${edges[place]}`);
    const keys = [...edges, null].map((_, place) => make("span", { class: "key h" + place }, label(place)));
    byId("heat").replaceChildren(make("span", {}, words.heat + " "), ...keys);
  }

  function drawLeftOut(units) {
    const section = byId("left_out");
    section.hidden = units.length === 0;
    const heads = [words.unit, words.unit_id, words.class, words.parent, words.covered, words.reason];
    section.querySelector("thead").replaceChildren(make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head))));
    section.querySelector("tbody").replaceChildren(...units.map((unit) => {
      const cells = [unit.unit_id, groupLabel(unit.peer_class), unit.parent || "", part(unit.covered) + "%", unit.reason];
      return make("tr", {}, make("th", { scope: "row" }, ...unitCell(unit)), ...cells.map((cell) => make("td", {}, cell)));
    }));
  }

  // ---- start ----

  byId("search").value = view.text;
  byId("search").addEventListener("input", (event) => { view.text = event.target.value.trim(); draw(); });
  window.addEventListener("beforeprint", () => waiting && drawMore(waiting, true));
  window.addEventListener("resize", fitFrame);
  narrow.addEventListener("change", draw);
  drawHeatLegend();
  draw();
})();
