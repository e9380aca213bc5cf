#!/usr/bin/env python3
"""Writes the dashboards desk.json and operations.json beside this file; `--check` says whether they are what it would write.

A panel is a row: title, unit, what it means, queries. The JSON is what Grafana imports or provisions (README.md); nobody
edits it by hand. tests/tools/check_grafana.py holds every query to the metrics that there are.
"""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
JOB = 'job=~"$job",instance=~"$instance"'
SEVERITIES = {"info": "blue", "warning": "orange", "critical": "red"}


def query(expr, legend="", **more):
    return {"expr": expr.replace("JOB", JOB), "legend": legend, **more}


def panel(kind, title, unit, means, *queries, w=12, h=8, **more):
    return {"kind": kind, "title": title, "unit": unit, "means": means, "queries": queries, "w": w, "h": h, **more}


def row(title, repeat=None):
    return {"kind": "row", "title": title, "repeat": repeat}


# ---- the desk ----

def share_panels(title, metric, label, value):
    """Of one topic or key: its share with the band, its evidence with what is needed."""
    def of(name):
        return f'max(groundswell_{metric}{name}{{JOB,{label}=~"${value}"}})'
    share, usual, sd = of("negative_ratio"), of("negative_expected_ratio"), of("negative_expected_deviation_ratio")
    if metric == "":  # topics have a label for the window too
        share = f'max(groundswell_negative_ratio{{JOB,{label}=~"${value}",window="1h"}})'
    return [
        panel("timeseries", f"{title}: negative share", "percentunit",
              "Share of negative opinion over the last hour of event time, what the baseline expects, and the band of two standard deviations "
              "in which ordinary hours of so many messages lie.",
              query(share, "negative"), query(usual, "usual"),
              query(f"clamp_max({usual} + 2 * {sd}, 1)", "ordinary, most"),
              query(f"clamp_min({usual} - 2 * {sd}, 0)", "ordinary, least"), least=0, most=1, band=True),
        panel("timeseries", f"{title}: evidence", "none",
              "How far beyond chance the rise is, as a power of ten, against what an alert of info needs now. Evidence alone is no alert: "
              "publishers, stories and the size of the excess count too.",
              query(of("spike_log10_evidence"), "evidence"), query(of("spike_log10_threshold"), "needed"), dashed="needed"),
    ]


