#!/usr/bin/env python3
"""Writes Tests/Fixtures/tokenization/pipelines.jsonl: random tokenizers, and what Hugging Face's tokenizers makes with them.

Usage: python scripts/make_pipeline_fixtures.py                              (from the repository root; PyPI's tokenizers==0.23.3)
       python scripts/make_pipeline_fixtures.py --seed 7 --pipelines 2000 --out FILE

Each line is a tokenizer.json of random parts (normalizers, pre-tokenizers, templates, decoders, added tokens) with random
difficult texts, alone, in pairs and truncated, and with random ids that are decoded. Cases have the fields of Hugging Face's
Encoding; offsets are counted in Unicode scalars. The output depends on the seed and the library's version alone. To compare
with a file of other seeds, set SWIFTLET_PIPELINES to its path and run `swift test --filter PipelineTests`.
"""
import argparse
import json
import os
import pathlib
import random
import sys
import unicodedata

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

VERSION = "0.23.3"
OUT = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "tokenization" / "pipelines.jsonl"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
# Expressions that folders have, and some that use what only Oniguruma has. No scalar below is newer than Unicode 14.0.
EXPRESSIONS = [r"\s+", r" {2,}", r"\d", r"\d+", r"[^\w\s]", r"\w+", r"[\p{P}\p{S}]", r"\p{L}+|\p{N}{1,3}|[^\s\p{L}\p{N}]+", r"(?i)the|AND",
               r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", r"^", r"$", r"x*", r"(?<=a)b", r"a(?=b)",
               r"[aeiou]", r"\bfoo\b", r"(a)\1", r"[[:punct:]]", r"[[:upper:]]+", r"\p{Han}", r"\p{M}", r"[\u3040-\u30ff]", r".", r"(?m).",
               r"\R", r"[^\x00-\x7F]", r"é", r"\.{3}", r"(?>a+)b", r"a++", r"\h+", r"[a-z&&[^aeiou]]", r"(?<n>o)\k<n>", r"\n", r"\G."]
LITERALS = ["a", " ", "  ", "``", "''", "é", "ing", ".", "\n", "漢", "", "ab", "e\u0301", "_"]
CONTENTS = ["", " ", "\"", "a", "é", " x ", "e\u0301", "<>", "ß"]
POOLS = [(0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x590, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F),
         (0xF40, 0xFBC), (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2070, 0x218F), (0x2460, 0x24FF), (0x3000, 0x30FF),
         (0x3200, 0x33FF), (0x4E00, 0x4E40), (0xAC00, 0xAC40), (0xF900, 0xFA6D), (0xFB00, 0xFB06), (0xFDF0, 0xFDFC), (0xFE30, 0xFE6F),
         (0xFF00, 0xFFEE), (0x1D15E, 0x1D172), (0x1D400, 0x1D4FF), (0x1F300, 0x1F5FF), (0x2F800, 0x2F820), (0, 0x1F), (0x7F, 0x9F)]
MARKS = [c for c in range(0x300, 0x20000) if unicodedata.combining(chr(c))]
BEHAVIORS = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]
WORDS = ["the", "and", "foo", "bar", "ab", "abba", "aab", "on", "off", "un", "cat", "s", "t", "Ünï", "Straße", "e\u0301te", "café", "naïve",
         "漢字", "한국", "ﬁne", "①②", "½", "x²", "3.14", "2024", "U.S.A.", "don't", "it's", "``q''", "o'o", "İş", "ǅ", "ΑΣ", "Å", "Ω", "\u0344",
         "\u1100\u1161\u11a8", "ﷺ", "㌀", "\u0958", "\u0f73", "\u0915\u093c", "e\u0323\u0301", "a\u0301\u0323", "\U0001D15E", "\u2126"]
SPACES = [" ", "  ", "\t", "\n", "\u3000", "\xa0", "\x85", "\u2028", "\r\n", "\u200b"]


def vocabulary(r, prefix):
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFT0123456789éüÜßïα漢字한국①½²ﬁ'\".,!?-#[]<>_` \u0301\u0323\u1100\u1161"
    tokens = SPECIAL + list(letters) + [prefix + c for c in letters] + WORDS[:r.randint(8, len(WORDS))]
    tokens += [prefix + w for w in r.sample(WORDS, 10)] + ["ing", prefix + "ing", prefix + "s"]
    return {w: i for i, w in enumerate(dict.fromkeys(t for t in tokens if t))}


def pattern(r):
    return Regex(r.choice(EXPRESSIONS)) if r.random() < .6 else r.choice(LITERALS)


def normalizer(r):
    n = normalizers
    kind = r.choice(["bert", "lower", "nfc", "nfd", "nfkc", "nfkd", "accents", "strip", "replace", "replace", "prepend", "nmt"])
    return {"bert": lambda: n.BertNormalizer(r.random() < .5, r.random() < .5, r.choice([None, True, False]), r.random() < .5),
            "lower": n.Lowercase, "nfc": n.NFC, "nfd": n.NFD, "nfkc": n.NFKC, "nfkd": n.NFKD, "accents": n.StripAccents,
            "strip": lambda: n.Strip(r.random() < .6, r.random() < .6), "replace": lambda: n.Replace(pattern(r), r.choice(CONTENTS)),
            "prepend": lambda: n.Prepend(r.choice(["x", "é ", "▁", "", "ab"])), "nmt": n.Nmt}[kind]()


