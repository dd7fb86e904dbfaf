/* Offers what was typed and never saved: the server's draft, and what only this browser has. */
(() => {
  "use strict";

  const PREFIX = "ib-draft:";
  const DAYS = 60;

  const store = {
    read(name) {
      try {
        return JSON.parse(localStorage.getItem(name));
      } catch {
        return null; // not ours, or storage is switched off
      }
    },
    write(name, value) {
      try {
        localStorage.setItem(name, JSON.stringify(value));
        return true;
      } catch {
        return false; // full, or switched off
      }
    },
    drop(name) {
      try {
        localStorage.removeItem(name);
      } catch {
        // Nothing was kept there either.
      }
    },
    names() {
      try {
        return Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
      } catch {
        return [];
      }
    },
  };

  function cookie(name) {
    const pair = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
    return pair ? pair.slice(name.length + 1) : "";
  }

  /* --- offering ------------------------------------------------------------------- */

  function offer(root, form, { home, own, restored, thrown }) {
    const panel = document.querySelector("[data-draft]:not([data-local])");
    const given = document.getElementById("desk-draft");
    if (panel && given) server(root, form, panel, JSON.parse(given.textContent), restored, thrown);
    copies(root, form, home, own, restored, given ? JSON.parse(given.textContent).fields : null);
  }

  /* Tells whether the server has the words of a copy; it trims them, and sorts what was chosen. */
  function isSame(values, fields) {
    const plain = (name, value) => {
      const texts = [value].flat().map((text) => text.replaceAll("\r\n", "\n").trim());
      return JSON.stringify(name === "key_points" ? texts : texts.sort());
    };
    return Object.keys(values).every((name) => name in fields && plain(name, values[name]) === plain(name, fields[name]));
  }

  function take(root, form, panel, fields, draft, restored) {
    const before = window.briefForm.read(form);
    window.briefForm.fill(form, fields);
    panel.remove();
    restored(draft);
    window.briefForm.tell(root, ["Restored. Nothing is saved until you press Save."], {
      undo: () => window.briefForm.fill(form, before),
    });
    form.elements.headline.focus({ preventScroll: true });
  }

  function server(root, form, panel, draft, restored, thrown) {
    const restore = panel.querySelector("[data-draft-restore]");
    if (restore) {
      restore.hidden = false;
      restore.onclick = () => take(root, form, panel, draft.fields, { ...draft, text_base: draft.fields.text_base }, restored);
    }
    panel.querySelector("[data-draft-throw]").onclick = async (event) => {
      event.preventDefault();
      const data = new FormData();
      data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
      data.set("draft", draft.pk);
      data.set("turn", draft.turn);
      try {
        const answer = await fetch(root.dataset.throwUrl, { method: "POST", body: data, headers: { Accept: "application/json" } });
        const found = await answer.json();
        window.briefForm.tell(root, [found.words], { warning: !answer.ok });
        if (!answer.ok) return;
        panel.remove();
        thrown();
      } catch {
        window.briefForm.tell(root, ["The server did not answer. Try again."], { warning: true });
      }
    };
  }

  /* Offers what only this browser has, the latest first; what is saved by now is dropped. */
  async function copies(root, form, home, own, restored, fields) {
    const names = store.names()
      .filter((name) => name.startsWith(home()) && name !== own())
      .sort((one, other) => (store.read(other)?.at || 0) - (store.read(one)?.at || 0));
    for (const name of names) {
      const copy = store.read(name);
      if (!copy || !copy.values) continue;
      if (fields && isSame(copy.values, fields)) {
        store.drop(name);
        continue;
      }
      const html = await compare(root, form, copy);
      if (html === "") store.drop(name);
      if (!html) continue;
      root.insertAdjacentHTML("beforebegin", html);
      const panel = root.previousElementSibling;
      panel.querySelector("[data-draft-when]").textContent = new Date(copy.at).toLocaleString();
      panel.querySelector("[data-draft-restore]").onclick = () => {
        take(root, form, panel, copy.values, { base: copy.base, text_base: copy.text_base, key: copy.key }, restored);
        store.drop(name);
      };
      panel.querySelector("[data-draft-throw]").onclick = () => {
        store.drop(name);
        panel.remove();
      };
      return; // one at a time
    }
  }

  async function compare(root, form, copy) {
    const data = new URLSearchParams();
    data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    data.set("brief", root.dataset.brief || "");
    const { key_points: points, ...values } = copy.values;
    for (const [name, value] of Object.entries(values)) {
      for (const one of [value].flat()) data.append(name, one);
    }
    data.set("key_points-TOTAL_FORMS", points.length);
    points.forEach((text, row) => data.set(`key_points-${row}-text`, text));
    try {
      const answer = await fetch(root.dataset.compareUrl, { method: "POST", body: data, redirect: "manual" });
      return answer.ok ? (await answer.json()).html : null;
    } catch {
      return null; // it stays where it is
    }
  }

  /* Drops copies of two months ago, and those of the page whose words were just saved.

     What was typed while that save was under way stays, as words for the saved brief. */
  function forgetOld(brief) {
    const key = cookie("ib-saved");
    for (const name of store.names()) {
      const copy = store.read(name);
      const isOld = !copy || Date.now() - copy.at > DAYS * 86_400_000;
      const isSaved = copy && key && copy.key === key;
      if (isOld || (isSaved && copy.sent)) {
        store.drop(name);
      } else if (isSaved && brief) {
        store.drop(name);
        store.write(name.replace(":new:", `:${brief}:`), { ...copy, base: "", text_base: "" });
      }
    }
    if (key) document.cookie = "ib-saved=; path=/admin/; max-age=0";
  }

  window.briefCopies = { PREFIX, store, cookie, offer, forgetOld };
})();
