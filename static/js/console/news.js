// News of the day: one request for all parts of the page, each patched in place by its name.
//
// <div data-patch="name"> takes the new inside of the same name. With data-keyed its children have
// data-key: they are changed in place, and none comes, goes or moves while a pointer or the focus is on
// the list; [data-updates-of="name"] then says how many wait, and a press on it lets them in.

import { whenFree } from "../chrome/busy.js";
import { now, say } from "../chrome/words.js";

const GATHER_MS = 250;
const LOOK_MS = 1000;
const MINUTE_MS = 60000;
const waiting = new Map();

/** Ask for news when the house tells of a change, and each business minute; `after` runs once it is patched in. */
export function followNews(address, after) {
  const news = { view: "board", ask, hold, letGo };
  let held = 0;
  let timer = 0;
  let asking = false;
  let again = false;

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(ask, GATHER_MS);
  }

  /** Ask for nothing while something is carried; what was due meanwhile is asked for afterwards. */
  function hold() { held += 1; }
  function letGo() { held -= 1; if (!held && again) { again = false; soon(); } }

  async function ask() {
    if (held) { again = true; return; }
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(`${address}&view=${news.view}`, { headers: { Accept: "text/html" } });
      if (answer.status === 401 || answer.redirected) { location.reload(); return; }
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      // Nothing is exchanged under a finger.
      whenFree(() => { if (held) again = true; else { patch(fresh); after(); } });
    } catch {
      // The line is away: live.js says so, and asks again when it is back.
    } finally {
      asking = false;
      if (again && !held) { again = false; soon(); }
    }
  }

  document.body.addEventListener("doorbell:changed", soon);
  // Estimates move with the minutes, and jump when the demo clock does.
  let minute = minuteNow();
  setInterval(() => {
    if (document.hidden || minuteNow() === minute) return;
    minute = minuteNow();
    soon();
  }, LOOK_MS);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
  return news;
}

function minuteNow() {
  return Math.floor(now() / MINUTE_MS);
}

function patch(fresh) {
  for (const part of fresh.querySelectorAll("[data-patch]")) {
    const shown = document.querySelector(`[data-patch="${part.dataset.patch}"]`);
    if (!shown || shown.innerHTML === part.innerHTML) continue;
    if ("keyed" in shown.dataset) patchList(shown, part);
    else if (shown.dataset.patch === "pins") patchPins(shown, part);
    else { shown.innerHTML = part.innerHTML; if (shown.tagName !== "SCRIPT") freshen(shown); }
  }
}

function patchList(shown, fresh) {
  const old = keyed(shown);
  const told = keyed(fresh);
  for (const [key, row] of told) {
    const known = old.get(key);
    if (known && known.outerHTML !== row.outerHTML) changeRow(known, row);
  }
  const same = [...old.keys()].join("\n") === [...told.keys()].join("\n");
  if (same) { settle(shown); return; }
  if (shown.matches(":hover") || shown.contains(document.activeElement)) { hold(shown, fresh, old, told); return; }
  arrange(shown, fresh);
}

function keyed(list) {
  return new Map([...list.children].map((row) => [row.dataset.key, row]));
}

/** Keep the row and its focused parts; only what differs is written. */
function changeRow(known, row) {
  known.className = row.className;
  if (known.contains(document.activeElement)) return;
  known.innerHTML = row.innerHTML;
  window.htmx?.process(known);
  freshen(known);
}

function arrange(shown, fresh) {
  const old = keyed(shown);
  const rows = [...fresh.children].map((row) => old.get(row.dataset.key) ?? document.importNode(row, true));
  shown.replaceChildren(...rows);
  window.htmx?.process(shown);
  settle(shown);
}

function hold(shown, fresh, old, told) {
  waiting.set(shown.dataset.patch, fresh);
  const button = buttonOf(shown);
  if (!button) return;
  const count = missing(told, old) + missing(old, told);
  button.textContent = say("updates", Math.max(1, count));
  button.hidden = false;
}

/** How many rows of `some` the others lack; the row that says "none" is no row. */
function missing(some, others) {
  return [...some.keys()].filter((key) => key !== "none" && !others.has(key)).length;
}

function settle(shown) {
  waiting.delete(shown.dataset.patch);
  const button = buttonOf(shown);
  if (button) button.hidden = true;
}

function buttonOf(shown) {
  return document.querySelector(`[data-updates-of="${shown.dataset.patch}"]`);
}

function release(name) {
  const fresh = waiting.get(name);
  const shown = document.querySelector(`[data-patch="${name}"]`);
  if (fresh && shown) arrange(shown, fresh);
}

/** Pins keep their elements, so that the map moves them and draws none anew. */
function patchPins(shown, fresh) {
  const old = new Map([...shown.querySelectorAll("[data-pin]")].map((pin) => [pin.dataset.pin, pin]));
  const rows = [...fresh.children].map((row) => {
    const known = old.get(row.dataset.pin);
    if (!known) return document.importNode(row, true);
    for (const { name, value } of row.attributes) if (known.getAttribute(name) !== value) known.setAttribute(name, value);
    if (known.innerHTML !== row.innerHTML) known.innerHTML = row.innerHTML;
    return known;
  });
  shown.replaceChildren(...rows);
}

function freshen(part) {
  part.classList.remove("is-fresh");
  requestAnimationFrame(() => part.classList.add("is-fresh"));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-updates-of]");
  if (button) release(button.dataset.updatesOf);
});
document.addEventListener("pointerout", (event) => {
  const list = event.target.closest?.("[data-keyed]");
  if (list && waiting.has(list.dataset.patch) && !list.contains(event.relatedTarget) && !list.contains(document.activeElement)) release(list.dataset.patch);
});
