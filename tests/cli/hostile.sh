#!/bin/sh
# tag survives any line: random bytes, absurd nesting, a line of 20 MB, NUL, no UTF-8; nothing is lost silently.
. "$(dirname "$0")/lib.sh"
model=$(model)

python '
import json, random
rng = random.Random(7)
lines = []
def good(n): lines.append(json.dumps({"id": f"good-{n}", "text": f"shares fall, message {n}"}).encode())
def bad(line): lines.append(b"{" + line.replace(b"\n", b" "))
good(0)
bad(b"[" * 100000)
bad(b"\"a\":" * 50000)
bad(bytes(rng.randrange(256) for _ in range(5000)))
good(1)
bad(b"\"text\":\"" + b"x" * 20_000_000)
bad(b"\"text\":\"a\x00b\"}")
bad(b"\"text\":\"\\ud800\\u0000\",")
good(2)
for _ in range(300):
    bad(bytes(rng.randrange(256) for _ in range(rng.randrange(1, 200))))
good(3)
open("in", "wb").write(b"\n".join(lines) + b"\n")
print(len(lines))
' >count
total=$(cat count)
exits 1 "bad lines are exit 1, not a crash" tag --model "$model" --rejects rejects in
python '
import json, sys
out = [json.loads(line.decode("utf-8")) for line in open("out", "rb").read().splitlines()]
rejects = [json.loads(line.decode("utf-8")) for line in open("rejects", "rb").read().splitlines()]
assert [row["id"] for row in out if row["id"].startswith("good")] == ["good-0", "good-1", "good-2", "good-3"]
assert len(out) + len(rejects) == int(sys.argv[1]), (len(out), len(rejects), sys.argv[1])
' "$total" && ok "every line is tagged or refused with a record"
timeout 60 "$program" tag --model "$model" --rejects rejects2 in 2>/dev/null | head -n 1 >first
grep -q good-0 first || fail "into a pipe that closes"
ok "a reader that goes away does no harm"
if [ -c /dev/full ]; then
    timeout 60 "$program" tag --model "$model" --rejects rejects3 in >/dev/full 2>err
    [ $? = 3 ] || fail "a full disk is exit 3"
    ok "a full disk is exit 3"
fi
