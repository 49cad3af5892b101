// Small ways with the document: structure and words live in the page's <template>s, never here.

export const facts = JSON.parse(document.getElementById("facts").textContent);
export const words = JSON.parse(document.getElementById("words").textContent);

/** Return a fresh copy of the template's one element. */
export function copyOf(name) {
  return document.getElementById(`t-${name}`).content.firstElementChild.cloneNode(true);
}

/** Return the element marked data-NAME inside `root`. */
export function part(root, name) {
  return root.querySelector(`[data-${name}]`);
}

/** Put `text` into the element marked data-NAME inside `root`; touch nothing when it stands there. */
export function put(root, name, text) {
  const element = part(root, name);
  if (element.textContent !== String(text)) element.textContent = text;
  return element;
}

/** Return `pattern` with its {names} filled in. */
export function fill(pattern, values) {
  return pattern.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

let toastTimer = 0;

/** Say something at the foot of the page for four seconds. */
export function toast(text) {
  const element = part(document.body, "toast");
  element.textContent = text;
  element.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { element.hidden = true; }, 4000);
}
