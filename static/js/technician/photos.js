// Photos go up one by one in pieces, each with its progress. One that was cut asks how much of it has
// arrived and goes on from there, by itself while it is a matter of the network; one that fails stays here
// with its reason and a retry. One out of WeChat's album goes to WeChat, and our server fetches it there.
//
// Large ones are drawn smaller on the phone first: a mobile network and 8 MB do not go together. The
// queue and the failures keep their place while the page around them is swapped (hx-preserve).

import { newKey } from "../chrome/once.js";
import { toast } from "../chrome/toast.js";
import { photos, preview } from "../chrome/wechat.js";
import { announce, writeHeaders } from "../chrome/words.js";

const BYTES_MAX = 8 * 1024 * 1024;
const SMALL_BYTES = 1.5 * 1024 * 1024;
const SIDE_PX_MAX = 2048;
const QUALITY = 0.85;
const PIECE_BYTES = 256 * 1024;
const TIMEOUT_MS = 60000;
// How long it waits after each cut in a row; a network that comes back is not waited for.
const PAUSES_MS = [1000, 2000, 4000, 8000, 15000, 30000, 30000];

const waiting = [];
let busy = false;

document.addEventListener("change", (event) => {
  if (event.target.id !== "photo-input") return;
  const form = event.target.form;
  for (const file of event.target.files) {
    enqueue({ file, picture: URL.createObjectURL(file), name: nextName(form), words: { ...form.dataset } });
  }
  event.target.value = "";
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-photos]");
  if (!button || button.getAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  const { form } = button;
  try {
    for await (const { localId, serverId } of photos(Number(button.dataset.most))) {
      const picture = await preview(localId);
      enqueue({ mediaId: serverId, to: form.action, picture, name: nextName(form), words: { ...form.dataset } });
    }
  } catch {
    toast(button.dataset.unopened, { tone: "error" });
  }
  button.removeAttribute("aria-busy");
});

// The photo that proves an arrival goes with its form, which then names it.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-door-photo]");
  if (!button) return;
  const { form } = button;
  try {
    const { value: chosen } = await photos(1).next();
    if (!chosen) return;
    form.elements.media_id.value = chosen.serverId;
    form.elements.photo.value = "";
    form.elements.photo.required = false;
    button.nextElementSibling.textContent = button.dataset.done;
  } catch {
    toast(button.dataset.unopened, { tone: "error" });
  }
});

addEventListener("beforeunload", (event) => {
  if (busy || waiting.length) event.preventDefault();
});

function nextName(form) {
  return form.dataset.name.replace("{n}", document.querySelectorAll(".photos > a.photo, .photo-coming").length + 1);
}

function enqueue(photo) {
  photo.tile = newTile(photo);
  document.getElementById("photo-queue").append(photo.tile);
  waiting.push(photo);
  next();
}

async function next() {
  if (busy || !waiting.length) return;
  busy = true;
  const photo = waiting.shift();
  const refusal = await (photo.mediaId ? sendMedia(photo) : send(photo));
  photo.tile.remove();
  if (refusal) fail(photo, refusal);
  else URL.revokeObjectURL(photo.picture);
  busy = false;
  document.body.dispatchEvent(new CustomEvent("doorbell:changed", { detail: { reason: "photo" } }));
  next();
}

/** Have our server fetch one from WeChat; returns as `send` does. */
async function sendMedia(photo) {
  try {
    const answer = await fetch(photo.to, {
      method: "POST",
      // The same again keeps its key.
      headers: { Accept: "application/json", ...writeHeaders((photo.key ??= newKey())) },
      body: new URLSearchParams({ media_id: photo.mediaId }),
    });
    if (answer.ok) return null;
    const { message } = await answer.json();
    return { sentence: message || photo.words.failed, again: answer.status >= 500 };
  } catch {
    return { sentence: photo.words.failed, again: true };
  }
}

