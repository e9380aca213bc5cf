#!/bin/sh
# replay --against: one input through two configurations in one pass, each giving what it gives alone.
. "$(dirname "$0")/lib.sh"
model=$(model)

surge
cat >before.yaml <<YAML
entities:
  watchlist: watchlist.csv
model:
  path: $model
YAML
# Other thresholds: tagged once. Other texts for the model: each tags for itself.
(cat before.yaml && printf 'watch:\n  min_publishers: 900\n') >nothing.yaml
(cat before.yaml && printf 'watch:\n  info_evidence: 300\n  warning_evidence: 3000\n') >strict.yaml
(cat strict.yaml && printf 'text:\n  html: false\n  max_bytes: 40\n') >cut.yaml
sed -i 's/  max_bytes: 40/  max_bytes: 256/' cut.yaml

for side in before strict cut; do
    exits 0 "$side alone" replay -q -c $side.yaml in.jsonl
    cp out $side.alerts
done
for other in strict cut; do
    exits 0 "before against $other" replay -q -c before.yaml --against $other.yaml --json in.jsonl
    python "
import json
what = json.load(open('out', encoding='utf-8'))
for side in ('before', 'after'):
    rows = [row[side] for row in what['both']] + what['only_' + side]['alerts']
    alone = [json.loads(line) for line in open({'before': 'before', 'after': '$other'}[side] + '.alerts', encoding='utf-8')]
    fired = {a['id']: a['fired_at'] for a in alone if a['state'] == 'firing'}
    assert {row['id']: row['fired_at'] for row in rows} == fired, (side, rows, fired)
    assert what[side]['alerts'] == len(fired) and what[side]['lines'] > 1000, what[side]
names = {row['name'] for row in what['settings']}
assert {'watch.info_evidence', 'watch.warning_evidence'} <= names, names
assert ('text.html' in names) == ('$other' == 'cut'), names
alerts = [day for day in what['days'] if day['what'] == 'alerts']
assert sum(sum(day['before'].values()) for day in alerts) == what['before']['alerts'], what['days']
" && ok "each side gives what it gives alone"
done

exits 0 "before against nothing" replay -q -c before.yaml --against nothing.yaml in.jsonl
says out '^before  [1-9][0-9]* alerts .* incidents, [0-9]* notices over .* days: before.yaml$'
says out '^after   0 alerts .*: nothing.yaml$'
says out '^watch.min_publishers  *2  *900$'
says out '^2023-11-1[0-9]  negative_share  entity      1 ([01]/[01]/[01])  *0$'
says out '^2023-11-1[0-9]  incidents  '
says out '^alerts only before$'
says out '^  2023-11-1[0-9] ..:..  [a-z]* .* %, 10^.* of 10^.*  entity:NRV  Norvane Holdings$'
says out '^incidents only before$'
says out '^nearest miss after: .*; too little: .*publishers'
exits 0 "a configuration against itself" replay -q -c before.yaml --against before.yaml in.jsonl
says out '^no setting that bears on alerts is different$'
says out '^[1-9][0-9]* alerts are the same in both$'
grep -q 'only' out && fail "one side has something alone"

# Outputs: those of the first, but for alerts on stdout; none of the second; no state.
(cat strict.yaml && printf 'output:\n  files:\n    incidents: second.jsonl\nstate:\n  path: second.state\n') >writes.yaml
exits 0 "what is written" replay -q -c before.yaml --against writes.yaml --set output.files.observations=first.jsonl in.jsonl
exits 0 "outputs on stdout" replay -q -c before.yaml --against strict.yaml --set output.files.incidents=- --set output.files.late=- in.jsonl
grep -q '^{' out && fail "records on stdout beside the comparison"
[ -s first.jsonl ] || fail "the outputs of the first are not written"
[ ! -e second.jsonl ] && [ ! -e second.state ] || fail "the second writes something"
grep -q '^{' out && fail "alerts on stdout beside the comparison"
ok "outputs"

# Kept observations and tagged records, and refused lines, which are counted once for both.
exits 0 "observations" replay -q -c before.yaml --against strict.yaml --json first.jsonl
python '
import json
what = json.load(open("out", encoding="utf-8"))
assert what["before"]["observations"] == what["after"]["observations"] == what["before"]["lines"] > 0, what["before"]
' && ok "kept observations"
(cat in.jsonl && echo '{"text":') >broken.jsonl
exits 1 "a refused line" replay -c before.yaml --against strict.yaml broken.jsonl
[ "$(grep -c 'broken.jsonl:[0-9]*: bad_json' err)" -eq 1 ] || fail "a refused line is not said once"

exits 1 "a configuration that is wrong" replay -c before.yaml --against wrong.yaml --set watch.bin=7 in.jsonl
printf 'watch:\n  min_storys: 3\n' >wrong.yaml
exits 1 "a second configuration that is wrong" replay -c before.yaml --against wrong.yaml in.jsonl
says err 'wrong.yaml:2: '
exits 3 "one that is not there" replay -c before.yaml --against none.yaml in.jsonl
exits 2 "with a state" replay -c before.yaml --against strict.yaml --state s in.jsonl
exits 2 "json alone" replay -c before.yaml --json in.jsonl

# Half an answer is none. The signal comes once the program catches it.
"$program" replay -q -c before.yaml --against strict.yaml --speed 100 in.jsonl >out 2>err </dev/null &
pid=$!
for _ in $(seq 600); do
    caught=$(sed -n 's/^SigCgt:.*\(.\)$/\1/p' "/proc/$pid/status" 2>/dev/null)
    case $caught in 2 | 3 | 6 | 7 | a | b | e | f) break ;; esac
    sleep 0.1
done
kill -INT $pid
wait $pid
[ $? -eq 3 ] || fail "a what-if that was stopped does not say so"
says err 'stopped before the end of the input'
[ ! -s out ] || fail "half a comparison"
ok "a signal"
