// Row selection and the bulk bar; the permission matrix's "All" box mirrors its row.
const sync = (table) => {
  const head = table.querySelector("[data-select-all]"), boxes = [...table.querySelectorAll("tbody .check-cell .check")];
  const n = boxes.filter((b) => b.checked).length;
  if (head) { head.checked = boxes.length > 0 && n === boxes.length; head.indeterminate = n > 0 && n < boxes.length; }
  const count = table.parentElement.querySelector("[data-bulk-text]");
  if (count && n > 0) count.textContent = count.dataset.bulkText.replace("{n}", n);
};
const syncRow = (row) => {
  const all = row.querySelector("[data-row-all]"), cells = [...row.querySelectorAll(".check:not([data-row-all])")];
  const n = cells.filter((c) => c.checked).length;
  all.checked = cells.length > 0 && n === cells.length;
  all.indeterminate = n > 0 && n < cells.length;
};
document.addEventListener("change", (e) => {
  const table = e.target.closest("table[data-select]");
  if (table) {
    if (e.target.matches("[data-select-all]")) table.querySelectorAll("tbody .check-cell .check").forEach((b) => { b.checked = e.target.checked; });
    sync(table);
  }
  const row = e.target.closest("tr:has([data-row-all])");
  if (row) {
    if (e.target.matches("[data-row-all]")) row.querySelectorAll(".check:not([data-row-all]):not(:disabled)").forEach((b) => { b.checked = e.target.checked; });
    syncRow(row);
  }
});
document.addEventListener("click", (e) => {
  const table = e.target.closest("[data-clear-selection]")?.closest(".table-wrap")?.querySelector("table[data-select]");
  if (!table) return;
  table.querySelectorAll("tbody .check-cell .check").forEach((b) => { b.checked = false; });
  sync(table);
  table.querySelector("[data-select-all]")?.focus();
});
const enhance = () => {
  document.querySelectorAll("table[data-select]").forEach(sync);
  document.querySelectorAll("tr:has([data-row-all])").forEach(syncRow);
};
document.addEventListener("htmx:after:swap", enhance);
enhance();
