"""Runs one case on both sides, and judges it."""

import os
import shutil
import traceback

import program
import reference
from cases import Case
from comparison import Difference
from published import Published

# The verdicts, and whether one counts as a fault.
SAME, DIFFERS, REFUSED, REFUSED_PART = "same", "differs", "refused here but runs there", "in part refused here"
BOTH, RANDOM, SILENT = "refused by both", "transformers fills weights at random", "same, but no warning"
ONLY_HERE, UNJUDGED = "runs here but refused there", "not judged"
PUBLISHED = "published"  # in place of a seed: the folders of published.py
FAULTS = (DIFFERS, REFUSED, REFUSED_PART, SILENT, UNJUDGED)
VERDICTS = (SAME, BOTH, RANDOM, ONLY_HERE, *FAULTS)


class Result:
    def __init__(self, number, case, verdict, lines):
        self.number, self.verdict, self.lines = number, verdict, lines
        self.title = case.title if case else ""
        self.oddities = list(case.oddities) if case else []


def run(binary, seed, number, folder, without=()):
    """The result of a case. Its folder stays in `folder` if the verdict is a fault."""
    path = os.path.join(folder, f"{number}")
    plain = path + "-plain"
    for old in (path, plain):
        shutil.rmtree(old, ignore_errors=True)
    case = None
    try:
        case = Published(number) if seed == PUBLISHED else Case(seed, number, without)
        case.folder.write(path)
        if case.folder.has_plain_form:
            case.folder.write(plain, plain=True)
        result = judge(binary, case, path, plain if case.folder.has_plain_form else path)
    except Exception:  # a fault of these files, which shall not end the others' run
        return Result(number, case, UNJUDGED, traceback.format_exc().splitlines())
    if result.verdict not in FAULTS:
        shutil.rmtree(path)
        shutil.rmtree(plain, ignore_errors=True)
    return result


def judge(binary, case, path, plain):
    def result(verdict, lines):
        return Result(case.number, case, verdict, lines)

    with program.Program(binary, path) as server:
        try:
            questions, refusals = reference.questions(case, path, plain)
        except reference.Random as error:
            return result(RANDOM, [str(error)])
        except reference.Refused as error:
            try:
                server.wait()
            except program.Refused as ours:
                return result(BOTH, [f"transformers: {first_line(error)}", f"swiftlet: {ours}"])
            return result(ONLY_HERE, [f"transformers: {first_line(error)}"])
        try:
            server.wait()
        except program.Refused as error:
            return result(REFUSED, [str(error)])
        differing, refused = [], []
        for question in questions:
            try:
                line = difference(question, server.ask(question["route"], question["request"]))
                differing += [line] if line else []
            except program.Refused as error:
                refused.append(str(error))
        tokens = [line for line in differing if line.startswith("tokenize")]
        if tokens:
            # With other tokens everything differs that follows from them.
            differing = tokens[:1] + [f"and {len(differing) - 1} more"]
        if differing or refused:
            return result(DIFFERS if differing else REFUSED_PART, differing + refused)
        warnings = server.warnings()
        silent = [name for name in case.folder.warns if not any(name in line for line in warnings)]
        if silent:
            return result(SILENT, [f"no warning names {', '.join(silent)}"])
        return result(SAME, [f"transformers refuses {line[:200]}" for line in refusals])


TEXTS = ("inputs", "text_pair")  # the keys of a request that have an element for each text


def difference(question, answer):
    """Where an answer is wrong; of tokens, with the text and the tokens themselves."""
    expected, request = question["expected"], question["request"]
    line = Difference(expected, answer).line
    if line and question["route"] == "tokenize":
        index = next(index for index, row in enumerate(expected) if Difference(row, answer[index]).line)
        options = {key: value for key, value in request.items() if key not in TEXTS}
        text = [request[key][index] for key in TEXTS if key in request]
        for key in ("id", "type_id", "start", "stop"):
            right = [token[key] for token in expected[index] if key in token]
            given = [token[key] for token in answer[index]]
            if right and right != given:
                return f"tokenize {options}, text {text}: {key} right {right}, given {given}"
    return f"{question['route']}: {line}" if line else None


def first_line(error):
    return str(error).strip().splitlines()[0][:300]


def smallest(binary, seed, number, folder, result):
    """The oddities without which the fault is gone: the others are left out one by one."""
    without = []
    for name in result.oddities:
        found = run(binary, seed, number, folder, [*without, name])
        if found.verdict == result.verdict and kinds(found) == kinds(result):
            without.append(name)
    return [name for name in result.oddities if name not in without]


def kinds(result):
    return [line.split(":")[0] for line in result.lines[:1]]
