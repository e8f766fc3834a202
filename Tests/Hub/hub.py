#!/usr/bin/env python3
"""A Hub on loopback for HubTests and scripts/test-clients. Its models behave like the real Hub's, well or badly.

Prints {"hub": <address>, "cdn": <address>} and serves until its standard input ends. The name of a model says how it
behaves. All models have the same files unless FILES says otherwise. An argument is a folder: the model "real", which can
be loaded. GET <hub>/log returns the requests so far.
"""
import hashlib
import json
import pathlib
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "hf_good"
WEIGHTS = bytes((i * 7919 >> 3) & 255 for i in range(300_000))
SMALL = {
    "config.json": b'{"model_type": "mobilebert"}\n',
    "vocab.txt": b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n",
    "tokenizer_config.json": b'{"do_lower_case": true}\n',
}
PLAIN = SMALL | {"model.safetensors": WEIGHTS, "pytorch_model.bin": WEIGHTS[::-1], "README.md": b"Hello.\n",
                 "tf_model.h5": WEIGHTS[1:], "onnx/model.onnx": WEIGHTS[2:]}


def sharded(*names):
    index = json.dumps({"weight_map": {f"w{i}": name for i, name in enumerate(names)}}).encode()
    return SMALL | {"model.safetensors.index.json": index} | {name: WEIGHTS[i:] for i, name in enumerate(names)}


MODULES = json.dumps([
    {"idx": 0, "name": "0", "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"},
    {"idx": 3, "name": "3", "path": "3_Normalize", "type": "sentence_transformers.models.Normalize"}]).encode()
SENTENCES = {"modules.json": MODULES, "config_sentence_transformers.json": b"{}", "1_Pooling/config.json": b"{}",
             "2_Dense/config.json": b"{}", "2_Dense/pytorch_model.bin": WEIGHTS[3:],
             "2_Dense/model.safetensors": WEIGHTS[4:], "notes/secret.txt": b"no\n"} | {
    f"0_Transformer/{name}": content for name, content in (SMALL | {"model.safetensors": WEIGHTS}).items()}

FILES = {
    "bin": {k: v for k, v in PLAIN.items() if k != "model.safetensors"},
    "sharded": sharded("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"),
    "escape": sharded("../../../../escaped") | {"../../../../escaped": WEIGHTS},
    "sentences": SENTENCES,
    "weightless": SMALL,
    "unsafe": PLAIN | {"../outside.txt": b"x", "/etc/absolute": b"x", "a\\b": b"x"},
}
if len(sys.argv) > 1:
    # A model that can be loaded: the files of a folder.
    folder = pathlib.Path(sys.argv[1])
    FILES["real"] = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
requests, counts, lock = [], {}, threading.Lock()


def count(*key):
    with lock:
        counts[key] = counts.get(key, 0) + 1
        return counts[key]


def is_large(content):
    return len(content) > 10_000


def etag(content):
    if is_large(content):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body=b"", **fields):
        if "hinted" in self.path.split("/"):
            self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nETag: \"early\"\r\n\r\n")
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), str(value))
        if "Content_Length" not in fields:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def error(self, status, code, message):
        self.answer(status, json.dumps({"error": message}).encode(), X_Error_Code=code, X_Error_Message=message)

    def note(self, host):
        with lock:
            requests.append({"host": host, "method": self.command, "path": self.path,
                             "range": self.headers.get("Range"), "token": self.headers.get("Authorization"),
                             "agent": self.headers.get("User-Agent")})

    def do_HEAD(self):
        self.do_GET()


