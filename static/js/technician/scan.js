// Labels and name plates by WeChat's scanner; outside WeChat they are typed.
//
// <button data-scan="#field" data-sdk data-proof data-failed hidden> shows itself inside WeChat, fills
// the field and sends it. The JS-SDK is fetched when somebody scans, so that no page waits for it.

import { toast } from "../chrome/toast.js";

const IN_WECHAT = window.parent !== window || navigator.userAgent.includes("MicroMessenger");
let ready = null;

function meet() {
  if (!IN_WECHAT) return;
  for (const button of document.querySelectorAll("[data-scan][hidden]")) button.hidden = false;
}

function fetched(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
}

async function proven(address) {
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRF-Token"];
  const answer = await fetch(address, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRF-Token": token },
    body: new URLSearchParams({ page: location.href.split("#")[0] }),
  });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

/** Let WeChat trust this page, once. */
async function prepare({ sdk, proof }) {
  if (!window.wx?.scanQRCode) await fetched(sdk);
  const { appid, timestamp, nonce, signature } = await proven(proof);
  await new Promise((resolve, reject) => {
    window.wx.error(reject);
    window.wx.config({ appId: appid, timestamp, nonceStr: nonce, signature, jsApiList: ["scanQRCode"] });
    window.wx.ready(resolve);
  });
}

/** What was scanned, "" when he gave it up. */
function scanned() {
  return new Promise((resolve, reject) => {
    window.wx.scanQRCode({
      needResult: 1,
      scanType: ["qrCode", "barCode"],
      // A bar code comes as "CODE_128,A123".
      success: ({ resultStr }) => resolve(resultStr.split(",").at(-1)),
      cancel: () => resolve(""),
      fail: reject,
    });
  });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-scan]");
  if (!button) return;
  const place = button.dataset.scan;
  try {
    ready ??= prepare(button.dataset);
    await ready;
    const text = await scanned();
    // What he scans for may have been drawn anew meanwhile.
    const field = document.querySelector(place);
    if (!text || !field) return;
    field.value = text;
    field.form.requestSubmit();
  } catch {
    ready = null;
    toast(button.dataset.failed, { tone: "error" });
    document.querySelector(place)?.focus();
  }
});

document.addEventListener("htmx:load", meet);
meet();
