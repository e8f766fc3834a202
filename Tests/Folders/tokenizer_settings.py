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
        "tokenizer_file": None,
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
