#!/usr/bin/env python3
"""Writes Tests/Fixtures/tokenization: the tokens that Hugging Face's tokenizers gives for difficult texts.

Usage: python scripts/make_tokenizer_fixtures.py        (from the repository root; needs PyPI's tokenizers==0.23.3 and
                                                        transformers==5.23.0, for `cased` and `folders.jsonl`)

  texts.jsonl            random texts with the bundled model's vocabulary: alone, in pairs, truncated, without special tokens
  decoded.jsonl          random ids and the text they decode to
  scalars.txt            a line for each 64 Unicode scalars of which any is assigned: first scalar, FNV-1a 64 of the
                         tokens of three texts that are made of them (see `digest`)
  configurations/N/      tokenizer.json with other normalizer flags and added tokens of all kinds, and the first two files for it
  cased/NAME/            the files of a folder with a cased vocabulary, and what transformers' AutoTokenizer makes of texts with it
  folders.jsonl          a line for each folder with added and special tokens in all its files: the files, and what AutoTokenizer
                         makes of texts with them

With other folders than those, to be compared once: `--folders 2000 --seed 7 --out FILE`, then set SWIFTLET_FOLDERS to FILE
and run `swift test --filter AutoTokenizerTests`.

Cases have the fields of Hugging Face's Encoding; offsets are counted in Unicode scalars. The output depends on nothing but
this script, the vocabulary and the library's version.
"""
import argparse
import json
import pathlib
import random
import shutil
import sys
import tempfile
import unicodedata

import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

VERSION = "0.23.3"
ROOT = pathlib.Path(__file__).resolve().parent.parent
VOCABULARY = ROOT / "Models" / "mobilebert-mini" / "vocab.txt"
OUT = ROOT / "Tests" / "Fixtures" / "tokenization"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
MARKS = [c for c in SCALARS if unicodedata.combining(chr(c))]
DECOMPOSING = [c for c in SCALARS if unicodedata.normalize("NFD", chr(c)) != chr(c) and not 0xAC00 <= c <= 0xD7A3]
POOLS = [(0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x590, 0x6FF), (0x900, 0x97F),
         (0xE00, 0xE7F), (0xF00, 0xFFF), (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x20A0, 0x2BFF),
         (0x2E80, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE00, 0xFFEF), (0x1D160, 0x1D172),
         (0x1D400, 0x1D7FF), (0x1F300, 0x1FAFF), (0x20000, 0x2FA1F), (0, 0x1F), (0x7F, 0x9F), (0xE000, 0xF8FF)]


def tokenizer(vocabulary, clean=True, chinese=True, strip=None, lower=True, added=(), length=100):
    t = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=length))
    t.normalizer = normalizers.BertNormalizer(clean, chinese, strip, lower)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])])
    t.decoder = decoders.WordPiece()
    t.add_special_tokens(SPECIAL)
    t.add_tokens(list(added))
    return t


def random_text(r, words, special):
    parts = []
    for _ in range(r.randint(0, 14)):
        k, word = r.random(), r.choice(words)
        if k < .35:
            parts.append(r.choice([word, word.upper(), word.title(), word + r.choice(words),
                                   word + chr(r.choice(MARKS)) + chr(r.randint(0x300, 0x36F)) + r.choice(words)]))
        elif k < .55:
            pool = r.choice(POOLS)
            parts.append("".join(chr(r.randint(*pool)) for _ in range(r.randint(1, 5))))
        elif k < .65:
            parts.append("".join(chr(r.choice(r.choice([MARKS, DECOMPOSING]))) for _ in range(r.randint(1, 6))))
        elif k < .67:
            parts.append(r.choice("abcé漢.") * r.randint(98, 102))
        elif k < .82:
            parts.append(r.choice(special))
        else:
            parts.append(r.choice([" ", "  ", "\t", "\n", "\u3000", "\xa0", "", ".", ",", "'", "\x85", "\x0b", "\0", "\ufffd"]))
    return r.choice(["", " "]).join(parts)


def case(t, text, pair=None, length=None, direction="right", special=True):
    t.no_truncation()
    if length is not None:
        t.enable_truncation(length, strategy="longest_first", direction=direction)
    e = t.encode(text, pair, add_special_tokens=special)
    out = dict(text=text, ids=e.ids, type_ids=e.type_ids, offsets=e.offsets, special_tokens_mask=e.special_tokens_mask,
               add_special_tokens=special)
    if pair is not None:
        out["pair"] = pair
    if length is not None:
        out.update(max_length=length, direction=direction)
    return out


