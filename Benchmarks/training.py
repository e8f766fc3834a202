"""Measures training: our steps and PyTorch's, in turn, each in a process of its own so that its memory is known.

    training.py FOLDER TEXTS BATCH THREADS SECONDS    PyTorch's turn: prints its figure as one line of JSON

A step of PyTorch is one of transformers' Trainer with its defaults: a batch padded to its longest text, the forward pass
with dropout, the backward pass, clipping and fused AdamW.
"""

import functools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

import common

ARCHITECTURES = ("minilm", "mobilebert", "distilbert")
OURS, PYTORCH = "Swiftlet", "PyTorch"
BATCH, BATCHES = 16, 10
RATE, LARGEST_NORM = 5e-5, 1.0


def folder_of(settings, architecture):
    """A model as transformers makes it new: with larger weights, 24 layers without LayerNorm would have gradients that
    are no finite numbers."""
    from make_model import write_model

    folder = os.path.join(os.path.dirname(settings.model), f"new-{architecture}")
    if not os.path.exists(os.path.join(folder, "vocab.txt")):
        write_model(folder, architecture, is_new=True)
    return folder


def turn(command):
    """The figure that a command prints last, with the peak of its resident memory in bytes."""
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=common.clean_environment())
    output, errors = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{errors[-2000:]}")
    return json.loads(output.splitlines()[-1]) | {"memory": 1024 * usage.ru_maxrss}


def round_of(settings, folder, texts, number):
    """Seconds for all texts and the peak of the memory, by engine. The order changes from round to round."""
    commands = {
        OURS: [settings.program, "bench", "--subject", "train", "--model", folder, "--texts", texts, "--batch", BATCH,
               "--threads", settings.threads, "--time", settings.seconds, "--format", "json"],
        PYTORCH: [sys.executable, "-W", "ignore", __file__, folder, texts, BATCH, settings.threads, settings.seconds],
    }
    figures = {}
    for name in random.Random(number).sample(list(commands), len(commands)):
        settings.watch.sample()
        figures[name] = turn(commands[name])
    if len({figure["tokens"] for figure in figures.values()}) > 1:
        sys.exit(f"{folder}: the engines read other tokens: {figures}")
    return figures


def measure(settings, results):
    """(architecture, figures of each round)."""
    lines = settings.lines("sentences")
    # In SST-2's file, neighbours are phrases of one sentence.
    lines = random.Random(1).sample(lines, BATCH * (2 if settings.quick else BATCHES))
    with tempfile.TemporaryDirectory() as scratch:
        texts = os.path.join(scratch, "texts.txt")
        with open(texts, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
        rounds = {architecture: [] for architecture in ARCHITECTURES}
        for number in range(settings.rounds):
            for architecture in ARCHITECTURES:
                folder = folder_of(settings, architecture)
                rounds[architecture].append(results.measured(
                    f"training {architecture}, round {number + 1}",
                    functools.partial(round_of, settings, folder, texts, number)))
    return list(rounds.items())


def speed(figure):
    return figure["texts"] / figure["seconds"]


def ratio(rounds):
    return statistics.median(speed(each[OURS]) / speed(each[PYTORCH]) for each in rounds)


def memory(rounds, name):
    return max(each[name]["memory"] for each in rounds)


def torch_turn(folder, texts, batch, threads, seconds):
    import torch
    from transformers import AutoModelForSequenceClassification

    import batches as padded

    torch.manual_seed(1)
    torch.set_num_threads(threads)
    with open(texts, encoding="utf-8") as file:
        lines = file.read().split("\n")[:-1]
    batches = [tuple(map(torch.from_numpy, pair)) for pair in padded.text_batches(folder, lines, batch)]
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.0, fused=True)

    def steps(batches):
        for ids, mask in batches:
            labels = torch.arange(len(ids)) % 2
            model(input_ids=ids, attention_mask=mask, labels=labels).loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), LARGEST_NORM)
            optimizer.step()
            optimizer.zero_grad()

    largest = max(batches, key=lambda pair: pair[0].numel())
    steps([largest, largest])
    times = []
    while not times or sum(times) < seconds:
        started = time.perf_counter()
        steps(batches)
        times.append(time.perf_counter() - started)
    print(json.dumps({"texts": sum(len(ids) for ids, _ in batches), "tokens": int(sum(mask.sum() for _, mask in batches)),
                      "seconds": statistics.median(times)}))


if __name__ == "__main__":
    torch_turn(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
