"""Every tab of the playground, with models that have its head."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

import checks
from browser import Browser
from service import CLIENTS, PICTURES, TABS, post, service

KEYS = {"Tab": "\ue004", "Right": "\ue014", "End": "\ue010", "Home": "\ue011", "Enter": "\ue007", "Escape": "\ue00c"}
VIEW = ".view:not([hidden])"
# Ready: the shown tab has an answer that is not being asked for anew.
ANSWERED = f"""
const view = document.querySelector("{VIEW}");
const answer = view?.querySelector(".answer");
return answer && !answer.hasAttribute("aria-busy") && answer.querySelector(".cost:not([hidden])") !== null;
"""


def summary(browser):
    return browser.run(f"return document.querySelector('{VIEW} .summary').textContent")


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = cls.enterClassContext(Browser())

    def show(self, url, tab, width=1280, scheme="light"):
        """Opens a tab and waits for its answer."""
        self.browser.look(width, 900, scheme)
        self.browser.clear()
        self.browser.open(f"{url}/#{tab}")
        self.browser.until(ANSWERED, what=f"an answer of {tab}")

    def change(self, selector, text):
        """Writes a text and waits for its answer: the summary's element is another state than before."""
        self.browser.write(selector, text)
        self.browser.run("window.settled = performance.now()")
        self.browser.until("return performance.now() - window.settled > 700")
        self.browser.until(ANSWERED)

    def assert_silent(self):
        self.assertEqual(self.browser.console(), [])


class TabTests(Case):
    def test_every_model_has_the_tabs_of_its_heads_and_no_fault_in_any_dress(self):
        for name, tabs in TABS.items():
            with service(name) as url:
                for tab in tabs:
                    for width, scheme in [(1280, "light"), (1280, "dark"), (400, "light"), (400, "dark")]:
                        with self.subTest(model=name, tab=tab, width=width, scheme=scheme):
                            self.show(url, tab, width, scheme)
                            found = self.browser.run(
                                "return [...document.querySelectorAll('#tabs .tab')].map((tab) => tab.id.slice(4))"
                            )
                            self.assertEqual(found, tabs)
                            for fault in ("STRUCTURE", "CONTRAST", "WIDTH"):
                                self.assertEqual(self.browser.run(getattr(checks, fault)), [], fault)
                            self.browser.picture(os.path.join(PICTURES, f"{name}-{tab}-{width}-{scheme}.png"))
                            self.assert_silent()

    def test_each_tab_shows_what_the_service_answers(self):
        expected = {
            ("mobilebert-mini", "classify"): lambda url: post(url, "/classify", {"inputs": self.value("classify-text")})[
                0
            ][0]["label"],
            ("zero-shot", "zero-shot"): lambda url: post(
                url,
                "/zero_shot",
                {
                    "inputs": self.value("zero-shot-text"),
                    "candidate_labels": self.value("zero-shot-labels").split(", "),
                    "hypothesis_template": self.value("zero-shot-template"),
                },
            )["labels"][0],
            ("reranker", "rerank"): lambda url: self.best_text(url),
            ("mobilebert-qa", "answers"): lambda url: post(
                url,
                "/question_answering",
                {"question": self.value("answers-question"), "context": self.value("answers-context")},
            )["answer"],
            ("mobilebert-pretraining", "masks"): lambda url: post(
                url, "/fill_mask", {"inputs": self.value("masks-text")}
            )[0]["token_str"],
            ("mobilebert-choice", "choices"): lambda url: post(
                url,
                "/multiple_choice",
                {"prompt": self.value("choices-prompt"), "choices": self.value("choices-choices").split("\n")},
            )["choice"],
        }
        for (name, tab), answer in expected.items():
            with self.subTest(model=name, tab=tab), service(name) as url:
                self.show(url, tab)
                self.assertTrue(summary(self.browser).startswith(answer(url)))
        with service("mobilebert-pretraining") as url:
            self.show(url, "next")
            pair = [self.value("next-first"), self.value("next-second")]
            judged = post(url, "/next_sentence", {"inputs": pair})
            continues = summary(self.browser) == "It continues the first text"
            self.assertEqual(continues, judged["is_next"] >= judged["not_next"])
        with service("mobilebert-tokens") as url:
            self.show(url, "names")
            body = {"inputs": self.value("names-text"), "aggregation_strategy": "simple"}
            marks = self.browser.run(f"return [...document.querySelectorAll('{VIEW} mark')].map((m) => m.firstChild.data)")
            text = self.value("names-text")
            self.assertEqual(marks, [text[one["start"] : one["end"]] for one in post(url, "/token_classify", body)])

    def best_text(self, url):
        texts = self.value("rerank-texts").split("\n")
        return texts[post(url, "/rerank", {"query": self.value("rerank-query"), "texts": texts})[0]["index"]]

    def value(self, identity):
        return self.browser.run("return document.getElementById(arguments[0]).value", identity)

    def test_each_request_runs_as_it_is_shown_for_curl(self):
        for name, tabs in TABS.items():
            with service(name) as url:
                for tab in tabs:
                    with self.subTest(model=name, tab=tab):
                        self.show(url, tab)
                        command = self.browser.run(f"return document.querySelector('{VIEW} .uses code').textContent")
                        run = subprocess.run(["sh", "-c", command + " -sf"], capture_output=True, text=True)
                        self.assertEqual(run.returncode, 0, command)
                        self.assertRegex(run.stdout, r"^[\[{]")

    def test_each_request_runs_as_it_is_shown_for_python(self):
        try:
            python = CLIENTS.environment("hub2")
        except CLIENTS.NoIndex:
            self.skipTest("pip reaches no package index")
        for name, tabs in TABS.items():
            with service(name) as url:
                for tab in tabs:
                    for language in ("Python", "OpenAI"):
                        with self.subTest(model=name, tab=tab, language=language):
                            self.show(url, tab)
                            program = self.browser.run(
                                "return document.getElementById(arguments[0]).textContent", f"code-{tab}-{language}"
                            )
                            if not program and language == "OpenAI":
                                continue
                            run = subprocess.run([python, "-c", program], capture_output=True, text=True)
                            self.assertEqual(run.returncode, 0, program + run.stderr)
                            self.assertTrue(run.stdout.strip())


    @unittest.skipUnless(shutil.which("swiftc"), "no Swift compiler")
    def test_a_request_runs_as_it_is_shown_for_swift(self):
        with service("mobilebert-mini") as url, tempfile.TemporaryDirectory() as folder:
            self.show(url, "classify")
            self.change("#classify-text", 'A "#fine" film \\#(x) ##')
            source, program = os.path.join(folder, "main.swift"), os.path.join(folder, "program")
            with open(source, "w", encoding="utf-8") as file:
                file.write(self.browser.run("return document.getElementById('code-classify-Swift').textContent"))
            subprocess.run(["swiftc", "-swift-version", "6", source, "-o", program], check=True)
            run = subprocess.run([program], capture_output=True, text=True, check=True)
            expected = post(url, "/classify", {"inputs": self.value("classify-text")})
            self.assertEqual(json.loads(run.stdout), expected)


