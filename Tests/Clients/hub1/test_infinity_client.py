"""infinity_client, Infinity's generated client."""

import unittest

from infinity_client import Client
from infinity_client.api.default import classify, embeddings, health, models, rerank
from infinity_client.models import ClassifyInput, OpenAIEmbeddingInputText, RerankInput
from infinity_client.vision_client import InfinityVisionAPI

from service import BAD, GOOD, MODEL, QUERY, RERANKER_URL, TEXTS, URL, assert_close, embed, post, rerank_scores


class InfinityTests(unittest.TestCase):
    def setUp(self):
        self.client = Client(base_url=URL, raise_on_unexpected_status=True)
        self.ranker = Client(base_url=RERANKER_URL, raise_on_unexpected_status=True)

    def test_health_and_models(self):
        self.assertIsNotNone(health.sync(client=self.client))
        model = models.sync(client=self.client).data[0]
        self.assertEqual(model.id, MODEL)
        self.assertEqual(model.stats["queue_absolute"], 0)
        self.assertEqual(model.capabilities, ["embed", "classify"])
        self.assertEqual(models.sync(client=self.ranker).data[0].capabilities, ["embed", "classify", "rerank"])

    def test_embeddings_give_the_vectors_of_embed(self):
        answer = embeddings.sync(client=self.client, body=OpenAIEmbeddingInputText(input_=TEXTS, model=MODEL))
        assert_close(self, [item.embedding for item in answer.data], embed(TEXTS))
        self.assertGreater(answer.usage.total_tokens, 0)

    def test_classify_gives_the_labels_of_classify(self):
        answer = classify.sync(client=self.client, body=ClassifyInput(input_=[GOOD, BAD], model=MODEL))
        expected = post("/classify", {"inputs": [GOOD, BAD]})
        for row, other in zip(answer.data, expected, strict=True):
            self.assertEqual([item.label for item in row], [item["label"] for item in other])
            assert_close(self, [item.score for item in row], [item["score"] for item in other])
        raw = classify.sync(client=self.client, body=ClassifyInput(input_=[GOOD], model=MODEL, raw_scores=True))
        assert_close(self, [item.score for item in raw.data[0]], [item["logit"] for item in expected[0]], 1e-5)

    def test_rerank_gives_the_scores_of_rerank(self):
        body = RerankInput(query=QUERY, documents=TEXTS, model=MODEL, return_documents=True, top_n=2)
        results = rerank.sync(client=self.ranker, body=body).results
        scores = rerank_scores(QUERY, TEXTS)
        order = sorted(range(len(TEXTS)), key=lambda index: -scores[index])[:2]
        self.assertEqual([item.index for item in results], order)
        self.assertEqual([item.document for item in results], [TEXTS[index] for index in order])
        assert_close(self, [item.relevance_score for item in results], [scores[index] for index in order])

    def test_the_batching_client_gives_the_vectors_of_embed(self):
        client = InfinityVisionAPI(url=URL, model=MODEL)
        self.assertTrue(client.health())
        vectors, tokens = client.embed(model=MODEL, sentences=TEXTS).result()
        assert_close(self, [vector.reshape(-1).tolist() for vector in vectors], embed(TEXTS))
        self.assertGreater(tokens, 0)


if __name__ == "__main__":
    unittest.main()
