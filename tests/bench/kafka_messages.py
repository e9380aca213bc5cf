"""Messages of a given size for benchmarks: unique, English and Chinese, with addresses and numbers as such texts have."""

import json
import random
import time

import generate


def messages(first, n, size):
    """(key, JSON) pairs, each JSON at least `size` bytes and little more."""
    rng = random.Random(first)
    now = int(time.time() * 1000)
    for number in range(first, first + n):
        name = rng.choice(generate.NAMES)
        lines = generate.EN if name.isascii() else generate.ZH
        message = {"id": f"t-{number:09d}", "ts": now, "source": f"source-{number % 50}", "text": f"{number}:"}
        have = len(json.dumps(message, ensure_ascii=False).encode())
        while have < size:
            line = " " + rng.choice(lines).format(n=name) + "."
            message["text"] += line
            have += len(line.encode())
        yield f"k{number % 1000}", json.dumps(message, ensure_ascii=False)
