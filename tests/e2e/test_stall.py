#!/usr/bin/env python3
"""The broker stops answering (SIGSTOP) for longer than a record may take to be delivered, in mid-stream: the batch is
aborted, what was read of it is read again although the partitions stayed ours, and still everything is there once.

The broker's own session outlasts the stall. Were it fenced, Kafka 4.4.0 would in one run of ten lose abort markers
(tests/README.md)."""

import signal
import time

from broker import Kafka
from fixture import check, main, say
from generate import generate
from oracle import check_exactly_once, read_manifest
from stack import Groundswell, create_topics

# The group waits out the stall; a record's delivery does not.
PROPERTIES = {"session.timeout.ms": 30000, "heartbeat.interval.ms": 500, "message.timeout.ms": 2000}
STALL_S = 5


def aborted(program):
    return program.metric("groundswell_transactions_total", stage="tag", result="aborted") or 0


def test(scratch, version):
    generate(20000, 6, scratch / "records.jsonl", scratch / "manifest.jsonl")
    kafka = Kafka(scratch, version).start()
    topics = create_topics(kafka)
    program = Groundswell(scratch, kafka, "--stage", "tag", "--set", "kafka.transaction_timeout=30s",
                          properties=PROPERTIES).start()
    filler = kafka.fill("raw", scratch / "records.jsonl", rate=1500)
    for _ in range(2):
        time.sleep(2)
        check(program.metric("groundswell_records_consumed_total", stage="tag"), "nothing is read yet")
        kafka.signal(signal.SIGSTOP)
        time.sleep(STALL_S)
        kafka.signal(signal.SIGCONT)
        say(f"the broker stood still for {STALL_S} s; {aborted(program):.0f} batches aborted")
    filler.wait(60)
    program.wait_read(kafka, topics, 60)
    say(f"everything is read; {aborted(program):.0f} batches were aborted")
    check(aborted(program) > 0, "no batch was aborted: the stall proved nothing")
    restarts = program.metric("groundswell_lane_restarts_total", stage="tag")
    say(f"{restarts or 0:.0f} lane restarts")
    check_exactly_once(kafka, topics, read_manifest(scratch / "manifest.jsonl"))
    check(program.stop() == 0, "SIGTERM ends it with 0")


main(test, "stall")
