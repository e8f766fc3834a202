#!/usr/bin/env python3
"""Writes Sources/Tokenization/Unicode/UnicodeTables+*.swift: the Unicode data that Hugging Face's tokenizers uses.

Usage: python scripts/make_unicode_tables.py        (from the repository root; needs PyPI's tokenizers==0.23.3)

Every table is *observed*: the script puts each of the 1,112,064 Unicode scalars through the library itself and writes
down what comes out. So the tables are right by construction, whichever Unicode versions the library was built with.
There are three versions: its general categories are Unicode 8.0's (crate unicode_categories), its canonical decompositions and
combining classes Unicode 12.1's (crate unicode-normalization-alignments), its lower case, white space and word
characters Unicode 17.0's (Rust's standard library and the regex crate). The output depends on nothing else.
"""
import pathlib
import sys
import unicodedata

import tokenizers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

VERSION = "0.23.3"
OUT = pathlib.Path(__file__).resolve().parent.parent / "Sources" / "Tokenization" / "Unicode"
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
HANGUL_SYLLABLES = range(0xAC00, 0xD7A4)  # decomposed by arithmetic, not by table


def ranges(scalars):
    """[first, last] of each run of consecutive values; a run may step over the surrogates."""
    out = []
    for c in scalars:
        if out and (c == out[-1][1] + 1 or (out[-1][1] == 0xD7FF and c == 0xE000)):
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def categories():
    """The sets that BertNormalizer, BertPreTokenizer and the added tokens' flags ask about."""
    clean = normalizers.BertNormalizer(True, False, False, False).normalize_str
    chinese = normalizers.BertNormalizer(False, True, False, False).normalize_str
    accents = normalizers.BertNormalizer(False, False, True, False).normalize_str
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    removed, cjk, marks, white, punctuation = [], [], [], [], []
    for c in SCALARS:
        s = chr(c)
        if clean(s) == "":
            removed.append(c)
        if chinese(s) != s:
            cjk.append(c)
        if accents(s) == "":
            marks.append(c)
        pieces = [piece for piece, _ in split("a" + s + "a")]
        if pieces == ["a", "a"]:
            white.append(c)
        elif pieces == ["a", s, "a"]:
            punctuation.append(c)
        else:
            assert pieces == ["a" + s + "a"], (hex(c), pieces)
        expected = "" if c in (0x85,) or clean(s) == "" else " " if pieces == ["a", "a"] else s
        assert clean(s) == expected, hex(c)  # clean_text turns into a space exactly what is white space and not control
    return removed, cjk, marks, white, punctuation


def word_characters():
    """`\\w` of the regex crate, as a single-word added token sees it on both of its sides."""
    left = Tokenizer(models.WordPiece({"[UNK]": 0}, unk_token="[UNK]"))
    left.add_tokens([AddedToken("\ue000", single_word=True, normalized=False)])

    def blocks(text):
        return 1 not in left.encode(text).ids

    words = [c for c in SCALARS if c != 0xE000 and blocks(chr(c) + "\ue000")]
    assert words == [c for c in SCALARS if c != 0xE000 and blocks("\ue000" + chr(c))]
    return words


def marks_and_numbers():
    """The scalars that StripAccents drops, and those that Digits splits off."""
    strip = normalizers.StripAccents().normalize_str
    digits = pre_tokenizers.Digits(individual_digits=True).pre_tokenize_str
    return ([c for c in SCALARS if strip(chr(c)) == ""],
            [c for c in SCALARS if len(digits("a" + chr(c) + "a")) == 3])


def compatibility_decompositions(canonical):
    """The full decompositions of NFKD, where they differ from those of NFD."""
    nfkd = normalizers.NFKD().normalize_str
    table = {c: [ord(d) for d in nfkd(chr(c))] for c in SCALARS if c not in HANGUL_SYLLABLES}
    return {c: s for c, s in table.items() if s != canonical.get(c, [c])}


