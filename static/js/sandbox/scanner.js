// The scanner that a page opens (wx.scanQRCode): a sheet over the phone where the person says what the
// camera sees, by typing it or by tapping what it saw before.
//
// `open()` gives a promise of the code's content, null when the person closes the sheet.

import { part } from "./dom.js";

const KEPT = "scanned-codes";
const KEPT_MAX = 6;

export class Scanner {
  constructor(phone) {
    this.root = part(phone.slot, "scanner");
    this.settle = null;
    part(this.root, "scanner-close").addEventListener("click", () => this.end(null));
    part(this.root, "scanner-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const content = event.target.elements.content.value.trim();
      if (content) this.end(content);
    });
    this.root.addEventListener("keydown", (event) => this.heed(event));
  }

  /** Ask what is scanned; a sheet that was open is given up. */
  open() {
    this.end(null);
    const form = part(this.root, "scanner-form");
    form.reset();
    const codes = kept();
    const tray = part(this.root, "scanner-kept");
    tray.hidden = !codes.length;
    tray.replaceChildren(...codes.map((content) => this.code(content)));
    this.root.hidden = false;
    form.elements.content.focus();
    return new Promise((resolve) => { this.settle = resolve; });
  }

  code(content) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = content;
    button.addEventListener("click", () => this.end(content));
    return button;
  }

  end(content) {
    this.root.hidden = true;
    if (content) keep(content);
    const settle = this.settle;
    this.settle = null;
    settle?.(content);
  }

  heed(event) {
    if (event.key === "Escape") this.end(null);
    if (event.key !== "Tab") return;
    const stops = [...this.root.querySelectorAll("button, input")].filter((one) => one.offsetParent);
    const next = stops[(stops.indexOf(document.activeElement) + (event.shiftKey ? stops.length - 1 : 1)) % stops.length];
    event.preventDefault();
    next?.focus();
  }
}

function kept() {
  return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
}

function keep(content) {
  const codes = [content, ...kept().filter((one) => one !== content)];
  sessionStorage.setItem(KEPT, JSON.stringify(codes.slice(0, KEPT_MAX)));
}
