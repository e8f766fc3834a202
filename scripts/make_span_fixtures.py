#!/usr/bin/env python3
"""Writes Hugging Face's answers to questions about texts, and its classes of the tokens of texts.

Usage: make_span_fixtures.py        (from the repository root)

Needs (PyPI): torch==2.13.0+cpu transformers==4.57.1, the last that has the question answering pipeline, and the
tokenizers (0.22) that go with it.

Tests/Fixtures/tasks/cased.txt          a vocabulary of 120 tokens in which case and accents count
Tests/Fixtures/tasks/spans.json         a list of {"route", "model", "vocabulary", "request", "expected"}: what POST /route must
                                        answer when the fixture model is served with Tests/Fixtures/tasks/VOCABULARY.txt,
                                        text lowercased for "vocab". Models run in float64, each window alone:
                                        MobileBERT's padding leaks into its results.
Tests/Fixtures/tokenization/windows.jsonl
                                        random texts, alone and behind another, divided into windows with the bundled
                                        model's vocabulary; offsets are counted in Unicode scalars
"""
import json, os, pathlib, random, shutil, string, tempfile
import torch
import transformers as T
from transformers.pipelines.token_classification import TokenClassificationPipeline

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = ROOT / "Tests/Fixtures/models"
TASKS = ROOT / "Tests/Fixtures/tasks"
WINDOWS = ROOT / "Tests/Fixtures/tokenization/windows.jsonl"
torch.set_num_threads(1)
T.logging.set_verbosity_error()
assert T.__version__ == "4.57.1", T.__version__


class Unpadded(TokenClassificationPipeline):
    """Each window without the padding that the pipeline gives the last ones."""

    def _forward(self, inputs):
        length = int(inputs["attention_mask"].sum())
        return super()._forward({
            key: value[:, :length] if isinstance(value, torch.Tensor) else value for key, value in inputs.items()})


def cased():
    """Special tokens, characters in both cases, with and without accents, alone and inside of words, and some words."""
    characters = ".,!?'-;«»" + "TWFSPZDVCIÉ東2" + string.ascii_lowercase + "éëçãïı"
    words = "The the City city CITY was won ##ou ##it DéjÀ Zoë ##aul River".split(" ")
    pieces = ["##" + c for c in string.ascii_lowercase + "éëçãïı̇京́"]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *words, *pieces, "In", "##02", "##an"]
    assert len(tokens) <= 120 and len(set(tokens)) == len(tokens), len(tokens)
    return tokens


def load(name, kind, vocabulary):
    with tempfile.TemporaryDirectory() as folder:
        for file in (MODELS / name / "config.json", MODELS / name / "model.safetensors"):
            shutil.copy(file, folder)
        shutil.copy(TASKS / f"{vocabulary}.txt", f"{folder}/vocab.txt")
        family = json.loads((MODELS / name / "config.json").read_text())["architectures"][0].split("For")[0]
        model = getattr(T, family + kind).from_pretrained(folder, torch_dtype=torch.float64, attn_implementation="eager")
        tokenizer = T.BertTokenizerFast.from_pretrained(
            folder, do_lower_case=vocabulary == "vocab", model_max_length=model.config.max_position_embeddings,
            model_input_names=["input_ids", *["token_type_ids"] * (family != "DistilBert"), "attention_mask"])
        return model.eval(), tokenizer


def answers(model, tokenizer, request):
    pipeline = T.pipeline("question-answering", model=model, tokenizer=tokenizer)
    inputs = request["inputs"]
    results = [pipeline(**one, **request.get("parameters", {})) for one in (inputs if isinstance(inputs, list) else [inputs])]
    return results if isinstance(inputs, list) else results[0]


def entities(model, tokenizer, request):
    return Unpadded(model=model, tokenizer=tokenizer)(request["inputs"], **request.get("parameters", {}))


def rounded(value):
    if isinstance(value, list): return [rounded(v) for v in value]
    if isinstance(value, dict): return {k: rounded(v) for k, v in value.items()}
    return float(f"{float(value):.9g}") if hasattr(value, "dtype") or isinstance(value, float) else value


CITY = "The band was born in a small city in the north of England, where the river is wide and the winters are long."
ACCENTS = "Zoë met François at the Café « Déjà Vu » 🍵 in São Paulo; 東京 was too far 😀👍🏽, naïve e\u0301lan and İstanbul."
MANY = "The City won. Then the city lost, and THE CITY won again; the city, the city!"
LONG = " ".join(f"In {1800 + 7 * i} the {w} of {x} was found by the {y} band." for i, (w, x, y) in enumerate(
    (w, x, y) for w in ("river", "unbelievable music", "café") for x in ("the north", "São Paulo", "war") for y in ("old", "new")))
