// Draws the figures of a page from the numbers that stand in it. Asks no host for anything.
(function () {
  "use strict";
  const LOOK = /*LOOK*/ null;
  const CONFIG = { displaylogo: false, displayModeBar: false, responsive: true };
  const PAPER = 664; // width of A4 between its margins, in CSS pixels

  function draw(box) {
    const figure = JSON.parse(box.querySelector("script").textContent);
    const plot = box.querySelector(".fq-plot");
    plot.textContent = "";
    figure.layout.template = LOOK;
    return window.Plotly.newPlot(plot, figure.data, figure.layout, CONFIG);
  }

  function resize(width) {
    document.querySelectorAll(".js-plotly-plot").forEach(function (plot) {
      window.Plotly.relayout(plot, width ? { width: width, autosize: false } : { width: null, autosize: true });
    });
  }

  if (!window.Plotly) return; // the page then says so itself, and its tables hold the numbers
  document.querySelectorAll(".fq-figure").forEach(draw);
  window.addEventListener("beforeprint", function () { resize(PAPER); });
  window.addEventListener("afterprint", function () { resize(0); });
})();
