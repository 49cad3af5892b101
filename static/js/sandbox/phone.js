// One phone: which screen it shows, and what each screen is told.

import { Album } from "./album.js";
import { summary } from "./bubbles.js";
import { Browser } from "./browser.js";
import { Chat } from "./chat.js";
import { act } from "./control.js";
import { copyOf, facts, part, put, words } from "./dom.js";
import { chatTime, minute } from "./format.js";
import { Actions, Asks, drawGranted, Homes, Mouth, Places, Viewer } from "./pickers.js";
import { Scan } from "./scan.js";
import { Scanner } from "./scanner.js";
import { Sheet } from "./sheet.js";
import { follow, world } from "./world.js";

const NOTICE_MS = 4500;

export class Phone {
  /** The `number`-th phone on the page: ids count every user of the account, seeded ones too. */
  constructor(told, number) {
    this.id = told.phone;
    this.number = number;
    this.slot = copyOf("phone");
    this.slot.id = told.phone;
    this.face = this.slot.querySelector(".phone");
    this.current = "home";
    this.before = "home";
    this.seen = Number(sessionStorage.getItem(`seen-${told.phone}`) ?? -1);
    this.told = told;
    this.chat = new Chat(this);
    this.scan = new Scan(this);
    this.browser = new Browser(this);
    this.sheet = new Sheet(this);
    this.scanner = new Scanner(this);
    this.actions = new Actions(this);
    this.album = new Album(this);
    this.asks = new Asks(this);
    this.homes = new Homes(this);
    this.mouth = new Mouth(this);
    this.places = new Places(this);
    this.viewer = new Viewer(this);
    this.hear();
    const kept = sessionStorage.getItem(`screen-${told.phone}`);
    if (kept && kept !== "browser") this.go(kept);
    else this.go(told.follows ? "chat" : "home");
  }

  screen(name) {
    return this.slot.querySelector(`[data-for="${name}"]`);
  }

  hear() {
    this.slot.addEventListener("click", (event) => {
      const target = event.target.closest("[data-go], [data-tab-to], [data-follow]");
      if (!target || !this.slot.contains(target)) return;
      if (target.dataset.go) this.go(target.dataset.go);
      else if (target.dataset.tabTo) this.turnTo(target.dataset.tabTo);
      else this.follow();
    });
    part(this.slot, "notice").addEventListener("click", () => { this.browser.drop(); this.go("chat"); });
    part(this.slot, "back-from-profile").addEventListener("click", () => this.go(this.before));
    part(this.slot, "enter").addEventListener("click", () => this.go("chat"));
    part(this.slot, "unfollow").addEventListener("click", () => this.unfollow());
  }

  go(screen) {
    if (this.current !== "profile") this.before = this.current;
    if (screen === "scan") this.scan.reset();
    if (screen === "chat" && this.current !== "chat") this.chat.report();
    this.current = screen;
    this.face.dataset.screen = screen;
    sessionStorage.setItem(`screen-${this.id}`, screen);
    for (const one of this.slot.querySelectorAll("[data-for]")) one.hidden = one.dataset.for !== screen;
    if (screen === "chat") { this.chat.enter(); part(this.slot, "notice").hidden = true; }
    this.markSeen();
    this.drawHome();
  }

  /** The narrow page turned to this phone: what was laid out unseen has to scroll now. */
  comeIntoView() {
    if (this.current === "chat") this.chat.enter();
  }

  /** Show what an act led to: the chat, a page, the follow card, the pay sheet of a scanned code. */
  show(outcome) {
    if (!outcome) return;
    if (outcome.screen === "pay") this.pay(outcome.payment);
    if (outcome.screen === "page") { this.go("browser"); this.browser.open(outcome.url); }
    else if (outcome.screen === "chat") this.go("chat");
    else if (outcome.screen === "follow_card") this.go("profile");
  }

  async pay(number) {
    if (await this.sheet.open(number) === "ok") this.go(this.told.follows ? "chat" : "home");
  }

  async open(url) {
    if (!url) return;
    this.show(await act(`phones/${this.id}/open`, { url }));
  }

  async follow() {
    const outcome = await act(`phones/${this.id}/follow`);
    follow();
    this.show(outcome);
  }

  async unfollow() {
    await act(`phones/${this.id}/unfollow`);
    follow();
  }

  update(told) {
    this.told = told;
    put(this.slot, "caption", `${words.phone} ${this.number} · ${told.name}`);
    put(this.slot, "openid", `openid ${told.openid.slice(0, 4)}…${told.openid.slice(-4)}`).title = told.openid;
    put(this.slot, "follows", told.follows ? words.followed : words.stranger);
    put(this.slot, "me-name", told.name);
    put(this.slot, "me-openid", told.openid);
    for (const button of this.slot.querySelectorAll("[data-follow]")) button.hidden = told.follows;
    part(this.slot, "enter").hidden = !told.follows;
    part(this.slot, "unfollow").hidden = !told.follows;
    this.notice();
    this.chat.update(told);
    this.scan.update();
    drawGranted(this);
    this.markSeen();
    this.drawHome();
  }

  /** Let a banner come down for what arrived while something else was on the screen. */
  notice() {
    const newest = this.messages().at(-1);
    if (this.seen < 0) this.seen = newest?.id ?? 0;
    if (!newest || newest.id <= this.seen || newest.id === this.noticed || newest.from !== "account") return;
    this.noticed = newest.id;
    if (this.current === "chat") return;
    const banner = part(this.slot, "notice");
    put(banner, "notice-title", facts.account.name);
    put(banner, "notice-text", summary(newest));
    banner.hidden = false;
    clearTimeout(this.noticeTimer);
    this.noticeTimer = setTimeout(() => { banner.hidden = true; }, NOTICE_MS);
  }

  drawHome() {
    const home = this.screen("home");
    const messages = this.messages();
    const newest = messages.at(-1);
    const unread = messages.filter((one) => one.id > this.seen && one.from === "account").length;
    const isKnown = this.told.follows || messages.length > 0;
    part(home, "chat-row").hidden = !isKnown;
    part(home, "home-empty").hidden = isKnown;
    put(home, "home-title", unread ? `${words.wechat}(${unread})` : words.wechat);
    put(home, "last", newest ? summary(newest) : words.empty_chat);
    put(home, "last-time", newest ? chatTime(newest.at_s, world.now_s()) : "");
    put(home, "unread", unread).hidden = !unread;
  }

  turnTo(tab) {
    for (const one of this.slot.querySelectorAll("[data-tab]")) one.hidden = one.dataset.tab !== tab;
    for (const one of this.slot.querySelectorAll("[data-tab-to]")) one.setAttribute("aria-selected", String(one.dataset.tabTo === tab));
  }

  tick() {
    put(this.slot, "time", minute(world.now_s()));
  }

  messages() {
    return world.messages.get(this.id) ?? [];
  }

  markSeen() {
    if (this.current !== "chat") return;
    this.seen = this.messages().at(-1)?.id ?? Math.max(this.seen, 0);
    sessionStorage.setItem(`seen-${this.id}`, this.seen);
  }
}
