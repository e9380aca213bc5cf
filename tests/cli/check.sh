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

# What `run` would send to Kafka is put to librdkafka before.
cat >kafka.yaml <<YAML
kafka.delivery: at_least_once
kafka:
  brokers: "\${BROKERS:-localhost:9092}"
  delivery: exactly_once
  properties:
    sasl.passwort: "x"
    isolation.level: read_uncommitted
    socket.timeout.ms: 10
input: {topics: [raw, raw]}
model: {path: $(model)}
YAML
for command in "check -c" "run -c"; do
    exits 1 "$command: properties, placeholders, doubles" $command kafka.yaml
    cat out err >said
    says said "kafka.yaml:4: kafka.delivery: is set twice, first on line 1"
    says said "kafka.yaml:3: kafka.brokers: .*GROUNDSWELL_KAFKA_BROKERS"
    says said "kafka.yaml:6: kafka.properties: .*sasl.passwort: .*did you mean sasl.password?"
    says said "kafka.yaml:7: kafka.properties: .*isolation.level may not be set: aborted records would be read"
    says said "kafka.yaml:9: input.topics: .raw. is named twice"
    [ "$(grep -c '^kafka.yaml:[0-9]' said)" = 5 ] || fail "not one finding a fault"
done
# Receivers: what they need is tried as it will be used, and nothing of it is shown.
printf 'not a certificate: s3cret\n' >ca.pem
printf 'two\ns3cret lines\n' >token
cat >notify.yaml <<YAML
notify:
  ca_file: ca.pem
  alertmanager:
    urls: [http://127.0.0.1:9093]
    bearer_token_file: token
  webhook:
    urls: ["https://user:s3cret@hooks.example/"]
    secret_file: nowhere
model: {path: $(model)}
YAML
exits 1 "receivers" check -c notify.yaml
cat out err >said
says said "notify.yaml:2: notify.ca_file: .*does not begin with a certificate"
says said "notify.yaml:5: notify.alertmanager.bearer_token_file: .*more than one line"
says said "notify.yaml:7: notify.webhook.urls: must not hold a user or password"
says said "notify.yaml:8: notify.webhook.secret_file: .*nowhere"
[ "$(grep -c '^notify.yaml:[0-9]' said)" = 4 ] || fail "not one finding a fault"
! grep -q s3cret said || fail "a secret is shown"
exits 1 "run refuses them too" run -c notify.yaml --set notify.webhook.urls=http://127.0.0.1:1/

# One fault, one finding: what follows from it is not said.
printf 'input:\n  topic: raw\nmodel:\n  pth: x\nwatch:\n  bin: 7m\n' >few.yaml
exits 1 "misspelt names" check -c few.yaml
[ "$(grep -c '^few.yaml' out)" = 3 ] || fail "not one finding a fault"
ok "one finding a fault"
