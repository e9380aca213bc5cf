#!/bin/sh
# train --kind encoder: a tiny published folder is fine-tuned and answers; kill -9, SIGTERM and a full disk on the way
# change nothing in the result; what cannot be learnt is said in one sentence.
. "$(dirname "$0")/lib.sh"
base=$root/tests/golden/folders/sentiment

python '
import json, random, sys
words = [w for w in json.load(open(sys.argv[1] + "/tokenizer.json", encoding="utf-8"))["model"]["vocab"]
         if w.isalpha() and len(w) > 2]
rng = random.Random(3)
half = len(words) // 3
kinds = {"negative": words[:half], "neutral": words[half:2 * half], "positive": words[2 * half:]}
topics = {"negative": ["debt"], "neutral": ["policy"], "positive": ["earnings", "policy"]}
with open("rows.jsonl", "w", encoding="utf-8") as out:
    for n in range(160):
        kind = rng.choice(sorted(kinds))
        row = {"id": str(n), "text": " ".join(rng.choices(kinds[kind], k=rng.randint(2, 7))), "lang": "en",
               "sentiment": kind, "topics": topics[kind], "risks": ["default"] if kind == "negative" else []}
        out.write(json.dumps(row, ensure_ascii=False) + "\n")
' "$base"

# run OUT OPTION…: in the background with prefix=exec, so that $! is the program itself
run() {
    out=$1
    shift
    set -- train --kind encoder --base "$base" --data rows.jsonl --name tiny --out "$out" --epochs 3 --batch 8 \
        --holdout 0.2 --lr 3e-3 --head-lr 3e-2 --ema 0.9 --checkpoint 0 "$@"
    $prefix "$program" "$@" >"$out.out" 2>"$out.err" </dev/null
}
prefix="timeout 120"

# same WHAT FOLDER: its weights and its manifest are those of ./whole
same() {
    cmp -s whole/model.safetensors "$2/model.safetensors" || fail "$1: other weights"
    cmp -s whole/groundswell.json "$2/groundswell.json" || fail "$1: another manifest"
    ok "$1: the same bytes"
}

run whole --threads 1 || { cat whole.err; fail "a training"; }
[ ! -e whole/checkpoint.bin ] || fail "the checkpoint stays when it is of no more use"
says whole.err 'at most [0-9]* MB of memory; sgemm alone'
says whole.err 'tokens/s'
# A CPU that OpenBLAS does not know is no reason for kernels of twenty years ago; what is asked for is done.
if grep -q '^flags.* avx2' /proc/cpuinfo && grep -q '^flags.* fma' /proc/cpuinfo; then
    if grep -q 'sgemm alone (Prescott)' whole.err; then fail "SSE3 kernels on a CPU with AVX2"; fi
    OPENBLAS_CORETYPE=Prescott run asked --threads 1 || fail "a training with kernels that were asked for"
    says asked.err 'sgemm alone (Prescott)'
    ok "the CPU's kernels, or those that were asked for"
fi
{ cat rows.jsonl; echo '{"text":"profit","sentiment":"glad"}'; } >mixed.jsonl
timeout 120 "$program" train --kind encoder --base "$base" --data mixed.jsonl --out mixed --epochs 1 --rejects refused.jsonl \
    >mixed.out 2>mixed.err
[ $? = 1 ] || fail "a refused line is no finding"
python 'import json; row, = map(json.loads, open("refused.jsonl")); assert row["line"] == 161 and "glad" in row["value"], row' &&
    ok "a refused line is kept"
run two --threads 2 || fail "a training on two threads"
same "two threads" two

for part in 'Curves' 'Validation' 'Sentiment' 'Topics' 'Risks' 'Confusion' 'accuracy'; do
    says whole/report.html "$part"
done
python '
import glob, struct
name, = glob.glob("whole/tensorboard/events.out.tfevents.*")
data = open(name, "rb").read()
def crc(part):
    c = 0xFFFFFFFF
    for byte in part:
        c ^= byte
        for _ in range(8):
            c = c >> 1 ^ (0x82F63B78 if c & 1 else 0)
    c ^= 0xFFFFFFFF
    return ((c >> 15 | c << 17) + 0xA282EAD8) & 0xFFFFFFFF
assert crc(b"123456789") == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF
at, names = 0, set()
while at < len(data):
    n, head = struct.unpack("<QI", data[at:at + 12])
    event, tail = data[at + 12:at + 12 + n], struct.unpack("<I", data[at + 12 + n:at + 16 + n])[0]
    assert crc(data[at:at + 8]) == head and crc(event) == tail
    at += 16 + n
    names.update(part for part in (b"loss/all", b"validation/accuracy", b"brain.Event:2") if part in event)
assert len(names) == 3, names
' && ok "a report, and events for TensorBoard"

