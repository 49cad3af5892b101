// A call that was recorded is dialled at once: the link that came with the answer, pressed for him.

const SETTLED_MS = 200;

document.addEventListener("htmx:load", (event) => {
  const link = event.target.querySelector?.("a[data-dial]");
  // Once the page is settled: going elsewhere, even to the phone's dialler, stops what is under way.
  if (link) setTimeout(() => link.click(), SETTLED_MS);
});