def compositions(canonical):
    """Two scalars and what NFC makes of them, for each scalar that NFC does not decompose for good."""
    nfc = normalizers.NFC().normalize_str
    out = []
    for c, s in sorted(canonical.items()):
        if nfc(chr(c)) != chr(c):
            continue
        first = nfc("".join(map(chr, s[:-1])))
        assert len(first) == 1 and nfc(first + chr(s[-1])) == chr(c), hex(c)
        out.append((ord(first), s[-1], c))
    return out


def decompositions():
    nfd = normalizers.NFD().normalize_str
    table = {c: nfd(chr(c)) for c in SCALARS if nfd(chr(c)) != chr(c)}
    for c in HANGUL_SYLLABLES:
        assert table.pop(c) == unicodedata.normalize("NFD", chr(c)), hex(c)
    return {c: [ord(d) for d in s] for c, s in table.items()}


def combining_classes(decomposed):
    """The canonical combining class of each scalar, found by which of two marks the library puts first."""
    nfd = normalizers.NFD().normalize_str
    representatives = {}
    for c in SCALARS:
        k = unicodedata.combining(chr(c))
        if k and c not in decomposed and nfd("\u0334" + chr(c) + "\u0334") == "\u0334\u0334" + chr(c):
            representatives.setdefault(k, chr(c))
    representatives[1] = "\u0334"
    order = sorted(representatives)
    lowest, highest = representatives[order[0]], representatives[order[-1]]
    classes = {}
    for c in SCALARS:
        if c in decomposed or c in HANGUL_SYLLABLES:
            continue
        s = chr(c)
        if nfd(s + lowest) == s + lowest and nfd(highest + s) == highest + s:
            continue  # moves past nothing: class 0
        found = [k for k in order if nfd(s + representatives[k]) == s + representatives[k]
                 and nfd(representatives[k] + s) == representatives[k] + s]
        assert len(found) == 1, (hex(c), found)
        classes[c] = found[0]
    return classes


def lowercase():
    lower = normalizers.Lowercase().normalize_str
    table = {c: [ord(d) for d in lower(chr(c))] for c in SCALARS if lower(chr(c)) != chr(c)}
    special = {c: s for c, s in table.items() if len(s) != 1}
    assert special == {0x130: [0x69, 0x307]}, special  # LowercaseMapping handles this one by itself
    runs = []  # [first, last, stride, difference]
    for c in sorted(table):
        if c in special:
            continue
        d = table[c][0] - c
        if runs and runs[-1][3] == d:
            first, last, stride, _ = runs[-1]
            step = c - last
            if step == stride or (first == last and step <= 2):
                runs[-1][1], runs[-1][2] = c, step
                continue
        runs.append([c, c, 1, d])
    return runs


def literal(name, doc, values, kind="UInt32"):
    lines, line = [], "       "
    for v in values:
        word = f" {v}," if kind == "Int32" and v < 0 else f" 0x{v:X},"
        if len(line) + len(word) > 118:
            lines.append(line)
            line = "       "
        line += word
    lines.append(line)
    docs = "".join(f"    /// {d}\n" for d in doc.split("\n"))
    return f"{docs}    static let {name}: [{kind}] = [\n" + "\n".join(lines) + "\n    ]\n"


def write(suffix, note, *literals):
    text = (f"// swift-format-ignore-file\n// Written by scripts/make_unicode_tables.py (tokenizers {VERSION}); do not edit.\n"
            f"// {note}\n\nextension UnicodeTables {{\n" + "\n".join(literals) + "}\n")
    (OUT / f"UnicodeTables+{suffix}.swift").write_text(text, encoding="utf-8")
    print(f"UnicodeTables+{suffix}.swift: {text.count(chr(10))} lines")


def flat(pairs):
    return [x for pair in pairs for x in pair]


