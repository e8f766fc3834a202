// Labels of a text while it is typed, and tokens.

const can = (info, task) => info.tasks.includes(task);

/** The tokens of one or two texts, with places in the browser's unit. */
async function tokensOf(texts, options, signal) {
  const body = { inputs: texts[0], offsets: "utf16", ...options };
  if (texts[1]) body.text_pair = texts[1];
  return (await ask("POST", "/tokenize", body, signal)).answer[0];
}

const reviews = [
  { name: "Praise", values: { text: "A gorgeous, witty, seductive movie.", second: "" } },
  { name: "Blame", values: { text: "Two hours of my life that nobody will give back.", second: "" } },
  { name: "Both", values: { text: "The actors shine, but the story is dull and far too long.", second: "" } },
];

const inferences = [
  { name: "It follows", values: { text: "A man plays guitar in the street.", second: "Someone makes music outside." } },
  { name: "It does not", values: { text: "A man plays guitar in the street.", second: "The street is empty." } },
];

const secondText = {
  id: "second", label: "Second text", kind: "area", rows: 2, hint: "This model judges pairs. It may stay empty.",
};

/** More labels than this are not shown. */
const mostLabels = 12;

const classifyView = {
  id: "classify",
  path: "/classify",
  empty: "Write a text: its labels appear while you type.",
  isFor: (info) => can(info, "text-classification"),
  with(info) {
    const labels = Object.values(Object.values(info.model_type)[0].id2label ?? {});
    const isSentiment = labels.some((label) => /^pos/i.test(label)) && labels.some((label) => /^neg/i.test(label));
    const judgesPairs = can(info, "zero-shot-classification");
    return {
      ...this,
      name: isSentiment ? "Sentiment" : labels.length === 1 ? "Score" : "Labels",
      title: isSentiment ? "Sentiment of a text" : labels.length === 1 ? "Score of a text" : "Labels of a text",
      about: `The model says how well ${labels.length === 1 ? "its label" : `each of its ${labels.length} labels`} `
        + "fits the text. The answer follows while you type.",
      fields: [{ id: "text", label: "Text", kind: "area", rows: 5 }, ...(judgesPairs ? [secondText] : [])],
      examples: judgesPairs ? inferences : reviews,
      options: labels.length > mostLabels ? { top_k: mostLabels } : {},
    };
  },
  body(values) {
    if (!values.text.trim()) return null;
    return { inputs: values.second ? [[values.text, values.second]] : values.text, ...this.options };
  },
  also: (values, signal) => tokensOf([values.text, values.second], { truncate: true }, signal),
  show(values, answer, tokens) {
    const [labels] = answer;
    // A regression's score is the logit itself.
    const areFractions = labels.some((label) => label.score !== label.logit);
    const scales = scale(labels.map((label) => label.score), areFractions);
    return {
      summary: `${labels[0].label} ${scales[0].value}`,
      elements: [
        bars(labels.map((label, index) => ({ name: label.label, best: index === 0, ...scales[index] })), "Labels"),
        make("div", {}, make("h3", {}, plural(tokens.length, "token")),
          tokenStrip(tokens, [values.text, values.second ?? ""])),
      ],
    };
  },
  python(values) {
    return values.second ? null : `text_classification(${pythonValue(values.text)})`;
  },
};

const tokensView = {
  id: "tokens",
  name: "Tokens",
  title: "Tokens of a text",
  about: "What the model reads: the pieces of the text with their ids. Point at a piece, or move with the arrow keys.",
  path: "/tokenize",
  empty: "Write a text to see its tokens.",
  isFor: () => true,
  fields: [
    { id: "text", label: "Text", kind: "area" },
    { id: "second", label: "Second text", kind: "area", rows: 2, hint: "For models of pairs. It may stay empty." },
    { id: "special", label: "Add the model's special tokens", kind: "tick", value: true },
  ],
  examples: [
    { name: "Pieces", values: { text: "Swiftlets are small, unbelievably fast birds.", second: "" } },
    { name: "Accents", values: { text: "Café Zoë — naïve façades, 東京, 👍", second: "" } },
    { name: "A pair", values: { text: "Where do swiftlets live?", second: "They nest in caves." } },
  ],
  body(values) {
    if (!values.text) return null;
    const body = { inputs: values.text, offsets: "utf16" };
    if (values.second) body.text_pair = values.second;
    if (!values.special) body.add_special_tokens = false;
    return body;
  },
  show(values, [tokens]) {
    const row = (token, index) => make("tr", {},
      make("td", { class: "number" }, String(index)), make("td", {}, make("code", {}, token.token)),
      make("td", { class: "number" }, String(token.id)),
      make("td", { class: "number" }, token.start === null ? "–" : `${token.start}–${token.stop}`),
      make("td", { class: "number" }, String(token.type_id)));
    const heads = [["#", "number"], ["Token", ""], ["Id", "number"], ["Place", "number"], ["Type", "number"]];
    return {
      summary: plural(tokens.length, "token"),
      cost: { tokens: tokens.length },
      elements: [
        tokenStrip(tokens, [values.text, values.second]),
        scrolling(make("table", { class: "grid" },
          make("thead", {}, make("tr", {},
            heads.map(([head, kind]) => make("th", { scope: "col", class: kind }, head)))),
          make("tbody", {}, tokens.map(row))), "Table of tokens"),
      ],
    };
  },
};
