// A signature with the finger: strokes on the canvas, kept in the form as JSON of whole numbers.
//
// <canvas id="sign-sheet" data-sheet="1000"> is that many units wide; field `strokes` in its form.

const POINTS_MAX = 1900;
const STEP = 4;

let strokes = [];
let stroke = null;

function sheet() { return document.getElementById("sign-sheet"); }

/** The canvas gets as many pixels as the screen shows, and what was written is drawn anew. */
function meet() {
  const canvas = sheet();
  if (!canvas) return;
  const sharp = window.devicePixelRatio || 1;
  canvas.width = canvas.clientWidth * sharp;
  canvas.height = canvas.clientHeight * sharp;
  draw();
}

function draw() {
  const canvas = sheet();
  const pen = canvas.getContext("2d");
  const unit = canvas.width / Number(canvas.dataset.sheet);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.lineWidth = 7 * unit;
  pen.lineCap = "round";
  pen.lineJoin = "round";
  pen.strokeStyle = getComputedStyle(canvas).color;
  for (const points of strokes) {
    pen.beginPath();
    for (const [x, y] of points) pen.lineTo(x * unit, y * unit);
    pen.stroke();
  }
  canvas.closest("form").elements.strokes.value = JSON.stringify(strokes);
}

function pointOf(event) {
  const canvas = sheet();
  const box = canvas.getBoundingClientRect();
  const most = Number(canvas.dataset.sheet);
  const unit = most / box.width;
  const within = (value) => Math.min(most, Math.max(0, Math.round(value * unit)));
  return [within(event.clientX - box.left), within(event.clientY - box.top)];
}

document.addEventListener("pointerdown", (event) => {
  if (event.target !== sheet()) return;
  event.preventDefault();
  event.target.setPointerCapture(event.pointerId);
  stroke = [pointOf(event)];
  strokes.push(stroke);
  draw();
});

document.addEventListener("pointermove", (event) => {
  if (!stroke) return;
  const [x, y] = pointOf(event);
  const [lastX, lastY] = stroke.at(-1);
  if (Math.hypot(x - lastX, y - lastY) < STEP || strokes.flat().length >= POINTS_MAX) return;
  stroke.push([x, y]);
  draw();
});

for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => { stroke = null; });

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-sign-clear]")) return;
  strokes = [];
  draw();
});

document.addEventListener("htmx:load", meet);
addEventListener("resize", meet);
meet();
