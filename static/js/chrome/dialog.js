// Dialogs and bottom sheets over the browser's own <dialog>: it makes the rest inert and closes on Esc;
// we keep Tab inside, never focus the destructive act first, and give the focus back.
//
// [data-dialog-open="#id"] opens; [data-dialog-close] closes; <dialog data-dialog-auto> opens when it
// arrives; data-dialog-strict ignores a press beside it.

const FOCUSABLE = 'a[href], button:not(:disabled), input:not([type="hidden"]):not(:disabled), select, textarea, summary, [tabindex="0"]';

/** Open `box`; the focus goes to [autofocus], else the first field, else its title. */
export function openDialog(box) {
  if (!box || box.open) return;
  box.returnTo = document.activeElement;
  box.showModal();
  const first = box.querySelector("[autofocus]")
    || box.querySelector("input:not([type=hidden]), textarea, select")
    || box.querySelector(".ui-dialog-title");
  first?.focus();
}

/** Close `box` and give the focus back to what opened it. */
export function closeDialog(box) {
  if (box?.open) box.close();
}

function keepInside(event) {
  const box = event.target.closest?.("dialog[open]");
  if (event.key !== "Tab" || !box) return;
  const stops = [...box.querySelectorAll(FOCUSABLE)].filter((each) => each.checkVisibility?.() ?? true);
  if (!stops.length) return;
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  const outside = !stops.includes(document.activeElement);
  if (document.activeElement !== edge && !(outside && event.shiftKey)) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0]).focus();
}

function pressed(event) {
  const opener = event.target.closest?.("[data-dialog-open]");
  if (opener) {
    event.preventDefault();
    openDialog(document.querySelector(opener.dataset.dialogOpen));
    return;
  }
  const closer = event.target.closest?.("[data-dialog-close]");
  if (closer) { event.preventDefault(); closeDialog(closer.closest("dialog")); return; }
  if (event.target.tagName === "DIALOG" && !("dialogStrict" in event.target.dataset) && beside(event)) closeDialog(event.target);
}

function beside(event) {
  const edge = event.target.getBoundingClientRect();
  return event.clientX < edge.left || event.clientX > edge.right || event.clientY < edge.top || event.clientY > edge.bottom;
}

function openArrived(root) {
  const found = root.matches?.("dialog[data-dialog-auto]") ? [root] : root.querySelectorAll("dialog[data-dialog-auto]");
  for (const box of found) openDialog(box);
}

document.addEventListener("click", pressed);
document.addEventListener("keydown", keepInside);
document.addEventListener("close", (event) => {
  const back = event.target.returnTo;
  if (back?.isConnected) back.focus();
}, true);
document.addEventListener("htmx:load", (event) => openArrived(event.target));
document.addEventListener("doorbell:done", (event) => closeDialog(event.target.closest?.("dialog[open]") || document.querySelector("dialog[open]")));
openArrived(document.body);
