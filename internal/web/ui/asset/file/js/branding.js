// Branding: the preview follows what is typed. Without scripts it shows what was sent last.
const brandForm = () => document.querySelector(".brand-form");
const luminance = (h) => [1, 3, 5].map((i) => parseInt(h.slice(i, i + 2), 16) / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
const paint = (form, colour) => {
  if (!/^#[0-9a-f]{6}$/i.test(colour)) return;
  const on = ["#ffffff", "#111111"].find((c) => contrast(c, colour) >= 4.5) ?? "#000000";
  form.querySelectorAll(".brand-preview").forEach((el) => { el.style.setProperty("--brand", colour); el.style.setProperty("--brand-on", on); });
  form.querySelector("[data-brand-contrast]").textContent = `${contrast(on, colour).toFixed(1)}:1`;
};
const rename = (form, name) => {
  form.querySelectorAll("[data-brand-name]").forEach((el) => { el.textContent = name; });
  form.querySelectorAll("[data-brand-title]").forEach((el) => { el.textContent = el.dataset.brandTitle.replace("\u0001", name); });
  form.querySelectorAll("[data-brand-initial]").forEach((el) => { el.textContent = [...name][0] ?? ""; });
};
const showLogo = (form, file) => {
  if (!file || file.size > 1 << 20) return;
  const reader = new FileReader();
  reader.addEventListener("load", () => {
    const img = document.createElement("img");
    img.className = "brand-logo"; img.alt = ""; img.src = reader.result;
    form.querySelector("[data-brand-mark]").replaceChildren(img);
  });
  reader.readAsDataURL(file);
};
document.addEventListener("input", (e) => {
  const form = e.target.closest?.(".brand-form");
  if (!form) return;
  const hex = form.querySelector("[data-brand-hex]"), well = form.querySelector("[data-brand-well]");
  if (e.target === well) { hex.value = well.value; paint(form, well.value); }
  if (e.target === hex) { paint(form, hex.value); if (well && /^#[0-9a-f]{6}$/i.test(hex.value)) well.value = hex.value; }
  if (e.target.name === "v:brand.product") rename(form, e.target.value);
  if (e.target.dataset.brandPicture === "brand.logo") showLogo(form, e.target.files[0]);
});
const showWell = () => brandForm()?.querySelectorAll("[data-brand-well][hidden]").forEach((el) => { el.hidden = false; el.previousElementSibling.hidden = true; });
document.addEventListener("htmx:after:swap", showWell);
showWell();
