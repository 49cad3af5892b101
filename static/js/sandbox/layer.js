// Something that WeChat lays over a phone: it opens, keeps the focus, and ends with what was chosen.

import { part } from "./dom.js";

const STOPS = "button, input, select, textarea, summary";

export class Layer {
  /** `name` marks its element in the phone: data-NAME. Whatever is marked data-close ends it. */
  constructor(phone, name) {
    this.phone = phone;
    this.root = part(phone.slot, name);
    this.settle = null;
    this.root.addEventListener("click", (event) => {
      if (event.target === this.root || event.target.closest("[data-close]")) this.end(null);
    });
    this.root.addEventListener("keydown", (event) => this.heed(event));
  }

  /** Show it; the promise gives what `end` is told, null when the person closes it. */
  show() {
    this.end(null);
    this.before = document.activeElement;
    this.root.hidden = false;
    this.root.querySelector("[data-first]")?.focus();
    return new Promise((resolve) => { this.settle = resolve; });
  }

  end(result) {
    if (!this.settle) return;
    this.root.hidden = true;
    this.before?.focus?.({ preventScroll: true });
    const settle = this.settle;
    this.settle = null;
    settle(result);
  }

  heed(event) {
    if (event.key === "Escape") this.end(null);
    if (event.key !== "Tab") return;
    const stops = [...this.root.querySelectorAll(STOPS)].filter((one) => one.offsetParent && !one.disabled);
    const next = stops[(stops.indexOf(document.activeElement) + (event.shiftKey ? stops.length - 1 : 1)) % stops.length];
    event.preventDefault();
    next?.focus();
  }
}

/** Return a button that says `words` and calls `press`. */
export function button(words, press) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = words;
  made.addEventListener("click", press);
  return made;
}
