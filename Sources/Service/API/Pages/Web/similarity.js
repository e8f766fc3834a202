// Texts, one a line: a heat map of their similarities, a plot of their vectors, and the nearest texts of one of them.

/** More texts are not compared: the maps would show nothing, and the page would become slow. */
const mostTexts = 250;
/** A heat map of at most this many texts is a table with numbers; a larger one is a picture. */
const mostCells = 16;
/** A plot of at most this many texts has their numbers. */
const mostNumbers = 40;
/** How many of the nearest texts are shown. */
const mostNeighbours = 5;

/** The largest file that is read. */
const mostFileBytes = 4_000_000;

/** A place that takes a file of texts, by choosing, dropping or pasting. */
function fileDrop(input) {
  const state = make("p", { class: "hint", role: "status" });
  const read = async (file) => {
    if (!file) return;
    if (file.size > mostFileBytes) {
      state.textContent = `${file.name} is larger than ${mostFileBytes / 1e6} MB`;
      return;
    }
    const text = await file.text();
    const texts = /\.csv$/i.test(file.name) || file.type === "text/csv" ? csvTexts(text) : lines(text);
    input.value = texts.slice(0, mostTexts).join("\n");
    state.textContent = texts.length > mostTexts
      ? `${file.name}: the first ${mostTexts} of ${plural(texts.length, "text")}`
      : `${file.name}: ${plural(texts.length, "text")}`;
    input.dispatchEvent(new Event("input"));
  };
  const chooser = make("input", {
    type: "file", id: "similarity-file", accept: ".txt,.csv,text/plain,text/csv", change: () => read(chooser.files[0]),
  });
  const box = make("div", { class: "field drop" },
    make("label", { for: "similarity-file" }, "Or a file, .txt or .csv"), chooser,
    make("p", { class: "hint" }, "Drop it here or on the texts. Of a .csv, the column of the longest texts is taken."),
    state);
  input.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    read(event.clipboardData.files[0]);
  });
  for (const target of [box, input]) {
    target.addEventListener("dragover", (event) => { event.preventDefault(); box.classList.add("over"); });
    target.addEventListener("dragleave", () => box.classList.remove("over"));
    target.addEventListener("drop", (event) => {
      box.classList.remove("over");
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      read(event.dataTransfer.files[0]);
    });
  }
  return box;
}

/** What the three parts of the answer show: the texts, their similarities, and the text that is chosen. */
class Comparison {
  constructor(texts, vectors) {
    this.texts = texts;
    this.similarities = cosines(vectors);
    this.vectors = vectors;
    const others = this.similarities.flatMap((row, index) => [...row.slice(index + 1)]);
    this.least = Math.min(...others);
    this.most = Math.max(...others);
    this.chosen = 0;
    this.listeners = [];
  }

  /** The colour of a similarity, from 0 for the least of these texts to 1 for the most similar pair. */
  heat(similarity) {
    const width = this.most - this.least;
    return width < 1e-9 ? 1 : Math.min(1, Math.max(0, (similarity - this.least) / width));
  }

  choose(place) {
    this.chosen = place;
    for (const listener of this.listeners) listener();
  }

  onChoose(listener) {
    this.listeners.push(listener);
    listener();
  }

  label(place) {
    return `${place + 1}. ${this.texts[place]}`;
  }

  pair(row, column) {
    const similarity = this.similarities[row][column].toFixed(3);
    return `${this.label(row).slice(0, 60)} / ${this.label(column).slice(0, 60)}: ${similarity}`;
  }
}

/** A similarity without its leading zero, so that it fits a small cell. */
const short = (similarity, digits) =>
  (similarity > 0.995 ? "1" : similarity.toFixed(digits).replace(/^(-?)0\./, "$1."));

