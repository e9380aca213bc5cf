"""Whether a broker kept its side of exactly once: what it wrote of transactions, read from its files.

A transaction that ends is prepared in `__transaction_state`, gets an end marker (commit or abort) in each partition
that it wrote to, and only then is complete there. lost_markers() looks for each prepared end's marker in each partition that
the record names. One that is missing is the broker's fault, whatever the client did: the records stay open, and the
producer's next end, of whatever kind, ends them too. So aborted records become readable, or committed ones are lost.
"""

import collections
import pathlib
import struct
import time

STATES = ["Empty", "Ongoing", "PrepareCommit", "PrepareAbort", "CompleteCommit", "CompleteAbort", "Dead",
          "PrepareEpochFence"]
ENDS = {"PrepareCommit": "commit", "PrepareAbort": "abort"}

# Offset of the first record, length, leader epoch, magic, CRC, attributes, last offset delta, first and last time,
# producer, its epoch, first sequence, number of records.
HEADER = struct.Struct(">qiibIhiqqqhii")
CONTROL = 0x20
COMPRESSED = 0x07

Batch = collections.namedtuple("Batch", "offset last ms producer epoch control records")
End = collections.namedtuple("End", "name producer epoch kind partitions from_ms to_ms")
Lost = collections.namedtuple("Lost", "partition end")


class Bytes:
    """A cursor over the encodings of Kafka's records and messages."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big", signed=True)

    def unsigned(self):
        """A base-128 number, its low bits first."""
        value = shift = 0
        while True:
            byte = self.number(1)
            value |= (byte & 0x7F) << shift
            if byte >= 0:
                return value
            shift += 7

    def varint(self):
        value = self.unsigned()
        return (value >> 1) ^ -(value & 1)

    def field(self):
        """A key or a value of a record; None for null."""
        size = self.varint()
        return None if size < 0 else self.take(size)


def records_of(data, n):
    """Keys and values of the n records of a batch that is not compressed."""
    cursor = Bytes(data)
    for _ in range(n):
        size = cursor.varint()
        end = cursor.at + size
        cursor.take(1)  # attributes
        cursor.varint()  # time
        cursor.varint()  # offset
        yield cursor.field(), cursor.field()
        cursor.at = end


def batches(folder):
    """All batches of a partition, in order. A tail that was not written whole ends them."""
    for path in sorted(pathlib.Path(folder).glob("*.log")):
        data = path.read_bytes()
        at = 0
        while at + HEADER.size <= len(data):
            (offset, length, _, magic, _, attributes, last, _, ms, producer, epoch, _,
             n) = HEADER.unpack_from(data, at)
            if magic != 2 or at + 12 + length > len(data):
                break
            body = data[at + HEADER.size:at + 12 + length]
            records = [] if attributes & COMPRESSED else records_of(body, n)
            yield Batch(offset, offset + last, ms, producer, epoch, bool(attributes & CONTROL), records)
            at += 12 + length


def kind_of(batch):
    """commit or abort: what a control batch says."""
    ((key, _),) = batch.records
    return "commit" if struct.unpack(">hh", key)[1] == 1 else "abort"


def partitions_of(cursor, compact):
    """The partitions that a record of the transaction log names."""
    n = cursor.unsigned() - 1 if compact else cursor.number(4)
    found = []
    for _ in range(n):
        topic = cursor.take(cursor.unsigned() - 1 if compact else cursor.number(2)).decode()
        count = cursor.unsigned() - 1 if compact else cursor.number(4)
        found += [f"{topic}-{cursor.number(4)}" for _ in range(count)]
        if compact:
            skip_tagged(cursor)
    return found


def skip_tagged(cursor):
    for _ in range(cursor.unsigned()):
        cursor.unsigned()
        cursor.take(cursor.unsigned())


def steps(folder):
    """What `__transaction_state` says, in order: (transactional id, state, time, producer, epoch, partitions)."""
    for batch in batches(folder):
        for key, value in () if batch.control else batch.records:
            if value is None or struct.unpack_from(">h", key)[0] != 0:
                continue
            name = key[4:].decode()
            cursor = Bytes(value)
            version, producer, epoch = cursor.number(2), cursor.number(8), cursor.number(2)
            cursor.take(4)  # its timeout
            state = STATES[cursor.number(1)]
            yield name, state, batch.ms, producer, epoch, partitions_of(cursor, version >= 1)


def ends(data):
    """Every end that was prepared and completed. The transaction log's records carry the time of their writing."""
    for folder in sorted(pathlib.Path(data).glob("__transaction_state-*")):
        prepared = {}
        for name, state, ms, producer, epoch, partitions in steps(folder):
            if state in ENDS:
                prepared[name] = End(name, producer, epoch, ENDS[state], partitions, ms, None)
            elif state.startswith("Complete") and name in prepared:
                yield prepared.pop(name)._replace(to_ms=ms)


def lost_markers(data):
    """Ends of transactions whose marker a partition lacks: nothing, if the broker is right."""
    complete = list(ends(data))  # first: the broker may be writing, and writes markers before it says that
    written = collections.defaultdict(list)  # (partition, producer, epoch, kind) -> times
    for folder in pathlib.Path(data).glob("*-*"):
        for batch in batches(folder) if not folder.name.startswith("__transaction_state-") else ():
            if batch.control and batch.producer >= 0:
                written[folder.name, batch.producer, batch.epoch, kind_of(batch)].append(batch.ms)
    return [Lost(partition, end) for end in complete for partition in end.partitions
            if not any(end.from_ms <= ms <= end.to_ms
                       for ms in written[partition, end.producer, end.epoch, end.kind])]


def clock(ms):
    return time.strftime("%H:%M:%S", time.localtime(ms // 1000)) + f".{ms % 1000:03d}"


def tell(lost):
    end = lost.end
    return (f"{lost.partition} has no {end.kind} marker of producer {end.producer}, epoch {end.epoch}: the transaction "
            f"of {end.name} was prepared at {clock(end.from_ms)} and called complete at {clock(end.to_ms)}")


def fate(data, partition, offset):
    """Who wrote a record and which marker ended it: for reading."""
    wrote = None
    for batch in batches(pathlib.Path(data) / partition):
        if not batch.control and batch.offset <= offset <= batch.last:
            wrote = batch
        elif wrote and batch.control and batch.producer == wrote.producer:
            return (f"{partition} at {offset}: producer {wrote.producer}, epoch {wrote.epoch}; next marker: "
                    f"{kind_of(batch)}, epoch {batch.epoch}, at {batch.offset}, {clock(batch.ms)}")
    return f"{partition} at {offset}: " + (f"producer {wrote.producer}, epoch {wrote.epoch}; no marker follows" if wrote
                                           else "not in the files")
