#!/usr/bin/env python3
"""Two processes share the group; one is killed in mid-stream and the other takes over its partitions; a third joins
before the end: still exactly once."""

import time

from broker import Kafka
from fixture import check, main, say, wait_for
from generate import generate
from oracle import check_exactly_once, read_manifest
from stack import Groundswell, create_topics


def reads(program):
    return program.metric("groundswell_records_consumed_total", stage="tag") or 0


def test(scratch, version):
    generate(20000, 5, scratch / "records.jsonl", scratch / "manifest.jsonl")
    kafka = Kafka(scratch, version).start()
    topics = create_topics(kafka)
    first = Groundswell(scratch, kafka, "--stage", "tag", instance="first").start()
    second = Groundswell(scratch, kafka, "--stage", "tag", instance="second").start()
    filler = kafka.fill("raw", scratch / "records.jsonl", rate=1000)
    wait_for("both read", 30, lambda: reads(first) > 0 and reads(second) > 0)
    time.sleep(2)
    first.kill()
    say("the first of two is killed")
    before = reads(second)
    wait_for("the second reads on", 30, lambda: reads(second) > before + 500)
    third = Groundswell(scratch, kafka, "--stage", "tag", instance="third").start()
    say("a third has joined")
    filler.wait(60)
    second.wait_read(kafka, topics, 60)
    check(third.running(), "the third is still there")
    say(f"everything is read; the third read {reads(third):.0f}")
    check_exactly_once(kafka, topics, read_manifest(scratch / "manifest.jsonl"))
    check(second.stop() == 0 and third.stop() == 0, "SIGTERM ends them with 0")


main(test, "share")
