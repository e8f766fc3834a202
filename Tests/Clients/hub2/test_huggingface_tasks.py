"""huggingface_hub's InferenceClient with the tasks of other heads, each with its route's addresses and the service's alone.

Other tests compare the routes' answers with Hugging Face's pipelines; this one tests how the client reads them.
"""

import unittest

from huggingface_hub import InferenceClient

from service import FILL_MASK_URL, GOOD, QUESTION_ANSWERING_URL, TOKEN_CLASSIFICATION_URL, URL, post

CONTEXT = "The band was born in a small city in the north, where the river is wide."
QUESTION = "Where was the band born?"


def clients(url, *paths):
    return [InferenceClient(model=url + path) for path in ("", *paths)]


class HubTaskTests(unittest.TestCase):
    def assert_same(self, given, expected):
        """Checks that the client's objects, which hold null for what was not answered, equal the route's answer."""
        self.assertEqual(len(given), len(expected))
        for one, other in zip(given, expected):
            self.assertEqual({key: value for key, value in one.items() if value is not None}, other)

    def test_fill_mask(self):
        text = "The [MASK] was born in the city."
        expected = post("/fill_mask", {"inputs": text}, FILL_MASK_URL)
        self.assertEqual(len(expected), 5)
        for client in clients(FILL_MASK_URL, "/fill_mask", "/fill-mask"):
            self.assert_same(client.fill_mask(text), expected)
            self.assert_same(client.fill_mask(text, top_k=2), expected[:2])
            chosen = client.fill_mask(text, targets=["band", "river"])
            self.assertEqual({item.token_str for item in chosen}, {"band", "river"})

    def test_question_answering(self):
        inputs = {"question": QUESTION, "context": CONTEXT}
        expected = post("/question_answering", {"inputs": inputs}, QUESTION_ANSWERING_URL)
        three = post("/question_answering", {"inputs": inputs, "top_k": 3, "max_answer_len": 4}, QUESTION_ANSWERING_URL)
        for client in clients(QUESTION_ANSWERING_URL, "/question_answering", "/question-answering"):
            answer = client.question_answering(QUESTION, CONTEXT)
            self.assert_same([answer], [expected])
            self.assertEqual(CONTEXT[answer.start : answer.end], answer.answer)
            self.assert_same(client.question_answering(QUESTION, CONTEXT, top_k=3, max_answer_len=4), three)

    def test_token_classification(self):
        expected = post("/token_classify", {"inputs": CONTEXT, "ignore_labels": []}, TOKEN_CLASSIFICATION_URL)
        groups = {"inputs": CONTEXT, "aggregation_strategy": "average"}
        groups = post("/token_classify", groups, TOKEN_CLASSIFICATION_URL)
        self.assertTrue(expected and groups)
        for client in clients(TOKEN_CLASSIFICATION_URL, "/token_classify", "/token-classification"):
            self.assert_same(client.token_classification(CONTEXT, ignore_labels=[]), expected)
            self.assert_same(client.token_classification(CONTEXT, aggregation_strategy="average"), groups)

    def test_zero_shot_classification(self):
        labels = ["praise", "blame", "weather"]
        expected = post("/zero_shot", {"inputs": GOOD, "candidate_labels": labels, "multi_label": True})
        for client in clients(URL, "/zero_shot", "/zero-shot", "/zero-shot-classification"):
            given = client.zero_shot_classification(GOOD, labels, multi_label=True)
            self.assertEqual([item.label for item in given], expected["labels"])
            self.assertEqual([item.score for item in given], expected["scores"])
            whole = client.zero_shot_classification(GOOD, labels, hypothesis_template="It is {}.")
            self.assertAlmostEqual(sum(item.score for item in whole), 1, delta=1e-6)


if __name__ == "__main__":
    unittest.main()
