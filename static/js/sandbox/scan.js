// The scanner: a tray of the account's codes to tap or drag, unpaid payment codes among them, and a
// field for any other code.

import { act } from "./control.js";
import { copyOf, fill, part, put, toast, words } from "./dom.js";
import { yuan } from "./format.js";
import { follow, world } from "./world.js";

const LASER_MS = 700;
const FIND_FROM = 9;
const DRAGGED = "text/x-sandbox-code";

export class Scan {
  constructor(phone) {
    this.phone = phone;
    this.root = phone.screen("scan");
    this.drawn = "";
    this.codes = new Map();
    this.isLooking = false;
    part(this.root, "scan-other").addEventListener("submit", (event) => this.scanOther(event));
    part(this.root, "tray-find").addEventListener("input", () => this.find());
    this.hear(part(this.root, "finder"));
    this.reset();
  }

  update() {
    const codes = [...payCodes(), ...accountCodes()];
    const text = JSON.stringify(codes);
    if (text === this.drawn) return;
    this.drawn = text;
    this.codes = new Map(codes.map((code) => [code.key, code]));
    const tray = part(this.root, "tray");
    tray.replaceChildren(...codes.map((code) => this.trayCode(code)));
    part(this.root, "tray-find").hidden = codes.length < FIND_FROM;
    if (!codes.length) tray.textContent = words.no_codes;
    this.find();
  }

  /** Forget the last scan, as opening the scanner anew does. */
  reset() {
    part(this.root, "scan-picture").hidden = true;
    part(this.root, "finder-face").hidden = true;
    part(this.root, "finder-empty").hidden = false;
    part(this.root, "follow-card").hidden = true;
    put(this.root, "scan-name", "");
    put(this.root, "scan-hint", words.scan_hint);
    for (const code of this.root.querySelectorAll(".tray-code")) code.classList.remove("is-scanned");
  }

  trayCode(code) {
    const element = copyOf("code");
    put(element, "name", code.name);
    put(element, "scene", code.note);
    element.dataset.key = code.key;
    element.addEventListener("click", () => this.scan(code));
    element.addEventListener("dragstart", (event) => event.dataTransfer.setData(DRAGGED, code.key));
    return element;
  }

  find() {
    const sought = part(this.root, "tray-find").value.trim().toLowerCase();
    for (const code of this.root.querySelectorAll(".tray-code")) {
      code.hidden = !code.textContent.toLowerCase().includes(sought);
    }
  }

  hear(finder) {
    finder.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes(DRAGGED)) return;
      event.preventDefault();
      finder.classList.add("is-over");
    });
    finder.addEventListener("dragleave", () => finder.classList.remove("is-over"));
    finder.addEventListener("drop", (event) => {
      event.preventDefault();
      finder.classList.remove("is-over");
      const code = this.codes.get(event.dataTransfer.getData(DRAGGED));
      if (code) this.scan(code);
    });
  }

  async scan(code) {
    if (this.isLooking) return;
    this.reset();
    const picture = part(this.root, "scan-picture");
    picture.src = code.picture;
    picture.hidden = false;
    part(this.root, "finder-face").hidden = !code.hasFace;
    part(this.root, "finder-empty").hidden = true;
    put(this.root, "scan-name", code.name);
    this.root.querySelector(`[data-key="${CSS.escape(code.key)}"]`)?.classList.add("is-scanned");
    await this.look(code.said);
  }

  async scanOther(event) {
    event.preventDefault();
    const input = event.target.elements.content;
    const content = input.value.trim();
    if (!content || this.isLooking) return;
    this.reset();
    if (await this.look({ content })) input.value = "";
  }

  async look(said) {
    this.isLooking = true;
    put(this.root, "scan-hint", words.looking);
    part(this.root, "finder").classList.add("is-looking");
    const [outcome] = await Promise.all([
      act(`phones/${this.phone.id}/scan`, said),
      new Promise((done) => { setTimeout(done, LASER_MS); }),
    ]);
    part(this.root, "finder").classList.remove("is-looking");
    put(this.root, "scan-hint", words.scan_hint);
    this.isLooking = false;
    follow();
    if (outcome?.screen === "follow_card") part(this.root, "follow-card").hidden = false;
    else if (outcome?.screen === "text") toast(outcome.text);
    else this.phone.show(outcome);
    return outcome;
  }
}

function accountCodes() {
  return world.codes.map((code) => ({
    key: code.ticket, name: code.name || code.scene, note: `scene=${code.scene}`, picture: code.picture,
    said: { ticket: code.ticket }, hasFace: true,
  }));
}

/** What stands on other people's screens: codes of orders that nobody has paid yet. */
function payCodes() {
  return world.payments.filter((payment) => payment.code_url && payment.state === "NOTPAY").map((payment) => ({
    key: payment.code_url, name: fill(words.pay_code, { amount: yuan(payment.total_fen) }), note: payment.description,
    picture: `/control/payments/${payment.payment}/code.png`, said: { content: payment.code_url }, hasFace: false,
  }));
}
