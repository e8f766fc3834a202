#!/usr/bin/env python3
"""Measures a model's sentence embeddings on STS-B: Spearman's correlation of cosines with people's scores.

    scripts/evaluate_stsb.py stsbenchmark.tsv.gz --model ./all-MiniLM-L6-v2 --at-least 0.819
    scripts/evaluate_stsb.py stsbenchmark.tsv.gz --url http://127.0.0.1:8080

The file is sentence-transformers' stsbenchmark.tsv.gz; the script takes the pairs of --split from it. With --model it
starts a server for that folder (swiftlet serve, on a free port) and stops it again; with --url it asks a running server.
The route is POST /embed. Prints the correlation, and exits with 1 if it is below --at-least. Python's standard library
is enough.
"""

import argparse
import csv
import gzip
import json
import math
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent


def read_pairs(path, split):
    """(sentence, sentence, score) of every pair of the split; quotes are text in this format, not quoting."""
    opened = gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8")
    with opened as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row["sentence1"], row["sentence2"], float(row["score"])) for row in rows if row["split"] == split]


def embed(url, texts, timeout):
    request = urllib.request.Request(
        url.rstrip("/") + "/embed",
        data=json.dumps({"inputs": texts, "normalize": True}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=timeout) as response:
        return json.load(response)


def cosines(url, pairs, batch_size, timeout):
    found = []
    for start in range(0, len(pairs), batch_size):
        batch = pairs[start : start + batch_size]
        first, second = (embed(url, [pair[side] for pair in batch], timeout) for side in (0, 1))
        found += [sum(x * y for x, y in zip(a, b)) for a, b in zip(first, second)]
        print(f"\r{start + len(batch)}/{len(pairs)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def ranks(values):
    """The rank of each value; equal values get the mean of their ranks."""
    order = sorted(range(len(values)), key=values.__getitem__)
    result = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for index in order[start : end + 1]:
            result[index] = (start + end) / 2
        start = end + 1
    return result


def spearman(first, second):
    """Pearson's correlation of the ranks."""
    a, b = ranks(first), ranks(second)
    mean = (len(a) - 1) / 2
    products = sum((x - mean) * (y - mean) for x, y in zip(a, b))
    squares = sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b)
    return products / math.sqrt(squares) if squares else 0.0


def program(named):
    """The built program: the one named, or the newest in .build."""
    if named:
        return named
    built = [path for path in ROOT.glob(".build/*/swiftlet") if path.is_file()]
    if not built:
        sys.exit("no program in .build; run swift build -c release, or name one by --program")
    return str(max(built, key=lambda path: path.stat().st_mtime))


def start_server(arguments):
    """A server for the folder, once it is ready, and its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [program(arguments.program), "serve", "--model", arguments.model, "--port", str(port), "--log-level", "warning",
         "--access-log", "off"],
        env={key: value for key, value in os.environ.items() if not key.startswith("SWIFTLET_")},
    )
    url = f"http://127.0.0.1:{port}"
    give_up = time.monotonic() + arguments.timeout
    while time.monotonic() < give_up:
        if server.poll() is not None:
            sys.exit(f"the server ended with status {server.returncode}")
        try:
            with urllib.request.urlopen(url + "/health", timeout=5) as response:
                if response.status == 200:
                    return server, url
        except OSError:
            pass
        time.sleep(0.1)
    server.terminate()
    sys.exit(f"the server was not ready after {arguments.timeout:.0f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="stsbenchmark.tsv.gz, or unpacked")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--model", help="model folder; a server is started for it")
    which.add_argument("--url", help="address of a running server")
    parser.add_argument("--program", help="swiftlet's path (default: the newest in .build)")
    parser.add_argument("--split", default="test", choices=["train", "dev", "test"])
    parser.add_argument("--at-least", type=float, help="exit with 1 below this correlation")
    parser.add_argument("--batch-size", type=int, default=64, help="texts in one request (default 64)")
    parser.add_argument("--timeout", type=float, default=60, help="seconds for a request, and for a start (default 60)")
    arguments = parser.parse_args()

    pairs = read_pairs(arguments.file, arguments.split)
    if len(pairs) < 2:
        sys.exit(f"{arguments.file} has {len(pairs)} pairs of the split {arguments.split}")
    started = time.monotonic()
    server, url = start_server(arguments) if arguments.model else (None, arguments.url)
    try:
        found = cosines(url, pairs, arguments.batch_size, arguments.timeout)
    except urllib.error.HTTPError as error:
        sys.exit(f"{url}/embed answered {error.code}: {error.read().decode(errors='replace')}")
    except urllib.error.URLError as error:
        sys.exit(f"no server at {url}: {error.reason}")
    finally:
        if server:
            server.terminate()
            server.wait()
    correlation = spearman(found, [score for _, _, score in pairs])
    print(f"spearman {correlation:.4f}: {len(pairs)} pairs of the split {arguments.split}, {time.monotonic() - started:.1f} s")
    if arguments.at_least is not None and correlation < arguments.at_least:
        sys.exit(f"below {arguments.at_least}")


if __name__ == "__main__":
    main()
