#!/bin/sh
# replay of data whose times are wrong: the same alerts where that can be, else it says that they are not to be trusted.
. "$(dirname "$0")/lib.sh"
model=$(model)

python '
import json, random
draw = random.Random(11)
def line(at, source, p, n):
    return {"v": 1, "key": "entity:QUORRA", "id": f"q{n}", "ts": int(at), "source": source, "p": p, "text": f"note {n}"}
rows, at = [], 1_700_000_000_000
for minute in range(20 * 60):
    bad = .7 if minute >= 18 * 60 else .1
    for i in range(2):
        source = draw.choice(["north", "south", "east", "west"])
        rows.append(line(at + minute * 60000 + i * 25000, source, .93 if draw.random() < bad else .04, len(rows)))
def write(name, rows):
    with open(name, "w") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
write("sorted.jsonl", rows)
write("shuffled.jsonl", draw.sample(rows, len(rows)))
for name, place in (("first", 0), ("middle", 2000)):
    odd = [*rows]
    odd.insert(place, line(at + 40 * 86400000, "abroad", .9, 999999))
    write(f"odd-{name}.jsonl", odd)
write("zone.jsonl", [{**r, "ts": r["ts"] + 8 * 3600000} if r["source"] == "west" else r for r in rows])
'
cat >replay.yaml <<YAML
http: {enabled: false}
model: {path: $model}
YAML

exits 0 "data in order" replay -c replay.yaml sorted.jsonl
says err ' 0 late, 0 too late to count, 0 ahead'
cp out want
grep -q '"state":"firing"' want || fail "the rise does not fire"
for place in first middle; do
    exits 1 "one line 40 days ahead, $place" replay -c replay.yaml odd-$place.jsonl
    cmp -s out want || fail "it changes the alerts"
    says err 'warning: 1 observations are ahead of all others.*source abroad'
done
exits 1 "shuffled data" replay -c replay.yaml shuffled.jsonl
says err 'not in order of time.*not to be trusted'
exits 1 "one source of four lives eight hours ahead" replay -c replay.yaml zone.jsonl
says err 'most of source west .*by [78]\.[0-9] h'
python '
import json
want, got = ([json.loads(line) for line in open(name)][0] for name in ("want", "out"))
assert got["key"] == want["key"] and abs(int(got["fired_at"][11:13]) - int(want["fired_at"][11:13])) <= 1, got
' && ok "and the rise of the others still fires when it was"

printf '%s\n' '{"id":"1","ts":"2024-01-02T00:00:00Z","text":"Shares fall"}' '{"id":"2","text":"Shares rise"}' >raw.jsonl
exits 1 "a line without a time is no line of now" replay -c replay.yaml raw.jsonl
says err 'raw.jsonl:2: bad_time: it has no time'
