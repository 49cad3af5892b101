// Every page on a phone. Inside the sandbox's frame it tells its title and obeys the title bar's back.

import "./countdown.js";
import "./dialog.js";
import "./live.js";
import "./once.js";
import "./press.js";
import "./toast.js";
import "./wechat.js";
import { loadMaps } from "./maps.js";

const told = document.querySelector('meta[name="sandbox-origin"]')?.content;
const frame = told ? new URL(told).origin : "";

function tellTitle() {
  parent.postMessage({ doorbell: "title", title: document.title, url: location.href }, frame);
}

if (frame && parent !== window) {
  tellTitle();
  const title = document.querySelector("title");
  if (title) new MutationObserver(tellTitle).observe(title, { childList: true });
  addEventListener("message", (event) => {
    if (event.origin === frame && event.data?.doorbell === "back") history.back();
  });
}

loadMaps();
