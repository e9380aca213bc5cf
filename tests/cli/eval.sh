#!/bin/sh
# eval of topics: a file is judged in the space of the labels that it knows, and it is said which are left out.
. "$(dirname "$0")/lib.sh"

python '
import json
words = {"results": "profit quarter earnings", "legal": "court lawsuit judge", "macro": "inflation economy rates", "ads": "join group profit court"}
with open("train.jsonl", "w", encoding="utf-8") as out:
    for n in range(400):
        topic = sorted(words)[n % 4]
        out.write(json.dumps({"text": f"{words[topic]} {n}", "topics": [topic]}) + "\n")
json.dump({"topics": [{"id": t, "zh": zh} for t, zh in (("results", "业绩"), ("legal", "法律"), ("macro", "经济"), ("ads", "推广"))]},
          open("labels.json", "w", encoding="utf-8"), ensure_ascii=False)
with open("old.jsonl", "w", encoding="utf-8") as out: # labelled before there were ads; half of the lines are ads
    for n in range(40):
        topic = ("results", "legal")[n % 2]
        text = words["ads"] if n % 4 < 2 else words[topic]
        out.write(json.dumps({"text": f"{text} {n}", "topics": [topic]}) + "\n")
with open("none.jsonl", "w", encoding="utf-8") as out:
    for n in range(9):
        out.write(json.dumps({"text": f"court lawsuit {n}", "topics": []}) + "\n")
with open("plain.jsonl", "w", encoding="utf-8") as out:
    for n in range(9):
        out.write(json.dumps({"text": f"inflation economy rates {n}"}) + "\n")
'
exits 0 "train" train --kind ngram --data train.jsonl --labels labels.json --out model --quiet

exits 0 "a file that knows two of four labels" eval --model model --task topics --data old.jsonl --json
says err "old.jsonl: no line carries 2 of the model's topics, which are left out: macro, ads"
[ "$(grep -c 'left out' err)" = 1 ] || fail "it is said more than once"
python '
import json
r = json.load(open("out", encoding="utf-8"))
assert r["n"] == 40, r["n"]
assert all("ads" not in answers for answers in r["confusion"].values()), r["confusion"]
' && ok "nothing is lost to an answer out of the file's space"
exits 0 "the same in silence" eval --model model --task topics --data old.jsonl --json --quiet
[ -s err ] && fail "--quiet says something"
exits 0 "knows= brings a label in" eval --model model --task topics --data old.jsonl,knows=topics/ads --json
says err "1 of the model's topics, which are left out: macro"
python '
import json
r = json.load(open("out", encoding="utf-8"))
assert sum(answers.get("ads", 0) for answers in r["confusion"].values()) >= 15, r["confusion"]
' && ok "and what is said of it counts"
exits 0 "by its Chinese name; a comma of the path stays" eval --model model --task topics --data "$(cp old.jsonl a,b.jsonl && echo a,b.jsonl),knows=topics/推广+topics/macro"
[ -s err ] && fail "a file that knows all labels is said to lack some"
exits 0 "a head alone is all of its labels" eval --model model --task topics --data old.jsonl,knows=topics --json
[ -s err ] && fail "a file that knows all labels is said to lack some"
exits 0 "each file has a space of its own" eval --model model --task topics --data old.jsonl train.jsonl --json
says err "old.jsonl: no line carries 2 "
[ "$(grep -c 'left out' err)" = 1 ] || fail "the second file knows all"
exits 0 "lines without a list, of a file that would carry the label" eval --model model --task topics --data plain.jsonl,knows=topics/legal --json
python 'import json; r = json.load(open("out")); assert r["n"] == 9 and r["accuracy"] == 1, r'
exits 3 "a file that knows no label" eval --model model --task topics --data none.jsonl
says err "no line has a label of the task"
for wrong in topics/nothing risks/legal companies/x topics/ "topics/legal+" ""; do
    exits 3 "knows=$wrong" eval --model model --task topics --data "old.jsonl,knows=$wrong"
    says err "is no topics/LABEL or risks/LABEL of the model"
done
exits 3 "no file in front of knows=" eval --model model --task topics --data ",knows=topics/legal"
says err "names no file"
