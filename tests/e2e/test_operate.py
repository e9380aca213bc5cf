#!/usr/bin/env python3
"""The operator's commands on a running system. dlq redrive: killed in the middle again and again, each dead letter is
back exactly once, as it was; one that comes back for ever is refused; what was cut is refused. doctor names what is wrong
around the program, tap shows what passes."""

import base64
import json
import random
import signal
import subprocess
import time

import fixture
from broker import Kafka
from fixture import Process, check, free_ports, main, say
from stack import Groundswell, create_topics

LETTERS = 3000  # over 30 transactions
HOPELESS = 3    # not even JSON
ERROR, PREVIOUS = "groundswell.error.", "groundswell.previous.error."


def record(value, **more):
    return dict({"value_b64": base64.b64encode(value).decode()}, **more)


def ill(n):
    """A message that is refused with input.bad_utf8: reject, and read with repair."""
    return json.dumps({"id": f"ill-{n}", "text": "shares of Norvane fall @@"}).encode().replace(b"@@", b"\xff\xfe")


def fill(kafka, scratch, topic, records):
    path = scratch / f"records-{time.monotonic_ns()}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in records))
    kafka.fill(topic, path)


class Desk:
    """The commands, with the configuration of the program."""

    def __init__(self, scratch, config):
        self.scratch, self.config = scratch, config

    def argv(self, *words):
        return [fixture.groundswell(), *map(str, words), "-c", self.config]

    def ask(self, *words, code=0):
        """A command's lines of JSON, and what it says on stderr."""
        done = subprocess.run(self.argv(*words), capture_output=True, text=True, check=False)
        check(done.returncode == code, f"{words}: exit {done.returncode}: {done.stdout[-400:]}{done.stderr[-800:]}")
        return [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    def bytes(self, *words):
        done = subprocess.run(self.argv(*words), capture_output=True, check=False)
        check(done.returncode == 0, f"{words}: exit {done.returncode}: {done.stderr}")
        return done.stdout


def identity(row):
    """What a record was before it was refused, and has to be again."""
    own = tuple((name, value) for name, value in row.headers if not name.startswith("groundswell."))
    return row.partition, row.ts, row.key, row.value, own


def look(kafka, desk):
    """ls and show say what is there."""
    letters, table = desk.ask("dlq", "ls")
    check(len(letters) == LETTERS + HOPELESS + 1, f"{len(letters)} letters are listed")
    counts = {reason: sum(row["reason"] == reason for row in letters) for reason in ("bad_utf8", "bad_json", "too_large")}
    check(counts == {"bad_utf8": LETTERS, "bad_json": HOPELESS, "too_large": 1}, f"{counts}")
    check(str(LETTERS) in table and "bad_utf8" in table, table)
    check({row["state"] for row in letters if row["reason"] != "too_large"} == {"waiting"}, "they wait")

    cut = [row for row in letters if row["reason"] == "too_large"][0]
    check(cut["cut"] and cut["state"] == "refused" and f'raw [{cut["topic_partition"]}] at offset {cut["topic_offset"]}'
          in cut["why"], f"{cut}")

    row = next(row for row in kafka.dump("dlq") if row.value == ill(7))
    place = row.partition, row.offset
    check(desk.bytes("dlq", "show", *place, "--raw") == ill(7), "raw bytes")
    text = desk.bytes("dlq", "show", *place).decode()
    check(r"fall \xff\xfe" in text and f"header {ERROR}code: bad_utf8" in text, text)
    shown, _ = desk.ask("dlq", "show", *place, "--json")
    check(base64.b64decode(shown[0]["value_base64"]) == ill(7), f"{shown}")
    desk.ask("dlq", "show", 0, 10**9, code=1)
    late, _ = desk.ask("dlq", "ls", "--reason", "bad_json", "--since", "1h", "--until", "0s")
    check(len(late) == HOPELESS, f"{len(late)} letters of the last hour")
    check(len(desk.ask("dlq", "ls", "--until", "1h")[0]) == LETTERS, "those are older")


def tap(kafka, desk, scratch):
    """Shows a stream from outside: from its start, picked, and as it comes; and leaves nothing behind."""
    letters, _ = desk.ask("tap", "dlq", "--from", "earliest", "--where", "headers.value=bad_json", "--count", HOPELESS)
    check(sorted(row["value"] for row in letters) == [f"{{{n}" for n in range(HOPELESS)], f"{letters}")
    rows, _ = desk.ask("tap", "raw", "--from", "earliest", "--count", LETTERS + HOPELESS + 1)
    check(len(rows) == LETTERS + HOPELESS + 1, f"{len(rows)} raw records")
    last, _ = desk.ask("tap", "raw", "--from", "-1", "--count", 2)
    check(len(last) == 2, f"the last of each partition: {last}")

    process = Process("tap", desk.argv("tap", "late", "--where", "a.b=1", "--pretty"), scratch / "tap.log").start()
    for n in range(100):  # until it has begun at the end of the topic
        fill(kafka, scratch, "late", [record(json.dumps({"a": [{"b": n % 2, "c": "\x1b[2J"}], "n": n}).encode())])
        if '"n": ' in process.text():
            break
    text = process.text()
    check('-- late [' in text and '"b": 1,' in text and '"b": 0' not in text and "\x1b" not in text, text)
    process.signal(signal.SIGINT)
    check(process.wait(10) == 0, "Ctrl-C ends it with 0")
    check(all(offset is None for topic in ("raw", "dlq", "late") for offset in kafka.committed("gs-tap", topic).values()),
          "it has committed something")
    say("tap shows what passes, and commits nothing")


def redrive_under_fire(kafka, desk, scratch):
    """Kills it while the broker stands still: with records, offsets or the end of a transaction on their way."""
    wanted, _ = desk.ask("dlq", "redrive", "--reason", "bad_utf8", "--dry-run")
    check(len(wanted) == LETTERS and wanted[0]["state"] == "would_redrive", f"{len(wanted)} would be sent")
    check(not any(row.header("groundswell.redrive.count") for row in kafka.dump("raw")), "nothing was sent yet")

    rng = random.Random(7)
    killed = 0
    for n in range(9):
        process = Process(f"redrive-{n}", desk.argv("dlq", "redrive", "--reason", "bad_utf8"), scratch / f"redrive-{n}.jsonl").start()
        while process.running() and "redriven" not in process.text():
            time.sleep(0.001)
        time.sleep(0.15 * rng.random())  # one to three transactions
        kafka.signal(signal.SIGSTOP)
        time.sleep(0.05)
        killed += process.running()
        process.kill()
        kafka.signal(signal.SIGCONT)
    check(killed >= 6, f"it was killed {killed} times only")
    sent, said = desk.ask("dlq", "redrive", "--reason", "bad_utf8")
    check(desk.ask("dlq", "redrive", "--reason", "bad_utf8")[0] == [], "once more sends nothing")
    states = [row["state"] for row in desk.ask("dlq", "ls", "--reason", "bad_utf8")[0]]
    check(states == ["sent"] * LETTERS, f"{set(states)}")
    say(f"killed {killed} times, the last run sent {len(sent)}: {said.splitlines()[-1]}")


def check_redriven(kafka):
    rows = kafka.dump("raw")
    back = [row for row in rows if row.header("groundswell.redrive.count")]
    first = {identity(row) for row in rows if not row.header("groundswell.redrive.count") and b"ill-" in row.value}
    check(len(back) == LETTERS and {identity(row) for row in back} == first, f"{len(back)} are back, each as it was")
    row = back[0]
    check(row.header("groundswell.redrive.count") == "1" and row.header(PREVIOUS + "code") == "bad_utf8" and
          row.header(PREVIOUS + "topic") == "raw" and row.header(ERROR + "code") is None, f"{row.headers}")
    aborted = len(kafka.dump("raw", "--uncommitted", "--no-values")) - len(rows)
    say(f"{aborted} records were in transactions that a kill ended")
    check(aborted > 0, "no kill hit a transaction")


def never_loops(kafka, desk, read):
    for count in (1, 2):
        sent, _ = desk.ask("dlq", "redrive", "--reason", "bad_json", "--max-redrives", 2)
        check([row["redrives"] for row in sent] == [count - 1] * HOPELESS, f"{sent}")
        read()
        waiting = [row for row in desk.ask("dlq", "ls", "--reason", "bad_json")[0] if row["state"] == "waiting"]
        check([(row["redrives"], row["history"]) for row in waiting] == [(count, ["bad_json"] * count)] * HOPELESS,
              f"{waiting}")
    end = sum(row["high"] for row in kafka.watermarks("raw"))
    refused, _ = desk.ask("dlq", "redrive", "--reason", "bad_json", "--max-redrives", 2, code=1)
    check([row["state"] for row in refused] == ["refused"] * HOPELESS and "2 times" in refused[0]["why"], f"{refused}")
    check(sum(row["high"] for row in kafka.watermarks("raw")) == end, "nothing was written")
    cut, _ = desk.ask("dlq", "redrive", "--reason", "too_large", code=1)
    check(len(cut) == 1 and cut[0]["state"] == "refused", f"{cut}")
    say("what comes back for ever, and what was cut, is refused and listed")


def more_listeners(kafka, scratch):
    """Before its start: beside the port in the clear one with SASL, and one with TLS and a certificate of its own."""
    sasl, tls = free_ports(2)
    pem = scratch / "broker.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", scratch / "key.pem", "-out", scratch / "ca.pem"],
                   check=True, capture_output=True)
    pem.write_text((scratch / "key.pem").read_text() + (scratch / "ca.pem").read_text())
    properties = kafka.home / "server.properties"
    plain = f"listeners=PLAINTEXT://{kafka.address},"
    text = properties.read_text().replace(plain, f"{plain}SASL_PLAINTEXT://127.0.0.1:{sasl},SSL://127.0.0.1:{tls},")
    properties.write_text(text + f"""\
advertised.listeners=PLAINTEXT://{kafka.address},SASL_PLAINTEXT://127.0.0.1:{sasl},SSL://127.0.0.1:{tls}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_gs="secret";
ssl.keystore.type=PEM
ssl.keystore.location={pem}
""")
    return f"127.0.0.1:{sasl}", f"127.0.0.1:{tls}"