DESK = [
    row("Now"),
    panel("stat", "Open incidents", "none", "Incidents that have not ended, by severity. One event is one incident, however many keys alert.",
          query("sum by (severity) (groundswell_incidents_open{JOB})", "{{severity}}"), w=6, h=4, severities=True),
    panel("stat", "Alerts that are on", "none", "Alerts of single keys that fire now, by severity.",
          query("sum by (severity) (groundswell_alerts_firing{JOB})", "{{severity}}"), w=6, h=4, severities=True),
    panel("stat", "Answered", "none", "Open incidents that somebody has acknowledged, and those that are muted.",
          query("sum(groundswell_incidents_acknowledged{JOB})", "acknowledged"), query("sum(groundswell_incidents_muted{JOB})", "muted"), w=6, h=4),
    panel("stat", "Event time behind the clock", "s", "How far the windows are behind the wall clock: what is said now is judged after so long.",
          query("max(time() - groundswell_watermark_timestamp_seconds{JOB})", "behind"), w=6, h=4),
    panel("table", "Incidents", "none", "Each incident that has not ended: how grave (1 info, 2 warning, 3 critical), its title, its foremost key and where its heaviest story is.",
          query("max by (incident, route, title, key, url) (groundswell_incident_active{JOB} * on (incident) group_left (title, key, url) groundswell_incident_info{JOB})",
                table=True), w=24, h=7),
    panel("table", "Alerts", "none", "Each key in alert, with the headline of its heaviest story.",
          query("max by (key, name, severity, headline, url) (groundswell_alert_active{JOB} * on (key) group_left (headline, url) groundswell_alert_info{JOB})",
                table=True), w=24, h=7),
    row("All topics"),
    panel("timeseries", "Negative share by topic", "percentunit", "Share of negative opinion over the last hour of event time, for the topics chosen above.",
          query('max by (topic) (groundswell_negative_ratio{JOB,topic=~"$topic",window="1h"})', "{{topic}}"), least=0),
    panel("timeseries", "Excess by topic", "percentunit", "The share above what the baseline expects: what is left when the usual is taken off.",
          query('max by (topic) (groundswell_negative_ratio{JOB,topic=~"$topic",window="1h"}) - max by (topic) (groundswell_negative_expected_ratio{JOB,topic=~"$topic"})', "{{topic}}")),
    panel("timeseries", "Messages by topic", "mps", "Messages tagged a second, for the topics chosen above; a message with two topics counts for both.",
          query('sum by (topic) (rate(groundswell_messages_total{JOB,topic=~"$topic"}[$__rate_interval]))', "{{topic}}"), least=0),
    panel("timeseries", "Messages by sentiment", "mps", "Messages tagged a second by their most probable sentiment, all topics.",
          query("sum by (sentiment) (rate(groundswell_messages_total{JOB}[$__rate_interval]))", "{{sentiment}}"), least=0),
    row("Topic $topic", repeat="topic"),
    *share_panels("$topic", "", "topic", "topic"),
    row("Companies and other keys"),
    *share_panels("$key", "key_", "key", "key"),
    row("What can be seen, and how often it was right"),
    panel("timeseries", "Keys by what their volume allows", "none",
          "Keys whose share is tested: a rise of 1.2 log odds would be found within three hours (yes), would not (no), or the key is not judged yet (learning).",
          query("sum by (detectable) (groundswell_keys_detectable{JOB})", "{{detectable}}"), w=8, least=0),
    panel("timeseries", "False alarms: measured and allowed", "none",
          "Runs of evidence beyond today's threshold a key-day, real surges among them, beside the budget of each severity.",
          query("86400 * sum by (severity) (groundswell_alarm_runs{JOB}) / on () group_left () sum(groundswell_watched_key_seconds{JOB})", "{{severity}}, measured"),
          query("max by (severity) (groundswell_alarm_budget_per_key_day{JOB})", "{{severity}}, allowed"), w=8, least=0),
    panel("timeseries", "Precision by verdicts", "percentunit", "Incidents found right by people, of all with a verdict (groundswell ack --verdict), by rule and severity.",
          query('sum by (rule, severity) (groundswell_incident_verdicts{JOB,verdict="right"}) / sum by (rule, severity) (groundswell_incident_verdicts{JOB})', "{{rule}}, {{severity}}"),
          w=8, least=0, most=1),
]

# ---- operations ----

