// Requests to the service that has sent this page: its address, the key, answers, errors, health.

/** The service's path, with a slash at the end. A proxy may have put the service below a path of its own. */
const basePath = location.pathname.replace(/\/+$/, "").replace(/\/(playground|docs)$/, "") + "/";
const address = location.origin + basePath.replace(/\/$/, "");

/** The API key of this tab. */
const key = {
  name: "swiftlet-key",
  get value() {
    try { return sessionStorage.getItem(this.name) || ""; } catch { return this.held || ""; }
  },
  set value(text) {
    this.held = text;
    try {
      if (text) sessionStorage.setItem(this.name, text);
      else sessionStorage.removeItem(this.name);
    } catch { /* The browser stores nothing: the page holds the key until it is reloaded. */ }
  },
};

/** An answer with a status of 400 or above, in the service's words. */
class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** The words of an error, in the form of each interface. */
function errorText(answer, text) {
  const error = answer?.error ?? answer?.message;
  return (typeof error === "object" ? error?.message : error) || text.slice(0, 500) || "no reason given";
}

/**
 * Sends a request, and reads the answer.
 * @returns the status, the answer as text and as JSON (null if it is none), and its cost.
 */
async function send(method, path, body, signal) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key.value) headers.Authorization = `Bearer ${key.value}`;
  const started = performance.now();
  const target = basePath + path.replace(/^\//, "");
  const response = await fetch(target, { method, headers, body, signal, cache: "no-store" });
  const text = await response.text();
  let answer = null;
  try { answer = JSON.parse(text); } catch { /* It is another kind of text, such as /metrics. */ }
  const number = (name) => (response.headers.has(name) ? Number(response.headers.get(name)) : null);
  const cost = {
    tokens: number("x-compute-tokens"),
    service: number("x-total-time"),
    trip: performance.now() - started,
    cut: number("x-truncated-inputs"),
  };
  return { status: response.status, ok: response.ok, text, answer, cost };
}

/** Asks, and throws a ``Refusal`` for an error. */
async function ask(method, path, body, signal) {
  let result;
  try {
    result = await send(method, path, body === undefined ? undefined : JSON.stringify(body), signal);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "The service cannot be reached. Is it still running?");
  }
  if (!result.ok) throw new Refusal(result.status, errorText(result.answer, result.text));
  return result;
}

/** The words for a cost: tokens, time in the service, time of the round trip. */
function costText(cost) {
  const parts = [];
  if (cost.tokens !== null) parts.push(`${cost.tokens} token${cost.tokens === 1 ? "" : "s"}`);
  if (cost.service !== null) parts.push(`${cost.service} ms in the service`);
  parts.push(`${cost.trip < 10 ? cost.trip.toFixed(1) : Math.round(cost.trip)} ms round trip`);
  if (cost.cut) parts.push(`${cost.cut} too long and cut`);
  return parts.join(" · ");
}

/** Shows whether the service takes requests, and looks again every few seconds while the page is visible. */
function watchHealth(element) {
  const [, words] = element.children;
  const show = (kind, text) => {
    element.className = `health ${kind}`;
    if (words.textContent !== text) words.textContent = text;
  };
  const look = async () => {
    if (document.hidden) return;
    try {
      await ask("GET", "health/ready");
      show("good", "Ready");
    } catch (error) {
      if (error.status === 401) show("warn", "Needs an API key");
      else if (error.status) show("warn", `Not ready: ${error.message}`);
      else show("bad", "Not reachable");
    }
  };
  look();
  setInterval(look, 5000);
  document.addEventListener("visibilitychange", look);
  return look;
}

/** Lets the user enter the key; `onChange` is called with each new one. */
function takeKey(onChange) {
  const [sheet, form, field] = ["key-sheet", "key-form", "key"].map(byID);
  field.value = key.value;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    key.value = field.value.trim();
    sheet.open = false;
    sheet.querySelector("summary").focus();
    onChange();
  });
  sheet.addEventListener("toggle", () => { if (sheet.open) field.focus(); });
  sheet.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    sheet.open = false;
    sheet.querySelector("summary").focus();
  });
}
