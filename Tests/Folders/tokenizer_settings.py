"""Oddities of tokenizer_config.json beside the tokens, and of the lines of vocab.txt."""

from oddities import oddity
from tokenizer_files import settings


@oddity(0.12)
def truncation_side(folder, rng):
    settings(folder)["truncation_side"] = rng.choice(["left", "left", "right"])


@oddity(0.15)
def length(folder, rng):
    """The length under another name, above or below the positions, or missing."""
    config = settings(folder)
    config.pop("model_max_length", None)
    config.update(
        rng.choice(
            [
                {"max_len": 16},
                {"model_max_length": 12},
                {"model_max_length": 1000000000000000019884624838656},
                {"model_max_length": 1e30},
                {"max_len": 20, "model_max_length": 30},
                {},
                {"model_max_length": None},
            ]
        )
    )


@oddity(0.06)
def never_split(folder, rng):
    tokens = rng.sample(["new-york", "[E1]", "Hello", "don't", "é", "the"], 2)
    settings(folder)["never_split"] = rng.choice([tokens, None, []])
    folder.added(*tokens)


@oddity(0.2)
def flags(folder, rng):
    """Flags of the normalizer, which may disagree with tokenizer.json."""
    config = settings(folder)
    for name in rng.sample(
        ["do_lower_case", "strip_accents", "tokenize_chinese_chars", "do_basic_tokenize", "clean_text"],
        rng.randint(1, 2),
    ):
        config[name] = rng.choice([True, False, False, None] if name == "strip_accents" else [True, False])
        if rng.random() < 0.3:
            del config[name]


@oddity(0.2)
def tokenizer_class(folder, rng):
    names = [
        "BertTokenizer",
        "BertTokenizerFast",
        "PreTrainedTokenizerFast",
        "TokenizersBackend",
        "DistilBertTokenizer",
        "DistilBertTokenizerFast",
        "MobileBertTokenizerFast",
        "ElectraTokenizer",
        "LxmertTokenizerFast",
        "ConvBertTokenizer",
        "DPRQuestionEncoderTokenizer",
        "MyTokenizer",
        "SqueezeBertTokenizerFast",
        "LayoutLMTokenizer",
        "RetriBertTokenizer",
        "BasicTokenizer",
        "PreTrainedTokenizer",
        "DPRContextEncoderTokenizerFast",
        "RealmTokenizer",
        None,
    ]
    name = rng.choice(names + [""])
    if name == "":
        settings(folder).pop("tokenizer_class", None)
    else:
        settings(folder)["tokenizer_class"] = name


@oddity(0.2)
def settings_without_effect(folder, rng):
    """Keys that say nothing about ids."""
    keys = {
        "clean_up_tokenization_spaces": rng.choice([True, False]),
        "padding_side": rng.choice(["left", "right"]),
        "name_or_path": "someone/model",
        "special_tokens_map_file": None,
        "tokenizer_file": rng.choice([None, "/root/tokenizer.json", "tokenizer.json"]),
        "vocab_file": rng.choice([None, "/root/vocab.txt", "vocab.txt"]),
        "auto_map": {"AutoTokenizer": ["tokenization_mine.Mine", None]},
        "add_prefix_space": False,
        "model_type": "gpt2",
        "legacy": True,
        "verbose": False,
        "wordpieces_prefix": "##",
        "pad_token_type_id": 0,
        "padding": True,
        "truncation": True,
        "return_token_type_ids": False,
        "add_special_tokens": False,
        "from_slow": False,
        "lowercase": False,
        "word_delimiter_token_": "|",
        "cls_token_id": 2,
        "init_inputs": [],
        "is_local": True,
        "use_fast": True,
        "processor_class": None,
        "stride": 0,
        "max_length": 16,
        "pad_to_multiple_of": None,
        "truncation_strategy": "longest_first",
        "backend": "tokenizers",
        "chat_template": "{{ messages }}",
        "errors": "replace",
        "unk_id": 7,
    }
    for name in rng.sample(sorted(keys), rng.randint(1, 4)):
        settings(folder)[name] = keys[name]