OPERATIONS = [
    row("At a glance"),
    panel("stat", "Programs that answer", "none", "Processes that Prometheus reaches.", query("sum(up{JOB})", "up"), w=4, h=4),
    panel("stat", "Records that wait", "none", "Records known to wait behind the lanes' positions, by stage.",
          query("sum by (stage) (groundswell_consumer_lag_records{JOB})", "{{stage}}"), w=5, h=4),
    panel("stat", "Longest without progress", "s", "Time since the slowest lane's last commit, or since it last found nothing to read.",
          query("max by (stage) (time() - groundswell_last_progress_timestamp_seconds{JOB})", "{{stage}}"), w=5, h=4),
    panel("stat", "Lanes restoring", "none", "Watch lanes that do not have the windows of their partitions yet: what is not shown then is not over.",
          query("sum(groundswell_state_restoring{JOB})", "restoring"), w=5, h=4),
    panel("stat", "Partitions that nobody reads", "none", "Partitions of a stage's input without a reader in the whole group.",
          query("max by (stage) (groundswell_partitions_unowned{JOB})", "{{stage}}"), w=5, h=4),
    row("Throughput and lag"),
    panel("timeseries", "Records read", "mps", "Records read a second by stage, those of aborted transactions included.",
          query("sum by (stage) (rate(groundswell_records_consumed_total{JOB}[$__rate_interval]))", "{{stage}}"), least=0),
    panel("timeseries", "Records written", "mps", "Records written and committed a second, by stream.",
          query("sum by (stream) (rate(groundswell_records_produced_total{JOB}[$__rate_interval]))", "{{stream}}"), least=0),
    panel("timeseries", "Records that wait, by lane", "none", "Records known to wait behind each lane's position; one lane alone means one slow or hot partition.",
          query("sum by (instance, stage, lane) (groundswell_consumer_lag_records{JOB})", "{{stage}} {{lane}} {{instance}}"), least=0),
    panel("timeseries", "Event time behind the clock", "s", "How far each watch lane's windows are behind the wall clock.",
          query("max by (instance, lane) (time() - groundswell_watermark_timestamp_seconds{JOB})", "{{lane}} {{instance}}"), least=0),
    panel("timeseries", "End to end", "s", "From the raw record's Kafka timestamp to the commit of what the stage made of it: half and 99 of 100 are quicker.",
          query("histogram_quantile(0.5, sum by (le, stage) (rate(groundswell_end_to_end_latency_seconds_bucket{JOB}[$__rate_interval])))", "{{stage}}, median"),
          query("histogram_quantile(0.99, sum by (le, stage) (rate(groundswell_end_to_end_latency_seconds_bucket{JOB}[$__rate_interval])))", "{{stage}}, 99 %"), least=0),
    panel("timeseries", "Time of a batch", "s", "From a batch's begin to the end of its commit: half and 99 of 100 are quicker.",
          query("histogram_quantile(0.5, sum by (le, stage) (rate(groundswell_batch_duration_seconds_bucket{JOB}[$__rate_interval])))", "{{stage}}, median"),
          query("histogram_quantile(0.99, sum by (le, stage) (rate(groundswell_batch_duration_seconds_bucket{JOB}[$__rate_interval])))", "{{stage}}, 99 %"), least=0),
    row("Transactions and Kafka"),
    panel("timeseries", "Transactions", "ops", "Batches ended a second, by how; aborted ones are read again.",
          query("sum by (stage, result) (rate(groundswell_transactions_total{JOB}[$__rate_interval]))", "{{stage}}, {{result}}"), least=0),
    panel("timeseries", "Trouble with Kafka", "none", "In the last quarter of an hour: calls made again, records not delivered, lanes whose clients were made new, changes of assignment.",
          query("sum(increase(groundswell_kafka_retries_total{JOB}[15m]))", "retries"),
          query("sum(increase(groundswell_delivery_failures_total{JOB}[15m]))", "not delivered"),
          query("sum(increase(groundswell_lane_restarts_total{JOB}[15m]))", "lane restarts"),
          query("sum(increase(groundswell_rebalances_total{JOB}[15m]))", "rebalances"), least=0),
    panel("timeseries", "Dead letters", "mps", "Records a second that could not be read and went to the dead-letter queue, by reason.",
          query("sum by (code) (rate(groundswell_rejected_total{JOB}[$__rate_interval]))", "{{code}}"), least=0),
    panel("timeseries", "Windows restored", "bool_yes_no", "1 while a watch lane does not have the windows of its partitions: after a start and at rebalances.",
          query("max by (instance, lane) (groundswell_state_restoring{JOB})", "{{lane}} {{instance}}"), least=0, most=1),
    row("Times and keys"),
    panel("timeseries", "Late and ahead", "mps", "Observations a second that came for a closed bin, too late to count, or were ahead of all others.",
          query('sum by (result) (rate(groundswell_observations_total{JOB,result=~"late|too_late"}[$__rate_interval]))', "{{result}}"),
          query("sum(rate(groundswell_observations_ahead_total{JOB}[$__rate_interval]))", "ahead"), least=0),
    panel("timeseries", "Keys", "none", "Keys with a window; in the last quarter of an hour refused for want of room and evicted.",
          query("sum(groundswell_keys{JOB})", "keys"), query("sum(increase(groundswell_keys_refused_total{JOB}[15m]))", "refused"),
          query("sum(increase(groundswell_keys_evicted_total{JOB}[15m]))", "evicted"), least=0),
    row("Model"),
    panel("timeseries", "Who answered", "mps", "Messages a second by the tier that answered, and those that the fast tier answered because the lane was behind.",
          query("sum by (tier) (rate(groundswell_tier_messages_total{JOB}[$__rate_interval]))", "{{tier}}"),
          query("sum(rate(groundswell_degraded_total{JOB}[$__rate_interval]))", "degraded"), least=0),
    panel("timeseries", "Time of a micro-batch", "s", "Time of the encoder for one micro-batch: half and 99 of 100 are quicker.",
          query("histogram_quantile(0.5, sum by (le) (rate(groundswell_encoder_pack_seconds_bucket{JOB}[$__rate_interval])))", "median"),
          query("histogram_quantile(0.99, sum by (le) (rate(groundswell_encoder_pack_seconds_bucket{JOB}[$__rate_interval])))", "99 %"), least=0),
    panel("timeseries", "Texts seen before", "percentunit", "Part of the messages whose answer was in the cache.",
          query('sum(rate(groundswell_answer_cache_total{JOB,result="hit"}[$__rate_interval])) / sum(rate(groundswell_answer_cache_total{JOB}[$__rate_interval]))', "hits"), least=0, most=1),
    panel("timeseries", "Too close to call", "percentunit", "Part of the messages whose sentiment was too close to call, by language; a rise may be drift.",
          query("sum by (lang) (rate(groundswell_abstained_total{JOB}[$__rate_interval])) / sum by (lang) (rate(groundswell_languages_total{JOB}[$__rate_interval]))", "{{lang}}"), least=0, most=1),
    row("Telling people"),
    panel("timeseries", "Notices", "none", "Times in the last hour that people were told of an incident, by why, and were not told.",
          query("sum by (notice) (increase(groundswell_incident_notices_total{JOB}[1h]))", "{{notice}}"),
          query("sum by (reason) (increase(groundswell_incident_notices_suppressed_total{JOB}[1h]))", "not told: {{reason}}"), least=0),
    panel("timeseries", "Receivers", "none", "What waits for each receiver, and what failed or was dropped in the last quarter of an hour.",
          query("sum by (receiver) (groundswell_notify_waiting{JOB})", "{{receiver}}: waiting"),
          query("sum by (receiver) (increase(groundswell_notify_failed_total{JOB}[15m]))", "{{receiver}}: failed"),
          query("sum by (receiver) (increase(groundswell_notify_dropped_total{JOB}[15m]))", "{{receiver}}: dropped"), least=0),
    row("The process"),
    panel("timeseries", "Memory", "bytes", "Resident memory of each process, and what of it are windows and the model.",
          query("sum by (instance) (process_resident_memory_bytes{JOB})", "{{instance}}"),
          query("sum by (instance) (groundswell_watch_memory_bytes{JOB})", "{{instance}}: windows"),
          query("sum by (instance) (groundswell_model_memory_bytes{JOB})", "{{instance}}: model"), w=8, least=0),
    panel("timeseries", "Processors", "none", "Processors that each process keeps busy.",
          query("sum by (instance) (rate(process_cpu_seconds_total{JOB}[$__rate_interval]))", "{{instance}}"), w=8, least=0),
    panel("timeseries", "Open files", "percentunit", "Part of the file descriptors that a process may open.",
          query("max by (instance) (process_open_fds{JOB} / process_max_fds{JOB})", "{{instance}}"), w=8, least=0, most=1),
]

