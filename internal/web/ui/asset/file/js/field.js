// Fields: show a password, dismiss a toast, remove a chip, say that a form is being sent.
document.addEventListener("click", (e) => {
  const r = e.target.closest("[data-reveal]");
  if (r) {
    const i = document.getElementById(r.dataset.reveal), show = i.type === "password";
    i.type = show ? "text" : "password";
    r.setAttribute("aria-pressed", show);
  }
  e.target.closest(".toast-x")?.closest(".toast").remove();
});
// A form is sent once: the second press of an impatient reader does nothing.
document.addEventListener("submit", (e) => {
  if (e.defaultPrevented) return;
  const b = e.submitter;
  if (!b || b.name === "theme") return;
  if (b.getAttribute("aria-busy") === "true") { e.preventDefault(); return; }
  b.setAttribute("aria-busy", "true");
});
const idle = () => document.querySelectorAll("button[type=submit][aria-busy=true]:not([data-busy])").forEach((b) => b.removeAttribute("aria-busy"));
document.addEventListener("htmx:finally:request", idle);
addEventListener("pageshow", idle);
