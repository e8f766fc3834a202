#!/usr/bin/env python3
"""Compares `swiftlet fit` with scikit-learn's LogisticRegression on the same features, and with transformers.

    scripts/evaluate_fit.py SST2_DIR/train.tsv SST2_DIR/dev.tsv --model ./all-MiniLM-L6-v2

The files are tables with a line of names: .tsv in GLUE's form, or .csv. The script draws --texts texts from the first
file (the same ones for the same --seed) and trains on them. The features are the inputs of the head of the fitted
folder, and `swiftlet embed` computes them from that folder. scikit-learn learns from them twice: with the C that
`swiftlet fit` has chosen, and with the C that its own LogisticRegressionCV chooses. If transformers is installed, it
loads the folder, and its logits for the first texts of the second file are compared with those of `swiftlet classify`.

Prints all figures. Exits with 1 if an accuracy differs by more than --within, or a logit by more than 0.001 of the
largest; with 77 if nothing could be compared. Needs numpy and scikit-learn (1.8 or later), the two files and the model's
folder.
"""

import argparse
import csv
import json
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time
import warnings

ROOT = pathlib.Path(__file__).resolve().parent.parent
SKIPPED = 77  # the exit status by which automake and meson know a test that could not be run
LOGIT_TOLERANCE = 1e-3
LOGIT_TEXTS = 200


def skip(reason):
    print(f"not compared: {reason}", file=sys.stderr)
    sys.exit(SKIPPED)


def program(named):
    """The built program: the one named, or the newest in .build."""
    if named:
        return named
    built = [path for path in ROOT.glob(".build/*/swiftlet") if path.is_file()]
    if not built:
        skip("no program in .build; run swift build -c release, or name one by --program")
    return str(max(built, key=lambda path: path.stat().st_mtime))


class Swiftlet:
    """The program, with the options that the commands have in common."""

    def __init__(self, arguments):
        self.path = program(arguments.program)
        self.text_column = arguments.text_column
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("SWIFTLET_")}

    def run(self, *arguments):
        command = [self.path, *map(str, arguments), "--text-column", self.text_column]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=self.environment)
        if done.returncode:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}")
        return done.stdout

    def objects(self, *arguments):
        return [json.loads(line) for line in self.run(*arguments).splitlines()]


def draw(source, count, seed, target):
    """Draws lines of a table, without its first line. No field of the table may have a line break."""
    first, *lines = pathlib.Path(source).read_text(encoding="utf-8").splitlines(keepends=True)
    random.Random(seed).shuffle(lines)
    target.write_text(first + "".join(lines[:count]), encoding="utf-8")
    return len(lines[:count])


def labels(path, column):
    """Each record's label."""
    # In tables with tabs, quotes within a text are text.
    form = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if str(path).endswith(".tsv") else {}
    with open(path, encoding="utf-8", newline="") as file:
        return [row[column].strip('"') for row in csv.DictReader(file, **form)]


def features(swiftlet, folder, kind, path, target):
    """The inputs of the head of the folder's class, without those that are the same for all texts: [records, numbers]."""
    import numpy

    # The dense layer below the head passes the first token's state on, unless the head reads what it was trained to do.
    pooling = "pooler" if kind == "pooler" else "cls"
    swiftlet.run("embed", "--model", folder, "--input", path, "--output", target, "--pooling", pooling,
                 "--no-normalize")
    return numpy.load(target).astype(numpy.float64)


def compare_accuracies(report, train, validation, within):
    """Prints scikit-learn's accuracies beside ours, and returns how many of ours are too far off."""
    from sklearn.linear_model import LogisticRegression, LogisticRegressionCV

    # The warning is about a default that will change to the value that is meant here.
    warnings.filterwarnings("ignore", category=FutureWarning, module="sklearn")
    (x, y), (validation_x, validation_y) = train, validation
    # The same scaling as in `swiftlet fit`, which gives C its unit.
    mean = x.mean(0)
    scale = 1 / ((x - mean) ** 2).mean() ** 0.5
    x, validation_x = (x - mean) * scale, (validation_x - mean) * scale
    ours, failures = report["accuracy"], 0
    print(f"swiftlet fit                          {100 * ours:6.2f} %  C {report['C']:.4g}")
    for name, model in (
        ("LogisticRegression, the same C      ", LogisticRegression(C=report["C"], tol=1e-8, max_iter=10_000)),
        ("LogisticRegressionCV, a C of its own", LogisticRegressionCV(
            Cs=10, cv=5, scoring="accuracy", max_iter=10_000, use_legacy_attributes=False)),
    ):
        model.fit(x, y)
        theirs = model.score(validation_x, validation_y)
        chosen = model.C_ if hasattr(model, "C_") else model.C
        differs = abs(theirs - ours) > within
        failures += differs
        print(f"{name}  {100 * theirs:6.2f} %  C {chosen:.4g}{'  TOO FAR' if differs else ''}")
    return failures


