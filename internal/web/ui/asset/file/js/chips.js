// A pasted list of addresses, one a line, is easier to check; the server gives the verdicts.
document.addEventListener("paste", (e) => {
  const area = e.target.closest?.("textarea[data-addresses]");
  if (!area) return;
  const found = e.clipboardData.getData("text").replace(/[^,;\n<]*<([^>]+)>/g, " $1 ").split(/[\s,;]+/).filter(Boolean);
  if (found.length < 2) return;
  e.preventDefault();
  const before = area.value.slice(0, area.selectionStart), after = area.value.slice(area.selectionEnd);
  const gap = before && !before.endsWith("\n") ? "\n" : "";
  area.setRangeText(gap + found.join("\n") + (after.startsWith("\n") ? "" : "\n"), area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
});

// The button that sends says how many people it will invite, once the verdicts are in.
document.addEventListener("htmx:after:swap", () => {
  const ready = document.querySelector("#verdicts [data-button]");
  const words = [...(document.getElementById("send-invites")?.childNodes ?? [])].findLast((n) => n.nodeType === Node.TEXT_NODE && n.data.trim());
  if (ready && words) words.data = ready.dataset.button;
});