function heatTable(comparison) {
  const count = comparison.texts.length;
  const numbers = [...Array(count).keys()];
  const cells = [];
  const row = (line) => make("tr", {}, make("th", { scope: "row" }, String(line + 1)), numbers.map((column) => {
    const similarity = comparison.similarities[line][column];
    const heat = comparison.heat(similarity);
    // From these colours on, the other ink has more contrast: in light, and in dark.
    const shade = heat > 0.819 ? "high" : heat > 0.572 ? "mid" : null;
    const cell = make("td", { class: shade, click: () => comparison.choose(line) },
      short(similarity, count <= 10 ? 2 : 1));
    cell.style.setProperty("--heat", heat.toFixed(3));
    explain(cell, comparison.pair(line, column));
    cells.push({ cell, line });
    return cell;
  }));
  comparison.onChoose(() => {
    for (const { cell, line } of cells) cell.classList.toggle("chosen", line === comparison.chosen);
  });
  return make("table", { class: "heat" },
    make("caption", { class: "away" }, "Similarity of each two texts; rows and columns are the numbers of the texts"),
    make("thead", {}, make("tr", {}, make("td", { class: "corner" }), numbers.map((number) =>
      make("th", { scope: "col" }, String(number + 1))))),
    make("tbody", {}, numbers.map(row)));
}

/** The red, green and blue of a colour that the style names. */
function styleColour(name) {
  const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
}

function heatPicture(comparison) {
  const count = comparison.texts.length;
  const canvas = make("canvas", {
    width: count, height: count, role: "img",
    "aria-label": `Similarity of each two of ${count} texts, from ${comparison.least.toFixed(2)} to `
      + `${comparison.most.toFixed(2)}. The list of nearest texts has the numbers.`,
  });
  const paint = () => {
    const context = canvas.getContext("2d");
    const image = context.createImageData(count, count);
    const [low, high] = [styleColour("--heat-low"), styleColour("--heat-high")];
    comparison.similarities.forEach((row, line) => row.forEach((similarity, column) => {
      const heat = comparison.heat(similarity);
      const start = (line * count + column) * 4;
      low.forEach((part, index) => { image.data[start + index] = part + (high[index] - part) * heat; });
      image.data[start + 3] = 255;
    }));
    context.putImageData(image, 0, 0);
  };
  paint();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  const state = make("p", { class: "hint" }, "Point at the map to read it.");
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const at = (offset, size) => Math.min(count - 1, Math.max(0, Math.floor((offset / size) * count)));
    return [at(event.clientY - box.top, box.height), at(event.clientX - box.left, box.width)];
  };
  canvas.addEventListener("pointermove", (event) => { state.textContent = comparison.pair(...place(event)); });
  canvas.addEventListener("click", (event) => comparison.choose(place(event)[0]));
  return make("div", {}, canvas, state);
}

/** Places of points in a drawing with a margin; both axes have one scale, so that distances are true. */
function placed(points, width, height, margin) {
  const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const unit = Math.min((width - 2 * margin) / (right - left || 1), (height - 2 * margin) / (high - low || 1));
  return points.map(([x, y]) => [
    width / 2 + (x - (left + right) / 2) * unit, height / 2 - (y - (low + high) / 2) * unit,
  ]);
}

function scatterPlot(comparison) {
  const [width, height] = [360, 300];
  const { points, shares } = components(comparison.vectors);
  const places = placed(points, width, height, 26);
  const isNumbered = places.length <= mostNumbers;
  const rays = draw("g");
  const dots = places.map(([x, y], place) => {
    const dot = draw("g", { click: () => comparison.choose(place) },
      draw("circle", { cx: x, cy: y, r: isNumbered ? 9 : 4 }),
      isNumbered ? draw("text", { x, y: y + 3.5 }, String(place + 1)) : null);
    explain(dot, comparison.label(place).slice(0, 120));
    return dot;
  });
  comparison.onChoose(() => {
    const near = nearest(comparison.similarities, comparison.chosen).slice(0, 3);
    const [x1, y1] = places[comparison.chosen];
    rays.replaceChildren(...near.map((other) => draw("line", { x1, y1, x2: places[other][0], y2: places[other][1] })));
    dots.forEach((dot, place) => {
      dot.setAttribute("class", place === comparison.chosen ? "chosen" : near.includes(place) ? "near" : "");
    });
    // What is drawn last lies on top.
    for (const place of [...near, comparison.chosen]) dots[place].parentNode?.append(dots[place]);
  });
  const axes = shares.map((share) => percent(share));
  return draw("svg", {
    class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `The vectors on their two principal components, which show ${axes.join(" and ")} of the variance. `
      + "Near points are similar texts; the list of nearest texts says the same in words.",
  }, draw("text", { class: "axis", x: 8, y: height - 8 }, `across ${axes[0]} of the variance, up ${axes[1]}`),
  rays, draw("g", {}, dots));
}

