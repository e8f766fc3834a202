#!/usr/bin/env python3
"""Writes Tests/Fixtures/training: small random models with each head, with the loss and the gradients that PyTorch
gives for them in double precision, and with what transformers' Trainer makes of some of them in 200 steps.

A folder has config.json and model.safetensors; gradients.safetensors; batch.json with the inputs, targets and the
loss; and, for trained ones, run.json with the order of the examples and each step's loss, learning rate and gradient
norm, and trained.safetensors. Arguments choose some of the folders. Needs torch, transformers, accelerate and
safetensors."""

import json
import pathlib
import sys
import tempfile

import torch
import transformers
from safetensors.torch import save_file
from torch.utils.data import SequentialSampler
from transformers import (
    BertConfig,
    DistilBertConfig,
    MobileBertConfig,
    Trainer,
    TrainingArguments,
)

FOLDER = pathlib.Path(__file__).parent.parent / "Tests/Fixtures/training"
VOCABULARY, POSITIONS, STEPS, BATCH = 31, 14, 200, 4

bert = dict(vocab_size=VOCABULARY, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20,
            max_position_embeddings=POSITIONS)
distil = dict(vocab_size=VOCABULARY, dim=12, n_layers=2, n_heads=3, hidden_dim=20, max_position_embeddings=POSITIONS)
mobile = dict(vocab_size=VOCABULARY, hidden_size=20, embedding_size=7, num_hidden_layers=2, num_attention_heads=2,
              intermediate_size=18, intra_bottleneck_size=10, num_feedforward_networks=3,
              max_position_embeddings=POSITIONS)


def of_bert(head="SequenceClassification", **changes):
    return getattr(transformers, f"BertFor{head}"), BertConfig(**{**bert, **changes})


def of_distilbert(head="SequenceClassification", **changes):
    return getattr(transformers, f"DistilBertFor{head}"), DistilBertConfig(**{**distil, **changes})


def of_mobilebert(head="SequenceClassification", **changes):
    return getattr(transformers, f"MobileBertFor{head}"), MobileBertConfig(**{**mobile, **changes})


CASES = {
    "bert": of_bert(num_labels=3),
    "bert-multilabel": of_bert(
        num_labels=4, num_hidden_layers=1, problem_type="multi_label_classification", hidden_act="gelu_new"),
    "bert-regression": of_bert(
        num_labels=1, num_hidden_layers=1, problem_type="regression", hidden_act="silu", layer_norm_eps=1e-5),
    "bert-causal": of_bert(num_labels=2, num_hidden_layers=1, is_decoder=True),
    "distilbert": of_distilbert(num_labels=3),
    "mobilebert": of_mobilebert(num_labels=3),
    "mobilebert-layer-norm": of_mobilebert(num_labels=2, normalization_type="layer_norm", hidden_act="gelu"),
    "mobilebert-no-bottleneck": of_mobilebert(num_labels=2, num_hidden_layers=1, use_bottleneck=False, intra_bottleneck_size=20),
    "mobilebert-bottleneck-attention": of_mobilebert(num_labels=2, num_hidden_layers=1, use_bottleneck_attention=True),
    "mobilebert-no-shared-bottleneck": of_mobilebert(
        num_labels=2, num_hidden_layers=1, key_query_shared_bottleneck=False, intra_bottleneck_size=20, normalization_type="layer_norm"),
    "mobilebert-no-trigram": of_mobilebert(num_labels=2, num_hidden_layers=1, trigram_input=False, num_feedforward_networks=1),
    "mobilebert-plain-embeddings": of_mobilebert(num_labels=2, num_hidden_layers=1, trigram_input=False, embedding_size=20),
    "mobilebert-no-pooler": of_mobilebert(num_labels=2, num_hidden_layers=1, classifier_activation=False, num_feedforward_networks=2),
}
for name, make, layers in [("bert", of_bert, "num_hidden_layers"), ("distilbert", of_distilbert, "n_layers"),
                           ("mobilebert", of_mobilebert, "num_hidden_layers")]:
    CASES |= {
        f"{name}-tokens": make("TokenClassification", num_labels=5, **{layers: 1}),
        f"{name}-answers": make("QuestionAnswering", **{layers: 1}),
        f"{name}-masked": make("MaskedLM", **{layers: 1}),
        f"{name}-choices": make("MultipleChoice", **{layers: 1}),
    }
