#!/usr/bin/env python3
"""Writes the checkpoints of heads and of other architectures in Tests/Fixtures/models, with the outputs of transformers.

Usage: make_model_fixtures.py [SEED]

Needs (PyPI): torch==2.13.0+cpu transformers==5.23.0 safetensors. Run in the repository's folder. Weights are random, as
said in Tests/Fixtures/README.md; outputs are computed in float64 from one unpadded sequence each ([1, tokens]; of
multiple choice [1, choices, tokens]), with the [2] [3] of a text's ends, and stored as float32.
"""
import os, sys
import torch
import transformers as T
from safetensors.torch import save_file

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 7
out = "Tests/Fixtures/models"
torch.set_num_threads(1)
T.logging.set_verbosity_error()
generator = torch.Generator().manual_seed(seed)

# 1,000 ids for models beside which the service's tests put a vocabulary.
MOBILEBERT = dict(vocab_size=1000, hidden_size=32, intra_bottleneck_size=16, embedding_size=16, num_attention_heads=2,
                  intermediate_size=24, num_hidden_layers=2, num_feedforward_networks=2, max_position_embeddings=96)
BERT = dict(vocab_size=1000, hidden_size=24, num_hidden_layers=2, num_attention_heads=2, intermediate_size=40,
            max_position_embeddings=96)
DISTILBERT = dict(vocab_size=1000, dim=24, n_layers=2, n_heads=2, hidden_dim=40, max_position_embeddings=96)
SMALL = dict(vocab_size=120, max_position_embeddings=40)


def labels(*names):
    return dict(id2label=dict(enumerate(names)), label2id={name: i for i, name in enumerate(names)})


def mobilebert(**keys): return T.MobileBertConfig(**{**MOBILEBERT, **keys})
def bert(**keys): return T.BertConfig(**{**BERT, **keys})
def distilbert(**keys): return T.DistilBertConfig(**{**DISTILBERT, **keys})


SENTIMENT = labels("NEGATIVE", "POSITIVE")
ENTITIES = labels("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
MODELS = {
    "mobilebert-tokens": (T.MobileBertForTokenClassification, mobilebert(**ENTITIES)),
    "mobilebert-qa": (T.MobileBertForQuestionAnswering, mobilebert()),
    "mobilebert-mlm": (T.MobileBertForMaskedLM, mobilebert()),
    "mobilebert-pretraining": (T.MobileBertForPreTraining, mobilebert()),
    "mobilebert-nsp": (T.MobileBertForNextSentencePrediction, mobilebert()),
    "mobilebert-choice": (T.MobileBertForMultipleChoice, mobilebert()),
    "bert": (T.BertModel, bert(**SMALL)),
    "bert-no-pooler": (T.BertModel, bert(**SMALL, hidden_act="gelu_new", layer_norm_eps=1e-3, type_vocab_size=3)),
    "bert-old-names": (T.BertModel, bert(**SMALL, hidden_act="relu")),
    "bert-sentiment": (T.BertForSequenceClassification, bert(**SENTIMENT)),
    "bert-tokens": (T.BertForTokenClassification, bert(**ENTITIES)),
    "bert-qa": (T.BertForQuestionAnswering, bert()),
    "bert-mlm": (T.BertForMaskedLM, bert()),
    "bert-mlm-untied": (T.BertForMaskedLM, bert(**SMALL, tie_word_embeddings=False)),
    "bert-pretraining": (T.BertForPreTraining, bert(**SMALL)),
    "bert-nsp": (T.BertForNextSentencePrediction, bert(**SMALL)),
    "bert-choice": (T.BertForMultipleChoice, bert(**SMALL)),
    "distilbert": (T.DistilBertModel, distilbert(**SMALL)),
    "distilbert-sentiment": (T.DistilBertForSequenceClassification, distilbert(**SENTIMENT)),
    "distilbert-tokens": (T.DistilBertForTokenClassification, distilbert(**SMALL, **ENTITIES)),
    "distilbert-qa": (T.DistilBertForQuestionAnswering, distilbert(**SMALL)),
    "distilbert-mlm": (T.DistilBertForMaskedLM, distilbert(**SMALL, activation="gelu_pytorch_tanh")),
    "distilbert-choice": (T.DistilBertForMultipleChoice, distilbert(**SMALL)),
}


def randomize(model):
    """Every parameter gets a value of its own; residual norms are under 1, so that nothing grows from layer to layer."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1:
                is_norm = "norm" in name.lower() and name.endswith("weight")
                parameter.copy_(0.9 + 0.1 * noise if is_norm else 0.1 * noise)
            elif "embeddings." in name and "transformation" not in name:
                parameter.copy_(0.5 * noise)
            else:
                parameter.copy_(0.5 * noise / parameter.shape[-1] ** 0.5)


def cases(name, model, config):
    tensors, numbers = {}, torch.Generator().manual_seed(seed + 1)
    choices = 3 if "choice" in name else 1
    for index, length in enumerate([2, 9] if "mlm" in name or "pretraining" in name else [2, 9, 33]):
        ids = torch.randint(5, config.vocab_size, (choices, length), generator=numbers)
        ids[:, 0], ids[:, -1] = 2, 3
        inputs = dict(input_ids=ids if choices == 1 else ids[None])
        if not name.startswith("distilbert"):
            types = torch.zeros_like(ids)
            types[:, length // 2:] = index % 2
            inputs["token_type_ids"] = types if choices == 1 else types[None]
        mask = torch.ones_like(inputs["input_ids"])
        with torch.no_grad():
            output = model(**inputs, attention_mask=mask, output_hidden_states=True, return_dict=True)
        for key, value in {**inputs, **output}.items():
            if key == "hidden_states":
                tensors[f"case{index}.last_hidden_state"] = value[-1]
                if type(model).__name__.endswith("Model"):
                    for layer, states in enumerate(value):
                        tensors[f"case{index}.hidden_states.{layer}"] = states
            elif torch.is_tensor(value):
                tensors[f"case{index}.{key}"] = value
    return {key: (value.float() if value.is_floating_point() else value).contiguous().clone()
            for key, value in tensors.items()}


for name, (kind, config) in MODELS.items():
    config._attn_implementation = "eager"
    model = kind(config, add_pooling_layer=False) if name == "bert-no-pooler" else kind(config)
    randomize(model)
    model.tie_weights()
    model.eval()
    folder = f"{out}/{name}"
    os.makedirs(folder, exist_ok=True)
    if name == "bert-old-names":
        # The names in checkpoints that the first versions converted from TensorFlow: with the prefix, gamma and beta.
        model.config.save_pretrained(folder)
        weights = {f"bert.{key}".replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"):
                   value.contiguous() for key, value in model.state_dict().items()}
        save_file(weights, f"{folder}/model.safetensors")
    else:
        model.save_pretrained(folder)
    expected = cases(name, model.double(), config)
    save_file(expected, f"{folder}/expected.safetensors", {"transformers": T.__version__, "torch": torch.__version__})
    print(name, sum(os.path.getsize(f"{folder}/{file}") for file in os.listdir(folder)))
