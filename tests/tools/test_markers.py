#!/usr/bin/env python3
"""Does tests/e2e/markers.py see it when a broker lost an end marker, and only then? On files written here, in Kafka's
format."""

import pathlib
import struct
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import markers  # noqa: E402

PRODUCER = 7


def varint(n):
    n = (n << 1) ^ (n >> 63)
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def record(key, value):
    body = b"\0" + varint(0) + varint(0) + varint(len(key)) + key + varint(len(value)) + value + varint(0)
    return varint(len(body)) + body


def batch(offset, ms, epoch, key, value, attributes=0):
    body = record(key, value)
    return markers.HEADER.pack(offset, markers.HEADER.size - 12 + len(body), 0, 2, 0, attributes, 0, ms, ms, PRODUCER,
                               epoch, 0, 1) + body


def data(offset, ms, epoch):
    return batch(offset, ms, epoch, b"k", b"v" * 200, attributes=0x10)


def marker(offset, ms, epoch, kind):
    return batch(offset, ms, epoch, struct.pack(">hh", 0, kind == "commit"), b"\0" * 6, attributes=0x30)


def compact(text):
    return bytes([len(text) + 1]) + text


def step(offset, ms, epoch, state, partitions, version):
    """A record of the transaction log: which partitions of topic t."""
    value = struct.pack(">hqhib", version, PRODUCER, epoch, 5000, markers.STATES.index(state))
    ids = b"".join(struct.pack(">i", p) for p in partitions)
    if version == 0:
        value += struct.pack(">i", 1) + struct.pack(">h", 1) + b"t" + struct.pack(">i", len(partitions)) + ids
    else:
        value += bytes([2]) + compact(b"t") + bytes([len(partitions) + 1]) + ids + b"\0"
    value += struct.pack(">qq", ms, ms) + (b"\0" if version else b"")
    return batch(offset, ms, -1, struct.pack(">hh", 0, 4) + b"lane", value)


def log(kind, version=1, complete=True):
    """A transaction that wrote to t-0 and t-1 and was prepared at 100 and complete at 200, in epoch 1."""
    steps = [(50, "Ongoing"), (100, "PrepareCommit" if kind == "commit" else "PrepareAbort")]
    if complete:
        steps.append((200, "CompleteCommit" if kind == "commit" else "CompleteAbort"))
    return b"".join(step(i, ms, 1, state, [0, 1], version) for i, (ms, state) in enumerate(steps))


BOTH = data(0, 60, 1) + marker(1, 150, 1, "abort")
CASES = [
    # what it shows, the transaction log, t-0, t-1, partitions without a marker
    ("all there", log("abort"), BOTH, BOTH, []),
    ("all there, the log in version 0", log("abort", version=0), BOTH, BOTH, []),
    ("one abort marker lost", log("abort"), BOTH, data(0, 60, 1), ["t-1"]),
    ("one abort marker lost, version 0", log("abort", version=0), BOTH, data(0, 60, 1), ["t-1"]),
    ("both lost, also where nothing was written", log("abort"), data(0, 60, 1), b"", ["t-0", "t-1"]),
    ("a commit marker lost", log("commit"), data(0, 60, 1) + marker(1, 150, 1, "commit"), data(0, 60, 1), ["t-1"]),
    ("commit where abort was meant", log("abort"), BOTH, data(0, 60, 1) + marker(1, 150, 1, "commit"), ["t-1"]),
    ("an earlier transaction's marker", log("abort"), BOTH, marker(0, 40, 1, "abort") + data(1, 60, 1), ["t-1"]),
    ("the next transaction's marker", log("abort"), BOTH, data(0, 60, 1) + marker(1, 300, 1, "abort"), ["t-1"]),
    ("a marker of the next epoch", log("abort"), BOTH, data(0, 60, 1) + marker(1, 150, 2, "abort"), ["t-1"]),
    ("written twice", log("abort"), BOTH + marker(2, 160, 1, "abort"), BOTH, []),
    ("within the millisecond", log("abort"), data(0, 60, 1) + marker(1, 100, 1, "abort"),
     data(0, 60, 1) + marker(1, 200, 1, "abort"), []),
    ("not complete yet", log("abort", complete=False), data(0, 60, 1), b"", []),
    ("a tail half written", log("abort"), BOTH + marker(2, 300, 1, "abort")[:-12], BOTH, []),
    ("no transactions", b"", data(0, 60, -1), b"", []),
]


def main():
    failed = 0
    for shows, transactions, first, second, wanted in CASES:
        with tempfile.TemporaryDirectory() as name:
            for folder, content in (("__transaction_state-0", transactions), ("t-0", first), ("t-1", second)):
                path = pathlib.Path(name) / folder
                path.mkdir()
                (path / "00000000000000000000.log").write_bytes(content)
            lost = markers.lost_markers(name)
            fate = markers.fate(name, "t-0", 0)
        found = sorted(entry.partition for entry in lost)
        told = all(entry.partition in markers.tell(entry) for entry in lost)
        if found != wanted or not told or "not in the files" in fate:
            print(f"FAILED: {shows}: lost in {found}, wanted {wanted}; {fate}")
            failed += 1
    print(f"{len(CASES) - failed} of {len(CASES)} passed")
    sys.exit(failed > 0)


main()
