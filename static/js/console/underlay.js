// What lies under a row's bars: off shift, breaks, driving, and the promises in danger. One SVG a row, in
// shares of its width, so that it follows any width and height without being drawn again.

const SVG = "http://www.w3.org/2000/svg";
const IN_DANGER = new Set(["risk", "late"]);

export class Underlay {
  constructor() {
    this.root = document.createElementNS(SVG, "svg");
    this.root.setAttribute("class", "under");
    this.root.setAttribute("width", "100%");
    this.root.setAttribute("height", "100%");
    this.root.setAttribute("aria-hidden", "true");
    this.drawn = "";
  }

  /** Draw `row` of `day`; nothing happens when it would look the same. */
  draw(row, day) {
    const promises = row.bars.filter((bar) => bar.look !== "done" && bar.look !== "held").map((bar) => [bar.opens, bar.shuts, IN_DANGER.has(bar.look) ? bar.look : "quiet"]);
    const told = JSON.stringify([day.hours, row.shift, row.breaks, row.drives, promises]);
    if (told === this.drawn) return;
    this.drawn = told;
    const scale = scaleOf(day.hours);
    this.root.replaceChildren(
      ...offSpans(row.shift, day.hours).map(([start, end]) => box(scale, start, end, "under-off")),
      ...row.drives.map(([start, end]) => line(scale, start, end, "under-drive")),
      ...row.breaks.flatMap(([start, end]) => [box(scale, start, end, "under-rest"), word(scale, start, end)]),
      ...promises.map(([opens, shuts, look]) => promise(scale, opens, shuts, look)),
    );
  }
}

function scaleOf([first, last]) {
  const from = first * 3600;
  const length = (last - first) * 3600;
  return (second) => Math.min(100, Math.max(0, ((second - from) / length) * 100));
}

function offSpans(shift, [first, last]) {
  if (!shift) return [[first * 3600, last * 3600]];
  return [[first * 3600, shift[0]], [shift[1], last * 3600]].filter(([start, end]) => end > start);
}

function box(scale, start, end, className) {
  const width = scale(end) - scale(start);
  const shape = { class: className, x: percent(scale(start)), y: "0", width: percent(width), height: "100%" };
  if (className === "under-rest") shape.fill = "url(#hatch)";
  return node("rect", shape);
}

function line(scale, start, end, className) {
  return node("line", { class: className, x1: percent(scale(start)), x2: percent(scale(end)), y1: "50%", y2: "50%" });
}

function promise(scale, opens, shuts, look) {
  return node("line", { class: `under-promise under-promise-${look}`, x1: percent(scale(opens)), x2: percent(scale(shuts)), y1: "100%", y2: "100%" });
}

function word(scale, start, end) {
  const text = node("text", { class: "under-word", x: percent((scale(start) + scale(end)) / 2), y: "50%" });
  text.textContent = document.getElementById("timeline").dataset.rest;
  return text;
}

function percent(value) {
  return `${value.toFixed(3)}%`;
}

function node(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
