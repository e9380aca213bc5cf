#!/usr/bin/env python3
"""All the real texts there are, through `groundswell tag` of the build with ASan and UBSan: it ends well, every line
that went in came out or is refused with a reason, and what comes out is JSON in valid UTF-8 with the same ids in the
same order. Needs the data that GROUNDSWELL_DATA names; it is not part of the project."""

import collections
import json
import os
import pathlib
import subprocess

import fixture
from fixture import ROOT, check, groundswell, model, say, skip

REFUSED = 1
CODES = {"null_value", "too_large", "bad_utf8", "bad_json", "too_deep", "not_object", "wrong_type", "no_text", "bad_time",
         "future_time", "ancient_time"}


def read_ids(path):
    """The id of each line; None where a line has none."""
    ids = []
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.strip():
                try:
                    ids.append(json.loads(line).get("id"))
                except ValueError:
                    ids.append(None)
    return ids


def check_output(path, ids, tagged, rejects):
    out = [json.loads(line.decode("utf-8")) for line in tagged.read_bytes().splitlines() if line]
    refused = [json.loads(line) for line in rejects.read_bytes().splitlines()] if rejects.exists() else []
    check(len(out) + len(refused) == len(ids), f"{path}: {len(ids)} in, {len(out)} out, {len(refused)} refused")
    for row in refused:
        check(row["code"] in CODES and row["message"], f"{path}: line {row['line']} is refused without a reason: {row}")
    order = {}
    for n, message_id in enumerate(ids):
        order.setdefault(message_id, []).append(n)
    last = -1
    for message in out:
        places = order.get(message["id"])
        if places is None:
            continue  # it had no id and was given one
        n = next((place for place in places if place > last), None)
        check(n is not None, f"{path}: {message['id']} is not in input order")
        last = n
    return len(out), collections.Counter(row["code"] for row in refused)


def test(scratch, _version):
    data = pathlib.Path(os.environ.get("GROUNDSWELL_DATA", ROOT.parent / "shared/data"))
    files = sorted(data.glob("streams/*.jsonl")) + sorted(data.glob("unlabelled/*.jsonl"))
    if not files:
        skip(f"GROUNDSWELL_DATA: there are no texts in {data}")
    for path in files:
        tagged, rejects = scratch / "tagged.jsonl", scratch / "rejects.jsonl"
        with open(tagged, "wb") as out:
            done = subprocess.run([groundswell(), "tag", "--model", model(), "--quiet", "--rejects", rejects, path],
                                  stdout=out, stderr=subprocess.PIPE, check=False, timeout=600,
                                  preexec_fn=fixture.die_with_parent)
        said = done.stderr.decode(errors="replace")
        check(done.returncode in (0, REFUSED), f"{path}: exit {done.returncode}\n{said[-4000:]}")
        n_out, refused = check_output(path, read_ids(path), tagged, rejects)
        check(done.returncode == (REFUSED if refused else 0), f"{path}: exit {done.returncode}, refused: {refused}")
        say(f"{path.name}: {n_out} tagged, refused: {dict(refused)}")


fixture.main(test, "real_texts", 225)
