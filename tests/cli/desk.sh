#!/bin/sh
# People answer to incidents: ack, mute, unmute and incidents on the journal, while a run goes on and behind a restart.
. "$(dirname "$0")/lib.sh"
model=$(model)

python "
import sys; sys.path.insert(0, '$root/tests/e2e'); sys.dont_write_bytecode = True
import json, random, surge
lines, at, first = [], 1_700_000_100_000, 0
for seed, bins, share in ((1, 288, .15), (2, 12, .85)):
    lines += [json.loads(r)['value'] + '\n' for r in surge.records(random.Random(seed), at, bins, share, first)]
    first, at = first + bins * surge.PER_BIN, at + bins * surge.BIN_MS
open('in.jsonl', 'w', encoding='utf-8').writelines(lines)
"
printf 'id,name,aliases,tickers,route\nNRV,Norvane Holdings,Norvane,NRV,desk-eu\n' >watchlist.csv
cat >run.yaml <<YAML
input: {kind: stdin}
output: {kind: file, files: {incidents: incidents.jsonl}}
entities: {watchlist: watchlist.csv}
model: {path: $model}
incidents: {journal: desk.jsonl}
http: {port: 0}
YAML

# ---- usage ----

printf 'log: {level: info}\n' >none.yaml
exits 1 "without a journal nothing is written" ack d079ed74e16f34ff -c none.yaml
says err 'incidents.journal is not set'
exits 1 "nor read" incidents ls -c none.yaml
exits 2 "a mute without a reason" mute entity:NRV --for 4h -c run.yaml
says err 'why TEXT is missing'
exits 2 "a key muted for ever" mute entity:NRV --why x -c run.yaml
says err 'a key is muted --for a time or --until one'
exits 2 "an ack of a key" ack entity:NRV -c run.yaml
says err "an incident's id is 16 hexadecimal digits"
exits 2 "a time that is over" mute entity:NRV --why x --until 2020-01-01T00:00:00Z -c run.yaml
exits 2 "a duration that is none" mute entity:NRV --why x --for soon -c run.yaml
exits 2 "a text of two lines" mute entity:NRV --why 'x
y' --for 4h -c run.yaml
exits 2 "show of nothing" incidents show -c run.yaml
[ ! -e desk.jsonl ] || fail "wrong usage wrote something"
exits 1 "hours that are none" check -c run.yaml --set incidents.quiet_hours=22-7
says out 'incidents.quiet_hours: "22-7" are no hours of the day'
exits 1 "a zone that is none" check -c run.yaml --set incidents.time_zone=Europe/Zuerich
says out 'incidents.time_zone: "Europe/Zuerich" is no time zone'
exits 0 "an empty journal" incidents verify -c run.yaml
says out '"lines":0,"wrong":0,'

# ---- a run, and what people do meanwhile ----

start_run() {
    mkfifo lines
    "$program" run -c run.yaml <lines >run.out 2>run.err &
    pid=$!
    exec 3>lines
    cat in.jsonl >&3
}
end_run() {
    exec 3>&-
    wait $pid
    [ $? = 0 ] || fail "the run did not end with its input"
    rm lines
}
watch='
import json, re, sys, time, urllib.request
def get(path):
    for _ in range(600):
        found = re.search(r"(http://127\.0\.0\.1:\d+)/ \(status\)", open("run.err").read())
        if found: return urllib.request.urlopen(found.group(1) + path, timeout=30).read().decode()
        time.sleep(.1)
