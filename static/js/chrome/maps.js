// Fetches Leaflet and our map only on pages that show one.

const VENDOR = new URL("../../vendor/", import.meta.url);
let ready = null;

function fetchLeaflet() {
  ready ??= new Promise((resolve, reject) => {
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = new URL("leaflet.css", VENDOR);
    document.head.prepend(sheet);
    const script = document.createElement("script");
    script.src = new URL("leaflet.js", VENDOR);
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
  return ready;
}

/** Draw every [data-map] in the page now and in each fragment that arrives later. */
export async function loadMaps() {
  document.addEventListener("htmx:load", drawAll);
  await drawAll();
}

async function drawAll() {
  const boxes = [...document.querySelectorAll("[data-map]:not([data-drawn])")];
  if (!boxes.length) return;
  for (const box of boxes) box.dataset.drawn = "";
  await fetchLeaflet();
  const { drawMap } = await import("./map.js");
  for (const box of boxes) drawMap(box);
}
