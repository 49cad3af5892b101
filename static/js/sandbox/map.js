// A map that is only drawn: the same place looks the same, and nothing is fetched from anywhere.

const STEP_PX = 170;
// Pixels to a degree; enough that the next compound is another picture.
const SCALE = 60000;
const LIGHT = { road: "#ffffff", block: "#f0ece4", houses: "#e4ddd1", park: "#d3e8c9" };
const DARK = { road: "#3a444c", block: "#232a30", houses: "#2d363d", park: "#26382d" };

/** Draw streets around `place` on the canvas, the place in its middle. */
export function drawMap(canvas, place) {
  const pen = canvas.getContext("2d");
  const colours = matchMedia("(prefers-color-scheme: dark)").matches ? DARK : LIGHT;
  const left = Math.round(Number(place.longitude) * SCALE) - canvas.width / 2;
  const top = Math.round(-Number(place.latitude) * SCALE) - canvas.height / 2;
  pen.fillStyle = colours.road;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  for (const [column, x, wide] of between(left, canvas.width, 1)) {
    for (const [row, y, high] of between(top, canvas.height, 2)) block(pen, colours, chance(column, row), [x, y, wide, high]);
  }
}

function block(pen, colours, kind, [x, y, wide, high]) {
  pen.fillStyle = kind < 0.08 ? colours.park : colours.block;
  pen.beginPath();
  if (pen.roundRect) pen.roundRect(x, y, wide, high, 8);
  else pen.rect(x, y, wide, high);
  pen.fill();
  if (kind < 0.2) return;
  pen.fillStyle = colours.houses;
  const rows = 2 + Math.floor(kind * 3);
  const deep = (high - 24) / rows;
  for (let row = 0; row < rows; row += 1) pen.fillRect(x + 16, y + 14 + row * deep, (wide - 32) * (0.55 + 0.45 * chance(kind * 97, row)), deep * 0.55);
}

/** What lies between the roads of one direction: its number, where it begins, how long it is. */
function* between(from, long, direction) {
  const road = (number) => number * STEP_PX + (chance(number, direction) - 0.5) * 90 - from;
  const half = (number) => (chance(direction, number) < 0.25 ? 15 : 6);
  for (let number = Math.floor(from / STEP_PX) - 1; road(number) < long; number += 1) {
    const begin = road(number) + half(number);
    yield [number, begin, road(number + 1) - half(number + 1) - begin];
  }
}

/** A number from 0 to 1 that two numbers always give. */
function chance(one, two) {
  const mixed = Math.sin(one * 127.1 + two * 311.7) * 43758.5453;
  return mixed - Math.floor(mixed);
}
