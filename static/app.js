// Comfort only: every page works without this file.
(() => {
  "use strict";

  const closeMenus = (except) => document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!except || !menu.contains(except)) menu.open = false;
  });

  document.addEventListener("click", (event) => closeMenus(event.target));
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.activeElement.closest("details.menu[open], details.confirm[open]");
    if (event.key === "Escape") closeMenus();
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  const middle = (element) => {
    const box = element.getBoundingClientRect();
    return box.left + box.width / 2;
  };

  // After a form was sent back, the reader starts at what to correct; the tab of the page is in sight.
  const settle = (root) => {
    const summary = root.querySelector("#error-summary");
    if (summary) summary.focus();
    const tab = root.querySelector(".tabs [aria-current]");
    if (tab) tab.parentElement.scrollLeft += middle(tab) - middle(tab.parentElement);
  };

  settle(document);
  document.addEventListener("htmx:afterSettle", (event) => settle(event.target));
})();
