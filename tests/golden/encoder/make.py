#!/usr/bin/env python3
"""Makes the golden files of the encoder: what PyTorch answers for small random models.

    python3 -m venv build/golden && build/golden/bin/pip install torch==2.15.0 transformers==5.23.0
    build/golden/bin/python tests/golden/encoder/make.py

Two kinds, both in this folder:

  NAME/          a whole model folder as transformers saves it, with golden.json beside it
  formula.json   models too large to keep: their weights are numbers that any program computes from
                 the tensor's name and the index (weight() below), so that only answers are kept

golden.json has, for each list of ids, the last hidden states' pooling ("pooled", as config.json and
1_Pooling ask for it) and the logits of …ForSequenceClassification ("logits"). Weights are drawn
wide, so that softmax, GELU and tanh are used where they bend. The versions that made a file are
written into it; another version of PyTorch changes digits behind the sixth.
"""
import json
import os
import shutil
import sys

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import (BertConfig, BertForSequenceClassification, BertModel, DistilBertConfig,
                          DistilBertForSequenceClassification, DistilBertModel, RobertaConfig,
                          RobertaForSequenceClassification, RobertaModel, XLMRobertaConfig,
                          XLMRobertaForSequenceClassification, XLMRobertaModel)

HERE = os.path.dirname(os.path.abspath(__file__))
MADE_WITH = {"python": sys.version.split()[0], "torch": torch.__version__,
             "transformers": transformers.__version__}


def bert(**more):
    return BertConfig(vocab_size=61, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
                      intermediate_size=48, max_position_embeddings=24, **more)


def roberta(kind, **more):
    sizes = dict(vocab_size=57, hidden_size=40, num_hidden_layers=2, num_attention_heads=5,
                 intermediate_size=36, max_position_embeddings=22, type_vocab_size=1,
                 layer_norm_eps=1e-5)
    return kind(**{**sizes, **more})


def distilbert(**more):
    return DistilBertConfig(vocab_size=50, dim=24, n_layers=3, n_heads=3, hidden_dim=64,
                            max_position_embeddings=20, **more)


THREE = {0: "positive", 1: "negative", 2: "neutral"}
# name, configuration, class, type of the file, pooling, normalise, old LayerNorm names
FOLDERS = [
    ("bert-cls", bert(id2label=THREE), BertForSequenceClassification, torch.float32, None, False),
    ("bert-base", bert(hidden_act="gelu_new"), BertModel, torch.float32, "pooler", False),
    ("bert-old-names", BertConfig(vocab_size=30, hidden_size=20, num_hidden_layers=1,
                                  num_attention_heads=5, intermediate_size=50,
                                  max_position_embeddings=16, hidden_act="relu"),
     BertForSequenceClassification, torch.float32, None, False),
    ("roberta-cls", roberta(RobertaConfig, num_labels=5, hidden_act="relu",
                            problem_type="multi_label_classification"),
     RobertaForSequenceClassification, torch.float16, None, False),
    ("roberta-base", roberta(RobertaConfig, layer_norm_eps=1e-12), RobertaModel, torch.float32,
     "cls", False),
    ("xlm-roberta-cls", roberta(XLMRobertaConfig, num_labels=1, problem_type="regression"),
     XLMRobertaForSequenceClassification, torch.bfloat16, None, False),
    ("xlm-roberta-base", roberta(XLMRobertaConfig, vocab_size=80), XLMRobertaModel, torch.float32,
     "mean", True),
    ("distilbert-cls", distilbert(num_labels=4), DistilBertForSequenceClassification,
     torch.float32, None, False),
    ("distilbert-base", distilbert(activation="relu"), DistilBertModel, torch.float32, "mean",
     True),
]
FORMULAS = [
    ("bert of width 312 with 12 heads of 26",
     BertConfig(vocab_size=200, hidden_size=312, num_hidden_layers=4, num_attention_heads=12,
                intermediate_size=1200, max_position_embeddings=80, num_labels=3),
     BertForSequenceClassification),
    ("roberta with heads of 128",
     RobertaConfig(vocab_size=150, hidden_size=256, num_hidden_layers=2, num_attention_heads=2,
                   intermediate_size=300, max_position_embeddings=130, type_vocab_size=1,
                   layer_norm_eps=1e-5, num_labels=2), RobertaForSequenceClassification),
    ("xlm-roberta of 130 tokens, more than a block of attention",
     XLMRobertaConfig(vocab_size=300, hidden_size=64, num_hidden_layers=3, num_attention_heads=4,
                      intermediate_size=256, max_position_embeddings=200, type_vocab_size=1,
                      layer_norm_eps=1e-5, num_labels=7), XLMRobertaForSequenceClassification),
    ("distilbert with 12 heads of 8, gelu_new",
     DistilBertConfig(vocab_size=99, dim=96, n_layers=6, n_heads=12, hidden_dim=384,
                      max_position_embeddings=64, activation="gelu_new", num_labels=2),
     DistilBertForSequenceClassification),
    ("bert of width 20 with one head, one layer, one token of room more than given",
     BertConfig(vocab_size=10, hidden_size=20, num_hidden_layers=1, num_attention_heads=1,
                intermediate_size=7, max_position_embeddings=9, num_labels=2),
     BertForSequenceClassification),
]


