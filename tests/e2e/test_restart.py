#!/usr/bin/env python3
"""A restart in mid-incident is not seen by anybody: killed, and then stopped, while an alert is on, the program comes
back with the same alert and incident; Alertmanager resolves nothing and pages nobody again. It is killed three times more
while messages come; and all alert records are, byte for byte, those of a run over the same messages that was never
stopped."""

import json
import subprocess
import time

import fixture
import surge
from broker import Kafka
from fixture import check, http_get, main, say, wait_for
from stack import Groundswell, Monitoring, create_topics

BASELINE_BINS, SURGE_BINS, MORE_BINS, AFTER_BINS = 288, 8, 2, 96
LANES = ("--set", "batch.max_messages=100")


def alerts_of(kafka, topic):
    return [record for record in kafka.dump(topic) if record.json()["key"] == surge.KEY]


def incidents_of(kafka, topic):
    return [incident for incident in (record.json() for record in kafka.dump(topic))
            if surge.KEY in [one["key"] for one in incident["keys"]]]


def status_of(program):

    return json.loads(http_get(program.url + "/api/v1/status")[1])


def ids_of(status):
    return sorted((alert["id"], alert["starts_at"]) for alert in status["alerts"])


class Story:
    """The messages, bin by bin."""

    def __init__(self, scratch, kafka, bins):
        self.scratch, self.kafka, self.first, self.seed = scratch, kafka, 0, 0
        self.at_ms = (int(time.time() * 1000) // surge.BIN_MS - bins - 1) * surge.BIN_MS

    def tell(self, bins, share, rate=None):
        self.seed += 1
        path = self.scratch / f"part{self.seed}.jsonl"
        self.first, self.at_ms = surge.write(path, self.seed, self.at_ms, bins, share, self.first)
        return self.kafka.fill("raw", path, rate)


def wait_read(program, kafka, group="gs"):
    def probe():
        check(program.running(), f"{program.name} ended with {program.child.poll()}")
        return kafka.at_end(f"{group}-tag", "raw") and kafka.at_end(f"{group}-watch", "observations")
    wait_for("everything read", 60, probe)


def never_stopped(scratch, kafka):
    """A second group over the same messages, with topics of its own."""
    sets = ["kafka.group_prefix=other"]
    for stream in ("tagged", "observations", "alerts", "incidents", "late", "dlq", "state"):
        kafka.create(f"other.{stream}", 1, *(["cleanup.policy=compact"] if stream == "state" else []))
        sets.append(f"output.topics.{stream}=other.{stream}")
    program = Groundswell(scratch, kafka, *LANES, *[word for one in sets for word in ("--set", one)], instance="other")
    program.start()
    wait_for("the other has read it", 60, lambda: kafka.at_end("other-tag", "raw"))
    wait_for("and watched it", 60, lambda: kafka.at_end("other-watch", "other.observations"))
    wait_for("its last record", 30, lambda: [
        record for record in alerts_of(kafka, "other.alerts") if record.json()["state"] == "resolved"])
    check(program.stop() == 0, "SIGTERM ends it with 0")
    return [record.value for record in kafka.dump("other.alerts")]


def look_at_state(kafka, program, fired):
    """`state` beside the running program: what is kept is what the page shows, and looking changes nothing."""
    def ask(*words):
        done = subprocess.run([fixture.groundswell(), "state", *words, "--json", "-c", program.argv[3]],
                              capture_output=True, text=True, check=False)
        check(done.returncode == 0, f"state {words}: exit {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)
    status, kept, key = status_of(program), ask("ls"), ask("show", surge.KEY)
    committed = kafka.committed("gs-watch", "observations")
    check(kept["topic"] == "observations" and kept["group"] == "gs-watch" and
          kept["offset"] <= committed[0] and kept["error"] is None and kept["written"], f"{kept}")
    check(kept["firing"] == len(status["alerts"]) and kept["of"]["incidents"]["records"] > 0, f"{kept}, {status}")
    check(key["alert"]["id"] == fired["id"] and key["bins"] and key["log10_evidence"] > key["log10_threshold"], f"{key}")
    check(kafka.committed("gs-watch", "observations") == committed and
          set(kafka.committed("gs-state", "state").values()) == {None}, "looking has moved something")
    say(f"state ls and show: {kept['records']} records, {kept['keys']} keys, the alert among them")


def test(scratch, version):
    kafka = Kafka(scratch, version).start()
    create_topics(kafka, partitions=1)
    program = Groundswell(scratch, kafka, *LANES).start()
    monitoring = Monitoring(scratch, program.port).start()
    story = Story(scratch, kafka, BASELINE_BINS + SURGE_BINS + 2 * MORE_BINS + AFTER_BINS)
    story.tell(BASELINE_BINS, 0.15)
    story.tell(SURGE_BINS, 0.85)
    fired = wait_for("the alert record", 60, lambda: alerts_of(kafka, "alerts"))[0].json()
    incident = wait_for("the incident record", 20, lambda: incidents_of(kafka, "incidents"))[0]["id"]

    def pages(status):
        return [alert for alert in monitoring.notifications()
                if alert["labels"].get("incident") == incident and alert["status"] == status]

    def all_pages():
        return [alert for alert in monitoring.notifications() if alert["labels"].get("alertname") == "NegativeIncident"]

    wait_for("the page", 60, lambda: pages("firing"))
    wait_read(program, kafka)
    time.sleep(2)  # what follows the page at once has come
    paged = len(all_pages())
    say(f"incident {incident} is paged, {paged} notifications")

    look_at_state(kafka, program, fired)
    for how in ("kill", "stop"):
        before = status_of(program)
        getattr(program, how)()
        program.start()
        after = status_of(program)
        ids = ids_of(before)
        check((fired["id"], fired["starts_at"]) in ids, f"{fired['id']} is not among {ids}")
        check(ids_of(after) == ids, f"{how}: the page shows {ids_of(after)} instead of {ids}")
        check([one["id"] for one in after["incidents"]] == [one["id"] for one in before["incidents"]],
              f"{how}: incidents {after['incidents']}")
        check(program.metric("groundswell_incident_active", incident=incident), f"{how}: the incident's series is gone")
        check(program.metric("groundswell_state_restoring") == 0, f"{how}: it says that it restores")
        story.tell(MORE_BINS, 0.85)
        wait_read(program, kafka)
        time.sleep(4)  # scrapes, evaluations and the group's interval
        check(not pages("resolved"), f"{how}: a false all-clear")
        check(len(all_pages()) == paged, f"{how}: paged again: {all_pages()[paged:]}")
        firing = [alert for alert in monitoring.alertmanager_alerts() if alert["labels"].get("incident") == incident]
        check(firing, f"{how}: Alertmanager knows nothing of it")
        check({record.json()["id"] for record in alerts_of(kafka, "alerts")} == {fired["id"]}, f"{how}: another alert")
        check("resolved" not in [record.json()["state"] for record in alerts_of(kafka, "alerts")], f"{how}: resolved")
        say(f"{how}: nobody has seen it")

    filler = story.tell(AFTER_BINS, 0.15, rate=150)
    for _ in range(3):  # with messages in flight, in whatever state its transactions are
        time.sleep(1.3)
        program.kill()
        program.start()
    filler.wait(60)
    wait_read(program, kafka)
    say("killed three times more while it worked")
    resolved = wait_for("the resolved record", 60, lambda: [
        record for record in alerts_of(kafka, "alerts") if record.json()["state"] == "resolved"])
    check(resolved[-1].json()["id"] == fired["id"], "the resolved alert has another id")
    def notices_of():
        return [record["notice"] for record in (one.json() for one in kafka.dump("incidents")) if record["id"] == incident]
    wait_for("the end of the incident", 60, lambda: "ended" in notices_of())
    notices = notices_of()
    check(notices.count("opened") == 1 and notices.count("ended") == 1, f"notices {notices}")
    check({one["id"] for one in incidents_of(kafka, "incidents")} == {incident}, "more than one incident")
    wait_for("the all-clear", 60, lambda: pages("resolved"))
    say("over, and told once")
    check(program.stop() == 0, "SIGTERM ends it with 0")
    same = [record.value for record in kafka.dump("alerts")]
    check(same == never_stopped(scratch, kafka), "the alerts are not those of a run that was never stopped")
    say(f"{len(same)} alert records are those of a run that was never stopped")


if __name__ == "__main__":
    main(test, "restart", 90)
