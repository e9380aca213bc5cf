#!/usr/bin/env python3
"""minimal_pairs.py MODEL_FOLDER [--wrong]: scores a model on tests/golden/minimal_pairs/pairs.jsonl.

A table on stdout: for each kind and language how many pairs have both members right, and how many single
texts. --wrong lists the texts that are not. The texts go through `groundswell tag`, as a user's would."""
import collections
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("GS_PROGRAM", str(ROOT / "build/release/deploy/daemon/groundswell"))
PAIRS = ROOT / "tests/golden/minimal_pairs/pairs.jsonl"


def predict(folder, texts):
    lines = "".join(json.dumps({"id": str(i), "text": t}) + "\n" for i, t in enumerate(texts))
    command = [PROGRAM, "tag", "--model", folder, "--format", "json"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    tagged = [json.loads(line) for line in done.stdout.splitlines()]
    if len(tagged) != len(texts):
        sys.exit(f"minimal_pairs: {len(texts)} texts in, {len(tagged)} out")
    return [t["sentiment"]["label"] for t in tagged]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    pairs = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    members = [pair[side] for pair in pairs for side in "ab"]
    labels = predict(sys.argv[1], [m["text"] for m in members])
    rows = collections.defaultdict(lambda: [0, 0, 0])
    for i, pair in enumerate(pairs):
        right = [labels[2 * i + k] == members[2 * i + k]["sentiment"] for k in (0, 1)]
        for name in ((pair["kind"], pair["lang"]), ("all", pair["lang"]), ("all", "both")):
            rows[name][0] += 1
            rows[name][1] += all(right)
            rows[name][2] += sum(right)
        for k in (0, 1):
            if "--wrong" in sys.argv and not right[k]:
                member = members[2 * i + k]
                print(f"{pair['id']}: {member['text']}: {member['sentiment']}, said {labels[2 * i + k]}")
    print(f"{'kind':18} {'lang':5} {'pairs':>5} {'both right':>11} {'texts right':>12}")
    for (kind, lang), (n, both, single) in sorted(rows.items(), key=lambda r: (r[0][0] == "all", r[0])):
        print(f"{kind:18} {lang:5} {n:5} {both / n:11.3f} {single / (2 * n):12.3f}")


if __name__ == "__main__":
    main()
