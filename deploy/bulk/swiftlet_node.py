"""One Swiftlet for all workers of a node: starts it, shares it, stops it, and embeds texts with it.

deploy/ray/embed.py and deploy/spark/embed.py use it in their workers, and so can any other program:

    with Node(Service("swiftlet", ["--model", "google/mobilebert-uncased"])) as node:
        vectors = node.embed(["a fine film", "dull"])          # numpy, float32, (2, 512)

How workers share a service, by two locks (flock) in a folder of /tmp, which the kernel releases however a process ends:

  * Each worker holds `users` shared as long as it uses the service.
  * A worker that finds no service starts a keeper, which holds `keeper` exclusively. So there is one keeper, whoever
    comes first. The keeper starts the service, and stops it when it gets `users` exclusively: then no worker is left.

So a service outlives the worker that had it started, and never outlives all of them, even if they are killed. If the
keeper is killed, the kernel kills the service (PR_SET_PDEATHSIG), and the next request of a worker starts both again.

Needs Linux, Python 3.9 and numpy; pyarrow for `column`. The program `swiftlet` must be installed on each node.
"""

import concurrent.futures
import contextlib
import ctypes
import fcntl
import hashlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy

TYPES = {"float32": numpy.dtype("<f4"), "float16": numpy.dtype("<f2")}

