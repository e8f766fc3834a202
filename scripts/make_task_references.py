#!/usr/bin/env python3
"""Writes Tests/Fixtures/tasks: a vocabulary for the fixture models, and the answers of Hugging Face's pipelines.

Usage: make_task_references.py [MODELS_DIR]

Needs (PyPI): torch==2.13.0+cpu transformers==5.23.0. Run in the repository's folder.

vocab.txt         1,000 tokens: special ones, characters, pieces, frequent words of the bundled vocabulary.
expected.json     a list of {"route", "model", "config"?, "request", "expected"}: what POST /route must answer when the
                  fixture model, with the keys of "config" changed in its config.json, is served with that vocabulary.
                  Models run in float64. If transformers has no pipeline, its model and tokenizer are used directly.
"""
import json, os, string, sys, tempfile, shutil
import torch
import transformers as T

models = sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures/models"
out = "Tests/Fixtures/tasks"
torch.set_num_threads(1)
T.logging.set_verbosity_error()


def vocabulary():
    frequent = [w.strip() for w in open("Models/mobilebert-mini/vocab.txt", encoding="utf-8")][1996:]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list(".,!?'\"-:;()&")
    letters = string.ascii_lowercase + string.digits
    tokens += list(letters) + ["##" + c for c in letters]
    for token in frequent:
        if len(tokens) == 1000:
            return tokens
        word = token.removeprefix("##")
        if token not in tokens and len(word) > 1 and word.isascii() and word.isalpha():
            tokens.append(token)


def load(name, kind, config):
    """The model in float64, and its tokenizer, from a folder made of the fixture, the vocabulary and the config."""
    folder = tempfile.mkdtemp()
    for file in ("config.json", "model.safetensors"):
        shutil.copy(f"{models}/{name}/{file}", folder)
    shutil.copy(f"{out}/vocab.txt", folder)
    keys = json.load(open(f"{folder}/config.json"))
    if "id2label" in config and "label2id" not in config:
        keys.pop("label2id", None)
        config = {**config, "label2id": {label: int(i) for i, label in config["id2label"].items()}}
    json.dump({**keys, **config}, open(f"{folder}/config.json", "w"))
    family = keys["architectures"][0].split("For")[0].removesuffix("Model")
    cls = getattr(T, keys["architectures"][0] if kind is None else family + kind)
    model = cls.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()
    tokenizer = T.BertTokenizerFast.from_pretrained(folder, model_max_length=keys["max_position_embeddings"])
    assert tokenizer.tokenize("the [MASK]") == ["the", "[MASK]"]
    shutil.rmtree(folder)
    return model, tokenizer


def pipeline(task, kind):
    def run(request, name, config):
        model, tokenizer = load(name, kind, config)
        return T.pipeline(task, model=model, tokenizer=tokenizer)(request["inputs"], **request.get("parameters", {}))
    return run


def classes(request, name, config):
    answer = pipeline("text-classification", None)(
        {"inputs": request["inputs"], "parameters": {"top_k": None}}, name, config)
    return answer if isinstance(request["inputs"], list) else [answer]


def next_sentence(request, name, config):
    model, tokenizer = load(name, None, config)
    answers = []
    for first, second in request["inputs"]:
        output = model(**tokenizer(first, second, return_tensors="pt", truncation=True))
        logits = output[0 if "NextSentence" in type(model).__name__ else "seq_relationship_logits"][0]
        shares = logits.softmax(-1).tolist()
        answers.append({"is_next": shares[0], "not_next": shares[1], "logits": logits.tolist()})
    return answers


def choice(request, name, config):
    model, tokenizer = load(name, None, config)
    answers = []
    for question in request["inputs"]:
        pairs = [[question["prompt"], text] for text in question["choices"]]
        rows = [tokenizer(*pair, return_tensors="pt", truncation=True) for pair in pairs]
        # One choice at a time: MobileBERT's padding leaks into the results.
        logits = torch.cat([model(**{k: v[None] for k, v in row.items()}).logits[0] for row in rows])
        answers.append({"index": logits.argmax().item(), "choice": question["choices"][logits.argmax()],
                        "probabilities": logits.softmax(-1).tolist(), "logits": logits.tolist()})
    return answers


def hidden(request, name, config):
    model, tokenizer = load(name, None, config)
    answers = []
    for text in request["inputs"]:
        output = model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True)
        if request.get("output") == "pooler":
            answers.append(output.pooler_output[0].tolist())
            continue
        states = output.hidden_states
        chosen = request.get("layers", "all")
        answers.append([states[i][0].tolist() for i in (range(len(states)) if chosen == "all" else chosen)])
    return answers