def cases(t, r, words, special, count):
    for _ in range(count):
        text, add, k = random_text(r, words, special), r.random() < .75, r.random()
        pair = random_text(r, words, special) if r.random() < .4 else None
        if k < .5:
            yield case(t, text, pair, special=add)
        else:  # a limit below the number of special tokens is an error to us, and unlimited to the library
            yield case(t, text, pair, r.randint(3 if add else 0, 24), r.choice(["right", "left"]), add)


def decoded(t, r, often, size, count):
    """Random ids, of which most are among `often`, with what they decode to."""
    for n in range(count):
        ids = [r.choice(often) if r.random() < .6 else r.randrange(size) for _ in range(r.randint(0, 25))]
        yield dict(ids=ids, skip_special_tokens=bool(n & 1), text=t.decode(ids, skip_special_tokens=bool(n & 1)))


def write(path, objects):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(o, separators=(",", ":")) + "\n" for o in objects), encoding="utf-8")
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes")


def digest(t, scalars):
    """FNV-1a 64 over the ids and offsets, each as four little-endian bytes, of the scalars each between letters, each between
    spaces, and each before two marks."""
    value = 0xCBF29CE484222325
    for text in ("x".join(map(chr, scalars)), " ".join(map(chr, scalars)), "".join("e" + chr(c) + "\u0301\u0327" for c in scalars)):
        e = t.encode(text, add_special_tokens=False)
        for number in [x for i, (a, b) in zip(e.ids, e.offsets) for x in (i, a, b)]:
            for byte in number.to_bytes(4, "little"):
                value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def configurations(words):
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFXZ0123456789éÉeßi̇漢字가ㄱ가.,'!?-#"
    vocabulary = {w: i for i, w in enumerate(dict.fromkeys(SPECIAL + list(letters) + ["##" + c for c in letters] + words[:60]))}
    candidates = ["foo", "Bar", "QUX", "é", "x y", "漢", "<t>", "ing", "a", "ß", "##z", "İ", "Ⅷ", " lead", "trail ", "foobar", "[E]"]
    for n in range(16):
        r = random.Random(n)
        chosen = r.sample(candidates, r.randint(0, 7))
        added = [AddedToken(c, single_word=r.random() < .3, lstrip=r.random() < .3, rstrip=r.random() < .3,
                            normalized=r.random() < .5, special=r.random() < .3) for c in chosen]
        t = tokenizer(vocabulary, bool(n & 1), bool(n & 2), [None, True, False][n % 3], bool(n & 4), added, r.choice([3, 100]))
        folder = OUT / "configurations" / f"{n:02}"
        folder.mkdir(parents=True)
        t.save(str(folder / "tokenizer.json"), pretty=False)
        special = candidates + [c.upper() for c in candidates] + ["Foo", "FOOBAR", "[MASK]", "[SEP]", " ", "\t"]
        write(folder / "texts.jsonl", cases(t, r, words[:60], special, 30))
        size = t.get_vocab_size()
        write(folder / "decoded.jsonl", decoded(t, r, list(range(size - len(added), size)) or [5], size, 20))


SENTENCES = """Anna Müller-Größe lives in Köln and works for the European Patent Office in München.
The Café de l'Opéra, near the Rue de Rivoli, serves crème brûlée and soupe à l'oignon until midnight.
Does IBM's new CEO, Mr. O'Neill, really think that PyTorch and TensorFlow will merge? No: he does NOT!
Tōkyō (東京) and Ōsaka (大阪) are linked by the Tōkaidō Shinkansen; Москва и Санкт-Петербург — by the Sapsan.
Ελλάδα, ΑΘΗΝΑ and Αθήνα; İstanbul, ISTANBUL and Iğdır; straße, STRASSE and Straße are all different words.
In 2024, Apple Inc. sold 1,234,567 phones for $999.99 each in the United States of America (USA)."""


