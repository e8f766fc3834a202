"""Chromium, driven through chromedriver's WebDriver interface by the standard library alone."""

import base64
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request

# The key of an element's reference in WebDriver's JSON (W3C WebDriver, 12.2).
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
START_LIMIT = 30.0  # seconds until chromedriver answers
WAIT_LIMIT = 20.0  # seconds until what a test waits for has come


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Browser:
    """A headless Chromium. Use it in `with`: it ends with the block."""

    def __init__(self):
        self.port = free_port()
        self.driver = subprocess.Popen(
            ["chromedriver", f"--port={self.port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + START_LIMIT
        while True:
            try:
                if self.request("GET", "/status")["ready"]:
                    break
            except OSError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.05)
        # Chromium's sandbox refuses to run as root; the pages are our own.
        options = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
        if os.geteuid() == 0:
            options.append("--no-sandbox")
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": options},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        answer = self.request("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = f"/session/{answer['sessionId']}"
        self.version = answer["capabilities"]["browserVersion"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.request("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait(10)

    def request(self, method, path, body=None):
        data = None if method == "GET" else json.dumps(body or {}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None

    def call(self, path, body=None):
        return self.request("POST", self.session + path, body)

    def command(self, name, **parameters):
        """A command of the DevTools protocol."""
        return self.call("/goog/cdp/execute", {"cmd": name, "params": parameters})

    def open(self, url):
        self.call("/url", {"url": url})

    def run(self, script, *arguments):
        """The value of a script's `return`; the script sees its arguments as `arguments`."""
        return self.call("/execute/sync", {"script": script, "args": list(arguments)})

    def until(self, script, *arguments, what=None):
        """Waits until a script returns something true, which is returned."""
        deadline = time.monotonic() + WAIT_LIMIT
        while True:
            value = self.run(script, *arguments)
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f"still not so after {WAIT_LIMIT:.0f} s: {what or script}")
            time.sleep(0.05)

    def find(self, selector):
        return self.call("/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self.call(f"/element/{self.find(selector)}/click")

    def write(self, selector, text):
        """Replaces a field's text by key presses."""
        element = self.find(selector)
        self.call(f"/element/{element}/clear")
        self.call(f"/element/{element}/value", {"text": text})

    def press(self, *keys):
        """Presses keys, each by its code point in WebDriver (17.4.2), at the element that has the focus."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def console(self):
        """The lines that the console has got since the last call."""
        return [f"{line['level']}: {line['message']}" for line in self.call("/se/log", {"type": "browser"})]

    def clear(self):
        """Leaves the page, and forgets what it has written to the console."""
        self.open("about:blank")
        self.console()

    def look(self, width, height, scheme):
        """Sets the window's size in CSS pixels, and whether the system prefers light or dark."""
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self, path):
        """Saves a picture of the whole page."""
        size = self.command("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
