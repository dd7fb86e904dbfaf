/* What stands against sending a brief: told while it is written, each line leading to its field.

   The preview brings what is wrong in the text ("ib-preview"); what takes
   longer (size, readers, links, domain) comes a moment later from the server,
   which looks at other people's servers behind the page. On the send screen,
   the card of checks is asked for again while something is being looked at. */
(() => {
  "use strict";

  const PAUSE = 900; // milliseconds after the preview, before the rest is asked for
  const AGAIN = 2500; // and while something is being looked at
  const MOST_TURNS = 8;
  const NAMES = {
    headline: "Headline", series: "Series", preheader: "Preheader", date: "Date line", body: "Body",
    contact_block: "Contact block", topics: "Topics", embargo_until: "Embargo", readable_until: "Readable until", due_at: "Due",
    publication: "Publication",
  };
  const ICONS = { error: "error", warning: "warning", ok: "check_circle", pending: "hourglass_top" };

  document.addEventListener("DOMContentLoaded", () => {
    const box = document.querySelector("[data-findings]");
    const root = document.querySelector("[data-brief]");
    if (box && root) whileWriting(box, root.closest("form"));
    if (document.querySelector("[data-checks][data-pending]")) beforeSending(MOST_TURNS);
  });

  /* --- beside the form ----------------------------------------------------- */

  function whileWriting(box, form) {
    let text = { errors: [], warnings: [] };
    let beyond = { errors: [], warnings: [], pending: 0 };
    let touched = false;
    let timer = 0;
    let asked = 0;

    document.addEventListener("ib-preview", (event) => {
      text = event.detail;
      touched = event.detail.touched;
      draw();
      later(PAUSE, MOST_TURNS);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && box.open) {
        box.open = false;
        box.querySelector("summary").focus();
      }
    });
    window.addEventListener("hashchange", fromHash);
    window.addEventListener("load", fromHash);

    function fromHash() {
      const where = new URLSearchParams(location.hash.slice(1)).get("at");
      if (where) go(form, where);
    }

    function later(pause, turns) {
      clearTimeout(timer);
      if (box.dataset.findings && turns > 0) timer = setTimeout(() => ask(turns), pause);
    }

    async function ask(turns) {
      const mine = ++asked;
      try {
        const data = new FormData(form);
        for (const [name, value] of [...data.entries()]) if (value instanceof File) data.delete(name);
        const answer = await fetch(box.dataset.findings, { method: "POST", body: data });
        if (!answer.ok || mine !== asked) return;
        beyond = await answer.json();
        if (mine !== asked) return;
        draw();
        if (beyond.pending) later(AGAIN, turns - 1);
      } catch {
        // The preview says that the server does not answer; what was found stays.
      }
    }

    function draw() {
      box.hidden = !touched; // nobody is told that an empty page is empty
      const seen = new Set();
      const both = (kind) => [...text[kind], ...beyond[kind]].filter((finding) => {
        const key = `${finding.rule} ${finding.where} ${finding.message}`;
        return !seen.has(key) && seen.add(key);
      });
      const errors = both("errors");
      const warnings = both("warnings");
      const some = (number, word) => (number ? [`${number} ${word}${number > 1 ? "s" : ""}`] : []);
      const sum = [...some(errors.length, "error"), ...some(warnings.length, "warning")].join(", ") || "No errors, no warnings";
      const kind = errors.length ? "error" : warnings.length ? "warning" : "ok";
      box.dataset.kind = kind;
      box.querySelector("[data-findings-icon]").textContent = ICONS[kind];
      const said = box.querySelector("[data-findings-sum]");
      if (said.textContent !== sum) said.textContent = sum; // is read out, so only where it is news
      const rows = [
        ...errors.map((finding) => line("error", finding)),
        ...warnings.map((finding) => line("warning", finding)),
      ];
      if (!rows.length) rows.push(line("ok", { message: "The checks found nothing." }));
      if (beyond.pending) rows.push(line("pending", { message: "Links and the sender’s domain are being looked at." }));
      const list = box.querySelector("[data-findings-list]");
      const at = [...list.children].findIndex((row) => row.contains(document.activeElement));
      list.replaceChildren(...rows);
      if (at >= 0) (rows[Math.min(at, rows.length - 1)].querySelector(".ib-finding-go") || box.querySelector("summary")).focus();
    }

    function line(kind, finding) {
      const row = document.createElement("li");
      row.className = `ib-check-${kind}`;
      const icon = document.createElement("span");
      icon.className = "material-symbols-outlined";
      icon.setAttribute("aria-hidden", "true");
      icon.textContent = ICONS[kind];
      const words = document.createElement("span");
      if (kind === "error" || kind === "warning") {
        const spoken = document.createElement("span");
        spoken.className = "ib-hidden";
        spoken.textContent = kind === "error" ? "Error: " : "Warning: ";
        words.append(spoken);
      }
      words.append(finding.message, ...way(finding));
      row.append(icon, words);
      return row;
    }

    /* What leads to the place: a button to a field, a link to the publication's page. */
    function way(finding) {
      const where = finding.where || "";
      if (!where || where === "settings") return [];
      const name = NAMES[where] || where.charAt(0).toUpperCase() + where.slice(1);
      const chosen = where === "publication" && form.elements.publication.value;
      const place = document.createElement(chosen ? "a" : "button");
      place.className = "ib-finding-go";
      place.textContent = name;
      if (chosen) {
        place.href = box.dataset.publicationUrl.replace("/0/", `/${encodeURIComponent(chosen)}/`);
        place.target = "_blank";
        place.rel = "noopener";
      } else {
        place.type = "button";
        place.addEventListener("click", () => {
          box.open = false;
          go(form, where);
        });
      }
      return [" ", place];
    }
  }

  /* Focus the field that *where* names. */
  function go(form, where) {
    const field = fieldOf(form, where);
    if (!field) return;
    const around = field.closest("details");
    if (around) around.open = true;
    const block = field.closest(".ib-field") || field;
    block.scrollIntoView({ block: "center" });
    block.classList.remove("ib-found");
    requestAnimationFrame(() => block.classList.add("ib-found"));
    field.focus({ preventScroll: true });
  }

  function fieldOf(form, where) {
    const point = /^key point (\d+)$/.exec(where);
    if (point) {
      const rows = [...form.querySelectorAll('[name^="key_points-"][name$="-text"]')].filter((row) => {
        const gone = form.elements[row.name.replace(/-text$/, "-DELETE")];
        return !row.name.includes("__prefix__") && row.value.trim() && !(gone && gone.checked);
      });
      return rows[Number(point[1]) - 1] || null;
    }
    const found = form.elements[where];
    const field = found instanceof RadioNodeList ? found[0] : found;
    if (!field) return null;
    // The toolbar's editor lies over the field that it fills.
    const markdown = field.closest("[data-markdown]");
    const shown = markdown && [...markdown.querySelectorAll("textarea")].find((area) => area.offsetParent);
    return shown || field;
  }

  /* --- on the send screen ---------------------------------------------------- */

  function beforeSending(turns) {
    setTimeout(async () => {
      const card = document.querySelector("[data-checks]");
      try {
        const answer = await fetch(card.dataset.checks);
        if (!answer.ok) return;
        const made = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-checks]");
        if (!made) return;
        const button = document.querySelector("[data-send-button]");
        if (button && "errors" in made.dataset) button.disabled = true;
        card.replaceWith(made);
        if ("pending" in made.dataset && turns > 1) beforeSending(turns - 1);
      } catch {
        // The screen stays as it was: the button looks again before anything goes out.
      }
    }, AGAIN);
  }
})();
