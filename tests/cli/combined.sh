#!/bin/sh
# A folder with a fast tier and an encoder for each language: what tag says is the sum that its groundswell.json asks for of
# what the tiers say alone; gates, tiers, eval, check, run and bench work with it, and what needs one encoder says so.
. "$(dirname "$0")/lib.sh"
folders=$root/tests/golden/folders

mkdir pair
cp -r "$folders/topics" pair/en
cp -r "$folders/sentiment" pair/zh
cp -r "$(model)" pair/fast
# manifests GATE: en has sentiment and two topics, zh sentiment alone; mixed texts go to zh.
manifests() {
    python '
import json, sys
fast = json.load(open("pair/fast/groundswell.json", encoding="utf-8"))
ids = {head: [label["id"] for label in fast["heads"][head]["labels"]] for head in ("topics", "risks")}
sentiments = ["negative", "neutral", "positive"]
def encoder(name, heads):
    json.dump({"format": "groundswell-encoder", "format_version": 1, "name": name, "version": "1", "heads": heads},
              open(f"pair/{name}/groundswell.json", "w", encoding="utf-8"))
encoder("en", {"sentiment": {"temperature": {"en": 2}, "labels": [{"id": s, "native": n} for s, n in zip(sentiments, (3, 1, 2))]},
               "topics": {"labels": [{"id": ids["topics"][5], "native": 0}, {"id": ids["topics"][2], "native": 2}]}})
encoder("zh", {"sentiment": {"labels": [{"id": s, "native": n} for s, n in zip(sentiments, (2, 1, 0))]}})
gate = None if sys.argv[1] == "null" else float(sys.argv[1])
def entry(head, encoder, fast, temperature, threshold):
    row = {"encoder": encoder, "fast": fast, "temperature": temperature, "gate": gate}
    return row | ({"margin": 0.1} if head == "sentiment" else {"thresholds": [threshold] * len(ids[head])})
heads = {head: {"en": entry(head, 1, 0.35, 1.25, 0.02), "zh": entry(head, 0.5, 2, 1, 0.3), "mixed": entry(head, 1, 0, 1, 0.3)}
         for head in ("sentiment", "topics", "risks")}
json.dump({"format": "groundswell-combined", "name": "pair", "version": "7", "fast": "fast",
           "encoders": {"en": "en", "zh": "zh", "mixed": "zh"}, "heads": heads,
           "entities": {"open": "«", "close": "»", "temperature": {"en": 0.5}},
           "provenance": {"accuracy": 0.5}}, open("pair/groundswell.json", "w", encoding="utf-8"))
' "$1"
}
manifests null

python '
rows = [("Shares fall on profit warning", "negative"), ("公司净利润下降", "negative"), ("bank beats guidance", "positive"), ("Прибыль банка растёт", "positive"),
        ("业绩上升", "positive"), ("Market up and up", "positive"), ("公司 Apple 业绩 profit 下降 warning 公司", "negative"), ("x", "neutral")]
import json
with open("texts", "w", encoding="utf-8") as texts, open("labelled", "w", encoding="utf-8") as labelled:
    for i in range(40):
        text, sentiment = rows[i * 3 % 8]
        text = f"{text} {i}"
        topics = [json.load(open("pair/fast/groundswell.json", encoding="utf-8"))["heads"]["topics"]["labels"][i % 7]["id"]]
        texts.write(json.dumps({"text": text}) + "\n")
        labelled.write(json.dumps({"text": text, "sentiment": sentiment, "topics": topics}) + "\n")
'
exits 0 "tag" tag --model pair --logits --all-labels texts
mv out both
exits 0 "tag --tier fast" tag --model pair --tier fast --logits --all-labels texts
mv out fast
for encoder in en zh; do
    exits 0 "the encoder alone: $encoder" tag --model pair/$encoder --logits texts
    mv out $encoder
done
python '
import json
fast, both, en, zh = [[json.loads(line) for line in open(name, encoding="utf-8")] for name in ("fast", "both", "en", "zh")]
ids = {head: [label["id"] for label in json.load(open("pair/fast/groundswell.json", encoding="utf-8"))["heads"][head]["labels"]]
       for head in ("topics", "risks")}
close = lambda a, b: abs(a - b) < 1e-4 * (1 + abs(b))
seen = set()
for f, z, e, c in zip(fast, both, en, zh):
    lang = z["lang"]
    seen.add(lang)
    assert f["text"] == z["text"] and f["tier"] == "fast" and f["model"]["name"] == "pair"
    if lang == "other":
        assert z["tier"] == "fast" and z["logits"] == f["logits"], z
        continue
    assert z["tier"] == "fast+encoder" and z["model"]["sha256"] != f["model"]["sha256"]
    w, v, t = {"en": (1, 0.35, 1.25), "zh": (0.5, 2, 1), "mixed": (1, 0, 1)}[lang]
    alone = (e if lang == "en" else c)["logits"]
    for a, x, y in zip(z["logits"]["sentiment"], alone["sentiment"], f["logits"]["sentiment"]):
        assert close(a, (w * x + v * y) / t), (lang, a, x, y)
    want = list(f["logits"]["topics"])
    if lang == "en":
        for at, x in zip((5, 2), alone["topics"]):
            want[at] = (w * x + v * want[at]) / t
    assert all(close(a, b) for a, b in zip(z["logits"]["topics"], want)), (lang, z["logits"]["topics"], want)
    assert all(close(a, b) for a, b in zip(z["logits"]["risks"], f["logits"]["risks"]))
    if lang == "en":  # the threshold of the language: .02
        said = sorted(i for i, p in z["topics_all"].items() if p >= 0.02)
        assert sorted(t["label"] for t in z["topics"]) == said, (z["topics"], said)
