// Technicians × hours in EventCalendar. It lays rows, hours and bars out; what a bar and a row look like,
// and everything that lies under the bars, is drawn here and changed in place.

import { now as businessNow } from "../chrome/words.js";
import { Underlay } from "./underlay.js";

const HOUR_S = 3600;
const HOUR_PX_MIN = 48;
const NAMES_PX = 144;
const SIGN_PX = 12;
const PADDING_PX = 8;
const RESIZED_MS = 150;
const PILL_PX = 16;
const LABEL_PX = 42;
const IN_DANGER = new Set(["risk", "late"]);
const PINNED = new Set(["risk", "late", "planned"]);

export class Timeline {
  constructor(place, day) {
    this.place = place;
    this.take(day);
    this.bars = new Map();
    this.heads = new Map();
    this.underlays = new Map();
    this.signatures = new Map();
    this.onlyRisks = false;
    this.hourPx = this.fittingHourPx();
    this.calendar = window.EventCalendar.create(place, this.options());
    this.dress();
    this.measure();
    let timer = 0;
    new ResizeObserver(() => { clearTimeout(timer); timer = setTimeout(() => this.measure(), RESIZED_MS); }).observe(place);
    setInterval(() => this.moveNow(), 1000);
  }

  options() {
    const [first, last] = this.day.hours;
    return {
      view: "resourceTimelineDay",
      date: this.day.day,
      slotMinTime: `${first}:00:00`,
      slotMaxTime: `${last}:00:00`,
      slotDuration: "01:00:00",
      slotWidth: this.hourPx,
      slotLabelFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
      headerToolbar: { start: "", center: "", end: "" },
      height: "100%",
      locale: "zh-CN",
      nowIndicator: false,
      editable: false,
      eventStartEditable: false,
      eventDurationEditable: false,
      selectable: false,
      resources: this.resources(),
      events: this.events(),
      resourceLabelContent: ({ resource }) => ({ domNodes: [this.head(resource.id)] }),
      eventContent: ({ event }) => ({ domNodes: [event.display === "background" ? this.underlay(event.id) : this.bar(event.id)] }),
      eventClassNames: ({ event }) => (event.display === "background" ? ["board-under"] : ["board-event"]),
    };
  }

  /** Take in a newer state of the same day: bars and rows change in place, only what moved is laid anew. */
  show(day) {
    const hoursMoved = day.hours.join() !== this.day.hours.join();
    this.take(day);
    for (const row of day.rows) this.draw(row);
    if (hoursMoved) {
      this.calendar.setOption("slotMinTime", `${day.hours[0]}:00:00`);
      this.calendar.setOption("slotMaxTime", `${day.hours[1]}:00:00`);
      this.measure();
    }
    if (this.onlyRisks || this.rowsMoved()) this.setRows();
    this.moveBars();
    this.moveNow();
  }

  take(day) {
    this.day = day;
    this.rowsById = new Map(day.rows.map((row) => [String(row.id), row]));
    this.barsById = new Map(day.rows.flatMap((row) => row.bars.map((bar) => [bar.id, { row, bar }])));
  }

  showOnlyRisks(only) {
    this.onlyRisks = only;
    this.setRows();
  }

  // --- Rows ---------------------------------------------------------------------------------

  rows() {
    if (!this.onlyRisks) return this.day.rows;
    return this.day.rows.filter((row) => row.bars.some((bar) => IN_DANGER.has(bar.look)));
  }

  resources() {
    const rows = this.rows();
    this.shownRows = rows.map((row) => String(row.id)).join();
    this.place.style.setProperty("--rows", Math.max(1, rows.length));
    return rows.map((row) => ({ id: String(row.id), title: `${row.name} ${row.number}` }));
  }

  rowsMoved() {
    return this.rows().map((row) => String(row.id)).join() !== this.shownRows;
  }

  setRows() {
    this.calendar.setOption("resources", this.resources());
  }

  draw(row) {
    this.fillHead(row);
    this.underlays.get(String(row.id))?.draw(row, this.day);
    for (const bar of row.bars) if (this.bars.has(bar.id)) this.fillBar(bar);
  }

