#!/bin/sh
# A published classification folder answers as PyTorch does: ids, logits, sentiment or topics by its label names, with
# any number of threads; what a folder has not is refused by name.
. "$(dirname "$0")/lib.sh"
folders=$root/tests/golden/folders

for name in sentiment two-classes topics; do
    python '
import json, sys
for case in json.load(open(sys.argv[1], encoding="utf-8"))["cases"]:
    print(case["text"])
' "$folders/$name/cases.json" >$name.txt
    exits 0 "$name: tokenize" tokenize --model "$folders/$name" --max-tokens "$([ $name = two-classes ] && echo 40 || echo 24)" $name.txt
    python '
import json, sys
cases = json.load(open(sys.argv[1], encoding="utf-8"))["cases"]
rows = [json.loads(line) for line in open("out", encoding="utf-8")]
assert [row["ids"] for row in rows] == [case["ids"] for case in cases], rows
' "$folders/$name/cases.json" && ok "$name: the ids of huggingface/tokenizers"
    exits 0 "$name: tag --logits" tag --model "$folders/$name" --format text --logits --all-labels $name.txt
    python '
import json, sys
name, cases = sys.argv[1], json.load(open(sys.argv[2], encoding="utf-8"))["cases"]
rows = [json.loads(line) for line in open("out", encoding="utf-8")]
assert len(rows) == len(cases) == 10
for row, case in zip(rows, cases):
    assert row["text"] == case["text"], row
    torch = case["logits"]
    order = {"sentiment": [2, 1, 0], "two-classes": [1, None, 0], "topics": [0, 1, 2, 3]}[name]
    want = [None if i is None else torch[i] for i in order]
    head = "topics" if name == "topics" else "sentiment"
    got = row["logits"][head]
    assert len(got) == len(want)
    for a, b in zip(got, want):
        assert (a is None) == (b is None) and (a is None or abs(a - b) < 1e-4), (row["text"], got, want)
    assert row["tier"] == "encoder"
    p = row["sentiment"]["p"]
    assert abs(sum(p.values()) - 1) < 1e-5
    if name == "two-classes":
        assert p["neutral"] == 0
    if name == "topics":
        assert row["abstained"] and p["neutral"] == 1
        labels = ["Legal | Regulation", "LABEL_1", "宏观", "Markets"]
        assert list(row["topics_all"]) == labels
        over = sorted((l for l, x in zip(labels, torch) if x >= 0), key=lambda l: -torch[labels.index(l)])
        assert [t["label"] for t in row["topics"]] == over, row["topics"]
    else:
        assert row["sentiment"]["label"] == max(p, key=p.get)
' $name "$folders/$name/cases.json" && ok "$name: PyTorch's logits to 1e-4, in the order of our labels"
    sed 's/"ts":"[^"]*",//' out >expected
    exits 0 "$name: four threads" tag --model "$folders/$name" --format text --logits --all-labels --threads 4 $name.txt
    sed 's/"ts":"[^"]*",//' out | cmp -s - expected || fail "threads change the answers"
done

cat sentiment.txt sentiment.txt >twice.txt
exits 0 "copies" tag --model "$folders/sentiment" --format text twice.txt
python '
import json
rows = [json.loads(line) for line in open("out", encoding="utf-8")]
assert len(rows) == 20
assert all(a["sentiment"] == b["sentiment"] for a, b in zip(rows[:10], rows[10:]))
' && ok "a copy is given the same answer"
printf '{"id":"a","text":"Profit warning"}\nplain shares fall\n{"id":"c","text":7}\n{"id":"d","text":"bank beats"}\n' >mixed
exits 1 "JSON and plain lines in turn" tag --model "$folders/sentiment" mixed
says err "mixed:3"
python '
import json
texts = [json.loads(line)["text"] for line in open("out", encoding="utf-8")]
assert texts == ["Profit warning", "plain shares fall", "bank beats"], texts
' && ok "input order is kept"

grep -v '"id":"c"' mixed >good
exits 0 "embed" embed --model "$folders/sentiment" good
python '
import json
rows = [json.loads(line) for line in open("out", encoding="utf-8")]
assert [len(row["embedding"]) for row in rows] == [32] * 3
assert rows[0]["id"] == "a" and rows[2]["id"] == "d" and rows[0]["embedding"] != rows[2]["embedding"]
' && ok "a vector for each line, with its id"
exits 1 "embed refuses a bad line and goes on" embed --model "$folders/sentiment" mixed
says err "mixed:3"
[ "$(wc -l <out)" = 3 ] || fail "not a vector for each good line"
printf 'Shares  rise\n' >spaced
exits 0 "tokenize --offsets" tokenize --model "$folders/sentiment" --offsets spaced
python '
import json
row = json.loads(open("out", encoding="utf-8").read())
assert row["offsets"][0] == [0, 0] == row["offsets"][-1]
assert row["offsets"][1] == [0, 6] and row["offsets"][2] == [8, 9], row
' && ok "offsets are bytes of the line as it is"
exits 0 "tokenize --max-tokens" tokenize --model "$folders/sentiment" --max-tokens 3 spaced
says out '"ids":\[2,85,3\]'
exits 2 "fewer tokens than the special ones" tokenize --model "$folders/sentiment" --max-tokens 1 spaced

exits 1 "--tier fast of a folder without" tag --model "$folders/sentiment" --tier fast good
says err "has no fast tier"
exits 1 "--tier encoder of a folder without" tag --model "$(model)" --tier encoder good
says err "has no encoder"
exits 3 "embed of a folder without" embed --model "$(model)" good
exits 2 "explain of an encoder" explain --model "$folders/sentiment" "Profit warning"
says err "no fast tier"
exits 3 "tag --explain of an encoder" tag --model "$folders/sentiment" --explain good
says err "not explained"
exits 2 "an arithmetic that is none" tag --model "$folders/sentiment" --arithmetic fp8 good
exits 0 "--tier encoder" tag --model "$folders/sentiment" --tier encoder good
exits 0 "--arithmetic int8" tag --model "$folders/sentiment" --arithmetic int8 --logits good
python '
import json
for line in open("out", encoding="utf-8"):
    assert all(abs(x) < 100 for x in json.loads(line)["logits"]["sentiment"])
'
