"""SIGTERM while requests are under way: is one of them lost?"""

import collections
import threading
import time

import http1
import http2
from harness import Figure, Server, percentile, progress

TITLE = "SIGTERM under load"
PROMISE = ("SIGTERM comes at any moment under load, a hundred times. Every request that was sent on an accepted "
           "connection, and in HTTP/2 every stream up to the last one of GOAWAY, is answered with 200, and the exit "
           "status is 0. Only new connections are refused (by the kernel, before anything is sent), and streams "
           "beyond GOAWAY, which clients may repeat.")

PLAIN_CLIENTS = 6
SINGLE_CLIENTS = 2  # a new connection for each request
HTTP2_CLIENTS = 4
STREAMS = 8
LOAD_SECONDS = (0.15, 0.3, 0.45)  # in turns, from the beginning of the load to the signal
# Bodies with several lengths and numbers of texts; all texts differ.
BODIES = tuple(
    http1.json.dumps({"inputs": [f"{number} {row} " + "a fine film " * length for row in range(rows)]}).encode()
    for number, (length, rows) in enumerate(((1, 1), (8, 1), (1, 8), (40, 4)) * 8))


def run(settings):
    rounds = 5 if settings.quick else 100
    counts, statuses, stops, losses = collections.Counter(), [], [], []
    for number in range(rounds):
        with Server(settings, log_level="warning") as server:
            load = Load(server.port)
            time.sleep(LOAD_SECONDS[number % len(LOAD_SECONDS)])
            signalled = time.monotonic()
            statuses.append(server.stop())
            stops.append(time.monotonic() - signalled)
            load.join()
        counts += load.counts
        losses += load.losses
        if number % 10 == 9:
            progress(f"stop: {number + 1} of {rounds}, {counts['answered']:,} answered, {len(losses)} lost")
    for loss in losses[:10]:
        progress(f"stop: lost: {loss}")
    return [
        Figure("signals, each to a service under load", f"{rounds}", "", True),
        Figure.exactly("accepted requests lost", len(losses), 0),
        Figure.exactly("accepted requests answered with a status other than 200", counts["other"], 0),
        Figure("requests answered with 200, HTTP/1.1 and HTTP/2",
               f"{counts['answered'] - counts['answered h2']:,}, {counts['answered h2']:,}", "",
               counts["answered"] > 0),
        Figure("refused, for clients to repeat: connections, streams", f"{counts['refused']:,}, {counts['streams']:,}",
               "", True),
        Figure.exactly("exits with status 0", statuses.count(0), rounds),
        Figure("from the signal to the exit, median and longest",
               f"{percentile(stops, 0.5):.2f} s, {max(stops):.2f} s", "", True),
    ]


class Load:
    """Clients, one thread each, that send requests until the service accepts no more connections."""

    def __init__(self, port):
        self.port = port
        self.counts = collections.Counter()
        self.losses = []
        clients = [self.plain] * PLAIN_CLIENTS + [self.single] * SINGLE_CLIENTS + [self.multiplexed] * HTTP2_CLIENTS
        self.threads = [threading.Thread(target=self.ask_on, args=(client, number))
                        for number, client in enumerate(clients)]
        for thread in self.threads:
            thread.start()

    def join(self):
        for thread in self.threads:
            thread.join()

    def ask_on(self, client, number):
        """Runs one client. Each thread keeps its own counts; they are summed at the end."""
        counts, losses = collections.Counter(), []
        try:
            while True:
                client(counts, losses, number)
        except (ConnectionRefusedError, ConnectionResetError):
            # The connect failed: nobody listens, or it was refused before anything was sent.
            counts["refused"] += 1
        except TimeoutError:
            losses.append("a connect that was neither accepted nor refused")
        self.counts += counts
        self.losses += losses

    def plain(self, counts, losses, number):
        self.session(counts, losses, number, 1_000_000)

    def single(self, counts, losses, number):
        self.session(counts, losses, number, 1)

    def session(self, counts, losses, number, requests):
        connection = http1.Connection(self.port)
        try:
            for index in range(requests):
                body = BODIES[(number + index) % len(BODIES)]
                status, stays, _ = connection.ask(http1.request("POST", "/embed", body))
                counts["answered" if status == 200 else "other"] += 1
                if not stays:
                    return
        except http1.Lost as loss:
            losses.append(f"HTTP/1.1: {loss}")
        finally:
            connection.close()

    def multiplexed(self, counts, losses, number):
        """Half of the clients stop at the first GOAWAY; the others notice it late and open streams beyond it."""
        try:
            connection = http2.Connection(self.port)
        except http1.Lost as loss:
            losses.append(f"HTTP/2, the preface: {loss}")
            return
        is_late = number % 2 == 1

        def may_open():
            return not connection.goaway_seen or is_late and connection.last_accepted == http2.LARGEST

        try:
            while may_open() or connection.open_streams:
                while may_open() and len(connection.open_streams) < STREAMS:
                    connection.open("POST", "/embed", BODIES[connection.next_stream // 2 % len(BODIES)])
                ended = connection.poll()
                if ended is None:
                    continue
                if ended[1] == 200:
                    counts["answered"] += 1
                    counts["answered h2"] += 1
                else:
                    counts["streams" if ended[1] is None else "other"] += 1
        except http1.Lost as loss:
            for stream in connection.open_streams:
                if stream <= connection.last_accepted:
                    losses.append(f"HTTP/2, stream {stream}: {loss}")
                else:
                    counts["streams"] += 1
        finally:
            connection.close()
