"""The peers: one model in ONNX Runtime (float32, dynamic int8) and PyTorch, with as many threads as Swiftlet gets."""

import os
import statistics
import time

import numpy
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import BertWordPieceTokenizer
from transformers import AutoModelForSequenceClassification


class Outputs(torch.nn.Module):
    """A peer's outputs: the last hidden states and the logits. DistilBERT has no pooler and gives the hidden states only."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids, mask):
        output = self.model.base_model(input_ids=ids, attention_mask=mask)
        if "pooler_output" not in output:
            return output.last_hidden_state, output.last_hidden_state[:, 0]
        return output.last_hidden_state, self.model.classifier(output.pooler_output)


def load_torch(folder):
    return Outputs(AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager")).eval()


def export(folder):
    """Exports the model to ONNX files beside it, once: in float32, and dynamically quantized to int8."""
    plain, quantized = (os.path.join(folder, name) for name in ("peer.onnx", "peer.int8.onnx"))
    if not os.path.exists(plain):
        example = torch.ones(2, 16, dtype=torch.long)
        axes = {"ids": {0: "rows", 1: "length"}, "mask": {0: "rows", 1: "length"}}
        torch.onnx.export(load_torch(folder), (example, example), plain, input_names=["ids", "mask"],
                          output_names=["hidden", "logits"], dynamic_axes=axes, dynamo=False, opset_version=17)
    if not os.path.exists(quantized):
        quantize_dynamic(plain, quantized, weight_type=QuantType.QInt8)
    return plain, quantized


class Peers:
    """Each peer by name: a function from token ids and mask to its outputs."""

    def __init__(self, folder, threads):
        torch.set_num_threads(threads)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        plain, quantized = export(folder)
        self.sessions = {
            "ONNX Runtime float32": onnxruntime.InferenceSession(plain, options),
            "ONNX Runtime int8": onnxruntime.InferenceSession(quantized, options),
        }
        self.torch_model = load_torch(folder)
        self.names = [*self.sessions, "PyTorch float32"]

    def run(self, name, ids, mask):
        if name in self.sessions:
            self.sessions[name].run(None, {"ids": ids, "mask": mask})
        else:
            with torch.inference_mode():
                self.torch_model(torch.from_numpy(ids), torch.from_numpy(mask))

    def seconds(self, name, batches, budget):
        """The median time of a run over all batches, for as many runs as fit into the budget."""
        self.run(name, *max(batches, key=lambda batch: batch[0].size))
        times = []
        while not times or sum(times) < budget:
            started = time.perf_counter()
            for ids, mask in batches:
                self.run(name, ids, mask)
            times.append(time.perf_counter() - started)
        return statistics.median(times)


def random_batch(rows, length):
    ids = numpy.random.default_rng(rows * 1000 + length).integers(1000, 20000, (rows, length))
    return ids, numpy.ones_like(ids)


def text_batches(folder, lines, rows):
    """The texts in their order, each batch padded to its longest text, because these engines need padding."""
    tokenizer = BertWordPieceTokenizer(os.path.join(folder, "vocab.txt"), lowercase=True)
    tokenizer.enable_truncation(512)
    tokenizer.enable_padding()
    batches = []
    for start in range(0, len(lines), rows):
        encodings = tokenizer.encode_batch(lines[start : start + rows])
        batches.append((numpy.array([encoding.ids for encoding in encodings]),
                        numpy.array([encoding.attention_mask for encoding in encodings])))
    return batches
