#!/bin/sh
# average_weights.py: the mean of two trainings; of one with itself it is that one, to the bit.
. "$(dirname "$0")/lib.sh"
folder=$root/tests/golden/folders/sentiment
average="python3 -B $root/classifier/train/bases/average_weights.py"
printf 'profit falls sharply\nshares rise after strong results\n' >texts.txt

# logits FOLDER FILE
logits() {
    exits 0 "logits of $1" tag --model "$1" --arithmetic fp32 --logits texts.txt
    python 'import json; print(json.dumps([json.loads(line)["logits"]["sentiment"] for line in open("out")]))' >"$2"
}

# weights CODE: Python with read(), which gives a folder's weights
weights() {
    python "
import sys; sys.path.insert(0, '$root/classifier/train/bases')
from average_weights import read
$1"
}

logits "$folder" base.logits
$average "$folder" "$folder" same || fail "a folder with itself"
logits same same.logits
cmp -s base.logits same.logits || fail "the mean of a folder with itself is another"
ok "a folder with itself"

# Another training: the head's weights three times as large, so that the mean's are twice.
cp -r "$folder" other
weights "
import array
from bge_small import save
times = lambda name: 3 if name.startswith('classifier') else 1
save('other/model.safetensors', {name: (shape, array.array('f', [times(name) * v for v in values]).tobytes())
                                 for name, (shape, values) in read('$folder').items()})"
$average "$folder" other mean || fail "two folders"
logits mean mean.logits
python '
import json
base, mean = (sum(json.load(open(name)), []) for name in ("base.logits", "mean.logits"))
assert all(abs(m - 2 * b) < 1e-3 * (1 + abs(b)) for b, m in zip(base, mean)), (base, mean)
' && ok "the middle of two"

exits 0 quantize quantize --model "$folder" --out int8 --calibration texts.txt
$average "$folder" int8 wrong 2>err && fail "an int8 folder"
says err 'int8: .* is I8: only folders of fp32 can be averaged'
ok "an int8 folder"

mkdir -p smaller && cp "$folder"/* smaller
weights "
from bge_small import save
found = {n: (s, v.tobytes()) for n, (s, v) in read('$folder').items()}
found.pop(sorted(found)[0])
save('smaller/model.safetensors', found)"
$average "$folder" smaller wrong 2>err && fail "folders that are not alike"
says err 'is not alike in .*: not two trainings of one base'
[ ! -e wrong ] || fail "something was written"
ok "folders that are not alike"
