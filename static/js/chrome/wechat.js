// WeChat's JS-SDK, for every page: what the phone can do beyond a browser, with the page's own plain way
// beside it.
//
// A part [data-wechat] stands hidden and shows itself inside WeChat alone. The SDK is fetched and the
// page proven when somebody first asks for something, so that no page waits for it; only a page with a
// <wx-open-subscribe> asks at once, since WeChat draws that button itself.
//
// <a data-place="name" data-address data-lat data-lon href="a map's page"> opens WeChat's map, and its link
// where that fails. Places are GCJ-02.

import { newKey } from "./once.js";
import { toast } from "./toast.js";
import { writeHeaders } from "./words.js";

export const IN_WECHAT = window.parent !== window || navigator.userAgent.includes("MicroMessenger");

const OPEN_TAG = "wx-open-subscribe";
const CALLS = ["chooseImage", "chooseWXPay", "getLocalImgData", "getLocation", "openAddress", "openLocation", "scanQRCode",
  "uploadImage"];
const WAIT_MS_MAX = 10000;
const meta = document.querySelector('meta[name="wechat-sdk"]');
let trusted = null;

/** Ask WeChat to do `call`; gives what it answers, null when the person gives it up, and fails outside WeChat. */
export async function ask(call, args = {}) {
  await trust();
  return new Promise((resolve, reject) => {
    window.wx[call]({ ...args, success: resolve, cancel: () => resolve(null), fail: reject });
  });
}

/** Let WeChat trust this page, once; what failed is tried anew by the next who asks. */
export function trust() {
  trusted ??= prove().catch((error) => { trusted = null; throw error; });
  return trusted;
}

/** Let somebody choose up to `count` photos and give them to WeChat: yields each {localId, serverId} as soon as it is
 * there, so that our server fetches it while WeChat takes the next, and none is lost with a later one that fails. */
export async function* photos(count) {
  const chosen = await ask("chooseImage", { count, sizeType: ["compressed"], sourceType: ["album", "camera"] });
  // One after the other: WeChat takes no second one before the first is done.
  for (const localId of chosen?.localIds ?? []) {
    const { serverId } = await ask("uploadImage", { localId, isShowProgressTips: 1 });
    yield { localId, serverId };
  }
}

/** A chosen photo as an address for <img>, "" where WeChat shows none. */
export async function preview(localId) {
  try {
    const { localData } = await ask("getLocalImgData", { localId });
    // Android leaves out what the data are.
    return localData.startsWith("data:") ? localData : `data:image/jpeg;base64,${localData}`;
  } catch {
    return "";
  }
}

async function prove() {
  if (!IN_WECHAT || !meta) throw new Error("not in WeChat");
  if (!window.wx?.config) await fetched(meta.content);
  const answer = await fetch(meta.dataset.proof, {
    method: "POST",
    headers: { Accept: "application/json", ...writeHeaders(newKey()) },
    body: new URLSearchParams({ page: location.href.split("#")[0] }),
  });
  const { appid, timestamp, nonce, signature, message } = await answer.json();
  if (!answer.ok) throw new Error(message);
  await new Promise((resolve, reject) => {
    setTimeout(reject, WAIT_MS_MAX, new Error("no answer"));
    window.wx.error(reject);
    window.wx.config({ appId: appid, timestamp, nonceStr: nonce, signature, jsApiList: CALLS, openTagList: [OPEN_TAG] });
    window.wx.ready(resolve);
  });
}

function fetched(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = () => reject(new Error("no script"));
    document.head.append(script);
  });
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-place]");
  if (!link || !IN_WECHAT) return;
  event.preventDefault();
  link.setAttribute("aria-busy", "true");
  try {
    const { place, address, lat, lon } = link.dataset;
    await ask("openLocation", { latitude: Number(lat), longitude: Number(lon), name: place, address, scale: 16 });
  } catch {
    location.assign(link.href);
  }
  link.removeAttribute("aria-busy");
});

// The outcome of WeChat's own question; both events come from the tag itself and do not bubble.
for (const [outcome, tone] of [["success", "ok"], ["error", "error"]]) {
  document.addEventListener(outcome, (event) => {
    const tag = event.target;
    if (tag.localName !== OPEN_TAG) return;
    const told = JSON.parse(event.detail?.subscribeDetails ?? "{}");
    const accepts = Object.values(told).filter((one) => JSON.parse(one).status === "accept").length;
    if (outcome === "success") toast(accepts ? tag.dataset.done.replace("{n}", accepts) : tag.dataset.refused);
    // What is granted is not asked for again; the page says so once it is opened anew.
    if (outcome === "success" && accepts === Object.keys(told).length) tag.closest("[data-wechat]").remove();
    else if (event.detail?.errCode !== "10001") toast(tag.dataset.failed, { tone });
  }, true);
}

// A WeChat too old to draw its tags says so; the part that stands around one is of no use without it.
document.addEventListener("WeixinOpenTagsError", () => {
  for (const tag of document.querySelectorAll(OPEN_TAG)) tag.closest("[data-wechat]").remove();
});

function meet() {
  if (!IN_WECHAT) return;
  for (const part of document.querySelectorAll("[data-wechat][hidden]")) part.hidden = false;
  if (document.querySelector(OPEN_TAG)) trust().catch(() => {});
}

document.addEventListener("htmx:load", meet);
meet();