DASHBOARDS = {
    "desk": ("groundswell-desk", "Groundswell: desk", "What is said, what is unusual about it, what people were told.", DESK, "now-24h"),
    "operations": ("groundswell-operations", "Groundswell: operations", "Whether messages go through, how fast, and what goes wrong.", OPERATIONS, "now-6h"),
}

# ---- to Grafana's JSON ----


def overrides(spec):
    if spec.get("severities"):
        for name, color in SEVERITIES.items():
            yield {"matcher": {"id": "byName", "options": name},
                   "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": color}}]}
    if spec.get("band"):
        hidden = [{"id": "custom.lineWidth", "value": 0}, {"id": "color", "value": {"mode": "fixed", "fixedColor": "semi-dark-blue"}},
                  {"id": "custom.hideFrom", "value": {"legend": True, "tooltip": False, "viz": False}}]
        yield {"matcher": {"id": "byName", "options": "ordinary, most"},
               "properties": hidden + [{"id": "custom.fillBelowTo", "value": "ordinary, least"}, {"id": "custom.fillOpacity", "value": 15}]}
        yield {"matcher": {"id": "byName", "options": "ordinary, least"}, "properties": hidden}
        yield {"matcher": {"id": "byName", "options": "negative"},
               "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}}, {"id": "custom.lineWidth", "value": 2}]}
    dashed = "usual" if spec.get("band") else spec.get("dashed")
    if dashed:
        yield {"matcher": {"id": "byName", "options": dashed},
               "properties": [{"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 6]}},
                              {"id": "color", "value": {"mode": "fixed", "fixedColor": "text"}}]}


def target(at, spec):
    made = {"refId": chr(ord("A") + at), "datasource": SOURCE, "expr": spec["expr"], "legendFormat": spec["legend"] or "__auto"}
    if spec.get("table"):
        made |= {"format": "table", "instant": True, "range": False}
    return made


def options(spec):
    if spec["kind"] == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value", "graphMode": "none",
                "textMode": "value_and_name", "orientation": "auto"}
    if spec["kind"] == "table":
        return {"showHeader": True, "cellHeight": "sm"}
    return {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}, "tooltip": {"mode": "multi", "sort": "desc"}}


