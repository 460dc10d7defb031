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
// Before anything is typed, the pages that were visited last in this tab come first. Whoever is signed out leaves none.
const visited = () => JSON.parse(sessionStorage.getItem("visited") || "[]");
const recent = () => {
  const all = visited().filter((v) => v.href !== location.pathname).slice(0, 5), first = list.querySelector(".palette-item svg");
  if (field.value.trim() || !all.length || !first) return;
  const group = document.createElement("div"), head = document.createElement("h3");
  group.className = "palette-group";
  group.setAttribute("role", "group");
  group.setAttribute("aria-labelledby", head.id = "pal-recent");
  head.setAttribute("role", "presentation");
  head.textContent = palette.dataset.recent;
  group.append(head, ...all.map((v, i) => {
    const a = document.createElement("a"), icon = first.cloneNode(true), text = document.createElement("span");
    Object.assign(a, { className: "palette-item", id: `pal-recent-${i}`, href: v.href, tabIndex: -1 });
    a.setAttribute("role", "option");
    icon.querySelector("use").setAttribute("href", icon.querySelector("use").getAttribute("href").replace(/#.*/, "#i-clock"));
    text.textContent = v.title;
    a.append(icon, text);
    return a;
  }));
  list.querySelector("[data-asked]").prepend(group);
};
let waiting = false;
const open = () => {
  if (document.querySelector("dialog:modal")) return;
  palette.showModal();
  field.select();
  field.dispatchEvent(new Event("asked"));
};
if (!palette) sessionStorage.removeItem("visited");
else {
  const here = { href: location.pathname, title: document.title.split(" · ")[0] };
  sessionStorage.setItem("visited", JSON.stringify([here, ...visited().filter((v) => v.href !== here.href)].slice(0, 10)));
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
    if (!list.querySelector("#pal-recent")) recent();
    choose(options()[0]);
    if (waiting && answered()) chosen()?.click();
  });
  palette.addEventListener("close", () => { waiting = false; });
  addEventListener("pageshow", () => { if (palette.open) palette.close(); });
}
