"""Strings that tokenizers get wrong: every plane, marks, jamo, emoji, white space of all kinds, long words, special tokens
in the middle, broken UTF-8. The same seed gives the same strings."""

import random

SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2003\u2009\u200a\u2028\u2029\u202f\u205f\u3000\u180e\u200b\u200c\u200d\ufeff\u2060"
MARKS = ("\u0300\u0301\u0302\u0303\u0308\u030a\u0316\u0323\u0327\u0328\u0338\u0345\u0334\u05b0\u05b4\u05bc\u064b\u0651"
         "\u093c\u094d\u09be\u0e38\u0e48\u0eb8\u0f71\u0f72\u0f74\u0f80\u1037\u302a\u302e\u3099\u309a\u20d0\u20dd\ufe0f\ufe20"
         "\U0001d165\U0001d16d\u0344\u0f73\u0f75\u0340\u1939\u1abe\u0c55\U00011046\U0001e944")
JAMO = [chr(c) for c in (*range(0x1100, 0x1113), *range(0x1161, 0x1176), *range(0x11a7, 0x11c3), 0xac00, 0xac01, 0xd7a3,
                         0x3131, 0xffa1, 0xa960, 0xd7b0, 0xd7cb)]
EMOJI = ["\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea",
         "\u2764\ufe0f", "\U0001f3f4\U000e0067\U000e0062\U000e007f", "\u2648", "1\ufe0f\u20e3", "\U0001f680", "\u00a9"]
SPECIAL = ["[CLS]", "[SEP]", "[MASK]", "[UNK]", "[PAD]", "<s>", "</s>", "<mask>", "<pad>", "<unk>", "[cls]", "[CLS", "<tag>",
           "<tagged>", "Stock Market", "stock  market", "Café", "cafe\u0301", "CAFÉ", "$AAPL", "ab", "AB", "的", "##s", "\u2581",
           "\u0120", "oil", "``", "'s", "'ll", "'RE"]
ODD = ["\u0130", "ß", "ẞ", "ǅ", "ﬁ", "ﬃ", "㎏", "①", "½", "Å", "Ω", "K", "Ⅷ", "㈱", "︷", "Ａ", "ｶﾞ", "가", "각", "ệ", "ǘ", "ṩ",
       "\u212b", "\u2126", "\uf900", "\U0002f800", "\ufb2c", "\u1e9b\u0323", "\u2260", "\u037e", "\u1fef", "\u0958", "\ud7a3",
       "\u115f", "\u3164", "\ufdfa", "\u0149", "\u01c4", "\u2024", "\u2026", "\u00b4", "\u1fee", "\u2fa1d", "\ufffd", "\x00",
       "\x7f", "\x1b", "\u00ad", "\ue000", "\U000f0000", "\U0010ffff", "\ufffe", "\u0378", "\U0001fbff", "\U00016d40", "\u1c89"]
SCRIPTS = [(0x41, 0x5a), (0x61, 0x7a), (0x61, 0x7a), (0x30, 0x39), (0xc0, 0x24f), (0x370, 0x3ff), (0x400, 0x52f),
           (0x5d0, 0x5ea), (0x620, 0x6ff), (0x900, 0x97f), (0xe00, 0xe7f), (0x10a0, 0x10ff), (0x13a0, 0x13ff),
           (0x1e00, 0x1fff), (0x3040, 0x30ff), (0x4e00, 0x9fff), (0x4e00, 0x5fff), (0xac00, 0xd7a3), (0xff00, 0xffef),
           (0x10400, 0x1044f), (0x1d400, 0x1d7ff), (0x20000, 0x2a6df), (0x2b820, 0x2cea1)]
WORDS = ("the stock market fell sharply after earnings missed estimates shares of Apple Inc. rose 3.5% on Tuesday don't we'll "
         "EBITDA quarter's unaffable antidisestablishmentarianism 茅台 股价 大跌 涨停 利好 公司 2023年 净利润 同比增长 Q3 $TSLA "
         "#stocks @user https://example.com/a?b=c&d=1 U.S. 1,234.56 naïve résumé Zürich").split()
