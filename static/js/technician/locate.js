// Where the phone is, said with the press that arrives: WeChat's own place if there is one, else the browser's.
//
// <form data-locate> has the fields lat, lon and datum. A phone that says nothing is no reason to wait:
// the press goes without a place after a few seconds, and the page asks for a photo where it matters.

import { ask } from "../chrome/wechat.js";

const WAIT_MS_MAX = 6000;
const YOUNG_MS = 15000;

document.addEventListener("htmx:confirm", async (event) => {
  const form = event.detail.elt;
  if (!form.matches?.("form[data-locate]")) return;
  event.preventDefault();
  const button = form.querySelector(".ui-button");
  button?.setAttribute("aria-busy", "true");
  write(form, await place());
  if (form.isConnected) event.detail.issueRequest(true);
  else button?.removeAttribute("aria-busy");
});

document.addEventListener("focusin", async (event) => {
  const form = event.target.closest?.("form[data-locate]:not([hx-post])");
  if (!form || form.dataset.located) return;
  form.dataset.located = "asked";
  write(form, await place());
});

function write(form, found) {
  if (!found) return;
  for (const name of ["lat", "lon", "datum"]) form.elements[name].value = found[name];
}

async function place() {
  return (await asked(ofWeChat)) || asked(ofBrowser);
}

/** What `find` finds, or null when it fails or takes too long. */
function asked(find) {
  return Promise.race([
    find().catch(() => null),
    new Promise((resolve) => { setTimeout(resolve, WAIT_MS_MAX, null); }),
  ]);
}

async function ofWeChat() {
  const { latitude, longitude } = await ask("getLocation", { type: "gcj02" });
  return { lat: latitude, lon: longitude, datum: "gcj02" };
}

function ofBrowser() {
  return new Promise((resolve, reject) => {
    if (!navigator.geolocation) { reject(new Error("no place")); return; }
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat: coords.latitude, lon: coords.longitude, datum: "wgs84" }),
      reject,
      { enableHighAccuracy: true, timeout: WAIT_MS_MAX, maximumAge: YOUNG_MS },
    );
  });
}
