#!/usr/bin/env python3
"""Compares `swiftlet embed --input --output` with the engine alone, `swiftlet bench`, on the same texts.

    Benchmarks/bulk.py .build/release/swiftlet
    Benchmarks/bulk.py .build/release/swiftlet --texts reviews.txt --model ./all-MiniLM-L6-v2 --dtype bfloat16

Both may use all CPUs, and they take turns. A figure is the median over the rounds, and a ratio is the median of the
ratios of each round. Loading is not measured: bench does not count it, embed counts from the moment at which the model
is loaded, and the CPU time of a run on one text is subtracted from CPU times. On a machine that also does other things,
the ratio of CPU times shows what the ratio of speeds cannot: what reading, tokenizing and writing cost beside the forward
pass.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile

import make_texts
from common import clean_environment

MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Models/mobilebert-mini")
TEXTS = 20_000
MEAN_WORDS = 12  # about as in sentences of SST-2


def run(*command):
    """A command's standard output and error, and its CPU time in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=clean_environment())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout, done.stderr, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def bench(program, texts, threads, options):
    """Texts a second, and the CPU time."""
    output, _, cpu = run(program, "bench", "--texts", texts, "--threads", threads, "--time", 0, "--format", "json",
                         *options)
    figure = json.loads(output)
    return figure["texts"] / figure["seconds"], cpu


def embed(program, texts, target, options):
    """Texts a second, and the CPU time."""
    _, errors, cpu = run(program, "embed", "--input", texts, "--output", target, *options)
    # The last line is "20000 texts, 1733 texts/s in 0:12".
    return float(re.findall(r"([\d.]+) texts/s", errors)[-1]), cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--model", default=MODEL, help="folder (default: the bundled model)")
    parser.add_argument("--texts", help=f"file of texts, one on each line (default: {TEXTS} drawn from the vocabulary)")
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16", "int8"])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    options = ["--model", arguments.model, "--dtype", arguments.dtype]
    threads = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        texts, one, target = (os.path.join(folder, name) for name in ("texts.txt", "one.txt", "vectors.npy"))
        if arguments.texts:
            with open(arguments.texts, encoding="utf-8") as file:
                lines = [line for line in file.read().split("\n") if line.strip()]
        else:
            lines = list(make_texts.drawn_sentences(TEXTS, MEAN_WORDS, 1))
        for path, content in ((texts, lines), (one, lines[:1])):
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(line + "\n" for line in content)
        _, bench_start = bench(arguments.program, one, threads, options)
        _, embed_start = embed(arguments.program, one, target, options)
        speeds, times = [], []
        for _ in range(arguments.rounds):
            engine, engine_cpu = bench(arguments.program, texts, threads, options)
            bulk, bulk_cpu = embed(arguments.program, texts, target, options)
            speeds.append((bulk, engine, bulk / engine))
            cpu = (bulk_cpu - embed_start, engine_cpu - bench_start)
            times.append((*(1e6 * each / len(lines) for each in cpu), cpu[0] / cpu[1]))
    bulk, engine, ratio = map(statistics.median, zip(*speeds))
    print(f"{len(lines)} texts, {arguments.dtype}, {threads} threads, medians of {arguments.rounds} rounds")
    print(f"texts/s: embed {bulk:,.0f}, bench {engine:,.0f}: {ratio:.0%} of the engine's speed")
    bulk, engine, ratio = map(statistics.median, zip(*times))
    print(f"CPU time a text: embed {bulk:,.0f} us, bench {engine:,.0f} us: {ratio:.0%} of the engine's")


if __name__ == "__main__":
    main()
