"""Models with random weights, written without any library: one with some hundred parameters, whose engine costs little,
and one of full size."""

import array
import json
import math
import os
import random
import shutil
import struct

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "fine", "dull", "film", "story", "and", "of"]

SIZES = {"vocab_size": len(VOCABULARY), "embedding_size": 4, "hidden_size": 8, "intra_bottleneck_size": 4,
         "true_hidden_size": 4, "intermediate_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1,
         "num_feedforward_networks": 1, "max_position_embeddings": 32, "type_vocab_size": 2}
# google/mobilebert-uncased
FULL_SIZES = {"vocab_size": 30522, "embedding_size": 128, "hidden_size": 512, "intra_bottleneck_size": 128,
              "true_hidden_size": 128, "intermediate_size": 512, "num_attention_heads": 4, "num_hidden_layers": 24,
              "num_feedforward_networks": 4, "max_position_embeddings": 512, "type_vocab_size": 2}
CONFIGURATION = {
    "architectures": ["MobileBertForSequenceClassification"], "model_type": "mobilebert", "hidden_act": "relu",
    "normalization_type": "no_norm", "trigram_input": True, "use_bottleneck": True, "layer_norm_eps": 1e-12,
    "use_bottleneck_attention": False, "key_query_shared_bottleneck": True, "classifier_activation": True,
    "id2label": {"0": "NEGATIVE", "1": "POSITIVE"}, "pad_token_id": 0,
}

DRAWN = 4099  # random values; a prime, so that no two rows of a matrix are equal


def write(folder):
    """Writes config.json, vocab.txt and model.safetensors; returns the folder."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
        json.dump(SIZES | CONFIGURATION, file)
    with open(os.path.join(folder, "vocab.txt"), "w", encoding="utf-8") as file:
        file.writelines(token + "\n" for token in VOCABULARY)
    write_tensors(os.path.join(folder, "model.safetensors"), shapes(SIZES))
    return folder


def write_full_size(folder, vocabulary):
    """Writes a model of MobileBERT's published size, with a vocabulary file of its size; returns the folder."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
        json.dump(FULL_SIZES | CONFIGURATION, file)
    shutil.copyfile(vocabulary, os.path.join(folder, "vocab.txt"))
    write_tensors(os.path.join(folder, "model.safetensors"), shapes(FULL_SIZES))
    return folder


def shapes(sizes):
    """The shape of every tensor that transformers would save, by name."""
    hidden, width, inside = (sizes[key] for key in ("hidden_size", "intra_bottleneck_size", "intermediate_size"))
    tensors = {}

    def dense(name, outputs, inputs):
        tensors[name + ".weight"] = (outputs, inputs)
        tensors[name + ".bias"] = (outputs,)

    def norm(name, size):
        tensors[name + ".weight"] = (size,)
        tensors[name + ".bias"] = (size,)

    embeddings = "mobilebert.embeddings."
    tensors[embeddings + "word_embeddings.weight"] = (sizes["vocab_size"], sizes["embedding_size"])
    tensors[embeddings + "position_embeddings.weight"] = (sizes["max_position_embeddings"], hidden)
    tensors[embeddings + "token_type_embeddings.weight"] = (2, hidden)
    dense(embeddings + "embedding_transformation", hidden, 3 * sizes["embedding_size"])
    norm(embeddings + "LayerNorm", hidden)
    for index in range(sizes["num_hidden_layers"]):
        layer = f"mobilebert.encoder.layer.{index}."
        for name, inputs in (("query", width), ("key", width), ("value", hidden)):
            dense(f"{layer}attention.self.{name}", width, inputs)
        dense(layer + "attention.output.dense", width, width)
        norm(layer + "attention.output.LayerNorm", width)
        for name in ("input", "attention"):
            dense(f"{layer}bottleneck.{name}.dense", width, hidden)
            norm(f"{layer}bottleneck.{name}.LayerNorm", width)
        for prefix in [layer, *(f"{layer}ffn.{number}." for number in range(sizes["num_feedforward_networks"] - 1))]:
            dense(prefix + "intermediate.dense", inside, width)
            dense(prefix + "output.dense", width, inside)
            norm(prefix + "output.LayerNorm", width)
        dense(layer + "output.bottleneck.dense", hidden, width)
        norm(layer + "output.bottleneck.LayerNorm", hidden)
    dense("mobilebert.pooler.dense", hidden, hidden)
    dense("classifier", 2, hidden)
    return tensors


def write_tensors(path, tensors):
    """Writes a safetensors file of float32 with random values, and with norms that are the identity. Matrices keep the
    size of what they are applied to, and their values repeat: to draw millions would take long."""
    generator = random.Random(7)
    drawn = array.array("f", (generator.gauss(0, 1) for _ in range(DRAWN)))
    header, data = {}, bytearray()
    for name, shape in tensors.items():
        count = math.prod(shape)
        if name.endswith("LayerNorm.weight"):
            values = array.array("f", [1.0]) * count
        else:
            scale = shape[-1] ** -0.5 if len(shape) == 2 else 0.1
            start = generator.randrange(DRAWN)
            part = array.array("f", (scale * each for each in drawn[start:] + drawn[:start]))
            values = (part * (count // DRAWN + 1))[:count]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * count]}
        data += values.tobytes()
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