assert seen == {"en", "zh", "mixed", "other"}, seen
' && ok "the sums of both tiers, in the order of the lines; a language without an encoder is the fast tier's"
sed 's/"ts":"[^"]*",//' both >expected
exits 0 "three threads" tag --model pair --logits --all-labels --threads 3 texts
sed 's/"ts":"[^"]*",//' out | cmp -s - expected || fail "threads change the answers"

exits 0 "eval of sentiment" eval --model pair --data labelled --json
mv out sentiment.json
exits 0 "eval of topics" eval --model pair --data labelled --task topics --json
mv out topics.json
python '
import json
both, truth = [[json.loads(line) for line in open(name, encoding="utf-8")] for name in ("both", "labelled")]
right = sum(z["sentiment"]["label"] == t["sentiment"] for z, t in zip(both, truth)) / len(truth)
assert abs(json.load(open("sentiment.json"))["accuracy"] - right) < 1e-6, right
known = {topic for t in truth for topic in t["topics"]}  # of others the file says nothing
said = [{t["label"] for t in z["topics"]} & known for z in both]
hit = sum(len(s & set(t["topics"])) for s, t in zip(said, truth))
micro = 2 * hit / (sum(map(len, said)) + sum(len(t["topics"]) for t in truth))
assert abs(json.load(open("topics.json"))["micro_f1"] - micro) < 1e-4, (json.load(open("topics.json"))["micro_f1"], micro)
' && ok "eval judges what tag says, with the thresholds of each language"

# Companies have the sentiment toward them: what the encoder says of the text in which the company is marked.
printf 'id,name,aliases\nTSLA,Tesla,\nF,Ford,\nGM,General Motors,\nMCD,McDonald,\nSBUX,Starbucks,\n' >watchlist.csv
printf '{"title":"Tesla beats guidance","text":"Ford falls, Tesla up"}\n{"text":"Starbucks, McDonald, General Motors, Tesla and Ford fall"}\n' >named
printf '\302\253Tesla\302\273 beats guidance Ford falls, Tesla up\nTesla beats guidance \302\253Ford\302\273 falls, Tesla up\n' >marked
exits 0 "tag with a watchlist" tag --model pair --watchlist watchlist.csv named
mv out own
exits 0 "the marked texts" tag --model pair/en --logits --format text marked
python '
import json, math
own, marked = [[json.loads(line) for line in open(name, encoding="utf-8")] for name in ("own", "out")]
def softmax(logits):
    shares = [math.exp(2 * x) for x in logits]
    return [x / sum(shares) for x in shares]
want = {"TSLA": softmax(marked[0]["logits"]["sentiment"]), "F": softmax(marked[1]["logits"]["sentiment"])}
entities = own[0]["entities"]
assert [(e["id"], e["in"]) for e in entities] == [("TSLA", "title"), ("F", "text"), ("TSLA", "text")], entities
for e in entities:
    assert all(abs(a - b) < 1e-4 for a, b in zip(e["sentiment"]["p"].values(), want[e["id"]])), (e, want)
said = [e["sentiment"] == {k: v for k, v in own[1]["sentiment"].items() if k != "score"} for e in own[1]["entities"]]
assert said == [False] * 4 + [True], own[1]  # the fifth company has the message
' && ok "four companies of a message have their own sentiment"
exits 0 "the fast tier alone" tag --model pair --tier fast --watchlist watchlist.csv named
python '
import json
for line in open("out", encoding="utf-8"):
    row = json.loads(line)
    assert all(e["sentiment"]["p"] == row["sentiment"]["p"] for e in row["entities"]), row
' && ok "without the encoder, the message has it"

manifests 0
exits 0 "a gate that all pass" tag --model pair texts
[ "$(grep -c '"tier":"fast"' out)" = 40 ] || fail "a gate does not open"
exits 0 "--tier encoder has no gates, and still adds up" tag --model pair --tier encoder --logits --all-labels texts
sed 's/"ts":"[^"]*",//' out | cmp -s - expected || fail "--tier encoder is not the sum"
exits 0 "--tier fast --explain" tag --model pair --tier fast --explain texts
[ "$(grep -c '"explanation":{"label":"[a-z]*","tier":"fast","method":"exact"' out)" = 40 ] || fail "the fast tier is not explained"
manifests null
exits 0 "--explain" tag --model pair --explain --threads 3 texts
mv out three-threads
exits 0 "--explain on one thread" tag --model pair --explain --threads 1 texts
sed 's/"ts":"[^"]*",//' out >one-thread
sed 's/"ts":"[^"]*",//' three-threads | cmp -s - one-thread || fail "several threads explain otherwise"
grep -q '"explanation":{"label":"[a-z]*","tier":"fast+encoder"' out || fail "the encoder has no part in what is explained"

