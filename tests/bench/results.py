#!/usr/bin/env python3
"""results.py LINES: the page of results from the JSON lines of the benchmarks.

A line is {"bench","case","unit"} with "value", or with "min", "median", "max" of repetitions within one run, and
maybe "run". Runs of one case are put together: the median of the medians, the least and the greatest of all."""

import collections
import fnmatch
import json
import pathlib
import platform
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def command(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()


def cpu():
    model = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
             if line.startswith("model name")]
    return f"{model[0] if model else platform.machine()}, {len(model)} logical cores"


def commit():
    """The commit that was measured; changes to the page itself do not count."""
    changed = [line for line in command("git", "status", "--porcelain", "--untracked-files=no").splitlines()
               if not line.endswith(("results.md", "rivals.md", "rivals/machines.json"))]
    return command("git", "rev-parse", "--short=12", "HEAD") + (" with changes that are not committed" if changed
                                                                else "")


def gather(path):
    cases = collections.OrderedDict()
    for line in open(path, encoding="utf-8"):
        row = json.loads(line)
        if "case" not in row or row["bench"] == "accuracy" or not ("median" in row or "value" in row):
            continue
        case = cases.setdefault((row["bench"], row["case"], row["unit"]), {"middle": [], "all": []})
        middle = row["median"] if "median" in row else row["value"]
        case["middle"].append(middle)
        case["all"] += [middle, row.get("min", middle), row.get("max", middle)]
    return cases


def number(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def holds(value, relation, target):
    return value >= target if relation == ">=" else value <= target


def print_targets(cases, targets):
    print("## Targets\n")
    print("| what | target | measured | |\n|---|---|---|---|")
    for target in targets:
        found = [(key, case) for key, case in cases.items()
                 if key[0] == target["bench"] and fnmatch.fnmatchcase(key[1], target["case"])]
        if not found:
            print(f"| {target['what']} | {target['relation']} {number(target['target'])} {target['unit']} "
                  f"| not measured here | {target.get('note', '')} |")
            continue
        # Of several kernels the machine takes the fastest.
        (_, _, unit), case = max(found, key=lambda pair: statistics.median(pair[1]["middle"]))
        value = statistics.median(case["middle"])
        verdict = "reached" if holds(value, target["relation"], target["target"]) else "**missed**"
        print(f"| {target['what']} | {target['relation']} {number(target['target'])} {target['unit']} "
              f"| {number(value)} {unit} | {verdict} {target.get('note', '')} |")
    print()


def print_cases(cases):
    print("## Every case\n")
    print("| benchmark | case | median | least | greatest | unit | runs |\n|---|---|---|---|---|---|---|")
    for (bench, case, unit), values in cases.items():
        if bench == "encoder" and " over " in case:
            continue  # every ratio to every rival is on a page of its own: rivals.md
        print(f"| {bench} | {case} | {number(statistics.median(values['middle']))} | {number(min(values['all']))} "
              f"| {number(max(values['all']))} | {unit} | {len(values['middle'])} |")


def print_accuracy(path):
    """The rows of eval_models.sh: one figure each, no spread, since the model and its answers are deterministic."""
    rows = [json.loads(line) for line in open(path, encoding="utf-8")]
    rows = [row for row in rows if row.get("bench") == "accuracy" and row.get("target") is not None]
    if not rows:
        return
    print("## Accuracy of the shipped model\n")
    print("`tests/bench/eval_models.sh`; the model card has all of it.\n")
    print("| set | metric | target | measured | |\n|---|---|---|---|---|")
    for row in rows:
        relation = "<=" if row["metric"] == "ece" else ">="
        print(f"| {row['case']} | {row['metric']} | {relation} {row['target']} | {row['value']:.4f} "
              f"| {'reached' if row['reached'] else '**missed**'} |")
    print()


def main():
    cases = gather(sys.argv[1])
    targets = json.loads((HERE / "targets.json").read_text(encoding="utf-8"))
    print("# Results\n")
    print("Written by `tests/bench/results.sh`: run it to measure your own machine. Release build; each benchmark is"
          " run five times; one thread unless the case says otherwise.\n")
    print("The encoder beside ONNX Runtime and OpenVINO is on [rivals.md](rivals.md), with a commit and a machine of its"
          " own for each row; tokenizers are on [tokenizers.md](tokenizers.md), single kernels on"
          " [kernels.md](kernels.md).\n")
    print(f"- CPU: {cpu()}")
    print(f"- Compiler: {command('cc', '--version').splitlines()[0]}, -O2")
    print(f"- Kernel: {platform.system()} {platform.release()}")
    print(f"- librdkafka: {command('pkg-config', '--modversion', 'rdkafka')}")
    print(f"- Commit: {commit()}\n")
    print_targets(cases, targets)
    print_accuracy(sys.argv[1])
    print_cases(cases)


main()
