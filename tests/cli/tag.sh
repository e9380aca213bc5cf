#!/bin/sh
# tag: lines in, tagged lines out, in order; bad lines are refused one by one, with their number.
. "$(dirname "$0")/lib.sh"
model=$(model)

cat >in.jsonl <<'LINES'
{"id":"a","ts":"2026-01-02T03:04:05Z","source":"wire","text":"Shares of Quillmark Energy plunge on profit warning"}
{"id":"b","ts":1767323045,"source":"wire","title":"净利润同比增长三成","text":"前景看好"}
{"id":"c","text":"x","title":42}
{"id":"d","text":"cut
{"id":"e","source":"wire","ts":"2026-01-02T03:04:05Z","text":"Regulator opens probe"}
LINES
printf '{"id":"f","source":"wire","ts":"2026-01-02T03:04:05Z","text":"no line end"}' >>in.jsonl
good="a b e f"

check_ids() {
    python '
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
ids = [row["id"] for row in rows if row["id"] in "abcdef"]
assert ids == sys.argv[2].split(), ids
for row in rows:
    p = row["sentiment"]["p"]
    assert set(p) == {"negative", "neutral", "positive"} and abs(sum(p.values()) - 1) < 1e-3, p
    assert all(0 <= value <= 1 for value in p.values()), p
    assert row["sentiment"]["label"] == max(p, key=p.get) or row["abstained"], row
' "$1" "$2"
}

exits 1 "some lines refused is exit 1" tag --model "$model" in.jsonl
check_ids out "$good"
ok "good lines are tagged in input order"
says err "in.jsonl:3"
says err "in.jsonl:4"
ok "each refused line is said, with its number"
cp out expected
exits 1 "--rejects" tag --model "$model" --rejects rejects.jsonl in.jsonl
cmp -s out expected || fail "--rejects changes the output"
python '
import json
rows = [json.loads(line) for line in open("rejects.jsonl", encoding="utf-8")]
assert len(rows) == 2, rows
' && ok "each refused line is a record in the rejects"
cp out expected
for name in "" -; do
    timeout 60 "$program" tag --model "$model" ${name:+"$name"} <in.jsonl >out 2>err
    [ $? = 1 ] || fail "stdin as '$name'"
    cmp -s out expected || fail "stdin as '$name' gives something else"
done
ok "no FILE and - are stdin"
exits 1 "--threads 4" tag --model "$model" --threads 4 in.jsonl
cmp -s out expected || fail "threads change the output"
printf 'Oltera Bank raises its dividend\n\n净利润同比增长三成\r\n' >plain.txt
exits 0 "plain lines" tag --model "$model" plain.txt
python '
import json
rows = [json.loads(line) for line in open("out", encoding="utf-8")]
assert [(row["text"], row["lang"]) for row in rows] == [
    ("Oltera Bank raises its dividend", "en"), ("净利润同比增长三成", "zh")], rows
assert rows[0]["id"] and rows[0]["id"] != rows[1]["id"]
' && ok "plain lines are texts; each is given an id"
grep -e '"id":"[abef]"' in.jsonl >good.jsonl
exits 0 "only good lines is exit 0" tag --model "$model" good.jsonl
exits 0 "--quiet" tag --model "$model" --quiet good.jsonl
[ ! -s err ] || fail "--quiet is not quiet"
: >empty
exits 0 "nothing in, nothing out" tag --model "$model" empty
[ ! -s out ] || fail "output from nothing"
exits 0 "--all-labels and --logits" tag --model "$model" --all-labels --logits good.jsonl
python '
import json, math
for line in open("out", encoding="utf-8"):
    row = json.loads(line)
    assert row["topics_all"] and row["risks_all"], row
    assert len(row["logits"]["sentiment"]) == 3, row
    assert len(row["logits"]["topics"]) == len(row["topics_all"])
    assert all(math.isfinite(x) for head in row["logits"].values() for x in head)
' && ok "all labels and logits are there and finite"
exits 0 "--format text" tag --model "$model" --format text good.jsonl
[ "$(wc -l <out)" = 4 ] || fail "--format text: not a line per message"
exits 3 "a model that is not there" tag --model ./nowhere good.jsonl
says err nowhere
exits 3 "a file that is not there" tag --model "$model" nofile.jsonl
says err nofile.jsonl
cat >list.csv <<'CSV'
id,name,aliases,tickers,cues
600519.SH,贵州茅台,,600519.SH,
QM,Quillmark Energy,,QMK,
CSV
cat >fields.jsonl <<'LINES'
{"id":"a","text":"Quillmark Energy falls","tickers":["$QMK","600519","NOPE"],"board":"贵州茅台"}
{"id":"b","text":"nobody is named","tickers":["qmk"]}
LINES
exits 0 "entities from fields" tag --model "$model" --watchlist list.csv --set input.pointers.entities=/tickers,/board fields.jsonl
python '
import json
rows = [json.loads(line) for line in open("out", encoding="utf-8")]
found = [[(e["id"], e["in"], "start" in e) for e in row["entities"]] for row in rows]
assert found == [[("QM", "text", True), ("QM", "field", False), ("600519.SH", "field", False)], [("QM", "field", False)]], found
' && ok "fields name entities beside the text, each once, without a place"
