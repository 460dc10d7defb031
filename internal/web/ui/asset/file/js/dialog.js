// Dialogs: a page may arrive with one open, which then becomes modal.
if (!("command" in HTMLButtonElement.prototype)) {
  document.addEventListener("click", (e) => {
    const b = e.target.closest("button[commandfor]");
    const d = b && document.getElementById(b.getAttribute("commandfor"));
    if (!d) return;
    if (b.getAttribute("command") === "show-modal") d.showModal();
    if (b.getAttribute("command") === "close") d.close();
  });
}
const leave = (d) => { const a = d.querySelector("a[data-close]"); if (a) a.click(); else d.close(); };
document.addEventListener("click", (e) => { if (e.target.matches?.("dialog.dialog")) leave(e.target); });
// Escape on a dialog that has an address goes back to the page behind it.
document.addEventListener("cancel", (e) => {
  if (e.target.matches?.("dialog.dialog") && e.target.querySelector("a[data-close]")) { e.preventDefault(); leave(e.target); }
}, true);
const enhance = () => document.querySelectorAll("dialog[open][data-modal]").forEach((d) => {
  if (d.matches(":modal")) return;
  d.close();
  d.showModal();
});
document.addEventListener("htmx:after:swap", enhance);
enhance();
