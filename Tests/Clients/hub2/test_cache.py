"""huggingface_hub's cache: the library finds what `swiftlet pull` fetched, and the other way round."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

BINARY = os.environ["SWIFTLET_BINARY"]
HUB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Hub", "hub.py")
# In a process of its own: the library reads its environment once.
LIBRARY = "import huggingface_hub as h, json, sys; print(json.dumps({}))"


class CacheTests(unittest.TestCase):
    def setUp(self):
        self.hub = subprocess.Popen([sys.executable, HUB], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.cache = tempfile.TemporaryDirectory()
        self.variables = {
            **os.environ,
            "HF_ENDPOINT": json.loads(self.hub.stdout.readline())["hub"],
            "HF_HUB_CACHE": self.cache.name,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        }

    def tearDown(self):
        self.hub.communicate()
        self.cache.cleanup()

    def pull(self, model, **variables):
        command = [BINARY, "pull", model]
        run = subprocess.run(command, env=self.variables | variables, capture_output=True, text=True, check=True)
        return run.stdout.strip()

    def library(self, expression):
        command = [sys.executable, "-c", LIBRARY.format(expression)]
        run = subprocess.run(command, env=self.variables, capture_output=True, text=True, check=True)
        return json.loads(run.stdout)

    def test_the_library_finds_what_was_pulled(self):
        folder = self.pull("org/plain")
        self.assertEqual(self.library("h.snapshot_download('org/plain', local_files_only=True)"), folder)
        file = self.library("h.hf_hub_download('org/plain', 'model.safetensors', local_files_only=True)")
        self.assertEqual(file, os.path.join(folder, "model.safetensors"))
        self.assertIs(
            self.library("h.try_to_load_from_cache('org/plain', 'modules.json') is h._CACHED_NO_EXIST"), True
        )
        self.assertEqual(self.library("[str(w) for w in h.scan_cache_dir().warnings]"), [])

    def test_a_pull_finds_what_the_library_fetched(self):
        folder = self.library("h.snapshot_download('org/sentences')")
        self.assertEqual(self.pull("org/sentences", HF_HUB_OFFLINE="1"), folder)

    def test_both_at_once_fetch_a_file_once(self):
        pull = subprocess.Popen([BINARY, "pull", "org/crawling"], env=self.variables, stdout=subprocess.PIPE, text=True)
        folder = self.library("h.snapshot_download('org/crawling', allow_patterns=['*.json', '*.txt', '*.safetensors'])")
        self.assertEqual(pull.communicate()[0].strip(), folder)
        self.assertEqual(pull.returncode, 0)
        names = os.listdir(os.path.join(self.cache.name, "models--org--crawling", "blobs"))
        self.assertEqual([name for name in names if name.endswith(".incomplete")], [])


if __name__ == "__main__":
    unittest.main()
