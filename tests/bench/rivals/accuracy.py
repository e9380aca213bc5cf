#!/usr/bin/env python3
"""accuracy.py BUILD [--texts N] [--head DIR]: how close int8 comes to fp32 over all English texts of GROUNDSWELL_DATA,
and, with the folder of a BertForSequenceClassification trained on tfns, how often its label is the same.

Run after run.sh, which leaves in BUILD what this needs. Uses all cores for the fp32 side (ONNX Runtime's): about ten
minutes for 110,000 texts on two. Writes accuracy.json beside this file, which page.py puts on the page; answers are the
same bits on every CPU, so one machine's figures are everybody's."""

import argparse
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import onnxruntime

import graphs
import prepare
import workload
from arms import say
from worker import BATCH, filled, lengths

HERE = pathlib.Path(__file__).resolve().parent
PACK = 192


def session(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def by_length(path, messages):
    """A padded graph's outputs in the messages' order."""
    run, order = session(path).run, sorted(range(len(messages)), key=lambda i: len(messages[i]))
    ret = None
    for first in range(0, len(order), BATCH):
        group = order[first:first + BATCH]
        mine = [messages[i] for i in group]
        (found,) = run(None, {"ids": filled(mine, max(map(len, mine))), "len": lengths(mine)})
        ret = np.empty((len(messages), found.shape[1]), np.float32) if ret is None else ret
        ret[group] = found
        if first // BATCH % 500 == 499:
            say(f"fp32: {first + BATCH} of {len(messages)}")
    return ret


def one_by_one(path, messages):
    run = session(path).run
    return np.concatenate([run(None, {"ids": np.array([ids], np.int32)})[0] for ids in messages])


def ours(build, orders, model, arithmetic, works=None):
    """Tells our worker what to do, in order."""
    path = build / "accuracy.ids"
    with open(path, "w", encoding="utf-8") as file:
        for name, messages in (works or {}).items():
            print(name, len(messages), file=file)
            file.writelines(" ".join(map(str, ids)) + "\n" for ids in messages)
    subprocess.run([build / "worker", model, arithmetic], input="\n".join([f"load {path}", *orders]) + "\n", text=True,
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def vectors(build, messages):
    ours(build, [f"embed all pack{PACK} {build / 'all.f32'}"], build / "int8", "auto", {"all": messages})
    return np.fromfile(build / "all.f32", np.float32).reshape(len(messages), -1)


def closeness(build, texts, n):
    texts = texts if n == 0 or n >= len(texts) else workload.evenly(texts, n)
    messages = workload.encoder(prepare.model_dir())(texts)
    int8 = vectors(build, messages)
    say(f"ours: {len(messages)} texts")
    fp32 = by_length(build / "onnx/fp32_padded.onnx", messages)
    cos = (int8 * fp32).sum(1) / (np.linalg.norm(int8, axis=1) * np.linalg.norm(fp32, axis=1))
    short = np.array([len(ids) <= 8 for ids in messages])
    worst = int(cos.argmin())
    return {"texts": len(texts), "cos_mean": round(float(cos.mean()), 5), "cos_worst": round(float(cos[worst]), 5),
            "worst_tokens": len(messages[worst]), "below_98": int((cos < 0.98).sum()), "below_99": int((cos < 0.99).sum()),
            "short": int(short.sum()), "short_mean": round(float(cos[short].mean()), 5) if short.any() else None,
            "short_worst": round(float(cos[short].min()), 5) if short.any() else None}


def agreement(build, head):
    """Labels of the head over tfns' own validation texts: ours and ONNX Runtime's int8 against fp32."""
    rows = [json.loads(line) for line in open(prepare.data_dir() / "sentiment/tfns/valid.jsonl", encoding="utf-8")]
    config = json.loads((head / "config.json").read_text())
    names = [config["id2label"][str(i)].lower() for i in range(len(config["id2label"]))]
    encode = workload.encoder(head)
    messages = encode([row["text"] for row in rows])
    bert = graphs.Bert(head)
    for form in ("fp32", "dynamic"):
        graphs.write_fused(bert, build / f"head_{form}.onnx", form, padded=False, head=True)
    found = {"fp32, ONNX Runtime": one_by_one(build / "head_fp32.onnx", messages),
             "int8 dynamic, ONNX Runtime": one_by_one(build / "head_dynamic.onnx", messages)}
    calibration = encode(workload.evenly(workload.read_texts(prepare.data_dir())["en"], 200))
    works = {"calibration": calibration, "valid": messages}
    ours(build, [f"quantize calibration {build / 'head_int8'}", f"logits valid pack{PACK} {build / 'fp32.f32'}"], head,
         "fp32", works)
    ours(build, [f"logits valid pack{PACK} {build / 'int8.f32'}"], build / "head_int8", "auto", works)
    for name, path in (("fp32, Groundswell", "fp32.f32"), ("int8, Groundswell", "int8.f32")):
        found[name] = np.fromfile(build / path, np.float32).reshape(len(messages), -1)
    right = np.array([row["sentiment"] for row in rows])
    want = found["fp32, ONNX Runtime"].argmax(1)
    return {"texts": len(rows), "set": "tfns, validation", "arms": {name: {
        "agreement": round(float((logits.argmax(1) == want).mean()), 5),
        "accuracy": round(float((np.array(names)[logits.argmax(1)] == right).mean()), 5),
        "greatest_difference": round(float(np.abs(logits - found["fp32, ONNX Runtime"]).max()), 5)}
        for name, logits in found.items()}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--texts", type=int, default=0, help="so many, evenly drawn; 0: all")
    parser.add_argument("--head", type=pathlib.Path)
    options = parser.parse_args()
    build = options.build.resolve()
    texts = workload.read_texts(prepare.data_dir())
    if texts is None:
        print("accuracy: no texts: GROUNDSWELL_DATA", file=sys.stderr)
        sys.exit(77)
    path = HERE / "accuracy.json"
    ret = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if options.head:
        ret["labels"] = agreement(build, options.head.resolve())
    ret["embeddings"] = closeness(build, texts["en"], options.texts)
    path.write_text(json.dumps(ret, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(ret))


if __name__ == "__main__":
    main()
