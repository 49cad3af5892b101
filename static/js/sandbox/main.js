// The page of phones: joins bar, phones and log, and lets narrow screens switch between them.

import { Bar } from "./bar.js";
import { part, words } from "./dom.js";
import { Log } from "./log.js";
import { Phone } from "./phone.js";
import { follow, onChange, world } from "./world.js";

const TICK_MS = 500;
const LOG_PLACE = "log";

const bar = new Bar();
const log = new Log(part(document, "log"));
const phones = new Map();
const stage = part(document, "phones");
const tabs = part(document, "switch");
let place = "";

function update() {
  bar.update();
  log.update();
  for (const told of world.phones) {
    if (!phones.has(told.phone)) {
      const phone = new Phone(told, phones.size + 1);
      phones.set(told.phone, phone);
      stage.append(phone.slot);
    }
    phones.get(told.phone).update(told);
  }
  part(document, "welcome").hidden = phones.size > 0;
  drawTabs();
  tick();
}

function tick() {
  bar.tick();
  for (const phone of phones.values()) phone.tick();
}

/** On a narrow screen one phone, or the log, fills it; the tabs say which. */
function drawTabs() {
  const places = [...world.phones.map((phone) => [phone.phone, phone.name]), [LOG_PLACE, words.log]];
  tabs.hidden = !phones.size;
  if (tabs.childElementCount !== places.length) {
    tabs.replaceChildren(...places.map(([key, name]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.place = key;
      button.textContent = name;
      button.addEventListener("click", () => turnTo(key));
      return button;
    }));
    turnTo(phones.size && places.some(([key]) => key === place) ? place : places[0][0]);
  }
}

function turnTo(key) {
  place = key;
  document.body.dataset.place = key === LOG_PLACE && phones.size ? LOG_PLACE : "phone";
  for (const button of tabs.children) button.setAttribute("aria-current", String(button.dataset.place === key));
  for (const phone of phones.values()) phone.slot.classList.toggle("is-place", phone.id === key);
  phones.get(key)?.comeIntoView();
}

part(document, "log-toggle").addEventListener("click", (event) => {
  const isShown = document.body.classList.toggle("is-without-log");
  event.currentTarget.setAttribute("aria-pressed", String(!isShown));
});

document.addEventListener("sandbox:phone", (event) => {
  turnTo(event.detail);
  document.getElementById(event.detail)?.scrollIntoView({ inline: "end", block: "nearest" });
});

onChange(update);
tick();
setInterval(tick, TICK_MS);
follow();
