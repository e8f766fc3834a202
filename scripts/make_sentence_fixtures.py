#!/usr/bin/env python3
"""Writes Tests/Fixtures/sentence-transformers: module folders, and the vectors that sentence-transformers computes from them.

Usage: python scripts/make_sentence_fixtures.py        (from the repository root; needs PyPI's sentence-transformers==6.2.0,
                                                        transformers==5.23.0 and torch)

The transformer of every folder is Tests/Fixtures/models/mobilebert with vocab.txt; its weights are not repeated here.

  vocab.txt              a small uncased vocabulary within that model's 1,000 ids
  NAME/                  modules.json and the modules' files as sentence-transformers saves them
  NAME/expected.json     {"texts": […], "vectors": {"": [[…]], "prompt's name": [[…]]}}: each text encoded by itself, in double
                         precision, without a prompt and with each of the model's
"""
import json
import pathlib
import shutil
import sys

import sentence_transformers
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Dense, Dropout, LayerNorm, Normalize, Pooling, Transformer

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL = ROOT / "Tests" / "Fixtures" / "models" / "mobilebert"
OUT = ROOT / "Tests" / "Fixtures" / "sentence-transformers"
WIDTH = 64
WORDS = """[PAD] [UNK] [CLS] [SEP] [MASK] a an the film is was not very good bad dull bright and or with without it we they
query passage represent this : . , ! ? ' s t ##s ##ly ##ing slow walk river bank money loan water cat dog sun rain""".split()
TEXTS = ["The film is very good.", "the FILM was not good", "A cat and a dog walk slowly along the river", "rain", "",
         "money, loan, bank: it is not a river bank! " * 4]
OLD_MODES = ["cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"]
MODES = ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]


def transformer(folder):
    """The fixture's model with the vocabulary, in a folder that transformers loads."""
    shutil.copytree(MODEL, folder, ignore=shutil.ignore_patterns("expected*", "*.bin"))
    shutil.copy(OUT / "vocab.txt", folder)
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "MobileBertTokenizer", "do_lower_case": true}')
    return folder


def dense(inputs, outputs, activation, **options):
    return Dense(inputs, outputs, activation_function=activation, **options)


# For each folder: the modules after the transformer, the folder's other options, and whether its files have the form of
# versions before 5.
CASES = {
    "normalize": ([Pooling(WIDTH, "mean"), Normalize()], {}, False),
    "dense": ([Pooling(WIDTH, "cls"), dense(WIDTH, 24, torch.nn.Tanh())], {}, True),
    "joined": ([Pooling(WIDTH, ("cls", "max", "mean")), dense(3 * WIDTH, 40, torch.nn.Identity(), bias=False), Normalize()],
               {"bin": True}, True),
    "layer-norm": ([Pooling(WIDTH, ("lasttoken", "mean_sqrt_len_tokens")), Dropout(0.3), LayerNorm(2 * WIDTH)], {}, False),
    "prompts": ([Pooling(WIDTH, ("weightedmean", "mean", "cls", "max", "lasttoken"), include_prompt=False)],
                {"max_seq_length": 20, "subfolder": True,
                 "prompts": {"query": "represent this query: ", "short": "query "}}, False),
    "residual": ([Pooling(WIDTH, "weightedmean"), dense(WIDTH, 32, torch.nn.GELU(), use_residual=True), Normalize(),
                  dense(32, 32, torch.nn.ReLU(), use_residual=True)], {}, False),
}


def write_as_before_5(folder):
    """Module types by their old names, and a switch for each mode of pooling."""
    modules = json.loads((folder / "modules.json").read_text())
    for module in modules:
        module["type"] = "sentence_transformers.models." + module["type"].split(".")[-1]
        if module["type"].endswith(".Pooling"):
            path = folder / module["path"] / "config.json"
            modes = json.loads(path.read_text())["pooling_mode"]
            modes = [modes] if isinstance(modes, str) else modes
            old = {"word_embedding_dimension": WIDTH, "include_prompt": True}
            old.update({f"pooling_mode_{key}": mode in modes for key, mode in zip(OLD_MODES, MODES)})
            path.write_text(json.dumps(old, indent=2))
        if module["type"].endswith(".Normalize"):
            shutil.rmtree(folder / module["path"], ignore_errors=True)
    (folder / "modules.json").write_text(json.dumps(modules, indent=2))


def write(name, modules, says, is_old, scratch):
    torch.manual_seed(len(name))
    for module in modules:
        if isinstance(module, LayerNorm):
            torch.nn.init.normal_(module.norm.weight, 1, 0.2)
            torch.nn.init.normal_(module.norm.bias, 0, 0.2)
        if isinstance(module, Dense):
            for parameter in module.parameters():
                torch.nn.init.normal_(parameter, 0, 0.15)
    base = Transformer(str(transformer(scratch / "base")), max_seq_length=says.get("max_seq_length"))
    model = SentenceTransformer(modules=[base, *modules], prompts=says.get("prompts"), device="cpu")
    folder = OUT / name
    model.save(str(folder), safe_serialization=not says.get("bin"), create_model_card=False)
    if "max_seq_length" in says:
        (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": says["max_seq_length"]}))
    if is_old:
        write_as_before_5(folder)
    if says.get("subfolder"):
        listed = json.loads((folder / "modules.json").read_text())
        listed[0]["path"] = "0_Transformer"
        (folder / "modules.json").write_text(json.dumps(listed, indent=2))
        (folder / "0_Transformer").mkdir()
        for path in folder.iterdir():
            if path.is_file() and path.name not in ("modules.json", "config_sentence_transformers.json"):
                path.rename(folder / "0_Transformer" / path.name)
    # The folder is read back from its files, so that a mistake in the files would show.
    model = SentenceTransformer(str(folder), device="cpu").double()
    vectors = {}
    for prompt in ["", *(says.get("prompts") or {})]:
        rows = [model.encode([text], prompt_name=prompt or None, convert_to_tensor=True)[0] for text in TEXTS]
        vectors[prompt] = [[float(f"{x:.8g}") for x in row] for row in rows]
    (folder / "expected.json").write_text(json.dumps({"texts": TEXTS, "vectors": vectors}, separators=(",", ":")))
    for path in [p for p in folder.rglob("*") if p.is_file()]:
        keep = path.parent.name in ("2_Dense", "2_LayerNorm", "3_LayerNorm", "4_Dense", "1_Pooling") or path.name in (
            "modules.json", "expected.json", "config_sentence_transformers.json", "sentence_bert_config.json")
        if not keep:
            path.unlink()
    shutil.rmtree(scratch / "base")


def main():
    if sentence_transformers.__version__ != "6.2.0":
        sys.exit(f"sentence-transformers 6.2.0 is needed, {sentence_transformers.__version__} is installed")
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    (OUT / "vocab.txt").write_text("".join(word + "\n" for word in WORDS))
    scratch = OUT / "scratch"
    scratch.mkdir()
    for name, (modules, says, is_old) in CASES.items():
        write(name, modules, says, is_old, scratch)
        print(name, sum(p.stat().st_size for p in (OUT / name).rglob("*") if p.is_file()), "bytes")
    shutil.rmtree(scratch)


main()
