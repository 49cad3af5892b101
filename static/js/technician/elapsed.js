// How much of the agreed time has gone: the bar grows by the server's clock and turns amber at its end.
//
// <div data-since="ISO" data-total-s="4500"> around the meter.

import { now } from "../chrome/words.js";

function paint() {
  for (const box of document.querySelectorAll(".elapsed[data-since]")) {
    const share = (now() - Date.parse(box.dataset.since)) / 10 / Number(box.dataset.totalS);
    const meter = box.querySelector(".meter");
    meter.querySelector(".meter-run").setAttribute("width", `${Math.min(100, Math.max(0, share)).toFixed(1)}%`);
    meter.classList.toggle("meter-warn", share >= 100);
    const label = `${meter.getAttribute("aria-label").replace(/ [\d]+%$/, "")} ${Math.round(Math.max(0, share))}%`;
    if (meter.getAttribute("aria-label") !== label) meter.setAttribute("aria-label", label);
  }
}

paint();
setInterval(paint, 1000);
document.addEventListener("htmx:load", paint);
