"""Oddities of a checkpoint: names, tensors that the model does not need, types, and forms of files."""

import torch

from heads import class_name
from oddities import oddity


def values(folder, rng, *shape):
    return 0.3 * torch.randn(shape, generator=torch.Generator().manual_seed(rng.randrange(1 << 40)))


@oddity(0.3)
def form(folder, rng):
    folder.format = rng.choice(["safetensors-shards", "bin", "bin-legacy", "bin-shards"])


@oddity(0.2)
def types(folder, rng):
    """All or some of the tensors in another type."""
    types = rng.choice(
        [
            [torch.float16],
            [torch.bfloat16],
            [torch.float64],
            [torch.float16, torch.float32],
            [torch.bfloat16, torch.float32, torch.float64],
        ]
    )
    folder.tensors = {
        name: tensor.to(rng.choice(types)) if tensor.is_floating_point() else tensor
        for name, tensor in folder.tensors.items()
    }


@oddity(0.2)
def tensors_of_training(folder, rng):
    """A loss's buffer, a teacher, a scale: what people's own classes leave in a file."""
    names = {
        "loss_fct.weight": (2,),
        "logit_scale": (),
        "criterion.pos_weight": (3,),
        "teacher.layer.weight": (4, 4),
        "dropout.p": (1,),
        "center_loss.centers": (2, 16),
        "classifier_aux.weight": (2, 16),
        "class_weights": (2,),
        "crf.transitions": (4, 4),
        "log_vars": (2,),
        "pooling.attention.weight": (1, 16),
        "ema.decay": (),
        "ema.num_updates": (1,),
        "temperature": (1,),
        "weights": (2,),
        "bias": (2,),
        "head.0.weight": (4, 16),
        "encoder.extra.weight": (4,),
        "mobilebert.embeddings.extra": (2,),
        "classifiers.0.weight": (2, 16),
        "seq_relationship.weight": (2, 16),
    }
    for name in rng.sample(sorted(names), rng.choice([1, 1, 2, 3, 9])):
        folder.tensors[name] = values(folder, rng, *names[name])
        folder.warns.append(name)


@oddity(0.1)
def layers_beyond(folder, rng):
    """Layers more than config.json says."""
    last = folder.layers - 1
    stem = f".layer.{last}."
    for beyond in range(rng.choice([1, 1, 2, 6])):
        for name, tensor in list(folder.tensors.items()):
            if stem in name:
                folder.tensors[name.replace(stem, f".layer.{last + 1 + beyond}.")] = tensor + 0.1
        folder.warns.append(f".layer.{last + 1 + beyond}.")


@oddity(0.12)
def position_ids(folder, rng):
    """Buffers that older versions saved."""
    stem = "" if folder.head in ("base", "sentences") else folder.family + "."
    positions = folder.config.get("max_position_embeddings", 40)
    folder.tensors[f"{stem}embeddings.position_ids"] = torch.arange(positions).reshape(1, -1)
    if rng.random() < 0.3:
        folder.tensors[f"{stem}embeddings.token_type_ids"] = torch.zeros(1, positions, dtype=torch.int64)


@oddity(0.08, lambda folder: folder.family == "distilbert")
def types_of_a_model_without_types(folder, rng):
    stem = "" if folder.head in ("base", "sentences") else "distilbert."
    folder.tensors[f"{stem}embeddings.token_type_embeddings.weight"] = values(folder, rng, 2, folder.width)
    folder.warns.append("token_type_embeddings")


@oddity(0.1)
def gamma_and_beta(folder, rng):
    folder.use_old_norm_names()


@oddity(0.08)
def prefix(folder, rng):
    """A prefix around everything, as DataParallel and other wrappers leave it."""
    folder.prefix = rng.choice(["module.", "model.", "module.", "model.", "_orig_mod.", "model.module.", folder.family + "."])


@oddity(0.3, lambda folder: folder.head in ("base", "sentences"))
def base_with_prefix(folder, rng):
    """The base model inside another class's checkpoint, with or without that class's head."""
    folder.tensors = {f"{folder.family}.{name}": tensor for name, tensor in folder.tensors.items()}
    if rng.random() < 0.5:
        width = folder.width
        if rng.random() < 0.5:
            folder.tensors |= {
                "classifier.weight": values(folder, rng, 2, width),
                "classifier.bias": values(folder, rng, 2),
            }
        else:
            folder.tensors |= {
                "qa_outputs.weight": values(folder, rng, 2, width),
                "qa_outputs.bias": values(folder, rng, 2),
            }


