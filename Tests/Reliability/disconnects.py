"""Clients that disconnect, in every phase of a request."""

import http1
import http2
from harness import Figure, Server, progress, wait_until

TITLE = "Clients that disconnect in every phase"
PROMISE = ("Clients disconnect in every phase: while connecting, in the head, in the body, while their request is "
           "queued, computed or answered; by close, reset or RST_STREAM. Each time the gauge of requests in work "
           "returns to 0, waiting texts are dropped before they are computed and are counted, and nothing is left "
           "behind.")

def long_texts(count):
    """Texts of the greatest length, about one token for each byte. All differ: equal ones are computed once."""
    return {"inputs": [f"{number} " + "!" * 505 for number in range(count)]}


# A batch of COMPUTED takes one worker about a second, long enough for the test to look and disconnect. A batch of
# BLOCKER lasts until two hundred clients have queued behind it.
COMPUTED = long_texts(100)
BLOCKER = long_texts(400)
LIMITS = {"workers": 1, "max_batch_tokens": 262_144, "max_batch_texts": 512, "batch_latency_target": 3600,
          "max_queue_tokens": 4_194_304, "max_queue_texts": 65_536,  # of which a request may take an eighth
          "request_timeout": 3600, "half_close_grace": 0.1}
ANSWERED = long_texts(24)  # by /embed_all: 15 MB of JSON, more than sockets hold
SMALL_WINDOW = 1024
GROWTH_LIMIT = 5.0  # percent


def run(settings):
    count = 10 if settings.quick else 200
    few = 4 if settings.quick else 20
    with Server(settings, log_level="warning", **LIMITS) as server:
        phases = Phases(server)
        phases.all(4, 4)  # memory that the service allocates once is not counted as growth
        descriptors, before = server.descriptors(), server.resident_bytes()
        figures = phases.all(count, few)
        left_open = server.settled_descriptors(descriptors) - descriptors
        growth = 100 * (server.resident_bytes() / before - 1)
        serves = server.serves()
        status = server.stop()
    return figures + [
        Figure.at_most("descriptors left open", left_open, 2),
        Figure.at_most("growth of resident memory", growth, GROWTH_LIMIT, "%"),
        Figure("service afterwards", "answers" if serves else "does not answer", "answers", serves),
        Figure.exactly("exit status on SIGTERM", status, 0),
    ]


class Phases:
    def __init__(self, server):
        self.server = server
        self.port = server.port

    def all(self, count, few):
        """The figures of all phases; `few` is the number of clients in the phases in which the engine works."""
        plain = http1.post("/embed", queued(0))
        begun = http2.PREFACE + http2.frame(http2.SETTINGS, 0, 0) + http2.frame(
            http2.HEADERS, http2.END_HEADERS, 1, http2.head("POST", "/embed"))
        figures = [
            self.gone("right after the connect", (b"",), count),
            self.gone("in the head", (plain[:30], begun[:-20]), count),
            self.gone("in the body", (plain[:-5], begun, begun + http2.frame(http2.DATA, 0, 1, b'{"inp')), count),
        ]
        figures += self.queued(count)
        for name, path, value, begin in (("computed", "/embed", COMPUTED, self.is_computing),
                                         ("answered", "/embed_all", ANSWERED, None)):
            figures += self.in_work(name, path, value, begin, few)
        progress("disconnects: all phases")
        return figures

    # Phases

    def gone(self, phase, beginnings, count):
        """Clients that disconnect before they have sent a request: by close and by reset, in turns."""
        for number in range(count):
            connection = http1.Connection(self.port)
            connection.send(beginnings[number // 2 % len(beginnings)])
            connection.reset() if number % 2 else connection.close()
        return self.settled(f"{count} clients that disconnected {phase}")

    def queued(self, count):
        """Clients that wait behind a long batch: HTTP/1.1 by close and reset, HTTP/2 by reset and RST_STREAM."""
        blocker = http1.Connection(self.port, timeout=120)
        blocker.send(http1.post("/embed", BLOCKER))
        wait_until(self.is_computing)
        dropped = self.server.metrics().sum("swiftlet_queue_cancelled_total")
        waiting = self.server.metrics().sum("swiftlet_queue_texts")
        clients = [self.client(number % 4, "/embed", queued(number)) for number in range(count)]
        rows = 2 * count
        came = wait_until(lambda: self.server.metrics().sum("swiftlet_queue_texts") >= waiting + rows)
        for leave in clients:
            leave()
        wait_until(lambda: self.server.metrics().sum("swiftlet_queue_cancelled_total") >= dropped + rows)
        counted = self.server.metrics().sum("swiftlet_queue_cancelled_total") - dropped
        answered = blocker.answer()[0]
        blocker.close()
        return [
            Figure(f"texts of {count} clients that disconnected while queued, dropped before compute", str(counted),
                   str(rows),
                   came and counted == rows),
            Figure.exactly("status of the request that they waited behind", answered, 200),
            self.settled(f"{count} clients that disconnected while queued"),
        ]

    def in_work(self, phase, path, value, begun, count):
        cancelled = self.server.metrics().sum("swiftlet_http_requests_cancelled_total")
        reached = 0
        for number in range(count):
            leave = self.client(number % 4, path, value, reads=begun is None)
            reached += begun is None or wait_until(begun)
            leave()
            self.settled("")
        counted = self.server.metrics().sum("swiftlet_http_requests_cancelled_total") - cancelled
        return [
            Figure(f"clients that disconnected while their request was {phase}, counted as cancelled", str(counted),
                   str(count),
                   reached == count and counted == count),
            self.settled(f"{count} clients that disconnected while their request was {phase}"),
        ]

    def client(self, kind, path, value, reads=False):
        """Sends a request, and reads the beginning of its answer if asked to; returns a function that disconnects."""
        if kind < 2:
            connection = http1.Connection(self.port, timeout=120)
            connection.send(http1.post(path, value))
            if reads:
                connection.receive()
            return connection.close if kind == 0 else connection.reset
        connection = http2.Connection(self.port, timeout=120, window=SMALL_WINDOW if reads else http2.LARGEST)
        stream = connection.open("POST", path, http1.json.dumps(value).encode())
        while reads and connection.read_frame()[0] != http2.DATA:
            pass
        return connection.reset if kind == 2 else lambda: cancel_and_use(connection, stream)

    # What the service says

    def is_computing(self):
        metrics = self.server.metrics()
        return metrics.sum("swiftlet_workers_busy") > 0 and metrics.sum("swiftlet_queue_texts") == 0

    def settled(self, what):
        seen = []

        def is_quiet():
            metrics = self.server.metrics()
            seen[:] = [metrics.in_flight, metrics.other_connections]
            return seen == [0, 0]
        passed = wait_until(is_quiet)
        return Figure(f"requests in work and open connections after {what}", f"{seen[0]}, {seen[1]}", "0, 0", passed)


def queued(number):
    return {"inputs": [f"a fine film {number}", f"and a dull one {number}"]}


def cancel_and_use(connection, stream):
    """The connection must continue to serve when one of its streams is reset."""
    connection.cancel(stream)
    status = connection.ask_one("GET", "/health/live")
    if status != 200:
        raise http1.Lost(f"the connection's other stream ended with {status}, after GOAWAY: {connection.goaway_seen}")
    connection.close()