def pre_tokenizer(r):
    p = pre_tokenizers
    kind = r.choice(["bert", "whitespace", "split spaces", "punctuation", "digits", "split", "split", "delimiter", "length"])
    return {"bert": p.BertPreTokenizer, "whitespace": p.Whitespace, "split spaces": p.WhitespaceSplit,
            "punctuation": lambda: p.Punctuation(r.choice(BEHAVIORS)), "digits": lambda: p.Digits(r.random() < .5),
            "split": lambda: p.Split(pattern(r), r.choice(BEHAVIORS), r.random() < .4),
            "delimiter": lambda: p.CharDelimiterSplit(r.choice(" -é_a")),
            "length": lambda: p.FixedLength(length=r.randint(1, 6))}[kind]()


def template(r, vocab, ids=True):
    tokens = {"[CLS]": [vocab["[CLS]"]], "[SEP]": [vocab["[SEP]"]], "[X]": [vocab["[MASK]"], vocab["[SEP]"]][:r.randint(1, 2)]}

    def special():
        return [f"{r.choice(list(tokens))}:{r.randint(0, 2)}" for _ in range(r.choice([0, 1, 1, 1, 2]))] if ids else []
    single = special() + [f"$A:{r.randint(0, 1)}"] + special()
    pair = [[f"$A:{r.randint(0, 1)}"], [f"$B:{r.randint(0, 2)}"]]
    if r.random() < .2:
        pair.reverse()
    if ids and r.random() < .1:  # a text twice, or not at all
        single = r.choice([single + ["$A:1"], special(), single + single])
        pair[0] = r.choice([[], pair[0] + pair[1], pair[0] * 2])
    pair = special() + pair[0] + special() + pair[1] + special()
    listed = [dict(id=k, ids=v, tokens=[w for w in vocab if vocab[w] in v]) for k, v in tokens.items()]
    return processors.TemplateProcessing(single=single, pair=pair, special_tokens=listed)


def post_processor(r, vocab):
    cls, sep = ("[CLS]", vocab["[CLS]"]), ("[SEP]", vocab["[SEP]"])
    kind = r.choice(["none", "template", "template", "template", "bert", "roberta", "sequence", "nested", "bytes", "chain"])
    return {"none": lambda: None, "template": lambda: template(r, vocab), "bert": lambda: processors.BertProcessing(sep, cls),
            "roberta": lambda: processors.RobertaProcessing(sep, cls, trim_offsets=r.random() < .7, add_prefix_space=r.random() < .5),
            "bytes": lambda: processors.Sequence([processors.ByteLevel(r.random() < .5, trim_offsets=r.random() < .7),
                                                  template(r, vocab)][::r.choice([1, -1])]),
            # Each takes the tokens that the one before it has added for tokens of a text.
            "chain": lambda: processors.Sequence([r.choice([lambda: template(r, vocab), lambda: processors.BertProcessing(sep, cls),
                                                            lambda: processors.RobertaProcessing(sep, cls)])()]
                                                 + r.choices([processors.BertProcessing(sep, cls), processors.RobertaProcessing(sep, cls)],
                                                             k=r.randint(1, 2))),
            "sequence": lambda: processors.Sequence([template(r, vocab)]),
            "nested": lambda: processors.Sequence([template(r, vocab, ids=False), r.choice([template(r, vocab),
                                                                                      processors.BertProcessing(sep, cls)])])}[kind]()


def decoder(r, prefix):
    d = decoders
    step = {"wordpiece": lambda: d.WordPiece(r.choice([prefix or "##", "##"]), r.random() < .6), "fuse": d.Fuse,
            "strip": lambda: d.Strip(r.choice("a#▁ é"), r.randint(0, 2), 0 if r.random() < .5 else 1),
            "replace": lambda: d.Replace(pattern(r), r.choice(CONTENTS))}
    kind = r.choice(["none", "wordpiece", "wordpiece", "wordpiece", "fuse", "strip", "replace", "sequence"])
    if kind == "none":
        return None
    if kind == "sequence":
        return d.Sequence([step[r.choice(list(step))]() for _ in range(r.randint(1, 4))])
    return step[kind]()