CASES["bert-masked-untied"] = of_bert("MaskedLM", num_hidden_layers=1, tie_word_embeddings=False)
# Its file has no positions, which are computed; transformers trains them all the same.
CASES["distilbert-sinusoidal"] = of_distilbert(num_labels=2, n_layers=1, sinusoidal_pos_embds=True)
TRAINED = ["bert", "distilbert", "mobilebert", "mobilebert-layer-norm"]


def has_computed_positions(config, name):
    return getattr(config, "sinusoidal_pos_embds", False) and "position_embeddings" in name


def randomize(model):
    """Weights that are large enough for every part to matter, scaled by their inputs and rounded to single precision."""
    # NoNorm bounds nothing, so that large weights would make training chaotic.
    scale = 0.4 if getattr(model.config, "normalization_type", "") == "no_norm" else 0.8
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if has_computed_positions(model.config, name):
                continue
            is_matrix = parameter.dim() > 1 and "embeddings.weight" not in name
            values = torch.randn(parameter.shape, dtype=torch.float64)
            values *= scale / parameter.shape[1] ** 0.5 if is_matrix else 0.5 if parameter.dim() > 1 else 0.1
            if "LayerNorm.weight" in name or "layer_norm.weight" in name:
                values += 1
            parameter.copy_(values.float().double())


def examples(config, count, lengths):
    """Random texts. Each one's target depends on its second token, so that it can be learnt."""
    texts, targets = [], []
    for index in range(count):
        length = lengths[index % len(lengths)]
        ids = torch.randint(5, VOCABULARY, (length,)).tolist()
        texts.append({"ids": ids, "types": [int(2 * place >= length) for place in range(length)]})
        if config.problem_type == "regression":
            targets.append([ids[1] / VOCABULARY])
        elif config.problem_type == "multi_label_classification":
            targets.append([float(ids[1] >> bit & 1) for bit in range(config.num_labels)])
        else:
            targets.append(ids[1] % config.num_labels)
    return texts, targets


def token_labels(kind, config, text):
    """Labels of about half of the tokens; the others have -100."""
    count = VOCABULARY if kind.__name__.endswith("MaskedLM") else config.num_labels
    labels = torch.randint(0, count, (len(text["ids"]),))
    labels[torch.rand(labels.shape) < 0.5] = -100
    labels[1] = 1
    return labels.tolist()


def head_examples(kind, config, lengths):
    """Random texts with targets for the class's head, and how many texts an example has."""
    texts, targets = examples(config, 4 if kind.__name__.endswith("SequenceClassification") else 6, lengths)
    if kind.__name__.endswith("MultipleChoice"):
        return texts, [2, 0], 3
    if kind.__name__.endswith("QuestionAnswering"):
        # The last answer ends behind its text, so that its end does not count.
        return texts, [[1, 3], [0, 0], [2, 2], [4, 5], [3, 4], [2, 20]], 1
    if kind.__name__.endswith(("TokenClassification", "MaskedLM")):
        return texts, [token_labels(kind, config, text) for text in texts], 1
    return texts, targets, 1


def head_batch(kind, texts, targets, choices):
    """The arguments of the class's forward pass."""
    if choices == 1 and not isinstance(targets[0], list):
        return collate(list(zip(texts, targets)))
    batch = collate([(text, 0) for text in texts])
    del batch["labels"]
    if choices > 1:
        batch = {name: values.view(-1, choices, values.shape[1]) for name, values in batch.items()}
        return batch | {"labels": torch.tensor(targets)}
    if kind.__name__.endswith("QuestionAnswering"):
        starts, ends = zip(*targets)
        return batch | {"start_positions": torch.tensor(starts), "end_positions": torch.tensor(ends)}
    if kind.__name__.endswith("SequenceClassification"):
        return collate(list(zip(texts, targets)))
    longest = batch["input_ids"].shape[1]
    return batch | {"labels": torch.tensor([row + [-100] * (longest - len(row)) for row in targets])}


