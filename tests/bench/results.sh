#!/bin/sh
# results.sh: measures everything and writes deploy/docs/results.md: every benchmark of the release build five
# times, throughput and latency on a real Kafka, the encoder beside its rivals (deploy/docs/rivals.md), with CPU,
# compiler, commit and spread. Takes about an hour.
set -eu
cd "$(dirname "$0")/../.."

lines=build/logs/results.jsonl
mkdir -p build/logs
tests/bench/run.sh -n 5 >"$lines"
tests/bench/tag_throughput.py >>"$lines"
tests/bench/eval_models.sh >>"$lines" || [ $? = 77 ]
tests/bench/soak.py >>"$lines"
tests/bench/kafka_throughput.py >>"$lines"
tests/bench/kafka_latency.py >>"$lines"
# Machines without access to PyPI keep the figures that they have.
tests/bench/rivals/run.sh >>"$lines" || echo "results.sh: the rivals were not measured" >&2
python3 -B tests/bench/results.py "$lines" >deploy/docs/results.md
echo "deploy/docs/results.md is written" >&2
