"""Two replicas behind HAProxy, restarted one after the other under load."""

import collections
import os
import subprocess
import threading
import time

import http1
from harness import Figure, Server, free_port, percentile, progress, wait_until

TITLE = "Rolling restart behind HAProxy"
PROMISE = ("Two replicas behind Debian's HAProxy with deploy/haproxy/haproxy.cfg are restarted in turn by SIGTERM "
           "under load, and no request fails. HAProxy tries the other replica if a connection was refused or if the "
           "answer is 503 (the model is loading), as is normal practice (`retry-on conn-failure 503`). A request "
           "that a replica accepted and did not answer is not sent again, and would count as failed.")

CONFIGURATION = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../deploy/haproxy/haproxy.cfg")
ADDRESSES = {"front": "127.0.0.1:8000", "one": "127.0.0.1:8081", "two": "127.0.0.1:8082"}
CLIENTS = 8
SETTLE_SECONDS = 1.0  # twice HAProxy's interval of checks, so that it notices a replica that has come back


def run(settings):
    rounds = 1 if settings.quick else 10
    ports = {name: free_port() for name in ADDRESSES}
    replicas = {name: Server(settings, port=ports[name], log_level="warning") for name in ("one", "two")}
    statuses = []
    with Proxy(settings, ports) as proxy, Load(ports["front"]) as load:
        for number in range(rounds):
            for name in replicas:
                time.sleep(SETTLE_SECONDS)
                statuses.append(replicas[name].stop())
                replicas[name].log.close()
                replicas[name] = Server(settings, port=ports[name], log_level="warning")
            progress(f"rolling: {number + 1} of {rounds}, {load.counts()}")
        time.sleep(SETTLE_SECONDS)
        load.stop()
        is_up = proxy.process.poll() is None
    for replica in replicas.values():
        statuses.append(replica.stop())
    counts = load.counts()
    failed = {name: count for name, count in counts.items() if name != "200"}
    return [
        Figure("replicas restarted", str(2 * rounds), "", True),
        Figure("requests answered with 200", f"{counts['200']:,}", "", counts["200"] > 0),
        Figure("requests that failed", ", ".join(f"{count} {name}" for name, count in failed.items()) or "0", "0",
               not failed and is_up),
        Figure("the slowest answer, the 99th percentile",
               f"{max(load.seconds):.2f} s, {percentile(load.seconds, 0.99):.2f} s", "", True),
        Figure.exactly("exits of replicas with status 0", statuses.count(0), 2 * rounds + 2),
    ]


class Proxy:
    def __init__(self, settings, ports):
        with open(CONFIGURATION, encoding="utf-8") as file:
            text = file.read()
        for name, address in ADDRESSES.items():
            assert text.count(address) == 1, f"{CONFIGURATION} has no {address}"
            text = text.replace(address, f"127.0.0.1:{ports[name]}")
        path = os.path.join(settings.folder, "haproxy.cfg")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.process = subprocess.Popen(["haproxy", "-f", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not wait_until(lambda: self.answers(ports["front"])):
            self.process.kill()
            raise SystemExit(f"haproxy -f {path} does not answer")

    def answers(self, port):
        try:
            return http1.Connection(port, timeout=5).ask(http1.LIVE)[0] == 200
        except (OSError, http1.Lost):
            return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Load:
    """Clients of the proxy: half keep their connection, half open one for each request."""

    def __init__(self, port):
        self.port = port
        self.is_over = False
        self.results, self.seconds = [], []
        self.threads = [threading.Thread(target=self.ask_on, args=(number % 2 == 0,)) for number in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.is_over = True
        for thread in self.threads:
            thread.join()

    def counts(self):
        return collections.Counter(self.results)

    def ask_on(self, keeps):
        connection = None
        while not self.is_over:
            started = time.monotonic()
            try:
                connection = connection or http1.Connection(self.port)
                status, stays, _ = connection.ask(http1.POST_EMBED)
                self.results.append(str(status))
            except (OSError, http1.Lost) as error:
                stays = False
                self.results.append(f"{type(error).__name__}: {error}")
            self.seconds.append(time.monotonic() - started)
            if connection and not (keeps and stays):
                connection.close()
                connection = None
            # A pause of each client: without it the clients take the CPUs from the service.
            time.sleep(0.002)
