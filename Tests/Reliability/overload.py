"""Five times as many requests as can be computed, which arrive whatever happened to the requests before."""

import json
import os
import shutil
import subprocess
import threading
import time

import tiny_model
from harness import EncryptedServer, Figure, Server, free_port, percentile, prefer, progress

TITLE = "Overload"
PROMISE = ("Requests arrive at five times the capacity, in an open loop: by the clock, whatever happened to "
           "the requests before. Goodput (answers with 200 within the deadline), for each core that the "
           "clients leave to the service, stays within 10 % of the peak's. The 99th percentile of admitted "
           "requests is within their deadline plus 50 ms, 99 % of the refused ones get their refusal within 50 "
           "ms, and no answer comes after its deadline but as 504. Probes on new connections are answered "
           "meanwhile. A time runs from the moment at which the request was due, so it includes the delay of "
           "the clients themselves. The clients have CPUs of their own where there are four or more; on fewer "
           "they share them with the service, at nice -15.")

HERE = os.path.dirname(os.path.abspath(__file__))
VOCABULARY = os.path.join(HERE, "../../Models/mobilebert-mini/vocab.txt")
TIMES_CAPACITY = 5
DEADLINE_MS = 1_000  # X-Request-Timeout-Ms of each request
SLACK_MS = 50  # for the way of an answer, beyond the deadline
GOODPUT_LIMIT = 90.0  # percent of the peak
REFUSAL_LIMIT_MS = 50.0
PROBE_LIMIT_MS = 100.0
PROBE_INTERVAL = 0.05  # seconds
MOST_CONNECTIONS = 8_000  # a request that finds none free, and no more may be opened, counts as not sent
PEAK_CONNECTIONS = 64  # enough to keep the engine in full batches
PEAK_CONNECTIONS_FULL_SIZE = 24  # as many, without a wait near the deadline, at which requests would be refused
MANY_CONNECTIONS = 6_000
OWN_CPUS = 4  # from this number of CPUs on, the clients have a quarter of them for their own

# The name, the protocol, whether the model has full size, the words of a text, the connections that are open at first
CASES = [
    ("bundled model, HTTP/1.1", "http1", False, 8, PEAK_CONNECTIONS),
    ("bundled model, HTTP/1.1, 6,000 connections", "http1", False, 8, MANY_CONNECTIONS),
    ("bundled model, HTTP/1.1 with TLS", "https1", False, 8, PEAK_CONNECTIONS),
    ("bundled model, HTTP/1.1 with TLS, 6,000 connections", "https1", False, 8, MANY_CONNECTIONS),
    ("bundled model, HTTP/2", "http2", False, 8, PEAK_CONNECTIONS),
    ("bundled model, HTTP/2 with TLS", "https2", False, 8, PEAK_CONNECTIONS),
    ("full-size model, HTTP/1.1", "http1", True, 24, PEAK_CONNECTIONS),
]