  head(id) {
    if (!this.heads.has(id)) {
      const head = document.createElement("div");
      head.className = "board-head";
      head.dataset.pinLink = `t${id}`;
      head.append(span("board-mark"), span("board-name"), span("board-number"), meter());
      this.heads.set(id, head);
      this.fillHead(this.rowsById.get(id));
    }
    return this.heads.get(id);
  }

  fillHead(row) {
    const head = this.heads.get(String(row.id));
    if (!head) return;
    write(head.children[1], row.name);
    write(head.children[2], row.number.replace(/^\D+/, ""));
    head.classList.toggle("is-off", !row.shift);
    head.title = row.busy === null ? row.number : `${row.number} · ${row.busy}%`;
    const run = head.querySelector(".meter-run");
    run.setAttribute("width", `${Math.min(100, row.busy ?? 0)}%`);
    head.lastChild.classList.toggle("meter-warn", row.is_busy);
    head.lastChild.classList.toggle("is-hidden", !row.shift);
  }

  underlay(eventId) {
    const id = eventId.slice(1);
    if (!this.underlays.has(id)) {
      const under = new Underlay();
      this.underlays.set(id, under);
      under.draw(this.rowsById.get(id), this.day);
    }
    return this.underlays.get(id).root;
  }

  // --- Bars ---------------------------------------------------------------------------------

  events() {
    this.signatures.clear();
    const [first, last] = this.day.hours;
    const under = this.day.rows.map((row) => ({
      id: `u${row.id}`, resourceIds: [String(row.id)], display: "background",
      start: this.moment(first * HOUR_S), end: this.moment(last * HOUR_S),
    }));
    const bars = this.day.rows.flatMap((row) => row.bars.map((bar) => this.event(row, bar)));
    return [...under, ...bars];
  }

  event(row, bar) {
    this.signatures.set(bar.id, `${row.id} ${bar.start} ${bar.end}`);
    return { id: bar.id, resourceIds: [String(row.id)], start: this.moment(bar.start), end: this.moment(Math.max(bar.end, bar.start + 60)) };
  }

  moveBars() {
    const told = new Set();
    for (const { row, bar } of this.barsById.values()) {
      told.add(bar.id);
      const old = this.signatures.get(bar.id);
      if (old === `${row.id} ${bar.start} ${bar.end}`) continue;
      if (old) this.calendar.updateEvent(this.event(row, bar));
      else this.calendar.addEvent(this.event(row, bar));
    }
    for (const id of [...this.signatures.keys()]) {
      if (told.has(id)) continue;
      this.calendar.removeEventById(id);
      this.signatures.delete(id);
      this.bars.delete(id);
    }
  }

  bar(id) {
    if (!this.bars.has(id)) {
      const button = document.createElement("button");
      button.type = "button";
      button.tabIndex = -1;
      button.append(span("bar-what"), span("bar-where"));
      this.bars.set(id, button);
      this.fillBar(this.barsById.get(id).bar);
    }
    return this.bars.get(id);
  }

  fillBar(bar) {
    const button = this.bars.get(bar.id);
    const look = `bar bar-${bar.look}${bar.is_pinned ? " is-pinned" : ""}`;
    if (button.className !== look) button.className = look;
    button.dataset.bar = bar.id;
    if (bar.may_move && "carries" in this.place.dataset) button.dataset.carry = bar.id;
    else delete button.dataset.carry;
    button.dataset.carryWords = `${bar.what} ${bar.where}`;
    // A visit without a pin of its own lights its technician's.
    button.dataset.pinLink = PINNED.has(bar.look) ? `v${bar.pin}` : `t${this.barsById.get(bar.id).row.id}`;
    const words = this.words(bar);
    if (button.title !== words) { button.title = words; button.setAttribute("aria-label", words); }
    write(button.children[0], bar.what);
    write(button.children[1], bar.where);
    this.fit(bar, button);
  }

