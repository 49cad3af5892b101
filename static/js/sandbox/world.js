// What the sandbox knows, followed by short polling: everything new since the last look.

import { look } from "./control.js";

const POLL_MS = 600;
const HIDDEN_POLL_MS = 5000;
const LOG_KEPT = 1000;
const MESSAGES_KEPT = 400;

export const world = {
  phones: [], messages: new Map(), log: [], logCount: 0, codes: [], payments: [], menu: null, granted: {}, faults: [],
  isOnline: true,
  now_s: () => (nowAtLook_ms + performance.now() - lookedAt_ms) / 1000,
};

let nowAtLook_ms = Date.now();
let lookedAt_ms = performance.now();
let revision = -1;
let lastMessage = 0;
let lastLog = 0;
let timer = 0;
let isLooking = false;
let wantsAgain = false;
const listeners = [];

/** Call `listener(world)` after each change. */
export function onChange(listener) {
  listeners.push(listener);
}

/** Look now, and go on looking. Looks never overlap; one asked for meanwhile follows at once. */
export async function follow() {
  if (isLooking) { wantsAgain = true; return; }
  isLooking = true;
  clearTimeout(timer);
  try {
    take(await look("changes", { revision, message: lastMessage, log: lastLog }));
  } catch {
    if (world.isOnline) { world.isOnline = false; tell(); }
  }
  isLooking = false;
  const wait_ms = wantsAgain ? 0 : document.hidden ? HIDDEN_POLL_MS : POLL_MS;
  wantsAgain = false;
  timer = setTimeout(follow, wait_ms);
}

function take(news) {
  nowAtLook_ms = Date.parse(news.clock.now);
  lookedAt_ms = performance.now();
  const wasOnline = world.isOnline;
  world.isOnline = true;
  if (news.revision < revision) location.reload();
  if (news.phones) {
    revision = news.revision;
    Object.assign(world, { phones: news.phones, codes: news.codes, payments: news.payments, menu: news.menu, granted: news.granted, faults: news.faults, logCount: news.log_count });
    news.messages.forEach(keepMessage);
    news.log.forEach(keepLine);
  }
  if (news.phones || !wasOnline) tell();
}

function keepMessage(message) {
  const kept = world.messages.get(message.phone) ?? [];
  if (message.id <= (kept.at(-1)?.id ?? 0)) return;
  kept.push(message);
  if (kept.length > MESSAGES_KEPT) kept.shift();
  world.messages.set(message.phone, kept);
  lastMessage = Math.max(lastMessage, message.id);
}

function keepLine(line) {
  if (line.id <= lastLog) return;
  world.log.push(line);
  if (world.log.length > LOG_KEPT) world.log.shift();
  lastLog = line.id;
}

function tell() {
  listeners.forEach((listener) => listener(world));
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) follow(); });
