#!/bin/sh
# check_elf.sh PROGRAM: reads the program as it was built and fails when something of deploy/cmake/GsHarden.cmake is not
# in it. Flags that leave no trace in what is run are looked for in the compiler's notes of its command line (-g).
set -u
program=$1
command -v readelf >/dev/null || { echo "skipped: no readelf" && exit 77; }
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
bad=0

readelf -W -h -l -d "$program" >"$scratch/program" 2>/dev/null || { echo "check_elf: $program is no ELF file" && exit 1; }
readelf -W --dyn-syms "$program" >"$scratch/symbols"
# Of each of our own files: the command line that it was compiled with.
readelf -W -p .debug_str "$program" 2>/dev/null | grep 'GNU C17' >"$scratch/compiled"

has() { # FILE TEXT WHAT
    if grep -q -e "$2" "$scratch/$1"; then
        echo "ok: $3"
    else
        echo "check_elf: $3: not so in $program"
        bad=1
    fi
}
lacks() {
    if grep -q -e "$2" "$scratch/$1"; then
        echo "check_elf: $3: not so in $program"
        bad=1
    else
        echo "ok: $3"
    fi
}

has program 'Type: *DYN' "it may lie at any address (PIE)"
has program 'GNU_STACK .* RW ' "its stack is not run"
lacks program 'LOAD .* RWE ' "no part is both written and run"
lacks program 'TEXTREL' "its code is not rewritten when it is loaded"
has program 'GNU_RELRO' "its table of functions is read-only (RELRO)"
has program 'FLAGS_1.* NOW' "that table is filled at the start (BIND_NOW)"
has symbols '__stack_chk_fail' "a written-over stack is seen (stack protector)"
has symbols '__[a-z]*_chk@' "copies into buffers of known size are checked (FORTIFY)"
if [ -s "$scratch/compiled" ]; then
    every_file() { # FLAG WHAT: each has it
        if grep -q -v -e "$1" "$scratch/compiled"; then
            echo "check_elf: compiled without $1: $2"
            grep -v -e "$1" "$scratch/compiled" | head -n 3 | cut -c1-300
            bad=1
        else
            echo "ok: $2"
        fi
    }
    every_file '-fstack-protector' "every file has the stack protector"
    # The mark of the whole program (readelf -n) needs the C library's start files to have it, and Debian 12's have not.
    ! readelf -h "$program" | grep -q 'X86-64' ||
        every_file '-fcf-protection=full' "indirect jumps land only on marked places (CET)"
    every_file '-ftrivial-auto-var-init=zero' "a variable that is not set is zero"
else
    echo "the compiler left no command lines: two checks are left out"
fi
exit $bad
