/* HTML of Word, Google Docs or a web page to Markdown.

   The foreign HTML is read in a document of its own, which loads nothing and
   runs nothing; only the text made from it goes anywhere. */
(() => {
  "use strict";

  const BLOCKS = new Set(("address article aside blockquote body dd details div dl dt fieldset figcaption figure "
    + "footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table ul").split(" "));
  const SILENT = new Set(("applet audio button canvas embed head iframe input link math meta noscript object script "
    + "select style svg template textarea title video xml").split(" "));
  const TRACKING = /^(utm_\w+|fbclid|gclid|dclid|msclkid|mc_[ce]id|igshid|_hsenc|_hsmi|mkt_tok)$/i;
  const DEEPEST = 60; // levels of foreign HTML that are followed

  /* Notes: Word writes #_ftn1 and #_ftnref1, Google #ftnt1, LibreOffice #sdfootnote1sym. */
  const NOTE = /^#?_?(?:edn|ftnt?|sdfootnote|sdendnote|fn:?)(\d+)(?:sym)?$/i;
  const NOTE_BACK = /^#?_?(?:ednref|ftnref|ftnt_ref|sdfootnote\d+anc|sdendnote\d+anc|fnref:?)(\d*)$/i;

  const styleOf = (node) => (node.getAttribute("style") || "").toLowerCase();
  const has = (node, pattern) => pattern.test(styleOf(node));
  const nameOf = (node) => node.nodeName.toLowerCase();
  const fragment = (href) => (href || "").replace(/^[^#]*(?=#)/, "");
  // The notes at the end of a page and those at the end of a document both begin with 1.
  const keyOf = (href) => (/edn|endnote/i.test(href) ? "end " : "") + /\d+/.exec(href)[0];

  class Converter {
    constructor(firstNote) {
      this.firstNote = firstNote;
      this.notes = new Map(); // note in the source: number in this text
      this.definitions = [];
      this.pictures = 0;
    }

    note(key) {
      let free = this.firstNote(1);
      while ([...this.notes.values()].includes(free)) free = this.firstNote(free + 1);
      if (!this.notes.has(key)) this.notes.set(key, free);
      return this.notes.get(key);
    }

    document(body) {
      const blocks = this.blocks(body, 0);
      // Whose words were not copied: the preflight stops at a TK.
      const missing = [...this.notes.values()].filter((number) => !this.definitions.some(([known]) => known === number));
      const notes = [...this.definitions, ...missing.map((number) => [number, "TK"])]
        .map(([number, words]) => `[^${number}]: ${words.replace(/\s*\n+/g, " ")}`);
      return [...blocks, notes.join("\n")].filter(Boolean).join("\n\n");
    }

    // The blocks inside a node, each as Markdown of one or more lines.
    blocks(parent, depth) {
      if (depth > DEEPEST) return [escaped(parent.textContent.replace(/\s+/g, " ").trim())];
      const found = [];
      let [loose, listed] = [[], []];
      const settle = () => {
        if (loose.length) found.push(this.paragraph(this.inline(loose)));
        if (listed.length) found.push(this.wordList(listed));
        [loose, listed] = [[], []];
      };
      for (const node of parent.childNodes) {
        if (node.nodeType === 3 || (node.nodeType === 1 && !this.isBlock(node, depth))) {
          if (listed.length && node.textContent.trim()) settle();
          if (!listed.length) loose.push(node);
        } else if (node.nodeType === 1 && /^p$|^h\d$/.test(nameOf(node)) && has(node, /mso-list:\s*l\d/)) {
          if (loose.length) settle();
          listed.push(node);
        } else if (node.nodeType === 1) {
          settle();
          found.push(...this.block(node, depth + 1));
        }
      }
      settle();
      return found.filter((text) => text.trim());
    }

    // A link or a span around paragraphs is no line of text.
    isBlock(node, depth) {
      const name = nameOf(node);
      if (SILENT.has(name)) return false;
      return BLOCKS.has(name) || (depth < DEEPEST && node.querySelector && node.querySelector("p,div,h1,h2,h3,h4,ul,ol,table,blockquote") !== null);
    }

    block(node, depth) {
      const name = nameOf(node);
      if (SILENT.has(name) || this.isHidden(node)) return [];
      const note = this.noteOf(node);
      if (note) {
        this.definitions.push([note, this.blocks(node, depth).join(" ").trim()]);
        return [];
      }
      if (/^h[1-6]$/.test(name) || /^mso(title|subtitle)$/i.test(node.className)) return this.heading(node, name);
      if (name === "ul" || name === "ol") return [this.list(node, depth)];
      if (name === "li") return [this.listItem(node, "- ", depth)];
      if (name === "blockquote" || /mso(intense)?quote/i.test(node.className)) return [this.quote(node, depth)];
      if (name === "pre") return [this.code(node)];
      if (name === "table") return this.table(node, depth);
      if (name === "hr") return this.isNoteRule(node) ? [] : ["* * *"];
      return this.blocks(node, depth);
    }

    // Deeper levels than three look like text in a mail, and the headline is the first.
    heading(node, name) {
      const level = Math.min(4, Math.max(2, Number(name[1]) || 2));
      const words = this.inline(node.childNodes).replace(/\s*\n\s*/g, " ").replace(/^\*\*(.+)\*\*$/, "$1").trim();
      return words ? [`${"#".repeat(level)} ${words}`] : [];
    }

    quote(node, depth) {
      const name = nameOf(node);
      const text = name === "p" ? this.paragraph(this.inline(node.childNodes)) : this.blocks(node, depth).join("\n\n");
      return text.split("\n").map((line) => (line ? `> ${line}` : ">")).join("\n");
    }

    code(node) {
      const text = node.textContent.replace(/\s+$/, "");
      const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map((run) => run[0].length + 1)));
      return text.trim() ? `${fence}\n${text}\n${fence}` : "";
    }

    list(node, depth) {
      const isOrdered = nameOf(node) === "ol";
      let number = Number(node.getAttribute("start")) || 1;
      const rows = [];
      if (depth > DEEPEST) return escaped(node.textContent.replace(/\s+/g, " ").trim());
      for (const child of node.children) {
        if (nameOf(child) === "li") {
          const marker = isOrdered ? `${number}. ` : "- ";
          number += 1;
          rows.push(this.listItem(child, marker, depth + 1));
        } else if (/^[uo]l$/.test(nameOf(child))) {
          rows.push(indented(this.list(child, depth + 1))); // Google nests so
        }
      }
      return rows.filter((row) => !/^\s*(-|\d+\.)\s*$/.test(row)).join("\n");
    }

    listItem(node, marker, depth) {
      const parts = this.blocks(node, depth);
      const isList = (part) => /^(- |\d+\. )/.test(part);
      let text = parts[0] && !isList(parts[0]) ? parts.shift() : "";
      text = marker + text.replace(/\n/g, "\n    ");
      for (const part of parts) text += (isList(part) ? "\n" : "\n\n") + indented(part);
      return text;
    }

    /* Word's lists are paragraphs whose style tells the level, with the mark as text before them. */
    wordList(nodes) {
      const numbers = [];
      return nodes.map((node) => {
        const level = Math.min(9, Number((/level(\d)/.exec(styleOf(node)) || [])[1]) || 1);
        const sign = [...node.querySelectorAll("span")].find((span) => has(span, /mso-list:\s*ignore/));
        const mark = sign ? sign.textContent.trim() : "";
        if (sign) sign.remove();
        numbers.length = level;
        numbers[level - 1] = Number((/^\(?(\d{1,6})/.exec(mark) || [])[1]) || (numbers[level - 1] || 0) + 1;
        const isOrdered = /^\(?([0-9]+|[a-z]{1,4})[.)]/i.test(mark);
        const text = this.inline(node.childNodes).replace(/\s*\n\s*/g, " ").trim();
        return `${"    ".repeat(level - 1)}${isOrdered ? `${numbers[level - 1]}. ` : "- "}${text}`;
      }).join("\n");
    }

    table(node, depth) {
      const rows = [...node.rows].map((row) => [...row.cells]);
      const widest = Math.max(0, ...rows.map((row) => row.length));
      // Pages and mails are laid out with tables; what has one column, or another inside, is no table.
      if (widest < 2 || node.querySelector("table,h1,h2,h3,h4,ul,ol,blockquote")) {
        return rows.flat().flatMap((cell) => this.blocks(cell, depth));
      }
      const lines = rows.map((row) => row.flatMap((cell) => [
        this.blocks(cell, depth).join("<br>").replace(/\s*\n\s*/g, "<br>").replace(/(?<!\\)\|/g, "\\|"),
        ...Array.from({ length: Math.min(20, cell.colSpan || 1) - 1 }, () => ""),
      ]));
      const width = Math.max(...lines.map((line) => line.length));
      const drawn = lines.filter((line) => line.some((text) => text)).map((line, row) => {
        const text = (cell) => (row ? cell : cell.replace(/^\*\*([^*]+)\*\*$/, "$1")); // a head is bold anyway
        const cells = Array.from({ length: width }, (_, column) => text(line[column] || " "));
        return `| ${cells.join(" | ")} |`;
      });
      if (!drawn.length) return [];
      const sides = Array.from({ length: width }, (_, column) => alignment(rows, column));
      return [[drawn[0], `| ${sides.join(" | ")} |`, ...drawn.slice(1)].join("\n")];
    }

    // What would begin a list, a heading or a quotation in Markdown is only a word here.
    paragraph(text) {
      const line = (words) => words.trim()
        .replace(/^(#{1,6}(?=\s)|[-+](?=\s)|>)/, "\\$1")
        .replace(/^(\d{1,9})([.)])(?=\s)/, "$1\\$2")
        .replace(/^(-{2,}|={2,})$/, "\\$1");
      return text.trim().split(/\n{2,}/).map((part) => part.split("\n").map(line).join("  \n")).join("\n\n");
    }

    inline(nodes) {
      return joined([...nodes].flatMap((node) => this.runs(node, {}, 0)))
        .replace(/[ \t\u00a0]*\n[ \t\u00a0]*/g, "\n")
        .replace(/[ \t]{2,}/g, " ");
    }

    // The words of a node as runs that are bold, italic, struck out, or none of these.
    runs(node, state, depth) {
      if (node.nodeType === 3) return [{ ...state, text: escaped(node.data.replace(/[\s\u00a0]+/g, " ")) }];
      if (node.nodeType !== 1 || depth > DEEPEST) return [];
      const name = nameOf(node);
      const one = (text) => [{ ...state, text }];
      if (SILENT.has(name) || this.isHidden(node)) return [];
      if (name === "br") return one("\n");
      if (name === "img") this.pictures += 1;
      if (name === "img") return [];
      const href = name === "a" ? fragment(node.getAttribute("href")) : "";
      if (href && NOTE.test(href)) return [{ text: `[^${this.note(keyOf(href))}]` }];
      if (href && NOTE_BACK.test(href)) return [];
      if (name === "code" && !node.querySelector("*")) return one(`\`${node.textContent.replace(/`/g, "'")}\``);
      const inside = (given) => [...node.childNodes].flatMap((child) => this.runs(child, given, depth + 1));
      if (name === "a") return one(this.link(node, joined(inside({}))));
      const raised = name === "sup" || name === "sub" ? name : has(node, /vertical-align:\s*super/) && "sup";
      if (raised) {
        const words = joined(inside({})).trim();
        return one(/^[\w+-]{1,12}$/.test(words) ? `<${raised}>${words}</${raised}>` : words);
      }
      const found = inside({ ...state, ...marksOf(node, name) });
      if (name === "q") return [{ ...state, text: "“" }, ...found, { ...state, text: "”" }];
      return BLOCKS.has(name) ? [...one(" "), ...found, ...one(" ")] : found;
    }

    link(node, words) {
      const target = address(node.getAttribute("href") || "");
      const text = words.trim();
      if (!target || !text) return words;
      const space = (found) => (found ? " " : "");
      const isBare = text.replace(/\\/g, "") === target;
      const link = isBare ? `<${target}>` : `[${text.replace(/\s*\n\s*/g, " ")}](${target})`;
      return space(/^\s/.test(words)) + link + space(/\s$/.test(words));
    }

    // The number of the note that a block defines, which has a link back to the text.
    noteOf(node) {
      if (!/^(p|div|li|dd)$/.test(nameOf(node))) return 0;
      const back = [...node.querySelectorAll("a[href]")].find((one) => NOTE_BACK.test(fragment(one.getAttribute("href"))));
      if (!back || (back.closest("li") || back.closest("p,div,dd")) !== node) return 0;
      const sign = back.textContent.replace(/[\s\u00a0]+/g, " ").trim();
      const words = node.textContent.replace(/[\s\u00a0]+/g, " ").trim();
      if (!words.startsWith(sign) && nameOf(node) !== "li") return 0;
      const href = fragment(back.getAttribute("href"));
      return /\d/.test(href) ? this.note(keyOf(href)) : 0;
    }

    isHidden(node) {
      return node.hidden || has(node, /display:\s*none|mso-hide:\s*all|mso-list:\s*ignore|mso-element:\s*comment|visibility:\s*hidden/)
        || /^mso(comment|annotation)/i.test(node.className || "");
    }

    isNoteRule(node) {
      const next = node.nextElementSibling;
      return node.getAttribute("width") === "33%" || (next && has(next, /mso-element:\s*footnote/));
    }
  }

  const indented = (text) => text.split("\n").map((line) => (line ? `    ${line}` : line)).join("\n");

  function marksOf(node, name) {
    // Google Docs wraps everything in a <b> that is not bold.
    const weight = /(?:^|;)\s*font-weight:\s*(\w+)/.exec(styleOf(node));
    const slant = /(?:^|;)\s*font-style:\s*(\w+)/.exec(styleOf(node));
    const marks = {};
    if (weight) marks.bold = /^(bold|bolder|[6-9]00)$/.test(weight[1]);
    else if (name === "b" || name === "strong") marks.bold = true;
    if (slant) marks.italic = /^(italic|oblique)$/.test(slant[1]);
    else if (name === "i" || name === "em" || name === "cite") marks.italic = true;
    if (name === "s" || name === "del" || name === "strike") marks.struck = true;
    return marks;
  }

  const starsOf = (run) => (run.struck ? "~~" : "") + (run.bold ? "**" : "") + (run.italic ? "*" : "");

  // Word breaks a bold word into runs; marks between them would be no emphasis.
  function joined(runs) {
    const merged = [];
    for (const run of runs.filter((one) => one.text)) {
      const last = merged[merged.length - 1];
      if (last && (starsOf(last) === starsOf(run) || !run.text.trim())) last.text += run.text;
      else merged.push({ ...run });
    }
    return merged.map((run) => surrounded(run.text, starsOf(run))).join("");
  }

  // Marks cling to words: "** word **" is no emphasis.
  function surrounded(text, marks) {
    if (!marks || !/[\p{L}\p{N}]/u.test(text)) return text;
    const [, before, words, after] = /^(\s*)([\s\S]*?)(\s*)$/.exec(text);
    const closing = marks.match(/\*\*|\*|~~/g).reverse().join("");
    return before + words.split("\n").map((line) => (line.trim() ? marks + line.trim() + closing : line)).join("\n") + after;
  }

  // What Markdown would read as a mark, but for merge fields, which are meant.
  function escaped(text) {
    return text
      .replace(/\\(?=[!-/:-@[-`{-~])/g, "\\\\")
      .replace(/[*`]/g, "\\$&")
      .replace(/(^|[^\p{L}\p{N}_])_+|_+(?=$|[^\p{L}\p{N}_])/gu, (found) => found.replace(/_/g, "\\_"))
      .replace(/~~/g, "\\~\\~")
      .replace(/(?<!\[)\[(?!\[)(?=[^\]]{0,300}\][([:])/g, "\\[")
      .replace(/\[(?=\^)/g, "\\[")
      .replace(/&(?=#?\w+;)/g, "&amp;")
      .replace(/<(?=[a-z/!?])/gi, "&lt;");
  }

  // The address of a link without what only tells where it was copied; empty for what is none.
  function address(href) {
    if (!URL.canParse(href.trim())) return "";
    const url = new URL(href.trim());
    if (/(^|\.)google\.[a-z.]+$/.test(url.hostname) && url.pathname === "/url") {
      return address(url.searchParams.get("q") || url.searchParams.get("url") || "");
    }
    if (!/^(https?|mailto):$/.test(url.protocol)) return "";
    const tracked = [...url.searchParams.keys()].filter((name) => TRACKING.test(name));
    tracked.forEach((name) => url.searchParams.delete(name));
    const text = tracked.length ? url.href : href.trim();
    return text.replace(/[\s<>]/g, encodeURIComponent).replace(/\(/g, "%28").replace(/\)/g, "%29");
  }

  // Numbers stand to the right where the source had them so.
  function alignment(rows, column) {
    const cell = (rows[1] || rows[0])[column];
    const inside = cell && cell.querySelector("p,div");
    if (!cell) return "---";
    const styles = `${styleOf(cell)};${inside ? styleOf(inside) : ""}`;
    const side = (/text-align:\s*(right|center|end)/.exec(styles) || [])[1] || cell.getAttribute("align")
      || (inside && inside.getAttribute("align")) || "";
    return { right: "---:", end: "---:", center: ":---:" }[side] || "---";
  }

  /* Returns Markdown for *html*, and how many pictures were left out. */
  function toMarkdown(html, firstNote = (from) => from) {
    const inert = new DOMParser().parseFromString(html, "text/html");
    const converter = new Converter(firstNote);
    const text = converter.document(inert.body)
      .replace(/[\u200b\ufeff]/g, "")
      .replace(/\u00a0/g, " ")
      .replace(/ +$/gm, (spaces) => (spaces.length === 2 ? spaces : ""))
      .replace(/\n{3,}/g, "\n\n")
      .trim();
    return { text, pictures: converter.pictures };
  }

  window.ibConvert = { toMarkdown };
})();