ASKED = {"question": "Where was the band born?", "context": CITY}
QUESTIONS = [
    (ASKED, {}),
    (ASKED, {"top_k": 5}),
    (ASKED, {"top_k": 4, "align_to_words": False}),
    (ASKED, {"align_to_words": False}),
    (ASKED, {"max_answer_len": 1, "top_k": 3}),
    (ASKED, {"max_answer_len": 60, "top_k": 3}),
    (ASKED, {"handle_impossible_answer": True}),
    (ASKED, {"handle_impossible_answer": True, "top_k": 50}),
    ({"question": "Où était-il? 🤔", "context": ACCENTS}, {"top_k": 6}),
    ({"question": "Who?", "context": ACCENTS}, {"top_k": 3, "align_to_words": False}),
    ({"question": "Who won?", "context": MANY}, {"top_k": 8}),
    ({"question": "What was found in 1842?", "context": LONG}, {"top_k": 3}),
    ({"question": "What was found in 1842?", "context": LONG}, {"top_k": 6, "max_seq_len": 40, "doc_stride": 10}),
    ({"question": "What was found?", "context": LONG}, {"max_seq_len": 30, "doc_stride": 0, "handle_impossible_answer": True, "top_k": 9}),
    ({"question": "What was found?", "context": LONG}, {"max_seq_len": 21, "doc_stride": 12, "top_k": 4}),
    ([ASKED, {"question": "Who?", "context": LONG}], {"top_k": 2}),
    ([ASKED], {}),
    ({"question": "Who?", "context": " \n "}, {}),
]
TEXTS = [CITY, ACCENTS, MANY, "", "[MASK] unbelievable-ness!"]
TOKENS = [(text, {"aggregation_strategy": s}) for s in ("simple", "first", "average", "max") for text in (CITY, ACCENTS)]
TOKENS += [
    (CITY, {}), (ACCENTS, {"ignore_labels": []}), (TEXTS, {"ignore_labels": ["B-PER", "I-LOC"]}),
    (TEXTS, {"aggregation_strategy": "average", "ignore_labels": []}),
    (TEXTS, {"aggregation_strategy": "max", "ignore_labels": ["PER"]}),
    (LONG, {"aggregation_strategy": "simple"}),
    (LONG, {"aggregation_strategy": "simple", "stride": 20}),
    (LONG, {"aggregation_strategy": "first", "stride": 0, "ignore_labels": []}),
    ([LONG, CITY], {"aggregation_strategy": "average", "stride": 60}),
    (LONG, {"aggregation_strategy": "max", "stride": 93 - 10, "ignore_labels": []}),
]
# Windows of 40 tokens, most of which are single characters in the cased vocabulary.
NARROW_QUESTIONS = [
    ({"question": "Who?", "context": ACCENTS}, {"top_k": 5, "doc_stride": 9}),
    ({"question": "Zoë?", "context": ACCENTS}, {"top_k": 4, "doc_stride": 4, "align_to_words": False, "max_answer_len": 4}),
    ({"question": "Was?", "context": MANY}, {"top_k": 3, "doc_stride": 12, "handle_impossible_answer": True}),
    ([{"question": "Won?", "context": "The City won."}, {"question": "Où?", "context": "É was not far, but où?"}], {"top_k": 2, "doc_stride": 0}),
]
NARROW_TOKENS = [
    (ACCENTS, {}), (TEXTS, {"aggregation_strategy": "simple", "ignore_labels": []}),
    (ACCENTS, {"aggregation_strategy": "first", "stride": 9}), (MANY, {"aggregation_strategy": "average", "stride": 0}),
    (MANY, {"aggregation_strategy": "max", "ignore_labels": []}),
]


def cases():
    for route, kind, run, requests, narrow in (
            ("question_answering", "ForQuestionAnswering", answers, QUESTIONS, NARROW_QUESTIONS),
            ("token_classify", "ForTokenClassification", entities, TOKENS, NARROW_TOKENS)):
        for name, vocabulary, chosen in (("mobilebert", "vocab", requests), ("bert", "vocab", requests[::4]),
                                         ("bert", "cased", requests[2:13:3]), ("distilbert", "cased", narrow)):
            name += "-qa" if run is answers else "-tokens"
            model, tokenizer = load(name, kind, vocabulary)
            for inputs, parameters in chosen:
                request = {"inputs": inputs, **({"parameters": parameters} if parameters else {})}
                yield {"route": route, "model": name, "vocabulary": vocabulary, "request": request,
                       "expected": rounded(run(model, tokenizer, request))}


def windows():
    tokenizer = T.BertTokenizerFast(str(ROOT / "Models/mobilebert-mini/vocab.txt"))
    r = random.Random(3)
    words = "the unbelievable café naïve 😀 東京 ÉLAN antidisestablishmentarianism a , . x\u0301y [SEP] İstanbul \u00a0 don't".split(" ")
    for _ in range(60):
        text = " ".join(r.choice(words) for _ in range(r.randint(0, 40)))
        leading = " ".join(r.choice(words) for _ in range(r.randint(0, 4))) if r.random() < .6 else None
        length = r.randint(3 if leading is None else 4 + len(tokenizer.tokenize(leading)), 60)
        room = length - (2 if leading is None else 3 + len(tokenizer.tokenize(leading)))
        overlap = r.randint(0, room - 1)
        e = tokenizer(*([text] if leading is None else [leading, text]), max_length=length, stride=overlap,
                      truncation=True if leading is None else "only_second", return_overflowing_tokens=True,
                      return_offsets_mapping=True)
        yield {"text": text, "leading": leading, "max_length": length, "overlap": overlap, "ids": e["input_ids"],
               "type_ids": e["token_type_ids"], "offsets": e["offset_mapping"],
               "words": [[list(e.word_to_chars(i, w, 0 if leading is None else 1)) if w is not None and s else None
                          for w, s in zip(e.word_ids(i), [q == (leading is not None) for q in e.sequence_ids(i)])]
                         for i in range(len(e["input_ids"]))]}


(TASKS / "cased.txt").write_text("\n".join(cased()) + "\n", encoding="utf-8")
for path, found in ((TASKS / "spans.json", cases()), (WINDOWS, windows())):
    lines = [json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in found]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n" if path.suffix == ".json" else "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{path.relative_to(ROOT)}: {len(lines)} cases, {os.path.getsize(path)} bytes")
