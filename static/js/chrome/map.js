// One map: our schematic ground (or tiles), pins and routes read from the list of facts beside it.
//
// <div data-map data-facts="#id-facts" data-geojson="…" [data-tiles="https://…/{z}/{x}/{y}.png"]
//      [data-fit="false" data-lat data-lon data-zoom]>
// <li data-pin="id" data-kind="home|technician|stop|unassigned|risk|late" data-lat data-lon [data-text]>label</li>
// <li data-route="new|old|late" data-points="[[lat, lon], …]" hidden></li>
// When the list changes (htmx swaps it), pins glide to their new place in one second.
// Hover and focus link both ways: [data-pin-link="id"] anywhere lights its pin; a pin lights those.

import { drawGround } from "./ground.js";
import { pinElement } from "./pins.js";

const GLIDE_MS = 1000;
const QINGDAO = [36.09, 120.38];
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Draw the map in `box` and keep it true to its list; returns the Leaflet map. */
export function drawMap(box) {
  const leaflet = window.L;
  const map = leaflet.map(box, { zoomControl: false, attributionControl: Boolean(box.dataset.tiles), zoomSnap: 0.25, keyboard: true });
  map.setView([Number(box.dataset.lat) || QINGDAO[0], Number(box.dataset.lon) || QINGDAO[1]], Number(box.dataset.zoom) || 11);
  if (box.dataset.tiles) leaflet.tileLayer(box.dataset.tiles, { maxZoom: 18 }).addTo(map);
  else drawGround(map, box.dataset.geojson);
  const scene = { leaflet, map, box, pins: new Map(), routes: leaflet.layerGroup().addTo(map), fitted: false };
  follow(scene);
  tools(scene);
  new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(box);
  box.leafletMap = map;
  return map;
}

function follow(scene) {
  const list = document.querySelector(scene.box.dataset.facts);
  if (!list) return;
  const read = () => { drawRoutes(scene, list); drawPins(scene, list); fit(scene); };
  read();
  new MutationObserver(read).observe(list, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-lat", "data-lon", "data-kind"] });
}

function drawPins(scene, list) {
  const told = new Set();
  for (const fact of list.querySelectorAll("[data-pin]")) {
    told.add(fact.dataset.pin);
    const place = [Number(fact.dataset.lat), Number(fact.dataset.lon)];
    const old = scene.pins.get(fact.dataset.pin);
    const look = `${fact.dataset.kind} ${fact.dataset.text || ""}`;
    if (old && old.look === look) glide(old, place);
    else { old?.marker.remove(); scene.pins.set(fact.dataset.pin, newPin(scene, fact, place, look)); }
  }
  for (const [id, pin] of scene.pins) if (!told.has(id)) { pin.marker.remove(); scene.pins.delete(id); }
}

function newPin(scene, fact, place, look) {
  const { element, size, anchor } = pinElement(fact.dataset.kind, fact.dataset.text || "");
  const icon = scene.leaflet.divIcon({ html: element, className: "", iconSize: size, iconAnchor: anchor });
  const label = fact.textContent.trim();
  const marker = scene.leaflet.marker(place, { icon, title: label, alt: label, keyboard: Boolean(fact.querySelector("a")), zIndexOffset: { home: 300, late: 400, risk: 200, technician: 100 }[fact.dataset.kind] || 0 });
  marker.on("click", () => fact.querySelector("a")?.click());
  marker.on("mouseover mouseout", (event) => lightLinks(fact.dataset.pin, event.type === "mouseover"));
  marker.addTo(scene.map);
  return { marker, look, element };
}

function glide(pin, to) {
  const from = pin.marker.getLatLng();
  cancelAnimationFrame(pin.frame);
  if ((from.lat === to[0] && from.lng === to[1]) || still.matches) { pin.marker.setLatLng(to); return; }
  const begun = performance.now();
  const move = (instant) => {
    const share = Math.min(1, (instant - begun) / GLIDE_MS);
    pin.marker.setLatLng([from.lat + (to[0] - from.lat) * share, from.lng + (to[1] - from.lng) * share]);
    if (share < 1) pin.frame = requestAnimationFrame(move);
  };
  pin.frame = requestAnimationFrame(move);
}

function drawRoutes(scene, list) {
  scene.routes.clearLayers();
  for (const fact of list.querySelectorAll("[data-route]")) {
    const points = JSON.parse(fact.dataset.points);
    const kind = fact.dataset.route;
    scene.leaflet.polyline(points, { className: `map-route map-route-${kind}`, interactive: false }).addTo(scene.routes);
  }
}

/** Show everything once; after that the view belongs to the hand on it. */
function fit(scene) {
  if (scene.fitted || scene.box.dataset.fit === "false" || !scene.pins.size) return;
  scene.fitted = true;
  showAll(scene);
}

function showAll(scene) {
  const places = [...scene.pins.values()].map((pin) => pin.marker.getLatLng());
  scene.routes.eachLayer((route) => places.push(...route.getLatLngs()));
  if (places.length) scene.map.fitBounds(scene.leaflet.latLngBounds(places), { padding: [36, 36], maxZoom: 14, animate: false });
}

/** Buttons elsewhere on the page: [data-map-tool="in|out|all"][data-map-of="#id"]. */
function tools(scene) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-map-tool]");
    if (!button || button.dataset.mapOf !== `#${scene.box.id}`) return;
    if (button.dataset.mapTool === "in") scene.map.zoomIn();
    if (button.dataset.mapTool === "out") scene.map.zoomOut();
    if (button.dataset.mapTool === "all") showAll(scene);
  });
  for (const [name, lit] of [["pointerover", true], ["focusin", true], ["pointerout", false], ["focusout", false]]) {
    document.addEventListener(name, (event) => {
      const link = event.target.closest?.("[data-pin-link]");
      if (link) scene.pins.get(link.dataset.pinLink)?.element.classList.toggle("is-lit", lit);
    });
  }
}

function lightLinks(id, lit) {
  for (const link of document.querySelectorAll(`[data-pin-link="${CSS.escape(id)}"]`)) link.classList.toggle("is-lit", lit);
}
