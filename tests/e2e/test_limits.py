#!/usr/bin/env python3
"""What the output topics refuse, on a cluster where everything is the default: a record near 1 MB that cannot be read,
limits that are lowered while the program runs, a time that the dead-letter topic does not take. Each is in the
dead-letter queue, whole or cut, and the partition goes on: the same process, no lane restarted."""

import base64
import hashlib
import json
import time

from broker import Kafka
from fixture import check, main, say
from stack import STREAMS, Groundswell

ERROR = "groundswell.error."
LARGEST = 1048588 - 100  # a topic's default max.message.bytes, less what a batch adds
FOREVER = "message.timestamp.after.max.ms=9223372036854775807"


def record(value, **more):
    return dict({"value_b64": base64.b64encode(value).decode(), "partition": 0}, **more)


def good(n):
    return record(json.dumps({"id": f"m-{n}", "text": "shares of Norvane fall after weak results"}).encode())


def test(scratch, version):
    kafka = Kafka(scratch, version).start()
    kafka.create("raw", 1, FOREVER)
    for stream in STREAMS:
        kafka.create(stream, 1)

    def fill(*records):
        path = scratch / f"records-{time.monotonic_ns()}.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        kafka.fill("raw", path)

    def read():
        program.wait_read(kafka, {"raw": "raw"}, 60)

    def letter(value):
        digest = hashlib.sha256(value).hexdigest()
        found = [r for r in kafka.dump("dlq") if r.value == value or r.header(ERROR + "sha256") == digest]
        check(len(found) == 1, f"{len(found)} dead letters of {value[:20]!r}")
        check(value.startswith(found[0].value), "what is there is the beginning of what came")
        return found[0]

    program = Groundswell(scratch, kafka, "--stage", "tag", "--set", "input.max_record_bytes=2MiB").start()
    huge = b"{" + b"x" * LARGEST
    fill(good(0), record(huge), good(1))
    read()
    kept = letter(huge)
    check(len(kept.value) > len(huge) // 2, f"{len(kept.value)} bytes are kept")
    check(kept.header(ERROR + "size") == str(len(huge)), "its size is told")
    say(f"a record of {len(huge)} bytes that cannot be read: {len(kept.value)} bytes are kept")

    for stream in ("dlq", "tagged"):
        kafka.alter(stream, "max.message.bytes=3000")
    bad = [b"[%d" % n + b"y" * 5000 for n in range(30)]
    fill(*[record(value) for value in bad], good(2))
    read()
    for value in bad:
        check(0 < len(letter(value).value) < len(value), "it is cut")
    say("a limit that is lowered while it runs is kept to")

    kafka.alter("dlq", "message.timestamp.after.max.ms=3600000")
    ahead = int(time.time() * 1000) + 10 * 86400000
    fill(record(b"[late", ts=ahead), good(3))
    read()
    late = letter(b"[late")
    check(late.header(ERROR + "timestamp") == str(ahead), f"its time is kept: {late.headers}")
    say("a time that the dead-letter topic refuses is kept in a header")

    check([r.json()["id"] for r in kafka.dump("tagged")] == [f"m-{n}" for n in range(4)], "good messages, each once")
    check((program.metric("groundswell_lane_restarts_total", stage="tag") or 0) == 0, "no lane was restarted")
    check(program.stop() == 0, "SIGTERM ends it with 0")


main(test, "limits")
