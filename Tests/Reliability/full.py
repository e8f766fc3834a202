"""As many connections as there may be: all idle, then all in use."""

import time

import http1
import http2
from harness import Figure, Server, percentile, progress, wait_until

TITLE = "As many connections as there may be"
PROMISE = ("With `max_connections` open, new connections are answered. If connections are idle, the one that has been "
           "idle for longest is closed for each client that finds no place, and no request is lost. If all are in use, "
           "probes and `/metrics` are answered, and work gets 503 with Retry-After, also while others open connections "
           "and say nothing.")

PATHS = ("/health/live", "/health/ready", "/metrics")
BETWEEN_ENDS = 0.0005  # seconds from the end of one request to that of the next
BETWEEN_PROBES = 0.1


def run(settings):
    most, seconds = (400, 4) if settings.quick else (4_096, 80)
    return all_idle(settings, most, seconds) + all_in_use(settings, most, seconds)


def all_idle(settings, most, seconds):
    with Server(settings, max_connections=most, idle_timeout=600, log_level="warning") as server:
        idle = []
        for number in range(most):
            if number % 4 == 3:
                idle.append(http2.Connection(server.port))
                idle[-1].ask_one("GET", "/health/live")
            else:
                idle.append(http1.Connection(server.port))
                if number % 4:
                    idle[-1].ask(http1.POST_EMBED)
        time.sleep(1.5)  # longer than full_idle_timeout
        statuses, slowest = probe(server, seconds)
        new = [http1.Connection(server.port) for _ in range(most // 4)]
        served = sum(each.ask(http1.POST_EMBED)[0] == 200 for each in new)
        metrics = server.metrics()
        evicted = metrics.sum("swiftlet_connections_evicted_total")
        refused = metrics.sum("swiftlet_connections_refused_total")
        counted = metrics.other_connections
        alive = sum(answers(each) for each in idle)
        for each in idle + new:
            each.close()
        status = server.stop()
    return [
        Figure.exactly(f"{most:,} idle: probes answered with 200, every {BETWEEN_PROBES} s for {seconds} s",
                       statuses.count(200), len(statuses)),
        Figure("… the slowest, the 99th percentile", slowest, "", True),
        Figure.exactly("… new clients whose work is answered with 200", served, len(new)),
        Figure.exactly("… connections refused", refused, 0),
        Figure.at_most("… connections open at once, beside the one that asks", counted, most),
        Figure.at_most("… idle connections closed to make room", evicted, len(new) + 4),
        Figure.exactly("… all other idle connections answer afterwards", alive, most - evicted),
        Figure.exactly("… exit status on SIGTERM", status, 0),
    ]


def all_in_use(settings, most, seconds):
    with Server(settings, max_connections=most, body_timeout=600, log_level="warning") as server:
        used = [http1.Connection(server.port) for _ in range(most)]
        for each in used:
            each.send(http1.POST_EMBED[:-1])
        wait_until(lambda: server.metrics().other_connections >= most)
        statuses, slowest = probe(server, seconds)
        refused = [http1.Connection(server.port).ask(http1.POST_EMBED)[0] for _ in range(50)]
        silent = [http1.Connection(server.port) for _ in range(300)]
        beside = probe(server, 3)[0]
        told = [each.answer()[0] for each in silent]
        # At a pace at which the loop is not late: what it does when all come at once is the case of overload.
        for each in used:
            each.send(http1.POST_EMBED[-1:])
            time.sleep(BETWEEN_ENDS)
        answered = sum(each.answer()[0] == 200 for each in used)
        # An idle connection makes room once it has been idle for full_idle_timeout.
        recovered = wait_until(server.serves)
        progress(f"full: {refused.count(503)} refused, {answered} answered")
        for each in used + silent:
            each.close()
        status = server.stop()
    return [
        Figure.exactly(f"{most:,} in use: probes answered with 200, every {BETWEEN_PROBES} s for {seconds} s",
                       statuses.count(200), len(statuses)),
        Figure("… the slowest, the 99th percentile", slowest, "", True),
        Figure.exactly("… new clients whose work is answered with 503", refused.count(503), len(refused)),
        Figure.exactly("… probes answered with 200 beside 300 silent connections", beside.count(200), len(beside)),
        Figure.exactly("… silent connections answered with 503", told.count(503), len(told)),
        Figure.exactly("… requests in work that are answered with 200", answered, most),
        Figure("… afterwards", "serves" if recovered else "does not serve", "serves", recovered),
        Figure.exactly("… exit status on SIGTERM", status, 0),
    ]


def probe(server, seconds):
    """Asks in a new connection each time. Returns the statuses (None without an answer), and the times in words."""
    statuses, times, end = [], [], time.monotonic() + seconds
    while (started := time.monotonic()) < end:
        try:
            statuses.append(server.ask("GET", PATHS[len(statuses) % len(PATHS)])[0])
        except OSError:
            statuses.append(None)
        times.append(time.monotonic() - started)
        time.sleep(max(0.0, started + BETWEEN_PROBES - time.monotonic()))
    return statuses, f"{1000 * max(times):.0f} ms, {1000 * percentile(times, 0.99):.0f} ms"


def answers(connection):
    try:
        if isinstance(connection, http2.Connection):
            return connection.ask_one("GET", "/health/live") == 200
        return connection.ask(http1.LIVE)[0] == 200
    except (http1.Lost, OSError):
        return False
