// A call that was recorded is dialled at once: the link that came with the answer, pressed for him.

document.addEventListener("htmx:load", (event) => {
  const link = event.target.querySelector?.("a[data-dial]");
  if (link) link.click();
});
