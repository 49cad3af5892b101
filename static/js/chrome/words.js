// The page's own translations and the server's clock: what every other module needs first.

const words = JSON.parse(document.getElementById("words")?.textContent || "{}");

/** Return the sentence for `key`; `{n}` in it becomes `n`. */
export function say(key, n) {
  return (words[key] || key).replace("{n}", n);
}

const serverNow = document.querySelector('meta[name="server-now"]')?.content;
let offsetMs = serverNow ? Date.parse(serverNow) - Date.now() : 0;

/** Milliseconds since 1970 by the server's business clock. */
export function now() {
  return Date.now() + offsetMs;
}

/** Set our offset from an instant the server has just told (ISO 8601). */
export function heardTime(iso) {
  const instant = Date.parse(iso);
  if (!Number.isNaN(instant)) offsetMs = instant - Date.now();
}

/** Speak to screen readers without showing anything. */
export function announce(text) {
  const line = document.getElementById("announcer");
  if (!line) return;
  line.textContent = "";
  requestAnimationFrame(() => { line.textContent = text; });
}

/** "12 秒前" for a number of seconds. */
export function ageWords(seconds) {
  if (seconds < 2) return say("age_now");
  if (seconds < 60) return say("age_seconds", Math.floor(seconds));
  if (seconds < 3600) return say("age_minutes", Math.floor(seconds / 60));
  return say("age_hours", Math.floor(seconds / 3600));
}

/** "9:42", or "1:05:09" from an hour on; never below 0:00. */
export function clockFace(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const tail = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${tail}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${tail}`;
}

/** The headers that a write of ours must carry; a press that is repeated keeps its key. */
export function writeHeaders(key) {
  return { "X-CSRF-Token": document.querySelector('meta[name="csrf-token"]')?.content || "", "Idempotency-Key": key };
}
