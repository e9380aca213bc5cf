#!/bin/sh
# trim_vocabulary.py takes pieces out of a base encoder: what the texts need stays and means what it meant, to the bit;
# a word whose piece went is cut into smaller ones, not lost.
. "$(dirname "$0")/lib.sh"
base=$root/tests/golden/folders/sentiment

python '
import json, sys
for case in json.load(open(sys.argv[1], encoding="utf-8"))["cases"][:3]:
    print(json.dumps({"text": case["text"]}))
' "$base/cases.json" >kept.jsonl
n=$(python 'import json, sys; print(len(json.load(open(sys.argv[1] + "/tokenizer.json"))["model"]["vocab"]))' "$base")

# trim PIECES OUT
trim() {
    python3 -B "$root/classifier/train/bases/trim_vocabulary.py" "$program" "$base" "$2" "$1" 40 kept.jsonl >trim.out ||
        fail "trimming to $1 pieces"
}

# same WHAT FOLDER: the kept texts have as many tokens as before, and the same logits
same() {
    exits 0 "$1: tokenize" tokenize --model "$2" kept.jsonl
    mv out trimmed.ids
    exits 0 "$1: tokenize the base" tokenize --model "$base" kept.jsonl
    python '
import json
before, after = ([len(json.loads(line)["ids"]) for line in open(name)] for name in ("out", "trimmed.ids"))
assert before == after, (before, after)
'
    exits 0 "$1: tag" tag --model "$2" --arithmetic fp32 --logits kept.jsonl
    python 'import json; print([json.loads(l)["logits"] for l in open("out")])' >trimmed.logits
    exits 0 "$1: tag by the base" tag --model "$base" --arithmetic fp32 --logits kept.jsonl
    python 'import json; print([json.loads(l)["logits"] for l in open("out")])' >base.logits
    cmp -s base.logits trimmed.logits || fail "$1: other answers"
    ok "$1: the texts are cut and answered as before"
}

used=$(exits 0 "the base's ids" tokenize --model "$base" kept.jsonl >/dev/null; python '
import json
print(len({i for line in open("out") for i in json.loads(line)["ids"]}))')
few=6 # fewer than the vocabulary has words that no text has
trim "$n" whole
same "nothing taken away" whole
trim $((n - few)) smaller
[ "$used" -lt $((n - few)) ] || fail "the texts use $used of $n pieces: this test shows nothing"
says trim.out "$((n - few)) of $n pieces, 100.00 % of the texts' tokens"
same "pieces that no text has" smaller

# Hardly a piece left: what was one is many, down to letters.
trim 1 letters
echo profit >word.txt
exits 0 "a word of a piece" tokenize --model "$base" word.txt
says out '"ids":\[[0-9]*,[0-9]*,[0-9]*\]'
exits 0 "a word without its piece" tokenize --model letters word.txt
says out '"ids":\[[0-9]*\(,[0-9]*\)\{7\}\]'
ok "a word whose piece went is cut into letters"
