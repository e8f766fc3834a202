"""An HTTP/2 client with no more than it needs to tell refused, answered and lost requests apart (RFC 9113, RFC 7541)."""

import struct

import http1

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
HEADER_TABLE_SIZE, INITIAL_WINDOW_SIZE = 1, 4
REFUSED_STREAM, CANCEL = 7, 8
LARGEST = 2 ** 31 - 1
INITIAL_WINDOW = 65535
FRAME_BYTES = 16384  # every peer accepts frames of this size

# From HPACK's static table: the entries of `:status` with these values, and its index for other values.
STATUSES = {0x88: 200, 0x89: 204, 0x8A: 206, 0x8B: 304, 0x8C: 400, 0x8D: 404, 0x8E: 500}
STATUS_INDEX = 8


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def field(name, value):
    """A field that is not compressed and does not go into a table."""
    return b"\x00" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


def head(method, path, more=()):
    fields = [(":method", method), (":scheme", "http"), (":authority", "localhost"), (":path", path)]
    if method == "POST":
        fields.append(("content-type", "application/json"))
    fields += more
    return b"".join(field(*each) for each in fields)


def status(block):
    """The status in an answer's header block, from a peer that was told to use no dynamic table."""
    while block[0] & 0xE0 == 0x20:  # a size of the table
        block = block[1:]
    if block[0] in STATUSES:
        return STATUSES[block[0]]
    if block[0] & 0x3F != STATUS_INDEX:
        raise ValueError(f"an answer that does not begin with :status: {block[:8].hex()}")
    length, value = block[1] & 0x7F, block[2:]
    return int(digits(value[:length]) if block[1] & 0x80 else value[:length])


def digits(data):
    """Three digits in HPACK's Huffman code: 0 to 2 have five bits, 3 to 9 have six (RFC 7541, appendix B)."""
    bits = "".join(f"{byte:08b}" for byte in data)
    found = ""
    while len(found) < 3:
        short = int(bits[:5], 2)
        found, bits = (found + str(short), bits[5:]) if short < 3 else (found + str(int(bits[:6], 2) - 22), bits[6:])
    return found


class Connection(http1.Connection):
    """A blocking connection: `open` opens a stream, and `poll` reads until a stream has ended."""

    def __init__(self, port, timeout=30.0, window=LARGEST):
        """`window` is the initial window of each stream; the connection's window then stays as it begins."""
        super().__init__(port, timeout)
        self.next_stream = 1
        self.open_streams = {}  # stream: status, None before it is known
        self.goaway_seen = False
        self.last_accepted = LARGEST  # of GOAWAY: streams beyond it were not, and will not be, worked on
        settings = struct.pack(">HIHI", HEADER_TABLE_SIZE, 0, INITIAL_WINDOW_SIZE, window)
        opening = PREFACE + frame(SETTINGS, 0, 0, settings)
        if window == LARGEST:
            opening += frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", LARGEST - INITIAL_WINDOW))
        self.send(opening)

    def open(self, method, path, body=b"", fields=()):
        """Sends a request. Its body must fit into the windows with which a connection begins."""
        assert len(body) <= INITIAL_WINDOW
        stream = self.next_stream
        self.next_stream += 2
        self.open_streams[stream] = None
        flags = END_HEADERS | (0 if body else END_STREAM)
        data = frame(HEADERS, flags, stream, head(method, path, fields))
        try:
            for start in range(0, len(body), FRAME_BYTES):
                is_last = start + FRAME_BYTES >= len(body)
                data += frame(DATA, END_STREAM if is_last else 0, stream, body[start:start + FRAME_BYTES])
            self.send(data)
        except http1.Lost:
            pass  # What the server said about the stream before it closed is still to be read.
        return stream

    def cancel(self, stream):
        self.open_streams.pop(stream, None)
        self.send(frame(RST_STREAM, 0, stream, struct.pack(">I", CANCEL)))

    def poll(self):
        """Reads until a stream has ended: (stream, status). The status is None if the server refused it unread."""
        while True:
            kind, flags, stream, payload = self.read_frame()
            if kind == SETTINGS and not flags & ACK:
                self.send(frame(SETTINGS, ACK, 0))
            elif kind == PING and not flags & ACK:
                self.send(frame(PING, ACK, 0, payload))
            elif kind == GOAWAY:
                self.goaway_seen = True
                self.last_accepted = struct.unpack(">I", payload[:4])[0] & LARGEST
                for refused in [each for each in self.open_streams if each > self.last_accepted]:
                    del self.open_streams[refused]
                    return refused, None
                if not self.open_streams:
                    return None
            elif kind == RST_STREAM and stream in self.open_streams:
                del self.open_streams[stream]
                if struct.unpack(">I", payload)[0] != REFUSED_STREAM:
                    raise http1.Lost(f"stream {stream} was reset with {payload.hex()}")
                return stream, None
            elif stream in self.open_streams:
                if kind == HEADERS:
                    self.open_streams[stream] = status(payload)
                if kind == DATA and payload:
                    # The bytes that were read may be sent again, so the connection's window never closes.
                    self.send(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", len(payload))))
                if flags & END_STREAM:
                    return stream, self.open_streams.pop(stream)

    def ask_one(self, method, path, body=b""):
        """The status of one request, while no other stream is open."""
        self.open(method, path, body)
        ended = self.poll()
        return ended[1] if ended else None

    def read_frame(self):
        while len(self.received) < 9:
            self.receive()
        length = int.from_bytes(self.received[:3], "big")
        while len(self.received) < 9 + length:
            self.receive()
        kind, flags, stream = struct.unpack(">BBI", self.received[3:9])
        payload = self.received[9:9 + length]
        self.received = self.received[9 + length:]
        return kind, flags, stream & LARGEST, payload
