#!/usr/bin/env python3
"""Compares `swiftlet train` with transformers' Trainer: the same data from the same start, accuracy and time side by side.

    scripts/evaluate_train.py SST2_DIR/train.tsv SST2_DIR/dev.tsv --model ./all-MiniLM-L6-v2
    scripts/evaluate_train.py SST2_DIR/train.tsv SST2_DIR/dev.tsv --model Models/mobilebert-mini --texts 8000

The files are tables with a line of names, in GLUE's form: sentence, label. The script draws --texts of the first one, or
takes all. For each seed, transformers gives the model a new head. Both train the result with the Trainer's defaults (one
epoch, batches of 32), each on all CPUs, in turn, and are measured on the second file. They draw their own orders and
their own dropout, so a figure is the mean over the seeds. Times are those of training and evaluation alone.

Prints all figures. Exits with 1 if the mean accuracies differ by more than --within points; with 77 if nothing could be
compared. Needs torch, transformers and accelerate.
"""

import argparse
import csv
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SKIPPED = 77  # the exit status by which automake and meson know a test that could not be run
TEXT, LABEL = "sentence", "label"


def skip(reason):
    print(f"not compared: {reason}", file=sys.stderr)
    sys.exit(SKIPPED)


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return [(row[TEXT], int(row[LABEL])) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def write(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        for text, label in rows:
            file.write(json.dumps({TEXT: text, LABEL: str(label)}) + "\n")


def write_start(model, folder, seed):
    """The model with a new head, from which both begin."""
    import torch
    import transformers

    transformers.set_seed(seed)
    start = transformers.AutoModelForSequenceClassification.from_pretrained(model, num_labels=2)
    # Also where the model has a head.
    torch.nn.init.normal_(start.classifier.weight, std=start.config.initializer_range)
    torch.nn.init.zeros_(start.classifier.bias)
    start.save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(model).save_pretrained(folder)


def trainer(start, train, dev, seed, settings):
    """Accuracy and seconds of transformers' Trainer."""
    import numpy
    import torch
    import transformers

    transformers.utils.logging.set_verbosity_error()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    tokenizer = transformers.AutoTokenizer.from_pretrained(start)

    def examples(path):
        with open(path, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        encoded = tokenizer([row[TEXT] for row in rows], truncation=True)
        return [{"input_ids": ids, "attention_mask": [1] * len(ids), "labels": int(row[LABEL])}
                for ids, row in zip(encoded["input_ids"], rows)]

    with tempfile.TemporaryDirectory() as output:
        run = transformers.Trainer(
            model=transformers.AutoModelForSequenceClassification.from_pretrained(start),
            args=transformers.TrainingArguments(
                output, seed=seed, num_train_epochs=settings.epochs, learning_rate=settings.learning_rate,
                per_device_train_batch_size=settings.batch_size, save_strategy="no", report_to="none",
                disable_tqdm=True, use_cpu=True, eval_strategy="epoch"),
            train_dataset=examples(train), eval_dataset=examples(dev),
            data_collator=transformers.DataCollatorWithPadding(tokenizer),
            compute_metrics=lambda found: {
                "accuracy": float((numpy.argmax(found.predictions, axis=1) == found.label_ids).mean())})
        started = time.monotonic()
        run.train()
        seconds = time.monotonic() - started
        return {"accuracy": run.state.log_history[-2]["eval_accuracy"], "seconds": seconds}


def swiftlet(program, start, train, dev, seed, settings):
    """Accuracy and seconds of our program. Its run on one step is subtracted: loading, and writing the folder."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SWIFTLET_")}

    def run(*more):
        with tempfile.TemporaryDirectory() as output:
            command = [program, "train", "--model", start, "--data", train, "--text-column", TEXT, "--label-column",
                       LABEL, "--learning-rate", settings.learning_rate, "--batch-size", settings.batch_size,
                       "--save-strategy", "no", "--seed", seed, "--format", "json", "--output",
                       os.path.join(output, "trained"), *more]
            started = time.monotonic()
            done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment)
            seconds = time.monotonic() - started
            if done.returncode:
                sys.exit(f"swiftlet train ended with {done.returncode}:\n{done.stderr[-2000:]}")
            return json.loads(done.stdout), seconds

    _, beside = run("--max-steps", 1, "--held-out", 0, "--eval-strategy", "no")
    report, seconds = run("--epochs", settings.epochs, "--validation", dev)
    return {"accuracy": report["eval_accuracy"], "seconds": seconds - beside}


def apart(function, *arguments):
    """What a function of this file returns in a process of its own, so that each begins with the same memory."""
    import multiprocessing

    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def program(named):
    if named:
        return named
    built = [path for path in ROOT.glob(".build/*/swiftlet") if path.is_file()]
    if not built:
        skip("no program in .build; run swift build -c release, or name one by --program")
    return str(max(built, key=lambda path: path.stat().st_mtime))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train")
    parser.add_argument("dev")
    parser.add_argument("--model", required=True)
    parser.add_argument("--program")
    parser.add_argument("--texts", type=int, help="texts to draw (default: all)")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--within", type=float, default=0.5, help="points between the mean accuracies")
    settings = parser.parse_args()
    binary = program(settings.program)
    for path in (settings.train, settings.dev):
        if not os.path.exists(path):
            skip(f"there is no {path}")
    rows, dev = read(settings.train), read(settings.dev)
    if settings.texts:
        rows = random.Random(1).sample(rows, settings.texts)
    figures = {"Trainer": [], "swiftlet train": []}
    with tempfile.TemporaryDirectory() as folder:
        files = [os.path.join(folder, name) for name in ("train.jsonl", "dev.jsonl")]
        for path, part in zip(files, (rows, dev)):
            write(path, part)
        print(f"{len(rows)} texts to learn from, {len(dev)} to measure on; {settings.epochs} epochs, batches of "
              f"{settings.batch_size}, learning rate {settings.learning_rate}", flush=True)
        for seed in range(1, settings.seeds + 1):
            start = os.path.join(folder, f"start-{seed}")
            apart(write_start, settings.model, start, seed)
            figures["Trainer"].append(apart(trainer, start, *files, seed, settings))
            figures["swiftlet train"].append(swiftlet(binary, start, *files, seed, settings))
            print(f"seed {seed}: " + "; ".join(
                f"{name} {100 * each[-1]['accuracy']:.2f} % in {each[-1]['seconds']:.1f} s"
                for name, each in figures.items()), flush=True)
    means = {name: 100 * statistics.fmean(each["accuracy"] for each in runs) for name, runs in figures.items()}
    times = {name: statistics.fmean(each["seconds"] for each in runs) for name, runs in figures.items()}
    print("mean: " + "; ".join(f"{name} {means[name]:.2f} % in {times[name]:.1f} s" for name in figures))
    difference = means["swiftlet train"] - means["Trainer"]
    ratio = times["Trainer"] / times["swiftlet train"]
    print(f"difference {difference:+.2f} points; {ratio:.1f} times as fast")
    sys.exit(abs(difference) > settings.within)


if __name__ == "__main__":
    main()
