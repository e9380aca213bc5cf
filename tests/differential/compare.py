#!/usr/bin/env python3
"""compare.py --tool TOKENIZE_MANY --models FOLDER [--data FOLDER [--every N] [--cut]] [--strings N] [--seed N] [--only NAME,…]

Ids and byte offsets, against huggingface/tokenizers: of every text below --data (--every: of each Nth; --cut: once more,
cut at 32 tokens), and of N strings made from the seed, cut at many lengths. Each tokenizer that differs shows its first text that
does, and the exit status is 1."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("RAYON_NUM_THREADS", "1")

import numpy as np  # noqa: E402  (tokenizers reads the environment when it is imported)
import tokenizers  # noqa: E402

import models  # noqa: E402
import strings  # noqa: E402

CHUNK = 20000
NOT_TEXTS = {"id", "link", "url", "published", "collected", "time", "lang", "labels", "source", "user", "type", "ts"}
LIMITS = (0, 0, 0, 2, 3, 4, 7, 16, 64, 128, 512)  # 0: none


def strings_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from strings_of(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            if key not in NOT_TEXTS:
                yield from strings_of(part)


def data_texts(folder):
    """Every string of every record, and every line of the other files, once each."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".jsonl":
            for line in path.read_bytes().split(b"\n"):
                if line.strip():
                    found.update(dict.fromkeys(strings_of(json.loads(line))))
        elif path.suffix in (".txt", ".csv"):
            lines = path.read_bytes().decode("utf-8", "replace").split("\n")
            found.update(dict.fromkeys(lines))
    return list(found)


def places(data):
    """The text as tokenizers gets it, and where in data each of its characters begins, and the end."""
    escaped = data.decode("utf-8", "surrogateescape")  # one surrogate for each broken byte
    cps = np.frombuffer(escaped.encode("utf-32-le", "surrogatepass"), np.uint32)
    is_broken = (cps >= 0xD800) & (cps <= 0xDFFF)
    sizes = 1 + (cps >= 0x80) + (cps >= 0x800) + (cps >= 0x10000)
    sizes[is_broken] = 1
    if is_broken.any():
        cps = cps.copy()
        cps[is_broken] = 0xFFFD
        escaped = cps.astype("<u4").tobytes().decode("utf-32-le")
    return escaped, np.concatenate(([0], np.cumsum(sizes)))


def run_tool(tool, folder, texts, limit):
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out:
        for data in texts:
            given.write(len(data).to_bytes(4, "little") + limit.to_bytes(4, "little") + data)
        given.seek(0)
        done = subprocess.run([tool, str(folder)], stdin=given, stdout=out, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            sys.exit(f"{tool} {folder}: exit {done.returncode}: {done.stderr.decode()[-2000:]}")
        out.seek(0)
        return np.frombuffer(out.read(), np.int32)


def differs(name, data, limit, why, want, got):
    print(f"{name}, at most {limit} tokens: {why} of {data[:2000]!r}\n  tokenizers: {want}\n  groundswell: {got}", flush=True)


def compare(name, oracle, tool, folder, texts, limit):
    """How many tokens agree; None after showing the first difference."""
    if limit:
        oracle.enable_truncation(limit)
    else:
        oracle.no_truncation()
    found = run_tool(tool, folder, texts, limit)
    decoded = [places(data) for data in texts]
    at = n_tokens = 0
    for data, (_, starts), want in zip(texts, decoded, oracle.encode_batch([text for text, _ in decoded])):
        n, truncated = int(found[at]), int(found[at + 1])
        ids = found[at + 2:at + 2 + n]
        offsets = found[at + 2 + n:at + 2 + 3 * n].reshape(2, n)
        at += 2 + 3 * n
        if want.ids != ids.tolist():
            differs(name, data, limit, "ids", want.ids, ids.tolist())
            return None
        places_of = starts[np.array(want.offsets, np.int64).reshape(-1, 2)].T
        if not np.array_equal(places_of, offsets):
            differs(name, data, limit, "offsets", places_of.T.tolist(), offsets.T.tolist())
            return None
        if limit > 2 and bool(want.overflowing) != bool(truncated):
            differs(name, data, limit, "truncation", bool(want.overflowing), bool(truncated))
            return None
        n_tokens += n
    return n_tokens


def compare_all(name, oracle, tool, folder, texts, limits, what):
    started, n_tokens = time.monotonic(), 0
    for i in range(0, len(texts), CHUNK):
        same = compare(name, oracle, tool, folder, texts[i:i + CHUNK], limits[i // CHUNK % len(limits)])
        if same is None:
            return False
        n_tokens += same
    print(f"{name}: {len(texts)} {what}, {n_tokens} tokens: ids and offsets are equal "
          f"({time.monotonic() - started:.0f} s)", flush=True)
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--models", required=True, type=pathlib.Path)
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--cut", action="store_true")
    parser.add_argument("--strings", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=",".join(models.NAMES))
    args = parser.parse_args()

    texts = data_texts(args.data)[::args.every] if args.data else []
    training = texts or [t.decode("utf-8", "replace") for t in strings.strings(0, 50000)]
    training = [t.replace("\0", "") for t in training]  # a piece with a NUL is refused
    wanted = args.only.split(",")
    print(f"tokenizers {tokenizers.__version__}; {len(texts)} texts; {args.strings} strings from seed {args.seed}", flush=True)
    encoded = [text.encode() for text in texts]
    made = strings.strings(args.seed, args.strings)
    ok = True
    for name, oracle in models.make(args.models, training, wanted):
        oracle.no_padding()
        folder = args.models / name
        if encoded:
            ok = compare_all(name, oracle, args.tool, folder, encoded, (0,), "texts") and ok
        if encoded and args.cut:
            ok = compare_all(name, oracle, args.tool, folder, encoded, (32,), "texts cut at 32 tokens") and ok
        if made:
            ok = compare_all(name, oracle, args.tool, folder, made, LIMITS, "strings") and ok
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
