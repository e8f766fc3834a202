"""The peers: one model in ONNX Runtime, OpenVINO and PyTorch, with as many threads as Swiftlet gets."""

import contextlib
import functools
import logging
import os
import statistics
import sys
import time

# With this variable, NNCF sends no statistics about its use.
os.environ["NNCF_CI"] = "1"

import nncf
import onnxruntime
import openvino
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModelForSequenceClassification

from batches import random_batch

FLOAT32 = ("ONNX Runtime float32", "OpenVINO float32")
INT8 = ("ONNX Runtime int8", "OpenVINO int8")
PYTORCH = "PyTorch float32"

# What NNCF measures the ranges of activations on.
CALIBRATION_TEXTS, CALIBRATION_TOKENS = 20, 64


class Outputs(torch.nn.Module):
    """A peer's outputs: the last hidden states and the logits. DistilBERT, without a pooler, gives hidden states only."""

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
    """Exports the model to files beside it, once: to ONNX in float32; in int8 by ONNX Runtime, which computes the scales
    of activations for each batch; and in int8 by NNCF for OpenVINO, with calibrated scales."""
    names = ("peer.onnx", "peer.int8.onnx", "peer.int8.xml")
    plain, dynamic, calibrated = (os.path.join(folder, name) for name in names)
    if not os.path.exists(plain):
        example = torch.ones(2, 16, dtype=torch.long)
        axes = {"ids": {0: "rows", 1: "length"}, "mask": {0: "rows", 1: "length"}}
        torch.onnx.export(load_torch(folder), (example, example), plain, input_names=["ids", "mask"],
                          output_names=["hidden", "logits"], dynamic_axes=axes, dynamo=False, opset_version=17)
    if not os.path.exists(dynamic):
        quantize_dynamic(plain, dynamic, weight_type=QuantType.QInt8)
    if not os.path.exists(calibrated):
        nncf.set_log_level(logging.ERROR)
        texts = [dict(zip(("ids", "mask"), random_batch(1, CALIBRATION_TOKENS, seed)))
                 for seed in range(CALIBRATION_TEXTS)]
        # NNCF draws bars of its progress to standard output, where the page may go.
        with contextlib.redirect_stdout(sys.stderr):
            quantized = nncf.quantize(openvino.Core().read_model(plain), nncf.Dataset(texts),
                                      model_type=nncf.ModelType.TRANSFORMER, subset_size=CALIBRATION_TEXTS)
        openvino.save_model(quantized, calibrated)
    return plain, dynamic, calibrated


def run_onnxruntime(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options)
    return lambda ids, mask: session.run(None, {"ids": ids, "mask": mask})


def run_openvino(path, threads):
    """With one stream, all threads compute one batch. Without the hint, bfloat16 would be used on CPUs that have it."""
    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(path, "CPU", settings).create_infer_request()
    return lambda ids, mask: request.infer({"ids": ids, "mask": mask}, share_inputs=True)


def run_torch(folder, threads):
    torch.set_num_threads(threads)
    model = load_torch(folder)

    def run(ids, mask):
        with torch.inference_mode():
            model(torch.from_numpy(ids), torch.from_numpy(mask))

    return run


class Peers:
    """Each peer by name: a function of token ids and mask that computes the outputs."""

    def __init__(self, folder, threads):
        plain, dynamic, calibrated = export(folder)
        self.runs = {
            FLOAT32[0]: run_onnxruntime(plain, threads),
            FLOAT32[1]: run_openvino(plain, threads),
            INT8[0]: run_onnxruntime(dynamic, threads),
            INT8[1]: run_openvino(calibrated, threads),
            PYTORCH: run_torch(folder, threads),
        }

    def seconds(self, name, batches, budget):
        """The median time of a run over all batches, for as many runs as fit into the budget."""
        run = self.runs[name]
        run(*max(batches, key=lambda batch: batch[0].size))
        times = []
        while not times or sum(times) < budget:
            started = time.perf_counter()
            for ids, mask in batches:
                run(ids, mask)
            times.append(time.perf_counter() - started)
        return statistics.median(times)


@functools.cache
def peers_of(folder, threads):
    return Peers(folder, threads)
