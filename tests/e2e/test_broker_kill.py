#!/usr/bin/env python3
"""kill -9 of the broker in mid-stream, twice, each followed by its restart: the program recovers by itself, the same
process, and still everything is there exactly once.

With Kafka 4 the controller is a process of its own, and has noticed that the broker is gone when that starts again.
Else the new broker believes for a while that it leads its partitions, is then told that nobody does, and in that moment
forgets end markers of transactions (tests/README.md)."""

import time

from broker import RESTARTS, Kafka
from fixture import check, main, say, wait_for
from generate import generate
from oracle import check_exactly_once, read_manifest
from stack import Groundswell, create_topics


def test(scratch, version):
    generate(20000, 3, scratch / "records.jsonl", scratch / "manifest.jsonl")
    kafka = Kafka(scratch, version, own_controller=version.startswith("4."), **RESTARTS).start()
    topics = create_topics(kafka)
    program = Groundswell(scratch, kafka, "--stage", "tag").start()
    filler = kafka.fill("raw", scratch / "records.jsonl", rate=1500)

    def reads():
        return program.metric("groundswell_records_consumed_total", stage="tag") or 0

    for pause in (0, 2):
        before = reads()
        wait_for("something is read", 60, lambda: reads() > before)
        time.sleep(1)
        kafka.kill()
        say("the broker is killed")
        time.sleep(pause)
        kafka.start()
        say("the broker is back")
    filler.wait(60)
    program.wait_read(kafka, topics, 60)
    say("everything is read")
    check_exactly_once(kafka, topics, read_manifest(scratch / "manifest.jsonl"))
    check(program.stop() == 0, "SIGTERM ends it with 0")


main(test, "broker_kill")