@oddity(0.1)
def forms_of_flags(folder, rng):
    """Values of other kinds than save_pretrained writes."""
    keys = {
        "do_lower_case": [1, 0, "true", None],
        "strip_accents": [0, 1, "", "false"],
        "tokenize_chinese_chars": [None, 0, 1],
        "model_max_length": [30.0, 0, -1, 20.5],
        "truncation_side": ["LEFT", None, ""],
        "padding_side": [None, "Right"],
        "split_special_tokens": [None, 0, 1, "yes"],
        "clean_up_tokenization_spaces": [None, 0, 1, "yes", ""],
        "added_tokens_decoder": [{}],
        "additional_special_tokens": [None, []],
        "extra_special_tokens": [None, [], {}],
        "never_split": ["the", None],
        "model_input_names": [None, [], ["input_ids"]],
        "mask_token": ["", {"content": "[MASK]"}],
        "tokenizer_class": [""],
        "chat_template": [None, {"a": "b"}],
    }
    for name in rng.sample(sorted(keys), rng.randint(1, 2)):
        settings(folder)[name] = rng.choice(keys[name])


@oddity(0.06)
def empty_files(folder, rng):
    """Files that are there and say nothing."""
    for name in rng.sample(["tokenizer_config", "special_tokens_map", "added_tokens"], rng.randint(1, 3)):
        setattr(folder, name, {})


@oddity(0.06, lambda folder: folder.tokenizer is not None and folder.has_vocabulary_file)
def two_vocabularies(folder, rng):
    """A vocab.txt that is not the vocabulary of tokenizer.json: an older one, or one of another model."""
    tokens = list(folder.vocabulary)
    if rng.random() < 0.5:
        tokens = tokens[: len(tokens) // 2]
    else:
        tokens[5:] = rng.sample(tokens[5:], len(tokens) - 5)
    folder.lines = "".join(token + "\n" for token in tokens).encode()


@oddity(0.05)
def model_input_names(folder, rng):
    """The arrays that the model gets: BERT computes without token_type_ids as if all were 0."""
    names = ["input_ids", "attention_mask"]
    settings(folder)["model_input_names"] = names if rng.random() < 0.7 else [*names, "token_type_ids"]


@oddity(0.15, lambda folder: folder.has_vocabulary_file)
def vocabulary_lines(folder, rng):
    """Lines that hand-made vocabularies have: twice the same, with spaces around, empty, CRLF, no last newline."""
    tokens = list(folder.vocabulary)
    kind = rng.choice(["twice", "trailing", "leading", "empty", "crlf", "open", "empty-end", "mark", "spaces", "tab"])
    if kind == "twice":
        tokens += rng.sample(tokens[5:], 2)
    elif kind in ("trailing", "leading"):
        for index in rng.sample(range(6, len(tokens)), 5):
            tokens[index] = (
                tokens[index] + rng.choice([" ", "\u00a0", "\u3000"]) if kind == "trailing" else " " + tokens[index]
            )
    elif kind in ("empty", "spaces"):
        tokens.insert(rng.randint(6, len(tokens)), "" if kind == "empty" else "  ")
    elif kind == "empty-end":
        tokens += ["", ""]
    elif kind == "tab":
        tokens[7:9] = [token + "\t12" for token in tokens[7:9]]
    text = "".join(token + ("\r\n" if kind == "crlf" else "\n") for token in tokens)
    folder.lines = (("\ufeff" if kind == "mark" else "") + (text[:-1] if kind == "open" else text)).encode()


@oddity(0.05, lambda folder: folder.has_vocabulary_file)
def vocabulary_without_special_token(folder, rng):
    token = rng.choice(["[MASK]", "[MASK]", "[PAD]", "[UNK]", "[SEP]"])
    folder.lines = "".join(line + "\n" for line in folder.vocabulary if line != token).encode()
