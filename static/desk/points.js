/* Key points: rows that are added, moved by mouse, finger or keyboard, and removed. */
(() => {
  "use strict";

  const EDGE = 60; // pixels from the edge of the window within which a held row scrolls it

  function start(section) {
    const prefix = section.dataset.prefix;
    const list = section.querySelector("[data-points-list]");
    const template = section.querySelector("[data-points-template]");
    const total = section.querySelector(`[name="${prefix}-TOTAL_FORMS"]`);
    const add = section.querySelector("[data-points-add]");
    const said = section.querySelector("[data-points-said]");
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

    /* Said to who cannot see it move. */
    function tell(row) {
      const all = rows();
      said.textContent = `Key point ${all.indexOf(row) + 1} of ${all.length}.`;
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
      row.remove(); // a row that is not sent is no key point
      number();
      changed();
      words(next || insert(null)).focus();
    }

    function move(row, by, focus) {
      const all = rows();
      const other = all[all.indexOf(row) + by];
      if (other) {
        // The other one is moved, so that the row keeps its focus and its selection.
        if (by < 0) row.after(other);
        else row.before(other);
        number();
        changed();
      }
      tell(row);
      if (focus) focus.focus();
    }

    function keys(event, row) {
      const field = words(row);
      if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.isComposing) {
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

    /* Pointer events, since a finger knows no drag and drop. */
    function hold(handle, row) {
      let before = null;

      function follow(event) {
        if (before === null) return;
        event.preventDefault();
        if (event.clientY < EDGE) window.scrollBy(0, -12);
        else if (event.clientY > window.innerHeight - EDGE) window.scrollBy(0, 12);
        const all = rows();
        const at = all.indexOf(row);
        const middle = (other) => {
          const box = other.getBoundingClientRect();
          return box.top + box.height / 2;
        };
        if (at > 0 && event.clientY < middle(all[at - 1])) row.after(all[at - 1]);
        else if (at < all.length - 1 && event.clientY > middle(all[at + 1])) row.before(all[at + 1]);
      }

      function release() {
        if (before === null) return;
        const moved = rows().indexOf(row) !== before;
        before = null;
        row.classList.remove("ib-point-held");
        if (!moved) return;
        number();
        tell(row);
        changed();
      }

      handle.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        event.preventDefault(); // no selection of text
        handle.setPointerCapture(event.pointerId);
        before = rows().indexOf(row);
        row.classList.add("ib-point-held");
      });
      handle.addEventListener("pointermove", follow);
      handle.addEventListener("pointerup", release);
      handle.addEventListener("pointercancel", release);
      handle.addEventListener("lostpointercapture", release);
    }

    function wire(row) {
      const button = (name) => row.querySelector(`[data-point-${name}]`);
      for (const name of ["up", "down", "remove"]) button(name).hidden = false;
      button("up").onclick = () => move(row, -1, button("up"));
      button("down").onclick = () => move(row, 1, button("down"));
      button("remove").onclick = () => remove(row);
      words(row).addEventListener("keydown", (event) => keys(event, row));
      words(row).addEventListener("paste", (event) => paste(event, row));
      hold(row.querySelector("[data-point-handle]"), row);
    }

    rows().forEach(wire);
    number();
    add.onclick = () => words(insert(rows().at(-1))).focus();
    section.fill = (points) => {
      rows().forEach((row) => row.remove());
      total.value = 0;
      points.forEach((point) => insert(list.lastElementChild, point));
      if (!points.length) insert(null);
    };
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-points]").forEach(start);
  });
})();
