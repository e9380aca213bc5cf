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
