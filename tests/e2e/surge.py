"""A day of news about one company in event time, with a surge of bad news in it: records for `kafkatool fill`.

All of it is the same company, so that one key's window sees it; the share of bad news is 0.15 but in the surge,
where it is 0.85. What the model thinks of a line decides what the watch stage sees, so both kinds are as plain as
such lines come."""

import json
import random

BIN_MS = 300_000
PER_BIN = 12
COMPANY = "Norvane Holdings"
KEY = "entity:NRV"

BAD = ["{c} shares plunge {n}% after shock loss", "{c} slumps as profit falls {n}%, warns of further losses",
       "{c} stock tumbles {n}% on weak sales and falling margins", "analysts downgrade {c} to sell, see {n}% downside",
       "{c} cuts its outlook, shares sink {n}%", "{c} losses widen by {n} million, stock drops sharply"]
FINE = ["{c} shares rise {n}% after strong quarterly profit", "{c} beats estimates, profit up {n}%",
        "{c} raises guidance, stock jumps {n}%", "{c} wins a contract worth {n} million, shares gain",
        "analysts upgrade {c} to buy, see {n}% upside", "{c} sales grow {n}%, outlook strong"]


def records(rng, start_ms, bins, share, first):
    """Lines for `bins` bins from start_ms on; ids count up from first."""
    n = first
    for number in range(bins):
        for k in range(PER_BIN):
            bad = rng.random() < share
            text = rng.choice(BAD if bad else FINE).format(c=COMPANY, n=n)
            message = {"id": f"s-{n:06d}", "ts": start_ms + number * BIN_MS + k * (BIN_MS // PER_BIN),
                       "source": f"source-{rng.randrange(6)}", "text": text}
            yield json.dumps({"key": None, "partition": 0, "value": json.dumps(message)})
            n += 1


def write(path, seed, start_ms, bins, share, first):
    """Returns the number of the next record and the time after the last bin."""
    with open(path, "w", encoding="utf-8") as out:
        for line in records(random.Random(seed), start_ms, bins, share, first):
            out.write(line + "\n")
    return first + bins * PER_BIN, start_ms + bins * BIN_MS
