"""Compares answers: whole numbers and texts exactly, floats to 1e-5 of the largest.

Keys that are not expected may have any value.
"""

TOLERANCE = 1e-5
SMALLEST = 0.1  # a lone logit below it is the difference of larger numbers, whose rounding it has


class Difference:
    """The first difference of two values of lists, objects, texts and numbers."""

    def __init__(self, expected, found):
        self.pairs = []
        self.line = self.walk(expected, found, "")
        if self.line is None and self.pairs:
            largest = max(abs(first) for first, _, _ in self.pairs)
            for first, second, place in self.pairs:
                if not abs(first - second) <= TOLERANCE * max(largest, SMALLEST):
                    self.line = f"at {place} right {first:.8g}, given {second:.8g} (the largest is {largest:.3g})"
                    break

    def walk(self, expected, found, place):
        if isinstance(expected, float) and isinstance(found, (float, int)):
            self.pairs.append((expected, float(found), place))
            return None
        if isinstance(expected, dict) and isinstance(found, dict):
            return next(
                filter(None, (self.walk(expected[key], found.get(key), f"{place}.{key}") for key in expected)), None
            )
        if isinstance(expected, list) and isinstance(found, list):
            lines = (self.walk(one, two, f"{place}[{index}]") for index, (one, two) in enumerate(zip(expected, found)))
            line = next(filter(None, lines), None)
            if line is None and len(expected) != len(found):
                line = f"at {place} right {len(expected)} elements, given {len(found)}"
            elif line and len(repr(expected)) < 400:
                line = f"at {place} right {expected!r}, given {found!r}"
            return line
        if type(expected) is type(found) and expected == found:
            return None
        return f"at {place} right {expected!r}, given {found!r}"