cat >run.yaml <<YAML
input: {kind: file, files: [texts], format: json}
output: {kind: file, files: {tagged: tagged.jsonl, alerts: alerts.jsonl}}
model: {path: pair, encoder: {max_tokens: 64}}
YAML
exits 0 "check" check -c run.yaml
says err "model: encoder bert, 2 layers of 32, .* answers sentiment topics of texts in en (added"
says err "model: encoder bert, 2 layers of 32, .* answers sentiment of texts in zh, mixed (added"
exits 0 "run" run -c run.yaml --set log.level=error
python '
import json
run, both = [[json.loads(line) for line in open(name, encoding="utf-8")] for name in ("tagged.jsonl", "both")]
assert [(row["text"], row["tier"], row["sentiment"]) for row in run] == [(row["text"], row["tier"], row["sentiment"]) for row in both]
' && ok "run says what tag says"
exits 0 "bench" bench --model pair --seconds 0.05
python '
import json
rows = [json.loads(line) for line in open("out", encoding="utf-8")]
assert [(row["bench"], row.get("folder")) for row in rows] == [("fast_tier", None), ("encoder", "en"), ("encoder", "zh")], rows
assert all(row["msg_per_s"] > 0 for row in rows)
' && ok "a line for each tier and encoder"
printf 'Shares fall\n' >english
exits 0 "bench without a Chinese text" bench --model pair --tier encoder --seconds 0.05 english
says err "no text is in a language that encoder zh reads"
[ "$(wc -l <out)" = 1 ] || fail "an encoder without a text is measured"
# What is said of each piece adds up to what tag answers, for the language's encoder and for none.
printf 'Profit warning sends shares down\n股价暴跌,准备退市\nドル円は上昇した\n' >three
for head in sentiment topics risks; do
    for method in integrated grad-input; do
        exits 0 "explain --head $head --method $method" explain --model pair --head $head --method $method --html page.html three
        exits 0 "tag" tag --model pair --logits three
        cp out tagged
        exits 0 "explain" explain --model pair --head $head --method $method three
        python "
import json
labels = json.load(open('pair/fast/groundswell.json'))['heads']['$head']['labels']
said = [json.loads(line) for line in open('out', encoding='utf-8')]
for row, tagged in zip(said, [json.loads(line) for line in open('tagged', encoding='utf-8')], strict=True):
    logits = dict(zip([l['id'] for l in labels], tagged['logits']['$head'], strict=True))
    assert abs(row['logit'] - logits[row['label']]) < 1e-4, (row['logit'], logits)
    words = sum(w['weight'] for w in row['words'])
    assert abs(row['bias'] + words + row['residual'] - row['logit']) < 1e-4, row
    both = '$head' == 'sentiment' and tagged['tier'] == 'fast+encoder' # the best of the others is the fast tier's own
    assert row['tier'] == ('fast+encoder' if both else 'fast') and bool(row['encoder_tokens']) == both, row
    assert row['method'] == ('$method' if both else 'exact'), row
    if '$method' == 'integrated':
        assert abs(row['residual']) < 0.1 * max(1, abs(row['logit'] - row['bias'])), row
    for piece in row['encoder_tokens']:
        assert row['text'].encode()[piece['start']:piece['end']].decode() == piece['text'], piece
if '$head' == 'sentiment':
    assert [bool(row['encoder_tokens']) for row in said] == [True, True, False], said
" && ok "$head, $method: it adds up"
    done
done
known=$(python 'import json; print(json.load(open("pair/en/groundswell.json"))["heads"]["topics"]["labels"][0]["id"])')
exits 0 "explain a topic that both know" explain --model pair --head topics --label "$known" three
head -n 1 out | grep -q '"tier":"fast+encoder"' || fail "a topic that both know is explained by one"
exits 2 "an unknown method" explain --model pair --method guess three
for command in embed tokenize "quantize --out q"; do
    # shellcheck disable=SC2086 # several arguments
    exits 3 "$command of several encoders" $command --model pair $([ "$command" = "quantize --out q" ] || echo texts)
    says err "groundswell ${command%% *}: .*name the subfolder of one"
done
exits 0 "embed of one" embed --model pair/zh texts
sed 's/"thresholds": \[0.02, /"thresholds": [/' pair/groundswell.json >broken && cp broken pair/groundswell.json
for command in tag "eval --data labelled" check; do
    case $command in
    check) exits 1 "a threshold too few: check" check -c run.yaml && says out "heads.topics.en.thresholds" ;;
    *)
        # shellcheck disable=SC2086
        exits 3 "a threshold too few: $command" $command --model pair texts
        says err "pair/groundswell.json: heads.topics.en.thresholds"
        ;;
    esac
done