/** Send one photo; returns what went wrong as {sentence, again}, or null. */
async function send(photo) {
  try {
    photo.body ||= await smaller(photo.file);
    photo.sha256 ||= await sumOf(photo.body);
  } catch {
    return { sentence: photo.words.failed, again: true };
  }
  if (photo.body.size > BYTES_MAX) return { sentence: photo.words.tooLarge, again: false };
  let from = null;
  let furthest = 0;
  let cuts = 0;
  while (cuts <= PAUSES_MS.length) {
    const { status, answer } = await (from === null ? ask(photo) : sendPiece(photo, from));
    if (answer.kept) return null;
    if (status && status < 300) {
      from = answer.arrived;
      if (from > furthest) [furthest, cuts] = [from, 0];
      told(photo, from, cuts ? photo.words.resumed : "{n}");
    } else if (answer.error === "wrong_offset" || answer.error === "checksum") {
      from = answer.arrived || 0;
      cuts += 1;
    } else if (status && status < 500 && status !== 429) {
      return { sentence: answer.message || photo.words.failed, again: status === 401 };
    } else {
      told(photo, furthest, photo.words.cut);
      announce(`${photo.name}：${filled(photo, furthest, photo.words.cut)}`);
      await networkOr(PAUSES_MS[cuts]);
      from = null;
      cuts += 1;
    }
  }
  return { sentence: filled(photo, furthest, photo.words.stuck), again: true };
}

async function sumOf(body) {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", await body.arrayBuffer()));
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Wait so long, or until the phone has a network again. */
function networkOr(pauseMs) {
  return new Promise((resolve) => {
    addEventListener("online", resolve, { once: true });
    setTimeout(resolve, pauseMs ?? 0);
  });
}

/** Draw a large picture smaller; what this browser cannot draw goes as it is, and the server decides. */
async function smaller(file) {
  if (file.size <= SMALL_BYTES) return file;
  try {
    const picture = await createImageBitmap(file);
    const share = Math.min(1, SIDE_PX_MAX / Math.max(picture.width, picture.height));
    const paper = document.createElement("canvas");
    paper.width = Math.round(picture.width * share);
    paper.height = Math.round(picture.height * share);
    paper.getContext("2d").drawImage(picture, 0, 0, paper.width, paper.height);
    picture.close();
    const drawn = await new Promise((resolve) => { paper.toBlob(resolve, "image/jpeg", QUALITY); });
    return drawn || file;
  } catch {
    return file;
  }
}

/** How much has arrived: {status, answer}, status 0 without a network. */
function ask(photo) {
  return call(photo, "GET", "", null);
}

function sendPiece(photo, from) {
  const piece = photo.body.slice(from, from + PIECE_BYTES, "application/octet-stream");
  return call(photo, "POST", `?begins=${from}&of=${photo.body.size}`, piece, (loaded) => told(photo, from + loaded, "{n}"));
}

function call(photo, method, query, body, progress) {
  return new Promise((resolve) => {
    const made = new XMLHttpRequest();
    made.open(method, photo.words.uploads + photo.sha256 + query);
    made.timeout = TIMEOUT_MS;
    made.setRequestHeader("Accept", "application/json");
    if (body) {
      made.setRequestHeader("Content-Type", "application/octet-stream");
      for (const [name, value] of Object.entries(writeHeaders(newKey()))) made.setRequestHeader(name, value);
      made.upload.addEventListener("progress", (event) => progress(event.loaded));
    }
    made.addEventListener("load", () => resolve({ status: made.status, answer: parsed(made.responseText) }));
    for (const trouble of ["error", "timeout", "abort"]) made.addEventListener(trouble, () => resolve({ status: 0, answer: {} }));
    made.send(body);
  });
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return {}; }
}

function newTile(photo) {
  const tile = document.createElement("figure");
  tile.className = "photo photo-coming";
  const picture = document.createElement("img");
  picture.src = photo.picture;
  picture.alt = photo.name;
  const share = document.createElement("figcaption");
  share.textContent = photo.mediaId ? photo.words.fetching : "0%";
  tile.append(picture, share);
  return tile;
}

/** Show how far it is, in the words given. */
function told(photo, bytes, words) {
  photo.tile.querySelector("figcaption").textContent = filled(photo, bytes, words);
}

function filled(photo, bytes, words) {
  return words.replace("{n}", `${Math.min(100, Math.floor((100 * bytes) / photo.body.size))}%`);
}

function fail(photo, { sentence, again }) {
  const line = document.createElement("li");
  line.setAttribute("role", "alert");
  const words = document.createElement("span");
  words.textContent = `${photo.name}：${sentence}`;
  line.append(words);
  if (again) line.append(lineButton(photo.words.retry, () => { line.remove(); enqueue(photo); }));
  line.append(lineButton(photo.words.drop, () => line.remove()));
  document.getElementById("photo-failures").append(line);
}

function lineButton(label, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "ui-button ui-button-quiet ui-button-56";
  button.textContent = label;
  button.addEventListener("click", act);
  return button;
}
