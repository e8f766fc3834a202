"""What transformers answers for a folder, in double precision."""

import json
import os

import torch
import transformers

import sentences
from texts import ARRAYS, CHOICES, LONGEST_ANSWER, MASKED, MASKS, QUESTIONS, SPANS, TYPES

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
torch.set_num_threads(1)
AUTO = {
    "base": "AutoModel",
    "sentences": "AutoModel",
    "sequence": "AutoModelForSequenceClassification",
    "tokens": "AutoModelForTokenClassification",
    "answers": "AutoModelForQuestionAnswering",
    "masked": "AutoModelForMaskedLM",
    "next": "AutoModelForNextSentencePrediction",
    "pretraining": "AutoModelForPreTraining",
    "choice": "AutoModelForMultipleChoice",
}


class Refused(Exception):
    """transformers does not load or run the folder."""


class Random(Exception):
    """transformers would compute with random weights."""


def questions(case, path, plain):
    """What to ask of the program, and what transformers answers; and a line for each part that transformers refuses.
    `plain` is the folder in the form that transformers can read."""
    base = os.path.join(plain, case.folder.subfolder)
    try:
        tokenizer = loaded_tokenizer([os.path.join(path, case.folder.subfolder), base])
        model, unknown = loaded(case.folder.head, base)
    except Exception as error:  # whatever the libraries throw
        raise Refused(f"{type(error).__name__}: {error}") from error
    missing = unknown
    if case.folder.head in ("base", "sentences"):
        missing = [name for name in missing if "pooler." not in name]
    if missing:
        raise Random(f"{len(missing)} tensors, such as {missing[0]}")
    model.eval()
    asker = Questions(case, plain, base, tokenizer, model, not unknown)
    with torch.no_grad():
        asker.ask_all()
    if any(line.startswith("hidden:") for line in asker.refusals):
        raise Refused("when it runs, " + asker.refusals[-1])
    return asker.questions, asker.refusals


def as_text(label):
    """A label of id2label, which the program's interfaces have as a text whatever it is in the file."""
    return label if isinstance(label, str) else json.dumps(label)


def loaded_tokenizer(paths):
    """The tokenizer of the first folder of which transformers makes one: it may do so without a model_type."""
    try:
        return transformers.AutoTokenizer.from_pretrained(paths[0], trust_remote_code=False)
    except Exception:  # whatever the libraries throw
        return transformers.AutoTokenizer.from_pretrained(paths[1], trust_remote_code=False)


def loaded(head, path):
    """The model, and the tensors that it has at random. Others that are not in the file, such as biases, are the same
    in every load."""
    models = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        model, report = getattr(transformers, AUTO[head]).from_pretrained(
            path, dtype=torch.float64, output_loading_info=True
        )
        models.append(model.state_dict())
        if not report["missing_keys"]:
            return model, []
    return model, sorted(
        name for name in report["missing_keys"] if name not in models[0] or not models[0][name].equal(models[1][name])
    )


