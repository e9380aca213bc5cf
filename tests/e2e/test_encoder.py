#!/usr/bin/env python3
"""A published encoder folder with a fast tier, in the tag stage, exactly once, through everything at once: kill -9 of
the program, a broker that is stopped and started, a new model that does not load, one that does, while messages flow.

Every good message is tagged once, by the model that its record names: `groundswell tag` on that folder says the same.
The second model calls negative what the first calls positive, so that an answer that the first has left behind, in a
pack or in the cache, would show."""

import json
import math
import os
import random
import shutil
import subprocess

import fixture
from broker import RESTARTS, Kafka, unbase64
from fixture import Failed, check, main, say, wait_for
from generate import b64, generate
from oracle import check_exactly_once, count_aborted, read_manifest
from stack import Groundswell, create_topics

RATE = 300
PARTS = ((3000, 9), (2000, 10))  # (messages, seed): through kill and outage; through the changes of the model
KILLS = 10
SAMPLE = 50
ARITHMETIC = "int8"
HEADS = ("sentiment", "topics", "risks", "tier", "confidence", "abstained", "model")
# Half of what the tiny tokenizer knows: without them most texts would be the same to the model.
WORDS = "shares profit loss warning up down bank market rises falls beats misses guidance 净利润 下降 公司 业绩 上升".split()
NATIVE = {"1": ("Bearish", "Neutral", "Bullish"), "2": ("Bullish", "Neutral", "Bearish")}


def make_folder(path, version):
    """A folder as a user makes it: what was published, a groundswell.json, and the model that is shipped as its fast tier."""
    shutil.copytree(fixture.ROOT / "tests/golden/folders/sentiment", path)
    shutil.copytree(fixture.model(), path / "fast")
    labels = [{"id": label, "zh": zh, "native": native} for label, zh, native in
              zip(("negative", "neutral", "positive"), ("负面", "中性", "正面"), NATIVE[version])]
    (path / "groundswell.json").write_text(json.dumps({
        "format": "groundswell-encoder", "format_version": 1, "name": "tiny", "version": version,
        "heads": {"sentiment": {"labels": labels}}, "fast": "fast"}), encoding="utf-8")


def switch(link, folder):
    """What model.path names is another folder from one moment to the next."""
    fresh = link.with_name("fresh")
    os.symlink(folder, fresh)
    os.replace(fresh, link)


def vary(path, manifest, seed):
    """Puts words that the tokenizer knows before the good texts; most become different ones, one in five stays a copy."""
    rng = random.Random(seed)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for line, row in zip(lines, manifest):
        if "id" in row and rng.random() < 0.8:
            message = json.loads(unbase64(line["value_b64"]))
            first = "title" if "title" in message else "text"
            message[first] = " ".join(rng.choices(WORDS, k=6)) + " " + message[first]
            line["value_b64"] = b64(json.dumps(message).encode())
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def wait_read(program):
    """Until this process has committed enough for a sample; how many records."""
    def probe():
        read = program.metric("groundswell_records_consumed_total", stage="tag") or 0
        return read if read >= 2 * SAMPLE else None
    return wait_for("records read", 20, probe)


def kill_in_transaction(kafka, program):
    """kill -9 until one has left a transaction open."""
    for kills in range(1, KILLS + 1):
        read = wait_read(program)
        program.kill()
        hit = any(row["stable"] < row["high"] for row in kafka.watermarks("tagged"))
        program.start()
        if hit:
            say(f"kill {kills}, after {read:.0f} records, hit an open transaction")
            return
    raise Failed("no kill hit a transaction: nothing is proved")


def swap(program, link, folder, result):
    """SIGHUP with another folder there; waits until the program says what came of it."""
    before = program.metric("groundswell_model_swaps_total", result=result) or 0
    switch(link, folder)
    program.signal(fixture.signal.SIGHUP)
    wait_for(f"model {result}", 10,
             lambda: (program.metric("groundswell_model_swaps_total", result=result) or 0) > before)
    say(f"SIGHUP: {folder.name}: {result}")


def check_models(records, raw):
    """Both models, one after the other: in a raw partition nothing of the first comes after the second."""
    versions = {}
    for record in records:
        message = record.json()
        check(message["model"]["name"] == "tiny", f"{message['id']}: model {message['model']}")
        check(message["tier"] == "fast+encoder", f"{message['id']}: tier {message['tier']}")
        check(not message.get("degraded"), f"{message['id']}: degraded without a deadline")
        versions[record.header("n")] = message["model"]["version"]
    counts = {v: list(versions.values()).count(v) for v in sorted(set(versions.values()))}
    say(f"tagged by version: {counts}")
    check(set(counts) == {"1", "2"} and min(counts.values()) >= SAMPLE, f"versions: {counts}")
    new = set()
    for record in sorted(raw, key=lambda r: (r.partition, r.offset)):
        version = versions.get(record.header("n"))
        check(version != "1" or record.partition not in new,
              f"record {record.header('n')} of partition {record.partition} is version 1's, after version 2")
        if version == "2":
            new.add(record.partition)


