// The page of all routes, made from the service's own OpenAPI document.

function followed(schema, all) {
  return schema?.$ref ? followed(all.components.schemas[schema.$ref.split("/").pop()], all) : schema;
}

const typeWords = { string: "text", integer: "whole number", boolean: "true or false" };

/** The kind of a value in a few plain words. */
function kind(schema, all) {
  schema = followed(schema, all);
  if (!schema || schema === true || !Object.keys(schema).length) return "anything";
  if (schema.enum) {
    return schema.enum.filter((one) => one !== null).map((one) => JSON.stringify(one)).join(", ") || "null";
  }
  if ("const" in schema) return JSON.stringify(schema.const);
  const options = schema.anyOf ?? schema.oneOf;
  if (options && !schema.properties) {
    return [...new Set(options.map((one) => kind(one, all)).filter((words) => words !== "nothing"))].join(", or ");
  }
  if (!schema.type) return schema.properties ? "object" : "anything";
  const types = [].concat(schema.type).filter((name) => name !== "null");
  if (types.includes("array")) {
    const words = kind(schema.items, all);
    return words.includes(", or ") ? `list of (${words})` : `list of ${words}`;
  }
  const words = types.map((type) => typeWords[type] ?? type).join(", or ") || "nothing";
  // A maximum that JavaScript's numbers cannot hold is that of Swift's integers, and no limit.
  const bounds = [schema.minimum, schema.maximum > Number.MAX_SAFE_INTEGER ? undefined : schema.maximum];
  const [low, high] = bounds.map((bound) => bound?.toLocaleString("en"));
  if (low !== undefined && high !== undefined) return `${words}, ${low} to ${high}`;
  if (low !== undefined) return `${words}, ${low} or more`;
  return high === undefined ? words : `${words}, at most ${high}`;
}

/** The forms of a body: one object, or one of several. */
function forms(schema, all) {
  schema = followed(schema, all);
  return schema?.anyOf && !schema.properties ? schema.anyOf.flatMap((one) => forms(one, all)) : [schema];
}

function keysTable(schema, all) {
  const seen = new Map();
  for (const form of forms(schema, all)) {
    for (const [name, value] of Object.entries(form?.properties ?? {})) {
      if (!seen.has(name)) seen.set(name, { value, must: (form.required ?? []).includes(name) });
    }
  }
  if (!seen.size) return null;
  const isChoice = forms(schema, all).length > 1;
  const rows = [...seen].map(([name, { value, must }]) => make("tr", {},
    make("th", { scope: "row" }, make("code", {}, name),
      must && !isChoice ? make("span", { class: "must" }, "needed") : null),
    make("td", {}, kind(value, all)),
    make("td", { class: "quiet" }, followed(value, all)?.description ?? "")));
  return make("div", {}, make("h3", {}, isChoice ? "Keys of the body, of all its forms" : "Keys of the body"),
    make("table", { class: "keys" },
      make("thead", {}, make("tr", {}, ["Key", "Value", "Meaning"].map((head) => make("th", { scope: "col" }, head)))),
      make("tbody", {}, rows)));
}

/** A path with this service's model in the place of its parameters. */
const filled = (path, all) => path
  .replace("{model}", all.model.split("/").map(encodeURIComponent).join("/")).replace("{version}", "1");

