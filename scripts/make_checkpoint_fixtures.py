#!/usr/bin/env python3
"""Writes the small files that CheckpointTests read.

Usage: python scripts/make_checkpoint_fixtures.py [OUT_DIR]      (default: Tests/Fixtures/checkpoint)

Needs (PyPI): torch==2.13.0 safetensors==0.8.0 numpy. Every value is derived from its index, so that a second run
writes the same tensors.

  scalars.safetensors        one list of special values as F32, F16, BF16 and F64; integers; a scalar; no elements
  views.{zip,legacy}.bin     tensors that PyTorch stores in unusual ways: transposed, sliced, shared, Parameter, empty
  views.protocol4.bin        the same with the opcodes of pickle protocol 4
  views.safetensors          the same tensors, contiguous: the truth for the three above
  storage-views.legacy.bin   storage views, which PyTorch wrote before 0.4 or so and still reads
  storage-views.safetensors  the truth for it
  sharded-{safetensors,torch}/   two shards and their index
  nested.{zip,legacy}.bin    a state dictionary inside of what a training script saves, with values that are no tensors
  nested.safetensors         its tensors under their joined names
  types.bin                  types that PyTorch stores as bytes: float8 and unsigned integers
  types.safetensors          the truth for it
  hostile.{zip,legacy}.bin   pickles that call os.system when Python loads them
  compressed.bin             a zip archive that PyTorch does not write: deflated entries
"""
import collections, io, json, os, pickle, struct, sys, zipfile
import numpy as np
import torch
from safetensors.torch import save_file

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "Tests", "Fixtures", "checkpoint")
LEGACY = dict(_use_new_zipfile_serialization=False)


def path(*parts):
    result = os.path.join(OUT, *parts)
    os.makedirs(os.path.dirname(result), exist_ok=True)
    return result


def values(*shape, start=0):
    """Numbers that float16 and bfloat16 hold exactly, each different."""
    count = int(np.prod(shape))
    return (torch.arange(start, start + count, dtype=torch.float32) / 4 - 8).reshape(shape)


def scalars():
    special = torch.tensor([0.0, -0.0, 1.0, -2.5, 65504.0, 6.1035156e-05, 5.9604645e-08, -5.9604645e-08,
                            float("inf"), float("-inf"), float("nan"), 1 / 3])
    save_file({
        "f32": special, "f16": special.half(), "bf16": special.bfloat16(), "f64": special.double(),
        "i64": torch.tensor([-(2 ** 40), -1, 0, 2 ** 40]), "i32": torch.tensor([-70000, 70000], dtype=torch.int32),
        "i16": torch.tensor([-300, 300], dtype=torch.int16), "i8": torch.tensor([-128, 127], dtype=torch.int8),
        "u8": torch.tensor([0, 255], dtype=torch.uint8), "bool": torch.tensor([True, False, True]),
        "f8": special[:2].to(torch.float8_e4m3fn), "scalar": torch.tensor(3.5), "none": torch.zeros(0, 4),
    }, path("scalars.safetensors"), {"format": "pt"})


def views():
    base = values(6, 4)
    cube = values(2, 3, 4, start=100)
    tied = values(5, 3, start=200)
    state = collections.OrderedDict([
        ("plain", base), ("transposed", base.t()), ("rows", base[2:4]), ("columns", base[:, 1:3]),
        ("every_second", base.flatten()[1::2]), ("cube", cube.permute(2, 0, 1)), ("scalar", base[3, 2]),
        ("none", base[:0]), ("one_row", base[:1]), ("tied.a", tied), ("tied.b", tied),
        ("parameter", torch.nn.Parameter(values(3, 2, start=300))), ("half", values(4, start=40).half()),
        ("brain", values(4, start=44).bfloat16().reshape(2, 2).t()), ("double", values(3, start=50).double()),
        ("position_ids", torch.arange(8).expand((1, -1))), ("repeated", torch.arange(3.0).expand((4, 3))),
        ("flags", torch.tensor([True, False])),
    ])
    state._metadata = collections.OrderedDict([("", {"version": 1})])
    torch.save(state, path("views.zip.bin"))
    torch.save(state, path("views.legacy.bin"), **LEGACY)
    torch.save(state, path("views.protocol4.bin"), pickle_protocol=4)
    save_file({k: v.detach().clone().contiguous() for k, v in state.items()}, path("views.safetensors"))


