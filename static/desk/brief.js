/* The brief's form: topics of its publication, a whole brief pasted at once. */
(() => {
  "use strict";

  document.addEventListener("DOMContentLoaded", () => {
    const root = document.querySelector("[data-brief]");
    if (!root) return;
    const form = root.closest("form");
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
