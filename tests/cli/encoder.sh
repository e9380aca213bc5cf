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

# A folder without the tier is a failure of every command alike, in the same words.
printf '{"text":"bank falls","sentiment":"negative"}\n' >one
for command in "tag --tier fast" "bench --tier fast" "eval --tier fast --data one"; do
    # shellcheck disable=SC2086 # several arguments
    exits 3 "$command of a folder without" $command --model "$folders/sentiment" good
    says err "groundswell ${command%% *}: .*/sentiment: the folder has no fast tier, only an encoder\$"
done
for command in "tag --tier encoder" "bench --tier encoder" "eval --tier encoder --data one" "embed"; do
    # shellcheck disable=SC2086
    exits 3 "$command of a folder without" $command --model "$(model)" good
    says err "groundswell ${command%% *}: .*: the folder has no encoder, only the fast tier\$"
done
cat >tier.yaml <<YAML
input: {kind: file, files: [good], format: text}
output: {kind: file, files: {tagged: tagged.jsonl, alerts: alerts.jsonl}}
model: {path: "$folders/sentiment", tier: fast}
YAML
exits 3 "run of a folder without" run -c tier.yaml
says err "has no fast tier"
exits 0 "explain of an encoder alone" explain --model "$folders/sentiment" good
says out '"tier":"encoder","method":"integrated"'
exits 0 "tag --explain of an encoder" tag --model "$folders/sentiment" --explain --logits good
python '
import json
order = {"negative": 0, "neutral": 1, "positive": 2}
rows = [json.loads(line) for line in open("out", encoding="utf-8")]
assert rows
for row in rows:
    why = row["explanation"]
    assert why["tier"] == "encoder" and why["label"] == row["sentiment"]["label"], why
    assert abs(why["logit"] - row["logits"]["sentiment"][order[why["label"]]]) < 1e-3, (why, row["logits"])
    told = why["bias"] + why["residual"] + why["rest"] + sum(w["weight"] for w in why["weights"])
    assert abs(told - why["logit"]) < 1e-4, why
    for w in why["weights"]:
        assert row["text"].encode()[w["start"]:w["end"]].decode() == w["text"], (w, row["text"])
    sizes = [abs(w["weight"]) for w in why["weights"]]
    assert sizes == sorted(sizes, reverse=True) and len(sizes) <= 10, sizes
' && ok "the words that weigh most, and all adds up to the logit"
exits 2 "an arithmetic that is none" tag --model "$folders/sentiment" --arithmetic fp8 good
exits 0 "--tier encoder" tag --model "$folders/sentiment" --tier encoder good
exits 0 "--arithmetic int8" tag --model "$folders/sentiment" --arithmetic int8 --logits good
python '
import json
for line in open("out", encoding="utf-8"):
    assert all(abs(x) < 100 for x in json.loads(line)["logits"]["sentiment"])
'

# Both tiers in one folder: gates, the heads that the encoder lacks, check, bench, a run on files.
mkdir both
cp "$folders/sentiment/config.json" "$folders/sentiment/model.safetensors" "$folders/sentiment/tokenizer.json" both
cp -r "$(model)" both/fast
manifest() {
    cat >both/groundswell.json <<JSON
{"format": "groundswell-encoder", "format_version": 1, "name": "both", "version": "7", "fast": "fast",
 "heads": {"sentiment": {"labels": [{"id": "negative", "native": "Bearish"}, {"id": "neutral", "native": "Neutral"},
                                    {"id": "positive", "native": "Bullish"}]}}, "cascade": {"sentiment": {$1}}}
JSON
}
manifest '"en": 0'
exits 0 "a gate that all pass" tag --model both good
python '
import json
rows = [json.loads(line) for line in open("out", encoding="utf-8")]
assert len(rows) == 3 and all(row["tier"] == "fast" and row["model"]["version"] == "7" for row in rows), rows
'
manifest ''
exits 0 "no gate" tag --model both --all-labels good
python '
import json
for line in open("out", encoding="utf-8"):
    row = json.loads(line)
    assert row["tier"] == "fast+encoder" and len(row["topics_all"]) > 4, row
