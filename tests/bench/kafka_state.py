#!/usr/bin/env python3
"""kafka_state.py [--observations N] [--keys K] [--runs N] [--kafka VERSION]: what the changelog of the windows costs.

Puts N observations of K keys, a day of event time, into `observations`, and lets one lane of `run --stage watch` count
them with and without a changelog in turn, each run with a group of its own; then starts the one with it again, and
takes the time until its windows are back. Prints JSON lines: observations a second, their ratio, seconds to restore."""

import argparse
import json
import pathlib
import random
import re
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
sys.dont_write_bytecode = True

import broker  # noqa: E402
import fixture  # noqa: E402
import stack  # noqa: E402

PARTITIONS = 4
DAY_MS = 86_400_000


def fill(scratch, kafka, options):
    rng = random.Random(1)
    path = scratch / "observations.jsonl"
    start_ms = int(time.time() * 1000) - DAY_MS - 3_600_000
    with open(path, "w", encoding="utf-8") as out:
        for n in range(options.observations):
            key = f"entity:{int(rng.paretovariate(0.6)) % options.keys}"
            value = {"v": 1, "key": key, "id": f"m{n}", "ts": start_ms + n * DAY_MS // options.observations,
                     "source": f"s{rng.randrange(40)}", "p": round(rng.random(), 3), "dup": f"{rng.getrandbits(64):016x}",
                     "text": "a headline of the usual length, for what is kept of messages"}
            out.write(json.dumps({"key": key, "value": json.dumps(value)}) + "\n")
    kafka.fill("observations", path)


def one_run(scratch, kafka, name, kept, options):
    """(observations a second, seconds to restore or None)"""
    topics = {"state": f"{name}.state" if kept else ""}
    if kept:
        kafka.create(f"{name}.state", PARTITIONS, "cleanup.policy=compact")
    sets = [f"kafka.group_prefix={name}", "batch.max_messages=20000",
            *(f"output.topics.{stream}={topic}" for stream, topic in topics.items())]
    program = stack.Groundswell(scratch, kafka, "--stage", "watch",
                                *[word for setting in sets for word in ("--set", setting)], instance=name)
    program.start()
    began, before = None, 0
    while True:
        fixture.check(program.running(), f"{program.name} ended:\n{program.tail()}")
        n = program.metric("groundswell_records_consumed_total", stage="watch") or 0
        if began is None and n > 0:
            began, before = time.monotonic(), n
        if n >= options.observations:
            break
        time.sleep(0.05)
    rate = (n - before) / (time.monotonic() - began)
    fixture.check(program.stop() == 0, "SIGTERM ends it with 0")
    if not kept:
        return rate, None
    program.start()
    fixture.check(program.stop() == 0, "SIGTERM ends it with 0")
    times = {}
    for what in ("assigned observations[0]", "going on at"):
        line = [line for line in program.text().splitlines() if what in line][-1]
        hours, minutes, seconds = re.search(r"T(\d+):(\d+):([\d.]+)Z", line).groups()
        times[what] = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return rate, times["going on at"] - times["assigned observations[0]"]


def report(case, values, unit):
    print(json.dumps({"bench": "kafka_state", "case": case, "min": round(min(values), 3),
                      "median": round(statistics.median(values), 3), "max": round(max(values), 3), "unit": unit,
                      "runs": len(values)}), flush=True)


def run(options, scratch):
    kafka = broker.Kafka(scratch, options.kafka)
    kafka.start()
    stack.create_topics(kafka, partitions=PARTITIONS)
    fill(scratch, kafka, options)
    with_, without, restores = [], [], []
    for number in range(options.runs):
        without.append(one_run(scratch, kafka, f"off{number}", False, options)[0])
        rate, restore = one_run(scratch, kafka, f"on{number}", True, options)
        with_.append(rate)
        restores.append(restore)
        fixture.say(f"{without[-1]:,.0f} observations/s without, {rate:,.0f} with, restored in {restore:.2f} s")
    case = f"run --stage watch, {options.keys} keys"
    report(f"{case}, no changelog", without, "observations/s")
    report(f"{case}, changelog", with_, "observations/s")
    report(f"{case}, with over without", [a / b for a, b in zip(with_, without)], "ratio")
    report(f"{case}, restore", restores, "s")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--observations", type=int, default=400000)
    parser.add_argument("--keys", type=int, default=10000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--kafka", default="3.9.2")
    options = parser.parse_args()
    fixture.say = lambda text: print(text, file=sys.stderr, flush=True)
    scratch = fixture.Scratch("state")
    try:
        run(options, scratch)
    except fixture.Failed as error:
        for process in fixture.RUNNING:
            print(process.tail(), file=sys.stderr)
        print(f"kafka_state: {error}", file=sys.stderr)
        sys.exit(1)
    finally:
        fixture.end_all()
        scratch.drop()


main()
