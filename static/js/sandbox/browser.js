// The in-app browser: the account's pages in a frame on the phone's own host.
//
// A page on another host cannot be looked into, so pages tell us about themselves:
//   {doorbell: "title", title, url?}   the words for the title bar, and the address for going back
//   {doorbell: "close"}                close the browser, as WeixinJSBridge.closeWindow does
// Only the frame of this phone is heard, and only from the hosts of the account's pages.

import { copyOf, facts, part, put, toast, words } from "./dom.js";
import { answerPage } from "./wx.js";

const TITLE_LENGTH_MAX = 60;
const BACK_MAX = 50;

export class Browser {
  constructor(phone) {
    this.phone = phone;
    this.root = phone.screen("browser");
    this.opened = "";
    // The addresses that pages gave as theirs; the first replaces what was opened, for it may
    // have been led elsewhere.
    this.visited = [];
    this.frame = null;
    const on = (name, act) => part(this.root, name).addEventListener("click", act);
    on("close-page", () => this.close());
    on("page-back", () => this.back());
    on("page-reload", () => { this.foldMore(); this.load(this.visited.at(-1) ?? this.opened); });
    on("page-copy", () => this.copy());
    on("page-tab", () => this.foldMore());
    window.addEventListener("message", (event) => this.hear(event));
  }

  open(url) {
    const isOwn = isPageAddress(url);
    part(this.root, "page-outside").hidden = isOwn;
    put(this.root, "page-outside", `${words.outside}\n${url}`);
    put(this.root, "page-title", facts.account.name);
    this.opened = url;
    this.visited = [];
    if (isOwn) this.load(url);
    else this.drop();
    this.drawBack();
  }

  close() {
    this.foldMore();
    this.drop();
    this.phone.go("chat");
  }

  /** Show `url` in a fresh frame: the joint history of the tab is not ours to walk. */
  load(url) {
    this.drop();
    this.frame = copyOf("frame");
    this.frame.src = url;
    part(this.root, "page").replaceChildren(this.frame);
    part(this.root, "page-tab").href = url;
  }

  drop() {
    this.frame?.remove();
    this.frame = null;
  }

  back() {
    this.visited.pop();
    this.load(this.visited.at(-1));
    this.drawBack();
  }

  hear(event) {
    if (!this.frame || event.source !== this.frame.contentWindow) return;
    if (!isPageAddress(event.origin) || typeof event.data !== "object" || event.data === null) return;
    const said = event.data;
    if (said.doorbell === "title") this.name(said);
    else if (said.doorbell === "close") this.close();
    else if (said.doorbell === "wx") answerPage(this.phone, this.frame, event);
  }

  name({ title, url }) {
    if (typeof title === "string") put(this.root, "page-title", title.slice(0, TITLE_LENGTH_MAX) || facts.account.name);
    if (typeof url !== "string" || !isPageAddress(url)) return;
    part(this.root, "page-tab").href = url;
    if (url === this.visited.at(-2)) this.visited.pop();
    else if (url !== this.visited.at(-1)) this.visited.push(url);
    this.visited = this.visited.slice(-BACK_MAX);
    this.drawBack();
  }

  drawBack() {
    part(this.root, "page-back").hidden = this.visited.length < 2;
  }

  async copy() {
    this.foldMore();
    await navigator.clipboard?.writeText(part(this.root, "page-tab").href);
    toast(words.copied);
  }

  foldMore() {
    this.root.querySelector(".nav-more").open = false;
  }
}

/** Return whether `address` is one of the account's pages, or a door of the sandbox that leads to one. */
export function isPageAddress(address) {
  if (address.startsWith(`${location.origin}/connect/`)) return true;
  return facts.page_hosts.some((host) => {
    if (!host.includes("*.")) return address === host || address.startsWith(`${host}/`);
    const [scheme, rest] = host.split("*.");
    if (!address.startsWith(scheme)) return false;
    const [name] = address.slice(scheme.length).split("/");
    return name.endsWith(`.${rest}`) && !/[@?#\\]/.test(name);
  });
}
