#!/bin/bash
# mutants.sh [NAME]…: can the end-to-end tests fail? Copies the tree, puts the bug of each
# tests/e2e/mutants/NAME.patch into the copy, builds it and runs the test that is there to catch it, which must
# fail, and for the reason that it is there for. The patch's first lines say which:
#
#   test: kill              tests/e2e/test_kill.py, or tests/chaos/test_kill.py
#   says: lost [1-9]        what its failure must say (an extended regular expression)
#
# Ends with "N caught, N missed"; exit status 1 when one was missed. About two minutes each.
set -u
cd "$(dirname "$0")/../.." || exit 2
version=${KAFKA_VERSION:-3.9.2}
tree=$PWD/build/mutants
logs=$PWD/build/logs
mutants=$PWD/tests/e2e/mutants

[ $# -gt 0 ] || set -- $(cd "$mutants" && ls -- *.patch | sed 's/\.patch$//')

rm -rf "$tree"
mkdir -p "$tree/build" "$logs"
{ git ls-files --cached --others --exclude-standard 2>/dev/null || find . -path ./build -prune -o -type f -print; } |
    tar -c -T - | tar -x -C "$tree" || exit 2
tests/e2e/fetch_kafka.sh "$version" "$PWD/build/kafka-$version" || exit 2
ln -s "$PWD/build/kafka-$version" "$tree/build/kafka-$version"
cd "$tree" || exit 2

build() {
    cmake --preset release -DBUILD_TESTING=ON && cmake --build --preset release --target groundswell kafkatool failpoints
}

# One mutant; says what became of it.
try() { # NAME
    local patch=$mutants/$1.patch log=$logs/mutant-$1.log test script says
    test=$(sed -n 's/^test: //p' "$patch")
    script=$(ls tests/{e2e,chaos}/"test_$test.py" 2>/dev/null)
    says=$(sed -n 's/^says: //p' "$patch")
    if ! patch --dry-run --strip=1 --fuzz=3 --quiet <"$patch" >"$log" 2>&1 ||
        ! patch --strip=1 --fuzz=3 --quiet <"$patch" >>"$log" 2>&1; then
        echo "the patch does not apply any more: $log"
        return 1
    fi
    if ! build >>"$log" 2>&1; then
        echo "it does not build: $log"
    elif "$script" "$version" >>"$log" 2>&1; then
        echo "MISSED by $test"
    elif ! grep -qaE "FAILED: .*($says)" "$log"; then
        echo "$test failed for another reason: $(grep -a FAILED: "$log")"
    else
        echo "caught by $test: $(sed -n 's/.*FAILED: //p' "$log" | head -n 1 | cut -c1-160)"
    fi
    patch --strip=1 --fuzz=3 --quiet --reverse <"$patch" >>"$log" 2>&1
}

caught=0 missed=0
for name in "$@"; do
    started=$SECONDS
    verdict=$(try "$name")
    printf '%-24s %4d s  %s\n' "$name" $((SECONDS - started)) "$verdict"
    case $verdict in
    "caught by"*) caught=$((caught + 1)) ;;
    *) missed=$((missed + 1)) ;;
    esac
done
echo "$caught caught, $missed missed"
[ "$missed" = 0 ]
