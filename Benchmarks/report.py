#!/usr/bin/env python3
"""Measures everything and writes docs/benchmarks.md; Benchmarks/run prepares what it needs and calls it.

    report.py PROGRAM --model FOLDER --texts FOLDER --results FILE [--threads N] [--quick] [--output FILE] [--picture FILE]
"""

import argparse
import functools
import os
import statistics
import subprocess
import sys

# This is set before NumPy and PyTorch are loaded, because they read it once.
threads_of_all = str(len(os.sched_getaffinity(0)))
os.environ.setdefault("OMP_NUM_THREADS", threads_of_all)

import accuracy
import common
import forward
import peers
import picture
import service
import stages
import training
from results import Results, versions

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCES = {
    "SST-2": "SST-2 (GLUE): dev sentences for encoder and service, training sentences for the tokenizers",
    "drawn": "sentences drawn from the vocabulary, as many and as long as SST-2's",
}
ENGINES = (*common.DTYPES, *peers.FLOAT32, *peers.INT8, peers.PYTORCH)
# Whose speeds are compared.
PAIRS = (*(("float32", peer) for peer in peers.FLOAT32), *(("int8", peer) for peer in peers.INT8),
         ("bfloat16", "float32"))


def table(heading, rows):
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in [heading, *rows]]
    lines.insert(1, "|---" * len(heading) + "|")
    return "\n".join(lines) + "\n"


def rounded(value):
    return f"{value:,.0f}"