' && ok "topics of the fast tier, sentiment of the encoder"
exits 0 "--tier fast of both" tag --model both --tier fast --explain good
says out '"tier":"fast"'
exits 0 "explain of both: the encoder's head" explain --model both --html both.html "Profit warning sends shares down"
says out '"tier":"encoder","method":"integrated"'
exits 0 "explain of both: the fast tier's head" explain --model both --head topics "Profit warning sends shares down"
says out '"tier":"fast","method":"exact"'
exits 0 "explain of the fast tier alone" explain --model both/fast --html fast.html "Profit warning"
says out '"tier":"fast","method":"exact"'
manifest '"en": 2'
exits 3 "a gate that is none" tag --model both good
says err "both/groundswell.json: cascade.sentiment.en"
manifest '"zh": 0.5'
cat >run.yaml <<YAML
input: {kind: file, files: [good], format: text}
output: {kind: file, files: {tagged: tagged.jsonl, alerts: alerts.jsonl}}
model: {path: both, encoder: {max_tokens: 64, deadline: 1m}}
YAML
exits 0 "check says the tiers" check -c run.yaml
says err "model: fast tier, asked first"
says err "model: encoder bert, 2 layers of 32, .* fp32 on .*, reads 24 tokens, answers sentiment"
exits 0 "run on files" run -c run.yaml --set log.level=error
[ "$(grep -c '"tier":"fast+encoder"' tagged.jsonl)" = 3 ] || fail "run does not ask the encoder"
exits 1 "check refuses a tier that is not there" check -c run.yaml --set model.path="$folders/sentiment" --set model.tier=fast
says out "model.tier: .*no fast tier"
exits 1 "check says that a deadline does nothing" check -c run.yaml --set model.path="$folders/sentiment"
says out "model.encoder.deadline: .*no fast tier"
exits 0 "bench of both tiers" bench --model both --arithmetic int8 --seconds 0.05
python '
import json
fast, encoder = [json.loads(line) for line in open("out", encoding="utf-8")]
assert fast["bench"] == "fast_tier" and encoder["bench"] == "encoder" and encoder["arithmetic"] == "int8"
assert encoder["msg_per_s"] > 0 and 0 < encoder["p50_us"] <= encoder["p99_us"] and encoder["kernel"]
' && ok "a line for each tier"
printf '{"text":"bank falls","sentiment":"negative"}\n{"text":"shares up","sentiment":"positive"}\n' >labelled
exits 0 "eval" eval --model "$folders/sentiment" --data labelled --json
says out '"accuracy"'
exits 3 "eval of a head that the model lacks" eval --model "$folders/sentiment" --data labelled --task topics
says err "no head for topics"
: >"both/tokenizer.json"
for command in tag bench explain "eval --data one" "quantize --out q"; do
    # shellcheck disable=SC2086
    exits 3 "a tokenizer that is broken: $command" $command --model both $([ "$command" = "quantize --out q" ] || echo good)
    says err "both/tokenizer.json"
done

# What groundswell.json says of Chinese holds wherever the folder's tokens are made.
cp "$folders/sentiment/tokenizer.json" both
printf '\344\270\232\347\273\251\n' >simplified # 业绩
printf '\346\245\255\347\270\276\n' >traditional # 業績
exits 0 "tokenize simplified" tokenize --model both simplified
mv out simplified.ids
manifest ''
exits 0 "tokenize traditional as it is written" tokenize --model both traditional
mv out traditional.ids
! cmp -s simplified.ids traditional.ids || fail "the tokenizer knows neither character"
sed -i 's/"version": "7"/"version": "7", "chinese": "simplified"/' both/groundswell.json
exits 0 "tokenize traditional as simplified" tokenize --model both traditional
cmp -s out simplified.ids || fail "tokenize does not hear of \"chinese\": \"simplified\""
echo '{' >both/groundswell.json
exits 3 "tokenize of a folder whose groundswell.json is broken" tokenize --model both traditional
says err "both/groundswell.json"
