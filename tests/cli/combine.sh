#!/bin/sh
# combine: a fast tier and an encoder become one folder; figures and gates are said; what cannot be combined is one
# message, and nothing is left of it.
. "$(dirname "$0")/lib.sh"
base=$root/tests/golden/folders/sentiment

python '
import json, random, sys
words = [w for w in json.load(open(sys.argv[1] + "/tokenizer.json", encoding="utf-8"))["model"]["vocab"]
         if w.isalpha() and w.isascii() and len(w) > 2]
rng = random.Random(3)
third = len(words) // 3
kinds = {"negative": words[:third], "neutral": words[third:2 * third], "positive": words[2 * third:]}
topics = {"negative": ["debt"], "neutral": ["policy"], "positive": ["earnings", "policy"]}
for name, n, noise in (("train.jsonl", 160, 1), ("fast.jsonl", 120, 2), ("valid.jsonl", 160, 2), ("few.jsonl", 60, 2)):
    with open(name, "w", encoding="utf-8") as out:
        for i in range(n):
            kind = rng.choice(sorted(kinds))
            text = rng.choices(kinds[kind], k=rng.randint(2, 5)) + rng.choices(words, k=noise)
            rng.shuffle(text)
            out.write(json.dumps({"id": str(i), "text": " ".join(text), "lang": "en", "sentiment": kind,
                                  "topics": topics[kind], "risks": ["default"] if kind == "negative" else []}) + "\n")
with open("marked.jsonl", "w", encoding="utf-8") as out:
    for i in range(120):
        kind = rng.choice(sorted(kinds))
        out.write(json.dumps({"text": "«Acme» " + " ".join(rng.choices(kinds[kind], k=3)), "sentiment": kind}) + "\n")
' "$base"
exits 0 "a fast tier" train --kind ngram --data fast.jsonl --out fast --quiet
timeout 300 "$program" train --kind encoder --base "$base" --data train.jsonl --name tiny --out tiny --epochs 2 --batch 8 \
    --holdout 0.2 --lr 3e-3 --head-lr 3e-2 --ema 0.9 --quiet 2>err || fail "an encoder"

exits 0 "combine" combine --fast fast --encoder en=tiny --data valid.jsonl --out pair --loss 0.02
for system in fast encoder sum cascade; do
    says out "^sentiment  en  *$system  *160 "
    says out "^topics  *en  *$system  *160 "
    says out "^risks  *en  *$system  *160 "
done
says out 'the fast tier answers [0-9]* of 160 rows alone'
python '
import json, os
m = json.load(open("pair/groundswell.json", encoding="utf-8"))
fast = json.load(open("pair/fast/groundswell.json", encoding="utf-8"))
assert (m["format"], m["name"], m["version"], m["fast"]) == ("groundswell-combined", "pair", "1", "fast"), m
assert m["encoders"] == {"en": "en"}, m["encoders"]
assert sorted(os.listdir("pair")) == ["en", "fast", "groundswell.json"], os.listdir("pair")
for name in ("config.json", "groundswell.json", "model.safetensors", "tokenizer.json"):
    assert open("pair/en/" + name, "rb").read() == open("tiny/" + name, "rb").read(), name
assert not os.path.exists("pair/en/train.jsonl")
for head in ("sentiment", "topics", "risks"):
    entry, = m["heads"][head].items()
    assert entry[0] == "en", entry
    e = entry[1]
    assert e["encoder"] == 1 and 0 <= e["fast"] <= 2 and 0.2 <= e["temperature"] <= 8, e
    assert ("margin" in e) == (head == "sentiment"), e
    assert head == "sentiment" or len(e["thresholds"]) == len(fast["heads"][head]["labels"]), e
p = m["provenance"]
assert p["loss"] == 0.02 and p["data"] == ["valid.jsonl"] and 0 <= p["fast_tier_alone"]["en"]["share"] <= 1, p
figures = {(f["head"], f["tiers"]): f.get("accuracy", f.get("micro_f1")) for f in p["figures"]}
assert len(figures) == 12, figures
for head in ("sentiment", "topics", "risks"):
    assert figures[head, "cascade"] >= figures[head, "sum"] - 0.0201, (head, figures)
    assert figures[head, "sum"] >= min(figures[head, "fast"], figures[head, "encoder"]), (head, figures)
' && ok "the folder, what was fitted, and its figures"
# The pipeline answers as was fitted: who answers which line, and how often it is right.
exits 0 "tag with the folder" tag --model pair valid.jsonl
python '
import json
m = json.load(open("pair/groundswell.json", encoding="utf-8"))
rows = [json.loads(line) for line in open("valid.jsonl", encoding="utf-8")]
said = [json.loads(line) for line in open("out", encoding="utf-8")]
share = sum(a["tier"] == "fast" for a in said) / len(said)
assert abs(share - m["provenance"]["fast_tier_alone"]["en"]["share"]) < 1.5 / len(said), share
assert {a["tier"] for a in said} <= {"fast", "fast+encoder"}
figures = {f["head"]: f for f in m["provenance"]["figures"] if f["tiers"] == "cascade"}
right = sum(a["sentiment"]["label"] == b["sentiment"] for a, b in zip(said, rows)) / len(rows)
assert abs(right - figures["sentiment"]["accuracy"]) < 1.5 / len(rows), (right, figures["sentiment"])
for head in ("topics", "risks"):
    pairs = [({x["label"] for x in a[head]}, set(b[head])) for a, b in zip(said, rows)]
    f1 = 2 * sum(len(a & b) for a, b in pairs) / sum(len(a) + len(b) for a, b in pairs)
    assert abs(f1 - figures[head]["micro_f1"]) < 0.01, (head, f1, figures[head])
