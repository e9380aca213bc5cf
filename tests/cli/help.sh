#!/bin/sh
# Every command says how it is used; what is wrong on the command line is exit 2 and a sentence.
. "$(dirname "$0")/lib.sh"

exits 0 "--help" --help
commands="run demo tag eval train explain tokenize embed quantize combine bench replay check lag offsets dlq doctor tap state"
for command in $commands; do
    says out "$command"
done
exits 0 "--version" --version
says out "[0-9]\.[0-9]"
for command in $commands; do
    exits 0 "$command --help" "$command" --help
    says out "groundswell $command"
    says out "[Ee]xample"
    [ ! -s err ] || fail "$command --help writes to stderr"
    exits 2 "$command --no-such-flag" "$command" --no-such-flag
    [ -s err ] || fail "$command --no-such-flag says nothing"
    [ ! -s out ] || fail "$command --no-such-flag writes to stdout"
done
exits 2 "no command"
exits 2 "a command that is none" frobnicate
says err frobnicate
exits 2 "tag without a model" tag
exits 2 "run without a configuration" run
exits 2 "check without a configuration" check
exits 2 "a flag without its value" tag --model
exits 2 "a number that is none" demo --for soon
exits 2 "a choice that is none" tag --model "$(model)" --format morse

# What is wrong is one line that names it, and what may have been meant.
usage() { # TEXT ARGUMENT…
    text=$1
    shift
    exits 2 "$*" "$@"
    says err "$text"
    [ "$(wc -l <err)" = 1 ] || fail "more than one line"
    [ ! -s out ] || fail "a usage error on stdout"
}
usage "no command 'replya'; did you mean replay?" replya
usage "--treads: there is no such option; did you mean --threads?" tag --treads 4
usage "--ma: there is no such option" tag --ma x
usage "-m needs a value: --model DIR" tag -m
usage "--quiet takes no value" tag --quiet=yes
usage "--threads is a whole number from 1 to 256, not 0" tag --threads 0 -m x
usage "--tier is auto, fast or encoder, not slow" tag --tier slow -m x
usage "--log-format is text or json, not xml" tag --log-format xml -m x
usage "--config FILE is missing" run
usage "--data FILE is missing" eval --model x
usage "b: more than 1 FILE" tokenize --model x a b
usage "x: it takes options only" check x
usage "a gate is METRIC=VALUE" eval --model x --data y --min 0.5
ok "usage errors say what was wrong"

# What comes later says so.
for command in prune distill select feedback; do
    usage "^groundswell $command: not yet" $command --anything
done
usage "--base DIR is missing" train --kind encoder --data x --out y
usage "there is no such option; did you mean --warm-up" train --kind encoder --warmup 1 --data x --out y --base z
usage "--pooling is cls, mean, cls_mean or pooler, not max" train --kin=encoder --pooling max
usage "--freeze is a whole number from 0 to 128, not -1" train --kind encoder --freeze -1
usage "--patience is a whole number from 0 to 1000, not 1.5" train --kind encoder --patience 1.5
usage "counts FILE needs --scores FILE" replay --counts x
usage "no messages, no state" replay --counts x --scores y z
ok "what comes later says so"

# The same flags in every place: joined, apart, shortened, after operands; everything behind -- is no option.
printf 'a text\n' >-odd
for line in "--model=$(model) ./-odd" "./-odd --mod $(model)" "-m$(model) -- -odd" "-qm $(model) -- -odd"; do
    exits 0 "tag $line" tag $line
    says out '"text":"a text"'
done

# --log-format json: what goes to stderr is JSON lines; --rejects: records, for their owner only.
printf '{"text": \n{"text": "fine"}\n{}\n' >bad.jsonl
for command in "tag --model $(model)" "explain --model $(model)"; do
    exits 1 "$command --log-format json" $command --log-format json bad.jsonl
    python '
import json
lines = [json.loads(line) for line in open("err", encoding="utf-8")]
assert lines and all("message" in line for line in lines), lines
'
    exits 1 "$command --rejects" $command --rejects rejects.jsonl --quiet bad.jsonl
    python '
import json, os
lines = [json.loads(line) for line in open("rejects.jsonl", encoding="utf-8")]
assert lines[0]["line"] == 1 and lines[0]["code"] and lines[0]["message"], lines
assert os.stat("rejects.jsonl").st_mode & 0o77 == 0
'
done
ln -s elsewhere link
exits 3 "--rejects into a link" tag --model "$(model)" --rejects link bad.jsonl
[ ! -e elsewhere ] || fail "a link was followed"

# Progress where it is asked for.
exits 0 "--progress" tag --model "$(model)" --progress ./-odd
says err "100%  1 lines, .* a second, 0:00 left"
exits 0 "no progress unasked" tag --model "$(model)" ./-odd
[ ! -s err ] || fail "stderr is not empty"
