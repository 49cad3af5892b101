// The service code: our own keys write into the field, four boxes draw it, the fourth digit checks it.
//
// <input id="code"> lies over .code-entry; [data-key="0…9|back|clear"] are the keys. A wrong code comes
// back with aria-invalid and begins anew; any other swap of the page keeps what was typed.

const DIGITS = 4;
let typed = "";

function field() {
  return document.getElementById("code");
}

function write(text) {
  const input = field();
  if (!input) return;
  typed = text.replace(/\D/g, "").slice(0, DIGITS);
  input.value = typed;
  draw(input);
  if (typed.length === DIGITS) input.form.requestSubmit();
}

function draw(input) {
  const boxes = input.form.querySelectorAll(".code-entry > span");
  boxes.forEach((box, place) => {
    box.textContent = typed[place] || "";
    box.classList.toggle("is-next", place === typed.length);
  });
  if (typed) input.form.querySelector(".code-entry").classList.remove("is-wrong");
  show(input);
}

/** With very large type the keys may lie over the boxes: nobody types blindly. */
function show(input) {
  const keys = document.querySelector(".bar.is-keys");
  const hidden = keys && input.getBoundingClientRect().bottom > keys.getBoundingClientRect().top;
  if (hidden) input.scrollIntoView({ block: "start" });
}

function press(key) {
  if (field()?.form.classList.contains("htmx-request")) return;
  if (key === "clear") write("");
  else if (key === "back") write(typed.slice(0, -1));
  else if (typed.length < DIGITS) write(typed + key);
}

/** A field that has just arrived: no keyboard of the phone's own, and what was typed stays. */
function meet() {
  const input = field();
  if (!input) { typed = ""; return; }
  if (input.inputMode === "none") return;
  input.inputMode = "none";
  if (input.getAttribute("aria-invalid") === "true") typed = "";
  input.value = typed;
  draw(input);
}

document.addEventListener("click", (event) => {
  const key = event.target.closest?.("[data-key]");
  if (key) press(key.dataset.key);
});

document.addEventListener("input", (event) => {
  if (event.target === field()) write(event.target.value);
});

document.addEventListener("keydown", (event) => {
  if (!field() || event.target === field() || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^\d$/.test(event.key)) press(event.key);
  if (event.key === "Backspace") press("back");
});

document.addEventListener("htmx:load", meet);
meet();
