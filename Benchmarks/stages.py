"""Measures tokenizing and JSON writing, before and after the forward pass, on one thread, beside the fastest peers."""

import json
import os
import statistics
import time

# These are set before the import, because the Rust side reads them once.
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import numpy
import orjson
from tokenizers import BertWordPieceTokenizer

import common

EMBEDDINGS, WIDTH = 32, 512


def timed(work, budget):
    """The median of as many runs as fit into the budget."""
    work()
    times = []
    while not times or sum(times) < budget:
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def tokenization(settings):
    """One round: the seconds of both tokenizers for each file of texts, so that both see the same state of the machine."""
    theirs = BertWordPieceTokenizer(os.path.join(settings.model, "vocab.txt"), lowercase=True)
    rows = []
    for name in ("sentences", "mixed"):
        lines = settings.lines(name)
        figure, = common.bench(settings, "--subject", "tokenizer", "--texts", settings.text_file(name))
        settings.watch.sample()
        rows.append({"name": name, "texts": len(lines), "bytes": sum(len(line.encode()) for line in lines),
                     "tokens": figure["tokens"], "ours": figure["seconds"],
                     "theirs": timed(lambda: encode(theirs, lines), settings.seconds)})
        settings.watch.sample()
        counted = sum(len(encoding) for start in range(0, len(lines), 1024)
                      for encoding in theirs.encode_batch(lines[start : start + 1024]))
        if counted != figure["tokens"]:
            raise SystemExit(f"{name}: {figure['tokens']} tokens of ours, {counted} of theirs")
    return rows


def encode(tokenizer, lines):
    # Batches that stay in the caches, because all texts at once were slower.
    for start in range(0, len(lines), 1024):
        tokenizer.encode_batch(lines[start : start + 1024])


def json_writing(settings):
    """One round: seconds for 32 embeddings of 512 numbers."""
    vectors = numpy.random.default_rng(1).standard_normal((EMBEDDINGS, WIDTH)).astype(numpy.float32)
    vectors /= numpy.linalg.norm(vectors, axis=1, keepdims=True)
    numbers = vectors.tolist()
    figure, = common.bench(settings, "--subject", "json", "--batch", EMBEDDINGS)
    return {
        "Swiftlet": figure["seconds"],
        "orjson, of NumPy float32": timed(
            lambda: orjson.dumps(vectors, option=orjson.OPT_SERIALIZE_NUMPY), settings.seconds),
        "Python's json": timed(lambda: json.dumps(numbers), settings.seconds),
    }