def compare_logits(swiftlet, folder, path, tokens):
    """Prints how far transformers' logits are from ours, and returns 1 if that is too far, else 0."""
    try:
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer
    except ImportError as missing:
        print(f"transformers' logits were not compared: {missing}")
        return 0
    given = swiftlet.objects("classify", "--model", folder, "--input", path)[:LOGIT_TEXTS]
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    names = [model.config.id2label[index] for index in range(model.config.num_labels)]
    largest = difference = 0.0
    for answer in given:
        encoded = tokenizer(answer["text"], truncation=True, max_length=tokens, return_tensors="pt")
        with torch.no_grad():
            theirs = model(**encoded).logits[0].tolist()
        ours = {label["label"]: label["logit"] for label in answer["labels"]}
        difference = max([difference, *(abs(ours[name] - logit) for name, logit in zip(names, theirs))])
        largest = max([largest, *map(abs, theirs)])
    share = difference / largest
    print(f"transformers' logits of {len(given)} texts: largest {largest:.4f}, largest difference {difference:.2e} "
          f"({share:.1e} of it)")
    return int(share > LOGIT_TOLERANCE)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train", help="table of labelled texts to learn from")
    parser.add_argument("validation", help="table of labelled texts to measure on")
    parser.add_argument("--model", required=True, help="folder of the model whose features are learnt from")
    parser.add_argument("--texts", type=int, default=15_000, help="texts to learn from (default 15000)")
    parser.add_argument("--features", choices=["pooler", "cls", "mean"], help="the features of swiftlet fit")
    parser.add_argument("--dtype", choices=["float32", "bfloat16", "int8"], default="float32", help="the dtype of swiftlet fit")
    parser.add_argument("--text-column", default="sentence")
    parser.add_argument("--label-column", default="label")
    parser.add_argument("--within", type=float, default=0.003, help="how far accuracies may differ (default 0.003)")
    parser.add_argument("--seed", type=int, default=0, help="which texts are drawn")
    parser.add_argument("--program", help="swiftlet's path (default: the newest in .build)")
    arguments = parser.parse_args()
    try:
        import numpy  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as missing:
        skip(f"{missing}; it needs numpy and scikit-learn")
    for path in (arguments.train, arguments.validation, os.path.join(arguments.model, "config.json")):
        if not os.path.isfile(path):
            skip(f"{path} is not there")
    swiftlet = Swiftlet(arguments)
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        drawn = scratch / f"train{pathlib.Path(arguments.train).suffix}"
        count = draw(arguments.train, arguments.texts, arguments.seed, drawn)
        folder = scratch / "fitted"
        options = ["--features", arguments.features] if arguments.features else []
        started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        report = swiftlet.objects(
            "fit", "--model", arguments.model, "--data", drawn, "--validation", arguments.validation,
            "--label-column", arguments.label_column, "--output", folder, "--format", "json",
            "--dtype", arguments.dtype, *options,
        )[0]
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"{count} texts, features {report['features']}, {arguments.dtype}: {time.monotonic() - started:.0f} s, "
              f"{cpu:.0f} s of CPU time on {len(os.sched_getaffinity(0))} CPUs")
        kind = report["features"].split(",")[0]
        if kind == "pooler" and json.loads((folder / "config.json").read_text())["model_type"] == "distilbert":
            skip("what the head of a DistilBERT reads is not to be had from outside; --features cls or mean is")
        train, validation = (
            (features(swiftlet, folder, kind, path, scratch / f"{index}.npy"),
             labels(path, arguments.label_column))
            for index, path in enumerate((drawn, arguments.validation))
        )
        failures = compare_accuracies(report, train, validation, arguments.within)
        length = json.loads((folder / "tokenizer_config.json").read_text())["model_max_length"]
        failures += compare_logits(swiftlet, folder, arguments.validation, length)
    if failures:
        sys.exit(1)


if __name__ == "__main__":
    main()
