// Labels and name plates by WeChat's scanner; outside WeChat they are typed.
//
// <button data-wechat data-scan="#field" data-failed hidden> fills the field and sends it.

import { toast } from "../chrome/toast.js";
import { ask } from "../chrome/wechat.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-scan]");
  if (!button) return;
  const place = button.dataset.scan;
  try {
    const scanned = await ask("scanQRCode", { needResult: 1, scanType: ["qrCode", "barCode"] });
    // A bar code comes as "CODE_128,A123".
    const text = scanned?.resultStr.split(",").at(-1);
    // What he scans for may have been drawn anew meanwhile.
    const field = document.querySelector(place);
    if (!text || !field) return;
    field.value = text;
    field.form.requestSubmit();
  } catch {
    toast(button.dataset.failed, { tone: "error" });
    document.querySelector(place)?.focus();
  }
});
