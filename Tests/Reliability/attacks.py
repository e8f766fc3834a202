"""Attacks: hidden requests, bombs, floods, stalls. Each costs the attacker's connection, and nobody else's."""

import random
import socket
import struct
import threading
import time

import http1
import http2
from harness import Figure, Server, percentile, wait_until

TITLE = "Attacks on the protocols"
PROMISE = ("Hidden requests are never answered. Bombs, floods and stalls end their own connection (or stream) and no "
           "other. Memory and descriptors come back. The same attacks are tests without sockets, clause by clause, "
           "in Tests/HTTPProtocolTests, and tests with sockets in Tests/HTTPServerTests.")

PATIENCE = 20.0
SLOW_LIMIT = 2.0  # seconds: head_timeout, body_timeout, write_timeout
FLOOD_LIMIT = 2000  # frames, above what FloodGuard and libnghttp2 let pass
ENHANCE_YOUR_CALM, FRAME_SIZE_ERROR = 11, 6
GROWTH_LIMIT = 10.0  # percent

HIDDEN = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
SMUGGLING = [
    b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", b"Transfer-Encoding: chunked\nX: y\r\n\r\n0\r\n\r\n",
    b"Content-Length: 0\r\nContent-Length: 35\r\n\r\n", b"Content-Length: 0, 35\r\n\r\n",
    b"Content-Length: +0\r\n\r\n", b"Content-Length: -0\r\n\r\n", b"Content-Length: 0x0\r\n\r\n",
    b"Content-Length : 0\r\n\r\n", b"X: y\r\n Content-Length: 35\r\n\r\n", b"X: y\rContent-Length: 35\r\n\r\n",
    b"Content-Length: 0\n\r\n\r\n", b"Content-Length: 18446744073709551616\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", b"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n0 \r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n0;a\nb\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n0\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n0\r\n\n",
    b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
]
BOMBS = [  # the beginning of a request, the part that is repeated, the expected answer
    (b"GET /", b"a", 414), (b"GET / HTTP/1.1\r\nX: ", b"y", 431), (b"GET / HTTP/1.1\r\n", b"X: y\r\n", 431),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;abc\r\nx\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n", 431),
]
# :method GET, :scheme http, :path /health, :authority a
HEAD = b"\x82\x86\x44\x07/health\x41\x01a"
UPLOAD = b"\x83\x86\x44\x06/embed\x41\x01a"


def headers(stream, block=HEAD, flags=http2.END_HEADERS | http2.END_STREAM):
    return http2.frame(http2.HEADERS, flags, stream, block)


def number(value):
    return struct.pack(">I", value)


FLOODS = {  # frames of round n
    "rapid reset (HEADERS, RST_STREAM)": lambda n: headers(2 * n + 1) + http2.frame(3, 0, 2 * n + 1, number(8)),
    "PING": lambda n: http2.frame(http2.PING, 0, 0, bytes(8)),
    "SETTINGS": lambda n: http2.frame(http2.SETTINGS, 0, 0, b"\0\4" + number(100)),
    "CONTINUATION": lambda n: headers(1, flags=0) if n == 0 else http2.frame(9, 0, 1, b"\0\1x\1y"),
    "WINDOW_UPDATE": lambda n: http2.frame(http2.WINDOW_UPDATE, 0, 0, number(1)),
    "PRIORITY": lambda n: http2.frame(2, 0, 1, number(3) + b"\x0f"),
    "empty DATA": lambda n: headers(1, UPLOAD, 4) if n == 0 else http2.frame(http2.DATA, 0, 1),
    "a stream made to be reset by us": lambda n: headers(2 * n + 1, UPLOAD + http2.field("x", " y"), 4),
    "frames of unknown type": lambda n: http2.frame(0x16, 0, 0, b"x"),
}
WRONG_SIZES = [
    http2.frame(http2.PING, 0, 0, bytes(7)), http2.frame(http2.SETTINGS, 0, 0, bytes(5)),
    http2.frame(http2.SETTINGS, http2.ACK, 0, bytes(6)), http2.frame(http2.WINDOW_UPDATE, 0, 0, bytes(3)),
    http2.frame(http2.GOAWAY, 0, 0, bytes(4)), headers(1, UPLOAD, 4) + http2.frame(http2.RST_STREAM, 0, 1, bytes(3)),
    headers(1, UPLOAD, 4) + http2.frame(http2.DATA, 0, 1, bytes(16385)), http2.frame(0xFA, 0, 0, bytes(16385)),
]


