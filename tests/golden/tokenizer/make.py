#!/usr/bin/env python3
"""make.py [steps]: writes four small tokenizers, trained on the sentences below, and beside each golden.jsonl: what tokenizers says
of 300 strings, one [text, ids, byte offsets] a line; and steps.jsonl: what each normalizer and pre_tokenizer makes of a few
texts (with "steps" only that). Sentences and strings are ours. Training is not deterministic: the tokenizers come out
different each time, and right all the same.

Made with: Python 3.11, tokenizers 0.23.3, sentencepiece 0.2.3 (its nmt_nfkc map).

    python3 -m venv venv && venv/bin/pip install tokenizers==0.23.3 sentencepiece==0.2.3 && venv/bin/python make.py"""

import base64
import io
import json
import pathlib
import random
import sys

import sentencepiece
from protobuf import field
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).parent

ENGLISH = """shares of Norvane Systems fell 6% after the company cut its full-year outlook; analysts had expected growth
Tessaro Energy beats profit estimates, raises its dividend and announces a $2 billion buyback plan
Bravik Bank to pay 120 million euros to settle a probe into mis-sold savings products, the regulator says
oil slips below $80 a barrel as inventories rise and demand from refiners disappoints traders
the central bank sees interest rates staying higher for longer as services inflation refuses to cool down
don't panic: we'll buy the dip, they're selling and it's cheap, I'd wait though, she's unaffordably optimistic
Q3 EBITDA rose 12.5% year-on-year to 1,234.56m; EPS of $0.42 vs. $0.40 consensus (source: filings)
the unbelievable underperformance of overleveraged retailers' unsecured bonds worried pensioners everywhere
@trader77 loading up on $NRVN & $TSRO before earnings!!! #stocks #tothemoon https://example.com/a?b=c&d=1
merger talks between the two carmakers collapsed; antitrust regulators' objections were insurmountable""".split("\n")
CHINESE = """云杉科技公告预计上半年净利润同比下降45%至60%,主要因原材料涨价及汇兑损失
海澜新能源控股股东拟减持不超过3%股份,公司称不影响控制权稳定,股价低开
北辰银行因信息披露违规被证监局出具警示函,并记入证券期货市场诚信档案
今天又是大涨,明天继续满仓干,主力资金还在流入,坚决不卖,等翻倍再说吧
人民币汇率走强,外资连续三日净买入,沪指收复三千点,两市成交额破万亿
公司董事长涉嫌内幕交易被立案调查,股票跌停,投资者索赔""".split("\n")
OTHER = """Zürich naïve résumé coöperate Ångström São Paulo Łódź İstanbul Straße señor façade
Привет мир акции упали рубль вырос центральный банк
μετοχές έπεσαν η τράπεζα αγορά
株価が下がった。カタカナ ひらがな 東京証券取引所
주식 시장이 하락했다 한국은행 금리 인상
ราคาหุ้นตก शेयर बाजार गिरा الأسهم تراجعت הבורסה ירדה""".split("\n")
CORPUS = ENGLISH * 3 + CHINESE * 3 + OTHER

BERT_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def wordpiece(size, special, **flags):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=20))
    tokenizer.normalizer = normalizers.BertNormalizer(**flags)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=special, show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(t, tokenizer.token_to_id(t)) for t in ("[CLS]", "[SEP]")])
    return tokenizer


def uncased():
    return wordpiece(1200, BERT_SPECIAL, lowercase=True)


def cased():
    """Cased, and with added tokens of each kind."""
    tokenizer = wordpiece(1000, BERT_SPECIAL, lowercase=False)
    tokenizer.add_tokens([
        AddedToken("Stock Market", normalized=True), AddedToken("$NRVN", normalized=False, single_word=True),
        AddedToken("<tag>", normalized=False, rstrip=True), AddedToken("<tagged>", normalized=False, lstrip=True),
        AddedToken("股份", normalized=True, lstrip=True, rstrip=True)])
    return tokenizer


