"""The files of a tokenizer: as save_pretrained writes them, and oddities of vocab.txt and of the files beside it."""

from folder import oddity
from texts import CASED, LETTERS, OTHERS, PIECES, SPECIAL, WORDS

CLASSES = {"bert": "BertTokenizer", "distilbert": "DistilBertTokenizer", "mobilebert": "MobileBertTokenizer"}
SPARE = 24  # rows of the word embeddings beyond the vocabulary, for added tokens
NAMED = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}


def vocabulary(rng):
    """The tokens of a vocabulary in a random order, special ones first, as in Google's files."""
    tokens = [word for word in WORDS + CASED if rng.random() < 0.7] + PIECES + LETTERS
    tokens += ["##" + letter for letter in LETTERS if rng.random() < 0.5] + OTHERS
    tokens = list(dict.fromkeys(tokens))
    rng.shuffle(tokens)
    unused = [f"[unused{index}]" for index in range(3)]
    return (SPECIAL if rng.random() < 0.7 else SPECIAL[:1] + unused + SPECIAL[1:]) + tokens


def add_tokenizer(folder, rng):
    """Ordinary files: vocab.txt alone, tokenizer.json alone, or both."""
    folder.vocabulary = vocabulary(rng)
    lowercase = rng.random() < 0.7
    kind = rng.choice(["vocab", "vocab", "json", "both", "both"])
    if kind != "vocab":
        folder.tokenizer = tokenizer_json(folder.vocabulary, lowercase)
    folder.has_vocabulary_file = kind != "json"
    settings = {"tokenizer_class": CLASSES[folder.family], "do_lower_case": lowercase, "model_max_length": 512, **NAMED}
    settings |= {"strip_accents": None, "tokenize_chinese_chars": True}
    folder.tokenizer_config = settings if kind != "vocab" or not lowercase or rng.random() < 0.7 else None
    if rng.random() < 0.5:
        folder.special_tokens_map = dict(NAMED)


def tokenizer_json(tokens, lowercase):
    """A tokenizer.json as BertTokenizerFast writes it."""
    ids = {token: index for index, token in enumerate(tokens)}
    added = [added_token(ids[token], token, special=True) for token in tokens if token in SPECIAL]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": bert_normalizer(lowercase),
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": template(ids),
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": ids,
        },
    }


def bert_normalizer(lowercase, strip_accents=None):
    return {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": True,
        "strip_accents": strip_accents,
        "lowercase": lowercase,
    }


def template(ids, first="[CLS]", last="[SEP]"):
    def token(name, kind=0):
        return {"SpecialToken": {"id": name, "type_id": kind}}

    def text(name, kind):
        return {"Sequence": {"id": name, "type_id": kind}}

    return {
        "type": "TemplateProcessing",
        "single": [token(first), text("A", 0), token(last)],
        "pair": [token(first), text("A", 0), token(last), text("B", 1), token(last, 1)],
        "special_tokens": {name: {"id": name, "ids": [ids[name]], "tokens": [name]} for name in {first: 0, last: 0}},
    }


def added_token(number, content, special=False, **flags):
    defaults = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": not special}
    return {"id": number, "content": content, **defaults, **flags, "special": special}


def random_token(rng):
    """A token that people add: a marker, a word, a word with a space or an accent, a token of the vocabulary."""
    return rng.choice(
        [
            "[E1]",
            "[/E1]",
            "<user>",
            "covidnine",
            "New York",
            "Café",
            "#tag",
            "@user",
            "[QUERY]",
            "é",
            "京都",
            "film",
            "[unused1]",
            "##x",
            "--",
            "emoji🙂",
            "E.U.",
            "Hello",
            "<url>",
        ]
    )


def random_flags(rng):
    names = ["single_word", "lstrip", "rstrip", "normalized"]
    return {name: rng.random() < 0.4 for name in names}


def settings(folder):
    """tokenizer_config.json, which an oddity needs."""
    if folder.tokenizer_config is None:
        folder.tokenizer_config = {}
    return folder.tokenizer_config


def next_id(folder):
    numbers = [len(folder.vocabulary)]
    numbers += [number + 1 for number in (folder.added_tokens or {}).values()]
    numbers += [int(number) + 1 for number in (folder.tokenizer_config or {}).get("added_tokens_decoder", {})]
    numbers += [token["id"] + 1 for token in (folder.tokenizer or {}).get("added_tokens", [])]
    return max(numbers)


