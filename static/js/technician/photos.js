// Photos go up one by one, each with its progress; one that fails stays here with its reason and a retry.
//
// Large ones are drawn smaller on the phone first: a mobile network and 8 MB do not go together. The
// queue and the failures keep their place while the page around them is swapped (hx-preserve).

import { newKey } from "../chrome/once.js";
import { writeHeaders } from "../chrome/words.js";

const BYTES_MAX = 8 * 1024 * 1024;
const SMALL_BYTES = 1.5 * 1024 * 1024;
const SIDE_PX_MAX = 2048;
const QUALITY = 0.85;
const TIMEOUT_MS = 120000;

const waiting = [];
let busy = false;

document.addEventListener("change", (event) => {
  if (event.target.id !== "photo-input") return;
  const form = event.target.form;
  for (const file of event.target.files) enqueue({ file, key: newKey(), name: nextName(form), address: form.action, words: { ...form.dataset } });
  event.target.value = "";
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
  const refusal = await send(photo);
  drop(photo.tile);
  if (refusal) fail(photo, refusal);
  busy = false;
  document.body.dispatchEvent(new CustomEvent("doorbell:changed", { detail: { reason: "photo" } }));
  next();
}

/** Send one photo; returns what went wrong as {sentence, again}, or null. */
async function send(photo) {
  const body = await smaller(photo.file);
  if (body.size > BYTES_MAX) return { sentence: photo.words.tooLarge, again: false };
  const form = new FormData();
  form.append("photo", body, "photo.jpg");
  try {
    const { status, answer } = await upload(photo, form);
    if (status < 300) return null;
    return { sentence: answer.message || photo.words.failed, again: status >= 500 || status === 401 || status === 429 };
  } catch {
    return { sentence: photo.words.failed, again: true };
  }
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

function upload(photo, form) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", photo.address);
    call.timeout = TIMEOUT_MS;
    call.setRequestHeader("Accept", "application/json");
    for (const [name, value] of Object.entries(writeHeaders(photo.key))) call.setRequestHeader(name, value);
    call.upload.addEventListener("progress", (event) => { if (event.lengthComputable) told(photo.tile, event.loaded / event.total); });
    call.addEventListener("load", () => resolve({ status: call.status, answer: parsed(call.responseText) }));
    for (const trouble of ["error", "timeout", "abort"]) call.addEventListener(trouble, reject);
    call.send(form);
  });
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return {}; }
}

function newTile(photo) {
  const tile = document.createElement("figure");
  tile.className = "photo photo-coming";
  const picture = document.createElement("img");
  picture.src = URL.createObjectURL(photo.file);
  picture.alt = photo.name;
  const share = document.createElement("figcaption");
  share.textContent = "0%";
  tile.append(picture, share);
  return tile;
}

function told(tile, share) {
  tile.querySelector("figcaption").textContent = `${Math.floor(share * 100)}%`;
}

function drop(tile) {
  URL.revokeObjectURL(tile.querySelector("img").src);
  tile.remove();
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
