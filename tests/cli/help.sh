#!/bin/sh
# Every command says how it is used; what is wrong on the command line is exit 2 and a sentence.
. "$(dirname "$0")/lib.sh"

exits 0 "--help" --help
commands="run demo tag eval train explain tokenize embed bench replay check"
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
