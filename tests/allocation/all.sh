#!/bin/sh
# all.sh [PROGRAM]: fails each allocation of each scenario once (sweep.c), by default of the build with the sanitizers.
cd "$(dirname "$0")/.." || exit 2
program=${1:-$PWD/../build/dev/tests/allocation/allocation_sweep}
status=0
for scenario in $("$program"); do
    "$program" "$scenario" || status=1
done
exit $status
