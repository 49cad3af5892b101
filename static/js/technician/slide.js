// Slide to confirm: the knob to the right end sends the form; so do two taps on it, or holding it a second.
//
// <div data-slide data-again="再点一次"><span>words</span><button type="button">…</button></div> within a form.

const SHARE = 0.85;
const HOLD_MS = 1000;
const AGAIN_MS = 5000;

let held = null;

document.addEventListener("pointerdown", (event) => {
  const knob = event.target.closest?.("[data-slide] > button");
  if (!knob) return;
  const box = knob.parentElement;
  const room = box.clientWidth - knob.offsetWidth - 2 * knob.offsetLeft;
  held = { knob, box, room, from: event.clientX, moved: 0, timer: setTimeout(send, HOLD_MS, box) };
  knob.setPointerCapture(event.pointerId);
});

document.addEventListener("pointermove", (event) => {
  if (!held) return;
  held.moved = Math.min(held.room, Math.max(0, event.clientX - held.from));
  if (held.moved > 8) clearTimeout(held.timer);
  held.knob.style.transform = `translateX(${held.moved}px)`;
});

for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => {
  if (!held) return;
  const { knob, box, room, moved, timer } = held;
  clearTimeout(timer);
  held = null;
  if (room > 0 && moved / room >= SHARE) send(box);
  else knob.style.transform = "";
  if (moved > 8) box.dataset.slid = "";
});

// A tap, or Enter on the knob: asks once more, then sends.
document.addEventListener("click", (event) => {
  const knob = event.target.closest?.("[data-slide] > button");
  if (!knob) return;
  const box = knob.parentElement;
  if ("slid" in box.dataset) { delete box.dataset.slid; return; }
  if ("armed" in box.dataset) { send(box); return; }
  const words = box.querySelector("span");
  const before = words.textContent;
  box.dataset.armed = "";
  words.textContent = box.dataset.again;
  setTimeout(() => { delete box.dataset.armed; words.textContent = before; }, AGAIN_MS);
});

function send(box) {
  if ("sent" in box.dataset) return;
  box.dataset.sent = "";
  box.closest("form").requestSubmit();
}
