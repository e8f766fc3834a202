// Elements, tabs and copying. What comes from a user or a model becomes a text node, never HTML.

/**
 * Makes an element. Of the attributes, functions are listeners, true is an attribute without value, and false, null and
 * undefined are left out. Children are elements or texts.
 */
function make(name, attributes = {}, ...children) {
  return completed(document.createElement(name), attributes, children);
}

/** Makes an element of a drawing. */
function draw(name, attributes = {}, ...children) {
  return completed(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function completed(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const byID = (id) => document.getElementById(id);

/**
 * Fills a list of tabs. The arrow keys, Home and End move between them, as in every tab list (WAI-ARIA, Tabs).
 * @param items {id, name, panel}: a panel is the element that the tab shows.
 * @param onChoose is called with an item when its tab is chosen.
 * @returns a function that chooses the tab with an id.
 */
function fillTabs(list, items, onChoose = () => {}) {
  const tabs = items.map((item) => make("button", {
    type: "button", role: "tab", class: "tab", id: `tab-${item.id}`, "aria-controls": item.panel.id,
    click: () => choose(item.id),
  }, item.name));
  function choose(id) {
    items.forEach((item, index) => {
      const isChosen = item.id === id;
      tabs[index].setAttribute("aria-selected", String(isChosen));
      tabs[index].tabIndex = isChosen ? 0 : -1;
      item.panel.hidden = !isChosen;
      if (isChosen) onChoose(item);
    });
  }
  items.forEach((item) => {
    item.panel.setAttribute("role", "tabpanel");
    item.panel.setAttribute("aria-labelledby", `tab-${item.id}`);
  });
  list.replaceChildren(...tabs);
  list.addEventListener("keydown", (event) => {
    const shown = tabs.filter((tab) => !tab.hidden);
    const place = shown.indexOf(document.activeElement);
    const next = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (place < 0 || next === undefined) return;
    event.preventDefault();
    const tab = shown[(next + shown.length) % shown.length];
    choose(items[tabs.indexOf(tab)].id);
    tab.focus();
  });
  return choose;
}

/**
 * Lets the arrow keys move among buttons of which only one is a stop of the Tab key.
 */
function rove(group, buttons) {
  buttons.forEach((button, index) => { button.tabIndex = index === 0 ? 0 : -1; });
  group.addEventListener("keydown", (event) => {
    const place = buttons.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (place < 0 || !step || !buttons[place + step]) return;
    event.preventDefault();
    buttons[place].tabIndex = -1;
    buttons[place + step].tabIndex = 0;
    buttons[place + step].focus();
  });
}

/** Copies a text. The browser's clipboard needs https or this machine; elsewhere a selection is copied. */
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = make("textarea", { class: "away", "aria-hidden": "true", tabindex: "-1" });
  area.value = text;
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  focused?.focus();
  if (!isCopied) throw new Error("the browser does not allow it");
}

/** A button that copies a text, and says that it did. */
function copyButton(text, what) {
  const state = make("span", { role: "status" }, "Copy");
  const button = make("button", { type: "button", class: "button" }, state,
    make("span", { class: "away" }, ` ${what}`));
  button.addEventListener("click", async () => {
    try {
      await copy(text());
      state.textContent = "Copied";
    } catch {
      state.textContent = "Not copied: select the text";
    }
    setTimeout(() => { state.textContent = "Copy"; }, 2000);
  });
  return button;
}