def tokenizer(r):
    prefix = r.choice(["##", "##", "##", "", "_", "@@", "é"])
    vocab = vocabulary(r, prefix)
    t = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", continuing_subword_prefix=prefix,
                                   max_input_chars_per_word=r.choice([0, 3, 10, 100, 100, 100])))
    count = r.choice([0, 1, 1, 2, 3, 4])
    if count == 1 and r.random() < .6:
        t.normalizer = normalizer(r)
    elif count:
        t.normalizer = normalizers.Sequence([normalizer(r) for _ in range(count)])
    count = r.choice([0, 1, 1, 1, 2, 3])
    if count == 1 and r.random() < .6:
        t.pre_tokenizer = pre_tokenizer(r)
    elif count:
        t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizer(r) for _ in range(count)])
    t.post_processor = post_processor(r, vocab) or t.post_processor
    t.decoder = decoder(r, prefix) or t.decoder
    t.add_special_tokens([AddedToken(s, normalized=False, special=True, lstrip=s == "[MASK]" and r.random() < .5) for s in SPECIAL])
    candidates = ["foo", "Bar", "QUX", "é", "x y", "漢", "<t>", "ing", "a", "İ", "①", " lead", "trail ", "foobar", "[E]", "e\u0301", "ﬁ", "1"]
    added = [AddedToken(c, single_word=r.random() < .3, lstrip=r.random() < .3, rstrip=r.random() < .3, normalized=r.random() < .5,
                        special=r.random() < .3) for c in r.sample(candidates, r.choice([0, 0, 2, 5]))]
    # If two tokens are equal once normalized, the library takes one at random. If one is empty, it panics at most texts.
    shown = [t.normalizer.normalize_str(a.content) if t.normalizer and a.normalized else a.content for a in added]
    if len(set(shown)) < len(added) or "" in shown:
        raise ValueError("tokens that are equal or empty once normalized")
    t.add_tokens(added)
    return t


def random_text(r):
    parts = []
    for _ in range(r.choice([0, 1, 3, 6, 10, 14])):
        k, word = r.random(), r.choice(WORDS)
        if k < .4:
            parts.append(r.choice([word, word.upper(), word.title(), word + r.choice(WORDS), unicodedata.normalize("NFD", word)]))
        elif k < .6:
            pool = r.choice(POOLS)
            parts.append("".join(chr(r.randint(*pool)) for _ in range(r.randint(1, 5))))
        elif k < .68:
            parts.append(r.choice("ae漢\u1100\uac00 ") + "".join(chr(r.choice(MARKS)) for _ in range(r.randint(1, 4))))
        elif k < .78:
            parts.append(r.choice(SPECIAL + ["foo", "QUX", "qux", "x y", "<t>", "[mask]", "foobar", " lead", "trail ", "[E]"]))
        elif k < .9:
            parts.append(r.choice(SPACES))
        else:
            parts.append(r.choice([".", ",", "'", "...", "-", "!?", "``", "''", "a" * r.randint(2, 5), "12345", "\0", "\ufffd", "x" * 101]))
    return r.choice(["", " ", " "]).join(parts)


def case(r, t):
    text, special = random_text(r), r.random() < .75
    pair = random_text(r) if r.random() < .35 else None
    out = dict(text=text, add_special_tokens=special)
    t.no_truncation()
    if r.random() < .4:
        fewest = t.num_special_tokens_to_add(pair is not None) if special else 0
        out.update(max_length=r.randint(fewest, fewest + 16), direction=r.choice(["right", "left"]))
        t.enable_truncation(out["max_length"], strategy="longest_first", direction=out["direction"])
    e = t.encode(text, pair, add_special_tokens=special)
    out.update(ids=e.ids, type_ids=e.type_ids, offsets=e.offsets, special_tokens_mask=e.special_tokens_mask)
    if pair is not None:
        out["pair"] = pair
    return out


def decoded(r, t):
    size = t.get_vocab_size()
    ids = [r.randrange(size) for _ in range(r.randint(0, 12))]
    skip = r.random() < .5
    return dict(ids=ids, skip_special_tokens=skip, text=t.decode(ids, skip_special_tokens=skip))


def attempts(r, make, count):
    """What `make` gives several times. The library panics at some combinations of parts and text, which are left out."""
    found, tries = [], 0
    while len(found) < count and tries < 9 * count:
        tries += 1
        try:
            found.append(make())
        except BaseException as error:  # a panic is no Exception
            if isinstance(error, KeyboardInterrupt):
                raise
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pipelines", type=int, default=220)
    parser.add_argument("--cases", type=int, default=4)
    parser.add_argument("--out", default=str(OUT))
    arguments = parser.parse_args()
    if tokenizers.__version__ != VERSION:
        sys.exit(f"tokenizers {VERSION} is needed, {tokenizers.__version__} is installed: pip install tokenizers=={VERSION}")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the library prints its panics
    with open(arguments.out, "w", encoding="utf-8") as file:
        for number in range(arguments.pipelines):
            r = random.Random(f"{arguments.seed} {number}")
            [t] = attempts(r, lambda: tokenizer(r), 1)
            text = t.to_str()
            line = dict(name=f"seed {arguments.seed}, pipeline {number}", tokenizer=text,
                        cases=attempts(r, lambda: case(r, t), arguments.cases), decoded=attempts(r, lambda: decoded(r, t), 3))
            if not line["cases"]:  # the library panics at every text
                continue
            file.write(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n")
    print(f"{arguments.out}: {os.path.getsize(arguments.out)} bytes")


main()
