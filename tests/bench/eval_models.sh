#!/bin/sh
# Every accuracy row of the results table, as JSON lines: tests/bench/eval_models.sh [MODEL]
# A public set is judged in the space of the labels that it knows, as it was trained on.
# GROUNDSWELL_DATA is the data folder (../shared/data), GS_PROGRAM the program. Exit 77: the data is not here.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
data=${GROUNDSWELL_DATA:-$root/../shared/data}
program=${GS_PROGRAM:-$root/build/release/deploy/daemon/groundswell}
model=${1:-$root/classifier/models/finance-zh-en-fast}
if [ ! -d "$data/sentiment" ]; then
    echo "eval_models: skipped: no data at $data (GROUNDSWELL_DATA)" >&2
    exit 77
fi

# first NAME: the first time it stands in the report.
first() {
    printf '%s' "$report" | tr ',{' '\n\n' | sed -n "s/^\"$1\":\([0-9.e+-]*\).*/\1/p" | head -n 1
}

# row CASE METRIC TARGET, TARGET "" for none; ECE is to be at most, all else at least.
row() {
    got=$(first "$2")
    reached=null
    if [ -n "$3" ]; then
        reached=$(awk -v got="$got" -v want="$3" -v name="$2" \
            'BEGIN { print (name == "ece" ? got <= want : got >= want) ? "true" : "false" }')
    fi
    printf '{"bench":"accuracy","case":"%s","metric":"%s","value":%s,"unit":"ratio","target":%s,"reached":%s}\n' \
        "$1" "$2" "$got" "${3:-null}" "$reached"
}

# set CASE TASK FILE METRIC TARGET [METRIC TARGET]...
set_rows() {
    name=$1 task=$2 file=$3
    shift 3
    report=$("$program" eval --quiet --model "$model" --task "$task" --data "$data/$file" --json)
    while [ $# -ge 2 ]; do
        row "$name" "$1" "$2"
        shift 2
    done
}

set_rows tfns sentiment sentiment/tfns/valid.jsonl accuracy 0.84 macro_f1 "" ece 0.05
set_rows sentfin sentiment sentiment/sentfin/test.jsonl accuracy 0.82 macro_f1 "" ece 0.05
set_rows finfe sentiment sentiment/finfe/test.jsonl accuracy 0.755 macro_f1 "" ece 0.05
set_rows finfe_dev sentiment sentiment/finfe/dev.jsonl accuracy "" macro_f1 "" ece 0.05
set_rows zh_news sentiment sentiment/zh_news/test.jsonl accuracy 0.93 macro_f1 "" ece 0.05
set_rows guba3 sentiment sentiment/guba3/test.jsonl accuracy 0.57 macro_f1 "" ece 0.05
set_rows algosenses sentiment sentiment/algosenses/test.jsonl accuracy "" macro_f1 "" ece 0.05
set_rows stockemotions sentiment sentiment/stockemotions/test.jsonl accuracy "" macro_f1 "" ece 0.05
set_rows fiqa sentiment sentiment/fiqa/test.jsonl accuracy "" macro_f1 "" ece ""
set_rows fpb_prosus_zero_shot sentiment sentiment/fpb_prosus/test.jsonl accuracy "" macro_f1 "" ece ""
set_rows tfn_topic topics topic/tfn_topic/test.jsonl top1_accuracy 0.85 micro_f1 "" macro_f1 "" ece 0.05 top1_ece ""
set_rows finnl_dev topics topic/finnl/dev.jsonl,knows=topics/off_topic micro_f1 0.84 macro_f1 "" ece 0.05 top1_ece ""
set_rows finnl_test topics topic/finnl/test.jsonl,knows=topics/off_topic micro_f1 0.76 macro_f1 "" ece 0.05 top1_ece ""
set_rows off_topic topics topic/off_topic_zh/test.jsonl,knows=topics/company+topics/macro+topics/markets+topics/debt+topics/commodities micro_f1 "" ece 0.05
set_rows finese risks risk/finese/test.jsonl accuracy 0.85 macro_f1 "" micro_f1 "" ece 0.05 top1_ece ""
