"""Ten thousand idle connections, and a thousand active ones."""

import time

import http1
import http2
from harness import Figure, Server, percentile, progress, wait_until

TITLE = "Ten thousand idle connections and a thousand active"
PROMISE = ("10,000 idle connections, half of them HTTP/2, take the memory that config/swiftlet.yaml states "
           "(`max_connections`), while 1,000 active connections are all served.")

# What config/swiftlet.yaml states for an idle connection that has been used.
KIBIBYTES_PLAIN = 2
KIBIBYTES_HTTP2 = 16


def run(settings):
    idle, active, rounds = (1_000, 100, 3) if settings.quick else (10_000, 1_000, 10)
    with Server(settings, max_connections=12_000, idle_timeout=600, log_level="warning") as server:
        # Memory that the service takes once, and code that is read once, are not the connections'.
        talk(server.port, 64, 5)
        for each in [open_http2(server.port) for _ in range(64)]:
            each.close()
        wait_until(lambda: server.metrics().other_connections == 0)
        descriptors, before = server.descriptors(), server.resident_bytes()
        plain = [open_plain(server.port) for _ in range(idle // 2)]
        with_plain = server.resident_bytes()
        multiplexed = [open_http2(server.port) for _ in range(idle // 2)]
        with_all = server.resident_bytes()
        progress(f"connections: {idle} idle, {with_all / 1e6:.1f} MB")
        counted = server.metrics().other_connections
        answered, seconds = talk(server.port, active, rounds)
        peak = server.resident_bytes()
        alive = sum(each.ask(http1.LIVE)[0] == 200 for each in plain)
        alive += sum(each.ask_one("GET", "/health/live") == 200 for each in multiplexed)
        for each in plain + multiplexed:
            each.close()
        left_open = server.settled_descriptors(descriptors) - descriptors
        after = server.resident_bytes()
        status = server.stop()

    def per_connection(grown):
        return grown / 1024 / (idle // 2)

    # The allocator takes memory in steps of some hundred kibibytes, which is half a kibibyte for each of 500.
    step = 1 if settings.quick else 0

    return [
        Figure.exactly("idle connections counted by the service", counted, idle),
        Figure.at_most("memory of an idle HTTP/1.1 connection", per_connection(with_plain - before),
                       KIBIBYTES_PLAIN + step, "KiB"),
        Figure.at_most("memory of an idle HTTP/2 connection", per_connection(with_all - with_plain),
                       KIBIBYTES_HTTP2 + step, "KiB"),
        Figure("resident memory before, with the idle ones, with the active ones too, after",
               ", ".join(f"{value / 1e6:.0f} MB" for value in (before, with_all, peak, after)), "", True),
        Figure.exactly(f"answers with 200 to {active:,} active connections of {rounds} requests each", answered,
                       active * rounds),
        Figure("the slowest and the median answer among them",
               f"{max(seconds):.2f} s, {percentile(seconds, 0.5):.2f} s", "", True),
        Figure.exactly("idle connections that still answer afterwards", alive, idle),
        Figure.at_most("descriptors left open", left_open, 2),
        Figure.exactly("exit status on SIGTERM", status, 0),
    ]


def open_plain(port):
    connection = http1.Connection(port)
    connection.ask(http1.LIVE)
    return connection


def open_http2(port):
    connection = http2.Connection(port)
    connection.ask_one("GET", "/health/live")
    return connection


def talk(port, count, rounds):
    """Opens connections that all wait for an answer at the same time; returns the number of 200s and all durations."""
    active = [http1.Connection(port) for _ in range(count)]
    answered, seconds = 0, []
    for _ in range(rounds):
        started = time.monotonic()
        for number, each in enumerate(active):
            each.send(http1.post("/embed", {"inputs": f"a fine film {number}"}))
        for each in active:
            answered += each.answer()[0] == 200
            seconds.append(time.monotonic() - started)
    for each in active:
        each.close()
    return answered, seconds
