"""Reaches every limit of config/swiftlet.yaml on purpose: the answer is as the file says, and others are served."""

import json
import os
import re
import signal
import socket
import struct
import subprocess
import time

import http1
import http2
from harness import EncryptedServer, Figure, Server, wait_until

TITLE = "Every limit of the configuration, reached"
PROMISE = ("Each limit of config/swiftlet.yaml is set low and exceeded on purpose. It gives the error that the file "
           "documents, and others are served before and after. A limit without a case here fails.")

# The names of limits. The other keys make choices, and refuse nothing at run time.
LIMIT = re.compile(r"max_\w+|\w+_timeout|\w+_grace|backlog")
NOTHING = (None, b"")  # a connection that ended without an answer
PATIENCE = 15.0

GROUPS = []


def group(**settings):
    """The decorated functions use one service with these settings."""
    GROUPS.append((settings, []))


def reaches(*keys, ends=False):
    """The decorated function exceeds these limits, and returns what came and what was expected. `ends`: the
    service stops afterwards."""
    def register(function):
        GROUPS[-1][1].append((keys, function, ends))
        return function
    return register


def run(settings):
    # The reference file, which config/swiftlet.yaml is.
    reference = run_program(settings.program, "serve", "--print-config")
    keys = re.findall(r"^(?:# )?(\w+):", reference, re.MULTILINE)
    known = [key for key in keys if LIMIT.fullmatch(key)]
    covered = {key for _, cases in GROUPS for keys, _, _ in cases for key in keys}
    figures = [Figure.exactly("limits without a case", ", ".join(sorted(set(known) - covered)) or "none", "none"),
               Figure.exactly("cases without a limit", ", ".join(sorted(covered - set(known))) or "none", "none")]
    for keys, cases in GROUPS:
        kind = EncryptedServer if "handshake_timeout" in keys else Server
        with kind(settings, **keys) as server:
            for names, case, ends in cases:
                what = ", ".join(f"{name} = {keys.get(name, 'default')}" for name in names)
                try:
                    came, expected = case(server)
                except (OSError, http1.Lost) as error:
                    came, expected = f"{type(error).__name__}: {error}", "an answer"
                came = came if ends or wait_until(server.serves, PATIENCE) else f"{came}, then nothing"
                figures.append(Figure(what, str(came), str(expected), came == expected))
            if server.process.poll() is None:
                figures.append(Figure.exactly("exit status on SIGTERM", server.stop(), 0))
    return figures


# The parts of the cases

