// Carrying a visit to another technician: by pointer, or M, arrows and Enter. One request judges every
// row; what each would cost or break stands on it before anything is put down. Rows keep their order and
// news waits meanwhile. Putting down presses the button of that row in the drawer, so that the server
// proves it again as for whoever taps there.

import { freeze, thaw } from "../chrome/live.js";
import { toast } from "../chrome/toast.js";
import { announce } from "../chrome/words.js";
import { closeDrawer, openDrawer } from "./drawer.js";
import { Verdicts, canTake } from "./verdicts.js";

const THRESHOLD_PX = 4;
const EDGE_PX = 28;
const SCROLL_PX = 12;

export class Carry {
  constructor(board, timeline, news) {
    this.board = board;
    this.timeline = timeline;
    this.news = news;
    this.drawer = document.getElementById("drawer");
    this.verdicts = new Verdicts(board, timeline);
    this.number = null;
    this.pressed = null;
    document.addEventListener("pointerdown", (event) => this.press(event));
    document.addEventListener("pointermove", (event) => this.move(event));
    document.addEventListener("pointerup", (event) => this.release(event));
    document.addEventListener("pointercancel", () => this.drop(null));
    document.addEventListener("dragstart", (event) => { if (numberAt(event.target)) event.preventDefault(); });
    document.addEventListener("keydown", (event) => this.key(event), true);
    document.body.addEventListener("htmx:afterRequest", (event) => this.answered(event));
  }

  get isCarrying() { return this.number !== null; }

  // --- Pick up, aim, put down -----------------------------------------------------------------

  async pickUp(number, from) {
    this.number = number;
    this.from = from;
    this.told = null;
    freeze();
    this.news.hold();
    this.verdicts.begin(from);
    await openDrawer(this.board.dataset.why.replace("/V/", `/${encodeURIComponent(number)}/`), from, { takesFocus: false });
    if (this.number !== number) return;
    const told = this.drawer.querySelector("[data-carried]");
    if (!told) { this.pressed = null; this.end(); return; }
    this.told = JSON.parse(told.textContent);
    this.verdicts.show(this.told);
    if (this.wanted) this.aimAt(this.wanted);
    else if (!this.pressed) this.aimAt(this.firstRow());
  }

  aimAt(id) {
    this.wanted = id;
    if (!this.told || id === this.aim) return;
    this.aim = id;
    this.verdicts.aim(id);
    for (const row of this.drawer.querySelectorAll("[data-row]")) row.classList.toggle("is-aimed", row.dataset.row === id);
    const row = this.drawer.querySelector("li.is-aimed");
    row?.scrollIntoView({ block: "nearest" });
    // The row asks what it does to both days.
    if (row?.matches("[hx-get]")) window.htmx.trigger(row, "doorbell:aimed");
    if (id) announce(this.sentence(id));
  }

  sentence(id) {
    return `${this.timeline.rowsById.get(id).name}: ${this.told.rows[id]?.words ?? ""}`;
  }

  /** Put it into that row; what cannot be is said and nothing is written. */
  drop(id) {
    const verdict = id && this.told?.rows[id];
    if (!verdict || verdict.is === "own") { this.end(); return; }
    if (!canTake(verdict) && verdict.forced) { this.askToForce(id); return; }
    if (!canTake(verdict)) {
      toast(this.sentence(id), { tone: "error", lifeMs: 8000 });
      if (this.pressed) this.end();
      return;
    }
    const press = this.drawer.querySelector(`[data-give="${id}"]`);
    if (!press) { this.end(); return; }
    // What has a price waits for a press of its own, beside the words that say it.
    if (verdict.is === "priced") { this.end({ staysOpen: true }); press.focus(); return; }
    this.giving = press;
    press.click();
  }

  /** What breaks and who will be told is asked in a dialog; the server says whether there is one. */
  askToForce(id) {
    const row = this.drawer.querySelector(`[data-row="${id}"]`);
    const sentence = this.sentence(id);
    this.end({ staysOpen: true });
    if (!row) return;
    window.htmx.ajax("GET", `${row.getAttribute("hx-get")}&asks=1`, { target: "#why-move", swap: "outerHTML" }).then(() => {
      if (!document.getElementById("force")) toast(sentence, { tone: "error", lifeMs: 8000 });
    });
  }

