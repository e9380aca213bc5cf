#!/usr/bin/env python3
"""Incidents pushed to people, without a Prometheus. On Kafka: a real Alertmanager has the alert, is away and back,
and SIGTERM and a restart of ours resolve nothing. On standard input: the end is told, to a webhook too, each notice
once and signed; over TLS, with a token, and not past a certificate that nobody vouches for."""

import hashlib
import hmac
import http.server
import json
import ssl
import subprocess
import threading
import time

import fixture
import surge
from broker import Kafka
from fixture import check, free_ports, http_get, main, model, say, wait_for
from stack import WATCHLIST, Groundswell, Monitoring, create_topics

BASELINE_BINS, SURGE_BINS, AFTER_BINS = 288, 8, 48
RESEND_S = 15
LABELS = {"alertname", "category", "incident", "kind", "key", "name", "severity"}


def parts():
    """Of the story, ending a little before now: calm, surge, after. (seed, start, bins, share, first) each."""
    bins = BASELINE_BINS + SURGE_BINS + AFTER_BINS
    at_ms = (int(time.time() * 1000) // surge.BIN_MS - bins - 1) * surge.BIN_MS
    first = 0
    for seed, (bins, share) in enumerate([(BASELINE_BINS, 0.15), (SURGE_BINS, 0.85), (AFTER_BINS, 0.15)], 1):
        yield seed, at_ms, bins, share, first
        at_ms, first = at_ms + bins * surge.BIN_MS, first + bins * surge.PER_BIN


def pushed(alerts):
    return [alert for alert in alerts if alert["labels"].get("key") == surge.KEY]


def resolved(monitoring):
    return [alert for alert in pushed(monitoring.notifications()) if alert["status"] == "resolved"]


def seconds_left(alert):
    ends = time.strptime(alert["endsAt"].split(".")[0].rstrip("Z"), "%Y-%m-%dT%H:%M:%S")
    return time.mktime(ends) - time.timezone - time.time()


def alertmanager_of(monitoring):
    hook, alertmanager, _ = monitoring.processes
    return hook, alertmanager


def up(monitoring):
    wait_for("Alertmanager", 20, lambda: http_get(monitoring.alertmanager + "/-/ready")[0] == 200)


# ---- on Kafka ----

def restart_resolves_nothing(scratch, version):
    kafka = Kafka(scratch, version).start()
    create_topics(kafka, partitions=1)
    monitoring = Monitoring(scratch, 1)  # its Prometheus is not started: nothing but the push can tell anybody
    hook, alertmanager = alertmanager_of(monitoring)
    hook.start()
    alertmanager.start()
    up(monitoring)
    (nobody,) = free_ports(1)
    program = Groundswell(scratch, kafka, "--set",
                          f"notify.alertmanager.urls={monitoring.alertmanager},http://127.0.0.1:{nobody}",
                          "--set", f"notify.alertmanager.resend={RESEND_S}s").start()
    say("everything is up")
    for part in list(parts())[:2]:
        path = scratch / f"{part[0]}.jsonl"
        surge.write(path, *part)
        kafka.fill("raw", path)

    (alert,) = wait_for("the alert at Alertmanager", 60, lambda: pushed(monitoring.alertmanager_alerts()))
    check(set(alert["labels"]) == LABELS, f"labels {alert['labels']}")
    check(alert["labels"]["name"] == surge.COMPANY, f"name {alert['labels']['name']}")
    check(alert["annotations"]["title"].startswith(surge.COMPANY), f"title {alert['annotations']['title']}")
    check(0 < seconds_left(alert) <= 3 * RESEND_S, f"it ends in {seconds_left(alert)} s")
    wait_for("the webhook of Alertmanager", 20, lambda: pushed(monitoring.notifications()))
    say(f"pushed: {alert['annotations']['title']}: {alert['annotations']['summary']}")
    live, dead = f"127.0.0.1:{monitoring.alertmanager.rsplit(':', 1)[1]}", f"127.0.0.1:{nobody}"
    check(program.metric("groundswell_notify_sent_total", receiver=live) >= 1, "nothing sent")
    check(program.metric("groundswell_notify_failed_total", receiver=dead, reason="connect") >= 1, "a dead one answers")
    check(program.metric("groundswell_notify_sent_total", receiver=dead) == 0, "sent to a dead one")

    alertmanager.kill()
    wait_for("failures", 20, lambda: program.metric("groundswell_notify_failed_total", receiver=live))
    alertmanager.start()
    up(monitoring)
    wait_for("the alert at Alertmanager again", 40, lambda: pushed(monitoring.alertmanager_alerts()))
    say("Alertmanager was away, is back and has it")

    check(program.stop() == 0, "SIGTERM ends it with 0")
    (alert,) = pushed(monitoring.alertmanager_alerts())
    check(alert["status"]["state"] == "active", f"it is {alert['status']['state']} when we stop")
    check(seconds_left(alert) > 3 * RESEND_S - 10, f"a restart has only {seconds_left(alert)} s")
    program.start()
    time.sleep(5)
    (alert,) = pushed(monitoring.alertmanager_alerts())
    check(not resolved(monitoring), "our restart has resolved it")
    check(program.stop() == 0, "SIGTERM ends it with 0, once more")
    check(not resolved(monitoring), "our stop has resolved it")
    say("a stop and a restart have resolved nothing")
    alertmanager.stop()
    kafka.stop()


# ---- on standard input ----

class Local:
    """groundswell run, its messages by a pipe."""

    def __init__(self, scratch, name, urls, *settings):
        watchlist = scratch / "watchlist.csv"
        watchlist.write_text(WATCHLIST, encoding="utf-8")
        self.log = scratch / f"{name}.log"
        (scratch / "local.yaml").write_text("input: {kind: stdin}\noutput: {kind: file}\n")
        sets = ["output.files.alerts=/dev/null", f"model.path={model()}",
                f"entities.watchlist={watchlist}", "http.enabled=false", f"notify.alertmanager.urls={','.join(urls)}",
                *settings]
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen(
                [fixture.groundswell(), "run", "-c", scratch / "local.yaml", *[word for one in sets for word in ("--set", one)]],
                stdin=subprocess.PIPE, stdout=log, stderr=log, preexec_fn=fixture.die_with_parent)

    def feed(self, scratch, part):
        path = scratch / f"local-{part[0]}.jsonl"
        surge.write(path, *part)
        for line in path.read_text(encoding="utf-8").splitlines():
            self.child.stdin.write((json.loads(line)["value"] + "\n").encode())
        self.child.stdin.flush()

    def finish(self):
        self.child.stdin.close()
        return self.child.wait(60)

    def said(self):
        return self.log.read_text(errors="replace")


def an_end_is_told(scratch):
    hooked = scratch / "local"
    hooked.mkdir()
    monitoring = Monitoring(hooked, 1)
    for process in alertmanager_of(monitoring):
        process.start()
    up(monitoring)
    hook = Receiver()
    (hooked / "secret").write_text("s3cret\n")
    (hooked / "address").write_text(f"http://127.0.0.1:{hook.server_port}/told\n")
    program = Local(hooked, "local", [monitoring.alertmanager], f"notify.webhook.urls=@{hooked / 'address'}",
                    f"notify.webhook.secret_file={hooked / 'secret'}")
    calm, bad, after = parts()
    program.feed(hooked, calm)
    program.feed(hooked, bad)
    wait_for("the alert", 60, lambda: pushed(monitoring.notifications()))
    check(not resolved(monitoring), "resolved before it is over")
    program.feed(hooked, after)
    wait_for("the end", 60, lambda: resolved(monitoring))
    check(program.finish() == 0, program.said()[-2000:])
    incidents = {alert["labels"]["incident"] for alert in pushed(monitoring.notifications())}
    check(len(incidents) == 1, f"{len(incidents)} incidents of one surge")
    notices = [record["notice"] for record in hook.seen if record["id"] in incidents]
    check(notices[:1] == ["opened"] and notices[-1:] == ["ended"], f"notices {notices}")
    check(notices.count("opened") == notices.count("ended") == 1, f"notices {notices}")
    check(hook.strange == 0, f"{hook.strange} requests with a wrong signature")
    check("/told" not in program.said(), "the address is in the log")
    say(f"the webhook was told: {', '.join(notices)}")
    say("the end is told")


# ---- TLS ----

def certificates(scratch):
    """A certificate that signs itself, for 127.0.0.1, and another one that nobody shows."""
    for name in ("server", "other"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", scratch / f"{name}.key", "-out", scratch / f"{name}.pem"],
                       check=True, capture_output=True)
    return scratch / "server.pem", scratch / "other.pem"


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps what it is told, over TLS where it has a certificate."""

    def __init__(self, certificate=None, key=None):
        self.seen, self.tokens, self.strange = [], [], 0
        super().__init__(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a client that hangs up in the handshake is what is tested


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.tokens.append(self.headers["Authorization"])
        told = json.loads(body)
        if isinstance(told, dict):  # a webhook's notice
            signed = f"{self.headers['Groundswell-Timestamp']}.".encode() + body
            wanted = "sha256=" + hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
            self.server.strange += wanted != self.headers["Groundswell-Signature"]
        self.server.seen += told if isinstance(told, list) else [told]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def tls_is_verified(scratch):
    certificate, other = certificates(scratch)
    server = Receiver(certificate, scratch / "server.key")
    url = f"https://127.0.0.1:{server.server_port}"
    (scratch / "token").write_text("s3cret\n")
    for name, ca_file in (("strange", other), ("trusted", certificate)):
        program = Local(scratch, name, [url], f"notify.ca_file={ca_file}",
                        f"notify.alertmanager.bearer_token_file={scratch / 'token'}")
        calm, bad, _ = parts()
        program.feed(scratch, calm)
        program.feed(scratch, bad)
        if name == "strange":
            wait_for("a refusal", 60, lambda: "cannot be told (tls)" in program.said())
            check(not server.seen, "told somebody whose certificate nobody vouches for")
        else:
            wait_for("the alert over TLS", 60, lambda: pushed(server.seen))
        check(program.finish() == 0, program.said()[-2000:])
        check("s3cret" not in program.said(), "the token is in the log")
    check(set(server.tokens) == {"Bearer s3cret"}, f"tokens {set(server.tokens)}")
    server.shutdown()
    say("TLS is verified")


def test(scratch, version):
    an_end_is_told(scratch)
    tls_is_verified(scratch)
    restart_resolves_nothing(scratch, version)


main(test, "notify")
