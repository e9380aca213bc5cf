#!/usr/bin/env python3
"""Our detector and its rivals on the same injected rises: tables in Markdown.

    compare_detectors.py --inject build/release/tests/unit/alerting/detector_inject [--publishers N] [--jobs N] OBSERVATIONS...

detector_inject says which messages turn in which windows (--write), and what ours finds, both at its budget and with the
lowest constant threshold that keeps to the rate. Rivals see the same messages turn, and are scored alike: a window
counts unless an alarm was on when it began; it is found by an alarm until an hour after its end; alarms of the
stream as it is, after the first week, are false, per day on which a key has messages. Alarms less than two hours apart (our
cool-down) are one. Each rival is given its best: at each rate the lowest threshold that keeps to it on this very stream, and
of all settings of its grid those with the highest mean recall on these very events. The last rate is the one that ours had
at a budget of 0.01. Standard library only.
"""
import argparse
import bisect
import collections
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile

import rival_detectors as rivals

RATES = (0.1, 0.03, 0.01)
DAY_MS = 86400000
HOUR_MS = 3600000
QUIET = 2 * rivals.HOUR
DENSE = 20  # messages an hour
INJECTED = 0.95  # what messages turn to, as in inject.h
EXCESS = 3.0  # negatives above the usual: ours tells of nothing that has fewer
Row = collections.namedtuple("Row", "key ts p copy")
Rise = collections.namedtuple("Rise", "cell dense excess from_ms to_ms series")  # of its key, around it, with what is injected