class TypingTests(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.url = cls.enterClassContext(service("mobilebert-mini"))

    def setUp(self):
        self.show(self.url, "classify")

    def test_the_answer_follows_what_is_typed_and_late_answers_are_dropped(self):
        # Answers of long texts come late: the first request is held back until the second has been answered.
        self.browser.run("""
            const real = window.fetch;
            window.held = [];
            window.fetch = async (...request) => {
              const answer = await real(...request);
              if (String(request[1]?.body).includes("awful")) {
                await new Promise((resolve) => window.held.push(resolve));
              }
              return answer;
            };
        """)
        self.browser.write("#classify-text", "awful, dull and long")
        self.browser.until("return window.held.length > 0")
        self.change("#classify-text", "wonderful and funny")
        self.browser.run("for (const resolve of window.held) resolve();")
        self.browser.run("window.settled = performance.now()")
        self.browser.until("return performance.now() - window.settled > 300")
        self.assertTrue(summary(self.browser).startswith("POSITIVE"))

    def test_an_empty_field_asks_nothing_and_says_what_to_do(self):
        self.browser.run("""
            const area = document.getElementById("classify-text");
            area.value = "";
            area.dispatchEvent(new Event("input"));
        """)
        self.browser.until(f"return document.querySelector('{VIEW} .empty') !== null")
        self.assert_silent()

    def test_tokens_tell_their_ids_and_places_to_pointer_and_keyboard(self):
        self.change("#classify-text", "Zoë 👍 unbelievable")
        tokens = post(self.url, "/tokenize", {"inputs": "Zoë 👍 unbelievable", "offsets": "utf16"})[0]
        names = self.browser.run(
            f"return [...document.querySelectorAll('{VIEW} .tokens .piece')].map((p) => p.getAttribute('aria-label'))"
        )
        places = [f"{one['start']} to {one['stop']}" if one["start"] is not None else "added" for one in tokens]
        self.assertEqual(names, [f"{t['token']} · id {t['id']} · {place}" for t, place in zip(tokens, places)])
        self.browser.run(f"document.querySelector('{VIEW} .tokens .piece').focus()")
        self.browser.press(KEYS["Right"])
        self.assertEqual(self.browser.run("return document.querySelector('.tip:not([hidden])').textContent"), names[1])

    def test_texts_are_shown_as_texts_whatever_stands_in_them(self):
        self.change("#classify-text", "<img src=x onerror=alert(1)> & <b>bold</b>")
        self.assertEqual(self.browser.run(f"return document.querySelectorAll('{VIEW} img, {VIEW} b').length"), 0)
        self.assert_silent()

    def test_costs_are_shown(self):
        cost = self.browser.run(f"return document.querySelector('{VIEW} .cost').textContent")
        self.assertRegex(cost, r"^\d+ tokens · \d+ ms in the service · [\d.]+ ms round trip$")

    def test_tabs_move_with_the_arrow_keys_and_the_address_names_the_tab(self):
        self.browser.run("document.getElementById('tab-classify').focus()")
        self.browser.press(KEYS["Right"])
        chosen = "return document.querySelector('#tabs [aria-selected=true]').id"
        self.assertEqual(self.browser.run(chosen), "tab-similarity")
        self.browser.press(KEYS["End"])
        self.assertEqual(self.browser.run(chosen), "tab-tokens")
        self.browser.press(KEYS["Right"])
        self.assertEqual(self.browser.run(chosen), "tab-classify")
        self.assertEqual(self.browser.run("return location.hash"), "#classify")

    def test_the_tab_key_visits_everything_in_the_order_of_the_page(self):
        self.browser.run("document.activeElement.blur()")
        seen = []
        for _ in range(30):
            self.browser.press(KEYS["Tab"])
            state = self.browser.run("""
                const element = document.activeElement;
                if (element === document.body) return null;
                const all = [...document.querySelectorAll("*")];
                return [all.indexOf(element), element.id || element.textContent.trim(),
                  getComputedStyle(element).outlineStyle !== "none" || getComputedStyle(element).boxShadow !== "none"];
            """)
            if state is None or state[1] in [name for _, name, _ in seen]:
                break
            seen.append(state)
        names = [name for _, name, _ in seen]
        self.assertEqual([place for place, _, _ in seen], sorted(place for place, _, _ in seen))
        self.assertTrue(all(visible for _, _, visible in seen), seen)
        self.assertEqual(names[0], "Skip to the model")
        for name in ("reference", "API key", "tab-classify", "Praise", "classify-text", "tab-classify-curl"):
            self.assertIn(name, names)
        self.assertNotIn("tab-tokens", names)

    def test_programs_are_copied_and_shown_in_each_language(self):
        self.show(self.url, "similarity")
        self.browser.command("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        for language, word in [("Python", "feature_extraction"), ("OpenAI", "base_url"), ("Swift", "URLRequest")]:
            self.browser.click(f"#tab-similarity-{language}")
            self.browser.click(f"{VIEW} .uses .head > .button")
            self.browser.until(f"return document.querySelector('{VIEW} .uses .head > .button').innerText.startsWith('Copied')")
            copied = self.browser.call(
                "/execute/async", {"script": "navigator.clipboard.readText().then(arguments[0])", "args": []}
            )
            shown = self.browser.run(f"return document.querySelector('#code-similarity-{language}').textContent")
            self.assertEqual(copied, shown)
            self.assertIn(word, shown)


class SimilarityTests(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.url = cls.enterClassContext(service("mobilebert-mini"))

    def setUp(self):
        self.show(self.url, "similarity")

    def test_numbers_are_the_cosines_of_the_vectors(self):
        texts = self.browser.run("return document.getElementById('similarity-texts').value").split("\n")
        expected = post(
            self.url, "/similarity", {"inputs": {"source_sentence": texts[0], "sentences": texts[1:]}}
        )
        best = max(range(len(expected)), key=expected.__getitem__)
        bar = self.browser.run(f"return document.querySelector('{VIEW} .nearest li').innerText").split("\n")
        self.assertEqual(bar, [f"{best + 2}. {texts[best + 1]}", f"{expected[best]:.3f}"])

    def test_another_text_is_chosen_by_the_list_the_map_or_the_plot(self):
        chosen = "return document.getElementById('similarity-of').value"
        self.browser.run("""
            const select = document.getElementById("similarity-of");
            select.value = "3";
            select.dispatchEvent(new Event("change"));
        """)
        self.assertTrue(self.browser.run(f"return document.querySelectorAll('{VIEW} .heat td.chosen').length") == 8)
        self.browser.run(f"document.querySelectorAll('{VIEW} .heat tbody tr')[5].children[2].click()")
        self.assertEqual(self.browser.run(chosen), "5")
        self.browser.click(f"{VIEW} .plot g:not(.chosen):not(.near) > circle")
        self.assertNotEqual(self.browser.run(chosen), "5")

    def test_a_file_gives_the_texts_and_many_of_them_become_a_picture(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "reviews.csv")
            with open(path, "w", encoding="utf-8") as file:
                file.write("id,text\r\n" + "".join(f'{n},"A film, number {n}, ""fine""."\r\n' for n in range(300)))
            element = self.browser.find("#similarity-file")
            self.browser.call(f"/element/{element}/value", {"text": path})
            self.browser.until(f"return document.querySelector('{VIEW} canvas') !== null")
        texts = self.browser.run("return document.getElementById('similarity-texts').value").split("\n")
        self.assertEqual((len(texts), texts[1]), (250, 'A film, number 1, "fine".'))
        for fault in ("STRUCTURE", "CONTRAST", "WIDTH"):
            self.assertEqual(self.browser.run(getattr(checks, fault)), [], fault)
        self.browser.picture(os.path.join(PICTURES, "similarity-of-many.png"))
        self.assert_silent()


if __name__ == "__main__":
    unittest.main()
