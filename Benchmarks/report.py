#!/usr/bin/env python3
"""Measures everything and writes docs/benchmarks.md; Benchmarks/run prepares what it needs and calls it.

    report.py PROGRAM --model FOLDER --texts FOLDER [--threads N] [--quick] [--output FILE]
"""

import argparse
import importlib.metadata
import os
import statistics
import subprocess
import sys
import time

# This is set before NumPy and PyTorch are loaded, because they read it once.
threads_of_all = str(len(os.sched_getaffinity(0)))
os.environ.setdefault("OMP_NUM_THREADS", threads_of_all)

import accuracy
import common
import stages
import forward
import service

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCES = {
    "SST-2": "SST-2 (GLUE): dev sentences for encoder and service, training sentences for the tokenizers",
    "drawn": "sentences drawn from the vocabulary, as many and as long as SST-2's",
}
PEERS = ("onnxruntime", "torch", "transformers", "tokenizers", "orjson")


def table(heading, rows):
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in [heading, *rows]]
    lines.insert(1, "|---" * len(heading) + "|")
    return "\n".join(lines) + "\n"


def rounded(value):
    return f"{value:,.0f}"


def introduction(settings, source):
    version = subprocess.run([settings.program, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True)
    facts = common.machine() | {
        "Swiftlet": f"{version}, commit {commit.stdout.strip() or 'unknown'}",
        "Peers": ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PEERS)
                 + f", Python {sys.version.split()[0]}",
        "Threads": settings.threads,
        "Model": "random weights in google/mobilebert-uncased's shape: 24 layers, 512 wide, 24.8 million parameters",
        "Texts": SOURCES[source],
    }
    kind = "QUICK RUN: one short round, good for trying the scripts only.\n\n" if settings.quick else ""
    return f"""# Benchmarks

{kind}`Benchmarks/run` writes this page; [Benchmarks/README.md](../Benchmarks/README.md) says what it measures and how. Run it again with

    SWIFTLET_SST2=folder/of/sst2 SWIFTLET_MINILM=folder/of/all-MiniLM-L6-v2 Benchmarks/run

""" + table(("", ""), [(f"**{name}**", value) for name, value in facts.items()])


def forward_section(settings):
    rows = forward.measure(settings)
    names = [*common.DTYPES, "ONNX Runtime float32", "ONNX Runtime int8", "PyTorch float32"]
    pairs = [("float32", "ONNX Runtime float32"), ("bfloat16", "ONNX Runtime float32"), ("int8", "ONNX Runtime int8"),
             ("bfloat16", "float32")]
    speeds = [[row["shape"], row["tokens"], *(rounded(forward.speed(row, name)) for name in names)] for row in rows]
    ratios = [[row["shape"], *(f"{forward.ratio(row, *pair):.2f}" for pair in pairs)] for row in rows]
    means = [common.geometric_mean([forward.ratio(row, *pair) for row in rows if row["shape"] != "texts"])
             for pair in pairs]
    ratios.append(["geometric mean of the shapes", *(f"{mean:.2f}" for mean in means)])
    short = next((row for row in rows if row["shape"] == "1x16"), None)
    alone = ", ".join(f"{name} {1000 * statistics.median(short['times'][name]):.2f} ms" for name in names)
    return f"""
## Forward pass

Tokens a second, from token ids to one embedding for each text. A shape is the number of texts x the tokens of each, with
random ids. `texts` are the dev sentences in their order, 32 in a batch; only real tokens are counted. All engines take
turns, and a figure is the median over {settings.rounds} rounds; PyTorch has one round.

""" + table(["shape", "tokens", *names], speeds) + """
Ratios of these speeds: each is the median of the ratios of all rounds.

""" + table(["shape", *(f"{ours} / {theirs}" for ours, theirs in pairs)], ratios) + f"""
One request alone, 1x16: {alone}.
""" + ceiling_section(settings, rows) + ragged_section(settings) + architectures_section(settings)


def architectures_section(settings):
    names = [*common.DTYPES, "ONNX Runtime float32", "ONNX Runtime int8"]
    pairs = [("float32", "ONNX Runtime float32"), ("bfloat16", "ONNX Runtime float32"), ("int8", "ONNX Runtime int8")]
    lines = [[architecture, row["shape"], *(rounded(forward.speed(row, name)) for name in names),
              *(f"{forward.ratio(row, *pair):.2f}" for pair in pairs)]
             for architecture, rows in forward.other_architectures(settings) for row in rows]
    return """
### BERT and DistilBERT

Models with random weights in the shapes of bert-base-uncased and distilbert-base-uncased: tokens a second, and the
ratios to ONNX Runtime.

""" + table(("model", "shape", *names, *(f"{ours} / {theirs}" for ours, theirs in pairs)), lines)


def ceiling_section(settings, rows):
    ceilings = forward.ceiling(settings)
    shape = "32x128" if any(row["shape"] == "32x128" for row in rows) else rows[-2]["shape"]
    best = next(row for row in rows if row["shape"] == shape)
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


