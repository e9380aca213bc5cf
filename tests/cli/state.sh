#!/bin/sh
# What is kept from one run to the next: a stream in pieces gives the alerts of the stream in one go, and a state that
# is not whole is refused.
. "$(dirname "$0")/lib.sh"
model=$(model)

python "
import sys; sys.path.insert(0, '$root/tests/e2e'); sys.dont_write_bytecode = True
import json, random, surge
lines, at, first = [], 1_700_000_100_000, 0
for seed, bins, share in ((1, 288, .15), (2, 8, .85), (3, 48, .15)):
    lines += [json.loads(r)['value'] + '\n' for r in surge.records(random.Random(seed), at, bins, share, first)]
    first, at = first + bins * surge.PER_BIN, at + bins * surge.BIN_MS
def write(name, part):
    with open(name, 'w', encoding='utf-8') as out:
        out.writelines(part)
write('in.jsonl', lines)
in_surge = 295 * surge.PER_BIN + 7
write('first.jsonl', lines[:in_surge])
write('second.jsonl', lines[in_surge:])
rng = random.Random(4)
cuts = [0] + sorted(rng.sample(range(1, len(lines)), 4)) + [len(lines)]
for n, (a, b) in enumerate(zip(cuts, cuts[1:])):
    write(f'piece{n}.jsonl', lines[a:b])
"
printf 'id,name,aliases,tickers\nNRV,Norvane Holdings,Norvane,NRV\n' >watchlist.csv
cat >replay.yaml <<YAML
entities:
  watchlist: watchlist.csv
model:
  path: $model
YAML

exits 0 "a replay without a state" replay -c replay.yaml in.jsonl
cp out plain
exits 0 "a replay that writes a state" replay -c replay.yaml --state whole.state in.jsonl
cp out whole
says err 'whole.state is not there yet'
python '
plain, whole = (open(name, encoding="utf-8").read() for name in ("plain", "whole"))
assert plain.startswith(whole) and "firing" in whole and "resolved" in whole, (plain, whole)
' && ok "its alerts are those without one, but for the bins that stay open"

# ---- in pieces ----

exits 0 "the first half, up to mid-incident" replay -c replay.yaml --state two.state first.jsonl
cp out halves
python '
import json
states = [json.loads(line)["state"] for line in open("out", encoding="utf-8") if "entity:NRV" in line]
assert states and "resolved" not in states, states
' && ok "an alert fires at its end"
cp two.state at_fire.state
cp out at_fire
exits 0 "the second half" replay -c replay.yaml --state two.state second.jsonl
cat out >>halves
cmp -s halves whole || fail "two halves give other alerts"
ok "two halves give the alerts of the whole, byte for byte"

for piece in piece?.jsonl; do
    exits 0 "$piece" replay -c replay.yaml --set batch.max_messages=7 --state many.state $piece
    cat out >>pieces
done
cmp -s pieces whole || fail "five pieces in small batches give other alerts"
ok "five pieces in small batches give the alerts of the whole, byte for byte"

# ---- files that were read ----

cp first.jsonl growing.jsonl
exits 0 "a file" replay -c replay.yaml --state grown.state growing.jsonl
cp out grown
exits 0 "the same file again" replay -c replay.yaml --state grown.state growing.jsonl
[ ! -s out ] || fail "its lines are counted twice"
says err '^0 lines'
cat second.jsonl >>growing.jsonl
exits 0 "the file with more lines" replay -c replay.yaml --state grown.state growing.jsonl
cat out >>grown
cmp -s grown whole || fail "a file that grew gives other alerts"
ok "only the lines that came are read"
cp grown.state before.state
sed -i '1s/"id"/"ID"/' growing.jsonl
exits 3 "a file that is another one now" replay -c replay.yaml --state grown.state growing.jsonl
says err 'growing.jsonl: its lines are not those that were counted'
head -n 5 first.jsonl >growing.jsonl
exits 3 "a file that became shorter" replay -c replay.yaml --state grown.state growing.jsonl
says err 'growing.jsonl: it is shorter than it was'

# ---- states that do not fit (test_state_file.c has the many ways to be damaged) ----

head -c 2000 two.state >bad.state
exits 3 "a state that is cut off" replay -c replay.yaml --state bad.state second.jsonl
says err 'bad.state: it is damaged or cut off; remove it'
[ "$(wc -l <err)" = 1 ] && [ "$(wc -c <bad.state)" = 2000 ] || fail "not one line, or it was written over"
exits 1 "bins of another length" replay -c replay.yaml --set watch.bin=10m --state two.state second.jsonl
says err 'watch.bin'
exits 3 "a folder that is not there" replay -c replay.yaml --state no/such/x.state second.jsonl
[ ! -e two.state.new ] || fail "something is left beside the state"

# ---- looking at it ----

