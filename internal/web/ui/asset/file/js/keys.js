// Keyboard: "/" searches the page, "?" lists the shortcuts, "g" and a letter go to a page of the navigation.
let lead = 0;
document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest?.("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
  if (e.key === "/") {
    const f = document.querySelector("[data-focus-key='/']");
    if (f) { e.preventDefault(); f.focus(); }
  } else if (e.key === "?") document.getElementById("shortcuts")?.showModal();
  else if (e.key === "g") lead = e.timeStamp;
  else if (/^[a-z]$/.test(e.key) && e.timeStamp - lead < 900) document.querySelector(`.side [data-go-key="${e.key}"]`)?.click();
});
