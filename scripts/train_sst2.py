#!/usr/bin/env python3
"""Trains the bundled sentiment model: a small MobileBertForSequenceClassification, from scratch, on SST-2.

    python3 -m venv .venv && . .venv/bin/activate
    pip install torch==2.13.0 transformers==5.23.0 safetensors numpy
    python scripts/train_sst2.py --data SST2_DIR --output Models/mobilebert-mini-sst2

SST2_DIR holds GLUE's train.tsv and dev.tsv (columns: sentence, label). The output folder must already hold
vocab.txt (the 30,522 entries of google/mobilebert-uncased); the script writes config.json,
tokenizer_config.json and model.safetensors beside it. CPU only. The seed is fixed and the algorithms are
deterministic: the same library versions, CPU and number of threads give the same weights.

67 thousand phrases of seven thousand sentences are soon learned by heart, down to the rare words that tell which
sentence a phrase is from. Against that:

- A logistic regression over single words, which generalizes well from so little, is fitted first (`word_polarity`).
  Its weight of each word becomes one column of the word table, and stays as it is.
- While the rest is trained, words are replaced by [UNK], the rarer the more often: only their polarity remains.
- Dropout, label smoothing, few epochs, and the moving average of the weights.

The dev split is evaluated after every epoch for the log. It stops nothing and chooses nothing while the script runs:
what is saved is the averaged weights after the last step.
"""

import argparse
import copy
import csv
import dataclasses
import json
import math
import os
import random
import time

import torch
from torch import nn
from transformers import BertTokenizerFast, MobileBertConfig, MobileBertForSequenceClassification

LABELS = ("NEGATIVE", "POSITIVE")
PAD, UNKNOWN, CLS, SEP = 0, 100, 101, 102


@dataclasses.dataclass
class Shape:
    """The model: MobileBERT's parts at a small width. Two thirds of the parameters are the word table."""

    embedding_size: int = 80
    hidden_size: int = 128
    intra_bottleneck_size: int = 64
    intermediate_size: int = 128
    num_attention_heads: int = 4
    num_hidden_layers: int = 4
    num_feedforward_networks: int = 2
    max_position_embeddings: int = 512


@dataclasses.dataclass
class Recipe:
    """Every choice of the training run."""

    epochs: int = 3
    batch_tokens: int = 2048
    learning_rate: float = 2e-3
    warmup_fraction: float = 0.1
    weight_decay: float = 0.05
    gradient_clip: float = 1.0
    average_decay: float = 0.999
    label_smoothing: float = 0.1

    dropout: float = 0.3
    embedding_dropout: float = 0.3
    # How often a word is replaced by [UNK]: this often if it is frequent ...
    word_dropout: float = 0.2
    # ... and this much more often if it never occurs, half of it at `rare_count` occurrences.
    rare_word_dropout: float = 0.6
    rare_count: float = 20.0

    # The polarity column of the word table: the regression's weights times this, to be of the other columns' size.
    polarity_scale: float = 0.5
    polarity_dropout: float = 0.15
    # L2 penalty of the regression, on the mean loss.
    polarity_penalty: float = 1e-4

    # This share of the texts is followed by up to three more of the same label, as users send paragraphs.
    joined_fraction: float = 0.05
    # The weight of the mean-pooled head's loss, see `batch_loss`.
    mean_loss: float = 0.5


class Example:
    """One text as token ids, without special tokens, and how probably it is positive."""

    __slots__ = ("ids", "positive")

    def __init__(self, ids, positive):
        self.ids = ids
        self.positive = positive


def read_split(path, tokenizer):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    encoded = tokenizer([row["sentence"] for row in rows], add_special_tokens=False)["input_ids"]
    return [Example(ids, float(row["label"])) for ids, row in zip(encoded, rows)]


def collate(examples):
    """Right-padded ids and mask. [PAD]'s embedding is held at zero, so padding cannot leak through the trigram."""
    length = max(len(example.ids) for example in examples) + 2
    ids = torch.full((len(examples), length), PAD)
    for row, example in enumerate(examples):
        ids[row, : len(example.ids) + 2] = torch.tensor([CLS, *example.ids, SEP])
    return ids, (ids != PAD).long(), torch.tensor([example.positive for example in examples])


def batches_of(examples, batch_tokens, randomness):
    """Batches of about `batch_tokens` tokens, each of texts of similar length, in random order."""
    batches, batch = [], []
    for example in sorted(examples, key=lambda example: len(example.ids) + randomness.random() * 4):
        if batch and (len(batch) + 1) * (len(example.ids) + 2) > batch_tokens:
            batches.append(batch)
            batch = []
        batch.append(example)
    batches.append(batch)
    randomness.shuffle(batches)
    return batches


