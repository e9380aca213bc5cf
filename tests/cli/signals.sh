#!/bin/sh
# SIGTERM and SIGINT finish what is in flight: what was read is written, and the exit code says it went well.
. "$(dirname "$0")/lib.sh"
model=$(model)

for signal in TERM INT; do
    rm -f in out
    mkfifo in
    # SIGINT is ignored in a shell's background jobs, and so in what they start: Python starts it clean.
    python3 -B -c '
import os, signal, subprocess, sys, time
program, model, name = sys.argv[1:]
with open("out", "wb") as out, open("err", "wb") as err:
    child = subprocess.Popen([program, "tag", "--model", model, "--quiet", "-"], stdin=subprocess.PIPE, stdout=out,
                             stderr=err)
    for n in range(100):
        child.stdin.write(b"{\"id\":\"m%d\",\"text\":\"shares fall\"}\n" % n)
    child.stdin.flush()
    for _ in range(600):  # it has begun to answer: on a busy machine that takes a while
        if os.path.getsize("out") > 0:
            break
        time.sleep(0.1)
    time.sleep(1)
    child.send_signal(getattr(signal, "SIG" + name))
    status = child.wait(20)
lines = open("out", "rb").read().splitlines()
assert status == 0, f"exit {status}"
assert len(lines) == 100, f"{len(lines)} of 100 lines"
' "$program" "$model" $signal || fail "SIG$signal"
    ok "SIG$signal: what was read is written, exit 0"
done
