// The phone's album: a few drawn photos, and any file of this computer.
//
// `open(most)` gives a promise of the chosen files (Blobs), null when the person gives up.

import { fill, part, put, words } from "./dom.js";
import { button, Layer } from "./layer.js";

const WIDE_PX = 960;
const HIGH_PX = 720;
const QUALITY = 0.86;
// Ground, second colour, and what stands on it.
const SCENES = [
  ["#7d8f9a", "#5d4a3c", "door"], ["#cfd8dc", "#ffffff", "unit"], ["#e7ddc9", "#b9a98a", "wall"],
  ["#f4f1ea", "#d4d0c6", "paper"], ["#9fb7a5", "#e6ece7", "washer"], ["#b7c4d6", "#7f93b2", "hall"],
];

export class Album extends Layer {
  constructor(phone) {
    super(phone, "album");
    this.most = 1;
    this.chosen = [];
    part(this.root, "album-done").addEventListener("click", () => this.end(this.chosen.map((one) => one.file)));
  }

  async open(most = 9) {
    this.most = most;
    this.chosen = [];
    const grid = part(this.root, "album-grid");
    this.photos ??= await Promise.all(SCENES.map((scene, place) => photo(scene, words.photos[place])));
    grid.replaceChildren(...this.photos.map((one) => this.tile(one)), this.fromComputer());
    this.draw();
    return this.show();
  }

  tile(one) {
    const made = button("", () => this.choose(one));
    made.className = "album-photo";
    made.setAttribute("aria-label", one.name);
    const picture = document.createElement("img");
    picture.src = one.url;
    picture.alt = "";
    made.append(picture, document.createElement("span"));
    one.tile = made;
    return made;
  }

  /** A real photo, for whoever wants to see what becomes of it. */
  fromComputer() {
    const label = document.createElement("label");
    label.className = "album-photo album-file";
    const input = document.createElement("input");
    input.type = "file";
    input.accept = "image/*";
    input.addEventListener("change", () => {
      const [file] = input.files;
      if (!file) return;
      const one = { name: file.name, file, url: URL.createObjectURL(file) };
      this.photos = [one, ...this.photos];
      part(this.root, "album-grid").prepend(this.tile(one));
      this.choose(one);
    });
    label.append(words.from_computer, input);
    return label;
  }

  choose(one) {
    const isChosen = this.chosen.includes(one);
    if (isChosen) this.chosen = this.chosen.filter((other) => other !== one);
    else if (this.most === 1) this.chosen = [one];
    else if (this.chosen.length < this.most) this.chosen.push(one);
    this.draw();
  }

  draw() {
    for (const one of this.photos) {
      const place = this.chosen.indexOf(one) + 1;
      one.tile.setAttribute("aria-pressed", String(place > 0));
      one.tile.lastElementChild.textContent = place || "";
    }
    put(this.root, "album-hint", fill(words.album_hint, { n: this.chosen.length, most: this.most }));
    part(this.root, "album-done").disabled = !this.chosen.length;
  }
}

/** Draw a photo that needs no file: what a technician or a member would take one of. */
async function photo([ground, second, kind], name) {
  const paper = document.createElement("canvas");
  [paper.width, paper.height] = [WIDE_PX, HIGH_PX];
  const pen = paper.getContext("2d");
  const light = pen.createLinearGradient(0, 0, WIDE_PX, HIGH_PX);
  light.addColorStop(0, ground);
  light.addColorStop(1, shade(ground));
  pen.fillStyle = light;
  pen.fillRect(0, 0, WIDE_PX, HIGH_PX);
  pen.fillStyle = second;
  pen.strokeStyle = "rgb(0 0 0 / 35%)";
  pen.lineWidth = 6;
  THINGS[kind](pen);
  pen.fillStyle = "rgb(0 0 0 / 55%)";
  pen.fillRect(0, HIGH_PX - 116, WIDE_PX, 116);
  pen.fillStyle = "#fff";
  pen.font = "72px sans-serif";
  // The album shows the square in its middle.
  pen.textAlign = "center";
  pen.fillText(name, WIDE_PX / 2, HIGH_PX - 34, HIGH_PX - 48);
  const file = await new Promise((resolve) => { paper.toBlob(resolve, "image/jpeg", QUALITY); });
  return { name, file, url: URL.createObjectURL(file) };
}

function box(pen, ...place) {
  pen.fillRect(...place);
  pen.strokeRect(...place);
}

function ring(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.stroke();
}

const THINGS = {
  door: (pen) => { box(pen, 330, 60, 300, 564); ring(pen, 585, 350, 12); },
  unit: (pen) => { box(pen, 180, 140, 600, 400); for (const radius of [150, 100, 50]) ring(pen, 400, 340, radius); },
  wall: (pen) => { for (let y = 0; y < 624; y += 78) for (let x = (y / 78) % 2 ? -80 : 0; x < 960; x += 160) box(pen, x, y, 150, 68); ring(pen, 620, 280, 62); },
  paper: (pen) => { for (let y = 110; y < 560; y += 56) pen.fillRect(150, y, y % 112 ? 660 : 480, 14); pen.strokeRect(90, 40, 780, 570); },
  washer: (pen) => { box(pen, 300, 50, 360, 570); ring(pen, 480, 380, 130); ring(pen, 480, 380, 100); },
  hall: (pen) => { box(pen, 120, 120, 200, 504); box(pen, 380, 120, 200, 504); box(pen, 640, 120, 200, 504); },
};

function shade(colour) {
  return `#${colour.slice(1).match(/../g).map((two) => Math.round(parseInt(two, 16) * 0.82).toString(16).padStart(2, "0")).join("")}`;
}
