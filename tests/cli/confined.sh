#!/bin/sh
# What a machine may deny a process: files beyond a size, memory that is both written and run, a file that keeps its
# length while it is read. Each is an answer or one clear line, never a death by a signal.
. "$(dirname "$0")/lib.sh"
model=$(model)
encoder=$root/tests/golden/folders/two-classes

# ---- ulimit -f: without care, a write past it ends the process by SIGXFSZ ----

i=0
while [ $i -lt 200 ]; do
    i=$((i + 1))
    echo "{\"id\":\"m$i\",\"text\":\"shares fall again today\"}"
done >texts.jsonl
sed 's/"text"/"txt"/' texts.jsonl >refused.jsonl

# too_large WHAT FILE ARGUMENT…: stdout goes to FILE; files end at 2 KiB.
too_large() {
    what=$1 file=$2
    shift 2
    (ulimit -f 4 && exec "$program" "$@" >"$file" 2>&3) 3>err </dev/null
    got=$?
    [ $got = 3 ] || fail "$what over the file size limit: exit $got, not 3"
    says err "File too large"
    [ "$(grep -c 'File too large' err)" = 1 ] || fail "$what: said more than once"
    ok "$what over the file size limit is one error"
}

too_large "tag's output" out tag --model "$model" texts.jsonl
mkdir kept
too_large "tag's rejects" /dev/null tag --model "$model" --rejects kept/refused refused.jsonl
says err "groundswell tag: kept/refused: File too large"
too_large "explain's page" /dev/null explain --model "$model" --html kept/page.html texts.jsonl
says err "groundswell explain: kept/page.html: File too large"
too_large "tokenize's output" out tokenize --model "$encoder" texts.jsonl
too_large "embed's output" out embed --model "$encoder" texts.jsonl
too_large "quantize's weights" /dev/null quantize --model "$encoder" --out int8
cat >files.yaml <<YAML
input: {kind: file, files: [texts.jsonl]}
output: {kind: file, files: {tagged: tagged.jsonl, alerts: null}}
model: {path: $model}
http: {enabled: false}
YAML
too_large "run's records" /dev/null run -c files.yaml --stage tag

cat >replay.yaml <<YAML
input: {kind: file, files: [texts.jsonl]}
output: {kind: file, files: {tagged: tagged.jsonl, alerts: alerts.jsonl}}
model: {path: $model}
YAML
sed 's/"text":"/"ts":"2026-01-05T10:00:00Z","entities":["ACME"],"text":"/' texts.jsonl >times.jsonl

# ---- what a flag names is not written through a link, and what people wrote is its owner's ----

printf '{"text":"bank falls","sentiment":"negative"}\n' >labelled
echo keep >mine
ln -s mine page.html
umask 022
for command in "eval --model $model --html page.html --data labelled" "explain --model $model --html page.html texts.jsonl" \
    "replay -c replay.yaml --scores page.html times.jsonl" "replay -c replay.yaml --html page.html times.jsonl" "tag --model $model --rejects page.html refused.jsonl"; do
    # shellcheck disable=SC2086 # several arguments
    exits 3 "a link: ${command%% *}" $command
    says err "page.html: a symbolic link is not written through"
    [ "$(cat mine)" = keep ] || fail "${command%% *} wrote through a link"
done
exits 0 "eval --html" eval --model "$model" --html eval.html --data labelled
exits 0 "explain --html" explain --model "$model" --html explain.html labelled
exits 0 "replay --scores" replay -c replay.yaml --scores scores.csv times.jsonl
exits 0 "replay --html" replay -c replay.yaml --html replay.html times.jsonl
[ "$(stat -c %a eval.html scores.csv explain.html replay.html | tr '\n' ' ')" = "644 644 600 600 " ] || fail "who may read what: $(stat -c '%a %n' ./*.html scores.csv)"
ok "measures are for all, texts are their owner's"

# ---- memory that is written first and run then: systemd's MemoryDenyWriteExecute, PR_SET_MDWE ----

# confine.py KIND PROGRAM ARGUMENT…: under one of the kernel's two ways to deny it. 77: this kernel has not got it.
cat >confine.py <<'PY'
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, PR_SET_MDWE, FILTER = 38, 22, 65, 2
def refused(): sys.exit(77)
if sys.argv[1] == "mdwe":
    libc.prctl(PR_SET_MDWE, 1, 0, 0, 0) == 0 or refused()
else:  # as systemd does: no mprotect() or mmap() that adds PROT_EXEC to what may be written
    LOAD, JEQ, JSET, RET = 0x20, 0x15, 0x45, 0x06
    NUMBER, PROT, EXEC, WRITE = 0, 32, 4, 2
    MMAP, MPROTECT, DENY, ALLOW = 9, 10, 0x50001, 0x7FFF0000
    os.uname().machine == "x86_64" or refused()
    code = [(LOAD, 0, 0, NUMBER), (JEQ, 2, 0, MPROTECT), (JEQ, 3, 0, MMAP), (RET, 0, 0, ALLOW),
            (LOAD, 0, 0, PROT), (JSET, 3, 4, EXEC),           # mprotect()
            (LOAD, 0, 0, PROT), (JSET, 0, 2, WRITE), (JSET, 0, 1, EXEC),  # mmap(): both bits
            (RET, 0, 0, DENY), (RET, 0, 0, ALLOW)]
    packed = b"".join(struct.pack("HBBI", *one) for one in code)
    held = ctypes.create_string_buffer(packed)
    program = struct.pack("HxxxxxxP", len(code), ctypes.addressof(held))
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 or refused()
    libc.prctl(PR_SET_SECCOMP, FILTER, ctypes.c_char_p(program), 0, 0) == 0 or refused()
os.execv(sys.argv[2], sys.argv[2:])
PY

warning='denies memory that is written and then run'
# A rule of one's own is a pattern; the masks that come with the program are functions.
cat >rules.yaml <<'YAML'
text:
  rules:
    - {name: fall, pattern: "f[a]+ll", replace: drop}
YAML
"$program" tag -c rules.yaml --model "$model" texts.jsonl >free 2>err || fail "tag unconfined"
! grep -q "$warning" err || fail "the rules are interpreted without need"
# The times that records get without their own are left out.
sed 's/^.*"text"/"text"/' free >free.texts
for kind in mdwe seccomp; do
    python3 -B confine.py $kind "$program" tag -c rules.yaml --model "$model" texts.jsonl >out 2>err </dev/null
    got=$?
    [ $got != 77 ] || { ok "$kind: not in this kernel" && continue; }
    [ $got = 0 ] || fail "tag under $kind: exit $got"
    sed 's/^.*"text"/"text"/' out | cmp -s - free.texts || fail "$kind: other texts than without"
    [ "$(grep -c "$warning" err)" = 1 ] || fail "$kind: not one warning"
    ok "$kind: the same texts, one warning"
    python3 -B confine.py $kind "$program" tag -c rules.yaml --model "$model" --set text.jit=off texts.jsonl >out 2>err </dev/null ||
        fail "tag under $kind with text.jit=off"
    ! grep -q "$warning" err || fail "$kind: a warning about what is meant"
    ok "$kind: text.jit: off is quiet"
done
python3 -B confine.py mdwe "$program" explain --model "$model" "shares fall" >out 2>err </dev/null
got=$?
if [ $got != 77 ]; then # it cleans texts by another way than tag
    [ $got = 0 ] || fail "explain under mdwe: exit $got"
    ! grep -q "$warning" err || fail "explain under mdwe: a warning, though there is no pattern"
    ok "mdwe: explain"
fi
