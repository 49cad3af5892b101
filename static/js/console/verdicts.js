// What every row says while a visit is carried: a veil and one sentence where it breaks something, the
// promised window and the added driving where it fits; how many of each; and what the hand holds.

const HOUR_S = 3600;
// Words that would begin this far right stand at the row's end instead, in percent of its width.
const RIGHT_FROM = 58;

/** Whether that row can take it, be it at a price. */
export function canTake(verdict) { return verdict.is === "fits" || verdict.is === "priced"; }

export class Verdicts {
  constructor(board, timeline) {
    this.board = board;
    this.timeline = timeline;
    this.strip = document.getElementById("carry-strip");
    this.counts = document.getElementById("carry-counts");
    this.held = document.getElementById("carry-held");
    this.marks = document.getElementById("carry-marks").content;
    this.layer = document.createElement("div");
    this.layer.className = "carry-layer";
    this.layer.setAttribute("aria-hidden", "true");
  }

  begin(from) {
    this.from = from;
    from.classList.add("is-carried");
    this.board.classList.add("is-carrying");
    write(this.strip, "what", from.dataset.carryWords ?? from.textContent);
    write(this.strip, "when", "");
  }

  show(told) {
    this.told = told;
    write(this.strip, "what", `${told.what} ${told.where}`);
    write(this.strip, "when", `${told.length} · ${clock(told.opens)}–${clock(told.shuts)} · ${told.skill}`);
    const rows = this.timeline.rows();
    const verdicts = rows.map((row) => told.rows[row.id]);
    for (const box of this.counts.querySelectorAll("[data-count]")) {
      const kinds = box.dataset.count.split(" ");
      box.textContent = verdicts.filter((verdict) => verdict && kinds.includes(verdict.is)).length;
    }
    this.layer.replaceChildren(...rows.map((row, nth) => this.row(row, verdicts[nth])));
    for (const [nth, row] of rows.entries()) this.markHead(row, verdicts[nth]);
    this.timeline.place.querySelector(".ec-main").append(this.layer);
  }

  row(row, verdict) {
    const box = part("div", `carry-row carry-${verdict?.is ?? "away"}`);
    box.dataset.row = row.id;
    if (!verdict) return box;
    const barred = verdict.is === "breaks" || verdict.is === "away";
    if (!barred) box.append(this.span("carry-window", this.told.opens, this.told.shuts));
    if (verdict.start) box.append(this.span("carry-ghost", verdict.start, verdict.end));
    const words = part("span", "carry-words");
    words.textContent = verdict.words;
    const left = this.percent(barred ? this.told.opens : this.told.shuts);
    if (left > RIGHT_FROM) words.classList.add("is-right");
    else words.style.insetInlineStart = `${left}%`;
    box.append(words);
    return box;
  }

  markHead(row, verdict) {
    const head = this.timeline.heads.get(String(row.id));
    const mark = this.marks.querySelector(`[data-mark="${verdict?.is ?? "away"}"]`);
    head.querySelector(".board-mark").replaceChildren(mark.firstElementChild.cloneNode(true));
    head.dataset.verdict = verdict?.is ?? "away";
  }

  aim(id) {
    for (const row of this.layer.children) row.classList.toggle("is-aimed", row.dataset.row === id);
    for (const [key, head] of this.timeline.heads) head.classList.toggle("is-aimed", key === id);
    const verdict = id && this.told.rows[id];
    this.held.dataset.is = verdict ? verdict.is : "";
    const times = verdict?.start ? `${clock(verdict.start)}–${clock(verdict.end)}` : "";
    write(this.held, "times", times);
  }

  /** Hold the visit under the pointer. */
  follow(x, y) {
    this.held.hidden = false;
    write(this.held, "what", this.told ? `${this.told.what} ${this.told.where}` : this.from.dataset.carryWords ?? "");
    this.held.style.translate = `${x + 12}px ${y + 10}px`;
  }

  /** Return the id of the technician's row at that point of the screen. */
  rowAt(x, y) {
    const time = this.timeline.place.getBoundingClientRect();
    if (x < time.left || x > time.right || y > time.bottom || !this.layer.isConnected) return null;
    const found = [...this.layer.children].find((row) => {
      const { top, bottom } = row.getBoundingClientRect();
      return y >= top && y < bottom;
    });
    return found?.dataset.row ?? null;
  }

  reveal(id) {
    this.layer.querySelector(`[data-row="${id}"]`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  end() {
    this.from?.classList.remove("is-carried");
    this.board.classList.remove("is-carrying");
    this.layer.remove();
    this.held.hidden = true;
    for (const head of this.timeline.heads.values()) {
      head.classList.remove("is-aimed");
      delete head.dataset.verdict;
      head.querySelector(".board-mark").replaceChildren();
    }
    this.told = this.from = null;
  }

  span(className, start, end) {
    const box = part("div", className);
    box.style.insetInlineStart = `${this.percent(start)}%`;
    box.style.inlineSize = `${this.percent(end) - this.percent(start)}%`;
    return box;
  }

  percent(second) {
    const [first, last] = this.timeline.day.hours;
    return Math.min(100, Math.max(0, ((second - first * HOUR_S) / ((last - first) * HOUR_S)) * 100));
  }
}

function part(name, className) {
  const made = document.createElement(name);
  made.className = className;
  return made;
}

function write(box, name, text) {
  box.querySelector(`[data-${name}]`).textContent = text;
}

function clock(second) {
  return [Math.floor(second / HOUR_S), Math.floor((second % HOUR_S) / 60)].map((n) => String(n).padStart(2, "0")).join(":");
}
