// A shim of WeChat's JS-SDK for pages inside a sandbox phone: the same `wx`, answered by the phone.
// Outside a phone every call fails as it does outside WeChat, so pages show their plain fallback.
// To play another call, add its name to CALLS here and its answer to wx.js.

(() => {
  const CALLS = ["getLocation", "openLocation", "closeWindow", "chooseWXPay", "scanQRCode", "chooseImage", "uploadImage",
    "getLocalImgData", "openAddress"];
  // These wait for a person, as long as it takes.
  const PATIENT = ["chooseWXPay", "scanQRCode", "chooseImage", "uploadImage", "openAddress", "subscribe"];
  const SILENT = ["hideAllNonBaseMenuItem", "hideMenuItems", "hideOptionMenu", "showOptionMenu",
    "updateAppMessageShareData", "updateTimelineShareData"];
  const TAG = "wx-open-subscribe";
  const ANSWER_MS_MAX = 10000;
  const waiting = new Map();
  let count = 0;
  let settle;
  const configured = new Promise((resolve) => { settle = resolve; });
  let onError = () => {};
  let appId = "";

  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || event.data?.doorbell !== "wx-answer") return;
    const { id, ok, result } = event.data;
    waiting.get(id)?.(ok, result);
    waiting.delete(id);
  });

  function ask(call, args) {
    return new Promise((resolve, reject) => {
      if (window.parent === window) { reject({ errMsg: `${call}:fail not in WeChat` }); return; }
      const id = (count += 1);
      const late = PATIENT.includes(call) ? 0 : setTimeout(() => { waiting.delete(id); reject({ errMsg: `${call}:fail no answer` }); }, ANSWER_MS_MAX);
      waiting.set(id, (ok, result) => { clearTimeout(late); (ok ? resolve : reject)(result); });
      // Whoever frames us is decided by the page's frame-ancestors; nothing secret is said here.
      window.parent.postMessage({ doorbell: "wx", id, call, args }, "*");
    });
  }

  function caller(call) {
    return ({ success, fail, cancel, complete, ...args } = {}) => {
      ask(call, { appId, ...args }).then(
        (result) => { success?.(result); complete?.(result); },
        (result) => { (result.errMsg === `${call}:cancel` ? cancel : fail)?.(result); complete?.(result); },
      );
    };
  }

  const wx = {
    config({ appId: ofPage, timestamp, nonceStr, signature, openTagList = [] }) {
      appId = ofPage;
      if (openTagList.includes(TAG)) configured.then(drawTags);
      const url = location.href.split("#")[0];
      ask("config", { appId, timestamp: String(timestamp), nonceStr, signature, url })
        .then(settle, (error) => onError(error));
    },
    ready(callback) { configured.then(() => callback()); },
    error(callback) { onError = callback; },
    checkJsApi({ jsApiList = [], success } = {}) {
      success?.({ checkResult: Object.fromEntries(jsApiList.map((name) => [name, CALLS.includes(name)])), errMsg: "checkJsApi:ok" });
    },
  };
  /** <wx-open-subscribe template="ID,ID">: draws what its inner scripts of type text/wxtag-template hold, once the page is trusted. */
  function drawTags() {
    if (customElements.get(TAG)) return;
    customElements.define(TAG, class extends HTMLElement {
      connectedCallback() {
        const inside = (slot) => [...this.querySelectorAll('[type="text/wxtag-template"]')].find((one) => (one.getAttribute("slot") ?? "") === slot)?.textContent ?? "";
        const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
        const sheet = new CSSStyleSheet();
        // Its style script may hold a whole <style>.
        sheet.replaceSync(inside("style").replace(/<\/?style[^>]*>/gi, ""));
        root.adoptedStyleSheets = [sheet];
        root.innerHTML = inside("");
        root.addEventListener("click", () => this.askPerson());
        this.dispatchEvent(new CustomEvent("ready"));
      }

      askPerson() {
        const templates = (this.getAttribute("template") ?? "").split(",").map((id) => id.trim()).filter(Boolean);
        ask("subscribe", { appId, templates }).then(
          ({ told }) => {
            const details = Object.fromEntries(Object.entries(told).map(([id, status]) => [id, JSON.stringify({ status })]));
            this.dispatchEvent(new CustomEvent("success", { detail: { errMsg: "subscribe:ok", subscribeDetails: JSON.stringify(details) } }));
          },
          ({ errMsg }) => this.dispatchEvent(new CustomEvent("error", { detail: { errMsg, errCode: errMsg === "subscribe:cancel" ? "10001" : "10002" } })),
        );
      }
    });
  }

  for (const call of CALLS) wx[call] = caller(call);
  for (const call of SILENT) wx[call] = ({ success } = {}) => success?.({ errMsg: `${call}:ok` });
  window.wx = wx;
  window.jWeixin = wx;
})();
