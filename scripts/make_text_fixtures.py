#!/usr/bin/env python3
"""Writes Tests/Fixtures/tasks/texts.json: what Python and transformers make of texts with marks, selectors and CRLF.

Usage: python scripts/make_text_fixtures.py        (from the repository root; PyPI's transformers==5.23.0)

A combining mark behind a comma, a brace or a label's hyphen does not change how Python splits, strips and compares. The
output depends on the library's version alone.
"""
import itertools
import json
import pathlib

import transformers
from transformers.pipelines.token_classification import TokenClassificationPipeline
from transformers.pipelines.zero_shot_classification import ZeroShotClassificationArgumentHandler

VERSION = "5.23.0"
OUT = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "tasks" / "texts.json"
# A combining accent, a variation selector, a joiner, an emoji's modifier, a prepended mark, and none.
MARKS = ["", "\u0301", "\ufe0f", "\u200d", "\U0001F3FD", "\u0600"]
SPACES = ["", " ", "\r\n", "\u3000", "\x1c", "\x85", "\u200b", "\ufeff"]


def texts():
    for mark, space in itertools.product(MARKS, SPACES):
        yield f"a,{mark}{space}b"
        yield f"{space}{mark},e\u0301,{mark}\u00e9{space}"
        yield f"{mark}{space}"
    yield "\u0301"


def templates():
    for mark in MARKS:
        yield from (f"About {{}}{mark}.", f"{mark}{{}}", f"{{0}}{mark}", f"{{{{{mark}}}}} {{}}", f"\u0600{{}}{mark}")


def main():
    assert transformers.__version__ == VERSION, transformers.__version__
    handler = ZeroShotClassificationArgumentHandler()
    spread = list(dict.fromkeys(texts()))
    parts = [[text, prefix, text.startswith(prefix), text.endswith(prefix), prefix in text]
             for text in spread for prefix in ["a", ",", "b", "e", "\u0301", "\u00e9", "a,", ",b"]]
    tags = [f"{name}{mark}{rest}" for name in ["B-", "I-", "B", "", "X-"] for mark in MARKS for rest in ["PER", "-a-b", ""]]
    document = {
        "transformers": VERSION,
        "strip": [[text, text.strip(), text == "" or text.isspace()] for text in spread],
        "split": [[text, text.split(","), text.split(",", 1)] for text in spread],
        "parts": parts,
        "labels": [[text, handler._parse_labels(text)] for text in spread],
        "hypotheses": [[template, label, handler(["x"], [label], template)[0][0][1]]
                       for template in templates() for label in ["caf\u00e9", "\u0301x"]],
        "tags": [[tag, *TokenClassificationPipeline.get_tag(None, tag), tag.split("-", 1)[-1]] for tag in dict.fromkeys(tags)],
        "sorted": sorted(["\u00e9", "e\u0301", "f", "e", "\uff21", "\U0001F600", "z", "\u212b", "\u00c5", "A\u030a"]),
    }
    OUT.write_text(json.dumps(document, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
