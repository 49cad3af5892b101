// The first step: counters with buttons, compounds suggested while somebody types, and the address book of
// his WeChat.

import { toast } from "../chrome/toast.js";
import { ask } from "../chrome/wechat.js";

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

// --- WeChat's address book ----------------------------------------------------------------------

// The door begins at the first building: 12号楼2单元402, 3栋A座1201, 12-2-402.
const DOOR = /(?:[0-9A-Za-z一二三四五六七八九十]+(?:号楼|栋|幢|座|单元)|[0-9]+-[0-9]+)[^,，]*$/;

/** Write what the boxes hold, then have them checked: the address says what is wrong with the door, too. */
function fill(values) {
  const fields = Object.entries(values).map(([name, value]) => {
    const field = document.getElementById(`field-${name}`);
    field.value = value || field.value;
    return field;
  });
  for (const field of fields) if (field.name !== "door") field.dispatchEvent(new Event("change", { bubbles: true }));
}

document.querySelector("[data-addresses]")?.addEventListener("click", async ({ currentTarget: button }) => {
  try {
    const told = await ask("openAddress");
    if (!told) return;
    const { userName, telNumber, provinceName, cityName, countryName, detailInfo } = told;
    const door = detailInfo.match(DOOR)?.[0].trim() ?? "";
    const place = detailInfo.slice(0, detailInfo.length - door.length).trim();
    const address = `${provinceName}${cityName}${countryName} ${place || detailInfo}`;
    fill({ contact: userName, phone: telNumber, door, address });
    shut();
  } catch {
    toast(button.dataset.failed, { tone: "error" });
  }
});