def collate(rows):
    longest = max(len(text["ids"]) for text, _ in rows)
    pad = lambda values: values + [0] * (longest - len(values))
    batch = {
        "input_ids": torch.tensor([pad(text["ids"]) for text, _ in rows]),
        "attention_mask": torch.tensor([pad([1] * len(text["ids"])) for text, _ in rows]),
        "labels": torch.tensor([target for _, target in rows]),
    }
    if batch["labels"].is_floating_point():
        batch["labels"] = batch["labels"].double()
    batch["token_type_ids"] = torch.tensor([pad(text["types"]) for text, _ in rows])
    return batch


def save(tensors, path):
    save_file({name: tensor.detach().float().contiguous().clone() for name, tensor in tensors}, path)


def gradients(model, config, folder):
    # MobileBERT's trigram, and the logits of answers, would read the padding, so these texts are of one length.
    kind = type(model)
    is_padded = config.model_type != "mobilebert" and not kind.__name__.endswith("QuestionAnswering")
    texts, targets, choices = head_examples(kind, config, [6, 3, 9, 2] if is_padded else [6])
    batch = head_batch(kind, texts, targets, choices)
    if config.model_type == "distilbert":
        del batch["token_type_ids"]
    loss = model(**batch).loss
    loss.backward()
    save([(name, p.grad) for name, p in model.named_parameters() if p.grad is not None],
         folder / "gradients.safetensors")
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    text = json.dumps({"versions": versions, "texts": texts, "choices": choices, "targets": targets,
                       "loss": loss.item()})
    (folder / "batch.json").write_text(text + "\n")
    model.zero_grad()


class OrderedTrainer(Trainer):
    """The Trainer with the examples in their order and without dropout; it notes each step's exact loss."""

    def _get_train_sampler(self, dataset=None):
        return SequentialSampler(dataset or self.train_dataset)

    def compute_loss(self, model, inputs, **arguments):
        model.eval()
        loss = super().compute_loss(model, inputs, **arguments)
        self.losses.append((loss[0] if isinstance(loss, tuple) else loss).item())
        return loss


def train(model, config, folder):
    lengths = [7] if config.model_type == "mobilebert" else [7, 4, 10, 5]
    texts, targets = examples(config, 24, lengths)
    order = torch.randint(0, len(texts), (STEPS * BATCH,)).tolist()

    def batch(rows):
        rows = collate(rows)
        if config.model_type == "distilbert":
            del rows["token_type_ids"]
        return rows

    with tempfile.TemporaryDirectory() as output:
        arguments = TrainingArguments(
            output, max_steps=STEPS, per_device_train_batch_size=BATCH, learning_rate=1e-3, warmup_steps=20,
            weight_decay=0.01, logging_steps=1, save_strategy="no", report_to=[], disable_tqdm=True, use_cpu=True,
            remove_unused_columns=False)
        rows = [(texts[number], targets[number]) for number in order]
        trainer = OrderedTrainer(model, arguments, train_dataset=rows, data_collator=batch)
        trainer.losses = []
        trainer.train()
    history = [entry for entry in trainer.state.log_history if "grad_norm" in entry]
    run = {
        "texts": texts, "targets": targets, "order": order, "loss": trainer.losses,
        "grad_norm": [entry["grad_norm"] for entry in history],
        "learning_rate": [entry["learning_rate"] for entry in history],
    }
    (folder / "run.json").write_text(json.dumps(run) + "\n")
    save(model.state_dict().items(), folder / "trained.safetensors")


for seed, (name, (kind, config)) in enumerate(CASES.items()):
    if sys.argv[1:] and name not in sys.argv[1:]:
        continue
    torch.manual_seed(seed)
    torch.set_default_dtype(torch.float64)
    model = kind(config).double().eval()
    randomize(model)
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    model.config.to_json_file(folder / "config.json")
    settings = json.loads((folder / "config.json").read_text())
    settings |= {"model_type": config.model_type, "dtype": "float32", "num_labels": config.num_labels}
    if not kind.__name__.endswith("SequenceClassification"):
        settings["architectures"] = [kind.__name__]
    (folder / "config.json").write_text(json.dumps(settings, indent=1) + "\n")
    # Tied tensors stand in the file once.
    tied = set(getattr(model, "all_tied_weights_keys", {}))
    save([item for item in model.state_dict().items() if item[0] not in tied
          and not has_computed_positions(config, item[0])], folder / "model.safetensors")
    gradients(model, config, folder)
    if name in TRAINED:
        train(model, config, folder)
    print(name, sum(p.numel() for p in model.parameters()))
