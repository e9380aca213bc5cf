"""A real Kafka for a test: started, killed, started again, and asked by tests/e2e/kafkatool.c."""

import base64
import json
import os
import shutil
import subprocess

import markers
from fixture import BUILD, HERE, PATIENCE, Process, check, free_ports, from_environment, wait_for

BROKER_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
num.partitions=4
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# A busy machine must not make the controller believe that the broker is gone: Kafka 4.3 and 4.4 then lose end markers
# of transactions (tests/README.md).
broker.session.timeout.ms=60000
broker.heartbeat.interval.ms=400
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=2097152
log.retention.ms=-1
num.network.threads=2
num.io.threads=4
controlled.shutdown.enable=false
"""

# For tests that start a broker again: one that was killed counts as gone after 2 s, so that a restart takes 5 s.
RESTARTS = {"broker_session_timeout_ms": 2000}

# Over those above, for a controller and a broker that are processes of their own.
CONTROLLER_PROPERTIES = """\
process.roles=controller
node.id=2
controller.quorum.voters=2@127.0.0.1:{controller}
listeners=CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CONTROLLER://127.0.0.1:{controller}
log.dirs={data}-controller
"""
APART_PROPERTIES = """\
process.roles=broker
controller.quorum.voters=2@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port}
"""
LOGGER = "-Dorg.slf4j.simpleLogger."


class Kafka(Process):
    """One broker (KRaft); properties on top of those above. It is its own controller, unless that is to be a process of
    its own, which lives on when the broker is killed. scram: a user that it knows from the first, in the words of
    Kafka's kafka-storage.sh --add-scram."""

    def __init__(self, scratch, version, own_controller=False, scram=None, **more):
        self.jars = BUILD / f"kafka-{version}"
        subprocess.run([HERE / "fetch_kafka.sh", version, self.jars], check=True)
        self.port, controller = free_ports(2)
        self.address = f"127.0.0.1:{self.port}"
        self.home = scratch / "kafka"
        self.home.mkdir()
        self.controller, self.scram = None, scram
        names = {"port": self.port, "controller": controller, "data": self.home / "data"}
        properties = BROKER_PROPERTIES.format(**names) + "".join(
            f"{name.replace('_', '.')}={value}\n" for name, value in more.items())
        if own_controller:
            self.controller = Process("controller", self.formatted(
                "controller", properties + CONTROLLER_PROPERTIES.format(**names)), scratch / "controller.log")
            properties += APART_PROPERTIES.format(**names)
        super().__init__(f"kafka-{version}", self.formatted("server", properties), scratch / "kafka.log")

    def formatted(self, name, text):
        """The command of a server with these properties, its folder made."""
        properties = self.home / f"{name}.properties"
        properties.write_text(text)
        java = ["java", "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
                f"{LOGGER}defaultLogLevel={os.environ.get('KAFKA_LOG', 'warn')}",
                f"{LOGGER}log.org.apache.kafka.controller.ReplicationControlManager=info",
                f"{LOGGER}showDateTime=true", f"{LOGGER}dateTimeFormat=HH:mm:ss.SSS", "-cp", f"{self.jars}/*"]
        self.format(name, java, properties)
        return java + ["kafka.Kafka", properties]

    def format(self, name, java, properties):
        """Makes a server's folder. It is the same for every test, so that the tool, a JVM of its own, runs once."""
        folder = self.home / ("data-controller" if name == "controller" else "data")
        user = ["--add-scram", self.scram] if self.scram else []
        model = self.jars / f"formatted-{name}{'-scram' if self.scram else ''}"
        if not model.exists():
            done = subprocess.run(
                java + ["kafka.tools.StorageTool", "format", "-t", "4L6g3nShT-eMCtK--X86sw", *user, "-c", properties],
                capture_output=True, text=True, check=False, timeout=180)
            check(done.returncode == 0, f"kafka format: {done.stdout}{done.stderr}")
            shutil.copytree(folder, self.home / "model")
            os.replace(self.home / "model", model)  # whole, or not at all
        else:
            shutil.copytree(model, folder)

    def start(self):
        if self.controller is not None and not self.controller.running():
            self.controller.start()
        super().start()
        self.tool("wait", PATIENCE * 45)
        return self

    def kill(self):
        """The broker. A controller of its own has noticed when this returns."""
        fenced = self.times_fenced()
        status = super().kill()
        if self.controller is not None:
            wait_for("the controller notices", 60, lambda: self.times_fenced() > fenced)
        return status

    def faults(self):
        """End markers of transactions that it lost."""
        return [markers.tell(lost) for lost in markers.lost_markers(self.home / "data")]

    def times_fenced(self):
        """How often a controller of its own took the broker for gone."""
        return 0 if self.controller is None else self.controller.text().count("Fencing broker 1 ")

    def tool(self, *arguments, **options):
        """kafkatool's output."""
        done = subprocess.run([kafkatool(), self.address, *map(str, arguments)], check=False, timeout=240,
                              stdout=subprocess.PIPE, **options)
        check(done.returncode == 0, f"kafkatool {' '.join(map(str, arguments))}: exit {done.returncode}")
        return done.stdout

    def create(self, topic, partitions, *settings):
        self.tool("create", topic, partitions, *settings)

    def grow(self, topic, partitions):
        self.tool("grow", topic, partitions)

    def alter(self, topic, *settings):
        self.tool("alter", topic, *settings)

    def fill(self, topic, path, rate=None):
        """Writes a file of records; with a rate, in the background (a Process)."""
        if rate is None:
            with open(path, "rb") as records:
                return self.tool("fill", topic, stdin=records)
        filler = Process("fill", ["sh", "-c", 'exec "$0" "$1" fill "$2" --rate "$3" <"$4"', kafkatool(),
                                  self.address, topic, rate, path], f"{path}.log")
        return filler.start()

    def dump(self, topic, *flags):
        return [Record(self, topic, json.loads(line)) for line in self.tool("dump", topic, *flags).splitlines()]

    def watermarks(self, topic):
        return [json.loads(line) for line in self.tool("watermarks", topic).splitlines()]

    def committed(self, group, topic):
        """{partition: offset or None}"""
        lines = self.tool("committed", group, topic).splitlines()
        return {row["partition"]: row["offset"] for row in map(json.loads, lines)}

    def at_end(self, group, topic):
        """Whether a group has committed everything of a topic."""
        committed = self.committed(group, topic)
        return all(row["stable"] == row["high"] and
                   (committed[row["partition"]] == row["high"] or row["high"] == 0)
                   for row in self.watermarks(topic))


class Record:
    def __init__(self, kafka, topic, row):
        self.kafka, self.topic = kafka, topic
        self.partition, self.offset, self.ts = row["partition"], row["offset"], row["ts"]
        self.key, self.value = unbase64(row["key"]), unbase64(row.get("value"))
        self.headers = [(name, unbase64(value)) for name, value in row["headers"]]

    def header(self, name):
        """The value of the only header of that name, as text; None without one."""
        values = [value for header, value in self.headers if header == name]
        check(len(values) <= 1, f"{len(values)} headers called {name}")
        return values[0].decode() if values else None

    def json(self):
        return json.loads(self.value)

    def fate(self):
        """Who wrote it and what ended the transaction, by the broker's files."""
        return markers.fate(self.kafka.home / "data", f"{self.topic}-{self.partition}", self.offset)


def unbase64(text):
    return None if text is None else base64.b64decode(text)


def kafkatool():
    return from_environment("GS_KAFKATOOL", BUILD / "release/tests/e2e/kafkatool")
