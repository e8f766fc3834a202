"""Ten million requests: does memory stay flat?"""

import json
import os
import random
import re
import statistics
import subprocess
import time

import tiny_model
from harness import Figure, Server, progress

TITLE = "Soak"
PROMISE = ("After a warm-up of a tenth of ten million requests, resident memory is flat within 5 %, and no request "
           "fails. Memory goes up and down with the requests in work, and every 5 seconds with what the heap gives "
           "back. So the median of many measurements is compared with the median of the first measurements after the "
           "warm-up.")

SLICE_SECONDS = 3  # of HTTP/1.1; then as many requests by HTTP/2, and a measurement of the memory
WARM_UP = 0.1
PARTS = 9  # of the measurements after it, which are compared: a tenth of the requests each
GROWTH_LIMIT = 5.0  # percent
CLIENTS = 32
STREAMS = 16  # of each client of HTTP/2
PATHS = ("/embed",) * 6 + ("/classify", "/tokenize", "/embed_all")
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "soak.lua")


def run(settings):
    requests = settings.requests or (30_000 if settings.quick else 10_000_000)
    seconds = 1 if settings.quick else SLICE_SECONDS
    body = os.path.join(settings.folder, "soak.json")
    looks, answered, failed, started = [], 0, 0, time.monotonic()
    with Server(settings, tiny_model.write(os.path.join(settings.folder, "tiny")), log_level="warning",
                access_log="off") as server:
        before = server.descriptors()
        try:
            while answered < requests:
                plain = by_http1(server.port, seconds)
                write_body(body, len(looks))
                count = max(CLIENTS, plain["requests"])
                multiplexed = by_http2(server.port, body, count)
                answered += plain["requests"] - plain["failures"] + multiplexed
                failed += plain["failures"] + count - multiplexed
                looks.append((answered, server.resident_bytes()))
                progress(f"soak: {answered:,} of {requests:,} requests, {looks[-1][1] / 1e6:.1f} MB")
        except KeyboardInterrupt:
            progress("soak: interrupted")
        seconds = time.monotonic() - started
        descriptors = server.settled_descriptors(before)
        status = server.stop()
    warm_up = (0.5 if settings.quick else WARM_UP) * answered
    steady = [resident for count, resident in looks if count >= warm_up]
    levels = medians(steady, 2 if settings.quick else PARTS)
    growth = max(100 * (level / levels[0] - 1) for level in levels)
    return [
        Figure.at_least("requests answered with 200, half each by HTTP/1.1 and HTTP/2", answered, requests),
        Figure.exactly("requests that failed", failed, 0),
        Figure.at_most(f"growth of resident memory from {levels[0] / 1e6:.1f} MB, at most in any of {len(levels)} parts",
                       growth, GROWTH_LIMIT, "%"),
        Figure(f"the least, the most and the last of {len(steady)} measurements",
               ", ".join(f"{value / 1e6:.1f} MB" for value in (min(steady), max(steady), steady[-1])), "", True),
        Figure("requests a second", f"{answered / seconds:,.0f}", "", True),
        Figure.at_most("more descriptors open than before", descriptors - before, 2),
        Figure.exactly("exit status on SIGTERM", status, 0),
    ]


def medians(values, parts):
    """The median of each of `parts` stretches of equal length, or of fewer if there are fewer values."""
    size = max(1, len(values) // parts)
    return [statistics.median(values[start:start + size]) for start in range(0, len(values) - size + 1, size)]


def write_body(path, seed):
    """One or two texts, the same in all requests of a slice: of equal texts at the same time only one is computed."""
    generator = random.Random(seed)
    texts = [" ".join(generator.choices(tiny_model.VOCABULARY[5:], k=generator.randint(1, 12)))
             for _ in range(2 if seed == 0 else 1)]
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"inputs": texts}, file)


def by_http1(port, seconds):
    """By wrk: how many requests were answered, and how many of them not with 2xx; each request has another text."""
    command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds}s", "--timeout", "60s", "-s", SCRIPT,
               f"http://127.0.0.1:{port}"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output.strip().splitlines()[-1])


def by_http2(port, body, count):
    """By h2load: how many requests were answered with 2xx; many at once on each connection, with the same text."""
    command = ["h2load", "-n", str(count), "-c", str(CLIENTS), "-m", str(STREAMS), "-d", body,
               "-H", "Content-Type: application/json", *(f"http://127.0.0.1:{port}{path}" for path in PATHS)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"status codes: (\d+) 2xx", output)
    if not found:
        raise SystemExit(f"{' '.join(command)} said:\n{output[-1000:]}")
    return int(found[1])
