/* Draws a sign-up form where this script stands, in the page's own style. It sets no cookie,
   loads nothing further and reads nothing of the page. */
(function () {
  "use strict";
  var words = {{ config }};
  var script = document.currentScript;
  if (!script || !window.fetch || !window.URLSearchParams) return;

  function make(tag, properties, children) {
    var element = document.createElement(tag);
    Object.keys(properties || {}).forEach(function (name) { element[name] = properties[name]; });
    (children || []).forEach(function (child) { element.append(child); });
    return element;
  }
  function field(label, input, optional) {
    var name = optional ? label + " (" + optional + ")" : label;
    return make("p", {}, [make("label", {}, [name, make("br"), input])]);
  }

  var address = make("input", { type: "email", name: "address", required: true, maxLength: 254, autocomplete: "email" });
  var name = make("input", { type: "text", name: "name", maxLength: 120, autocomplete: "name" });
  var trap = make("input", { type: "text", name: "website", tabIndex: -1, autocomplete: "off" });
  var word = make("p", { className: "ib-word" });
  word.setAttribute("role", "status");
  var button = make("button", { type: "submit" }, [words.button]);
  var link = make("a", { href: words.privacy[1] }, [words.privacy[0]]);
  var parts = [field(words.address, address), field(words.your_name, name, words.optional)];
  if (words.topics.length) {
    parts.push(make("fieldset", {}, [make("legend", {}, [words.topics_title])].concat(
      words.topics.map(function (topic) {
        return make("label", {}, [make("input", { type: "checkbox", name: "topics", value: topic[0] }), " " + topic[1] + " "]);
      }))));
  }
  parts.push(make("p", { hidden: true }, [make("label", {}, [words.trap, trap])]));
  parts.push(make("p", {}, [make("small", {}, [words.wording + " ", link])]));
  parts.push(word, make("p", {}, [button]));
  var form = make("form", { className: "ib-subscribe", lang: words.lang, method: "post", action: words.endpoint }, parts);
  form.setAttribute("aria-label", words.name);

  /* Where the script stands; in the head of a page that is nowhere, so it is named by data-into
     or comes last. */
  function place() {
    var into = script.dataset.into && document.querySelector(script.dataset.into);
    if (into) into.append(form);
    else if (document.head.contains(script)) document.body.append(form);
    else script.after(form);
  }
  var waits = document.readyState === "loading" && (script.dataset.into || document.head.contains(script));
  if (waits) document.addEventListener("DOMContentLoaded", place);
  else place();

  function say(text) { word.textContent = text; }
  function giveUp() {
    say(words.trouble + " ");
    word.append(make("a", { href: words.page }, [words.page]));
  }

  /* The ALTCHA protocol: find the number whose SHA-256 with the salt is the challenge. */
  async function solve(puzzle) {
    var encoder = new TextEncoder();
    for (var start = 0; start <= puzzle.maxnumber; start += 500) {
      var numbers = Array.from({ length: 500 }, function (_, index) { return start + index; });
      var digests = await Promise.all(numbers.map(function (number) {
        return crypto.subtle.digest("SHA-256", encoder.encode(puzzle.salt + number));
      }));
      for (var index = 0; index < digests.length; index += 1) {
        var bytes = Array.from(new Uint8Array(digests[index]));
        var hex = bytes.map(function (byte) { return byte.toString(16).padStart(2, "0"); }).join("");
        if (hex === puzzle.challenge) {
          return btoa(JSON.stringify({
            algorithm: puzzle.algorithm, challenge: puzzle.challenge, number: numbers[index],
            salt: puzzle.salt, signature: puzzle.signature,
          }));
        }
      }
    }
    throw new Error("no solution");
  }

  async function send(more) {
    var body = new URLSearchParams(new FormData(form));
    body.set("stamp", words.stamp);
    try {
      var zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      if (zone) body.set("time_zone", zone);
    } catch (error) { /* an old browser: the publication's zone will do */ }
    Object.keys(more).forEach(function (key) { body.set(key, more[key]); });
    var response = await fetch(words.endpoint, {
      method: "POST", body: body, headers: { Accept: "application/json" },
      credentials: "omit", referrerPolicy: "origin",
    });
    return response.json();
  }

  function offer(suggestion) {
    var use = make("button", { type: "button" }, [suggestion]);
    var keep = make("button", { type: "button" }, [words.keep]);
    use.addEventListener("click", function () { address.value = suggestion; submit({}); });
    keep.addEventListener("click", function () { submit({ keep: address.value }); });
    word.append(" ", use, " ", keep);
  }

  async function submit(more) {
    button.disabled = true;
    try {
      var answer = await send(more);
      if (answer.proof) answer = await send(Object.assign({}, more, { altcha: await solve(answer.proof) }));
      if (answer.done) {
        form.replaceChildren(word);
        say(answer.text);
        return;
      }
      var errors = answer.errors || {};
      say(errors.address || errors.name || answer.text || words.trouble);
      if (answer.suggestion) offer(answer.suggestion);
      if (!errors.address && !errors.name && !answer.text) giveUp();
    } catch (error) {
      giveUp();
    } finally {
      button.disabled = false;
    }
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    submit({});
  });
})();
