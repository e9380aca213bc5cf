#!/bin/sh
# run.sh [-n RUNS] [NAME]…: builds the release and runs its benchmarks (all, or those named: ngram is
# bench_ngram), RUNS times each (1). Prints their JSON lines with the run's number; for one page of results
# see results.sh. Quiet machine, please: nothing here can tell a busy one from slow code.
set -eu
cd "$(dirname "$0")/../.."

runs=1
if [ "${1:-}" = -n ]; then
    runs=$2
    shift 2
fi
mkdir -p build/logs
cmake --preset release -DBUILD_TESTING=ON >build/logs/bench-build.log
cmake --build --preset release >>build/logs/bench-build.log

if [ $# = 0 ]; then
    for source in tests/bench/bench_*.c; do
        [ -e "$source" ] || continue
        name=${source##*/bench_}
        case $name in encoder.c | instructions.c) continue ;; esac # these take arguments: rivals/, instructions.sh
        set -- "$@" "${name%.c}"
    done
fi
for name in "$@"; do
    program=$(find build/release -name "bench_$name" -type f -perm -u+x | head -n 1)
    [ -n "$program" ] || {
        echo "run.sh: there is no bench_$name in build/release" >&2
        exit 1
    }
    run=1
    while [ "$run" -le "$runs" ]; do
        echo "bench_$name, run $run of $runs" >&2
        "$program" | sed "s/^{/{\"run\":$run,/"
        run=$((run + 1))
    done
done
