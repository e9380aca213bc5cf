"""Broken model.safetensors: (name, what is broken in the tiny BERT, words of the refusal)."""
import json
import struct

from good import HIDDEN, LABELS, POSITIONS, VOCAB, WIDE, Special, bert, dump, tensors

WORDS = "bert.embeddings.word_embeddings.weight"
QUERY = "bert.encoder.layer.1.attention.self.query.weight"
FEED = "bert.encoder.layer.0.intermediate.dense.weight"
GOOD = tensors("bert.").pack()
HEADER = struct.unpack("<Q", GOOD[:8])[0]
FILE = "model.safetensors"


def with_file(content):
    files = bert()
    files[FILE] = content
    return files


def changed(change):
    """The tensors after change(tensors)."""
    t = tensors("bert.")
    change(t)
    return with_file(t.pack())


def header(text, data=b""):
    text = text if isinstance(text, bytes) else text.encode()
    return with_file(struct.pack("<Q", len(text)) + text + data)


def rewritten(old, new):
    """The good header's text with one part replaced, the data as it was."""
    t = tensors("bert.")
    text = t.header().decode()
    assert old in text, old
    return with_file(t.pack(text.replace(old, new, 1).encode()))


def place(t, name):
    return f'"data_offsets": [{t.row(name)[3]}, {t.row(name)[4]}]'


def moved(name, start, end):
    t = tensors("bert.")
    return rewritten(place(t, name), f'"data_offsets": [{start}, {end}]')


def shaped(old, new):
    return rewritten(f'"shape": {json.dumps(old)}', f'"shape": {new}')


def at(t, name):
    return t.row(name)[3:]


def int8(change, metadata=None):
    """A folder as `quantize` writes it, with one matrix in I8."""
    t = tensors("bert.")
    t.metadata = {"format": "groundswell-int8", "version": "1"} if metadata is None else metadata
    t.replace(QUERY, [HIDDEN, HIDDEN], values=[1] * HIDDEN ** 2, dtype="I8", code="b")
    t.add(QUERY + "_scale", [HIDDEN], values=[0.1] * HIDDEN)
    change(t)
    return with_file(t.pack())


def only(name, content=b""):
    """Another file instead of model.safetensors."""
    files = bert()
    del files[FILE]
    files[name] = content
    return files


T = tensors("bert.")
START, END = at(T, QUERY)
LAST = max(row[4] for row in T.rows)
DEEP = 50000
MANY = "{" + ",".join(f'"t{i}":{{"dtype":"I8","shape":[0],"data_offsets":[0,0]}}'
                      for i in range(5000)) + "}"

