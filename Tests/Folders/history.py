"""Whole folders as they were saved years ago: the files and keys that each time's tools wrote."""

from folder import DIRECTIONS
from oddities import oddity
from tokenizer_files import NAMED


@oddity(0.06)
def year_2018(folder, rng):
    """Google's checkpoints as they were first converted: vocab.txt, a short config.json, torch's old format."""
    only_vocabulary(
        folder, rng, {"do_lower_case": folder.lowercase} if rng.random() < 0.5 or not folder.lowercase else None
    )
    folder.special_tokens_map = None
    folder.format = "bin-legacy"
    folder.config.pop("architectures", None)
    folder.config.pop("pad_token_id", None)
    folder.hidden_keys.append("model_type")
    if folder.family == "bert":
        folder.use_old_norm_names()
        folder.config |= DIRECTIONS


@oddity(0.06)
def year_2020(folder, rng):
    """What save_pretrained of transformers 2 and 3 wrote, for slow tokenizers."""
    only_vocabulary(folder, rng, {"do_lower_case": folder.lowercase, "max_len": 512, "init_inputs": []})
    folder.special_tokens_map = dict(NAMED)
    folder.added_tokens = {} if rng.random() < 0.5 else folder.added_tokens
    folder.format = rng.choice(["bin", "bin-legacy"])
    folder.config |= {
        "finetuning_task": None,
        "is_decoder": False,
        "output_past": True,
        "pruned_heads": {},
        "torchscript": False,
        "use_bfloat16": False,
        "num_return_sequences": 1,
        "repetition_penalty": 1.0,
        "eos_token_ids": 0,
        "bos_token_id": 0,
        "do_sample": False,
        "top_k": 50,
        "length_penalty": 1.0,
        "xla_device": True,
    }
    if "id2label" in folder.config:
        folder.config["num_labels"] = len(folder.config["id2label"])
    if folder.family == "distilbert":
        folder.config["tie_weights_"] = True


@oddity(0.06)
def year_2022(folder, rng):
    """What transformers 4 wrote: flags, the name of the folder it came from, and both kinds of tokenizer files."""
    settings = {
        "do_lower_case": folder.lowercase,
        "strip_accents": None,
        "tokenize_chinese_chars": True,
        **NAMED,
        "model_max_length": 512,
        "name_or_path": "someone/model",
        "special_tokens_map_file": "/root/map.json",
        "tokenizer_class": (folder.tokenizer_config or {}).get("tokenizer_class", "BertTokenizer"),
        "do_basic_tokenize": True,
        "never_split": None,
    }
    folder.tokenizer_config = settings
    folder.special_tokens_map = dict(NAMED)
    folder.format = "bin"
    folder.config |= {
        "transformers_version": "4.20.1",
        "torch_dtype": "float32",
        "use_cache": True,
        "classifier_dropout": None,
        "position_embedding_type": "absolute",
        "gradient_checkpointing": False,
        "_name_or_path": "someone/base",
    }


@oddity(0.06)
def year_2025(folder, rng):
    """What transformers 4.57 wrote: every special token with its flags in added_tokens_decoder."""
    flags = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
    folder.tokenizer_config = {
        "added_tokens_decoder": {
            str(folder.vocabulary.index(token)): {"content": token, **flags} for token in NAMED.values()
        },
        "clean_up_tokenization_spaces": rng.random() < 0.5,
        **NAMED,
        "do_lower_case": folder.lowercase,
        "extra_special_tokens": {},
        "model_max_length": 512,
        "strip_accents": None,
        "tokenize_chinese_chars": True,
        "tokenizer_class": (folder.tokenizer_config or {}).get("tokenizer_class", "BertTokenizer"),
    }
    folder.special_tokens_map = {name: {"content": token, **flags} for name, token in NAMED.items()}
    for token in folder.special_tokens_map.values():
        del token["special"]
    folder.config |= {"transformers_version": "4.57.6", "dtype": "float32", "use_cache": True}
    folder.config |= {"position_embedding_type": "absolute", "classifier_dropout": None}


@oddity(0.06)
def year_2026(folder, rng):
    """What transformers 5 writes: tokenizer.json, and a tokenizer_config.json without flags of tokens."""
    folder.special_tokens_map = None
    folder.has_vocabulary_file = folder.tokenizer is None
    folder.tokenizer_config = {
        "backend": "tokenizers",
        **NAMED,
        "do_lower_case": folder.lowercase,
        "is_local": False,
        "model_max_length": 512,
        "strip_accents": None,
        "tokenize_chinese_chars": True,
        "tokenizer_class": "BertTokenizer",
    }
    folder.config |= {"transformers_version": "5.23.0", "dtype": "float32", "add_cross_attention": False}
    folder.config |= {"bos_token_id": None, "eos_token_id": None}


def only_vocabulary(folder, rng, settings):
    folder.tokenizer = None
    folder.has_vocabulary_file = True
    folder.tokenizer_config = settings
