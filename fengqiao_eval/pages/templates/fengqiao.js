// Draws the figures of a page from the numbers that stand in it. Asks no host for anything.
(function () {
  "use strict";
  const LOOK = /*LOOK*/ null; // the common look, what all figures of a kind have, what a trace has from the first one
  const CONFIG = { displaylogo: false, displayModeBar: false, responsive: true };
  const PAPER = 664; // width of A4 between its margins, in CSS pixels
  const NARROW = 520; // pixels below which names stand in lines
  const LOWER = 0.85; // how high a figure is on paper, beside its height on a screen

  const plain = (one) => one !== null && typeof one === "object" && !Array.isArray(one);
  const plains = (all) => Array.isArray(all) && all.length > 0 && all.every(plain);

  // lays what a page gives over what its kind has: the counterpart of charts.py
  function merged(base, given) {
    if (plain(base) && plain(given)) {
      const names = Object.keys(given).map((name) => [name, merged(base[name], given[name])]);
      return Object.assign({}, base, Object.fromEntries(names));
    }
    if (plains(base) && plains(given)) {
      return given.map((one, number) => merged(base[Math.min(number, base.length - 1)], one));
    }
    return given;
  }

  function whole(given) {
    const figure = merged(LOOK.kinds[given.kind], given);
    if (!given.kind) return figure;
    const first = figure.data[0];
    const shared = Object.fromEntries(LOOK.shared.filter((name) => name in first).map((name) => [name, first[name]]));
    const entries = (trace) => Object.entries(Object.assign({}, shared, trace)).map(([name, value]) => [name, filled(value)]);
    figure.data = figure.data.map((trace) => Object.fromEntries(entries(trace)));
    return figure;
  }

  // a list that a page writes in short: numbers with nothing in the place of each null, or texts
  function filled(value) {
    if (!plain(value)) return value;
    if (typeof value.gaps === "string") return value.gaps.split(",").map((cell) => (cell === "" ? null : Number(cell)));
    return typeof value.texts === "string" ? value.texts.replaceAll("\n", "<br>").split(",") : value;
  }

  const night = window.matchMedia("(prefers-color-scheme: dark)");
  const paper = window.matchMedia("print"); // pdf.py opens the page as paper

  // the same in the colours of the dark; whatever colour is not ours stays as it is
  function darkened(part) {
    if (typeof part === "string") return LOOK.dark[part.toLowerCase()] || part;
    if (Array.isArray(part)) return part.map(darkened);
    return plain(part) ? Object.fromEntries(Object.entries(part).map(([name, value]) => [name, darkened(value)])) : part;
  }

  const CLOSING = /^[，。；：、！？）》」』”’…]$/; // never begins a line

  // breaks a text into lines of so many columns (a Chinese sign takes two), words kept whole where they fit
  function broken(text, across) {
    const lines = [""];
    let used = 0;
    for (const part of String(text).match(/<[^>]*>|&[^;\s]+;|[\w.,:;%≥−'’()-]+\s?|[^]/gu) || []) {
      const wide = part.startsWith("<") ? 0 : part.startsWith("&") ? 1 : Array.from(part).reduce((sum, one) => sum + (one > "\u2e7f" ? 2 : 1), 0);
      if (used && used + wide > across && !CLOSING.test(part)) {
        lines.push("");
        used = 0;
      }
      lines[lines.length - 1] += part;
      used += wide;
    }
    return lines;
  }

  // what a narrow screen needs: titles and names in lines, room for the numbers behind bars; seen: the width of the box of a
  // figure that scrolls in it, over which its title must not go
  function fitted(layout, data, width, seen) {
    const title = broken(layout.title.text, Math.max(20, Math.floor(seen / 7.4)));
    const margin = Object.assign({}, LOOK.template.layout.margin, layout.margin);
    const more = 19 * (title.length - 1);
    const fit = { title: Object.assign({}, layout.title, { text: title.join("<br>"), pad: { t: 6 + 9 * (title.length - 1) } }), margin, height: layout.height + more };
    margin.t += more;
    const bars = width < NARROW && data.length > 0 && data.every((one) => one.type === "bar" && one.orientation === "h");
    if (!bars) return Object.assign({}, layout, fit);
    const names = Array.from(new Set(data.flatMap((one) => one.y)));
    const lines = names.map((name) => broken(name, 14));
    const tallest = Math.max(...lines.map((one) => one.length));
    fit.yaxis = Object.assign({}, layout.yaxis, { tickvals: names, ticktext: lines.map((one) => one.join("<br>")), tickfont: { size: 12 } });
    fit.height += names.length * Math.max(0, 16 * tallest + 8 - (layout.height - 70) / names.length);
    if (layout.xaxis && layout.xaxis.range) fit.xaxis = Object.assign({}, layout.xaxis, { range: [0, layout.xaxis.range[1] * 1.3] });
    return Object.assign({}, layout, fit);
  }

  // as it stands on the screen, or on paper, which is light and narrow
  function dressed(plot, onPaper) {
    const figure = plot.figure;
    const width = onPaper ? PAPER : plot.clientWidth || PAPER;
    const seen = onPaper ? PAPER : Math.min(width, plot.parentElement.clientWidth || width);
    const layout = Object.assign(fitted(figure.layout, figure.data, width, seen), { template: LOOK.template });
    if (onPaper) Object.assign(layout, { width, height: layout.height * LOWER, autosize: false });
    const whole = { data: figure.data, layout };
    plot.wide = width;
    return structuredClone(night.matches && !onPaper ? darkened(whole) : whole); // plotly writes into what it is given
  }

  async function draw(box) {
    const figure = whole(JSON.parse(box.querySelector("script").textContent));
    const plot = box.querySelector(".fq-plot");
    const words = Array.from(plot.childNodes);
    const title = plot.querySelector("b").textContent;
    box.setAttribute("aria-label", title);
    plot.textContent = "";
    figure.layout.title = figure.layout.title || { text: title };
    plot.figure = figure;
    const across = figure.data[0] && figure.data[0].type === "heatmap" && figure.layout.xaxis && figure.layout.xaxis.tickvals;
    if (across) plot.style.minWidth = 170 + 28 * across.length + "px"; // its box scrolls where that is more than there is
    const { data, layout } = dressed(plot, paper.matches);
    try {
      await window.Plotly.newPlot(plot, data, layout, CONFIG);
    } catch (error) {
      plot.replaceChildren(...words);
      throw error;
    }
  }

  function redraw(onPaper) {
    document.querySelectorAll(".js-plotly-plot").forEach((plot) => {
      const { data, layout } = dressed(plot, onPaper);
      window.Plotly.react(plot, data, layout, CONFIG);
    });
  }

  // a box that is scrolled sideways can be reached by keyboard, and is called as the heading above it
  function nameBoxes() {
    let heading = "";
    document.querySelectorAll("main h1, main h2, .fq, .own, .fq-figure, main pre").forEach((box) => {
      if (/^H[12]$/.test(box.tagName)) {
        heading = box.textContent;
      } else if (box.scrollWidth > box.clientWidth) {
        box.tabIndex = 0;
        if (!box.hasAttribute("role")) box.setAttribute("role", "region");
        if (!box.hasAttribute("aria-label")) box.setAttribute("aria-label", heading || document.title);
      } else {
        box.removeAttribute("tabindex");
      }
    });
  }

  nameBoxes();
  window.addEventListener("resize", nameBoxes);
  if (!window.Plotly) return; // the page then says so itself, and its tables hold the numbers
  Promise.allSettled(Array.from(document.querySelectorAll(".fq-figure"), draw)).then((ends) => {
    const failed = ends.filter((end) => end.status === "rejected");
    document.documentElement.dataset.drawn = failed.length ? "some" : "all"; // what prints the page (pdf.py) waits for it
    if (failed.length) throw failed[0].reason;
  });
  let turned = 0; // a phone turned, a window pulled: once it rests, what has another width is set anew
  window.addEventListener("resize", () => {
    clearTimeout(turned);
    turned = setTimeout(() => {
      const changed = Array.from(document.querySelectorAll(".js-plotly-plot")).some((plot) => plot.clientWidth !== plot.wide);
      if (changed && !paper.matches) redraw(false);
    }, 150);
  });
  window.addEventListener("beforeprint", () => redraw(true));
  night.addEventListener("change", () => redraw(paper.matches));
  window.addEventListener("afterprint", () => redraw(false));
})();
