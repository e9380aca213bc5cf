#!/usr/bin/env python3
"""kafka_throughput.py [--messages N] [--runs N] [--kafka VERSION]: `run --stage tag` on a real Kafka.

Puts N unique messages of 500 bytes into a raw topic, and lets one lane tag them, exactly once and at least once in turn,
each run with a group and output topics of its own. Prints JSON lines: messages a second, the ratio, resident memory.

The broker gets the first core, the program the second: what is measured is one core of ours. The rate is counted
between the broker's own times of the first and the last tagged record, so that starting costs nothing."""

import argparse
import json
import os
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
sys.dont_write_bytecode = True

import broker  # noqa: E402
import fixture  # noqa: E402
import kafka_messages  # noqa: E402
import stack  # noqa: E402

BYTES = 500
CHUNK = 50000


def fill(scratch, kafka, n):
    path = scratch / "chunk.jsonl"
    for first in range(0, n, CHUNK):
        with open(path, "w", encoding="utf-8") as out:
            for key, value in kafka_messages.messages(first, min(CHUNK, n - first), BYTES):
                out.write(json.dumps({"key": key, "value": value}, ensure_ascii=False) + "\n")
        kafka.fill("raw", path)
    path.unlink()


def resident_mib(pid):
    for line in open(f"/proc/{pid}/status", encoding="utf-8"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def one_run(scratch, kafka, delivery, number, n):
    """(messages a second, [resident memory in MiB, sampled evenly])"""
    group = f"bench-{delivery}-{number}".replace("_", "-")
    sets = [f"kafka.group_prefix={group}", f"kafka.delivery={delivery}", "batch.max_messages=20000",
            "kafka.transaction_timeout=60s"]
    topics = {}
    for stream in stack.STREAMS:
        topics[stream] = f"{group}.{stream}"
        kafka.create(topics[stream], 4, "message.timestamp.type=LogAppendTime")
        sets.append(f"output.topics.{stream}={topics[stream]}")
    program = stack.Groundswell(scratch, kafka, "--stage", "tag",
                                *[word for setting in sets for word in ("--set", setting)], instance=group)
    if os.cpu_count() > 1:
        program.argv = ["taskset", "-c", "1", *program.argv]
    program.start()
    resident = []
    while (program.metric("groundswell_records_consumed_total", stage="tag") or 0) < n:
        fixture.check(program.running(), f"{program.name} ended:\n{program.tail()}")
        resident.append(resident_mib(program.child.pid))
        time.sleep(0.25)
    fixture.check(program.stop() == 0, "SIGTERM ends it with 0")
    times = [json.loads(line)["ts"] for line in kafka.tool("dump", topics["tagged"], "--no-values").splitlines()]
    fixture.check(len(times) == n, f"{len(times)} of {n} are tagged")
    return (n - 1) / ((max(times) - min(times)) / 1000), resident


def report(case, values, unit):
    print(json.dumps({"bench": "kafka_throughput", "case": case, "min": round(min(values), 3),
                      "median": round(statistics.median(values), 3), "max": round(max(values), 3), "unit": unit,
                      "runs": len(values)}), flush=True)


def run(options, scratch):
    kafka = broker.Kafka(scratch, options.kafka)
    if os.cpu_count() > 1:
        kafka.argv = ["taskset", "-c", "0", *kafka.argv]
    kafka.start()
    kafka.create("raw", 4)
    fill(scratch, kafka, options.messages)
    fixture.say(f"{options.messages} messages are in the raw topic")
    rates = {"exactly_once": [], "at_least_once": []}
    peaks, growth = [], []
    for number in range(options.runs):
        for delivery, found in rates.items():
            rate, resident = one_run(scratch, kafka, delivery, number, options.messages)
            found.append(rate)
            fixture.say(f"{delivery}: {rate:,.0f} messages/s")
            if delivery == "exactly_once" and len(resident) >= 4:
                peaks.append(max(resident))
                growth.append(resident[-1] - resident[len(resident) // 2])
    for delivery, found in rates.items():
        report(f"run --stage tag, {BYTES}-byte messages, {delivery}", found, "messages/s")
    report("exactly_once over at_least_once",
           [a / b for a, b in zip(rates["exactly_once"], rates["at_least_once"])], "ratio")
    if peaks:
        report("resident memory, peak", peaks, "MiB")
        report(f"resident memory, growth over the last half of {options.messages} messages", growth, "MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=300000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--kafka", default="3.9.2")
    options = parser.parse_args()
    # Data lines on stdout, what happens meanwhile on stderr.
    fixture.say = lambda text: print(text, file=sys.stderr, flush=True)
    scratch = fixture.Scratch("throughput")
    try:
        run(options, scratch)
    except fixture.Failed as error:
        for process in fixture.RUNNING:
            print(process.tail(), file=sys.stderr)
        print(f"kafka_throughput: {error}", file=sys.stderr)
        sys.exit(1)
    finally:
        fixture.end_all()
        scratch.drop()


main()
