/* Guesses the reader's time zone. The form works without it, and the reader may choose another. */
(function () {
  "use strict";
  var zone = "";
  try {
    zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  } catch (error) {
    return;
  }
  document.querySelectorAll("select[data-guess]").forEach(function (select) {
    if (select.value || !zone) return;
    if (!Array.from(select.options).some(function (option) { return option.value === zone; })) {
      select.add(new Option(zone, zone));
    }
    select.value = zone;
  });
})();