def grafana_panel(number, spec, x, y):
    defaults = {"unit": spec["unit"]}
    if spec["kind"] == "timeseries":
        defaults["custom"] = {"lineWidth": 1, "fillOpacity": 0, "showPoints": "never", "spanNulls": False}
    defaults |= {name: spec[word] for word, name in (("least", "min"), ("most", "max")) if word in spec}
    made = {"id": number, "type": spec["kind"], "title": spec["title"], "description": spec["means"], "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": spec["w"], "h": spec["h"]},
            "fieldConfig": {"defaults": defaults, "overrides": list(overrides(spec))}, "options": options(spec),
            "targets": [target(at, asked) for at, asked in enumerate(spec["queries"])]}
    if spec["kind"] == "table":
        made["transformations"] = [{"id": "organize", "options": {"excludeByName": {"Time": True}}}]
    return made


def layout(specs):
    """Panels from left to right, a new line where one does not fit; a row ends the line."""
    x = y = high = 0
    for number, spec in enumerate(specs, 1):
        if spec["kind"] == "row":
            y, x, high = y + high, 0, 0
            made = {"id": number, "type": "row", "title": spec["title"], "collapsed": False, "panels": [], "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}}
            yield made | ({"repeat": spec["repeat"]} if spec["repeat"] else {})
            y += 1
            continue
        if x + spec["w"] > 24:
            y, x, high = y + high, 0, 0
        yield grafana_panel(number, spec, x, y)
        x, high = x + spec["w"], max(high, spec["h"])


def variable(name, label, ask, multi=True, current=None):
    made = {"name": name, "label": label, "type": "query", "datasource": SOURCE, "query": {"query": ask, "refId": name}, "definition": ask,
            "refresh": 2, "sort": 1, "multi": multi, "includeAll": multi, "allValue": ".*" if multi else None}
    return made | ({"current": current} if current else {})


def dashboard(name):
    uid, title, means, specs, since = DASHBOARDS[name]
    everything = {"text": ["All"], "value": ["$__all"]}
    variables = [{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
                 variable("job", "Job", "label_values(groundswell_build_info, job)", current=everything),
                 variable("instance", "Instance", 'label_values(groundswell_build_info{job=~"$job"}, instance)', current=everything)]
    if name == "desk":
        of = 'job=~"$job",instance=~"$instance"'
        variables += [variable("topic", "Topics", f"label_values(groundswell_negative_ratio{{{of}}}, topic)"),
                      variable("key", "Company or other key", f"label_values(groundswell_key_negative_ratio{{{of}}}, key)", multi=False)]
    other = next(key for key in DASHBOARDS if key != name)
    return {
        "uid": uid, "title": title, "description": means, "tags": ["groundswell"], "timezone": "browser", "editable": True, "graphTooltip": 1,
        "schemaVersion": 39, "version": 1, "refresh": "1m", "time": {"from": since, "to": "now"}, "templating": {"list": variables},
        "links": [{"type": "link", "title": DASHBOARDS[other][1], "url": f"/d/{DASHBOARDS[other][0]}", "keepTime": True, "includeVars": True}],
        "annotations": {"list": [{"name": "Alerts", "datasource": SOURCE, "enable": True, "iconColor": "red",
                                  "expr": f"max by (key, severity) (groundswell_alert_active{{{JOB}}})", "step": "60s",
                                  "titleFormat": "{{severity}}: {{key}}"}]},
        "panels": list(layout(specs)),
    }


def main():
    bad = 0
    for name in DASHBOARDS:
        path = HERE / f"{name}.json"
        text = json.dumps(dashboard(name), indent=1, ensure_ascii=False) + "\n"
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{path} is not what make_dashboards.py writes")
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
