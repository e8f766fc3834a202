#!/usr/bin/env python3
"""Makes a model with random weights in the shape of google/mobilebert-uncased, bert-base-uncased,
distilbert-base-uncased or all-MiniLM-L6-v2. The values do not matter, because speed does not depend on them.

    Benchmarks/make_model.py FOLDER [--architecture mobilebert|bert|distilbert|minilm] [--seed 7] [--new]

With --new, the weights are those with which transformers begins a training. Writes config.json, model.safetensors and
vocab.txt. Needs torch and transformers, see requirements.txt.
"""

import argparse
import os
import shutil

import torch
import transformers

VOCABULARY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Models/mobilebert-mini/vocab.txt")


FAMILIES = {"mobilebert": "MobileBert", "bert": "Bert", "distilbert": "DistilBert", "minilm": "Bert"}
# Where a model differs from its family's default configuration, which is a published model's.
DIFFERENCES = {
    "minilm": {"hidden_size": 384, "num_hidden_layers": 6, "intermediate_size": 1536},
}


def random_model(architecture, seed, is_new=False):
    torch.manual_seed(seed)
    family = FAMILIES[architecture]
    configuration = getattr(transformers, family + "Config")(num_labels=2, **DIFFERENCES.get(architecture, {}))
    model = getattr(transformers, family + "ForSequenceClassification")(configuration)
    if is_new:
        return model
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # Matrices keep the size of their inputs, so that no activation vanishes or grows over 24 layers.
            if parameter.dim() == 2 and "embeddings" not in name:
                torch.nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5)
            elif name.endswith("bias"):
                torch.nn.init.normal_(parameter, std=0.1)
    return model.eval()


def write_model(folder, architecture, seed=7, is_new=False):
    random_model(architecture, seed, is_new).save_pretrained(folder)
    shutil.copyfile(VOCABULARY, os.path.join(folder, "vocab.txt"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--architecture", choices=FAMILIES, default="mobilebert")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--new", action="store_true")
    arguments = parser.parse_args()
    write_model(arguments.folder, arguments.architecture, arguments.seed, arguments.new)


if __name__ == "__main__":
    main()