def weight(name, index):
    """A number in [-1, 1) from a tensor's name and an index in row-major order."""
    x = 0x811C9DC5
    for byte in name.encode():
        x = (x ^ byte) * 0x01000193 & 0xFFFFFFFF
    x = torch.arange(index, dtype=torch.int64) * 0x9E3779B1 + x & 0xFFFFFFFF
    x = (x ^ x >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    x = (x ^ x >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    x = x ^ x >> 16
    return ((x >> 8).double() / 2 ** 23 - 1).float()


def fill_by_formula(model):
    with torch.no_grad():
        for name, p in model.named_parameters():
            w = weight(name, p.numel()).reshape(p.shape)
            if "LayerNorm.weight" in name or "layer_norm.weight" in name:
                p.copy_(1 + 0.25 * w)
            elif p.dim() == 1:
                p.copy_(0.25 * w)
            else:
                p.copy_(w * (3.0 / p.shape[1]) ** 0.5 if "embeddings" not in name else w)


def fill_by_chance(model, generator):
    with torch.no_grad():
        for name, p in model.named_parameters():
            w = torch.randn(p.shape, generator=generator)
            if "LayerNorm.weight" in name or "layer_norm.weight" in name:
                p.copy_(1 + 0.2 * w)
            elif p.dim() == 1:
                p.copy_(0.2 * w)
            else:
                p.copy_(w / p.shape[1] ** 0.5 if "embeddings" not in name else w)


def room(config):
    n = config.max_position_embeddings
    roberta_like = config.model_type in ("roberta", "xlm-roberta")
    return n - config.pad_token_id - 1 if roberta_like else n


def id_lists(config, generator):
    """One token, few, many, all that fit; one id only; for RoBERTa also its pad token inside."""
    most = room(config)
    lists = [torch.randint(0, config.vocab_size, (n,), generator=generator).tolist()
             for n in sorted({1, 2, 3, 7, most - 1, most})]
    lists.append([config.vocab_size - 1] * 5)
    lists.append([0, config.pad_token_id, 5, config.pad_token_id, 6][:most])
    return lists


def rounded(values):
    return [float(f"{v:.8g}") for v in values.tolist()]


def answers(model, config, lists, pooling, normalise):
    base = getattr(model, model.base_model_prefix, model)
    rows = []
    for ids in lists:
        given = {"input_ids": torch.tensor([ids]), "attention_mask": torch.ones(1, len(ids))}
        with torch.no_grad():
            out = base(**given)
            hidden = out.last_hidden_state[0]
            pooled = {"cls": lambda: hidden[0], "mean": lambda: hidden.mean(0),
                      "pooler": lambda: out.pooler_output[0]}[pooling or "mean"]()
            if normalise:
                pooled = torch.nn.functional.normalize(pooled, dim=0)
            row = {"ids": ids, "pooled": rounded(pooled)}
            if model is not base:
                row["logits"] = rounded(model(**given).logits[0])
        rows.append(row)
    return rows


def write_pooling(folder, config, pooling, normalise):
    kinds = ["Transformer", "Pooling"] + (["Normalize"] if normalise else [])
    modules = [{"idx": i, "name": str(i), "path": "" if i == 0 else f"{i}_{kind}",
                "type": f"sentence_transformers.models.{kind}"} for i, kind in enumerate(kinds)]
    os.makedirs(os.path.join(folder, "1_Pooling"))
    with open(os.path.join(folder, "modules.json"), "w") as f:
        json.dump(modules, f, indent=1)
    with open(os.path.join(folder, "1_Pooling", "config.json"), "w") as f:
        json.dump({"embedding_dimension": config.hidden_size, "pooling_mode": pooling}, f)


def make_folder(name, config, kind, dtype, pooling, normalise, generator):
    folder = os.path.join(HERE, name)
    shutil.rmtree(folder, ignore_errors=True)
    model = kind(config).eval()
    fill_by_chance(model, generator)
    model.to(dtype).save_pretrained(folder)
    model = kind.from_pretrained(folder, dtype=torch.float32).eval()
    if pooling is not None:
        write_pooling(folder, config, pooling, normalise)
    if name == "bert-old-names":
        path = os.path.join(folder, "model.safetensors")
        old = {k.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"): v for k, v in load_file(path).items()}
        old["bert.embeddings.position_ids"] = torch.arange(16)[None]  # as old versions saved them
        save_file(old, path, {"format": "pt"})
    golden = {"made_with": MADE_WITH,
              "cases": answers(model, config, id_lists(config, generator), pooling, normalise)}
    write_rows(os.path.join(folder, "golden.json"), golden)


def write_rows(path, golden):
    rows = golden.pop("cases")
    with open(path, "w") as f:
        f.write(json.dumps(golden)[:-1] + ', "cases": [\n')
        f.write(",\n".join(json.dumps(row, separators=(",", ":")) for row in rows))
        f.write("\n]}\n")


def make_formula(shows, config, kind, generator):
    model = kind(config).eval()
    fill_by_formula(model)
    config.architectures = [kind.__name__]
    lists = id_lists(config, generator)[:6]
    return {"shows": shows, "config": json.loads(config.to_json_string(use_diff=True)),
            "tensors": [[n, list(p.shape)] for n, p in model.named_parameters()],
            "rows": [{k: v for k, v in row.items() if k != "pooled"}
                     for row in answers(model, config, lists, None, False)]}


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(4)
    for row in FOLDERS:
        make_folder(*row, generator)
    write_rows(os.path.join(HERE, "formula.json"), {
        "made_with": MADE_WITH,
        "cases": [make_formula(*row, generator) for row in FORMULAS]})


main()
