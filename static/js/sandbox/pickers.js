// The smaller things that WeChat lays over a phone: a list of acts, an address, a place, what a page
// wants to send, a voice, a picture at its full size. Each `open` gives a promise, null when given up.

import { act } from "./control.js";
import { copyOf, facts, part, put, words } from "./dom.js";
import { button, Layer } from "./layer.js";
import { drawMap } from "./map.js";
import { follow, world } from "./world.js";

/** WeChat's list from below; `choices` are [key, words]. */
export class Actions extends Layer {
  constructor(phone) { super(phone, "actions"); }

  open(choices) {
    part(this.root, "actions-list").replaceChildren(...choices.map(([key, label]) => button(label, () => this.end(key))));
    return this.show();
  }
}

/** The addresses of wx.openAddress, as a page hears them. */
export class Homes extends Layer {
  constructor(phone) {
    super(phone, "homes");
    part(this.root, "homes-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const { region, ...typed } = Object.fromEntries(new FormData(event.target));
      const [provinceName = "", cityName = "", countryName = ""] = region.trim().split(/\s+/);
      this.end({ ...typed, provinceName, cityName, countryName, postalCode: "", nationalCode: "" });
    });
  }

  open() {
    part(this.root, "homes-form").reset();
    part(this.root, "homes-list").replaceChildren(...facts.places.map((place) => this.row(place)));
    return this.show();
  }

  row(place) {
    const told = {
      userName: this.phone.told.name,
      telNumber: `1380000${String(1000 + this.phone.number)}`,
      provinceName: place.province, cityName: place.city, countryName: place.county,
      detailInfo: place.detail, postalCode: "", nationalCode: "",
    };
    const element = copyOf("home");
    put(element, "home-who", `${told.userName} ${told.telNumber}`);
    put(element, "home-where", `${place.province}${place.city}${place.county} ${place.detail}`);
    element.addEventListener("click", () => this.end(told));
    return element;
  }
}

/** A map: of one place (wx.openLocation), or to choose one to send. */
export class Places extends Layer {
  constructor(phone) {
    super(phone, "map");
    part(this.root, "map-send").addEventListener("click", () => this.end(this.place));
    part(this.root, "map-go").addEventListener("click", async () => {
      if (await this.phone.actions.open(Object.entries(words.map_apps))) this.end(null);
    });
  }

  /** Show where `place` is: from then on the phone is there. */
  open(place) {
    this.shown = place;
    this.turn(place, false);
    return this.show();
  }

  /** Let one of the places be chosen; the phone's own comes first. */
  choose() {
    const there = this.shown ?? facts.place;
    const here = { ...there, name: words.here, address: addressOf(there) || there.name };
    const all = [here, ...facts.places.map((one) => ({ ...one, address: addressOf(one) }))];
    part(this.root, "map-list").replaceChildren(...all.map((one) => this.row(one)));
    this.turn(here, true);
    return this.show();
  }

  row(place) {
    const element = copyOf("spot");
    put(element, "spot-name", place.name);
    put(element, "spot-address", place.address).hidden = !place.address;
    element.dataset.at = at(place);
    element.addEventListener("click", () => this.turn(place, true));
    return element;
  }

  turn(place, isChoice) {
    this.place = place;
    drawMap(part(this.root, "map-canvas"), place);
    put(this.root, "map-name", place.name || words.here);
    put(this.root, "map-address", place.address).hidden = !place.address;
    part(this.root, "map-card").hidden = isChoice;
    part(this.root, "map-list").hidden = !isChoice;
    part(this.root, "map-send").hidden = !isChoice;
    for (const row of part(this.root, "map-list").children) row.setAttribute("aria-checked", String(row.dataset.at === at(place)));
  }
}

/** The question of `wx-open-subscribe`: may the account send these notices once each? */
export class Asks extends Layer {
  constructor(phone) {
    super(phone, "asks");
    part(this.root, "asks-allow").addEventListener("click", () => this.answer(true));
    part(this.root, "asks-refuse").addEventListener("click", () => this.answer(false));
  }

  open(notices) {
    this.notices = notices;
    part(this.root, "asks-list").replaceChildren(...notices.map((one) => {
      const element = copyOf("ask");
      put(element, "ask-title", one.title);
      put(element, "ask-fields", one.labels.join(words.comma));
      return element;
    }));
    return this.show();
  }

  /** Tell the sandbox for each notice, as WeChat tells the account, and the page by one answer. */
  async answer(allows) {
    const boxes = [...this.root.querySelectorAll("[data-ask-box]")];
    const answers = Object.fromEntries(this.notices.map(({ template_id }, place) => [template_id, allows && boxes[place].checked]));
    const done = await act(`phones/${this.phone.id}/subscribe`, { answers });
    follow();
    this.end(done && Object.fromEntries(Object.entries(answers).map(([id, accepts]) => [id, accepts ? "accept" : "reject"])));
  }
}

/** What somebody says into the phone. */
export class Mouth extends Layer {
  constructor(phone) {
    super(phone, "mouth");
    part(this.root, "mouth-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = event.target.elements.text.value.trim();
      if (text) this.end(text);
    });
  }

  open() {
    part(this.root, "mouth-form").reset();
    return this.show();
  }
}

export class Viewer extends Layer {
  constructor(phone) { super(phone, "viewer"); }

  open(address) {
    part(this.root, "viewer-picture").src = address;
    return this.show();
  }
}

/** The notices that may still be sent to the phone, each to be taken back in the account's profile. */
export function drawGranted(phone) {
  const granted = world.granted[phone.id] ?? {};
  const list = part(phone.slot, "granted");
  const rows = facts.subscriptions.filter((one) => granted[one.template_id]);
  const text = JSON.stringify(rows.map((one) => granted[one.template_id]));
  list.hidden = !rows.length;
  if (list.dataset.drawn === text) return;
  list.dataset.drawn = text;
  part(list, "granted-list").replaceChildren(...rows.map((one) => {
    const element = copyOf("granted");
    put(element, "granted-title", one.title);
    put(element, "granted-count", granted[one.template_id]);
    part(element, "take-back").addEventListener("click", async () => {
      await act(`phones/${phone.id}/subscribe`, { takes_back: one.template_id });
      follow();
    });
    return element;
  }));
}

function addressOf(place) {
  return place.address ?? [place.city, place.county, place.detail].join("");
}

function at({ latitude, longitude }) {
  return `${Number(latitude).toFixed(4)}, ${Number(longitude).toFixed(4)}`;
}
