// What pages ask of WeChat through the JS-SDK's shim (/jweixin.js), answered by the phone.
//
// A page posts {doorbell: "wx", id, call, args}; it hears {doorbell: "wx-answer", id, ok, result}.

import { act, look } from "./control.js";
import { facts, toast, words } from "./dom.js";

const photos = new Map();

function keep(file) {
  const id = `weixin://resourceid/${crypto.randomUUID?.() ?? photos.size}`;
  photos.set(id, file);
  return id;
}

function kept(call, id) {
  const file = photos.get(id);
  if (!file) throw new Error(`${call}:fail no such localId`);
  return file;
}

const CALLS = {
  /** Say whether the page signed its wx.config with the account's ticket. */
  async config({ appId, timestamp, nonceStr, signature, url }) {
    const { signed } = await look("jssdk", { appid: appId, timestamp, nonce: nonceStr, signature, url });
    return signed ? { errMsg: "config:ok" } : Promise.reject(new Error("config:invalid signature"));
  },
  /** Show the place on a map; the page goes on at once, as under WeChat. */
  async openLocation({ latitude, longitude, name = "", address = "" }, phone) {
    if (!Number.isFinite(latitude) || !Number.isFinite(longitude)) throw new Error("openLocation:fail invalid coordinates");
    phone.places.open({ latitude, longitude, name, address });
    return { errMsg: "openLocation:ok" };
  },
  /** Let the person choose photos; the page gets their local ids. */
  async chooseImage({ count = 9, sourceType = ["album", "camera"] }, phone) {
    const ways = [["camera", words.take_photo], ["album", words.from_album]].filter(([way]) => sourceType.includes(way));
    const way = ways.length > 1 ? await phone.actions.open(ways) : ways[0]?.[0];
    const files = way && await phone.album.open(way === "camera" ? 1 : Math.min(9, Number(count) || 9));
    if (!files) throw new Error("chooseImage:cancel");
    return { localIds: files.map(keep), sourceType: way, errMsg: "chooseImage:ok" };
  },
  async getLocalImgData({ localId }) {
    const reader = new FileReader();
    const read = new Promise((resolve) => { reader.onload = resolve; });
    reader.readAsDataURL(kept("getLocalImgData", localId));
    await read;
    return { localData: reader.result, errMsg: "getLocalImgData:ok" };
  },
  /** Keep the photo three days, as media that the account may fetch. */
  async uploadImage({ localId }, phone) {
    const told = await act(`phones/${phone.id}/upload`, kept("uploadImage", localId));
    if (!told) throw new Error("uploadImage:fail");
    return { serverId: told.media_id, errMsg: "uploadImage:ok" };
  },
  async openAddress(_, phone) {
    const told = await phone.homes.open();
    if (!told) throw new Error("openAddress:cancel");
    return { ...told, errMsg: "openAddress:ok" };
  },
  /** The button of `wx-open-subscribe`: ask for up to three notices. */
  async subscribe({ templates = [] }, phone) {
    const notices = templates.map((id) => facts.subscriptions.find((one) => one.template_id === id));
    if (!notices.length || notices.includes(undefined)) { toast(words.no_subscription); throw new Error("subscribe:fail"); }
    const told = await phone.asks.open(notices);
    if (!told) throw new Error("subscribe:cancel");
    return { told, errMsg: "subscribe:ok" };
  },
  /** Where the person went by a page's map; else where the account puts every phone; else nobody is told. */
  async getLocation(_, phone) {
    const place = phone.places.shown ?? (facts.is_located ? facts.place : null);
    if (!place) throw new Error("getLocation:fail auth deny");
    return { latitude: place.latitude, longitude: place.longitude, speed: 0, accuracy: 30, errMsg: "getLocation:ok" };
  },
  /** Open the pay sheet that the merchant signed, and say how it ended. */
  async chooseWXPay({ appId = "", timestamp = "", nonceStr = "", package: order = "", signType = "", paySign = "" }, phone) {
    const params = { appid: appId, timestamp: String(timestamp), nonce: nonceStr, package: order, sign_type: signType, sign: paySign };
    const opened = await act(`phones/${phone.id}/sheet`, params);
    const end = opened ? await phone.sheet.open(opened.payment) : "fail";
    if (end !== "ok") throw new Error(`chooseWXPay:${end}`);
    return { errMsg: "chooseWXPay:ok" };
  },
  /** Give the page what the person scans; without `needResult` WeChat deals with it by itself. */
  async scanQRCode({ needResult = 0 }, phone) {
    const content = await phone.scanner.open();
    if (content === null) throw new Error("scanQRCode:cancel");
    if (Number(needResult) === 1) return { resultStr: content, errMsg: "scanQRCode:ok" };
    phone.show(await act(`phones/${phone.id}/scan`, { content }));
    return { errMsg: "scanQRCode:ok" };
  },
};

/** Answer one question of the page in `frame`. */
export async function answerPage(phone, frame, event) {
  const { id, call, args } = event.data;
  const tell = (answer) => frame.contentWindow?.postMessage({ doorbell: "wx-answer", id, ...answer }, event.origin);
  if (call === "closeWindow") { phone.browser.close(); return; }
  if (!Object.hasOwn(CALLS, call)) { tell({ ok: false, result: { errMsg: `${call}:the sandbox does not play this yet` } }); return; }
  try {
    tell({ ok: true, result: await CALLS[call](args ?? {}, phone) });
  } catch (error) {
    tell({ ok: false, result: { errMsg: error.message } });
  }
}
