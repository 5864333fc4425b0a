// The roll saves each tap at once. Without this file the button "Save" keeps the whole page.
(() => {
  "use strict";

  const rows = document.getElementById("rows");
  if (!rows || !window.htmx) return;
  document.getElementById("save").hidden = true;

  // One name for one tap: should it be sent twice, the server writes one mark.
  const name = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  rows.addEventListener("htmx:configRequest", (event) => { event.detail.parameters.client_id = name(); });

  // Signed out meanwhile: the answer is the sign-in page, which belongs in the window and not in a row.
  rows.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, pathInfo } = event.detail;
    if (xhr.responseURL && new URL(xhr.responseURL).pathname !== new URL(pathInfo.finalRequestPath, location).pathname) {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });

  // Not saved: the row shows again what the server knows, so that the same tap can be made once more.
  rows.addEventListener("htmx:afterRequest", (event) => {
    const row = event.detail.elt;
    if (event.detail.successful || !row.isConnected) return;
    const refused = event.detail.xhr.status >= 400 && event.detail.xhr.status < 500;
    if (refused) { location.reload(); return; }  // signed out, cancelled meanwhile, withdrawn: the page itself says why
    row.querySelectorAll("input").forEach((input) => { input.checked = input.defaultChecked; });
    const said = row.querySelector(".saved");
    said.textContent = rows.dataset.unsaved;
    said.classList.add("failed");
  });

  // Enter in a line of text saves that row, not the whole form.
  rows.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[type=text], [type=number]")) {
      event.preventDefault();
      event.target.blur();
    }
  });
})();