# A request has at most so many texts and characters: less than the service's limits (16,384 texts, 8 MiB), and enough for
# several of its batches. If characters take so many bytes that it is too much all the same (413), the request is halved.
TEXTS_PER_REQUEST = 256
CHARACTERS_PER_REQUEST = 1 << 20
# Requests that a worker has on their way at once. Two workers keep all CPUs of a node busy (a CPU computes up to 64 texts
# at once), while the service reads and writes other requests.
REQUESTS_AT_ONCE = max(2, (os.cpu_count() or 1) // 4)
# Nobody waits for a single row of bulk work, so a request may take long. The service would refuse (429) what it cannot
# compute within this time.
REQUEST_SECONDS = 600.0
# How long the service may answer nothing but "not now" (429, 503) to a request.
PATIENCE_SECONDS = 3600.0
# Attempts at a request that failed in a way that may pass: the service ended, or it failed (424, 500, 504).
ATTEMPTS = 5
# How long a service may take until it is ready: it may have to fetch its model first.
START_SECONDS = 1800.0
# How often a service is started that ends before it is ready.
STARTS = 3
# The exit status of a keeper that found another keeper, or a worker that was just looking for one.
OTHER_KEEPS = 3
# How long a service may take to stop before it is killed: drain_delay and drain_timeout, and some seconds.
STOP_SECONDS = 40.0
# How often the keeper looks whether a worker is left.
LOOK_SECONDS = 0.5


class EmbedError(Exception):
    """The service cannot be started, or it does not embed the texts: says why."""


class Service:
    """A service of a node: the program and its options. Services with equal ones are one.

    options: further options of `swiftlet serve`. Variables SWIFTLET_… of the environment apply, except API keys.
    """

    def __init__(self, program="swiftlet", options=()):
        self.program, self.options = program, list(options)
        name = hashlib.sha256(json.dumps([program, self.options]).encode()).hexdigest()[:16]
        # Not the folder for temporary files, which YARN and others give each executor for itself.
        self.folder = f"/tmp/swiftlet-node-{os.getuid()}-{name}"
        self.socket = os.path.join(self.folder, "socket")
        self.log = os.path.join(self.folder, "log")

    def command(self):
        return [self.program, "serve", "--host", "none", "--unix-socket", self.socket, "--status-port", "0",
                "--access-log", "off", *self.options]

    def make_folder(self):
        """Others of the machine must not be able to give us a service of theirs."""
        with contextlib.suppress(FileExistsError):
            os.mkdir(self.folder, 0o700)
        found = os.lstat(self.folder)
        if found.st_uid != os.getuid() or found.st_mode & 0o170077 != 0o040000:
            raise EmbedError(f"{self.folder} must be a folder that only this user can read and write: remove it")

    def lock(self, name, kind):
        """A file of the folder, locked; None if LOCK_NB is given and another holds the lock."""
        number = os.open(os.path.join(self.folder, name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(number, kind)
        except BlockingIOError:
            os.close(number)
            return None
        except BaseException:
            os.close(number)
            raise
        return number

    def is_kept(self):
        """Whether a keeper is there."""
        number = self.lock("keeper", fcntl.LOCK_SH | fcntl.LOCK_NB)
        if number is not None:
            os.close(number)
        return number is None

    def is_ready(self):
        try:
            with contextlib.closing(Connection(self.socket, timeout=30)) as connection:
                connection.request("GET", "/health/ready")
                return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False

    def start(self):
        """Returns when the service is ready, whoever has started it."""
        deadline = time.monotonic() + START_SECONDS
        starts = 0
        while not self.is_ready():
            if not self.is_kept():
                # A service that ends before it is ready says why in its log.
                if starts == STARTS:
                    raise EmbedError(f"{' '.join(self.command())} does not start: {self.end_of_log()}")
                keep = [sys.executable, os.path.abspath(__file__), self.program, *self.options]
                done = subprocess.run(keep, stdin=subprocess.DEVNULL, capture_output=True, text=True)
                if done.returncode not in (0, OTHER_KEEPS):
                    raise EmbedError(f"{' '.join(keep)} failed: {done.stderr.strip()}")
                starts += done.returncode == 0
            if time.monotonic() > deadline:
                raise EmbedError(f"{' '.join(self.command())} is not ready after {START_SECONDS:.0f} s: {self.end_of_log()}")
            time.sleep(0.05)

    def end_of_log(self):
        try:
            with open(self.log, "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - 2000))
                return file.read().decode(errors="replace").strip() or "its log is empty"
        except OSError as error:
            return f"no log ({error})"


class Connection(http.client.HTTPConnection):
    """HTTP/1.1 over a unix socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Node:
    """The service of this node, for one worker. Threads may share it."""

    def __init__(self, service):
        self.service = service
        self.local = threading.local()
        self.threads = concurrent.futures.ThreadPoolExecutor(REQUESTS_AT_ONCE)
        service.make_folder()
        # Waits here while a keeper stops a service that nobody used any more.
        self.use = service.lock("users", fcntl.LOCK_SH)
        try:
            service.start()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """The service ends when the last worker has closed it or has ended."""
        if self.use is not None:
            os.close(self.use)
            self.use = None
        self.threads.shutdown(wait=False)

    def embed(self, texts, dtype="float32"):
        """Vectors of texts, in their order: (texts, components) of float32 or float16."""
        parts = list(self.threads.map(lambda part: self.embed_part(part, dtype), requests_of(texts)))
        return numpy.concatenate(parts) if parts else numpy.zeros((0, 0), TYPES[dtype])

    def column(self, texts, dtype="float32"):
        """A column of Arrow with the vectors; null for texts that are None."""
        import pyarrow

        places = [place for place, text in enumerate(texts) if text is not None]
        vectors = self.embed([texts[place] for place in places], dtype)
        # The vector of an empty text tells the size if there is no other.
        size = vectors.shape[1] if places else self.embed([""], dtype).shape[1]
        rows = numpy.zeros((len(texts), size), TYPES[dtype])
        if places:
            rows[places] = vectors
        missing = numpy.ones(len(texts), bool)
        missing[places] = False
        return pyarrow.FixedSizeListArray.from_arrays(
            pyarrow.array(rows.ravel()), size, mask=pyarrow.array(missing) if missing.any() else None)

    def embed_part(self, texts, dtype):
        failures = 0
        waiting_since = None
        while True:
            status, fields, body = self.ask(texts, dtype)
            if status == 200:
                shape = tuple(int(number) for number in fields["x-embedding-shape"].split(","))
                return numpy.frombuffer(body, TYPES[dtype]).reshape(shape)
            if status in (429, 503):
                # The service has more work than it can do now, is loading, or stops.
                waiting_since = waiting_since or time.monotonic()
                if time.monotonic() - waiting_since > PATIENCE_SECONDS:
                    raise EmbedError(f"the service has refused a request for {PATIENCE_SECONDS:.0f} s: {message(body)}")
                time.sleep(wait_of(fields))
                continue
            if status == 413 and len(texts) > 1:
                half = len(texts) // 2
                return numpy.concatenate([self.embed_part(part, dtype) for part in (texts[:half], texts[half:])])
            failures += 1
            if status not in (None, 424, 500, 504) or failures == ATTEMPTS:
                raise EmbedError(f"the service does not embed these {len(texts)} texts, the first of which is "
                                 f"{texts[0][:80]!r}: {message(body)}" + (f" (status {status})" if status else ""))
            time.sleep(random.uniform(0.1, 0.3) * 2**failures)
            if status is None:
                self.service.start()

    def ask(self, texts, dtype):
        """Status, header and body of an answer; the status is None if there was none, and then the body says why."""
        body = json.dumps({"inputs": texts, "embedding_type": dtype}, ensure_ascii=False).encode()
        fields = {"Content-Type": "application/json", "Accept": "application/octet-stream",
                  "X-Request-Priority": "low", "X-Request-Timeout-Ms": str(int(REQUEST_SECONDS * 1000))}
        connection = getattr(self.local, "connection", None)
        if connection is None:
            connection = self.local.connection = Connection(self.service.socket, timeout=REQUEST_SECONDS + 60)
        try:
            connection.request("POST", "/embed", body, fields)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return None, {}, f"no answer ({error!r})".encode()


def requests_of(texts):
    """Lists of successive texts, none of which is larger than a request may be, unless it is one text."""
    part, size = [], 0
    for text in texts:
        length = len(text)
        if part and (len(part) == TEXTS_PER_REQUEST or size + length > CHARACTERS_PER_REQUEST):
            yield part
            part, size = [], 0
        part.append(text)
        size += length
    if part:
        yield part


def wait_of(fields):
    """Seconds to wait after a refusal: as long as the service says, and up to half as long again, so that the workers of
    a node do not all come back at once."""
    try:
        if "retry-after-ms" in fields:
            seconds = float(fields["retry-after-ms"]) / 1000
        else:
            seconds = float(fields.get("retry-after", 1))
    except ValueError:
        seconds = 1.0
    return min(max(seconds, 0.02), 60.0) * random.uniform(1.0, 1.5)


def message(body):
    try:
        return json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")[:500]


# The keeper


def die_with_parent(parent):
    """Asks the kernel to kill this process when its parent ends. Called between fork and exec."""
    PR_SET_PDEATHSIG = 1
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0 or os.getppid() != parent:
        os._exit(1)


def keep(service):
    """Runs the service until no worker is left, in a process that belongs to no worker."""
    service.make_folder()
    kept = service.lock("keeper", fcntl.LOCK_EX | fcntl.LOCK_NB)
    if kept is None:
        sys.exit(OTHER_KEEPS)
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    # The worker that started us may send signals to those of its session, and must not wait for our output.
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    variables = {name: value for name, value in os.environ.items() if not name.startswith("SWIFTLET_API_KEY")}
    parent = os.getpid()
    log = os.open(service.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        process = subprocess.Popen(service.command(), stdin=null, stdout=log, stderr=log, env=variables,
                                   preexec_fn=lambda: die_with_parent(parent))
    except OSError as error:
        os.write(log, f"{service.program}: {error.strerror}".encode())
        return
    while process.poll() is None:
        time.sleep(LOOK_SECONDS)
        unused = service.lock("users", fcntl.LOCK_EX | fcntl.LOCK_NB)
        if unused is None:
            continue
        # Workers that come now wait for this lock, and find neither service nor keeper when they get it.
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(kept)
        os.close(unused)
        return


if __name__ == "__main__":
    keep(Service(sys.argv[1], sys.argv[2:]))