NLI = {"id2label": {"0": "CONTRADICTION", "1": "NEUTRAL", "2": "ENTAILMENT", "3": "UNKNOWN"},
       "problem_type": "single_label_classification"}
FIRST = {"id2label": {"0": "Entails", "1": "b", "2": "c", "3": "d"}, "problem_type": "single_label_classification"}
TORN = {**NLI, "label2id": {"a": 3, "entailing": 1, "ENTAILMENT": 2}}
LONG = "the company was one of many in the city. " * 12
cases = []


def add(route, run, name, request, config={}):
    expected = run(request, name, config)
    cases.append({"route": route, "model": name, **({"config": config} if config else {}),
                  "request": request, "expected": rounded(expected)})


def rounded(value):
    if isinstance(value, float): return float(f"{value:.9g}")
    if isinstance(value, list): return [rounded(v) for v in value]
    if isinstance(value, dict): return {k: rounded(v) for k, v in value.items()}
    return value


os.makedirs(out, exist_ok=True)
with open(f"{out}/vocab.txt", "w") as file:
    file.write("\n".join(vocabulary()) + "\n")

mask = pipeline("fill-mask", "ForMaskedLM")
for request in (
    {"inputs": "The [MASK] was born in the city."},
    {"inputs": "they [MASK] to be the [MASK], weren't they?", "parameters": {"top_k": 2}},
    {"inputs": ["one [MASK] of many", "[MASK]", "no [MASK], no [MASK]!"], "parameters": {"top_k": 3}},
    {"inputs": ["a list of one [MASK]"], "parameters": {"top_k": 1}},
    {"inputs": "the [MASK] of the war", "parameters": {"targets": ["end", "music", "Unbelievable", "end"]}},
    {"inputs": "two [MASK] [MASK] here", "parameters": {"targets": ["time", "age", "[CLS]"], "top_k": 2}},
):
    add("fill_mask", mask, "mobilebert-mlm", request)
add("fill_mask", mask, "mobilebert-pretraining", {"inputs": "The [MASK] was born in the city."})
add("fill_mask", mask, "bert-mlm", {"inputs": "The [MASK] was born in the city."})

pairs = {"inputs": [["he was born in the city.", "the city was small"], ["the war", "music"], [LONG, LONG]]}
for name in ("mobilebert-nsp", "mobilebert-pretraining"):
    add("next_sentence", next_sentence, name, pairs)

add("multiple_choice", choice, "mobilebert-choice", {"inputs": [
    {"prompt": "the album was released by", "choices": ["the band", "a river in the north, and more", "2003"]},
    {"prompt": LONG, "choices": ["one", LONG]}]})

zero = pipeline("zero-shot-classification", None)
labels = ["music", "how, and why?", "the 2nd world war"]
for text, parameters, config in (
    ("the band released an album", {"candidate_labels": labels}, NLI),
    ("the band released an album", {"candidate_labels": labels, "multi_label": True}, NLI),
    ("the band released an album", {"candidate_labels": "music, war ,,age"}, NLI),
    ("the band released an album", {"candidate_labels": ["music"]}, NLI),
    ("the band", {"candidate_labels": labels, "hypothesis_template": "Is it {}, or {{not}}?"}, NLI),
    (["the band", "the army"], {"candidate_labels": labels}, NLI),
    (LONG, {"candidate_labels": labels}, NLI),
    ("the band", {"candidate_labels": labels, "multi_label": True}, FIRST),
    ("the band", {"candidate_labels": labels}, TORN),
    ("the band", {"candidate_labels": labels, "multi_label": True}, {**TORN, "label2id": {}}),
    ("the band", {"candidate_labels": labels, "multi_label": True}, {"problem_type": "single_label_classification"}),
):
    add("zero_shot", zero, "mobilebert-multilabel", {"inputs": text, "parameters": parameters}, config)

pair = {"text": "the band was good", "text_pair": "it was not"}
for name in ("mobilebert-sentiment", "mobilebert-multilabel", "mobilebert-regression", "bert-sentiment"):
    add("classify", classes, name, {"inputs": pair})
add("classify", classes, "mobilebert-sentiment", {"inputs": [pair, {"text": "alone"}]})

add("embed_all", hidden, "mobilebert", {"inputs": ["a city"], "layers": [0, -1, 2]})
add("embed_all", hidden, "mobilebert", {"inputs": ["war", "a city"], "layers": "all"})
add("embed_all", hidden, "mobilebert", {"inputs": ["war", "a city"], "output": "pooler"})

with open(f"{out}/expected.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
print(f"{len(cases)} cases, {os.path.getsize(out + '/expected.json')} bytes")
