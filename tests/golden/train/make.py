#!/usr/bin/env python3
"""Makes golden.json: what PyTorch finds when it fine-tunes the tiny models of tests/golden/encoder.

    python3 -m venv build/golden && build/golden/bin/pip install torch==2.15.0 transformers==5.24.0
    build/golden/bin/python tests/golden/train/make.py

For each model, in double precision and without dropout: logits and loss of a ragged batch, for each
part of the gradient its length and its product with numbers that a formula gives (weight()), and the losses of the steps that torch.optim.AdamW makes then, with
clipping, weight decay of matrices and a rate for each layer. Heads are given by the formula.
unit/classifier/train/parity holds ours to them.
"""
import json
import os
import sys

import torch
import transformers
from transformers import AutoModel

HERE = os.path.dirname(os.path.abspath(__file__))

SINGLE, MULTI, SMOOTHING, FACTOR = 3, 5, 0.1, 0.3
N_OUT = SINGLE + MULTI
LISTS = [[2, 7, 9, 4, 3], [2, 11, 3], [2, 5, 6, 14, 8, 10, 12, 3], [4], [2, 13, 9, 3]]
STEPS, LR, HEAD_LR, LAYER_DECAY, DECAY, BETAS, EPS = 6, 2e-3, 1e-2, 0.8, 0.05, (0.9, 0.98), 1e-6
MODELS = [("bert-base", "pooler"), ("roberta-base", "cls_mean"), ("xlm-roberta-base", "mean"),
          ("distilbert-base", "pooler"), ("bert-base", "cls")]


def weight(name, n):
    """A number in [-1, 1) from a name and an index: weight() of tests/golden/encoder/make.py."""
    x = 0x811C9DC5
    for byte in name.encode():
        x = (x ^ byte) * 0x01000193 & 0xFFFFFFFF
    x = torch.arange(n, dtype=torch.int64) * 0x9E3779B1 + x & 0xFFFFFFFF
    x = (x ^ x >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    x = (x ^ x >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    x = x ^ x >> 16
    return ((x >> 8).double() / 2 ** 23 - 1).float()


def rounded(values):
    return [float(f"{v:.8g}") for v in values.tolist()]


def formula(name, *shape, scale):
    n = 1
    for s in shape:
        n *= s
    return (weight(name, n).double() * scale).reshape(shape)


class Net(torch.nn.Module):
    def __init__(self, name, pooling):
        super().__init__()
        self.base = AutoModel.from_pretrained(os.path.join(HERE, "..", "encoder", name),
                                              dtype=torch.float64, attn_implementation="eager").eval()
        self.pooling, self.distil = pooling, "distilbert" in name
        h = self.base.config.hidden_size
        wide = 2 * h if pooling == "cls_mean" else h
        if pooling == "pooler":
            self.dense = torch.nn.Parameter(formula("dense", h, h, scale=0.3))
            self.dense_bias = torch.nn.Parameter(formula("dense_bias", h, scale=0.3))
        self.out = torch.nn.Parameter(formula("out", N_OUT, wide, scale=0.3))
        self.out_bias = torch.nn.Parameter(formula("out_bias", N_OUT, scale=0.3))

    def one(self, ids):
        x = self.base(input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids))).last_hidden_state[0]
        if self.pooling == "pooler":
            dense = self.dense @ x[0] + self.dense_bias
            pooled = torch.relu(dense) if self.distil else torch.tanh(dense)
        else:
            pooled = {"cls": x[0], "mean": x.mean(0), "cls_mean": torch.cat([x[0], x.mean(0)])}[self.pooling]
        return self.out @ pooled + self.out_bias

    def forward(self):
        return torch.stack([self.one(ids) for ids in LISTS])


def targets():
    """Row 3 has no middle class, row 4 no sentiment, row 1 no labels; label 2 is masked in row 2."""
    t, w = torch.zeros(5, N_OUT), torch.ones(5, N_OUT)
    for i in range(5):
        t[i, :SINGLE] = SMOOTHING / SINGLE
        t[i, i % 3] += 1 - SMOOTHING
        for j in range(MULTI):
            t[i, SINGLE + j] = (i + j) % 2
    t[3, :SINGLE] = torch.tensor([1 - SMOOTHING / 2, 0, SMOOTHING / 2])
    w[3, 1] = 0
    w[2, SINGLE + 2] = 0
    w[0, SINGLE + 1] = 2.5
    single = torch.tensor([1.0, 1.0, 1.0, 1.0, 0.0]) / 4
    multi = torch.tensor([1.0, 0.0, 1.0, 1.0, 1.0]) / 4
    return t.double(), w.double(), single.double(), multi.double()