def cased(words):
    """Folders with a vocabulary that keeps case, and flags that say so in every way that transformers reads."""
    import transformers
    # The library's trainer is not used, because its vocabulary differs each time.
    found = [w for line in SENTENCES.split("\n") for w, _ in pre_tokenizers.BertPreTokenizer().pre_tokenize_str(line)]
    letters = sorted(set("".join(found)))
    pieces = letters + ["##" + c for c in letters] + found[::2] + ["##" + w[len(w) // 2:] for w in found[1::2] if len(w) > 3]
    vocabulary = list(dict.fromkeys(SPECIAL + pieces))
    numbered = {w: i for i, w in enumerate(vocabulary)}
    for name, normalizer, configuration in [
            ("bert", None, dict(tokenizer_class="BertTokenizer", do_lower_case=False)),
            ("distilbert", None, dict(tokenizer_class="DistilBertTokenizer", do_lower_case=False, strip_accents=True,
                                      tokenize_chinese_chars=False)),
            ("mobilebert", None, dict(tokenizer_class="MobileBertTokenizerFast", do_lower_case=True, strip_accents=False)),
            ("fast", dict(lowercase=False), dict(tokenizer_class="BertTokenizer", do_lower_case=False)),
            ("contradiction", dict(lowercase=True), dict(do_lower_case=False, tokenize_chinese_chars=False)),
            ("other-class", dict(lowercase=False, strip_accents=True),
             dict(tokenizer_class="PreTrainedTokenizerFast", do_lower_case=True))]:
        folder = OUT / "cased" / name
        folder.mkdir(parents=True)
        if normalizer is None:
            (folder / "vocab.txt").write_text("".join(w + "\n" for w in vocabulary), encoding="utf-8")
        else:
            t = tokenizer(numbered, strip=normalizer.get("strip_accents"), lower=normalizer["lowercase"])
            t.save(str(folder / "tokenizer.json"), pretty=False)
        configuration.update(unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]")
        (folder / "tokenizer_config.json").write_text(json.dumps(configuration) + "\n")
        model_type = {"distilbert": "distilbert", "mobilebert": "mobilebert"}.get(name, "bert")
        (folder / "config.json").write_text(json.dumps({"model_type": model_type}))
        loaded = transformers.AutoTokenizer.from_pretrained(str(folder)).backend_tokenizer
        r = random.Random(name)
        pieces = [w for line in SENTENCES.split() for w in (line, line.upper(), line.lower())] + words[:40]
        texts = SENTENCES.split("\n") + [random_text(r, pieces, SPECIAL + ["[mask]", "Ä", "漢字"]) for _ in range(34)]
        write(folder / "texts.jsonl", [case(loaded, text) for text in texts])


ROLES = dict(pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]")
NEW = ["[E1]", "covidnine", "<x>", "<Y>", "Foo Bar", "e1", "É", " lead", "trail ", "[mask]", "xyz", "QUX", "漢字", "##q", "foo"]
CLASSES = [None, "BertTokenizer", "BertTokenizerFast", "MobileBertTokenizer", "DistilBertTokenizerFast", "ElectraTokenizer",
           "PreTrainedTokenizerFast", "TokenizersBackend", "OwnTokenizer"]
KIN = ["ConvBertTokenizer", "ConvBertTokenizerFast", "LxmertTokenizerFast", "SqueezeBertTokenizer", "LayoutLMTokenizer", "Bert",
       "DPRQuestionEncoderTokenizer", "DPRReaderTokenizer"]  # classes that few folders name
FOLDERS = {  # beside a vocab.txt of 18 tokens
    "old-slow": {"added_tokens.json": {"covidnine": 18, "<x>": 19}, "special_tokens_map.json": {"unk_token": "[UNK]"},
                 "tokenizer_config.json": {"do_lower_case": True, "max_len": 9}},
    "old-gap": {"added_tokens.json": {"covidnine": 21, "<x>": 30}},
    "old-special": {"added_tokens.json": {"<x>": 18, "[MASK]": 4}, "special_tokens_map.json": {"additional_special_tokens": ["<x>"]}},
    "map-flags": {"special_tokens_map.json": {"mask_token": {"content": "[MASK]", "lstrip": True, "normalized": False},
                                              "cls_token": "<s>", "sep_token": "</s>"}},
    "extra-list": {"tokenizer_config.json": {"extra_special_tokens": ["[E1]"]}},
    "extra-names": {"tokenizer_config.json": {"extra_special_tokens": {"e1_token": "[E1]", "cls_token": "<x>"}}},
    "own-names": {"tokenizer_config.json": {"image_token": "<x>", "audio_token": "e1", "add_bos_token": True}},
    "decoder-alone": {"tokenizer_config.json": {"added_tokens_decoder": {"18": {"content": "<x>"}, "20": {"content": "QUX", "special": True}}},
                      "added_tokens.json": {"covidnine": 18}, "special_tokens_map.json": {"cls_token": "foo"}},
    "nulls": {"tokenizer_config.json": {"cls_token": None, "mask_token": None, "additional_special_tokens": None, "bos_token": None}},
    "slow-options": {"tokenizer_config.json": {"never_split": ["foo", "[E1]"], "do_basic_tokenize": False, "wordpieces_prefix": "@@"}},
    "split-special": {"tokenizer_config.json": {"split_special_tokens": True, "additional_special_tokens": ["[E1]"]}},
    "input-names": {"tokenizer_config.json": {"model_input_names": ["input_ids", "attention_mask"]}},
    "input-names-of-distilbert": {"tokenizer_config.json": {"tokenizer_class": "DistilBertTokenizer",
                                                            "model_input_names": ["input_ids", "token_type_ids", "attention_mask"]}},
    "left": {"tokenizer_config.json": {"truncation_side": "left", "padding_side": "left", "model_max_length": int(1e30)}},
}


def flags(r, content, **more):
    """A token with some of its flags written out."""
    chances = dict(lstrip=.2, rstrip=.2, single_word=.2, normalized=.4)
    return {"content": content, **{k: r.random() < p for k, p in chances.items() if r.random() < .9}, **more}


def vocabulary_text(r, pieces):
    """A vocab.txt, now and then with equal or empty lines, white space at their ends, CRLF or a byte order mark."""
    lines = list(pieces)
    for _ in range(r.choice([0, 0, 0, 1, 2])):
        lines.insert(r.randrange(len(lines)), r.choice([r.choice(pieces), "", r.choice(pieces)]))
    for _ in range(r.choice([0, 0, 0, 3])):
        lines[r.randrange(len(lines))] += r.choice([" ", "\t", "\u3000", "\xa0"])
    end = r.choice(["\n", "\n", "\n", "\r\n"])
    return r.choice(["", "", "", "\ufeff"]) + end.join(lines) + r.choice([end, end, ""])


def random_folder(r):
    """A tokenizer's files, with tokens in any of them."""
    some = lambda p: r.random() < p
    letters = "abcdefghilnoqrtuxyzEFQé漢字<>[]#1"
    special = [t for t in SPECIAL if some(.95)]
    pieces = special + list(letters) + ["##" + c for c in letters] + [w for w in NEW + ["hello", "un", "##bar"] if some(.2)]
    pieces = list(dict.fromkeys(pieces))
    if some(.3):
        r.shuffle(pieces)
    new, size, files, config = r.sample(NEW, r.randint(1, 5)), len(pieces), {}, {}
    has_json = some(.4)
    if not has_json or some(.3):
        files["vocab.txt"] = vocabulary_text(r, pieces)
    if has_json:
        t = tokenizer({w: i for i, w in enumerate(pieces)} | {w: size + i for i, w in enumerate(ROLES.values()) if w not in pieces},
                      some(.9), some(.8), r.choice([None, True, False]), some(.6))
        t.add_tokens([AddedToken(w, lstrip=some(.2), rstrip=some(.2), normalized=some(.5), special=some(.5)) for w in new if some(.4)])
        if some(.3):
            t.enable_truncation(8, direction="left")
        files["tokenizer.json"] = t.to_str()
    name = r.choice(CLASSES if has_json else CLASSES[:6])
    for key, value, p in [("tokenizer_class", name, 1 if name else 0), ("do_lower_case", some(.5), .5), ("strip_accents", some(.5), .3),
                          ("tokenize_chinese_chars", some(.5), .3), ("model_max_length", 12, .3), ("max_len", 10, .2),
                          ("truncation_side", r.choice(["left", "right"]), .3), ("split_special_tokens", some(.5), .1),
                          ("my_token", r.choice(NEW), .2)]:
        if some(p):
            config[key] = value
    for role, token in ROLES.items():
        if some(.3):
            token = token if some(.7) else r.choice(["<s>", "</s>", "foo", "e1"])
            config[role] = flags(r, token, __type="AddedToken") if some(.3) else token
    if some(.3):
        tokens = [(pieces.index(w), w) for w in special if some(.8)] + [(size + i + some(.2) * 5, w) for i, w in enumerate(new)]
        config["added_tokens_decoder"] = {str(i): flags(r, w, special=w in special or some(.5)) for i, w in tokens}
    for key in ("additional_special_tokens", "extra_special_tokens"):
        if some(.3):
            config[key] = [flags(r, w, __type="AddedToken") if some(.2) else w for w in new if some(.7)]
    if some(.2):
        config["extra_special_tokens"] = {f"e{i}_token": w for i, w in enumerate(new) if some(.7)}
    if config and some(.9):
        files["tokenizer_config.json"] = json.dumps(config)
    if some(.4):
        tokens = {role: flags(r, token) if some(.3) else token for role, token in ROLES.items() if some(.6)}
        files["special_tokens_map.json"] = json.dumps(tokens | ({"additional_special_tokens": new[:3]} if some(.4) else {}))
    if some(.4):
        files["added_tokens.json"] = json.dumps({w: size + i + some(.2) * 3 for i, w in enumerate(new) if some(.8)})
    files["config.json"] = json.dumps({"model_type": r.choice(["bert", "distilbert", "mobilebert"])})
    return files


def kin(name, has_json):
    """A folder whose files disagree, so that the ids tell what the class reads."""
    files = {"tokenizer_config.json": json.dumps(dict(tokenizer_class=name, do_lower_case=False)),
             "config.json": json.dumps({"model_type": "bert"})}
    words = [*ROLES.values(), *"abAB", "hello", "##a", "foo"]
    if not has_json:
        return files | {"vocab.txt": "".join(word + "\n" for word in words)}
    t = tokenizer({w: i for i, w in enumerate(words)})
    t.normalizer, t.post_processor = normalizers.Replace("b", "a"), processors.TemplateProcessing(single="$A:1", pair="$B:1 $A:0")
    return files | {"tokenizer.json": t.to_str()}


def unknown_added():
    """A folder whose token for words without pieces is an added one: it is no piece of a word."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = [w for w in ROLES.values() if w != "[UNK]"] + [*letters, *("##" + c for c in letters), *"[]<>/#"]
    config = dict(tokenizer_class="BertTokenizer", unk_token=dict(content="xyz", normalized=False, __type="AddedToken"))
    return {"vocab.txt": "".join(word + "\n" for word in words), "tokenizer_config.json": json.dumps(config),
            "config.json": json.dumps({"model_type": "bert"})}


def id_taken():
    """A folder with a gap before [UNK], whose id an added token gets, and loses again to [UNK]."""
    words = ["[PAD]", "[CLS]", "[SEP]", "[MASK]", *"abehlofunxyz", *("##" + c for c in "elofnyz")]
    t = tokenizer({w: i for i, w in enumerate(words)} | {"[UNK]": len(words) + 1})
    t.add_tokens([AddedToken("foo")])
    config = dict(tokenizer_class="PreTrainedTokenizerFast", unk_token="[UNK]", added_tokens_decoder={"0": dict(content="[PAD]", special=True)})
    return {"tokenizer.json": t.to_str(), "tokenizer_config.json": json.dumps(config), "config.json": json.dumps({"model_type": "bert"})}


def folders(seed=None, count=77):
    """Folders with the tokens of their files, and what AutoTokenizer makes of texts with them; other ones with a seed."""
    import transformers
    r = random.Random(seed or 5)
    plain = {"vocab.txt": "\n".join([*ROLES.values(), *"abcdefgh", "hello", "##a", "##b", "[E1]", "foo", "e1", ""]),
             "config.json": json.dumps({"model_type": "bert"})}
    found = [(name, plain | {file: json.dumps(value) for file, value in more.items()}) for name, more in FOLDERS.items()]
    found += [(f"{name}-{'json' if has_json else 'text'}", kin(name, has_json))
              for name in KIN for has_json in (True, False) if has_json or name != "Bert"]
    found += [("unknown-added", unknown_added()), ("id-taken", id_taken())]
    if seed is None:
        found += [(f"random-{n}", random_folder(random.Random(n))) for n in range(count - len(found))]
    else:
        found = [(f"seed-{seed}-{n}", random_folder(random.Random(f"{seed} {n}"))) for n in range(count)]
    words = ["hello", "un", "foo", "naïve", "Foo", "abc", "unfoo"]
    special = NEW + [w.upper() for w in NEW] + [*ROLES.values(), "<s>", "</s>", "[mask]", "fooh", "e1x", " ", "  "]
    for name, files in found:
        with tempfile.TemporaryDirectory() as path:
            for file, text in files.items():
                pathlib.Path(path, file).write_bytes(text.encode())
            try:
                loaded = transformers.AutoTokenizer.from_pretrained(path)
            except Exception:
                if seed is None:
                    raise
                continue
        # If two tokens are equal once normalized, the library takes one at random.
        added = loaded.backend_tokenizer.get_added_tokens_decoder().values()
        shown = [loaded.backend_tokenizer.normalizer.normalize_str(a.content) for a in added if a.normalized]
        if seed is not None and len(set(shown)) < len(shown):
            continue
        limit, side = loaded.model_max_length, loaded.truncation_side
        types = "token_type_ids" in loaded.model_input_names
        texts = []
        for n in range(8):
            text, pair = (" ".join(r.choice(words + special * 2) for _ in range(r.randint(1, 9))) for _ in range(2))
            pair = pair if n % 3 == 2 else None
            cut = dict(truncation=True, max_length=r.randint(4, 9)) if n % 2 else {}
            try:
                e = loaded(text, pair, return_offsets_mapping=True, return_token_type_ids=True, return_special_tokens_mask=True, **cut)
            except Exception as error:
                if "[UNK] token" not in str(error):
                    raise
                continue  # the vocabulary has none, and the text would need it
            texts.append(dict(text=text, ids=e["input_ids"], type_ids=e["token_type_ids"], offsets=e["offset_mapping"],
                              special_tokens_mask=e["special_tokens_mask"], add_special_tokens=True)
                         | ({"pair": pair} if pair else {}) | (dict(max_length=cut["max_length"], direction=side) if cut else {}))
        yield dict(name=name, files=files, cases=texts, truncation_side=side, gives_token_types=types) | ({"model_max_length": limit} if limit < 1e15 else {})


def main():
    if tokenizers.__version__ != VERSION:
        sys.exit(f"tokenizers {VERSION} is needed, {tokenizers.__version__} is installed: pip install tokenizers=={VERSION}")
    import transformers
    if transformers.__version__ != "5.23.0":
        sys.exit(f"transformers 5.23.0 is needed, {transformers.__version__} is installed")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int)
    parser.add_argument("--folders", type=int, default=1000)
    parser.add_argument("--out", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.out:
        arguments.out.write_text("".join(json.dumps(folder) + "\n" for folder in folders(arguments.seed or 1, arguments.folders)))
        return
    for name in ("configurations", "cased"):
        shutil.rmtree(OUT / name, ignore_errors=True)
    vocabulary = {line.rstrip("\n"): i for i, line in enumerate(VOCABULARY.open(encoding="utf-8"))}
    words = [w for w in vocabulary if w.isascii() and w.isalpha()]
    t = tokenizer(vocabulary)
    special = SPECIAL + ["##ing", "[", "]", "[MASK", "[[SEP]]", "[mask]"]
    write(OUT / "texts.jsonl", cases(t, random.Random(1), words, special, 500))

    often = [vocabulary[w] for w in [".", "?", "!", ",", "'", "t", "m", "s", "ve", "re", "do", "not", "n", "##n", "##t", "[SEP]", "[MASK]"]]
    write(OUT / "decoded.jsonl", decoded(t, random.Random(2), often, len(vocabulary), 300))

    t.no_truncation()
    lines = []
    for start in range(0, 0x110000, 64):
        scalars = [c for c in range(start, start + 64) if not 0xD800 <= c <= 0xDFFF]
        if any(unicodedata.category(chr(c)) not in ("Cn", "Co") for c in scalars) or start % 0x10000 in (0, 0xFFC0):
            lines.append(f"{start:X} {digest(t, scalars):016x}\n")
    (OUT / "scalars.txt").write_text("".join(lines), encoding="utf-8")
    print(f"scalars.txt: {len(lines)} lines")
    configurations(words)
    cased(words)
    write(OUT / "folders.jsonl", folders())


main()
