#!/bin/sh
# run on stdin is a run like any other: a start line, HTTP while it lasts, and the port is free behind it.
. "$(dirname "$0")/lib.sh"
model=$(model)

cat >stdin.yaml <<YAML
input: {kind: stdin, format: text}
output: {kind: file, files: {tagged: tagged.jsonl}}
model: {path: $model}
http: {port: 0}
YAML
mkfifo lines
"$program" run -c stdin.yaml <lines >out 2>err &
pid=$!
exec 3>lines
echo "Regulator fines the bank" >&3
python '
import json, re, sys, time, urllib.request
for _ in range(600):
    found = re.search(r"(http://127\.0\.0\.1:\d+)/ \(status\)", open("err").read())
    if found: break
    time.sleep(0.1)
url = found.group(1)
def get(path):
    return urllib.request.urlopen(url + path, timeout=30).read().decode()
assert get("/healthz").startswith("ok")
for _ in range(600):
    status = json.loads(get("/api/v1/status"))
    if status["totals"]["tagged"]: break
    time.sleep(0.1)
assert status["totals"]["tagged"] == 1 and status["model"]["name"], status
assert status["totals"]["observations"] > 0, status
assert get("/readyz").startswith("ok")
metrics = get("/metrics")
assert "groundswell_build_info{" in metrics
assert re.search(r"groundswell_records_consumed_total\{stage=\"watch\"\} [1-9]", metrics)
' && ok "HTTP answers while stdin is read"
exec 3>&-
wait $pid
[ $? = 0 ] || fail "the run did not end with its input"
says err "info: run: groundswell [0-9.]*, configuration stdin.yaml, model [a-z-]* .*, stages tag and watch, reads stdin"
ok "the start line says what runs"

# The default port may be somebody's; one that was asked for may not.
sed -i 's/^http:.*//' stdin.yaml
python '
import os, socket, subprocess, sys
taken = socket.socket()
taken.bind(("127.0.0.1", 0)); taken.listen()
port = str(taken.getsockname()[1])
def run(*more):
    return subprocess.run([sys.argv[1], "run", "-c", "stdin.yaml", *more], input=b"a text\n", capture_output=True)
asked = run("--set", "http.port=" + port)
assert asked.returncode == 3, asked
assert port in asked.stderr.decode()
off = run("--set", "http.enabled=false")
assert off.returncode == 0 and b"http://" not in off.stderr, off
' "$program" && ok "a port that was asked for and is taken is a failure"
