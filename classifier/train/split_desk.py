#!/usr/bin/env python3
"""Splits the desk set's two parts by language, for one encoder a language, and marks the entities of its texts.

    split_desk.py TRAIN VALID SENTFIN LABELS OUT

writes, for each language L (en, zh):

    OUT/desk-L.jsonl, OUT/valid-L.jsonl    the rows of TRAIN and VALID as they are
    OUT/entities-L.jsonl                   texts with one entity between « and », and the sentiment toward it
    OUT/entities-valid-L.jsonl             the same of VALID, every entity
    OUT/labels-L.json                      LABELS without risks that no row of TRAIN has in that language

Entities whose sentiment differs from the message's, or that share a text with one of another sentiment, are all taken:
they are what a message's sentiment cannot tell. Of the others a quarter is enough. SENTFIN is SEntFiN's training part,
which has no offsets: an entity is its first occurrence. The same input gives the same files.

Python's own library only.
"""
import collections
import json
import os
import random
import sys

OPEN, CLOSE = "«", "»"  # in both encoders' vocabularies, rare in texts
SHARE = 0.25            # of the entities that say what the message says
LANGUAGES = ("en", "zh")


def rows(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield line, json.loads(line)


def marked(text, start, end):
    """start, end: bytes, as the desk set has them."""
    data = text.encode()
    return (data[:start] + OPEN.encode() + data[start:end] + CLOSE.encode() + data[end:]).decode()


def entity_row(row, number, text, sentiment):
    return json.dumps({"id": f"{row['id']}-e{number}", "text": text, "lang": row["lang"], "sentiment": sentiment},
                      ensure_ascii=False) + "\n"


def in_conflict(entities):
    return len({e["sentiment"] for e in entities}) > 1


def main(train, valid, sentfin, labels, out):
    os.makedirs(out, exist_ok=True)
    chance = random.Random(1)
    files = {f"{kind}-{lang}": open(f"{out}/{kind}-{lang}.jsonl", "w", encoding="utf-8")
             for kind in ("desk", "valid", "entities", "entities-valid") for lang in LANGUAGES}
    risks = {lang: collections.Counter() for lang in LANGUAGES}
    for path, kind, entity_kind in ((train, "desk", "entities"), (valid, "valid", "entities-valid")):
        for line, row in rows(path):
            lang = row["lang"]
            files[f"{kind}-{lang}"].write(line)
            if kind == "desk":
                risks[lang].update(row["risks"])
            entities = [e for e in row.get("entities") or [] if e.get("sentiment")]
            conflict = in_conflict(entities)
            for number, e in enumerate(entities):
                telling = conflict or e["sentiment"] != row.get("sentiment")
                if kind == "valid" or telling or chance.random() < SHARE:
                    text = marked(row["text"], e["start"], e["end"])
                    files[f"{entity_kind}-{lang}"].write(entity_row(row, number, text, e["sentiment"]))
    for _, row in rows(sentfin):
        conflict = in_conflict(row.get("entities") or [])
        for number, e in enumerate(row.get("entities") or []):
            before, name, after = row["text"].partition(e["name"])
            if name and (conflict or chance.random() < SHARE):
                files["entities-en"].write(
                    entity_row(row, number, before + OPEN + name + CLOSE + after, e["sentiment"]))
    for file in files.values():
        file.close()
    with open(labels, encoding="utf-8") as file:
        known = json.load(file)
    for lang in LANGUAGES:
        kept = {"topics": known["topics"], "risks": [r for r in known["risks"] if risks[lang][r["id"]]]}
        with open(f"{out}/labels-{lang}.json", "w", encoding="utf-8") as file:
            json.dump(kept, file, ensure_ascii=False)


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
