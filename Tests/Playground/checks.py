"""What every state of a page must keep, as scripts that return a list of faults."""

# Names, roles, references, headings and sizes (WCAG 2.2: 1.1.1, 1.3.1, 2.4.2, 2.4.6, 2.5.8, 3.1.1, 4.1.2).
STRUCTURE = r"""
const faults = [];
const shown = (element) => element.checkVisibility({ visibilityProperty: true });
const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
const name = (element) => element.getAttribute("aria-label")
  || (element.getAttribute("aria-labelledby") || "").split(" ").map((id) => document.getElementById(id)?.textContent).join("")
  || [...(element.labels || [])].map((label) => label.textContent).join("") || element.textContent.trim();
const say = (what, element) => faults.push(`${what}: ${element.outerHTML.slice(0, 160)}`);

if (document.documentElement.lang !== "en") faults.push("the page has no language");
if (!document.title) faults.push("the page has no title");
for (const one of ["main", "header", "h1"]) if (all(one).length !== 1) faults.push(`not one ${one}`);
const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`two elements have the id ${id}`);
for (const attribute of ["aria-controls", "aria-labelledby", "aria-describedby", "for"]) {
  for (const element of document.querySelectorAll(`[${attribute}]`)) {
    for (const id of element.getAttribute(attribute).split(" ")) if (!ids.includes(id)) say(`no ${id}`, element);
  }
}
for (const element of all("input, select, textarea")) {
  if (!element.labels.length && !element.getAttribute("aria-label")) say("a field without label", element);
}
for (const element of all("button, a[href], summary, [role=tab], [role=region], section")) {
  if (!name(element)) say("no name", element);
}
for (const element of all("[role=img], canvas")) if (!element.getAttribute("aria-label")) say("no text for a picture", element);
for (const element of all("svg")) {
  if (element.getAttribute("role") !== "img" && element.getAttribute("aria-hidden") !== "true") say("a picture", element);
}
for (const element of all("[tabindex]")) if (element.tabIndex > 0) say("an order of its own", element);
for (const list of all("[role=tablist]")) {
  const tabs = [...list.querySelectorAll("[role=tab]")].filter(shown);
  if (!list.getAttribute("aria-label")) say("a list of tabs without name", list);
  if (tabs.filter((tab) => tab.getAttribute("aria-selected") === "true").length !== 1) say("not one tab", list);
  if (tabs.filter((tab) => tab.tabIndex === 0).length !== 1) say("not one stop of the Tab key", list);
  for (const tab of tabs) {
    const panel = document.getElementById(tab.getAttribute("aria-controls"));
    if (panel.getAttribute("role") !== "tabpanel") say("a tab of no panel", tab);
    if (shown(panel) !== (tab.getAttribute("aria-selected") === "true")) say("a panel that is not its tab's", tab);
  }
}
for (const table of all("table")) {
  for (const head of table.querySelectorAll("th")) if (!head.scope) say("a heading of no row or column", head);
}
let level = 1;
for (const heading of all("h1, h2, h3, h4")) {
  const next = Number(heading.tagName[1]);
  if (next > level + 1) say("a heading that leaves a level out", heading);
  level = next;
}
for (const element of all("button:not(.piece), select, summary, input")) {
  const box = element.getBoundingClientRect();
  const label = element.labels?.[0]?.getBoundingClientRect();
  if (Math.max(box.height, label?.height ?? 0) < 17 || box.height < 24 && !label) say("too small to hit", element);
}
return faults;
"""

# Contrast of texts (WCAG 2.2, 1.4.3) and of the borders of fields (1.4.11).
CONTRAST = r"""
const faults = [];
const parts = (colour) => {
  const numbers = colour.match(/[\d.e-]+/g).map(Number);
  if (colour.startsWith("color(srgb")) return [...numbers.slice(0, 3).map((part) => part * 255), numbers[3] ?? 1];
  return [...numbers.slice(0, 3), numbers[3] ?? 1];
};
const over = (top, below) => below.map((part, index) => (index < 3 ? top[index] * top[3] + part * (1 - top[3]) : 1));
const ground = (element) => {
  if (!element) return [255, 255, 255, 1];
  const own = parts(getComputedStyle(element).backgroundColor);
  return own[3] === 1 ? own : over(own, ground(element.parentElement));
};
const luminance = (colour) => colour.slice(0, 3)
  .map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
const contrast = (one, other) => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  const isShown = element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const box = element.getBoundingClientRect();
  if (!walker.currentNode.data.trim() || !isShown || element.closest("script, style, noscript, .away, svg, option")) continue;
  if (box.bottom < 0 || box.width < 2) continue;
  const style = getComputedStyle(element);
  const below = ground(element);
  const size = parseFloat(style.fontSize);
  const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
  const found = contrast(over(parts(style.color), below), below);
  if (found < least) faults.push(`${found.toFixed(2)} for "${walker.currentNode.data.trim().slice(0, 40)}"`);
}
for (const element of document.querySelectorAll("input[type=text], input[type=password], textarea, select")) {
  if (!element.checkVisibility()) continue;
  const found = contrast(parts(getComputedStyle(element).borderTopColor), ground(element.parentElement));
  if (found < 3) faults.push(`${found.toFixed(2)} for the border of ${element.id}`);
}
return faults;
"""

# Nothing is wider than the window (WCAG 2.2, 1.4.10).
WIDTH = r"""
const width = document.documentElement.clientWidth;
const wide = [...document.querySelectorAll("body *")].filter((element) => {
  const box = element.getBoundingClientRect();
  return element.checkVisibility() && box.width > 2 && (box.right > width + 1 || box.left < -1)
    && !element.closest(".scroll, .away, .skip, .tip, pre");
});
return wide.map((element) => `wider than ${width}: ${element.outerHTML.slice(0, 120)}`);
"""
