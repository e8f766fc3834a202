// Answers that are places in a text: names, answers to questions, words for a mask.

const entitiesView = {
  id: "names",
  name: "Names",
  title: "Names and kinds of words",
  about: "The model labels each token; tokens of one name are joined. The labels are those of its training.",
  path: "/token_classify",
  empty: "Write a text to see what the model finds in it.",
  isFor: (info) => can(info, "token-classification"),
  fields: [
    { id: "text", label: "Text", kind: "area", rows: 5 },
    {
      id: "strategy", label: "How tokens become names", kind: "choice", value: "simple",
      choices: ["simple", "first", "average", "max", "none"], hint: "none shows each token with its label.",
    },
  ],
  examples: [
    { name: "People", values: { text: "Ada Lovelace met Charles Babbage in London in 1833." } },
    { name: "Places", values: { text: "The band was born in a small city in the north, where the river is wide." } },
  ],
  body: (values) => (values.text.trim() ? { inputs: values.text, aggregation_strategy: values.strategy } : null),
  show(values, entities) {
    const labelOf = (entity) => entity.entity_group ?? entity.entity;
    const kinds = [...new Set(entities.map((entity) => labelOf(entity).replace(/^[BIES]-/, "")))];
    const hue = (entity) => `hue-${kinds.indexOf(labelOf(entity).replace(/^[BIES]-/, "")) % 5}`;
    const spans = entities.map((entity) => ({
      ...entity,
      mark: (text) => {
        const mark = make("mark", { class: `piece ${hue(entity)}` }, text, make("small", {}, labelOf(entity)));
        explain(mark, `${labelOf(entity)} · ${percent(entity.score)} · ${entity.start} to ${entity.end}`);
        return mark;
      },
    }));
    const scalars = Array.from(values.text);
    const items = entities.map((entity) => ({
      name: `${scalars.slice(entity.start, entity.end).join("")} — ${labelOf(entity)}`, score: entity.score,
    }));
    const list = items.length ? [scrolling(bars(items, "What was found"), "What was found")] : [];
    return {
      summary: entities.length ? `${entities.length} found: ${kinds.join(", ")}` : "Nothing found",
      elements: [highlighted(values.text, spans), ...list],
    };
  },
  python: (values) =>
    `token_classification(${pythonValue(values.text)}, aggregation_strategy=${pythonValue(values.strategy)})`,
};

const answersView = {
  id: "answers",
  name: "Questions",
  title: "Questions about a text",
  about: "The model marks the words of the text that answer the question. A text may have any length.",
  path: "/question_answering",
  empty: "Write a question, and a text that answers it.",
  isFor: (info) => can(info, "question-answering"),
  fields: [
    { id: "question", label: "Question", kind: "line" },
    { id: "context", label: "Text", kind: "area", rows: 7 },
    { id: "impossible", label: "“There is no answer” may be an answer", kind: "tick", value: false },
  ],
  examples: [
    { name: "Where", values: {
      question: "Where was the band born?",
      context: "The band was born in a small city in the north, where the river is wide. It had five members.",
    } },
    { name: "How many", values: {
      question: "How many members did it have?",
      context: "The band was born in a small city in the north, where the river is wide. It had five members.",
    } },
  ],
  body(values) {
    if (!values.question.trim() || !values.context.trim()) return null;
    const body = { inputs: { question: values.question, context: values.context }, top_k: 3 };
    return values.impossible ? { ...body, handle_impossible_answer: true } : body;
  },
  show(values, answer) {
    const found = [answer].flat();
    const box = make("div", { class: "body" });
    const words = (one) => one.answer || "There is no answer";
    const choose = (chosen) => {
      const mark = (text) => make("mark", { class: "piece found" }, text);
      const isPlace = found[chosen].end > found[chosen].start;
      box.replaceChildren(
        bars(found.map((one, index) => ({
          name: words(one), score: one.score, best: index === 0, isPressed: index === chosen,
          press: () => { choose(index); box.querySelectorAll("button")[index].focus(); },
        })), "Answers"),
        highlighted(values.context, isPlace ? [{ ...found[chosen], mark }] : []));
    };
    choose(0);
    return { summary: words(found[0]), elements: [box] };
  },
  python: (values) => `question_answering(${pythonValue(values.question)}, ${pythonValue(values.context)}, top_k=3)`,
};

/** A button that writes the model's mask token at the cursor. */
function maskButton(mask) {
  return (input) => {
    const insert = () => {
      input.setRangeText(mask, input.selectionStart, input.selectionEnd, "end");
      input.focus();
      input.dispatchEvent(new Event("input"));
    };
    return make("div", {}, make("button", { type: "button", class: "button", click: insert }, `Insert ${mask}`));
  };
}

/** A text with the chosen words in the places of its masks, and the words to choose from. */
function filledGaps(pieces, answer) {
  const masks = Array.isArray(answer[0]) ? answer : [answer];
  const chosen = masks.map(() => 0);
  const word = (mask) => masks[mask][chosen[mask]].token_str;
  const box = make("div", { class: "body" });
  const render = () => {
    const text = make("p", { class: "text" }, pieces.map((piece, index) =>
      (index < masks.length ? [piece, make("mark", { class: "piece found" }, word(index))] : [piece])).flat());
    const lists = masks.map((candidates, mask) => bars(candidates.map((candidate, index) => ({
      name: candidate.token_str, score: candidate.score, best: index === 0, isPressed: index === chosen[mask],
      press: () => {
        chosen[mask] = index;
        render();
        box.querySelectorAll("ol")[mask].querySelectorAll("button")[index].focus();
      },
    })), `Words for gap ${mask + 1}`));
    const titled = lists.map((list, mask) =>
      make("div", {}, masks.length > 1 ? make("h3", {}, `Gap ${mask + 1}`) : null, list));
    box.replaceChildren(text, ...titled);
  };
  render();
  return { summary: masks.map((_, mask) => word(mask)).join(", "), elements: [box] };
}

const masksView = {
  id: "masks",
  name: "Fill in",
  title: "Words for a gap",
  path: "/fill_mask",
  isFor: (info) => can(info, "fill-mask") && info.mask_token !== null,
  with(info) {
    const mask = info.mask_token;
    return {
      ...this,
      about: `The model proposes words for each ${mask}. Choose one to see it in its place.`,
      empty: `Write a text with ${mask} where a word is missing.`,
      fields: [{ id: "text", label: "Text with a gap", kind: "area", extra: maskButton(mask) }],
      examples: [
        { name: "One gap", values: { text: `The ${mask} was born in the city.` } },
        { name: "Two gaps", values: { text: `The ${mask} of the river is ${mask}.` } },
      ],
      body: (values) => (values.text.includes(mask) ? { inputs: values.text, top_k: 5 } : null),
      show: (values, answer) => filledGaps(values.text.split(mask), answer),
    };
  },
  python: (values) => `fill_mask(${pythonValue(values.text)}, top_k=5)`,
};
