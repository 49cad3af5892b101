// Ticks of a proposal: each is sent, the server says what the part does and what goes with it, and the
// boxes follow. An answer that comes after yet another tick sets none.

const watch = document.getElementById("plan-watch");
const turned = document.getElementById("turned");
let isAsked = true;

function boxes() { return document.querySelectorAll(".diff-tick"); }

document.addEventListener("change", (event) => {
  if (!event.target.matches?.(".diff-tick")) return;
  turned.value = event.target.value;
  isAsked = false;
}, true);

watch?.addEventListener("htmx:beforeRequest", () => { isAsked = true; });

document.addEventListener("htmx:oobAfterSwap", () => {
  const told = document.getElementById("plan-ticks");
  if (!isAsked || !told) return;
  const ticked = new Set(told.dataset.ticked.split(" "));
  for (const box of boxes()) box.checked = ticked.has(box.value);
});
