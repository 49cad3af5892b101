// One booking: the arrival stays in sight when scrolled, and a value that has changed fades in.

const known = new Map();
let watcher = null;

function watchAnswer() {
  watcher?.disconnect();
  const strip = document.getElementById("sticky-eta");
  const answer = document.querySelector("#answer .eta");
  if (!strip || !answer) return;
  watcher = new IntersectionObserver(([seen]) => {
    strip.hidden = seen.isIntersecting || seen.boundingClientRect.top > 0;
  });
  watcher.observe(answer);
}

function freshen() {
  for (const value of document.querySelectorAll("[data-fresh]")) {
    const text = value.textContent.trim();
    const before = known.get(value.dataset.fresh);
    value.classList.toggle("is-fresh", before !== undefined && before !== text);
    known.set(value.dataset.fresh, text);
  }
}

function arrived() {
  watchAnswer();
  freshen();
}

document.addEventListener("htmx:afterSettle", arrived);
arrived();
