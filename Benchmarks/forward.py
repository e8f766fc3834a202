"""Measures the forward pass: ours in each dtype and the peers', all engines once in each round."""

import dataclasses
import functools
import os
import random
import statistics
import subprocess
import tempfile

import batches
import common
import peers

# For one token, in all 24 layers and the embedding transformation: twice the multiplications by weights.
OPERATIONS_PER_TOKEN = 2 * (24 * (2 * 512 * 128 + 3 * 128 * 128 + 512 * 128 + 8 * 128 * 512 + 128 * 512) + 384 * 512)
# Architectures beside MobileBERT. Their layers take their time, so they are measured in fewer shapes.
ARCHITECTURES = ("bert", "distilbert", "minilm")
OTHER_SHAPES = ("1x16", "1x128", "8x128")
TEXTS, SORTED = "texts", "texts, sorted"
BATCH = 32
# PyTorch pads and is the slowest, so it computes the texts in one round only, and no ratio uses it.
PYTORCH_TEXT_ROUNDS = 1
RAGGED_TOKENS = (100, 512, 2_000, 10_000, 100_000)


@dataclasses.dataclass
class Work:
    """What one row of a table measures."""

    name: str
    model: str  # Its folder.
    arguments: list  # Those of `swiftlet bench`.
    batches: list  # What the peers compute: ids and mask of each batch.

    @property
    def tokens(self):
        """Tokens without padding."""
        return int(sum(mask.sum() for _, mask in self.batches))

    @property
    def is_texts(self):
        return self.name in (TEXTS, SORTED)


def shape_work(model, shape):
    return Work(shape, model, ["--shapes", shape], [batches.random_batch(*map(int, shape.split("x")))])


def text_works(settings):
    """The texts in their order, and the same ones sorted by length for the peers, so that these pad little."""
    lines = settings.lines("short")[: 64 if settings.quick else None]
    path = settings.text_file("short")
    if settings.quick:
        path = settings.text_file("quick")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
    arguments = ["--texts", path, "--batch", BATCH]
    return [Work(TEXTS, settings.model, arguments, batches.text_batches(settings.model, lines, BATCH)),
            Work(SORTED, settings.model, arguments,
                 batches.text_batches(settings.model, batches.by_tokens(settings.model, lines), BATCH))]


def round_of(settings, work, number):
    """Seconds of each engine by name. The order of the engines changes from round to round."""
    engines = peers.peers_of(work.model, settings.threads)
    turns = {dtype: functools.partial(ours, settings, work, dtype) for dtype in common.DTYPES}
    for peer in engines.runs:
        if peer != peers.PYTORCH or not work.is_texts or number < PYTORCH_TEXT_ROUNDS:
            turns[peer] = functools.partial(engines.seconds, peer, work.batches, settings.seconds)
    seconds = {}
    for name in random.Random(number).sample(list(turns), len(turns)):
        settings.watch.sample()
        seconds[name] = turns[name]()
    return seconds


def ours(settings, work, dtype):
    own = dataclasses.replace(settings, model=work.model)
    figure, = common.bench(own, "--dtype", dtype, "--threads", settings.threads, *work.arguments)
    return figure["seconds"]


def rows(settings, results, works, prefix):
    """A row for each work, with the seconds of each engine in all rounds."""
    # Round by round through all works, so that a work's rounds are as far apart as possible.
    rounds = {work.name: [] for work in works}
    for number in range(settings.rounds):
        for work in works:
            rounds[work.name].append(results.measured(
                f"{prefix} {work.name}, round {number + 1}", functools.partial(round_of, settings, work, number),
                prepare=functools.partial(peers.peers_of, work.model, settings.threads)))
    return [{"shape": work.name, "tokens": work.tokens, "rounds": rounds[work.name]} for work in works]


def measure(settings, results):
    works = [shape_work(settings.model, shape) for shape in settings.shapes if shape != TEXTS]
    if TEXTS in settings.shapes:
        works += text_works(settings)
    return rows(settings, results, works, "forward")


def other_architectures(settings, results):
    """(architecture, rows as `measure` gives them)."""
    measured = []
    for architecture in ARCHITECTURES:
        folder = os.path.join(os.path.dirname(settings.model), architecture)
        if not os.path.exists(os.path.join(folder, "config.json")):
            raise SystemExit(f"{folder} is missing: Benchmarks/make_model.py {folder} --architecture {architecture}")
        works = [shape_work(folder, shape) for shape in OTHER_SHAPES]
        measured.append((architecture, rows(settings, results, works, architecture)))
    return measured


def times(row, name):
    """Seconds in the rounds in which the engine took part."""
    return [each[name] for each in row["rounds"] if name in each]


def speed(row, name, choice=statistics.median):
    """Tokens a second: the median of the rounds, or, if `choice` is min, the fastest."""
    return row["tokens"] / choice(times(row, name))


def ratio(row, name, other):
    """How many times as fast as `other`: the median of each round's own ratio, in which the machine's drift cancels."""
    return statistics.median(each[other] / each[name] for each in row["rounds"])


def fastest_ratio(row, name, other):
    return min(times(row, other)) / min(times(row, name))


def ragged(settings):
    """The time of batches of more and more sentences: [texts, tokens, seconds]."""
    lines = settings.lines("sentences")
    figures = []
    for wanted in RAGGED_TOKENS[: 3 if settings.quick else None]:
        # A sentence has about 13 tokens.
        some = lines[: max(1, wanted // 13)]
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
            file.write("\n".join(some))
            file.flush()
            settings.watch.sample()
            figure, = common.bench(settings, "--dtype", "float32", "--threads", settings.threads,
                                   "--texts", file.name, "--batch", len(some))
        figures.append([figure["texts"], figure["tokens"], figure["seconds"]])
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
