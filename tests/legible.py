"""Whether text on a page can be read: its contrast with what is behind it, and whether it is cut, as a browser draws it."""

CONTRAST = """
(selector) => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const even = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = (colour) => colour.slice(0, 3).map((c) => even(c / 255))
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const node of document.querySelectorAll(selector)) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!(own || node.value) || !node.getClientRects().length || node.closest(".hm-text, .heatmaplayer")) continue;
    const style = getComputedStyle(node);
    const ink = node instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(parse(ink)), light(behind(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.add(node.outerHTML.slice(0, 80));
  }
  return [...poor];
}
"""
"""A script that lists the elements of a selector whose text, or value, stands at less than 4.5:1.

The numbers in a heat map stand on a picture, whose shades tests/test_colours.py holds against them."""

CUT = """
(scrolled) => {
  const cut = new Set();
  for (const node of document.querySelectorAll("body *")) {
    if (node.closest("svg, .unseen, script, style") || node.matches(scrolled) || !node.getClientRects().length) continue;
    if (node.scrollWidth > node.clientWidth + 1 && node.clientWidth && getComputedStyle(node).display !== "inline") {
      const style = getComputedStyle(node);
      const clips = style.overflowX !== "visible";
      const inside = node.closest(scrolled);
      if (clips || !inside) cut.add(node.outerHTML.slice(0, 80));
    }
  }
  for (const text of document.querySelectorAll(".main-svg text")) { // of a figure: what sticks out of it is not seen
    const [own, whole] = [text.getBoundingClientRect(), text.closest(".js-plotly-plot").getBoundingClientRect()];
    const wide = own.left < whole.left - 1 || own.right > whole.right + 1;
    if (own.width && (wide || own.top < whole.top - 1 || own.bottom > whole.bottom + 1))
      cut.add("figure: " + text.textContent);
  }
  return [...cut];
}
"""
"""A script that lists what is cut: text wider than its box, but for boxes that scroll, and text that leaves its figure."""

LADDERS = """
() => {
  const found = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = walk.nextNode()); ) {
    const signs = text.data.replace(/\\s/g, "").length;
    if (signs < 2 || text.parentElement.closest("svg, script, style, .unseen")) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const lines = new Set([...range.getClientRects()].filter((one) => one.width).map((one) => Math.round(one.top))).size;
    if (lines > 1 && signs / lines < 1.8) found.add(text.data.trim().slice(0, 40));
  }
  return [...found];
}
"""
"""A script that lists texts which stand a letter a line."""

SMEARED = """
() => {
  const found = [];
  for (const plot of document.querySelectorAll(".js-plotly-plot")) {
    for (const group of [".xtick text", ".ytick text", ".annotation-text", ".g-gtitle text"]) {
      const turned = (one) => Math.abs(Number((/rotate\\((-?[\\d.]+)/.exec(one.getAttribute("transform") || "") || [0, 0])[1]));
      const all = [...plot.querySelectorAll(group)];
      const boxes = all.filter((one) => !turned(one)).map((one) => [one.textContent, one.getBoundingClientRect()]);
      const slanted = all.filter(turned).map((one) => [one.getBoundingClientRect().left, Math.sin(turned(one) * Math.PI / 180)]);
      slanted.slice(1).forEach(([left, sine], n) => Math.abs(left - slanted[n][0]) * sine < 11 && found.push("slanted " + group));
      boxes.forEach(([name, a], n) => boxes.slice(n + 1).forEach(([other, b]) => {
        const over = (low, up) => Math.min(a[up], b[up]) - Math.max(a[low], b[low]);
        const [wide, high] = [over("left", "right"), over("top", "bottom")];
        if (wide > 2 && high > 4) found.push(name + " / " + other);
      }));
    }
  }
  return found;
}
"""
"""A script that lists labels of a figure's axes and strips that lie over one another."""
