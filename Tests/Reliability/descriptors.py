"""More clients than file descriptors."""

import os
import resource
import time

import http1
from harness import Figure, Server, wait_until

TITLE = "File descriptors exhausted"
PROMISE = ("If there are more clients than the limit of open files allows, those that fit are served and the others "
           "get 503 with Retry-After, but an answer to questions about the service. When clients disconnect, "
           "everything is as before. If `accept` itself fails with EMFILE, because the limit was lowered while the "
           "service ran, the service continues with the connections that it has, answers its probes, and recovers.")

LIMITS = (64, 256)  # `ulimit -n`
CLIENTS = 400


def run(settings):
    figures = []
    for limit in LIMITS:
        figures += started_with_few(settings, limit)
    return figures + lowered_while_running(settings)


def started_with_few(settings, limit):
    with Server(settings, descriptors=limit, log_level="warning", full_idle_timeout=60) as server:
        before = server.descriptors()
        clients, statuses = open_all(server.port, CLIENTS)
        used = server.descriptors()
        served = [client for client, status in zip(clients, statuses) if status == 200]
        probes = [status for _ in range(20) for status in open_all(server.port, 1, http1.LIVE)[1]]
        alive = sum(client.ask(http1.POST_EMBED)[0] == 200 for client in served)
        for client in clients:
            client.close()
        left_open = server.settled_descriptors(before) - before
        recovered = sum(status == 200 for status in open_all(server.port, len(served))[1])
        status = server.stop()
    return [
        Figure(f"`ulimit -n {limit}`: clients, and how many were served", f"{CLIENTS}, {len(served)}", "at least 1",
               len(served) > 0),
        Figure.exactly("clients beyond the limit, answered with 503", statuses.count(503), CLIENTS - len(served)),
        Figure.exactly("probes answered with 200 meanwhile", probes.count(200), len(probes)),
        Figure.exactly("clients within the limit that are still served meanwhile", alive, len(served)),
        Figure.at_most("most descriptors in use", used, limit - 1),
        Figure.at_most("descriptors left open", left_open, 2),
        Figure.exactly("new clients served after all others have disconnected", recovered, len(served)),
        Figure.exactly("exit status on SIGTERM", status, 0),
    ]


def lowered_while_running(settings):
    """Lowers the limit from outside: accept fails no other way, because the service keeps to the limit at its start."""
    with Server(settings, log_level="warning", full_idle_timeout=60) as server:
        clients, _ = open_all(server.port, 50)
        wait_until(lambda: server.metrics().other_connections == 50)
        limits = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        # The connection that has asked for metrics may still be open for a moment.
        time.sleep(0.5)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (server.descriptors(), limits[1]))
        started, spent = time.monotonic(), cpu_seconds(server)
        refused = open_all(server.port, 50)[1]
        probes = [status for _ in range(20) for status in open_all(server.port, 1, http1.LIVE)[1]]
        time.sleep(1)
        fraction = (cpu_seconds(server) - spent) / (time.monotonic() - started)
        answered = busy(clients, seconds=3)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, limits)
        recovered = wait_until(server.serves)
        status = server.stop()
    return [
        Figure.exactly("EMFILE: requests of open connections not answered with 200, in three seconds",
                       answered[1], 0),
        Figure("EMFILE: requests of open connections answered with 200", f"{answered[0]:,}", "", True),
        Figure("EMFILE: new clients answered with 503, or left waiting", f"{refused.count(503)}, {refused.count(None)}",
               "none served", 200 not in refused),
        Figure.exactly("EMFILE: probes answered with 200", probes.count(200), len(probes)),
        Figure.at_most("EMFILE: CPU used, which would be high if accept were called in vain", fraction, 0.3, "CPUs"),
        Figure("EMFILE: new clients once the limit is raised", "served" if recovered else "not served", "served",
               recovered),
        Figure.exactly("EMFILE: exit status on SIGTERM", status, 0),
    ]


def open_all(port, count, request=http1.POST_EMBED):
    """Opens clients with one request each; returns them with the status of each answer, None for no answer."""
    clients, statuses = [], []
    for _ in range(count):
        client = http1.Connection(port, timeout=1.0)
        try:
            client.send(request)
            statuses.append(client.answer()[0])
        except http1.Lost:
            statuses.append(None)
        clients.append(client)
    return clients, statuses


def busy(clients, seconds):
    """Keeps connections busy; returns how many requests were answered with 200, and how many were not."""
    answered, failed, end = 0, 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for client in clients:
            try:
                good = client.ask(http1.POST_EMBED)[0] == 200
            except http1.Lost:
                return answered, failed + 1
            answered, failed = answered + good, failed + (not good)
    return answered, failed


def cpu_seconds(server):
    with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
