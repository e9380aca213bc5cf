"""Broken groundswell.json beside a good encoder, as in rows_weights.py. The program reads it, load.c does not."""
import json

from good import Special, bert, dump

DEEP = 100000
SENTIMENT = ["negative", "neutral", "positive"]


def manifest():
    return {"format": "groundswell-encoder", "format_version": 1, "name": "tiny", "version": "1", "max_tokens": 16,
            "heads": {"sentiment": {"margin": 0.1, "temperature": {"en": 1.2},
                                    "labels": [{"id": name, "zh": "", "native": name} for name in SENTIMENT]}}}


def text(content):
    files = bert()
    files["groundswell.json"] = content
    return files


def good():
    return text(dump(manifest()))


def edited(*path):
    """The value at the path of keys becomes the last argument; DROP leaves it out."""
    *keys, last, value = path
    made = manifest()
    at = made
    for key in keys:
        at = at[key]
    at[last] = value
    if value == "DROP":
        del at[last]
    return text(dump(made))


def label(number, **members):
    made = manifest()
    made["heads"]["sentiment"]["labels"][number].update(members)
    return text(dump(made))


ROWS = [(name, build, ("groundswell.json", words)) for name, build, words in [
    ("manifest is empty", lambda: text(b""), "not a JSON object"),
    ("manifest is cut", lambda: text(dump(manifest())[:60]), "not a JSON object"),
    ("manifest is a list", lambda: text(b"[]"), "not a JSON object"),
    ("manifest is a depth bomb", lambda: text(b'{"a":' * DEEP), "not a JSON object"),
    ("manifest is 2 MB", lambda: text(b"{" + b" " * (2 << 20) + b"}"), ""),
    ("manifest has a key twice", lambda: text(dump(manifest()).replace(b'"name"', b'"name": "x", "name"')), "duplicate"),
    ("manifest has a control character", lambda: text(b'{\x1b[31m"format": 1}'), ""),
    ("manifest is a folder", lambda: text(Special("dir")), "not a regular file"),
    ("manifest is a pipe", lambda: text(Special("fifo")), "not a regular file"),
    ("manifest of another format", lambda: edited("format", "groundswell-3"), "format is not"),
    ("manifest without a format", lambda: edited("format", "DROP"), "format is not"),
    ("manifest of a later version", lambda: edited("format_version", 2), "format_version is not 1"),
    ("manifest whose name is a path", lambda: edited("name", "../../etc/passwd"), "not a plain name"),
    ("manifest whose name is a number", lambda: edited("name", 3), "not a plain name"),
    ("manifest with an unknown member", lambda: edited("max_token", 16), "max_token"),
    ("manifest with a line break in a member", lambda: edited("a\nERROR all is well", 16), "unknown member"),
    ("manifest of a billion tokens", lambda: edited("max_tokens", 10 ** 9), "max_tokens"),
    ("manifest of no tokens", lambda: edited("max_tokens", 0), "max_tokens"),
    ("manifest whose fast tier is outside", lambda: edited("fast", "../fast"), "fast"),
    ("manifest whose fast tier is not there", lambda: edited("fast", "fast"), "No such file"),
    ("manifest with gates and no fast tier", lambda: edited("cascade", {"sentiment": {"en": 0.5}}), "no fast tier"),
    ("manifest without heads", lambda: edited("heads", {}), "heads"),
    ("manifest with an unknown head", lambda: edited("heads", "mood", {"labels": []}), "mood"),
    ("manifest with a head that is a list", lambda: edited("heads", "sentiment", []), "heads.sentiment"),
    ("manifest without labels", lambda: edited("heads", "sentiment", "labels", []), "labels"),
    ("manifest with 5000 labels", lambda: edited("heads", "topics", {
        "labels": [{"id": f"l{i}", "zh": "", "native": 0} for i in range(5000)]}), "labels"),
    ("manifest with a label of no output", lambda: label(0, native="bullish"), "no such label"),
    ("manifest with an output out of range", lambda: label(0, native=3), "no such label"),
    ("manifest with a negative output", lambda: label(0, native=-1), "no such label"),
    ("manifest with sentiments out of order", lambda: label(0, id="positive"), "in this order"),
    ("manifest with a label twice", lambda: edited("heads", "topics", {
        "labels": [{"id": "a", "native": 0}, {"id": "a", "native": 1}]}), "its id was there before"),
    ("manifest with a line break in a label", lambda: label(1, zh="a\nb"), "control characters"),
    ("manifest with a threshold of 2", lambda: label(1, threshold=2), "threshold"),
    ("manifest with a temperature of 0", lambda: edited("heads", "sentiment", "temperature", "en", 0), "temperature"),
    ("manifest with a negative margin", lambda: edited("heads", "sentiment", "margin", -1), "margin"),
    ("manifest with an unknown language", lambda: edited("heads", "sentiment", "temperature", "xx", 1), "xx"),
]]
assert json.loads(good()["groundswell.json"]) == manifest()
