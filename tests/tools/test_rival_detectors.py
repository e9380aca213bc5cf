#!/usr/bin/env python3
"""The rivals that ours is compared with work, and are scored as ours is: a rival that is broken would flatter ours."""

import json
import pathlib
import random
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))
import compare_detectors as compare  # noqa: E402
import rival_detectors as rivals  # noqa: E402

DAYS = 14
RISE = range(12 * rivals.DAY, 12 * rivals.DAY + 12 * rivals.HOUR)
failed = 0


def expect(what, holds):
    global failed
    if not holds:
        print(f"FAILED: {what}")
        failed = 1


def world(seed, rise):
    """Two weeks of 12 messages an hour, a fifth of them negative; in the rise nearly all."""
    draw = random.Random(seed)
    bins = list(range(DAYS * rivals.DAY))
    k = [0.95 if draw.random() < (0.95 if rise and bin_ in RISE else 0.2) else 0.05 for bin_ in bins]
    return rivals.Series(bins, [1] * len(bins), k, 0)


def scores(rival, series):
    return list(rival.scores(series, 8 * rivals.DAY))


def tells_a_rise(rival):
    """Half as much again as what a flat world gave: silent in another one, and crossed in a rise before it ends."""
    threshold = 1.5 * max((score for _, score in scores(rival, FLAT)), default=2.0 / 3.0)
    return (all(score < threshold for _, score in scores(rival, OTHER_FLAT))
            and any(score >= threshold and bin_ in RISE for bin_, score in scores(rival, RAISED)))


FLAT, OTHER_FLAT, RAISED = world(1, False), world(2, False), world(3, True)
for kind in rivals.RIVALS:
    expect(f"{kind.name}: silent on a flat stream, fires on a rise", any(tells_a_rise(rival) for rival in kind.candidates()))

# Where it can be said in closed form: with a = b = 1 each count is as likely as another.
for n, k in ((10, 8), (40, 30)):
    expect(f"the beta-binomial's tail of {k} of {n}", abs(rivals.beta_binomial_tail(n, k, 1.0, 1.0) - (n - k + 1) / (n + 1)) < 1e-5)

series = rivals.Series([0, 2, 30], [1, 3, 1], [0.5, 1.0, 0.25], 0)
expect("a bin at the edge of a window is in it once", series.between(series.after(0), 2) == (3, 1.0))
expect("a gauge is absent where there are too few messages", rivals.Levels(series, 6, 4, "share", 0).at == [2, 3, 4, 5])

ALARMS = [
    # what it shows, [(key, bin, score)], allowed, threshold, alarms at it
    ("the lowest that is allowed", [("a", 0, 3.0), ("a", 100, 2.0), ("a", 200, 1.0)], 2, 2.0, 2),
    ("scores less than two hours apart are one alarm", [("a", 0, 3.0), ("a", 24, 2.0), ("a", 49, 1.0)], 1, 2.0, 1),
    ("of two keys they are two", [("a", 0, 3.0), ("b", 1, 2.0)], 1, 3.0, 1),
    ("one between two alarms joins them", [("a", 0, 3.0), ("a", 40, 2.5), ("a", 20, 2.0)], 2, 2.0, 1),
    ("one within an alarm adds none", [("a", 0, 3.0), ("a", 20, 2.5), ("a", 10, 2.0), ("a", 200, 1.5)], 1, 2.0, 1),
    ("equal scores count together", [("a", 0, 3.0), ("a", 100, 3.0)], 1, float("inf"), 0),
    ("a stream without scores", [], 1, float("inf"), 0),
]
for shows, scored, allowed, threshold, alarms in ALARMS:
    found = compare.lowest_threshold(scored, allowed)
    expect(f"{shows}: threshold {found}", found == threshold)
    expect(f"{shows}: alarms", compare.count_alarms(sorted(scored, key=lambda item: item[1]), found) == alarms)


class Says(rivals.Rival):
    """Scores that are told to it."""

    def scores(self, series, first):
        return self.told


HOUR_MS = compare.HOUR_MS
rise = compare.Rise((1.2, 60), False, 3.0, 10 * HOUR_MS, 11 * HOUR_MS, rivals.Series([100], [1], [0.5], 0))
FOUND = [
    # what it shows, scores by bin, what is found at a threshold of 1
    ("a window with no alarm", [(120, 0.5)], None),
    ("the delay is that of the bin's close", [(121, 1.0), (123, 2.0)], 10.0),
    ("an alarm that was on when it began", [(100, 1.0), (121, 1.0)], "taken"),
    ("an alarm within an hour of its end", [(142, 1.0)], 115.0),
    ("an alarm later", [(143, 1.0)], None),
]
for shows, told, want in FOUND:
    found = compare.find(Says(told=told), rise, {1.0})[1.0]
    expect(f"{shows}: {found}", found == want)

with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "observations.jsonl"
    rows = [("a", 0, "0"), ("a", 10, "5"), ("b", 10, "5"), ("a", 20, "5"), ("a", 24 * 60 + 11, "5")]
    path.write_text("".join(json.dumps({"key": key, "ts": minute * 60000, "p": 0.25, "dup": dup}) + "\n" for key, minute, dup in rows))
    stream = compare.Stream(path)
    expect("a copy within a day does not count, in another key it does",
           (stream.series["a"].n, stream.series["b"].n) == ([1, 1, 1], [1]))
    part = stream.part({"key": "a", "from_ms": 0, "to_ms": HOUR_MS, "turned": [1, 3]})
    expect("what turns is added in its bin, of copies once", part.k == [0.25, 0.95] and stream.series["a"].k[1] == 0.25)
sys.exit(failed)
