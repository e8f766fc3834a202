// Parts of answers that several views show: bars, coloured tokens, highlighted texts.

/** A number as a percentage. */
function percent(fraction) {
  const value = fraction * 100;
  if (value > 0 && value < 0.1) return "< 0.1 %";
  return `${value.toFixed(value > 99.9 && value < 100 ? 2 : 1)} %`;
}

const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

/**
 * The scores of an answer as shares of a bar, and their words.
 * @param areFractions whether the scores are probabilities; scores outside 0 to 1 are none.
 */
function scale(scores, areFractions = scores.every((score) => score >= 0 && score <= 1)) {
  const most = Math.max(...scores.map(Math.abs), 1e-9);
  return scores.map((score) => (areFractions
    ? { share: score, value: percent(score) }
    : { share: Math.abs(score) / most, value: score.toFixed(3) }));
}

/**
 * A list of bars.
 * @param items {name, score, best, press, isPressed}: a bar with `press` has a button for its name. Instead of a score,
 * an item may have the bar's share and the words of its value.
 */
function bars(items, label) {
  const scales = "value" in items[0] ? items : scale(items.map((item) => item.score));
  return make("ol", { class: "bars", "aria-label": label }, items.map((item, index) => {
    const fill = make("div", { class: "fill" });
    fill.style.width = `${Math.max(scales[index].share * 100, 0.5)}%`;
    const name = item.press
      ? make("button", { type: "button", "aria-pressed": `${Boolean(item.isPressed)}`, click: item.press }, item.name)
      : item.name;
    return make("li", { class: item.best ? "best" : null },
      make("span", { class: "name" }, name),
      make("span", { class: "value" }, scales[index].value),
      make("div", { class: "track", "aria-hidden": "true" }, fill));
  }));
}

const tip = make("div", { class: "tip", "aria-hidden": "true", hidden: true });
document.body.append(tip);

const hideTip = () => { tip.hidden = true; };
document.addEventListener("scroll", hideTip, { capture: true, passive: true });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });

/** Shows a word of explanation at an element while the pointer is over it, or while it has the focus. */
function explain(element, text) {
  const show = () => {
    tip.textContent = text;
    tip.hidden = false;
    const box = element.getBoundingClientRect();
    const left = Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
    const above = box.top - tip.offsetHeight - 6;
    tip.style.transform = `translate(${Math.max(8, left)}px, ${above > 0 ? above : box.bottom + 6}px)`;
  };
  element.addEventListener("pointerenter", show);
  element.addEventListener("pointerleave", hideTip);
  element.addEventListener("focus", show);
  element.addEventListener("blur", hideTip);
}

/**
 * Tokens as coloured pieces of their texts. Each is a button, so that a keyboard reaches what it explains.
 * @param tokens of /tokenize with offsets in UTF-16 units.
 * @param texts the text, and the second one of a pair.
 */
function tokenStrip(tokens, texts) {
  const strip = make("div", { class: "text tokens", role: "group", "aria-label": "Tokens; the arrow keys move" });
  const ends = texts.map(() => 0);
  const buttons = tokens.map((token, index) => {
    const text = texts[token.type_id] ?? "";
    const isPlaced = token.start !== null && text.slice(token.start, token.stop) === token.text;
    if (isPlaced) strip.append(text.slice(ends[token.type_id], token.start));
    else if (index > 0) strip.append(" ");
    if (isPlaced) ends[token.type_id] = Math.max(token.stop, ends[token.type_id]);
    const place = token.start === null ? "added" : `${token.start} to ${token.stop}`;
    const words = `${token.token} · id ${token.id} · ${place}`;
    const kind = token.start === null ? "special" : `hue-${index % 5}`;
    const shown = token.start === null ? token.token : token.text || token.token;
    const button = make("button", { type: "button", class: `piece ${kind}`, "aria-label": words }, shown);
    explain(button, words);
    strip.append(button);
    if (token.start === null && index < tokens.length - 1) strip.append(" ");
    return button;
  });
  rove(strip, buttons);
  return strip;
}

/**
 * A text with highlighted spans.
 * @param spans {start, end, mark}: places in Unicode scalars, Python's unit, in order; `mark` makes the element.
 */
function highlighted(text, spans) {
  const scalars = Array.from(text);
  const element = make("p", { class: "text" });
  let end = 0;
  for (const span of spans) {
    if (span.start < end) continue;
    element.append(scalars.slice(end, span.start).join(""), span.mark(scalars.slice(span.start, span.end).join("")));
    end = span.end;
  }
  element.append(scalars.slice(end).join(""));
  return element;
}

/** An element that scrolls if it is high, with the keyboard too. */
const scrolling = (element, label) =>
  make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, element);

/** The lines of a text that are not blank. */
const lines = (text) => text.split("\n").map((line) => line.trim()).filter((line) => line);
