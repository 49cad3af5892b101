// Clocks that run by the server's time: countdowns, elapsed times, ages, and the rings around them.
//
// [data-countdown="ISO"]  counts down; fires `doorbell:expired` (bubbles) once at zero, data-state="over"
// [data-elapsed="ISO"]    counts up; fires `doorbell:reached` once at data-total-s
// [data-age="ISO"]        says "12 秒前"
// [data-total-s]          the ring's full length; [data-clock-face] inside takes the digits
// Amber in the last two minutes unless data-tone-fixed; spoken at 5 and 1 minute only.

import { ageWords, announce, clockFace, now, say } from "./words.js";

const AMBER_S = 120;
const SPOKEN_MINUTES = [5, 1];
const seen = new WeakMap();

function paint() {
  for (const clock of document.querySelectorAll("[data-countdown]")) countDown(clock);
  for (const clock of document.querySelectorAll("[data-elapsed]")) countUp(clock);
  for (const note of document.querySelectorAll("[data-age]")) {
    write(note, ageWords((now() - Date.parse(note.dataset.age)) / 1000));
  }
}

function countDown(clock) {
  const left = Math.ceil((Date.parse(clock.dataset.countdown) - now()) / 1000);
  write(clock.querySelector("[data-clock-face]") || clock, clockFace(left));
  turnRing(clock, left);
  if (!("toneFixed" in clock.dataset)) clock.dataset.tone = left <= AMBER_S ? "warn" : "brand";
  speak(clock, left);
  if (left <= 0) once(clock, "over", "doorbell:expired");
  else if (clock.dataset.state === "over") delete clock.dataset.state;
}

function countUp(clock) {
  const passed = (now() - Date.parse(clock.dataset.elapsed)) / 1000;
  write(clock.querySelector("[data-clock-face]") || clock, clockFace(passed));
  turnRing(clock, passed);
  const total = Number(clock.dataset.totalS || 0);
  if (total && passed >= total) once(clock, "reached", "doorbell:reached");
}

function turnRing(clock, seconds) {
  const ring = clock.querySelector(".ring-run");
  const total = Number(clock.dataset.totalS || 0);
  if (!ring || !total) return;
  const share = Math.min(1, Math.max(0, seconds / total));
  ring.setAttribute("stroke-dashoffset", (100 * (1 - share)).toFixed(2));
}

function speak(clock, left) {
  const minute = SPOKEN_MINUTES.find((each) => left <= each * 60 && left > each * 60 - 2);
  if (!minute || seen.get(clock) === minute) return;
  seen.set(clock, minute);
  announce(say("minutes_left", minute));
}

function once(clock, state, name) {
  if (clock.dataset.state === state) return;
  clock.dataset.state = state;
  clock.dispatchEvent(new CustomEvent(name, { bubbles: true }));
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

paint();
setInterval(paint, 1000);
document.addEventListener("htmx:load", paint);
document.addEventListener("visibilitychange", paint);
