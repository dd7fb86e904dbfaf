/* The look of a publication: colours to press, and a mail in that look beside them. */
(() => {
  "use strict";

  const PAUSE = 250;

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-palette]").forEach(palette);
    const root = document.querySelector("[data-look]");
    if (root && window.ibPreview) look(root, root.closest("form"));
  });

  function palette(root) {
    const input = root.querySelector("input");
    const swatches = [...root.querySelectorAll("[data-colour]")];
    const mark = () => swatches.forEach((swatch) => {
      swatch.setAttribute("aria-pressed", String(swatch.dataset.colour === input.value.toLowerCase()));
    });
    root.querySelector("[data-swatches]").hidden = false;
    swatches.forEach((swatch) => {
      swatch.onclick = () => {
        input.value = swatch.dataset.colour;
        input.dispatchEvent(new Event("input", { bubbles: true }));
      };
    });
    input.addEventListener("input", mark);
    mark();
  }

  function look(root, form) {
    const frame = root.querySelector("[data-look-frame]");
    const note = root.querySelector("[data-look-note]");
    const box = root.querySelector("[data-frame]");
    let view = "mail";
    let mail = null;
    let timer = 0;
    let asked = 0;

    function show() {
      box.dataset.frame = view;
      if (mail) frame.srcdoc = window.ibPreview.documents[view](mail);
    }

    async function ask() {
      const mine = ++asked;
      let words = "No sample: the server did not answer.";
      try {
        const data = new FormData(form);
        for (const [name, value] of [...data.entries()]) if (value instanceof File) data.delete(name);
        const answer = await fetch(root.dataset.look, { method: "POST", body: data });
        const found = await answer.json();
        if (mine !== asked) return;
        words = found.note || found.error || "";
        if (answer.ok) {
          mail = found;
          show();
        }
      } catch {
        if (mine !== asked) return;
      }
      if (note.textContent !== words) note.textContent = words;
    }

    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    };
    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
    root.querySelectorAll("[data-look-view]").forEach((button) => {
      button.onclick = () => {
        view = button.dataset.lookView;
        root.querySelectorAll("[data-look-view]").forEach((other) => {
          other.setAttribute("aria-pressed", String(other === button));
        });
        show();
      };
    });
    ask();
  }
})();
