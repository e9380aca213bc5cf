"""Writes the load while the fleet is under fire, and reads along."""

import threading
import time

from fixture import Failed, check, wait_for
from load import QUIET_H, SURGE_H, Load
from fleet import LATENESS_H

AHEAD_H = 2  # hours of event time that may wait: with the one that is being written, well within the lateness
LEAST_H = QUIET_H + SURGE_H + 2  # there was a surge, however slow the machine is
END_H = LATENESS_H + 12  # so that all alerts of the last surge end


class Feeder(threading.Thread):
    """Hour after hour of event time until it is told to finish. It waits for the tag stage, so that messages are never
    further out of order than AHEAD_H + 1 hours, whatever happens to the processes."""

    def __init__(self, scratch, kafka, seed, partitions, rate):
        super().__init__(daemon=True)
        start_ms = (int(time.time()) // 86400 - 300) * 86400000
        self.load = Load(seed, start_ms, partitions)
        self.scratch, self.kafka, self.rate = scratch, kafka, rate
        self.ends = []  # how many records there were behind each hour
        self.finishing = threading.Event()
        self.failed = None

    def run(self):
        try:
            while self.load.hour < LEAST_H or not self.finishing.is_set():
                self.write(self.load.write_hour, self.rate)
            for hour in range(END_H):
                self.write(lambda path, last=hour == END_H - 1: self.load.write_quiet_hour(path, last), None)
        except Exception as error:  # the main thread raises it again
            self.failed = error

    def write(self, make, rate):
        path = self.scratch / f"hour{len(self.ends)}.jsonl"
        make(path)
        self.wait_for_room()
        wait_for("the load is written", 150, lambda: self.fill(path, rate))
        self.ends.append(self.load.n)
        path.unlink()

    def fill(self, path, rate):
        """Whether it is written. When it was begun with the broker away, nothing is, and it may be tried again."""
        before = self.ends[-1] if self.ends else 0
        if self.kafka.fill("raw", path, rate or 1000000).wait(150) == 0:
            return True
        (found,) = wait_for("the broker", 60, self.written)
        check(found == before, f"the load could not be written: {found - before} records of it are")
        return False

    def written(self):
        """(records that are there,); nothing when nobody says."""
        try:
            return (sum(row["high"] for row in self.kafka.watermarks("raw")),)
        except Failed:
            return ()

    def wait_for_room(self):
        if len(self.ends) >= AHEAD_H:
            wait_for("the tag stage gets on", 300, lambda: self.tagged() >= self.ends[-AHEAD_H])

    def tagged(self):
        """Records that the tag stage has committed; a broker that is away says nothing."""
        try:
            return sum(offset or 0 for offset in self.kafka.committed("gs-tag", "raw").values())
        except Failed:
            return 0

    def look(self):
        if self.failed is not None:
            raise self.failed

    def finish(self):
        self.finishing.set()
        self.join(1200)
        self.look()
        check(not self.is_alive(), "the load is not written")


class Reader(threading.Thread):
    """Reads committed records again and again: what it has seen once stays, and nothing comes in before it."""

    def __init__(self, kafka, topic, seconds):
        super().__init__(daemon=True)
        self.kafka, self.topic, self.seconds = kafka, topic, seconds
        self.seen, self.times, self.failed = {}, 0, None
        self.done = threading.Event()

    def run(self):
        while not self.done.wait(self.seconds):
            try:
                records = self.kafka.dump(self.topic, "--no-values")
            except Failed:
                continue  # the broker is away
            try:
                self.compare(records)
            except Failed as error:
                self.failed = error
                return

    def compare(self, records):
        now = {}
        for record in records:
            now.setdefault(record.partition, []).append((record.offset, record.key, tuple(record.headers)))
        for partition, before in self.seen.items():
            check(now.get(partition, [])[:len(before)] == before,
                  f"{self.topic}[{partition}]: committed records have changed under a reader")
        self.seen = now
        self.times += 1

    def finish(self, records):
        """A last look at all there is."""
        self.done.set()
        self.join(600)
        if self.failed is not None:
            raise self.failed
        self.compare(records)
        return self.times
