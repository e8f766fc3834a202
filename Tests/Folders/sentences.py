"""Folders of sentence-transformers, and their vectors computed with torch as that library's modules compute them."""

import json
import os

import torch
from safetensors.torch import load_file
from tokenizers.normalizers import Lowercase, Sequence

from oddities import oddity
from checkpoints import values

MODES = ["cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"]
NEW_MODES = {"cls_token": "cls", "max_tokens": "max", "mean_tokens": "mean", "weightedmean_tokens": "weightedmean"}
ACTIVATIONS = {
    "torch.nn.modules.activation.Tanh": torch.tanh,
    "torch.nn.modules.linear.Identity": lambda x: x,
    "torch.nn.modules.activation.GELU": torch.nn.functional.gelu,
    "torch.nn.modules.activation.ReLU": torch.relu,
}
OTHER_ACTIVATIONS = {
    "torch.nn.modules.activation.Sigmoid": torch.sigmoid,
    "torch.nn.modules.activation.SiLU": torch.nn.functional.silu,
    "torch.nn.modules.activation.ReLU6": torch.nn.functional.relu6,
    "torch.nn.modules.activation.Mish": torch.nn.functional.mish,
}
SETTINGS = [f"sentence_{name}_config.json" for name in ("bert", "roberta", "distilbert")]


def add_modules(folder, rng):
    """modules.json with Pooling, then any Dense, LayerNorm and Normalize."""
    width = folder.width
    modes = rng.sample(MODES, rng.choice([1, 1, 1, 2, 3]))
    pooling = {"word_embedding_dimension": width, **{f"pooling_mode_{mode}": mode in modes for mode in MODES}}
    if rng.random() < 0.3:
        names = [NEW_MODES.get(mode, mode) for mode in modes]
        pooling = {"embedding_dimension": width, "pooling_mode": names[0] if len(names) == 1 else names}
    if rng.random() < 0.3:
        pooling["include_prompt"] = rng.random() < 0.5
    folder.modules = {"1_Pooling/config.json": pooling}
    modules, size = ["Transformer", "Pooling"], width * len(modes)
    for kind in rng.choice([[], ["Normalize"], ["Dense"], ["Dense", "Normalize"], ["LayerNorm"], ["Dense", "Dense"]]):
        place = f"{len(modules)}_{kind}"
        modules.append(kind)
        if kind == "Dense":
            bias, outputs = rng.random() < 0.7, rng.choice([8, 12])
            folder.modules[f"{place}/config.json"] = {
                "in_features": size,
                "out_features": outputs,
                "bias": bias,
                "activation_function": rng.choice(sorted(ACTIVATIONS)),
            }
            tensors = {"linear.weight": values(folder, rng, outputs, size)}
            folder.modules[f"{place}/model.safetensors"] = tensors | (
                {"linear.bias": values(folder, rng, outputs)} if bias else {}
            )
            size = outputs
        elif kind == "LayerNorm":
            folder.modules[f"{place}/config.json"] = {"dimension": size}
            folder.modules[f"{place}/model.safetensors"] = {
                "norm.weight": 1 + values(folder, rng, size),
                "norm.bias": values(folder, rng, size),
            }
    folder.modules["modules.json"] = [
        {
            "idx": index,
            "name": str(index),
            "path": "" if index == 0 else f"{index}_{kind}",
            "type": f"sentence_transformers.models.{kind}",
        }
        for index, kind in enumerate(modules)
    ]
    folder.modules["sentence_bert_config.json"] = {
        "max_seq_length": rng.choice([None, 10, 24, 32]),
        "do_lower_case": False,
    }
    prompts = rng.choice([{}, {}, {"query": "the query: ", "passage": ""}, {"query": "Hello ", "document": "film: "}])
    folder.modules["config_sentence_transformers.json"] = {
        "__version__": {"sentence_transformers": "2.2.2"},
        "prompts": prompts,
        "default_prompt_name": rng.choice([None, *prompts]),
        "similarity_fn_name": "cosine",
    }


def is_sentences(folder):
    return folder.modules is not None


