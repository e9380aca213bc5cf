#!/usr/bin/env python3
"""A planted surge, all the way: raw topic -> alert record -> /metrics -> Prometheus rule -> Alertmanager -> webhook;
and when event time goes on without it, resolved in each of these places."""

import time

import surge
from broker import Kafka
from fixture import check, main, say, wait_for
from stack import Groundswell, Monitoring, create_topics

BASELINE_BINS, SURGE_BINS, AFTER_BINS = 288, 8, 48


def alerts_of(kafka, key):
    return [alert for alert in (record.json() for record in kafka.dump("alerts")) if alert["key"] == key]


def incident_of(kafka, key):
    """The incident that has the key, and how often people were told that it began and ended."""
    records = [record.json() for record in kafka.dump("incidents")]
    of_key = [incident for incident in records if key in [one["key"] for one in incident["keys"]]]
    ids = {incident["id"] for incident in of_key}
    check(len(ids) <= 1, f"{len(ids)} incidents of one surge")
    notices = [incident["notice"] for incident in records if incident["id"] in ids]
    return (ids.pop() if ids else None), notices.count("opened"), notices.count("ended")


def mentions(labels, incident):
    return labels.get("incident") == incident


def fill(scratch, kafka, part):
    name, seed, start_ms, bins, share, first = part
    path = scratch / f"{name}.jsonl"
    result = surge.write(path, seed, start_ms, bins, share, first)
    kafka.fill("raw", path)
    return result


def check_fired(alert, surge_ms):
    check(alert["severity"] in ("info", "warning", "critical"), f"severity {alert['severity']}")
    check(alert["observed"] > alert["expected"] + 0.1, f"observed {alert['observed']}, expected {alert['expected']}")
    check(alert["evidence"], "an alert without evidence")
    check(len(alert["id"]) == 16, f"id {alert['id']}")
    check(alert["reason"], "an alert without a reason")


def test(scratch, version):
    kafka = Kafka(scratch, version).start()
    create_topics(kafka, partitions=1)
    program = Groundswell(scratch, kafka).start()
    monitoring = Monitoring(scratch, program.port).start()
    say("everything is up")

    # The end of the story is a little before now: a time to come would be refused.
    bins = BASELINE_BINS + SURGE_BINS + AFTER_BINS
    start_ms = (int(time.time() * 1000) // surge.BIN_MS - bins - 1) * surge.BIN_MS
    first, at_ms = fill(scratch, kafka, ("calm", 1, start_ms, BASELINE_BINS, 0.15, 0))
    surge_ms = at_ms
    first, at_ms = fill(scratch, kafka, ("surge", 2, at_ms, SURGE_BINS, 0.85, first))

    fired = wait_for("the alert record", 60, lambda: alerts_of(kafka, surge.KEY))
    check(fired[0]["state"] == "firing", f"the first record says {fired[0]['state']}")
    check_fired(fired[0], surge_ms)
    say(f"alert record: {fired[0]['reason']}")
    wait_for("/metrics", 20, lambda: program.metric("groundswell_alert_active", key=surge.KEY))
    incident, opened, _ = wait_for("the incident record", 20, lambda: (
        lambda found: found if found[0] is not None else None)(incident_of(kafka, surge.KEY)))
    check(opened == 1, f"told {opened} times that it began")
    wait_for("its metric", 20, lambda: program.metric("groundswell_incident_active", incident=incident))
    say("/metrics shows it")
    wait_for("a firing rule in Prometheus", 30, lambda: [
        labels for labels, _ in monitoring.query('ALERTS{alertstate="firing"}') if mentions(labels, incident)])
    say("Prometheus fires")
    wait_for("Alertmanager", 30, lambda: [
        alert for alert in monitoring.alertmanager_alerts() if mentions(alert["labels"], incident)])
    say("Alertmanager lists it")
    wait_for("the webhook", 30, lambda: [
        alert for alert in monitoring.notifications()
        if alert["status"] == "firing" and mentions(alert["labels"], incident)])
    say("the webhook has it")
    check(not [a for a in alerts_of(kafka, surge.KEY) if a["state"] == "resolved"], "resolved before it is over")

    fill(scratch, kafka, ("after", 3, at_ms, AFTER_BINS, 0.15, first))
    resolved = wait_for("the resolved record", 60, lambda: [
        alert for alert in alerts_of(kafka, surge.KEY) if alert["state"] == "resolved"])
    check(resolved[-1]["id"] == fired[0]["id"], "the resolved alert has another id")
    say("resolved record")
    wait_for("/metrics without it", 20, lambda: not program.metric("groundswell_alert_active", key=surge.KEY))
    wait_for("the end of the incident", 60, lambda: incident_of(kafka, surge.KEY)[2] == 1)
    wait_for("/metrics without the incident", 20,
             lambda: not program.metric("groundswell_incident_active", incident=incident))
    # Rules may keep firing for a while on purpose (keep_firing_for); Prometheus itself then says so for as long.
    wait_for("Prometheus without it", 60, lambda: not [
        labels for labels, _ in monitoring.query('ALERTS{alertstate="firing"}') if mentions(labels, incident)])
    wait_for("the webhook told", 60, lambda: [
        alert for alert in monitoring.notifications()
        if alert["status"] == "resolved" and mentions(alert["labels"], incident)])
    check(not [alert for alert in monitoring.alertmanager_alerts() if mentions(alert["labels"], incident)],
          "Alertmanager still lists it")
    say("resolved everywhere")
    check(program.stop() == 0, "SIGTERM ends it with 0")


main(test, "alert")
