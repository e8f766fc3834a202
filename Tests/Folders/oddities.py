"""The list of oddities: ways in which a folder differs from what save_pretrained writes."""

import random


class Oddity:
    """A change of a folder, which some of the folders have that it can be made to."""

    def __init__(self, change, chance, needs):
        self.name = change.__name__.replace("_", "-")
        self.change = change
        self.chance = chance
        self.needs = needs


ODDITIES = []


def oddity(chance, needs=lambda folder: True):
    """Adds a function of (folder, rng) to the oddities; `chance` of the folders that meet `needs` have it."""

    def add(change):
        ODDITIES.append(Oddity(change, chance, needs))
        return change

    return add


def random_for(*parts):
    """A generator for one part of a case, so that an oddity can be left out while the others stay the same."""
    return random.Random("/".join(map(str, parts)))
