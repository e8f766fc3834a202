"""huggingface_hub's InferenceClient, with the address of a route, as its users give it, and with the service's alone."""

import unittest

from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError

from service import BAD, GOOD, HIDDEN_SIZE, MODEL, TEXTS, URL, assert_close, embed, post


class HubTests(unittest.TestCase):
    def setUp(self):
        self.embedder = InferenceClient(model=URL + "/embed")
        self.classifier = InferenceClient(model=URL + "/classify")

    def test_feature_extraction_gives_the_vectors_of_embed(self):
        assert_close(self, self.embedder.feature_extraction(GOOD), embed(GOOD))
        assert_close(self, self.embedder.feature_extraction(TEXTS), embed(TEXTS))

    def test_feature_extraction_hands_its_options_on(self):
        long = "word " * 1000
        options = {"normalize": False, "truncate": True, "truncation_direction": "left"}
        assert_close(self, self.embedder.feature_extraction(long, **options), embed(long, **options))
        cut = self.embedder.feature_extraction(GOOD, dimensions=16)
        assert_close(self, cut, embed(GOOD, dimensions=16))

    def test_text_classification_gives_every_label_best_first(self):
        expected = post("/classify", {"inputs": GOOD})[0]
        labels = self.classifier.text_classification(GOOD)
        self.assertEqual([item.label for item in labels], ["POSITIVE", "NEGATIVE"])
        for item, other in zip(labels, expected):
            self.assertAlmostEqual(item.score, other["score"], delta=1e-6)
        self.assertEqual(self.classifier.text_classification(BAD)[0].label, "NEGATIVE")

    def test_text_classification_honours_top_k_and_function_to_apply(self):
        self.assertEqual(len(self.classifier.text_classification(GOOD, top_k=1)), 1)
        raw = self.classifier.text_classification(GOOD, function_to_apply="none")
        logits = {item["label"]: item["logit"] for item in post("/classify", {"inputs": GOOD})[0]}
        for item in raw:
            self.assertAlmostEqual(item.score, logits[item.label], delta=1e-5)

    def test_sentence_similarity_gives_cosines(self):
        client = InferenceClient(model=URL + "/similarity")
        cosines = client.sentence_similarity(GOOD, [GOOD, BAD])
        vectors = embed([GOOD, BAD])
        self.assertAlmostEqual(cosines[0], 1, delta=1e-5)
        self.assertAlmostEqual(cosines[1], sum(x * y for x, y in zip(*vectors)), delta=1e-5)

    def test_the_service_s_address_alone_is_enough(self):
        client = InferenceClient(model=URL)
        assert_close(self, client.feature_extraction(TEXTS), embed(TEXTS))
        self.assertEqual(client.text_classification(GOOD)[0].label, "POSITIVE")
        self.assertEqual(len(client.sentence_similarity(GOOD, [GOOD, BAD])), 2)

    def test_health_and_information(self):
        client = InferenceClient(model=URL, provider="hf-inference")
        self.assertTrue(client.health_check())
        self.assertEqual(client.get_endpoint_info()["model_id"], MODEL)

    def test_a_bad_request_is_an_error_that_tells_the_reason(self):
        with self.assertRaises(HfHubHTTPError) as caught:
            self.embedder.feature_extraction(GOOD, dimensions=HIDDEN_SIZE + 1)
        self.assertEqual(caught.exception.response.status_code, 422)
        self.assertIn("dimensions", caught.exception.response.json()["error"])


if __name__ == "__main__":
    unittest.main()
