// The bar on top: the business clock, the faults, one more phone.

import { act } from "./control.js";
import { copyOf, fill, part, put, toast, words } from "./dom.js";
import { full } from "./format.js";
import { Pays } from "./pays.js";
import { follow, world } from "./world.js";

export class Bar {
  constructor() {
    this.ask = part(document, "ask");
    this.faultText = "";
    this.pays = new Pays();
    for (const button of document.querySelectorAll("[data-advance]")) {
      button.addEventListener("click", () => this.move({ advance_s: Number(button.dataset.advance) }));
    }
    for (const button of document.querySelectorAll("[data-to]")) {
      button.addEventListener("click", () => this.move({ to: button.dataset.to }));
    }
    for (const button of document.querySelectorAll("[data-add-phone]")) {
      button.addEventListener("click", () => this.askName());
    }
    part(document, "language").addEventListener("click", (event) => this.speak(event.currentTarget.dataset.language));
    this.ask.addEventListener("close", () => { if (this.ask.returnValue === "add") this.addPhone(); });
    part(this.ask, "cancel").addEventListener("click", () => this.ask.close(""));
    part(document, "faults-clear").addEventListener("click", () => this.clearFaults());
    document.addEventListener("click", (event) => {
      for (const open of document.querySelectorAll("details[open]")) if (!open.contains(event.target)) open.open = false;
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") for (const open of document.querySelectorAll("details[open]")) open.open = false;
    });
  }

  update() {
    part(document, "offline").hidden = world.isOnline;
    this.drawFaults();
    this.pays.update();
  }

  tick() {
    put(document, "clock", full(world.now_s()));
  }

  /** The bench in another language; the pages on the phones have their own. */
  speak(language) {
    document.cookie = `lang=${language}; path=/; max-age=31536000; samesite=lax`;
    location.reload();
  }

  async move(order) {
    this.disable(true);
    const clock = await act("clock", order);
    this.disable(false);
    await follow();
    if (clock) toast(fill(words.moved, { now: full(Date.parse(clock.now) / 1000) }));
  }

  disable(isBusy) {
    for (const button of document.querySelectorAll("[data-advance], [data-to]")) button.disabled = isBusy;
  }

  askName() {
    const used = new Set(world.phones.map((phone) => phone.name));
    const input = this.ask.querySelector("input");
    input.value = words.names.find((name) => !used.has(name)) ?? words.extra_name;
    this.ask.returnValue = "";
    this.ask.showModal();
    input.select();
  }

  async addPhone() {
    const made = await act("phones", { name: this.ask.querySelector("input").value });
    await follow();
    if (made) document.dispatchEvent(new CustomEvent("sandbox:phone", { detail: made.phone }));
  }

  drawFaults() {
    const text = JSON.stringify(world.faults);
    if (text === this.faultText) return;
    this.faultText = text;
    part(document, "fault-list").replaceChildren(...world.faults.map((fault) => this.fault(fault)));
    const pending = world.faults.reduce((sum, fault) => sum + fault.pending, 0);
    put(document, "fault-count", pending).hidden = !pending;
    part(document, "faults-clear").disabled = !pending;
  }

  fault(fault) {
    const item = copyOf("fault");
    put(item, "title", fault.title);
    put(item, "explained", fault.explained);
    put(item, "pending", fill(words.pending, { n: fault.pending })).hidden = !fault.pending;
    item.querySelector("button").addEventListener("click", async () => {
      if (await act("faults", { fault: fault.fault })) toast(fill(words.injected, fault));
      part(document, "faults").open = false;
      follow();
    });
    return item;
  }

  async clearFaults() {
    await act("faults", {}, "DELETE");
    follow();
  }
}
