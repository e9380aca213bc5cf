"""What must be true of the topics when everything is read, whatever happened on the way. Two witnesses: the checks here
and recount.py share no code with the program; `groundswell replay` of the committed observations is the program's own
detector, on files, never killed, without Kafka, transactions, changelog or restore."""

import collections
import json
import struct
import subprocess

import fixture
from fixture import check, http_get, say, wait_for
from fleet import LATENESS_H, WATCH
from generate import HEADER
from oracle import check_dlq, check_partitions, keys_of, places_of, some
from recount import check_alerts, check_pages, recount
from stack import STREAMS, WATCHLIST
from surge import BIN_MS

REPLAY = """\
input: {{kind: stdin, format: json}}
output: {{kind: file, files: {{alerts: "-"}}}}
entities: {{watchlist: {watchlist}}}
model: {{path: {model}}}
http: {{enabled: false}}
"""


def check_as_often(what, found, wanted):
    """The same things, each as often."""
    found, wanted = collections.Counter(found), collections.Counter(wanted)
    lost, more = wanted - found, found - wanted
    check(not lost and not more, f"{what}: lost {some(map(str, lost))}; doubled {some(map(str, more))}")


def check_order(what, places):
    """places: (where it is, where it came from) in the order of the log; from one partition to another nothing overtakes."""
    last = {}
    for to, (partition, offset) in places:
        before = last.get((to, partition), -1)
        check(offset > before, f"{what}: in partition {to} offset {offset} of input {partition} stands behind {before}")
        last[to, partition] = offset


def check_tag(topics, manifest):
    """Nothing lost, nothing doubled, nothing overtaken, the dead letters exact."""
    raw = topics["raw"]
    number = lambda record: int(record.header(HEADER))  # noqa: E731
    came = {number(record): (record.partition, record.offset) for record in raw}
    check_as_often("the input", map(number, raw), [row["n"] for row in manifest])
    check_as_often("tagged", map(number, topics["tagged"]), [row["n"] for row in manifest if "id" in row])
    check_dlq(topics["dlq"], raw, manifest)
    for stream in ("tagged", "dlq"):
        check_order(stream, [(record.partition, came[number(record)]) for record in topics[stream]])
    messages = [record.json() for record in topics["tagged"]]
    found = places_of(topics["observations"])
    check_as_often("observations", found, [(key, message["id"]) for message in messages for key in keys_of(message)])
    check_partitions(topics["observations"])
    times = collections.Counter(row["id"] for row in manifest if "id" in row)
    place = {row["id"]: came[row["n"]] for row in manifest if "id" in row and times[row["id"]] == 1}
    for key in {key for key, _ in found}:  # several of one message are in one partition: a key at a time
        check_order(f"observations of {key}", [(record.partition, place[ident]) for record, (counted, ident) in
                                               zip(topics["observations"], found) if counted == key and ident in place])


def replay(scratch, partition, observations):
    """Alerts (bytes) and state of the program's own detector over the committed log of one partition."""
    log, state, config = (scratch / f"replay-{partition}.{name}" for name in ("jsonl", "state", "yaml"))
    log.write_bytes(b"".join(record.value + b"\n" for record in observations))
    (scratch / "replay.csv").write_text(WATCHLIST, encoding="utf-8")
    config.write_text(REPLAY.format(watchlist=scratch / "replay.csv", model=fixture.model()), encoding="utf-8")
    sets = [word for name, value in WATCH.items() for word in ("--set", f"{name}={value}")]
    done = subprocess.run([fixture.groundswell(), "replay", "-q", "-c", config, *sets, "--state", state, log],
                          capture_output=True, check=False, timeout=300)
    # It warns of a message that is hours ahead of those around it: one process was quicker than another.
    ahead = done.returncode == 1 and b"ahead of all others" in done.stderr and b" late" not in done.stderr
    check(done.returncode == 0 or ahead, f"replay of partition {partition}: exit {done.returncode}: {done.stderr.decode()}")
    return done.stdout.splitlines(), read_state(state)


def read_state(path):
    """Key and value of each record of a state's file (deploy/daemon/pipeline/state_file.h)."""
    data = path.read_bytes()
    at = 12
    for _ in ("program", "model"):
        at += 2 + struct.unpack_from("<H", data, at)[0]
    records = {}
    while (key_len := struct.unpack_from("<I", data, at)[0]) > 0:
        (value_len,) = struct.unpack_from("<I", data, at + 4)
        at += 8
        records[data[at:at + key_len]] = data[at + key_len:at + key_len + value_len]
        at += key_len + value_len
    return records


def kept(state, partition):
    """What a reader of the changelog has of a partition in the end: the last of each key, those taken out aside."""
    last = {record.key: record.value for record in state if record.partition == partition}
    return {key: value for key, value in last.items() if value is not None}


def windows(records):
    """Those that hold windows. A restore puts a key's open bins in another order, which says nothing: of a key the bytes are
    compared whatever their order."""
    return {key: bytes(sorted(value)) if key[:1] == b"k" else value
            for key, value in records.items() if key[:1] in (b"g", b"k", b"x", b"p")}


