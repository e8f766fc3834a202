"""The service end to end: requests a second and latency under wrk, time to the first answer, memory."""

import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import time

import common

CONNECTIONS = (1, 8, 32, 128)
STARTS = 5
START_LIMIT = 60.0  # seconds until the first answer
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Server:
    """A running service; `first_answer` is the time from exec to the first embedding."""

    def __init__(self, settings, dtype):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [settings.program, "serve", "--model", settings.model, "--port", str(self.port), "--dtype", dtype,
                   "--log-level", "error"]
        started = time.monotonic()
        self.process = subprocess.Popen(command, env=common.clean_environment())
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() - started > START_LIMIT:
                self.process.kill()
                raise SystemExit(f"{' '.join(command)}: no answer")
            time.sleep(0.001)
        self.first_answer = time.monotonic() - started

    def answers(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_LIMIT)
        try:
            connection.request("POST", "/embed", '{"inputs":["hello"]}', {"Content-Type": "application/json"})
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(START_LIMIT)

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def megabytes(self, name):
        """VmHWM (the peak) or VmRSS (now) of /proc/PID/status, in MB of 10^6 bytes; the kernel counts KiB."""
        kibibytes = common.first_match(rf"^{name}:\s*(\d+) kB$", f"/proc/{self.process.pid}/status", "0")
        return int(kibibytes) * 1024 / 1e6

    def load(self, settings, connections, seconds):
        """One run of wrk: its figures, and the CPU seconds of both sides."""
        environment = os.environ | {"TEXTS": settings.text_file("short")}
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "load.lua")
        before = self.cpu_seconds()
        wrk = subprocess.Popen(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script,
                                f"http://127.0.0.1:{self.port}"], env=environment, stdout=subprocess.PIPE, text=True)
        output = wrk.stdout.read()
        # wait4 instead of Popen.wait, because it returns the CPU time that the process has used.
        _, status, usage = os.wait4(wrk.pid, 0)
        wrk.returncode = os.waitstatus_to_exitcode(status)
        if wrk.returncode != 0:
            raise SystemExit(f"wrk ended with {wrk.returncode}: {output}")
        figures = json.loads(output.strip().splitlines()[-1])
        figures["service_cpu"] = self.cpu_seconds() - before
        figures["wrk_cpu"] = usage.ru_utime + usage.ru_stime
        return figures


def measure(settings, dtype, connections=CONNECTIONS):
    """Measures the engine alone and the service under load, in turns, for one dtype, and the time to the first answer.

    The load generator runs on the same CPUs as the service. So the fair comparison is with the part of the engine alone
    that the generator has left: the fraction 1 - W / (N * S) of N CPUs over S seconds, in which wrk used W seconds of CPU
    time.
    """
    seconds = 2 if settings.quick else 8
    engine = [engine_alone(settings, dtype)]
    rows = []
    with Server(settings, dtype) as server:
        server.load(settings, 32, 1)
        for count in connections:
            settings.watch.sample()
            rows.append({"connections": count} | server.load(settings, count, seconds))
        memory = {name: server.megabytes(name) for name in ("VmHWM", "VmRSS")}
    settings.watch.sample()
    engine.append(engine_alone(settings, dtype))
    texts_per_second = statistics.fmean(engine)
    for row in rows:
        row["rate"] = row["requests"] / row["seconds"]
        left = 1 - row["wrk_cpu"] / (settings.threads * row["seconds"])
        row["fraction"] = row["rate"] / texts_per_second
        row["fair_fraction"] = row["fraction"] / left
    return {"dtype": dtype, "engine": texts_per_second, "rows": rows, "memory": memory,
            "first_answer": first_answers(settings, dtype)}


def engine_alone(settings, dtype):
    """Texts a second for the same sentences, 32 in a batch, without tokenizer, JSON and sockets."""
    figure, = common.bench(settings, "--dtype", dtype, "--threads", settings.threads, "--texts",
                           settings.text_file("short"), "--batch", 32)
    return figure["texts"] / figure["seconds"]


def first_answers(settings, dtype):
    """The median of the seconds from exec to the first answered request, with the model's file in the page cache."""
    times = []
    for _ in range(1 + (1 if settings.quick else STARTS)):
        with Server(settings, dtype) as server:
            times.append(server.first_answer)
    return statistics.median(times[1:])
