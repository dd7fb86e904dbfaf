/* Pictures in the text: chosen, dropped or pasted; none goes in without words for it. */
(() => {
  "use strict";

  const TYPES = /^image\/(png|jpeg|gif|webp)$/;
  const MOST_OCTETS = 6_500_000; // the server takes 7 MB; a larger one is made smaller here
  const WIDEST = 2560;
  const waiting = [];

  const pictures = (data) => [...((data && data.files) || [])].filter((file) => file.type.startsWith("image/"));
  const areaOf = (event) => {
    const box = event.target.closest && event.target.closest("[data-markdown]");
    return box && box.querySelector("[data-tool=image]:not([hidden])") ? box.querySelector("textarea") : null;
  };

  document.addEventListener("ib-image", ({ detail: { area } }) => show(area));
  document.addEventListener("ib-pictures", ({ detail: { area, files } }) => queue(area, files));

  document.addEventListener("dragover", (event) => {
    const area = areaOf(event);
    if (![...event.dataTransfer.types].includes("Files") || event.target.closest("input[type=file]")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = area ? "copy" : "none";
    if (area) area.closest("[data-markdown]").classList.add("ib-markdown-over");
  });
  for (const name of ["dragleave", "drop", "dragend"]) {
    document.addEventListener(name, () => {
      document.querySelectorAll(".ib-markdown-over").forEach((box) => box.classList.remove("ib-markdown-over"));
    });
  }
  document.addEventListener("drop", (event) => {
    const area = areaOf(event);
    const files = pictures(event.dataTransfer);
    if (!event.dataTransfer.files.length || event.target.closest("input[type=file]")) return;
    event.preventDefault(); // else the browser leaves the page for the file, with all that was typed
    if (area && files.length) queue(area, files);
  });

  function queue(area, files) {
    waiting.push(...files);
    if (!document.querySelector("[data-dialog=image]").open) next(area);
  }

  function next(area) {
    if (waiting.length) show(area, waiting.shift());
  }

  function show(area, given) {
    let file = given || null;
    const { dialog } = window.ibMarkdown.ask("image", area, (find) => send(find, area, file), (find) => {
      const chosen = find("image-file");
      chosen.value = "";
      chosen.closest("label").hidden = Boolean(given);
      find("image-alt").value = "";
      find("dialog-go").disabled = false;
      chosen.onchange = () => {
        file = chosen.files[0] || null;
        picture(find, file);
        if (file) find("image-alt").focus();
      };
      picture(find, file);
    });
    if (given) dialog.querySelector("[data-image-alt]").focus();
    dialog.onclose = () => {
      picture((part) => dialog.querySelector(`[data-${part}]`), null);
      setTimeout(() => next(area));
    };
  }

  function picture(find, file) {
    const shown = find("image-preview");
    if (shown.src.startsWith("blob:")) URL.revokeObjectURL(shown.src);
    find("image-shown").hidden = !file || !TYPES.test(file.type);
    if (find("image-shown").hidden) shown.removeAttribute("src");
    else shown.src = URL.createObjectURL(file);
  }

  // Answers with what puts the picture in, or with false where the dialog stays open.
  async function send(find, area, file) {
    const error = find("dialog-error");
    const button = find("dialog-go");
    const alt = find("image-alt");
    const wrong = (words, field) => {
      error.textContent = words;
      error.hidden = false;
      button.disabled = false;
      if (field) field.focus();
      return false;
    };
    if (!file) return wrong("Choose a picture first.", find("image-file"));
    if (!TYPES.test(file.type)) return wrong("This is no picture that mails can show. Take a PNG, JPEG, GIF or WebP file.", find("image-file"));
    if (!alt.value.trim()) return wrong("Write what the picture shows: many readers see the words only.", alt);
    error.hidden = true;
    button.disabled = true;
    try {
      const data = new FormData();
      const { csrfmiddlewaretoken, publication } = area.form.elements;
      data.set("csrfmiddlewaretoken", csrfmiddlewaretoken.value);
      data.set("publication", publication ? publication.value : "");
      data.set("alt", alt.value);
      data.set("file", await smaller(file), "picture");
      const answer = await fetch(find("image-alt").closest("dialog").dataset.url, { method: "POST", body: data });
      const found = await answer.json().catch(() => ({}));
      if (answer.status === 403) return wrong("You may not write for this publication; the picture was not stored.");
      if (answer.status === 413) return wrong("The picture is too large. Save it smaller, and add it again.");
      if (!answer.ok || !found.markdown) return wrong(found.error || "The picture was not stored. Reload the page and log in again.");
      button.disabled = false;
      return () => window.ibMarkdown.insertBlock(area, found.markdown);
    } catch {
      return wrong("The server did not answer; the picture was not stored. Try again.");
    }
  }

  async function smaller(file) {
    if (file.size <= MOST_OCTETS) return file;
    try {
      const bitmap = await createImageBitmap(file);
      const share = Math.min(1, WIDEST / bitmap.width);
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(bitmap.width * share);
      canvas.height = Math.round(bitmap.height * share);
      const paper = canvas.getContext("2d");
      paper.fillStyle = "#fff"; // JPEG has no holes
      paper.fillRect(0, 0, canvas.width, canvas.height);
      paper.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      return await new Promise((done) => canvas.toBlob((blob) => done(blob || file), "image/jpeg", 0.92));
    } catch {
      return file; // the server says what is wrong with it
    }
  }
})();
