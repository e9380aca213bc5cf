#!/usr/bin/env python3
"""Partitions and topics that come while the program is away for less than its session: the broker gives a static
member that comes back its old assignment and asks nobody anew, so that the new ones would be read by no one for ever.
Also partitions that come while it runs, and a topic that is not read any more."""

import json
import subprocess

from broker import Kafka
from fixture import check, main, say, wait_for
from stack import Groundswell, create_topics

# It is back long before the group misses it.
PROPERTIES = {"session.timeout.ms": 60000, "heartbeat.interval.ms": 500}


def ask(program, *words, code=0):
    """A command's JSON lines."""
    done = subprocess.run([program.argv[0], *words, "-c", program.argv[3]], capture_output=True, text=True, check=False)
    check(done.returncode == code, f"{words}: exit {done.returncode}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def ask_fails(program, *words):
    done = subprocess.run([program.argv[0], *words, "-c", program.argv[3]], capture_output=True, text=True, check=False)
    check(done.returncode == 1 and not done.stdout, f"{words}: exit {done.returncode}: {done.stdout}")
    return done.stderr


def write(kafka, scratch, topic, partitions, first, n=20):
    """n messages into each of the partitions, numbered from first."""
    path = scratch / f"{topic}-{first}.jsonl"
    with open(path, "w", encoding="utf-8") as out:
        for i in range(n * len(partitions)):
            message = {"id": f"m-{first + i}", "text": "shares of Norvane fall after weak results"}
            out.write(json.dumps({"value": json.dumps(message), "partition": partitions[i % len(partitions)]}) + "\n")
    kafka.fill(topic, path)


def test(scratch, version):
    kafka = Kafka(scratch, version).start()
    topics = create_topics(kafka, partitions=2)
    kafka.create("more", 2)

    def start(*inputs):
        return Groundswell(scratch, kafka, "--stage", "tag", "--set", "lanes.tag=2", properties=PROPERTIES,
                           inputs=inputs).start(ready=False)

    def read(topic):
        wait_for(f"all of {topic} is read", 60, lambda: kafka.at_end("gs-tag", topic))

    write(kafka, scratch, "raw", [0, 1], 0)
    program = start("raw")
    read("raw")

    program.kill()
    kafka.grow("raw", 4)
    write(kafka, scratch, "raw", [0, 1, 2, 3], 100)
    program = start("raw")
    read("raw")
    say("partitions that came while it was away are read")
    program.wait_ready()
    check(program.metric("groundswell_partitions_unowned", stage="tag") == 0, "no partition is left to nobody")

    lag = ask(program, "lag", "--stage", "tag")
    check([row["owner"] is not None for row in lag] == [True] * 4 and not any(row["lag"] for row in lag), f"{lag}")
    check("has 2 members" in ask_fails(program, "offsets", "skip", "raw", "0"), "a group at work is not moved")

    program.kill()
    write(kafka, scratch, "more", [0, 1], 200)
    program = start("raw", "more")
    read("more")
    say("so is a topic that was added")

    kafka.grow("more", 3)
    write(kafka, scratch, "more", [2], 300)
    read("more")
    say("and a partition that comes while it runs")

    program.kill()
    committed = kafka.committed("gs-tag", "more")
    write(kafka, scratch, "more", [0, 1, 2], 400)
    program = start("raw")
    program.wait_ready()
    write(kafka, scratch, "raw", [0, 1, 2, 3], 500)
    read("raw")
    check(kafka.committed("gs-tag", "more") == committed, "a topic that was taken away is not read")
    tagged = [record.json()["id"] for record in kafka.dump("tagged")]
    check(len(tagged) == len(set(tagged)) == 40 + 80 + 40 + 20 + 80, f"each message once: {len(tagged)}")
    check(program.stop() == 0, "SIGTERM ends it with 0")

    # SIGTERM has left the group, long before its session is over: positions may be moved at once.
    write(kafka, scratch, "raw", [0], 600, n=3)
    lag = ask(program, "lag", "--stage", "tag", code=1)
    check([(row["lag"] > 0, row["owner"]) for row in lag][0] == (True, None), f"{lag}")
    stood = kafka.committed("gs-tag", "raw")[0]
    moved = ask(program, "offsets", "skip", "raw", "0", "2")
    check(moved == [{"group": "gs-tag", "topic": "raw", "partition": 0, "from": stood, "to": stood + 2}], f"{moved}")
    check(kafka.committed("gs-tag", "raw")[0] == stood + 2, "the position is moved")
    check("not one of them" in ask_fails(program, "offsets", "set", "raw", "0", "999999"), "no such offset")
    say("lag tells, offsets moves")


main(test, "partitions")
