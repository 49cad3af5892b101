// Every page of the console.

import "./countdown.js";
import "./dialog.js";
import "./live.js";
import "./once.js";
import "./press.js";
import "./toast.js";
import { loadMaps } from "./maps.js";

// Under 1280 the side folds behind a pair of buttons.
const fold = document.querySelector("[data-fold]");
const side = document.querySelector(".console-side");

function turnTo(part) {
  document.body.dataset.folded = part;
  for (const button of fold.querySelectorAll("[data-fold-to]")) {
    button.setAttribute("aria-pressed", String(button.dataset.foldTo === part));
  }
  dispatchEvent(new Event("resize"));
}

if (fold && side?.childElementCount) {
  fold.hidden = false;
  turnTo("main");
  fold.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fold-to]");
    if (button) turnTo(button.dataset.foldTo);
  });
}

// A tick over a group ticks its rows: <input data-ticks="css of the rows' boxes">.
document.addEventListener("change", (event) => {
  const all = event.target.closest?.("[data-ticks]");
  if (!all) return;
  for (const box of document.querySelectorAll(all.dataset.ticks)) {
    if (box.checked === all.checked) continue;
    box.checked = all.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
});

loadMaps();
