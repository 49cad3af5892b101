// One message of a chat as WeChat draws it.

import { copyOf, part, put } from "./dom.js";

const LINK = /<a\s+[^>]*href=["']([^"']+)["'][^>]*>([\s\S]*?)<\/a>|(https?:\/\/[^\s<>"']+)/gi;

/** Return the element of `message`; `open(url)` opens a page on the phone. */
export function drawn(message, open) {
  if (message.kind === "notice") return withText(copyOf("notice-line"), message.text);
  if (message.kind === "template") return card(message, open);
  if (message.kind === "news") return news(message.articles[0], open);
  const bubble = copyOf(message.from === "phone" ? "said" : "told");
  bubble.querySelector(".bubble").append(...linked(message.text, message.from !== "phone", open));
  return bubble;
}

/** Return the line of a chat list that stands for `message`. */
export function summary(message, words) {
  if (message.kind === "template") return `${words.template} ${message.title}`;
  if (message.kind === "news") return `${words.news} ${message.articles[0].title}`;
  return message.text.replace(/<[^>]+>/g, "");
}

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
  const target = message.url || (message.miniprogram && message.miniprogram.pagepath);
  if (target) {
    const foot = part(element, "open");
    foot.hidden = false;
    foot.addEventListener("click", () => open(message.url));
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
  const button = document.createElement("button");
  button.type = "button";
  button.className = "bubble-link";
  button.textContent = label.replace(/<[^>]+>/g, "");
  button.addEventListener("click", () => open(url));
  return button;
}
