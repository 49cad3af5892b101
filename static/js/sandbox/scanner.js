// The scanner that a page opens (wx.scanQRCode): a sheet over the phone where the person says what the
// camera sees, by typing it or by tapping what it saw before.
//
// `open()` gives a promise of the code's content, null when the person closes the sheet.

import { part } from "./dom.js";
import { button, Layer } from "./layer.js";

const KEPT = "scanned-codes";
const KEPT_MAX = 6;

export class Scanner extends Layer {
  constructor(phone) {
    super(phone, "scanner");
    part(this.root, "scanner-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const content = event.target.elements.content.value.trim();
      if (content) this.end(content);
    });
  }

  /** Ask what is scanned; a sheet that was open is given up. */
  open() {
    part(this.root, "scanner-form").reset();
    const codes = kept();
    const tray = part(this.root, "scanner-kept");
    tray.hidden = !codes.length;
    tray.replaceChildren(...codes.map((content) => button(content, () => this.end(content))));
    return this.show();
  }

  end(content) {
    if (content) keep(content);
    super.end(content);
  }
}

function kept() {
  return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
}

function keep(content) {
  const codes = [content, ...kept().filter((one) => one !== content)];
  sessionStorage.setItem(KEPT, JSON.stringify(codes.slice(0, KEPT_MAX)));
}
