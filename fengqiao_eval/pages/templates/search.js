"use strict";
// The box above the list of all units: rows that hold every word stay; nothing is fetched and nothing is kept.
const box = document.querySelector(".fq-all input");
if (box) {
  const rows = [...document.querySelectorAll(".fq-all tbody tr")].map((row) => [row, row.textContent.toLowerCase()]);
  const told = document.querySelector(".fq-all output");
  const show = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const [row, text] of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      count += row.hidden ? 0 : 1;
    }
    told.textContent = `${count} / ${rows.length}`;
  };
  box.addEventListener("input", show);
  box.hidden = false;
  show();
}