@oddity(0.15)
def added_tokens_json(folder, rng):
    """added_tokens.json beside the other files, as slow tokenizers wrote it."""
    first = next_id(folder) + rng.choice([0, 0, 0, 2])
    tokens = list(dict.fromkeys(random_token(rng) for _ in range(rng.randint(1, 3))))
    folder.added_tokens = {token: first + index for index, token in enumerate(tokens)}
    folder.added(*tokens)


@oddity(0.1)
def map_with_additional_tokens(folder, rng):
    """additional_special_tokens in special_tokens_map.json, as texts or as objects."""
    tokens = [random_token(rng) for _ in range(rng.randint(1, 3))]
    texts_only = rng.random() < 0.8
    folder.special_tokens_map = {
        **(folder.special_tokens_map or NAMED),
        "additional_special_tokens": [
            token if texts_only or rng.random() < 0.5 else {"content": token, **random_flags(rng)} for token in tokens
        ],
    }
    folder.added(*tokens)


@oddity(0.1)
def additional_special_tokens(folder, rng):
    """additional_special_tokens in tokenizer_config.json."""
    tokens = [random_token(rng) for _ in range(rng.randint(1, 2))]
    settings(folder)["additional_special_tokens"] = tokens
    folder.added(*tokens)


@oddity(0.08)
def extra_special_tokens_list(folder, rng):
    """extra_special_tokens as transformers 5 writes it."""
    tokens = [random_token(rng) for _ in range(rng.randint(1, 2))]
    settings(folder)["extra_special_tokens"] = tokens
    folder.added(*tokens)


@oddity(0.08)
def extra_special_tokens_object(folder, rng):
    """extra_special_tokens as transformers 4 writes it."""
    tokens = [random_token(rng) for _ in range(rng.randint(0, 2))]
    settings(folder)["extra_special_tokens"] = {f"e{index}_token": token for index, token in enumerate(tokens)}
    folder.added(*tokens)


@oddity(0.15)
def added_tokens_decoder(folder, rng):
    """added_tokens_decoder with tokens at ids of the vocabulary and beyond it."""
    decoder = settings(folder).setdefault("added_tokens_decoder", {})
    if rng.random() < 0.8:
        for token in NAMED.values():
            number = folder.vocabulary.index(token)
            decoder[str(number)] = {"content": token, **random_flags(rng), "normalized": False, "special": True}
    for _ in range(rng.randint(0, 3)):
        token = random_token(rng)
        number = folder.vocabulary.index(token) if token in folder.vocabulary else next_id(folder)
        decoder[str(number)] = {"content": token, **random_flags(rng), "special": rng.random() < 0.5}
        folder.added(token)


@oddity(0.06)
def named_token_not_in_vocabulary(folder, rng):
    """A named token that the vocabulary lacks."""
    name = rng.choice(["mask_token", "sep_token", "cls_token", "pad_token", "bos_token", "eos_token"])
    token = rng.choice(["<mask>", "<s>", "[END]", "</s>"])
    settings(folder)[name] = (
        token if rng.random() < 0.5 else {"__type": "AddedToken", "content": token, **random_flags(rng)}
    )
    folder.added(token)


@oddity(0.06)
def named_token_null(folder, rng):
    """A named token that is null."""
    settings(folder)[rng.choice(["mask_token", "pad_token", "bos_token", "eos_token"])] = None


@oddity(0.1)
def tokens_as_objects(folder, rng):
    """Named tokens as objects in special_tokens_map.json or tokenizer_config.json."""

    def as_object(token):
        return {"content": token, **random_flags(rng), "normalized": False}

    if rng.random() < 0.5:
        folder.special_tokens_map = {name: as_object(token) for name, token in NAMED.items()}
    else:
        settings(folder).update({name: {"__type": "AddedToken", **as_object(token)} for name, token in NAMED.items()})


@oddity(0.06)
def tokens_of_other_names(folder, rng):
    """Named tokens that no class knows, in tokenizer_config.json or special_tokens_map.json."""
    token = random_token(rng)
    if rng.random() < 0.5:
        settings(folder)["query_token"] = token
    else:
        folder.special_tokens_map = {**(folder.special_tokens_map or {}), "query_token": token}
    folder.added(token)


@oddity(0.04)
def split_special_tokens(folder, rng):
    """Whether special tokens in a text are split as other text."""
    settings(folder)["split_special_tokens"] = rng.choice([True, True, False])


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
    settings(folder)["model_input_names"] = ["input_ids", "attention_mask"]


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
