"""Oddities of config.json."""

import json

from oddities import oddity
from heads import LABELLED, class_name, heads, set_labels


def has_labels(folder):
    return folder.head in LABELLED


@oddity(0.2)
def architectures(folder, rng):
    """Missing, null, empty, a class of the user's own, or the base model's."""
    kind = rng.choice(["missing", "null", "empty", "own", "own", "base", "text", "numbers"])
    if kind == "missing":
        folder.config.pop("architectures", None)
    else:
        names = {
            "null": None,
            "empty": [],
            "own": ["BertForMultiLabelSequenceClassification", "MyModel"][rng.randint(0, 1) :],
            "base": [class_name(folder.family, "base")],
            "text": class_name(folder.family, folder.head),
            "numbers": [class_name(folder.family, folder.head), 5, None],
        }
        folder.config["architectures"] = names[kind]


def is_other(folder, name):
    """Whether the folder's tensors cannot be those of another head, so that AutoModel alone knows which it is."""
    sharing, config = ("sequence", "tokens", "choice"), folder.config
    if folder.head not in sharing or name not in sharing:
        return name != folder.head
    if folder.head == "tokens":
        return name != "tokens" and config.get("classifier_activation", True)
    return name != "tokens" and name != folder.head and len(config.get("id2label") or "ab") != 1


@oddity(0.1)
def another_class(folder, rng):
    """The class of another head, such as that of the model from which config.json was copied."""
    names = [name for name in heads(folder.family) if name != "sentences" and is_other(folder, name)]
    folder.config["architectures"] = [class_name(folder.family, rng.choice(names))]


@oddity(0.06)
def forms_of_values(folder, rng):
    """Values that Python takes for others: whole floats, 0 and 1, null, texts."""
    forms = {
        "whole": lambda value: float(value) if type(value) is int else value,
        "number": lambda value: int(value) if type(value) is bool else value,
        "text": lambda value: str(value) if type(value) in (int, float) else value,
        "null": lambda value: None,
    }
    names = [name for name, value in sorted(folder.config.items()) if type(value) in (int, float, bool)]
    form = rng.choice(sorted(forms))
    for name in rng.sample(names, rng.randint(1, 2)):
        folder.forms[name] = forms[form](folder.config[name])


@oddity(0.06)
def tokenizer_class_in_config(folder, rng):
    folder.config["tokenizer_class"] = rng.choice(
        ["BertTokenizer", "BertTokenizerFast", "ElectraTokenizer", "PreTrainedTokenizerFast", "MyTokenizer", None]
    )


@oddity(0.05)
def model_type_missing(folder, rng):
    """The names of the tensors tell the family; transformers would need the name of a class."""
    folder.hidden_keys.append("model_type")


@oddity(0.1)
def not_a_number(folder, rng):
    """NaN and Infinity, as Python writes them."""
    folder.config[rng.choice(["eval_score", "best_metric", "temperature"])] = rng.choice(
        [float("nan"), float("inf"), -float("inf")]
    )


@oddity(0.3, has_labels)
def labels(folder, rng):
    """id2label as people write it."""
    config = folder.config
    count = len(config["id2label"])
    names = list(config["id2label"].values())
    kind = rng.choice(
        [
            "numbers",
            "unsorted",
            "partial",
            "missing",
            "no-label2id",
            "same",
            "empty",
            "num_labels",
            "extra",
            "null-labels",
            "wrong-label2id",
            "other-types",
            "spaces",
            "list",
            "only-label2id",
        ]
    )
    if kind == "numbers":
        config["id2label"] = {str(index): index for index in range(count)}
    elif kind == "other-types":
        config["id2label"] = {str(index): rng.choice([index + 0.5, True, None]) for index in range(count)}
    elif kind == "spaces":
        config["id2label"] = {f" {index}": names[index] for index in range(count)}
    elif kind == "unsorted":
        config["id2label"] = {str(index): names[index] for index in rng.sample(range(count), count)}
    elif kind == "partial":
        del config["id2label"][str(rng.randrange(count))]
        if rng.random() < 0.5:
            config["num_labels"] = count
    elif kind == "missing":
        del config["id2label"]
        del config["label2id"]
        if count != 2 or rng.random() < 0.3:
            config["num_labels"] = count
    elif kind == "list":
        config["id2label"] = names
    elif kind == "only-label2id":
        del config["id2label"]
    elif kind == "no-label2id":
        del config["label2id"]
    elif kind == "same":
        config["id2label"] = {str(index): "SAME" for index in range(count)}
    elif kind == "empty":
        config["id2label"]["0"] = ""
    elif kind == "num_labels":
        config["num_labels"] = config["_num_labels"] = count
    elif kind == "extra":
        config["id2label"][str(count)] = "MORE"
    elif kind == "null-labels":
        config["id2label"] = None
        config["num_labels"] = count
    else:
        config["label2id"] = {"x": 0, names[0]: 5}


