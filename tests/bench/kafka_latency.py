#!/usr/bin/env python3
"""kafka_latency.py [--model DIR] [--set KEY=VALUE]… [--seconds N] [--shares 25,50,75]: open-loop latency of `run --stage tag`
on a real Kafka, at shares of what it can do at most.

A sender that never waits for answers puts message i at start + i / rate. Latency is the broker's own time of the tagged
record (LogAppendTime) less that intended time, not the time at which the sender got round to it: a stall delays every
message that was due meanwhile, and all of them count. The first two seconds of each rate do not.

First comes saturation: a topic full of messages, the rate between the first and the last tagged record. Messages are
unique, so that no cache answers, each of about --bytes bytes of JSON. Broker and sender get the first core, the
program the second. With exactly_once a reader that asks for committed records only sees them when their transaction ends,
up to batch.max_time later than these figures say; with --delivery at_least_once at once."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
sys.dont_write_bytecode = True

import broker  # noqa: E402
import fixture  # noqa: E402
import kafka_messages  # noqa: E402
import stack  # noqa: E402

WARM_S = 2.0
CHUNK = 20000
PARTITIONS = 4
QUANTILES = (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999))


class Tagger:
    """groundswell run on a raw topic and output topics of its own."""

    def __init__(self, scratch, kafka, options, name):
        self.kafka, self.raw, self.tagged = kafka, f"{name}.raw", f"{name}.tagged"
        kafka.create(self.raw, PARTITIONS)
        sets = [f"input.topics=[{self.raw}]", f"kafka.group_prefix={name}", f"kafka.delivery={options.delivery}",
                "kafka.transaction_timeout=60s", "batch.max_messages=20000", *options.set]
        if options.model:
            sets.append(f"model.path={options.model.resolve()}")
        for stream in stack.STREAMS:
            kafka.create(f"{name}.{stream}", PARTITIONS, "message.timestamp.type=LogAppendTime")
            sets.append(f"output.topics.{stream}={name}.{stream}")
        self.program = stack.Groundswell(scratch, kafka, "--stage", "tag",
                                         *[word for setting in sets for word in ("--set", setting)], instance=name)
        if os.cpu_count() > 1:
            self.program.argv = ["taskset", "-c", "1", *self.program.argv]

    def wait_tagged(self, n, seconds):
        def probe():
            fixture.check(self.program.running(), f"{self.program.name} ended:\n{self.program.tail()}")
            return (self.program.metric("groundswell_records_consumed_total", stage="tag") or 0) >= n
        fixture.wait_for(f"{n} messages read", seconds, probe)
        fixture.check(self.program.stop(60) == 0, "SIGTERM ends it with 0")

    def times(self, n):
        """{number of a message: the broker's time of its tagged record, ms}"""
        found = {}
        for record in self.kafka.dump(self.tagged):
            found[int(record.json()["id"].removeprefix("t-"))] = record.ts
        fixture.check(len(found) == n, f"{len(found)} of {n} are tagged")
        return found


def lines(first, n, size):
    for number, (key, value) in enumerate(kafka_messages.messages(first, n, size), first):
        yield number, json.dumps({"key": key, "value": value}, ensure_ascii=False) + "\n"


def saturation(scratch, kafka, options, run):
    """Messages a second, when there is always one to read."""
    tagger = Tagger(scratch, kafka, options, f"full{run}")
    path = scratch / "chunk.jsonl"
    for first in range(0, options.messages, CHUNK):
        with open(path, "w", encoding="utf-8") as out:
            out.writelines(line for _, line in lines(first, min(CHUNK, options.messages - first), options.bytes))
        kafka.fill(tagger.raw, path)
    tagger.program.start()
    tagger.wait_tagged(options.messages, 300)
    times = sorted(tagger.times(options.messages).values())
    # The first records come while the caches are cold and the last batch may be a small one: the middle nine tenths.
    low, high = len(times) // 20, len(times) - len(times) // 20 - 1
    fixture.check(times[high] > times[low], "too few messages to time: --messages")
    return (high - low) / ((times[high] - times[low]) / 1000)


def send(kafka, topic, messages, rate):
    """Puts each message when it is due; (start in s since the epoch, how late the latest was)."""
    filler = subprocess.Popen(["taskset", "-c", "0", broker.kafkatool(), kafka.address, "fill", topic],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=fixture.die_with_parent)
    time.sleep(0.5)  # its connection
    start, sent, latest = time.time() + 0.2, 0, 0.0
    while sent < len(messages):
        due = int((time.time() - start) * rate) + 1
        if due > sent:
            batch = messages[sent:due]
            latest = max(latest, time.time() - (start + sent / rate))
            filler.stdin.write("".join(batch).encode())
            filler.stdin.flush()
            sent += len(batch)
        time.sleep(max(0.0, min(0.001, start + sent / rate - time.time())))
    filler.stdin.close()
    fixture.check(filler.wait(120) == 0, "the sender failed")
    filler.stdout.close()
    return start, latest


def latencies(scratch, kafka, options, name, rate):
    """([latency in ms] after the warm-up, how late the sender was at worst in ms)"""
    n = int(rate * (options.seconds + WARM_S))
    messages = [line for _, line in lines(10_000_000, n, options.bytes)]
    tagger = Tagger(scratch, kafka, options, name)
    tagger.program.start()
    start, late = send(kafka, tagger.raw, messages, rate)
    tagger.wait_tagged(n, 120)
    times = tagger.times(n)
    skipped = int(rate * WARM_S)
    return [times[10_000_000 + i] - 1000 * (start + i / rate) for i in range(skipped, n)], 1000 * late


def quantile(values, q):
    """The least value that at least a share q of all do not exceed."""
    values = sorted(values)
    return values[min(len(values) - 1, max(0, -int(-q * len(values) // 1) - 1))]


def report(case, unit, values):
    print(json.dumps({"bench": "kafka_latency", "case": case, "min": round(min(values), 3),
                      "median": round(statistics.median(values), 3), "max": round(max(values), 3), "unit": unit,
                      "runs": len(values)}), flush=True)


def run(options, scratch):
    kafka = broker.Kafka(scratch, options.kafka)
    if os.cpu_count() > 1:
        kafka.argv = ["taskset", "-c", "0", *kafka.argv]
        os.sched_setaffinity(0, {0})
    kafka.start()
    name = options.name or (options.model.name if options.model else "fast tier")
    rates = [saturation(scratch, kafka, options, number) for number in range(options.runs)]
    report(f"{name}, saturation", "messages/s", rates)
    full = statistics.median(rates)
    for share in (int(word) for word in options.shares.split(",")):
        found = {quantile_name: [] for quantile_name, _ in QUANTILES}
        for number in range(options.runs):
            values, late = latencies(scratch, kafka, options, f"at{share}-{number}", full * share / 100)
            for quantile_name, q in QUANTILES:
                found[quantile_name].append(quantile(values, q))
            fixture.say(f"{share} %: {len(values)} messages at {full * share / 100:.0f}/s, sender late by {late:.1f} ms "
                        f"at worst, greatest latency {max(values):.0f} ms")
        for quantile_name, values in found.items():
            report(f"{name}, {share} % of saturation, {quantile_name}", "ms", values)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=pathlib.Path, help="a model's folder; the shipped one otherwise")
    parser.add_argument("--name", help="what the figures are called")
    parser.add_argument("--set", action="append", default=[], help="a setting of the program")
    parser.add_argument("--delivery", default="exactly_once", choices=("exactly_once", "at_least_once"))
    parser.add_argument("--messages", type=int, default=100000, help="for saturation; an encoder wants fewer")
    parser.add_argument("--bytes", type=int, default=250)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--shares", default="25,50,75")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--kafka", default="3.9.2")
    options = parser.parse_args()
    # Data lines on stdout, what happens meanwhile on stderr.
    fixture.say = lambda text: print(text, file=sys.stderr, flush=True)
    scratch = fixture.Scratch("latency")
    try:
        run(options, scratch)
    except fixture.Failed as error:
        for process in fixture.RUNNING:
            print(process.tail(), file=sys.stderr)
        print(f"kafka_latency: {error}", file=sys.stderr)
        sys.exit(1)
    finally:
        fixture.end_all()
        scratch.drop()


if __name__ == "__main__":
    main()
