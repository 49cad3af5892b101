// What must not be disturbed: a press between finger down and click, and what it has sent.
//
// A fragment swapped under the finger swallows the press, and a page that goes elsewhere takes with it the
// form it was sending. So whoever changes the page by himself (news, clocks) waits until nobody is busy.

const PRESS_MS = 350;
const PRESS_MS_MAX = 5000;
const SENDING_MS_MAX = 20000;
// htmx listens on what it has swapped in only 20 ms later.
const SETTLE_MS = 50;

// What is under way, each with the timer that ends it should its end never be told.
const doing = new Map();
const waiting = new Set();

/** Whether a press, or what it has sent, is still under way. */
export function isBusy() { return doing.size > 0; }

/** Run `act` as soon as nobody is busy: now, or once later however often it is asked for. */
export function whenFree(act) {
  if (isBusy()) waiting.add(act);
  else act();
}

/** Run `act` when a call of htmx has ended, however it ended, and what it brought is settled. */
export function whenSettled(call, act) {
  // Not htmx's own event, which nobody hears when the sender has left the page meanwhile.
  call.addEventListener("loadend", () => setTimeout(act, SETTLE_MS));
}

/** Whether the page's own news asked for this, and no hand did. */
export function isNews(event) {
  const cause = event.detail.requestConfig?.triggeringEvent;
  if (cause) return cause.type.startsWith("doorbell:") && cause.type !== "doorbell:suggest";
  // A poll ("every 60s") comes without an event.
  return Boolean(event.detail.elt?.matches?.('[hx-trigger*="doorbell:changed"]'));
}

function begin(what, most) {
  clearTimeout(doing.get(what));
  doing.set(what, setTimeout(() => end(what), most));
}

function end(what) {
  clearTimeout(doing.get(what));
  if (!doing.delete(what) || isBusy()) return;
  const acts = [...waiting];
  waiting.clear();
  for (const act of acts) whenFree(act);
}

document.addEventListener("pointerdown", () => begin("press", PRESS_MS_MAX), true);
for (const up of ["pointerup", "pointercancel"]) document.addEventListener(up, () => begin("press", PRESS_MS), true);

document.addEventListener("htmx:beforeSend", (event) => {
  if (isNews(event)) return;
  const call = event.detail.xhr;
  begin(call, SENDING_MS_MAX);
  whenSettled(call, () => end(call));
});

// A form of the browser's own, and any other way to the next page, until this page has gone.
document.addEventListener("submit", (event) => {
  const stays = event.target.method === "dialog" || event.target.target === "_blank";
  if (!stays) setTimeout(() => { if (!event.defaultPrevented) begin("leaving", SENDING_MS_MAX); });
});
addEventListener("beforeunload", () => begin("leaving", SENDING_MS_MAX));
addEventListener("pageshow", (event) => { if (event.persisted) end("leaving"); });
