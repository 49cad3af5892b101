// One message of a chat as WeChat draws it.

import { copyOf, part, put, toast, words } from "./dom.js";
import { button } from "./layer.js";
import { drawMap } from "./map.js";

const LETTERS_A_SECOND = 4;
const LINK = /<a\s+[^>]*href=["']([^"']+)["'][^>]*>([\s\S]*?)<\/a>|(https?:\/\/[^\s<>"']+)/gi;

/** Return the element of `message`; `hand` says what taps lead to: open(url), look(picture), find(place), choose(choice). */
export function drawn(message, hand) {
  if (message.kind === "notice") return withText(copyOf("notice-line"), message.text);
  if (message.kind === "template") return card(message, hand.open);
  if (message.kind === "news") return news(message.articles[0], hand.open);
  const row = copyOf(message.from === "phone" ? "said" : "told");
  const bubble = row.querySelector(".bubble");
  const draw = DRAWN[message.kind];
  if (draw) bubble.replaceWith(draw(message, hand));
  else bubble.append(...linked(message.text, message.from !== "phone", hand.open));
  return row;
}

/** Return the line of a chat list that stands for `message`. */
export function summary(message) {
  if (message.kind === "template") return `${words.template} ${message.title}`;
  if (message.kind === "news") return `${words.news} ${message.articles[0].title}`;
  if (message.kind === "image") return words.image;
  if (message.kind === "voice") return words.voice;
  if (message.kind === "location") return `${words.place} ${message.label}`.trim();
  if (message.kind === "menu") return message.head;
  if (message.kind === "miniprogram") return `${words.mini_line} ${message.title}`;
  return message.text.replace(/<[^>]+>/g, "");
}

const DRAWN = {
  image(message, hand) {
    const element = copyOf("picture");
    part(element, "picture").src = message.picture;
    element.addEventListener("click", () => hand.look(message.picture));
    return element;
  },
  /** A voice is as long as its words take to say; what it says stands below, as 转文字 shows it. */
  voice(message) {
    const element = copyOf("voice");
    put(element, "length", `${Math.max(1, Math.ceil(message.text.length / LETTERS_A_SECOND))}″`);
    put(element, "heard", message.text).hidden = !message.text;
    return element;
  },
  location(message, hand) {
    const element = copyOf("place");
    put(element, "name", message.label || words.here);
    drawMap(part(element, "canvas"), message);
    element.addEventListener("click", () => hand.find({ ...message, name: message.label }));
    return element;
  },
  menu(message, hand) {
    const element = copyOf("choices");
    put(element, "head", message.head).hidden = !message.head;
    part(element, "choices").append(...message.choices.map((choice) => {
      const one = button(choice.text, () => hand.choose(choice));
      one.className = "bubble-link";
      return one;
    }));
    put(element, "tail", message.tail).hidden = !message.tail;
    return element;
  },
  miniprogram(message) {
    const element = copyOf("mini");
    put(element, "app", message.appid);
    put(element, "title", message.title);
    element.title = message.pagepath;
    const picture = part(element, "picture");
    picture.src = message.picture;
    picture.hidden = !message.picture;
    return element;
  },
};

function withText(element, text) {
  element.textContent = text;
  return element;
}

function card(message, open) {
  const element = copyOf("card");
  put(element, "title", message.title);
  const list = part(element, "fields");
  for (const field of message.fields) {
    list.append(withText(document.createElement("dt"), field.label), withText(document.createElement("dd"), field.value));
  }
  if (message.url || message.miniprogram) {
    const foot = part(element, "open");
    foot.hidden = false;
    // A mini program goes before an address; here it can only be named.
    const mini = message.miniprogram;
    foot.addEventListener("click", () => (mini ? toast(`${words.mini_line} ${mini.appid} ${mini.pagepath ?? ""}`) : open(message.url)));
  }
  return element;
}

function news(article, open) {
  const element = copyOf("news");
  put(element, "title", article.title);
  put(element, "description", article.description);
  if (article.picture) {
    const picture = part(element, "picture");
    picture.src = article.picture;
    picture.hidden = false;
  }
  element.addEventListener("click", () => open(article.url));
  return element;
}

/** Split `text` into plain pieces and links; an account may write <a href>, a person may not. */
function linked(text, mayLink, open) {
  const pieces = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const [whole, href, label, bare] = match;
    if (href && !mayLink) continue;
    pieces.push(text.slice(end, match.index), link(href ?? bare, label ?? bare, open));
    end = match.index + whole.length;
  }
  pieces.push(text.slice(end));
  return pieces;
}

function link(url, label, open) {
  const made = button(label.replace(/<[^>]+>/g, ""), () => open(url));
  made.className = "bubble-link";
  return made;
}
