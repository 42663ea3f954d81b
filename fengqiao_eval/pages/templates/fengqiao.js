// Draws the figures of a page from the numbers that stand in it. Asks no host for anything.
(function () {
  "use strict";
  const LOOK = /*LOOK*/ null; // the common look, what all figures of a kind have, what a trace has from the first one
  const CONFIG = { displaylogo: false, displayModeBar: false, responsive: true };
  const PAPER = 664; // width of A4 between its margins, in CSS pixels
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
    figure.data = figure.data.map((trace) => Object.assign({}, shared, trace));
    return figure;
  }

  const night = window.matchMedia("(prefers-color-scheme: dark)");
  const paper = window.matchMedia("print"); // pdf.py opens the page as paper

  // the same in the colours of the dark; whatever colour is not ours stays as it is
  function darkened(part) {
    if (typeof part === "string") return LOOK.dark[part.toLowerCase()] || part;
    if (Array.isArray(part)) return part.map(darkened);
    return plain(part) ? Object.fromEntries(Object.entries(part).map(([name, value]) => [name, darkened(value)])) : part;
  }

  // as it stands on the screen, or on paper, which is light and narrow
  function dressed(figure, onPaper) {
    const size = onPaper ? { width: PAPER, height: figure.layout.height * LOWER, autosize: false } : { autosize: true };
    const whole = { data: figure.data, layout: Object.assign({}, figure.layout, { template: LOOK.template }, size) };
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
    const { data, layout } = dressed(figure, paper.matches);
    try {
      await window.Plotly.newPlot(plot, data, layout, CONFIG);
    } catch (error) {
      plot.replaceChildren(...words);
      throw error;
    }
  }

  function redraw(onPaper) {
    document.querySelectorAll(".js-plotly-plot").forEach((plot) => {
      const { data, layout } = dressed(plot.figure, onPaper);
      window.Plotly.react(plot, data, layout, CONFIG);
    });
  }

  if (!window.Plotly) return; // the page then says so itself, and its tables hold the numbers
  Promise.allSettled(Array.from(document.querySelectorAll(".fq-figure"), draw)).then((ends) => {
    const failed = ends.filter((end) => end.status === "rejected");
    document.documentElement.dataset.drawn = failed.length ? "some" : "all"; // what prints the page (pdf.py) waits for it
    if (failed.length) throw failed[0].reason;
  });
  window.addEventListener("beforeprint", () => redraw(true));
  night.addEventListener("change", () => redraw(paper.matches));
  window.addEventListener("afterprint", () => redraw(false));
})();
