// Rows of new events come in by themselves at the top of a table with data-live. Without this there is a link to refresh.
const table = document.querySelector("table[data-live]:not([data-live=''])");
const state = document.querySelector("[data-live-state]");
if (table && state && "EventSource" in window) {
  const source = new EventSource(table.dataset.live);
  const say = (text) => { state.hidden = false; state.textContent = text; };
  source.addEventListener("open", () => say(state.dataset.on));
  source.addEventListener("event", (e) => {
    const made = new DOMParser().parseFromString(`<table>${e.data}</table>`, "text/html"); // runs no script of what it reads
    const row = made.querySelector("tr"), body = table.tBodies[0];
    if (!row || !body || table.querySelector(`[data-event="${CSS.escape(row.dataset.event)}"]`)) return;
    const group = body.querySelector(".group-row");
    if (group) group.after(row); else body.prepend(row);
  });
  source.addEventListener("end", () => { source.close(); say(state.dataset.off); });
  addEventListener("pagehide", () => source.close());
}
