/* Numbers of readers that are counted while the page is already there. */
(() => {
  "use strict";

  async function count(place) {
    try {
      const answer = await fetch(place.dataset.readers, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) return;
      const { readers } = await answer.json();
      if (readers === null) return;
      const shown = new Intl.NumberFormat("en").format(readers);
      place.querySelector("[data-readers-count]").textContent = place.dataset.readersWords.replace("%s", shown);
      place.querySelector("[data-readers-as-of]")?.remove();
    } catch {
      /* What was known before stands. */
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-readers]:not([data-readers-known])").forEach(count);
  });
})();
