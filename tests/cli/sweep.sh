#!/bin/sh
# replay --sweep: one input by several values of a setting in one pass, each giving what it gives alone.
. "$(dirname "$0")/lib.sh"
model=$(model)

surge
cat >day.yaml <<YAML
entities:
  watchlist: watchlist.csv
model:
  path: $model
output:
  files:
    incidents: incidents.jsonl
state:
  path: day.state
YAML

# Thresholds, which all follow one tagging; and what the model reads, where each tags for itself.
for setting in watch.min_excess_count=1,30,1000000 text.html=true,false; do
    exits 0 "$setting" replay -q -c day.yaml --sweep $setting --json in.jsonl
    cp out swept.json
    [ ! -e incidents.jsonl ] && [ ! -e day.state ] || fail "a sweep writes something"
    name=${setting%%=*}
    for value in $(echo "${setting#*=}" | tr , ' '); do
        exits 0 "$name=$value alone" replay -q -c day.yaml --set "$name=$value" in.jsonl
        cp out "alone.$value"
        rm -f incidents.jsonl day.state
    done
    python "
import json
swept = json.load(open('swept.json', encoding='utf-8'))
assert swept['setting'] == '$name', swept['setting']
rows = swept['values']
assert ['$name=' + ','.join(row['value'] for row in rows)] == ['$setting'], rows
fired = []
for row in rows:
    alone = [json.loads(line) for line in open('alone.' + row['value'], encoding='utf-8')]
    fired.append(sum(a['state'] == 'firing' for a in alone))
    assert row['replay']['alerts'] == fired[-1], (row, fired)
    assert row['replay']['lines'] > 1000 and row['replay']['incidents'] <= fired[-1], row
assert '$name' == 'text.html' or fired[0] >= fired[1] > fired[2] == 0, fired
" && ok "each value gives what it gives alone"
done

exits 0 "for people" replay -q -c day.yaml --sweep watch.min_excess_count=1,1000000 in.jsonl
says out '^watch.min_excess_count over [0-9.]* days$'
says out '^1  *[1-9][0-9]* ([0-9]*/[0-9]*/[0-9]*)  *[0-9.]*  *[1-9]'
says out '^1000000  *0  *0  *0  *0  *entity:NRV.*too little: messages above'
grep -q '^{' out && fail "alerts on stdout beside the table"

(cat in.jsonl && echo '{"text":') >broken.jsonl
exits 1 "a refused line" replay -c day.yaml --sweep watch.min_stories=2,3 broken.jsonl
[ "$(grep -c 'broken.jsonl:[0-9]*: bad_json' err)" -eq 1 ] || fail "a refused line is not said once"

exits 1 "no such setting" replay -c day.yaml --sweep watch.info_evidenc=1,2 in.jsonl
says err 'watch.info_evidenc.*watch.info_evidence'
exits 1 "a value that is none" replay -c day.yaml --sweep watch.min_stories=2,many in.jsonl
says err 'watch.min_stories.*many'
for wrong in watch.min_stories watch.min_stories= =1 watch.min_stories=1,,2 watch.min_stories=1, \
    watch.min_stories=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17; do
    exits 2 "--sweep $wrong" replay -c day.yaml --sweep "$wrong" in.jsonl
    says err '^groundswell replay: --sweep'
done
exits 0 "sixteen values" replay -q -c day.yaml --sweep watch.min_stories=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 in.jsonl
for other in "--state s" "--against day.yaml" "--alert 0123456789abcdef" "--html p.html" "--scores s.csv"; do
    # shellcheck disable=SC2086 # an option and its value
    exits 2 "with $other" replay -c day.yaml --sweep watch.min_stories=1 $other in.jsonl
done