const similarityBar = (similarity) => ({ share: Math.max(0, similarity), value: similarity.toFixed(3) });

function neighbours(comparison) {
  const list = make("div");
  const select = make("select", { id: "similarity-of", change: () => comparison.choose(Number(select.value)) },
    comparison.texts.map((_, place) => make("option", { value: place }, comparison.label(place))));
  comparison.onChoose(() => {
    select.value = comparison.chosen;
    const near = nearest(comparison.similarities, comparison.chosen).slice(0, mostNeighbours);
    const similarities = comparison.similarities[comparison.chosen];
    list.replaceChildren(bars(near.map((place, index) => ({
      name: comparison.label(place), best: index === 0, ...similarityBar(similarities[place]),
    })), "Nearest texts"));
  });
  return make("div", { class: "nearest" },
    make("div", { class: "field" }, make("label", { for: "similarity-of" }, "Nearest to"), select), list);
}

const similarityView = {
  id: "similarity",
  name: "Similarity",
  title: "How similar texts are",
  about: "Each text becomes a vector. Texts of similar meaning have vectors of similar direction.",
  path: "/embed",
  isWide: true,
  pause: 400,
  empty: "Write at least two texts, one a line.",
  isFor: () => true,
  fields: [{
    id: "texts", label: "Texts", kind: "area", rows: 9, hint: `One a line, up to ${mostTexts}.`, extra: fileDrop,
  }],
  examples: [
    { name: "Mixed", values: { texts: [
      "The cat sleeps on the sofa.", "A kitten naps on the couch.", "Dogs love long walks.",
      "The stock market fell sharply today.", "Shares lost five percent of their value.", "Investors are worried.",
      "It will rain tomorrow.", "The forecast promises showers.",
    ].join("\n") } },
    { name: "Reviews", values: { texts: [
      "A gorgeous, witty, seductive movie.", "The best film of the year.", "Dull, long and predictable.",
      "I fell asleep twice.", "Not bad at all.", "Not good at all.",
    ].join("\n") } },
  ],
  with(info) {
    if (!info.prompts?.length) return this;
    const prompt = {
      id: "prompt", label: "Prompt", kind: "choice", choices: ["", ...info.prompts],
      hint: "Empty: the service's default.",
    };
    return { ...this, model: info.model_id, fields: [...this.fields, prompt] };
  },
  body(values) {
    const texts = lines(values.texts).slice(0, mostTexts);
    if (texts.length < 2) return null;
    return values.prompt ? { inputs: texts, prompt_name: values.prompt } : { inputs: texts };
  },
  show(values, vectors) {
    const texts = lines(values.texts).slice(0, mostTexts);
    const comparison = new Comparison(texts, vectors);
    const map = texts.length <= mostCells ? heatTable(comparison) : heatPicture(comparison);
    return {
      summary: `${texts.length} texts, ${vectors[0].length} numbers each`,
      elements: [
        make("div", { class: "maps" },
          make("div", {}, make("h3", {}, "Similarities"), map, make("p", { class: "scale" },
            comparison.least.toFixed(2), make("span", { "aria-hidden": "true" }), comparison.most.toFixed(2))),
          make("div", {}, make("h3", {}, "Map of the vectors"), scatterPlot(comparison))),
        neighbours(comparison),
      ],
    };
  },
  python: (values) => `feature_extraction(${pythonValue(lines(values.texts).slice(0, mostTexts))})`,
  openAI(values) {
    return openAIProgram(this.model ?? "any", lines(values.texts).slice(0, mostTexts));
  },
};