def joined(examples, randomness, recipe):
    """The examples, some of them followed by others of the same label."""
    by_label = [[e for e in examples if e.positive == label] for label in range(len(LABELS))]
    for example in examples:
        if randomness.random() < recipe.joined_fraction:
            parts = [example, *randomness.choices(by_label[int(example.positive)], k=randomness.randint(1, 3))]
            yield Example([token for part in parts for token in part.ids], example.positive)
        else:
            yield example


def build_model(vocabulary_size, shape, recipe):
    config = MobileBertConfig(
        vocab_size=vocabulary_size,
        id2label=dict(enumerate(LABELS)),
        label2id={name: index for index, name in enumerate(LABELS)},
        problem_type="single_label_classification",
        hidden_dropout_prob=recipe.dropout,
        attn_implementation="eager",
        **dataclasses.asdict(shape),
    )
    model = MobileBertForSequenceClassification(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # Matrices keep the variance of what goes through them: NoNorm does not rescale it.
            if parameter.dim() == 2 and "embeddings" not in name:
                nn.init.xavier_uniform_(parameter)
        embeddings = model.mobilebert.embeddings
        nn.init.normal_(embeddings.word_embeddings.weight, std=0.1)
        embeddings.word_embeddings.weight[PAD].zero_()
        nn.init.normal_(embeddings.position_embeddings.weight, std=0.01)
    return model


def word_polarity(examples, vocabulary_size, recipe):
    """Each word's weight in a logistic regression over the words of a text: positive for POSITIVE, 0 for unseen ones.

    Words are scaled by their naive Bayes ratio, so that the penalty falls on those that tell nothing (Wang and
    Manning, 2012, "Baselines and Bigrams").
    """
    words = [sorted(set(example.ids)) for example in examples]
    columns = torch.tensor([word for each in words for word in each])
    rows = torch.repeat_interleave(torch.arange(len(words)), torch.tensor([len(each) for each in words]))
    labels = torch.tensor([example.positive for example in examples])

    seen = torch.bincount(columns, minlength=vocabulary_size) > 1
    positive = torch.ones(vocabulary_size).index_add_(0, columns, labels[rows])
    negative = torch.ones(vocabulary_size).index_add_(0, columns, 1 - labels[rows])
    ratios = ((positive / positive.sum()).log() - (negative / negative.sum()).log()) * seen
    weights = torch.full((vocabulary_size,), 0.5, requires_grad=True)
    bias = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights, bias], max_iter=60, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        logits = torch.zeros(len(words)).index_add_(0, rows, (weights * ratios)[columns]) + bias
        value = nn.functional.binary_cross_entropy_with_logits(logits, labels)
        value = value + 0.5 * recipe.polarity_penalty * weights.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return (weights * ratios).detach()


class WordInput:
    """What the model is given for a word while it trains: often less than the word table holds."""

    def __init__(self, examples, vocabulary_size, recipe):
        self.recipe = recipe
        self.polarity = recipe.polarity_scale * word_polarity(examples, vocabulary_size, recipe)
        counts = torch.bincount(torch.tensor([word for e in examples for word in e.ids]), minlength=vocabulary_size)
        self.word_dropout = recipe.word_dropout + recipe.rare_word_dropout / (1 + counts / recipe.rare_count)
        self.word_dropout[[PAD, CLS, SEP]] = 0.0

    @torch.no_grad()
    def hold_polarity(self, model):
        """Sets the polarity column back to what the regression says, after a step that moved it."""
        model.mobilebert.embeddings.word_embeddings.weight[:, 0] = self.polarity

    def embedded(self, table, ids):
        kept = torch.where(torch.rand(ids.shape) < self.word_dropout[ids], UNKNOWN, ids)
        vectors = nn.functional.dropout(table(kept), self.recipe.embedding_dropout)
        # The polarity of the word itself, also where the rest is [UNK]'s.
        polarity = self.polarity[ids] * (torch.rand(ids.shape) >= self.recipe.polarity_dropout)
        return torch.cat([polarity.unsqueeze(-1), vectors[..., 1:]], -1)


@torch.no_grad()
def logits_of(model, texts):
    """The model's logit for POSITIVE over NEGATIVE, for each list of ids."""
    model.eval()
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    values = [0.0] * len(texts)
    for start in range(0, len(order), 128):
        places = order[start : start + 128]
        ids, mask, _ = collate([Example(texts[place], 0.0) for place in places])
        logits = model(input_ids=ids, attention_mask=mask).logits
        for place, value in zip(places, (logits[:, 1] - logits[:, 0]).tolist()):
            values[place] = value
    return values


def accuracy(model, examples):
    logits = logits_of(model, [example.ids for example in examples])
    return sum((logit > 0) == (example.positive > 0.5) for logit, example in zip(logits, examples)) / len(examples)


class Average:
    """The exponential moving average of a model's weights: steadier than the last step's."""

    def __init__(self, model, decay):
        self.decay = decay
        self.steps = 0
        self.model = copy.deepcopy(model)

    @torch.no_grad()
    def update(self, model):
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for mean, value in zip(self.model.parameters(), model.parameters()):
            mean.lerp_(value, 1 - decay)


