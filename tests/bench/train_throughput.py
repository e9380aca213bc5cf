#!/usr/bin/env python3
"""Fine-tuning beside PyTorch: the same base, rows, batch and number of threads, one after the other, twice.

    python3 -m venv build/rivals && build/rivals/bin/pip install torch transformers
    build/rivals/bin/python tests/bench/train_throughput.py build/release/deploy/daemon/groundswell BASE ROWS.jsonl

Tokens are those of the texts, without padding. Both sides drop out, clip and step with AdamW; PyTorch gets its best
setting: batches of like length, its fused attention and optimizer. Wall time and CPU time of each; on a machine that
others use too, the CPU time is what can be compared. --rows limits how many rows are read.
"""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time


def read(path, n):
    rows = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row.get("sentiment"):
                rows.append({"text": row["text"], "sentiment": row["sentiment"]})
            if len(rows) == n:
                break
    return rows


def cpu(who):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def ours(program, base, rows, args):
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "rows.jsonl")
        with open(data, "w", encoding="utf-8") as out:
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        before = cpu(resource.RUSAGE_CHILDREN)
        run = subprocess.run([program, "train", "--kind", "encoder", "--base", base, "--data", data, "--out",
                              os.path.join(folder, "out"), "--epochs", "1", "--batch", str(args.batch), "--threads",
                              str(args.threads), "--holdout", "0", "--ema", "0", "--max-tokens", str(args.max_tokens),
                              "--checkpoint", "1e9"], stderr=subprocess.PIPE, text=True, check=False)
        if run.returncode != 0:
            sys.exit(run.stderr)

        last = [line for line in run.stderr.splitlines() if "tokens/s" in line][-1]
        return {"wall": None, "cpu": cpu(resource.RUSAGE_CHILDREN) - before, "line": last}


def theirs(base, rows, args):
    import torch
    from transformers import AutoModel, AutoTokenizer
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModel.from_pretrained(base, dtype=torch.float32).train()
    head = torch.nn.Linear(2 * model.config.hidden_size, 3)
    names = ["negative", "neutral", "positive"]
    ids = [tokenizer(row["text"], truncation=True, max_length=args.max_tokens)["input_ids"] for row in rows]
    truth = [names.index(row["sentiment"]) for row in rows]
    order = sorted(range(len(rows)), key=lambda i: len(ids[i]))
    batches = [order[i:i + args.batch] for i in range(0, len(order), args.batch)]
    parameters = list(model.parameters()) + list(head.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=1e-5, fused=True)
    before, began = cpu(resource.RUSAGE_SELF), time.monotonic()
    for batch in batches:
        longest = max(len(ids[i]) for i in batch)
        given = torch.tensor([ids[i] + [0] * (longest - len(ids[i])) for i in batch])
        mask = torch.tensor([[1] * len(ids[i]) + [0] * (longest - len(ids[i])) for i in batch])
        x = model(input_ids=given, attention_mask=mask).last_hidden_state
        mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        loss = torch.nn.functional.cross_entropy(head(torch.cat([x[:, 0], mean], 1)),
                                                 torch.tensor([truth[i] for i in batch]))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return {"wall": time.monotonic() - began, "cpu": cpu(resource.RUSAGE_SELF) - before,
            "tokens": sum(len(i) for i in ids), "version": torch.__version__}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("base")
    parser.add_argument("data")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--max-tokens", type=int, default=128)
    parser.add_argument("--runs", type=int, default=2)
    args = parser.parse_args()
    rows = read(args.data, args.rows)
    for number in range(args.runs):
        torch_run = theirs(args.base, rows, args)
        tokens = torch_run["tokens"]
        print(json.dumps({"run": number, "who": f"PyTorch {torch_run['version']}", "tokens": tokens,
                          "tokens_per_s": round(tokens / torch_run["wall"]),
                          "tokens_per_cpu_s": round(tokens / torch_run["cpu"])}), flush=True)
        our_run = ours(args.program, args.base, rows, args)
        print(json.dumps({"run": number, "who": "groundswell", "tokens": tokens,
                          "tokens_per_cpu_s": round(tokens / our_run["cpu"]), "says": our_run["line"]}), flush=True)


if __name__ == "__main__":
    main()