def doctor(desk, version, sasl, tls, ca):
    """Finds nothing on a sound system, and names what is wrong with each that is not."""
    def ask(brokers=None, code=0, **properties):
        words = ["--set", f"kafka.brokers={brokers}"] if brokers else []
        if properties:
            named = {name.replace("_", "."): value for name, value in properties.items()}
            words += ["--set", "kafka.properties=" + json.dumps(named)]
        return desk.ask("doctor", "--json", *words, code=code)[0]

    def wrong(*arguments, **properties):
        found = [row for row in ask(*arguments, code=1, **properties) if row["level"] == "fail"]
        check(all(row["why"] and row["cure"] for row in found), f"{found}")
        return {row["check"]: row for row in found}

    sound = ask()
    check({row["level"] for row in sound if row["check"] in ("tcp", "port", "client", "group", "limits", "clock")} == {"ok"},
          f"{sound}")
    check([row["subject"] for row in sound if row["check"] == "topic" and row["level"] == "warn"] == ["dlq"], f"{sound}")
    versions = next(row for row in sound if row["check"] == "versions")
    check(f"Kafka {version[:3]}: assignor range" in versions["what"], f"{versions}")
    user = {"sasl_mechanism": "PLAIN", "sasl_username": "gs"}
    check(all(row["level"] != "fail" for row in ask(sasl, security_protocol="sasl_plaintext", sasl_password="secret", **user)), "SASL")
    check(all(row["level"] != "fail" for row in ask(tls, security_protocol="ssl", ssl_ca_location=str(ca))), "TLS")

    for name, brokers, properties, what, cure in [
            ("plain to SASL", sasl, {}, "wants a log-in by SASL (PLAIN)", "sasl_plaintext"),
            ("plain to TLS", tls, {}, "in the clear, and this port wants TLS", "ssl"),
            ("SASL to TLS", tls, {"security_protocol": "sasl_plaintext", "sasl_password": "secret", **user}, "wants TLS", "sasl_ssl"),
            ("TLS to plain", None, {"security_protocol": "ssl"}, "wants TLS (security.protocol: ssl), and this port", "plaintext"),
            ("SASL to plain", None, {"security_protocol": "sasl_plaintext", "sasl_password": "x", **user}, "no log-in", "plaintext"),
            ("another mechanism", sasl, {"security_protocol": "sasl_plaintext", "sasl_mechanism": "SCRAM-SHA-256",
                                         "sasl_username": "gs", "sasl_password": "x"}, "knows PLAIN", "PLAIN")]:
        port = wrong(brokers, **properties)["port"]
        check(what in port["what"] and cure in port["cure"], f"{name}: {port}")
    client = wrong(sasl, security_protocol="sasl_plaintext", sasl_password="no", **user)
    check(list(client) == ["client"] and "uthentication" in client["client"]["what"], f"{client}")
    client = wrong(tls, security_protocol="ssl")
    check(list(client) == ["client"] and "ssl.ca.location" in client["client"]["cure"], f"{client}")
    check("refused" in wrong("127.0.0.1:1")["tcp"]["what"], "a port where nobody listens")
    check("dns" in wrong("no-such-host.invalid:9092"), "a name that there is not")
    desk.ask("doctor", "--json", "--set", "output.topics.state=")  # no changelog is wanted
    for topic, what, _ in CHANGELOGS:
        fails = [row for row in desk.ask("doctor", "--json", "--set", f"output.topics.state={topic}", code=1)[0] if row["level"] == "fail"]
        check([row["subject"] for row in fails] == [topic] and what in fails[0]["what"], f"{topic}: {fails}")
    missing = desk.ask("doctor", "--json", "--set", "output.topics.tagged=nowhere", code=1)[0]
    check([row["subject"] for row in missing if row["level"] == "fail"] == ["nowhere"], f"{missing}")
    say("doctor names what is wrong in a sentence")


