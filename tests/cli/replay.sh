#!/bin/sh
# replay: alerts of a recorded stream, the same at every run.
. "$(dirname "$0")/lib.sh"
model=$(model)

surge
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
python '
import json
first = [json.loads(line) for line in open("out", encoding="utf-8") if "entity:NRV" in line][0]
assert first["name"] == "Norvane Holdings" and first["summary"].startswith("Norvane Holdings (entity:NRV): "), first
assert first["evidence"][0]["text"] in first["summary"] and first["updated_at"] == first["fired_at"], first
' && ok "the alert says the name and the headline"
says err 'entity:NRV  Norvane Holdings'

rm -f incidents.jsonl
exits 0 "a replay that writes incidents" replay -c replay.yaml --set output.files.incidents=incidents.jsonl in.jsonl
cmp -s out first || fail "incidents change the alerts"
cp incidents.jsonl incidents.first
python '
import json, random
incidents = [json.loads(line) for line in open("incidents.jsonl", encoding="utf-8")]
mine = [i for i in incidents if "entity:NRV" in [key["key"] for key in i["keys"]]]
assert len({i["id"] for i in mine}) == 1, mine
assert [i["notice"] for i in incidents if i["id"] == mine[0]["id"] and i["notice"] in ("opened", "ended")] == ["opened", "ended"], mine
assert "Norvane" in mine[-1]["title"] and mine[-1]["ends_at"], mine[-1]
alerts = {json.loads(line)["id"] for line in open("out", encoding="utf-8")}
assert all(key["alert"] in alerts for i in incidents for key in i["keys"])
# The same messages in another order within the lateness: blocks of four minutes are turned round.
lines = [json.loads(line) for line in open("in.jsonl", encoding="utf-8")]
lines.sort(key=lambda line: (line["ts"] // 240000 if isinstance(line["ts"], int) else line["ts"][:15]))
blocks = {}
for line in lines:
    blocks.setdefault(line["ts"] // 240000 if isinstance(line["ts"], int) else line["ts"][:15], []).append(line)
with open("turned.jsonl", "w", encoding="utf-8") as out:
    for block in blocks.values():
        for line in reversed(block):
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
' && ok "the surge is one incident, told to begin once and to end once"
says err 'severity  notices  incident, and its alerts'
says err 'alerts in [0-9]* incidents$'
rm -f incidents.jsonl
exits 0 "a replay in another order" replay -c replay.yaml --set output.files.incidents=incidents.jsonl turned.jsonl
cmp -s incidents.jsonl incidents.first || fail "another order within the lateness gives other incidents"
ok "order within the lateness does not matter"

exits 0 "a replay where nothing can fire" replay -c replay.yaml --set watch.min_publishers=900 in.jsonl
[ ! -s out ] || fail "it fires"
says err 'no alert; nearest: .* at 20.*Z: evidence 10^[0-9.-]*, 10^[0-9.]* is needed; .* publishers'

# ---- volume mode ----

python '
import datetime, random
rng, at = random.Random(3), datetime.datetime(2026, 1, 5)
with open("counts.csv", "w", encoding="utf-8") as out:
    out.write("timestamp,count\n")
    for i in range(8 * 288):
        many = 6 if i in range(7 * 288, 7 * 288 + 12) else 1
        out.write(f"{at + i * datetime.timedelta(minutes=5)},{many * rng.randint(5, 15)}\n")
'
exits 0 "counts" replay --counts counts.csv --scores scores.csv
says err '^2304 counts scored, 0 rows refused$'
python '
import csv
rows = list(csv.DictReader(open("scores.csv", encoding="utf-8")))
assert list(rows[0]) == ["timestamp", "count", "expected", "score"] and len(rows) == 2304, rows[0]
scores = [float(row["score"]) for row in rows]
assert all(0 <= score < 1 for score in scores)
at = scores.index(max(scores[288:]))
assert 7 * 288 <= at < 7 * 288 + 12, at
assert abs(float(rows[2000]["expected"]) - 10) < 2, rows[2000]
' && ok "the surge has the highest score"
printf 'timestamp,count\n2026-01-05 00:00:00,5\nyesterday,5\n2026-01-05 00:05:00,-1\n2026-01-05T00:10:00Z,1,2\n2026-01-05 00:00:00,5\n2026-01-05T00:15:00Z,1e9\n2026-01-05T00:15:00+00:00,7\n"Mon, 05 Jan 2026 00:20:00 +0000",3\n"2026-01-05T00:25:00Z\n",3\n' >bad.csv
exits 1 "counts with bad rows" replay --counts bad.csv --scores scores.csv
for why in '3: not a time' '4: not a count' '5: not two fields' '6: not later' '7: not a count'; do
    says err "^bad.csv:$why"
done
says err '^3 counts scored, 6 rows refused$'
says scores.csv '^"Mon, 05 Jan 2026 00:20:00 +0000",3,' # a time goes out as it came, in its column
[ "$(wc -l <scores.csv)" -eq 4 ] || fail "a time with a line break in it goes out"
printf 'a,b\n1,2\n' >bad.csv
exits 1 "a file that is none of counts" replay --counts bad.csv --scores scores.csv
says err 'bad.csv:1: the header line is to be "timestamp,count"'
exits 3 "a file that is not there" replay --counts none.csv --scores scores.csv
