#!/bin/bash
# instructions.sh PROGRAM [--bless]: counts the instructions of fixed work (tests/bench/bench_instructions.c) under
# callgrind and fails when a case takes over 3 % more than tests/bench/instructions.json says. Seconds on a shared
# machine differ by more than that from minute to minute; instructions do not.
#
# GS_KERNELS=avx2, which valgrind can run. Only what happens inside the functions named below is counted, so that
# loading, printing and the C library's start are not; what they call in libc is. The counts are those of one compiler:
# with another (or without AVX2, or without valgrind) the test is skipped and says so. --bless writes the file anew.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd) || exit 2
program=$(realpath "$1") || exit 2
bless=${2:-}
kept=$root/tests/bench/instructions.json
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
cd "$root" || exit 2

skip() {
    echo "skipped: $1"
    exit 77
}
command -v valgrind >/dev/null || skip "no valgrind"
grep -q -w avx2 /proc/cpuinfo 2>/dev/null || skip "this CPU has no AVX2"
# What the compiler wrote into the program about itself, not what cc is today.
compiler=$(readelf -p .comment "$program" 2>/dev/null | sed -n 's/.*\] *\(GCC\|.*clang version\)[^0-9]*\([0-9]*\)\..*/\1 \2/p' | head -n 1)
[ "$compiler" = "GCC 12" ] || [ "$bless" = --bless ] || skip "counts are those of GCC 12, not of '$compiler'"

# name, the function that is counted, arguments
cases="encoder gs_engine_run encoder
ngrams gs_ngrams_extract fast
fast_tier gs_model_predict fast
cleaning gs_norm_run clean
language gs_lang_detect language
outline gs_outline outline
names gs_watchlist_find names
wordpiece gs_tokenizer_encode tokenize tests/golden/tokenizer/uncased
unigram gs_tokenizer_encode tokenize tests/golden/tokenizer/unigram
bpe gs_tokenizer_encode tokenize tests/golden/tokenizer/bpe"

count() { # FUNCTION ARGUMENTS...
    local function=$1
    shift
    GS_KERNELS=avx2 valgrind --tool=callgrind --callgrind-out-file="$dir/out" --toggle-collect="$function" \
        "$program" "$@" >"$dir/stdout" 2>"$dir/stderr" || {
        cat "$dir/stderr" >&2
        return 1
    }
    sed -n 's/^==[0-9]*== Collected : \([0-9]*\).*/\1/p' "$dir/stderr"
}

echo "$cases" | while read -r name function arguments; do
    # shellcheck disable=SC2086 # several arguments
    n=$(count "$function" $arguments) || exit 2
    [ "${n:-0}" -gt 0 ] || { echo "$name: nothing was counted in $function" >&2; exit 2; }
    echo "$name $n $(cat "$dir/stdout")"
done >"$dir/counts" || exit 2

python3 - "$dir/counts" "$kept" "$bless" "$compiler" <<'PY'
import json, sys
counts, kept, bless, compiler = sys.argv[1:]
got = {}
for line in open(counts):
    name, n, what = line.split(maxsplit=2)
    got[name] = {"instructions": int(n), "answer": what.strip()}
if bless:
    with open(kept, "w") as f:
        json.dump({"compiler": compiler, "kernels": "avx2", "cases": got}, f, indent=2)
        f.write("\n")
    print("written:", kept)
    sys.exit(0)
want = json.load(open(kept))["cases"]
bad = set(got) != set(want)
for name in sorted(set(got) | set(want)):
    if name not in got or name not in want:
        print(f"{name}: only in {'the file' if name in want else 'this run'}; tests/bench/instructions.sh --bless")
        continue
    change = got[name]["instructions"] / want[name]["instructions"] - 1
    wrong = []
    if change > 0.03:
        wrong.append("over +3 %")
    if got[name]["answer"] != want[name]["answer"]:
        wrong.append(f"another answer: {got[name]['answer']}, it was {want[name]['answer']}")
    bad = bad or bool(wrong)
    print(f"{name:10} {got[name]['instructions']:12} {100 * change:+7.2f} %  {'; '.join(wrong) or 'ok'}")
    if change < -0.03:
        print(f"{name}: fewer; bless it, so that the gain is held")
sys.exit(1 if bad else 0)
PY
