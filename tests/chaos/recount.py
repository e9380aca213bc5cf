"""The windows, counted again from the committed observations, in a way of its own: for each key and bin of event time the
messages, those that have a vote, and the negative part of the votes.

What it rests on is in deploy/docs/detector.md: an id counts once for a key, a story has one vote, a bin is five minutes.
Nothing of the load is late or a near-copy (load.py, fleet.py), so that both need no rule here. A bin's share is kept to 1/255
by the program, its messages exactly."""

import collections
import datetime

from fixture import check
from surge import BIN_MS

HOUR_BINS, RING_BINS = 12, 36  # windows of an hour and of three are exact; that of a day weighs older messages less
ROUNDING = 0.5 / 255 + 1e-6

Bin = collections.namedtuple("Bin", "reach n k", defaults=(0, 0, 0.0))


class Key:
    def __init__(self):
        self.ids, self.stories, self.bins = set(), set(), {}

    def add(self, observation):
        if observation["id"] in self.ids:
            return
        self.ids.add(observation["id"])
        story = observation.get("dup")
        vote = story is None or story not in self.stories
        self.stories.add(story)
        at = observation["ts"] // BIN_MS
        reach, n, k = self.bins.get(at, Bin())
        self.bins[at] = Bin(reach + 1, n + vote, k + vote * observation["p"])

    def window(self, end_ms, bins):
        """The sum of the bins that end at end_ms or before it."""
        last = end_ms // BIN_MS
        found = [self.bins[at] for at in range(last - bins, last) if at in self.bins]
        return Bin(*(sum(column) for column in zip(*found))) if found else Bin()


def ms_of(text):
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def recount(observations):
    keys = collections.defaultdict(Key)
    for observation in observations:
        keys[observation["key"]].add(observation)
    return keys


def hold(what, said, counted):
    """said: messages with a vote and their negative share, as the program shows them."""
    check(said[0] == counted.n, f"{what}: {said[0]} messages, there are {counted.n}")
    share = counted.k / counted.n if counted.n else 0.0
    check(abs(said[1] - share) <= ROUNDING, f"{what}: a negative share of {said[1]}, it is {share}")


def check_alerts(alerts, keys):
    """The numbers of the alerts; how many could be held against the count."""
    held = 0
    for alert in alerts:
        bins = alert["window_s"] * 1000 // BIN_MS
        if alert["rule"] != "negative_share" or bins > RING_BINS:
            continue
        counted = keys[alert["key"]].window(ms_of(alert["updated_at"]), bins)
        what = f"alert {alert['id']} of {alert['key']}, {alert['state']} at {alert['updated_at']}"
        hold(what, (alert["n"], alert["observed"]), counted)
        check(alert["stories"] == counted.n, f"{what}: {alert['stories']} stories, there are {counted.n}")
        held += 1
    return held


def check_pages(rows, keys, closed_ms):
    """The rows of the status pages: the last hour, and all there was, up to the last bin that is closed."""
    for row in rows:
        key = keys[row["key"]]
        hold(f"the status page's row of {row['key']}", (row["n_hour"], row["observed"]), key.window(closed_ms, HOUR_BINS))
        reach = sum(one.reach for at, one in key.bins.items() if (at + 1) * BIN_MS <= closed_ms)
        check(row["messages"] == reach, f"the status page's row of {row['key']}: {row['messages']} messages in all, "
              f"there are {reach}")
    return len(rows)
