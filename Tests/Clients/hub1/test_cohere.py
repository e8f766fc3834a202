"""cohere, of both versions of its interface."""

import unittest

import cohere
from cohere.core.api_error import ApiError

from service import BAD, GOOD, HIDDEN_SIZE, MODEL, QUERY, RERANKER_URL, TEXTS, URL, assert_close, embed, post
from service import rerank_scores


class CohereTests(unittest.TestCase):
    def setUp(self):
        self.client = cohere.ClientV2(api_key="none", base_url=URL)
        self.ranker = cohere.ClientV2(api_key="none", base_url=RERANKER_URL)
        self.scores = rerank_scores(QUERY, TEXTS)
        self.order = sorted(range(len(TEXTS)), key=lambda index: -self.scores[index])

    def assert_ranks(self, results, count):
        self.assertEqual([item.index for item in results], self.order[:count])
        assert_close(
            self, [item.relevance_score for item in results], [self.scores[index] for index in self.order[:count]]
        )

    def test_rerank_gives_the_scores_of_rerank(self):
        answer = self.ranker.rerank(model=MODEL, query=QUERY, documents=TEXTS, top_n=2)
        self.assert_ranks(answer.results, 2)
        self.assertTrue(answer.id)
        self.assertEqual(answer.meta.api_version.version, "2")

    def test_rerank_of_version_1_returns_documents(self):
        client = cohere.Client(api_key="none", base_url=RERANKER_URL)
        documents = [TEXTS[0], {"text": TEXTS[1]}, TEXTS[2]]
        answer = client.rerank(model=MODEL, query=QUERY, documents=documents, return_documents=True)
        self.assert_ranks(answer.results, 3)
        self.assertEqual([item.document.text for item in answer.results], [TEXTS[index] for index in self.order])

    def test_a_model_that_cannot_rank_is_an_error_that_says_so(self):
        with self.assertRaises(ApiError) as caught:
            self.client.rerank(model=MODEL, query=QUERY, documents=TEXTS)
        self.assertEqual(caught.exception.status_code, 424)
        self.assertIn("one label", str(caught.exception.body))

    def test_embed_gives_the_vectors_of_embed_in_every_form(self):
        answer = self.client.embed(
            model=MODEL,
            texts=TEXTS,
            input_type="search_document",
            embedding_types=["float", "int8", "uint8", "binary", "ubinary", "base64"],
        )
        expected = embed(TEXTS)
        assert_close(self, answer.embeddings.float_, expected)
        for form, values in [
            ("int8", answer.embeddings.int8),
            ("uint8", answer.embeddings.uint8),
            ("binary", answer.embeddings.binary),
            ("ubinary", answer.embeddings.ubinary),
        ]:
            self.assertEqual(values, embed(TEXTS, embedding_type=form))
        self.assertEqual(answer.embeddings.base64, embed(TEXTS, encoding_format="base64"))
        self.assertEqual(answer.texts, TEXTS)
        self.assertGreater(answer.meta.billed_units.input_tokens, 0)

    def test_embed_honours_output_dimension_and_truncate(self):
        long = "word " * 1000
        answer = self.client.embed(
            model=MODEL,
            texts=[long],
            input_type="search_query",
            embedding_types=["float"],
            truncate="START",
            output_dimension=16,
        )
        assert_close(self, answer.embeddings.float_, embed([long], truncation_direction="left", dimensions=16))
        with self.assertRaises(cohere.BadRequestError):
            self.client.embed(
                model=MODEL, texts=[long], input_type="search_query", embedding_types=["float"], truncate="NONE"
            )

    def test_embed_of_version_1_gives_the_floats_alone(self):
        client = cohere.Client(api_key="none", base_url=URL)
        answer = client.embed(model=MODEL, texts=TEXTS, input_type="classification")
        assert_close(self, answer.embeddings, embed(TEXTS))

    def test_an_embedding_type_that_is_not_known_is_refused(self):
        with self.assertRaises(cohere.BadRequestError):
            self.client.embed(model=MODEL, texts=[GOOD], input_type="search_query", embedding_types=["int4"])
        with self.assertRaises(cohere.BadRequestError):
            self.client.embed(
                model=MODEL,
                texts=[BAD],
                input_type="search_query",
                embedding_types=["float"],
                output_dimension=HIDDEN_SIZE + 1,
            )

    def test_tokens_there_and_back(self):
        client = cohere.Client(api_key="none", base_url=URL)
        answer = client.tokenize(text=GOOD, model=MODEL, offline=False)
        expected = post("/tokenize", {"inputs": GOOD, "add_special_tokens": False})[0]
        self.assertEqual(answer.tokens, [token["id"] for token in expected])
        self.assertEqual(answer.token_strings, [token["token"] for token in expected])
        self.assertEqual(client.detokenize(tokens=answer.tokens, model=MODEL, offline=False).text, GOOD)


if __name__ == "__main__":
    unittest.main()
