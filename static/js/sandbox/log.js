// The log: what the account's server and WeChat said to each other, newest first.

import { act, look } from "./control.js";
import { copyOf, fill, part, put, toast, words } from "./dom.js";
import { length, second } from "./format.js";
import { follow, world } from "./world.js";

const ROWS_MAX = 300;

export class Log {
  constructor(root) {
    this.root = root;
    this.rows = part(root, "log-rows");
    this.direction = "";
    this.failedOnly = false;
    this.newest = 0;
    this.selected = 0;
    part(root, "log-direction").addEventListener("change", (event) => { this.direction = event.target.value; this.redraw(); });
    part(root, "log-failed").addEventListener("click", (event) => this.toggleFailed(event.currentTarget));
    part(root, "detail-close").addEventListener("click", () => this.select(0));
    part(root, "replay").addEventListener("click", () => this.replay());
    this.rows.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (row) this.select(Number(row.dataset.id) === this.selected ? 0 : Number(row.dataset.id));
    });
  }

  update() {
    put(this.root, "log-count", world.logCount);
    for (const line of world.log) {
      if (line.id <= this.newest) continue;
      this.newest = line.id;
      if (this.wants(line)) this.rows.prepend(this.row(line));
    }
    while (this.rows.children.length > ROWS_MAX) this.rows.lastElementChild.remove();
    put(this.root, "log-empty", this.failedOnly ? words.nothing_failed : words.nothing_yet).hidden = this.rows.children.length > 0;
  }

  wants(line) {
    return (!this.direction || line.direction === this.direction) && (!this.failedOnly || !line.ok);
  }

  redraw() {
    this.rows.replaceChildren();
    this.newest = 0;
    this.update();
  }

  toggleFailed(button) {
    this.failedOnly = !this.failedOnly;
    button.setAttribute("aria-pressed", String(this.failedOnly));
    this.redraw();
  }

  row(line) {
    const row = copyOf("log-row");
    row.dataset.id = line.id;
    row.dataset.direction = line.direction;
    row.classList.toggle("is-failed", !line.ok);
    row.classList.toggle("is-noted", line.ok && line.direction === "callback" && Boolean(line.rule));
    row.classList.toggle("is-selected", line.id === this.selected);
    put(row, "at", second(line.at_s));
    put(row, "direction", words[line.direction]);
    put(row, "name", line.name).title = line.rule || line.name;
    put(row, "result", line.result);
    put(row, "took", length(line.took_ms));
    return row;
  }

  async select(id) {
    this.selected = id;
    for (const row of this.rows.children) row.classList.toggle("is-selected", Number(row.dataset.id) === id);
    const detail = part(this.root, "detail");
    if (!id) { detail.hidden = true; return; }
    const entry = await look(`log/${id}`);
    if (this.selected !== id) return;
    this.draw(entry);
    detail.hidden = false;
    this.rows.querySelector(".is-selected")?.scrollIntoView({ block: "nearest" });
  }

  draw(entry) {
    const method = entry.request.split(" ", 1)[0];
    put(this.root, "detail-name", entry.direction === "call" ? `${method} ${entry.name}` : entry.name);
    put(this.root, "detail-request", readable(entry.request));
    put(this.root, "detail-answer", readable(entry.answer) || words.no_answer);
    part(this.root, "replay").hidden = !(entry.callback_id || entry.notice_row);
    this.drawFindings(entry.findings);
    const rule = [entry.ok ? "" : entry.result, entry.rule, entry.resent_ok ? words.resent : ""].filter(Boolean).join(" · ");
    const strip = put(this.root, "rule", rule);
    strip.hidden = !entry.rule;
    strip.classList.toggle("is-note", entry.ok || entry.resent_ok);
  }

  drawFindings(findings) {
    const strip = part(this.root, "lint");
    strip.hidden = !findings.length;
    const failed = findings.filter((one) => one.fault).length;
    const verdict = put(strip, "lint-verdict", fill(failed ? words.some_failed : words.all_passed, { n: failed || findings.length }));
    verdict.classList.toggle("is-danger", failed > 0);
    verdict.classList.toggle("is-ok", failed === 0);
    put(strip, "lint-words", findings.map((one) => {
      const note = one.fault || one.note;
      return `${one.key} ${one.length}/${one.length_max} ${words.letters}${note ? `（${note}）` : ""}`;
    }).join(" · "));
  }

  async replay() {
    if (await act(`log/${this.selected}/replay`)) toast(words.sent_again);
    follow();
  }
}

/** Break flat XML and long addresses into lines that can be read. */
function readable(text) {
  return text
    .replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, "$1")
    .replace(/></g, ">\n<")
    .replace(/^(GET|POST) (\S+)/, (_, method, address) => `${method} ${address.replace(/[?&]/g, "\n  $&")}`);
}
