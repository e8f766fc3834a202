"""Measures what the narrow dtypes cost in accuracy, compared with float32, on trained weights: the bundled model's and,
if SWIFTLET_MINILM names its folder, those of all-MiniLM-L6-v2, which is a BERT."""

import csv
import json
import os
import subprocess

import common


def lines_of(settings, command, texts, *options):
    """The lines that a command of the program prints, one for each text."""
    output = subprocess.run([settings.program, command, "--format", "json", *options], input="\n".join(texts),
                            check=True, capture_output=True, text=True, env=common.clean_environment()).stdout
    return [json.loads(line) for line in output.splitlines()]


def cosines(settings):
    """The number of sentences, and [model, dtype, lowest, mean] for each model and dtype: the cosine of a sentence's
    embedding with its embedding in float32."""
    texts = settings.lines("sentences")[:40 if settings.quick else 400]
    models = {"bundled": []}
    if folder := os.environ.get("SWIFTLET_MINILM"):
        models["all-MiniLM-L6-v2"] = ["--model", folder]
    found = []
    for name, options in models.items():
        vectors = {dtype: [line["embedding"] for line in lines_of(settings, "embed", texts, "--dtype", dtype, *options)]
                   for dtype in common.DTYPES}
        for dtype in common.DTYPES[1:]:
            products = [sum(map(float.__mul__, *pair)) for pair in zip(vectors["float32"], vectors[dtype])]
            found.append([name, dtype, min(products), sum(products) / len(products)])
    return len(texts), found


def sentiment(settings):
    """For each dtype, how many sentences of SST-2's dev split the bundled model classifies correctly, and how many there
    are. None if the data is not there."""
    path = os.path.join(os.environ.get("SWIFTLET_SST2", ""), "dev.tsv")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8", newline="") as file:
        examples = [(row["sentence"], row["label"])
                    for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    texts = [text for text, _ in examples]
    right = {}
    for dtype in common.DTYPES:
        answers = lines_of(settings, "classify", texts, "--dtype", dtype)
        right[dtype] = sum((answer["labels"][0]["label"] == "POSITIVE") == (label == "1")
                           for answer, (_, label) in zip(answers, examples, strict=True))
    return right, len(examples)
