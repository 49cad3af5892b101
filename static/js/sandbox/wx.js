// What pages ask of WeChat through the JS-SDK's shim (/jweixin.js), answered by the phone.
//
// A page posts {doorbell: "wx", id, call, args}; it hears {doorbell: "wx-answer", id, ok, result}.

import { act, look } from "./control.js";
import { facts, toast } from "./dom.js";

const CALLS = {
  /** Say whether the page signed its wx.config with the account's ticket. */
  async config({ appId, timestamp, nonceStr, signature, url }) {
    const { signed } = await look("jssdk", { appid: appId, timestamp, nonce: nonceStr, signature, url });
    return signed ? { errMsg: "config:ok" } : Promise.reject(new Error("config:invalid signature"));
  },
  async openLocation({ name = "", address = "" }) {
    toast(`${name} ${address}`.trim());
    return { errMsg: "openLocation:ok" };
  },
  async getLocation() {
    const place = facts.place;
    return { ...place, speed: 0, accuracy: 30, errMsg: "getLocation:ok" };
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
