/* The brief's form: preview beside it, topics of its publication, a whole brief pasted at once. */
(() => {
  "use strict";

  const PAUSE = 400; // milliseconds after the last key

  document.addEventListener("DOMContentLoaded", () => {
    const root = document.querySelector("[data-brief]");
    if (!root) return;
    const form = root.closest("form");
    preview(root, form);
    publication(root, form);
    oneLine(form);
    paste(root, form);
    // Select2 draws a search field of its own and gives it no name.
    window.addEventListener("load", () => {
      form.querySelectorAll(".select2-search__field").forEach((field) => {
        const label = field.closest(".ib-field").querySelector(".ib-label");
        field.setAttribute("aria-label", label.textContent.trim());
      });
    });
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
        event.preventDefault();
        document.querySelector("[data-save]").click();
      }
    });
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
      findings(mail, touched);
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

  /* What stands against sending it, told while there is time. */
  function findings(mail, touched) {
    const box = document.querySelector("[data-findings]");
    if (!box) return;
    box.hidden = !touched; // nobody is told that an empty page is empty
    const rows = [
      ...mail.errors.map((message) => ["error", message]),
      ...mail.warnings.map((message) => ["warning", message]),
    ];
    const some = (number, word) => (number ? [`${number} ${word}${number > 1 ? "s" : ""}`] : []);
    const sum = [...some(mail.errors.length, "error"), ...some(mail.warnings.length, "warning")];
    box.dataset.kind = mail.errors.length ? "error" : mail.warnings.length ? "warning" : "ok";
    box.querySelector("[data-findings-icon]").textContent = mail.errors.length ? "error" : mail.warnings.length ? "warning" : "check_circle";
    box.querySelector("[data-findings-sum]").textContent = sum.join(", ") || "Ready to send";
    if (!rows.length) rows.push(["ok", "Nothing in the text stands in the way."]);
    box.querySelector("[data-findings-list]").replaceChildren(...rows.map(([kind, message]) => {
      const line = document.createElement("li");
      line.className = `ib-check-${kind}`;
      const icon = document.createElement("span");
      icon.className = "material-symbols-outlined";
      icon.setAttribute("aria-hidden", "true");
      icon.textContent = { error: "error", warning: "warning", ok: "check_circle" }[kind];
      const words = document.createElement("span");
      words.textContent = message;
      line.append(icon, words);
      return line;
    }));
  }

  function publication(root, form) {
    const known = JSON.parse(document.getElementById("desk-publications").textContent);
    const select = form.elements.publication;
    const series = form.elements.series;
    const chips = root.querySelector("[data-chips]");
    let standing = (known.find((one) => String(one.id) === select.value) || {}).series || "";

    function follow() {
      const chosen = known.find((one) => String(one.id) === select.value);
      const own = (chosen && chosen.series) || "";
      if (series.value === standing) series.value = own;
      series.placeholder = own;
      standing = own;
      let visible = 0;
      chips.querySelectorAll("[data-publication]").forEach((chip) => {
        chip.hidden = chip.dataset.publication !== select.value;
        if (chip.hidden) chip.querySelector("input").checked = false;
        else visible += 1;
      });
      chips.querySelector(".ib-chips-none").hidden = visible > 0;
    }
    select.addEventListener("change", follow);
    follow();
  }

  /* Headline and preheader wrap on the screen, but a line break has no place in them. */
  function oneLine(form) {
    for (const name of ["headline", "preheader"]) {
      const field = form.elements[name];
      field.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !event.isComposing) event.preventDefault();
      });
      field.addEventListener("input", () => {
        if (/[\r\n]/.test(field.value)) field.value = field.value.replace(/\s*[\r\n]+\s*/g, " ");
      });
    }
  }

  function paste(root, form) {
    const dialog = document.querySelector("[data-paste]");
    const open = root.querySelector("[data-paste-open]");
    if (!dialog || !dialog.showModal) return;
    const text = dialog.querySelector("[data-paste-text]");
    const error = dialog.querySelector("[data-paste-error]");
    open.hidden = false;
    open.onclick = () => dialog.showModal();
    dialog.querySelector("[data-paste-cancel]").onclick = () => dialog.close();
    dialog.querySelector("[data-paste-go]").onclick = async () => {
      const data = new FormData();
      data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
      data.set("text", text.value);
      const answer = await fetch(root.dataset.readUrl, { method: "POST", body: data });
      const found = await answer.json().catch(() => ({ error: "The server did not answer." }));
      error.hidden = answer.ok && !found.error;
      error.textContent = found.error || "";
      if (!error.hidden) return;
      fill(root, form, found);
      dialog.close();
      text.value = "";
    };
  }

  function fill(root, form, found) {
    const set = (name, value) => {
      const field = form.elements[name];
      const markdown = field.closest("[data-markdown]");
      if (markdown && markdown.editor) markdown.editor.setValue(value);
      else field.value = value;
    };
    for (const name of ["date", "series", "headline"]) {
      if (found[name] && !form.elements[name].readOnly) set(name, found[name]);
    }
    set("body", found.body);
    if (found.contact_block) set("contact_block", found.contact_block);
    root.querySelector("[data-points]").fill(found.key_points);
    const note = document.createElement("div");
    note.className = "ib-note ib-note-warning";
    note.setAttribute("role", "status");
    note.innerHTML = '<span class="material-symbols-outlined" aria-hidden="true">fact_check</span>';
    const list = document.createElement("ul");
    for (const warning of found.warnings) {
      const line = document.createElement("li");
      line.textContent = warning;
      list.append(line);
    }
    document.querySelectorAll(".ib-note-warning").forEach((old) => old.remove());
    if (found.warnings.length) {
      note.append(list);
      root.before(note);
    }
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }
})();
