#!/usr/bin/env python3
"""real_models.py ENCODE_IDS FOLDER GOLDEN...: our embeddings of published models beside transformers'.

FOLDER/NAME is the model of tests/golden/real/NAME.json. fp32: no number may differ by more than 1e-4. int8 is what
rounding at loading gives, without calibration: the cosine to transformers' fp32 is at least .99 in the mean and .95
at worst."""
import base64
import json
import math
import os
import subprocess
import sys

MOST_OFF = 1e-4
MEAN_COSINE, WORST_COSINE = 0.99, 0.95


def unit(coded):
    data = base64.b64decode(coded)
    return [int.from_bytes(data[i:i + 2], "little", signed=True) / 32767 for i in range(0, len(data), 2)]


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def embeddings(program, arithmetic, folder, rows):
    lines = "".join(" ".join(map(str, row["ids"])) + "\n" for row in rows)
    run = subprocess.run([program, arithmetic, folder], input=lines, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"{folder}: {run.stderr}")
    kernels, sha = run.stderr.split()[:2]
    return kernels, sha, [list(map(float, line.split())) for line in run.stdout.splitlines()]


def compare(program, folder, golden_path):
    with open(golden_path, encoding="utf-8") as f:
        golden = json.load(f)
    rows, name = golden["rows"], os.path.basename(golden_path)[:-len(".json")]
    good = len(rows) >= 30
    for arithmetic in ("fp32", "int8"):
        kernels, sha, got = embeddings(program, arithmetic, os.path.join(folder, name), rows)
        if sha != golden["sha256"]:
            sys.exit(f"{name}: the file's SHA-256 is {sha}, the golden embeddings are of {golden['sha256']}")
        if len(got) != len(rows):
            sys.exit(f"{name}: {len(got)} embeddings of {len(rows)} lists of ids")
        wanted = [unit(row["unit"]) for row in rows]
        off = max(abs(x - y) for a, b in zip(got, wanted) for x, y in zip(a, b))
        cosines = [cosine(a, b) for a, b in zip(got, wanted)]
        mean, worst = sum(cosines) / len(cosines), min(cosines)
        fine = off <= MOST_OFF if arithmetic == "fp32" else mean >= MEAN_COSINE and worst >= WORST_COSINE
        fine = fine and all(map(math.isfinite, (off, mean, worst)))
        good = good and fine
        print(f"{'ok' if fine else 'FAILED'}: {name} {arithmetic} ({kernels}): {len(rows)} texts, largest difference "
              f"{off:.1e}, cosine {mean:.6f} in the mean, {worst:.6f} at worst ({rows[cosines.index(worst)]['text']!r})")
    return good


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    program, folder, *goldens = sys.argv[1:]
    sys.exit(0 if all([compare(program, folder, path) for path in goldens]) else 1)


main()