def small_map():
    """Of sentencepiece's nmt_nfkc map (300 kB) only the rules below, compiled by sentencepiece itself."""
    rules = {"\u3000": " ", "\u00a0": " ", "\u2009": " ", "\t": " ", "\n": " ", "\r": " ", "\u200b": " ", "\ufeff": "",
             "\u00ad": "", "\x01": "", "\u2026": "...", "\u2460": "1", "\u338f": "kg", "\ufb03": "ffi", "\ufb01": "fi",
             "\uff1a": ":", "\uff0c": ",", "\uff01": "!", "\u00bd": "1\u20442", "\uff76\uff9e": "\u30ac", "\uff76": "\u30ab",
             "e\u0301": "\u00e9", "a\u0308": "\u00e4", "A\u030a": "\u00c5", "\u1100\u1161": "\uac00",
             "\u1100\u1161\u11a8": "\uac01", "\u212b": "\u00c5", "\u0130": "I\u0307", "\ufdfa": "\u0635\u0644\u0649 \u0627"}
    rules.update({chr(0xFF01 + i): chr(0x21 + i) for i in range(0x5E)})
    path = HERE / "map.tsv"
    path.write_text("".join(f"{' '.join(f'{ord(c):X}' for c in a)}\t{' '.join(f'{ord(c):X}' for c in b)}\n"
                            for a, b in sorted(rules.items())))
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(ENGLISH), model_writer=model, vocab_size=120, hard_vocab_limit=False,
        normalization_rule_tsv=str(path), minloglevel=2)
    path.unlink()
    return base64.b64encode(field(field(model.getvalue(), 3), 2)).decode()


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.train_from_iterator(CORPUS, trainers.UnigramTrainer(
        vocab_size=900, special_tokens=SPECIAL[:4], unk_token="<unk>", show_progress=False))
    made = json.loads(tokenizer.to_str())
    made["normalizer"] = {"type": "Sequence", "normalizers": [
        {"type": "Precompiled", "precompiled_charsmap": small_map()},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]}
    tokenizer = Tokenizer.from_str(json.dumps(made))
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return tokenizer


def bpe():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = [AddedToken(t, special=True, lstrip=t == "<mask>") for t in SPECIAL]
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=1100, special_tokens=special, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), True, False)
    return tokenizer


