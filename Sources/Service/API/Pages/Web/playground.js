// The playground's start: what the model can do decides which views there are.

/** Every view, in the order of the tabs. A model's own task comes before what every model can do. */
const views = [
  rerankView, zeroShotView, classifyView, entitiesView, answersView, masksView, nextSentenceView, choicesView,
  similarityView, tokensView,
];

/** One line about the model. */
function showModel(info) {
  const facts = [
    info.architecture, `${info.num_hidden_layers} layers`, `${info.embedding_size} dimensions`,
    `${info.max_input_length} tokens at most`, info.model_dtype,
  ];
  byID("model").replaceChildren(
    make("strong", {}, info.model_id), make("span", { class: "quiet" }, facts.join(" · ")));
  document.title = `${info.model_id} · Swiftlet`;
  byID("foot").textContent = `Swiftlet ${info.version}. What you type goes to this service alone.`;
}

function showViews(info) {
  const panels = views.filter((view) => view.isFor(info)).map((view) => panelOf(view.with?.(info) ?? view));
  byID("views").replaceChildren(...panels.map((one) => one.panel));
  byID("tabs").hidden = false;
  let shown = null;
  const choose = fillTabs(byID("tabs"), panels, (panel) => {
    shown = panel;
    panel.start();
    history.replaceState(null, "", `#${panel.id}`);
  });
  const asked = panels.find((panel) => panel.id === location.hash.slice(1)) ?? panels[0];
  choose(asked.id);
  return () => shown.again();
}

function notice(kind, text) {
  byID("notice").replaceChildren(...(text ? [make("p", { class: kind }, text)] : []));
}

/** Asks what the model can do until the service says it: the model may be loading, or the key may be missing. */
async function start() {
  let again = null;
  let timer = null;
  const begin = async () => {
    clearTimeout(timer);
    try {
      const { answer: info } = await ask("GET", "info");
      notice("error", "");
      showModel(info);
      if (info.tokenizer === false) {
        notice("card", "This model has no tokenizer. It takes token ids from programs, and no texts, so there is "
          + "nothing to type here.");
      } else {
        again = showViews(info);
      }
    } catch (error) {
      if (error.status === 401) {
        notice("card", key.value ? `The service refuses this key: ${error.message}.`
          : "This service needs an API key. Enter it at the top of the page.");
        byID("key-sheet").open = true;
      } else {
        notice("card", error.status ? `The service is not ready: ${error.message}` : error.message);
        timer = setTimeout(begin, 1500);
      }
    }
  };
  const look = watchHealth(byID("health"));
  takeKey(() => {
    look();
    if (again) again();
    else begin();
  });
  await begin();
}

start();
