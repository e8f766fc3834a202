"""Keeps what has been measured while the machine was quiet, until a page is written from it.

A page is made of many measurements of some seconds to two minutes. One that the host disturbs is made again. If the
machine does not become quiet, the run ends without a page, and the next run of the same program continues where this
one has ended.
"""

import hashlib
import importlib.metadata
import json
import math
import os
import sys
import time

import common
import noise

ATTEMPTS = 3
PACKAGES = ("onnxruntime", "openvino", "nncf", "torch", "transformers", "tokenizers", "orjson")


def versions():
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)


class Results:
    """The measurements by name. Without a path nothing is kept, and disturbed measurements are taken as they are."""

    def __init__(self, settings, path=None, stop_after=None):
        self.settings = settings
        self.path = path
        self.stop_at = None if stop_after is None else time.monotonic() + stop_after
        self.kept = {}
        self.disturbed = 0  # How many measurements were made again.
        self.fastest = math.inf  # Seconds of the spin loop.
        with open(settings.program, "rb") as file:
            program = hashlib.file_digest(file, "sha256").hexdigest()
        self.circumstances = [program, versions(), common.machine()["Machine"], settings.threads, settings.seconds,
                              settings.source]
        if path and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                stored = json.load(file)
            if stored["circumstances"] == self.circumstances:
                self.kept, self.disturbed, self.fastest = stored["kept"], stored["disturbed"], stored["fastest"]

    def measured(self, name, measure, prepare=None):
        """What `measure` returns, which is something that JSON can hold. What `prepare` does is no part of it."""
        for _ in range(ATTEMPTS):
            if name in self.kept:
                return self.kept[name]["value"]
            if self.stop_at is not None and time.monotonic() > self.stop_at:
                sys.exit(f"stopped before {name}; the next run continues there")
            if prepare:
                prepare()
            started = time.monotonic()
            self.settings.watch = watch = noise.Watch()
            watch.sample()
            value = measure()
            watch.sample()
            found = watch.noise()
            self.fastest = min(self.fastest, *found["spins"])
            if self.path and self.verdict([found]):
                self.disturbed += 1
            else:
                self.kept[name] = {"value": value, "noise": found}
            self.store()
            print(f"{name}: {time.monotonic() - started:.0f} s{self.verdict([found])}", file=sys.stderr, flush=True)
        if name in self.kept:
            return self.kept[name]["value"]
        sys.exit(f"{name} was disturbed {ATTEMPTS} times: no page is written. What was measured in quiet is kept: run "
                 "again when the machine does nothing else and its host is quiet, or print the page with --output -")

    def verdict(self, noises):
        """What is wrong with measurements of this noise, or an empty text."""
        steal, slowdown = noise.steal(noises), noise.slowdown(noises, self.fastest)
        if max(steal, slowdown) <= noise.LIMIT:
            return ""
        return (f": disturbed, {100 * noise.LIMIT:.0f} % is allowed; the host took {100 * steal:.1f} % of the CPU time "
                f"away, and the spin loop took {100 * slowdown:.1f} % longer than at its fastest")

    def store(self):
        if not self.path:
            return
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump({"circumstances": self.circumstances, "kept": self.kept, "disturbed": self.disturbed,
                       "fastest": self.fastest}, file)
        os.replace(self.path + ".new", self.path)

    def check(self):
        """Ends the run if the measurements of the page are disturbed as a whole."""
        if self.path and (verdict := self.verdict([each["noise"] for each in self.kept.values()])):
            sys.exit(f"all measurements together{verdict}. No page is written. Delete {self.path}, and measure again on "
                     "a quiet machine")

    def summary(self):
        """How much CPU time the host took away, in a sentence for the page."""
        noises = [each["noise"] for each in self.kept.values()]
        spins = sum(len(each["spins"]) for each in noises)
        return (f"the host took {100 * noise.steal(noises):.1f} % of the CPU time away (steal); a spin loop of fixed "
                f"work, timed {spins} times between the measurements, took "
                f"{100 * noise.slowdown(noises, self.fastest):.1f} % longer in the median than at its fastest; "
                f"{self.disturbed} disturbed measurements were made again")

    def discard(self):
        """Forgets the measurements, because a page has been written from them."""
        if self.path and os.path.exists(self.path):
            os.remove(self.path)
