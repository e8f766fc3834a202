"""An HTTP/1.1 client that tells whether a request was refused, answered or lost."""

import json
import socket
import struct

EMBED = b'{"inputs": "a fine film"}'


def request(method, path, body=b"", fields=()):
    head = [f"{method} {path} HTTP/1.1", "Host: localhost", *fields]
    if method == "POST":
        head += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def post(path, value, fields=()):
    return request("POST", path, json.dumps(value).encode(), fields)


LIVE = request("GET", "/health/live")
POST_EMBED = request("POST", "/embed", EMBED)


class Lost(Exception):
    """Raised when a connection was accepted and ended without an answer to what was sent on it."""


class Connection:
    """A blocking connection. The connect itself may raise ConnectionRefusedError: then nothing was accepted."""

    def __init__(self, port, timeout=30.0, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Lost(f"while sending: {error}") from error

    def answer(self):
        """The status of one answer with a Content-Length, whether the connection stays open, and the body."""
        while (end := self.received.find(b"\r\n\r\n")) < 0:
            self.receive()
        head = self.received[:end].decode("latin-1").lower()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
        length = int(fields.get("content-length", 0))
        while len(self.received) < end + 4 + length:
            self.receive()
        body = self.received[end + 4:end + 4 + length]
        self.received = self.received[end + 4 + length:]
        return int(head[9:12]), fields.get("connection") != "close", body

    def ask(self, data):
        self.send(data)
        return self.answer()

    def read_to_end(self):
        """The status of the last answer on the connection, whose body, of any length, is read and dropped."""
        while b"\r\n" not in self.received:
            self.receive()
        status = int(self.received[9:12])
        try:
            while True:
                self.received = b""
                self.receive()
        except Lost:
            return status

    def receive(self):
        try:
            data = self.socket.recv(65536)
        except OSError as error:
            raise Lost(f"while waiting for an answer: {error}") from error
        if not data:
            raise Lost(f"closed after {len(self.received)} bytes of an answer")
        self.received += data

    def reset(self):
        """Closes by a reset: bytes under way are dropped, and nothing lingers."""
        reset(self.socket)

    def close(self):
        self.socket.close()


def reset(open_socket):
    open_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    open_socket.close()