def learning_rate(step, steps, recipe):
    """Linear warm-up, then a cosine to zero."""
    warmup = max(1, int(steps * recipe.warmup_fraction))
    if step < warmup:
        return recipe.learning_rate * (step + 1) / warmup
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def shifted_positions(ids, limit):
    """Positions from a random start, half of the time, so that all of them are trained and not only the first 64."""
    length = ids.shape[1]
    starts = torch.randint(0, limit - length + 1, (ids.shape[0], 1))
    starts = torch.where(torch.rand(starts.shape) < 0.5, 0, starts)
    return torch.arange(length) + starts


def batch_loss(model, mean_head, words, batch, recipe):
    ids, mask, positive = collate(batch)
    targets = torch.stack([1 - positive, positive], 1)
    output = model.mobilebert(
        inputs_embeds=words.embedded(model.mobilebert.embeddings.word_embeddings, ids),
        attention_mask=mask,
        position_ids=shifted_positions(ids, model.config.max_position_embeddings))
    logits = model.classifier(model.dropout(output.pooler_output))
    # The mean of the last hidden states is trained too, by a head that is thrown away: it makes mean-pooled
    # embeddings carry the sentiment, and gives every token a gradient of its own.
    weights = mask.unsqueeze(-1).to(output.last_hidden_state.dtype)
    mean = (output.last_hidden_state * weights).sum(1) / weights.sum(1)
    mean_logits = mean_head(model.dropout(mean))

    def loss(values):
        return nn.functional.cross_entropy(values.float(), targets, label_smoothing=recipe.label_smoothing)

    return loss(logits) + recipe.mean_loss * loss(mean_logits)


def train(model, training, splits, recipe, randomness):
    """Trains the model; returns the averaged one."""
    mean_head = nn.Linear(model.config.hidden_size, len(LABELS))
    words = WordInput(training, model.config.vocab_size, recipe)
    words.hold_polarity(model)
    parameters = [*model.parameters(), *mean_head.parameters()]
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in parameters if p.dim() > 1], "weight_decay": recipe.weight_decay},
         {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0.0}],
        betas=(0.9, 0.98), fused=True)
    average = Average(model, recipe.average_decay)
    epochs = [batches_of(joined(training, randomness, recipe), recipe.batch_tokens, randomness)
              for _ in range(recipe.epochs)]
    steps, step, started = sum(map(len, epochs)), 0, time.monotonic()
    for number, batches in enumerate(epochs, 1):
        model.train()
        total = 0.0
        for batch in batches:
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, steps, recipe)
            # bfloat16 halves the time of the matrix products; weights, optimizer and average stay in float32.
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = batch_loss(model, mean_head, words, batch, recipe)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, recipe.gradient_clip)
            optimizer.step()
            words.hold_polarity(model)
            average.update(model)
            total += loss.item()
            step += 1
            if step % 50 == 0:
                print(f"\rstep {step}/{steps}, {time.monotonic() - started:.0f} s", end="", flush=True)
        scores = ", ".join(f"{name} {accuracy(average.model, examples):.4f}" for name, examples in splits.items())
        print(f"\repoch {number}/{recipe.epochs}: loss {total / len(batches):.4f}, {scores}, "
              f"{time.monotonic() - started:.0f} s", flush=True)
    return average.model.eval()


def save(model, output):
    """The Hub's layout, for transformers and for Swiftlet."""
    model.save_pretrained(output)
    with open(os.path.join(output, "tokenizer_config.json"), "w", encoding="utf-8") as file:
        json.dump({
            "tokenizer_class": "MobileBertTokenizer", "do_lower_case": True, "strip_accents": None,
            "tokenize_chinese_chars": True, "model_max_length": 512, "unk_token": "[UNK]", "sep_token": "[SEP]",
            "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}, file, indent=2)
        file.write("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder with train.tsv and dev.tsv")
    parser.add_argument("--output", required=True, help="model folder; holds vocab.txt")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="more are faster, and sum in another order (default 1)")
    parser.add_argument("--also", action="append", default=[], metavar="SPLIT", help="report on SPLIT.tsv as well")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(arguments.seed)
    randomness = random.Random(arguments.seed)

    tokenizer = BertTokenizerFast(os.path.join(arguments.output, "vocab.txt"), do_lower_case=True)
    training = read_split(os.path.join(arguments.data, "train.tsv"), tokenizer)
    splits = {name: read_split(os.path.join(arguments.data, f"{name}.tsv"), tokenizer)
              for name in ("dev", *arguments.also)}
    recipe = Recipe()
    model = build_model(len(tokenizer), Shape(), recipe)
    count = sum(parameter.numel() for parameter in model.parameters())
    print(f"{count:,} parameters, {len(training):,} training texts, {arguments.threads} threads", flush=True)
    save(train(model, training, splits, recipe, randomness), arguments.output)


if __name__ == "__main__":
    main()
