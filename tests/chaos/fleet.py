"""The processes of a group, and what happens to them: each life of each is planned by the seed, and ends as planned.

    random     kill -9 at a random moment, from before it is up to well into its work
    point      kill -9 at a named point of Kafka's protocol (failpoints.c): with EndTxn on the wire, with its answer unread …
    zombie     SIGSTOP, at a random moment or at a point, past the session; it wakes, and is killed later
    term       SIGTERM, which has to end it with 0

A process that ends by itself is a failure."""

import collections
import random
import signal
import time

import fixture
from fixture import Failed, check, say
from stack import Groundswell

SESSION_S = 2.5
PROPERTIES = {"session.timeout.ms": round(1000 * SESSION_S), "heartbeat.interval.ms": 400}
LATENESS_H = 6
# Event time is held back for longer than messages are ever out of order here (Feeder), so that no observation is late,
# however partitions share lanes: what comes of the windows is then decided by the committed log alone.
WATCH = {"watch.lateness": f"{LATENESS_H}h", "watch.idle_timeout": "1h", "watch.info_evidence": 3,
         "watch.warning_evidence": 20}
SETTINGS = {**WATCH, "batch.max_messages": 60}

# Members at work one after the other, partitions of each topic, lanes of a member's watch.
Topology = collections.namedtuple("Topology", "members partitions tag_lanes watch_lanes")
TOPOLOGIES = {
    "one": Topology([1], 3, 1, 1),
    "lanes": Topology([1], 4, 2, 4),
    "two": Topology([2], 4, 1, 2),
    "three": Topology([3], 4, 1, 2),
    "moving": Topology([1, 2, 3, 2, 1], 4, 1, 1),
}

# Request, and the highest number of it at which to strike: those of a start come seldom, those of a batch again and again.
POINTS = [("Fetch", 30), ("ListOffsets", 4), ("OffsetFetch", 2), ("FindCoordinator", 3), ("InitProducerId", 2),
          ("JoinGroup", 3), ("SyncGroup", 2), ("Heartbeat", 6), ("AddPartitionsToTxn", 12), ("Produce", 40),
          ("AddOffsetsToTxn", 12), ("TxnOffsetCommit", 12), ("EndTxn", 12)]
ENDS = [("random", 42), ("point", 42), ("zombie", 6), ("term", 10)]
NOT_MET_S = 4  # a point that is not met by then gives way to a kill at that moment
START_S = 20  # on a busy machine; a life whose end is meant for its work begins when it has partitions, or then
TERM_S = 30


def draw_point(rng):
    request, most = rng.choice(POINTS)
    return f"{rng.choice(['sent', 'answered'])}:{request}:{rng.randint(1, most)}"


