#!/usr/bin/env python3
"""run.py [--manifest] [--exit CODE] [--cpu S] [--memory MB] FOLDER COMMAND...: every broken model is refused well.

Makes the corpus in FOLDER and runs COMMAND for each model, {} being its folder. A good one ends with
exit 0. A broken one ends with CODE (3), in under S (1) seconds of CPU, in less than MB (256) of memory,
and says exactly one line on stderr, with the words of its row: which file, and why.
--manifest: COMMAND reads groundswell.json too."""
import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from make import make  # noqa: E402

WALL_S = 60  # on a busy machine; what counts is CPU time


def run(command, errors):
    """Exit code, CPU seconds and MB of one process."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
    end = time.monotonic() + WALL_S
    while True:
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid != 0:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
        if time.monotonic() > end:
            process.kill()
            os.wait4(process.pid, 0)
            process.returncode = -9
            return "no end", WALL_S, 0
        time.sleep(0.002)


def faults(row, options, code, cpu_s, memory_mb, said):
    if not row["words"]:
        return [f"exit {code}"] if code != 0 else []
    wrong = []
    if code != options.exit:
        wrong.append(f"exit {code}")
    if cpu_s >= options.cpu:
        wrong.append(f"{cpu_s:.2f} s")
    if memory_mb > options.memory:
        wrong.append(f"{memory_mb:.0f} MB")
    if not said.endswith("\n") or said.count("\n") != 1 or len(said) > 600 or not said[:-1].isprintable():
        wrong.append("not one line")
    wrong += [f"does not say {word!r}" for word in row["words"] if word not in said]
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--manifest", action="store_true")
    parser.add_argument("--exit", type=int, default=3)
    parser.add_argument("--cpu", type=float, default=1.0)
    parser.add_argument("--memory", type=int, default=256)
    parser.add_argument("folder")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    rows = make(options.folder, options.manifest)
    bad, most_s, most_mb = 0, 0.0, 0.0
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for row in rows:
        with tempfile.TemporaryFile() as errors:
            path = os.path.join(options.folder, row["folder"])
            code, cpu_s, memory_mb = run([part.replace("{}", path) for part in options.command], errors)
            errors.seek(0)
            said = errors.read().decode("utf-8", "replace")
        wrong = faults(row, options, code, cpu_s, memory_mb, said)
        most_s, most_mb = max(most_s, cpu_s), max(most_mb, memory_mb)
        bad += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} - {row['name']}: {said.strip()[:300]}")
        for fault in wrong:
            print(f"    {fault}")
    broken = sum(bool(row["words"]) for row in rows)
    print(f"{broken} broken models, {bad} not refused as they should be; at most {most_s:.2f} s and {most_mb:.0f} MB each")
    return 1 if bad or broken < 60 else 0


sys.exit(main())
