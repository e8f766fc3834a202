"""A few megabytes of traffic that ask for gigabytes of memory."""

import collections
import gzip
import json
import multiprocessing
import threading
import time

import http1
import http2
from harness import Figure, MemoryGroup, Server, prefer, progress, wait_until

TITLE = "Memory under attack"
PROMISE = ("Small bodies that inflate to megabytes, and large batches of equal texts, come on hundreds of connections at "
           "once. Requests hold no more than `memory_budget`; whoever would exceed it gets 503. The process stays within "
           "the limit of memory that deploy/ ships, and probes are answered meanwhile.")

# The limit of the memory cgroup: what deploy/ ships. Not set where the machine lets nobody make a cgroup.
GROUP_LIMIT = 1 << 30
# Resident memory above that at rest, at most.
INFLATED_LIMIT = 300.0
EQUAL_TEXTS_LIMIT = 700.0  # megabytes
PROBE_LIMIT = 100.0  # milliseconds
# Every such request is answered, with one of these.
EXPECTED = {200, 413, 422, 429, 503}
GZIP = ("Content-Encoding: gzip",)


def run(settings):
    count = 60 if settings.quick else 400
    figures = []
    with MemoryGroup(GROUP_LIMIT) as group, Server(settings, log_level="warning", group=group) as server:
        for _ in range(20):
            server.serves()
        for name, limit, attack in attacks(count):
            wait_until(lambda: server.metrics().in_flight == 0)
            time.sleep(0.1 if settings.quick else 6.0)  # freed memory goes back to the system every five seconds
            server.reset_peak()
            idle = server.resident_bytes()
            probe = Probe(server)
            statuses = attack(server.port)
            slowest = probe.stop()
            grown = (server.peak_bytes() - idle) / 1e6
            progress(f"memory: {name}: {grown:.0f} MB, {dict(statuses)}, probes {slowest:.0f} ms")
            others = sum(times for status, times in statuses.items() if status not in EXPECTED)
            figures += [
                Figure.at_most(f"{name}: memory above that at rest", grown, limit, "MB"),
                Figure(f"{name}: answers", ", ".join(f"{times} × {status}" for status, times in statuses.items()),
                       "200 or a refusal", others == 0 and sum(statuses.values()) > 0),
                Figure.at_most(f"{name}: the slowest probe meanwhile", slowest,
                               PROBE_LIMIT * (10 if settings.quick else 1), "ms"),
            ]
        is_settled = wait_until(lambda: server.metrics().sum("swiftlet_memory_held_bytes") == 0)
        serves = server.serves()
        status = server.stop()
    return figures + [
        Figure("limit of the process's memory", f"{GROUP_LIMIT >> 20} MiB" if group.path else "none: no cgroups", "", True),
        Figure("bytes that requests still hold", "none" if is_settled else "some", "none", is_settled),
        Figure("service afterwards", "answers" if serves else "does not answer", "answers", serves),
        Figure.exactly("exit status on SIGTERM", status, 0),
    ]


def attacks(count):
    """The names, limits and functions of the attacks; a function takes the port and returns statuses with counts."""
    for megabytes in (1, 8):
        body = gzip.compress(json.dumps({"inputs": "a" * (megabytes * 1_000_000 - 100)}).encode())
        yield (f"{count} × {len(body):,} bytes that inflate to {megabytes} MB", INFLATED_LIMIT,
               lambda port, body=body: over_http1(port, [body] * count, GZIP))
    body = gzip.compress(json.dumps({"inputs": ["a fine film"] * 500_000}).encode())
    yield (f"{count} × {len(body):,} bytes that inflate to 500,000 texts", INFLATED_LIMIT,
           lambda port, body=body: over_http1(port, [body] * count, GZIP))
    body = gzip.compress(json.dumps({"inputs": "a" * 7_999_000}).encode())
    streams = min(count, 100)
    yield (f"{streams} streams × {len(body):,} bytes that inflate to 8 MB", INFLATED_LIMIT,
           lambda port, body=body: over_http2(port, body, streams))
    texts = json.dumps({"inputs": ["a film that nobody will remember in a year, or in a week"] * 16_000}).encode()
    clients = count // 2
    yield (f"{clients} × 16,000 equal texts", EQUAL_TEXTS_LIMIT, lambda port: over_http1(port, [texts] * clients))


def over_http1(port, bodies, fields=()):
    """Sends each body on a connection of its own, all at once."""
    statuses = collections.Counter()
    lock = threading.Lock()

    def one(body):
        try:
            connection = http1.Connection(port, timeout=120.0)
            connection.send(http1.request("POST", "/embed", body, (*fields, "Connection: close")))
            status = connection.read_to_end()
            connection.close()
        except (OSError, http1.Lost) as error:
            status = type(error).__name__
        with lock:
            statuses[status] += 1

    threads = [threading.Thread(target=one, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def over_http2(port, body, streams):
    """Sends the body on many streams of one connection, all at once."""
    statuses = collections.Counter()
    connection = http2.Connection(port, timeout=120.0)
    # The first answer brings the window of the connection, which has space for all bodies.
    connection.ask_one("GET", "/health/live")
    for _ in range(streams):
        connection.open("POST", "/embed", body, [("content-encoding", "gzip")])
    for _ in range(streams):
        statuses[connection.poll()[1]] += 1
    connection.close()
    return statuses


class Probe:
    """Asks for /health/live on new connections until it is stopped. It is a process of its own: beside the threads of an
    attack, a thread would wait for Python's lock and count that wait as the service's."""

    def __init__(self, server):
        self.server = server
        processes = multiprocessing.get_context("fork")
        self.is_done, self.slowest = processes.Event(), processes.Value("d", 0.0)
        self.process = processes.Process(target=self.run)
        self.process.start()

    def run(self):
        prefer()
        while not self.is_done.is_set():
            started = time.monotonic()
            if self.server.ask("GET", "/health/live", timeout=60.0)[0] != 200:
                self.slowest.value = float("inf")
            self.slowest.value = max(self.slowest.value, 1000 * (time.monotonic() - started))
            time.sleep(0.05)

    def stop(self):
        """The slowest answer in milliseconds; infinity if one was not 200, or if the service was gone."""
        self.is_done.set()
        self.process.join()
        return self.slowest.value if self.process.exitcode == 0 else float("inf")
