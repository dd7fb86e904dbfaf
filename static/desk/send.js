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
    const wall = form.querySelector("[data-wall]");
    const plan = form.querySelector("[data-plan]");
    const segment = form.elements.segment;
    form.querySelector("[data-plan-button]").hidden = true;

    function words(isNow, isPart) {
      if (isPart) return isNow ? label.dataset.labelPart : label.dataset.labelPartLater;
      return isNow ? label.dataset.labelNow : label.dataset.labelLater;
    }

    function follow() {
      const when = form.elements.when.value;
      later.hidden = when !== "later";
      wall.hidden = when !== "reader";
      label.textContent = words(when === "now", Boolean(segment && segment.value));
    }

    /* Who gets it when, as the server counts them: the answer to the last question asked. */
    let asked = 0;
    async function foresee() {
      const mine = ++asked;
      const when = form.elements.when.value;
      if (when !== "reader" && !(segment && segment.value)) return plan.replaceChildren();
      const query = new URLSearchParams({
        when, local_time: wall.querySelector("input").value, segment: segment ? segment.value : "",
      });
      plan.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch(`${plan.dataset.plan}?${query}`);
        const text = await answer.text();
        if (mine === asked && answer.ok) plan.innerHTML = text;
      } catch {
        plan.replaceChildren();
      } finally {
        if (mine === asked) plan.removeAttribute("aria-busy");
      }
    }

    function there() {
      const at = new Date(field.value);
      if (!given || Number.isNaN(at.getTime())) return;
      const shown = new Intl.DateTimeFormat(undefined, {
        timeZone: zone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
      }).format(at);
      note.textContent = `${given} ${shown} ${zone}`;
    }

    form.addEventListener("change", () => { follow(); foresee(); });
    // The field is meant in the editor's zone as set in the account; the browser may sit in another.
    const same = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (note.dataset.editorZone === same) field.addEventListener("input", there);
    form.addEventListener("submit", () => {
      setTimeout(() => { form.querySelector("[data-send-button]").disabled = true; });
    });
    follow();
  });
})();