def until(holds, what, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        incidents = json.loads(get("/api/v1/status"))["incidents"]
        if incidents and holds(incidents[0]): return incidents[0]
        time.sleep(.1)
    raise SystemExit(what + ": " + json.dumps(incidents)[:600])
'
start_run
python "$watch"'
one = until(lambda i: any(k["key"] == "entity:NRV" for k in i["keys"]), "no incident", 200)
assert one["acknowledged"] is None and one["muted"] is None, one
open("id", "w").write(one["id"])
import os
end = time.time() + 30
while not os.path.exists("desk.jsonl") and time.time() < end: time.sleep(.1)
' && ok "an incident opens, and nobody has answered"
id=$(cat id)
exits 0 "ack" ack $id --verdict right --who anna -c run.yaml
python "$watch"'
until(lambda i: i["acknowledged"] and i["acknowledged"]["by"] == "anna" and i["acknowledged"]["verdict"] == "right", "ack", 5)
assert re.search(r"groundswell_incidents_acknowledged 1\b", get("/metrics"))
assert re.search(r"groundswell_incident_verdicts\{rule=\"negative_share\",severity=\"\w+\",verdict=\"right\"\} 1\b", get("/metrics"))
' && ok "the run knows it within seconds"
exits 0 "mute of the company, by its name" mute "entity:Norvane Holdings" --for 4h --why "in talks" --who bo -c run.yaml
python "$watch"'
one = until(lambda i: i["muted"], "mute", 5)
assert one["muted"]["by"] == "bo" and one["muted"]["why"] == "in talks" and one["muted"]["until"], one
metrics = get("/metrics")
assert re.search(r"groundswell_incidents_muted [1-9]", metrics), metrics
assert re.search(r"groundswell_incident_silenced\{incident=\"%s\"\} 1" % sys.argv[1], metrics)
assert re.search(r"groundswell_incident_active\{incident=\"%s\",route=\"desk-eu\"\} [123]" % sys.argv[1], metrics), metrics
assert one["route"] == "desk-eu", one
' "$id" && ok "the status page and the metrics have it"
exits 0 "unmute" unmute "entity:Norvane Holdings" -c run.yaml
python "$watch"'
until(lambda i: i["muted"] is None, "unmute", 5)
' && ok "and know when it is over"
exits 0 "mute of the incident" mute $id --why "seen" -c run.yaml
python "$watch"'
until(lambda i: i["muted"] and i["muted"]["until"] is None, "mute of the incident", 5)
' && ok "as long as it lasts"
end_run
says run.err "incidents: ack $id by anna"
says run.err 'incidents: mute entity:Norvane Holdings by bo, until "20.*": in talks'

# ---- what the journal says ----

exits 0 "ls" incidents ls -c run.yaml
says out "^{\"target\":\"$id\",\"title\":\"Norvane Holdings.*\"notices\":[1-9].*\"verdict\":\"right\",\"muted\":{\"by\""
says err 'negative_share .*: 1 right, 0 debatable, 0 wrong: precision 1.00'
exits 0 "precision" incidents precision -c run.yaml
says out '"right":1,"debatable":0,"wrong":0,.*"precision":1}'
exits 0 "show" incidents show $id -c run.yaml
says out '"action":"notice".*"notice":"opened"'
says out '"action":"ack"'
exits 1 "show of what is not there" incidents show 0000000000000000 -c run.yaml
exits 0 "the chain holds" incidents verify -c run.yaml
[ "$(stat -c %a desk.jsonl)" = 600 ] || fail "others may read the journal"

# ---- a restart: the same windows, the same incident, and nobody is told ----

rm incidents.jsonl
start_run
python "$watch"'
until(lambda i: i["id"] == sys.argv[1] and i["muted"] and i["acknowledged"], "after a restart", 200)
' "$id" && ok "a restart knows what was answered"
end_run
says run.err 'desk.jsonl: [0-9]* lines, the last one.s SHA-256 is'
says run.err "opened $id, not told: muted"
python '
import json, sys
first = [json.loads(l) for l in open("incidents.jsonl", encoding="utf-8")]
first = [r for r in first if r["id"] == sys.argv[1]][0]
assert first["notice"] == "opened" and not first["told"] and first["silence"] == "muted", first
' "$id" && ok "its record says so"

# ---- quiet hours all day long but for a minute that is over ----

rm incidents.jsonl
mv desk.jsonl kept.jsonl
minute=$(TZ=Asia/Kathmandu date -d '2 minutes ago' +%H:%M)
next=$(TZ=Asia/Kathmandu date -d '1 minute ago' +%H:%M)
if [ -e /usr/share/zoneinfo/Asia/Kathmandu ]; then
    "$program" run -c run.yaml --set incidents.quiet_hours=$next-$minute --set incidents.time_zone=Asia/Kathmandu \
        --set http.enabled=false <in.jsonl >out 2>err || fail "a run in quiet hours"
    python '
import json, sys
told = {(r["notice"], r["severity"]): r.get("silence", r["told"]) for r in map(json.loads, open("incidents.jsonl", encoding="utf-8"))
        if r["notice"] != "none"}
assert told, "nothing happened"
for (notice, severity), what in told.items():
    assert (what is True) if severity == "critical" else (what == "quiet_hours"), told
' && ok "quiet hours of another zone hold back what is not critical"
    exits 0 "and the journal says so" incidents ls -c run.yaml
fi
rm -f desk.jsonl
mv kept.jsonl desk.jsonl

# ---- a journal that somebody was at ----

cp desk.jsonl whole
sed -i '2s/in talks/in walks/;3s/"ack"/"act"/' desk.jsonl
cmp -s desk.jsonl whole && sed -i '0,/anna/s//anne/' desk.jsonl
exits 1 "a line was changed" incidents verify -c run.yaml
says err 'desk.jsonl:[0-9]*: does not follow the line before it'
printf 'rubbish\n{"v":1}\n' >>desk.jsonl
head -c 3000 /dev/urandom >>desk.jsonl
exits 1 "rubbish" incidents verify -c run.yaml
says err 'cannot be read: byte 1'
exits 0 "one more line behind it" mute topic:legal --why x --for 1h -c run.yaml
exits 0 "what can be read counts" incidents ls -c run.yaml
says out '"target":"topic:legal"'
start_run
python "$watch"'
until(lambda i: i["muted"], "a broken journal", 200)
' && ok "a run goes on with what can be read"
says run.err 'the chain is broken'
says run.err 'desk.jsonl:[0-9]*: byte 1: .*skipping'
rm desk.jsonl
python "$watch"'
until(lambda i: i["muted"] is None, "a journal that is gone", 5)
' && ok "a journal that is gone is said and forgotten"
says run.err 'desk.jsonl: it .*: reading it from its beginning'
end_run
exits 0 "the new one holds" incidents verify -c run.yaml
exits 0 "a mute begins it" mute topic:legal --why x --for 1h -c run.yaml
chmod 666 desk.jsonl
"$program" run -c run.yaml </dev/null >out 2>err
[ $? = 3 ] || fail "a journal that others may write is not refused"
says err 'others may write into it'
ok "a journal that others may write is refused"