class Stream:
    """Observations, as series of each key. Of a story the first message within 24 hours counts, as for our detector."""

    def __init__(self, path):
        self.rows, told = [], {}
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                seen = json.loads(line)
                key, ts, dup = seen["key"], seen["ts"], int(seen.get("dup", "0"), 16)
                copy = dup != 0 and ts - told.get((key, dup), -DAY_MS) < DAY_MS
                if dup != 0 and not copy:
                    told[key, dup] = ts
                self.rows.append(Row(key, ts, seen["p"], copy))
        self.warm_ms = self.rows[0].ts + 7 * DAY_MS
        self.key_days = len({(row.key, row.ts // DAY_MS) for row in self.rows if row.ts >= self.warm_ms})
        self.series = self.count()
        self.times = collections.defaultdict(list)
        for row in self.rows:
            self.times[row.key].append(row.ts)

    def count(self):
        bins = collections.defaultdict(dict)
        for row in self.rows:
            if not row.copy:
                sums = bins[row.key].setdefault(row.ts // rivals.BIN_MS, [0, 0.0])
                sums[0] += 1
                sums[1] += row.p
        return {key: rivals.Series(list(sums), [n for n, _ in sums.values()], [k for _, k in sums.values()], next(iter(sums)))
                for key, sums in bins.items()}

    def part(self, window):
        """The series of a window's key around it, with what is injected. No other window is near: they are 14 days apart."""
        whole = self.series[window["key"]]
        low = bisect.bisect_left(whole.bins, window["from_ms"] // rivals.BIN_MS - rivals.MEMORY - QUIET)
        high = bisect.bisect_right(whole.bins, (window["to_ms"] + HOUR_MS) // rivals.BIN_MS)
        bins, k = whole.bins[low:high], whole.k[low:high]
        for number in window["turned"]:
            row = self.rows[number]
            if not row.copy:
                k[bisect.bisect_left(bins, row.ts // rivals.BIN_MS)] += INJECTED - row.p
        return rivals.Series(bins, whole.n[low:high], k, whole.begin)

    def rises(self, path):
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                window = json.loads(line)
                times = self.times[window["key"]]
                n = bisect.bisect_left(times, window["to_ms"]) - bisect.bisect_left(times, window["from_ms"])
                excess = sum(INJECTED - self.rows[number].p for number in window["turned"])
                yield Rise((window["log_odds"], window["minutes"]), n * 60 >= DENSE * window["minutes"], excess, window["from_ms"],
                           window["to_ms"], self.part(window))


def close_ms(bin_):
    return (bin_ + 1) * rivals.BIN_MS


def lowest_threshold(scored, allowed):
    """Of the scores in [(key, bin, score)], the lowest at which it and all above make at most so many alarms."""
    on = collections.defaultdict(list)
    alarms, threshold, previous = 0, float("inf"), float("inf")
    for key, bin_, score in sorted(scored, key=lambda item: -item[2]):
        if score < previous:
            if alarms > allowed:
                return threshold
            threshold = previous  # all of the scores above have been counted
        previous = score
        bins = on[key]
        at = bisect.bisect_left(bins, bin_)
        left = at > 0 and bin_ - bins[at - 1] <= QUIET
        right = at < len(bins) and bins[at] - bin_ <= QUIET
        joined = left and right and bins[at] - bins[at - 1] <= QUIET
        alarms += 1 - left - right + joined
        bins.insert(at, bin_)
    return threshold if alarms > allowed else previous


def count_alarms(scored, threshold):
    last, alarms = {}, 0
    for key, bin_, score in scored:
        if score >= threshold:
            alarms += bin_ - last.get(key, -DAY_MS) > QUIET
            last[key] = bin_
    return alarms


def find(rival, rise, thresholds):
    """For each threshold the delay in minutes, None where it is not found, or "taken"."""
    series = rise.series
    first = bisect.bisect_left(series.bins, rise.from_ms // rivals.BIN_MS - QUIET)
    found = dict.fromkeys(thresholds)
    for bin_, score in rival.scores(series, first):
        at = close_ms(bin_)
        for threshold in thresholds:
            if score >= threshold and found[threshold] is None and at < rise.to_ms + HOUR_MS:
                found[threshold] = "taken" if at < rise.from_ms else (at - rise.from_ms) / 60000
    return found


class Tally:
    """What was found, by size, duration and density."""

    def __init__(self):
        self.delays = collections.defaultdict(list)

    def add(self, rise, delay):
        if delay != "taken":
            self.delays[rise.cell, False].append(delay)
            if rise.dense:
                self.delays[rise.cell, True].append(delay)

    def cell(self, cell, dense):
        """(windows, recall, median delay)"""
        delays = self.delays[cell, dense]
        found = sorted(d for d in delays if d is not None)
        return len(delays), len(found) / len(delays) if delays else None, found[len(found) // 2] if found else None

    def recall(self, cells):
        return sum(self.cell(cell, False)[1] or 0.0 for cell in cells) / len(cells)


def study(rival):
    """(rival, {rate: (alarms a key-day, tally)}) of one choice of settings."""
    warm = stream.warm_ms // rivals.BIN_MS
    scored = []
    for key, series in stream.series.items():
        first = bisect.bisect_left(series.bins, warm)
        scored.extend((key, bin_, score) for bin_, score in rival.scores(series, first) if bin_ >= warm)
    thresholds = {rate: lowest_threshold(scored, rate * stream.key_days) for rate in rates}
    tallies = {rate: Tally() for rate in rates}
    for rise in rises:
        found = find(rival, rise, set(thresholds.values()))
        for rate in rates:
            tallies[rate].add(rise, found[thresholds[rate]])
    return rival, {rate: (count_alarms(scored, thresholds[rate]) / stream.key_days, tallies[rate]) for rate in rates}


class Ours:
    """What detector_inject prints, with the answers of a tally."""

    def __init__(self, lines, rate):
        self.cells = {}
        for line in lines:
            if line["rate"] != rate:
                continue
            if line.get("case") == "as it is":
                self.measured = line["measured"]
            elif line["class"] == "all":
                self.cells[(line["log_odds"], line["minutes"]), False] = line
            elif line["messages_an_hour_from"] >= DENSE:
                self.cells.setdefault(((line["log_odds"], line["minutes"]), True), []).append(line)

    def cell(self, cell, dense):
        if not dense:
            line = self.cells[cell, False]
            return line["windows"], line["recall"], line["median_delay_minutes"]
        n = sum(line["windows"] for line in self.cells[cell, True])
        found = [line for line in self.cells[cell, True] if line["found"]]
        hits = sum(line["found"] for line in found)
        middle = sum(line["median_delay_minutes"] * line["found"] for line in found) / hits if hits else None
        return n, hits / n if n else None, middle


def run_ours(options, path, *more):
    command = [options.inject, "--publishers", str(options.publishers), *more, path]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def text(cell):
    n, recall, delay = cell
    if not n:
        return "–"
    return f"{recall:.2f}" if delay is None else f"{recall:.2f}, {delay:.0f} min"


def table(rows, cells, dense):
    print("| detector | alarms a key-day | " + " | ".join(f"+{size:g}, {minutes // 60} h" for size, minutes in cells) + " |")
    print("|---" * (len(cells) + 2) + "|")
    for name, measured, tally in rows:
        print(f"| {name} | {measured:.4f} | " + " | ".join(text(tally.cell(cell, dense)) for cell in cells) + " |")
    n = max((tally for _, _, tally in rows), key=lambda tally: tally.cell(cells[0], dense)[0])
    print("\nWindows: " + ", ".join(str(n.cell(cell, dense)[0]) for cell in cells) + ".\n")


def study_rivals(options, cells):
    """{rate: {name: (recall, rival, alarms a key-day, tally)}}: the best settings of each."""
    best = collections.defaultdict(dict)
    with multiprocessing.get_context("fork").Pool(options.jobs) as pool:
        candidates = [rival for kind in rivals.RIVALS for rival in kind.candidates()]
        for rival, results in pool.imap(study, candidates, chunksize=2):
            for rate, (measured, tally) in results.items():
                recall = tally.recall(cells)
                if rival.name not in best[rate] or recall > best[rate][rival.name][0]:
                    best[rate][rival.name] = (recall, rival, measured, tally)
    return best


def show(title, ours, best, cells):
    rows = ours + [(name, measured, tally) for name, (_, _, measured, tally) in best.items()]
    means = (f"{name} {sum(tally.cell(cell, False)[1] or 0.0 for cell in cells) / len(cells):.2f}" for name, _, tally in rows)
    print(f"{title}, mean recall: " + ", ".join(means) + "\n")
    for dense in (False, True):
        print(f"{title}, " + (f"windows of {DENSE} messages an hour and more:\n" if dense else "all windows:\n"))
        table(rows, cells, dense)
    for name, (_, rival, _, _) in best.items():
        print(f"- {name}: " + ", ".join(f"{setting} {value}" for setting, value in rival.settings.items()))
    print(flush=True)


def compare(options, path):
    global stream, rises, rates  # what the workers of the pool inherit
    stream = Stream(path)
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as windows:
        run_ours(options, path, "--write", windows.name)
        rises = list(stream.rises(windows.name))
    cells = sorted({rise.cell for rise in rises})
    budget, constant = run_ours(options, path), run_ours(options, path, "--constant")
    same = next(line["alarms"] + 0.5 for line in budget if line["rate"] == 0.01) / stream.key_days
    rates = (*RATES, same)
    best = study_rivals(options, cells)
    print(f"## {os.path.basename(path)}: {stream.key_days} key-days\n")
    large = {cell: [rise.excess >= EXCESS for rise in rises if rise.cell == cell] for cell in cells}
    print(f"Rises with an excess of {EXCESS:g} or more: " + ", ".join(
        f"+{size:g} for {minutes // 60} h {sum(large[size, minutes]) / len(large[size, minutes]):.2f}" for size, minutes in cells) + "\n")
    for rate in RATES:
        ours = [(name, lines.measured, lines) for name, lines in (("ours, at its budget", Ours(budget, rate)),
                                                                  ("ours, constant threshold", Ours(constant, rate)))]
        show(f"At most {rate:g} alarms a key-day", ours, best[rate], cells)
    equal = run_ours(options, path, "--constant", "--rate", str(same))
    ours = [("ours, at a budget of 0.01", Ours(budget, 0.01)), ("ours, constant threshold", Ours(equal, equal[0]["rate"]))]
    show("At the rate that ours had", [(name, lines.measured, lines) for name, lines in ours], best[same], cells)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inject", required=True)
    parser.add_argument("--publishers", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("observations", nargs="+")
    options = parser.parse_args()
    for path in options.observations:
        compare(options, path)


if __name__ == "__main__":
    sys.exit(main())
