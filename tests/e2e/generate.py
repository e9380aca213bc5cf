#!/usr/bin/env python3
"""generate.py --n N --seed S --records FILE --manifest FILE: messages for the raw topic, poison among them.

The records are lines for `kafkatool fill`; the manifest says of each what must come of it: {"n":0,"id":"…"} is
tagged, {"n":1,"code":"bad_json"} goes to the dead-letter queue. Record n carries the header "n". The same seed
gives the same records, but for their times, which end now.
"""

import argparse
import base64
import json
import random
import time

MAX_RECORD_BYTES = 65536  # the configuration of the tests says the same (config.py)
HEADER = "n"

# Companies that do not exist; the tests' watchlist knows some of them.
NAMES = ["Norvane Holdings", "Quillmark Energy", "Tessaro Foods", "Bravik Shipping", "Oltera Bank", "Zenthi Chips",
         "云杉重工", "海澜光电", "北岭银行", "金沐医药", "远桥物流", "星澄科技"]
EN = ["shares of {n} fall after weak results", "{n} raises full-year guidance", "{n} denies fraud allegations",
      "analysts cut {n} to sell on falling margins", "{n} to buy back $200m of stock", "{n} recalls product line",
      "regulator opens probe into {n}", "{n} wins a ten-year supply contract"]
ZH = ["{n}业绩大幅下滑，股价跌停", "{n}获得大额订单，前景看好", "{n}被监管部门立案调查", "{n}宣布回购计划",
      "{n}高管减持引发担忧", "{n}新产品发布，市场反应平淡", "{n}债务违约风险上升", "{n}净利润同比增长三成"]
TAILS = ["", "", "", " 😀", " &amp; more", " <b>breaking</b>", " http://example.com/a?b=c", " @someone", " $XYZ",
         "　全角ＡＢＣ１２３", " caf\u00e9 cafe\u0301", "\u200b\ufeff hidden", " line\nbreak\ttab", " “quotes” …",
         # What a careless regular expression chokes on.
         " " + "a" * 3000 + "!", " " + "1-" * 1500, " " + "x@" * 1500, " " + "(" * 2000]


def when(rng, ms):
    """One moment in the ways that feeds write it."""
    seconds = ms // 1000
    utc = time.gmtime(seconds)
    return rng.choice([
        lambda: ms,
        lambda: seconds,
        lambda: str(ms),
        lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", utc),
        lambda: time.strftime("%Y-%m-%dT%H:%M:%S", utc) + f".{ms % 1000:03d}+00:00",
        lambda: time.strftime("%a, %d %b %Y %H:%M:%S +0000", utc),
    ])()


def good(rng, n, ms):
    """A message that must be tagged."""
    name = rng.choice(NAMES)
    line = rng.choice(EN if name.isascii() else ZH).format(n=name)
    message = {"id": f"m-{n:07d}", "ts": when(rng, ms), "source": rng.choice(["wire", "forum", "blog", "报社"])}
    shape = rng.random()
    if shape < 0.4:
        message["text"] = line + rng.choice(TAILS)
    elif shape < 0.6:
        message["title"] = line
    else:
        message["title"] = line
        message["text"] = f"{line}. {rng.choice(EN).format(n=rng.choice(NAMES))}{rng.choice(TAILS)}"
    if rng.random() < 0.2:
        message.update(url="https://example.com/" + str(n), author="作者", lang=rng.choice(["en", "zh"]),
                       unknown={"deep": [1, {"x": None}]}, number=-1.5e3)
    return json.dumps(message, ensure_ascii=rng.random() < 0.5).encode()


