// Tabs that do not fit go into the menu at their end; the open one stays in sight.
const tabsOf = new WeakMap();
let lists = 0;
const fit = (list) => {
  const more = list.querySelector(":scope > .tab-more"), menu = more.nextElementSibling;
  if (!tabsOf.has(list)) {
    tabsOf.set(list, [...list.querySelectorAll(":scope > :not(.tab-more, .menu)")]);
    menu.id = `tabs-${++lists}`;
    more.setAttribute("popovertarget", menu.id);
    widths.observe(list);
  }
  if (menu.matches(":popover-open")) return;
  const held = list.contains(document.activeElement) ? document.activeElement : null;
  const tabs = tabsOf.get(list), movable = tabs.filter((t) => !t.hasAttribute("aria-current"));
  tabs.forEach((t) => { t.className = "tab"; t.removeAttribute("role"); });
  more.before(...tabs);
  more.hidden = true;
  while (list.scrollWidth > list.clientWidth && movable.length) {
    const last = movable.pop();
    last.className = "menu-item";
    last.role = "menuitem";
    menu.prepend(last);
    more.hidden = false;
  }
  if (held !== document.activeElement) held?.focus(); // what is moved loses it
};
const widths = new ResizeObserver((seen) => seen.forEach((s) => fit(s.target)));
const fitAll = () => document.querySelectorAll(".tabs:has(> .tab-more)").forEach(fit);
document.addEventListener("htmx:after:swap", fitAll);
document.fonts.ready.then(fitAll);
fitAll();

// Switches that do not fit scroll sideways; the open part begins in sight.
document.querySelectorAll(".segmented").forEach((list) => {
  const at = list.querySelector("[aria-current], [aria-selected=true]");
  if (!at || list.scrollWidth <= list.clientWidth) return;
  list.scrollLeft += at.getBoundingClientRect().left + at.offsetWidth / 2 - list.getBoundingClientRect().left - list.clientWidth / 2;
});