/** Lets the reader send the request, and shows the answer and the same request for curl. */
function trial(path, method, example, all, id) {
  const target = filled(path, all);
  const body = example === undefined ? null
    : make("textarea", { id: `${id}-body`, spellcheck: "false", input: () => write() });
  if (body) {
    body.value = JSON.stringify(example, null, 2);
    body.rows = Math.min(16, body.value.split("\n").length + 1);
  }
  const state = make("p", { class: "hint", role: "status" });
  const answer = make("pre", { class: "code", tabindex: "0", "aria-label": "Answer", hidden: true });
  const program = make("code");
  function write() {
    const header = key.value ? ` -H "Authorization: Bearer $${keyVariable}"` : "";
    if (!body) {
      program.textContent = `curl ${shellText(address + target)}${header}`;
      return;
    }
    try {
      program.textContent = curlProgram(target, JSON.parse(body.value));
    } catch {
      program.textContent = "The body is not JSON.";
    }
  }
  const sendIt = async () => {
    write();
    state.textContent = "Asking …";
    try {
      const result = await send(method.toUpperCase(), target, body?.value);
      state.textContent = `${result.status} · ${costText(result.cost)}`;
      answer.textContent = result.answer ? JSON.stringify(result.answer, null, 1) : result.text;
      if (answer.textContent.length > 20000) answer.textContent = `${answer.textContent.slice(0, 20000)}\n… and more`;
      answer.hidden = false;
    } catch {
      state.textContent = "The service cannot be reached. Is it still running?";
    }
  };
  write();
  return make("div", { class: "trial" },
    body ? make("label", { for: body.id }, "Body") : null, body,
    make("div", { class: "actions" },
      make("button", { type: "button", class: "button main", click: sendIt }, "Send"), state),
    answer,
    make("div", { class: "actions" }, make("h3", {}, "The same with curl"),
      copyButton(() => program.textContent, "the command")),
    make("pre", { class: "code" }, program));
}

function routeElement(path, method, operation, all) {
  const id = method + path.replaceAll("/", "-");
  const words = `${path} ${operation.summary} ${operation.tags}`;
  const details = make("details", { class: "route", id, "data-words": words },
    make("summary", {},
      make("span", { class: `method ${method}` }, method.toUpperCase()), make("span", { class: "path" }, path),
      make("span", { class: "words" }, operation.summary)));
  details.addEventListener("toggle", () => {
    if (!details.open || details.childElementCount > 1) return;
    const content = operation.requestBody?.content["application/json"];
    details.append(make("div", { class: "content" },
      trial(path, method, content ? content.example ?? {} : undefined, all, id),
      content ? keysTable(content.schema, all) : null));
  });
  return details;
}

function showRoutes(all) {
  const groups = all.tags.map((tag) => {
    const routes = Object.entries(all.paths).flatMap(([path, item]) => Object.entries(item)
      .filter(([, operation]) => operation.tags.includes(tag.name))
      .map(([method, operation]) => routeElement(path, method, operation, all)));
    return make("section", { class: "group", "aria-label": tag.name }, make("h2", {}, tag.name), routes);
  });
  byID("routes").replaceChildren(...groups);
  byID("find").hidden = false;
  byID("search").addEventListener("input", () => {
    const words = byID("search").value.toLowerCase().split(/\s+/).filter((word) => word);
    let count = 0;
    for (const group of groups) {
      const routes = [...group.querySelectorAll(".route")];
      for (const route of routes) {
        route.hidden = !words.every((word) => route.dataset.words.toLowerCase().includes(word));
        if (!route.hidden) count += 1;
      }
      group.hidden = routes.every((route) => route.hidden);
    }
    byID("found").textContent = words.length ? `${count} found` : "";
  });
}

function notice(text) {
  byID("notice").replaceChildren(...(text ? [make("p", { class: "card" }, text)] : []));
}

async function start() {
  let timer = null;
  const begin = async () => {
    clearTimeout(timer);
    try {
      const { answer: all } = await ask("GET", "openapi.json");
      const models = await ask("GET", "v1/models").catch(() => null);
      all.model = models?.answer.data[0]?.id ?? "model";
      notice("");
      byID("model").replaceChildren(make("strong", {}, "All routes"),
        make("span", { class: "quiet" }, `${all.model} · version ${all.info.version}`));
      showRoutes(all);
    } catch (error) {
      notice(error.status ? `The list of routes cannot be read: ${error.message}` : error.message);
      if (error.status === 401) byID("key-sheet").open = true;
      else timer = setTimeout(begin, 1500);
    }
  };
  const look = watchHealth(byID("health"));
  takeKey(() => { look(); begin(); });
  // The page may be part of a service without a playground.
  fetch(basePath, { method: "HEAD", headers: { Accept: "text/html" } }).then((answer) => {
    byID("playground").hidden = !answer.headers.get("Content-Type")?.startsWith("text/html");
  }).catch(() => {});
  await begin();
}

start();
