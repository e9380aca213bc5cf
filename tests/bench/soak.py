#!/usr/bin/env python3
"""soak.py [--messages N]: both stages of `run` on N messages (10,000,000) in one life, from a pipe; is its memory flat?

The stream is the demo's, one part of 120,000 messages after another, each with its own seed and 36 hours of event time behind
the last. Prints JSON lines: resident memory after the first tenth, at the end and at most, and CPU time a message."""

import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PART = 120000
PART_HOURS = 36
PROGRAM = os.environ.get("GS_PROGRAM", str(ROOT / "build/release/deploy/daemon/groundswell"))
MODEL = ROOT / "classifier/models/finance-zh-en-fast"


def resident_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


def feed(pipe, parts, sent):
    """Writes the parts into the pipe, oldest first, and counts them."""
    start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=PART_HOURS * (parts + 1))
    for part in range(parts):
        when = (start + datetime.timedelta(hours=PART_HOURS * part)).strftime("%Y-%m-%dT%H:%M:%SZ")
        made = subprocess.run([PROGRAM, "demo", "--write", "-", "--messages", str(PART), "--seed", str(part + 1),
                               "--start", when], stdout=subprocess.PIPE, check=True).stdout
        pipe.write(made.replace(b'"id":"', b'"id":"%d-' % part))
        sent[0] += PART
    pipe.close()


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--messages", type=int, default=10_000_000)
    parts = -(-args.parse_args().messages // PART)

    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, "soak.yaml")
        config.write_text(
            "input: {kind: stdin}\n"
            "output: {kind: file, files: {tagged: /dev/null, alerts: /dev/null, late: /dev/null, dlq: /dev/null}}\n"
            f"model: {{path: {MODEL}}}\n"
            f"entities: {{watchlist: {ROOT}/deploy/config/demo-watchlist.csv}}\n"
            "http: {enabled: false}\nlog: {level: warning}\n", encoding="utf-8")
        run = subprocess.Popen([PROGRAM, "run", "-c", str(config)], stdin=subprocess.PIPE)
        sent = [0]
        feeder = threading.Thread(target=feed, args=(run.stdin, parts, sent))
        feeder.start()
        early, peak, last, cpu = None, 0.0, 0.0, 0.0
        while run.poll() is None:
            try:
                last = resident_mib(run.pid) or last
                fields = pathlib.Path(f"/proc/{run.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
                cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            except OSError:
                break
            peak = max(peak, last)
            if early is None and sent[0] >= parts * PART // 10:
                early = last
            time.sleep(0.5)
        feeder.join()
        if run.wait() != 0:
            sys.exit(f"soak: run ended with {run.returncode}")

    total = parts * PART
    rows = [("resident memory after the first tenth", early or last, "MiB"), ("resident memory at the end", last, "MiB"),
            ("resident memory, peak", peak, "MiB"), ("CPU time a message, both stages", cpu / total * 1e6, "us")]
    for case, value, unit in rows:
        print(json.dumps({"bench": "soak", "case": case, "messages": total, "value": round(value, 3), "unit": unit}))


main()