class Questions:
    """Requests to the program's routes, with the right answers as far as transformers gives them."""

    def __init__(self, case, path, base, tokenizer, model, has_pooler):
        self.case, self.path, self.tokenizer, self.model, self.has_pooler = case, path, tokenizer, model, has_pooler
        self.questions, self.refusals = [], []
        # The service puts the default prompt before single texts wherever it tokenizes them.
        self.prompt = sentences.prompts(path)[""] if case.folder.head == "sentences" else ""
        self.positions = positions = model.config.max_position_embeddings
        self.limit = min(tokenizer.model_max_length or positions, positions)
        if case.folder.head == "sentences":
            self.limit = sentences.prepare(base, tokenizer, positions)
        tokenizer.model_max_length = self.limit

    def ask_all(self):
        heads = {
            "sentences": [self.vectors],
            "sequence": [self.labels],
            "tokens": [self.entities],
            "answers": [self.spans],
            "masked": [self.candidates],
            "next": [self.next_sentence],
            "pretraining": [self.candidates, self.next_sentence],
            "choice": [self.choices],
            "base": [],
        }
        self.ask("info", None, {"max_input_length": min(self.limit, self.positions)})
        arrays = [self.masked_arrays] if self.case.folder.asks_masks else []
        for part in (self.tokens, self.hidden, *arrays, *heads[self.case.folder.head]):
            try:
                part()
            except Exception as error:  # whatever the libraries throw
                self.refusals.append(f"{part.__name__}: {type(error).__name__}: {error}")

    def ask(self, route, request, expected):
        self.questions.append({"route": route, "request": request, "expected": expected})

    def encode(self, *inputs, **options):
        options = {"truncation": True, "max_length": self.limit, **options}
        return self.tokenizer(*inputs, **options)

    def arrays(self, *inputs):
        return self.encode(*inputs, return_tensors="pt")

    def tokens(self):
        texts = self.case.texts
        firsts, seconds = map(list, zip(*self.case.pairs))
        cut = {"truncate": True, "max_length": self.case.max_length}
        whole = self.rows({}, texts)
        self.rows({"add_special_tokens": False}, texts, add_special_tokens=False)
        self.rows({}, firsts, seconds)
        self.rows(cut, texts)
        self.rows(cut, firsts, seconds)
        for skip in (True, False):
            decoded = [self.tokenizer.decode(row.ids, skip_special_tokens=skip) for row in whole]
            self.ask("decode", {"ids": [row.ids for row in whole], "skip_special_tokens": skip}, decoded)

    def rows(self, request, firsts, seconds=None, **options):
        encoded = self.encode(
            firsts if seconds else [self.prompt + text for text in firsts],
            seconds,
            truncation="max_length" in request,
            max_length=request.get("max_length"),
            **options,
        )
        request = {"inputs": firsts, "offsets": "scalar", **request} | ({"text_pair": seconds} if seconds else {})
        expected = []
        for row in encoded.encodings:
            tokens = []
            for number, kind, (start, stop), added in zip(row.ids, row.type_ids, row.offsets, row.special_tokens_mask):
                place = {"start": None, "stop": None} if added else {"start": start, "stop": stop}
                # Without token_type_ids transformers computes as if all were 0, and the encoding's own have no effect.
                tokens.append({"id": number, **({"type_id": kind} if "token_type_ids" in encoded else {}), **place})
            expected.append(tokens)
        self.ask("tokenize", request, expected)
        return encoded.encodings

    def hidden(self):
        base = getattr(self.model, self.model.base_model_prefix, self.model)
        texts, states, poolers = [], [], []
        for text in self.case.some_texts:
            encoded = self.arrays(self.prompt + text)
            if 0 < encoded["input_ids"].shape[1] <= self.positions:
                output = base(**encoded, return_dict=True)
                texts.append(text)
                states.append(output.last_hidden_state[0].tolist())
                if self.case.folder.head == "base" and getattr(base, "pooler", None) is not None and self.has_pooler:
                    poolers.append(output.pooler_output[0].tolist())
        self.ask("embed_all", {"inputs": texts}, states)
        if poolers:
            self.ask("embed_all", {"inputs": texts, "output": "pooler"}, poolers)

    def masked_arrays(self):
        """KServe's arrays, whose masks have holes; the embedding is the masked mean, of length 1."""
        base = getattr(self.model, self.model.base_model_prefix, self.model)
        arrays = {"input_ids": ARRAYS, "attention_mask": MASKS}
        if self.case.folder.types > 1:
            arrays["token_type_ids"] = TYPES
        vectors = []
        for row, mask in enumerate(MASKS):
            # Without the padding at the end, which MobileBERT would let the token before it see.
            length = max(index for index, one in enumerate(mask) if one) + 1
            tensors = {name: torch.tensor([rows[row][:length]]) for name, rows in arrays.items()}
            hidden = base(**tensors, return_dict=True).last_hidden_state[0]
            kept = tensors["attention_mask"][0, :, None]
            vectors += torch.nn.functional.normalize((hidden * kept).sum(dim=0) / kept.sum(), dim=-1).tolist()
        shape = [len(ARRAYS), len(ARRAYS[0])]
        inputs = [
            {"name": name, "datatype": "INT64", "shape": shape, "data": sum(rows, [])} for name, rows in arrays.items()
        ]
        request = {"inputs": inputs, "outputs": [{"name": "embedding"}]}
        self.ask("v2/models/m/infer", request, {"outputs": [{"name": "embedding", "data": vectors}]})

    def vectors(self):
        for name, prompt in sentences.prompts(self.path).items():
            texts = [text for text in self.case.texts if self.length(prompt + text) <= self.positions]
            vectors = [
                sentences.vector(self.path, self.tokenizer, self.model, text, prompt, self.limit) for text in texts
            ]
            self.ask("embed", {"inputs": texts, **({"prompt_name": name} if name else {})}, vectors)

    def length(self, text):
        return len(self.encode(text)["input_ids"])

    def pipeline(self, kind):
        self.model.config.return_dict = True
        return transformers.pipeline(kind, model=self.model, tokenizer=self.tokenizer, device="cpu")

    def labels(self):
        classify = self.pipeline("text-classification")
        pairs = [{"text": first, "text_pair": second} for first, second in self.case.pairs]
        inputs = [*self.case.texts, *pairs]
        expected = []
        for one in inputs:
            labels = classify(one, top_k=None, truncation=True)
            logits = classify(one, top_k=None, truncation=True, function_to_apply="none")
            expected.append(
                [
                    {"label": as_text(label["label"]), "score": label["score"], "logit": logit["score"]}
                    for label, logit in zip(labels, logits)
                ]
            )
        self.ask("classify", {"inputs": inputs}, expected)

    def entities(self):
        find = self.pipeline("token-classification")
        texts = [text for text in self.case.texts if text]
        keys = ("entity", "index", "word", "start", "end")
        expected = [
            [
                {
                    **{key: entry[key] for key in keys},
                    "entity": as_text(entry["entity"]),
                    "score": float(entry["score"]),
                }
                for entry in find(text, ignore_labels=[])
            ]
            for text in texts
        ]
        self.ask("token_classify", {"inputs": texts, "ignore_labels": []}, expected)

    def candidates(self):
        for text in MASKED:
            text = text.replace("_", self.tokenizer.mask_token)
            encoded = self.arrays(text)
            place = (encoded["input_ids"][0] == self.tokenizer.mask_token_id).nonzero()[0, 0]
            output = self.model(**encoded, return_dict=True)
            scores = (output.logits if "logits" in output else output.prediction_logits)[0, place].softmax(-1)
            best = [{"score": float(score), "token": int(token)} for score, token in zip(*scores.topk(5))]
            if self.case.folder.head == "masked":
                found = self.pipeline("fill-mask")(text, top_k=5)
                best = [
                    {**right, "token_str": one["token_str"], "sequence": one["sequence"]}
                    for right, one in zip(best, found)
                ]
            self.ask("fill_mask", {"inputs": text, "top_k": 5}, best)

    def next_sentence(self):
        for pair in self.case.pairs:
            output = self.model(**self.arrays(*pair), return_dict=True)
            logits = output.logits if "logits" in output else output.seq_relationship_logits
            self.ask("next_sentence", {"inputs": list(pair)}, {"logits": logits[0].tolist()})

    def choices(self):
        for prompt, choices in CHOICES:
            logits = []
            for choice in choices:
                encoded = {name: value[:, None] for name, value in self.arrays(prompt, choice).items()}
                logits.append(float(self.model(**encoded, return_dict=True).logits[0, 0]))
            self.ask("multiple_choice", {"prompt": prompt, "choices": choices}, {"logits": logits})

    def spans(self):
        """The spans of the pipeline of transformers 4, for contexts that fit into one window."""
        for question, context in QUESTIONS:
            encoded = self.arrays(question, context)
            row = encoded.encodings[0]
            if len(row.ids) >= self.limit:
                continue
            output = self.model(**encoded, return_dict=True)
            inside = torch.tensor([number == 1 for number in row.sequence_ids])
            read = inside | (encoded["input_ids"][0] == self.tokenizer.cls_token_id)
            starts = output.start_logits[0].masked_fill(~read, -10000).softmax(-1)
            ends = output.end_logits[0].masked_fill(~read, -10000).softmax(-1)
            starts[0] = ends[0] = 0
            products = torch.tril(torch.triu(starts[:, None] * ends[None, :]), LONGEST_ANSWER - 1)
            spans = {}
            for place in products.flatten().argsort(descending=True, stable=True)[:SPANS].tolist():
                first, last = divmod(place, len(starts))
                if inside[first] and inside[last] and products[first, last] > 0:
                    start, end = row.offsets[first][0], row.offsets[last][1]
                    span = {"score": 0.0, "start": start, "end": end, "answer": context[start:end]}
                    spans.setdefault(span["answer"].lower(), span)["score"] += float(products[first, last])
            best = sorted(spans.values(), key=lambda span: -span["score"])
            self.ask(
                "question_answering",
                {
                    "question": question,
                    "context": context,
                    "top_k": SPANS,
                    "max_answer_len": LONGEST_ANSWER,
                    "align_to_words": False,
                },
                best,
            )
