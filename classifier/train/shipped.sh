#!/bin/sh
# Trains the shipped model: classifier/train/shipped.sh OUT
# GROUNDSWELL_DATA is the data folder (../shared/data), GS_PROGRAM the program. The same program and data give
# the same model, byte for byte. No Financial PhraseBank row is read.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
data=${GROUNDSWELL_DATA:-$root/../shared/data}
program=${GS_PROGRAM:-$root/build/release/deploy/daemon/groundswell}
out=${1:?usage: classifier/train/shipped.sh OUT}

s=$data/sentiment
t=$data/topic
exec "$program" train --kind ngram --out "$out" --name finance-zh-en-fast --version 1 --seed 1 \
    --labels "$root/classifier/train/labels.json" --share 0.6 --rows 170000,200000 \
    --data "$s/tfns/train.jsonl,name=tfns,register=tweet,c=0.9" \
    --data "$s/sentfin/train.jsonl,name=sentfin,register=headline,c=0.4" \
    --data "$s/stockemotions/train.jsonl,name=stockemotions,register=stocktwits,c=0.25" \
    --data "$s/stockemotions/val.jsonl,name=stockemotions-val,register=stocktwits,valid" \
    --data "$s/finfe/train.jsonl,name=finfe,register=forum,c=0.5,knows=topics/off_topic" \
    --data "$s/finfe/dev.jsonl,name=finfe-dev,register=forum,valid" \
    --data "$s/guba3/train.jsonl,name=guba3,register=guba,c=0.8,knows=topics/off_topic" \
    --data "$s/algosenses/train.jsonl,name=algosenses,register=comment,c=0.3,knows=topics/off_topic" \
    --data "$s/zh_news/train.jsonl,name=zh_news,register=company,c=0.8,knows=topics/off_topic" \
    --data "$t/tfn_topic/train.jsonl,name=tfn_topic,c=2" \
    --data "$t/finnl/train.jsonl,name=finnl,c=0.7,knows=topics/off_topic" \
    --data "$t/finnl/dev.jsonl,name=finnl-dev,valid,knows=topics/off_topic" \
    --data "$t/off_topic_zh/train.jsonl,name=off_topic_zh,c=0.5,knows=topics/company+topics/macro+topics/markets+topics/debt+topics/commodities" \
    --data "$data/risk/finese/train.jsonl,name=finese,c=2.5,knows=topics/off_topic"
