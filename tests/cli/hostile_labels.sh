#!/bin/sh
# Labels, names and keys that try to be more than text: in JSON, pages, tables, logs and messages.
. "$(dirname "$0")/lib.sh"

# A foreign classification folder whose labels are an attack each: one on JSON and HTML, one on terminals by ESC and by
# C1, one on the reader by reversed text. (id2label forbids C0 controls; C1 and bidi are valid there.)
cp -r "$root/tests/golden/folders/two-classes" model
python '
import json
config = json.load(open("model/config.json", encoding="utf-8"))
hostile = ["</script><script>alert(1)</script>\"", "a\u009b31m\u202egpj", "<img src=x onerror=alert(2)>"]
n = len(config["id2label"])
config["id2label"] = {str(i): hostile[i % 3] for i in range(n)}
config["label2id"] = {hostile[i % 3]: i for i in range(n)}
json.dump(config, open("model/config.json", "w", encoding="utf-8"))
with open("data.jsonl", "w", encoding="utf-8") as out:
    for i in range(20):
        out.write(json.dumps({"text": f"shares fall {i}", "topics": [hostile[i % n]]}) + "\n")
'

# clean FILE: no control of C0 (but tab and line end), of C1, and nothing that reorders text.
clean() {
    python '
import sys
for c in open(sys.argv[1], encoding="utf-8", newline="").read():
    o = ord(c)
    assert c in "\t\n" or not (o < 32 or 127 <= o < 160 or 0x202a <= o <= 0x202e or 0x2066 <= o <= 0x2069), hex(o)
' "$1"
}

exits 0 "eval --json" eval --model model --data data.jsonl --task topics --json --quiet --html page.html
clean out
python '
import json
report = json.load(open("out", encoding="utf-8"))
assert any("alert(1)" in name for name in report["classes"]), report["classes"].keys()
assert any("\u202e" in name for name in report["classes"]), report["classes"].keys()
' && ok "the report is JSON, with the labels as they are"
clean page.html
python '
import re
page = open("page.html", encoding="utf-8").read()
assert "<script" not in page and "<img" not in page and "&lt;script&gt;" in page
assert re.search(r"Content-Security-Policy. content=.default-src .none.; style-src", page)
assert not re.search(r"<[^>]* (style|on[a-z]+)=", page), "a style or a handler in an element"
assert page.count("<table") >= 3 and "truth \\ answer" in page and "<title>Calibration</title>" in page
' && ok "the page has no script, a policy, axes and a confusion matrix"
exits 0 "eval as text" eval --model model --data data.jsonl --task topics --quiet
clean out
ok "the table cannot drive a terminal"
printf '{"text":"shares fall","source":"a\\u001b[2J\\u009b1m\\u202e"}\n' >line.jsonl
exits 0 "tag" tag --model model line.jsonl
clean out
python 'import json; json.loads(open("out", encoding="utf-8").readline())' && ok "tag: records are JSON without controls"

# A file whose name is an attack, in messages of every command that names it.
name=$(printf 'x\033[31m\302\2331m\342\200\256.jsonl')
for command in "eval --model model --task topics --data" "train --kind ngram --out m --data" "tag --model model" "explain --model model --html p.html"; do
    # shellcheck disable=SC2086
    "$program" $command "$name" >out 2>err </dev/null
    clean err
    [ "$command" = "explain --model model --html p.html" ] || says err 'x?\[31m'
done
ok "messages show a file's name without what it does to a terminal"
exits 3 "a model that is not there" tag --model "$name" line.jsonl
clean err
"$program" "$name" >out 2>err
clean err
ok "a command's name too"

# Sources become keys: the replay table and the scores show them.
python '
import json
with open("stream.jsonl", "w", encoding="utf-8") as out:
    for n in range(3000):
        hour = 8 + n // 250
        text = "shares plunge on fraud and loss" if n > 2400 else "shares rise on record profit"
        out.write(json.dumps({"id": str(n), "ts": f"2026-03-02T{hour:02d}:{n % 250 * 60 // 250:02d}:00Z",
                              "source": "\u001b[2J\u009b1m\u202e=1+1", "text": f"{text} {n}"}) + "\n")
'
GS=$(model)
timeout 120 "$program" replay -c "$root/deploy/config/replay.yaml" --set "model.path=$GS" --set observations.sources=true \
    --set "entities.watchlist=$root/deploy/config/watchlist.csv" --scores scores.csv stream.jsonl >out 2>err </dev/null
clean out
clean err
clean scores.csv
ok "replay: alerts, table and scores"
timeout 120 "$program" replay -q -c "$root/deploy/config/replay.yaml" --set "model.path=$GS" --set observations.sources=true \
    --set "entities.watchlist=$root/deploy/config/watchlist.csv" --html page.html stream.jsonl >out 2>err </dev/null
clean page.html
grep -q '<article id="i1"' page.html || fail "the page has no incident to be attacked by"
ok "replay: the page"