def hard_strings():
    """Written out where each shows something; the rest is made of such parts."""
    shown = [
        "", " ", "   ", "\t\n\r", "\u3000", "\u200b", "\u00ad", "\ufeff", "\x00", "\x7f", "\ufffd", "a", "A", "股", "!", "1",
        "Norvane", "norvane shares fell 6%", " leading", "trailing ", "two  spaces", "tab\tnew\nline\r\nend", "a\u00a0b\u2009c",
        "don't won't we'll they're I'd she's 'tis rock'n'roll", "DON'T WE'LL", "' s 't", "''''", "it's's",
        "unaffordably", "antidisestablishmentarianism", "x" * 20, "x" * 21, "x" * 300, "股" * 30, "é" * 25, "e\u0301" * 12,
        "naïve résumé", "nai\u0308ve re\u0301sume\u0301", "Ångström Å A\u030a \u212b", "İstanbul I\u0307 ı", "Straße STRASSE ẞ",
        "ǅ Ǆ ǆ", "ﬁne eﬃcient", "½ cup ① ㎏ Ⅷ", "…", "a…b", "x\u0301\u0316y", "x\u0316\u0301y", "\u0301lone mark", "a\u0301\u0302\u0303\u0304b",
        "\u0344\u0316", "\u0f73\u0f71", "≠ ≤ \u037e", "\u1fef`", "क़ \u0915\u093c", "한국은행", "\u1112\u1161\u11ab\u1100\u116e\u11a8", "각 가\u11a8",
        "가\u11a7나", "ㄱㅏ ﾡ", "カ\u3099 ガ ｶﾞ ｶ", "株価が下がった。", "ひらがなカタカナ漢字", "云杉科技公告", "股价低开,公司称", "股 价 低 开",
        "A股上涨3%", "净利润12.5亿元", "涨停!!!", "今天又是大涨😀", "\uf900\ufa0e\U0002f800", "\U00020000\U0002a6d6\U0002b820",
        "😀", "👨\u200d👩\u200d👧", "👍🏽 ok", "🇩🇪🇺🇸", "❤\ufe0f", "1\ufe0f\u20e3", "🏴\U000e0067\U000e0062\U000e007f", "©®™",
        "$NRVN", "$NRVN$TSRO", "$NRVNx", "x$NRVN", "($NRVN)", "$nrvn", "Stock Market", "stock market", "the Stock Market.", "StockMarket",
        "<tag>", "<tag>  after", "before  <tag>", "<tagged>", "a  <tagged>  b", "<tag><tagged>", "<tagg>", " 股份 ", "减持 股份 , 低开",
        "[CLS]", "[SEP] in the middle [SEP]", "[MASK]", "a [MASK] b", "[mask]", "[CLS", "CLS]", "[[CLS]]", "[UNK][PAD]",
        "<s>", "</s>", "<mask>", "buy <mask> now", "buy   <mask>   now", "<mask><mask>", "<pad><unk>", "< s >", "<S>", "<mask",
        "▁", "▁a", "a▁b", "▁▁", "Ġ", "Ġa", "Ċ", "##ing", "## ing", "s##",
        "https://example.com/a?b=c&d=1", "@trader77 #stocks", "user@example.com", "1,234.56", "1.234,56", "-3.5%", "+12", "1e-5", "0x1F",
        "U.S.", "e.g.", "A.B.C", "a-b-c", "a_b", "a/b", "a\\b", "a|b", "a~b", "a`b", "a^b", "«a»", "“a” ‘b’", "a—b–c", "·", "、。!?",
        "Привет мир", "ПРИВЕТ", "ё е\u0308", "й и\u0306", "μετοχές ΜΕΤΟΧΈΣ ς", "Σ", "ราคาหุ้นตก", "ก\u0e48ำ", "शेयर बाजार", "क्षि",
        "الأسهم", "ا\u064b\u0651", "ﷺ", "הבורסה", "ש\u05b0\u05bc", "\u202eabc\u202c", "a\u200db", "a\u200cb", "a\u2060b", "\u180e",
        "\U0001d400\U0001d401", "\U00010400\U00010428", "Ꭰ ꭰ", "Ა ა", "\U0001e900", "\u0378", "\ue000", "\U000f0000", "\U0010ffff",
        "\ud7b0\ud7cb", "\u115f\u1160", "\u3164", "\u2028\u2029", "\u0085", "\x1c\x1d", "\x0b\x0c", "a\x00b", "a\x01b",
        "ab" * 40 + " cd", "a b c d e f g h i j k l m n o p q r s t u v w x y z", ". . .", "a" + "\u0301" * 40,
    ]
    rng = random.Random(4)
    parts = [s for s in shown if 0 < len(s) < 20] + ENGLISH + CHINESE + OTHER
    while len(shown) < 300:
        made = "".join(rng.choice(parts)[:30] + rng.choice(["", " ", "  ", "\u3000", "\u0301", ",", "😀"])
                       for _ in range(rng.randint(2, 6)))
        shown.append(made)
    return shown[:300]