@oddity(0.1, lambda folder: folder.head == "sequence")
def problem_type(folder, rng):
    folder.config["problem_type"] = rng.choice(
        [None, "multi_label", "single_label_classification", "regression", "multi_label_classification", "binary"]
    )


@oddity(0.25)
def keys_without_effect(folder, rng):
    keys = {
        "torch_dtype": "float16",
        "dtype": "float32",
        "_name_or_path": "someone/model",
        "transformers_version": "4.9.2",
        "use_cache": True,
        "position_embedding_type": "absolute",
        "gradient_checkpointing": False,
        "pruned_heads": {},
        "output_attentions": False,
        "output_hidden_states": True,
        "return_dict": False,
        "classifier_dropout": None,
        "is_decoder": False,
        "add_cross_attention": False,
        "finetuning_task": "sst2",
        "torchscript": True,
        "output_past": True,
        "directionality": "bidi",
        "pooler_type": "first_token_transform",
        "language": "english",
        "chunk_size_feed_forward": 0,
        "attn_implementation": "eager",
        "_attn_implementation": "sdpa",
        "tie_word_embeddings": True,
        "hidden_dropout_prob": 0,
        "custom": {"nested": [1, None]},
        "max_length": 20,
        "label_smoothing": 1e-3,
        "sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity",
        "quantization_config": None,
        "transformers_weights": None,
        "auto_map": {"AutoModel": "modeling_mine.Mine"},
        "num_labels_": 3,
        "variant": "fp16",
        "base_model_name_or_path": "someone/base",
        "layer_norm_epsilon": 1e-3,
        "n_positions": 5,
        "attention_type": "original_full",
        "pretrained_config_archive_map": {},
        "classifier_dropout_prob": 0.1,
        "seq_classif_dropout": 0.3,
        "qa_dropout": 0.2,
        "type_vocab": 5,
        "num_classes": 7,
        "hidden_dim_": 3,
        "sep_token_id": 3,
        "cls_token_id": 2,
        "bos_token_id": 0,
        "is_encoder_decoder": False,
        "cross_attention_hidden_size": None,
        "tokenizer_type": "wordpiece",
        "do_lower_case": False,
        "truncation_side": "left",
        "rope_parameters": None,
        "problem": "x",
        "task_specific_params": {"text": {"prefix": "the "}},
        "sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Sigmoid", "version": "4.1.0"},
    }
    for name in rng.sample(sorted(keys), rng.randint(1, 5)):
        folder.config[name] = keys[name]
        if name in ("auto_map",):
            folder.warns.append(name)


@oddity(0.15)
def defaults_left_out(folder, rng):
    """Keys that have the default of the configuration's class, which many files lack."""
    defaults = {
        "layer_norm_eps": 1e-12,
        "type_vocab_size": 2,
        "hidden_dropout_prob": 0.1,
        "initializer_range": 0.02,
        "pad_token_id": 0,
        "dropout": 0.1,
        "sinusoidal_pos_embds": False,
        "normalization_type": "no_norm",
        "trigram_input": True,
        "use_bottleneck": True,
        "classifier_activation": True,
        "use_bottleneck_attention": False,
        "key_query_shared_bottleneck": True,
        "num_feedforward_networks": 4,
        "activation": "gelu",
        "hidden_act": "relu" if folder.family == "mobilebert" else "gelu",
    }
    present = sorted(name for name in defaults if name in folder.config and folder.config[name] == defaults[name])
    for name in rng.sample(present, rng.randint(1, len(present))):
        del folder.config[name]


