#!/usr/bin/env python3
"""What a model is worth on a desk's texts, by language and register: tests/bench/desk_figures.py MODEL VALID [ENTITIES…]

VALID is the part that classifier/train/shipped.sh keeps from training (OUT/desk/valid.jsonl); ENTITIES are files of texts with
one entity between « and », and the sentiment toward it (split_desk.py), read by MODEL as they are. GS_PROGRAM is the program.
Prints rows of a table for the model card:

    accuracy, F1 of negative, expected calibration error (15 bins of equal width) and accuracy of the surest 70 % of sentiment;
    micro-F1 of topics and of risks, and macro-F1 of risks over labels with at least five rows

Rows of the public sets were learnt from with their public label, if not with this one: "of sets that train nothing else" is
what is left without them. Standard errors are not printed: with n rows an accuracy near .8 has one of about .4 / sqrt(n).
Python's own library only.
"""
import collections
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("GS_PROGRAM", os.path.join(ROOT, "build/release/deploy/daemon/groundswell"))
REGISTER = {
    "headlines": "cnbc guardian guardian_risk headlines reuters sentfin zh_news",
    "feeds": "rss ths finnl",
    "tweets": "stocknet stockemotions tfns tfn_topic",
    "forum": "algosenses finfe guba guba3",
    "complaints and articles": "ccf2019 finese finnsp",
}
REGISTER_OF = {name: register for register, names in REGISTER.items() for name in names.split()}
PUBLIC = set("algosenses finese finfe finnl guba3 sentfin stockemotions tfn_topic tfns zh_news".split())
BINS = 15
COVERAGE = 0.7
FEW = 5  # rows of a label below which its F1 is chance


def rows(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def tagged(model, path):
    with open(path, "rb") as file:
        done = subprocess.run([PROGRAM, "tag", "--quiet", "--model", model], stdin=file, capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def f1(right, said, true):
    return 2 * right / (said + true) if said + true else 0.0


def calibration_error(sure_and_right):
    bins = collections.defaultdict(list)
    for p, right in sure_and_right:
        bins[min(int(p * BINS), BINS - 1)].append((p, right))
    return sum(abs(sum(p for p, _ in b) - sum(r for _, r in b)) for b in bins.values()) / len(sure_and_right)


def sentiment(pairs):
    right = [(a["confidence"], a["sentiment"]["label"] == t["sentiment"]) for t, a in pairs]
    surest = sorted(right, key=lambda x: -x[0])[: max(1, round(COVERAGE * len(right)))]
    negative = [(t["sentiment"] == "negative", a["sentiment"]["label"] == "negative") for t, a in pairs]
    return (sum(r for _, r in right) / len(right),
            f1(sum(t and a for t, a in negative), sum(a for _, a in negative), sum(t for t, _ in negative)),
            calibration_error(right), sum(r for _, r in surest) / len(surest))


def labels(pairs, head):
    right, said, true = collections.Counter(), collections.Counter(), collections.Counter()
    for t, a in pairs:
        truth, answer = set(t[head]), {x["label"] for x in a[head]}
        right.update(truth & answer)
        said.update(answer)
        true.update(truth)
    common = [x for x, n in true.items() if n >= FEW]
    macro = sum(f1(right[x], said[x], true[x]) for x in common) / len(common) if common else float("nan")
    return f1(sum(right.values()), sum(said.values()), sum(true.values())), macro


def line(name, pairs):
    accuracy, negative, ece, surest = sentiment(pairs)
    topics, _ = labels(pairs, "topics")
    risks, macro = labels(pairs, "risks")
    print(f"| {name} | {len(pairs)} | {accuracy:.3f} | {negative:.3f} | {ece:.3f} | {surest:.3f} | {topics:.3f} "
          f"| {risks:.3f} | {'' if macro != macro else f'{macro:.3f}'} |")


def main(model, valid, *entities):
    truth = rows(valid)
    pairs = list(zip(truth, tagged(model, valid), strict=True))
    print("| | rows | sentiment | negative F1 | ECE | surest 70 % | topics micro | risks micro | risks macro |")
    print("|---|---|---|---|---|---|---|---|---|")
    line("all", pairs)
    for lang in ("en", "zh"):
        of = [p for p in pairs if p[0]["lang"] == lang]
        line({"en": "English", "zh": "Chinese"}[lang], of)
        line(f"{lang}, of sets that train nothing else", [p for p in of if p[0]["set"] not in PUBLIC])
        for register in REGISTER:
            part = [p for p in of if REGISTER_OF[p[0]["set"]] == register]
            if part:
                line(f"{lang}, {register}", part)
    for path in entities:
        pairs = list(zip(rows(path), tagged(model, path), strict=True))
        accuracy, negative, ece, surest = sentiment(pairs)
        print(f"| toward an entity, {pairs[0][0]['lang']} | {len(pairs)} | {accuracy:.3f} | {negative:.3f} | {ece:.3f} "
              f"| {surest:.3f} | | | |")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
