// Paying: ask our server for the order, prove the page to WeChat, open its pay sheet. Whether it was
// paid is said by WeChat, in its notice or when our server asks, never by this page.

import { newKey } from "../chrome/once.js";
import { ask, IN_WECHAT } from "../chrome/wechat.js";
import { writeHeaders } from "../chrome/words.js";

const ASK_MS_MAX = 5_000;
const button = document.getElementById("pay");
const said = document.getElementById("pay-said");

function say(text) {
  said.textContent = text;
  said.hidden = !text;
}

async function order() {
  const answer = await fetch(button.dataset.sheet, {
    method: "POST",
    headers: { Accept: "application/json", ...writeHeaders(newKey()) },
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.message);
  return told.pay;
}

// Where the notice is late or lost, the booking must not ask for the money once more.
function askAfter() {
  const asked = fetch(button.dataset.ask, { method: "POST", headers: writeHeaders(newKey()) });
  return Promise.race([asked.catch(() => {}), new Promise((go) => setTimeout(go, ASK_MS_MAX))]);
}

button.addEventListener("click", async () => {
  if (!IN_WECHAT) {
    say(button.dataset.outside);
    return;
  }
  button.disabled = true;
  say("");
  try {
    if (await ask("chooseWXPay", await order())) {
      await askAfter();
      location.assign(button.dataset.done);
      return;
    }
    say(button.dataset.cancelled);
  } catch (error) {
    // WeChat's own failure has words for programs alone.
    say(error.message || button.dataset.failed);
  }
  button.disabled = false;
});

// Told by the notice before the sheet has closed: what is paid, or can be paid no more, leads to its
// booking. While it is still to be paid nothing moves: the page must not go from under a finger.
document.body.addEventListener("doorbell:changed", async () => {
  const answer = await fetch(location.href);
  if (!button.disabled && answer.redirected) location.replace(answer.url);
});

// From here on a press is heard.
button.disabled = false;