def first_difference(found, told):
    for i, (ours, theirs) in enumerate(zip(found, told)):
        ours, theirs = json.loads(ours), json.loads(theirs)
        for name in ours.keys() | theirs.keys():
            if ours.get(name) != theirs.get(name):
                return (f"number {i}, {ours['key']} {ours['state']} at {ours['updated_at']}: {name} is {ours.get(name)} and should "
                        f"be {theirs.get(name)}")
    return f"number {min(len(found), len(told))} is there only once"


def check_windows(scratch, topics, n_partitions):
    """Alerts and windows are those of the committed log, by both witnesses. The figures for the report."""
    n_alerts = n_records = held = 0
    keys = {}
    for partition in range(n_partitions):
        observations, alerts = ([record for record in topics[stream] if record.partition == partition]
                                for stream in ("observations", "alerts"))
        told, state = replay(scratch, partition, observations)
        found = [record.value for record in alerts]
        check(found == told, f"alerts[{partition}]: {len(found)}, the log gives {len(told)}: {first_difference(found, told)}")
        ours, theirs = windows(kept(topics["state"], partition)), windows(state)
        wrong = [key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)]
        check(not wrong, f"state[{partition}]: {some(map(repr, wrong))} of {len(theirs)} records are not those of the log")
        counted = recount(record.json() for record in observations)
        held += check_alerts([json.loads(line) for line in found], counted)
        keys.update(counted)
        n_alerts += len(found)
        n_records += len(theirs)
    return keys, {"alert records": n_alerts, "alert records counted again": held, "state records": n_records}


def check_incidents(topics, one_lane):
    """Each alert is in an incident; each incident was told to begin, and to end if its alerts have. How often something was
    told more than once: a process that is killed between the two may tell it again (deploy/docs/incidents.md). With several
    lanes of watch in a process an end may be lost: what was over while a slower lane was waited for is not kept. It is counted."""
    records = [record.json() for record in topics["incidents"]]
    alerts = [record.json() for record in topics["alerts"]]
    firing, over = ({(alert["key"], alert["id"]) for alert in alerts if alert["state"] == state} for state in ("firing", "resolved"))
    members = collections.defaultdict(set)
    for record in records:
        members[record["id"]] |= {(key["key"], key["alert"]) for key in record["keys"]}
    inside = set().union(*members.values())
    notices = collections.Counter((record["id"], record["notice"]) for record in records if record["notice"] in ("opened", "ended"))
    unopened = {ident for ident in members if not notices[ident, "opened"]}
    unended = {ident for ident in members if members[ident] <= over and not notices[ident, "ended"]}
    for record in records:
        if record["id"] in unopened | unended:
            say("{id} {updated_at} {state} {notice} {keys}".format(
                **dict(record, keys=[(key["key"], key["state"]) for key in record["keys"]])))
    check(inside <= firing, f"incidents of alerts that never fired: {some(map(str, inside - firing))}")
    if one_lane:
        check(firing <= inside, f"alerts that are in no incident: {some(map(str, firing - inside))}")
        check(not unopened, f"incidents that nobody was told have opened: {some(unopened)}")
        check(not unended, f"incidents that nobody was told have ended: {some(unended)}")
    return {"incidents": len(members), "told again": sum(n - 1 for n in notices.values()),
            "not told, several lanes": len(firing - inside) + len(unopened) + len(unended)}


def pages(programs):
    rows = []
    for program in programs:
        status, text = http_get(program.url + "/api/v1/status")
        check(status == 200, f"/api/v1/status: {status}")
        rows += json.loads(text)["keys"]
    return rows


def check_status(programs, keys, end_ms):
    closed_ms = (end_ms - LATENESS_H * 3600000) // BIN_MS * BIN_MS
    why = []

    def probe():  # the pages follow within a second or two
        try:
            why[:] = [check_pages(pages(programs), keys, closed_ms)]
        except fixture.Failed as error:
            why[:] = [str(error)]
        return isinstance(why[0], int)
    try:
        wait_for("the status pages", 8, probe)
    except fixture.Failed:
        raise fixture.Failed(why[0]) from None
    return why[0]


def count_aborted(kafka, topics):
    """Records that only a reader of uncommitted ones sees."""
    n = 0
    for stream in ("tagged", "observations", "state"):
        committed = {(record.partition, record.offset) for record in topics[stream]}
        n += sum((record.partition, record.offset) not in committed for record in kafka.dump(stream, "--no-values", "--uncommitted"))
    return n


def check_all(scratch, kafka, manifest, end_ms, programs, topology):
    """The whole of it; what was checked, in numbers."""
    for stream in ["raw", *STREAMS]:
        for row in kafka.watermarks(stream):
            check(row["stable"] == row["high"], f"{stream}: a transaction is still open: {row}")
    topics = {stream: kafka.dump(stream) for stream in ["raw", *STREAMS]}
    check(not topics["late"], f"{len(topics['late'])} observations are late: the load was too far out of order")
    check_tag(topics, manifest)
    keys, found = check_windows(scratch, topics, topology.partitions)
    found.update(check_incidents(topics, topology.watch_lanes == 1))
    found["rows of status pages counted again"] = check_status(programs, keys, end_ms)
    found["aborted records"] = count_aborted(kafka, topics)
    found.update({"messages": len(topics["raw"]), "dead letters": len(topics["dlq"]), "observations": len(topics["observations"])})
    say(f"{found}")
    return topics, found
