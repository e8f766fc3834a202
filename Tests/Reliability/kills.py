"""Commands killed at random moments, and run again."""

import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import tiny_model
from harness import Figure, progress

TITLE = "Commands killed in every phase"
PROMISE = ("`embed --output`, `fit`, `pull` and `train` are killed (SIGKILL) at random moments, again and again, and then "
           "run to their end, `train` by --resume. What they leave at last is, byte for byte, what an undisturbed run "
           "gives, with nothing beside it; and no killed run leaves a file or a folder under its final name that is not "
           "complete.")

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HUB = os.path.join(TESTS, "Hub", "hub.py")
MODELS = os.path.join(os.path.dirname(TESTS), "Models")
MOST_KILLS = 5  # in a row, before a run is left in peace; a resumed run is killed too
SEED = 14
# A report tells when it was made and how long that took.
VOLATILE = re.compile(rb'"[a-z_]*(seconds|date|time)[a-z_]*": ?("[^"]*"|[0-9.e+-]+)|\d{4}-\d\d-\d\d|\d+(\.\d+)? s\b')


def run(settings):
    runs = 6 if settings.quick else 60
    chance = random.Random(SEED)
    folder = os.path.join(settings.folder, "kills")
    model = tiny_model.write(os.path.join(folder, "model"))
    figures = []
    # The bundled model, whose weights take a while to fetch.
    with Hub(os.path.join(MODELS, os.listdir(MODELS)[0])) as hub:
        for command in (embed(folder), fit(folder), pull(folder, hub), train(folder)):
            figures += killed(settings.program, command, runs, chance)
    shutil.rmtree(folder)
    return figures


class Command:
    """A command line; its output, as a path below a folder of its own; the environment that it needs."""

    def __init__(self, name, folder, arguments, output, environment=None):
        self.name, self.folder, self.arguments = name, os.path.join(folder, name), arguments
        self.output, self.environment = output, environment or {}

    def start(self, program):
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("SWIFTLET_", "HF_"))}
        # What it keeps in a temporary folder would count as left behind.
        environment = kept | {"TMPDIR": self.folder} | self.environment
        return subprocess.Popen([program, *self.arguments, *self.more()], env=environment, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, start_new_session=True)

    def more(self):
        """Arguments that depend on what an earlier run has left."""
        return []

    def finish(self, program):
        """Runs it to its end; returns the seconds."""
        started = time.monotonic()
        process = self.start(program)
        errors = process.communicate()[1].decode()
        if process.returncode != 0:
            raise SystemExit(f"kills: {self.name}: exit status {process.returncode}\n{errors}")
        return time.monotonic() - started

    def clear(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)

    def is_early(self, final):
        """Whether something under a final name is not complete."""
        return os.path.exists(os.path.join(self.folder, self.output)) and self.contents(self.output) != final

    def contents(self, below=""):
        """The digest of each file below the folder, by its path there; of a link, its target."""
        found = {}
        top = os.path.join(self.folder, below)
        if os.path.isfile(top):
            return {below: digest(top)}
        for place, _, names in os.walk(top):
            for name in names:
                if name.startswith("events.out.tfevents."):  # Each process has its own, which tells the time.
                    continue
                path = os.path.join(place, name)
                found[os.path.relpath(path, self.folder)] = os.readlink(path) if os.path.islink(path) else digest(path)
        return found


def digest(path):
    with open(path, "rb") as file:
        data = file.read()
    if path.endswith((".json", ".md", ".html")):
        data = VOLATILE.sub(b"", data)
    return hashlib.sha256(data).hexdigest()


