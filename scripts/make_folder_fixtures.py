#!/usr/bin/env python3
"""Writes Tests/Fixtures/folders: random model folders with oddities, and what transformers answers for them.

    scripts/make_folder_fixtures.py .build/release/swiftlet [--seed N]

The folders are those of scripts/check-folders, few enough that every test run can load them all: a folder is taken if
it has a head of its family, or some oddities, that no folder before it has. Some folders of well-known models are there
too. A folder that the given program gets wrong is left out and named: it is a fault to be mended first. Needs the
packages of Tests/Folders/requirements.txt.

  NAME/                what the folder holds, as people have it
  NAME/expected.json   {"versions", "oddities", "warnings": what a warning must name, "questions": [{"route", "request",
                       "expected"}]}, or {"versions", "oddities", "refused": why transformers does not run it}
"""

import argparse
import json
import os
import shutil
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(ROOT, "Tests", "Fixtures", "folders")
sys.path.insert(0, os.path.join(ROOT, "Tests", "Folders"))

import reference  # noqa: E402
import run  # noqa: E402
import tokenizers  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from cases import Case  # noqa: E402
from published import Published  # noqa: E402

SEARCHED = 800  # cases
LARGEST = 64 << 10  # bytes of one folder, and of its answers
WHOLE = 1900 << 10  # bytes of all folders
RECORDED = ("mobilebert for tokens, without architectures", "intfloat/e5-small-v2", "dslim/bert-base-NER")
REFUSED = ".weight"  # the end of the line that names a matrix that transformers fills at random
VERSIONS = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__, "torch": torch.__version__}


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.8g}")
    if isinstance(value, list):
        return [rounded(element) for element in value]
    if isinstance(value, dict):
        return {key: rounded(element) for key, element in value.items()}
    return value


def answers(case, path, plain):
    """The content of expected.json."""
    try:
        questions, _ = reference.questions(case, path, plain)
    except (reference.Refused, reference.Random) as error:
        return {"refused": run.first_line(error)}
    return {
        "warnings": case.folder.warns,
        "questions": [{**one, "expected": rounded(one["expected"])} for one in questions],
    }


def size(folder):
    return sum(os.path.getsize(os.path.join(path, name)) for path, _, names in os.walk(folder) for name in names)


def features(case):
    return {*case.oddities, head(case), *(case.folder.modules or {})}


def head(case):
    return f"{case.folder.family} {case.folder.head}"


def record(case, name, binary, space, keeps=lambda content: True):
    """Writes a folder with its answers. Gives its size, 0 if it is left out, and a line if the program is at fault."""
    case.shorten()
    with tempfile.TemporaryDirectory() as scratch:
        folder, plain = os.path.join(scratch, "folder"), os.path.join(scratch, "plain")
        case.folder.write(folder)
        case.folder.write(plain, plain=True)
        if size(folder) > LARGEST:
            return 0, None
        result = run.judge(binary, case, folder, plain)
        if result.verdict in (*run.FAULTS, run.ONLY_HERE):
            return 0, f"{name}: {result.verdict}: {result.lines[0][:200]}"
        content = {"versions": VERSIONS, "oddities": list(case.oddities), **answers(case, folder, plain)}
        if not keeps(content):
            return 0, None
        with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, separators=(",", ":"))
        if size(folder) > space:
            return 0, None
        shutil.copytree(folder, os.path.join(OUT, name))
    return size(os.path.join(OUT, name)), None


def record_published(binary):
    """The well-known folders whose kind no random folder is sure to have."""
    total, faults = 0, []
    for number, (title, *_) in enumerate(Published.all):
        if title in RECORDED:
            case = Published(number)
            name = f"{900 + number}-{case.folder.family}-{case.folder.head}"
            bytes_, fault = record(case, name, binary, WHOLE)
            total += bytes_
            faults += [fault] if fault else []
            print(f"{name}: {title}", flush=True)
    return total, faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", help="the program, whose faults are left out")
    parser.add_argument("--seed", type=int, default=13)
    arguments = parser.parse_args()
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    total, faults = record_published(arguments.binary)
    covered = set()
    for number in range(SEARCHED):
        case = Case(arguments.seed, number)
        new = features(case) - covered
        if total > WHOLE - LARGEST:
            break
        if head(case) not in new and len(new) < (3 if number < 150 else 1):
            continue

        def keeps(content):
            # A folder that is refused shows nothing of its other oddities.
            nonlocal new
            if "refused" in content:
                new &= {"missing-tensor"} if content["refused"].endswith(REFUSED) else set()
            return bool(new)

        name = f"{number:03}-{case.folder.family}-{case.folder.head}"
        bytes_, fault = record(case, name, arguments.binary, WHOLE - total, keeps)
        faults += [fault] if fault else []
        if bytes_:
            covered |= new
            total += bytes_
            print(f"{name}: {', '.join(sorted(new))}", flush=True)
    print(f"{len(os.listdir(OUT))} folders, {total} bytes; left out: {len(faults)}", *faults, sep="\n  ")


if __name__ == "__main__":
    main()
