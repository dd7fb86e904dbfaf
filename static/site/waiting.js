/* Looks whether the PDF is there yet, and opens it. Without this, the page has a link to press. */
(function () {
  "use strict";
  var pause = Number(document.currentScript.dataset.seconds) * 1000;
  function look() {
    fetch(location.href, { method: "HEAD", cache: "no-store" }).then(function (answer) {
      if (answer.status === 202) setTimeout(look, pause);
      else location.reload();
    }, function () {
      setTimeout(look, pause);
    });
  }
  setTimeout(look, pause);
})();
