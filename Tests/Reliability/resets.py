"""A storm of connections that end by a reset."""

import time

import http1
import http2
from harness import Figure, Server, percentile, progress, wait_until

TITLE = "A storm of resets"
PROMISE = ("The client resets 100,000 connections (SO_LINGER 0) right after the connect, in the head, in the body, "
           "after the request and in HTTP/2. The resets leave nothing behind, and others are served meanwhile.")

# The bytes that are sent before the reset, in turns.
BEGINNINGS = (b"", http1.POST_EMBED[:20], http1.POST_EMBED[:-5], http1.POST_EMBED, http2.PREFACE,
              http2.PREFACE + http2.frame(http2.SETTINGS, 0, 0)
              + http2.frame(http2.HEADERS, http2.END_HEADERS, 1, http2.head("POST", "/embed")))
AT_ONCE = 100  # connections open at the same time, and reset in one go
GROWTH_LIMIT = 5.0  # percent
MEANWHILE_LIMIT = 1.0  # seconds


def run(settings):
    count = 5_000 if settings.quick else 100_000
    meanwhile = []
    with Server(settings, log_level="warning") as server:
        storm(server.port, max(1_000, count // 10))
        settled(server)
        descriptors, before = server.descriptors(), server.resident_bytes()
        started = time.monotonic()
        for number in range(0, count, 1_000):
            storm(server.port, 1_000)
            asked = time.monotonic()
            server.ask("GET", "/health/live")
            meanwhile.append(time.monotonic() - asked)
        seconds = time.monotonic() - started
        progress(f"resets: {count} in {seconds:.0f} s")
        has_settled = settled(server)
        metrics = server.metrics()
        left_open = server.settled_descriptors(descriptors) - descriptors
        growth = 100 * (server.resident_bytes() / before - 1)
        serves = server.serves()
        status = server.stop()
    return [
        Figure("connections reset", f"{count:,}, {count / seconds:,.0f} a second", "", True),
        Figure("service afterwards", "answers" if serves else "does not answer", "answers", serves),
        Figure("requests in work and connections open afterwards",
               f"{metrics.in_flight}, {metrics.other_connections}", "0, 0", has_settled),
        Figure.at_most("descriptors left open", left_open, 2),
        Figure.at_most("growth of resident memory", growth, GROWTH_LIMIT, "%"),
        Figure.at_most("the slowest health check meanwhile", max(meanwhile), MEANWHILE_LIMIT, "s"),
        Figure("the 99th percentile of the health checks", f"{1000 * percentile(meanwhile, 0.99):.0f} ms", "", True),
        Figure.exactly("exit status on SIGTERM", status, 0),
    ]


def settled(server):
    """Whether no request is in work and no connection is open, after the service has had time for that."""
    def is_quiet():
        metrics = server.metrics()
        return metrics.in_flight == 0 and metrics.other_connections == 0
    return wait_until(is_quiet)


def storm(port, count):
    for _ in range(0, count, AT_ONCE):
        connections = [http1.Connection(port) for _ in range(AT_ONCE)]
        for number, connection in enumerate(connections):
            connection.send(BEGINNINGS[number % len(BEGINNINGS)])
        for connection in connections:
            connection.reset()
