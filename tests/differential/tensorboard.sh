#!/bin/sh
# tensorboard.sh PROGRAM: fine-tunes a tiny folder in two parts and reads its curves with the tensorboard package.
# Makes a Python environment with pinned versions in build/venv-tensorboard (60 MB from PyPI). Exit status 77: it cannot.
set -eu
program=$(realpath "${1:?usage: tensorboard.sh PROGRAM}")
cd "$(dirname "$0")/../.."
root=$PWD

venv=build/venv-tensorboard
if [ ! -e $venv/ready ]; then
    rm -rf $venv
    mkdir -p build
    python3 -m venv $venv && $venv/bin/pip install -q --disable-pip-version-check tensorboard==2.21.0 || {
        echo "tensorboard.sh: skipped: pip cannot install the package"
        exit 77
    }
    touch $venv/ready
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -B -c '
import json, random
rng = random.Random(1)
words = {"positive": "gain rise beat record", "negative": "loss fall default fraud", "neutral": "bank report plan share"}
for n in range(240):
    kind = rng.choice(sorted(words))
    print(json.dumps({"text": " ".join(rng.choices(words[kind].split(), k=6)), "sentiment": kind}))
' >rows.jsonl
set -- train --kind encoder --base "$root/tests/golden/folders/sentiment" --data rows.jsonl --out tuned --epochs 3 \
    --batch 8 --holdout 0.2 --checkpoint 0
# Stopped somewhere, if it is not done by then; the second part goes on in a file of its own.
"$program" "$@" >one 2>&1 &
sleep 0.5
kill -TERM $! 2>/dev/null || true
wait $! || true
[ -e tuned/groundswell.json ] || "$program" "$@" --resume >two 2>&1 || { cat one two; exit 1; }
"$root/$venv/bin/python" -B "$root/tests/differential/curves.py" tuned
