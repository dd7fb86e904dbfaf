/* The send screen: what the button will do, the publication's time beside the editor's, one click. */
(() => {
  "use strict";

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("[data-send-form]");
    if (!form) return;
    const zone = document.querySelector("[data-send]").dataset.zone;
    const later = form.querySelector("[data-later]");
    const label = form.querySelector("[data-label-now]");
    const field = later.querySelector("input");
    const note = form.querySelector("[data-zone-note]");
    const given = note.textContent;

    function follow() {
      const isLater = form.elements.when.value === "later";
      later.hidden = !isLater;
      label.textContent = isLater ? label.dataset.labelLater : label.dataset.labelNow;
    }

    function there() {
      const at = new Date(field.value);
      if (!given || Number.isNaN(at.getTime())) return;
      const shown = new Intl.DateTimeFormat(undefined, {
        timeZone: zone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
      }).format(at);
      note.textContent = `${given} ${shown} ${zone}`;
    }

    form.addEventListener("change", follow);
    // The field is meant in the editor's zone as set in the account; the browser may sit in another.
    const same = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (note.dataset.editorZone === same) field.addEventListener("input", there);
    form.addEventListener("submit", () => {
      setTimeout(() => { form.querySelector("[data-send-button]").disabled = true; });
    });
    follow();
  });
})();
