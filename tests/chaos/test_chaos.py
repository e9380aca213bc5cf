#!/usr/bin/env python3
"""test_chaos.py VERSION [--seed N] [--kills N] [--topology NAME] [--broker-kills N] [--out FILE]: one round of chaos.

A load that goes on, processes that are killed, stopped and taken away all the while, a broker that may be killed too; then
calm, and everything must be as if nothing had happened. What is checked is in verify.py and deploy/docs/chaos.md."""

import argparse
import json
import pathlib
import random
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
from broker import RESTARTS, Kafka
from feeder import Feeder, Reader
from fixture import Failed, check, main, say, wait_for
from fleet import TOPOLOGIES, Fleet
from load import HOUR_MS
from stack import STREAMS, create_topics
from verify import check_all

RATE = 260  # messages a second


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("version", nargs="?", default="3.9.2")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--topology", choices=TOPOLOGIES, default="moving")
    parser.add_argument("--broker-kills", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path)
    return parser.parse_args()


class BrokerKiller:
    """kill -9 of the broker at moments that the seed chooses, each followed by its restart."""

    def __init__(self, kafka, fleet, options):
        self.kafka, self.fleet, self.n = kafka, fleet, 0
        rng = random.Random(f"{options.seed}/broker")
        self.due = sorted(rng.randint(1, max(options.kills - 1, 1)) for _ in range(options.broker_kills))

    def look(self):
        if self.due and sum(self.fleet.kills().values()) >= self.due[0]:
            self.due.pop(0)
            self.kafka.kill()
            self.n += 1
            say("the broker is killed")
            self.kafka.start()


def wait_calm(kafka, programs):
    """Until both groups have read everything and nothing more is written."""
    def ends():
        return [row for stream in STREAMS for row in kafka.watermarks(stream)]

    def probe():
        for program in programs:
            check(program.running(), f"{program.name} ended with {program.child.poll()}")
        try:
            if not (kafka.at_end("gs-tag", "raw") and kafka.at_end("gs-watch", "observations")):
                return False
            before = ends()
            time.sleep(2)
            return ends() == before and kafka.at_end("gs-watch", "observations")
        except Failed:
            return False
    wait_for("calm", 120, probe)


def chaos(scratch, version, options):
    topology = TOPOLOGIES[options.topology]
    apart = options.broker_kills > 0 and version.startswith("4.")
    kafka = Kafka(scratch, version, own_controller=apart, **(RESTARTS if options.broker_kills else {})).start()
    create_topics(kafka, partitions=topology.partitions)
    feeder = Feeder(scratch, kafka, options.seed, topology.partitions, RATE)
    readers = [Reader(kafka, stream, 7) for stream in ("tagged", "alerts")]
    fleet = Fleet(scratch, kafka, topology, options.seed)
    broker = BrokerKiller(kafka, fleet, options)
    started = time.monotonic()

    def meanwhile():
        feeder.look()
        broker.look()

    feeder.start()
    for reader in readers:
        reader.start()
    fleet.drive(options.kills, meanwhile)
    fleet.calm_down()
    kills = fleet.kills()
    under_fire = time.monotonic() - started
    say(f"{sum(kills.values())} kills in {under_fire:.0f} s: {dict(kills)}")
    feeder.finish()
    wait_calm(kafka, fleet.at_work())
    say(f"calm; {feeder.load.n} messages, {feeder.load.hour} hours of event time")
    topics, found = check_all(scratch, kafka, feeder.load.manifest, feeder.load.start_ms + feeder.load.hour * HOUR_MS,
                              fleet.at_work(), topology)
    found["looks of a reader meanwhile"] = sum(reader.finish(topics[reader.topic]) for reader in readers)
    check(found["aborted records"] > 0, "no aborted record: the kills proved nothing")
    check(found["alert records"] > 0, "no alert: the windows proved little")
    for program in fleet.at_work():
        check(program.stop() == 0, "SIGTERM ends it with 0")
    return {"kafka": version, "topology": options.topology, "seed": options.seed, "kills": sum(kills.values()),
            "kills by point": dict(kills), "terms": sum(member.terms for member in fleet.members),
            "zombies": sum(member.zombies for member in fleet.members), "broker kills": broker.n,
            "seconds under fire": round(under_fire), "found": found}


def test(scratch, version):
    result = chaos(scratch, version, OPTIONS)
    if OPTIONS.out:
        OPTIONS.out.write_text(json.dumps(result) + "\n", encoding="utf-8")


if __name__ == "__main__":
    OPTIONS = parse()
    main(test, "chaos", 250 + 4 * OPTIONS.kills)
