// News from the server, and honesty about its age.
//
// <body data-live="/live/…"> opens an EventSource there. The server sends
//   event: heartbeat  data: {"now": "ISO business time"}      at least every 10 s
//   event: changed    data: {anything}                         something on this page is not true any more
// `changed` becomes the event doorbell:changed on the body (detail = data), upon which fragments with
// hx-trigger="doorbell:changed from:body" refetch themselves. After 15 s of silence we say
// 连接中断，正在重连, open the line anew and refetch; a refused line turns into polling every 10 s.
//
// News never disturbs: it waits while somebody presses or sends (busy.js), and while an answer to earlier
// news is on its way, which may not know it yet.

import { isBusy, isNews, whenFree, whenSettled } from "./busy.js";
import { ageWords, heardTime, say } from "./words.js";

const SILENCE_MS = 15000;
const POLL_MS = 10000;
const RETRY_MS = 3000;
const REFUSALS_MAX = 3;

const address = document.body.dataset.live;
// The event up to which this page knows the world: what came since is told as soon as the line is open.
let seen = document.body.dataset.seen;
const shown = document.querySelector("[data-live-age]");
let source = null;
let heardAt = performance.now();
let everHeard = false;
let lost = false;
let refusals = 0;
let poller = 0;
let frozen = 0;
let waiting = [];
let late = null;
const asked = new Set();

/** Keep news back while a hand carries something; each freeze needs its thaw. */
export function freeze() { frozen += 1; }

/** Let the kept news through when the last hand has let go. */
export function thaw() {
  frozen = Math.max(0, frozen - 1);
  if (frozen) return;
  const kept = waiting;
  waiting = [];
  if (kept.length) tell(kept.at(-1));
}

/** How many pieces of news are kept back. */
export function kept() { return waiting.length; }

function tell(detail) {
  if (frozen) {
    waiting.push(detail);
    document.body.dispatchEvent(new CustomEvent("doorbell:kept", { detail: { count: waiting.length } }));
    return;
  }
  late = detail;
  whenFree(tellLate);
}

function tellLate() {
  if (!late || asked.size) return;
  const detail = late;
  late = null;
  document.body.dispatchEvent(new CustomEvent("doorbell:changed", { detail }));
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return {}; }
}

function open() {
  close();
  source = new EventSource(seen ? `${address}&seen=${seen}` : address);
  source.addEventListener("open", heard);
  source.addEventListener("heartbeat", (event) => { heard(); heardTime(parsed(event.data).now); });
  source.addEventListener("changed", (event) => { heard(); told(parsed(event.data)); });
  source.addEventListener("message", (event) => { heard(); tell(parsed(event.data)); });
  source.addEventListener("error", failed);
}

function told(detail) {
  if (seen && detail.id > Number(seen)) seen = String(detail.id);
  tell(detail);
}

function close() {
  source?.close();
  source = null;
}

function heard() {
  heardAt = performance.now();
  everHeard = true;
  refusals = 0;
  clearInterval(poller);
  poller = 0;
  if (lost) { lost = false; tell({ reason: "reconnected" }); }
  paint();
}

/** The browser retries a broken line by itself; a refused one (readyState CLOSED) is ours to retry. */
function failed() {
  if (!source || source.readyState !== EventSource.CLOSED) return;
  refusals += 1;
  close();
  if (refusals >= REFUSALS_MAX) poll();
  else setTimeout(() => { if (!source && !poller) open(); }, RETRY_MS);
}

function poll() {
  if (poller) return;
  poller = setInterval(() => { heardAt = performance.now(); tell({ reason: "poll" }); }, POLL_MS);
}

function watch() {
  const silent = performance.now() - heardAt > SILENCE_MS;
  if (silent && !lost && !poller) { lost = true; open(); }
  paint();
}

function paint() {
  document.documentElement.dataset.line = poller ? "polling" : lost ? "lost" : "live";
  if (!shown) return;
  shown.hidden = false;
  shown.dataset.state = lost ? "lost" : everHeard ? "live" : "waiting";
  const age = ageWords((performance.now() - heardAt) / 1000);
  const words = lost ? say("live_lost") : poller ? say("live_polling") : everHeard ? `${say("live")} · ${age}` : say("live_opening");
  const line = shown.querySelector("[data-live-words]") || shown;
  if (line.textContent !== words) line.textContent = words;
}

// A fragment that was asked for before somebody pressed comes too late: it is asked for again afterwards.
document.addEventListener("htmx:beforeSend", (event) => {
  if (!isNews(event)) return;
  const call = event.detail.xhr;
  asked.add(call);
  whenSettled(call, () => { asked.delete(call); if (late) whenFree(tellLate); });
});
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!asked.has(event.detail.xhr) || !isBusy()) return;
  event.detail.shouldSwap = false;
  late ??= { reason: "pressed" };
});

// Typed text is never lost: a fragment in which somebody is writing waits until he has left it.
const owed = new Set();

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!isNews(event)) return;
  const target = event.detail.target;
  const held = target?.contains(document.activeElement) && document.activeElement.matches("input:not([type=radio], [type=checkbox]), textarea, select");
  if (!held && !target?.querySelector("dialog[open], details[open]")) return;
  event.preventDefault();
  owed.add(event.detail.elt);
});

function payOwed() {
  if (!owed.size) return;
  owed.clear();
  setTimeout(() => tell({ reason: "owed" }), 200);
}
document.addEventListener("focusout", payOwed);
document.addEventListener("close", payOwed, true);

if (address) {
  open();
  paint();
  setInterval(watch, 1000);
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted) { lost = true; open(); } });
}
