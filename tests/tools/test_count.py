#!/usr/bin/env python3
"""count.py adds up what ctest reports, and nothing that went wrong is lost in it."""

import pathlib
import subprocess
import sys
import tempfile

COUNT = pathlib.Path(__file__).resolve().parent / "count.py"


def case(name, status, output="", extra=""):
    return (f'<testcase name="{name}" status="{status}">{extra}'
            f"<system-out>{output}</system-out></testcase>")


SKIP = '<skipped message="SKIP_RETURN_CODE=77"/>'
CMOCKA = "[  PASSED  ] 12 test(s).\n[  SKIPPED ] 1 test(s), listed below:\n"
CASES = [
    # what it shows, test cases or None for no report at all, options, expected counts
    ("a plain test counts as one", [case("a", "run")], ["--passed"], "1 0 0"),
    ("a failed one", [case("a", "fail")], [], "0 1 0"),
    ("cmocka's cases count one by one", [case("a", "run", "[  PASSED  ] 7 test(s).\n")], ["--passed"], "7 0 0"),
    ("cmocka's skipped ones too", [case("a", "run", CMOCKA)], ["--passed"], "12 0 1"),
    ("in CI a skip is a failure", [case("a", "run", CMOCKA)], ["--passed", "--ci", "true"], "12 1 0"),
    ("unless it lacks the data", [case("a", "run", "GROUNDSWELL_DATA is not there\n" + CMOCKA)],
     ["--passed", "--ci", "true"], "12 0 1"),
    ("a script that skips", [case("a", "notrun", "", SKIP)], ["--passed"], "0 0 1"),
    ("a script that skips in CI", [case("a", "notrun", "", SKIP)], ["--passed", "--ci", "true"], "0 1 0"),
    ("a test that could not be started", [case("a", "notrun", "", '<skipped message="Unable to find executable"/>')],
     [], "0 1 0"),
    ("a program that crashed behind its passed cases", [case("a", "fail", "[  PASSED  ] 3 test(s).\n")], [], "3 1 0"),
    ("failed cases", [case("a", "fail", "[  PASSED  ] 3 test(s).\n[  FAILED  ] 2 test(s), listed below:\n")], [],
     "3 2 0"),
    ("a stage that failed outside its tests", [case("a", "run")], [], "1 1 0"),
    ("a report that is missing", None, ["--passed"], "0 1 0"),
]

failed = 0
with tempfile.TemporaryDirectory() as folder:
    for number, (shows, cases, options, want) in enumerate(CASES):
        report = pathlib.Path(folder) / f"{number}.xml"
        if cases is not None:
            report.write_text(f"<testsuite>{''.join(cases)}</testsuite>")
        done = subprocess.run([sys.executable, COUNT, *options, report], capture_output=True, text=True, check=False)
        if done.stdout.strip() != want:
            print(f"FAILED: {shows}: {done.stdout.strip() or done.stderr}, not {want}")
            failed = 1
for options, want in ((["--passed"], "1 0 0"), ([], "0 1 0")):
    done = subprocess.run([sys.executable, COUNT, *options], capture_output=True, text=True, check=False)
    if done.stdout.strip() != want:
        print(f"FAILED: a stage without tests: {done.stdout.strip()}, not {want}")
        failed = 1
sys.exit(failed)
