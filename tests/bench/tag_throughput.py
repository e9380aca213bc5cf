#!/usr/bin/env python3
"""tag_throughput.py [--messages N] [--runs N]: `groundswell tag` on JSON lines, the whole path, one thread.

Decode, clean, rules, language, model, encode. The time of a run on few lines (start, loading the model) is taken off.
Prints JSON lines."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
sys.dont_write_bytecode = True

import fixture  # noqa: E402
import kafka_messages  # noqa: E402

FEW = 100


def write_lines(path, n, size):
    with open(path, "w", encoding="utf-8") as out:
        for _, value in kafka_messages.messages(0, n, size):
            out.write(value + "\n")


def seconds(path, threads):
    with open(path.with_suffix(".out"), "wb") as out:
        start = time.monotonic()
        subprocess.run([fixture.groundswell(), "tag", "--model", fixture.model(), "--quiet", "--threads", str(threads),
                        path], stdout=out, check=True)
        return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=200000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    scratch = fixture.Scratch("tag")
    try:
        for size in (200, 500):
            few, many = scratch / "few.jsonl", scratch / "many.jsonl"
            write_lines(few, FEW, size)
            write_lines(many, options.messages + FEW, size)
            for threads in (1, os.cpu_count()):
                rates = [options.messages / (seconds(many, threads) - seconds(few, threads))
                         for _ in range(options.runs)]
                print(json.dumps({"bench": "tag", "case": f"{size}-byte JSON lines, {threads} thread"
                                  f"{'' if threads == 1 else 's'}", "min": round(min(rates)),
                                  "median": round(statistics.median(rates)), "max": round(max(rates)),
                                  "unit": "messages/s", "runs": options.runs}), flush=True)
                if os.cpu_count() == 1:
                    break
    finally:
        scratch.drop()


main()
