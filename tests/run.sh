#!/bin/bash
# run.sh [--only STAGE[,STAGE]…] [--no-install] [--list]: every test there is, from nothing.
#
# Installs what is missing (deploy/install-packages.sh), builds each preset it needs and runs its tests. One line per
# stage; details in build/logs/; the last line is "N passed, N failed, N skipped". Exit status 1 when
# anything failed. e2e mostly waits for Kafka, so it runs beside the stages after it. With CI=true a skipped test counts as failed, unless what it lacks is the data that
# GROUNDSWELL_DATA names (default ../shared/data), which is not part of the project.
set -u
cd "$(dirname "$0")/.." || exit 2

# In this order. `unit` means unit, integration, tools and command-line tests.
ALL="dev unit release e2e format tsan fuzz data tidy"
declare -A ABOUT=(
    [dev]="build with gcc, ASan and UBSan"
    [unit]="unit, integration, tools and command-line tests under ASan and UBSan"
    [format]="clang-format"
    [tsan]="unit and integration tests under ThreadSanitizer"
    [fuzz]="build with clang, each fuzzer for 6 s"
    [release]="build and test what is shipped"
    [e2e]="end to end on Kafka 3.9 and 4.4, Prometheus and Alertmanager"
    [data]="real texts, under ASan and UBSan"
    [tidy]="clang-tidy on every source file"
)
# Seconds that a single test may take.
LIMIT=300
# Rooms whose code and unit tests start no thread: nothing there can race, so ThreadSanitizer, which makes them ten
# times slower, has nothing to find. They run under it all the same as parts of the program, in the other tests.
ONE_THREAD=(alerting/detector ingest/files ingest/records ingest/text)
# Processes that compute at once; and tests, many of which wait for a socket rather than compute.
JOBS=2
TESTS_AT_ONCE=4
# Tests on a Kafka of their own, beside all other stages.
KAFKAS_AT_ONCE=2

usage() {
    echo "usage: tests/run.sh [--only STAGE[,STAGE]...] [--no-install]"
    echo "stages:"
    for stage in $ALL; do printf '  %-8s %s\n' "$stage" "${ABOUT[$stage]}"; done
}

stages=$ALL
install=yes
while [ $# -gt 0 ]; do
    case $1 in
    --only)
        stages=${2:-}
        stages=${stages//,/ }
        shift
        ;;
    --no-install) install= ;;
    --list | --help | -h)
        usage
        exit 0
        ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
    shift
done
for stage in $stages; do
    [ -n "${ABOUT[$stage]:-}" ] || {
        echo "run.sh: there is no stage $stage" >&2
        usage >&2
        exit 2
    }
done

logs=$PWD/build/logs
mkdir -p "$logs"
passed=0 failed=0 skipped=0
wrap=()
export CTEST_PARALLEL_LEVEL=$TESTS_AT_ONCE CMAKE_BUILD_PARALLEL_LEVEL=$JOBS
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

# ThreadSanitizer of gcc 12 dies on kernels with more than 28 bits of random addresses.
fixed_addresses=()
setarch -R true 2>/dev/null && fixed_addresses=(setarch -R)

build() { # PRESET [OPTION]…
    local preset=$1
    shift
    cmake --preset "$preset" -DBUILD_TESTING=ON "$@" && cmake --build --preset "$preset"
}

# ctest on one build, by name; what came of it is counted from its report.
run_tests() { # PRESET REGEX [OPTION]… ; wrap=(COMMAND…) starts ctest by another
    local preset=$1 regex=$2
    shift 2
    reports+=("$logs/$stage-$preset.xml")
    rm -f "$logs/$stage-$preset.xml"
    "${wrap[@]}" ctest --test-dir "build/$preset" --tests-regex "$regex" --output-on-failure --no-tests=error \
        --timeout "$LIMIT" --test-output-size-passed 1000000 --test-output-size-failed 1000000 \
        --output-junit "$logs/$stage-$preset.xml" "$@"
}

