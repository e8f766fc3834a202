"""What the folders of published.py have in common: keys, forms of checkpoints, modules of sentence-transformers."""

import torch

from checkpoints import values
from tokenizer_files import NAMED, tokenizer_json

PLAIN = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}


def old(folder, names=True):
    """A checkpoint of 2018 or 2019, in torch's first format."""
    folder.format = "bin-legacy"
    if names:
        folder.use_old_norm_names()


def keys(folder, add, remove=()):
    folder.config = {key: value for key, value in folder.config.items() if key not in remove} | add


def position_ids(folder):
    stem = folder.family + "." if folder.head not in ("base", "sentences") else ""
    folder.tensors[f"{stem}embeddings.position_ids"] = torch.arange(folder.config["max_position_embeddings"])[None]


def old_pooler(folder, rng):
    width = folder.width
    folder.tensors |= {
        f"{folder.family}.pooler.dense.weight": values(folder, rng, width, width),
        f"{folder.family}.pooler.dense.bias": values(folder, rng, width),
    }


def with_tokenizer_json(folder, length=None):
    """tokenizer.json beside vocab.txt; sentence-transformers' has the lengths of its training."""
    folder.tokenizer = tokenizer_json(folder.vocabulary, folder.lowercase)
    if length:
        folder.tokenizer["truncation"] = {
            "max_length": length,
            "strategy": "LongestFirst",
            "stride": 0,
            "direction": "Right",
        }
        folder.tokenizer["padding"] = {
            "strategy": {"Fixed": length},
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": 0,
            "pad_type_id": 0,
            "pad_token": "[PAD]",
        }


def sentence_modules(folder, pooling, parts=("Transformer", "Pooling", "Normalize"), first="", length=32):
    width, modules = folder.width, {}
    names = [first] + [f"{index}_{name}" for index, name in enumerate(parts)][1:]
    modules["modules.json"] = [
        {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{part}"}
        for index, (path, part) in enumerate(zip(names, parts))
    ]
    modules["1_Pooling/config.json"] = {
        "word_embedding_dimension": width,
        "pooling_mode_cls_token": pooling == "cls",
        "pooling_mode_mean_tokens": pooling == "mean",
        "pooling_mode_max_tokens": False,
        "pooling_mode_mean_sqrt_len_tokens": False,
    }
    modules["sentence_bert_config.json"] = {"max_seq_length": length, "do_lower_case": False}
    modules["config_sentence_transformers.json"] = {
        "__version__": {"sentence_transformers": "2.0.0", "transformers": "4.6.1", "pytorch": "1.8.1"}
    }
    folder.modules, folder.subfolder = modules, first


def decoder_of_tokens(folder):
    """added_tokens_decoder as transformers 4.34 and later wrote it."""
    number = folder.vocabulary.index
    return {str(number(token)): {"content": token, **PLAIN, "special": True} for token in NAMED.values()}


def settings_of_2023(folder, **more):
    return {
        "added_tokens_decoder": decoder_of_tokens(folder),
        "clean_up_tokenization_spaces": True,
        "do_basic_tokenize": True,
        "do_lower_case": folder.lowercase,
        "model_max_length": 512,
        "never_split": None,
        "strip_accents": None,
        "tokenize_chinese_chars": True,
        "tokenizer_class": "BertTokenizer",
        **NAMED,
        **more,
    }