@oddity(0.15, lambda folder: folder.head in ("base", "sentences"))
def without_pooler(folder, rng):
    folder.tensors = {name: tensor for name, tensor in folder.tensors.items() if "pooler." not in name}


@oddity(0.1, lambda folder: folder.head not in ("base", "sentences"))
def head_without_prefix(folder, rng):
    """The encoder's tensors without the family's prefix, beside the head's."""
    stem = folder.family + "."
    folder.tensors = {name.removeprefix(stem): tensor for name, tensor in folder.tensors.items()}


@oddity(0.3, lambda folder: folder.head in ("masked", "pretraining") and folder.config.get("tie_word_embeddings", True))
def tied_weights_kept(folder, rng):
    """The decoder's tied tensors, which older versions saved, too."""
    words = folder.tensors.get(f"{folder.family}.embeddings.word_embeddings.weight")
    if words is None:
        return
    decoder = "vocab_projector.weight" if folder.family == "distilbert" else "cls.predictions.decoder.weight"
    folder.tensors[decoder] = words
    if folder.family != "distilbert" and rng.random() < 0.7:
        folder.tensors["cls.predictions.decoder.bias"] = folder.tensors["cls.predictions.bias"]
        if rng.random() < 0.4:
            del folder.tensors["cls.predictions.bias"]
    if rng.random() < 0.3:
        del folder.tensors[f"{folder.family}.embeddings.word_embeddings.weight"]


@oddity(0.1, lambda folder: folder.head in ("sequence", "tokens"))
def second_head(folder, rng):
    """Another head's tensors beside those that `architectures` names."""
    width = folder.width
    heads = [
        {"qa_outputs.weight": (2, width), "qa_outputs.bias": (2,)},
        {"cls.seq_relationship.weight": (2, width)},
        {"cls.predictions.bias": (9,), "cls.predictions.transform.dense.weight": (width, width)},
        {"lm_head.weight": (4, width)},
    ]
    for name, shape in rng.choice(heads).items():
        folder.tensors[name] = values(folder, rng, *shape)


@oddity(0.1, lambda folder: folder.format.startswith("safetensors"))
def no_metadata(folder, rng):
    folder.metadata = None


@oddity(0.04)
def missing_tensor(folder, rng):
    """A tensor that the model needs is not there."""
    names = sorted(name for name in folder.tensors if ".layer." in name and name not in folder.warns)
    del folder.tensors[rng.choice(names)]


@oddity(0.5, lambda folder: folder.config.get("sinusoidal_pos_embds"))
def missing_sinusoids(folder, rng):
    """The position embeddings of a DistilBERT that computes them are not there."""
    folder.tensors = {name: tensor for name, tensor in folder.tensors.items() if "position_embeddings" not in name}


@oddity(0.12)
def missing_vectors(folder, rng):
    """Biases and norm weights are not there: transformers fills them with 0 and 1."""
    names = sorted(name for name, tensor in folder.tensors.items() if tensor.dim() == 1 and name not in folder.warns)
    if "pooler.dense.weight" not in " ".join(folder.tensors):
        names = [name for name in names if "pooler." not in name]
    kind = rng.choice(["one", "few", "kind"])
    chosen = rng.sample(names, min(len(names), {"one": 1, "few": rng.randint(2, 6), "kind": 1}[kind]))
    if kind == "kind":
        stem = ".".join(chosen[0].split(".")[-2:])
        chosen = [name for name in names if name.endswith(stem)]
    for name in chosen:
        del folder.tensors[name]
        # A masked language model's bias has two names.
        if len(chosen) < 3 and "predictions" not in name:
            folder.warns.append(name.rsplit(".", 1)[0])


@oddity(0.15, lambda folder: folder.format.startswith("safetensors"))
def stated_weights(folder, rng):
    """config.json names the file of weights, or their index, mostly in a folder; a file with the usual name may be
    there."""
    folder.weights = rng.choice(["weights/all", "./v2/my.model", "main"])
    ending = ".index.json" if folder.format.endswith("shards") else ""
    folder.config["transformers_weights"] = folder.weights + ".safetensors" + ending
    folder.has_other_weights = rng.random() < 0.4