def singletons(table):
    """Runs of scalars that become one scalar each."""
    runs = []
    for c, d in sorted((c, s[0]) for c, s in table.items() if len(s) == 1):
        if runs and c == runs[-1][0] + len(runs[-1][1]):
            runs[-1][1].append(d)
        else:
            runs.append((c, [d]))
    return flat([[c, len(d)] + d for c, d in runs])


def sequences(table):
    return flat([[c, len(s)] + s for c, s in sorted(table.items()) if len(s) > 1])


def main():
    if tokenizers.__version__ != VERSION:
        sys.exit(f"tokenizers {VERSION} is needed, {tokenizers.__version__} is installed: pip install tokenizers=={VERSION}")
    removed, cjk, marks, white, punctuation = categories()
    all_marks, numbers = marks_and_numbers()
    decomposed = decompositions()
    compatible = compatibility_decompositions(decomposed)
    classes = combining_classes(decomposed)
    pairs = "First and last scalar of each run."
    write("Categories", "General categories as in Unicode 8.0; white space as in Unicode 17.0.",
          literal("whiteSpace", "The separators of the pre-tokenizer: White_Space. " + pairs, flat(ranges(white))),
          literal("removedByCleaning", "The scalars that clean_text drops: U+0000, U+FFFD and the categories Cc, Cf and Co (but not tab, newline and\n"
                  "carriage return). " + pairs, flat(ranges(removed))),
          literal("chinese", "The ideographs around which handle_chinese_chars puts spaces. " + pairs, flat(ranges(cjk))),
          literal("punctuation", "ASCII punctuation and the categories P*. " + pairs, flat(ranges(punctuation))),
          literal("nonspacingMarks", "The marks that strip_accents drops after decomposition: category Mn. " + pairs, flat(ranges(marks))),
          literal("marks", "The marks that StripAccents drops: the categories M* of Unicode 12.1. " + pairs, flat(ranges(all_marks))),
          literal("numbers", "The scalars that Digits splits off: the categories N* of Unicode 17.0. " + pairs, flat(ranges(numbers))))
    write("Words", "`\\w` of regular expressions, Unicode 17.0.",
          literal("wordCharacters", "The scalars that must not be next to an added token with the flag single_word. " + pairs,
                  flat(ranges(word_characters()))))
    write("Lowercase", "Rust's char::to_lowercase, Unicode 17.0; U+0130, the only one that gives two scalars, is left out.",
          literal("lowercase", "First, last, stride and difference of each run.", flat(lowercase()), "Int32"))
    write("Decomposition", "Full canonical decompositions, Unicode 12.1, without those of Hangul syllables.",
          literal("singletonDecompositions", "Runs: first scalar, count, then the decompositions of `count` scalars from the first on.",
                  singletons(decomposed)),
          literal("decompositions", "Entries: scalar, count, then the `count` scalars that it becomes.", sequences(decomposed)))
    note = "Full compatibility decompositions, Unicode 12.1, where they differ from canonical ones."
    write("CompatibilitySingletons", note,
          literal("singletonCompatibilityDecompositions",
                  "Runs: first scalar, count, then the decompositions of `count` scalars from the first on.", singletons(compatible)))
    write("Compatibility", note,
          literal("compatibilityDecompositions", "Entries: scalar, count, then the `count` scalars that it becomes.", sequences(compatible)))
    write("Composition", "Canonical compositions of two scalars, Unicode 12.1, without those of Hangul syllables.",
          literal("compositions", "Entries: two scalars, and the scalar that they compose to.", flat(compositions(decomposed))))
    entries = []
    for c in sorted(classes):
        if entries and entries[-1][1] == c - 1 and entries[-1][2] == classes[c]:
            entries[-1][1] = c
        else:
            entries.append([c, c, classes[c]])
    write("CombiningClass", "Canonical combining classes other than 0, Unicode 12.1.",
          literal("combiningClasses", "First scalar, last scalar and class of each run.", flat(entries)))


main()