def run(settings):
    rounds, seconds = (1, 2.0) if settings.quick else (2, 5.0)
    program = build_clients(settings.folder)
    full_size = tiny_model.write_full_size(os.path.join(settings.folder, "full-size"), VOCABULARY)
    cpus = sorted(os.sched_getaffinity(0))
    own = set(cpus[:len(cpus) // 4]) if len(cpus) >= OWN_CPUS else None
    service = set(cpus) - own if own else set(cpus)
    figures = []
    for name, protocol, is_full_size, words, connections in CASES:
        make = EncryptedServer if protocol.startswith("https") else Server
        with make(settings, full_size if is_full_size else None, cpus=service, log_level="warning", backlog=4096,
                  max_connections=10_000, status_port=free_port()) as server:
            clients = Clients(program, server, protocol, words, own, len(service))
            at_peak = PEAK_CONNECTIONS_FULL_SIZE if is_full_size else PEAK_CONNECTIONS
            clients.run(0, 1.0, at_peak)
            peaks, loads = [], []
            for _ in range(rounds):
                peaks.append(clients.run(0, seconds, at_peak))
                rate = TIMES_CAPACITY * peaks[-1]["good"] / seconds
                loads.append(clients.run(rate, seconds, connections))
                progress(f"overload: {name}: peak {peaks[-1]['good'] / seconds:.0f} a second, then {loads[-1]}")
            status = server.stop()
        figures += table(name, at_peak, peaks, loads, seconds)
        figures.append(Figure.exactly(f"{name}: exit status on SIGTERM", status, 0))
    return figures


def table(name, at_peak, peaks, loads, seconds):
    def mean(outcomes, key):
        return sum(each[key] for each in outcomes) / len(outcomes)

    def worst(key, place):
        return max(each[key][place] for each in loads)

    statuses = {}
    for load in loads:
        for status, count in load["statuses"].items():
            statuses[status] = statuses.get(status, 0) + count
    sent = sum(load["sent"] + load["unsent"] for load in loads)
    worst_delay = max(load["delay_ms"] for load in loads)
    probes = [each for load in loads for each in load["probes"]]
    return [
        Figure(f"{name}: capacity, answers with 200 a second to {at_peak} connections or sessions",
               f"{mean(peaks, 'good') / seconds:,.0f}", "", True),
        Figure("… requests arriving a second, and CPUs that the clients use",
               f"{sent / len(loads) / seconds:,.0f}, {mean(loads, 'cpu') / seconds:.2f}", "", True),
        Figure("… answers by status", ", ".join(f"{statuses[key]:,} × {key}" for key in sorted(statuses)), "", True),
        Figure.at_least("… goodput for each core left, of the peak",
                        100 * mean(loads, "good_per_core") / mean(peaks, "good_per_core"), GOODPUT_LIMIT, "%"),
        Figure.at_most("… admitted requests, 99th percentile", worst("answered_ms", 2), float(DEADLINE_MS + SLACK_MS),
                       "ms"),
        Figure.at_most("… refused requests, 99th percentile", worst("refused_ms", 2), REFUSAL_LIMIT_MS, "ms"),
        Figure("… refused requests, median and slowest",
               f"{worst('refused_ms', 0):,.1f} ms, {worst('refused_ms', 4):,.1f} ms", "", True),
        Figure.exactly("… answers other than 504 after the deadline", sum(load["late"] for load in loads), 0),
        Figure.exactly("… requests without an answer", sum(load["unanswered"] + load["broken"] for load in loads), 0),
        Figure("… requests for which the clients had no connection, and the clients' own longest delay",
               f"{sum(load['unsent'] for load in loads):,}, {worst_delay:,.1f} ms", "", True),
        Figure.at_most("… /health/live, 99th percentile", 1000 * percentile(probes, 0.99), PROBE_LIMIT_MS, "ms"),
        Figure.at_most("… /health/live at the status port, slowest",
                       1000 * max(each for load in loads for each in load["status_probes"]), PROBE_LIMIT_MS, "ms"),
    ]


class Clients:
    """The clients of one server: load.c, and probes beside it."""

    def __init__(self, program, server, protocol, words, cpus, cores):
        self.program, self.server, self.protocol = program, server, protocol
        self.words, self.cpus, self.cores = words, cpus, cores

    def run(self, rate, seconds, connections):
        """What became of the requests: load.c's figures, the goodput for each core left, and the times of probes."""
        most = connections if rate == 0 or self.protocol.endswith("2") else max(connections, MOST_CONNECTIONS)
        command = [self.program, self.server.port, self.protocol, rate, seconds, connections, most, self.words,
                   DEADLINE_MS, VOCABULARY]

        def prepare():
            if self.cpus:
                os.sched_setaffinity(0, self.cpus)
            else:
                prefer()

        process = subprocess.Popen([str(each) for each in command], stdout=subprocess.PIPE, preexec_fn=prepare)
        probes, status_probes = [], []
        probers = [threading.Thread(target=self.probe, args=(process, self.server.ask, probes)),
                   threading.Thread(target=self.probe, args=(process, self.server.ask_status, status_probes))]
        for prober in probers:
            prober.start()
        outcome = json.loads(process.communicate()[0])
        for prober in probers:
            prober.join()
        # With CPUs of their own, the clients take nothing from the service.
        left = self.cores - (0 if self.cpus else outcome["cpu"] / seconds)
        return outcome | {"good_per_core": outcome["good"] / seconds / left, "probes": probes,
                          "status_probes": status_probes}

    @staticmethod
    def probe(process, ask, probes):
        prefer()
        while process.poll() is None:
            started = time.monotonic()
            try:
                is_live = ask("GET", "/health/live")[0] == 200
            except OSError:
                is_live = False
            probes.append(time.monotonic() - started if is_live else 10.0)
            time.sleep(PROBE_INTERVAL)


def build_clients(folder):
    compiler = next((name for name in ("cc", "clang", "gcc") if shutil.which(name)), None)
    if not compiler:
        raise SystemExit("overload needs a C compiler for Tests/Reliability/load.c")
    program = os.path.join(folder, "load")
    subprocess.run([compiler, "-O2", "-D_GNU_SOURCE", "-o", program, os.path.join(HERE, "load.c"),
                    os.path.join(HERE, "load_connection.c"), "-lssl", "-lcrypto", "-lnghttp2", "-lm"], check=True)
    return program
