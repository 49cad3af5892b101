// The pay sheet over a phone: asks, pays, and says how it went.
//
// `open(number)` gives a promise of "ok", "cancel" or "fail", as wx.chooseWXPay's page hears it.

import { act, look } from "./control.js";
import { facts, part, put } from "./dom.js";
import { yuan } from "./format.js";
import { follow } from "./world.js";

// WeChat's own wait between the press and the tick.
const PAYING_MS = 900;
const STEPS = ["ask", "paying", "done", "failed"];

export class Sheet {
  constructor(phone) {
    this.phone = phone;
    this.root = part(phone.slot, "pay");
    this.number = "";
    this.settle = null;
    const on = (name, answer) => part(this.root, name).addEventListener("click", answer);
    on("pay-close", () => this.end("cancel"));
    on("pay-press", () => this.press());
    on("pay-finish", () => this.end("ok"));
    on("pay-again", () => this.step("ask"));
    on("pay-give-up", () => this.end("fail"));
    this.root.addEventListener("keydown", (event) => this.heed(event));
  }

  /** Show the order `number`; a sheet that was open is cancelled. */
  async open(number) {
    this.end("cancel");
    const payment = await look(`payments/${encodeURIComponent(number)}`);
    this.number = number;
    for (const place of this.root.querySelectorAll("[data-pay-amount]")) place.textContent = yuan(payment.total_fen).slice(1);
    for (const place of this.root.querySelectorAll("[data-pay-payee]")) place.textContent = facts.account.name;
    put(this.root, "pay-description", payment.description);
    part(this.root, "pay-method").value = "balance";
    this.root.hidden = false;
    this.step("ask");
    return new Promise((resolve) => { this.settle = resolve; });
  }

  async press() {
    const number = this.number;
    this.step("paying");
    const [paid] = await Promise.all([
      act(`phones/${this.phone.id}/pay`, { payment: number, method: part(this.root, "pay-method").value }, "POST", (words) => put(this.root, "pay-failure", words)),
      new Promise((done) => { setTimeout(done, PAYING_MS); }),
    ]);
    follow();
    if (this.number === number) this.step(paid ? "done" : "failed");
  }

  end(result) {
    this.root.hidden = true;
    this.number = "";
    const settle = this.settle;
    this.settle = null;
    settle?.(result);
  }

  step(name) {
    this.root.dataset.step = name;
    for (const one of STEPS) part(this.root, `pay-${one}`).hidden = one !== name;
    // The sheet stays under the dialog that says it failed.
    part(this.root, "pay-ask").hidden = name === "done";
    part(this.root, "pay-press").disabled = name !== "ask";
    part(this.root, `pay-${name}`).querySelector("[data-first]")?.focus();
  }

  heed(event) {
    if (event.key === "Escape" && this.root.dataset.step === "ask") this.end("cancel");
    if (event.key !== "Tab") return;
    const stops = [...this.root.querySelectorAll("button, select")].filter((one) => one.offsetParent && !one.disabled);
    const next = stops[(stops.indexOf(document.activeElement) + (event.shiftKey ? stops.length - 1 : 1)) % stops.length];
    event.preventDefault();
    next?.focus();
  }
}
