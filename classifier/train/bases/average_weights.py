#!/usr/bin/env python3
"""Two trainings of the same base as one encoder: the mean of their weights.

    average_weights.py A B OUT

Trainings that began from the same weights lie in one basin: the model in the middle of them answers like both together, at
the cost of one (Wortsman et al. 2022, "Model soups: averaging weights of multiple fine-tuned models improves accuracy
without increasing inference time", arXiv 2203.05482). A and B are folders of `groundswell train` with
the same tensors and labels; not of `groundswell quantize`, which moves the middle of what layers pass on. OUT is a
folder as A: its thresholds and temperatures are A's until `groundswell combine` finds others.

Python's own library only.
"""
import array
import json
import os
import shutil
import sys

from bge_small import load, save

KEPT = ("config.json", "groundswell.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")


def read(folder):
    """{name: (shape, array of floats)} of a folder."""
    weights = {}
    for name, dtype, shape, data in load(os.path.join(folder, "model.safetensors")):
        if dtype != "F32":
            sys.exit(f"{folder}: {name} is {dtype}: only folders of fp32 can be averaged")
        weights[name] = shape, array.array("f", data)
    return weights


def labels(folder):
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        return json.load(file).get("id2label")


def main(first, second, out):
    a, b = read(first), read(second)
    for name in sorted(a.keys() | b.keys()):
        if name not in a or name not in b or a[name][0] != b[name][0]:
            sys.exit(f"{name} is not alike in {first} and {second}: not two trainings of one base")
    if labels(first) != labels(second):
        sys.exit(f"{first} and {second} have not the same labels")
    os.makedirs(out)
    for name in KEPT:
        if os.path.exists(os.path.join(first, name)):
            shutil.copy(os.path.join(first, name), out)
    save(os.path.join(out, "model.safetensors"),
         {name: (shape, array.array("f", ((x + y) / 2 for x, y in zip(values, b[name][1]))).tobytes())
          for name, (shape, values) in a.items()})


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
