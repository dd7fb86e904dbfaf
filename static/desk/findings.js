/* What stands against sending the brief, told while there is time. */
(() => {
  "use strict";

  document.addEventListener("ib-preview", (event) => show(event.detail));

  function show(mail) {
    const box = document.querySelector("[data-findings]");
    if (!box) return;
    box.hidden = !mail.touched; // nobody is told that an empty page is empty
    const rows = [
      ...mail.errors.map((message) => ["error", message]),
      ...mail.warnings.map((message) => ["warning", message]),
    ];
    const some = (number, word) => (number ? [`${number} ${word}${number > 1 ? "s" : ""}`] : []);
    const sum = [...some(mail.errors.length, "error"), ...some(mail.warnings.length, "warning")];
    box.dataset.kind = mail.errors.length ? "error" : mail.warnings.length ? "warning" : "ok";
    box.querySelector("[data-findings-icon]").textContent = mail.errors.length ? "error" : mail.warnings.length ? "warning" : "check_circle";
    box.querySelector("[data-findings-sum]").textContent = sum.join(", ") || "Ready to send";
    if (!rows.length) rows.push(["ok", "Nothing in the text stands in the way."]);
    box.querySelector("[data-findings-list]").replaceChildren(...rows.map(([kind, message]) => {
      const line = document.createElement("li");
      line.className = `ib-check-${kind}`;
      const icon = document.createElement("span");
      icon.className = "material-symbols-outlined";
      icon.setAttribute("aria-hidden", "true");
      icon.textContent = { error: "error", warning: "warning", ok: "check_circle" }[kind];
      const words = document.createElement("span");
      words.textContent = message;
      line.append(icon, words);
      return line;
    }));
  }
})();
