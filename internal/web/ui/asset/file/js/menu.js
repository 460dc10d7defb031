// Menus are popovers: the browser opens and closes them, this adds arrow keys and the state of the button.
const items = (m) => [...m.querySelectorAll("[role^=menuitem]")];
document.addEventListener("toggle", (e) => {
  const m = e.target;
  if (!m.matches?.(".menu[popover]")) return;
  const open = e.newState === "open";
  document.querySelectorAll(`[popovertarget="${CSS.escape(m.id)}"]`).forEach((b) => b.setAttribute("aria-expanded", open));
  if (open) items(m)[0]?.focus();
}, true);
document.addEventListener("keydown", (e) => {
  const m = e.target.closest?.(".menu[popover]");
  if (!m) return;
  const list = items(m), at = list.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 }[e.key];
  if (to === undefined) return;
  e.preventDefault();
  list[(to + list.length) % list.length].focus();
});
