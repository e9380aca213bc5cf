#!/usr/bin/env python3
"""count.py [--passed] [--ci true] REPORT…: adds up the JUnit reports that ctest wrote.

Prints "PASSED FAILED SKIPPED"; names on stderr what failed and what was skipped, and why. The cases of a cmocka
program count one by one. --passed: the commands of the stage all succeeded; without it at least one failure is
counted, so that nothing that went wrong outside a test is lost. A stage without reports is one test.
With --ci true a skipped test is a failed one, unless what it lacks is the data named by GROUNDSWELL_DATA.
"""

import argparse
import re
import sys
import xml.etree.ElementTree as xml

CMOCKA_PASSED = re.compile(r"^\[  PASSED  \] (\d+) test", re.M)
CMOCKA_FAILED = re.compile(r"^\[  FAILED  \] (\d+) test", re.M)
CMOCKA_SKIPPED = re.compile(r"^\[  SKIPPED \] (\d+) test", re.M)
SKIP_MEANS_DATA = "GROUNDSWELL_DATA"
SHOWN_LINES = 30  # of the output of a test that failed


def total(pattern, text):
    return sum(int(n) for n in pattern.findall(text))


def count_case(case):
    """(passed, failed, skipped, output) of one ctest test."""
    output = "".join(node.text or "" for node in case.iter("system-out"))
    passed, failed, skipped = (total(p, output) for p in (CMOCKA_PASSED, CMOCKA_FAILED, CMOCKA_SKIPPED))
    status = case.get("status")
    if status in ("notrun", "disabled") and case.find("skipped") is not None and "SKIP" in (
            case.find("skipped").get("message") or ""):
        return 0, 0, 1, output
    if status != "run":
        return passed, max(failed, 1), skipped, output
    if passed + failed + skipped == 0:
        passed = 1
    return passed, failed, skipped, output


def show_end(output):
    for line in output.rstrip().splitlines()[-SHOWN_LINES:]:
        print(f"      {line[:300]}", file=sys.stderr)


def why_skipped(output):
    lines = [line.strip() for line in output.splitlines() if re.search("skip", line, re.I)]
    return "; ".join(lines[:2])[:200]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--passed", action="store_true")
    parser.add_argument("--ci", default="")
    parser.add_argument("reports", nargs="*")
    options = parser.parse_args()
    passed = failed = skipped = 0

    for path in options.reports:
        try:
            cases = list(xml.parse(path).getroot().iter("testcase"))
        except (OSError, xml.ParseError) as error:
            print(f"  no report of the tests: {error}", file=sys.stderr)
            failed += 1
            continue
        for case in cases:
            p, f, s, output = count_case(case)
            if s and options.ci == "true" and SKIP_MEANS_DATA not in output:
                f, s = f + s, 0
                print(f"  skipped, which CI does not allow: {case.get('name')}: {why_skipped(output)}",
                      file=sys.stderr)
            elif s:
                print(f"  skipped: {case.get('name')}: {why_skipped(output)}", file=sys.stderr)
            if f:
                print(f"  FAILED: {case.get('name')}", file=sys.stderr)
                show_end(output)
            passed, failed, skipped = passed + p, failed + f, skipped + s
    if not options.reports and options.passed:
        passed = 1
    if not options.passed and failed == 0:
        failed = 1
    print(passed, failed, skipped)


main()
