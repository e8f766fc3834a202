"""Services with models of every head, and requests to them."""

import contextlib
import importlib.machinery
import importlib.util
import json
import os
import shutil
import tempfile
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ["SWIFTLET_BINARY"]
PICTURES = os.environ["PLAYGROUND_PICTURES"]


def script(name):
    """A script of this repository as a module."""
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), os.path.join(ROOT, "scripts", name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


CLIENTS = script("test-clients")
QUIET = ["--log-level", "error", "--drain-delay", "0"]
# The tabs of each model, in order. The models of tasks that the bundled one lacks have random weights.
TABS = {
    "mobilebert-mini": ["classify", "similarity", "tokens"],
    "zero-shot": ["zero-shot", "classify", "similarity", "tokens"],
    "reranker": ["rerank", "classify", "similarity", "tokens"],
    "mobilebert-tokens": ["names", "similarity", "tokens"],
    "mobilebert-qa": ["answers", "similarity", "tokens"],
    "mobilebert-pretraining": ["masks", "next", "similarity", "tokens"],
    "mobilebert-choice": ["choices", "similarity", "tokens"],
    "mobilebert-multilabel": ["classify", "similarity", "tokens"],
}


def make_entailment(folder):
    """The bundled classifier, whose labels are called those of natural language inference."""
    shutil.copytree(CLIENTS.MODEL, folder)
    path = os.path.join(folder, "config.json")
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    config.update(id2label={"0": "contradiction", "1": "entailment"}, label2id={"contradiction": 0, "entailment": 1})
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file)
    return folder


def model_folder(folder, name):
    """The folder of a model of TABS, made below `folder` if the repository has none."""
    path = os.path.join(folder, name)
    if name == "mobilebert-mini":
        return CLIENTS.MODEL
    if name == "reranker":
        return CLIENTS.make_reranker(path)
    return make_entailment(path) if name == "zero-shot" else CLIENTS.task_model(path, name)


@contextlib.contextmanager
def service(name, *options):
    """A service with a model of TABS; its address."""
    with tempfile.TemporaryDirectory() as folder:
        model = model_folder(folder, name)
        arguments = ["--model", model, "--served-model-name", name, "--workers", "1", *QUIET, *options]
        with CLIENTS.server(BINARY, *arguments) as url:
            yield url


def post(url, path, body, **fields):
    """The JSON that the service answers."""
    request = urllib.request.Request(url + path, json.dumps(body).encode(), fields)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)
