"""Measures the forward pass: ours in each dtype and the peers', in turns, round by round."""

import dataclasses
import os
import statistics
import subprocess
import tempfile

import common
import peers

# For one token, in all 24 layers and the embedding transformation: twice the multiplications by weights.
OPERATIONS_PER_TOKEN = 2 * (24 * (2 * 512 * 128 + 3 * 128 * 128 + 512 * 128 + 8 * 128 * 512 + 128 * 512) + 384 * 512)
# Twelve layers of 768 units take their time.
OTHER_SHAPES = ((1, 16), (1, 128), (8, 128))
RAGGED_TOKENS = (100, 512, 2_000, 10_000, 100_000)


def measure(settings):
    """Rows with tokens/s and ratios by name; a ratio is the median of the ratios of each round."""
    engines = peers.Peers(settings.model, settings.threads)
    work = {f"{rows}x{length}": [peers.random_batch(rows, length)] for rows, length in settings.shapes}
    lines = settings.lines("short")[: 64 if settings.quick else None]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.write("\n".join(lines))
        file.flush()
        work["texts"] = peers.text_batches(settings.model, lines, 32)
        times = {name: {} for name in work}
        for round_ in range(settings.rounds):
            for dtype in common.DTYPES:
                for figure in ours(settings, dtype, file.name, [name for name in work if name != "texts"]):
                    times[figure["shape"]].setdefault(dtype, []).append(figure["seconds"])
            for name, batches in work.items():
                # PyTorch is the slowest and no ratio uses it, so one round is enough.
                for peer in engines.names if round_ == 0 else engines.sessions:
                    times[name].setdefault(peer, []).append(engines.seconds(peer, batches, settings.seconds))
    tokens = {name: int(sum(mask.sum() for _, mask in batches)) for name, batches in work.items()}
    return [{"shape": name, "tokens": tokens[name], "times": times[name]} for name in work]


def other_architectures(settings):
    """For BERT and DistilBERT, in the shapes of their base models: (architecture, rows as `measure` gives them)."""
    measured = []
    for architecture in ("bert", "distilbert"):
        folder = os.path.join(os.path.dirname(settings.model), architecture)
        if not os.path.exists(os.path.join(folder, "config.json")):
            raise SystemExit(f"{folder} is missing: Benchmarks/make_model.py {folder} --architecture {architecture}")
        own = dataclasses.replace(settings, model=folder)
        engines = peers.Peers(folder, settings.threads)
        work = {f"{rows}x{length}": peers.random_batch(rows, length) for rows, length in OTHER_SHAPES}
        times = {name: {} for name in work}
        for _ in range(settings.rounds):
            for dtype in common.DTYPES:
                arguments = ["--dtype", dtype, "--threads", settings.threads, "--shapes", ",".join(work)]
                for figure in common.bench(own, *arguments):
                    times[figure["shape"]].setdefault(dtype, []).append(figure["seconds"])
            for name, batch in work.items():
                for peer in engines.sessions:
                    times[name].setdefault(peer, []).append(engines.seconds(peer, [batch], settings.seconds))
        measured.append((architecture, [{"shape": name, "tokens": int(mask.sum()), "times": times[name]}
                                        for name, (_, mask) in work.items()]))
    return measured


def ours(settings, dtype, text_file, shapes):
    arguments = ["--dtype", dtype, "--threads", settings.threads]
    return common.bench(settings, *arguments, "--shapes", ",".join(shapes)) \
        + common.bench(settings, *arguments, "--texts", text_file, "--batch", 32)


def speed(row, name):
    """Tokens a second."""
    return row["tokens"] / statistics.median(row["times"][name])


def ratio(row, name, other):
    """How many times as fast as `other`."""
    return statistics.median(theirs / mine for mine, theirs in zip(row["times"][name], row["times"][other]))


def ragged(settings):
    """The time of batches of more and more sentences: (texts, tokens, seconds)."""
    lines = settings.lines("sentences")
    figures = []
    for wanted in RAGGED_TOKENS[: 3 if settings.quick else None]:
        # A sentence has about 13 tokens.
        some = lines[: max(1, wanted // 13)]
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
            file.write("\n".join(some))
            file.flush()
            figure, = common.bench(settings, "--dtype", "float32", "--threads", settings.threads,
                                   "--texts", file.name, "--batch", len(some))
        figures.append((figure["texts"], figure["tokens"], figure["seconds"]))
    return figures


def ceiling(settings):
    """The most operations a second that the CPUs can do, by dtype; empty if ceiling.c does not compile."""
    folder = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory() as scratch:
        program = os.path.join(scratch, "ceiling")
        for compiler in ("clang", "cc"):
            try:
                built = subprocess.run([compiler, "-O2", "-pthread", "-o", program, os.path.join(folder, "ceiling.c")],
                                       capture_output=True)
            except FileNotFoundError:
                continue
            if built.returncode == 0:
                output = subprocess.run([program, str(settings.threads)], check=True, capture_output=True, text=True)
                return {name: float(value) for name, value in map(str.split, output.stdout.splitlines())}
    return {}
