// The shapes of the pins: each kind has a form of its own, so that colour is never alone.

const SVG = "http://www.w3.org/2000/svg";
const TRUCK = "M5 17.5a2 2 0 1 0 4 0a2 2 0 1 0-4 0M15 17.5a2 2 0 1 0 4 0a2 2 0 1 0-4 0M5 17.5H3V6.500h10.500v11M9 17.500h6M13.5 9.500h4.200L21 13v4.500h-2";
const TRIANGLE = "M10.6 4.800a1.6 1.6 0 0 1 2.8 0l7.3 12.800a1.6 1.6 0 0 1-1.4 2.400H4.700a1.6 1.6 0 0 1-1.4-2.400zM12 9.500v4M12 16.700v.01";
const LATE = "M20.9 12.800A9 9 0 1 0 14.5 20.600M12 7v5l2.3 1.500M19 15.500v3.300M19 21.800v.01";

const SHAPES = {
  home: { size: [28, 36], anchor: [14, 35], draw: drop },
  technician: { size: [28, 28], draw: (root) => disc(root, 14, 13, TRUCK) },
  stop: { size: [24, 24], draw: (root, text) => { disc(root, 12, 11); number(root, 12, text); } },
  unassigned: { size: [24, 24], draw: diamond },
  risk: { size: [28, 28], draw: (root) => disc(root, 14, 13, TRIANGLE) },
  late: { size: [40, 40], draw: halo },
};

/** Return {element, size, anchor} of a pin; an unknown kind is drawn as a stop. */
export function pinElement(kind, text) {
  const shape = SHAPES[kind] || SHAPES.stop;
  const element = document.createElement("div");
  element.className = `pin pin-${kind}`;
  const [width, height] = shape.size;
  const root = add(null, "svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  shape.draw(root, text);
  element.append(root);
  return { element, size: shape.size, anchor: shape.anchor || [width / 2, height / 2] };
}

function add(parent, name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent?.append(node);
  return node;
}

function disc(root, middle, radius, mark = "") {
  add(root, "circle", { class: "pin-ground", cx: middle, cy: middle, r: radius });
  if (mark) add(root, "path", { class: "pin-mark", d: mark, transform: `translate(${middle - 8.4} ${middle - 8.4}) scale(0.7)` });
}

function drop(root) {
  add(root, "path", { class: "pin-ground", d: "M14 35C20.5 27.5 26.5 21 26.5 13.500A12.5 12.5 0 0 0 1.5 13.500C1.5 21 7.5 27.5 14 35z" });
  add(root, "path", { class: "pin-mark", d: "M14 6.500L6.8 13.200H9V19.200H12.300V15.400H15.700V19.200H19V13.200H21.200z" });
}

function diamond(root) {
  add(root, "rect", { class: "pin-ground", x: 4, y: 4, width: 16, height: 16, rx: 1.5, transform: "rotate(45 12 12)" });
}

function halo(root) {
  add(root, "circle", { class: "pin-halo", cx: 20, cy: 20, r: 19 });
  disc(root, 20, 13, LATE);
}

function number(root, middle, text) {
  add(root, "text", { class: "pin-text", x: middle, y: middle + 4.3 }).textContent = text;
}
