#!/usr/bin/env python3
"""Reads OpenMetrics 1.0.0 text from stdin and fails on the first thing that the specification forbids.

Written from the specification (github.com/OpenObservability/OpenMetrics), independent of the program's writer:
families in one run each, metadata before samples, units as suffixes, "_total" on counters, cumulative buckets
that end in +Inf and agree with _count, no two samples with the same labels, "# EOF" at the end and nothing behind.
"""

import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf'({NAME})(?:\{{(.*)\}})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
SUFFIXES = {"counter": {"_total"}, "gauge": {""}, "histogram": {"_bucket", "_sum", "_count"}}


class Wrong(Exception):
    pass


def read_labels(text):
    labels, at = {}, 0
    while text and at < len(text):
        match = LABEL.match(text, at)
        if not match:
            raise Wrong(f"labels {text!r}")
        if match[1] in labels:
            raise Wrong(f"label {match[1]} twice")
        labels[match[1]] = match[2]
        at = match.end()
        if match[3] == "," and at == len(text):
            raise Wrong("a comma at the end of the labels")
    return labels


class Family:
    def __init__(self, name):
        self.name, self.meta, self.seen, self.buckets, self.counts = name, {}, set(), {}, {}

    def add_meta(self, kind, value):
        if kind in self.meta:
            raise Wrong(f"{kind} of {self.name} twice")
        if self.seen:
            raise Wrong(f"{kind} of {self.name} behind its samples")
        if kind == "UNIT" and not self.name.endswith("_" + value):
            raise Wrong(f"the unit {value} is no suffix of {self.name}")
        if kind == "TYPE" and value not in SUFFIXES:
            raise Wrong(f"type {value}")
        self.meta[kind] = value

    def add_sample(self, name, labels, value):
        suffix = name[len(self.name):]
        kind = self.meta.get("TYPE", "unknown")
        if suffix not in SUFFIXES.get(kind, {""}):
            raise Wrong(f"{name} is no sample of a {kind}")
        number = float(value)
        if kind == "counter" and not number >= 0:
            raise Wrong(f"counter {name} is {value}")
        key = (name, tuple(sorted(labels.items())))
        if key in self.seen:
            raise Wrong(f"{name} {labels} twice")
        self.seen.add(key)
        rest = tuple(sorted((k, v) for k, v in labels.items() if k != "le"))
        if suffix == "_bucket":
            self.buckets.setdefault(rest, []).append((float(labels["le"]), number))
        elif suffix == "_count":
            self.counts[rest] = number

    def end(self):
        for rest, buckets in self.buckets.items():
            if [le for le, _ in buckets] != sorted({le for le, _ in buckets}):
                raise Wrong(f"buckets of {self.name} out of order")
            if [n for _, n in buckets] != sorted(n for _, n in buckets):
                raise Wrong(f"buckets of {self.name} are not cumulative")
            if buckets[-1][0] != float("inf") or buckets[-1][1] != self.counts.get(rest):
                raise Wrong(f"{self.name}: +Inf and _count disagree")


def family_of(families, name):
    for end in ("", "_total", "_bucket", "_sum", "_count"):
        base = name[: len(name) - len(end)] if end else name
        if name.endswith(end) and base in families:
            return base
    raise Wrong(f"sample {name} without metadata")


def check(text):
    if not text.endswith("# EOF\n"):
        raise Wrong("no # EOF at the end")
    families, current = {}, None
    for number, line in enumerate(text[: -len("# EOF\n")].split("\n")[:-1], 1):
        try:
            meta = re.match(rf"# (HELP|TYPE|UNIT) ({NAME}) (.*)$", line)
            sample = SAMPLE.match(line)
            if meta:
                name = meta[2]
            elif sample:
                name = family_of(families, sample[1])
            else:
                raise Wrong(f"neither metadata nor a sample: {line!r}")
            if current != name:
                if name in families:
                    raise Wrong(f"{name} comes in two runs")
                if current is not None:
                    families[current].end()
                families[name] = Family(name)
                current = name
            if meta:
                families[name].add_meta(meta[1], meta[3])
            else:
                families[name].add_sample(sample[1], read_labels(sample[2]), sample[3])
        except (Wrong, ValueError, KeyError) as wrong:
            raise Wrong(f"line {number}: {wrong}") from wrong
    if current is not None:
        families[current].end()
    return len(families)


if __name__ == "__main__":
    try:
        print(f"check_openmetrics: {check(sys.stdin.buffer.read().decode('utf-8'))} families, nothing wrong")
    except (Wrong, UnicodeDecodeError) as error:
        print(f"check_openmetrics: {error}")
        sys.exit(1)
