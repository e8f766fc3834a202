// A view: a form, the answer to what stands in it, and the request as programs. Views ask while the user types.

/**
 * What a view has:
 * - id, name, title, about: its texts
 * - isFor(info): whether the model can do it
 * - path, fields, examples: its form; an example has a value for each field that it changes
 * - body(values): the request's body; null if there is nothing to ask yet
 * - also(values, signal): a promise of something else to be asked, such as tokens (optional)
 * - show(values, answer, also): the elements of the answer, its summary in a few words, and costs that it knows itself
 * - python(values): a call of huggingface_hub's client; null if it has none for these values (optional)
 * - openAI(values): a program for openai (optional)
 */

/** Milliseconds without a key press after which a view asks. */
const typingPause = 180;

function fieldElement(view, field, onInput) {
  const id = `${view.id}-${field.id}`;
  const hint = field.hint ? make("p", { class: "hint", id: `${id}-hint` }, field.hint) : null;
  const shared = { id, name: field.id, "aria-describedby": hint?.id, input: onInput };
  const label = make("label", { for: id }, field.label);
  if (field.kind === "tick") {
    const box = make("input", { ...shared, type: "checkbox" });
    return { input: box, element: make("div", { class: "field tick" }, box, label, hint) };
  }
  let input;
  if (field.kind === "choice") {
    input = make("select", shared, field.choices.map((choice) => make("option", { value: choice }, choice)));
  } else if (field.kind === "line") {
    input = make("input", { ...shared, type: "text", autocomplete: "off" });
  } else {
    input = make("textarea", { ...shared, rows: field.rows ?? 4, spellcheck: "false" });
  }
  return { input, element: make("div", { class: "field" }, label, input, hint, field.extra?.(input) ?? null) };
}

/** The form of a view: its element, and its values as an object. */
function formOf(view, onInput) {
  const fields = view.fields.map((field) => ({ field, ...fieldElement(view, field, onInput) }));
  const property = ({ field }) => (field.kind === "tick" ? "checked" : "value");
  const fill = (values) => {
    for (const one of fields) if (one.field.id in values) one.input[property(one)] = values[one.field.id];
  };
  fill(Object.fromEntries(view.fields.filter((field) => "value" in field).map((field) => [field.id, field.value])));
  fill(view.examples[0].values);
  const examples = view.examples.map((example) => make("button", {
    type: "button", class: "button", click: () => { fill(example.values); onInput(); },
  }, example.name));
  const submit = (event) => event.preventDefault();
  const element = make("form", { class: "card form", "aria-label": view.title, submit },
    make("div", { class: "examples", role: "group", "aria-label": "Examples" },
      make("span", { class: "label" }, "Try"), ...examples),
    ...fields.map((one) => one.element));
  return {
    element,
    fill,
    get values() { return Object.fromEntries(fields.map((one) => [one.field.id, one.input[property(one)]])); },
  };
}

/** The element that shows answers, and what a view does with it. */
function answerOf() {
  const summary = make("p", { class: "summary", role: "status" });
  const body = make("div", { class: "body" });
  const cost = make("p", { class: "cost", hidden: true });
  const problem = make("p", { class: "error", role: "alert", hidden: true });
  const element = make("section", { class: "card answer", "aria-label": "Answer" }, summary, problem, body, cost);
  const show = (words, elements, costs) => {
    element.classList.remove("stale");
    element.removeAttribute("aria-busy");
    problem.hidden = true;
    summary.hidden = false;
    if (summary.textContent !== words) summary.textContent = words;
    body.replaceChildren(...elements);
    cost.hidden = !costs;
    cost.textContent = costs ?? "";
    tip.hidden = true;
  };
  return {
    element,
    show,
    wait() {
      element.classList.add("stale");
      element.setAttribute("aria-busy", "true");
    },
    fail(error) {
      show("", []);
      summary.hidden = true;
      problem.textContent = error.status ? `${error.message} (${error.status})` : error.message;
      problem.hidden = false;
    },
  };
}

/** The programs of a request, by language. */
function programsOf(view, values, body) {
  const call = view.python?.(values);
  return {
    curl: curlProgram(view.path, body),
    Python: call ? hubProgram(view.path, call) : pythonProgram(view.path, body),
    OpenAI: view.openAI?.(values),
    Swift: swiftProgram(view.path, body),
  };
}

/**
 * Makes a view's panel. An answer is dropped if the form has changed since it was asked for.
 * @returns the panel, and a function that asks if the panel has not asked yet.
 */
function panelOf(view) {
  let timer = null;
  let asking = null;
  let hasAsked = false;
  const answer = answerOf();
  const programs = programsPanel(view.id);
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(now, view.pause ?? typingPause);
  };
  const form = formOf(view, later);
  async function now() {
    clearTimeout(timer);
    hasAsked = true;
    asking?.abort();
    asking = null;
    const values = form.values;
    const body = view.body(values);
    if (!body) return answer.show("", [make("p", { class: "empty" }, view.empty)]);
    programs.show(programsOf(view, values, body));
    const mine = new AbortController();
    asking = mine;
    answer.wait();
    try {
      const [result, also] = await Promise.all([
        ask("POST", view.path, body, mine.signal), view.also?.(values, mine.signal),
      ]);
      if (asking !== mine) return null;
      const shown = view.show(values, result.answer, also);
      return answer.show(shown.summary, shown.elements, costText({ ...result.cost, ...shown.cost }));
    } catch (error) {
      if (asking === mine && error.name !== "AbortError") answer.fail(error);
      return null;
    }
  }
  const panel = make("div", { class: "view", id: `view-${view.id}` },
    make("h2", {}, view.title), make("p", { class: "about" }, view.about),
    make("div", { class: `columns ${view.isWide ? "wide" : ""}` }, form.element, answer.element), programs.element);
  return { id: view.id, name: view.name, panel, start: () => { if (!hasAsked) now(); }, again: now };
}