def run_program(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def ask(server, path, value):
    """The status, and the words of the error up to the first figure or the end."""
    return told(*http1.Connection(server.port, PATIENCE).ask(http1.post(path, value))[::2])


def told(status, body):
    """A status with the words of its body, so that a refusal for another reason is noticed."""
    try:
        error = json.loads(body).get("error", "")
    except (ValueError, AttributeError):
        error = ""
    return f"{status} {error}".strip()


def raw(server, data):
    status, _, body = http1.Connection(server.port, PATIENCE).ask(data)
    return told(status, body)


def says(answer, status, words):
    """A pair that is equal if the answer has the status and the words: the answer, and what was expected."""
    return answer, answer if answer.startswith(f"{status} ") and words in answer else f"{status} …{words}…"


def until_closed(connection, seconds=PATIENCE):
    """The bytes that arrive before the server closes; None if it does not close."""
    connection.socket.settimeout(seconds)
    received = b""
    try:
        while data := connection.socket.recv(65536):
            received += data
    except TimeoutError:
        return None
    except ConnectionError:
        pass
    return received


class SlowReader:
    """Asks for megabytes and reads none of them, through a small window."""

    def __init__(self, server, path, value):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.sendall(http1.post(path, value))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        http1.reset(self.socket)


# Texts that differ, because equal ones are computed once; they take a worker about a second.
LONG_WORK = {"inputs": [f"{number} " + "fine " * 500 for number in range(64)]}
# 300 texts of 100 tokens: 2 MB of JSON, far more than sockets hold
LARGE_ANSWER = {"inputs": ["a " * 100] * 300}


def outbound(server):
    return server.metrics().sum("swiftlet_http_outbound_bytes")


# Limits of a request

group(max_header_bytes=1024, max_header_fields=8, max_target_bytes=64, max_body_bytes=4096, max_client_batch_size=3,
      max_input_length=16, auto_truncate="false", max_token_vectors_per_request=20, max_tokenized_tokens=20)


@reaches("max_header_bytes")
def header_bytes(server):
    answer = raw(server, http1.request("GET", "/health", fields=["X: " + "y" * 1100]))
    return says(answer, 431, "larger than 1024 bytes")


@reaches("max_header_fields")
def header_fields(server):
    return says(raw(server, http1.request("GET", "/health", fields=["X: y"] * 9)), 431, "more than 8 request headers")


@reaches("max_target_bytes")
def target_bytes(server):
    return says(raw(server, http1.request("GET", "/health?" + "y" * 60)), 414, "longer than 64 bytes")


@reaches("max_body_bytes")
def body_bytes(server):
    head = "POST /embed HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n"
    chunked = raw(server, head.encode())
    announced = raw(server, http1.post("/embed", {"inputs": "y" * 5000}))
    return says(chunked if chunked == announced else f"{chunked} / {announced}", 413, "larger than 4096 bytes")


@reaches("max_client_batch_size")
def client_batch(server):
    return says(ask(server, "/embed", {"inputs": ["a"] * 4}), 422, "3")


@reaches("max_input_length")
def input_length(server):
    return says(ask(server, "/embed", {"inputs": "a " * 20}), 422, "less than 17 tokens")


@reaches("max_token_vectors_per_request")
def token_vectors(server):
    return says(ask(server, "/embed_all", {"inputs": ["a " * 9] * 2}), 422, "20")


@reaches("max_tokenized_tokens")
def tokenized(server):
    return says(ask(server, "/tokenize", {"inputs": ["a " * 9] * 2}), 422, "20")


# Time limits

group(head_timeout=0.4, body_timeout=0.4, idle_timeout=0.8, half_close_grace=0, linger_timeout=0.3, write_timeout=0.5,
      max_unread_time=0.05)


@reaches("head_timeout")
def head_timeout(server):
    return says(raw(server, b"GET /health HTTP/1.1\r\nX: "), 408, "took too long")


@reaches("body_timeout")
def body_timeout(server):
    return says(raw(server, http1.POST_EMBED[:-3]), 408, "took too long")


@reaches("idle_timeout")
def idle_timeout(server):
    connection = http1.Connection(server.port)
    started = time.monotonic()
    connection.ask(http1.LIVE)
    left = until_closed(connection)
    took = time.monotonic() - started
    return ("closed in time" if left == b"" and 0.7 < took < 5 else f"{left} after {took:.1f} s"), "closed in time"


@reaches("max_unread_time")
def max_unread_time(server):
    # A pause alone refuses nothing: whatever waited for it is read at once, in time for a usual deadline.
    paused = behind(server, 1, seconds_between=None)
    # A loop is behind if it goes on and still reads what came before. Between the two pauses it must read some of the
    # requests and not all; how long that takes depends on the machine.
    for attempt in range(20):
        told = behind(server, 300, seconds_between=0.002 * (attempt % 4))
        late = [answer for answer in told if not answer.startswith("200")]
        if late:
            break
    came, expected = says(late[0] if late else "only 200", 503, "the server reads requests late")
    return (paused[0][:3], came), ("200", expected)


def behind(server, count, seconds_between):
    """The answers to requests that arrive while the process stands still. It stands still twice if there is a time
    between."""
    connections = [http1.Connection(server.port) for _ in range(count)]
    server.process.send_signal(signal.SIGSTOP)
    for connection in connections:
        connection.send(http1.POST_EMBED)
    time.sleep(0.1)
    if seconds_between is not None:
        server.process.send_signal(signal.SIGCONT)
        time.sleep(seconds_between)
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(0.15)
    server.process.send_signal(signal.SIGCONT)
    answers = []
    for connection in connections:
        status, _, body = connection.answer()
        answers.append(told(status, body))
        connection.close()
    return answers


@reaches("half_close_grace")
def half_close_grace(server):
    connection = http1.Connection(server.port)
    connection.send(http1.post("/embed", LONG_WORK))
    connection.socket.shutdown(socket.SHUT_WR)
    left = until_closed(connection)
    return ("dropped" if left == b"" else left), "dropped"


@reaches("linger_timeout")
def linger_timeout(server):
    connection = http1.Connection(server.port)
    connection.ask(b"no request\r\n\r\n")
    closed = until_closed(connection) == b""
    # The server's side is closed when sending provokes a reset.
    gone = wait_until(lambda: is_reset(connection), 5)
    return (closed, gone), (True, True)


def is_reset(connection):
    try:
        connection.socket.send(b"x")
        time.sleep(0.05)
        connection.socket.send(b"x")
    except OSError:
        return True
    return False


@reaches("write_timeout")
def write_timeout(server):
    with SlowReader(server, "/tokenize", LARGE_ANSWER):
        held = wait_until(lambda: outbound(server) > 65536)
        freed = wait_until(lambda: outbound(server) == 0)
    return (held, freed), (True, True)


group(handshake_timeout=0.4)


@reaches("handshake_timeout")
def handshake_timeout(server):
    connection = http1.Connection(server.port)
    connection.send(b"\x16\x03\x01")  # the beginning of a handshake, and no more
    started = time.monotonic()
    left = until_closed(connection)
    took = time.monotonic() - started
    return ("closed in time" if left is not None and 0.3 < took < 5 else f"{left} after {took:.1f} s"), "closed in time"


# Limits of what is there at the same time

group(max_connections=3)


@reaches("max_connections")
def connections(server):
    # In the middle of a request, none of them is idle. A connection of an earlier case may still have a place, so
    # connections are added until two requests in a row are refused.
    held, answer, refusals = [], "", 0
    while refusals < 2 and len(held) < 10:
        if not answer.startswith("503"):
            held.append(http1.Connection(server.port))
            held[-1].send(http1.POST_EMBED[:-1])
            wait_until(lambda: server.metrics().other_connections >= min(len(held), 3))
        answer = raw(server, http1.POST_EMBED)
        refusals = refusals + 1 if answer.startswith("503") else 0
        time.sleep(0.1)
    probe = http1.Connection(server.port).ask(http1.LIVE)[0]
    statuses = []
    for connection in held:
        connection.send(http1.POST_EMBED[-1:])
        statuses.append(connection.answer()[0])
        connection.close()
    wait_until(server.serves)
    came, expected = says(answer, 503, "the server has too many connections")
    return (came, probe, statuses.count(200)), (expected, 200, 3)


group(max_connections=2, full_idle_timeout=0.2)


@reaches("full_idle_timeout")
def full_idle_timeout(server):
    held = [http1.Connection(server.port) for _ in range(2)]
    for connection in held:
        connection.ask(http1.LIVE)
    time.sleep(0.5)
    served = [http1.Connection(server.port).ask(http1.POST_EMBED)[0] for _ in range(1)]
    closed = until_closed(held[0]) == b""
    held[1].close()
    wait_until(server.serves)
    return (served, closed), ([200], True)


group(host="0.0.0.0", max_connections_per_address=2)


@reaches("max_connections_per_address")
def connections_per_address(server):
    address = own_address()
    if not address:
        return (no_address := "this machine has no address but loopback"), no_address
    held = [http1.Connection(server.port, host=address) for _ in range(2)]
    for connection in held:
        connection.ask(http1.LIVE)
    probe = http1.Connection(server.port, host=address).ask(http1.LIVE)[0]
    status, _, body = http1.Connection(server.port, host=address).ask(http1.POST_EMBED)
    loopback = [http1.Connection(server.port) for _ in range(4)]
    served = {connection.ask(http1.POST_EMBED)[0] for connection in loopback}
    for connection in held + loopback:
        connection.close()
    came, expected = says(told(status, body), 503, "this address has too many connections")
    return (came, probe, served), (expected, 200, {200})


def own_address():
    """An address of this machine other than loopback; None if there is none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            address = probe.getsockname()[0]
        except OSError:
            return None
    return None if address.startswith("127.") else address


group(max_concurrent_streams=2, max_outbound_bytes_per_connection=65536)


@reaches("max_concurrent_streams")
def streams(server):
    connection = http2.Connection(server.port, PATIENCE)
    connection.ask_one("GET", "/health/live")  # acknowledges the server's settings
    for stream in (3, 5, 7):
        connection.open_streams[stream] = None
        connection.send(http2.frame(http2.HEADERS, http2.END_HEADERS, stream, http2.head("POST", "/embed")))
    refused = connection.poll()
    connection.send(http2.frame(http2.DATA, http2.END_STREAM, 3, http1.EMBED))
    served = connection.poll()
    connection.close()
    return (refused, served), ((7, None), (3, 200))


@reaches("max_outbound_bytes_per_connection")
def outbound_of_connection(server):
    connection = http2.Connection(server.port, PATIENCE, window=0)
    connection.open("POST", "/tokenize", json.dumps({"inputs": ["a " * 100] * 200}).encode())
    held = wait_until(lambda: outbound(server) > 65536)
    second = connection.open("POST", "/embed", http1.EMBED)
    waits = wait_until(lambda: server.metrics().in_flight > 0, 1)
    connection.send(http2.frame(http2.WINDOW_UPDATE, 0, 1, struct.pack(">I", 2 ** 30)))
    connection.send(http2.frame(http2.WINDOW_UPDATE, 0, second, struct.pack(">I", 2 ** 30)))
    connection.send(http2.frame(http2.WINDOW_UPDATE, 0, 0, struct.pack(">I", 2 ** 30)))
    served = {connection.poll(), connection.poll()}
    connection.close()
    return (held, waits, served), (True, False, {(1, 200), (second, 200)})


group(max_outbound_bytes=65536, max_outbound_bytes_per_connection=65536)


@reaches("max_outbound_bytes")
def outbound_bytes(server):
    return says(ask(server, "/tokenize", LARGE_ANSWER), 503, "too many bytes")


group(max_inbound_bytes=4096, max_body_bytes=4096)


@reaches("max_inbound_bytes")
def inbound_bytes(server):
    holder = http1.Connection(server.port)
    holder.send(http1.request("POST", "/embed", b"x" * 4096)[:-1])
    held = wait_until(lambda: server.metrics().sum("swiftlet_http_inbound_bytes") > 4000)
    answer = ask(server, "/embed", {"inputs": "a"})
    holder.reset()
    wait_until(lambda: server.metrics().sum("swiftlet_http_inbound_bytes") == 0)
    return says(answer if held else "nothing held", 503, "too many bytes")


group(max_token_vectors_held=500, max_token_vectors_per_request=500)


@reaches("max_token_vectors_held")
def token_vectors_held(server):
    pages = {"inputs": ["a " * 200] * 2}
    with SlowReader(server, "/embed_all", pages):
        held = wait_until(lambda: outbound(server) > 0)
        answer = ask(server, "/embed_all", pages)
    return says(answer if held else "nothing held", 429, "500")


# Limits of what waits for the engine

def crowd(server, requests=32, texts=8):
    """The answers to many requests at the same time, each with texts that no other request has."""
    connections = [http1.Connection(server.port, 60) for _ in range(requests)]
    for number, connection in enumerate(connections):
        connection.send(http1.post("/embed", {"inputs": [f"{number} {text} " * 100 for text in range(texts)]}))
    return {told(*connection.answer()[::2]) for connection in connections}


def some_told(answers, status, words):
    """Checks that some or all get the status with these words, and that the others are served."""
    said = sorted({re.sub(r"\d+(?= texts| tokens| ms)", "…", answer) for answer in answers})
    refused = [each for each in said if each != "200"]
    passed = refused and all(each.startswith(f"{status} ") and words in each for each in refused)
    return said, said if passed else f"{status} …{words}…"


def some_refused(answers, words):
    return some_told(answers, 429, words)


group(workers=1, max_batch_texts=1, max_queue_texts=16)


@reaches("max_queue_texts")
def queue_rows(server):
    return some_refused(crowd(server), "queue is full")


group(workers=1, max_batch_texts=1, max_queue_tokens=4096, max_admission_wait=0)


@reaches("max_queue_tokens", "max_admission_wait")
def queue_tokens(server):
    return some_refused(crowd(server), "queue is full")


group(workers=1, max_batch_texts=1, max_held_texts=100, max_client_batch_size=100)


@reaches("max_held_texts")
def held_rows(server):
    return some_refused(crowd(server), "queue is full")


group(workers=1, request_timeout=0.2, max_batch_tokens=65536, batch_latency_target=3600)


@reaches("request_timeout")
def request_timeout(server):
    answers = crowd(server, texts=64)
    # A request behind too much work for its time is refused at once, as under overload.
    late = {each for each in answers if each.startswith("429 ") and "longer than this request's time limit" in each}
    # The running batch is computed to its end; other requests wait for it no longer than their time allows.
    wait_until(server.serves)
    return some_told(answers - late, 504, "time limit has passed")


group(workers=1, watchdog_timeout=0.05, max_worker_replacements=1, max_batch_tokens=65536, batch_latency_target=3600)


@reaches("watchdog_timeout", "max_worker_replacements", ends=True)
def watchdog_timeout(server):
    answers = []
    for _ in range(5):
        answers += crowd(server, 2, 64)
        # When the one replacement is used up, an orchestrator should restart the process.
        live = server.ask("GET", "/health/live")[0]
        if live != 200:
            break
    said = "a batch did not end within 0.05 seconds"
    # Requests that come after the last replacement are told so.
    answers = [answer for answer in answers if not answer.startswith("424 the engine failed: no worker is left")]
    return (*some_told(answers, 424, said)[:1], live), (*some_told(answers, 424, said)[1:], 503)


# The end of the process

group(drain_timeout=1)


@reaches("drain_timeout", ends=True)
def drain_timeout(server):
    with SlowReader(server, "/tokenize", LARGE_ANSWER):
        held = wait_until(lambda: outbound(server) > 65536)
        started = time.monotonic()
        status = server.stop()
        took = time.monotonic() - started
    return (held, status, "in time" if 0.9 < took < 8 else f"{took:.1f} s"), (True, 0, "in time")


# Limits that shape what the kernel and the batches do, and refuse nothing.

group(backlog=1, max_batch_tokens=8, max_batch_texts=1)


@reaches("backlog")
def backlog(server):
    connections = [http1.Connection(server.port, PATIENCE) for _ in range(20)]
    statuses = {connection.ask(http1.LIVE)[0] for connection in connections}
    return statuses, {200}


@reaches("max_batch_tokens", "max_batch_texts")
def batches(server):
    return raw(server, http1.post("/embed", {"inputs": ["a " * 40] * 5})), "200"