STEP_TEXTS = ["", " ", "  a  b   c ", "\u3000x\u00a0 y\t", "Hello, World!", "a\u0301\u0316b\u0316\u0301c", "\u00c5ngstr\u00f6m \ufb01 \u00bd",
              "\uac01\u11a8 \u1100\u1161\u11a8 \uac00\u11a7", "\u0344\u0316 \u0f73\u0f71", "caf\u00e9 CAFE\u0301 \u0130", "股价 大跌3%。",
              "e\u0327\u0301 e\u0301\u0327 \u1e9b\u0323", "\x01a\u200bb\ufeffc\u2028d", "aaaa ``b`` aa", "\u2581 \u2581a \u2581",
              "don't  stop", "\ufdfa \u3392 \u2460", "a\u0334\u0323\u0308", "\U0001d15e\U0001d16d", "\u0b47\u0b3e \u0dd9\u0dca\u0dcf", "x\n\ny",
              "\u302e\u0301a\u302e\u0301", "e\u0316\u0323 a\u0315\u0300 o\u031b\u0323\u0302"]


def step_rows():
    """What each step makes of each text: [part, its JSON, text, [[piece, start, end], …]]; of a normalizer the pieces are
    the characters, of a pre_tokenizer the words."""
    normalizer_rows = [
        normalizers.NFC(), normalizers.NFD(), normalizers.NFKC(), normalizers.NFKD(), normalizers.Lowercase(),
        normalizers.StripAccents(), normalizers.Nmt(), normalizers.Strip(), normalizers.Strip(left=False),
        normalizers.Strip(right=False), normalizers.Replace("aa", "b"), normalizers.Replace("a", ""),
        normalizers.Replace(Regex(" {2,}"), "_"), normalizers.Prepend("\u2581x"),
        normalizers.BertNormalizer(), normalizers.BertNormalizer(clean_text=False, lowercase=False, strip_accents=True),
        normalizers.BertNormalizer(handle_chinese_chars=False, strip_accents=False),
        normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.NFKC(), normalizers.Lowercase()])]
    splitter_rows = [
        pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Whitespace(), pre_tokenizers.WhitespaceSplit(),
        pre_tokenizers.Punctuation(), pre_tokenizers.Metaspace(), pre_tokenizers.Metaspace(prepend_scheme="first"),
        pre_tokenizers.Metaspace(prepend_scheme="never"), pre_tokenizers.Metaspace(split=False),
        pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="first")]),
        pre_tokenizers.ByteLevel(add_prefix_space=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    for normalizer in normalizer_rows:
        yield "normalizer", normalizer, pre_tokenizers.Split(Regex("[\\s\\S]"), "isolated")
    for splitter in splitter_rows:
        yield "pre_tokenizer", None, splitter


def write_steps(out):
    for part, normalizer, splitter in step_rows():
        tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
        tokenizer.pre_tokenizer = splitter
        if normalizer is not None:
            tokenizer.normalizer = normalizer
        made = json.loads(tokenizer.to_str())[part]
        for text in STEP_TEXTS:
            places = byte_places(text)
            words = splitter.pre_tokenize_str(normalizer.normalize_str(text) if normalizer else text)
            found = tokenizer.encode(text).offsets
            assert len(words) == len(found)
            rows = [[w[0], places[a], places[b]] for w, (a, b) in zip(words, found)]
            out.write(json.dumps([part, made, text, rows], separators=(",", ":")) + "\n")


def byte_places(text):
    places = [0]
    for c in text:
        places.append(places[-1] + len(c.encode()))
    return places


def main():
    with open(HERE / "steps.jsonl", "w", encoding="ascii") as out:
        write_steps(out)
    if sys.argv[1:] == ["steps"]:
        return
    tokenizers = {"uncased": uncased(), "cased": cased(), "unigram": unigram(), "bpe": bpe()}
    strings = hard_strings()
    for name, tokenizer in tokenizers.items():
        (HERE / name).mkdir(exist_ok=True)
        tokenizer.save(str(HERE / name / "tokenizer.json"), pretty=False)
        tokenizer = Tokenizer.from_file(str(HERE / name / "tokenizer.json"))
        with open(HERE / name / "golden.jsonl", "w", encoding="ascii") as out:
            for text in strings:
                places, found = byte_places(text), tokenizer.encode(text)
                out.write(json.dumps([text, found.ids, [[places[a], places[b]] for a, b in found.offsets]],
                                     separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
