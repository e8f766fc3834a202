// A request as a program: curl, Python and Swift. The key itself is never shown: programs read it from the environment.

const keyVariable = "SWIFTLET_API_KEY";

/** A text for a POSIX shell. */
const shellText = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** A value as Python writes it; long lists and objects take several lines. */
function pythonValue(value, indent = "") {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const isList = Array.isArray(value);
  const deeper = indent + "    ";
  const parts = Object.entries(value).map(([name, part]) =>
    (isList ? "" : `${JSON.stringify(name)}: `) + pythonValue(part, deeper));
  const [open, close] = isList ? "[]" : "{}";
  const short = open + parts.join(", ") + close;
  if (short.length + indent.length <= 80 && !short.includes("\n")) return short;
  return `${open}\n${parts.map((part) => `${deeper}${part},\n`).join("")}${indent}${close}`;
}

/** A text as Swift's raw string, with as many marks as the text needs. */
function swiftText(text) {
  const runs = [...text.matchAll(/["\\](#+)/g)].map((match) => match[1].length);
  const marks = "#".repeat(1 + Math.max(0, ...runs));
  return `${marks}"${text}"${marks}`;
}

function curlProgram(path, body) {
  const header = key.value ? ` \\\n  -H "Authorization: Bearer $${keyVariable}"` : "";
  return `curl ${shellText(address + path)} -H 'Content-Type: application/json'${header} \\\n`
    + `  -d ${shellText(JSON.stringify(body))}`;
}

/** Python with huggingface_hub: `call` is a call of its client, such as `text_classification("…")`. */
function hubProgram(path, call) {
  const token = key.value ? `, token=os.environ["${keyVariable}"]` : "";
  return `${key.value ? "import os\n\n" : ""}from huggingface_hub import InferenceClient\n\n`
    + `client = InferenceClient(${pythonValue(address + path)}${token})\nprint(client.${call})`;
}

/** Python for routes that huggingface_hub does not know: its standard library is enough. */
function pythonProgram(path, body) {
  const secret = `"Authorization": "Bearer " + os.environ["${keyVariable}"]`;
  return `import json\n${key.value ? "import os\n" : ""}import urllib.request\n\n`
    + `request = urllib.request.Request(\n    ${pythonValue(address + path)},\n`
    + `    json.dumps(${pythonValue(body, "    ")}).encode(),\n`
    + `    {"Content-Type": "application/json"${key.value ? `, ${secret}` : ""}},\n)\n`
    + "with urllib.request.urlopen(request) as answer:\n    print(json.load(answer))";
}

function openAIProgram(model, texts) {
  const secret = key.value ? `os.environ["${keyVariable}"]` : `"none"`;
  return `${key.value ? "import os\n\n" : ""}from openai import OpenAI\n\n`
    + `client = OpenAI(base_url=${pythonValue(address + "/v1")}, api_key=${secret})\n`
    + `answer = client.embeddings.create(model=${pythonValue(model)}, input=${pythonValue(texts)})\n`
    + "print([item.embedding for item in answer.data])";
}

function swiftProgram(path, body) {
  const header = key.value
    ? `let key = ProcessInfo.processInfo.environment["${keyVariable}"] ?? ""\n`
      + `request.setValue("Bearer \\(key)", forHTTPHeaderField: "Authorization")\n`
    : "";
  return "import Foundation\n#if canImport(FoundationNetworking)\nimport FoundationNetworking\n#endif\n\n"
    + `var request = URLRequest(url: URL(string: ${JSON.stringify(address + path)})!)\n`
    + `request.httpMethod = "POST"\n`
    + `request.setValue("application/json", forHTTPHeaderField: "Content-Type")\n${header}`
    + `request.httpBody = Data(${swiftText(JSON.stringify(body))}.utf8)\n`
    + "let (answer, _) = try await URLSession.shared.data(for: request)\n"
    + "print(String(decoding: answer, as: UTF8.self))";
}

/**
 * The panel with a request's programs.
 * @returns the element, and a function that shows the programs of a request.
 */
function programsPanel(id) {
  let programs = [];
  const list = make("div", { class: "tabs", role: "tablist", "aria-label": "Language" });
  const names = ["curl", "Python", "OpenAI", "Swift"];
  const items = names.map((name) => ({
    id: `${id}-${name}`, name, code: make("code"), panel: make("div", { id: `code-${id}-${name}`, tabindex: "0" }),
  }));
  for (const item of items) item.panel.append(make("pre", { class: "code" }, item.code));
  let chosen = items[0];
  const choose = fillTabs(list, items, (item) => { chosen = item; });
  const button = copyButton(() => chosen.code.textContent, "the program");
  const element = make("section", { class: "card uses", "aria-label": "This request as a program" },
    make("div", { class: "head" }, make("h3", {}, "This request as a program"), list, button),
    ...items.map((item) => item.panel));
  choose(items[0].id);
  return {
    element,
    show(written) {
      programs = written;
      items.forEach((item, index) => {
        item.code.textContent = programs[item.name] ?? "";
        list.children[index].hidden = !programs[item.name];
      });
      if (!programs[chosen.name]) choose(items[0].id);
    },
  };
}
