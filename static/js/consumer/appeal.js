// The appeal: the count under the story, and a chosen picture that has gone up already is not sent again.

for (const box of document.querySelectorAll("[data-counted]")) {
  const shown = document.querySelector(box.dataset.counted);
  box.addEventListener("input", () => { shown.textContent = `${[...box.value.trim()].length}/${box.dataset.most}`; });
}

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.matches?.("[data-picture]")) event.target.value = "";
});