# Topics that cannot keep windows, with what doctor says of them, and run.
CHANGELOGS = [("plain", "cleanup.policy is not compact", "cleanup.policy=delete"),
              ("both", "cleanup.policy is compact,delete", "cleanup.policy=compact,delete"),
              ("short", "1 partitions for 2 of observations", 'topic "short" has 1 partitions and no partition 1')]


def refuses_changelogs(kafka, scratch):
    """Stage watch does not begin on a topic that would lose its windows; each ends with one line that says why."""
    kafka.create("plain", 2)
    kafka.create("both", 2, "cleanup.policy=compact,delete")
    kafka.create("short", 1, "cleanup.policy=compact")
    running = [Groundswell(scratch, kafka, "--stage", "watch", "--set", f"output.topics.state={topic}", "--set",
                           f"kafka.group_prefix=gs-{topic}", instance=topic).start(ready=False) for topic, _, _ in CHANGELOGS]
    for process, (topic, _, why) in zip(running, CHANGELOGS):
        check(process.wait(60) == 3, f"{topic}: exit {process.child.returncode}")
        last = json.loads(process.text().splitlines()[-1])["message"]
        check(topic in last and why in last, f"{topic}: {last}")
    say("topics that cannot keep windows are refused")


def test(scratch, version):
    kafka = Kafka(scratch, version)
    sasl, tls = more_listeners(kafka, scratch)
    kafka.start()
    topics = create_topics(kafka, partitions=2, dlq=("max.message.bytes=60000",))
    refuses_changelogs(kafka, scratch)
    program = Groundswell(scratch, kafka, "--stage", "tag").start()
    desk = Desk(scratch, program.argv[3])

    ill_ones = [record(ill(n), key_b64=base64.b64encode(b"k%d" % (n % 50)).decode(), partition=n % 2,
                       ts=1767571200000 + n, headers=[["trace", str(n)]])
                for n in range(LETTERS)]
    fill(kafka, scratch, "raw", ill_ones + [record(b"{%d" % n, partition=0) for n in range(HOPELESS)] +
         [record(b"x" * 100000, partition=0)])
    program.wait_read(kafka, topics, 60)
    look(kafka, desk)
    doctor(desk, version, sasl, tls, scratch / "ca.pem")
    tap(kafka, desk, scratch)
    check(program.stop() == 0, "SIGTERM ends it with 0")
    redrive_under_fire(kafka, desk, scratch)
    check_redriven(kafka)

    program = Groundswell(scratch, kafka, "--stage", "tag", "--set", "input.bad_utf8=repair").start()
    program.wait_read(kafka, topics, 60)
    ids = sorted(row.json()["id"] for row in kafka.dump("tagged"))
    check(ids == sorted(f"ill-{n}" for n in range(LETTERS)), f"{len(ids)} tagged, each once")
    never_loops(kafka, desk, lambda: program.wait_read(kafka, topics, 60))
    check(program.stop() == 0, "SIGTERM ends it with 0")


main(test, "operate")
