#!/bin/sh
# train, eval, explain and bench on a few made-up lines: the same seed gives the same model, and it learns.
. "$(dirname "$0")/lib.sh"

python '
import json, random
rng = random.Random(3)
words = {"negative": ["plunge", "loss", "fraud", "warns", "暴跌", "亏损"], "positive": ["soar", "profit", "record", "beats", "大涨", "盈利"],
         "neutral": ["announces", "meeting", "schedule", "appoints", "公告", "会议"]}
names = ["Norvane", "Tessaro", "Bravik", "云杉", "海澜"]
for name, rows in (("train.jsonl", 1500), ("test.jsonl", 300)):
    with open(name, "w", encoding="utf-8") as out:
        for n in range(rows):
            label = rng.choice(sorted(words))
            text = " ".join([rng.choice(names)] + rng.sample(words[label], 3))
            lang = "zh" if any(ord(c) > 0x2e80 for c in text) else "en"
            out.write(json.dumps({"id": f"{name}-{n}", "text": text, "lang": lang, "sentiment": label}, ensure_ascii=False) + "\n")
'
mkdir one two # the folder's name is the model's
exits 0 "train" train --kind ngram --data train.jsonl --out one/model --seed 5
grep -Eq '^trial(-choose)?  problem 2/[0-9]+  loss [0-9.]+  ETA [0-9]+:[0-9]{2}:[0-9]{2}$' err || fail "no progress: $(cat err)"
exits 0 "train without progress" train --kind ngram --data train.jsonl --out quiet --seed 5 --quiet
grep -q ETA err && fail "--quiet shows progress"
exits 0 "train again" train --kind ngram --data train.jsonl --out two/model --seed 5
for file in one/model/*; do
    case $file in
    *.jsonl | *.html | */events*) continue ;; # logs have times in them
    esac
    cmp -s "$file" "two/${file#one/}" || fail "the same seed gives another ${file#one/}"
done
ok "the same seed gives the same model"
exits 0 "eval" eval --model one/model --data test.jsonl --json
python '
import json
report = json.load(open("out", encoding="utf-8"))
def find(node):
    if isinstance(node, dict):
        if isinstance(node.get("accuracy"), (int, float)): return node["accuracy"]
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            found = find(value)
            if found is not None: return found
assert find(report) > 0.9, report
' && ok "it has learnt what is plain"
exits 0 "a gate that holds" eval --model one/model --data test.jsonl --min accuracy=0.5
exits 1 "a gate that does not" eval --model one/model --data test.jsonl --min accuracy=1.01
exits 0 "explain" explain --model one/model "Norvane loss fraud plunge"
[ -s out ] || fail "explain says nothing"
exits 0 "bench" bench --model one/model test.jsonl
[ -s out ] || fail "bench says nothing"
exits 3 "training data that is not there" train --kind ngram --data nowhere.jsonl --out three

# What other people's files look like: one label a row, CSV; and what cannot be read is said with the line to write.
printf '%s\n' '{"text":"Acme sues","label":"Negative"}' '{"text":"Acme wins","label":"pos"}' >labels.jsonl
printf 'text,sentiment,topics\n"Acme warns, again",negative,results;legal\nAcme wins,positive,\n' >rows.csv
python '
import subprocess, sys, json
for n in range(30):
    open("labels.jsonl", "a").write(json.dumps({"text": f"Acme {n} wins", "label": "positive"}) + "\n")
    open("rows.csv", "a").write(f"Acme {n} falls,negative,results\n")
'
{ cat labels.jsonl; for n in 1 2 3 4 5 6; do echo "{\"text\":\"Acme $n\",\"label\":\"glad\"}"; done; printf 'plain\001text\n'; } >mixed.jsonl
exits 1 "refused rows" train --kind ngram --data mixed.jsonl --out refusing --rejects refused.jsonl
[ "$(grep -c 'is no sentiment' err)" = 4 ] || fail "six lines of one reason: three are said, and one for the rest"
python '
import json
rows = [json.loads(line) for line in open("refused.jsonl", encoding="utf-8")]
assert [row["line"] for row in rows] == list(range(33, 40)), rows
assert all(row["code"] == "bad_line" for row in rows) and "is no sentiment" in rows[0]["message"], rows
assert json.loads(rows[0]["value"])["text"] == "Acme 1" and rows[6]["value"] == "plain\001text", rows
' && ok "all of them are in the file of --rejects, as they came"
[ "$(stat -c %a refused.jsonl)" = 600 ] || fail "others may read the refused lines"
exits 1 "eval refuses the same" eval --model one/model --data mixed.jsonl --rejects again.jsonl
cmp -s refused.jsonl again.jsonl || fail "eval refuses other lines than train"
exits 3 "a file for refused lines that cannot be made" eval --model one/model --data mixed.jsonl --rejects nowhere/x
says err "nowhere/x"

exits 0 "rows with one label, and CSV" train --kind ngram --data labels.jsonl --data rows.csv --out four
says four/groundswell.json '"rows": 32, "sentiment": 32'
says four/groundswell.json '"rows": 32, "sentiment": 32, "topics": 32'
says err 'few: probabilities are kept cautious'
for i in $(seq 500); do printf '{"text":"row %s","label":"earnings"}\n{"text":"row %s","label":2}\n' "$i" "$i"; done >other.jsonl
exits 1 "labels that are no sentiment" train --kind ngram --data labels.jsonl --data other.jsonl --out five
says err 'topic is written {"text": "…", "topics": \["earnings"\]}'
says err 'write {"text": "…", "sentiment": "negative"}'
says err 'and 497 more lines: '
[ "$(grep -c 'other.jsonl:' err)" = 6 ] || fail "more than three lines of each kind are said"
printf 'a,b\n1,2\n' >wrong.csv
exits 3 "a CSV without a text" train --kind ngram --data wrong.csv --out six
says err 'text,sentiment'

# Without sentiment there is nothing to alert on: said when trained, by check and in the record.
for i in $(seq 60); do printf '{"text":"rates rise %s","topics":["macro"]}\n{"text":"shares fall %s","topics":["markets"]}\n' "$i" "$i"; done >topics.jsonl
exits 0 "topics only" train --kind ngram --data topics.jsonl --out topics
says err 'no row has a sentiment'
echo '{"text":"rates rise","ts":"2026-03-01T10:00:00Z"}' >one.jsonl
exits 0 "tag with it" tag --model topics one.jsonl
says out '"no_sentiment":true'
sed "s|^  path: .*|  path: $work/topics|" "$root/deploy/config/replay.yaml" >c.yaml
"$program" check -c c.yaml --set "model.path=$work/topics" --set "entities.watchlist=$root/deploy/config/watchlist.csv" >out 2>err </dev/null
cat out err | grep -q 'no sentiment' || fail "check does not say so"
exits 0 "replay makes no observation" replay -c "$root/deploy/config/replay.yaml" --set "model.path=$work/topics" \
    --set "entities.watchlist=$root/deploy/config/watchlist.csv" one.jsonl
says err ' 0 observations'
says err 'says nothing of sentiment'

# The report: axes, a legend, a confusion matrix for each head; the card beside the model.
python '
page = open("four/report.html", encoding="utf-8").read()
for what in ("pass over the rows", "squared hinge loss", "legend", "truth \\ answer", "Sentiment", "Topics", "Content-Security-Policy"):
    assert what in page, what
assert "<script" not in page
card = open("four/README.md", encoding="utf-8").read()
for what in ("# four", "| labels.jsonl |", "## Held out", "## Limits", "groundswell train --kind ngram"):
    assert what in card, what
' && ok "report and card"
