// The control interface (docs/sandbox.md), the only way in which this page changes anything.

import { toast, words } from "./dom.js";

const HEADERS = { "Content-Type": "application/json", "X-Sandbox": "1" };

/** POST `body` (a Blob as it is) to /control/PATH and return the answer; on a refusal say its sentence and return null. */
export async function act(path, body = {}, method = "POST", say = toast) {
  try {
    const isFile = body instanceof Blob;
    const headers = isFile ? { ...HEADERS, "Content-Type": body.type } : HEADERS;
    const response = await fetch(`/control/${path}`, { method, headers, body: isFile ? body : JSON.stringify(body) });
    const answer = await response.json();
    if (response.ok) return answer;
    say(answer.sentence ?? words.offline);
  } catch {
    say(words.offline);
  }
  return null;
}

/** GET /control/PATH. Throws when the sandbox does not answer. */
export async function look(path, query = {}) {
  const response = await fetch(`/control/${path}?${new URLSearchParams(query)}`);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}