@oddity(0.2, is_sentences)
def sentence_settings(folder, rng):
    """Keys of sentence_bert_config.json, or no such file."""
    if rng.random() < 0.4:
        del folder.modules["sentence_bert_config.json"]
    else:
        folder.modules["sentence_bert_config.json"].update(
            rng.choice([{"do_lower_case": True}, {"model_args": {}, "tokenizer_args": {}}, {"do_lower_case": None}])
        )


@oddity(0.2, is_sentences)
def module_types(folder, rng):
    """The names of modules in newer versions, or no config_sentence_transformers.json."""
    if rng.random() < 0.4:
        del folder.modules["config_sentence_transformers.json"]
    else:
        for module in folder.modules["modules.json"]:
            kind = module["type"].rsplit(".", 1)[1]
            base = ("Transformer", "Dense", "Normalize")
            stem = "base.modules" if kind in base else "sentence_transformer.modules"
            module["type"] = (
                f"sentence_transformers.{stem}.{kind.lower()}.{kind}" if rng.random() < 0.5 else module["type"]
            )


@oddity(0.15, is_sentences)
def transformer_in_a_folder(folder, rng):
    """The Transformer's files in 0_Transformer, as the first versions wrote them."""
    folder.subfolder = "0_Transformer"
    folder.modules["modules.json"][0]["path"] = folder.subfolder


@oddity(0.3, is_sentences)
def module_forms(folder, rng):
    """Modules as the first versions wrote them: tensors in pytorch_model.bin; and other activations of Dense."""
    for name in [name for name in folder.modules if name.endswith(".safetensors")]:
        if rng.random() < 0.7:
            folder.modules[name.replace("model.safetensors", "pytorch_model.bin")] = folder.modules.pop(name)
    for settings in folder.modules.values():
        if "activation_function" in settings and rng.random() < 0.5:
            settings["activation_function"] = rng.choice(sorted(OTHER_ACTIVATIONS))


@oddity(0.3, is_sentences)
def module_entries(folder, rng):
    """Entries of modules.json without index, with other paths; a Dropout; keys of the Pooling left out."""
    modules, names = folder.modules["modules.json"], rng.sample(["keys", "paths", "dropout", "pooling", "width"], 2)
    for module in modules:
        if "keys" in names:
            del module["idx"]
        if "paths" in names and module["path"]:
            module["path"] = rng.choice(["./{}", "{}/", "{}"]).format(module["path"])
    pooling = folder.modules["1_Pooling/config.json"]
    if "dropout" in names:
        dropout = {"path": "9_Dropout", "type": "sentence_transformers.models.Dropout"}
        modules.insert(rng.randint(2, len(modules)), dropout)
        folder.modules["9_Dropout/config.json"] = {"dropout": 0.5}
    if "pooling" in names:
        for name in [name for name, value in pooling.items() if value is False and name.startswith("pooling_mode")]:
            if rng.random() < 0.7:
                del pooling[name]
    if "width" in names:
        # Without effect: the module pools whatever width there is.
        pooling["word_embedding_dimension" if "word_embedding_dimension" in pooling else "embedding_dimension"] = 384


@oddity(0.1, is_sentences)
def beyond_positions(folder, rng):
    """A max_seq_length above the model's positions, as in folders whose transformer was replaced."""
    if SETTINGS[0] in folder.modules:
        folder.modules[SETTINGS[0]]["max_seq_length"] = 512


@oddity(0.15, is_sentences)
def settings_of_a_family(folder, rng):
    """The Transformer's settings in a file that is named by another family, as the first versions wrote them."""
    settings = folder.modules.pop(SETTINGS[0], None)
    if settings is not None:
        folder.modules[rng.choice(SETTINGS[1:])] = settings


def transformer_settings(path):
    """What the first of the settings' files says."""
    return next((read(path, name, {}) for name in SETTINGS if os.path.exists(os.path.join(path, name))), {})


