/* The live page of an edition: asks for its figures until it is over. */
(() => {
  "use strict";

  const SETTLED = ["sent", "delivered", "bounced", "complained", "failed", "in-doubt", "skipped"];
  const number = new Intl.NumberFormat("en");

  document.addEventListener("DOMContentLoaded", () => {
    const root = document.querySelector("[data-live]");
    if (!root) return;
    const find = (name) => root.querySelector(`[data-live-${name}]`);
    const seen = []; // [seconds, settled] of the last polls, for the rate of just now
    let last = JSON.parse(document.getElementById("live-figures").textContent);

    document.querySelectorAll("[data-confirm]").forEach((button) => {
      button.addEventListener("click", (event) => {
        if (!window.confirm(button.dataset.confirm)) event.preventDefault();
      });
    });

    function span(seconds) {
      const s = Math.round(seconds);
      if (s < 60) return `${s} s`;
      if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
      return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
    }

    function perSecond(letters) {
      return `${number.format(Math.round(letters * 10) / 10)} a second`;
    }

    function rate(figures) {
      seen.push([figures.seconds, figures.settled]);
      if (seen.length > 8) seen.shift();
      const [from, to] = [seen[0], seen.at(-1)];
      const seconds = to[0] - from[0];
      if (figures.is_open && seconds > 0.5) return (to[1] - from[1]) / seconds;
      return figures.seconds > 0 ? figures.settled / figures.seconds : 0;
    }

    /* For who hears the page: a word at each quarter, not at each second. */
    let said = -1;
    function say(figures) {
      const quarter = Math.floor(figures.percent / 25);
      if (quarter === said) return;
      const isFirst = said === -1;
      said = quarter;
      if (!isFirst) find("spoken").textContent = `${figures.percent} %, ${find("line").textContent}`;
    }

    function show(figures) {
      const badge = find("status");
      badge.className = `ib-badge ib-badge-${figures.tone}`;
      if (badge.textContent !== figures.status_name) badge.textContent = figures.status_name;
      if (figures.audience) {
        find("percent").textContent = `${figures.percent} %`;
        find("line").textContent = `${number.format(figures.settled)} of ${number.format(figures.audience)} readers`;
      } else if (figures.status === "scheduled") {
        const left = figures.until_start;
        find("line").textContent = left > 0
          ? (left < 3600 ? `goes out in ${span(left)}` : find("line").textContent)
          : "starts in a moment";
      }
      find("word").hidden = !figures.word;
      find("word-text").textContent = figures.word;
      if (!find("bar")) return;
      say(figures);
      const bar = find("bar").firstElementChild;
      bar.replaceChildren(...SETTLED.filter((status) => figures.counts[status]).map((status) => {
        const part = document.createElement("span");
        part.className = `ib-part-${status}`;
        part.style.width = `${(100 * figures.counts[status]) / figures.audience}%`;
        part.title = `${status}: ${number.format(figures.counts[status])}`;
        return part;
      }));
      find("pace").hidden = !figures.audience;
      const now = rate(figures);
      const overall = figures.seconds > 0 ? figures.settled / figures.seconds : 0;
      const rest = figures.audience - figures.settled;
      find("rate").textContent = figures.is_open && now ? perSecond(now) : "–";
      find("overall").textContent = overall ? perSecond(overall) : "–";
      find("left").textContent = figures.is_open && now && rest ? span(rest / now) : "–";
      find("took").textContent = figures.seconds ? span(figures.seconds) : "–";
      root.querySelectorAll("[data-live-count]").forEach((cell) => {
        const count = figures.counts[cell.dataset.liveCount];
        cell.querySelector(".ib-number").textContent = number.format(count);
        cell.classList.toggle("ib-count-none", !count);
      });
      find("audience").textContent = number.format(figures.audience);
      if (figures.words) reasons(figures.words);
      find("doubt").hidden = !figures.counts["in-doubt"];
      rows(find("lanes"), figures.lanes, ["lane", "sent", "refused", "waiting", lane]);
      if (find("domains")) {
        find("domains-card").hidden = !figures.domains.length;
        rows(find("domains"), figures.domains, ["domain", "failed", "deferred", "in_doubt"]);
      }
      moments(figures.moments);
    }

    /* Fill a table; a column is the name of a figure, or a function that fills its cell. */
    function rows(table, values, columns) {
      table.tBodies[0].replaceChildren(...values.map((value) => {
        const line = document.createElement("tr");
        columns.forEach((column) => {
          const cell = line.insertCell();
          if (typeof column === "function") return column(cell, value);
          const figure = value[column];
          if (typeof figure === "number") cell.className = "ib-number";
          cell.textContent = typeof figure === "number" ? number.format(figure) : figure;
        });
        return line;
      }));
    }

    function lane(cell, value) {
      if (!value.state) return void (cell.textContent = "–");
      const state = document.createElement("span");
      state.className = `ib-badge ib-badge-${value.tone}`;
      state.textContent = value.state;
      cell.append(state, ` ${value.why.slice(0, 200)}`);
    }

    /* One row for each moment at which some zones have their mail. */
    function moments(rows) {
      const lines = find("moments") ? [...find("moments").tBodies[0].rows] : [];
      lines.forEach((line, index) => {
        for (const kind of ["readers", "done", "missed"]) {
          if (rows[index]) line.querySelector(`[data-${kind}]`).textContent = number.format(rows[index][kind]);
        }
      });
    }

    function reasons(words) {
      const table = find("words");
      table.hidden = !words.length;
      find("none").hidden = words.length > 0;
      table.tBodies[0].replaceChildren(...words.map((row) => {
        const line = document.createElement("tr");
        const cells = [
          number.format(row.readers),
          `${row.status_name.charAt(0).toUpperCase()}${row.status_name.slice(1)}: ${row.reason}`,
          row.reply || "–",
        ];
        cells.forEach((text, index) => {
          const cell = document.createElement("td");
          if (index === 0) cell.className = "ib-number";
          cell.textContent = text;
          line.append(cell);
        });
        return line;
      }));
    }

    async function ask() {
      let figures = null;
      try {
        const answer = await fetch(root.dataset.live, { headers: { Accept: "application/json" } });
        if (answer.redirected) return window.location.reload(); // logged out meanwhile
        figures = await answer.json();
      } catch {
        return setTimeout(ask, 5000); // the server restarts, or the laptop slept
      }
      show(figures);
      // Other buttons fit now, or there is an audience to show: the page brings them.
      const other = figures.verbs.join() !== last.verbs.join()
        || figures.moments.length !== last.moments.length;
      if (other || (figures.audience && !find("bar"))) return window.location.reload();
      last = figures;
      if (figures.is_moving) setTimeout(ask, figures.pause * 1000);
    }

    show(last);
    if (last.is_moving) setTimeout(ask, 1500);
  });
})();
