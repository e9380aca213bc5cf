#!/usr/bin/env python3
"""Small published-looking classification folders, and what PyTorch says of texts.

    python3 -m venv build/venv && build/venv/bin/pip install torch==2.15.0 transformers==5.23.0 tokenizers==0.23.3
    build/venv/bin/python tests/golden/folders/make.py

Random weights; the tokenizer knows letters, a few words and a few Chinese characters. Each folder is what
save_pretrained() writes (config.json, model.safetensors, tokenizer.json or vocab.txt), with cases.json beside it:
texts, their ids and the logits of AutoModelForSequenceClassification.
"""
import json
import os
import string
import sys

import tokenizers
import torch
import transformers
from transformers import (BertConfig, BertForSequenceClassification, BertTokenizerFast, DistilBertConfig,
                          DistilBertForSequenceClassification)

HERE = os.path.dirname(os.path.abspath(__file__))
WORDS = "shares profit loss warning up down bank market the of and in on rises falls beats misses guidance".split()
TEXTS = [
    "Shares rise on profit",
    "Profit warning: shares down 20%",
    "bank beats guidance, market up and up",
    "x",
    "净利润下降 bank 公司",
    "The loss of the bank in the market falls and falls and falls and falls and falls and falls and falls and falls",
    "Unaffable, deplorable loss?!",
    "公司业绩上升",
    "PROFIT",
    "shares " * 30 + "up",
]


def vocabulary():
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = list(string.ascii_lowercase + string.digits + ".,:!?%'$")
    tails = ["##" + c for c in string.ascii_lowercase + string.digits]
    return special + letters + tails + WORDS + list("净利润下降公司业绩上升")


def make(name, config, model_class, fast, **changes):
    folder = os.path.join(HERE, name)
    os.makedirs(folder, exist_ok=True)
    pieces = vocabulary()
    with open(os.path.join(folder, "vocab.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(pieces) + "\n")
    torch.manual_seed(sum(map(ord, name)))
    config.update(changes)
    model = model_class(config).eval()
    with torch.no_grad():  # the default of 0.02 makes every answer the same
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.normal_(0, 0.25)
            else:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    tokenizer = BertTokenizerFast(os.path.join(folder, "vocab.txt"), do_lower_case=True)
    model.save_pretrained(folder)
    if fast:
        tokenizer.save_pretrained(folder)
        for extra in ("vocab.txt", "special_tokens_map.json"):
            if os.path.exists(os.path.join(folder, extra)):
                os.remove(os.path.join(folder, extra))
    cases = []
    with torch.no_grad():
        for text in TEXTS:
            batch = tokenizer(text, return_tensors="pt", truncation=True, max_length=config.max_position_embeddings)
            batch.pop("token_type_ids", None)
            cases.append({"text": text, "ids": batch["input_ids"][0].tolist(),
                          "logits": [float(f"{x:.8g}") for x in model(**batch).logits[0].tolist()]})
    made = {"python": sys.version.split()[0], "torch": torch.__version__, "transformers": transformers.__version__,
            "tokenizers": tokenizers.__version__}
    with open(os.path.join(folder, "cases.json"), "w", encoding="utf-8") as file:
        file.write(json.dumps({"made_with": made})[:-1] + ', "cases": [\n')
        file.write(",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases))
        file.write("\n]}\n")


SIZES = dict(vocab_size=len(vocabulary()), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
             intermediate_size=48, max_position_embeddings=24)
make("sentiment", BertConfig(**SIZES, id2label={0: "Bullish", 1: "Neutral", 2: "Bearish"},
                             label2id={"Bullish": 0, "Neutral": 1, "Bearish": 2}),
     BertForSequenceClassification, fast=True)
make("two-classes", DistilBertConfig(vocab_size=len(vocabulary()), dim=24, n_layers=2, n_heads=3, hidden_dim=40,
                                     max_position_embeddings=40, id2label={0: "POSITIVE", 1: "NEGATIVE"},
                                     label2id={"POSITIVE": 0, "NEGATIVE": 1}),
     DistilBertForSequenceClassification, fast=False)
make("topics", BertConfig(**SIZES, id2label={0: "Legal | Regulation", 1: "LABEL_1", 2: "宏观", 3: "Markets"},
                          label2id={"Legal | Regulation": 0, "LABEL_1": 1, "宏观": 2, "Markets": 3},
                          problem_type="multi_label_classification"),
     BertForSequenceClassification, fast=True)