PUNCT = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~«»‘’“”…–—、。！？【】《》·€£¥§"


def one_char(rng):
    kind = rng.randrange(20)
    if kind < 6:
        first, last = SCRIPTS[rng.randrange(len(SCRIPTS))]
        return chr(rng.randint(first, last))
    if kind < 8:
        return rng.choice(PUNCT)
    if kind < 10:
        return rng.choice(SPACES)
    if kind < 12:
        return rng.choice(MARKS)
    if kind == 12:
        return rng.choice(JAMO)
    if kind == 13:
        return rng.choice(EMOJI)
    if kind < 16:
        return rng.choice(ODD)
    while True:
        cp = rng.randrange(rng.choice((0x250, 0x3000, 0x10000, 0x20000, 0x30000, 0x110000)))
        if not 0xD800 <= cp <= 0xDFFF:
            return chr(cp)


def word(rng):
    first, last = SCRIPTS[rng.randrange(len(SCRIPTS))]
    text = "".join(chr(rng.randint(first, last)) for _ in range(rng.randint(1, 9)))
    if rng.random() < 0.2:
        at = rng.randint(0, len(text))
        text = text[:at] + "".join(rng.choice(MARKS) for _ in range(rng.randint(1, 4))) + text[at:]
    return text


def sentence(rng):
    parts = []
    for _ in range(rng.randint(1, 14)):
        kind = rng.random()
        parts.append(rng.choice(WORDS) if kind < 0.6 else rng.choice(SPECIAL) if kind < 0.68 else word(rng))
        kind = rng.random()
        parts.append(" " if kind < 0.7 else "" if kind < 0.8 else rng.choice(PUNCT) if kind < 0.95 else
                     rng.choice(SPACES) * rng.randint(1, 3))
    text = "".join(parts)
    return text.upper() if rng.random() < 0.05 else text


def long_word(rng):
    size = rng.choice((99, 100, 101, 300, 10000))
    kind = rng.randrange(4)
    unit = (rng.choice("abcxyz"), "股", rng.choice(MARKS), word(rng))[kind]
    return rng.choice(("", "a ", " ")) + (unit * size)[:size] + rng.choice(("", " b", ".", "\u0301"))


def text(rng):
    kind = rng.random()
    if kind < 0.45:
        return sentence(rng)
    if kind < 0.75:
        return "".join(one_char(rng) for _ in range(rng.randint(0, 24)))
    if kind < 0.85:
        return "".join(rng.choice(JAMO + list(MARKS) + ["a", " "]) for _ in range(rng.randint(1, 16)))
    if kind < 0.92:
        return "".join(rng.choice((rng.choice(EMOJI), rng.choice(SPECIAL), rng.choice(SPACES), word(rng)))
                       for _ in range(rng.randint(1, 10)))
    if kind < 0.9985:
        return "".join(rng.choice(SPECIAL) + rng.choice(SPACES + "aé的") for _ in range(rng.randint(1, 8)))
    return long_word(rng)


def broken(rng):
    """Valid UTF-8 with bytes taken out, put in and changed."""
    data = bytearray(text(rng)[:400].encode())
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(data))
        kind = rng.randrange(3)
        if kind == 0:
            data[at:at] = bytes(rng.choice((0x80, 0xBF, 0xC0, 0xC3, 0xE2, 0xED, 0xF0, 0xF4, 0xFE, 0xFF))
                                for _ in range(rng.randint(1, 3)))
        elif kind == 1:
            del data[at:at + rng.randint(1, 2)]
        elif at < len(data):
            data[at] = rng.randrange(256)
    return bytes(data)


def strings(seed, n):
    """n strings as bytes; one in five is broken UTF-8."""
    rng = random.Random(seed)
    return [broken(rng) if rng.random() < 0.2 else text(rng).encode() for _ in range(n)]
