"""What the end-to-end tests stand on: a real Kafka, Prometheus and Alertmanager of their own, and the program.

Every server listens on 127.0.0.1 at ports that were free, keeps its files in one scratch folder, and dies with the
test that started it, even when that is killed (the kernel is told so at its start).
"""

import atexit
import ctypes
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
PATIENCE = 4  # times what is waited for on a quiet machine: a bound is there for what hangs, not for what is slow

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
    deadline = time.monotonic() + PATIENCE * seconds
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {PATIENCE * seconds} s")
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
        if self not in RUNNING:  # it may have run before
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
            return self.child.wait(PATIENCE * seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not end within {PATIENCE * seconds} s") from None

    def text(self):
        """All that it has said."""
        try:
            return pathlib.Path(self.log).read_text(errors="replace")
        except OSError:
            return ""

    def faults(self):
        """What its files show that it did wrong, for servers that are not what is tested."""
        return []

    def tail(self, n=40):
        lines = self.text().splitlines()
        return "\n".join(f"    {self.name}: {line[:400]}" for line in lines[-n:])


RUNNING = []


@atexit.register
def end_all():
    for process in reversed(RUNNING):
        if process.running():
            process.child.kill()
            process.child.wait()


def from_environment(name, fallback):
    path = pathlib.Path(os.environ.get(name, fallback))
    check(path.exists(), f"{path} is missing: build it, or name it by {name}")
    return path.resolve()


def groundswell():
    return from_environment("GS_PROGRAM", BUILD / "release/deploy/daemon/groundswell")


def model():
    """The model that is shipped, or the one that GS_MODEL names; the tests ask little of its opinions."""
    if os.environ.get("GS_MODEL"):
        return from_environment("GS_MODEL", "")
    found = sorted((ROOT / "classifier/models").glob("*-fast/groundswell.json"))
    check(found, "no fast tier under classifier/models/")
    return found[0].parent


def servers_fault():
    """Whether a server of this test was wrong itself: nothing then follows for the program."""
    found = [f"{process.name}: {fault}" for process in RUNNING for fault in process.faults()]
    for fault in found[:8]:
        say(f"not the program's fault: {fault}")
    return bool(found)


ATTEMPTS = 3  # where a server was wrong


def attempt(test, name, version, seconds):
    """Whether the test came to an end that counts."""
    scratch = Scratch(f"{name}-{version}")

    def too_long(_number, _frame):
        raise Failed(f"the whole test took more than {PATIENCE * seconds} s")

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(PATIENCE * seconds)
    try:
        test(scratch, version)
        signal.alarm(0)
    except Exception as error:  # whatever it is: say what the processes said, and keep their files
        signal.alarm(0)
        if not isinstance(error, Failed):
            traceback.print_exc()
        for process in RUNNING:
            print(process.tail())
        broken = servers_fault()
        say(f"{'does not count' if broken else 'FAILED'}: {error}")
        print(f"everything it wrote is in {scratch.path}")
        if not broken:
            sys.exit(1)
        return False
    end_all()
    if not os.environ.get("GS_KEEP"):
        scratch.drop()
    return True


def main(test, name, seconds=150):
    """Runs test(scratch, version) in a scratch folder, bounded in time. A failure counts at once, unless a server's
    own files show that it was at fault (tests/README.md): then the test is tried again."""
    version = sys.argv[1] if len(sys.argv) > 1 else "3.9.2"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for _ in range(ATTEMPTS):
        if attempt(test, name, version, seconds):
            say("passed")
            return
        end_all()
        RUNNING.clear()
    say(f"FAILED: a server was at fault in {ATTEMPTS} attempts: of the program nothing is known")
    sys.exit(1)
