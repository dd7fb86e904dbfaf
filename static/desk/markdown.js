/* Turns each Markdown textarea into an OverType editor.

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

  function upgrade(box) {
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
    const buttons = window.toolbarButtons;
    const [editor] = new OverType(box, {
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
      toolbar: true,
      toolbarButtons: buttons && [
        buttons.bold, buttons.italic, buttons.separator, buttons.h2, buttons.h3, buttons.separator,
        buttons.bulletList, buttons.orderedList, buttons.quote, buttons.separator, buttons.link,
      ],
    });
    box.editor = editor;
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (typeof OverType === "undefined") return;
    document.querySelectorAll("[data-markdown]").forEach(upgrade);
  });
})();
