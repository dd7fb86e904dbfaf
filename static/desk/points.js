/* Key points: rows that are added, moved by drag or keyboard, and removed. */
(() => {
  "use strict";

  function start(section) {
    const prefix = section.dataset.prefix;
    const list = section.querySelector("[data-points-list]");
    const template = section.querySelector("[data-points-template]");
    const total = section.querySelector(`[name="${prefix}-TOTAL_FORMS"]`);
    const add = section.querySelector("[data-points-add]");
    section.classList.add("ib-points-live");
    add.hidden = false;
    section.querySelector("[data-points-hint]").hidden = false;

    const rows = () => [...list.querySelectorAll("[data-point]")].filter((row) => !row.hidden);
    const words = (row) => row.querySelector("textarea");
    const changed = () => section.dispatchEvent(new Event("input", { bubbles: true }));

    function number() {
      rows().forEach((row, index) => {
        row.querySelector("input[name$='-position']").value = index + 1;
      });
    }

    function insert(after, text = "") {
      const html = template.innerHTML.replaceAll("__prefix__", total.value);
      const holder = document.createElement("ol");
      holder.innerHTML = html.trim();
      const row = holder.firstElementChild;
      total.value = Number(total.value) + 1;
      if (after) after.after(row);
      else list.append(row);
      wire(row);
      words(row).value = text;
      number();
      return row;
    }

    function remove(row) {
      const neighbours = rows();
      const next = neighbours[neighbours.indexOf(row) - 1] || neighbours[1];
      const tick = row.querySelector("input[name$='-DELETE']");
      if (tick) tick.checked = true;
      words(row).value = "";
      row.hidden = true;
      number();
      changed();
      words(next || insert(null)).focus();
    }

    function move(row, by) {
      const all = rows();
      const other = all[all.indexOf(row) + by];
      if (!other) return;
      if (by < 0) other.before(row);
      else other.after(row);
      number();
      changed();
    }

    function keys(event, row) {
      const field = words(row);
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        const rest = field.value.slice(field.selectionEnd);
        field.value = field.value.slice(0, field.selectionStart);
        const fresh = words(insert(row, rest));
        fresh.focus();
        fresh.setSelectionRange(0, 0);
        changed();
      } else if (event.key === "Backspace" && field.value === "" && rows().length > 1) {
        event.preventDefault();
        remove(row);
      } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
        event.preventDefault();
        move(row, event.key === "ArrowUp" ? -1 : 1);
        field.focus();
      }
    }

    function paste(event, row) {
      const text = event.clipboardData.getData("text/plain");
      const lines = text.split(/\r?\n/).map((line) => line.replace(/^\s*[•·*–-]\s+/, "").trim());
      const points = lines.filter(Boolean);
      if (points.length < 2) return;
      event.preventDefault();
      const field = words(row);
      field.setRangeText(points.shift(), field.selectionStart, field.selectionEnd, "end");
      let last = row;
      for (const point of points) last = insert(last, point);
      words(last).focus();
      changed();
    }

    function wire(row) {
      for (const name of ["up", "down", "remove"]) {
        row.querySelector(`[data-point-${name}]`).hidden = false;
      }
      row.querySelector("[data-point-up]").onclick = () => move(row, -1);
      row.querySelector("[data-point-down]").onclick = () => move(row, 1);
      row.querySelector("[data-point-remove]").onclick = () => remove(row);
      words(row).addEventListener("keydown", (event) => keys(event, row));
      words(row).addEventListener("paste", (event) => paste(event, row));
      const handle = row.querySelector("[data-point-handle]");
      handle.onmousedown = () => { row.draggable = true; };
      row.addEventListener("dragstart", (event) => {
        event.dataTransfer.effectAllowed = "move";
        row.classList.add("ib-point-dragged");
      });
      row.addEventListener("dragend", () => {
        row.draggable = false;
        row.classList.remove("ib-point-dragged");
        number();
        changed();
      });
      row.addEventListener("dragover", (event) => {
        const dragged = list.querySelector(".ib-point-dragged");
        if (!dragged || dragged === row) return;
        event.preventDefault();
        const box = row.getBoundingClientRect();
        if (event.clientY < box.top + box.height / 2) row.before(dragged);
        else row.after(dragged);
      });
    }

    rows().forEach(wire);
    number();
    add.onclick = () => words(insert(rows().at(-1))).focus();
    section.fill = (points) => {
      rows().forEach((row) => {
        const tick = row.querySelector("input[name$='-DELETE']");
        if (tick) tick.checked = true;
        words(row).value = "";
        row.hidden = true;
      });
      points.forEach((point) => insert(list.lastElementChild, point));
      if (!points.length) insert(null);
    };
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-points]").forEach(start);
  });
})();
