"""The built program: one server for each case, on a port of its own."""

import http.client
import json
import os
import subprocess
import tempfile
import time

START_LIMIT = 60.0  # seconds


class Refused(Exception):
    """The program does not start with the folder, or refuses a request."""


class Program:
    """A server, which is ended when the context ends."""

    def __init__(self, binary, path, options=()):
        self.errors = tempfile.TemporaryFile()
        variables = {key: value for key, value in os.environ.items() if not key.startswith("SWIFTLET_")}
        command = [
            binary,
            "serve",
            "--model",
            path,
            "--served-model-name",
            "m",
            "--port",
            "0",
            "--access-log",
            "off",
            "--log-format",
            "json",
            "--workers",
            "1",
            *options,
        ]
        self.process = subprocess.Popen(
            command, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.errors
        )
        self.connection = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.errors.close()
        if self.connection:
            self.connection.close()

    def log(self):
        """The lines of the log so far; text that is no JSON is a message of its own."""
        content = os.pread(self.errors.fileno(), 1 << 20, 0).decode(errors="replace")
        lines = []
        for line in content.splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                lines.append({"level": "error", "message": line})
        return lines

    def wait(self):
        """Waits until the model is loaded."""
        deadline = time.monotonic() + START_LIMIT
        while True:
            ended = self.process.poll() is not None
            lines = self.log()
            if any(line["message"] == "ready" for line in lines):
                break
            if ended or time.monotonic() > deadline:
                errors = [line for line in lines if line["level"] not in ("info", "warning")]
                message = " ".join(str(line.get("error", line["message"])) for line in errors)
                raise Refused(message or f"exit status {self.process.poll()} without a message")
            time.sleep(0.005)
        address = next(line["address"] for line in lines if line["message"] == "listening")
        host, port = address.rsplit(":", 1)
        self.connection = http.client.HTTPConnection(host, int(port), timeout=60)

    def warnings(self):
        return [json.dumps(line, ensure_ascii=False) for line in self.log() if line["level"] == "warning"]

    def ask(self, route, body):
        path = "/" + route
        method = "GET" if body is None else "POST"
        deadline = time.monotonic() + START_LIMIT
        while True:
            self.connection.request(
                method, path, None if body is None else json.dumps(body), {"content-type": "application/json"}
            )
            response = self.connection.getresponse()
            content = response.read()
            # On a busy machine the service refuses what it reads late.
            if response.status != 503 or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        value = json.loads(content)
        if response.status != 200:
            raise Refused(f"{path} {response.status}: {value.get('error', content[:200])}")
        return value
