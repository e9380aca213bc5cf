#!/usr/bin/env python3
"""The fixture itself: what it writes into Kafka it reads back, byte for byte, before and after a kill -9 of the broker."""

import base64
import json

from broker import RESTARTS, Kafka
from fixture import check, main, say


def b64(data):
    return base64.b64encode(data).decode()


RECORDS = [
    # what it shows, the line given to fill, key, value, headers
    ("plain text", {"key": "k", "value": "héllo 中文"}, b"k", "héllo 中文".encode(), []),
    ("nulls", {}, None, None, []),
    ("empty is not null", {"key": "", "value": ""}, b"", b"", []),
    ("raw bytes", {"value_b64": b64(bytes(range(256)))}, None, bytes(range(256)), []),
    ("bytes of every length", {"value_b64": b64(b"\xffa")}, None, b"\xffa", []),
    ("one byte", {"value_b64": b64(b"\x00")}, None, b"\x00", []),
    ("headers, twice the same name and a null",
     {"value": "v", "headers": [["a", "1"], ["a", "2"], ["n", None], ["b", None, b64(b"\xfe\x00")]]},
     None, b"v", [("a", b"1"), ("a", b"2"), ("n", None), ("b", b"\xfe\x00")]),
]


def read_back(kafka):
    found = kafka.dump("t")
    check([r.offset for r in found] == list(range(len(RECORDS))), f"offsets {[r.offset for r in found]}")
    for record, (shows, _, key, value, headers) in zip(found, RECORDS):
        check(record.key == key, f"{shows}: key {record.key!r}")
        check(record.value == value, f"{shows}: value {record.value!r}")
        check(record.headers == headers, f"{shows}: headers {record.headers!r}")
        check(record.ts == 1700000000123, f"{shows}: time {record.ts}")
        check(record.partition == 1, f"{shows}: partition {record.partition}")


def test(scratch, version):
    kafka = Kafka(scratch, version, **RESTARTS).start()
    say("the broker is ready")
    kafka.create("t", 2)
    path = scratch / "records.jsonl"
    path.write_text("".join(json.dumps({"ts": 1700000000123, "partition": 1, **line}) + "\n"
                            for _, line, *_ in RECORDS))
    check(json.loads(kafka.fill("t", path)) == {"delivered": len(RECORDS)}, "all delivered")
    read_back(kafka)
    check(kafka.watermarks("t")[1] == {"partition": 1, "low": 0, "stable": len(RECORDS), "high": len(RECORDS)},
          f"watermarks {kafka.watermarks('t')}")
    check(kafka.committed("nobody", "t") == {0: None, 1: None}, "a group that never was has no offsets")

    kafka.kill()
    kafka.start()
    say("the broker is back after kill -9")
    read_back(kafka)


main(test, "fixture")
