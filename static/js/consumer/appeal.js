// The appeal: the count under the story, pictures out of WeChat's album, and a chosen picture that has gone
// up already is not sent again.

import { toast } from "../chrome/toast.js";
import { photos } from "../chrome/wechat.js";

for (const box of document.querySelectorAll("[data-counted]")) {
  const shown = document.querySelector(box.dataset.counted);
  box.addEventListener("input", () => { shown.textContent = `${[...box.value.trim()].length}/${box.dataset.most}`; });
}

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.matches?.("[data-picture]")) event.target.value = "";
});

// The server fetches each from WeChat and keeps it like one that was sent.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-pictures]");
  if (!button || button.getAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  try {
    for await (const { serverId } of photos(Number(button.dataset.most))) {
      await window.htmx.ajax("POST", button.dataset.pictures, {
        source: document.body, target: "#pictures", swap: "beforeend", values: { media_id: serverId },
      });
    }
  } catch {
    toast(button.dataset.failed, { tone: "error" });
  }
  button.removeAttribute("aria-busy");
});
