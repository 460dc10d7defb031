// Light, dark or system. The cookie lets the server send the next page in the right scheme, so nothing flashes.
document.addEventListener("click", (e) => {
  const b = e.target.closest("button[name=theme]");
  if (!b) return;
  e.preventDefault();
  const root = document.documentElement;
  if (b.value) root.dataset.theme = b.value;
  else delete root.dataset.theme;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${b.value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  b.closest("[popover]")?.hidePopover();
});
