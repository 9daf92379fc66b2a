"use strict";
// Works on what is already in the page: the report can be read without it.
const box = document.getElementById("matrix");
if (box) {
  const find = document.getElementById("find");
  const show = document.getElementById("show");
  const count = document.getElementById("count");
  const cases = [...box.querySelectorAll("tbody")];
  const sift = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const one of cases) {
      const wanted = words.every((word) => one.dataset.find.includes(word)) && (show.value === "all" || one.dataset[show.value] === "yes");
      one.hidden = !wanted;
      shown += wanted;
    }
    count.textContent = shown;
  };
  find.addEventListener("input", sift);
  show.addEventListener("change", sift);
  sift(); // a browser may have kept what was typed before
  box.addEventListener("click", (event) => {
    const cell = event.target.closest("td[title]");
    if (cell) document.getElementById("told").textContent = cell.title;
  });
}