class Member:
    def __init__(self, scratch, kafka, topology, number, seed):
        sets = {**SETTINGS, "lanes.tag": topology.tag_lanes, "lanes.watch": topology.watch_lanes}
        self.program = Groundswell(scratch, kafka, *(word for name, value in sets.items() for word in ("--set", f"{name}={value}")),
                                   instance=f"m{number}", properties=PROPERTIES)
        self.rng = random.Random(f"{seed}/member {number}")
        self.kills = collections.Counter()
        self.terms = self.zombies = 0
        self.end = self.point = None
        self.at = 0.0  # when its life ends, or while it is down begins again; by the clock
        self.asleep = False
        self.life = self.away = 0.0  # seconds that it lives, and stays down then
        self.said = 0  # how much it had said before this life
        self.starting = False  # its life begins when it has partitions

    def launch(self):
        """A life with an end; all of it is drawn now, so that it depends on the seed alone."""
        rng = self.rng
        self.end = rng.choices([name for name, _ in ENDS], [weight for _, weight in ENDS])[0]
        self.life = rng.uniform(0.1, 2.5) if rng.random() < 0.75 else rng.uniform(2.5, 7.0)
        at_work = rng.random() < 0.7
        self.away = 0.0 if rng.random() < 0.75 else rng.uniform(1.0, 2 * SESSION_S)
        point = draw_point(rng)
        self.point = point if self.end == "point" or (self.end == "zombie" and rng.random() < 0.6) else None
        if self.point is not None:
            self.life, at_work = NOT_MET_S, True
        self.start(self.point and self.point + (":stop" if self.end == "zombie" else ""))
        self.starting = at_work
        self.at = time.monotonic() + (START_S if at_work else self.life)

    def says(self, what):
        """Whether it has said that in this life."""
        return what in self.program.text()[self.said:]

    def begin_work(self):
        """Its life begins once it has partitions."""
        if self.starting and self.says("assigned raw"):
            self.starting = False
            self.at = time.monotonic() + self.life

    def start(self, point=None):
        self.program.env = {"LD_PRELOAD": str(failpoints()), "GS_FAILPOINT": point} if point else None
        self.asleep = False
        self.said = len(self.program.text())
        self.program.start(ready=False)

    def step(self):
        """What is due."""
        now = time.monotonic()
        if not self.program.running():
            self.note_end()
            if now >= self.at:
                self.launch()
            return
        self.begin_work()
        if self.end == "zombie" and not self.asleep and (now >= self.at or self.stopped()):
            self.program.signal(signal.SIGSTOP)
            self.asleep = True
            self.zombies += 1
            self.at = now + self.rng.uniform(1.2, 2.2) * SESSION_S
        elif self.asleep and now >= self.at:
            self.program.signal(signal.SIGCONT)
            self.end, self.point, self.asleep = "random", None, False
            self.at = now + self.rng.uniform(0.3, 4.0)
        elif now >= self.at and self.end == "term" and self.says("groundswell "):
            self.terms += 1
            self.end = "terminating"
            self.program.signal(signal.SIGTERM)
            self.at = now + fixture.PATIENCE * TERM_S
        elif now >= self.at and self.end == "terminating":
            raise Failed(f"{self.program.name} was asked to stop {fixture.PATIENCE * TERM_S} s ago and goes on")
        elif now >= self.at and not self.asleep and self.end != "term":
            self.point = None
            self.program.kill()

    def note_end(self):
        """Counts the end of the life that is over, once; a strange one is a failure."""
        if self.end is None:
            return
        status = self.program.child.returncode
        wanted = 0 if self.end == "terminating" else -signal.SIGKILL
        check(status == wanted, f"{self.program.name} ended with {status} by itself; its plan: {self.end} {self.point or ''}")
        if status != 0:
            self.kills[self.point.rsplit(":", 1)[0] if self.point else "random"] += 1
        self.end = None
        self.at = time.monotonic() + self.away

    def stopped(self):
        """Whether a point has stopped it."""
        try:
            with open(f"/proc/{self.program.child.pid}/stat", encoding="utf-8") as stat:
                return stat.read().rsplit(")", 1)[1].split()[0] == "T"
        except OSError:
            return False

    def retire(self):
        """Down for good, as when a process is taken away; in whatever state it is."""
        self.program.signal(signal.SIGCONT)
        if self.end not in (None, "terminating") and self.program.running():
            self.end = "terminating"
            self.terms += 1
            self.program.signal(signal.SIGTERM)
        if self.program.child is not None:
            self.program.wait(TERM_S)
            if self.end == "terminating" and self.program.child.returncode == -signal.SIGKILL:
                self.end = "point"  # it was met on the way down
            self.note_end()

    def kill_now(self):
        if self.program.running():
            self.point = None
            self.end = "random" if self.end != "terminating" else self.end
            self.program.kill()
            self.end = "random"
        self.note_end()


def failpoints():
    return fixture.from_environment("GS_FAILPOINTS", fixture.BUILD / "release/tests/chaos/libfailpoints.so")


class Fleet:
    def __init__(self, scratch, kafka, topology, seed):
        self.topology = topology
        self.members = [Member(scratch, kafka, topology, number, seed) for number in range(max(topology.members))]
        self.working = 0

    def kills(self):
        return sum((member.kills for member in self.members), collections.Counter())

    def drive(self, kills, meanwhile):
        """Until there were so many kills; meanwhile() is called all the time."""
        phases = self.topology.members
        while (done := sum(self.kills().values())) < kills:
            meanwhile()
            self.grow_to(phases[min(done * len(phases) // kills, len(phases) - 1)])
            for member in self.members[:self.working]:
                member.step()
            time.sleep(0.03)

    def grow_to(self, n):
        for member in self.members[n:self.working]:
            member.retire()
        if n != self.working:
            say(f"{n} processes, {sum(self.kills().values())} kills so far")
        self.working = n

    def calm_down(self):
        """All are killed once more, and those that are to be there start for good."""
        for member in self.members[:self.working]:
            member.kill_now()
        for member in self.members[:self.working]:
            member.start()
            member.end = "stay"

    def at_work(self):
        return [member.program for member in self.members[:self.working]]