def run(settings):
    with Server(settings, head_timeout=SLOW_LIMIT, body_timeout=SLOW_LIMIT, write_timeout=SLOW_LIMIT) as server:
        attacks = Attacks(server, settings.quick)
        attacks.http1()  # memory that the service allocates once is not counted as growth
        attacks.http2()
        descriptors, before = server.descriptors(), server.resident_bytes()
        figures = attacks.http1() + attacks.http2()
        recovered = wait_until(lambda: (server.metrics().in_flight, server.metrics().other_connections) == (0, 0))
        growth = 100 * (server.resident_bytes() / before - 1)
        figures += [
            Figure("requests and connections left afterwards", "nothing" if recovered else "something", "nothing",
                   recovered),
            Figure.at_most("descriptors left open", server.settled_descriptors(descriptors) - descriptors, 2),
            Figure.at_most("growth of resident memory", growth, GROWTH_LIMIT, "%"),
            Figure.exactly("exit status on SIGTERM", server.stop(), 0),
        ]
    return figures


class Attacks:
    def __init__(self, server, quick):
        self.server = server
        self.port = server.port
        self.many = 100 if quick else 1000

    def http1(self):
        refused = sum(self.is_refused(fields) for fields in SMUGGLING)
        bombs = sum(self.bomb(*bomb) for bomb in BOMBS)
        garbage = max(self.garbage(seed) for seed in range(self.many // 10))
        half_closed = sum(self.half_close() for _ in range(self.many // 10))
        seconds, answers = self.pipeline(10_000)
        return [
            Figure.exactly("hidden requests refused, their connection closed", refused, len(SMUGGLING)),
            Figure.exactly("endless lines, fields, extensions and trailers refused", bombs, len(BOMBS)),
            Figure.at_most(f"most answers to 20 KB of garbage, in {self.many // 10} trials", garbage, 1),
            Figure.exactly(f"half-closed clients answered, of {self.many // 10}", half_closed, self.many // 10),
            Figure.exactly("answers to a pipeline of 10,000", answers, 10_000),
            Figure("… the time to answer them", f"{seconds:.1f} s", "", True),
            *self.slow("head", b"GET /health HTTP/1.1\r\nX: "),
            *self.slow("body", http1.request("POST", "/embed", bytes(100_000))[:-99_000]),
            *self.slow_readers(),
        ]

    def http2(self):
        figures = [self.flood(name, frames) for name, frames in FLOODS.items()]
        wrong = sum(self.ended_by(frame) == FRAME_SIZE_ERROR for frame in WRONG_SIZES)
        prefaces = [http2.PREFACE[:-3] + b"x\r\n", b"PRI * HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello"]
        bad = sum(self.until_end(preface) is not None for preface in prefaces)
        # A field of 3,900 bytes, stored once and named 12,000 times: 47 MB from 16 KB.
        literal = b"\x40\x01x\x7f\xbd\x1d" + b"a" * 3900
        bomb = self.ended_by(headers(1, HEAD + literal + b"\xbe" * 12_000))
        return figures + [
            Figure.exactly("HPACK bomb of 47 MB: the error code that ends the connection", bomb, ENHANCE_YOUR_CALM),
            Figure.exactly("frames of wrong size refused with the right error code", wrong, len(WRONG_SIZES)),
            Figure.exactly("bad prefaces closed", bad, len(prefaces)),
            *self.streams(), *self.stalled(),
        ]

    # HTTP/1.1

    def until_end(self, data):
        """Everything that arrives until the server closes; None if it does not close."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as client:
            received = b""
            try:
                client.sendall(data)
                while piece := client.recv(65536):
                    received += piece
            except TimeoutError:
                return None
            except OSError:
                pass
            return received

    def is_refused(self, fields):
        received = self.until_end(b"POST /embed HTTP/1.1\r\nHost: a\r\n" + fields + HIDDEN)
        return received is not None and received.count(b"HTTP/1.1 ") == 1 and received[9:12] in (b"400", b"501")

    def bomb(self, start, piece, status):
        connection = http1.Connection(self.port, PATIENCE)
        try:
            return connection.ask(start + piece * (100_000 // len(piece)))[0] == status
        finally:
            connection.reset()

    def garbage(self, seed):
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as client:
            received = b""
            try:
                client.sendall(random.Random(seed).randbytes(20_000))
                client.shutdown(socket.SHUT_WR)
                while piece := client.recv(65536):
                    received += piece
            except OSError:
                pass
            return received.count(b"HTTP/1.1 ")

    def half_close(self):
        connection = http1.Connection(self.port, PATIENCE)
        connection.send(http1.POST_EMBED)
        connection.socket.shutdown(socket.SHUT_WR)
        status = connection.answer()[0]
        connection.close()
        return status == 200

    def pipeline(self, count):
        connection = http1.Connection(self.port, PATIENCE)
        started = time.monotonic()
        sender = threading.Thread(target=connection.send, args=(http1.LIVE * count,))
        sender.start()
        answers = sum(connection.answer()[0] == 200 for _ in range(count))
        sender.join()
        connection.close()
        return time.monotonic() - started, answers

    def slow(self, what, beginning):
        """Sends drop by drop on many connections; others are served meanwhile."""
        clients = [http1.Connection(self.port, PATIENCE) for _ in range(self.many)]
        started = time.monotonic()
        for client in clients:
            client.send(beginning)
        waits = []
        while time.monotonic() < started + SLOW_LIMIT * 0.8:
            for client in clients:
                client.socket.send(b"x")
            asked = time.monotonic()
            self.server.ask("GET", "/health/live")
            waits.append(time.monotonic() - asked)
        cut = sum(client.answer()[0] == 408 for client in clients)
        took = time.monotonic() - started
        for client in clients:
            client.reset()
        wait = f"{1000 * percentile(waits, 0.99):.0f} ms"
        return [
            Figure.exactly(f"slowloris in the {what}: connections cut with 408", cut, self.many),
            Figure.at_most("… the last after", took, 3 * SLOW_LIMIT, "s"),
            Figure("… a health check meanwhile, the 99th percentile", wait, "", True),
        ]

    def slow_readers(self):
        body = {"inputs": ["a " * 100] * 500}  # 4 MB of JSON
        clients = []
        for _ in range(5):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", self.port))
            client.sendall(http1.post("/tokenize", body))
            clients.append(client)
        held = wait_until(lambda: self.outbound() > 1_000_000)
        freed = wait_until(lambda: self.outbound() == 0)
        for client in clients:
            client.close()
        return [Figure("bytes for slow readers held, then freed", f"{held}, {freed}", "True, True", held and freed)]

    def outbound(self):
        return self.server.metrics().sum("swiftlet_http_outbound_bytes")

    # HTTP/2

    def flood(self, name, frames):
        """How many rounds pass before the server ends the connection."""
        client = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        client.sendall(http2.PREFACE + http2.frame(http2.SETTINGS, 0, 0))
        received, rounds = b"", 0
        try:
            while rounds < FLOOD_LIMIT + 1 and goaway(received) is None:
                client.sendall(b"".join(frames(n) for n in range(rounds, rounds + 10)))
                rounds += 10
                client.settimeout(0.002)
                try:
                    received += client.recv(65536)
                except TimeoutError:
                    pass
                client.settimeout(PATIENCE)
        except OSError:
            pass
        client.close()
        return Figure.at_most(f"flood of {name}: frames until the connection ends", rounds, FLOOD_LIMIT)

    def ended_by(self, frames):
        received = self.until_end(http2.PREFACE + http2.frame(http2.SETTINGS, 0, 0) + frames)
        return goaway(received or b"")

    def streams(self):
        """Opens more streams than the limit allows: those within the limit are answered."""
        connection = http2.Connection(self.port, PATIENCE)
        connection.ask_one("GET", "/health/live")  # acknowledges the server's settings
        opened = range(3, 3 + 2 * 140, 2)
        for stream in opened:
            connection.open_streams[stream] = None
            connection.send(http2.frame(http2.HEADERS, http2.END_HEADERS, stream, http2.head("POST", "/embed")))
        refused, served = [], []
        try:
            refused += [connection.poll()[1] for _ in range(140 - 128)]
            for stream in list(connection.open_streams):
                connection.send(http2.frame(http2.DATA, http2.END_STREAM, stream, http1.EMBED))
            served += [connection.poll()[1] for _ in range(128)]
        except http1.Lost:
            pass  # the server ended the connection with the streams
        connection.close()
        return [Figure.exactly("streams refused, of 140 at once with a limit of 128", refused.count(None), 12),
                Figure.exactly("… the other streams, answered", served.count(200), 128)]

    def stalled(self):
        """Streams whose window is never opened are reset; others beside them are answered."""
        connection = http2.Connection(self.port, PATIENCE, window=0)
        stalled = {connection.open("GET", "/info") for _ in range(20)}
        started = time.monotonic()
        ended = set()
        while ended != stalled and time.monotonic() < started + 4 * SLOW_LIMIT:
            try:
                connection.poll()
            except http1.Lost as error:
                ended.add(int(str(error).split()[1]) if str(error).startswith("stream") else 0)
        took = time.monotonic() - started
        alive = connection.ask_one("HEAD", "/health/live") == 200
        connection.close()
        return [Figure.exactly("stalled streams reset, of 20 with a window of 0", len(ended & stalled), 20),
                Figure.at_most("… the last after", took, 3 * SLOW_LIMIT, "s"),
                Figure("… their connection", "serves" if alive else "is gone", "serves", alive)]


def goaway(received):
    """The error code of a GOAWAY, as soon as one arrives."""
    while len(received) >= 9:
        length = int.from_bytes(received[:3], "big")
        if received[3] == http2.GOAWAY and len(received) >= 17 and received[13:17] != bytes(4):
            return int.from_bytes(received[13:17], "big")
        received = received[9 + length:]
    return None
