/* What pages do by themselves; all of it works without this file. */
(() => {
  "use strict";

  // The menu is open where there is room for it beside the page.
  const menu = document.querySelector("[data-menu]");
  const wide = matchMedia("(min-width: 60rem)");
  const place = () => { if (menu) menu.open = wide.matches; };
  wide.addEventListener("change", place);
  place();

  // <select data-submit>: a filter that applies at once. <button data-shows="id">: shows or hides a password.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-shows]");
    if (!button) return;
    const field = document.getElementById(button.dataset.shows);
    const hidden = field.type === "password";
    field.type = hidden ? "text" : "password";
    button.setAttribute("aria-pressed", String(hidden));
  });

  // A form that is on its way is not sent twice by a second click.
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.sent && event.target.method === "post") event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((f) => delete f.dataset.sent));
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest && event.target.closest("form[data-sent]");
    if (form) delete form.dataset.sent;
  });

  // A page that nobody looks at asks for nothing.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.target.matches("#threads, #said, #live")) event.preventDefault();
  });

  for (const button of document.querySelectorAll("[data-shows]")) button.hidden = false;
  // Where tabs do not fit beside each other, the one of this page is in sight.
  for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
    const row = tab.closest(".tabs");
    row.scrollLeft += tab.getBoundingClientRect().left - row.getBoundingClientRect().left - 24;
  }
  // What counts by itself needs no button.
  for (const button of document.querySelectorAll("[data-without-script]")) button.hidden = true;
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
})();
