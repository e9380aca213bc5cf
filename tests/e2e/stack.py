"""The program under test with its topics and configuration, and Prometheus, Alertmanager and a webhook receiver."""

import json
import re
import time
import urllib.parse

import fixture
from fixture import Process, check, free_ports, http_get, model, say, wait_for
from generate import MAX_RECORD_BYTES

STREAMS = ["tagged", "observations", "alerts", "incidents", "late", "dlq", "state"]

CONFIGURATION = """\
input:
  kind: kafka
  topics: [{inputs}]
  bad_utf8: reject
  max_record_bytes: {max_record_bytes}
kafka:
  brokers: {brokers}
  group_prefix: gs
  instance: {instance}
  delivery: exactly_once
  start: earliest
  transaction_timeout: 5s
  properties:
{properties}
output:
  kind: kafka
  topics: {{tagged: tagged, observations: observations, alerts: alerts, incidents: incidents, late: late, dlq: dlq, state: state}}
observations: {{sources: true, promotion: true}}
batch:
  max_messages: 400
entities:
  watchlist: {watchlist}
model:
  path: {model}
http:
  port: {http}
log:
  format: json
"""

# A member that was killed, and does not come back, is gone after 3 s.
PROPERTIES = {"session.timeout.ms": 3000, "heartbeat.interval.ms": 500}

WATCHLIST = """\
id,name,aliases,tickers
NRV,Norvane Holdings,Norvane,NRV
QLM,Quillmark Energy,Quillmark,
BLB,北岭银行,北岭,
YSZ,云杉重工,,
"""


def create_topics(kafka, partitions=4, missing=(), **settings):
    """The raw topic and one per stream, by their own names."""
    topics = {"raw": "raw"}
    kafka.create("raw", partitions, "max.message.bytes=4000000")
    for stream in STREAMS:
        if stream not in missing:
            kafka.create(stream, partitions, *settings.get(stream, ["cleanup.policy=compact"] if stream == "state" else ()))
            topics[stream] = stream
    return topics


class Groundswell(Process):
    """groundswell run. Instances of one test share everything but their name and ports."""

    def __init__(self, scratch, kafka, *arguments, instance="one", properties=None, inputs=("raw",)):
        watchlist = scratch / "watchlist.csv"
        if not watchlist.exists():  # an instance may be reading it
            watchlist.write_text(WATCHLIST, encoding="utf-8")
        (self.port,) = free_ports(1)
        config = scratch / f"{instance}.yaml"
        config.write_text(CONFIGURATION.format(
            max_record_bytes=MAX_RECORD_BYTES, inputs=", ".join(inputs), brokers=kafka.address, instance=instance, watchlist=watchlist,
            model=model(), http=self.port,
            properties="\n".join(f"    {name}: \"{value}\"" for name, value in (properties or PROPERTIES).items())), encoding="utf-8")
        self.url = f"http://127.0.0.1:{self.port}"
        super().__init__(f"groundswell-{instance}", [fixture.groundswell(), "run", "-c", config, *arguments],
                         scratch / f"{instance}.log")

    def start(self, ready=True):
        super().start()
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=30):
        def probe():
            check(self.running(), f"{self.name} ended with {self.child.poll()} before it was ready")
            return http_get(self.url + "/readyz")[0] == 200
        wait_for(f"{self.name} ready", seconds, probe)

    def kill_in_transactions(self, kafka, filler, rng, wanted=3, most=15):
        """Starts and kills it while the filler writes, until so many kills have left a transaction open (`tagged` ends
        behind its last stable offset), and starts it a last time."""
        hits = kills = 0
        while hits < wanted and kills < most and filler.running():
            self.start()
            time.sleep(rng.uniform(0.2, 1.2))
            self.kill()
            kills += 1
            hits += any(row["stable"] < row["high"] for row in kafka.watermarks("tagged"))
        say(f"{kills} kills, {hits} of them in an open transaction")
        check(hits > 0, "no kill hit a transaction: nothing is proved")
        self.start()

    def metric(self, name, **labels):
        """The sum of a metric's series that carry these labels; None when there is none."""
        status, text = http_get(self.url + "/metrics")
        check(status == 200, f"/metrics: {status} {text}")
        found = None
        for series, value in re.findall(rf"^{name}(\{{[^}}]*\}})? (\S+)", text, re.M):
            if all(f'{label}="{wanted}"' in series for label, wanted in labels.items()):
                found = (found or 0.0) + float(value)
        return found

    def wait_read(self, kafka, topics, seconds, stages=("tag",)):
        """Until the groups have committed everything that is in their input, and nothing is left open."""
        def probe():
            check(self.running(), f"{self.name} ended with {self.child.poll()}")
            return (all(kafka.at_end(f"gs-{stage}", topics["raw" if stage == "tag" else "observations"])
                        for stage in stages) and
                    all(row["stable"] == row["high"] for name in topics.values() for row in kafka.watermarks(name)))
        wait_for("everything read and committed", seconds, probe)


