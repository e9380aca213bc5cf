#!/bin/sh
# check_docs.sh GROUNDSWELL_DOCS: fails when a generated document in the tree is not what the tables give.
# To make them anew: build/release/deploy/daemon/groundswell_docs . (in the project's root).
set -u
docs=$1
cd "$(dirname "$0")/../.." || exit 2
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/deploy/docs" "$scratch/deploy/config" || exit 2
"$docs" "$scratch" || exit 2

bad=0
n=0
for made in "$scratch"/deploy/*/*; do
    path=${made#"$scratch"/}
    n=$((n + 1))
    if ! diff -u "$path" "$made"; then
        echo "check_docs: $path is not what the tables give; run groundswell_docs"
        bad=1
    fi
done
if [ "$n" -lt 5 ]; then
    echo "check_docs: groundswell_docs wrote $n documents, not 5"
    bad=1
fi
exit $bad
