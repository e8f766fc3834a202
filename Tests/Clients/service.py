"""Shared by the clients' tests: the servers that scripts/test-clients has started, and their plain answers."""

import json
import os
import random
import threading
import urllib.error
import urllib.request

# The bundled classifier; the same with a head of one label; the bundled one again, with capacity for one request of 16
# texts; and models with random weights and other heads.
URL = os.environ["SWIFTLET_URL"]
RERANKER_URL = os.environ["SWIFTLET_RERANKER_URL"]
BUSY_URL = os.environ["SWIFTLET_BUSY_URL"]
FILL_MASK_URL = os.environ["SWIFTLET_FILL_MASK_URL"]
QUESTION_ANSWERING_URL = os.environ["SWIFTLET_QUESTION_ANSWERING_URL"]
TOKEN_CLASSIFICATION_URL = os.environ["SWIFTLET_TOKEN_CLASSIFICATION_URL"]
MODEL = "mobilebert-mini"
HIDDEN_SIZE = 256

GOOD = "a charming and often affecting journey"
BAD = "dull , lifeless and painfully long"
TEXTS = [GOOD, BAD, "it is a film"]
IDS = [101, 1037, 2986, 2143, 102]  # [CLS] a fine film [SEP]
QUERY = "is it worth seeing ?"


def post(path, body, url=URL):
    request = urllib.request.Request(url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def embed(inputs, **options):
    """The vectors of /embed, with which every client's vectors are compared."""
    return post("/embed", {"inputs": inputs, **options})


def rerank_scores(query, texts, **options):
    """The scores of /rerank in the order of the texts."""
    ranks = post("/rerank", {"query": query, "texts": texts, **options}, RERANKER_URL)
    return [rank["score"] for rank in sorted(ranks, key=lambda rank: rank["index"])]


def assert_close(test, given, expected, tolerance=1e-6):
    """Checks that vectors, or lists of vectors, agree in each component."""
    given, expected = list(given), list(expected)
    test.assertEqual(len(given), len(expected))
    for one, other in zip(given, expected):
        if isinstance(other, (int, float)):
            test.assertAlmostEqual(float(one), other, delta=tolerance)
        else:
            assert_close(test, one, other, tolerance)


def long_texts(count):
    """Texts of at least 300 tokens, all different, because equal texts in flight are computed once."""
    return [" ".join(random.choices(["a", "dull", "fine", "film", "word"], k=300)) for _ in range(count)]


class Crowd:
    """Clients that keep the queue of the busy server full until they are stopped."""

    def __enter__(self):
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(6)]
        for thread in self._threads:
            thread.start()
        return self

    def _work(self):
        while not self._done.is_set():
            try:
                post("/embed", {"inputs": long_texts(16)}, BUSY_URL)
            except urllib.error.HTTPError as error:
                error.read()

    def leave(self):
        self._done.set()

    def __exit__(self, *_):
        self.leave()
        for thread in self._threads:
            thread.join()
