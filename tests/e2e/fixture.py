"""What the end-to-end tests stand on: a real Kafka, Prometheus and Alertmanager of their own, and the program.

Every server listens on 127.0.0.1 at ports that were free, keeps its files in one scratch folder, and dies with the
test that started it, even when that is killed (the kernel is told so at its start).
"""

import atexit
import base64
import ctypes
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build"
SKIPPED = 77  # CTest's SKIP_RETURN_CODE for these tests

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    """The program under test did not do what it should."""


def die_with_parent():
    """In a child, before it becomes its program: end when the test ends, however that happens."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def skip(why):
    print(f"SKIPPED: {why}")
    sys.exit(SKIPPED)


def check(truth, what):
    if not truth:
        raise Failed(what)


def say(text):
    print(f"[{time.monotonic() - START:6.1f} s] {text}", flush=True)


START = time.monotonic()


def wait_for(what, seconds, probe):
    """Calls probe() until it gives something true, and gives that back."""
    deadline = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(0.1)


def free_ports(n):
    """n ports that nothing listens on, outside the range that the kernel hands out by itself to clients."""
    held = []
    try:
        for port in random.SystemRandom().sample(range(20000, 32000), 400):
            if len(held) == n:
                break
            sock = socket.socket()
            try:
                sock.bind(("127.0.0.1", port))
                held.append(sock)
            except OSError:
                sock.close()
        check(len(held) == n, "no free ports")
        return [sock.getsockname()[1] for sock in held]
    finally:
        for sock in held:
            sock.close()


def http_get(url, timeout=5):
    """Status and body; (0, reason) when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except OSError as error:
        return 0, str(error)


class Scratch:
    """A folder for one test; kept, and named, when the test fails."""

    def __init__(self, name):
        base = BUILD / "e2e"
        base.mkdir(parents=True, exist_ok=True)
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=base))

    def __truediv__(self, name):
        return self.path / name

    def drop(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Process:
    """A child with its output in a file. Subclasses say what to run."""

    def __init__(self, name, argv, log, env=None):
        self.name, self.argv, self.log, self.env = name, [str(a) for a in argv], log, env
        self.child = None

    def start(self):
        check(self.child is None or self.child.poll() is not None, f"{self.name} runs already")
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent, env=dict(os.environ, **(self.env or {})))
        RUNNING.append(self)
        return self

    def running(self):
        return self.child is not None and self.child.poll() is None

    def signal(self, number):
        if self.running():
            self.child.send_signal(number)

    def kill(self):
        """As a power cut would."""
        self.signal(signal.SIGKILL)
        return self.wait(10)

    def stop(self, seconds=20):
        """Politely; the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds):
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not end within {seconds} s") from None

    def tail(self, n=40):
        try:
            lines = pathlib.Path(self.log).read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(f"    {self.name}: {line[:400]}" for line in lines[-n:])


RUNNING = []


@atexit.register
def end_all():
    for process in reversed(RUNNING):
        if process.running():
            process.child.kill()
            process.child.wait()


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
# A broker that was killed counts as gone after 2 s, not 9: a restart takes 5 s instead of 13.
broker.session.timeout.ms=2000
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


class Kafka(Process):
    """One broker that is its own controller (KRaft); properties on top of those above."""

    def __init__(self, scratch, version, **more):
        self.jars = BUILD / f"kafka-{version}"
        subprocess.run([HERE / "fetch_kafka.sh", version, self.jars], check=True)
        self.port, controller = free_ports(2)
        self.address = f"127.0.0.1:{self.port}"
        self.home = scratch / "kafka"
        self.home.mkdir()
        properties = self.home / "server.properties"
        properties.write_text(BROKER_PROPERTIES.format(
            port=self.port, controller=controller, data=self.home / "data") + "".join(
                f"{name.replace('_', '.')}={value}\n" for name, value in more.items()))
        java = ["java", "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
                f"-Dorg.slf4j.simpleLogger.defaultLogLevel={os.environ.get('KAFKA_LOG', 'warn')}",
                "-Dorg.slf4j.simpleLogger.showDateTime=true",
                "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS", "-cp", f"{self.jars}/*"]
        done = subprocess.run(
            java + ["kafka.tools.StorageTool", "format", "-t", "4L6g3nShT-eMCtK--X86sw", "-c", properties],
            capture_output=True, text=True, check=False, timeout=60)
        check(done.returncode == 0, f"kafka format: {done.stdout}{done.stderr}")
        super().__init__(f"kafka-{version}", java + ["kafka.Kafka", properties], scratch / "kafka.log")

    def start(self):
        super().start()
        self.tool("wait", "60")
        return self

    def tool(self, *arguments, **options):
        """kafkatool's output."""
        done = subprocess.run([kafkatool(), self.address, *map(str, arguments)], check=False, timeout=240,
                              stdout=subprocess.PIPE, **options)
        check(done.returncode == 0, f"kafkatool {' '.join(map(str, arguments))}: exit {done.returncode}")
        return done.stdout

    def create(self, topic, partitions, *settings):
        self.tool("create", topic, partitions, *settings)

    def fill(self, topic, path, rate=None):
        """Writes a file of records; with a rate, in the background (a Process)."""
        if rate is None:
            with open(path, "rb") as records:
                return self.tool("fill", topic, stdin=records)
        filler = Process("fill", ["sh", "-c", 'exec "$0" "$1" fill "$2" --rate "$3" <"$4"', kafkatool(),
                                  self.address, topic, rate, path], f"{path}.log")
        return filler.start()

    def dump(self, topic, *flags):
        return [Record(json.loads(line)) for line in self.tool("dump", topic, *flags).splitlines()]

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
    def __init__(self, row):
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


def unbase64(text):
    return None if text is None else base64.b64decode(text)


def from_environment(name, fallback):
    path = pathlib.Path(os.environ.get(name, fallback))
    check(path.exists(), f"{path} is missing: build it, or name it by {name}")
    return path.resolve()


def kafkatool():
    return from_environment("GS_KAFKATOOL", BUILD / "release/tests/e2e/kafkatool")


def groundswell():
    return from_environment("GS_PROGRAM", BUILD / "release/deploy/daemon/groundswell")


def model():
    """The model that is shipped, or the one that GS_MODEL names; the tests ask little of its opinions."""
    if os.environ.get("GS_MODEL"):
        return from_environment("GS_MODEL", "")
    found = sorted((ROOT / "classifier/models").glob("*/groundswell.json"))
    check(found, "no model under classifier/models/")
    return found[0].parent


def main(test, name, seconds=150):
    """Runs test(scratch, version) in a scratch folder, bounded in time."""
    version = sys.argv[1] if len(sys.argv) > 1 else "3.9.2"
    scratch = Scratch(f"{name}-{version}")

    def too_long(_number, _frame):
        raise Failed(f"the whole test took more than {seconds} s")

    signal.signal(signal.SIGALRM, too_long)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.alarm(seconds)
    try:
        test(scratch, version)
        signal.alarm(0)
    except Exception as error:  # whatever it is: say what the processes said, and keep their files
        signal.alarm(0)
        if not isinstance(error, Failed):
            traceback.print_exc()
        for process in RUNNING:
            print(process.tail())
        say(f"FAILED: {error}")
        print(f"everything it wrote is in {scratch.path}")
        sys.exit(1)
    end_all()
    if not os.environ.get("GS_KEEP"):
        scratch.drop()
    say("passed")
