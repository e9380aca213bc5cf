#!/usr/bin/env python3
"""kill -9 of the program in mid-stream, several times, each followed by a restart: still exactly once.

A kill counts only when it left a transaction open (the topic's last stable offset is below its end); at the end a
read_uncommitted reader sees records that a read_committed one does not. Both prove that the kills hit."""

import random

from broker import Kafka
from fixture import check, main, say
from generate import generate
from oracle import check_exactly_once, count_aborted, read_manifest
from stack import Groundswell, create_topics

RATE = 1500


def test(scratch, version):
    rng = random.Random(version)
    generate(20000, 2, scratch / "records.jsonl", scratch / "manifest.jsonl")
    kafka = Kafka(scratch, version).start()
    topics = create_topics(kafka)
    filler = kafka.fill("raw", scratch / "records.jsonl", rate=RATE)
    program = Groundswell(scratch, kafka, "--stage", "tag")
    program.kill_in_transactions(kafka, filler, rng)
    filler.wait(60)
    program.wait_read(kafka, topics, 60)
    say("everything is read")
    check_exactly_once(kafka, topics, read_manifest(scratch / "manifest.jsonl"))
    aborted = count_aborted(kafka, "tagged")
    check(aborted > 0, "no aborted record: the kills proved nothing")
    say(f"{aborted} aborted records in `tagged`, which only a read_uncommitted reader sees")


main(test, "kill")