  answered(event) {
    if (!this.giving || event.target !== this.giving) return;
    this.giving = null;
    const number = this.number;
    this.end();
    if (event.detail.successful) this.news.ask().then(() => this.timeline.bars.get(number)?.focus({ preventScroll: true }));
  }

  end({ staysOpen = false } = {}) {
    if (!this.isCarrying) return;
    const from = this.from;
    Object.assign(this, { number: null, told: null, aim: null, wanted: null, from: null, giving: null });
    this.verdicts.end();
    if (!staysOpen) closeDrawer();
    from?.focus?.({ preventScroll: true });
    this.news.letGo();
    thaw();
  }

  firstRow() {
    const own = this.rowIds().find((id) => this.told.rows[id]?.is === "own");
    return own ?? this.takers()[0] ?? this.rowIds()[0];
  }

  rowIds() { return this.timeline.rows().map((row) => String(row.id)); }

  takers() { return this.rowIds().filter((id) => this.told.rows[id] && canTake(this.told.rows[id])); }

  // --- Pointer ----------------------------------------------------------------------------------

  press(event) {
    const found = event.button === 0 && event.pointerType !== "touch" && !this.isCarrying && numberAt(event.target);
    this.pressed = found ? { ...found, x: event.clientX, y: event.clientY } : null;
  }

  move(event) {
    if (!this.pressed) return;
    if (!this.isCarrying) {
      if (Math.hypot(event.clientX - this.pressed.x, event.clientY - this.pressed.y) < THRESHOLD_PX) return;
      this.pickUp(this.pressed.number, this.pressed.element);
    }
    this.scrollAtEdge(event.clientY);
    this.verdicts.follow(event.clientX, event.clientY);
    this.aimAt(this.verdicts.rowAt(event.clientX, event.clientY));
  }

  release(event) {
    const wasCarrying = this.pressed && this.isCarrying;
    if (!wasCarrying) { this.pressed = null; return; }
    // The click that ends a drag opens nothing.
    const swallow = (click) => { if (click !== event && click.isTrusted) { click.preventDefault(); click.stopImmediatePropagation(); } };
    document.addEventListener("click", swallow, { capture: true });
    setTimeout(() => document.removeEventListener("click", swallow, { capture: true }));
    this.drop(this.verdicts.rowAt(event.clientX, event.clientY));
    this.pressed = null;
  }

  scrollAtEdge(y) {
    const box = this.timeline.place.querySelector(".ec-main");
    const { top, bottom } = box.getBoundingClientRect();
    if (y > bottom - EDGE_PX) box.scrollTop += SCROLL_PX;
    else if (y < top + EDGE_PX) box.scrollTop -= SCROLL_PX;
  }

  // --- Keyboard -----------------------------------------------------------------------------------

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.("input, textarea, select")) return;
    if (!this.isCarrying) {
      const found = event.key.toLowerCase() === "m" && numberAt(document.activeElement);
      if (!found) return;
      event.preventDefault();
      this.pickUp(found.number, found.element);
      return;
    }
    const step = STEPS[event.key];
    if (!step || (event.key !== "Escape" && this.drawer.contains(document.activeElement))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    step(this);
  }

  step(ids, by) {
    if (!ids.length) return;
    const all = this.rowIds();
    const at = all.indexOf(this.aim);
    const next = by > 0 ? ids.find((id) => all.indexOf(id) > at) : ids.findLast((id) => all.indexOf(id) < at);
    this.aimAt(next ?? (by > 0 ? ids[0] : ids.at(-1)));
    this.verdicts.reveal(this.aim);
  }
}

const STEPS = {
  ArrowDown: (carry) => carry.told && carry.step(carry.rowIds(), 1),
  ArrowUp: (carry) => carry.told && carry.step(carry.rowIds(), -1),
  ArrowRight: (carry) => carry.told && carry.step(carry.takers(), 1),
  ArrowLeft: (carry) => carry.told && carry.step(carry.takers(), -1),
  Enter: (carry) => carry.aim && carry.drop(carry.aim),
  Escape: (carry) => carry.end(),
};

/** What can be carried from there: a bar of the timeline, or a row of the list beside it. */
function numberAt(element) {
  const found = element?.closest?.("[data-carry]");
  return found ? { number: found.dataset.carry, element: found } : null;
}
