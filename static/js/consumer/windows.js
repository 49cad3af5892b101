// The second step: the bar and the sheet's button name the window that is chosen.

document.addEventListener("change", (event) => {
  const words = event.target.dataset?.words;
  if (!words) return;
  const relock = event.target.form.querySelector("[data-relock]");
  if (relock) relock.querySelector("span").textContent = relock.dataset.relock.replace("{window}", words);
  else document.querySelector("[data-chosen]").textContent = words;
});
