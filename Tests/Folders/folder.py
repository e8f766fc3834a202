"""A model's folder before it is written: its files as Python values, which oddities change."""

import json
import os

import torch
from safetensors.torch import save_file

FAMILIES = ("bert", "distilbert", "mobilebert")

# Keys of the first BERT checkpoints, which nothing reads.
DIRECTIONS = {
    "directionality": "bidi",
    "pooler_fc_size": 768,
    "pooler_num_attention_heads": 12,
    "pooler_num_fc_layers": 3,
    "pooler_size_per_head": 128,
    "pooler_type": "first_token_transform",
}


class Folder:
    """The files of one case. None means that there is no such file."""

    def __init__(self, family, head, rng):
        self.family = family
        self.head = head  # a name of heads.HEADS
        self.lowercase = True  # what the tokenizer's files say
        self.vocabulary = []  # the tokens, by id
        self.lines = None  # vocab.txt as bytes, if it is not just the tokens on lines
        self.has_vocabulary_file = True
        self.tokenizer = None  # tokenizer.json
        self.tokenizer_config = None
        self.special_tokens_map = None
        self.added_tokens = None
        self.config = {}
        self.tensors = {}
        self.format = "safetensors"
        self.metadata = {"format": "pt"}
        self.weights = None  # the beginning of the weights' path, if it is not the usual one
        self.has_other_weights = False  # whether there are weights that do not count
        self.index_form = None  # how an index is written
        self.others = {}  # what a state dictionary holds beside the tensors
        self.parameters = False  # whether a state dictionary's tensors are parameters
        # What transformers cannot read at all, so that it is given the folder without it: a prefix around all tensors,
        # and keys of config.json that are not written.
        self.prefix = ""
        self.hidden_keys = []
        self.modules = None  # sentence-transformers' files: path → value or tensors
        self.subfolder = ""  # where the Transformer's files are, beside sentence-transformers' modules
        self.forms = {}  # values of config.json that are written otherwise
        self.further = {}  # other files: path → JSON value or bytes
        self.archive = None  # the folder inside a zipped state dictionary, if it is not named by the file
        self.strided = False  # whether a state dictionary's matrices are stored by columns, or in one storage
        self.words = []  # added tokens, for the texts
        self.warns = []  # what a warning must name
        self.edits = {}  # file name → a function that changes the text of a JSON file
        self.asks_masks = False  # whether arrays with holes in the attention mask are sent
        self.torch_seed = rng.randrange(1 << 40)

    def added(self, *tokens):
        """Tokens that the texts of this case contain, too."""
        self.words += [token for token in tokens if token not in self.words]

    def use_old_norm_names(self):
        """The names of TensorFlow's checkpoints."""
        for new, old in (("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta")):
            self.tensors = {name.replace(new, old): tensor for name, tensor in self.tensors.items()}

    @property
    def width(self):
        return self.config.get("hidden_size", self.config.get("dim"))

    @property
    def layers(self):
        return self.config.get("num_hidden_layers", self.config.get("n_layers"))

    @property
    def types(self):
        """How many token types the model has."""
        return 0 if self.family == "distilbert" else self.config.get("type_vocab_size", 2)

    @property
    def has_plain_form(self):
        """Whether transformers is given another form of the folder."""
        return bool(self.prefix or self.hidden_keys)

    def files(self, plain):
        """The JSON files: path → value."""
        hidden = [] if plain else self.hidden_keys
        files = {
            "config.json": {
                key: value for key, value in (self.config | self.forms).items() if key not in hidden
            },
            "tokenizer.json": self.tokenizer,
            "tokenizer_config.json": self.tokenizer_config,
            "special_tokens_map.json": self.special_tokens_map,
            "added_tokens.json": self.added_tokens,
            **{path: value for path, value in self.further.items() if not isinstance(value, bytes)},
        }
        return {path: value for path, value in files.items() if value is not None}

    def write(self, path, plain=False):
        """Writes the files; `plain` is the form for transformers."""
        whole, path = path, os.path.join(path, self.subfolder)
        os.makedirs(path)
        for name, value in self.files(plain).items():
            write_json(os.path.join(path, name), value, self.edits.get(name))
        if self.has_vocabulary_file:
            lines = self.lines
            if lines is None:
                lines = "".join(token + "\n" for token in self.vocabulary).encode()
            with open(os.path.join(path, "vocab.txt"), "wb") as file:
                file.write(lines)
        for name, value in self.further.items():
            if isinstance(value, bytes):
                file = os.path.join(path, name)
                os.makedirs(os.path.dirname(file), exist_ok=True)
                with open(file, "wb") as stream:
                    stream.write(value)
        prefix = "" if plain else self.prefix
        self.write_tensors(path, {prefix + name: tensor for name, tensor in self.tensors.items()})
        for name, value in (self.modules or {}).items():
            file = os.path.join(path if name.startswith("sentence_") else whole, name)
            os.makedirs(os.path.dirname(file), exist_ok=True)
            if name.endswith(".safetensors"):
                save_file(value, file, metadata={"format": "pt"})
            elif name.endswith(".bin"):
                torch.save(value, file)
            else:
                write_json(file, value)

    def write_tensors(self, path, tensors):
        """The checkpoint in its form."""
        tensors = {name: tensor.contiguous().clone() for name, tensor in tensors.items()}
        safe = self.format.startswith("safetensors")
        stem, ending = ("model", "safetensors") if safe else ("pytorch_model", "bin")
        if self.has_other_weights:
            others = {name: torch.zeros(3) for name in tensors}
            write_file(os.path.join(path, f"{stem}.{ending}"), others, safe, True, self.metadata)
        stem = self.weights or stem
        names = list(tensors)
        if self.format.endswith("shards"):
            parts = [names[0::3], names[1::3], names[2::3]]
            places = {}
            for index, part in enumerate(parts):
                # The parts are in the model's folder or below it, wherever their index is.
                file = f"{os.path.basename(stem)}-{index + 1:05}-of-{len(parts):05}.{ending}"
                file = f"shards/{file}" if self.index_form == "folder" else file
                stated = f"./{file}" if self.index_form == "dots" else file
                places |= {name: stated for name in (part[:1] if self.index_form == "few" else part)}
                shard = {name: tensors[name] for name in part}
                write_file(os.path.join(path, file), shard, safe, True, self.metadata)
            if self.index_form == "unknown":
                places["no.such.tensor"] = stated
            size = sum(tensor.nbytes for tensor in tensors.values())
            index = {"metadata": {"total_size": size}, "weight_map": places}
            file = os.path.join(path, f"{stem}.{ending}.index.json")
            os.makedirs(os.path.dirname(file), exist_ok=True)
            write_json(file, index)
        else:
            if self.parameters:
                tensors = {
                    name: torch.nn.Parameter(tensor, requires_grad=tensor.is_floating_point())
                    for name, tensor in tensors.items()
                }
            if self.strided and not safe:
                tensors = strided(tensors)
            content = tensors if safe else {**tensors, **self.others}
            zipped = self.format != "bin-legacy"
            file = os.path.join(path, f"{stem}.{ending}")
            write_file(os.path.join(path, self.archive or file), content, safe, zipped, self.metadata)
            if self.archive:
                os.rename(os.path.join(path, self.archive), file)


def strided(tensors):
    """The same values: matrices by columns, and vectors as parts of one storage."""
    floats = [tensor.flatten() for tensor in tensors.values() if tensor.dtype == torch.float32]
    whole = torch.cat(floats or [torch.ones(1)])
    start, views = 0, {}
    for name, tensor in tensors.items():
        views[name] = tensor.t().contiguous().t() if tensor.dim() == 2 else tensor
        if tensor.dtype == torch.float32:
            if tensor.dim() != 2:
                views[name] = whole[start : start + tensor.numel()].reshape(tensor.shape)
            start += tensor.numel()
    return views


def write_json(path, value, edit=None):
    text = json.dumps(value, ensure_ascii=False, indent=1)
    with open(path, "w", encoding="utf-8") as file:
        file.write(edit(text) if edit else text)


def write_file(path, tensors, safe, zipped, metadata):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if safe:
        save_file(tensors, path, metadata=metadata)
    else:
        torch.save(tensors, path, _use_new_zipfile_serialization=zipped)
