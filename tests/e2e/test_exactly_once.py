#!/usr/bin/env python3
"""20,000 messages, one in 40 of them poison, through the tag stage: every good one is tagged exactly once, every
poison one is in the dead-letter queue as it came, with the reason, and the group's offsets are at the end."""

from broker import Kafka
from fixture import main, say
from generate import generate
from oracle import check_exactly_once, read_manifest
from stack import Groundswell, create_topics


def test(scratch, version):
    generate(20000, 1, scratch / "records.jsonl", scratch / "manifest.jsonl")
    kafka = Kafka(scratch, version).start()
    topics = create_topics(kafka)
    kafka.fill("raw", scratch / "records.jsonl")
    say("20,000 records are in the raw topic")
    program = Groundswell(scratch, kafka, "--stage", "tag").start()
    program.wait_read(kafka, topics, 60)
    say("everything is read")
    check_exactly_once(kafka, topics, read_manifest(scratch / "manifest.jsonl"))


main(test, "exactly_once")
