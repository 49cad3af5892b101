// The conversation with the account: messages, the menu bar, the keyboard.

import { drawn } from "./bubbles.js";
import { act } from "./control.js";
import { copyOf, facts, part, toast, words } from "./dom.js";
import { chatTime } from "./format.js";
import { follow, world } from "./world.js";

const TIME_GAP_S = 300;
const NEAR_END_PX = 80;

export class Chat {
  constructor(phone) {
    this.phone = phone;
    this.root = phone.screen("chat");
    this.body = part(this.root, "chat-body");
    this.shown = 0;
    this.lastAt_s = 0;
    this.menuText = "";
    this.wantsKeyboard = false;
    part(this.root, "keyboard").addEventListener("click", () => this.type(true));
    part(this.root, "menu-back").addEventListener("click", () => this.type(false));
    part(this.root, "typing").addEventListener("submit", (event) => this.say(event));
    part(this.root, "typing").addEventListener("input", () => this.drawKeys());
    this.body.addEventListener("click", () => { this.foldMenu(); this.unfoldPlus(false); });
    this.root.addEventListener("keydown", (event) => { if (event.key === "Escape") { this.foldMenu(); this.unfoldPlus(false); } });
    const on = (name, press) => part(this.root, name).addEventListener("click", press);
    on("plus", () => this.unfoldPlus(part(this.root, "plus-panel").hidden));
    on("speak", () => this.speak());
    on("send-voice", () => this.speak());
    on("send-photo", () => this.showPhotos());
    on("send-place", () => this.showPlace());
    this.hand = {
      open: (url) => phone.open(url),
      look: (picture) => phone.viewer.open(picture),
      find: (place) => phone.places.open(place),
      choose: ({ id, text }) => this.tell("say", { text, choice: id }),
    };
  }

  update(told) {
    this.append(world.messages.get(told.phone) ?? []);
    this.drawMenu(told.follows);
  }

  /** Come into view: the newest message is seen. */
  enter() {
    this.body.scrollTop = this.body.scrollHeight;
  }

  /** Be opened anew: an account that asked for it is told where the phone is. */
  report() {
    const { latitude, longitude } = this.phone.places.shown ?? facts.place;
    if (facts.reports_location && this.phone.told.follows) this.tell("report", { latitude, longitude });
  }

  append(messages) {
    const isAtEnd = this.body.scrollHeight - this.body.scrollTop - this.body.clientHeight < NEAR_END_PX;
    let isOwn = false;
    for (const message of messages) {
      if (message.id <= this.shown) continue;
      if (message.at_s - this.lastAt_s > TIME_GAP_S) {
        const time = copyOf("time");
        time.textContent = chatTime(message.at_s, world.now_s());
        this.body.append(time);
      }
      this.body.append(drawn(message, this.hand));
      this.shown = message.id;
      this.lastAt_s = message.at_s;
      isOwn = message.from === "phone";
    }
    if (isAtEnd || isOwn) this.enter();
  }

  drawMenu(follows) {
    const buttons = world.menu?.button ?? [];
    const isTyping = this.wantsKeyboard || !buttons.length;
    part(this.root, "stranger").hidden = follows;
    part(this.root, "menu-bar").hidden = !follows || isTyping;
    part(this.root, "typing").hidden = !follows || !isTyping;
    part(this.root, "menu-back").hidden = !buttons.length;
    const text = JSON.stringify(buttons);
    if (text === this.menuText) return;
    this.menuText = text;
    part(this.root, "menu").replaceChildren(...buttons.map((button) => this.menuButton(button)));
  }

  menuButton(button) {
    const element = copyOf("menu-button");
    part(element, "name").textContent = button.name;
    const subs = button.sub_button ?? [];
    part(element, "has-sub").hidden = !subs.length;
    element.addEventListener("click", (event) => {
      event.stopPropagation();
      if (!subs.length) { this.foldMenu(); this.click(button); return; }
      this.unfold(element, subs);
    });
    return element;
  }

  unfold(above, subs) {
    const list = part(this.root, "submenu");
    const isOpen = !list.hidden && list.dataset.of === above.textContent;
    this.foldMenu();
    if (isOpen) return;
    list.replaceChildren(...subs.map((sub) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = sub.name;
      button.addEventListener("click", () => { this.foldMenu(); this.click(sub); });
      return button;
    }));
    list.dataset.of = above.textContent;
    list.dataset.place = String([...above.parentElement.children].indexOf(above));
    list.dataset.among = String(above.parentElement.children.length);
    list.hidden = false;
  }

  foldMenu() {
    part(this.root, "submenu").hidden = true;
  }

  type(wants) {
    this.wantsKeyboard = wants;
    this.unfoldPlus(false);
    this.foldMenu();
    this.drawMenu(true);
    if (wants) part(this.root, "typing").elements.text.focus();
    else if (!world.menu) toast(words.no_menu);
  }

  /** Press a button of the menu; one that wants the camera, a place or photos asks for it first. */
  async click({ name, type = "" }) {
    let found = {};
    let photos = [];
    if (type.startsWith("scancode")) {
      const content = await this.phone.scanner.open();
      if (content === null) return;
      found = { content };
    } else if (type.startsWith("pic_")) {
      photos = await this.phone.album.open() ?? [];
      if (!photos.length) return;
      found = { count: photos.length };
    } else if (type === "location_select") {
      const place = await this.phone.places.choose();
      if (!place) return;
      found = sent(place);
    }
    const outcome = await act(`phones/${this.phone.id}/click`, { name, ...found });
    for (const photo of photos) await this.tell("picture", photo);
    if (outcome && type === "location_select") await this.tell("place", found);
    follow();
    this.phone.show(outcome);
  }

  async say(event) {
    event.preventDefault();
    const input = event.target.elements.text;
    const text = input.value.trim();
    if (!text) return;
    // What was typed stays until the sandbox has taken it.
    if (await this.tell("say", { text })) input.value = "";
    this.drawKeys();
  }

  /** What is typed can be sent; with nothing typed there is more to send than words. */
  drawKeys() {
    const isTyped = part(this.root, "typing").elements.text.value.trim() !== "";
    part(this.root, "send").hidden = !isTyped;
    part(this.root, "plus").hidden = isTyped;
  }

  unfoldPlus(isOpen) {
    part(this.root, "plus-panel").hidden = !isOpen;
    part(this.root, "plus").setAttribute("aria-expanded", String(isOpen));
    if (isOpen) this.enter();
  }

  async speak() {
    const text = await this.phone.mouth.open();
    if (text) await this.tell("speak", { text });
  }

  async showPhotos() {
    for (const file of await this.phone.album.open() ?? []) await this.tell("picture", file);
  }

  async showPlace() {
    const place = await this.phone.places.choose();
    if (place) await this.tell("place", sent(place));
  }

  async tell(what, body) {
    this.unfoldPlus(false);
    const outcome = await act(`phones/${this.phone.id}/${what}`, body);
    follow();
    return outcome;
  }
}

/** A chosen place as it is sent. */
function sent(place) {
  return { latitude: place.latitude, longitude: place.longitude, label: place.name === words.here ? place.address : place.name };
}
