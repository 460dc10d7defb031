// Tabs that do not fit scroll sideways; the open one begins in sight.
document.querySelectorAll(".tabs, .segmented").forEach((list) => {
  const at = list.querySelector("[aria-current], [aria-selected=true]");
  if (!at || list.scrollWidth <= list.clientWidth) return;
  list.scrollLeft += at.getBoundingClientRect().left + at.offsetWidth / 2 - list.getBoundingClientRect().left - list.clientWidth / 2;
});
