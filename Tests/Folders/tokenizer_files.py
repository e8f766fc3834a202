"""The files of a tokenizer as save_pretrained writes them: vocab.txt alone, tokenizer.json alone, or both."""

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
    folder.lowercase = lowercase = rng.random() < 0.7
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


def settings(folder):
    """tokenizer_config.json, which an oddity needs."""
    if folder.tokenizer_config is None:
        folder.tokenizer_config = {}
    return folder.tokenizer_config