exits 0 "what is kept" state ls -c replay.yaml --state two.state
says out '^files: event time 20'
says out '^  8 keys, '
says out '^ *1  *[0-9]*  keys of entity$'
exits 0 "the same as JSON" state ls --json -c replay.yaml --state two.state
cp out ls.json
exits 0 "one key as JSON" state show entity:NRV --json -c replay.yaml --state at_fire.state
python '
import json
ls, key = json.load(open("ls.json", encoding="utf-8")), json.load(open("out", encoding="utf-8"))
of = ls["of"]
assert ls["records"] == sum(sort["records"] for sort in of.values()) and ls["bytes"] == sum(sort["bytes"] for sort in of.values()), ls
assert ls["keys"] == sum(sort["records"] for name, sort in of.items() if name.startswith("keys of ")), ls
assert ls["error"] is None and ls["offset"] is None, ls
alerts = [json.loads(line) for line in open("at_fire", encoding="utf-8")]
fired = [alert for alert in alerts if alert["key"] == "entity:NRV"][0]
assert key["alert"]["id"] == fired["id"] and key["alert"]["starts_at"] == fired["starts_at"], key["alert"]
assert key["name"] == "Norvane Holdings" and key["log10_evidence"] > key["log10_threshold"], key
closed, still = [[one for one in key["bins"] if one["open"] == is_open] for is_open in (False, True)]
assert len(closed) == 36 and still and [one["from"] for one in key["bins"]] == sorted(one["from"] for one in key["bins"]), key
assert abs(sum(one["n"] for one in closed[-12:]) - key["n_hour"]) < 1 and key["n_hour"] == 144, key
assert abs(sum(one["negative"] for one in closed[-12:]) / 144 - key["observed"]) < 0.01, key
assert key["messages"] == 12 * 295 - 12 * len([one for one in still if one["n"] == 12]), key
' && ok "counts add up, and the key has its alert and its bins"
exits 0 "one key as text" state show entity:NRV -c replay.yaml --state at_fire.state
says out '^entity:NRV (Norvane Holdings)$'
says out '^an alert is on since '
says out '  open$'
exits 1 "a key that there is not" state show entity:NOBODY -c replay.yaml --state two.state
says err 'nothing is kept of the key entity:NOBODY'
exits 1 "a state of other bins" state ls -c replay.yaml --set watch.bin=10m --state two.state
says out 'it cannot be loaded: .*watch.bin'
exits 3 "a state that is damaged" state ls -c replay.yaml --state bad.state
exits 3 "a state that is not there" state show entity:NRV -c replay.yaml --state no.state
exits 2 "neither ls nor show" state -c replay.yaml --state two.state
exits 2 "show without a key" state show -c replay.yaml --state two.state

# ---- run: asked to stop, and killed ----

cat >run.yaml <<YAML
input:
  kind: stdin
output:
  kind: file
  files: {tagged: tagged.jsonl, alerts: alerts.jsonl}
entities:
  watchlist: watchlist.csv
model:
  path: $model
state:
  path: run.state
  interval: 1s
http:
  enabled: false
YAML
wait_for() { # WHAT COMMAND…
    what=$1
    shift
    for _ in $(seq 600); do
        "$@" && return
        kill -0 "$pid" || break
        sleep 0.1
    done
    fail "$what"
}
all_tagged() { [ -e tagged.jsonl ] && [ "$(wc -l <tagged.jsonl)" -ge "$(wc -l <first.jsonl)" ]; }
newer() { [ run.state -nt mark ]; }
for signal in TERM KILL; do
    rm -f tagged.jsonl alerts.jsonl run.state
    mkfifo pipe
    "$program" run -c run.yaml <pipe 2>err &
    pid=$!
    exec 9>pipe
    cat first.jsonl >&9
    wait_for "the first half is not tagged" all_tagged
    sleep 0.2
    touch mark
    [ $signal = TERM ] || wait_for "no state is written" newer
    kill -$signal $pid
    exec 9>&-
    wait $pid 2>/dev/null
    rm pipe
    "$program" run -c run.yaml <second.jsonl 2>err || fail "run after SIG$signal"
    says err 'run.state: going on at'
    cmp -s alerts.jsonl whole || fail "SIG$signal: other alerts than without it"
    ok "SIG$signal in mid-incident: the alerts are those of an undisturbed run, byte for byte"
done

# ---- states of earlier versions ----

mkdir old && cd old || exit 2
cp ../watchlist.csv ../replay.yaml "$root/tests/golden/state/in.jsonl" .
for version in 1 2; do
    cp "$root/tests/golden/state/v$version.state" it.state
    exits 0 "a state of version $version" replay -c replay.yaml --state it.state in.jsonl
    says err 'it.state: going on at "2026-03-02T10:36:00.000Z"'
    says err '^0 lines, 0 refused, 0 observations'
done