def module_tensors(path):
    """The tensors of a module's folder, in double precision."""
    file = os.path.join(path, "model.safetensors")
    tensors = load_file(file) if os.path.exists(file) else torch.load(os.path.join(path, "pytorch_model.bin"))
    return {name: tensor.double() for name, tensor in tensors.items()}


def read(path, name, default):
    path = os.path.join(path, name)
    if not os.path.exists(path):
        return default
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def prepare(path, tokenizer, positions):
    """Changes the tokenizer as sentence_bert_config.json says, and gives the most tokens of a text."""
    settings = transformer_settings(path)
    normalizer = tokenizer.backend_tokenizer.normalizer
    if settings.get("do_lower_case") and not lowercases(normalizer):
        parts = [] if normalizer is None else list(normalizer) if isinstance(normalizer, Sequence) else [normalizer]
        tokenizer.backend_tokenizer.normalizer = Sequence([Lowercase(), *parts])
    stated = settings.get("max_seq_length")
    return stated if stated is not None else min(tokenizer.model_max_length, positions)


def lowercases(normalizer):
    """Whether Lowercase is there; BertNormalizer's own does not count."""
    parts = list(normalizer) if isinstance(normalizer, Sequence) else [normalizer]
    return any(isinstance(part, Lowercase) for part in parts)


def prompts(path):
    """The prompts by name; "" is the one that is used without a name."""
    settings = read(path, "config_sentence_transformers.json", {})
    prompts = settings.get("prompts", {})
    return {"": prompts.get(settings.get("default_prompt_name"), ""), **prompts}


def vector(path, tokenizer, model, text, prompt, length):
    """The vector of one text in double precision."""
    encoded = tokenize(tokenizer, prompt + text, length)
    hidden = model(**encoded).last_hidden_state[0]
    mask = encoded["attention_mask"][0].clone()
    for module in read(path, "modules.json", []):
        kind, place = module["type"].rsplit(".", 1)[1], os.path.join(path, module["path"])
        settings = read(place, "config.json", {})
        if kind == "Pooling":
            if not settings.get("include_prompt", True) and prompt:
                ids = tokenize(tokenizer, prompt, length)["input_ids"][0]
                last = int(ids[-1]) in tokenizer.all_special_ids
                mask[: len(ids) - last] = 0
            hidden = torch.cat([pooled(mode, hidden, mask) for mode in modes(settings)])
        elif kind == "Dense":
            tensors = module_tensors(place)
            linear = torch.nn.functional.linear(hidden, tensors["linear.weight"], tensors.get("linear.bias"))
            hidden = (ACTIVATIONS | OTHER_ACTIVATIONS)[settings["activation_function"]](linear)
        elif kind == "LayerNorm":
            tensors = module_tensors(place)
            hidden = torch.nn.functional.layer_norm(hidden, hidden.shape, tensors["norm.weight"], tensors["norm.bias"])
        elif kind == "Normalize":
            hidden = torch.nn.functional.normalize(hidden, dim=-1)
    return hidden.tolist()


def tokenize(tokenizer, text, length):
    return tokenizer(text, truncation=True, max_length=length, return_tensors="pt")


def modes(settings):
    if "pooling_mode" in settings:
        names = settings["pooling_mode"]
        old = {new: old for old, new in NEW_MODES.items()}
        return [old.get(name, name) for name in ([names] if isinstance(names, str) else names)]
    return [mode for mode in MODES if settings.get(f"pooling_mode_{mode}")]


def pooled(mode, hidden, mask):
    if mode == "cls_token":
        return hidden[mask.argmax()]
    if mode == "lasttoken":
        return hidden[mask.nonzero().max()] if mask.any() else hidden[0] * 0
    if mode == "max_tokens":
        return hidden.masked_fill(mask[:, None] == 0, -torch.inf).max(dim=0).values
    weights = mask.double()
    if mode == "weightedmean_tokens":
        weights = weights * torch.arange(1, len(mask) + 1)
    total = (hidden * weights[:, None]).sum(dim=0)
    size = weights.sum().clamp(min=1e-9)
    return total / (size.sqrt() if mode == "mean_sqrt_len_tokens" else size)