@oddity(0.2, lambda folder: folder.format.endswith("shards"))
def index_forms(folder, rng):
    """An index as tools write it: paths with `./`, shards in a folder, names of no tensor, few of the names."""
    folder.index_form = rng.choice(["dots", "folder", "unknown", "few"])


@oddity(0.3, lambda folder: folder.format in ("bin", "bin-legacy"))
def values_beside_tensors(folder, rng):
    """What training scripts put into a state dictionary beside its tensors, and tensors of other kinds."""
    others = {
        "epoch": 3,
        "loss": 0.25,
        "note": "best",
        "none": None,
        "history": [1, 2, [3]],
        "args": {"lr": 1e-5, "inner": {"shape": torch.Size([1, 2])}},
        "steps": {"done"},
        "mask": torch.tensor([True, False]),
        "sparse": torch.eye(3).to_sparse(),
        "meta": torch.ones(2, device="meta"),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "view": torch.arange(12.0).reshape(3, 4).t(),
        "empty": torch.zeros(0, 4),
        "device": torch.device("cpu"),
        "dtype": torch.float16,
    }
    folder.others = {name: others[name] for name in rng.sample(sorted(others), rng.randint(1, 4))}
    folder.parameters = rng.random() < 0.3


@oddity(0.3, lambda folder: folder.format in ("bin", "bin-legacy"))
def storages(folder, rng):
    """Matrices stored by columns and vectors that share a storage; an archive whose file has got another name."""
    folder.strided = rng.random() < 0.7
    folder.archive = rng.choice([None, "archive", "checkpoint-500.pt"])


@oddity(0.1)
def tensors_of_other_types(folder, rng):
    """Counters, masks and quantized values that the model does not need."""
    tensors = {
        "bn.num_batches_tracked": torch.tensor(7),
        "attention_bias": torch.ones(1, 1, 4, 4, dtype=torch.bool).tril(),
        "table": torch.arange(6, dtype=torch.uint8).reshape(2, 3),
        "scale_table": torch.ones(2, dtype=torch.int8),
        "half.table": torch.ones(2, dtype=torch.int16),
        "eight.weight": torch.ones(2, 2).to(torch.float8_e4m3fn),
        "empty.weight": torch.ones(0, 3),
        "scalar": torch.tensor(0.5, dtype=torch.float64),
    }
    for name in rng.sample(sorted(tensors), rng.randint(1, 3)):
        folder.tensors[name] = tensors[name]


@oddity(0.15, lambda folder: folder.head in ("tokens", "answers", "masked"))
def old_pooler(folder, rng):
    """The pooler that older versions saved with every head."""
    named = folder.config.get("architectures") == [class_name(folder.family, folder.head)]
    if folder.family == "distilbert" or not named:
        return
    width, stem = folder.width, folder.family + "."
    if not any(name.startswith(stem) for name in folder.tensors):
        stem = ""
    folder.tensors |= {
        f"{stem}pooler.dense.weight": values(folder, rng, width, width),
        f"{stem}pooler.dense.bias": values(folder, rng, width),
    }


@oddity(0.15)
def files_of_training(folder, rng):
    """Files that stand beside a model: of other frameworks, of training, of the Hub."""
    safe = folder.format.startswith("safetensors")
    names = ["tf_model.h5", "flax_model.msgpack", "training_args.bin", "optimizer.pt", "onnx/model.onnx", "README.md"]
    names += ["rust_model.ot", ".gitattributes", "model.onnx", "coreml/x.mlpackage"]
    names += ["pytorch_model.bin", "pytorch_model.bin.index.json"] if safe else []
    if folder.format == "safetensors" and folder.weights is None:
        names.append("model.safetensors.index.json")
    for name in rng.sample(names, rng.randint(1, 4)):
        folder.further[name] = b"{}" if name.endswith(".json") else b"not what the model needs"


@oddity(0.15, lambda folder: folder.head == "base")
def masks_with_holes(folder, rng):
    """Not of the folder but of its clients: arrays whose attention mask has holes."""
    folder.asks_masks = True
