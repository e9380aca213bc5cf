#!/bin/sh
# Input that breaks off, is another kind of file or does not end: what came before is written, the message says what and
# where, and a signal is heard.
. "$(dirname "$0")/lib.sh"
model=$(model)

python '
import gzip, json, time
now = int(time.time() * 1000) - 10**7
lines = [json.dumps({"id": f"m{n}", "ts": now + n * 1000, "source": "wire", "text": f"shares of no. {n} fall {n * 7919 % 1000}%"})
         for n in range(3000)]
whole = gzip.compress(("\n".join(lines) + "\n").encode())
open("cut.gz", "wb").write(whole[:len(whole) // 2])
open("wrong-sum.gz", "wb").write(whole[:-8] + bytes(8))
'
cat >files.yaml <<YAML
input: {kind: file, files: [wrong-sum.gz]}
output:
  kind: file
  files: {tagged: tagged.jsonl, observations: observations.jsonl, dlq: dlq.jsonl}
observations: {sources: true, promotion: true}
model:
  path: $model
batch: {max_messages: 700}
http: {enabled: false}
YAML

# same_as_said FILE: FILE has as many lines as the message on stderr says, ids in order.
same_as_said() {
    python '
import json, re, sys
n = int(re.search(r"after line (\d+)", open("err").read()).group(1))
ids = [json.loads(line)["id"] for line in open(sys.argv[1], encoding="utf-8")]
assert n > 0 and ids == [f"m{i}" for i in range(n)], (n, len(ids))
assert len(sys.argv) < 3 or n == int(sys.argv[2]), n
' "$@"
}

exits 3 "tag: a gzip that is cut off is a failure" tag --model "$model" cut.gz
says err "cut off"
same_as_said out
ok "tag: the lines before are tagged"
exits 3 "tag: a gzip with a wrong check sum" tag --model "$model" --threads 2 wrong-sum.gz
same_as_said out 3000
ok "tag: a gzip that is only wrong at its end gives all its lines"
exits 3 "run: a gzip with a wrong check sum" run -c files.yaml
same_as_said tagged.jsonl 3000
ok "run: the lines before are written, whatever the batch"
exits 3 "replay: a gzip with a wrong check sum" replay -c files.yaml wrong-sum.gz
says err "after line 3000"
says err "3000 lines"
exits 3 "train: a gzip that is cut off trains nothing" train --kind ngram --data cut.gz --out trained
[ ! -e trained/groundswell.json ] || fail "a model of half the data"

printf '{"id":"1","text":"profit fell"}\n\357\273\277{"id":"2","text":"profit fell"}\n' >marks.jsonl
exits 0 "a byte order mark inside a file" tag --model "$model" marks.jsonl
python '
import json
rows = [json.loads(line) for line in open("out", encoding="utf-8")]
assert [(row["id"], row["text"]) for row in rows] == [("1", "profit fell"), ("2", "profit fell")], rows
' && ok "a line behind a byte order mark is read as any other"
iconv -f UTF-8 -t UTF-16 marks.jsonl >wide.jsonl
exits 3 "UTF-16 is refused" tag --model "$model" wide.jsonl
says err "UTF-16.*iconv"
echo '{"id":"1","text":5}' >bad.jsonl
echo precious >mine
ln -s mine link
exits 3 "--rejects does not write through a link" tag --model "$model" --rejects link bad.jsonl
exits 3 "--rejects does not empty another file" tag --model "$model" --rejects mine bad.jsonl
[ "$(cat mine)" = precious ] || fail "another's file was changed"
exits 1 "--rejects makes a file" tag --model "$model" --rejects rejects bad.jsonl
[ "$(stat -c %a rejects)" = 600 ] || fail "rejects can be read by others"
exits 1 "--rejects takes its own file again" tag --model "$model" --rejects rejects bad.jsonl
[ "$(wc -l <rejects)" = 1 ] || fail "rejects are not from this run alone"
[ "$(stat -c %a tagged.jsonl)" = 600 ] || fail "tagged records can be read by others"

# An endless line: refused once, and the signal is heard.
rm -f dlq.jsonl
python '
import subprocess, sys, time, os
child = subprocess.Popen([sys.argv[1], "run", "-c", "files.yaml", "--set", "input.files=/dev/zero"])
until = time.monotonic() + 60
while not (os.path.exists("dlq.jsonl") and os.path.getsize("dlq.jsonl") > 0) and time.monotonic() < until:
    time.sleep(0.1)
child.terminate()
status = child.wait(60)
assert status in (0, 1), status
assert b"too_large" in open("dlq.jsonl", "rb").read()
' "$program" && ok "an endless line is refused once and ends with SIGTERM"
