// The palette: Ctrl K or the finder opens it, arrows choose, Enter goes there. Without this the finder leads to a page.
const palette = document.getElementById("palette");
const field = palette?.querySelector("input");
const list = palette?.querySelector("[role=listbox]");
const options = () => [...list.querySelectorAll("a[role=option]")];
const chosen = () => list.querySelector("a[aria-selected=true]");
const choose = (o) => {
  options().forEach((x) => x.setAttribute("aria-selected", x === o));
  if (!o) return field.removeAttribute("aria-activedescendant");
  field.setAttribute("aria-activedescendant", o.id);
  o.scrollIntoView({ block: "nearest" });
};
// What is shown belongs to what is typed once the server has answered it; Enter waits for that.
const answered = () => list.querySelector("[data-asked]")?.dataset.asked === field.value.trim();
let waiting = false;
const open = () => {
  if (document.querySelector("dialog:modal")) return;
  palette.showModal();
  field.select();
  field.dispatchEvent(new Event("asked"));
};
if (palette) {
  document.addEventListener("keydown", (e) => {
    if (!(e.ctrlKey || e.metaKey) || e.altKey || e.shiftKey || e.key.toLowerCase() !== "k") return;
    e.preventDefault();
    open();
  });
  document.addEventListener("click", (e) => {
    if (e.ctrlKey || e.metaKey || e.shiftKey || !e.target.closest?.("a[data-dialog=palette]")) return;
    e.preventDefault();
    open();
  });
  field.addEventListener("input", () => { waiting = false; });
  field.addEventListener("keydown", (e) => {
    if (e.isComposing) return;
    const all = options(), at = all.indexOf(chosen());
    const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : at - 1 }[e.key];
    if (to !== undefined && all.length) { e.preventDefault(); choose(all.at(to % all.length)); }
  });
  field.form.addEventListener("submit", (e) => {
    e.preventDefault();
    if (!answered()) { waiting = true; return; }
    chosen()?.click();
  });
  document.addEventListener("htmx:after:swap", () => {
    if (!palette.open) return;
    choose(options()[0]);
    if (waiting && answered()) chosen()?.click();
  });
  palette.addEventListener("close", () => { waiting = false; });
  addEventListener("pageshow", () => { if (palette.open) palette.close(); });
}
