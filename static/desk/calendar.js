/* The calendar: left and right turn the page, as long as nobody types. */
(() => {
  "use strict";

  document.addEventListener("keydown", (event) => {
    const root = document.querySelector("[data-calendar]");
    if (!root || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable], [role=menu]")) return;
    const name = { ArrowLeft: "[data-before]", ArrowRight: "[data-after]" }[event.key];
    const link = name && root.querySelector(name);
    if (!link) return;
    event.preventDefault();
    link.click();
  });
})();
