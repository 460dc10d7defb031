// The tree of accounts. Every link works without this: here nodes open in place, the pane changes without loading the
// page again, and the keyboard moves through the rows.
const tree = () => document.querySelector("table[data-tree]");
const rowsOf = (t) => [...t.querySelectorAll("tbody tr[role=row]")];
const level = (row) => Number(row.getAttribute("aria-level"));
const opened = (t) => [...t.querySelectorAll("tr[aria-expanded=true]")].map((r) => r.dataset.node);
const inside = (row) => {
  const out = [];
  for (let r = row.nextElementSibling; r && level(r) > level(row); r = r.nextElementSibling) out.push(r);
  return out;
};

// at is an address of the tree with what is open now, not what was when the page was made.
const at = (href) => {
  const t = tree(), u = new URL(href, location.href);
  if (!t || !u.pathname.startsWith(t.dataset.tree)) return u.href;
  u.searchParams.delete("open");
  opened(t).forEach((id) => u.searchParams.append("open", id));
  return u.pathname + u.search;
};

// One row can be reached with Tab; the arrows move from it.
const focusRow = (row, quiet) => {
  tree().querySelectorAll("tbody tr[tabindex='0']").forEach((r) => { r.tabIndex = -1; });
  row.tabIndex = 0;
  if (!quiet) row.focus();
};
const enhance = () => {
  const t = tree();
  if (t) {
    t.querySelectorAll("tbody :is(a, input)").forEach((el) => { el.tabIndex = -1; });
    const first = t.querySelector("tbody tr[tabindex='0']") || t.querySelector("tbody tr[aria-current]") || rowsOf(t)[0];
    if (first) focusRow(first, true);
  }
  if (document.querySelector("#pane [data-unsaved]")) typed = true;
  widen();
};

const put = async (href, row, whole) => {
  const res = await fetch(href, { headers: { "HX-Request": "true" } });
  if (!res.ok || res.redirected) return false;
  const page = new DOMParser().parseFromString(`<table><tbody>${await res.text()}</tbody></table>`, "text/html");
  const fresh = [...page.querySelectorAll("tr")], first = fresh[0];
  row.after(...fresh);
  if (whole) row.remove();
  htmx.process(tree());
  enhance();
  return first;
};
const toggle = async (row) => {
  const link = row.querySelector("[data-twist]");
  if (!link || row.getAttribute("aria-busy")) return;
  if (row.getAttribute("aria-expanded") === "true") {
    inside(row).forEach((r) => r.remove());
    row.setAttribute("aria-expanded", "false");
  } else {
    row.setAttribute("aria-busy", "true");
    const done = await put(link.dataset.twist, row).finally(() => row.removeAttribute("aria-busy"));
    if (done === false) { location.assign(link.href); return; }
    row.setAttribute("aria-expanded", "true");
  }
  focusRow(row, document.activeElement !== row && !row.contains(document.activeElement));
  history.replaceState(history.state, "", at(location.href));
  const all = document.querySelector("[data-close-all]");
  if (all) all.hidden = opened(tree()).length === 0;
};
const closeAll = () => {
  rowsOf(tree()).forEach((r) => { if (level(r) > 1) r.remove(); else if (r.hasAttribute("aria-expanded")) r.setAttribute("aria-expanded", "false"); });
  history.replaceState(history.state, "", at(location.href));
  document.querySelector("[data-close-all]").hidden = true;
  enhance();
};
const rest = async (link) => {
  const row = link.closest("tr"), first = await put(link.dataset.rest, row, true);
  if (first === false) location.assign(link.href);
  else if (first) focusRow(first);
};

// What was typed in the pane is not lost without asking.
let typed = false, leaving = null;
const show = (href) => {
  typed = false;
  const url = at(href);
  htmx.ajax("GET", url, { target: "#pane", swap: "outerHTML", push: url, headers: { "HX-Target": "section#pane" } });
};
const leave = (go) => {
  if (!typed) { go(); return; }
  leaving = go;
  document.getElementById("unsaved")?.showModal();
};
const current = () => {
  const ref = new URLSearchParams(location.search).get("pane");
  tree()?.querySelectorAll("tbody tr").forEach((r) => {
    if (ref && r.dataset.node === ref) r.setAttribute("aria-current", "true"); else r.removeAttribute("aria-current");
  });
};