def legacy_stream(state, keys, storages, pickler=pickle.Pickler):
    """The legacy format by hand: for what today's PyTorch reads but no longer writes."""
    out = io.BytesIO()
    for value in (0x1950A86A20F9469CFC6C, 1001, dict(protocol_version=1001, little_endian=True,
                                                     type_sizes=dict(short=2, int=4, long=4))):
        pickle.dump(value, out, protocol=2)
    pickler(out, protocol=2).dump(state)
    pickle.dump(keys, out, protocol=2)
    for storage in storages:
        out.write(struct.pack("<q", storage.numel()) + storage.numpy().tobytes())
    return out.getvalue()


class Storage(collections.namedtuple("Storage", "fields")):
    """Stands for a persistent id."""


class Tensor:
    def __init__(self, storage, offset, shape, strides):
        self.arguments = (storage, offset, shape, strides, False, collections.OrderedDict())

    def __reduce__(self):
        return torch._utils._rebuild_tensor_v2, self.arguments


class Pickler(pickle._Pickler):
    def persistent_id(self, value):
        return value.fields if isinstance(value, Storage) else None


def storage_views():
    root = values(24)
    whole = Storage(("storage", torch.FloatStorage, "root", "cpu", 24, None))
    part = Storage(("storage", torch.FloatStorage, "root", "cpu", 24, ("part", 6, 12)))
    state = {"whole": Tensor(whole, 0, (4, 6), (6, 1)), "part": Tensor(part, 0, (3, 4), (4, 1)),
             "part.end": Tensor(part, 8, (2, 2), (1, 2))}
    data = legacy_stream(state, ["root"], [root], Pickler)
    with open(path("storage-views.legacy.bin"), "wb") as file: file.write(data)
    loaded = torch.load(path("storage-views.legacy.bin"), weights_only=True)
    save_file({k: v.clone().contiguous() for k, v in loaded.items()}, path("storage-views.safetensors"))


def sharded():
    shards = [{"a": values(2, 3), "b": values(4, start=10)}, {"c": values(3, 3, start=20)}]
    for folder, name, index, save in [
        ("sharded-safetensors", "model-{:05}-of-00002.safetensors", "model.safetensors.index.json", save_file),
        ("sharded-torch", "pytorch_model-{:05}-of-00002.bin", "pytorch_model.bin.index.json", torch.save),
    ]:
        weight_map = {}
        for number, tensors in enumerate(shards, 1):
            save(tensors, path(folder, name.format(number)))
            weight_map.update({tensor: name.format(number) for tensor in tensors})
        size = sum(t.numel() * 4 for s in shards for t in s.values())
        with open(path(folder, index), "w") as file:
            json.dump({"metadata": {"total_size": size}, "weight_map": weight_map}, file, indent=2, sort_keys=True)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(2, 3)


def nested():
    state = Net().state_dict()
    for index, key in enumerate(state): state[key] = values(*state[key].shape, start=10 * index)
    saved = {"epoch": 3, "state_dict": state, "scores": [0.5, (1, None)], "best": True, "device": torch.device("cpu"),
             "dtype": torch.float32, "counts": collections.Counter(), "optimizer": {"lr": 0.1, "name": "adam",
             "state": {0: {"step": torch.tensor(3.0), "average": values(2)}}}}
    torch.save(saved, path("nested.zip.bin"))
    torch.save(saved, path("nested.legacy.bin"), **LEGACY)
    save_file({f"state_dict.{k}": v for k, v in state.items()}, path("nested.safetensors"))


def types():
    eighths = torch.arange(256, dtype=torch.uint8)
    state = {"e4m3": eighths.view(torch.float8_e4m3fn).reshape(16, 16), "e5m2": eighths.view(torch.float8_e5m2)[3:250],
             "u16": torch.tensor([0, 65535], dtype=torch.uint16), "u32": torch.tensor([0, 2 ** 32 - 1], dtype=torch.uint32)}
    torch.save(state, path("types.bin"))
    save_file({k: v.clone() for k, v in state.items()}, path("types.safetensors"))


class Hostile:
    def __reduce__(self):
        return os.system, ("touch /tmp/a-pickle-was-executed",)


def hostile():
    state = {"weight": Hostile()}
    with open(path("hostile.legacy.bin"), "wb") as file: file.write(legacy_stream(state, [], []))
    for name, method, content in [("hostile.zip.bin", zipfile.ZIP_STORED, state), ("compressed.bin", zipfile.ZIP_DEFLATED, {})]:
        with zipfile.ZipFile(path(name), "w", method) as archive:
            archive.writestr(zipfile.ZipInfo("archive/data.pkl"), pickle.dumps(content, protocol=2), method)


for step in (scalars, views, storage_views, sharded, nested, types, hostile):
    step()
print(f"wrote {os.path.normpath(OUT)} with torch {torch.__version__}")