def poison(rng, n, ms):
    """(code, value): a record that must not be tagged, and why."""
    now = when(rng, ms)
    base = {"id": f"p-{n:07d}", "ts": now, "source": "wire", "text": "results are out"}

    def with_(**changes):
        return json.dumps({**base, **changes}, ensure_ascii=False).encode()

    text = with_()
    cases = [
        ("null_value", None),
        ("too_large", with_(text="long " * (MAX_RECORD_BYTES // 5 + 1))),
        ("too_large", b"\xff" * (MAX_RECORD_BYTES * 3)),
        ("bad_utf8", text.replace(b"results", b"resu\xfflts")),
        ("bad_utf8", text.replace(b"results", b"resu\xc0\xaflts")),
        ("bad_utf8", text.replace(b"results", b"resu\xed\xa0\x80lts")),
        ("bad_utf8", text.replace(b"results", b"resu\xf4\x90\x80\x80lts")),
        ("bad_json", text[:rng.randrange(1, len(text))]),
        ("bad_json", b""),
        ("bad_json", b"   "),
        ("bad_json", b"results are out"),
        ("bad_json", text + b"{}"),
        ("bad_json", text.replace(b'"source"', b'"id"')),
        ("bad_json", text.replace(b"results", b"res\x00ults")),
        ("bad_json", text.replace(b"results", b"res\x01ults")),
        ("bad_json", text.replace(b'"text"', b'"te\\u0000xt"')),
        ("bad_json", text.replace(b"{", b"{,", 1)),
        ("too_deep", b'{"text":"x","a":' + b"[" * 10000 + b"]" * 10000 + b"}"),
        ("too_deep", b'{"a":' * 4000 + b"1" + b"}" * 4000),
        ("not_object", b"[1,2,3]"),
        ("not_object", b'"results are out"'),
        ("not_object", b"42"),
        ("not_object", b"null"),
        ("wrong_type", with_(text=42)),
        ("wrong_type", with_(title=["results"])),
        ("wrong_type", with_(ts={"epoch": 1})),
        ("wrong_type", with_(id=[])),
        ("wrong_type", with_(source={"name": "wire"})),
        ("no_text", with_(text="")),
        ("no_text", with_(text=" \t\n\u3000")),
        ("no_text", with_(text="\u200b\u200c\ufeff")),
        ("no_text", with_(text="<script>alert('results')</script>")),
        ("no_text", b'{"id":"x","source":"wire"}'),
        ("bad_time", with_(ts="yesterday at noon")),
        ("bad_time", with_(ts="2026-13-45T00:00:00Z")),
        ("bad_time", with_(ts="2023-02-29T00:00:00Z")),
        ("future_time", with_(ts="2999-01-01T00:00:00Z")),
        ("future_time", with_(ts=ms + 400 * 86400 * 1000)),
        ("ancient_time", with_(ts="1969-12-31T23:59:59Z")),
        ("ancient_time", with_(ts="Mon, 01 Jan 1900 00:00:00 GMT")),
    ]
    # Round robin, so that each case is there when there are enough records.
    return cases[n // POISON_EVERY % len(cases)]


POISON_EVERY = 40


def b64(data):
    return base64.b64encode(data).decode()


def generate(n_records, seed, records_path, manifest_path, poison_every=POISON_EVERY, first=0):
    """Writes both files; poison_every=0 is no poison."""
    rng = random.Random(seed)
    start_ms = int(time.time() * 1000) - n_records * 100
    with open(records_path, "w", encoding="utf-8") as records, open(manifest_path, "w", encoding="utf-8") as manifest:
        for n in range(first, first + n_records):
            code, value = None, None
            if poison_every and n % poison_every == poison_every - 1:
                code, value = poison(rng, n, start_ms + (n - first) * 100)
            else:
                value = good(rng, n, start_ms + (n - first) * 100)
            headers = [[HEADER, str(n)]]
            if rng.random() < 0.1:
                headers += [["traceparent", f"00-{rng.getrandbits(128):032x}-{rng.getrandbits(64):016x}-01"],
                            ["bytes", None, b64(bytes([0, 255, n % 256]))], ["null", None], ["", ""]]
            key = rng.choice([None, f"k{n % 17}", f"k{n % 17}", "ключ"])
            record = {"key": key, "value_b64": None if value is None else b64(value), "headers": headers}
            records.write(json.dumps(record) + "\n")
            manifest.write(json.dumps({"n": n, "code": code} if code else {"n": n, "id": f"m-{n:07d}"}) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--poison-every", type=int, default=POISON_EVERY)
    parser.add_argument("--records", required=True)
    parser.add_argument("--manifest", required=True)
    options = parser.parse_args()
    generate(options.n, options.seed, options.records, options.manifest, options.poison_every, options.first)


if __name__ == "__main__":
    main()
