"""Oddities of a checkpoint: names, tensors that the model does not need, types, and forms of files."""

import torch

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
    }
    for name in rng.sample(sorted(names), rng.randint(1, 3)):
        folder.tensors[name] = values(folder, rng, *names[name])
        folder.warns.append(name)


@oddity(0.1)
def layers_beyond(folder, rng):
    """A layer more than config.json says."""
    last = folder.layers - 1
    stem = f".layer.{last}."
    for name, tensor in list(folder.tensors.items()):
        if stem in name:
            folder.tensors[name.replace(stem, f".layer.{last + 1}.")] = tensor + 0.1
    folder.warns.append(f".layer.{last + 1}.")


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
    """The names of TensorFlow's checkpoints."""
    folder.tensors = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in folder.tensors.items()
    }


@oddity(0.08)
def prefix(folder, rng):
    """A prefix around everything, as DataParallel and other wrappers leave it."""
    folder.prefix = rng.choice(["module.", "model."])


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
    del folder.tensors[rng.choice(sorted(name for name in folder.tensors if ".layer." in name))]


@oddity(0.15, lambda folder: folder.head == "base")
def masks_with_holes(folder, rng):
    """Not of the folder but of its clients: arrays whose attention mask has holes."""
    folder.asks_masks = True
