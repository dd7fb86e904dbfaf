/* The preview beside the brief's form, made by the server from what stands in the fields.

   Each answer is told to the page as an event, "ib-preview". */
(() => {
  "use strict";

  const PAUSE = 250; // milliseconds after the last key; the server takes less than as much again
  const SLOW = 1000; // milliseconds after which one is told that it takes long
  const here = window.location.origin;

  document.addEventListener("DOMContentLoaded", () => {
    const root = document.querySelector("[data-brief]");
    if (root) preview(root, root.closest("form"));
  });

  // The mail's own dark styles, switched on or off whatever the editor's system prefers.
  const themed = (html, dark) => html
    .replace(/\(\s*prefers-color-scheme\s*:\s*dark\s*\)/g, dark ? "(min-width: 0)" : "(max-width: 0)")
    .replace(/(<meta name="color-scheme" content=")[^"]*/, `$1${dark ? "dark" : "light"}`);

  // Beside the sandbox, which runs no script: a policy of its own, that loads nothing but this.
  const guarded = (html, policy) => html.replace(
    /<head>/i,
    `<head><meta http-equiv="Content-Security-Policy" content="default-src 'none'; ${policy}">`,
  );
  const images = `img-src ${here} data: https:`;
  const documents = {
    mail: (mail) => guarded(themed(mail.html, false), `style-src 'unsafe-inline'; ${images}`),
    phone: (mail) => documents.mail(mail),
    dark: (mail) => guarded(themed(mail.html, true), `style-src 'unsafe-inline'; ${images}`),
    bare: (mail) => guarded(themed(mail.html, false), "style-src 'unsafe-inline'"),
    web: (mail) => guarded(mail.page, `style-src ${here} 'unsafe-inline'; font-src ${here}; ${images}`),
  };

  window.ibPreview = { documents };

  class Trouble extends Error {}

  function words(answer) {
    if (answer.redirected || answer.status === 401) {
      return "You are logged out. Log in again in another tab; what you typed stays here.";
    }
    if (answer.status === 403) return "No preview: you may not write for this publication.";
    if (answer.status === 413) return "No preview: this is longer than any brief.";
    return `No preview: the server could not make one (${answer.status}). What you typed stays here.`;
  }

  function preview(root, form) {
    const find = (name) => root.querySelector(`[data-${name}]`);
    const frame = find("preview-frame");
    const text = find("preview-text");
    const box = root.querySelector("[data-frame]");
    const state = find("preview-state");
    let view = "mail";
    let mail = null;
    let timer = 0;
    let patience = 0;
    let running = null;
    let asked = 0;
    let touched = !("new" in root.dataset);
    let scrolled = {};

    const say = (sentence, isWrong) => {
      state.textContent = sentence;
      state.classList.toggle("ib-preview-wrong", Boolean(isWrong));
    };

    function show() {
      if (!mail) return;
      const isText = view === "text";
      box.dataset.frame = view;
      text.hidden = !isText;
      frame.hidden = isText;
      if (isText) text.textContent = mail.text;
      else if (view !== "web" || mail.page) frame.srcdoc = documents[view](mail);
      find("inbox-avatar").textContent = mail.sender.slice(0, 1).toUpperCase();
      find("inbox-sender").textContent = mail.sender;
      find("inbox-subject").textContent = mail.subject;
      find("inbox-preheader").textContent = mail.preheader ? ` — ${mail.preheader}` : "";
      const octets = Math.round(mail.octets / 1024);
      const length = [...mail.subject].length;
      const cut = length > 70 ? " · many inboxes cut it after about 70" : "";
      find("inbox-hint").textContent = `Subject ${length} characters${cut} · ${octets} kB of 100 kB`;
    }

    async function ask() {
      const mine = ++asked;
      if (running) running.abort(); // what it would answer is old by now
      running = new AbortController();
      clearTimeout(patience);
      patience = setTimeout(() => say("The preview takes long…"), SLOW);
      try {
        const data = new FormData(form);
        for (const [name, value] of [...data.entries()]) if (value instanceof File) data.delete(name);
        data.set("view", view);
        const answer = await fetch(root.dataset.previewUrl, {
          method: "POST",
          body: data,
          headers: { Accept: "application/json" },
          signal: running.signal,
        });
        if (!answer.ok || answer.redirected) throw new Trouble(words(answer));
        const found = await answer.json();
        if (mine !== asked) return; // a later key asked again
        mail = found;
        show();
        document.dispatchEvent(new CustomEvent("ib-preview", { detail: { ...mail, touched } }));
        say("");
      } catch (error) {
        if (mine !== asked) return;
        say(error instanceof Trouble ? error.message : "No preview: the server did not answer. The next key asks again.", true);
      } finally {
        if (mine === asked) clearTimeout(patience);
      }
    }

    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    };

    // Where one was reading stays in sight, and a link opens beside the form, not in its place.
    frame.addEventListener("load", () => {
      const inside = frame.contentWindow;
      const page = frame.contentDocument;
      if (!inside || !page) return;
      const shown = view;
      inside.scrollTo(0, scrolled[shown] || 0);
      inside.addEventListener("scroll", () => { scrolled[shown] = inside.scrollY; }, { passive: true });
      page.addEventListener("click", (event) => {
        const link = event.target.closest("a[href]");
        if (!link || link.getAttribute("href").startsWith("#")) return;
        event.preventDefault();
        if (/^https?:$/.test(link.protocol)) window.open(link.href, "_blank", "noopener");
      });
      page.addEventListener("submit", (event) => event.preventDefault());
    });

    form.addEventListener("input", () => {
      touched = true;
      soon();
    });
    form.addEventListener("change", soon);
    window.addEventListener("online", ask);
    if (window.django && django.jQuery) django.jQuery(form).on("change", "select", soon);
    root.querySelectorAll("[data-view]").forEach((button) => {
      button.onclick = () => {
        view = button.dataset.view;
        root.querySelectorAll("[data-view]").forEach((other) => {
          other.setAttribute("aria-pressed", String(other === button));
        });
        show();
        if (view === "web" && mail && !mail.page) ask();
      };
    });
    ask();
  }
})();
