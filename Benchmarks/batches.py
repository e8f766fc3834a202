"""Batches for the peers: token ids and attention mask, padded."""

import os

import numpy
from tokenizers import BertWordPieceTokenizer


def random_batch(rows, length, seed=None):
    randomness = numpy.random.default_rng(rows * 1000 + length if seed is None else seed)
    ids = randomness.integers(1000, 20000, (rows, length))
    return ids, numpy.ones_like(ids)


def text_batches(folder, lines, rows):
    """The texts in their order, each batch padded to its longest text, because these engines need padding."""
    tokenizer = BertWordPieceTokenizer(os.path.join(folder, "vocab.txt"), lowercase=True)
    tokenizer.enable_truncation(512)
    tokenizer.enable_padding()
    batches = []
    for start in range(0, len(lines), rows):
        encodings = tokenizer.encode_batch(lines[start : start + rows])
        batches.append((numpy.array([encoding.ids for encoding in encodings]),
                        numpy.array([encoding.attention_mask for encoding in encodings])))
    return batches


def by_tokens(folder, lines):
    """The texts by their numbers of tokens, so that a batch's texts are nearly equally long and padding costs little."""
    tokenizer = BertWordPieceTokenizer(os.path.join(folder, "vocab.txt"), lowercase=True)
    return sorted(lines, key=lambda line: len(tokenizer.encode(line)))