sources() { # the project's own C files
    git ls-files --cached --others --exclude-standard '*.c' '*.h' 2>/dev/null || find \
        ingest tokenizer classifier alerting deploy tests -name '*.[ch]'
}

stage_dev() { build dev; }
stage_unit() { run_tests dev '^(unit|integration|tools|cli)/'; }
stage_format() { # names the files; clang-format -i puts them right
    local bad=0 file
    while read -r file; do
        clang-format-14 --dry-run -Werror "$file" 2>/dev/null || { echo "$file" && bad=1; }
    done < <(sources)
    return $bad
}
stage_tsan() {
    local wrap=("${fixed_addresses[@]}") room rooms=
    for room in "${ONE_THREAD[@]}"; do
        ! grep -rnE '(thrd|pthread)_create' "$room" "tests/unit/$room" || { echo "$room starts a thread" && return 1; }
        rooms+="|$room"
    done
    build tsan && run_tests tsan '^(unit|integration)/' --exclude-regex "^unit/(${rooms#|})/"
}
stage_fuzz() { build fuzz && run_tests fuzz '^fuzz/' -j "$JOBS"; }
stage_release() { build release && run_tests release '^(unit|cli)/'; }
stage_e2e() { rm -rf build/e2e && build release && run_tests release '^e2e/' -j "$KAFKAS_AT_ONCE"; }
stage_data() { build dev && run_tests dev '^data/' -j "$JOBS"; }
stage_tidy() { # one file at a time: given several, clang-tidy 14 forgets va_start in all but the first
    cmake --preset dev -DBUILD_TESTING=ON >/dev/null &&
        sources | grep '\.c$' | grep -Ff <(python3 tests/tools/compiled.py build/dev/compile_commands.json) |
        xargs -r -n 1 -P "$JOBS" clang-tidy-14 -p build/dev --quiet
}

# Runs one stage, prints what came of it and leaves the counts in build/logs/STAGE.counts. A stage without a report of
# tests is one test itself.
run_stage() {
    local log=$logs/$stage.log started=$SECONDS ok=yes counts
    reports=()
    rm -f "$log.notes"
    "stage_$stage" >"$log" 2>&1 || ok=
    counts=$(python3 tests/tools/count.py ${ok:+--passed} ${CI:+--ci "$CI"} "${reports[@]}" 2>>"$log.notes") ||
        counts="0 1 0"
    read -r p f s <<<"$counts"
    printf '%-8s %5d passed %3d failed %3d skipped %5d s  %s\n' \
        "$stage" "$p" "$f" "$s" $((SECONDS - started)) "${ABOUT[$stage]}"
    cat "$log.notes"
    if [ "$f" -gt 0 ] && ! grep -q '^  FAILED: ' "$log.notes"; then
        echo "---- the end of build/logs/$stage.log:"
        tail -n 60 "$log" | cut -c1-400
        echo "----"
    fi
    echo "$p $f $s" >"$logs/$stage.counts"
}

# A stage whose counts are missing died: that is a failure.
add_up() {
    local p=0 f=1 s=0
    [ ! -f "$logs/$stage.counts" ] || read -r p f s <"$logs/$stage.counts"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ]
    exit
}

if [ -n "$install" ] && ! ./deploy/install-packages.sh tests; then
    echo "run.sh: the packages that the tests need are not there (above); --no-install goes on without"
    failed=1
    finish
fi
beside= # the process that runs e2e
trap '[ -z "$beside" ] || kill "$beside" 2>/dev/null' EXIT
for stage in $stages; do
    rm -f "$logs/$stage.counts"
    if [ "$stage" = e2e ]; then
        run_stage >"$logs/e2e.said" 2>&1 &
        beside=$!
    else
        run_stage
    fi
done
if [ -n "$beside" ]; then
    wait "$beside"
    cat "$logs/e2e.said"
fi
for stage in $stages; do
    add_up
done
finish
