// Scores of several texts: labels of one's own, continuations, choices, documents for a query.

/** The text of a list of names, and the names. */
const named = (text) => text.split(",").map((name) => name.trim()).filter((name) => name);

const zeroShotView = {
  id: "zero-shot",
  name: "Own labels",
  title: "Labels of your own",
  about: "The model judges how well each label fits the text, without having been trained for these labels.",
  path: "/zero_shot",
  empty: "Write a text and some labels.",
  isFor: (info) => can(info, "zero-shot-classification"),
  fields: [
    { id: "text", label: "Text", kind: "area" },
    { id: "labels", label: "Labels", kind: "line", hint: "With commas between them." },
    { id: "template", label: "Sentence to judge", kind: "line", hint: "The label takes the place of {}." },
    { id: "several", label: "Several labels may fit", kind: "tick", value: false },
  ],
  examples: [
    { name: "Topics", values: {
      text: "The team scored twice in the last five minutes.", labels: "sport, politics, cooking",
      template: "This example is about {}.",
    } },
    { name: "Requests", values: {
      text: "My parcel has not arrived, and I want my money back.", labels: "complaint, question, praise",
      template: "This message is a {}.",
    } },
  ],
  body(values) {
    const labels = named(values.labels);
    if (!values.text.trim() || !labels.length) return null;
    const body = { inputs: values.text, candidate_labels: labels };
    if (values.template.trim()) body.hypothesis_template = values.template;
    return values.several ? { ...body, multi_label: true } : body;
  },
  show(values, answer) {
    const items = answer.labels.map((name, index) => ({ name, score: answer.scores[index], best: index === 0 }));
    return { summary: `${items[0].name} ${percent(items[0].score)}`, elements: [bars(items, "Labels")] };
  },
  python(values) {
    const template = values.template.trim() ? `, hypothesis_template=${pythonValue(values.template)}` : "";
    const several = values.several ? ", multi_label=True" : "";
    const labels = pythonValue(named(values.labels));
    return `zero_shot_classification(${pythonValue(values.text)}, ${labels}${template}${several})`;
  },
};

const nextSentenceView = {
  id: "next",
  name: "Next sentence",
  title: "Does the second text continue the first?",
  about: "The model judges whether the two texts stand next to each other.",
  path: "/next_sentence",
  empty: "Write two texts.",
  isFor: (info) => can(info, "next-sentence-prediction"),
  fields: [
    { id: "first", label: "First text", kind: "area", rows: 3 },
    { id: "second", label: "Second text", kind: "area", rows: 3 },
  ],
  examples: [
    { name: "A continuation", values: { first: "She opened the door.", second: "The room was dark." } },
    { name: "Another topic", values: { first: "She opened the door.", second: "The county has four rivers." } },
  ],
  body: (values) => (values.first.trim() && values.second.trim() ? { inputs: [values.first, values.second] } : null),
  show(values, answer) {
    const isNext = answer.is_next >= answer.not_next;
    return {
      summary: isNext ? "It continues the first text" : "It does not continue the first text",
      elements: [bars([
        { name: "continues", score: answer.is_next, best: isNext },
        { name: "does not continue", score: answer.not_next, best: !isNext },
      ], "Judgement")],
    };
  },
};

const choicesView = {
  id: "choices",
  name: "Choices",
  title: "The choice that fits best",
  about: "The model reads the beginning together with each choice, and says which one fits.",
  path: "/multiple_choice",
  empty: "Write a beginning, and two or more choices.",
  isFor: (info) => can(info, "multiple-choice"),
  fields: [
    { id: "prompt", label: "Beginning", kind: "area", rows: 3 },
    { id: "choices", label: "Choices", kind: "area", hint: "One a line." },
  ],
  examples: [
    { name: "A story", values: {
      prompt: "She opened the door of the house, and",
      choices: "walked in.\nthe river ran away.\nfour of them are late.",
    } },
    { name: "An answer", values: { prompt: "What is used to read?", choices: "a book\na stone" } },
  ],
  body(values) {
    const choices = lines(values.choices);
    return values.prompt.trim() && choices.length ? { prompt: values.prompt, choices } : null;
  },
  show(values, answer) {
    const items = lines(values.choices).map((name, index) => ({
      name, score: answer.probabilities[index], best: index === answer.index,
    }));
    return { summary: answer.choice, elements: [bars(items, "Choices")] };
  },
};

const rerankView = {
  id: "rerank",
  name: "Rank",
  title: "Texts in the order of a query",
  about: "The model reads the query together with each text. The texts that answer it best come first.",
  path: "/rerank",
  empty: "Write a query and some texts.",
  isFor: (info) => can(info, "text-ranking"),
  fields: [
    { id: "query", label: "Query", kind: "line" },
    { id: "texts", label: "Texts", kind: "area", rows: 7, hint: "One a line." },
  ],
  examples: [
    { name: "A question", values: {
      query: "How do swiftlets find their way in the dark?",
      texts: "Swiftlets click and listen to the echo, like bats.\nSwifts sleep in flight.\n"
        + "A cave is dark.\nThe nests of some swiftlets are eaten as soup.",
    } },
    { name: "A search", values: {
      query: "a good film for children",
      texts: "A gorgeous, witty, seductive movie.\nFamilies will love this warm and funny tale.\n"
        + "Bleak, slow and violent.",
    } },
  ],
  body(values) {
    const texts = lines(values.texts);
    return values.query.trim() && texts.length ? { query: values.query, texts } : null;
  },
  show(values, ranks) {
    const texts = lines(values.texts);
    const items = ranks.map((rank, index) => ({
      name: `${rank.index + 1}. ${texts[rank.index]}`, score: rank.score, best: index === 0,
    }));
    return { summary: texts[ranks[0].index], elements: [bars(items, "Texts, best first; numbers are their lines")] };
  },
};
