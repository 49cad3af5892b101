// Business time as people read it, always in Shanghai whatever the computer's zone.

import { fill, words } from "./dom.js";

const SHANGHAI_AHEAD_MS = 8 * 3600 * 1000;
const DAY_MS = 86400 * 1000;

/** Return the parts of an instant given in seconds since 1970. */
function parts(at_s) {
  const shifted = new Date(at_s * 1000 + SHANGHAI_AHEAD_MS);
  const two = (n) => String(n).padStart(2, "0");
  return {
    year: shifted.getUTCFullYear(),
    month: shifted.getUTCMonth() + 1,
    day: shifted.getUTCDate(),
    weekday: words.weekdays[shifted.getUTCDay()],
    minute: `${two(shifted.getUTCHours())}:${two(shifted.getUTCMinutes())}`,
    second: two(shifted.getUTCSeconds()),
    dayNumber: Math.floor(shifted.getTime() / DAY_MS),
  };
}

/** 19:02 */
export const minute = (at_s) => parts(at_s).minute;

/** 19:02:11 */
export function second(at_s) {
  const at = parts(at_s);
  return `${at.minute}:${at.second}`;
}

/** 11月25日 周三 19:02 */
export function full(at_s) {
  const at = parts(at_s);
  return `${fill(words.day, at)} ${at.weekday} ${at.minute}`;
}

/** As a chat writes it: 18:35, 昨天 18:35, 周一 18:35, 11月20日 18:35, with the year when it is another. */
export function chatTime(at_s, now_s) {
  const at = parts(at_s);
  const now = parts(now_s);
  const ago = now.dayNumber - at.dayNumber;
  if (ago === 0) return at.minute;
  if (ago === 1) return `${words.yesterday} ${at.minute}`;
  if (ago > 1 && ago < 7) return `${at.weekday} ${at.minute}`;
  const year = at.year === now.year ? "" : fill(words.year, at);
  return `${year}${fill(words.day, at)} ${at.minute}`;
}

/** 41 毫秒, 6.0 秒 */
export function length(ms) {
  return ms < 1000 ? fill(words.ms, { n: ms }) : fill(words.seconds, { n: (ms / 1000).toFixed(1) });
}

/** ¥1,240.00 */
export function yuan(fen) {
  return `¥${(fen / 100).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}
