# shellcheck shell=sh
# What the command-line tests share; sourced. Each test runs in a folder of its own that is removed at its end.
# GS_PROGRAM is the program; the test's own words are one line per check, and the first that fails ends it.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
program=${GS_PROGRAM:-$root/build/dev/deploy/daemon/groundswell}
work=$(mktemp -d "${TMPDIR:-/tmp}/groundswell-cli.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cd "$work" || exit 1
# A failure of the program itself is not to look like one of the exit codes that it documents.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:exitcode=99" UBSAN_OPTIONS="${UBSAN_OPTIONS:-}:exitcode=99"
export NO_COLOR=1

fail() {
    echo "FAILED: $*"
    for file in out err; do
        [ -s $file ] && sed "s/^/    $file: /" $file | head -n 40 | cut -c1-400
    done
    exit 1
}

ok() { echo "ok: $*"; }

# The model that is shipped, or the one that GS_MODEL names; nothing here asks for its opinions.
model() {
    [ -z "${GS_MODEL:-}" ] || { echo "$GS_MODEL" && return; }
    for found in "$root"/classifier/models/*-fast/groundswell.json; do
        [ -e "$found" ] && dirname "$found" && return
    done
    fail "no model under classifier/models/"
}

# exits STATUS WHAT ARGUMENT…: runs the program, its stdout in ./out and stderr in ./err.
exits() {
    want=$1 what=$2
    shift 2
    timeout 60 "$program" "$@" >out 2>err </dev/null
    got=$?
    [ $got = "$want" ] || fail "$what: exit $got, not $want: groundswell $*"
    ok "$what"
}

# says FILE TEXT: FILE has the text in it (a basic regular expression).
says() {
    grep -q -e "$2" "$1" || fail "$1 does not say: $2"
}

# python CODE ARGUMENT…: a check in Python; any exception fails it.
python() { python3 -B -c "$@" || fail "the check above"; }

# surge: in.jsonl, a day of one company, forty minutes of bad news, four calm hours, and watchlist.csv with the company.
surge() {
    python "
import sys; sys.path.insert(0, '$root/tests/e2e'); sys.dont_write_bytecode = True
import random, json, surge
with open('in.jsonl', 'w', encoding='utf-8') as out:
    at, first = 1_700_000_100_000, 0
    for seed, bins, share in ((1, 288, .15), (2, 8, .85), (3, 48, .15)):
        for line in surge.records(random.Random(seed), at, bins, share, first):
            out.write(json.loads(line)['value'] + '\n')
        first, at = first + bins * surge.PER_BIN, at + bins * surge.BIN_MS
"
    printf 'id,name,aliases,tickers\nNRV,Norvane Holdings,Norvane,NRV\n' >watchlist.csv
}