  /** The bar in one line: its tooltip, and what who cannot see it hears. */
  words(bar) {
    const facts = {
      label: `${bar.what} ${bar.where}`, technician: this.barsById.get(bar.id).row.name,
      start: clock(bar.start), end: clock(bar.end), opens: clock(bar.opens), shuts: clock(bar.shuts),
      state: bar.is_pinned ? `${this.day.words[bar.look]} · ${this.day.words.pinned}` : this.day.words[bar.look],
    };
    return this.day.words.bar.replace(/\{(\w+)\}/g, (_all, name) => facts[name]);
  }

  /** A bar says what and where when both fit, else what, else nothing: half a word helps nobody. */
  fit(bar, button) {
    const room = ((bar.end - bar.start) / HOUR_S) * this.hourPx;
    const what = bar.what.length * SIGN_PX;
    const all = what + (bar.where.length + 0.4) * SIGN_PX;
    button.dataset.fits = room >= all + PADDING_PX ? "all" : room >= what + PADDING_PX ? "what" : room >= what - 2 ? "tight" : "none";
  }

  // --- Size and time --------------------------------------------------------------------------

  fittingHourPx() {
    const [first, last] = this.day.hours;
    const room = this.place.clientWidth - NAMES_PX - 1;
    return Math.max(HOUR_PX_MIN, Math.floor((room / (last - first)) * 100) / 100);
  }

  measure() {
    const fitting = this.fittingHourPx();
    if (fitting !== this.hourPx) {
      this.hourPx = fitting;
      this.calendar.setOption("slotWidth", fitting);
      for (const row of this.day.rows) for (const bar of row.bars) if (this.bars.has(bar.id)) this.fit(bar, this.bars.get(bar.id));
    }
    this.moveNow();
  }

  /** What EventCalendar has no place for: the words over the names, and the line of now. */
  dress() {
    const names = this.place.querySelector(".ec-header .ec-sidebar");
    names.append(document.getElementById("names-head").content.cloneNode(true));
    this.line = document.createElement("div");
    this.line.className = "board-now";
    this.pill = document.createElement("div");
    this.pill.className = "board-now-pill";
    this.place.querySelector(".ec-main").append(this.line);
    this.place.querySelector(".ec-header").append(this.pill);
  }

  moveNow() {
    const isToday = this.day.now_s !== null;
    const second = isToday ? secondOf(this.day.day) : 0;
    const [first, last] = this.day.hours;
    const shown = isToday && second >= first * HOUR_S && second <= last * HOUR_S;
    this.line.hidden = !shown;
    this.pill.hidden = !shown;
    if (!shown) return;
    const left = `${((second - first * HOUR_S) / HOUR_S) * this.hourPx}px`;
    this.line.style.insetInlineStart = left;
    this.pill.style.insetInlineStart = left;
    write(this.pill, clock(second));
    this.coverHours(second);
  }

  /** An hour's words under the pill would stick out of it. */
  coverHours(second) {
    for (const [place, label] of [...this.place.querySelectorAll(".ec-slot > time")].entries()) {
      const away = ((second - (this.day.hours[0] + place) * HOUR_S) / HOUR_S) * this.hourPx;
      label.classList.toggle("is-covered", !this.pill.hidden && away > -PILL_PX && away < PILL_PX + LABEL_PX);
    }
  }

  moment(second) {
    const whole = Math.min(Math.max(Math.round(second), 0), 24 * HOUR_S - 1);
    return `${this.day.day}T${clock(whole)}:${two(whole % 60)}`;
  }
}

/** The second of the day in Asia/Shanghai, by the server's business clock. */
function secondOf(day) {
  return Math.floor((businessNow() - Date.parse(`${day}T00:00:00+08:00`)) / 1000);
}

function two(number) {
  return String(number).padStart(2, "0");
}

function clock(second) {
  return `${two(Math.floor(second / HOUR_S))}:${two(Math.floor((second % HOUR_S) / 60))}`;
}

function span(className) {
  const part = document.createElement("span");
  part.className = className;
  return part;
}

function meter() {
  const template = document.getElementById("names-meter");
  return template.content.firstElementChild.cloneNode(true);
}

function write(part, text) {
  if (part.textContent !== text) part.textContent = text;
}
