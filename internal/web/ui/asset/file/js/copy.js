// Copy buttons: shown where scripts run; where the clipboard is closed to the page the value is selected instead.
const showCopy = () => document.querySelectorAll("[data-copy][hidden]").forEach((b) => { b.hidden = false; });
document.addEventListener("click", async (e) => {
  const b = e.target.closest("[data-copy]");
  if (!b) return;
  const from = document.getElementById(b.dataset.copy);
  from.select();
  try {
    await navigator.clipboard.writeText(from.value);
    b.querySelector("[aria-live]").textContent = b.dataset.copied;
  } catch { from.focus(); }
});
document.addEventListener("htmx:after:swap", showCopy);
showCopy();
