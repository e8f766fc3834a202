"""Shared by all measurements: the program, the settings of a run, medians, the machine."""

import dataclasses
import datetime
import json
import math
import os
import platform
import re
import statistics
import subprocess

import noise

DTYPES = ("float32", "bfloat16", "int8")
SHAPES = ("1x16", "1x128", "8x32", "32x32", "8x128", "32x128", "4x512", "texts")
QUICK_SHAPES = ("1x16", "8x32", "8x128", "texts")


@dataclasses.dataclass
class Settings:
    """The settings of one run of all measurements."""

    program: str
    model: str
    texts: str
    threads: int
    quick: bool
    rounds: int  # How often each figure is measured; all subjects take turns, so that the machine's drift cancels.
    shapes: tuple  # Batches for the forward pass: "texts", or random tokens, as texts x tokens of each.
    watch: noise.Watch | None = None  # Of the measurement that is being made.

    @property
    def seconds(self):
        """Seconds that one figure may take in one round."""
        return 0.1 if self.quick else 0.5

    @property
    def source(self):
        """Where the texts are from, as make_texts.py says."""
        with open(os.path.join(self.texts, "source"), encoding="utf-8") as file:
            return file.read().strip()

    def text_file(self, name):
        return os.path.join(self.texts, name + ".txt")

    def lines(self, name):
        with open(self.text_file(name), encoding="utf-8") as file:
            return [line for line in file.read().split("\n") if line.strip()]


def clean_environment():
    """The environment without the caller's settings of the program."""
    return {key: value for key, value in os.environ.items() if not key.startswith("SWIFTLET_")}


def bench(settings, *arguments):
    """The figures of `swiftlet bench`, which are its lines of JSON."""
    command = [settings.program, "bench", "--model", settings.model, "--format", "json",
               "--time", str(settings.seconds), *map(str, arguments)]
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=clean_environment()).stdout
    return [json.loads(line) for line in output.splitlines()]


def geometric_mean(values):
    return math.exp(statistics.fmean(map(math.log, values)))


def first_match(pattern, path, default="unknown"):
    try:
        with open(path, encoding="utf-8") as file:
            match = re.search(pattern, file.read(), re.MULTILINE)
    except OSError:
        return default
    return match.group(1).strip() if match else default


def machine():
    """What the figures depend on, in a few words each."""
    flags = set(first_match(r"^flags\s*:(.*)$", "/proc/cpuinfo", "").split())
    sets = [name for name, flag in (("AVX2", "avx2"), ("AVX-512", "avx512f"), ("VNNI", "avx512_vnni"),
                                    ("BF16", "avx512_bf16"), ("AMX", "amx_tile")) if flag in flags]
    family = [first_match(rf"^{key}\s*:(.*)$", "/proc/cpuinfo", "?") for key in ("cpu family", "model")]
    return {
        "Machine": f"{first_match(r'^model name.*:(.*)$', '/proc/cpuinfo', platform.machine())} "
                   f"(family {family[0]}, model {family[1]}), {len(os.sched_getaffinity(0))} CPUs, {', '.join(sets)}",
        "System": f"{first_match(r'^PRETTY_NAME=.(.*).$', '/etc/os-release')}, Linux {platform.release().partition('-')[0]}",
        "Date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
    }