' && ok "it answers as was fitted"
exits 0 "tag with the encoder alone" tag --model tiny valid.jsonl
python '
import json
figures = json.load(open("pair/groundswell.json", encoding="utf-8"))["provenance"]["figures"]
rows = [json.loads(line) for line in open("valid.jsonl", encoding="utf-8")]
said = [json.loads(line) for line in open("out", encoding="utf-8")]
for f in figures:
    if f["tiers"] == "encoder" and f["head"] != "sentiment":
        pairs = [({x["label"] for x in a[f["head"]]}, set(b[f["head"]])) for a, b in zip(said, rows)]
        f1 = 2 * sum(len(a & b) for a, b in pairs) / sum(len(a) + len(b) for a, b in pairs)
        assert abs(f1 - f["micro_f1"]) < 0.01, (f, f1)
' && ok "the encoder alone is judged at its own thresholds"
exits 0 "the same again" combine --fast fast --encoder en=tiny --data valid.jsonl --out two --loss 0.02 --name pair
cmp -s pair/groundswell.json two/groundswell.json || fail "the same lines give another folder"
ok "the same lines give the same folder"

exits 0 "one encoder for two languages, entities, few lines" combine --fast fast --encoder en=tiny --encoder zh=tiny \
    --data valid.jsonl,name=desk,knows=topics --data few.jsonl --entities marked.jsonl --out three --version 7
says out '^topics  *zh  *fast tier weighs 0.35, temperature 1.000, gate none: not fitted, 0 rows are too few'
python '
import json, os
m = json.load(open("three/groundswell.json", encoding="utf-8"))
assert m["version"] == "7" and m["encoders"] == {"en": "en", "zh": "en", "mixed": "en"}, m["encoders"]
assert not os.path.exists("three/zh")
assert m["heads"]["risks"]["zh"]["fast"] == 0.35 and "gate" not in m["heads"]["risks"]["zh"], m["heads"]["risks"]
e = m["entities"]
assert (e["open"], e["close"]) == ("«", "»") and e["temperature"]["en"] != 1 and e["temperature"]["zh"] == 1, e
' && ok "what few lines, other languages and marks make of it"

# wrong WHAT SAYS ARGUMENT…: exit 3, one line, and no folder
wrong() {
    what=$1 text=$2
    shift 2
    exits 3 "$what" combine --out none "$@"
    says err "$text"
    [ "$(wc -l <err)" = 1 ] || fail "$what: more than one line"
    ls -d none* >/dev/null 2>&1 && fail "$what: something is left"
    :
}
wrong "a fast tier that is not there" 'nowhere' --fast nowhere --encoder en=tiny --data valid.jsonl
wrong "an encoder as fast tier" 'not a fast tier alone' --fast tiny --encoder en=tiny --data valid.jsonl
wrong "a fast tier as encoder" 'fast: it has no encoder' --fast fast --encoder en=fast --data valid.jsonl
wrong "data that is not there" 'nothing.jsonl' --fast fast --encoder en=tiny --data nothing.jsonl
wrong "a label that there is not" 'topics/x' --fast fast --encoder en=tiny --data valid.jsonl,knows=topics/x
printf '{"text":"rates rise"}\n' >bare.jsonl
wrong "no label in the data" 'bare.jsonl: no line with a label' --fast fast --encoder en=tiny --data bare.jsonl
cp -r tiny other
sed -i 's/"debt"/"dept"/' other/groundswell.json
wrong "an encoder of other labels" '"dept" of topics is none of the fast tier' --fast fast --encoder en=other --data valid.jsonl
exits 3 "a folder that is there" combine --fast fast --encoder en=tiny --data valid.jsonl --out pair
says err 'pair: it is there already'
exits 3 "a place that cannot be written" combine --fast fast --encoder en=tiny --data valid.jsonl --out no/such/place
says err 'no/such/place'
for bad in tiny en= =tiny fr=tiny e=tiny; do
    exits 2 "--encoder $bad" combine --fast fast --encoder $bad --data valid.jsonl --out none
    says err 'LANG=DIR'
done
exits 2 "two encoders of a language" combine --fast fast --encoder en=tiny --encoder en=fast --data valid.jsonl --out none
exits 2 "a name that is a path" combine --fast fast --encoder en=tiny --data valid.jsonl --out none --name ../x
exits 2 "a loss above 1" combine --fast fast --encoder en=tiny --data valid.jsonl --out none --loss 2
printf '{"text":"broken\n' >>valid.jsonl
exits 1 "a line that is broken" combine --fast fast --encoder en=tiny --data valid.jsonl --out four
says err 'valid.jsonl:161'
[ -s four/groundswell.json ] || fail "one broken line leaves no folder"
