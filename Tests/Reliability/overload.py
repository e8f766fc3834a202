"""Five times as many requests as can be computed, which arrive whatever happened to the requests before."""

import collections
import gc
import os
import random
import selectors
import socket
import time

import http1
from harness import Figure, Server, percentile, progress

TITLE = "Overload"
PROMISE = ("Requests arrive at five times the capacity, in an open loop: by the clock, whatever happened to the "
           "requests before. Goodput stays within 10 % of the peak, the 99th percentile of admitted requests is "
           "within their deadline, and every refused request gets its refusal within 50 ms.")

VOCABULARY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Models/mobilebert-mini/vocab.txt")
TIMES_CAPACITY = 5
DEADLINE_MS = 1_000  # X-Request-Timeout-Ms of each request
GOODPUT_LIMIT = 90.0  # percent of the peak
REFUSAL_LIMIT_MS = 50.0
MAX_CLIENTS = 3_000  # below the service's max_connections; a request for which there is no client counts as lost
WORDS = 300  # of each text: enough work that one thread of clients is faster than the service
PEAK_CONNECTIONS = 32  # enough to keep the engine in full batches


def run(settings):
    rounds, seconds = (2, 2.0) if settings.quick else (3, 6.0)
    cpus = sorted(os.sched_getaffinity(0))
    # The service and the clients have different CPUs: otherwise the one would take the other's CPU time.
    service, clients = set(cpus[len(cpus) // 2:]), set(cpus[:len(cpus) // 2]) or set(cpus)
    os.sched_setaffinity(0, clients)
    try:
        with Server(settings, cpus=service, log_level="warning") as server:
            Clients(server.port).closed(PEAK_CONNECTIONS, 1.0)
            peaks, loads = [], []
            for number in range(rounds):
                peaks.append(Clients(server.port).closed(PEAK_CONNECTIONS, seconds))
                rate = TIMES_CAPACITY * peaks[-1].goodput
                loads.append(Clients(server.port).open(rate, seconds))
                progress(f"overload: {peaks[-1].goodput:.0f} a second at the peak, then {loads[-1].summary()}")
            status = server.stop()
    finally:
        os.sched_setaffinity(0, cpus)
    return figures(peaks, loads) + [Figure.exactly("exit status on SIGTERM", status, 0)]


def figures(peaks, loads):
    def mean(outcomes):
        return sum(each.goodput for each in outcomes) / len(outcomes)

    answered = [1000 * each for load in loads for each in load.answered]
    refused = [1000 * each for load in loads for each in load.refused]
    statuses = sum((load.statuses for load in loads), collections.Counter())
    lost = sum(load.lost for load in loads)
    return [
        Figure("capacity: answers with 200 a second, to 32 connections that ask again at once",
               f"{mean(peaks):,.0f}", "",
               True),
        Figure("requests arriving a second",
               f"{sum(each.sent for each in loads) / sum(each.seconds for each in loads):,.0f}", "", True),
        Figure("answers by status", ", ".join(f"{count:,} × {name}" for name, count in sorted(statuses.items())), "",
               True),
        Figure.at_least("goodput (200 within the deadline), of the peak", 100 * mean(loads) / mean(peaks),
                        GOODPUT_LIMIT, "%"),
        Figure.at_most("admitted requests, 99th percentile", percentile(answered, 0.99), float(DEADLINE_MS), "ms"),
        Figure("admitted requests, median and slowest",
               f"{percentile(answered, 0.5):,.0f} ms, {max(answered, default=0):,.0f} ms", "", True),
        Figure.at_most("refused requests, the slowest", max(refused, default=0.0), REFUSAL_LIMIT_MS, "ms"),
        Figure("refused requests, median and 99th percentile",
               f"{percentile(refused, 0.5):,.1f} ms, {percentile(refused, 0.99):,.1f} ms", "", True),
        Figure.exactly("requests without an answer", lost, 0),
    ]


class Outcome:
    """What happened to the requests of one stretch of time."""

    def __init__(self):
        self.sent = 0
        self.seconds = 0.0
        self.good = 0  # answered with 200 before that end; under overload within the deadline
        self.answered, self.refused = [], []  # seconds from a request's time of arrival to the answer's end
        self.statuses = collections.Counter()
        self.lost = 0

    @property
    def goodput(self):
        return self.good / self.seconds

    def count(self, status, seconds, in_time):
        self.statuses[status] += 1
        self.good += status == 200 and in_time
        (self.answered if status == 200 else self.refused).append(seconds)

    def summary(self):
        return f"{self.sent / self.seconds:.0f} arriving: {self.goodput:.0f} good, {dict(self.statuses)}"


class Client:
    """A connection with at most one request under way."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.received = bytearray()
        self.arrived = 0.0

    def ask(self, data, arrived):
        self.arrived = arrived
        self.received.clear()
        self.socket.send(data)  # less than any socket's buffer holds

    def answer(self):
        """Reads what has arrived: None until the answer is whole, then its status and whether the connection stays."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionResetError("closed without an answer")
        self.received += data
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = bytes(self.received[:end]).lower()
        start = head.find(b"content-length: ") + len(b"content-length: ")
        if len(self.received) < end + 4 + int(head[start:].split(b"\r", 1)[0]):
            return None
        return int(head[9:12]), b"connection: close" not in head


class Clients:
    """The clients, all on one thread, which never waits for an answer while a request is due."""

    def __init__(self, port):
        self.port = port
        self.selector = selectors.DefaultSelector()
        self.free = []
        self.end = 0.0
        self.outcome = Outcome()
        self.texts = random.Random(time.monotonic_ns())
        with open(VOCABULARY, encoding="utf-8") as file:
            self.words = [word for word in file.read().split("\n") if word.isalpha() and word.isascii()]

    def closed(self, connections, seconds):
        """Each connection sends its next request when it has its answer, which gives the most that can be computed."""
        for _ in range(connections):
            self.send(time.monotonic())
        return self.run(seconds, lambda: None, asks_again=True)

    def open(self, rate, seconds):
        """Requests arrive at random times, with this number a second on average."""
        due = time.monotonic()

        def send_due():
            nonlocal due
            while due <= time.monotonic():
                self.send(due)
                due += self.texts.expovariate(rate)
            return due
        return self.run(seconds, send_due, asks_again=False)

    def run(self, seconds, send_due, asks_again):
        gc.disable()
        self.outcome.seconds = seconds
        self.end = time.monotonic() + seconds
        try:
            while time.monotonic() < self.end:
                due = send_due() or self.end
                self.receive(max(0.0, min(due, self.end) - time.monotonic()), asks_again)
            # Requests that have arrived are still answered; no new ones arrive.
            patience = time.monotonic() + 30
            while self.selector.get_map() and time.monotonic() < patience:
                self.receive(0.1, False)
        finally:
            gc.enable()
        self.outcome.lost += len(self.selector.get_map())
        for client in self.free:
            client.socket.close()
        self.selector.close()
        return self.outcome

    def send(self, arrived):
        if not self.free and len(self.selector.get_map()) >= MAX_CLIENTS:
            self.outcome.sent += 1
            self.outcome.lost += 1
            return
        client = self.free.pop() if self.free else Client(self.port)
        text = " ".join(self.texts.choices(self.words, k=WORDS))
        body = http1.json.dumps({"inputs": text}).encode()
        self.outcome.sent += 1
        client.ask(http1.request("POST", "/embed", body, (f"X-Request-Timeout-Ms: {DEADLINE_MS}",)), arrived)
        self.selector.register(client.socket, selectors.EVENT_READ, client)

    def receive(self, timeout, asks_again):
        for key, _ in self.selector.select(timeout):
            client = key.data
            try:
                answer = client.answer()
            except OSError:
                self.outcome.lost += 1
                self.selector.unregister(client.socket)
                client.socket.close()
                continue
            if answer is None:
                continue
            self.selector.unregister(client.socket)
            now = time.monotonic()
            in_time = now < self.end and (asks_again or now - client.arrived <= DEADLINE_MS / 1000)
            self.outcome.count(answer[0], now - client.arrived, in_time)
            if answer[1]:
                self.free.append(client)
            else:
                client.socket.close()
            if asks_again:
                self.send(time.monotonic())