@oddity(0.1, lambda folder: folder.family == "distilbert")
def names_of_other_families(folder, rng):
    """BERT's names of DistilBERT's sizes."""
    names = {"dim": "hidden_size", "n_heads": "num_attention_heads", "n_layers": "num_hidden_layers"}
    for name in rng.sample(sorted(names), rng.randint(1, 3)):
        folder.config[names[name]] = folder.config.pop(name)


@oddity(0.1)
def json_forms(folder, rng):
    """JSON as Python reads it: keys twice, of which the last counts; escapes, also half a pair; spaces around."""
    name = rng.choice(["config.json", "config.json", "tokenizer_config.json", "tokenizer.json"])
    first = {
        "config.json": '"vocab_size": 3, "model_type": "gpt2", "architectures": ["X"], "hidden_size": 1, "dim": 5,',
        "tokenizer_config.json": '"do_lower_case": 3, "model_max_length": 1,',
        "tokenizer.json": '"version": "0.1",',
    }[name]
    written = {key: value for key, value in folder.config.items() if key not in folder.hidden_keys}
    present = json.dumps(written | (folder.tokenizer_config or {}))
    first = "".join(key + "," for key in first[:-1].split(", ") if key.split(":")[0] in present)
    kind = rng.choice(["twice", "escapes", "half", "spaces"])
    if kind == "twice":
        folder.edits[name] = lambda text: text.replace("{", "{" + first, 1)
    elif kind == "escapes":
        folder.edits[name] = lambda text: "".join(one if ord(one) < 128 else json.dumps(one)[1:-1] for one in text)
    elif kind == "half":
        folder.edits[name] = lambda text: text.replace("{", '{"note": "\\ud83d \\udc00\\u0000",', 1)
    else:
        folder.edits[name] = lambda text: "\n \t" + text.replace("\n", "\r\n") + "\r\n\r\n"


@oddity(0.05)
def padding_id(folder, rng):
    folder.config["pad_token_id"] = rng.choice([None, 1, 3])


# The following say how to compute, so they come before the weights are made: heads.py calls them "shape" oddities.
SHAPE = []


def shape(chance, needs=lambda folder: True):
    def add(change):
        change = oddity(chance, needs)(change)
        SHAPE.append(change.__name__.replace("_", "-"))
        return change

    return add


@shape(0.25)
def activation(folder, rng):
    key = "activation" if folder.family == "distilbert" else "hidden_act"
    folder.config[key] = rng.choice(
        [
            "relu",
            "gelu_new",
            "gelu_pytorch_tanh",
            "gelu_fast",
            "silu",
            "swish",
            "gelu",
            "quick_gelu",
            "gelu_python",
            "tanh",
            "mish",
            "relu6",
            "gelu_10",
            "sigmoid",
            "leaky_relu",
            "linear",
            "gelu_accurate",
            "laplace",
            "relu2",
            "hardswish",
            "gelu_python_tanh",
            "sqrtsoftplus",
        ]
    )


@shape(0.2, lambda folder: folder.family == "bert" or folder.family == "mobilebert")
def types_and_epsilon(folder, rng):
    folder.config["type_vocab_size"] = rng.choice([1, 2, 3, 2])
    folder.config["layer_norm_eps"] = rng.choice([1e-12, 1e-5, 1e-3])


@shape(0.6, lambda folder: folder.family == "mobilebert")
def bottleneck(folder, rng):
    """MobileBERT's options."""
    folder.config["normalization_type"] = rng.choice(["no_norm", "layer_norm"])
    for name in rng.sample(
        [
            "use_bottleneck",
            "use_bottleneck_attention",
            "key_query_shared_bottleneck",
            "trigram_input",
            "classifier_activation",
        ],
        rng.randint(0, 2),
    ):
        folder.config[name] = not folder.config[name]


@shape(0.1, lambda folder: folder.head in ("masked", "pretraining"))
def untied(folder, rng):
    folder.config["tie_word_embeddings"] = False


@shape(0.06, lambda folder: folder.family != "distilbert")
def decoder(folder, rng):
    """A BERT whose tokens attend to those before them; for MobileBERT the key has no effect."""
    folder.config["is_decoder"] = True


@shape(0.1, lambda folder: folder.family == "distilbert")
def sinusoidal(folder, rng):
    folder.config["sinusoidal_pos_embds"] = True


@shape(0.08, has_labels)
def many_labels(folder, rng):
    set_labels(folder.config, [f"Label {index}" for index in rng.sample(range(30), 12)])
