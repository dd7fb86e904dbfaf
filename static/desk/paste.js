/* What is pasted from Word, Google Docs or a web page becomes Markdown; Ctrl+Shift+V pastes
   the bare text, as everywhere. */
(() => {
  "use strict";

  const MOST_CHARACTERS = 3_000_000; // of HTML; Word writes a hundred for each that is read

  // An editor of code gives colours as HTML; its text is better.
  function saysMore(html) {
    const body = new DOMParser().parseFromString(html, "text/html").body;
    if (body.querySelector("a[href],h1,h2,h3,h4,h5,h6,ul,ol,table,blockquote,em,strong,i,sup,sub,hr")) return true;
    if (body.querySelector("[style*='mso-'],[class^=Mso],[id^=docs-internal-guid]")) return true;
    return [...body.querySelectorAll("b,[style]")].some((node) => (
      (node.nodeName === "B" && !/font-weight:\s*normal/.test(node.style.cssText))
      || /font-style:\s*italic|font-weight:\s*(bold|[6-9]00)/.test(node.getAttribute("style"))
    )) && !body.querySelector("[style*='white-space: pre'],[style*='monospace'],[style*='Consolas']");
  }

  let plainUntil = 0;
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.shiftKey && event.key.toLowerCase() === "v") {
      plainUntil = Date.now() + 1000;
    }
  }, true);

  document.addEventListener("paste", (event) => {
    const box = event.target.closest && event.target.closest("[data-markdown]");
    const area = box && event.target.closest("textarea");
    const data = event.clipboardData;
    if (!area || !data || !window.ibMarkdown || Date.now() < plainUntil) return;
    const html = data.getData("text/html");
    const files = [...data.files].filter((file) => file.type.startsWith("image/"));
    // Word gives a picture of the text beside the text.
    if (files.length && !data.getData("text/plain").trim() && box.querySelector("[data-tool=image]:not([hidden])")) {
      event.preventDefault();
      event.stopPropagation();
      area.dispatchEvent(new CustomEvent("ib-pictures", { bubbles: true, detail: { area, files } }));
      return;
    }
    // What is longer than any brief is left to the browser, as bare text.
    if (!html || html.length > MOST_CHARACTERS || !saysMore(html)) return;
    const { text, pictures } = window.ibConvert.toMarkdown(html, (from) => window.ibMarkdown.nextNote(area.value, from));
    if (!text) return;
    event.preventDefault();
    event.stopPropagation();
    if (/\n|^(#|- |\d+\. |>|\|)/.test(text)) window.ibMarkdown.insertBlock(area, text);
    else window.ibMarkdown.insert(area, edges(data.getData("text/plain"), text));
    say(box, pictures);
  }, true);

  // A word from the middle of a sentence keeps the spaces that it was copied with.
  const edges = (plain, text) => (/^[ \t]/.test(plain) ? " " : "") + text + (/[ \t]$/.test(plain) ? " " : "");

  function say(box, pictures) {
    let line = box.parentElement.querySelector("[data-pasted]");
    if (!line) {
      line = document.createElement("p");
      line.className = "ib-help";
      line.dataset.pasted = "";
      line.setAttribute("role", "status");
      box.after(line);
    }
    const left = pictures ? ` ${pictures === 1 ? "A picture was" : `${pictures} pictures were`} left out: copy or drop each by itself.` : "";
    line.textContent = `Pasted as Markdown; Ctrl+Z takes it back, Ctrl+Shift+V pastes the bare text.${left}`;
  }

})();
