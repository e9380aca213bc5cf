#!/bin/sh
# run with files for Kafka: both stages end with the input, every line is tagged or refused.
. "$(dirname "$0")/lib.sh"
model=$(model)

python '
import json, time
now = int(time.time() * 1000)
with open("in.jsonl", "w", encoding="utf-8") as out:
    for n in range(500):
        if n % 50 == 49:
            out.write("{\"id\":\n")
        else:
            out.write(json.dumps({"id": f"m{n}", "ts": now - (500 - n) * 1000, "source": "wire",
                                  "text": f"shares fall {n}%"}) + "\n")
'
cat >files.yaml <<YAML
input:
  kind: file
  files: [in.jsonl]
output:
  kind: file
  files: {tagged: tagged.jsonl, observations: observations.jsonl, dlq: dlq.jsonl}
observations: {sources: true, promotion: true}
model:
  path: $model
http:
  enabled: false
YAML
exits 1 "run --stage tag on a file ends with it, 1 because lines are refused" run -c files.yaml --stage tag
python '
import json
def read(name): return [json.loads(line) for line in open(name, encoding="utf-8")]
tagged, dlq, observations = read("tagged.jsonl"), read("dlq.jsonl"), read("observations.jsonl")
assert [t["id"] for t in tagged] == [f"m{n}" for n in range(500) if n % 50 != 49]
assert len(dlq) == 10, len(dlq)
assert {o["id"] for o in observations} == {t["id"] for t in tagged}
' && ok "tagged, refused and observations add up"