class Hub(Handler):
    def do_GET(self):
        if self.path == "/log":
            with lock:
                return self.answer(200, json.dumps(requests).encode())
        self.note("hub")
        parts = self.path.split("?")[0].strip("/").split("/")
        api = parts[:2] == ["api", "models"]
        owner, name, *rest = parts[2:] if api else parts
        files = FILES.get(name, PLAIN)
        if owner != "org":
            return self.error(404, "RepoNotFound", "Repository not found")
        if name == "private" and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.error(401, "RepoNotFound", "Invalid username or password.")
        if name == "gated":
            return self.error(403, "GatedRepo", "Access to model org/gated is restricted.")
        if name == "down":
            return self.error(503, "", "try later")
        if name == "garbage":
            return self.answer(200, b"<html>Welcome to our network! Please log in.</html>")
        if name == "throttled" and count(self.command, self.path) == 1:
            return self.answer(429, b"", Retry_After=0)
        if name == "shaky" and count(self.command, self.path) == 1:
            return self.answer(503, b"busy")
        if name == "silent" and count(self.command, self.path) == 1:
            self.close_connection = True
            return None
        if name == "slow" and count(self.command, self.path) == 1:
            time.sleep(1.5)
        if api and name == "plainly":
            if rest:
                return self.answer(404, b"no such page")
            rest = ["revision", "main"]
        revision = rest[1] if len(rest) > 1 else ""
        if revision not in ("main", COMMIT, "refs%2Fpr%2F1", "v1"):
            return self.error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if api and name == "treed" and rest[0] == "revision":
            return self.answer(200, json.dumps({"sha": COMMIT}).encode())
        if api and rest[0] == "tree":
            tree = [{"type": "file", "path": path, "size": len(content), "oid": etag(content)[:40]} |
                    ({"lfs": {"oid": etag(content), "size": len(content), "pointerSize": 134}} if is_large(content)
                     else {}) for path, content in files.items()]
            return self.answer(200, json.dumps(tree).encode(), Content_Type="application/json")
        if api:
            listing = {"id": f"{owner}/{name}", "sha": COMMIT, "siblings": [{"rfilename": f} for f in files]}
            return self.answer(200, json.dumps(listing).encode(), Content_Type="application/json")
        if name == "renamed":
            return self.answer(307, b"moved", Location=self.path.replace("/renamed/", "/plain/"), ETag='"page"')
        if name == "loop":
            return self.answer(302, b"", Location=self.path)
        path = "/".join(rest[2:])
        content = files.get(path)
        if content is None:
            return self.error(404, "EntryNotFound", "Entry not found")
        if name == "unnamed":
            return self.answer(200, content)
        if is_large(content):
            size = 1 << 50 if name == "huge" else len(content)
            where = f"{cdn_address}/{name}/{path}?signature=secret"
            return self.answer(302, b"Found", Location=where, X_Repo_Commit=COMMIT, X_Linked_Size=size,
                               X_Linked_ETag=f'"{etag(content)}"', ETag='"of the page"')
        if name == "damaged-small" and path == "vocab.txt" and self.command == "GET":
            return self.answer(200, content[:-1] + b"?", X_Repo_Commit=COMMIT, ETag=f'"{etag(content)}"')
        return self.answer(200, content, X_Repo_Commit=COMMIT, ETag=f'W/"{etag(content)}"')


class CDN(Handler):
    """A host that knows no tokens, and refuses every request that shows one."""

    def do_GET(self):
        self.note("cdn")
        if self.headers.get("Authorization"):
            return self.answer(400, b"a token")
        name, path = self.path.split("?")[0].strip("/").split("/", 1)
        content, attempt = FILES.get(name, PLAIN)[path], count("cdn", self.path)
        if name == "damaged" or (name == "damaged-once" and attempt == 1):
            content = content[:1000] + b"?" + content[1001:]
        if name == "short":
            content = content[:-5]
        if name == "long":
            content += b"more"
        if name == "expired" and attempt == 1:
            return self.answer(403, b"the link has expired")
        whole, status, fields, start = len(content), 200, {}, 0
        asked = self.headers.get("Range")
        if asked and name not in ("rangeless", "damaged"):
            start = int(asked.removeprefix("bytes=").split("-")[0])
            if start >= whole or name == "unsatisfied":
                return self.answer(416, b"", Content_Range=f"bytes */{whole}")
            if name == "other-range":
                start += 1
            status, fields = 206, {"Content_Range": f"bytes {start}-{whole - 1}/{whole}"}
        body = content[start:]
        cuts = {"broken": 3, "rangeless": 1, "other-range": 1, "unsatisfied": 1}.get(name, 0)
        if attempt <= cuts:
            # The connection ends before the announced length has come.
            self.answer(status, body[:60_000], Content_Length=len(body), **fields)
            self.close_connection = True
            return None
        if name in ("crawling", "real"):
            self.answer(status, Content_Length=len(body), **fields)
            step = max(1, len(body) // 10)
            for i in range(0, len(body), step):
                self.wfile.write(body[i:i + step])
                time.sleep(0.03)
            return None
        return self.answer(status, body, **fields)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # A client that disconnects is no error here.


hub, cdn = Server(("127.0.0.1", 0), Hub), Server(("127.0.0.1", 0), CDN)
# Another name for the same machine: a host that is not the Hub's.
cdn_address = f"http://localhost:{cdn.server_address[1]}"
if __name__ == "__main__":
    for server in (hub, cdn):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"hub": f"http://127.0.0.1:{hub.server_address[1]}", "cdn": cdn_address}), flush=True)
    sys.stdin.read()
