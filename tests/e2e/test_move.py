#!/usr/bin/env python3
"""Partitions that move in mid-incident take their windows along: a second process joins and takes one of two; the first
stands still until the second has the other one too, and wakes; then it is killed. The same alerts are on all the while,
nothing is resolved, and they end once."""

import json
import signal
import time

import surge
from broker import Kafka
from fixture import check, http_get, main, say, wait_for
from stack import Groundswell, Monitoring, create_topics
from test_restart import Story

BASELINE_BINS, SURGE_BINS, MORE_BINS, AFTER_BINS = 288, 10, 2, 96


def status_of(program):
    return json.loads(http_get(program.url + "/api/v1/status")[1])


def partitions_of(program):
    return sum(lane["partitions"] for lane in status_of(program)["lanes"] if lane["stage"] == "watch")


def on_pages(*programs):
    return sorted((alert["id"], alert["starts_at"]) for program in programs for alert in status_of(program)["alerts"])


def test(scratch, version):
    kafka = Kafka(scratch, version).start()
    create_topics(kafka, partitions=2)
    first = Groundswell(scratch, kafka, instance="first").start()
    second = Groundswell(scratch, kafka, instance="second")
    monitoring = Monitoring(scratch, first.port, second.port).start()
    story = Story(scratch, kafka, BASELINE_BINS + SURGE_BINS + 3 * MORE_BINS + AFTER_BINS)

    def records(state):
        return [record for record in kafka.dump("alerts") if record.json()["state"] == state]

    def resolved_pages():
        return [alert for alert in monitoring.notifications()
                if alert["labels"].get("alertname") == "NegativeIncident" and alert["status"] == "resolved"]

    def read():
        wait_for("everything read", 60, lambda: kafka.at_end("gs-tag", "raw") and kafka.at_end("gs-watch", "observations"))

    story.tell(BASELINE_BINS, 0.15)
    story.tell(SURGE_BINS, 0.85)
    wait_for("alerts of keys in both partitions", 60, lambda: len({record.partition for record in records("firing")}) == 2)
    read()
    time.sleep(2)
    on = on_pages(first)
    wait_for("pages", 30, lambda: monitoring.notifications())
    say(f"{len(on)} alerts are on")

    second.start()
    wait_for("one partition each", 60, lambda: partitions_of(first) == 1 and partitions_of(second) == 1)
    first.wait_ready()
    check(on_pages(first, second) == on, f"after a process joined: {on_pages(first, second)} instead of {on}")
    check(status_of(first)["alerts"] and status_of(second)["alerts"], "one has all the alerts")
    story.tell(MORE_BINS, 0.85)
    read()
    time.sleep(4)
    more = on_pages(first, second)
    check(set(on) <= set(more), f"{on} were on, now {more}")
    check(not records("resolved") and not resolved_pages(), "a false all-clear when a process joined")
    say("a partition has moved, nobody has seen it")

    first.signal(signal.SIGSTOP)  # past its session; what it was about to do then is done too late
    wait_for("both partitions", 60, lambda: partitions_of(second) == 2)
    story.tell(MORE_BINS, 0.85)
    read()
    first.signal(signal.SIGCONT)
    wait_for("one partition each again", 60, lambda: partitions_of(first) == 1 and partitions_of(second) == 1)
    first.wait_ready()
    more = on_pages(first, second)
    check(set(on) <= set(more), f"{on} were on, now {more}")
    check(not records("resolved") and not resolved_pages(), "a false all-clear when a process woke")
    say("a process has slept and woken, nobody has seen it")

    first.kill()
    wait_for("both partitions", 60, lambda: partitions_of(second) == 2)
    second.wait_ready()
    check(on_pages(second) == more, f"after a kill: {on_pages(second)} instead of {more}")
    story.tell(MORE_BINS, 0.85)
    read()
    time.sleep(4)
    check(set(more) <= set(on_pages(second)), f"{more} were on, now {on_pages(second)}")
    check(not records("resolved") and not resolved_pages(), "a false all-clear when a process was killed")
    say("a process is gone, nobody has seen it")

    story.tell(AFTER_BINS, 0.15)
    read()
    ids = [record.json()["id"] for record in records("firing")]
    check(len(ids) == len(set(ids)), f"alerts that began twice: {sorted(ids)}")
    wait_for("the end of all", 60, lambda: sorted(record.json()["id"] for record in records("resolved")) == sorted(ids))
    say(f"{len(ids)} alerts began once and ended once")
    check(second.stop() == 0, "SIGTERM ends it with 0")


if __name__ == "__main__":
    main(test, "move", 90)