def killed(program, command, runs, chance):
    command.clear()
    seconds = command.finish(program)
    expected = command.contents()
    final = {path: value for path, value in expected.items() if path.startswith(command.output)}
    kills = wrong = beside = early = 0
    for _ in range(runs):
        command.clear()
        for _ in range(chance.randint(1, MOST_KILLS)):
            process = command.start(program)
            time.sleep(chance.uniform(0, 1.05 * seconds))
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                kills += 1
            process.communicate()
            early += command.is_early(final)
        command.finish(program)
        left = command.contents()
        wrong += any(left.get(path) != value for path, value in expected.items())
        if extra := sorted(set(left) - set(expected)):
            beside += 1
            progress(f"kills: {command.name}: left beside: {', '.join(extra)}")
    progress(f"kills: {command.name}: {kills} kills in {runs} runs of {seconds:.2f} s")
    return [
        Figure(f"`{command.name}`: runs, and kills within them", f"{runs}, {kills}", "at least one", kills > 0),
        Figure.exactly("… final names with something incomplete after a kill", early, 0),
        Figure.exactly("… last runs whose result differs from an undisturbed run's", wrong, 0),
        Figure.exactly("… last runs that left something else behind", beside, 0),
    ]


def embed(folder):
    texts = os.path.join(folder, "texts.txt")
    with open(texts, "w", encoding="utf-8") as file:
        file.writelines(f"a fine film and story {number} of dull of a\n" for number in range(60_000))
    output = os.path.join(folder, "embed", "vectors.npy")
    return Command("embed", folder, ["embed", "--model", os.path.join(folder, "model"), "--input", texts, "--output",
                                     output], "vectors.npy")


def fit(folder):
    texts = os.path.join(folder, "labelled.jsonl")
    chance = random.Random(SEED)
    with open(texts, "w", encoding="utf-8") as file:
        for number in range(4_000):
            words = " ".join(chance.choice(tiny_model.VOCABULARY[5:]) for _ in range(8))
            file.write(json.dumps({"text": words, "label": "ab"[number % 2]}) + "\n")
    return Command("fit", folder, ["fit", "--model", os.path.join(folder, "model"), "--data", texts, "--output",
                                   os.path.join(folder, "fit", "fitted"), "--force"], "fitted")


def pull(folder, hub):
    cache = os.path.join(folder, "pull")
    return Command("pull", folder, ["pull", "org/real"], "models--org--real/refs",
                   {"HF_ENDPOINT": hub.address, "HF_HUB_CACHE": cache, "HF_HOME": os.path.join(folder, "home")})


class Train(Command):
    """Training goes on from its last checkpoint, or begins anew where none is complete."""

    def checkpoints(self):
        output = os.path.join(self.folder, self.output)
        names = os.listdir(output) if os.path.isdir(output) else []
        return [os.path.join(self.output, name) for name in names if name.startswith("checkpoint-")]

    def more(self):
        return ["--resume"] if self.checkpoints() else ["--force"]

    def is_early(self, final):
        """Each checkpoint that is there is whole; so is the model as soon as it has its configuration."""
        found = self.contents(self.output)
        parts = [path + os.sep for path in self.checkpoints()]
        if os.path.join(self.output, "config.json") in found:
            parts.append(self.output)
        return any(final[path] != found.get(path) for part in parts for path in final if path.startswith(part))


def train(folder):
    texts = os.path.join(folder, "learnt.jsonl")
    chance = random.Random(SEED)
    with open(texts, "w", encoding="utf-8") as file:
        for number in range(600):
            words = [chance.choice(tiny_model.VOCABULARY[5:]) for _ in range(chance.randint(3, 12))]
            file.write(json.dumps({"text": " ".join(words), "label": "ab"[number % 2]}) + "\n")
    return Train("train", folder, ["train", "--model", os.path.join(folder, "model"), "--data", texts, "--output",
                                   os.path.join(folder, "train", "trained"), "--epochs", "2", "--eval-strategy", "steps",
                                   "--eval-steps", "20", "--save-strategy", "steps", "--save-steps", "10",
                                   "--save-total-limit", "99", "--metric-for-best-model", "loss"], "trained")


class Hub:
    """Tests/Hub/hub.py with the model of a folder."""

    def __init__(self, model):
        self.process = subprocess.Popen([sys.executable, HUB, model], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.address = json.loads(self.process.stdout.readline())["hub"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
