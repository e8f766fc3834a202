"""Oddities of added and named tokens, from every file that may hold them."""

from oddities import oddity
from tokenizer_files import NAMED, settings


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


@oddity(0.06)
def additional_tokens_as_objects(folder, rng):
    """additional_special_tokens or extra_special_tokens as objects with flags, as transformers writes them."""
    tokens = list(dict.fromkeys(random_token(rng) for _ in range(rng.randint(1, 3))))
    settings(folder)[rng.choice(["additional_special_tokens", "extra_special_tokens"])] = [
        {"__type": "AddedToken", "content": token, **random_flags(rng), "special": True} for token in tokens
    ]
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


@oddity(0.05)
def model_specific_tokens(folder, rng):
    """The object in which transformers 5 keeps tokens with keys of their own."""
    token = random_token(rng)
    settings(folder)["model_specific_special_tokens"] = {"query_token": token}
    folder.added(token)


@oddity(0.04)
def split_special_tokens(folder, rng):
    """Whether special tokens in a text are split as other text."""
    settings(folder)["split_special_tokens"] = rng.choice([True, True, False])
