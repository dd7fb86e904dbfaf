// Passkeys on the pages of log-in: offered where the browser can, and what went wrong in words.
(() => {
  const can = window.PublicKeyCredential !== undefined;
  const isNumber = /^[\d.]+$|:/.test(window.location.hostname);
  for (const form of document.querySelectorAll("[data-passkey]")) form.hidden = !can;
  const or = document.getElementById("or");
  if (or) or.hidden = !document.querySelector(".ways form:not([hidden])");

  const trouble = document.getElementById("passkey-trouble");
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    trouble.textContent = isNumber ? trouble.dataset.address : trouble.dataset.refused;
    trouble.hidden = false;
  });
})();
