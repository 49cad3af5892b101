// Paying: ask our server for the order, prove the page to WeChat, open its pay sheet. Whether it was
// paid is said by WeChat's notice, never by this page; what has come meanwhile shows on the booking.

import { newKey } from "../chrome/once.js";

const button = document.getElementById("pay");
const said = document.getElementById("pay-said");

function say(text) {
  said.textContent = text;
  said.hidden = !text;
}

function csrfToken() {
  return JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRF-Token"];
}

async function order() {
  const answer = await fetch(button.dataset.sheet, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRF-Token": csrfToken(), "Idempotency-Key": newKey() },
    body: new URLSearchParams({ page: location.href.split("#")[0] }),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.message);
  return told;
}

function open({ config, pay }) {
  return new Promise((resolve) => {
    window.wx.config({
      appId: config.appid,
      timestamp: config.timestamp,
      nonceStr: config.nonce,
      signature: config.signature,
      jsApiList: ["chooseWXPay"],
    });
    window.wx.error(() => resolve("failed"));
    window.wx.ready(() => window.wx.chooseWXPay({
      ...pay,
      success: () => resolve("done"),
      cancel: () => resolve("cancelled"),
      fail: () => resolve("failed"),
    }));
  });
}

button.addEventListener("click", async () => {
  if (!window.wx || window.parent === window && !navigator.userAgent.includes("MicroMessenger")) {
    say(button.dataset.outside);
    return;
  }
  button.disabled = true;
  say("");
  try {
    const came = await open(await order());
    if (came === "done") { location.assign(button.dataset.done); return; }
    say(button.dataset[came]);
  } catch (error) {
    say(error.message || button.dataset.failed);
  }
  button.disabled = false;
});

// Told by the notice before the sheet has closed: what is paid, or can be paid no more, leads to its
// booking. While it is still to be paid nothing moves: the page must not go from under a finger.
document.body.addEventListener("doorbell:changed", async () => {
  const answer = await fetch(location.href);
  if (!button.disabled && answer.redirected) location.replace(answer.url);
});

// From here on a press is heard.
button.disabled = false;
