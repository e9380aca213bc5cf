#!/usr/bin/env python3
"""check_delivery.py BUILD_DIRECTORY: each promise of deploy/docs/delivery.md names the test that holds it, and each test
that is named there is one that ctest knows, or a case or a mutant that is in its file."""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "deploy/docs/delivery.md"
KINDS = "unit|integration|cli|e2e|tools|data"
ROWS_AT_LEAST = 15


def known_tests(build):
    shown = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], capture_output=True, check=True)
    names = {test["name"] for test in json.loads(shown.stdout)["tests"]}
    return names | {re.sub(r"-\d+\.\d+\.\d+$", "", name) for name in names}  # each Kafka has its own


def is_case(name):
    """unit/PATH/CASE: a case of the program that tests PATH."""
    path, case = name.rsplit("/", 1)
    source = ROOT / "tests" / path
    source = source.with_name(f"test_{source.name}.c")
    return source.exists() and re.search(rf"\b{re.escape(case)}\b", source.read_text(encoding="utf-8")) is not None


def faults(page, known):
    """Every row of the page's tables that names no test, and every name without a test."""
    rows = 0
    in_table = False
    for number, line in enumerate(page.splitlines(), 1):
        in_table, was_in_table = line.startswith("|"), in_table
        names = re.findall(rf"`((?:{KINDS})/[\w./-]+)`", line)
        yield from (f"line {number}: there is no test {name}" for name in names if name not in known and not is_case(name))
        if in_table and was_in_table and not line.startswith("|--"):
            rows += 1
            if not names and "no test" not in line:
                yield f"line {number}: a promise without a test"
    for name in re.findall(r"`mutants/(\w+)`", page):
        if not (ROOT / f"tests/e2e/mutants/{name}.patch").exists():
            yield f"there is no mutant {name}"
    if rows < ROWS_AT_LEAST:
        yield f"{rows} rows, not {ROWS_AT_LEAST} at least"


def main():
    found = list(faults(PAGE.read_text(encoding="utf-8"), known_tests(sys.argv[1])))
    for fault in found:
        print(f"{PAGE.relative_to(ROOT)}: {fault}")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
