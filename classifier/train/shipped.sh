#!/bin/sh
# Trains the shipped fast tier, in one label space for both languages (26 topics, 29 risks): classifier/train/shipped.sh OUT
# GROUNDSWELL_DATA is the data folder (../shared/data), GS_PROGRAM the program. Rows: the public sets, the desk set, and
# the texts read and written for this project (labels/). OUT/desk/valid.jsonl is the part of the last two that is kept
# from training; judge the model by it (OUT/desk/first.jsonl is what pair.sh begins with, OUT/desk/train.jsonl all):
#
#     tests/bench/desk_figures.py OUT/model OUT/desk/valid.jsonl
#
# The same program and data give the same model, byte for byte. No Financial PhraseBank row is read.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
data=${GROUNDSWELL_DATA:-$root/../shared/data}
program=${GS_PROGRAM:-$root/build/release/deploy/daemon/groundswell}
out=${1:?usage: classifier/train/shipped.sh OUT}

mkdir -p "$out/desk"
labels=$root/classifier/train/labels
for file in read read-2; do
    python3 "$labels/join_labels.py" "$labels/$file.jsonl" "$data" "$out/desk/$file.jsonl"
done
cat "$data/desk/train.jsonl" "$out/desk/read.jsonl" >"$out/desk/all.jsonl"
cat "$out/desk/read-2.jsonl" "$labels/contrast.jsonl" >"$out/desk/more.jsonl"
cut=$root/classifier/train/cut_desk.py
python3 "$cut" "$out/desk/all.jsonl" "$out/desk/first.jsonl" "$out/desk/valid.jsonl"
python3 "$cut" "$out/desk/all.jsonl" "$out/desk/train.jsonl" "$out/desk/valid.jsonl" --more "$out/desk/more.jsonl"

. "$root/classifier/train/public_sets.sh"
exec "$program" train --kind ngram --out "$out/model" --name finance-zh-en-fast --version 3 --seed 1 \
    --labels "$root/classifier/train/labels.json" --share 0.6 --rows 120000,150000 "$@" \
    --data "$out/desk/train.jsonl,name=desk,register=desk,c=0.5"
