/* Keeps what is typed: in this browser at each pause, on the server a moment later.

   The browser's copy is dropped once the server has the same words. Each page
   has a name of its own ("tab"); the server counts the writes ("turn"), so
   that a page which does not know the latest one overwrites nothing. */
(() => {
  "use strict";

  const PAUSE = 300; // milliseconds without a key until the browser keeps it
  const KEEP = 1_200; // and the server
  const MOST = 4_000; // who types without a pause is kept so often
  const AGAIN = 8_000; // after trouble
  const BEACON = 60_000; // octets that a page may still send while it is left

  const { PREFIX, store, cookie, offer, forgetOld } = window.briefCopies;

  document.addEventListener("DOMContentLoaded", () => {
    const root = document.querySelector("[data-brief]");
    if (root) start(root, root.closest("form"));
  });

  const random = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), (octet) => octet.toString(16).padStart(2, "0")).join("");

  function start(root, form) {
    const field = (name) => form.elements[name];
    const state = document.querySelector("[data-draft-state]");
    const trouble = document.querySelector("[data-draft-trouble]");
    const refused = "refused" in root.dataset;
    const brief = root.dataset.brief;
    if (!field("draft_tab").value) field("draft_tab").value = random();
    const home = () => `${PREFIX}${root.dataset.user}:${brief || "new"}:`;
    const own = () => `${home()}${field("draft_key").value}:${field("draft_tab").value}`;
    const now = () => JSON.stringify(window.briefForm.read(form));

    let kept = now(); // what the server has, or the page began with
    let changed = refused; // what was refused is nowhere yet
    let submitted = false;
    let typedOn = false; // while the save was under way
    let left = ""; // what was sent when the page was left, which is told twice
    let isStuck = false; // another tab's words stand in the way
    let asking = null;
    let local = 0;
    let later = 0;
    let since = 0;

    forgetOld(brief);
    if (changed) soon();
    offer(root, form, { home, own, restored, thrown });
    choices(form);

    /* --- keeping --------------------------------------------------------------- */

    function typed() {
      if (now() === kept && !changed) return;
      changed = true;
      root.dataset.typing = "";
      if (!since) since = Date.now();
      clearTimeout(local);
      local = setTimeout(() => keepHere(), PAUSE);
      typedOn = submitted;
      if (submitted) staying();
      else soon();
    }

    /* A save that the network lost leaves the page as it was: go on keeping. */
    function staying() {
      clearTimeout(later);
      later = setTimeout(() => {
        submitted = false;
        if (changed) keep();
      }, AGAIN);
    }

    function soon(wait = KEEP) {
      clearTimeout(later);
      const left = since ? Math.max(0, since + MOST - Date.now()) : wait;
      later = setTimeout(keep, Math.min(wait, left));
    }

    function keepHere({ sent = false } = {}) {
      const values = window.briefForm.read(form);
      return store.write(own(), {
        values, sent, at: Date.now(), key: field("draft_key").value,
        base: field("text_version").value, text_base: field("text_base").value,
      });
    }

    async function keep({ leaving = false, over = false } = {}) {
      if (!changed || submitted || (isStuck && !over)) return;
      if (asking && !leaving) {
        soon();
        return;
      }
      since = 0;
      const words = now();
      const data = new URLSearchParams();
      for (const [name, value] of new FormData(form)) if (typeof value === "string") data.append(name, value);
      data.set("brief", brief || "");
      if (over) data.set("over_others", "1");
      const body = data.toString();
      asking = new AbortController();
      try {
        const answer = await fetch(root.dataset.keepUrl, {
          method: "POST",
          body,
          headers: { "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8", Accept: "application/json" },
          redirect: "manual", // to the log-in
          keepalive: leaving && body.length < BEACON,
          signal: asking.signal,
        });
        asking = null;
        await settle(answer, words);
      } catch {
        asking = null;
        if (submitted || leaving) return;
        say("The server does not answer. What you type stays in this browser, and is kept there as soon as it answers.");
        soon(AGAIN);
      }
    }

    async function settle(answer, words) {
      const isJson = (answer.headers.get("Content-Type") || "").includes("json");
      const found = isJson ? await answer.json() : {};
      if (answer.ok && isJson) {
        field("draft_turn").value = found.turn;
        kept = words;
        isStuck = false;
        state.textContent = found.kept;
        say(found.gone || "");
        if (found.lines) document.dispatchEvent(new CustomEvent("ib-news", { detail: found.lines }));
        changed = now() !== words;
        if (changed) soon();
        else store.drop(own());
        return;
      }
      keepHere();
      state.textContent = "";
      if (answer.status === 409) {
        isStuck = true;
        say(found.error, ["Keep the words of this tab instead", () => keep({ over: true })]);
      } else if (answer.type === "opaqueredirect") {
        say("You are logged out. What you type stays in this browser. Log in in another tab, and go on here.");
        soon(AGAIN);
      } else if (answer.status === 403 && !isJson) {
        // Who logs in anew, in another tab, gets a new token; this page goes on with it.
        const token = cookie("csrftoken");
        if (token && token !== field("csrfmiddlewaretoken").value) {
          field("csrfmiddlewaretoken").value = token;
          soon();
        } else {
          say("The server does not know this page any more. What you type stays in this browser: reload the page and restore it.");
        }
      } else if (answer.status === 413 || answer.status === 400) {
        say(found.error || "This is too long to be kept on the server. It stays in this browser. Shorten it, or save a part of it.");
      } else {
        say(found.error || "The server could not keep this. What you type stays in this browser.");
        soon(AGAIN);
      }
    }

    /* Says once what is wrong, with a button where something can be done. */
    function say(words, [label, act] = []) {
      if (trouble.dataset.words === words) return;
      trouble.dataset.words = words;
      if (!words) {
        trouble.replaceChildren();
        return;
      }
      const note = document.createElement("p");
      note.className = "ib-note ib-note-warning";
      note.innerHTML = '<span class="material-symbols-outlined" aria-hidden="true">cloud_off</span><span></span>';
      note.lastElementChild.textContent = words;
      if (label) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "ib-button ib-button-small";
        button.textContent = label;
        button.onclick = act;
        note.append(button);
      }
      trouble.replaceChildren(note);
    }

    function restored(draft) {
      if (draft.turn) field("draft_turn").value = draft.turn;
      if (draft.key && !brief) field("draft_key").value = draft.key;
      if (brief && draft.base !== "") {
        field("text_version").value = draft.base;
        field("text_base").value = draft.text_base || "";
      }
      isStuck = false;
      say("");
      changed = true;
      root.dataset.typing = "";
      keepHere();
      soon();
    }

    /* Nothing stands in the way any more of what was typed meanwhile. */
    function thrown() {
      field("draft_turn").value = 0;
      isStuck = false;
      say("");
      if (changed) soon();
    }

    form.addEventListener("input", typed);
    form.addEventListener("change", typed);
    if (window.django && django.jQuery) django.jQuery(form).on("change", "select", typed);
    form.addEventListener("submit", (event) => {
      if (event.submitter && event.submitter.hasAttribute("formaction")) return;
      clearTimeout(local);
      if (changed) keepHere({ sent: true }); // the log-in may have run out
      submitted = true;
      typedOn = false;
      if (asking) asking.abort();
      staying();
    });
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) submitted = false;
    });
    const leave = () => {
      if (!changed || (submitted && !typedOn)) return;
      keepHere();
      if (!submitted && now() !== left) keep({ leaving: true });
      left = now();
    };
    window.addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") leave();
    });
    window.addEventListener("beforeunload", (event) => {
      // Only where neither has it: then a word would be lost.
      if (changed && !submitted && !keepHere() && trouble.dataset.words) event.preventDefault();
    });
  }

  /* Lets the form, and so the preview, follow what is chosen where two have saved. */
  function choices(form) {
    const given = document.getElementById("desk-conflict");
    if (!given) return;
    const values = JSON.parse(given.textContent);
    document.querySelectorAll("[data-take]").forEach((choice) => {
      const name = choice.dataset.take;
      const take = () => window.briefForm.fill(form, { [name]: values[name][choice.value] });
      choice.addEventListener("change", take);
      if (choice.checked && choice.value === "theirs") take();
    });
  }
})();
