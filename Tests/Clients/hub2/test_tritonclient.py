"""Triton's HTTP client, over the Open Inference Protocol."""

import unittest

import numpy
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from service import BAD, GOOD, HIDDEN_SIZE, IDS, MODEL, TEXTS, URL, assert_close, embed, post


def texts_input(texts, binary, shape=None):
    tensor = numpy.array(texts, dtype=object).reshape(shape or [len(texts)])
    given = triton.InferInput("text", list(tensor.shape), "BYTES")
    given.set_data_from_numpy(tensor, binary_data=binary)
    return given


class TritonTests(unittest.TestCase):
    def setUp(self):
        self.client = triton.InferenceServerClient(URL.removeprefix("http://"))

    def tearDown(self):
        self.client.close()

    def test_health_and_metadata(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready(MODEL))
        self.assertTrue(self.client.is_model_ready(MODEL, "1"))
        self.assertFalse(self.client.is_model_ready("another"))
        self.assertFalse(self.client.is_model_ready(MODEL, "2"))
        self.assertEqual(self.client.get_server_metadata()["name"], "swiftlet")
        metadata = self.client.get_model_metadata(MODEL)
        self.assertEqual(metadata["name"], MODEL)
        self.assertEqual([(item["name"], item["datatype"]) for item in metadata["inputs"]], [("text", "BYTES")])
        self.assertEqual(
            {item["name"]: (item["datatype"], item["shape"]) for item in metadata["outputs"]},
            {"embedding": ("FP32", [-1, HIDDEN_SIZE]), "logits": ("FP32", [-1, 2]), "scores": ("FP32", [-1, 2])},
        )

    def test_texts_give_the_vectors_of_embed_whether_binary_or_json(self):
        expected = embed(TEXTS)
        for given_binary in [True, False]:
            for wanted_binary in [True, False]:
                result = self.client.infer(
                    MODEL,
                    [texts_input(TEXTS, given_binary)],
                    outputs=[triton.InferRequestedOutput("embedding", binary_data=wanted_binary)],
                    request_id="one",
                )
                vectors = result.as_numpy("embedding")
                self.assertEqual((vectors.dtype, vectors.shape), (numpy.float32, (len(TEXTS), HIDDEN_SIZE)))
                assert_close(self, vectors.tolist(), expected)
                self.assertEqual(result.get_response()["id"], "one")
                self.assertIsNone(result.get_output("logits"))

    def test_all_outputs_are_given_where_none_is_named(self):
        result = self.client.infer(MODEL, [texts_input(TEXTS, True, [len(TEXTS), 1])], model_version="1")
        assert_close(self, result.as_numpy("embedding").tolist(), embed(TEXTS))
        classes = post("/classify", {"inputs": TEXTS})
        order = ["NEGATIVE", "POSITIVE"]
        for name, key in [("logits", "logit"), ("scores", "score")]:
            expected = [[item[key] for label in order for item in row if item["label"] == label] for row in classes]
            assert_close(self, result.as_numpy(name).tolist(), expected, 1e-5)

    def test_classes_come_as_value_index_and_label(self):
        result = self.client.infer(
            MODEL, [texts_input([GOOD, BAD], True)], outputs=[triton.InferRequestedOutput("scores", class_count=1)]
        )
        best = [item.decode().split(":")[1:] for item in result.as_numpy("scores").reshape(-1)]
        self.assertEqual(best, [["1", "POSITIVE"], ["0", "NEGATIVE"]])

    def test_ids_give_the_vectors_of_embed_with_and_without_a_mask(self):
        ids = numpy.array([IDS, IDS[:2] + [102, 0, 0]], dtype=numpy.int64)
        mask = numpy.array([[1] * 5, [1, 1, 1, 0, 0]], dtype=numpy.int64)
        inputs = []
        for name, values in [("input_ids", ids), ("attention_mask", mask)]:
            given = triton.InferInput(name, list(values.shape), "INT64")
            given.set_data_from_numpy(values)
            inputs.append(given)
        wanted = [triton.InferRequestedOutput("embedding")]
        result = self.client.infer(MODEL, inputs, outputs=wanted)
        assert_close(self, result.as_numpy("embedding").tolist(), embed([IDS, IDS[:2] + [102]]))
        first = triton.InferInput("input_ids", [1, 5], "INT32")
        first.set_data_from_numpy(ids[:1].astype(numpy.int32))
        assert_close(
            self, self.client.infer(MODEL, [first], outputs=wanted).as_numpy("embedding").tolist(), embed([IDS])
        )

    def test_compression_parameters_and_time_limits_are_taken(self):
        result = self.client.infer(
            MODEL,
            [texts_input(TEXTS, True)],
            outputs=[triton.InferRequestedOutput("embedding")],
            priority=1,
            timeout=30_000_000,
            parameters={"normalize": False},
            request_compression_algorithm="gzip",
            response_compression_algorithm="gzip",
        )
        assert_close(self, result.as_numpy("embedding").tolist(), embed(TEXTS, normalize=False))

    def test_each_error_tells_its_reason(self):
        with self.assertRaisesRegex(InferenceServerException, "another"):
            self.client.infer("another", [texts_input(["a"], True)])
        with self.assertRaisesRegex(InferenceServerException, "no/such"):
            self.client.get_model_metadata("no/such")
        with self.assertRaisesRegex(InferenceServerException, "nothing"):
            self.client.infer(
                MODEL, [texts_input(["a"], True)], outputs=[triton.InferRequestedOutput("nothing")]
            )
        with self.assertRaises(InferenceServerException) as caught:
            self.client.get_model_config(MODEL)
        self.assertEqual(caught.exception.status(), "404")


if __name__ == "__main__":
    unittest.main()