document.addEventListener("click", (e) => {
  if (e.defaultPrevented || e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey || !tree()) return;
  if (e.target.closest("#discard")) {
    document.getElementById("unsaved").close();
    typed = false;
    leaving?.();
    return;
  }
  const link = e.target.closest("a[href]");
  const row = e.target.closest("table[data-tree] tbody tr");
  if (row && !e.target.closest("input")) focusRow(row, true);
  if (!link) return;
  if (link.dataset.twist) { e.preventDefault(); toggle(link.closest("tr")); return; }
  if (link.matches("[data-close-all]")) { e.preventDefault(); closeAll(); return; }
  if (link.dataset.rest) { e.preventDefault(); rest(link); return; }
  if (!link.matches("[data-pane], #pane > .tabs a, #pane > .pane-head a[data-close], #pane .pane-foot a.btn")) return;
  e.preventDefault();
  leave(() => show(link.href));
});
document.addEventListener("input", (e) => { if (e.target.closest("#pane form[method=post]")) typed = true; });
document.addEventListener("submit", (e) => {
  const f = e.target, t = tree();
  if (f.closest("#pane") && f.method === "post") typed = false;
  if (t && f.method === "post" && new URL(f.action).pathname.startsWith(t.dataset.tree)) f.action = at(f.id === "tree" ? f.action.split("?")[0] + location.search : f.action);
});
addEventListener("beforeunload", (e) => { if (typed) e.preventDefault(); });
document.addEventListener("htmx:after:swap", () => { enhance(); current(); });

// Keys, as in a tree: arrows move, open and close; Space selects, Enter opens in the pane.
document.addEventListener("keydown", (e) => {
  const row = e.target.closest?.("table[data-tree] tbody tr");
  if (!row || e.target !== row || e.ctrlKey || e.metaKey || e.altKey) return;
  const list = rowsOf(tree()), i = list.indexOf(row);
  const rtl = getComputedStyle(row).direction === "rtl";
  const key = { ArrowLeft: rtl ? "In" : "Out", ArrowRight: rtl ? "Out" : "In" }[e.key] || e.key;
  const open = row.getAttribute("aria-expanded");
  if (key === "ArrowDown") focusRow(list[Math.min(i + 1, list.length - 1)]);
  else if (key === "ArrowUp") focusRow(list[Math.max(i - 1, 0)]);
  else if (key === "Home") focusRow(list[0]);
  else if (key === "End") focusRow(list[list.length - 1]);
  else if (key === "In") {
    if (open === "false") toggle(row);
    else if (open === "true" && list[i + 1]) focusRow(list[i + 1]);
  } else if (key === "Out") {
    if (open === "true") toggle(row);
    else {
      const up = list.slice(0, i).findLast((r) => level(r) < level(row));
      if (up) focusRow(up);
    }
  } else if (key === " ") row.querySelector(".check")?.click();
  else if (key === "Enter") row.querySelector("a[data-pane], a[data-rest], .tree-row a")?.click();
  else return;
  e.preventDefault();
});
document.addEventListener("change", (e) => {
  const t = e.target.closest("table[data-tree]");
  if (t) t.querySelectorAll("tbody tr[aria-selected]").forEach((r) => r.setAttribute("aria-selected", r.querySelector(".check").checked));
});

// The pane is as wide as it was left, in percent of the window.
const least = 24, most = 72;
const width = () => Number(localStorage.getItem("pane")) || 0;
const widen = () => {
  const grip = document.querySelector(".pane-grip");
  if (!grip) return;
  grip.hidden = false;
  const w = width();
  if (w >= least && w <= most) {
    document.documentElement.style.setProperty("--pane", `${w}vw`);
    grip.setAttribute("aria-valuenow", Math.round(w));
  }
};
const keep = (w) => {
  localStorage.setItem("pane", Math.max(least, Math.min(most, w)));
  widen();
};
document.addEventListener("pointerdown", (e) => {
  const grip = e.target.closest?.(".pane-grip");
  if (!grip) return;
  e.preventDefault();
  grip.setPointerCapture(e.pointerId);
  const rtl = getComputedStyle(grip).direction === "rtl";
  const move = (m) => keep((rtl ? m.clientX : innerWidth - m.clientX) / innerWidth * 100);
  grip.addEventListener("pointermove", move);
  grip.addEventListener("lostpointercapture", () => grip.removeEventListener("pointermove", move), { once: true });
});
document.addEventListener("keydown", (e) => {
  const grip = e.target.closest?.(".pane-grip"), step = { ArrowLeft: 2, ArrowRight: -2 }[e.key];
  if (!grip || !step) return;
  e.preventDefault();
  const now = width() || document.getElementById("pane").offsetWidth / innerWidth * 100;
  keep(now + (getComputedStyle(grip).direction === "rtl" ? -step : step));
});
enhance();
