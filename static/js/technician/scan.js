// Labels and name plates by WeChat's scanner where there is one; everywhere else they are typed.
//
// <button data-scan="#field" hidden> shows itself when the scanner is there, fills the field, and sends.

function meet() {
  if (!window.wx?.scanQRCode) return;
  for (const button of document.querySelectorAll("[data-scan][hidden]")) button.hidden = false;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-scan]");
  if (!button) return;
  window.wx.scanQRCode({
    needResult: 1,
    scanType: ["qrCode", "barCode"],
    success: ({ resultStr }) => {
      const field = document.querySelector(button.dataset.scan);
      // A bar code comes as "CODE_128,A123".
      field.value = resultStr.split(",").at(-1);
      field.form.requestSubmit();
    },
  });
});

document.addEventListener("htmx:load", meet);
meet();
