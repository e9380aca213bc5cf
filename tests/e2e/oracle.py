"""What must be true of the topics when the program has read everything. Shares no code with the program."""

import collections
import json

from fixture import check, say
from generate import HEADER

ERROR = "groundswell.error."


def read_manifest(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def some(things, n=5):
    things = sorted(things)
    return f"{len(things)}: {', '.join(map(str, things[:n]))}{' …' if len(things) > n else ''}"


def check_each_once(what, found, wanted, records=()):
    """found and wanted hold the same things, each once. With the records that they were found in, in the same order, a
    failure says where the first copies are."""
    counts = collections.Counter(found)
    twice = sorted(thing for thing, n in counts.items() if n > 1)
    for thing, record in zip(found, records):
        if thing in twice[:3]:
            say(f"a copy of {thing}: {record.fate()}")
    lost = set(wanted) - set(counts)
    strange = set(counts) - set(wanted)
    check(not lost and not twice and not strange,
          f"{what}: lost {some(lost)}; more than once {some(twice)}; not expected {some(strange)}")


def check_tagged(records, manifest):
    """Every good message once, valid, with its headers."""
    by_id = {row["id"]: row["n"] for row in manifest if "id" in row}
    tagged = [record.json() for record in records]
    check_each_once("tagged", [t["id"] for t in tagged], by_id, records)
    for record, message in zip(records, tagged):
        check(record.header(HEADER) == str(by_id[message["id"]]),
              f"tagged {message['id']}: header {HEADER} is {record.header(HEADER)}")
        p = message["sentiment"]["p"]
        check(set(p) == {"negative", "neutral", "positive"} and abs(sum(p.values()) - 1) < 1e-3,
              f"tagged {message['id']}: probabilities {p}")
        check(message.get("text") or message.get("title"), f"tagged {message['id']}: no text")
    return tagged


def check_dlq(records, raw, manifest):
    """Every poison record once, byte for byte, with the code and the place it came from."""
    codes = {row["n"]: row["code"] for row in manifest if "code" in row}
    originals = {(r.partition, r.offset): r for r in raw}
    check_each_once("dlq", [int(r.header(HEADER)) for r in records], codes, records)
    for record in records:
        n = int(record.header(HEADER))
        place = (int(record.header(ERROR + "partition")), int(record.header(ERROR + "offset")))
        original = originals.get(place)
        check(original is not None, f"dlq {n}: it says it came from {place}")
        check(original.header(HEADER) == str(n), f"dlq {n}: at {place} is record {original.header(HEADER)}")
        check(record.key == original.key, f"dlq {n}: key {record.key!r}, not {original.key!r}")
        check(record.value == original.value, f"dlq {n}: the value is not the original's")
        kept = [header for header in record.headers if not header[0].startswith(ERROR)]
        check(kept == original.headers, f"dlq {n}: headers {kept}, not {original.headers}")
        check(record.header(ERROR + "code") == codes[n],
              f"dlq {n}: code {record.header(ERROR + 'code')} ({record.header(ERROR + 'message')}), not {codes[n]}"
              f" for {original.value[:80] if original.value else original.value!r}")
        check(record.header(ERROR + "message"), f"dlq {n}: no message")
        check(record.header(ERROR + "stage") == "tag", f"dlq {n}: stage {record.header(ERROR + 'stage')}")


# The defaults of watch.event_risks and event_min_p, and the number of companies past which a text is a round-up.
GRAVE = {"default", "accounting_fraud", "suspected_fraud", "suspected_crime", "illegal_fundraising",
         "withdrawal_trouble", "absconding", "business_closure", "sanctions", "data_breach",
         "accident"}
GRAVE_FROM, ROUND_UP = 0.5, 3


def risk_events(message):
    """Grave risks, each with each company."""
    companies = {e["id"] for e in message.get("entities", [])}
    if len(companies) > ROUND_UP:
        return set()
    return {f"risk:{r['label']}@{company}" for r in message["risks"] if r["label"] in GRAVE and r["p"] >= GRAVE_FROM
            for company in companies}


def keys_of(message):
    """The keys for which a tagged message counts."""
    keys = {f"source:{message['source']}"}
    keys |= {f"topic:{t['label']}" for t in message["topics"]}
    keys |= {f"risk:{r['label']}" for r in message["risks"]}
    keys |= {f"entity:{e['id']}" for e in message.get("entities", [])}
    return keys | risk_events(message)


def places_of(observations):
    """(key, id) of each record, which is under the key that it counts for."""
    found = []
    for record in observations:
        observation = record.json()
        check(record.key.decode() == observation["key"],
              f"observation of {observation['id']}: record key {record.key!r}, counted for {observation['key']}")
        found.append((observation["key"], observation["id"]))
    return found


def check_observations(records, tagged):
    """One per message × key that the tagged record names, under the key it counts for, and no other."""
    wanted = {(key, message["id"]) for message in tagged for key in keys_of(message)}
    check_each_once("observations", places_of(records), wanted, records)


def check_partitions(records):
    """A key lives in one partition, or one process could not own its window."""
    homes = collections.defaultdict(set)
    for record in records:
        homes[record.key].add(record.partition)
    split = [key.decode() for key, places in homes.items() if len(places) > 1]
    check(not split, f"keys in several partitions: {some(split)}")


def check_exactly_once(kafka, topics, manifest):
    """The whole of it, of the tag stage."""
    raw = kafka.dump(topics["raw"])
    check_each_once("the input", [int(r.header(HEADER)) for r in raw], [row["n"] for row in manifest], raw)
    tagged = check_tagged(kafka.dump(topics["tagged"]), manifest)
    check_dlq(kafka.dump(topics["dlq"]), raw, manifest)
    observations = kafka.dump(topics["observations"])
    check_observations(observations, tagged)
    check_partitions(observations)
    for topic in topics.values():
        for row in kafka.watermarks(topic):
            check(row["stable"] == row["high"], f"{topic}: a transaction is still open: {row}")
    return tagged


def count_aborted(kafka, topic):
    """Records that only a read_uncommitted reader sees: written by transactions that did not commit."""
    def places(*flags):
        return {(r.partition, r.offset) for r in kafka.dump(topic, "--no-values", *flags)}
    return len(places("--uncommitted") - places())