def check_answers(scratch, folder, records, raw):
    """What the topic has is what `groundswell tag` says of the same record, and p is the softmax of its logits."""
    values = {record.header("n"): record.value for record in raw}
    done = subprocess.run(
        [fixture.groundswell(), "tag", "--quiet", "--model", folder, "--arithmetic", ARITHMETIC, "--logits",
         "-c", scratch / "one.yaml"],
        input=b"\n".join(values[record.header("n")] for record in records) + b"\n", stdout=subprocess.PIPE, check=False,
        timeout=60)
    check(done.returncode == 0, f"groundswell tag: exit {done.returncode}")
    said = [json.loads(line) for line in done.stdout.splitlines()]
    check(len(said) == len(records), f"groundswell tag: {len(said)} answers to {len(records)} records")
    for record, wanted in zip(records, said):
        found = record.json()
        for name in HEADS:
            check(found[name] == wanted[name], f"answer {found['id']}: {name} {found[name]}, tag says {wanted[name]}")
        powers = [math.exp(logit) for logit in wanted["logits"]["sentiment"]]
        for label, power in zip(("negative", "neutral", "positive"), powers):
            p = found["sentiment"]["p"][label]
            check(abs(p - power / sum(powers)) < 1e-4, f"answer {found['id']}: p({label}) {p}, logits {wanted['logits']}")


def check_encoder_metrics(program):
    """Since the last start: messages were read in packs, copies were not read again."""
    packs = program.metric("groundswell_encoder_pack_messages_count")
    read = program.metric("groundswell_encoder_pack_messages_sum")
    hits = program.metric("groundswell_answer_cache_total", result="hit")
    say(f"since the last start {read:.0f} messages in {packs:.0f} packs, {hits:.0f} found in the cache")
    check(read > packs > 0, "packs of one message each")
    check(hits > 0, "no copy was found in the cache")


def test(scratch, version):
    folders = {v: scratch / f"tiny-{v}" for v in NATIVE}
    for v, folder in folders.items():
        make_folder(folder, v)
    broken = scratch / "tiny-broken"
    shutil.copytree(folders["2"], broken)
    os.truncate(broken / "model.safetensors", 5000)
    link = scratch / "model"
    switch(link, folders["1"])
    manifest = []
    for i, (n, seed) in enumerate(PARTS):
        generate(n, seed, scratch / f"records-{i}.jsonl", scratch / "manifest.jsonl", first=len(manifest))
        part = read_manifest(scratch / "manifest.jsonl")
        vary(scratch / f"records-{i}.jsonl", part, seed)
        manifest += part

    kafka = Kafka(scratch, version, **RESTARTS).start()
    topics = create_topics(kafka)
    fillers = [kafka.fill("raw", scratch / "records-0.jsonl", rate=RATE)]
    program = Groundswell(scratch, kafka, "--stage", "tag", "--set", f"model.path={link}", "--set",
                          f"model.arithmetic={ARITHMETIC}", "--set", "lanes.tag=2").start()
    kill_in_transaction(kafka, program)
    wait_read(program)
    kafka.stop()
    say("the broker is stopped")
    kafka.start()
    say("the broker is back")
    fillers.append(kafka.fill("raw", scratch / "records-1.jsonl", rate=RATE))
    swap(program, link, broken, "refused")
    swap(program, link, folders["2"], "loaded")
    check(fillers[1].running(), "everything was written before the model changed: nothing is proved")
    for filler in fillers:
        check(filler.wait(60) == 0, f"{filler.name} failed")
    program.wait_read(kafka, topics, 60)
    say("everything is read")

    check_exactly_once(kafka, topics, manifest)
    aborted = count_aborted(kafka, "tagged")
    check(aborted > 0, "no aborted record: the kill proved nothing")
    records, raw = kafka.dump("tagged"), kafka.dump("raw")
    check_models(records, raw)
    rng = random.Random(9)
    for v, folder in folders.items():
        of_version = [record for record in records if record.json()["model"]["version"] == v]
        check_answers(scratch, folder, rng.sample(of_version, SAMPLE), raw)
    say(f"{SAMPLE} answers of each version are those of groundswell tag; {aborted} aborted records")
    check_encoder_metrics(program)
    check(program.stop() == 0, "SIGTERM ends it with 0")


main(test, "encoder")
