#!/usr/bin/env python3
"""run.py --kills N [--seed N] [--topology A,B] [--kafka A,B] [--round N] --report FILE.json: the long run of the chaos suite.

Rounds of test_chaos.py, each with a broker and topics of its own, over the topologies and versions by turns, until there
were N kills of the program. Each third round kills the broker too. FILE.rounds gets a line for each round as it ends:
a run that was stopped goes on there. At the end FILE.json has the sum. Exit status 1 when a round failed; its seed, its
output and its files stay."""

import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from fleet import TOPOLOGIES  # pylint: disable=wrong-import-position


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--topology", default=",".join(TOPOLOGIES), help="names, separated by commas: " + ", ".join(TOPOLOGIES))
    parser.add_argument("--kafka", default="3.9.2,4.4.0")
    parser.add_argument("--round", type=int, default=50, help="kills of a round")
    parser.add_argument("--report", type=pathlib.Path, required=True)
    return parser.parse_args()


def cpu():
    found = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    return f"{found.group(1) if found else platform.machine()}, {os.cpu_count()} logical cores"


def one_round(options, number):
    """What became of it."""
    topologies, versions = options.topology.split(","), options.kafka.split(",")
    topology, version = topologies[number % len(topologies)], versions[number % len(versions)]
    broker_kills = 2 if number % 3 == 2 else 0
    seed = options.seed * 1000 + number
    out = options.report.with_suffix(".round")
    out.unlink(missing_ok=True)
    log = options.report.with_name(f"{options.report.stem}-{number}.log")
    command = [sys.executable, "-B", HERE / "test_chaos.py", version, "--seed", seed, "--kills", options.round, "--topology",
               topology, "--broker-kills", broker_kills, "--out", out]
    with open(log, "wb") as said:
        done = subprocess.run([str(word) for word in command], stdout=said, stderr=subprocess.STDOUT, check=False)
    if done.returncode == 0:
        log.unlink()
        return dict(json.loads(out.read_text(encoding="utf-8")), round=number)
    why = re.findall(r"(?:FAILED|does not count): (.*)", log.read_text(encoding="utf-8", errors="replace"))
    return {"round": number, "kafka": version, "topology": topology, "seed": seed, "kills": 0, "failed": why[-1:] or ["?"],
            "log": log.name}


def add(sums, more):
    for name, value in more.items():
        sums[name] = sums.get(name, 0) + value


def summary(options, rounds):
    good = [one for one in rounds if "failed" not in one]
    found, points, by = {}, {}, {}
    for one in good:
        add(found, one["found"])
        add(points, one["kills by point"])
        add(by, {f"{one['topology']} on {one['kafka']}": one["kills"]})
    program = os.environ.get("GS_PROGRAM", str(HERE.parents[1] / "build/release/deploy/daemon/groundswell"))
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return {"program": version, "cpu": cpu(), "seed": options.seed, "rounds": len(rounds), "rounds that failed": len(rounds) - len(good),
            "kills": sum(one["kills"] for one in good), "kills by topology": by, "kills by point": dict(sorted(points.items())),
            "SIGTERM": sum(one["terms"] for one in good), "zombies": sum(one["zombies"] for one in good),
            "broker kills": sum(one["broker kills"] for one in good),
            "seconds under fire": sum(one["seconds under fire"] for one in good), "found": found,
            "failed": [one for one in rounds if "failed" in one]}


def all_bad(last):
    """Whether there is no point in going on."""
    return len(last) == 3 and all("failed" in one for one in last)


def main():
    options = parse()
    journal = options.report.with_suffix(".rounds")
    options.report.parent.mkdir(parents=True, exist_ok=True)
    rounds = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()] if journal.exists() else []
    while sum(one["kills"] for one in rounds) < options.kills and not all_bad(rounds[-3:]):
        started = time.monotonic()
        rounds.append(one_round(options, len(rounds)))
        with open(journal, "a", encoding="utf-8") as out:
            out.write(json.dumps(rounds[-1]) + "\n")
        options.report.write_text(json.dumps(summary(options, rounds), indent=1) + "\n", encoding="utf-8")
        print(f"round {rounds[-1]['round']}: {rounds[-1].get('failed') or 'passed'}, {time.monotonic() - started:.0f} s; "
              f"{sum(one['kills'] for one in rounds)} kills", flush=True)
    sys.exit(any("failed" in one for one in rounds))


if __name__ == "__main__":
    main()