exits 0 "tag" tag --model whole --logits --all-labels rows.jsonl
python '
import json
rows = [json.loads(line) for line in open("rows.jsonl", encoding="utf-8")]
said = [json.loads(line) for line in open("out", encoding="utf-8")]
assert len(said) == len(rows)
right = sum(a["sentiment"]["label"] == b["sentiment"] for a, b in zip(said, rows))
topics = sum({t["label"] for t in a["topics"]} == set(b["topics"]) for a, b in zip(said, rows))
assert right > 0.9 * len(rows), right
assert topics > 0.9 * len(rows), topics
assert set(said[0]["topics_all"]) == {"debt", "policy", "earnings"} and set(said[0]["risks_all"]) == {"default"}
' && ok "it has learnt what is plain, in three heads"
exits 0 "quantize" quantize --model whole --out int8
exits 0 "tag in int8" tag --model int8 --all-labels rows.jsonl
says out '"topics_all":{"debt"'
says out '"risks_all":{"default"'
exits 0 "eval" eval --model whole --data rows.jsonl --min accuracy=0.9

# wait_for FILE: until it is there, at most a minute
wait_for() {
    tries=0
    while [ ! -s "$1" ] && [ $tries -lt 1200 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
}

# killed again and again, each time somewhere else
(prefix=exec; run killed --threads 2) &
pid=$!
wait_for killed/checkpoint.bin
for pause in 0.01 0.03 0.05; do
    sleep $pause
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ -e killed/groundswell.json ] && break
    (prefix=exec; run killed --threads 1 --resume) &
    pid=$!
done
wait $pid
[ -e killed/groundswell.json ] || run killed --resume || fail "a run that was killed does not go on"
same "kill -9 and --resume" killed

(prefix=exec; run stopped) &
pid=$!
wait_for stopped/checkpoint.bin
kill -TERM $pid 2>/dev/null
wait $pid
if [ -e stopped/groundswell.json ]; then
    ok "SIGTERM came too late"
else
    says stopped.err 'stopped at epoch [0-9]*, step [0-9]*; --resume goes on from there'
    printf '{"event": "st' >>stopped/train.jsonl
    run stopped --resume || fail "a run that was stopped does not go on"
    says stopped/report.html '1 lines of train.jsonl cannot be read'
fi
same "SIGTERM and --resume" stopped

run other --resume --lr 1e-3 || fail "--resume without a checkpoint begins anew"
(ulimit -f 16; run full --epochs 1)
[ $? = 3 ] || fail "a full disk: another exit code than 3"
says full.err 'checkpoint.bin: File too large'
says full.err 'model.safetensors: File too large'
[ ! -e full/model.safetensors ] && [ ! -e full/groundswell.json ] || fail "half a folder is left"
ok "a full disk: said, and no half file"

# what cannot be
tune() { # STATUS WHAT TEXT DATA OPTION…
    status=$1 what=$2 text=$3 data=$4
    shift 4
    exits "$status" "$what" train --kind encoder --base "$base" --data "$data" --out refused --epochs 1 "$@"
    says err "$text"
}
echo '{"topics": [{"id": "debt", "zh": "债务"}, {"id": "policy"}, {"id": "earnings"}], "risks": [{"id": "default"}]}' >labels.json
head -n 40 rows.jsonl >some.jsonl
echo '{"text": "a row", "sentiment": "positive", "topics": ["gossip"]}' | cat some.jsonl - >gossip.jsonl
tune 1 "a label that is not among those given" 'gossip.jsonl:41: topics: "gossip" is not one of the labels given' \
    gossip.jsonl --labels labels.json
echo '{"text": "a row", "senti' | cat some.jsonl - >broken.jsonl
tune 1 "a broken line" 'broken.jsonl:41: ' broken.jsonl
echo '{"topics": [{"id": "debt"}, {"id": "policy"}, {"id": "earnings"}, {"id": "merger"}], "risks": [{"id": "default"}]}' >more.json
tune 2 "a label without an example" 'topics: no row to train on has the label "merger"' some.jsonl --labels more.json
python '
import json
print(json.dumps({"text": "word " * 200000, "sentiment": "neutral"}))
' >long.jsonl
cat some.jsonl >>long.jsonl
tune 0 "a text of a megabyte" 'tokens/s' long.jsonl
tune 3 "a loss that is no number" 'the loss is not a number: a lower --lr may help' some.jsonl --lr 1e30 --head-lr 1e30 \
    --warm-up 0 --epochs 9
grep -v xyzzy some.jsonl | sed 's/"sentiment": "[a-z]*", //' >topics.jsonl
tune 0 "no sentiment" 'no row has a sentiment: the model will not have that head' topics.jsonl
sed 's/"sentiment": "[a-z]*", "topics".*}/"id2": 1}/' some.jsonl >nothing.jsonl
tune 2 "no labels" 'there is no row to train on' nothing.jsonl
tune 2 "more layers than there are" 'has 2 layers, not 5' some.jsonl --layers 5
tune 2 "an option out of range" '--warm-up is a number from 0 to 1, not 2' some.jsonl --warm-up 2
cp -r "$base" cut
python '
import json, struct
data = open("cut/model.safetensors", "rb").read()
n = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + n])
gone = next(k for k in header if k.endswith("layer.1.output.dense.weight"))
header["renamed"] = header.pop(gone)
text = json.dumps(header).encode()
open("cut/model.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + data[8 + n:])
'
exits 3 "a tensor that is missing" train --kind encoder --base cut --data some.jsonl --out refused
says err 'tensor bert.encoder.layer.1.output.dense.weight is missing'
exits 3 "a base that is not there" train --kind encoder --base nowhere --data some.jsonl --out refused
exits 2 "no base" train --kind encoder --data some.jsonl --out refused
