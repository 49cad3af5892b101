// The schematic ground: our own GeoJSON of sea, land, districts, parks, roads and places. Colours come
// from the style sheet by class, so that dark mode needs no redrawing.
//
// Features say `kind` (sea, land, park, district, road, place) and `name`; roads have a `rank`
// (1 main), districts a `label` [lon, lat] for their name, places a `sort`.

const ROAD_FROM_ZOOM = { 1: 0, 2: 11.5, 3: 12.75 };
const ROAD_WIDTHS = { 1: [5, 3], 2: [4, 2.4], 3: [3, 1.8] };
const NAME_FROM_ZOOM = { district: 10.5, water: 9, peak: 11, landmark: 13, station: 12.5 };
const OTHER_NAMES_FROM_ZOOM = 12.5;

/** Fetch `address` and draw it under everything else; a map without ground still shows its pins. */
export async function drawGround(map, address) {
  if (!address) return;
  let ground;
  try {
    const answer = await fetch(address);
    if (!answer.ok) return;
    ground = await answer.json();
  } catch {
    return;
  }
  const pane = map.createPane("ground");
  pane.style.zIndex = 150;
  const paper = { map, features: ground.features, renderer: window.L.svg({ pane: "ground", padding: 0.5 }) };
  drawAreas(paper);
  drawRoads(paper);
  drawNames(paper);
}

function shapes(paper, kind, style) {
  const features = paper.features.filter((feature) => feature.properties.kind === kind);
  return window.L.geoJSON(features, { style, interactive: false, pane: "ground", renderer: paper.renderer });
}

function drawAreas(paper) {
  shapes(paper, "land", { className: "map-land", weight: 1, fillOpacity: 1 }).addTo(paper.map);
  shapes(paper, "park", { className: "map-green", weight: 0, fillOpacity: 1 }).addTo(paper.map);
  shapes(paper, "district", { className: "map-district", weight: 1, fill: false }).addTo(paper.map);
}

/** Lesser roads come with nearness, so that a city seen whole stays calm. Edges lie under all fillings. */
function drawRoads(paper) {
  const edges = shapes(paper, "road", (road) => line("map-road-under", widths(road)[0]));
  const fillings = shapes(paper, "road", (road) => line("map-road", widths(road)[1]));
  const layers = [...edges.getLayers(), ...fillings.getLayers()];
  whenZoomed(paper.map, layers.map((layer) => [layer, ROAD_FROM_ZOOM[layer.feature.properties.rank] ?? 0]));
}

function line(className, weight) {
  return { className, weight, fill: false, lineCap: "round", lineJoin: "round" };
}

function widths(road) {
  return ROAD_WIDTHS[road.properties.rank] || ROAD_WIDTHS[2];
}

function drawNames(paper) {
  const named = paper.features.filter(({ properties }) => properties.kind === "place" || (properties.kind === "district" && properties.label));
  whenZoomed(paper.map, named.map((feature) => [nameLabel(feature), NAME_FROM_ZOOM[sortOf(feature)] ?? OTHER_NAMES_FROM_ZOOM]));
}

function sortOf({ properties }) {
  return properties.kind === "district" ? "district" : properties.sort;
}

function nameLabel(feature) {
  const word = document.createElement("span");
  word.textContent = feature.properties.name;
  const [lon, lat] = feature.properties.label || feature.geometry.coordinates;
  const icon = window.L.divIcon({ html: word, className: `map-place map-place-${sortOf(feature)}`, iconSize: [80, 18] });
  return window.L.marker([lat, lon], { icon, interactive: false, keyboard: false, pane: "ground" });
}

/** Keep each of the [layer, from zoom] pairs on the map only from its zoom on. */
function whenZoomed(map, pairs) {
  const choose = () => {
    for (const [layer, from] of pairs) {
      if (map.getZoom() >= from) layer.addTo(map);
      else layer.remove();
    }
  };
  map.on("zoomend", choose);
  choose();
}
