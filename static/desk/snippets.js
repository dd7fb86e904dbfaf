/* Words that are used again, put in at the cursor; the server labels a sponsor's line. */
(() => {
  "use strict";

  document.addEventListener("ib-snippet", async ({ detail: { area } }) => {
    const { dialog, close } = window.ibMarkdown.ask("snippet", area, () => false);
    const list = dialog.querySelector("[data-snippets]");
    const none = dialog.querySelector("[data-snippets-none]");
    const error = dialog.querySelector("[data-dialog-error]");
    const publication = area.form.elements.publication;
    list.replaceChildren();
    none.hidden = true;
    try {
      const query = new URLSearchParams({ publication: publication ? publication.value : "" });
      const answer = await fetch(`${dialog.dataset.url}?${query}`, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      const { snippets } = await answer.json();
      none.hidden = snippets.length > 0;
      list.replaceChildren(...snippets.map((snippet) => row(snippet, () => {
        close();
        if (snippet.markdown.includes("\n") || /^\*\*/.test(snippet.markdown)) {
          window.ibMarkdown.insertBlock(area, snippet.markdown);
        } else {
          window.ibMarkdown.insert(area, snippet.markdown);
        }
      })));
      const first = list.querySelector("button");
      if (first) first.focus();
    } catch {
      error.textContent = "The snippets could not be read. Close this and try again.";
      error.hidden = false;
    }
  });

  function row(snippet, choose) {
    const line = document.createElement("li");
    const button = document.createElement("button");
    const parts = [["name", snippet.name], ["kind", snippet.kind], ["text", snippet.markdown]];
    button.type = "button";
    button.append(...parts.map(([name, words]) => {
      const part = document.createElement("span");
      part.className = `ib-snippet-${name}`;
      part.textContent = words;
      return part;
    }));
    button.onclick = choose;
    line.append(button);
    return line;
  }
})();
