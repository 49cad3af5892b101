// The board: a timeline that follows the day, a map beside it, what is in danger and what is open.

import { Carry } from "./carry.js";
import { openDrawer } from "./drawer.js";
import { listenToKeys } from "./keys.js";
import { followNews } from "./news.js";
import { Timeline } from "./timeline.js";

const board = document.getElementById("board");
const place = document.getElementById("timeline");
const narrow = matchMedia("(width < 64rem)");
const COOKIE_S = 365 * 86400;

function dayTold() {
  return JSON.parse(document.getElementById("day").textContent);
}

let timeline = null;

/** The timeline when there is room for it, else the list that says the same. */
function fitView(news) {
  const wantsList = narrow.matches || board.dataset.view === "list";
  board.dataset.shows = wantsList ? "list" : "board";
  news.view = wantsList ? "list" : "board";
  if (wantsList && !document.querySelector(".board-list > *")) news.ask();
  if (!wantsList && place && !timeline) {
    timeline = new Timeline(place, dayTold());
    listenToKeys(board, timeline);
    if ("carries" in place.dataset) new Carry(board, timeline, news);
  }
}

function chooseDensity(key) {
  board.dataset.density = key;
  for (const button of board.querySelectorAll("[data-set-density]")) {
    button.setAttribute("aria-pressed", String(button.dataset.setDensity === key));
  }
  document.cookie = `board_density=${key}; path=/console; max-age=${COOKIE_S}; samesite=lax; secure`;
  timeline?.measure();
}

const news = followNews(board.dataset.news, () => timeline?.show(dayTold()));
fitView(news);
narrow.addEventListener("change", () => fitView(news));

document.addEventListener("click", (event) => {
  const density = event.target.closest("[data-set-density]");
  if (density) { chooseDensity(density.dataset.setDensity); return; }
  const visit = event.target.closest("a[data-drawer], #board-map-facts a");
  if (!visit || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  openDrawer(visit.getAttribute("href"), visit);
});

const risks = document.getElementById("only-risks");
risks.addEventListener("click", () => {
  const only = risks.getAttribute("aria-pressed") !== "true";
  risks.setAttribute("aria-pressed", String(only));
  board.dataset.only = only ? "risks" : "";
  timeline?.showOnlyRisks(only);
});

// What was pressed away keeps its place until the hand has left the list, but says that it is done.
document.body.addEventListener("htmx:afterRequest", (event) => {
  const row = event.target.closest?.(".side-row");
  if (row && event.detail.successful) row.classList.add("is-done");
});
