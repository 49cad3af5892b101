// What every press shares: the busy button, the blocked button that says what is missing, the stepper,
// menus that close, the search hotkey, and the sentence when a request has failed.

import { toast } from "./toast.js";
import { say } from "./words.js";

const SENTENCES = { 401: "signed_out", 409: "gone", 410: "gone", 419: "signed_out" };

/** Busy from press to answer; the width stays because the label stays as a ghost. */
function busyButton(element, submitter) {
  if (submitter?.matches?.(".ui-button")) return submitter;
  if (element.matches?.(".ui-button")) return element;
  return element.matches?.("form") ? element.querySelector('.ui-button[type="submit"]') : null;
}

const busy = new WeakMap();

function becomeBusy(button) {
  if (!button) return;
  button.setAttribute("aria-busy", "true");
}

document.addEventListener("htmx:beforeSend", (event) => {
  const submitter = event.detail.requestConfig.triggeringEvent?.submitter;
  const button = busyButton(event.detail.elt, submitter);
  if (!button) return;
  becomeBusy(button);
  busy.set(event.detail.xhr, button);
});

document.addEventListener("htmx:afterRequest", (event) => {
  busy.get(event.detail.xhr)?.removeAttribute("aria-busy");
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[hx-post], [hx-get], [hx-put], [hx-delete], [data-hx-post]")) return;
  // The page stays when a file comes.
  if (form.matches("[data-download]")) return;
  const button = event.submitter || busyButton(form);
  setTimeout(() => { if (!event.defaultPrevented) becomeBusy(button); });
});

addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll('[aria-busy="true"]')) button.removeAttribute("aria-busy");
});

/** A blocked button leads to the first thing that is missing. */
function blocked(event) {
  const button = event.target.closest?.("[data-blocked]");
  if (!button) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const missing = document.querySelector(button.dataset.blocked);
  missing?.scrollIntoView({ block: "center" });
  missing?.focus({ preventScroll: true });
}

function step(event) {
  const button = event.target.closest?.("[data-step]");
  if (!button) return;
  const field = button.parentElement.querySelector('input[type="hidden"]');
  const low = Number(field.dataset.low);
  const high = Number(field.dataset.high);
  const value = Math.min(high, Math.max(low, Number(field.value) + Number(button.dataset.step)));
  field.value = value;
  const shown = button.parentElement.querySelector("output");
  shown.textContent = shown.dataset.unit ? `${value} ${shown.dataset.unit}` : value;
  button.parentElement.querySelector('[data-step="-1"]').disabled = value <= low;
  button.parentElement.querySelector('[data-step="1"]').disabled = value >= high;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.ui-menu[open]")) if (menu !== except) menu.open = false;
}

document.addEventListener("click", blocked, true);
document.addEventListener("click", (event) => {
  step(event);
  if (event.target.closest?.("[data-back]")) history.back();
  closeMenus(event.target.closest?.("details.ui-menu"));
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = document.querySelector("details.ui-menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.("input, textarea, select, [contenteditable]")) return;
  const field = document.querySelector(`[data-hotkey="${CSS.escape(event.key)}"]`);
  if (!field) return;
  event.preventDefault();
  if (field.matches("input, select, textarea")) field.focus();
  else field.click();
});

// A refusal answered as a whole page (marked data-problem) is never swapped into a fragment: its sentence
// becomes a toast. A form answered 422 with its own errors is swapped as usual.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status < 400 || !event.detail.serverResponse.includes("data-problem")) return;
  event.detail.shouldSwap = false;
  if (event.detail.xhr.status === 422) sayRefusal(event.detail.xhr);
});
document.addEventListener("htmx:responseError", (event) => sayRefusal(event.detail.xhr));

/** Say what failed, in the server's own sentence when it gave one, with the request's number. */
function sayRefusal(answer) {
  const { sentence, number } = told(answer);
  const tail = number && answer.status >= 500 ? ` ${say("request_number")} ${number}` : "";
  toast((sentence || say(SENTENCES[answer.status] || "server_failed")) + tail, { tone: "error", lifeMs: 10000 });
}

function told(answer) {
  const type = answer.getResponseHeader("Content-Type") || "";
  if (type.includes("json")) {
    try {
      const body = JSON.parse(answer.responseText);
      return { sentence: body.message, number: body.request };
    } catch {
      return {};
    }
  }
  const problem = new DOMParser().parseFromString(answer.responseText, "text/html").querySelector("[data-problem]");
  return { sentence: problem?.dataset.sentence, number: problem?.dataset.number };
}

document.addEventListener("htmx:sendError", (event) => {
  if (event.detail.requestConfig?.triggeringEvent?.type === "doorbell:changed") return;
  toast(say("no_network"), { tone: "error", lifeMs: 10000 });
});

/** After a refused form the focus goes to the first field that is wrong. */
document.addEventListener("htmx:afterSettle", (event) => {
  const swapped = event.detail.elt.isConnected ? event.detail.elt : event.detail.target;
  swapped?.querySelector?.('[aria-invalid="true"]')?.focus();
});
document.querySelector('[aria-invalid="true"]')?.focus();

/** What is being mended is wrong no more: its mark and its sentence go until it is looked at again. */
function mending(event) {
  const box = event.target;
  const named = box.closest?.("[aria-describedby]");
  const said = (named?.getAttribute("aria-describedby") || "").split(" ").map((id) => document.getElementById(id));
  for (const line of said) {
    if (!line?.matches(".ui-error-text")) continue;
    line.classList.remove("ui-error-text");
    line.replaceChildren();
  }
  const alike = box.type === "radio" && box.name ? document.getElementsByName(box.name) : [box];
  for (const each of alike) each.removeAttribute?.("aria-invalid");
}
document.addEventListener("input", mending);

/** A sentence that is looked up when the hand leaves a box marks the box, too. */
function marked(event) {
  const id = event.detail.target?.id;
  // What was swapped in stands in the place of the target.
  const line = id ? document.getElementById(id) : null;
  if (!line?.matches(".said")) return;
  const box = document.querySelector(`[aria-describedby~="${CSS.escape(line.id)}"]`);
  if (line.matches(".ui-error-text")) box?.setAttribute("aria-invalid", "true");
  else box?.removeAttribute("aria-invalid");
}
document.addEventListener("htmx:afterSwap", marked);
document.addEventListener("htmx:oobAfterSwap", marked);

/** A bar at the foot lifts the toasts above itself. */
function measureBar() {
  const bar = document.querySelector(".bar, .tabbar");
  document.documentElement.style.setProperty("--bar-height", `${bar ? bar.offsetHeight : 0}px`);
}
measureBar();
addEventListener("resize", measureBar);
document.addEventListener("htmx:afterSettle", measureBar);
