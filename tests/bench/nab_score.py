#!/usr/bin/env python3
"""NAB's score (Lavin and Ahmad 2015, arXiv:1510.03336) of files of anomaly scores.

    nab_score.py DATA SCORES...

DATA is a folder with windows.json as NAB has it; SCORES are the outputs of `groundswell replay --counts`, named as the
files that they are of. Threshold: the best one of each profile, over all files, as
in NAB. The first 15 % of a file (of 5,000 rows at most) count for nothing. Standard library only.
"""
import csv
import datetime
import json
import math
import os
import sys

PROFILES = {"standard": (1.0, 0.11, 1.0), "low_fp": (1.0, 0.22, 1.0), "low_fn": (1.0, 0.11, 2.0)}  # tp, fp, fn


def sigmoid(position):
    """Scaled to [-1, 1]; position -1 is a window's begin, 0 its end."""
    return -1.0 if position > 3.0 else 2.0 / (1.0 + math.exp(5.0 * position)) - 1.0


def load(path, windows):
    """[(score, window or None, weight of a hit or of a false alarm)] of the rows that count, and the number of windows."""
    with open(path, newline="", encoding="utf-8") as rows:
        rows = list(csv.DictReader(rows))
    times = [datetime.datetime.fromisoformat(row["timestamp"]) for row in rows]
    probation = int(0.15 * min(len(rows), 5000))
    spans = []
    for begin, end in windows:
        begin, end = (datetime.datetime.fromisoformat(text) for text in (begin, end))
        inside = [i for i, at in enumerate(times) if begin <= at <= end]
        if inside:
            spans.append((inside[0], inside[-1]))
    points = []
    for i in range(probation, len(rows)):
        score = float(rows[i]["score"])
        inside = next((n for n, (first, last) in enumerate(spans) if first <= i <= last), None)
        if inside is not None:
            first, last = spans[inside]
            points.append((score, inside, sigmoid(-(last - i + 1) / (last - first + 1)) / sigmoid(-1.0)))
        else:
            before = [span for span in spans if span[1] < i]
            weight = -1.0
            if before:
                first, last = before[-1]
                weight = sigmoid((i - last) / (last - first))
            points.append((score, None, weight))
    return points, len(spans)


def raw(files, threshold, profile):
    tp, fp, fn = profile
    sum_ = 0.0
    for points, n_windows in files:
        hit = {}
        for score, window, weight in points:
            if score < threshold:
                continue
            if window is None:
                sum_ += fp * weight
            elif window not in hit:  # rows are in order: the earliest counts
                hit[window] = tp * weight
        sum_ += sum(hit.values()) - fn * (n_windows - len(hit))
    return sum_


def best(files, profile):
    """(normalized score, threshold)"""
    n = sum(n_windows for _, n_windows in files)
    null, perfect = -profile[2] * n, profile[0] * n
    candidates = sorted({round(score, 4) for points, _ in files for score, _, _ in points if score > 0.02}, reverse=True)
    candidates = candidates[: 400] + candidates[400::97] + [1.1]
    score, threshold = max((raw(files, t, profile), t) for t in candidates)
    return 100.0 * (score - null) / (perfect - null), threshold


def main():
    with open(os.path.join(sys.argv[1], "windows.json"), encoding="utf-8") as file:
        windows = {os.path.basename(name): spans for name, spans in json.load(file).items()}
    files = [load(path, windows[os.path.basename(path)]) for path in sys.argv[2:]]
    for name, profile in PROFILES.items():
        score, threshold = best(files, profile)
        each = " ".join(f"{100 * (raw([f], threshold, profile) + profile[2] * f[1]) / (profile[0] + profile[2]) / f[1]:.1f}" for f in files)
        print(f"{name}: {score:.1f} at {threshold} ({each})")
        left_out = sum(raw([f], best([g for g in files if g is not f], profile)[1], profile) for f in files)
        n = sum(n_windows for _, n_windows in files)
        print(f"{name}, each file at the threshold of the others: {100 * (left_out / n + profile[2]) / (profile[0] + profile[2]):.1f}")


if __name__ == "__main__":
    main()
