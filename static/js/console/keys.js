// The board by keyboard: one bar can be reached with Tab, the arrows go on from there; J and K walk the
// risks. Enter opens by itself, as bars are buttons.

import { closeDrawer, openDrawer } from "./drawer.js";

/** Listen to clicks and keys on the board's timeline. */
export function listenToKeys(board, timeline) {
  const address = board.dataset.visit;
  timeline.place.addEventListener("click", (event) => {
    const bar = event.target.closest("[data-bar]");
    if (!bar) return;
    rove(timeline, bar);
    openDrawer(address.replace(/V$/, encodeURIComponent(bar.dataset.bar)), bar);
  });
  timeline.place.addEventListener("focusin", (event) => {
    const bar = event.target.closest("[data-bar]");
    if (bar) rove(timeline, bar);
  });
  timeline.place.addEventListener("keydown", (event) => {
    const bar = event.target.closest("[data-bar]");
    const to = bar && neighbour(timeline, bar.dataset.bar, event.key);
    if (!to) return;
    event.preventDefault();
    const next = timeline.bars.get(to.id);
    rove(timeline, next);
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  document.addEventListener("keydown", walk);
  firstStop(timeline);
}

function firstStop(timeline) {
  const first = timeline.day.rows.flatMap((row) => row.bars)[0];
  const bar = first && timeline.bars.get(first.id);
  if (bar) bar.tabIndex = 0;
}

function rove(timeline, bar) {
  for (const other of timeline.place.querySelectorAll('[data-bar][tabindex="0"]')) other.tabIndex = -1;
  bar.tabIndex = 0;
}

function neighbour(timeline, id, key) {
  const rows = timeline.rows().filter((row) => row.bars.length);
  const at = rows.findIndex((row) => row.bars.some((bar) => bar.id === id));
  if (at < 0) return null;
  const bars = rows[at].bars;
  const place = bars.findIndex((bar) => bar.id === id);
  if (key === "ArrowRight") return bars[place + 1];
  if (key === "ArrowLeft") return bars[place - 1];
  if (key === "Home") return bars[0];
  if (key === "End") return bars.at(-1);
  if (key === "ArrowDown") return nearest(rows[at + 1], bars[place]);
  if (key === "ArrowUp") return nearest(rows[at - 1], bars[place]);
  return null;
}

function nearest(row, bar) {
  if (!row) return null;
  return row.bars.reduce((best, each) => (Math.abs(each.start - bar.start) < Math.abs(best.start - bar.start) ? each : best));
}

function walk(event) {
  if (event.key === "Escape" && !document.querySelector("dialog[open], details[open]") && closeDrawer()) { event.preventDefault(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
  const step = { j: 1, k: -1 }[event.key];
  if (!step) return;
  const alerts = [...document.querySelectorAll("[data-alert]")];
  if (!alerts.length) return;
  event.preventDefault();
  const at = alerts.indexOf(document.activeElement);
  alerts[(at + step + alerts.length) % alerts.length].focus();
}
