// The third step: when the hold has run out or was decided elsewhere, look again; but never while the
// page's own form is on its way, whose answer leads on by itself.

import { whenFree } from "../chrome/busy.js";

if (document.querySelector("[data-holding]")) {
  const again = () => location.replace(location.pathname);
  document.addEventListener("doorbell:expired", () => whenFree(again));
  document.body.addEventListener("doorbell:changed", () => whenFree(again));
}
