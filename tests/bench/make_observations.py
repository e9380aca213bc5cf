#!/usr/bin/env python3
"""Observations for detector_inject from real streams: when and how much is real, how negative is drawn.

    make_observations.py guba|stocknet|nab [DATA] > observations.jsonl   (DATA or $GROUNDSWELL_DATA)

Each key's log odds have a level, a daily season and a slow correlated wander; the messages of five minutes
share one draw of the share (overdispersion 0.05). The p_negative of a message is Beta(12, 1) when it was
drawn negative, else Beta(1, 12). Real probabilities of a classifier replace this: same fields, sorted by ts.
"""
import csv
import datetime
import hashlib
import json
import math
import os
import random
import re
import sys

BIN = 300


def epoch(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def guba(data):
    for line in open(os.path.join(data, "streams/guba_002340.jsonl"), encoding="utf-8"):
        row = json.loads(line)
        yield epoch(row["ts"]), ["entity:002340.SZ"], row["text"]


def stocknet(data):
    for line in open(os.path.join(data, "streams/stocknet_2014.jsonl"), encoding="utf-8"):
        row = json.loads(line)
        keys = ["topic:all"] + ["entity:" + t for t in row["tickers"][:4]]
        yield epoch(row["ts"]), keys, row["text"]


def nab(data):
    """Counts a five minutes; the two largest series at a fifth, to keep the file small."""
    for name, scale in (("AAPL", 5), ("AMZN", 5), ("FB", 1), ("CRM", 1), ("CVS", 1)):
        path = os.path.join(data, "spikes/nab_tweets/Twitter_volume_%s.csv" % name)
        for row in csv.DictReader(open(path, encoding="utf-8")):
            at = epoch(row["timestamp"] + "+00:00")
            for i in range(int(row["value"]) // scale):
                yield at + random.random() * BIN, ["entity:" + name], ""


class Mood:
    """The share of negatives of one key over time."""

    def __init__(self):
        self.level = random.gauss(-1.1, 0.4)
        self.wander = 0.0
        self.at = None
        self.share = 0.0

    def share_at(self, ts):
        at = int(ts // BIN)
        if at != self.at:
            gap = 1 if self.at is None else min(abs(at - self.at), 10000)
            keep = 0.998**gap  # a correlation time of 42 hours
            self.wander = keep * self.wander + 0.25 * math.sqrt(1 - keep * keep) * random.gauss(0, 1)
            odds = self.level + self.wander + 0.15 * math.sin(2 * math.pi * (at % 288) / 288)
            mean = 1 / (1 + math.exp(-odds))
            self.share = random.betavariate(mean * 19, (1 - mean) * 19)  # rho = 0.05
            self.at = at
        return self.share


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in ("guba", "stocknet", "nab"):
        sys.exit(__doc__)
    random.seed(20)
    data = sys.argv[2] if len(sys.argv) > 2 else os.environ["GROUNDSWELL_DATA"]
    rows = sorted({"guba": guba, "stocknet": stocknet, "nab": nab}[sys.argv[1]](data), key=lambda r: r[0])
    moods = {}
    for i, (ts, keys, text) in enumerate(rows):
        words = re.sub(r"^RT @\w+: ?|https?://\S+|\s", "", text)
        dup = hashlib.sha256(words.encode()).hexdigest()[:16] if words else "0"
        for key in keys:
            mood = moods.setdefault(key, Mood())
            draw = random.Random(dup + key) if dup != "0" else random  # copies feel the same
            negative = draw.random() < mood.share_at(ts)
            p = draw.betavariate(12, 1) if negative else draw.betavariate(1, 12)
            print(json.dumps({"key": key, "id": "o%d" % i, "ts": int(ts * 1000), "dup": dup,
                              "source": "user%d" % random.randrange(40), "p": round(p, 4),
                              "text": text[:80]}, ensure_ascii=False))


main()
