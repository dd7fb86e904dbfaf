/* Says every ten seconds that this brief is open here, and shows who else has it open. */
(() => {
  "use strict";

  const BEAT = 10_000; // milliseconds; the server forgets a page after thirty seconds

  document.addEventListener("DOMContentLoaded", () => {
    const root = document.querySelector("[data-brief]");
    if (root) start(root, root.closest("form"));
  });

  function start(root, form) {
    const box = document.querySelector("[data-presence]");
    let shown = [...box.querySelectorAll("p span:last-child")].map((line) => line.textContent).join("\n");

    function show(lines) {
      if (lines.join("\n") === shown) return; // nothing is said twice
      shown = lines.join("\n");
      box.replaceChildren(...lines.map((words) => {
        const line = document.createElement("p");
        line.className = "ib-note ib-note-warning";
        const icon = document.createElement("span");
        icon.className = "material-symbols-outlined";
        icon.setAttribute("aria-hidden", "true");
        icon.textContent = "group";
        const text = document.createElement("span");
        text.textContent = words;
        line.append(icon, text);
        return line;
      }));
    }

    async function beat() {
      if (document.visibilityState === "hidden" || !root.dataset.brief) return;
      const data = new FormData();
      data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
      data.set("brief", root.dataset.brief);
      data.set("text_version", form.elements.text_version.value);
      if ("typing" in root.dataset) data.set("typing", "1");
      try {
        const answer = await fetch(root.dataset.presenceUrl, { method: "POST", body: data, redirect: "manual" });
        if (!answer.ok) return;
        const found = await answer.json();
        show(found.gone ? [found.gone] : found.lines);
      } catch {
        // Who else is there is not known without the server; drafts.js tells that it is away.
      }
    }

    document.addEventListener("ib-news", (event) => show(event.detail));
    document.addEventListener("visibilitychange", beat);
    setInterval(beat, BEAT);
    beat();
  }
})();
