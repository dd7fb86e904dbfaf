/* The preview beside the brief's form, made by the server from what stands in the fields.

   Each answer is told to the page as an event, "ib-preview". */
(() => {
  "use strict";

  const PAUSE = 400; // milliseconds after the last key

  document.addEventListener("DOMContentLoaded", () => {
    const root = document.querySelector("[data-brief]");
    if (root) preview(root, root.closest("form"));
  });

  function preview(root, form) {
    const find = (name) => root.querySelector(`[data-${name}]`);
    const frame = find("preview-frame");
    const text = find("preview-text");
    const box = root.querySelector("[data-frame]");
    const state = find("preview-state");
    let view = "mail";
    let mail = null;
    let timer = 0;
    let asked = 0;
    let touched = !("new" in root.dataset);

    // The mail's own dark styles, switched on or off whatever the editor's system prefers.
    const themed = (html, dark) => html
      .replace(/\(\s*prefers-color-scheme\s*:\s*dark\s*\)/g, dark ? "(min-width: 0)" : "(max-width: 0)")
      .replace(/(<meta name="color-scheme" content=")[^"]*/, `$1${dark ? "dark" : "light"}`);

    function show() {
      if (!mail) return;
      box.dataset.frame = view;
      text.hidden = view !== "text";
      frame.hidden = view === "text";
      if (view === "text") text.textContent = mail.text;
      else frame.srcdoc = themed(mail.html, view === "dark");
      find("inbox-avatar").textContent = mail.sender.slice(0, 1).toUpperCase();
      find("inbox-sender").textContent = mail.sender;
      find("inbox-subject").textContent = mail.subject;
      find("inbox-preheader").textContent = mail.preheader ? ` — ${mail.preheader}` : "";
      const octets = Math.round(mail.octets / 1024);
      const length = [...mail.subject].length;
      const cut = length > 70 ? " · many inboxes cut it after about 70" : "";
      document.dispatchEvent(new CustomEvent("ib-preview", { detail: { ...mail, touched } }));
      find("inbox-hint").textContent = `Subject ${length} characters${cut} · ${octets} kB of 100 kB`;
    }

    async function ask() {
      const mine = ++asked;
      state.textContent = "…";
      try {
        const data = new FormData(form);
        for (const [name, value] of [...data.entries()]) if (value instanceof File) data.delete(name);
        const answer = await fetch(root.dataset.previewUrl, {
          method: "POST",
          body: data,
          headers: { Accept: "application/json" },
        });
        if (!answer.ok) throw new Error(answer.status);
        const found = await answer.json();
        if (mine !== asked) return; // a later key asked again
        mail = found;
        show();
        state.textContent = "";
      } catch {
        if (mine === asked) state.textContent = "No preview: the server did not answer.";
      }
    }

    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    };
    form.addEventListener("input", () => {
      touched = true;
      soon();
    });
    form.addEventListener("change", soon);
    if (window.django && django.jQuery) django.jQuery(form).on("change", "select", soon);
    root.querySelectorAll("[data-view]").forEach((button) => {
      button.onclick = () => {
        view = button.dataset.view;
        root.querySelectorAll("[data-view]").forEach((other) => {
          other.setAttribute("aria-pressed", String(other === button));
        });
        show();
      };
    });
    ask();
  }
})();
