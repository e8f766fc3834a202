"""langchain-huggingface, and LlamaIndex's embedder and reranker for text-embeddings-inference."""

import asyncio
import unittest

from langchain_huggingface import HuggingFaceEndpointEmbeddings
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.embeddings.text_embeddings_inference import TextEmbeddingsInference
from llama_index.postprocessor.tei_rerank import TextEmbeddingInference

from service import MODEL, QUERY, RERANKER_URL, TEXTS, URL, assert_close, embed, rerank_scores


class LangChainTests(unittest.TestCase):
    def test_documents_and_queries_give_the_vectors_of_embed(self):
        for address in [URL, URL + "/embed"]:
            embeddings = HuggingFaceEndpointEmbeddings(model=address)
            assert_close(self, embeddings.embed_documents(TEXTS), embed(TEXTS))
            assert_close(self, embeddings.embed_query(TEXTS[0]), embed(TEXTS[0])[0])

    def test_options_are_handed_on(self):
        embeddings = HuggingFaceEndpointEmbeddings(model=URL, model_kwargs={"normalize": False, "truncate": True})
        assert_close(self, embeddings.embed_documents(TEXTS), embed(TEXTS, normalize=False))


class LlamaIndexTests(unittest.TestCase):
    def setUp(self):
        self.embedder = TextEmbeddingsInference(
            model_name=MODEL, base_url=URL, text_instruction=" ", query_instruction=" ", embed_batch_size=2
        )

    def test_texts_and_queries_give_the_vectors_of_embed(self):
        assert_close(self, self.embedder.get_text_embedding_batch(TEXTS), embed(TEXTS))
        assert_close(self, self.embedder.get_query_embedding(TEXTS[0]), embed(TEXTS[0])[0])
        waiting = self.embedder.aget_text_embedding_batch(TEXTS)
        assert_close(self, asyncio.run(waiting), embed(TEXTS))

    def test_the_reranker_orders_nodes_by_the_scores_of_rerank(self):
        reranker = TextEmbeddingInference(base_url=RERANKER_URL, top_n=2)
        nodes = [NodeWithScore(node=TextNode(text=text)) for text in TEXTS]
        ranked = reranker.postprocess_nodes(nodes, query_str=QUERY)
        best = sorted(zip(rerank_scores(QUERY, TEXTS), TEXTS), reverse=True)[:2]
        self.assertEqual([node.node.get_content() for node in ranked], [text for _, text in best])
        assert_close(self, [node.score for node in ranked], [score for score, _ in best])


if __name__ == "__main__":
    unittest.main()