def loss_of(logits, t, w, single, multi):
    masked = logits[:, :SINGLE].masked_fill(w[:, :SINGLE] == 0, float("-inf"))
    log_p = torch.log_softmax(masked, -1).masked_fill(w[:, :SINGLE] == 0, 0.0)
    first = -(t[:, :SINGLE] * log_p).sum(-1)
    each = torch.nn.functional.binary_cross_entropy_with_logits(logits[:, SINGLE:], t[:, SINGLE:],
                                                                reduction="none")
    second = (each * w[:, SINGLE:]).sum(-1)
    return (single * first).sum() + FACTOR * (multi * second).sum()


def parts(net):
    """Parameters in the order of the trainer's layout: (depth, decays, [tensors that follow each other])."""
    p = dict(net.base.named_parameters())
    layers = net.base.config.num_hidden_layers
    rows = [(0, True, [p["embeddings.position_embeddings.weight"]])]
    if "embeddings.token_type_embeddings.weight" in p:
        rows.append((0, True, [p["embeddings.token_type_embeddings.weight"]]))
    rows += [(0, False, [p["embeddings.LayerNorm.weight"]]), (0, False, [p["embeddings.LayerNorm.bias"]])]
    for l in range(layers):
        if net.distil:
            at = f"transformer.layer.{l}."
            names = [["attention.q_lin", "attention.k_lin", "attention.v_lin"], ["attention.out_lin"],
                     ["sa_layer_norm"], ["ffn.lin1"], ["ffn.lin2"], ["output_layer_norm"]]
        else:
            at = f"encoder.layer.{l}."
            names = [["attention.self.query", "attention.self.key", "attention.self.value"],
                     ["attention.output.dense"], ["attention.output.LayerNorm"], ["intermediate.dense"],
                     ["output.dense"], ["output.LayerNorm"]]
        for group in names:
            rows.append((l + 1, "orm" not in group[0], [p[at + n + ".weight"] for n in group]))
            rows.append((l + 1, False, [p[at + n + ".bias"] for n in group]))
    if net.pooling == "pooler":
        rows += [(layers + 1, True, [net.dense]), (layers + 1, False, [net.dense_bias])]
    rows += [(layers + 1, True, [net.out]), (layers + 1, False, [net.out_bias])]
    return rows


def gradient_of(tensors, first_row_only):
    flat = torch.cat([(t.grad[0] if first_row_only else t.grad).reshape(-1) for t in tensors])
    probe = weight("probe", flat.numel()).double()
    return [float(f"{flat.norm():.10g}"), float(f"{(flat * probe).sum():.10g}")]


def run(name, pooling):
    net = Net(name, pooling)
    given = targets()
    words = dict(net.base.named_parameters())["embeddings.word_embeddings.weight"]
    logits = net()
    loss = loss_of(logits, *given)
    loss.backward()
    types = dict(net.base.named_parameters()).get("embeddings.token_type_embeddings.weight")
    rows = parts(net)
    layers = net.base.config.num_hidden_layers
    golden = {"model": name, "pooling": pooling, "loss": float(f"{loss:.12g}"),
              "logits": rounded(logits.detach().reshape(-1)),
              "words": gradient_of([words], False),
              "gradients": [gradient_of(t, types is not None and t[0] is types) for _, _, t in rows]}
    groups = [{"params": t, "lr": HEAD_LR if depth > layers else LR * LAYER_DECAY ** (layers - depth),
               "weight_decay": DECAY if decays else 0.0} for depth, decays, t in rows]
    groups.append({"params": [words], "lr": LR * LAYER_DECAY ** layers, "weight_decay": DECAY})
    optimizer = torch.optim.AdamW(groups, betas=BETAS, eps=EPS)
    trained = [t for g in groups for t in g["params"]]
    losses = []
    for _ in range(STEPS):
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss = loss_of(net(), *given)
        loss.backward()
        losses.append(float(f"{loss:.10g}"))
    golden["losses"] = losses
    return golden


def main():
    torch.set_num_threads(1)
    t, w, single, multi = targets()
    golden = {"made_with": {"python": sys.version.split()[0], "torch": torch.__version__,
                            "transformers": transformers.__version__},
              "lists": LISTS, "n_single": SINGLE, "n_multi": MULTI, "factor": FACTOR,
              "targets": t.reshape(-1).tolist(), "weights": w.reshape(-1).tolist(),
              "row_weights": [single.tolist(), multi.tolist()],
              "lr": LR, "head_lr": HEAD_LR, "layer_decay": LAYER_DECAY, "decay": DECAY, "beta1": BETAS[0],
              "beta2": BETAS[1], "eps": EPS}
    rows = [run(*model) for model in MODELS]
    with open(os.path.join(HERE, "golden.json"), "w") as f:
        f.write(json.dumps(golden)[:-1] + ', "models": [\n')
        f.write(",\n".join(json.dumps(row, separators=(",", ":")) for row in rows))
        f.write("\n]}\n")


if __name__ == "__main__":
    main()