ROWS = [
    # ---- cut, or longer than it says
    ("empty file", lambda: with_file(b""), "shorter than its header's length"),
    ("seven bytes", lambda: with_file(GOOD[:7]), "shorter than its header's length"),
    ("the length alone", lambda: with_file(GOOD[:8]), "does not fit"),
    ("cut in the header", lambda: with_file(GOOD[:8 + HEADER // 2]), "does not fit"),
    ("cut behind the header", lambda: with_file(GOOD[:8 + HEADER]), "outside the file"),
    ("cut in the first tensor", lambda: with_file(GOOD[:8 + HEADER + 100]), "outside the file"),
    ("cut in the middle", lambda: with_file(GOOD[:(8 + HEADER + len(GOOD)) // 2]), "outside the file"),
    ("one byte cut", lambda: with_file(GOOD[:-1]), "outside the file"),
    ("one byte more", lambda: with_file(GOOD + b"\0"), "1 bytes at the end belong to no tensor"),
    ("twice the file", lambda: with_file(GOOD + GOOD), "at the end belong to no tensor"),
    # ---- the header's length
    ("header length 0", lambda: with_file(struct.pack("<Q", 0) + GOOD[8:]), "does not begin with {"),
    ("header length of all ones", lambda: with_file(b"\xff" * 8 + GOOD[8:]), "does not fit"),
    ("header length 2^63", lambda: with_file(struct.pack("<Q", 1 << 63) + GOOD[8:]), "does not fit"),
    ("header length of the whole file",
     lambda: with_file(struct.pack("<Q", len(GOOD)) + GOOD[8:]), "does not fit"),
    ("header length one short", lambda: with_file(struct.pack("<Q", HEADER - 1) + GOOD[8:]), "not JSON"),
    ("header above the limit, in a file of its size",
     lambda: with_file(Special("sparse 100000100", struct.pack("<Q", 100000001) + b"{")), "does not fit"),
    ("header of 99 MB of nothing",
     lambda: with_file(Special("sparse 99000008", struct.pack("<Q", 99000000) + b"{")), "not JSON"),
    # ---- not the JSON of a header
    ("begins with a space", lambda: header(" {}"), "does not begin with {"),
    ("begins with a byte order mark", lambda: header(b"\xef\xbb\xbf{}"), "does not begin with {"),
    ("a list", lambda: header("[]"), "does not begin with {"),
    ("UTF-16", lambda: header("{}".encode("utf-16")), "does not begin with {"),
    ("not UTF-8", lambda: header(b'{"\xff\xfe":{}}'), "not UTF-8"),
    ("NUL in the header", lambda: header(b"{\0}"), "not JSON"),
    ("not closed", lambda: header('{"a":'), "tensor a: is not an object"),
    ("something behind the JSON", lambda: header("{}x"), "something follows"),
    ("a pickle", lambda: with_file(b"\x80\x02}q\x00(X\x06\x00\x00\x00weightq\x01K\x00u."), "does not fit"),
    ("a zip", lambda: with_file(b"PK\x03\x04" + bytes(200)), "does not fit"),
    ("a depth bomb of lists", lambda: header('{"a":' + "[" * DEEP + "]" * DEEP + "}"), "is not an object"),
    ("a depth bomb of objects", lambda: header('{"a":' * DEEP + "0" + "}" * DEEP), "tensor a: "),
    ("a depth bomb in metadata", lambda: header('{"__metadata__":{"a":' + "[" * DEEP + "]" * DEEP + "}}"),
     "not a text"),
    ("a number in metadata", lambda: header('{"__metadata__":{"epoch":3}}'), "not a text"),
    ("metadata is a list", lambda: header('{"__metadata__":[]}'), "__metadata__ is not an object"),
    ("a key of metadata twice", lambda: header('{"__metadata__":{"a":"1","a":"2"}}'), "a key twice"),
    ("5000 tensors", lambda: header(MANY), "more than 4096 tensors"),
    ("a name of 10,000 letters", lambda: header('{"' + "n" * 10000 + '":{}}'), "name is longer than"),
    ("a line break in a name", lambda: header('{"a\\nERROR all is well":{}}'), "not ASCII"),
    ("a tensor twice", lambda: duplicated(), "there are two of this name"),
    ("a tensor twice, once escaped", lambda: duplicated("\\u0063"), "there are two of this name"),
    ("dtype twice", lambda: rewritten('"dtype": "F32"', '"dtype": "F32", "dtype": "F32"'), "dtype is not one"),
    ("a member too many", lambda: rewritten('"dtype": "F32"', '"strides": [8, 1], "dtype": "F32"'),
     "a member besides"),
    # ---- places and shapes
    ("two tensors overlap", lambda: moved(QUERY, START - 4, END - 4), "overlap another's"),
    ("two tensors are one", lambda: moved(QUERY, *at(T, QUERY.replace("1", "0"))), "overlap another's"),
    ("a hole", lambda: moved(QUERY, START + 4, END + 4), "have a hole before them"),
    ("a hole of one dropped entry", lambda: holed(), "have a hole before them"),
    ("backwards offsets", lambda: moved(QUERY, END, START), "outside the file"),
    ("a negative offset", lambda: moved(QUERY, -4, END), "data_offsets is not one pair"),
    ("an offset with a fraction", lambda: moved(QUERY, f"{START}.0", END), "data_offsets is not one pair"),
    ("an offset beyond 64 bits", lambda: moved(QUERY, START, 1 << 64), "data_offsets is not one pair"),
    ("an offset beyond the file", lambda: moved(QUERY, START, 1 << 40), "outside the file"),
    ("a shape whose product overflows", lambda: shaped([VOCAB, HIDDEN], [1 << 33, 1 << 33]), "larger than the file"),
    ("a shape whose product wraps to the right size",
     lambda: shaped([VOCAB, HIDDEN], [(1 << 64) // 8 + VOCAB, HIDDEN]), "larger than the file"),
    ("a huge shape", lambda: shaped([VOCAB, HIDDEN], [4000000000, 8]), "larger than the file"),
    ("a negative shape", lambda: shaped([VOCAB, HIDDEN], [-VOCAB, -HIDDEN]), "shape is not one list"),
    ("a shape beyond 64 bits", lambda: shaped([VOCAB, HIDDEN], [1 << 70, HIDDEN]), "shape is not one list"),
    ("nine dimensions", lambda: shaped([VOCAB, HIDDEN], [VOCAB, HIDDEN] + [1] * 7), "up to 8 whole numbers"),
    ("a shape that is a text", lambda: shaped([VOCAB, HIDDEN], '"24,8"'), "shape is not one list"),
    ("shape and offsets disagree", lambda: shaped([VOCAB, HIDDEN], [VOCAB, HIDDEN - 1]), "disagree"),
    ("a type nobody has", lambda: rewritten('"F32"', '"F12"'), "dtype is unknown"),
    ("a type that is a number", lambda: rewritten('"F32"', "32"), "dtype is not one text"),
    # ---- tensors that are not what config.json asks for
    ("the wrong vocabulary", lambda: changed(lambda t: t.replace(WORDS, [VOCAB - 1, HIDDEN])),
     WORDS + " is [23, 8], config.json makes it [24, 8]"),
    ("too few positions",
     lambda: changed(lambda t: t.replace("bert.embeddings.position_embeddings.weight", [POSITIONS // 2, HIDDEN])),
     "position_embeddings.weight is [8, 8], config.json makes it [16, 8]"),
    ("one token type", lambda: changed(lambda t: t.replace("bert.embeddings.token_type_embeddings.weight", [1, HIDDEN])),
     "token_type_embeddings.weight is [1, 8]"),
    ("another number of labels", lambda: changed(lambda t: t.replace("classifier.weight", [LABELS + 1, HIDDEN])),
     "classifier.weight is [4, 8], config.json makes it [3, 8]"),
    ("a matrix lying on its side", lambda: changed(lambda t: t.replace(FEED, [HIDDEN, WIDE])),
     "is [8, 12], config.json makes it [12, 8]"),
    ("a matrix in one dimension", lambda: changed(lambda t: t.replace(FEED, [HIDDEN * WIDE])), "is [96], config.json"),
    ("a matrix in three", lambda: changed(lambda t: t.replace(FEED, [WIDE, HIDDEN, 1])), "is [12, 8, 1], config.json"),
    ("an empty matrix", lambda: changed(lambda t: t.replace(FEED, [0, HIDDEN])), "is [0, 8], config.json"),
    ("no words", lambda: changed(lambda t: t.drop(WORDS)), "word_embeddings.weight is missing"),
    ("no positions", lambda: changed(lambda t: t.drop("bert.embeddings.position_embeddings.weight")),
     "position_embeddings.weight is missing"),
    ("no query in the second layer", lambda: changed(lambda t: t.drop(QUERY)), QUERY + " is missing"),
    ("no bias", lambda: changed(lambda t: t.drop(QUERY.replace("weight", "bias"))), "query.bias is missing"),
    ("no LayerNorm", lambda: changed(lambda t: t.drop("bert.embeddings.LayerNorm.bias")), "LayerNorm.bias is missing"),
    ("no classifier", lambda: changed(lambda t: t.drop("classifier.weight")), "classifier.weight is missing"),
    ("no pooler", lambda: changed(lambda t: t.drop("bert.pooler.dense.weight")), "pooler.dense.weight is missing"),
    ("a third layer", lambda: changed(lambda t: t.add(QUERY.replace("1", "2"), [HIDDEN, HIDDEN])),
     "but config.json has 2 layers"),
    ("nothing but a header", lambda: header("{}"), "word_embeddings.weight is missing"),
    # ---- numbers
    ("NaN", lambda: changed(lambda t: t.poke(WORDS, 191, float("nan"))), WORDS + " holds NaN"),
    ("infinity", lambda: changed(lambda t: t.poke(QUERY, 0, float("inf"))), QUERY + " holds NaN, infinity"),
    ("minus infinity in a bias", lambda: changed(lambda t: t.poke("classifier.bias", 2, float("-inf"))),
     "classifier.bias holds NaN, infinity"),
    ("a NaN of odd bits", lambda: changed(lambda t: t.poke(WORDS, 5, 0xFF800001, "I")), WORDS + " holds NaN"),
    ("infinity in F16", lambda: changed(lambda t: t.replace(
        FEED, [WIDE, HIDDEN], values=[0] * 95 + [0x7C00], dtype="F16", code="H")), FEED + " holds NaN, infinity"),
    ("NaN in BF16", lambda: changed(lambda t: t.replace(
        FEED, [WIDE, HIDDEN], values=[0] * 95 + [0x7FC0], dtype="BF16", code="H")), FEED + " holds NaN"),
    ("a number of 1e30", lambda: changed(lambda t: t.poke(FEED, 3, 1e30)), "a number beyond 1000000"),
    ("words of I64", lambda: changed(lambda t: t.replace(
        WORDS, [VOCAB, HIDDEN], values=[1] * VOCAB * HIDDEN, dtype="I64", code="q")), "not of type F32, F16 or BF16"),
    ("a matrix of F64", lambda: changed(lambda t: t.replace(FEED, [WIDE, HIDDEN], dtype="F64", code="d")),
     "not of type F32, F16 or BF16"),
    ("I8 from somebody else", lambda: int8(lambda t: None, {"format": "pt"}), "not made by `groundswell quantize`"),
    ("I8 without its scales", lambda: int8(lambda t: t.drop(QUERY + "_scale")), "weight_scale is missing"),
    ("a negative scale", lambda: int8(lambda t: t.poke(QUERY + "_scale", 3, -0.1)), "a factor that is not positive"),
    ("a scale of NaN", lambda: int8(lambda t: t.poke(QUERY + "_scale", 3, float("nan"))), "weight_scale holds NaN"),
    ("scales for another matrix", lambda: int8(lambda t: t.replace(QUERY + "_scale", [HIDDEN + 1])),
     "weight_scale is [9], config.json makes it [8]"),
    ("smoothing by 0", lambda: int8(lambda t: t.add(
        QUERY.replace("weight", "smooth"), [HIDDEN], values=[0.0] * HIDDEN)), "a factor that is not positive"),
    ("int8 of a later version", lambda: int8(lambda t: None, {"format": "groundswell-int8", "version": "9"}),
     'version "9" is not'),
    # ---- files that are not there, or are no files
    ("no weights", lambda: only("README.md"), "No such file"),
    ("pickle only", lambda: only("pytorch_model.bin", b"\x80\x02."), "pytorch_model.bin: pickle is never read"),
    ("weights in several files", lambda: only("model.safetensors.index.json", dump({"weight_map": {}})),
     "the weights are in several files"),
    ("weights are a folder", lambda: with_file(Special("dir")), "not a regular file"),
    ("weights are a pipe", lambda: with_file(Special("fifo")), "not a regular file"),
    ("weights are a link to nothing", lambda: with_file(Special("link nowhere")), "No such file"),
    ("weights are a link to itself", lambda: with_file(Special("link model.safetensors")), "symbolic links"),
    ("weights are /dev/zero", lambda: with_file(Special("link /dev/zero")), "not a regular file"),
]


def duplicated(first="c"):
    """classifier.bias a second time, at the end."""
    t = tensors("bert.")
    text = t.header().decode()[:-1]
    more = (f',"{first}lassifier.bias":' + json.dumps(
        {"dtype": "F32", "shape": [LABELS], "data_offsets": [LAST, LAST + 4 * LABELS]}) + "}")
    t.data += bytes(4 * LABELS)
    return with_file(t.pack((text + more).encode()))


def holed():
    """The bytes of query without their entry."""
    t = tensors("bert.")
    t.rows.remove(t.row(QUERY))
    return with_file(t.pack())


ROWS = [(name, build, (FILE if "pickle only" not in name and "several" not in name else "", words))
        for name, build, words in ROWS]
