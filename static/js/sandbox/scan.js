// The scanner: a tray of the account's codes to tap or drag, and a field for any other code.

import { act } from "./control.js";
import { copyOf, part, put, toast, words } from "./dom.js";
import { follow, world } from "./world.js";

const LASER_MS = 700;
const FIND_FROM = 9;
const DRAGGED = "text/x-sandbox-ticket";

export class Scan {
  constructor(phone) {
    this.phone = phone;
    this.root = phone.screen("scan");
    this.drawn = "";
    this.isLooking = false;
    part(this.root, "scan-other").addEventListener("submit", (event) => this.scanOther(event));
    part(this.root, "tray-find").addEventListener("input", () => this.find());
    this.hear(part(this.root, "finder"));
    this.reset();
  }

  update() {
    const text = JSON.stringify(world.codes);
    if (text === this.drawn) return;
    this.drawn = text;
    const tray = part(this.root, "tray");
    tray.replaceChildren(...world.codes.map((code) => this.trayCode(code)));
    part(this.root, "tray-find").hidden = world.codes.length < FIND_FROM;
    if (!world.codes.length) tray.textContent = words.no_codes;
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
    put(element, "name", code.name || code.scene);
    put(element, "scene", `scene=${code.scene}`);
    element.dataset.ticket = code.ticket;
    element.addEventListener("click", () => this.scan(code));
    element.addEventListener("dragstart", (event) => event.dataTransfer.setData(DRAGGED, code.ticket));
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
      const ticket = event.dataTransfer.getData(DRAGGED);
      const code = world.codes.find((one) => one.ticket === ticket);
      if (code) this.scan(code);
    });
  }

  async scan(code) {
    if (this.isLooking) return;
    this.reset();
    const picture = part(this.root, "scan-picture");
    picture.src = code.picture;
    picture.hidden = false;
    part(this.root, "finder-face").hidden = false;
    part(this.root, "finder-empty").hidden = true;
    put(this.root, "scan-name", code.name || code.scene);
    this.root.querySelector(`[data-ticket="${code.ticket}"]`)?.classList.add("is-scanned");
    await this.look({ ticket: code.ticket });
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
