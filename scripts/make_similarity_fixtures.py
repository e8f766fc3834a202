#!/usr/bin/env python3
"""Writes Tests/Fixtures/training/similarity-*: small random encoders with the loss and the gradients that PyTorch gives
for sentence-transformers' Pooling, Normalize and losses over them in double precision, and with what 200 steps of AdamW
make of some of them.

The files are those of scripts/make_gradient_fixtures.py. Beside them batch.json has the poolings, and, once, scores with
their correlations by SciPy. A "text" is one sequence; an example is as many of them as `columns` says, one after the
other. Each sequence is encoded alone, so that no padding leaks into MobileBERT's last token. Needs torch, transformers,
sentence-transformers, scipy and safetensors."""

import json
import pathlib

import scipy
import scipy.stats
import sentence_transformers
import torch
import transformers
from safetensors.torch import save_file
from sentence_transformers.sentence_transformer.losses import CoSENTLoss, MultipleNegativesRankingLoss
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    MobileBertConfig,
    MobileBertModel,
)

FOLDER = pathlib.Path(__file__).parent.parent / "Tests/Fixtures/training"
VOCABULARY, POSITIONS, STEPS, BATCH = 31, 14, 200, 4
SWIFT_NAMES = {"mean_sqrt_len_tokens": "mean_sqrt_len", "weightedmean": "weighted_mean", "lasttoken": "last_token"}

bert = BertConfig(vocab_size=VOCABULARY, hidden_size=12, num_hidden_layers=2, num_attention_heads=3,
                  intermediate_size=20, max_position_embeddings=POSITIONS)
distil = DistilBertConfig(vocab_size=VOCABULARY, dim=12, n_layers=2, n_heads=3, hidden_dim=20,
                          max_position_embeddings=POSITIONS)
mobile = MobileBertConfig(vocab_size=VOCABULARY, hidden_size=20, embedding_size=7, num_hidden_layers=2,
                          num_attention_heads=2, intermediate_size=18, intra_bottleneck_size=10,
                          num_feedforward_networks=3, max_position_embeddings=POSITIONS)

# Class, configuration, poolings, whether Normalize follows, columns, whether pairs have scores, whether it is trained.
CASES = {
    "similarity-bert-mean": (BertModel, bert, ["mean"], True, 2, True, True),
    "similarity-bert-cls": (BertModel, bert, ["cls"], False, 4, False, False),
    "similarity-distilbert-max": (DistilBertModel, distil, ["max"], True, 3, False, True),
    "similarity-mobilebert-mean": (MobileBertModel, mobile, ["mean"], True, 2, False, True),
    "similarity-mobilebert-joined": (
        MobileBertModel, mobile, ["mean_sqrt_len_tokens", "weightedmean", "lasttoken", "max"], False, 2, True, False),
}


def randomize(model):
    """Weights that are large enough for every part to matter, scaled by their inputs and rounded to single precision."""
    scale = 0.4 if getattr(model.config, "normalization_type", "") == "no_norm" else 0.8
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            is_matrix = parameter.dim() > 1 and "embeddings.weight" not in name
            values = torch.randn(parameter.shape, dtype=torch.float64)
            values *= scale / parameter.shape[1] ** 0.5 if is_matrix else 0.5 if parameter.dim() > 1 else 0.1
            if "LayerNorm.weight" in name or "layer_norm.weight" in name:
                values += 1
            parameter.copy_(values.float().double())


def examples(count, columns, has_scores):
    """Random sequences. The first tokens of an anchor and its positive are equal; a pair's score counts equal tokens,
    and some scores are equal."""
    texts, scores = [], []
    for index in range(count):
        anchor = torch.randint(5, VOCABULARY, (4 + index % 3,)).tolist()
        rows = [anchor]
        for column in range(1, columns):
            kept = index % 4 if has_scores else 2 if column == 1 else 0
            rows.append(anchor[:kept] + torch.randint(5, VOCABULARY, (3 + (index + column) % 5,)).tolist())
        texts += [{"ids": ids, "types": [int(2 * place >= len(ids)) for place in range(len(ids))]} for ids in rows]
        scores.append(index % 4 / 3 if has_scores else 0)
    return texts, scores


