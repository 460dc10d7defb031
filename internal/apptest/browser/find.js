() => {
  const tidy = (s) => (s || "").replace(/\s+/g, " ").trim();
  const visible = (e) => e.checkVisibility({ visibilityProperty: true }) && (e.getClientRects().length > 0);
  // While a modal dialog is open, only what is in it can be used.
  const scope = () => [...document.querySelectorAll("dialog")].filter((d) => d.matches(":modal")).at(-1) || document;
  const isSelector = (s) => /^(#|\.|\[|css=)/.test(s);
  const bySelector = (s) => [...document.querySelectorAll(s.replace(/^css=/, ""))].filter(visible)[0];
  const name = (e) => tidy(e.getAttribute("aria-label") || e.innerText || e.value || e.textContent);
  const named = (list, text) => {
    const seen = list.filter((e) => visible(e) && !e.closest("[aria-hidden=true]"));
    return seen.find((e) => name(e) === text) || seen.find((e) => name(e).startsWith(text)) || seen.find((e) => name(e).includes(text));
  };
  const clickables = "a, button, summary, label, [role=menuitem], [role=tab], input[type=submit]";
  const field = (what) => {
    if (isSelector(what)) return document.querySelector(what.replace(/^css=/, ""));
    const inputs = [...scope().querySelectorAll("input, textarea, select")].filter((e) => e.type !== "hidden");
    const labelled = (test) => inputs.find((e) => [...(e.labels || [])].some((l) => test(tidy(l.textContent))) || test(tidy(e.getAttribute("aria-label"))));
    return labelled((s) => s === what) || inputs.find((e) => e.name === what) || labelled((s) => s !== "" && s.startsWith(what));
  };
  const changed = (e) => ["input", "change"].forEach((n) => e.dispatchEvent(new Event(n, { bubbles: true })));
  return {
    clickable(what) {
      if (document.readyState !== "complete") return null; // what is still to come may push it away
      const e = isSelector(what) ? bySelector(what) : named([...scope().querySelectorAll(clickables)], what);
      if (!e || e.disabled) return null;
      e.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
      const r = e.getClientRects()[0], x = r.x + r.width / 2, y = r.y + r.height / 2;
      const hit = document.elementFromPoint(x, y);
      if (!hit || !(e.contains(hit) || [...(hit.labels || [])].includes(e))) return null; // something lies over it
      return { X: x, Y: y };
    },
    fill(what, value) {
      if (document.readyState !== "complete") return ""; // nobody would hear it yet
      const e = field(what);
      if (!e || e.disabled || e.readOnly) return "";
      e.scrollIntoView({ block: "center", behavior: "instant" });
      if (e.tagName === "SELECT") {
        const o = [...e.options].find((x) => tidy(x.text) === value || x.value === value);
        if (!o) return "";
        e.value = o.value;
        changed(e);
        return "chosen";
      }
      if (["date", "color", "range", "time"].includes(e.type)) { e.value = value; changed(e); return "set"; }
      e.focus();
      e.select();
      return document.activeElement === e ? "typed" : "";
    },
    check(what, on) {
      if (document.readyState !== "complete") return false;
      const e = field(what);
      if (!e || e.disabled) return false;
      if (e.checked !== on) e.click();
      return e.checked === on;
    },
    focused(what) {
      const e = document.activeElement;
      if (!e || e === document.body) return false;
      if (isSelector(what)) return e.matches(what.replace(/^css=/, ""));
      return name(e) === what || [...(e.labels || [])].some((l) => tidy(l.textContent).startsWith(what)) || e.name === what;
    },
    ready() { return document.readyState === "complete"; },
    ringed() {
      const e = document.activeElement, r = e.getBoundingClientRect();
      const marked = [e, e.closest("label"), e.parentElement].filter(Boolean).some((x) => {
        const c = getComputedStyle(x);
        return (c.outlineStyle !== "none" && parseFloat(c.outlineWidth) > 0) || c.boxShadow !== "none";
      });
      return marked && r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth;
    },
    sees(text) { return !!document.body && tidy(document.body.innerText).toLowerCase().includes(tidy(text).toLowerCase()); },
    at(path) { return document.readyState !== "loading" && (location.pathname === path || location.pathname + location.search === path); },
    has(selector) { return !!bySelector(selector); },
    text(selector) { const e = selector ? bySelector(selector) : document.body; return e ? tidy(e.innerText) : null; },
    value(what) { const e = field(what); return e ? e.value : null; },
    wide() {
      const root = document.documentElement, over = root.scrollWidth - root.clientWidth;
      if (over <= 0) return [];
      const out = [...document.querySelectorAll("body *")].filter((e) => {
        const r = e.getBoundingClientRect();
        return r.width > 0 && (r.right > root.clientWidth + 1 || r.left < -1);
      });
      return [`by ${over} pixels`, ...out.slice(0, 5).map((e) => e.outerHTML.slice(0, 120))];
    },
    flaws() {
      const out = (document.body.innerText.match(/\[[a-z_]+\.[a-z0-9_.]+\]/g) || []).map((k) => `no text for ${k}`);
      document.querySelectorAll("svg > use").forEach((u) => {
        const b = u.getBBox();
        if (visible(u.parentElement) && b.width === 0 && b.height === 0) out.push(`no icon ${u.getAttribute("href")}`);
      });
      document.querySelectorAll("img").forEach((i) => { if (i.complete && i.naturalWidth === 0) out.push(`no picture ${i.src}`); });
      return out;
    },
    height() { return document.documentElement.scrollHeight; },
    weight() {
      return [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].reduce((n, r) => n + r.transferSize, 0);
    },
  };
}
