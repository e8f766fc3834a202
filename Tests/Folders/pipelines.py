"""Oddities of tokenizer.json: other normalizers, pre-tokenizers, templates, decoders and added tokens."""

from added_tokens import next_id, random_flags, random_token
from oddities import oddity
from tokenizer_files import added_token, bert_normalizer


def has_tokenizer(folder):
    return folder.tokenizer is not None


def obeyed(folder, rng):
    """Mostly gives the folder a class for which transformers 5 reads the whole of tokenizer.json."""
    if folder.tokenizer_config is None or rng.random() < 0.8:
        folder.tokenizer_config = folder.tokenizer_config or {}
        folder.tokenizer_config["tokenizer_class"] = rng.choice(["PreTrainedTokenizerFast", "TokenizersBackend"])
        folder.tokenizer_config.pop("do_lower_case", None)


def normalizer(rng, depth=0):
    kind = rng.choice(
        [
            "BertNormalizer",
            "Lowercase",
            "NFC",
            "NFD",
            "NFKC",
            "NFKD",
            "StripAccents",
            "Strip",
            "Replace",
            "Prepend",
            "Sequence",
        ][: 11 if depth < 2 else 10]
    )
    if kind == "BertNormalizer":
        return {
            **bert_normalizer(rng.random() < 0.5, rng.choice([None, True, False])),
            "clean_text": rng.random() < 0.8,
            "handle_chinese_chars": rng.random() < 0.8,
        }
    if kind == "Strip":
        return {"type": kind, "strip_left": rng.random() < 0.7, "strip_right": rng.random() < 0.7}
    if kind == "Replace":
        pattern = rng.choice(
            [
                {"String": "the"},
                {"String": "é"},
                {"String": " "},
                {"Regex": "\\s+"},
                {"Regex": "[0-9]+"},
                {"Regex": "(ab|b)+"},
                {"Regex": " {2,}"},
                {"String": "``"},
                {"Regex": "\\d"},
            ]
        )
        return {"type": kind, "pattern": pattern, "content": rng.choice(["", " ", "x", "the", " a "])}
    if kind == "Prepend":
        return {"type": kind, "prepend": rng.choice(["▁", "a", " "])}
    if kind == "Sequence":
        return {"type": kind, "normalizers": [normalizer(rng, depth + 1) for _ in range(rng.randint(0, 4))]}
    return {"type": kind}


def pre_tokenizer(rng, depth=0):
    kinds = ["BertPreTokenizer", "Whitespace", "WhitespaceSplit", "Punctuation", "Digits", "Split", "Sequence"]
    kind = rng.choice(kinds[: 7 if depth < 2 else 6])
    behavior = rng.choice(["Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"])
    if kind == "Punctuation":
        return {"type": kind, "behavior": behavior}
    if kind == "Digits":
        return {"type": kind, "individual_digits": rng.random() < 0.5}
    if kind == "Split":
        pattern = rng.choice(
            [
                {"String": " "},
                {"String": "-"},
                {"Regex": "\\s+"},
                {"Regex": "[^a-z]"},
                {"Regex": "\\w+|[^\\w\\s]"},
                {"Regex": "\\p{P}"},
            ]
        )
        return {"type": kind, "pattern": pattern, "behavior": behavior, "invert": rng.random() < 0.2}
    if kind == "Sequence":
        return {"type": kind, "pretokenizers": [pre_tokenizer(rng, depth + 1) for _ in range(rng.randint(1, 3))]}
    return {"type": kind}


@oddity(0.2, has_tokenizer)
def other_normalizer(folder, rng):
    obeyed(folder, rng)
    folder.tokenizer["normalizer"] = rng.choice([None, *(normalizer(rng) for _ in range(8))])


@oddity(0.2, has_tokenizer)
def other_pre_tokenizer(folder, rng):
    obeyed(folder, rng)
    folder.tokenizer["pre_tokenizer"] = rng.choice([None, *(pre_tokenizer(rng) for _ in range(12))])