class Embedder(torch.nn.Module):
    def __init__(self, encoder, poolings, normalizes, columns, has_scores):
        super().__init__()
        self.encoder, self.columns = encoder, columns
        self.pooling = Pooling(encoder.config.hidden_size, pooling_mode=poolings)
        self.normalize = Normalize() if normalizes else None
        self.loss = (CoSENTLoss if has_scores else MultipleNegativesRankingLoss)(None)

    def vector(self, text):
        inputs = {"input_ids": torch.tensor([text["ids"]])}
        if not isinstance(self.encoder, DistilBertModel):
            inputs["token_type_ids"] = torch.tensor([text["types"]])
        hidden = self.encoder(**inputs).last_hidden_state
        mask = torch.ones(hidden.shape[:2], dtype=torch.int64)
        features = self.pooling({"token_embeddings": hidden, "attention_mask": mask})
        return (self.normalize(features) if self.normalize else features)["sentence_embedding"]

    def forward(self, texts, scores):
        vectors = torch.cat([self.vector(text) for text in texts])
        columns = [vectors[column :: self.columns] for column in range(self.columns)]
        return self.loss.compute_loss_from_embeddings(columns, torch.tensor(scores))


def save(tensors, path):
    save_file({name: tensor.detach().float().contiguous().clone() for name, tensor in tensors}, path)


def gradients(model, folder, case):
    _, _, poolings, normalizes, columns, has_scores, _ = case
    texts, scores = examples(6, columns, has_scores)
    loss = model(texts, scores)
    loss.backward()
    parameters = [(name, p.grad) for name, p in model.encoder.named_parameters() if p.grad is not None]
    save(parameters, folder / "gradients.safetensors")
    versions = {library.__name__: library.__version__ for library in (torch, transformers, sentence_transformers)}
    poolings = [SWIFT_NAMES.get(name, name) for name in poolings]
    batch = {
        "versions": versions, "texts": texts, "scores": scores, "columns": columns, "has_scores": has_scores,
        "poolings": poolings, "normalizes": normalizes, "loss": loss.item(),
    }
    if has_scores:
        found = [round(value, 1) for value in torch.randn(30).tolist()]
        expected = [float(value) for value in torch.randint(0, 6, (30,))]
        batch["correlations"] = {
            "scipy": scipy.__version__, "found": found, "expected": expected,
            "spearman": scipy.stats.spearmanr(found, expected).statistic,
            "pearson": scipy.stats.pearsonr(found, expected).statistic,
        }
    (folder / "batch.json").write_text(json.dumps(batch) + "\n")
    model.zero_grad()


def train(model, folder, columns, has_scores):
    """The Trainer's steps: AdamW without decay of norms and biases, clipping, a warm-up and a straight line to 0."""
    texts, scores = examples(24, columns, has_scores)
    # No example twice in a batch, where it would be its own negative.
    order = torch.cat([torch.randperm(24) for _ in range(STEPS * BATCH // 24 + 1)])[: STEPS * BATCH].tolist()
    decaying = [p for name, p in model.named_parameters() if p.dim() > 1]
    others = [p for name, p in model.named_parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": decaying, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}], lr=1e-3)
    run = {"texts": texts, "scores": scores, "order": order, "loss": [], "grad_norm": [], "learning_rate": []}
    for step in range(STEPS):
        rate = 1e-3 * (step / 20 if step < 20 else (STEPS - step) / (STEPS - 20))
        for group in optimizer.param_groups:
            group["lr"] = rate
        numbers = order[step * BATCH : (step + 1) * BATCH]
        rows = [text for number in numbers for text in texts[number * columns : (number + 1) * columns]]
        loss = model(rows, [scores[number] for number in numbers])
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        for key, value in [("loss", loss.item()), ("grad_norm", norm.item()), ("learning_rate", rate)]:
            run[key].append(value)
    (folder / "run.json").write_text(json.dumps(run) + "\n")
    save(model.encoder.state_dict().items(), folder / "trained.safetensors")


for seed, (name, case) in enumerate(CASES.items()):
    kind, config, poolings, normalizes, columns, has_scores, is_trained = case
    torch.manual_seed(seed)
    torch.set_default_dtype(torch.float64)
    encoder = kind(config).double().eval()
    randomize(encoder)
    model = Embedder(encoder, poolings, normalizes, columns, has_scores)
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"architectures": [kind.__name__], "model_type": config.model_type, "dtype": "float32"}
    config.to_json_file(folder / "config.json")
    settings = json.loads((folder / "config.json").read_text()) | settings
    (folder / "config.json").write_text(json.dumps(settings, indent=1) + "\n")
    save(encoder.state_dict().items(), folder / "model.safetensors")
    gradients(model, folder, case)
    if is_trained:
        train(model, folder, columns, has_scores)
    print(name, sum(p.numel() for p in model.parameters()))
