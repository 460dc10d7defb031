// Narrow screens: the pane covers the page, so what is behind it leaves the tab order. Escape closes it.
const narrow = matchMedia("(width < 80rem)");
const sync = () => {
  const covered = narrow.matches && !!document.querySelector("section#pane");
  document.querySelectorAll(".split > .main, .side, .top").forEach((el) => { el.inert = covered; });
};
narrow.addEventListener("change", sync);
document.addEventListener("htmx:after:swap", sync);
document.addEventListener("keydown", (e) => {
  if (e.key !== "Escape" || e.defaultPrevented || document.querySelector("dialog[open], :popover-open")) return;
  document.querySelector("#pane a[data-close]")?.click();
});
sync();