def ragged_section(settings):
    lines = [[rounded(texts), rounded(tokens), f"{1000 * seconds:,.1f}", f"{1e6 * seconds / tokens:.1f}"]
             for texts, tokens, seconds in forward.ragged(settings)]
    return """
### Cost by real tokens

Sentences of all lengths in one batch, in float32.

""" + table(("texts", "tokens", "ms", "µs a token"), lines)


def accuracy_section(settings):
    count, cosines = accuracy.cosines(settings)
    lines = [[*key, f"{lowest:.7f}", f"{mean:.7f}"] for key, (lowest, mean) in cosines.items()]
    text = f"""
## Accuracy of the narrow dtypes

Embeddings of {count} sentences, compared with the embeddings in float32.

""" + table(("model", "dtype", "lowest cosine", "mean cosine"), lines)
    sentiment = accuracy.sentiment(settings)
    if sentiment is None:
        return text
    right, examples = sentiment
    return text + f"""
Number of sentences of SST-2's dev split (of {examples:,}) whose sentiment the bundled model predicts correctly.

""" + table(("dtype", "right", "accuracy"), [[dtype, n, f"{n / examples:.4f}"] for dtype, n in right.items()])


def tokenization_section(settings):
    lines = []
    for row in stages.tokenization(settings):
        ours, theirs = statistics.median(row["ours"]), statistics.median(row["theirs"])
        ratio = statistics.median(other / own for own, other in zip(row["ours"], row["theirs"]))
        lines.append([row["name"], rounded(row["texts"]), rounded(row["tokens"]), rounded(row["texts"] / ours),
                      f"{row['bytes'] / ours / 1e6:.1f}", rounded(row["texts"] / theirs),
                      f"{row['bytes'] / theirs / 1e6:.1f}", f"{ratio:.1f}"])
    return """
## Tokenizer

One thread, including offsets and special tokens, compared with Hugging Face's `tokenizers` (Rust, `encode_batch`, no
parallelism). Both gave the same number of tokens. `sentences` are the training sentences; `mixed` is 5 MB in 24 languages
and 14 scripts.

""" + table(("texts", "count", "tokens", "ours, texts/s", "MB/s", "theirs, texts/s", "MB/s", "ratio"), lines)


def json_section(settings):
    lines = [[name, rounded(stages.EMBEDDINGS / seconds), f"{1e6 * seconds / stages.EMBEDDINGS:.1f}"]
             for name, seconds in stages.json_writing(settings).items()]
    return f"""
## JSON writing

{stages.EMBEDDINGS} embeddings of {stages.WIDTH} numbers on one thread. Each number has the shortest form that reads back as the same value.

""" + table(("writer", "embeddings/s", "µs an embedding"), lines)


def service_section(settings):
    lines, footprint = [], []
    for dtype in common.DTYPES:
        connections = service.CONNECTIONS[::2] if settings.quick else service.CONNECTIONS
        measured = service.measure(settings, dtype, connections)
        for row in measured["rows"]:
            if row["failures"]:
                raise SystemExit(f"{dtype}, {row['connections']} connections: {row['failures']} requests failed")
            lines.append([dtype, row["connections"], rounded(row["rate"]), f"{row['p50_ms']:.1f}",
                          f"{row['p99_ms']:.1f}", rounded(measured["engine"]), f"{100 * row['fraction']:.0f} %",
                          f"{row['wrk_cpu'] / row['seconds']:.2f}", f"{100 * row['fair_fraction']:.0f} %",
                          f"{1e6 * row['service_cpu'] / row['requests']:,.0f}"])
        footprint.append([dtype, f"{1000 * service.first_answers(settings, dtype):.0f}",
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


SECTIONS = {"forward": forward_section, "accuracy": accuracy_section, "tokenizer": tokenization_section,
            "json": json_section, "service": service_section}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", required=True)
    parser.add_argument("--threads", type=int, default=int(threads_of_all))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", choices=tuple(SECTIONS))
    parser.add_argument("--output", default="-")
    arguments = parser.parse_args()
    settings = common.Settings(os.path.abspath(arguments.program), arguments.model, arguments.texts, arguments.threads,
                               arguments.quick, 1 if arguments.quick else arguments.rounds)
    with open(os.path.join(arguments.texts, "source"), encoding="utf-8") as file:
        parts = [introduction(settings, file.read().strip())]
    started = time.monotonic()
    for name, section in SECTIONS.items():
        if arguments.only and name not in arguments.only:
            continue
        print(f"{name} ({time.monotonic() - started:.0f} s)", file=sys.stderr, flush=True)
        parts.append(section(settings))
    text = "".join(parts)
    if arguments.output == "-":
        sys.stdout.write(text)
    else:
        with open(arguments.output, "w", encoding="utf-8") as file:
            file.write(text)
    print(f"done ({time.monotonic() - started:.0f} s)", file=sys.stderr)


if __name__ == "__main__":
    main()
