#!/usr/bin/env python3
"""A broker that is away for longer than anything waits, with two lanes of each stage: /readyz says so, the same process
is ready again when it is back; and SIGTERM while it is away ends in time, with 0."""

import time

from broker import RESTARTS, Kafka
from fixture import check, http_get, main, say, wait_for
from stack import Groundswell, create_topics

AWAY_S = 75
PROPERTIES = {"session.timeout.ms": 10000, "heartbeat.interval.ms": 2000}


def test(scratch, version):
    kafka = Kafka(scratch, version, own_controller=version.startswith("4."), **RESTARTS).start()
    create_topics(kafka)
    program = Groundswell(scratch, kafka, "--set", "lanes.tag=2", "--set", "lanes.watch=2", properties=PROPERTIES).start()
    kafka.kill()
    wait_for("/readyz says that Kafka does not answer", 30, lambda: http_get(program.url + "/readyz")[0] == 503)
    say(f"not ready: {http_get(program.url + '/readyz')[1]}")
    time.sleep(AWAY_S)
    check(program.running(), "it waits for its broker")
    kafka.start()
    program.wait_ready(60)
    say("ready again, the same process")

    kafka.kill()
    time.sleep(12)
    before = time.monotonic()
    check(program.stop() == 0, f"SIGTERM ends it with 0, not {program.child.returncode}")
    say(f"SIGTERM while the broker is away: {time.monotonic() - before:.1f} s")
    check(time.monotonic() - before < 30, "within a time that is bounded")


main(test, "away", 240)
