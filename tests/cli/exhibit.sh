#!/bin/sh
# replay --alert: one alert or incident computed anew, with what it rests on, held against its record.
. "$(dirname "$0")/lib.sh"
model=$(model)

surge
python "
lines = open('in.jsonl', encoding='utf-8').readlines()
open('one.jsonl', 'w', encoding='utf-8').write('\n' + ''.join(lines[:len(lines) // 2]))
open('two.jsonl', 'w', encoding='utf-8').write(''.join(lines[len(lines) // 2:]))
"
gzip two.jsonl
cat >replay.yaml <<YAML
entities:
  watchlist: watchlist.csv
model:
  path: $model
YAML
sed 's/^model/watch:\n  min_stories: 4\nmodel/' replay.yaml >other.yaml
exits 0 "a replay" replay -q -c replay.yaml --set output.files.incidents=incidents.jsonl --set output.files.observations=observations.jsonl --set output.files.tagged=tagged.jsonl in.jsonl
cp out alerts.jsonl
id=$(sed -n 's/^{"v":1,"id":"\([0-9a-f]*\)","rule":"negative_share","key":"entity:NRV".*/\1/p' alerts.jsonl | head -n 1)
incident=$(sed -n '1s/^{"v":1,"id":"\([0-9a-f]*\)".*/\1/p' incidents.jsonl)
[ -n "$id" ] && [ -n "$incident" ] || fail "no alert of entity:NRV, or no incident"

exits 0 "an alert" replay -q -c replay.yaml --alert "$id" --record alerts.jsonl in.jsonl
says out "^alert $id: REPRODUCED: all \([0-9]*\) recorded changes of \1 computed ones (\1 byte for byte, 0 "
says out '^part of incident [0-9a-f]*: .*Norvane'
grep "\"id\":\"$id\",\"rule\"" alerts.jsonl >mine
grep '^{"v":1,"id"' out | cmp -s - mine || fail "the exhibit has other records than went out"
grep '^[0-9a-f]\{64\}  ' out | grep -v 'settings that can' | sha256sum -c --quiet || fail "sha256sum finds other hashes"
ok "hashes are those of sha256sum"
for part in program configuration model watchlist input; do says out "^$part$"; done
exits 0 "as JSON" replay -q -c replay.yaml --alert "$id" --record alerts.jsonl --json in.jsonl
python "
import hashlib, json
what = json.load(open('out', encoding='utf-8'))
lines = open('in.jsonl', 'rb').read().split(b'\n')
assert what['verdict'] == 'identical' and what['record']['same'] == len(what['records']) > 1, what['record']
fired = what['records'][0]
assert {e['id'] for e in fired['evidence']} <= {e['id'] for e in what['evidence']}
for e in what['evidence']:
    line = lines[e['line'] - 1]
    assert e['file'] == 'in.jsonl' and line.decode() == e['text'] and json.loads(line)['id'] == e['id'], e
    assert hashlib.sha256(line).hexdigest() == e['sha256'], e
assert [m['name'] for m in what['models']] == ['finance-zh-en-fast'] and what['tagged_here'], what['models']
" && ok "evidence is shown as it stands in the input"

exits 0 "an incident" replay -q -c replay.yaml --alert "$incident" --record incidents.jsonl in.jsonl
says out "^incident $incident: REPRODUCED: all "
says out '^records of its alerts$'
sed 's/"told":true/"told":false,"silence":"muted"/' incidents.jsonl >muted.jsonl
exits 0 "an incident that was muted" replay -q -c replay.yaml --alert "$incident" --record muted.jsonl in.jsonl
says out 'byte for byte, 0 in other bytes, [1-9][0-9]* but for what people answered)$'

sed '1s/"weight":0\.[0-9]*/"weight":0.125/; 1s/"n":[0-9]*/"n":7/' mine >tampered
exits 1 "a record that was tampered with" replay -q -c replay.yaml --alert "$id" --record tampered in.jsonl
says out "^alert $id: DIFFERENT from tampered: of [0-9]* recorded changes [0-9]* are the same, 1 differ, 0 are not computed"
says out '^  firing at 2023.*: evidence\[0\].weight: recorded 0.125, computed 0\.'
says out '^  firing at 2023.*: n: recorded 7, computed '
exits 1 "another configuration" replay -q -c replay.yaml --set watch.min_publishers=900 --alert "$id" --record alerts.jsonl in.jsonl
says out "^$id: NOT FOUND: "
says out '^--set watch.min_publishers=900$'
exits 1 "a record without it" replay -q -c replay.yaml --alert "$id" --record incidents.jsonl --json in.jsonl
says out '"verdict":"not_recorded"'
exits 0 "without a record" replay -q -c replay.yaml --alert "$id" --json in.jsonl
says out '"verdict":"computed","record":null'
hash() { python3 -c 'import json; print(json.load(open("out"))["settings_sha256"])'; }
mine=$(hash)
exits 0 "the same settings in other words" replay -q -c replay.yaml --set watch.cooldown=120m --set log.level=error --alert "$id" --json in.jsonl
[ "$(hash)" = "$mine" ] || fail "the same settings have another hash"
exits 0 "another setting" replay -q -c replay.yaml --set watch.cooldown=121m --alert "$id" --json in.jsonl
[ "$(hash)" != "$mine" ] || fail "other settings have the same hash"

# From kept records; from several files, one of them packed.
exits 0 "from tagged records" replay -q -c replay.yaml --alert "$id" --record alerts.jsonl tagged.jsonl
says out ": REPRODUCED: "
says out '^model (not asked: the input was tagged before)$'
says out '^messages tagged by finance-zh-en-fast '
exits 0 "from observations" replay -q -c replay.yaml --alert "$id" --record alerts.jsonl --json observations.jsonl
python '
import json
what = json.load(open("out", encoding="utf-8"))
assert what["verdict"] == "identical" and what["evidence"], what["record"]
assert all(json.loads(e["text"])["key"] == "entity:NRV" and json.loads(e["text"])["id"] == e["id"] for e in what["evidence"]), what["evidence"]
' && ok "observations of the alert's own key"
exits 0 "from two files" replay -q -c replay.yaml --set input.default_source=x --alert "$id" --record alerts.jsonl --json one.jsonl two.jsonl.gz
python '
import gzip, json
what = json.load(open("out", encoding="utf-8"))
files = {"one.jsonl": open("one.jsonl", "rb").read().split(b"\n"), "two.jsonl.gz": gzip.open("two.jsonl.gz").read().split(b"\n")}
assert what["verdict"] == "identical" and what["evidence"], what["record"]
assert all(files[e["file"]][e["line"] - 1].decode() == e["text"] for e in what["evidence"]), what["evidence"]
' && ok "a line is found in the file that it is in"

exits 2 "an id that is none" replay -c replay.yaml --alert 12 in.jsonl
exits 2 "standard input" replay -c replay.yaml --alert "$id" -
exits 3 "what can be read once" replay -q -c replay.yaml --alert "$id" /dev/null
says err '/dev/null: is no regular file'
exits 2 "a record without an id" replay -c replay.yaml --record alerts.jsonl in.jsonl
exits 2 "a what-if of an alert" replay -c replay.yaml --alert "$id" --against other.yaml in.jsonl
exits 3 "a record that is not there" replay -q -c replay.yaml --alert "$id" --record none.jsonl in.jsonl
exits 3 "an input that is not there" replay -q -c replay.yaml --alert "$id" none.jsonl