@oddity(0.12, has_tokenizer)
def other_post_processor(folder, rng):
    """BertProcessing, a template of another shape or with a text twice, several processors, or none."""
    ids = folder.tokenizer["model"]["vocab"]
    ends = {"sep": ["[SEP]", ids["[SEP]"]], "cls": ["[CLS]", ids["[CLS]"]]}
    processor = folder.tokenizer["post_processor"]
    kind = rng.choice(["bert", "types", "tokens", "sequence", "none", "shape", "roberta", "twice", "chain", "bytes"])
    if kind == "bert":
        processor = {"type": "BertProcessing", **ends}
    elif kind == "roberta":
        processor = {"type": "RobertaProcessing", **ends, "trim_offsets": rng.random() < 0.5, "add_prefix_space": False}
    elif kind == "types":
        for piece in processor["pair"]:
            next(iter(piece.values()))["type_id"] = rng.choice([0, 1])
    elif kind == "tokens":
        processor["special_tokens"]["[QUERY]"] = {
            "id": "[QUERY]",
            "ids": [ids["[MASK]"], ids["the"] if "the" in ids else 5],
            "tokens": ["[MASK]", "the"],
        }
        processor["single"].insert(1, {"SpecialToken": {"id": "[QUERY]", "type_id": 0}})
    elif kind == "shape":
        processor["pair"] = [processor["pair"][0], *processor["pair"][3:], *processor["pair"][1:2]]
    elif kind == "twice":
        processor["single"].append({"Sequence": {"id": "A", "type_id": 0}})
    elif kind == "chain":
        processor = {"type": "Sequence", "processors": [processor, {"type": "BertProcessing", **ends}]}
    elif kind == "bytes":
        trim = {"type": "ByteLevel", "add_prefix_space": rng.random() < 0.5, "trim_offsets": rng.random() < 0.5}
        processor = {"type": "Sequence", "processors": [trim, processor]}
    elif kind == "sequence":
        processor = {"type": "Sequence", "processors": [processor]}
    else:
        processor = None
    folder.tokenizer["post_processor"] = processor
    obeyed(folder, rng)


@oddity(0.12, has_tokenizer)
def tokenizer_json_model(folder, rng):
    """Keys of the model: without type, short words only, another prefix or unknown token."""
    model = folder.tokenizer["model"]
    kind = rng.choice(["untyped", "short", "unknown", "holes", "keys"])
    if kind == "untyped":
        del model["type"]
    elif kind == "short":
        model["max_input_chars_per_word"] = rng.choice([1, 4, 10])
    elif kind == "unknown":
        model["unk_token"] = rng.choice(["[MASK]", "a"])
    elif kind == "keys":
        names = ["unk_token", "continuing_subword_prefix", "max_input_chars_per_word"]
        for name in rng.sample(names, rng.randint(1, 2)):
            del model[name]
    else:
        for token in rng.sample([token for token in model["vocab"] if not token.startswith("[")], 4):
            del model["vocab"][token]


@oddity(0.15, has_tokenizer)
def tokenizer_json_added_tokens(folder, rng):
    """Added tokens with flags, inside the vocabulary and beyond it."""
    tokens = folder.tokenizer["added_tokens"]
    ids = folder.tokenizer["model"]["vocab"]
    for _ in range(rng.randint(1, 4)):
        token = random_token(rng)
        if all(token != other["content"] for other in tokens):
            number = ids.get(token, next_id(folder))
            tokens.append(added_token(number, token, rng.random() < 0.4, **random_flags(rng)))
            folder.added(token)
    tokens.sort(key=lambda token: token["id"])


@oddity(0.08, has_tokenizer)
def sections_without_type(folder, rng):
    """Sections that tokenizers knows by their keys alone."""
    for name in rng.sample(["normalizer", "post_processor", "decoder"], rng.randint(1, 3)):
        section = folder.tokenizer[name]
        if section and section["type"] in ("BertNormalizer", "TemplateProcessing", "BertProcessing", "WordPiece"):
            del section["type"]


@oddity(0.08, has_tokenizer)
def sections_left_out(folder, rng):
    """Sections that are not there at all, and special tokens that are not among the added tokens."""
    names = ["version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor"]
    for name in rng.sample([*names, "decoder"], rng.randint(1, 3)):
        if name == "added_tokens" and rng.random() < 0.5:
            folder.tokenizer[name] = []
        else:
            folder.tokenizer.pop(name, None)


@oddity(0.08, has_tokenizer)
def tokenizer_json_limits(folder, rng):
    """truncation and padding, which transformers sets for each call."""
    if rng.random() < 0.7:
        folder.tokenizer["truncation"] = {
            "direction": rng.choice(["Left", "Right"]),
            "max_length": 9,
            "strategy": rng.choice(["LongestFirst", "OnlyFirst"]),
            "stride": rng.choice([0, 2]),
        }
    if rng.random() < 0.7:
        folder.tokenizer["padding"] = {
            "strategy": rng.choice(["BatchLongest", {"Fixed": 16}]),
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": 0,
            "pad_type_id": 0,
            "pad_token": "[PAD]",
        }


@oddity(0.08, has_tokenizer)
def other_decoder(folder, rng):
    folder.tokenizer["decoder"] = rng.choice(
        [
            None,
            {"type": "WordPiece", "prefix": "##", "cleanup": False},
            {"type": "WordPiece", "prefix": "@@", "cleanup": True},
            {"type": "Fuse"},
            {"type": "Sequence", "decoders": [{"type": "WordPiece", "prefix": "##", "cleanup": True}]},
            {
                "type": "Sequence",
                "decoders": [
                    {"type": "WordPiece", "prefix": "##", "cleanup": False},
                    {"type": "Replace", "pattern": {"String": " "}, "content": "_"},
                    {"type": "Fuse"},
                    {"type": "Strip", "content": "_", "start": 1, "stop": 0},
                ],
            },
        ]
    )
