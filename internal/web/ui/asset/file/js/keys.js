// Keyboard: "/" searches the page, "?" lists the shortcuts, "g" and a letter go to a page of the navigation. Never while
// somebody types, and not for those who have switched single keys off.
let lead = 0;
const shown = (id) => document.getElementById(id)?.showModal();
document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || "keysOff" in document.body.dataset) return;
  if (e.target.closest?.("input, textarea, select, [contenteditable], [role=menu]") || document.querySelector("dialog:modal")) return;
  const key = e.key.toLowerCase();
  if (key === "/") {
    const f = document.querySelector("[data-focus-key='/']");
    if (f) { e.preventDefault(); f.focus(); }
  } else if (key === "?") shown("shortcuts");
  else if (/^[a-z]$/.test(key) && lead && e.timeStamp - lead < 1500) { lead = 0; document.querySelector(`:is(.side, .top) [data-go-key="${key}"]`)?.click(); }
  else lead = key === "g" && !e.repeat ? e.timeStamp : 0;
});
document.addEventListener("click", (e) => {
  if (e.ctrlKey || e.metaKey || e.shiftKey || !e.target.closest?.("a[data-dialog=shortcuts]")) return;
  e.preventDefault();
  document.getElementById("side")?.matches(":popover-open") && document.getElementById("side").hidePopover();
  shown("shortcuts");
});
