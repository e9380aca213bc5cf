#!/usr/bin/env python3
"""curves.py FOLDER: the events that a fine-tuning left, as TensorBoard reads them, against its train.jsonl."""
import json
import math
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

folder = sys.argv[1]
events = EventAccumulator(folder + "/tensorboard", size_guidance={"scalars": 0})
events.Reload()
with open(folder + "/train.jsonl", encoding="utf-8") as file:
    lines = [json.loads(line) for line in file]
steps = [line for line in lines if line["event"] == "step"]
epochs = [line for line in lines if line["event"] == "epoch"]
assert len(epochs) == 3, epochs
an_epoch = max(line["step"] for line in steps)


def check(tag, member, expected):
    seen = [(e.step, e.value) for e in events.Scalars(tag)]
    wanted = [(step, line[member]) for step, line in expected]
    assert [s for s, _ in seen] == [s for s, _ in wanted], (tag, seen, wanted)
    for (_, a), (_, b) in zip(seen, wanted):
        assert math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-6), (tag, a, b)


by_step = [((line["epoch"] - 1) * an_epoch + line["step"], line) for line in steps]
by_epoch = [(line["epoch"] * an_epoch, line) for line in epochs]
for name, member in (("loss/all", "loss"), ("loss/sentiment", "sentiment"), ("training/learning_rate", "lr"),
                     ("training/gradient", "gradient")):
    check(name, member, by_step)
for name, member in (("validation/accuracy", "accuracy"), ("validation/negative_f1", "negative_f1"),
                     ("validation/figure", "figure")):
    check(name, member, by_epoch)
print(f"{len(by_step)} steps and {len(by_epoch)} epochs read back")
