// The reference of the API: "Try it" sends the request from this page. The key stays in its field: it is neither stored
// nor sent anywhere but to the API.
const key = document.getElementById("api-key");
document.querySelectorAll("[data-scripted]").forEach((el) => { el.hidden = false; });

const show = (to, status, ...blocks) => {
  const line = document.createElement("p");
  line.className = "try-status";
  line.textContent = status;
  to.replaceChildren(line, ...blocks.filter(Boolean).map((text) => {
    const pre = document.createElement("pre");
    pre.className = "code";
    pre.dir = "ltr";
    pre.tabIndex = 0;
    pre.textContent = text;
    return pre;
  }));
};

const pretty = (text) => {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
};

// ask turns what was typed into a request: names are "path:account", "query:cursor", "header:If-Match" and "body".
const ask = (form) => {
  const headers = { Authorization: `Bearer ${key.value.trim()}` }, query = new URLSearchParams();
  let path = form.dataset.path, body;
  for (const [name, value] of new FormData(form)) {
    const [place, of] = name.split(/:(.*)/s);
    if (place === "path") path = path.replace(`{${of}}`, encodeURIComponent(value.trim()));
    else if (place === "body") { body = value; headers["Content-Type"] = "application/json"; }
    else if (value.trim() && place === "query") query.append(of, value.trim());
    else if (value.trim()) headers[of] = value.trim();
  }
  const tail = query.toString();
  return new Request(path + (tail && `?${tail}`), { method: form.dataset.method, headers, body, credentials: "omit", cache: "no-store", redirect: "manual" });
};

const send = async (form) => {
  const to = form.parentElement.querySelector("[data-answer]");
  if (!key.value.trim()) {
    show(to, form.dataset.keyless);
    key.focus();
    return;
  }
  show(to, form.dataset.wait);
  try {
    const res = await fetch(ask(form));
    const text = await res.text();
    show(to, `${res.status} ${res.statusText}`, [...res.headers].map(([name, value]) => `${name}: ${value}`).join("\n"), pretty(text));
  } catch { show(to, form.dataset.offline); }
};

document.querySelectorAll("form[data-try]").forEach((form) => form.addEventListener("submit", (e) => {
  e.preventDefault();
  send(form);
}));
