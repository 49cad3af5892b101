// The first step: counters with buttons, and compounds suggested while somebody types.

const QUIET_MS = 250;

// --- Counters: a number box that also has two buttons --------------------------------------------

for (const button of document.querySelectorAll("[data-counter] [data-count]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const box = button.closest("[data-counter]").querySelector("input");
    const wanted = Number(box.value || 0) + Number(button.dataset.count);
    box.value = Math.min(Number(box.max), Math.max(Number(box.min), wanted));
    box.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

// --- Suggestions under the address ---------------------------------------------------------------

const box = document.querySelector("[data-suggest]");
const list = document.getElementById("address-suggestions");
let timer = 0;

function lines() {
  return [...list.querySelectorAll('[role="option"]')];
}

function shut() {
  clearTimeout(timer);
  list.replaceChildren();
  box.setAttribute("aria-expanded", "false");
}

function take(line) {
  box.value = line.dataset.value;
  shut();
  box.dispatchEvent(new Event("change", { bubbles: true }));
  document.getElementById("field-door").focus();
}

function move(by) {
  const all = lines();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement);
  const next = at + by;
  if (next < 0) box.focus();
  else all[Math.min(next, all.length - 1)].focus();
}

box.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => list.dispatchEvent(new Event("doorbell:suggest")), QUIET_MS);
});
list.addEventListener("htmx:afterSwap", () => {
  if (!box.parentElement.contains(document.activeElement)) shut();
  else box.setAttribute("aria-expanded", String(lines().length > 0));
});
list.addEventListener("click", (event) => {
  const line = event.target.closest("[data-value]");
  if (line) take(line);
});
box.parentElement.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") { event.preventDefault(); move(1); }
  if (event.key === "ArrowUp") { event.preventDefault(); move(-1); }
  if (event.key === "Escape" && lines().length) { event.preventDefault(); shut(); box.focus(); }
});
box.parentElement.addEventListener("focusout", (event) => {
  if (!box.parentElement.contains(event.relatedTarget)) setTimeout(shut, 150);
});
