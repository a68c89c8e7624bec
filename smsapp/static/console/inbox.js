/* The inbox by keyboard. Every key only does what a link, a button or a field on the page does. */
(() => {
  "use strict";

  const STORE = "inbox-keys-off";
  const dialog = document.getElementById("keys");
  const wanted = document.getElementById("keys-on");
  const list = document.getElementById("threads");

  // A browser that keeps nothing has the shortcuts on.
  const kept = (change) => { try { return change(localStorage); } catch { return null; } };
  wanted.checked = kept((store) => store.getItem(STORE)) === null;
  wanted.addEventListener("change", () => {
    kept((store) => (wanted.checked ? store.removeItem(STORE) : store.setItem(STORE, "yes")));
  });
  for (const button of document.querySelectorAll("[data-keys]")) {
    button.hidden = false;
    button.addEventListener("click", () => dialog.showModal());
  }

  // What was said last stands above the answer: a long thread opens there.
  const reply = document.getElementById("reply");
  if (reply && !location.hash && reply.getBoundingClientRect().bottom > innerHeight) reply.scrollIntoView({ block: "end" });

  const step = (by) => {
    const rows = [...document.querySelectorAll("[data-row]")];
    const here = rows.indexOf(document.activeElement);
    const next = rows[here < 0 ? (by > 0 ? 0 : rows.length - 1) : here + by];
    if (next) next.focus();
    return Boolean(next);
  };

  const on = (key) => {
    if (key === "?") return dialog.showModal(), true;
    if (key === "u") return follow(document.querySelector(".crumbs li:last-child a"));
    if (list && (key === "j" || key === "k")) return step(key === "j" ? 1 : -1);
    return follow(document.querySelector(`[data-key="${key}"]`));
  };

  const follow = (target) => {
    if (!target) return false;
    if (target.matches("textarea, select")) target.focus();
    else target.click();
    return true;
  };

  const typing = (target) => target.isContentEditable || target.matches("input, textarea, select");

  document.addEventListener("keydown", (event) => {
    if (!wanted.checked || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat && event.key === "e") return;
    if (document.querySelector("dialog[open]") || typing(event.target)) return;
    if ("jkraeu?".includes(event.key) && event.key.length === 1 && on(event.key)) event.preventDefault();
  });
})();
