/* The brief's form: its fields as values, topics of its publication, a whole brief pasted at
   once, how an inbox cuts the headline, times in two zones, and the keys. */
(() => {
  "use strict";

  const ONE = [
    "publication", "date", "series", "headline", "preheader", "body", "contact_block", "access",
    "slug", "due_at", "embargo_until", "readable_until",
  ];
  const MANY = ["topics", "authors", "groups"];
  const DESKTOP = 70; // characters of a subject that an inbox shows, about
  const PHONE = 40;
  const LEAD = 50; // and of the preheader behind it

  document.addEventListener("DOMContentLoaded", () => {
    const root = document.querySelector("[data-brief]");
    if (!root) return;
    const form = root.closest("form");
    publication(root, form);
    oneLine(form);
    paste(root, form);
    cut(root, form);
    moments(root, form);
    keys(root);
    // Select2 draws a search field of its own and gives it no name.
    window.addEventListener("load", () => {
      form.querySelectorAll(".select2-search__field").forEach((field) => {
        const label = field.closest(".ib-field").querySelector(".ib-label");
        field.setAttribute("aria-label", label.textContent.trim());
      });
    });
  });

  /* --- the fields as values --------------------------------------------------- */

  const rows = (form) => [...form.querySelectorAll("[data-point]:not([hidden]) textarea")];

  function read(form) {
    const data = new FormData(form);
    const values = {};
    for (const name of ONE) values[name] = data.get(name) || "";
    for (const name of MANY) values[name] = data.getAll(name);
    values.key_points = rows(form).map((row) => row.value).filter((text) => text.trim());
    return values;
  }

  function write(form, name, value) {
    const field = form.elements[name];
    if (!field || field.readOnly) return;
    const markdown = field.closest("[data-markdown]");
    if (markdown && markdown.editor) markdown.editor.setValue(value);
    else field.value = value;
  }

  /* Puts *values* into the fields that they name; the others stay. */
  function fill(form, values) {
    if ("publication" in values && form.elements.publication.value !== values.publication) {
      write(form, "publication", values.publication);
      form.elements.publication.dispatchEvent(new Event("change", { bubbles: true }));
    }
    for (const name of ONE) if (name in values && name !== "publication") write(form, name, values[name]);
    for (const name of ["topics", "groups"]) {
      if (name in values) {
        form.querySelectorAll(`input[name="${name}"]`).forEach((tick) => {
          tick.checked = values[name].includes(tick.value);
        });
      }
    }
    if ("authors" in values) {
      for (const option of form.elements.authors.options) option.selected = values.authors.includes(option.value);
      if (window.django && django.jQuery) django.jQuery(form.elements.authors).trigger("change");
    }
    if ("key_points" in values) form.querySelector("[data-points]").fill(values.key_points);
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* Tells above the form what was filled in, and takes it back if wanted. */
  function tell(root, lines, { warning = false, undo = null } = {}) {
    document.querySelectorAll("[data-filled]").forEach((old) => old.remove());
    const note = document.createElement("div");
    note.className = warning ? "ib-note ib-note-warning" : "ib-note";
    note.dataset.filled = "";
    note.setAttribute("role", "status");
    note.innerHTML = '<span class="material-symbols-outlined" aria-hidden="true">fact_check</span>';
    const list = document.createElement("ul");
    for (const words of lines) {
      const line = document.createElement("li");
      line.textContent = words;
      list.append(line);
    }
    note.append(list);
    if (undo) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "ib-button ib-button-small ib-push";
      button.textContent = "Undo";
      button.dataset.undo = "";
      button.onclick = () => {
        undo();
        note.remove();
      };
      note.append(button);
    }
    root.before(note);
    note.scrollIntoView({ block: "nearest" });
  }

  window.briefForm = { read, fill, tell };

  /* --- publication -------------------------------------------------------------- */

  function publication(root, form) {
    const known = JSON.parse(document.getElementById("desk-publications").textContent);
    const select = form.elements.publication;
    const series = form.elements.series;
    const all = root.querySelectorAll("[data-chips]");
    const chosen = () => known.find((one) => String(one.id) === select.value);
    let standing = (chosen() || {}).series || "";

    function follow(event) {
      const own = (chosen() && chosen().series) || "";
      if (series.value === standing) series.value = own;
      series.placeholder = own;
      standing = own;
      const usual = event && "new" in root.dataset && chosen() ? chosen().topics : [];
      all.forEach((chips) => {
        let visible = 0;
        chips.querySelectorAll("[data-publication]").forEach((chip) => {
          const tick = chip.querySelector("input");
          chip.hidden = chip.dataset.publication !== select.value;
          if (chip.hidden) tick.checked = false;
          else visible += 1;
          if (tick.name === "topics" && usual.includes(Number(tick.value))) tick.checked = true;
        });
        chips.querySelector(".ib-chips-none").hidden = visible > 0;
      });
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

  /* --- how an inbox cuts it ------------------------------------------------------- */

  function cut(root, form) {
    const box = root.querySelector("[data-cut]");
    if (!box) return;
    const short = (text, most) => {
      const signs = [...text];
      return signs.length > most ? `${signs.slice(0, most - 1).join("").trimEnd()}…` : text;
    };

    function show() {
      const headline = form.elements.headline.value.trim();
      const series = form.elements.series.value.trim() || form.elements.series.placeholder;
      const subject = series ? `${series}: ${headline}` : headline;
      const first = rows(form).map((row) => row.value.trim()).find(Boolean) || "";
      const lead = form.elements.preheader.value.trim() || first;
      const length = [...subject].length;
      box.hidden = !headline;
      const count = box.querySelector("[data-cut-count]");
      const where = length > DESKTOP ? "any inbox cuts it" : length > PHONE ? "a phone cuts it" : "shown in full";
      count.textContent = `${[...headline].length} characters, ${length} with the series: ${where}`;
      count.className = length > DESKTOP ? "ib-cut-over" : "";
      for (const [name, most] of [["desktop", DESKTOP], ["phone", PHONE]]) {
        const strong = document.createElement("b");
        strong.textContent = short(subject, most);
        const rest = lead ? ` — ${short(lead, LEAD)}` : "";
        box.querySelector(`[data-cut-${name}]`).replaceChildren(strong, rest);
      }
    }
    form.addEventListener("input", show);
    form.addEventListener("change", show);
    show();
  }

  /* --- times in two zones ----------------------------------------------------------- */

  const TIME = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" };

  /* Returns how far the clocks of *zone* are ahead of UTC at *instant*, in milliseconds. */
  function ahead(zone, instant) {
    const format = new Intl.DateTimeFormat("en", { ...TIME, hourCycle: "h23", timeZone: zone });
    const part = {};
    for (const { type, value } of format.formatToParts(instant)) part[type] = Number(value);
    return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute) - instant;
  }

  function moments(root, form) {
    const known = JSON.parse(document.getElementById("desk-publications").textContent);
    function show(line) {
      const theirs = line.querySelector("[data-moment-theirs]");
      const home = known.find((one) => String(one.id) === form.elements.publication.value);
      const wall = Date.parse(`${form.elements[line.dataset.moment].value}Z`);
      if (!home || Number.isNaN(wall)) {
        theirs.textContent = "";
        return;
      }
      try {
        const zone = line.dataset.zone;
        const guess = wall - ahead(zone, wall);
        const instant = wall - ahead(zone, guess); // the night when the clocks change
        const words = new Intl.DateTimeFormat(undefined, { ...TIME, weekday: "short", timeZone: home.zone });
        theirs.textContent = `In ${home.zone}, the zone of ${home.name}: ${words.format(instant)}.`;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        theirs.textContent = ""; // a zone that this browser does not know
      }
    }
    root.querySelectorAll("[data-moment]").forEach((line) => {
      form.elements[line.dataset.moment].addEventListener("input", () => show(line));
      form.elements.publication.addEventListener("change", () => show(line));
      show(line);
    });
  }

  /* --- keys --------------------------------------------------------------------------- */

  function keys(root) {
    const dialog = document.querySelector("[data-keys]");
    const open = root.querySelector("[data-keys-open]");
    if (dialog && dialog.showModal && open) {
      open.hidden = false;
      open.onclick = () => dialog.showModal();
    }
    document.addEventListener("keydown", (event) => {
      if (event.isComposing || document.querySelector("dialog[open]")) return;
      const control = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
      if (control && event.key.toLowerCase() === "s") press(event, "[data-save]");
      else if (control && event.key === "Enter") press(event, "[name=_send]");
      else if (event.key === "?" && !event.ctrlKey && !event.metaKey && isFree(event.target) && open) {
        event.preventDefault();
        dialog.showModal();
      }
    });
  }

  function press(event, button) {
    event.preventDefault();
    const found = document.querySelector(button);
    if (found) found.click();
  }

  /* A single key may mean something else to a field, a list or a screen reader that is in one. */
  const isFree = (target) => !target.closest("input, textarea, select, button, a, summary, [contenteditable], [role]");

  /* --- a whole brief pasted ---------------------------------------------------------------- */

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
      let found = { error: "The server did not answer. Try again; your text is still here." };
      try {
        const answer = await fetch(root.dataset.readUrl, { method: "POST", body: data });
        found = await answer.json();
      } catch {
        // What was not read is told below.
      }
      error.hidden = !found.error;
      error.textContent = found.error || "";
      if (found.error) return;
      take(root, form, found);
      dialog.close();
      text.value = "";
    };
  }

  function take(root, form, found) {
    const before = read(form);
    const values = { body: found.body, key_points: found.key_points };
    for (const name of ["date", "series", "headline", "contact_block"]) {
      if (found[name]) values[name] = found[name];
    }
    fill(form, values);
    const lines = found.warnings.length ? found.warnings : ["The fields were filled from what you pasted. Nothing is saved yet."];
    tell(root, lines, { warning: found.warnings.length > 0, undo: () => fill(form, before) });
  }
})();
