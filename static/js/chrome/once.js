// One key a press: a call that changes something and is sent again after its answer was lost keeps its
// key, and so counts once. Forms carry theirs in a hidden field; everything else gets one here. Whoever
// comes back to a form and sends something else presses anew, and so does who takes a file once more.

const FIELD = "idempotency_key";
const HEADER = "Idempotency-Key";
const pressed = new WeakMap();

/** A random UUID; browsers offer randomUUID only where they trust the page's origin. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// Before htmx and the browser read the form: a page that the back button brings has its old key.
document.addEventListener("submit", (event) => {
  const field = event.target.querySelector(`input[name="${FIELD}"]`);
  if (!field) return;
  const formData = new FormData(event.target, event.submitter);
  formData.delete(FIELD);
  const content = String(new URLSearchParams(texts(formData)));
  const before = pressed.get(event.target);
  if (before && (before.content !== content || event.target.matches("[data-download]"))) field.value = newKey();
  pressed.set(event.target, { content });
}, true);

document.addEventListener("htmx:configRequest", (event) => {
  const { verb, elt, path, formData, headers, triggeringEvent } = event.detail;
  if (verb === "get") return;
  if (formData.get(FIELD)) {
    // A form that is sent by a change of its boxes: two quick ticks are two presses.
    if (triggeringEvent?.type !== "submit") renew(elt, formData);
    return;
  }
  const content = `${verb} ${path} ${new URLSearchParams(texts(formData))}`;
  const before = pressed.get(elt);
  const key = before?.content === content ? before.key : newKey();
  pressed.set(elt, { content, key });
  headers[HEADER] = key;
});

function renew(form, formData) {
  const content = String(new URLSearchParams(texts(formData).filter(([name]) => name !== FIELD)));
  const before = pressed.get(form);
  if (before && before.content !== content) {
    const field = form.querySelector(`input[name="${FIELD}"]`);
    field.value = newKey();
    formData.set(FIELD, field.value);
  }
  pressed.set(form, { content });
}

function texts(formData) {
  return [...formData].map(([name, value]) => [name, typeof value === "string" ? value : value.name]);
}

// An answer ends the press, whatever it says; silence and a fault on the way do not.
document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr, requestConfig } = event.detail;
  if (!xhr.status || xhr.status >= 500 || requestConfig?.verb === "get") return;
  pressed.delete(elt);
  const form = elt.matches("form, button") ? elt.closest("form") : null;
  const field = form?.querySelector(`input[name="${FIELD}"]`);
  if (field) field.value = newKey();
});
