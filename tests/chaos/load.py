"""What the chaos suite writes into the raw topic, hour by hour of event time: news of a few companies, some of them in a
surge of bad news by turns, with poison, messages that are delivered twice, and copies of stories among it.

The same seed gives the same messages, hour for hour. Each record carries its number in the header "n"; the manifest says
what must become of it."""

import json
import random

from generate import HEADER, POISON_EVERY, b64, poison
from surge import BAD, BIN_MS, FINE

BINS = 12  # of an hour
HOUR_MS = BINS * BIN_MS
PER_BIN = 4  # messages of a company
COMPANIES = ["Norvane Holdings", "Quillmark Energy", "北岭银行", "云杉重工"]  # stack.WATCHLIST
SOURCES = [f"source-{i}" for i in range(9)]
BAD_ZH = ["{c}业绩大幅下滑{n}%，股价暴跌", "{c}亏损扩大至{n}亿元，股价跌停", "{c}预告净利润下降{n}%，遭机构下调评级"]
FINE_ZH = ["{c}净利润同比增长{n}%，股价上涨", "{c}获得{n}亿元订单，前景看好", "{c}上调全年指引{n}%，业绩超预期"]
USUAL, SURGE = 0.12, 0.9  # shares of bad news
QUIET_H, SURGE_H, CALM_H = 8, 2, 4  # a company is quiet, in a surge, calm; then the next one
POISON, AGAIN, COPY = 0.03, 0.02, 0.03  # of all records


def surging(hour):
    """The company that is in a surge at that hour; None."""
    hour -= QUIET_H
    turn = SURGE_H + CALM_H
    return COMPANIES[hour // turn % len(COMPANIES)] if hour >= 0 and hour % turn < SURGE_H else None


class Load:
    def __init__(self, seed, start_ms, partitions):
        self.seed, self.start_ms, self.partitions = seed, start_ms, partitions
        self.n = self.hour = 0
        self.manifest = []
        self.recent = []  # good ones that may come again: (partition, key, message)

    def story(self, rng, company, share, ms):
        zh = not company.isascii()
        bad = rng.random() < share
        lines = (BAD_ZH if bad else FINE_ZH) if zh else (BAD if bad else FINE)
        # Numbers tell stories apart: no two of these are near-copies of each other.
        text = rng.choice(lines).format(c=company, n=self.n + 11)
        return {"id": f"c-{self.n:07d}", "ts": ms, "source": rng.choice(SOURCES), "text": text}

    def record(self, rng, message, place=None, code=None, value=None):
        key, partition = place or (rng.choice([None, f"k{self.n % 23}"]), rng.randrange(self.partitions))
        if code is None:
            value = json.dumps(message, ensure_ascii=False).encode()
            self.recent = self.recent[-40:] + [((key, partition), message)]
        self.manifest.append({"n": self.n, "code": code} if code else {"n": self.n, "id": message["id"]})
        self.n += 1
        return {"key": key, "partition": partition, "value_b64": None if value is None else b64(value),
                "headers": [[HEADER, str(self.n - 1)]]}

    def extra(self, rng, ms):
        """Poison, a message that comes again, or a copy of a story; None mostly. The last two go the way of the first."""
        draw = rng.random()
        if draw < POISON:
            code, value = poison(rng, rng.randrange(10000) * POISON_EVERY, ms)
            return self.record(rng, None, code=code, value=value)
        if draw < POISON + AGAIN and self.recent:
            place, message = rng.choice(self.recent)
            return self.record(rng, message, place)
        if draw < POISON + AGAIN + COPY and self.recent:
            place, message = rng.choice(self.recent)
            return self.record(rng, dict(message, id=f"c-{self.n:07d}", source=rng.choice(SOURCES)), place)
        return None

    def write_hour(self, path):
        """The next hour of event time; how many records it has."""
        rng = random.Random(f"{self.seed}/{self.hour}")
        surge, first = surging(self.hour), self.n
        with open(path, "w", encoding="utf-8") as out:
            for k in range(BINS * PER_BIN):
                ms = self.start_ms + self.hour * HOUR_MS + k * (HOUR_MS // (BINS * PER_BIN))
                for company in COMPANIES:
                    share = SURGE if company == surge else USUAL
                    records = [self.record(rng, self.story(rng, company, share, ms)), self.extra(rng, ms)]
                    out.writelines(json.dumps(record) + "\n" for record in records if record)
        self.hour += 1
        return self.n - first

    def write_quiet_hour(self, path, last=False):
        """An hour of few messages and no surge. With the last one every source and every company says something at one and
        the same time, so that event time ends alike in all partitions."""
        rng = random.Random(f"{self.seed}/{self.hour}/quiet")
        first = self.n
        with open(path, "w", encoding="utf-8") as out:
            for step in range(3 if last else 2):
                ms = self.start_ms + self.hour * HOUR_MS + step * HOUR_MS // 2
                for i, source in enumerate(SOURCES * (1 + step // 2)):
                    message = self.story(rng, COMPANIES[(i + step) % len(COMPANIES)], USUAL, ms)
                    message["source"] = source
                    out.write(json.dumps(self.record(rng, message)) + "\n")
        self.hour += 1
        return self.n - first
