/* A segment: of each row only what its rule needs. */
(() => {
  "use strict";

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("[data-segment]");
    const kinds = JSON.parse(document.getElementById("segment-kinds").textContent);

    function follow(row) {
      const kind = row.querySelector("[data-part=kind] select").value;
      row.querySelectorAll("[data-part]").forEach((part) => {
        const name = part.dataset.part;
        const isKey = name === "key" && kind.startsWith("attribute:");
        part.hidden = name !== "kind" && !isKey && kinds[kind] !== name;
      });
    }

    form.querySelectorAll("[data-rule]").forEach((row) => {
      row.addEventListener("change", () => follow(row));
      follow(row);
    });
  });
})();
