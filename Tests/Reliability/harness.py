"""Shared by the cases: a started service, its metrics, and figures that pass or fail."""

import dataclasses
import http.client
import os
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

START_LIMIT = 60.0  # seconds until /health/ready answers 200; a busy machine takes some
STOP_LIMIT = 40.0  # seconds from SIGTERM to exit: more than the service's own drain_timeout of 25
NICE = -15  # of what measures, where the system allows it: its own wait for a CPU must not count as the service's
SETTLE_LIMIT = 20.0  # seconds for a gauge to reach its expected value


@dataclasses.dataclass
class Settings:
    """The settings of one run."""

    program: str
    folder: str
    quick: bool
    requests: int


@dataclasses.dataclass
class Figure:
    """One line of a case's table."""

    what: str
    measured: str
    limit: str
    passed: bool

    @staticmethod
    def at_most(what, value, limit, unit=""):
        return Figure(what, text(value, unit), "at most " + text(limit, unit), value <= limit)

    @staticmethod
    def at_least(what, value, limit, unit=""):
        return Figure(what, text(value, unit), "at least " + text(limit, unit), value >= limit)

    @staticmethod
    def exactly(what, value, expected, unit=""):
        return Figure(what, text(value, unit), text(expected, unit), value == expected)


def text(value, unit=""):
    number = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}" if isinstance(value, float) else str(value)
    return f"{number} {unit}".strip()


def progress(line):
    """Prints how far a long case is."""
    print(line, file=sys.stderr, flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def percentile(values, share):
    """The value that the given fraction of all values does not exceed; 0 if there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def wait_until(condition, limit=SETTLE_LIMIT):
    """Whether the condition becomes true in time."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def prefer():
    """Gives the calling thread precedence; without permission for that, it stays as it is."""
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
    except PermissionError:
        pass


class Server:
    """The program, serving a model on a port of its own. It is killed at the end if it still runs."""

    def __init__(self, settings, model=None, *, port=None, cpus=None, descriptors=None, group=None, **keys):
        """`keys` are settings of the service (max_connections=12000); `descriptors` is the limit of open files; the
        process is put into the memory group."""
        self.port = port or free_port()
        command = [settings.program, "serve", "--port", str(self.port), "--log-format", "json"]
        if model:
            command += ["--model", model]
        self.status_port = keys.get("status_port")
        for key, value in keys.items():
            command += ["--" + key.replace("_", "-"), str(value)]
        self.log = tempfile.NamedTemporaryFile("w+", prefix="swiftlet-", suffix=".log", dir=settings.folder)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SWIFTLET_")}

        def prepare():
            if cpus:
                os.sched_setaffinity(0, cpus)
            if group:
                group.enter()
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        self.process = subprocess.Popen(command, env=environment, stderr=self.log, preexec_fn=prepare)
        if not wait_until(lambda: self.process.poll() is not None or self.is_ready(), START_LIMIT):
            self.process.kill()
            self.process.wait()
        if self.process.poll() is not None:
            raise SystemExit(f"{' '.join(command)}: not ready, exit status {self.process.poll()}\n{self.log_text()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def log_text(self):
        with open(self.log.name, encoding="utf-8") as file:
            return file.read()[-4000:]

    # What a client sees

    def ask(self, method, path, body=None, timeout=10.0):
        """The status and body for one request on a connection of its own. Raises OSError if there is no answer."""
        return self._ask(self.connect(timeout), method, path, body)

    def ask_status(self, method, path, timeout=10.0):
        """The same at the port of `status_port`."""
        return self._ask(http.client.HTTPConnection("127.0.0.1", self.status_port, timeout=timeout), method, path, None)

    @staticmethod
    def _ask(connection, method, path, body):
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        except http.client.HTTPException as error:
            raise ConnectionError(f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()

    def connect(self, timeout):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def is_ready(self):
        try:
            return self.ask("GET", "/health/ready")[0] == 200
        except OSError:
            return False

    def serves(self):
        """Whether a text is embedded."""
        try:
            return self.ask("POST", "/embed", '{"inputs": "a fine film"}')[0] == 200
        except OSError:
            return False

    def metrics(self):
        return Metrics(self.ask("GET", "/metrics")[1])

    # What the system says

    def resident_bytes(self):
        return self.status_bytes("VmRSS")

    def peak_bytes(self):
        """The most resident memory since `reset_peak`."""
        return self.status_bytes("VmHWM")

    def reset_peak(self):
        with open(f"/proc/{self.process.pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")

    def status_bytes(self, name):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(rf"^{name}:\s*(\d+) kB$", file.read(), re.MULTILINE)[1]) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def settled_descriptors(self, expected):
        """The number of open descriptors, as soon as it is as low as expected or the time for that is up."""
        wait_until(lambda: self.descriptors() <= expected)
        return self.descriptors()

    def stop(self):
        """Sends SIGTERM; returns the exit status, or None if the process had to be killed."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None


class EncryptedServer(Server):
    """A server that speaks TLS, with a self-signed certificate."""

    def __init__(self, settings, model=None, **keys):
        certificate, key = (os.path.join(settings.folder, name) for name in ("certificate.pem", "key.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate],
                       check=True, stderr=subprocess.DEVNULL)
        super().__init__(settings, model, tls_certificate=certificate, tls_key=key, **keys)

    def connect(self, timeout):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=context)


class MemoryGroup:
    """A cgroup with a limit of memory, in version 2 or 1. Without permission to make one, it limits nothing."""

    FOLDERS = (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max"))

    def __init__(self, limit):
        self.limit, self.path = limit, None

    def __enter__(self):
        for folder, name in self.FOLDERS:
            path = os.path.join(folder, f"swiftlet-{os.getpid()}")
            try:
                os.mkdir(path)
                with open(os.path.join(path, name), "r+", encoding="ascii") as file:
                    file.write(str(self.limit))
                self.path = path
                break
            except OSError:
                if os.path.isdir(path):
                    os.rmdir(path)
        return self

    def enter(self):
        """Puts the calling process into the group."""
        if self.path:
            with open(os.path.join(self.path, "cgroup.procs"), "w", encoding="ascii") as file:
                file.write(str(os.getpid()))

    def __exit__(self, *_):
        if self.path:
            os.rmdir(self.path)


class Metrics:
    """A page of /metrics."""

    def __init__(self, page):
        self.samples = []
        for line in page.splitlines():
            match = re.fullmatch(r"([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)", line)
            if match:
                self.samples.append((match[1], match[2] or "", float(match[3])))

    def sum(self, name, label=""):
        """The sum of a family's samples whose labels contain `label`."""
        values = [value for sample, labels, value in self.samples if sample == name and label in labels]
        if not values:
            raise KeyError(f"/metrics has no {name}{{{label}}}")
        return int(sum(values))

    @property
    def in_flight(self):
        return self.sum("swiftlet_http_requests_in_flight")

    @property
    def other_connections(self):
        """The number of open connections besides the one that asks."""
        return self.sum("swiftlet_connections_open") - 1
