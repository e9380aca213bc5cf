#!/usr/bin/env python3
"""Puts texts and labels together again.

    join_labels.py LABELS DATA_FOLDER OUT

LABELS has a line a text: the SHA-256 of its UTF-8 bytes, and what was read in it (README.md beside this file). The
texts belong to others and are not kept here: they are looked for in all .jsonl files of DATA_FOLDER. OUT gets the
rows of which the text was found, in the order of LABELS, in the form of the other labelled sets. Says how many were
found; exit status 1 when any is missing.

Python's own library only.
"""
import hashlib
import json
import pathlib
import sys

NAMES = {"N": "negative", "O": "neutral", "P": "positive"}


def find_texts(folder, wanted):
    found = {}
    for path in sorted(pathlib.Path(folder).rglob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                text = json.loads(line).get("text")
                if not isinstance(text, str):
                    continue
                text = text.strip()
                digest = hashlib.sha256(text.encode()).hexdigest()
                if digest in wanted:
                    found[digest] = text
    return found


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    labels = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
    texts = find_texts(sys.argv[2], {row["sha256"] for row in labels})
    n_found = 0
    with open(sys.argv[3], "w", encoding="utf-8") as out:
        for row in labels:
            text = texts.get(row["sha256"])
            if text is None:
                continue
            n_found += 1
            raw = text.encode()
            entities = [
                {"name": raw[start:end].decode(), "sentiment": NAMES[sign], "start": start, "end": end}
                for start, end, sign in row["entities"]
            ]
            made = {
                "id": "read-" + row["sha256"][:16],
                "text": text,
                "lang": row["lang"],
                "set": row["set"],
                "sentiment": NAMES[row["sentiment"]],
                "topics": row["topics"],
                "risks": row["risks"],
                "entities": entities,
            }
            out.write(json.dumps(made, ensure_ascii=False) + "\n")
    print(f"{n_found} of {len(labels)} texts found", file=sys.stderr)
    sys.exit(0 if n_found == len(labels) else 1)


if __name__ == "__main__":
    main()
