"""openai, and langchain-openai on top of it."""

import threading
import time
import unittest

import openai
from langchain_openai import OpenAIEmbeddings

from service import BUSY_URL, HIDDEN_SIZE, IDS, MODEL, TEXTS, URL, Crowd, assert_close, embed, long_texts


class OpenAITests(unittest.TestCase):
    def setUp(self):
        self.client = openai.OpenAI(base_url=URL + "/v1", api_key="none", max_retries=0)

    def tearDown(self):
        self.client.close()

    def vectors(self, **request):
        answer = self.client.embeddings.create(model=MODEL, **request)
        self.assertEqual([item.index for item in answer.data], list(range(len(answer.data))))
        self.assertEqual(answer.model, MODEL)
        self.assertGreater(answer.usage.prompt_tokens, 0)
        self.assertEqual(answer.usage.prompt_tokens, answer.usage.total_tokens)
        return [item.embedding for item in answer.data]

    def test_texts_give_the_vectors_of_embed_in_base64_and_as_numbers(self):
        assert_close(self, self.vectors(input=TEXTS), embed(TEXTS))
        assert_close(self, self.vectors(input=TEXTS, encoding_format="float"), embed(TEXTS))
        assert_close(self, self.vectors(input=TEXTS[0], user="someone"), embed(TEXTS[0]))

    def test_base64_is_what_the_client_asks_for_by_itself(self):
        raw = self.client.embeddings.with_raw_response.create(model=MODEL, input="a", encoding_format="base64")
        self.assertIsInstance(raw.http_response.json()["data"][0]["embedding"], str)

    def test_ids_give_the_vectors_of_embed(self):
        assert_close(self, self.vectors(input=IDS), embed([IDS]))
        assert_close(self, self.vectors(input=[IDS, IDS[:3]]), embed([IDS, IDS[:3]]))

    def test_dimensions_cut_the_vectors(self):
        assert_close(self, self.vectors(input=TEXTS, dimensions=16), embed(TEXTS, dimensions=16))

    def test_any_model_name_is_taken_and_the_served_one_is_told(self):
        answer = self.client.embeddings.create(model="text-embedding-3-small", input="a")
        self.assertEqual(answer.model, MODEL)

    def test_models_are_listed_and_found_by_name(self):
        self.assertEqual([model.id for model in self.client.models.list()], [MODEL])
        model = self.client.models.retrieve(MODEL)
        self.assertEqual((model.id, model.object), (MODEL, "model"))
        self.assertLessEqual(model.created, time.time())
        with self.assertRaises(openai.NotFoundError) as caught:
            self.client.models.retrieve("another")
        self.assertEqual(caught.exception.code, "model_not_found")

    def test_without_the_prefix(self):
        with openai.OpenAI(base_url=URL, api_key="none", max_retries=0) as client:
            answer = client.embeddings.create(model=MODEL, input=TEXTS)
            assert_close(self, [item.embedding for item in answer.data], embed(TEXTS))
            self.assertEqual([model.id for model in client.models.list()], [MODEL])

    def test_a_bad_request_is_the_client_s_own_error_with_message_and_type(self):
        for request in [{"input": []}, {"input": "a", "dimensions": HIDDEN_SIZE + 1}, {"input": [[10**6]]}]:
            with self.assertRaises(openai.BadRequestError) as caught:
                self.client.embeddings.create(model=MODEL, **request)
            self.assertEqual(caught.exception.type, "invalid_request_error")
            self.assertTrue(caught.exception.body["message"])

    def test_a_full_queue_is_a_rate_limit_that_the_client_waits_out(self):
        with Crowd() as crowd, openai.OpenAI(base_url=BUSY_URL, api_key="none", max_retries=0) as client:
            deadline = time.monotonic() + 60
            while True:
                self.assertLess(time.monotonic(), deadline, "the queue never was full")
                try:
                    client.embeddings.create(model=MODEL, input=long_texts(16))
                except openai.RateLimitError as error:
                    refusal = error
                    break
            self.assertEqual(refusal.code, "rate_limit_exceeded")
            self.assertGreaterEqual(int(refusal.response.headers["retry-after"]), 1)
            self.assertGreater(float(refusal.response.headers["retry-after-ms"]), 0)
            threading.Timer(1.0, crowd.leave).start()
            patient = client.with_options(max_retries=30)
            texts = long_texts(16)
            answer = patient.embeddings.create(model=MODEL, input=texts)
            assert_close(self, [item.embedding for item in answer.data], embed(texts))


class LangChainTests(unittest.TestCase):
    def test_documents_and_queries_give_the_vectors_of_embed(self):
        embeddings = OpenAIEmbeddings(
            base_url=URL + "/v1", api_key="none", model=MODEL, check_embedding_ctx_length=False
        )
        assert_close(self, embeddings.embed_documents(TEXTS), embed(TEXTS))
        assert_close(self, embeddings.embed_query(TEXTS[0]), embed(TEXTS[0])[0])


if __name__ == "__main__":
    unittest.main()
