// The schematic ground: our own GeoJSON of coast, districts, roads and places. Colours come from the
// style sheet by class, so dark mode needs no redrawing.

const WIDTHS = { expressway: [5, 2.5], motorway: [5, 2.5], trunk: [5, 2.5], primary: [4.5, 2.5], secondary: [3.5, 2] };
const NAMES_FROM_ZOOM = { district: 9, town: 11, place: 11.5, street: 12.5 };

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
  const pane = map.getPane("ground") || map.createPane("ground");
  pane.style.zIndex = 150;
  const renderer = window.L.svg({ pane: "ground", padding: 0.6 });
  for (const layer of ["coast", "green", "district", "road"]) drawLayer(map, ground, layer, renderer);
  drawNames(map, ground);
}

/** The layer a feature belongs to: told by `layer`, else by `kind`. */
function layerOf(feature) {
  const { layer, kind } = feature.properties;
  const word = layer || kind || "";
  if (["coast", "land", "island", "coastline"].includes(word)) return "coast";
  if (["green", "park", "mountain", "hill"].includes(word)) return "green";
  if (word === "district") return "district";
  if (word.includes("road") || word in WIDTHS) return "road";
  return "place";
}

function drawLayer(map, ground, layer, renderer) {
  const features = ground.features.filter((feature) => layerOf(feature) === layer && feature.geometry.type !== "Point");
  const draw = (style) => window.L.geoJSON(features, { style, interactive: false, pane: "ground", renderer }).addTo(map);
  if (layer === "coast") draw({ className: "map-land", weight: 1, fillOpacity: 1 });
  if (layer === "green") draw({ className: "map-green", weight: 0, fillOpacity: 1 });
  if (layer === "district") draw({ className: "map-district", weight: 1, fill: false });
  if (layer !== "road") return;
  draw((feature) => ({ className: "map-road-under", weight: widthOf(feature)[0], fill: false }));
  draw((feature) => ({ className: "map-road", weight: widthOf(feature)[1], fill: false }));
}

function widthOf(feature) {
  return WIDTHS[feature.properties.class] || WIDTHS[feature.properties.kind] || WIDTHS.primary;
}

function drawNames(map, ground) {
  const names = ground.features
    .filter((feature) => feature.geometry.type === "Point" && feature.properties.name)
    .map((feature) => ({ feature, from: NAMES_FROM_ZOOM[feature.properties.kind] || NAMES_FROM_ZOOM.place, label: nameLabel(feature) }));
  const choose = () => {
    for (const { from, label } of names) {
      if (map.getZoom() >= from) label.addTo(map);
      else label.remove();
    }
  };
  map.on("zoomend", choose);
  choose();
}

function nameLabel(feature) {
  const word = document.createElement("span");
  word.textContent = feature.properties.name;
  const [lon, lat] = feature.geometry.coordinates;
  const icon = window.L.divIcon({ html: word, className: `map-place map-place-${feature.properties.kind}`, iconSize: [80, 18] });
  return window.L.marker([lat, lon], { icon, interactive: false, keyboard: false, pane: "ground" });
}
