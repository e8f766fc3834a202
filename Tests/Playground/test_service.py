"""The pages when something is in the way: a key, an error, a service that is gone; and the page of all routes."""

import os
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import checks
from service import PICTURES, service
from test_playground import ANSWERED, VIEW, Case, summary

KEY = "correct-horse"


class KeyTests(Case):
    def test_the_page_asks_for_a_key_keeps_it_in_the_tab_and_shows_it_nowhere(self):
        with tempfile.NamedTemporaryFile("w", suffix=".keys") as file:
            file.write(KEY)
            file.flush()
            with service("mobilebert-mini", "--api-keys-file", file.name) as url:
                self.browser.look(1280, 900, "light")
                self.browser.open(url)
                self.browser.until("return document.getElementById('key-sheet').open")
                self.assertIn("API key", self.browser.run("return document.getElementById('notice').textContent"))
                self.browser.picture(os.path.join(PICTURES, "key-is-missing.png"))
                self.assertEqual(self.browser.run(checks.STRUCTURE), [])
                self.browser.write("#key", "wrong\n")
                self.browser.until("return document.getElementById('notice').textContent.includes('not known here')")
                self.browser.write("#key", KEY + "\n")
                self.browser.until(ANSWERED)
                program = self.browser.run(f"return document.querySelector('{VIEW} .uses').textContent")
                self.assertIn('"Authorization: Bearer $SWIFTLET_API_KEY"', program)
                self.assertNotIn(KEY, self.browser.run("return document.documentElement.outerHTML"))
                self.assertEqual(self.browser.run("return localStorage.length + document.cookie.length"), 0)
                self.browser.open(url + "/docs")
                self.browser.until("return document.querySelector('.route') !== null", what="the key, in the same tab")
                self.browser.console()

    def test_without_the_playground_there_is_no_page(self):
        with service("mobilebert-mini", "--no-playground") as url:
            with self.assertRaises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(url + "/playground")
            self.assertEqual(caught.exception.code, 404)
            caught.exception.close()
            self.browser.clear()
            self.browser.open(url + "/docs")
            self.browser.until("return document.querySelector('.route') !== null")
            self.assertTrue(self.browser.run("return document.getElementById('playground').hidden"))
            self.assert_silent()


class TroubleTests(Case):
    def test_errors_are_shown_as_the_service_words_them(self):
        with service("zero-shot") as url:
            self.show(url, "zero-shot")
            self.browser.write("#zero-shot-template", "nothing to fill")
            error = self.browser.until(f"return document.querySelector('{VIEW} .error:not([hidden])')?.textContent")
            self.assertIn("hypothesis_template", error)
            self.assertIn("(422)", error)
            self.browser.picture(os.path.join(PICTURES, "error.png"))
            for fault in ("STRUCTURE", "CONTRAST"):
                self.assertEqual(self.browser.run(getattr(checks, fault)), [], fault)
            self.browser.console()

    def test_the_light_tells_when_the_service_is_gone(self):
        with service("mobilebert-mini") as url:
            self.show(url, "classify")
            self.browser.until("return document.getElementById('health').innerText.trim() === 'Ready'")
        self.browser.until("return document.getElementById('health').innerText.trim() === 'Not reachable'")
        self.browser.write("#classify-text", "anyone?")
        error = self.browser.until(f"return document.querySelector('{VIEW} .error:not([hidden])')?.textContent")
        self.assertIn("cannot be reached", error)
        self.browser.console()

    def test_the_page_has_two_addresses_and_each_with_a_slash(self):
        with service("mobilebert-mini") as url:
            self.browser.look(1280, 900, "light")
            self.browser.clear()
            self.browser.open(url + "/playground")
            self.browser.until(ANSWERED)
            self.assertTrue(summary(self.browser))
            self.browser.open(url + "/playground/")
            self.browser.until(ANSWERED)
            self.assert_silent()


class DocsTests(Case):
    def test_every_example_is_answered_and_no_state_has_a_fault(self):
        for name in ("mobilebert-mini", "mobilebert-pretraining"):
            with service(name) as url:
                for width, scheme in [(1280, "light"), (1280, "dark"), (400, "light"), (400, "dark")]:
                    self.browser.look(width, 900, scheme)
                    self.browser.clear()
                    self.browser.open(url + "/docs")
                    self.browser.until("return document.querySelector('.route') !== null")
                    self.browser.run("document.getElementById('post-embed').open = true")
                    self.browser.until("return document.querySelector('#post-embed .content') !== null")
                    for fault in ("STRUCTURE", "CONTRAST", "WIDTH"):
                        self.assertEqual(self.browser.run(getattr(checks, fault)), [], fault)
                    self.browser.picture(os.path.join(PICTURES, f"docs-{name}-{width}-{scheme}.png"))
                self.browser.run("for (const route of document.querySelectorAll('.route')) route.open = true;")
                count = self.browser.run("return document.querySelectorAll('.route').length")
                self.browser.until("return document.querySelectorAll('.route .content').length === arguments[0]", count)
                self.browser.run("for (const button of document.querySelectorAll('.trial .main')) button.click();")
                states = "return [...document.querySelectorAll('.trial .hint')].map((hint) => hint.textContent)"
                deadline = time.monotonic() + 60
                while any(not state or state == "Asking …" for state in self.browser.run(states)):
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.1)
                self.assertEqual([state for state in self.browser.run(states) if not state.startswith("200")], [])
                self.assert_silent()

    def test_the_search_finds_routes(self):
        with service("mobilebert-mini") as url:
            self.browser.open(url + "/docs")
            self.browser.until("return document.querySelector('.route') !== null")
            self.browser.write("#search", "openai embeddings")
            shown = "return [...document.querySelectorAll('.route')].filter((r) => r.checkVisibility()).map((r) => r.id)"
            self.assertEqual(self.browser.run(shown), ["post-v1-embeddings", "post-embeddings"])
            self.assertEqual(self.browser.run("return document.getElementById('found').textContent"), "2 found")


if __name__ == "__main__":
    unittest.main()
