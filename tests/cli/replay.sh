#!/bin/sh
# replay: alerts of a recorded stream, the same at every run.
. "$(dirname "$0")/lib.sh"
model=$(model)

python "
import sys; sys.path.insert(0, '$root/tests/e2e'); sys.dont_write_bytecode = True
import json, random, surge
with open('in.jsonl', 'w', encoding='utf-8') as out:
    at, first = 1_700_000_100_000, 0
    for seed, bins, share in ((1, 288, .15), (2, 8, .85), (3, 48, .15)):
        for line in surge.records(random.Random(seed), at, bins, share, first):
            out.write(json.loads(line)['value'] + '\n')
        first, at = first + bins * surge.PER_BIN, at + bins * surge.BIN_MS
"
printf 'id,name,aliases,tickers\nNRV,Norvane Holdings,Norvane,NRV\n' >watchlist.csv
cat >replay.yaml <<YAML
entities:
  watchlist: watchlist.csv
model:
  path: $model
YAML
exits 0 "replay" replay -c replay.yaml in.jsonl
cp out first
exits 0 "replay again" replay -c replay.yaml in.jsonl
cmp -s out first || fail "the second replay gives other alerts"
ok "deterministic"
python '
import json
alerts = [json.loads(line) for line in open("out", encoding="utf-8")]
mine = [a for a in alerts if a["key"] == "entity:NRV"]
assert [a["state"] for a in mine if a["state"] != "updated"] == ["firing", "resolved"], mine
' && ok "the planted surge fires and resolves"
