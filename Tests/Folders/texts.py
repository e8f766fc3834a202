"""The words of random vocabularies, and texts that are hard to tokenize."""

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

WORDS = """the of and a in to was is for as on with by he that at from his it an were are which this had hello world
good bad not new york city film river bank covid nine don t s cafe naive strasse uber ab cd 12 2003 0""".split()
CASED = ["The", "Hello", "NEW", "York", "Café", "café", "naïve", "Straße", "Über", "İstanbul", "Z\u030c", "été"]
PIECES = ["##" + piece for piece in "s ly ing ed er est a b c d e 1 2 vid nine é ß 京".split()]
LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)] + list("ABCXYZ0123456789")
OTHERS = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + list("中文京日本한“”…–€𝄞🙂") + ["é", "ß", "ı", "\u0301", "\u00ad"]

HARD = [
    "",
    " ",
    "Hello, World! it's NOT bad...",
    "The café was naïve; STRASSE Straße ﬁlm ǅ İstanbul ıI",
    "e\u0301te\u0301 Z\u030c a\u0328\u0301 \u1e9b\u0323 q\u0307\u0323 \u0344",
    "中文film京 日本語 한국어 カタカナ ｶﾞ 豈 \u2f00",
    "🙂👩\u200d👩\u200d👧 🇩🇪 𝄞 \U0001f9d1\U0001f3fd",
    "a\x00b\x01c\u200bd\u00ade\ufefff\ufffdg\x7fh",
    "tabs\tand\nlines\r\nand\x0bmore\u00a0spaces\u2003\u3000here\u2028there",
    "new-york's city/river @home #1 $9.50 (the) [of] {and} ^_^ `~|",
    "supercalifragilisticexpialidocious" * 4,
    "[CLS] the [SEP] film [MASK] [UNK] [PAD] [mask] [ MASK ] [MASK]s x[SEP]y",
    "xHELLOx HELLO_WORLD 12.5% 2003ab 1,000 ④ Ⅷ ½ ٣",
    "  the   film  ",
    "مرحبا بالعالم שלום हिन्दी ไทย",
]


def words(rng, tokens, count):
    """Words of the vocabulary and hard texts, joined as people join them."""
    chosen = []
    for _ in range(count):
        part = rng.choice(rng.choice([WORDS, WORDS, CASED, OTHERS, tokens or WORDS]))
        chosen.append(rng.choice([part, part, part.upper(), part.capitalize(), part + rng.choice("sx,.1")]))
    return "".join(word + rng.choice([" ", " ", " ", "", "  ", "-"]) for word in chosen)


def inputs(rng, tokens):
    """Texts, then pairs of texts. Added tokens stand alone, inside words, in other cases and beside spaces."""
    texts = ["", *rng.sample(HARD, 6)]
    texts += [words(rng, tokens, rng.randint(1, 12)) for _ in range(4)]
    for token in tokens:
        texts.append(
            rng.choice(["the {} film", "x{}y", " {} ", "{}{}", "{},{}", "the\t{}\nfilm", "é{}é"]).replace("{}", token)
        )
        texts.append(f"{token.upper()} {token.lower()} {token[:-1]} {token}s")
    texts.append(words(rng, tokens, 60))
    # No second text is empty: transformers then encodes the first alone if the pair is not in a list.
    pairs = [
        ("the film", "was good"),
        ("", "the"),
        (words(rng, tokens, 30), words(rng, tokens, 5)),
        (words(rng, [], 3), rng.choice(HARD[2:])),
    ]
    return texts, pairs


# What the heads are asked; _ is the mask token.
MASKED = ["the _ film", "_ was not good.", "New York is _!"]
CHOICES = [("the film", ["was good", "is not a river", "a"]), ("Hello", ["world"])]
QUESTIONS = [("Who was it?", "the film was in New York city"), ("café?", "Über die Straße, 12.5% e\u0301")]
LONGEST_ANSWER = 6  # tokens
SPANS = 8  # that are considered, of which those with the same text are one answer

# Ids with masks that no tokenizer writes.
ARRAYS = [[2, 9, 11, 7, 30, 3], [0, 0, 2, 40, 12, 3], [2, 9, 8, 3, 0, 0]]
MASKS = [[1, 0, 1, 1, 0, 1], [0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]]
TYPES = [[0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 0, 0]]
