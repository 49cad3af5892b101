// The third step: when the hold has run out or was decided elsewhere, look again.

if (document.querySelector("[data-holding]")) {
  const again = () => location.replace(location.pathname);
  document.addEventListener("doorbell:expired", again);
  document.body.addEventListener("doorbell:changed", again);
}
