// Short news at the bottom: 4 s, or 10 s with an undo. Never the only place of an error.
//
// Three ways in: toast(text, options); the event `doorbell:toast` (htmx: HX-Trigger header);
// an element [data-toast] anywhere in the page or in a swapped fragment.

import { newKey } from "./once.js";
import { say, writeHeaders } from "./words.js";

const LIFE_MS = 4000;
const LIFE_WITH_UNDO_MS = 10000;
const SHOWN_MAX = 3;
const MARKS = {
  ok: "M5 12.5l4.5 4.5L19 7.5",
  error: "M3 12a9 9 0 1 0 18 0a9 9 0 1 0-18 0M12 7.5v5M12 16.2v.01",
};

/** Show `text`; options: undo (address to post to), undoWord, tone ("ok" | "error"), lifeMs. */
export function toast(text, { undo = "", undoWord = "", tone = "ok", lifeMs = 0 } = {}) {
  const holder = document.getElementById("toasts");
  if (!holder || !text) return;
  const box = document.createElement("div");
  box.className = "ui-toast";
  box.append(mark(tone), words(text));
  if (undo) box.append(undoButton(undo, undoWord || say("undo"), box));
  while (holder.querySelectorAll(".ui-toast").length >= SHOWN_MAX) holder.querySelector(".ui-toast").remove();
  holder.append(box);
  leaveLater(box, lifeMs || (undo ? LIFE_WITH_UNDO_MS : LIFE_MS));
}

function mark(tone) {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const attributes = {
    class: "icon icon-16", viewBox: "0 0 24 24", fill: "none", stroke: "currentColor",
    "stroke-width": "1.75", "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true",
  };
  for (const [name, value] of Object.entries(attributes)) picture.setAttribute(name, value);
  line.setAttribute("d", MARKS[tone] || (tone === "danger" || tone === "warn" ? MARKS.error : MARKS.ok));
  picture.append(line);
  return picture;
}

function words(text) {
  const line = document.createElement("span");
  line.textContent = text;
  return line;
}

function undoButton(address, word, box) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "ui-toast-act";
  button.textContent = word;
  const key = newKey();
  button.addEventListener("click", async () => {
    button.disabled = true;
    const done = await post(address, key);
    box.remove();
    toast(say(done ? "undone" : "undo_failed"), { tone: done ? "ok" : "error" });
    if (done) document.body.dispatchEvent(new CustomEvent("doorbell:changed", { detail: {} }));
  });
  return button;
}

async function post(address, key) {
  try {
    const answer = await fetch(address, { method: "POST", headers: writeHeaders(key) });
    return answer.ok;
  } catch {
    return false;
  }
}

/** Time stands still while a pointer or the focus rests on the toast. */
function leaveLater(box, lifeMs) {
  let timer = setTimeout(() => box.remove(), lifeMs);
  const wait = () => clearTimeout(timer);
  const resume = () => { wait(); timer = setTimeout(() => box.remove(), lifeMs); };
  box.addEventListener("pointerenter", wait);
  box.addEventListener("focusin", wait);
  box.addEventListener("pointerleave", resume);
  box.addEventListener("focusout", resume);
}

function showWritten(root) {
  const found = root.matches?.("[data-toast]") ? [root] : root.querySelectorAll?.("[data-toast]") ?? [];
  for (const note of found) {
    toast(note.dataset.toast, { undo: note.dataset.toastUndo, tone: note.dataset.toastTone });
    note.remove();
  }
}

document.addEventListener("doorbell:toast", (event) => {
  const told = event.detail;
  toast(told.text ?? told.value, told);
});
document.addEventListener("htmx:load", (event) => showWritten(event.target));
showWritten(document.body);