def introduction(settings, results):
    version = subprocess.run([settings.program, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    commit = os.environ.get("SWIFTLET_COMMIT") or subprocess.run(
        ["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    facts = common.machine() | {
        "Noise": results.summary(),
        "Swiftlet": f"{version}, commit {commit or 'unknown'}",
        "Peers": f"{versions()}, Python {sys.version.split()[0]}",
        "Threads": settings.threads,
        "Model": "random weights in google/mobilebert-uncased's shape: 24 layers, 512 wide, 24.8 million parameters",
        "Texts": SOURCES[settings.source],
    }
    kind = "QUICK RUN: one short round, good for trying the scripts only.\n\n" if settings.quick else ""
    return f"""# Benchmarks

{kind}`Benchmarks/run` writes this page; [Benchmarks/README.md](../Benchmarks/README.md) says what it measures and how. Run it again with

    SWIFTLET_SST2=folder/of/sst2 SWIFTLET_MINILM=folder/of/all-MiniLM-L6-v2 Benchmarks/run

""" + table(("", ""), [(f"**{name}**", value) for name, value in facts.items()])


def ratio_cells(row):
    """For each of PAIRS, the median of the rounds' ratios and, in parentheses, the ratio of the fastest rounds."""
    return [f"{forward.ratio(row, *pair):.2f} ({forward.fastest_ratio(row, *pair):.2f})" for pair in PAIRS]


def mean_cells(rows):
    return [" ".join(form.format(common.geometric_mean([ratio(row, *pair) for row in rows]))
                     for ratio, form in ((forward.ratio, "{:.2f}"), (forward.fastest_ratio, "({:.2f})")))
            for pair in PAIRS]


def forward_section(settings, results):
    rows = forward.measure(settings, results)
    speeds = [[[row["shape"], row["tokens"], *(rounded(forward.speed(row, name, choice)) for name in ENGINES)]
               for row in rows] for choice in (statistics.median, min)]
    ratios = [[row["shape"], *ratio_cells(row)] for row in rows]
    if of_shapes := [row for row in rows if not row["shape"].startswith(forward.TEXTS)]:
        ratios.append(["geometric mean of the shapes", *mean_cells(of_shapes)])
    return f"""
## Forward pass

![Tokens a second by shape and engine](benchmarks.svg)

Tokens a second, from token ids to one embedding for each text. A shape is the number of texts x the tokens of each, with
random ids. `texts` are the dev sentences in their order, 32 in a batch; only real tokens are counted. For `texts, sorted`
the peers get the same sentences sorted by length, so that they pad little; Swiftlet, which never pads, still gets them in
their order. All engines take turns, in an order that changes from round to round. A figure is the median over
{settings.rounds} rounds; PyTorch has one round for the texts.

""" + table(["shape", "tokens", *ENGINES], speeds[0]) + """
The fastest of the rounds:

""" + table(["shape", "tokens", *ENGINES], speeds[1]) + """
Ratios of these speeds: the median of the ratios of all rounds and, in parentheses, the ratio of the fastest rounds.

""" + table(["shape", *(f"{ours} / {theirs}" for ours, theirs in PAIRS)], ratios) + request_alone(rows) \
        + ceiling_section(settings, results, rows)


def request_alone(rows):
    short = next((row for row in rows if row["shape"] == "1x16"), None)
    if short is None:
        return ""
    alone = ", ".join(f"{name} {1000 * statistics.median(forward.times(short, name)):.2f} ms" for name in ENGINES)
    return f"\nOne request alone, 1x16: {alone}.\n"


def architectures_section(settings, results):
    lines, means = [], []
    for architecture, rows in forward.other_architectures(settings, results):
        lines += [[architecture, row["shape"], *(rounded(forward.speed(row, name)) for name in ENGINES),
                   *ratio_cells(row)] for row in rows]
        means.append([architecture, "geometric mean", *("" for _ in ENGINES), *mean_cells(rows)])
    return """
## BERT, DistilBERT and MiniLM

Models with random weights in the shapes of bert-base-uncased, distilbert-base-uncased and all-MiniLM-L6-v2: tokens a
second, and the ratios as above.

""" + table(("model", "shape", *ENGINES, *(f"{ours} / {theirs}" for ours, theirs in PAIRS)), lines + means)


def ceiling_section(settings, results, rows):
    shape = "8x128" if settings.quick else "32x128"
    best = next((row for row in rows if row["shape"] == shape), None)
    ceilings = best and results.measured("ceiling", functools.partial(forward.ceiling, settings))
    if not ceilings:
        return ""
    lines = []
    for dtype, operations in ceilings.items():
        most = operations / forward.OPERATIONS_PER_TOKEN
        lines.append([dtype, f"{operations / 1e9:,.0f}", rounded(most), rounded(forward.speed(best, dtype)),
                      f"{100 * forward.speed(best, dtype) / most:.0f} %"])
    return f"""
### Compared with the machine's ceiling

The ceiling is the speed of multiply-adds in registers ([ceiling.c](../Benchmarks/ceiling.c)) on {settings.threads}
threads. A token takes {forward.OPERATIONS_PER_TOKEN / 1e6:.1f} million operations with weights; attention's own products are not counted.

""" + table(("dtype", "GOP/s", "tokens/s at the ceiling", f"tokens/s, {shape}", "fraction"), lines)


def ragged_section(settings, results):
    lines = [[rounded(texts), rounded(tokens), f"{1000 * seconds:,.1f}", f"{1e6 * seconds / tokens:.1f}"]
             for texts, tokens, seconds in results.measured("cost", functools.partial(forward.ragged, settings))]
    return """
## Cost by real tokens

Sentences of all lengths in one batch, in float32.

""" + table(("texts", "tokens", "ms", "µs a token"), lines)


def accuracy_section(settings, results):
    count, cosines = results.measured("cosines", functools.partial(accuracy.cosines, settings))
    lines = [[model, dtype, f"{lowest:.7f}", f"{mean:.7f}"] for model, dtype, lowest, mean in cosines]
    text = f"""
## Accuracy of the narrow dtypes

Embeddings of {count} sentences, compared with the embeddings in float32.

""" + table(("model", "dtype", "lowest cosine", "mean cosine"), lines)
    sentiment = results.measured("sentiment", functools.partial(accuracy.sentiment, settings))
    if sentiment is None:
        return text
    right, examples = sentiment
    return text + f"""
Number of sentences of SST-2's dev split (of {examples:,}) whose sentiment the bundled model predicts correctly.

""" + table(("dtype", "right", "accuracy"), [[dtype, n, f"{n / examples:.4f}"] for dtype, n in right.items()])


def in_rounds(settings, results, name, measure):
    """What `measure` returns in each round."""
    return [results.measured(f"{name}, round {number + 1}", functools.partial(measure, settings))
            for number in range(settings.rounds)]


def tokenization_section(settings, results):
    lines = []
    for rounds in zip(*in_rounds(settings, results, "tokenizer", stages.tokenization)):
        row = rounds[0]
        ours, theirs = (statistics.median(each[side] for each in rounds) for side in ("ours", "theirs"))
        ratio = statistics.median(each["theirs"] / each["ours"] for each in rounds)
        lines.append([row["name"], rounded(row["texts"]), rounded(row["tokens"]), rounded(row["texts"] / ours),
                      f"{row['bytes'] / ours / 1e6:.1f}", rounded(row["texts"] / theirs),
                      f"{row['bytes'] / theirs / 1e6:.1f}", f"{ratio:.1f}"])
    return """
## Tokenizer

One thread, including offsets and special tokens, compared with Hugging Face's `tokenizers` (Rust, `encode_batch`, no
parallelism). Both gave the same number of tokens. `sentences` are the training sentences; `mixed` is 5 MB in 24 languages
and 14 scripts.

""" + table(("texts", "count", "tokens", "ours, texts/s", "MB/s", "theirs, texts/s", "MB/s", "ratio"), lines)


def json_section(settings, results):
    rounds = in_rounds(settings, results, "JSON", stages.json_writing)
    lines = []
    for name in rounds[0]:
        seconds = statistics.median(each[name] for each in rounds)
        lines.append([name, rounded(stages.EMBEDDINGS / seconds), f"{1e6 * seconds / stages.EMBEDDINGS:.1f}"])
    return f"""
## JSON writing

{stages.EMBEDDINGS} embeddings of {stages.WIDTH} numbers on one thread. Each number has the shortest form that reads back as the same value.

""" + table(("writer", "embeddings/s", "µs an embedding"), lines)


def training_section(settings, results):
    ours, theirs = training.OURS, training.PYTORCH
    lines = []
    for architecture, rounds in training.measure(settings, results):
        first = rounds[0][ours]
        speeds = [statistics.median(training.speed(each[name]) for each in rounds) for name in (ours, theirs)]
        peaks = [training.memory(rounds, name) for name in (ours, theirs)]
        lines.append([architecture, rounded(first["tokens"]), *(f"{speed:.1f}" for speed in speeds),
                      f"{training.ratio(rounds):.2f}", *(f"{peak / 1e9:.2f}" for peak in peaks)])
    return f"""
## Training

Sentences a second in whole steps of training with all weights: forward pass with dropout, backward pass, clipping and
AdamW, in float32 and with a batch of {training.BATCH}. The {first["texts"]} sentences are drawn from the training
sentences; PyTorch gets them padded as transformers' Trainer pads them, with its fused AdamW. The models are new ones in
the shapes of all-MiniLM-L6-v2, google/mobilebert-uncased and distilbert-base-uncased. The ratio is the median of those of
{settings.rounds} rounds; the memory is the peak of the resident memory of a process.

""" + table(("model", "tokens", "ours, sentences/s", "PyTorch, sentences/s", "ratio", "ours, GB", "PyTorch, GB"), lines)


def service_section(settings, results):
    lines, footprint = [], []
    for dtype in common.DTYPES:
        connections = service.CONNECTIONS[::2] if settings.quick else service.CONNECTIONS
        measured = results.measured(f"service, {dtype}",
                                    functools.partial(service.measure, settings, dtype, connections))
        for row in measured["rows"]:
            if row["failures"]:
                raise SystemExit(f"{dtype}, {row['connections']} connections: {row['failures']} requests failed")
            lines.append([dtype, row["connections"], rounded(row["rate"]), f"{row['p50_ms']:.1f}",
                          f"{row['p99_ms']:.1f}", rounded(measured["engine"]), f"{100 * row['fraction']:.0f} %",
                          f"{row['wrk_cpu'] / row['seconds']:.2f}", f"{100 * row['fair_fraction']:.0f} %",
                          f"{1e6 * row['service_cpu'] / row['requests']:,.0f}"])
        footprint.append([dtype, f"{1000 * measured['first_answer']:.0f}",
                          f"{measured['memory']['VmRSS']:.0f}", f"{measured['memory']['VmHWM']:.0f}"])
    return """
## Service

`wrk -t1` sends POST /embed with one sentence in each request, over HTTP/1.1, from the same CPUs. *Engine* is the speed
of the encoder alone for the same sentences, 32 in a batch, on all CPUs. *Fraction* is the service's speed divided by
the engine's. This is not a fair comparison, because wrk takes CPU time from the service but not from the engine (*wrk
CPUs* is the number of CPUs that wrk kept busy, by wait4). *Fair fraction* corrects for that: fraction / (1 - wrk / N),
where N is the number of CPUs.

""" + table(("dtype", "connections", "requests/s", "p50 ms", "p99 ms", "engine texts/s", "fraction", "wrk CPUs",
             "fair fraction", "service CPU µs a request"), lines) + """
Start and memory: the time from exec to the first answered request (the median, with the model's file in the page
cache); the resident memory after the load above, and the peak of the resident memory (VmRSS, VmHWM; MB of 10^6 bytes).

""" + table(("dtype", "first answer, ms", "resident, MB", "peak, MB"), footprint)


SECTIONS = {"forward": forward_section, "cost": ragged_section, "architectures": architectures_section,
            "training": training_section, "accuracy": accuracy_section, "tokenizer": tokenization_section,
            "json": json_section, "service": service_section}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", required=True)
    parser.add_argument("--threads", type=int, default=int(threads_of_all))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shapes", type=lambda text: tuple(text.split(",")))
    parser.add_argument("--only", action="append", choices=tuple(SECTIONS))
    parser.add_argument("--output", default="-")
    parser.add_argument("--picture")
    parser.add_argument("--results", required=True)
    parser.add_argument("--stop-after", type=float)
    arguments = parser.parse_args()
    if arguments.stop_after is not None and arguments.output == "-":
        parser.error("--stop-after needs a page, because what is printed is not kept for the next run")
    return arguments


def main():
    arguments = parse_arguments()
    shapes = arguments.shapes or (common.QUICK_SHAPES if arguments.quick else common.SHAPES)
    settings = common.Settings(os.path.abspath(arguments.program), arguments.model, arguments.texts, arguments.threads,
                               arguments.quick, 1 if arguments.quick else arguments.rounds, shapes)
    # What is only printed is printed with its noise, whatever that is; a page is written from quiet measurements only.
    printed = arguments.output == "-"
    results = Results(settings, None if printed else arguments.results, arguments.stop_after)
    parts = [section(settings, results) for name, section in SECTIONS.items()
             if not arguments.only or name in arguments.only]
    results.check()
    text = introduction(settings, results) + "".join(parts)
    if arguments.picture:
        with open(arguments.picture, "w", encoding="utf-8") as file:
            circumstances = ", ".join(common.machine()[fact] for fact in ("Machine", "Date"))
            file.write(picture.drawing(forward.measure(settings, results), circumstances))
    if printed:
        sys.stdout.write(text)
    else:
        with open(arguments.output, "w", encoding="utf-8") as file:
            file.write(text)
    results.discard()


if __name__ == "__main__":
    main()
