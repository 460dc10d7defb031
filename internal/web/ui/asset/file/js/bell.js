// The bell opens the latest notices below itself; without this it leads to their page. What somebody opens counts as read.
const bell = document.querySelector("a[data-bell]"), told = document.getElementById("bell");
if (bell && told) {
  let shut = false; // the press that comes before the click has closed it
  bell.addEventListener("pointerdown", () => { shut = told.matches(":popover-open"); });
  bell.addEventListener("click", (e) => {
    if (e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    if (shut) { shut = false; told.hidePopover(); return; }
    told.showPopover({ source: bell });
    bell.dispatchEvent(new Event("bell"));
  });
  // The next time it tells anew: what was there before would give way under somebody's hand.
  told.addEventListener("toggle", (e) => { if (e.newState === "closed") told.firstElementChild.replaceChildren(); });
}
document.addEventListener("click", (e) => {
  const id = e.target.closest?.("a[data-read]")?.dataset.read;
  if (id) navigator.sendBeacon("/notifications/read", new URLSearchParams({ id }));
});
