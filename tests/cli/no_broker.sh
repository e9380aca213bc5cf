#!/bin/sh
# No Kafka where the configuration says: one plain line about it, and a stop that waits for nothing.
. "$(dirname "$0")/lib.sh"
model=$(model)

cat >kafka.yaml <<YAML
kafka: {brokers: "127.0.0.1:1"}
input: {topics: [raw]}
model: {path: $model}
http: {port: 0}
YAML
"$program" run -c kafka.yaml >out 2>err &
pid=$!
python '
import re, sys, time
for _ in range(1200):
    if "is Kafka at" in open("err").read(): break
    time.sleep(0.1)
text = open("err").read()
lines = [line for line in text.splitlines() if "Kafka" in line and " run: " not in line]
assert len(lines) == 1, text
assert re.search(r"warning: .*is Kafka at 127\.0\.0\.1:1\? Connection refused; trying again$", lines[0]), lines
assert re.search(r"info: run: groundswell [0-9.]+, configuration kafka.yaml, model .*Kafka at 127\.0\.0\.1:1$", text, re.M), text
' && ok "one line asks for Kafka"
port=$(sed -n 's|.*http://127.0.0.1:\([0-9]*\)/.*|\1|p' err)
kill -TERM $pid
# While clients are still being opened. The bound is the lane's own, 5 s; the rest is for a busy machine.
python '
import os, sys, time
pid, from_s = int(sys.argv[1]), time.monotonic()
while time.monotonic() - from_s < 25:
    try: state = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError: break
    if state == "Z": break
    time.sleep(0.05)
else:
    raise SystemExit("it did not stop")
' $pid
wait $pid
got=$?
[ $got = 0 ] || fail "exit $got after SIGTERM, not 0"
ok "a stop while clients are opened ends at once"
python '
import socket, sys
socket.create_server(("127.0.0.1", int(sys.argv[1]))).close()
' "$port" && ok "the port is free"
