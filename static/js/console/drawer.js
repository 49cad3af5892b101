// The visit's drawer: beside the board, never over the row one came from; Esc gives the focus back.

const drawer = document.getElementById("drawer");
let cameFrom = null;

/** Open the visit at `address`; the focus returns to `from` when the drawer closes. */
export function openDrawer(address, from, { takesFocus = true } = {}) {
  if (!drawer.contains(from)) cameFrom = from;
  return window.htmx.ajax("GET", address, { target: drawer, swap: "innerHTML" }).then(() => {
    if (!drawer.childElementCount) return;
    drawer.hidden = false;
    drawer.dataset.visit = address;
    if (takesFocus) drawer.querySelector("[data-drawer-title]")?.focus();
  });
}

/** Close the drawer; false when none was open. */
export function closeDrawer() {
  if (drawer.hidden) return false;
  drawer.hidden = true;
  drawer.replaceChildren();
  if (cameFrom?.isConnected) cameFrom.focus();
  return true;
}

drawer.addEventListener("click", (event) => {
  if (event.target.closest("[data-drawer-close]")) closeDrawer();
});
