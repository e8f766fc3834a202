#!/usr/bin/env python3
"""Makes a MobileBERT with random weights in the shape of google/mobilebert-uncased: speed does not depend on values.

    Benchmarks/make_model.py FOLDER [--seed 7]

Writes config.json, model.safetensors and vocab.txt. Needs torch and transformers, see requirements.txt.
"""

import argparse
import os
import shutil

import torch
from transformers import MobileBertConfig, MobileBertForSequenceClassification

VOCABULARY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Models/mobilebert-mini-sst2/vocab.txt")


def random_model(seed):
    """transformers' default configuration is google/mobilebert-uncased's."""
    torch.manual_seed(seed)
    model = MobileBertForSequenceClassification(MobileBertConfig(num_labels=2))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # Matrices keep the size of what goes through them, so that no activation dies out or grows over 24 layers.
            if parameter.dim() == 2 and "embeddings" not in name:
                torch.nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5)
            elif name.endswith("bias"):
                torch.nn.init.normal_(parameter, std=0.1)
    return model.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    random_model(arguments.seed).save_pretrained(arguments.folder)
    shutil.copyfile(VOCABULARY, os.path.join(arguments.folder, "vocab.txt"))


if __name__ == "__main__":
    main()
