#!/usr/bin/env python3
"""Measures the accuracy of a running server on SST-2, through POST /classify.

    scripts/serve &
    scripts/evaluate_sst2.py SST2_DIR/dev.tsv --at-least 0.82

The file is GLUE's: a header line, then `sentence<TAB>label` with label 0 (negative) or 1 (positive). A text counts
as correct when the server's best label is the one the file gives. Prints the counts; exits with 1 when the
accuracy is below --at-least. Python's standard library is enough.
"""

import argparse
import collections
import csv
import json
import sys
import time
import urllib.error
import urllib.request

LABELS = {"0": "NEGATIVE", "1": "POSITIVE"}


def read_examples(path):
    """(sentence, label name) of every line; quotes are text in this format, not quoting."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row["sentence"], LABELS[row["label"]]) for row in rows]


def classify(url, texts, timeout):
    """The best label of each text."""
    request = urllib.request.Request(
        url.rstrip("/") + "/classify",
        data=json.dumps({"inputs": texts}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=timeout) as response:
        answers = json.load(response)
    if len(answers) != len(texts):
        raise ValueError(f"{len(texts)} texts were sent and {len(answers)} answers came back")
    return [answer[0]["label"] for answer in answers]


def evaluate(url, examples, batch_size, timeout):
    """Counts by (expected label, given label)."""
    counts = collections.Counter()
    for start in range(0, len(examples), batch_size):
        batch = examples[start : start + batch_size]
        given = classify(url, [text for text, _ in batch], timeout)
        counts.update(zip((label for _, label in batch), given))
        print(f"\r{start + len(batch)}/{len(examples)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="dev.tsv of SST-2")
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--at-least", type=float, default=0.82, help="exit with 1 below this accuracy (default 0.82)")
    parser.add_argument("--batch-size", type=int, default=64, help="texts in one request (default 64)")
    parser.add_argument("--timeout", type=float, default=60, help="seconds one request may take (default 60)")
    arguments = parser.parse_args()

    examples = read_examples(arguments.file)
    started = time.monotonic()
    try:
        counts = evaluate(arguments.url, examples, arguments.batch_size, arguments.timeout)
    except urllib.error.HTTPError as error:
        sys.exit(f"{arguments.url}/classify answered {error.code}: {error.read().decode(errors='replace')}")
    except urllib.error.URLError as error:
        sys.exit(f"no server at {arguments.url}: {error.reason}")
    correct = sum(count for (expected, given), count in counts.items() if expected == given)
    accuracy = correct / len(examples)

    for (expected, given), count in sorted(counts.items()):
        print(f"{expected:>8} taken for {given:<8} {count:5}")
    print(f"accuracy {accuracy:.4f}: {correct} of {len(examples)} correct, {time.monotonic() - started:.1f} s")
    if accuracy < arguments.at_least:
        sys.exit(f"below {arguments.at_least}")


if __name__ == "__main__":
    main()
