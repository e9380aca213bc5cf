#!/usr/bin/env python3
"""A dead-letter queue that is missing, or refuses a record for what cannot be mended, stops the program with a sentence
that names it; the record is not skipped: no offset beyond it is committed, and when the queue works again nothing is
lost or doubled. (One that is too large is cut: test_limits.py.)"""

import json

from broker import Kafka
from fixture import check, main, say
from generate import generate
from oracle import check_exactly_once, read_manifest
from stack import Groundswell, create_topics

FAILURE = 3
POISON_AT = 999


def write_records(scratch):
    """One partition: 1,500 good messages, and in their middle one poison record that is large."""
    generate(1500, 4, scratch / "records.jsonl", scratch / "manifest.jsonl", poison_every=0)
    records = (scratch / "records.jsonl").read_text().splitlines()
    manifest = read_manifest(scratch / "manifest.jsonl")
    records[POISON_AT] = json.dumps({"value": "{" + "x" * 5000, "partition": 0, "headers": [["n", str(POISON_AT)]]})
    manifest[POISON_AT] = {"n": POISON_AT, "code": "bad_json"}
    (scratch / "records.jsonl").write_text("\n".join(records) + "\n")
    (scratch / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in manifest))


def expect_stop(program, kafka, names):
    program.start(ready=False)
    status = program.wait(60)
    check(status == FAILURE, f"exit status {status}, not {FAILURE}")
    check(names in program.tail(200), f"what it says does not name {names}")
    committed = kafka.committed("gs-tag", "raw")[0]
    check(committed is None or committed <= POISON_AT, f"offset {committed} is committed, beyond the poison record")
    say(f"stopped with {status}; committed: {committed}")


def test(scratch, version):
    write_records(scratch)
    kafka = Kafka(scratch, version).start()
    topics = create_topics(kafka, partitions=1, missing=["dlq"])
    kafka.fill("raw", scratch / "records.jsonl")
    expect_stop(Groundswell(scratch, kafka, "--stage", "tag"), kafka, "dlq")

    kafka.create("dlq-keyed", 1, "cleanup.policy=compact")  # takes no record without a key
    expect_stop(Groundswell(scratch, kafka, "--stage", "tag", "--set", "output.topics.dlq=dlq-keyed"), kafka,
                "dlq-keyed")

    kafka.create("dlq", 1)
    topics["dlq"] = "dlq"
    Groundswell(scratch, kafka, "--stage", "tag").start().wait_read(kafka, topics, 60)
    check_exactly_once(kafka, topics, read_manifest(scratch / "manifest.jsonl"))


main(test, "dlq_refused")
