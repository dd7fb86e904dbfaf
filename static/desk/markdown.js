/* Turns each Markdown textarea into an OverType editor with a toolbar.

   OverType makes a textarea of its own; it takes over the name and id of the
   real one, so the form posts the same field and its label stays true. */
(() => {
  "use strict";

  const theme = {
    name: "desk",
    colors: {
      bgPrimary: "var(--ib-surface)",
      bgSecondary: "var(--ib-surface)",
      text: "var(--ib-strong)",
      textPrimary: "var(--ib-strong)",
      textSecondary: "var(--ib-muted)",
      h1: "var(--ib-strong)",
      h2: "var(--ib-strong)",
      h3: "var(--ib-strong)",
      strong: "var(--ib-strong)",
      em: "var(--ib-strong)",
      del: "var(--ib-muted)",
      link: "var(--ib-accent)",
      code: "var(--ib-strong)",
      codeBg: "color-mix(in oklab, var(--ib-muted) 16%, transparent)",
      blockquote: "var(--ib-muted)",
      hr: "var(--ib-muted)",
      syntaxMarker: "var(--ib-muted)",
      syntax: "var(--ib-muted)",
      listMarker: "var(--ib-accent)",
      placeholder: "var(--ib-muted)",
      cursor: "var(--ib-accent)",
      selection: "color-mix(in oklab, var(--color-primary-500) 28%, transparent)",
      primary: "var(--ib-accent)",
      border: "var(--ib-line)",
      hoverBg: "var(--ib-sunken)",
      toolbarBg: "var(--ib-sunken)",
      toolbarBorder: "var(--ib-line)",
      toolbarIcon: "var(--ib-text)",
      toolbarHover: "color-mix(in oklab, var(--ib-muted) 16%, transparent)",
      toolbarActive: "var(--ib-accent-soft)",
    },
  };

  /* Edits that Ctrl+Z takes back: the browser knows only of those that it made itself. */

  function insert(area, text, from = area.selectionStart, to = area.selectionEnd) {
    area.focus();
    area.setSelectionRange(from, to);
    const before = area.value;
    document.execCommand(text ? "insertText" : "delete", false, text);
    if (area.value === before && text !== before.slice(from, to)) {
      area.setRangeText(text, from, to, "end");
      area.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
  }

  // As a block of its own: Markdown wants an empty line around a list, a table, a heading.
  function insertBlock(area, text) {
    const before = area.value.slice(0, area.selectionStart);
    const after = area.value.slice(area.selectionEnd);
    const gap = (found) => (found ? "\n".repeat(Math.max(0, 2 - found.match(/^\n*/)[0].length)) : "");
    const above = gap([...before].reverse().join(""));
    const start = area.selectionStart + above.length;
    insert(area, above + text + gap(after));
    area.setSelectionRange(start + text.length, start + text.length);
    return start;
  }

  const run = (text, mark, step, from) => {
    let length = 0;
    while (text[from + step * length] === mark) length += 1;
    return length;
  };

  function wrap(area, marks) {
    const { value } = area;
    let [from, to] = [area.selectionStart, area.selectionEnd];
    while (from < to && /\s/.test(value[from])) from += 1;
    while (to > from && /\s/.test(value[to - 1])) to -= 1;
    const words = value.slice(from, to);
    const around = Math.min(run(value, "*", -1, from - 1), run(value, "*", 1, to));
    const inside = Math.min(run(words, "*", 1, 0), run(words, "*", -1, words.length - 1));
    const has = (stars) => (marks.length === 2 ? stars >= 2 : stars % 2 === 1);
    const width = marks.length;
    if (has(around)) {
      insert(area, words, from - width, to + width);
      area.setSelectionRange(from - width, to - width);
    } else if (words.length > 2 * width && has(inside)) {
      insert(area, words.slice(width, -width), from, to);
      area.setSelectionRange(from, to - 2 * width);
    } else {
      insert(area, marks + words + marks, from, to);
      area.setSelectionRange(from + width, to + width);
    }
  }

  function link(area) {
    const from = area.selectionStart;
    const words = area.value.slice(from, area.selectionEnd);
    if (/^(https?:\/\/|mailto:)\S+$/.test(words)) {
      insert(area, `[](${words})`);
      area.setSelectionRange(from + 1, from + 1);
      return;
    }
    insert(area, `[${words}](https://)`);
    const place = words ? from + words.length + 3 : from + 1;
    area.setSelectionRange(place, words ? place + 8 : place);
  }

  const LINES = {
    heading: { mark: /^#{1,6} +/, other: /^(?!)/, make: () => "## " },
    bullets: { mark: /^\s*[-*+] +/, other: /^\s*\d+[.)] +/, make: () => "- " },
    numbers: { mark: /^\s*\d+[.)] +/, other: /^\s*[-*+] +/, make: (number) => `${number}. ` },
    quote: { mark: /^> ?/, other: /^(?!)/, make: () => "> " },
  };

  function lines(area, kind) {
    const { mark, other, make } = LINES[kind];
    const { value } = area;
    const from = value.lastIndexOf("\n", area.selectionStart - 1) + 1;
    const end = value.indexOf("\n", Math.max(from, area.selectionEnd - (area.selectionEnd > area.selectionStart ? 1 : 0)));
    const to = end === -1 ? value.length : end;
    const rows = value.slice(from, to).split("\n");
    const filled = rows.filter((row) => row.trim());
    const isOn = filled.length > 0 && filled.every((row) => mark.test(row));
    let number = 0;
    let text = rows.map((row) => {
      if (!row.trim() && rows.length > 1) return kind === "quote" && !isOn ? ">" : row;
      const bare = row.replace(mark, "").replace(other, "");
      // A second press makes a smaller heading, a third none.
      if (kind === "heading" && isOn) return /^## /.test(row) ? `### ${bare}` : bare;
      number += 1;
      return isOn ? bare : make(number) + bare;
    }).join("\n");
    const above = value.slice(0, from).split("\n").slice(-2, -1)[0] || "";
    const isNew = !isOn && above.trim() && !mark.test(above);
    if (isNew) text = `\n${text}`;
    insert(area, text, from, to);
    const start = from + (isNew ? 1 : 0);
    if (rows.length > 1) area.setSelectionRange(start, from + text.length);
  }

  function footnote(area) {
    const { value } = area;
    const place = area.selectionEnd;
    const number = nextNote(value);
    const tail = value.slice(place).replace(/\s+$/, "");
    const whole = (value.slice(0, place) + tail).split("\n");
    const gap = /^\[\^[^\]]+\]:/.test(whole[whole.length - 1]) ? "\n" : "\n\n";
    insert(area, `[^${number}]${tail}${gap}[^${number}]: `, place, value.length);
  }

  // The lowest number that no note has.
  function nextNote(text, from = 1) {
    const taken = new Set([...text.matchAll(/\[\^(\d+)\]/g)].map((found) => Number(found[1])));
    let number = from;
    while (taken.has(number)) number += 1;
    return number;
  }

  function table(area, rows, columns) {
    const line = (cell) => `| ${Array.from({ length: columns }, (_, column) => cell(column)).join(" | ")} |`;
    const text = [
      line((column) => `Column ${column + 1}`),
      line(() => "---"),
      ...Array.from({ length: rows }, () => line(() => " ")),
    ].join("\n");
    const start = insertBlock(area, text);
    area.setSelectionRange(start + 2, start + 2 + "Column 1".length);
  }

  /* A toolbar as the ARIA pattern wants it: one stop of the Tab key, arrows inside. */

  const DIALOGS = new Set(["table", "image", "snippet", "merge"]);

  function toolbar(box, tools, area) {
    if (!tools || !area) return;
    const wanted = (tool) => (
      DIALOGS.has(tool) ? document.querySelector(`[data-dialog="${tool}"]`) : tool !== "footnote" || document.querySelector("[data-brief]")
    );
    const buttons = [...tools.querySelectorAll("[data-tool]")].filter((button) => {
      button.hidden = !wanted(button.dataset.tool);
      return !button.hidden;
    });
    const stop = (chosen) => buttons.forEach((button) => { button.tabIndex = button === chosen ? 0 : -1; });
    stop(buttons[0]);
    tools.hidden = false;
    tools.setAttribute("aria-controls", area.id);
    tools.addEventListener("keydown", (event) => {
      const at = buttons.indexOf(document.activeElement);
      const last = buttons.length - 1;
      const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at ? at - 1 : last, Home: 0, End: last }[event.key];
      if (event.key === "Escape") area.focus();
      if (to === undefined) return;
      event.preventDefault();
      stop(buttons[to]);
      buttons[to].focus();
    });
    // The selection stays where it is while a button is pressed.
    tools.addEventListener("mousedown", (event) => event.preventDefault());
    tools.addEventListener("click", (event) => {
      const button = event.target.closest("[data-tool]");
      if (button) use(button.dataset.tool, area, box);
    });
    box.addEventListener("keydown", (event) => {
      if (event.target !== area) return;
      const isCommand = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
      const tool = isCommand && { b: "bold", i: "italic", k: "link" }[event.key.toLowerCase()];
      if (tool) {
        event.preventDefault();
        event.stopPropagation(); // OverType has shortcuts of its own
        use(tool, area, box);
      } else if (event.altKey && event.key === "F10") {
        event.preventDefault();
        buttons.find((button) => button.tabIndex === 0).focus();
      }
    }, true);
  }

  function use(tool, area, box) {
    if (tool === "bold") wrap(area, "**");
    else if (tool === "italic") wrap(area, "*");
    else if (tool === "link") link(area);
    else if (tool in LINES) lines(area, tool);
    else if (tool === "footnote") footnote(area);
    else box.dispatchEvent(new CustomEvent(`ib-${tool}`, { bubbles: true, detail: { area } }));
  }

  // Opens a dialog for a field; *go* returns false where it shall stay open.
  function ask(name, area, go, prepare) {
    const dialog = document.querySelector(`[data-dialog="${name}"]`);
    const find = (part) => dialog.querySelector(`[data-${part}]`);
    const [from, to] = [area.selectionStart, area.selectionEnd];
    const error = find("dialog-error");
    if (error) error.hidden = true;
    const close = () => {
      dialog.close();
      area.focus();
      area.setSelectionRange(from, to);
    };
    const finish = async () => {
      const insertion = await go(find);
      if (insertion === false || !dialog.open) return;
      close();
      insertion();
    };
    dialog.oncancel = (event) => {
      event.preventDefault();
      close();
    };
    dialog.onkeydown = (event) => {
      if (event.key === "Enter" && event.target.matches("input") && !event.isComposing) {
        event.preventDefault();
        finish();
      }
    };
    find("dialog-cancel").onclick = close;
    if (find("dialog-go")) find("dialog-go").onclick = finish;
    if (prepare) prepare(find, finish);
    dialog.showModal();
    return { dialog, close };
  }

  document.addEventListener("ib-table", ({ detail: { area } }) => {
    ask("table", area, (find) => {
      const count = (part) => Math.min(Number(find(part).max), Math.max(1, Math.round(Number(find(part).value)) || 1));
      return () => table(area, count("table-rows"), count("table-columns"));
    });
  });

  document.addEventListener("ib-merge", ({ detail: { area } }) => {
    ask("merge", area, (find) => {
      const name = find("merge-name").value.trim();
      const otherwise = find("merge-default").value.replace(/[[\]]/g, "").trim();
      if (!/^\p{L}[\p{L}\p{N}_ .-]{0,59}$/u.test(name)) {
        find("dialog-error").hidden = false;
        find("merge-name").focus();
        return false;
      }
      return () => insert(area, otherwise ? `[[${name}|${otherwise}]]` : `[[${name}]]`);
    });
  });

  window.ibMarkdown = { insert, insertBlock, nextNote, ask };

  function upgrade(box) {
    const tools = box.querySelector("[data-tools]");
    const plain = box.querySelector("textarea");
    const label = plain.labels && plain.labels[0];
    const props = { id: plain.id, name: plain.name, spellcheck: "true" };
    for (const name of ["aria-describedby", "maxlength", "required"]) {
      if (plain.hasAttribute(name)) props[name] = plain.getAttribute(name);
    }
    if (label) props["aria-label"] = label.textContent.trim();
    const value = plain.value;
    plain.remove();
    const rows = Number(box.dataset.rows || 6);
    // OverType empties what it moves into.
    const room = document.createElement("div");
    box.append(room);
    const [editor] = new OverType(room, {
      value,
      theme,
      textareaProps: props,
      autoResize: true,
      minHeight: `${rows * 24 + 24}px`,
      // OverType reads pixels only.
      maxHeight: `${rows > 10 ? Math.max(480, Math.round(window.innerHeight * 0.75)) : 320}px`,
      fontSize: "15px",
      lineHeight: 1.6,
      padding: "14px 16px",
      fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
      spellcheck: true,
      toolbar: false,
      placeholder: plain.placeholder,
    });
    box.editor = editor;
    toolbar(box, tools, box.querySelector("textarea"));
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (typeof OverType === "undefined") return;
    document.querySelectorAll("[data-markdown]").forEach(upgrade);
  });
})();
