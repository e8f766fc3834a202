#!/usr/bin/env python3
"""Writes Tests/Fixtures/training/tasks.json: what Python's libraries make of small random data of the tasks that
`swiftlet train` learns.

- `entities`: tags, right and predicted, with seqeval's precision, recall and F1;
- `answers`: answers and right answers with the exact match and the F1 of transformers' copy of SQuAD's script;
- `words`: words with the ids that a fast tokenizer gives them with `is_split_into_words`, and each token's word;
- `windows`: questions with the windows of their contexts, and the tokens of the answer in each, found from the
  tokenizer's offsets.

Needs transformers 4 (which has the copy of SQuAD's script), seqeval and scikit-learn."""

import json
import pathlib
import random

import transformers
from seqeval.metrics import f1_score, precision_score, recall_score
from transformers import BertTokenizerFast
from transformers.data.metrics.squad_metrics import compute_exact, compute_f1

ROOT = pathlib.Path(__file__).parent.parent / "Tests/Fixtures"
VOCABULARY = ROOT / "tasks/vocab.txt"
r = random.Random(7)
tokenizer = BertTokenizerFast(vocab_file=str(VOCABULARY))
pieces = [line for line in VOCABULARY.read_text().splitlines() if line.isalpha()]


def entities():
    cases = []
    for number in range(40):
        tags = ["O"] + [f"{prefix}-{kind}" for prefix in ("BI" if number % 2 else "BIES") for kind in ("PER", "LOC")]
        lengths = [r.randint(1, 9) for _ in range(r.randint(1, 4))]
        truth = [[r.choice(tags) for _ in range(length)] for length in lengths]
        predicted = [[tag if r.random() < 0.7 else r.choice(tags) for tag in row] for row in truth]
        cases.append({
            "truth": truth, "predicted": predicted, "precision": precision_score(truth, predicted, zero_division=0),
            "recall": recall_score(truth, predicted, zero_division=0),
            "f1": f1_score(truth, predicted, zero_division=0),
        })
    return cases


def answers():
    words = ["The", "a", "cat", "Cat.", "the–dog", "an", "theatre", "3", "don't", "Zoë", "’the", "x-the", "--", "naïve "]
    text = lambda: " ".join(r.choice(words) for _ in range(r.randint(0, 4)))
    cases = []
    for _ in range(80):
        answer, right = text(), [text() for _ in range(r.randint(0, 3))]
        # As the script does: right answers without words are left out, and without any the empty one is right.
        known = [one for one in right if compute_f1(one, "") == 0] or [""]
        cases.append({"answer": answer, "right": right, "exact": max(compute_exact(one, answer) for one in known),
                      "f1": max(compute_f1(one, answer) for one in known)})
    return cases


def words():
    cases = []
    for _ in range(30):
        row = ["".join(r.choice(pieces) for _ in range(r.randint(1, 2))) for _ in range(r.randint(1, 9))]
        row += r.sample(["U.S.", "[MASK]", "\u200b", "x y", "É", "??"], 2)
        limit = r.choice([6, 64])
        encoding = tokenizer(row, is_split_into_words=True, truncation=True, max_length=limit)
        cases.append({"words": row, "limit": limit, "ids": encoding["input_ids"], "places": encoding.word_ids()})
    return cases


def windows():
    cases = []
    for _ in range(25):
        context = " ".join(r.choice(pieces) for _ in range(r.randint(4, 40))) + r.choice(["", ".", " é–x "])
        question = " ".join(r.choice(pieces) for _ in range(r.randint(1, 5)))
        start = r.randrange(len(context) - 2)
        text = context[start:start + r.randint(1, 8)]
        end, limit = start + len(text), r.choice([16, 24, 64])
        encoding = tokenizer(question, context, truncation="only_second", max_length=limit, stride=4,
                             return_overflowing_tokens=True, return_offsets_mapping=True)
        features = []
        for number, ids in enumerate(encoding["input_ids"]):
            places = [p for p, s in enumerate(encoding.sequence_ids(number)) if s == 1]
            offsets = encoding["offset_mapping"][number]
            span = [0, 0]
            if offsets[places[0]][0] <= start and offsets[places[-1]][1] >= end:
                span = [max(p for p in places if offsets[p][0] <= start), min(p for p in places if offsets[p][1] >= end)]
            features.append({"ids": ids, "types": encoding["token_type_ids"][number], "span": span})
        cases.append({"context": context, "question": question, "text": text, "start": start, "limit": limit,
                      "features": features})
    return cases


versions = {"transformers": transformers.__version__, "seqeval": "1.2.2"}
data = {"versions": versions, "entities": entities(), "answers": answers(), "words": words(), "windows": windows()}
(ROOT / "training/tasks.json").write_text(json.dumps(data) + "\n")
print({name: len(cases) for name, cases in data.items()})
