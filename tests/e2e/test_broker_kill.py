#!/usr/bin/env python3
"""kill -9 of the broker in mid-stream, twice, each followed by its restart: the program recovers by itself, the same
process, and still everything is there exactly once."""

import time

from fixture import Failed, Kafka, Scratch, check, end_all, main, say
from generate import generate
from oracle import check_exactly_once, read_manifest
from stack import Groundswell, create_topics


def test(scratch, version):
    generate(20000, 3, scratch / "records.jsonl", scratch / "manifest.jsonl")
    kafka = Kafka(scratch, version).start()
    topics = create_topics(kafka)
    program = Groundswell(scratch, kafka, "--stage", "tag").start()
    filler = kafka.fill("raw", scratch / "records.jsonl", rate=1500)
    for pause in (0, 2):
        time.sleep(2)
        check(program.metric("groundswell_records_consumed_total", stage="tag"), "nothing is read yet")
        kafka.kill()
        say("the broker is killed")
        time.sleep(pause)
        kafka.start()
        say("the broker is back")
    filler.wait(90)
    program.wait_read(kafka, topics, 90)
    say("everything is read")
    check_exactly_once(kafka, topics, read_manifest(scratch / "manifest.jsonl"))
    check(program.stop() == 0, "SIGTERM ends it with 0")


def patiently(scratch, version):
    """Kafka 4.4.0 skips abort markers once in a while when its only broker dies (see tests/README.md): aborted records are then
    committed with the next transaction, and read_committed readers stop short. No client can help that, so there a failure
    counts when it comes three times in a row. A bug of ours would also show on 3.9, where the first failure counts."""
    attempts = 3 if version.startswith("4.") else 1
    for attempt in range(1, attempts):
        retry = Scratch(f"broker_kill-{version}-{attempt}")
        try:
            test(retry, version)
            end_all()
            retry.drop()
            return
        except Failed as error:
            say(f"attempt {attempt} of {attempts}: {error}; what it wrote is in {retry.path}")
            end_all()
    test(scratch, version)


main(patiently, "broker_kill", 235)
