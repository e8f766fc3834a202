"""The heads, the classes of transformers that have them, and small models with random weights."""

import warnings

import torch
import transformers

warnings.filterwarnings("ignore", message="Initializing zero-element tensors")

PREFIX = {"bert": "Bert", "distilbert": "DistilBert", "mobilebert": "MobileBert"}
HEADS = {
    "base": "Model",
    "sequence": "ForSequenceClassification",
    "tokens": "ForTokenClassification",
    "answers": "ForQuestionAnswering",
    "masked": "ForMaskedLM",
    "next": "ForNextSentencePrediction",
    "pretraining": "ForPreTraining",
    "choice": "ForMultipleChoice",
    "sentences": "Model",
}
LACKING = {"distilbert": ("next", "pretraining")}
LABELLED = ("sequence", "tokens")


def heads(family):
    return [head for head in HEADS if head not in LACKING.get(family, ())]


def class_name(family, head):
    return PREFIX[family] + HEADS[head]


def model_class(family, head):
    return getattr(transformers, class_name(family, head))


def configuration(family, head, vocabulary_size, rng):
    """A config.json of a small model, as save_pretrained writes it."""
    config = {"architectures": [class_name(family, head)], "model_type": family, "vocab_size": vocabulary_size}
    width, heads = rng.choice([(16, 2), (24, 2), (16, 4)])
    layers, positions = rng.choice([1, 2]), rng.choice([40, 48, 64])
    if family == "distilbert":
        config |= dict(
            dim=width,
            n_heads=heads,
            n_layers=layers,
            hidden_dim=20,
            activation="gelu",
            dropout=0.1,
            attention_dropout=0.1,
            sinusoidal_pos_embds=False,
            seq_classif_dropout=0.2,
        )
    else:
        config |= dict(
            hidden_size=width,
            num_attention_heads=heads,
            num_hidden_layers=layers,
            intermediate_size=20,
            hidden_act="gelu" if family == "bert" else "relu",
            layer_norm_eps=1e-12,
            type_vocab_size=2,
            hidden_dropout_prob=0.1,
            attention_probs_dropout_prob=0.1,
        )
    if family == "mobilebert":
        config |= dict(
            embedding_size=rng.choice([8, 16]),
            intra_bottleneck_size=8,
            num_feedforward_networks=rng.choice([1, 2, 4]),
            normalization_type="no_norm",
            trigram_input=True,
            use_bottleneck=True,
            use_bottleneck_attention=False,
            key_query_shared_bottleneck=True,
            classifier_activation=True,
        )
    config |= dict(max_position_embeddings=positions, initializer_range=0.02, pad_token_id=0)
    if head in LABELLED:
        set_labels(config, ["NEGATIVE", "POSITIVE"] if head == "sequence" else ["O", "B-PER", "I-PER", "B-LOC"])
        kind = rng.choice(["default", "default", "multi", "one", "regression"]) if head == "sequence" else "default"
        if kind == "multi":
            set_labels(config, ["joy", "anger", "fear"])
            config["problem_type"] = "multi_label_classification"
        elif kind in ("one", "regression"):
            set_labels(config, ["LABEL_0"])
            if kind == "regression":
                config["problem_type"] = "regression"
    return config


def set_labels(config, names):
    config["id2label"] = {str(index): name for index, name in enumerate(names)}
    config["label2id"] = {name: index for index, name in enumerate(names)}


def random_tensors(folder):
    """A checkpoint of random weights, each with a value of its own, named as save_pretrained names them."""
    config = getattr(transformers, PREFIX[folder.family] + "Config").from_dict(dict(folder.config))
    model = model_class(folder.family, folder.head)(config)
    generator = torch.Generator().manual_seed(folder.torch_seed)
    tensors = {}
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.dim() == 1:
            is_norm = "norm" in name.lower() and name.endswith("weight")
            tensors[name] = 0.9 + 0.1 * noise if is_norm else 0.1 * noise
        elif "embeddings." in name and "transformation" not in name:
            tensors[name] = 0.5 * noise
        else:
            scale = 1 if "classifier" in name or "outputs" in name else 0.5
            tensors[name] = scale * noise / max(parameter.shape[-1], 1) ** 0.5
    return tensors
