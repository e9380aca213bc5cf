#!/usr/bin/env python3
"""tokenizer_throughput.py [MODELS [TEXTS]]: bench_tokenizer and huggingface/tokenizers on the same texts and tokenizers, one
core each: encode_batch with RAYON_NUM_THREADS=1 and TOKENIZERS_PARALLELISM=false, without its truncation and padding.

MODELS (build/differential) is what tests/differential/tokenizers.sh makes; run this with its Python:
    build/venv-tokenizers/bin/python tests/bench/tokenizer_throughput.py
TEXTS is a file of JSON lines with "text"; by default the headlines of GROUNDSWELL_DATA. One JSON line a case; time is CPU
time, the median of 7."""

import json
import os
import pathlib
import subprocess
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

from tokenizers import Tokenizer, __version__  # noqa: E402  (reads the environment when it is imported)

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPEATS = 7


def main():
    models = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/differential")
    data = os.environ.get("GROUNDSWELL_DATA", ROOT.parent / "shared/data")
    path = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(data) / "unlabelled/headlines.jsonl")
    if not path.exists():
        print(f"tokenizer_throughput.py: skipped: there are no texts in {path}", file=sys.stderr)
        return
    with open(path, encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    n_bytes = sum(len(text.encode()) for text in texts)
    for folder in sorted(models.iterdir()):
        if not (folder / "tokenizer.json").exists():
            continue
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        rates, n_tokens = [], 0
        for _ in range(REPEATS):
            started = time.process_time()
            found = tokenizer.encode_batch(texts)
            rates.append(time.process_time() - started)
            n_tokens = sum(len(one.ids) for one in found)
        rates = sorted(n_tokens / took for took in rates)
        print(json.dumps({"bench": "tokenizer", "case": f"{folder.name}, all tokens, tokenizers {__version__}",
                          "value": round(rates[REPEATS // 2]), "unit": "tokens/s", "min": round(rates[0]),
                          "max": round(rates[-1]), "texts": len(texts), "bytes": n_bytes, "tokens": n_tokens}), flush=True)
    program = next((ROOT / "build/release").rglob("bench_tokenizer"), None)
    if program is not None:
        subprocess.run([program, models, path], check=True)


main()
