#!/usr/bin/env python3
"""Writes Tests/Fixtures/masks: what transformers computes under attention masks with holes and with padding on the left.

Usage: make_mask_fixtures.py [SEED]

Needs (PyPI): torch==2.13.0+cpu transformers==5.23.0 safetensors. Run in the repository's folder. The checkpoints are
those of Tests/Fixtures/models. Each case is one sequence [1, tokens] whose mask ends with 1: what it hides at the right
is padding, which Swiftlet drops before it computes anything. Outputs are computed in float64, by both of transformers'
implementations of attention, which must agree, and are stored as float32. `mean` is the mean of the last hidden state
over the mask, as sentence-transformers' Pooling computes it.

infer.json holds some of the same sequences as one KServe request for each classifier, padded on the right with ids that
no vocabulary has, and the numbers that must be answered.
"""
import json, os, sys
import torch
import transformers as T
from safetensors.torch import save_file

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 7
models, out = "Tests/Fixtures/models", "Tests/Fixtures/masks"
torch.set_num_threads(1)
T.logging.set_verbosity_error()

NAMES = ["bert", "bert-no-pooler", "bert-sentiment", "distilbert", "distilbert-sentiment", "mobilebert",
         "mobilebert-sentiment", "mobilebert-tokens"]
MASKS = ["1011", "001111", "01", "0111", "110011011", "0000000000000001", "000001111101", "100000001"]


def masks(numbers):
    for mask in MASKS: yield [int(entry) for entry in mask]
    for length in (20, 33):
        yield torch.randint(0, 2, (length - 1,), generator=numbers).tolist() + [1]


def load(name, attention):
    config = T.AutoConfig.from_pretrained(f"{models}/{name}", attn_implementation=attention)
    kind = getattr(T, config.architectures[0])
    return kind.from_pretrained(f"{models}/{name}", config=config, dtype=torch.float64).eval()


def cases(name):
    eager, sdpa = load(name, "eager"), load(name, "sdpa")
    config, tensors, numbers = eager.config, {}, torch.Generator().manual_seed(seed)
    for index, mask in enumerate(masks(numbers)):
        mask = torch.tensor([mask])
        ids = torch.randint(5, config.vocab_size, mask.shape, generator=numbers)
        # What is masked is [PAD] in some cases and other tokens in the others.
        if index % 2: ids[mask == 0] = 0
        inputs = dict(input_ids=ids, attention_mask=mask)
        if not name.startswith("distilbert"):
            inputs["token_type_ids"] = torch.randint(0, config.type_vocab_size, mask.shape, generator=numbers)
        with torch.no_grad():
            output, other = (model(**inputs, output_hidden_states=True, return_dict=True) for model in (eager, sdpa))
        last = output.hidden_states[-1]
        assert torch.allclose(last, other.hidden_states[-1], rtol=0, atol=1e-10)
        found = {**inputs, "last_hidden_state": last, "mean": (last * mask[..., None]).sum(1) / mask.sum()}
        for key in ("pooler_output", "logits"):
            # A checkpoint without a pooler gets one of random weights.
            if output.get(key) is not None and name != "bert-no-pooler": found[key] = output[key]
        for key, value in found.items(): tensors[f"case{index}.{key}"] = value
    return {key: (value.float() if value.is_floating_point() else value).contiguous().clone()
            for key, value in tensors.items()}


def infer(name, tensors):
    """The first four cases as one padded request."""
    keys = [key for key in ("input_ids", "attention_mask", "token_type_ids") if f"case0.{key}" in tensors]
    rows = [{key: tensors[f"case{index}.{key}"][0].tolist() for key in keys} for index in range(4)]
    length = max(len(row["input_ids"]) for row in rows) + 1
    fill = dict(input_ids=-100, attention_mask=0, token_type_ids=9)
    padded = {key: [row[key] + [fill[key]] * (length - len(row[key])) for row in rows] for key in keys}
    request = [dict(name=key, shape=[len(rows), length], datatype="INT64", data=padded[key]) for key in keys]
    numbers = {key: [tensors[f"case{index}.{tensor}"][0].tolist() for index in range(4)]
               for key, tensor in (("embedding", "mean"), ("logits", "logits"))}
    return dict(model=name, inputs=request, **numbers)


os.makedirs(out, exist_ok=True)
requests = []
for name in NAMES:
    tensors = cases(name)
    save_file(tensors, f"{out}/{name}.safetensors", {"transformers": T.__version__, "torch": torch.__version__})
    if name.endswith("sentiment"): requests.append(infer(name, tensors))
    print(name, os.path.getsize(f"{out}/{name}.safetensors"))
with open(f"{out}/infer.json", "w") as file:
    json.dump(dict(transformers=T.__version__, torch=torch.__version__, requests=requests), file)
    file.write("\n")
