#!/usr/bin/env python3
"""Over TLS, with a log-in (SCRAM on 3.9, PLAIN on 4.4) and with exactly the rights that operations.md lists: exactly once,
through kill -9. Each right that is taken away stops it with a line that names what it was for; each wrong way in ends
with one that says what is wrong."""

import json
import random
import re

from fixture import ROOT, check, main, say, wait_for
from generate import generate
from oracle import check_exactly_once, count_aborted, read_manifest
from secured import SecuredKafka
from stack import PROPERTIES, STREAMS, Groundswell, create_topics

RATE = 1000
MOST_LINES = 8  # of a log, until it gives up


def rights():
    """What "Rights" in operations.md lists: {(resource, name, pattern, operation)}, with the names of these tests."""
    section = (ROOT / "deploy/docs/operations.md").read_text().split("\n## Rights\n")[1].split("\n## ")[0]
    found = set()
    for resource, names, operations in re.findall(r"^\| ([a-z ]+) \| (.*`.*) \| ([A-Z_, ]+) \|", section, re.M):
        if resource != "topic":
            names, pattern = ["gs-"], "prefixed"
        else:
            names, pattern = re.findall("`([a-z.]+)`", names), "literal"
        found |= {(resource, "raw" if name == "input.topics" else name, pattern, operation)
                  for name in names for operation in operations.split(", ")}
    check({name for resource, name, _, _ in found if resource == "topic"} == {"raw", *STREAMS}, f"{found}")
    return found


class At:
    """Where Groundswell is told that Kafka is."""

    def __init__(self, address):
        self.address = address


def program(scratch, kafka, instance="one", address=None, **properties):
    return Groundswell(scratch, At(address or kafka.secured_address()), instance=instance,
                       properties=dict(PROPERTIES, **kafka.properties(**properties)))


def said(process):
    """Its log's messages, without what it says of itself at the start."""
    rows = [json.loads(line) for line in process.text().splitlines()]
    return [row["message"] for row in rows if row["level"] != "info"]


def wrong_ways_in(scratch, kafka):
    foreign = kafka.foreign.ca
    log_in = f"the port wants a log-in by SASL ({kafka.mechanism}), and the client does not log in"
    in_the_clear = {name.replace(".", "_"): None for name in kafka.properties()}
    cases = [("password", None, {"sasl_password": "no"}, "SASL authentication error: Authentication failed"),
             ("mechanism", None, {"sasl_mechanism": "SCRAM-SHA-256"}, "Unsupported SASL mechanism: broker's supported "
              f"mechanisms: {kafka.mechanism}"),
             ("authority", None, {"ssl_ca_location": str(foreign)}, "signed by an authority that is not trusted here"),
             ("expired", "EXPIRED", {}, "the broker's certificate has expired"),
             ("name", "ELSEWHERE", {}, "the broker's certificate is for another"),
             ("tls_to_clear", "OPEN", {}, "the client wants TLS (security.protocol: sasl_ssl), and this port speaks without it"),
             ("clear_to_tls", None, in_the_clear, "the client speaks in the clear, and this port wants TLS"),
             ("clear_to_sasl", "OPEN", in_the_clear, log_in)]
    running = [(name, program(scratch, kafka, name, kafka.secured_address(listener or "GOOD"), **properties), what)
               for name, listener, properties, what in cases]
    for _, process, _ in running:
        process.start(ready=False)
    for name, process, what in running:
        check(process.wait(60) == 3, f"{name}: exit {process.child.returncode}")
        lines = said(process)
        check(what in lines[0] and what in lines[-1], f"{name}: not {what!r}: {lines[0]!r} … {lines[-1]!r}")
        check(len(lines) <= MOST_LINES, f"{name}: {len(lines)} lines")
    say(f"{len(cases)} wrong ways in, each named in the first line of the log and the last")


def fill(kafka, scratch, n):
    path = scratch / "more.jsonl"
    path.write_text("".join(json.dumps({"value": json.dumps({"id": f"more-{n}-{k}", "text": "Norvane shares fall"})}) + "\n"
                            for k in range(5)))
    kafka.fill("raw", path)


def without(scratch, kafka, right, n):
    """It stops, and its last line names what the right is for."""
    resource, name, _, operation = right
    process = program(scratch, kafka, f"without-{n}")
    kafka.forbid(right)
    fill(kafka, scratch, n)
    process.start(ready=False)
    check(process.wait(60) == 3, f"without {right}: exit {process.child.returncode}")
    last = said(process)[-1]
    named = {"group": "roup", "transactional id": "ransactional"}.get(resource, name)
    check("uthoriz" in last and named in last, f"without {operation} on {resource} {name}: {last}")
    kafka.allow(right)


def rights_are_needed(scratch, kafka, granted):
    looked_at = {right for right in granted if right[3] == "DESCRIBE_CONFIGS"}
    for n, right in enumerate(sorted(granted - looked_at)):
        without(scratch, kafka, right, n)
    say(f"{len(granted - looked_at)} rights, each taken away alone: each stops it, and is named")

    for right in looked_at:
        kafka.forbid(right)
    process = program(scratch, kafka).start()
    for _, name, _, _ in looked_at:
        wait_for(f"the settings of {name} are missed", 30, lambda: f'the settings of topic \\"{name}\\" cannot be read' in process.text())
    check(process.stop() == 0, "SIGTERM ends it with 0")
    say("without those to settings it runs, and names the topics")


def test(scratch, version):
    generate(8000, 12, scratch / "records.jsonl", scratch / "manifest.jsonl")
    kafka = SecuredKafka(scratch, version, "SCRAM-SHA-512" if version < "4" else "PLAIN").start()
    topics = create_topics(kafka)
    granted = rights()
    for right in granted:
        kafka.allow(right)
    filler = kafka.fill("raw", scratch / "records.jsonl", rate=RATE)
    process = program(scratch, kafka)
    process.kill_in_transactions(kafka, filler, random.Random(version))
    filler.wait(60)
    process.wait_read(kafka, topics, 60, stages=("tag", "watch"))
    check_exactly_once(kafka, topics, read_manifest(scratch / "manifest.jsonl"))
    check(count_aborted(kafka, "tagged") > 0, "no aborted record: the kills proved nothing")
    check(process.stop() == 0, "SIGTERM ends it with 0")
    check("cannot be read" not in process.text(), "a right to settings is missing")
    say(f"exactly once over TLS with {kafka.mechanism} and {len(granted)} rights")
    wrong_ways_in(scratch, kafka)
    rights_are_needed(scratch, kafka, granted)


main(test, "secured", seconds=300)
