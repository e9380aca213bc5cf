#!/bin/sh
# check: every finding at once, with file and line; nothing else is started.
. "$(dirname "$0")/lib.sh"

exits 0 "the configuration that is shipped" check -c "$root/deploy/config/groundswell.yaml"
cat >bad.yaml <<'YAML'
input:
  kind: kafka
  topics: [raw]
  max_record_bytes: minus one
batch:
  max_messages: 99999999999
no_such_section:
  a: 1
http:
  prot: 9100
YAML
exits 1 "a bad configuration is exit 1" check -c bad.yaml
cat out err >said
says said "bad.yaml:4"
says said "bad.yaml:6"
says said "bad.yaml:7"
says said "bad.yaml:10"
says said "max_record_bytes"
ok "all findings at once, each with file and line"
exits 1 "run refuses it before anything starts" run -c bad.yaml
says err "bad.yaml:4"
printf 'input: [unclosed\n' >broken.yaml
exits 1 "YAML that is none" check -c broken.yaml
cat out err >said
says said "broken.yaml:"
exits 3 "a file that is not there" check -c nowhere.yaml
exits 1 "--set of something that is none" run -c "$root/deploy/config/groundswell.yaml" --set no.such=1
