"""Haystack's embedders and ranker for text-embeddings-inference."""

import unittest

from haystack import Document
from haystack_integrations.components.embedders.huggingface_api import (
    HuggingFaceAPIDocumentEmbedder,
    HuggingFaceAPITextEmbedder,
)
from haystack_integrations.components.rankers.huggingface_api import HuggingFaceTEIRanker
from haystack_integrations.components.rankers.huggingface_api.ranker import TruncationDirection

from service import BAD, GOOD, QUERY, RERANKER_URL, TEXTS, URL, assert_close, embed, rerank_scores

OPTIONS = {"api_type": "text_embeddings_inference", "api_params": {"url": URL}}


class HaystackTests(unittest.TestCase):
    def test_a_text_gives_the_vector_of_embed(self):
        for normalize in [False, True]:
            answer = HuggingFaceAPITextEmbedder(**OPTIONS, normalize=normalize).run(text=GOOD)
            assert_close(self, answer["embedding"], embed(GOOD, normalize=normalize)[0])

    def test_documents_give_the_vectors_of_embed_in_batches(self):
        texts = [f"{TEXTS[index % 3]} {index}" for index in range(70)]
        embedder = HuggingFaceAPIDocumentEmbedder(**OPTIONS, progress_bar=False, batch_size=32)
        documents = embedder.run(documents=[Document(content=text) for text in texts])["documents"]
        assert_close(self, [document.embedding for document in documents], embed(texts, normalize=False))

    def test_the_ranker_orders_documents_by_the_scores_of_rerank(self):
        ranker = HuggingFaceTEIRanker(url=RERANKER_URL, top_k=2)
        ranked = ranker.run(query=QUERY, documents=[Document(content=text) for text in TEXTS])["documents"]
        scores = rerank_scores(QUERY, TEXTS)
        best = sorted(zip(scores, TEXTS), reverse=True)[:2]
        self.assertEqual([document.content for document in ranked], [text for _, text in best])
        assert_close(self, [document.score for document in ranked], [score for score, _ in best])

    def test_the_ranker_takes_raw_scores_and_truncation(self):
        ranker = HuggingFaceTEIRanker(url=RERANKER_URL, raw_scores=True)
        texts = [GOOD, BAD * 200]
        documents = [Document(content=text) for text in texts]
        ranked = ranker.run(query=QUERY, documents=documents, truncation_direction=TruncationDirection.LEFT)["documents"]
        options = {"raw_scores": True, "truncate": True, "truncation_direction": "left"}
        scores = rerank_scores(QUERY, texts, **options)
        assert_close(self, [document.score for document in ranked], sorted(scores, reverse=True), 1e-5)

    def test_a_model_that_cannot_rank_is_an_error_that_says_so(self):
        with self.assertRaisesRegex(RuntimeError, "one label"):
            HuggingFaceTEIRanker(url=URL, max_retries=1).run(query=QUERY, documents=[Document(content=GOOD)])


if __name__ == "__main__":
    unittest.main()