class Monitoring:
    """Prometheus with the project's own rules, an Alertmanager, and a receiver of its notifications."""

    def __init__(self, scratch, *target_ports):
        prometheus, alertmanager, hook = free_ports(3)
        self.prometheus, self.alertmanager = f"http://127.0.0.1:{prometheus}", f"http://127.0.0.1:{alertmanager}"
        self.received = scratch / "webhook.jsonl"
        rules = sorted((fixture.ROOT / "deploy/prometheus/rules").glob("*.yml"))
        check(rules, "no rules in deploy/prometheus/rules")
        # JSON is YAML.
        (scratch / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(path) for path in rules],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]},
            "scrape_configs": [{"job_name": "groundswell",
                                "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in target_ports]}]}]}))
        (scratch / "alertmanager.yml").write_text(json.dumps({
            "global": {"resolve_timeout": "5m"},
            "route": {"receiver": "hook", "group_by": ["alertname", "key", "topic"], "group_wait": "0s",
                      "group_interval": "1s", "repeat_interval": "1h"},
            "receivers": [{"name": "hook", "webhook_configs": [
                {"url": f"http://127.0.0.1:{hook}/hook", "send_resolved": True}]}]}))
        self.processes = [
            Process("webhook", [fixture.HERE / "webhook.py", hook, self.received], scratch / "webhook.log"),
            Process("alertmanager", ["prometheus-alertmanager", f"--config.file={scratch / 'alertmanager.yml'}",
                                     f"--web.listen-address=127.0.0.1:{alertmanager}", "--cluster.listen-address=",
                                     f"--storage.path={scratch / 'alertmanager'}"], scratch / "alertmanager.log"),
            Process("prometheus", ["prometheus", f"--config.file={scratch / 'prometheus.yml'}",
                                   f"--web.listen-address=127.0.0.1:{prometheus}",
                                   f"--storage.tsdb.path={scratch / 'prometheus'}"], scratch / "prometheus.log"),
        ]

    def start(self):
        for process in self.processes:
            process.start()
        for name, url in (("alertmanager", self.alertmanager), ("prometheus", self.prometheus)):
            wait_for(name, 20, lambda: http_get(url + "/-/ready")[0] == 200)
        return self

    def query(self, expression):
        """[{labels}, value] of an instant query."""
        status, text = http_get(f"{self.prometheus}/api/v1/query?query={urllib.parse.quote(expression)}")
        check(status == 200, f"prometheus: {status} {text}")
        return [(row["metric"], float(row["value"][1])) for row in json.loads(text)["data"]["result"]]

    def alertmanager_alerts(self):
        status, text = http_get(f"{self.alertmanager}/api/v2/alerts")
        check(status == 200, f"alertmanager: {status} {text}")
        return json.loads(text)

    def notifications(self):
        """Every alert of every notification that the webhook got, oldest first."""
        try:
            text = self.received.read_text(encoding="utf-8")
        except OSError:
            return []
        lines = text[:text.rfind("\n") + 1].splitlines()  # the last one may be half written
        return [alert for line in lines for alert in json.loads(line)["alerts"]]
