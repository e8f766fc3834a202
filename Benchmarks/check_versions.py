#!/usr/bin/env python3
"""Refuses versions of the peers that requirements.txt does not pin, because their figures could not be compared."""

import importlib.metadata
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        pins = dict(line.strip().split("==") for line in file if "==" in line and not line.startswith("#"))
    for name, wanted in pins.items():
        try:
            # A build's own suffix (2.13.0+cpu) is the same version.
            found = importlib.metadata.version(name).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            found = "missing"
        if found != wanted:
            sys.exit(f"{name} is {found}, {wanted} is wanted: {sys.executable} -m pip install -r {sys.argv[1]}")


if __name__ == "__main__":
    main()
