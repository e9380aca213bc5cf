#!/usr/bin/env python3
"""Writes positive.jsonl and negative.jsonl beside itself: what the masks must hide, and what they must not.

Nothing in here is anybody's: numbers are made up from ranges and their check digits are computed below; e-mail
addresses are invented or of example domains. ⟦ and ⟧ stand around what is to be hidden. The lists are the kinds of
writing met in comments and news, not what the masks happen to do: a row that is missed stays, and lowers the
recall in deploy/docs/text.md.
"""
import json
import pathlib


def resident(seventeen):
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return seventeen + "10X98765432"[sum(w * int(d) for w, d in zip(weights, seventeen)) % 11]


def luhn(front):
    total = sum(d if d < 10 else d - 9 for d in (int(c) * (2 if i % 2 == 0 else 1) for i, c in enumerate(reversed(front))))
    return front + str(-total % 10)


def iban(country, rest):
    number = "".join(str(int(c, 36)) for c in rest + country + "00")
    return f"{country}{98 - int(number) % 97:02d}{rest}"


def groups(text, *lens, gap=" "):
    out, at = [], 0
    for n in lens:
        out.append(text[at:at + n])
        at += n
    return gap.join(g for g in out + [text[at:]] if g)


def around(frames, values):
    """Each value in one of the frames, in turn; '{}' is where it goes, in ⟦⟧."""
    return [frames[i % len(frames)].replace("{}", f"⟦{v}⟧") for i, v in enumerate(values)]


EN = ["mail {} today", "write to {}.", "contact: {}", "({})", "{} is my address", "send it to {}, thanks", "Email:{}", "ask {} about the bonds"]
ZH = ["邮箱{}联系", "请发到{},谢谢", "联系人邮箱:{}", "投诉邮件发送至{}。", "加我{}进群"]
emails = [
    "zhang.san@qq.com", "li_si88@163.com", "wang-wu@sina.com.cn", "trader99@gmail.com", "j.smith@example.co.uk",
    "ir@example-holdings.com", "first.last+tag@mail.example.org", "UPPER.CASE@EXAMPLE.COM", "a@b.co", "x_y%z@example.net",
    "josé.garcía@example.es", "müller@example.de", "søren.å@example.dk", "jürgen.groß@münchen.de", "info@bücher.example",
    "иван@example.ru", "почта@пример.рф", "γιώργος@example.gr", "renée@société.fr", "françois.noël@exemple.fr",
    "o.neill@sub.domain.example.ie", "1234567@qq.com", "12345678901@139.com", "name@xn--fsqu00a.xn--0zwm56d", "wang@例子.中国",
    "客服@例子.公司", "user@[192.0.2.1]", "support@a-b-c.io", "hello.world.again@example.museum", "n@example.travel",
    "very.long.local.part.of.a.mail.address.that.goes.on@example.com", "tip_line@news.example.com", "ＺＨＡＮＧ＠ＱＱ．ＣＯＭ",
    "whistle-blower@proton.me", "l.müller-lüdenscheidt@example.de", "mary_o@mail.example.com.au", "\"john doe\"@example.com",
]
email_rows = around(EN, emails) + around(ZH, emails[:12]) + [
    "<a href=\"mailto:x\">⟦jane.doe@example.com⟧</a>".replace("<a href=\"mailto:x\">", "").replace("</a>", ""),
    "⟦a.b@example.com⟧/⟦c.d@example.com⟧", "⟦a@example.com⟧,⟦b@example.com⟧;⟦c@example.com⟧", "mailto:⟦ann@example.com⟧",
    "⟦bob@example.com⟧和⟦eve@example.cn⟧都收到了", "from=⟦bob@example.com⟧", "账单寄到⟦wei.wang@outlook.com⟧了",
]

CN_FRAMES = ["电话{}。", "手机号:{}", "加微信{}进群", "联系{}", "有意者请打{},非诚勿扰", "{}", "我的号码是{}", "老师{}带你翻倍",
             "call {} now", "Tel: {}", "WhatsApp {}", "reach me at {}", "打{}退款", "客服热线{}转人工", "骗子的电话{},大家小心"]
cn_mobile = ["13812345678", "15987654321", "18611112233", "19912345670", "17012345678", "14798765432", "16655554444"]
cn = []
for i, m in enumerate(cn_mobile):
    cn += [m, groups(m, 3, 4), groups(m, 3, 4, gap="-"), groups(m, 3, 4, gap="."), groups(m, 3, 4, gap="–"),
           groups(m, 3, 4, gap="‑"), groups(m, 3, 4, gap="\u2212"), "+86" + m, "+86 " + groups(m, 3, 4), "+86-" + m, "0086" + m,
           "0086 " + groups(m, 3, 4), "0086-" + m, "86" + m, "86-" + m, "(86)" + m, "(+86)" + m, "(+86) " + groups(m, 3, 4, gap="-"),
           groups(m, 4, 3), groups(m, 3, 3)][i % 4::4] if i else \
          [m, groups(m, 3, 4), groups(m, 3, 4, gap="-"), groups(m, 3, 4, gap="."), groups(m, 3, 4, gap="–"),
           groups(m, 3, 4, gap="‑"), "+86" + m, "0086" + m, "86 " + groups(m, 3, 4), "１３８１２３４５６７８", "138\u00a01234\u00a05678"]
cn += ["010-88886666", "(021)58886666", "021-5888 6666", "0755-26789012", "0571-88001234-8001", "+86 10 8888 6666", "+86-21-58886666",
       "0086-755-26789012", "(0755) 2678 9012", "020–38881234"]
cn_rows = around(CN_FRAMES, cn) + ["⟦13812345678⟧,⟦13987654321⟧", "⟦13812345678⟧/⟦15987654321⟧均可", "电话⟦13812345678⟧、⟦010-88886666⟧",
                                   "王经理⟦138-1234-5678⟧李经理⟦139-8765-4321⟧"]

HK_FRAMES = ["Tel: {}", "致电{}查詢", "電話{}", "WhatsApp {} for details", "call {} today", "手機:{}"]
hk = ["+852 2345 6789", "+852-2345-6789", "+85291234567", "(852) 2345 6789", "852-9123-4567", "2345 6789", "9123-4567", "23456789",
      "00852 2345 6789", "+852 9123 4567", "852 2345 6789", "+853 6612 3456", "(+852) 2345-6789", "2345–6789", "91234567"]
tw = ["0912-345-678", "0912 345 678", "0912345678", "+886 912 345 678", "+886-2-2345-6789", "(02) 2345-6789", "02-2345-6789",
      "04-22345678", "886-912-345-678", "00886 912 345 678", "+886912345678", "07-234-5678", "(07)2345678"]
hk_tw_rows = around(HK_FRAMES, hk) + around(HK_FRAMES, tw) + [
    "地產代理陳先生⟦+852 9123 4567⟧,免佣", "查詢請致電⟦2345 6789⟧或⟦9123 4567⟧", "客服⟦0912-345-678⟧服務至六點", "⟦+886 2 2345 6789⟧"]

UK_FRAMES = ["Tel: {}", "call {} before noon", "phone {}", "reach the desk on {}", "my number is {}", "ring {} and ask for Ann",
             "contact the broker at {}", "press office {}"]
uk = ["020 7946 0958", "(020) 7946 0958", "020-7946-0958", "+44 20 7946 0958", "+44 (0)20 7946 0958", "0044 20 7946 0958",
      "+442079460958", "07700 900123", "07700 900 123", "07700900123", "+44 7700 900123", "+44 7700 900 123", "0161 496 0123",
      "(0161) 496 0123", "01632 960001", "01632-960001", "0113 496 0999", "+44-161-496-0123", "020–7946–0958", "02079460958",
      "+44.20.7946.0958", "0044 7700 900123", "(01632) 960 001", "+44(0)1632960001"]
uk_rows = around(UK_FRAMES, uk) + around(UK_FRAMES[3:], uk[:12])

US_FRAMES = ["Tel: {}", "call {} now", "({} after hours)", "text {}", "{} is the number", "Contact: Jane Roe, {}", "media line {}",
             "phone: {}", "fax {}", "客服电话{}"]
us = ["(212) 555-0100", "212-555-0123", "212.555.0147", "212 555 0188", "1-800-555-0199", "+1 212 555 0100", "+1-212-555-0100",
      "+1 (212) 555-0100", "+12125550100", "1 212 555 0100", "1.212.555.0100", "(212)555-0100", "2125550100", "12125550100",
      "212–555–0100", "212‑555‑0100", "001 212 555 0100", "(646) 555 0111", "415-555-0132 ext. 12", "+1.415.555.0132",
      "1 (800) 555-0199", "646.555.0143", "415/555-0132", "(212) 555‑0100"]
us_rows = around(US_FRAMES, us) + around(US_FRAMES[1:], us[:14])

INTL_FRAMES = ["Tel: {}", "call {} now", "reach us at {}.", "电话{}", "{}", "WhatsApp: {}", "contact {} (mobile)"]
intl = ["+33 1 42 68 53 00", "+33.1.42.68.53.00", "+33142685300", "+49 30 901820", "+49 (0)30 901820", "+49-171-1234567",
        "+81 3-1234-5678", "+81-90-1234-5678", "+82 2 123 4567", "+82-10-1234-5678", "+65 6123 4567", "+6561234567", "+60 12-345 6789",
        "+91 98765 43210", "+919876543210", "+61 2 9876 5432", "+61 412 345 678", "+7 495 123-45-67", "+7 (495) 123-45-67",
        "+55 11 91234-5678", "+39 06 1234 5678", "+34 612 345 678", "+41 44 668 18 00", "+971 50 123 4567", "0033 1 42 68 53 00",
        "0049 30 901820", "+46 8 123 456 78", "+31 20 123 4567", "+353 1 234 5678", "+27 11 123 4567", "+52 55 1234 5678",
        "+90 212 123 45 67", "+62 812-3456-7890", "+63 917 123 4567", "+66 2 123 4567", "+84 24 1234 5678"]
intl_rows = around(INTL_FRAMES, intl)

ID_FRAMES = ["身份证{}", "身份证号码:{}", "我的证件号是{},请核实", "{}", "实名信息{}泄露", "ID card {} leaked", "客户{}被冒名开户", "号码为{}的储户"]
front = ["11010119900307123", "31010519850615402", "44030619721231007", "51010719990101888", "32050219630930651", "12010320010228012",
         "61011319550505221", "35020319881111334", "42010619770704991", "65010219941014110", "53011119660606120", "23010219790918442",
         "81000019900101001", "83000019880808002", "11010819820229017".replace("820229", "840229"), "44010419930417529"]
ids = [resident(f) for f in front]
id_x = [i for i in (resident(f"3301061990{m:02d}15{s:03d}") for m in range(1, 13) for s in range(1, 40)) if i.endswith("X")][:4]
id_rows = around(ID_FRAMES, ids + id_x + [i.lower() for i in id_x[:2]] + [groups(i, 6, 8) for i in ids[:4]]
                 + [groups(i, 6, 8, gap="-") for i in ids[4:7]] + [groups(i, 6, 4, 4) for i in ids[7:9]] + ["１１０１０１１９９００３０７１２３" + ids[0][17]]) \
    + ["身份证⟦110101900307123⟧(老证)", "身份证:⟦310105850615402⟧", "身份证⟦110101199003071239⟧写错一位"]

CARD_FRAMES = ["卡号{}", "银行卡{}被盗刷", "card {} was charged", "转到{}就行", "my card number is {}", "{}", "信用卡:{}", "paid with {} today",
               "打款账号{}", "refund to {} please"]
cards16 = [luhn("411111111111111"), luhn("555555555555444"), luhn("400000123456789"), luhn("622588012345678"), luhn("621700123456789"),
           luhn("353011133330000"), luhn("601111111111111"), luhn("222300004841001"), luhn("625965087177209"), luhn("520082828282821")]
cards19 = [luhn("622202123456789012"), luhn("621226123456789012"), luhn("955880123456789012"), luhn("623058000012345678")]
amex = [luhn("37828224631000"), luhn("34343434343434")]
card_rows = around(CARD_FRAMES, cards16 + [groups(c, 4, 4, 4) for c in cards16[:6]] + [groups(c, 4, 4, 4, gap="-") for c in cards16[3:8]]
                   + [groups(c, 4, 4, 4, gap=".") for c in cards16[:4]] + [groups(c, 4, 4, 4, gap="–") for c in cards16[:2]]
                   + cards19 + [groups(c, 4, 4, 4, 4) for c in cards19] + [groups(c, 6) for c in cards19[:2]] + amex
                   + [groups(a, 4, 6) for a in amex] + [groups(a, 4, 6, gap="-") for a in amex] + ["４１１１　１１１１　１１１１　１１１１"]) \
    + ["卡号⟦6222021234567890123⟧(抄错了)", "账号⟦6228480012345678919⟧"]

IBAN_FRAMES = ["IBAN {}", "wire it to {} today", "account {}", "{}", "汇到{}", "refund: {}.", "(IBAN: {})", "bank details {} BIC follows"]
ibans = [iban("DE", "370400440532013000"), iban("GB", "WEST12345698765432"), iban("FR", "20041010050500013M02606"), iban("NL", "ABNA0417164300"),
         iban("CH", "00762011623852957"), iban("ES", "21000418450200051332"), iban("IT", "X0542811101000000123456"), iban("AT", "1904300234573201"),
         iban("BE", "539007547034"), iban("SE", "50000000058398257466"), iban("NO", "86011117947"), iban("PL", "109010140000071219812874"),
         iban("IE", "AIBK93115212345678"), iban("LU", "0019400644750000"), iban("SA", "80000000608010167519"), iban("AE", "0331234567890123456")]
iban_rows = around(IBAN_FRAMES, ibans + [groups(i, 4, 4, 4, 4, 4, 4, 4) for i in ibans] + [i.lower() for i in ibans[:4]]
                   + [groups(i, 4, 4, 4, 4, 4, 4, 4, gap="-") for i in ibans[:3]])

mention_rows = [
    "⟦@trader_99⟧ you were right", "RT ⟦@bob⟧: sell it all", "thanks ⟦@Élan⟧!", "hey ⟦@jane-doe⟧ look", "cc ⟦@a⟧ ⟦@b⟧ ⟦@c_d⟧", "via ⟦@2morrow⟧",
    "//⟦@股市老王⟧:明天还要跌", "转发⟦@财经小助手⟧: 利空来了", "⟦@小明⟧ 你怎么看", "谢谢⟦@李老师⟧", "⟦@投资人小张⟧,快跑", "回复⟦@爱吃鱼的猫⟧:同意",
    "⟦@王五⟧说得对", "听⟦@老赵⟧的吧", "⟦@bob⟧腾讯暴雷了", "⟦@股海沉浮⟧你亏了多少", "⟦@韭菜一号⟧ ⟦@韭菜二号⟧ 一起跑", "@,⟦@lee⟧", "(⟦@anna_k⟧)",
    "“⟦@mike⟧” said so", "⟦@Иван⟧ прав", "⟦@さくら⟧ です", "⟦@김철수⟧ 보세요", "⟦@ｔｒａｄｅｒ⟧ hi", "⟦@user1234567890⟧", "⟦@x⟧:buy", "⟦@张三⟧被套了",
    "⟦@BTC小王子⟧ 喊单", "赞⟦@小红⟧!", "⟦@阿强⟧股价跌停了", "⟦@老股民⟧对此怎么看", "问⟦@小李⟧,他知道", "⟦@刘姐⟧请回复", "⟦@Tom⟧'s call was bad", "-⟦@sue⟧-",
    "请⟦@陈总⟧表示一下", "⟦@_quiet_⟧ ok", "⟦@mr.⟧".replace("⟦@mr.⟧", "⟦@mr⟧."), "⟦@dave2⟧/⟦@pete⟧", "⟦@小散⟧什么时候解套",
]

positive = [("email", "<email>", email_rows), ("phone_cn", "<phone>", cn_rows), ("phone_hk_tw", "<phone>", hk_tw_rows),
            ("phone_uk", "<phone>", uk_rows), ("phone_us", "<phone>", us_rows), ("phone_other", "<phone>", intl_rows),
            ("resident_id", "<id>", id_rows), ("card", "<card>", card_rows), ("iban", "<iban>", iban_rows), ("mention", "@user", mention_rows)]

tickers = ["600519", "000001", "300750", "688981", "002340", "430047", "830799", "601318", "00700", "09988", "110059", "159915"]
ticks = [f"{t} 20261121 {h}" for t, h in zip(tickers, ["0930", "1000", "1459", "1500", "1301", "0925", "1130", "1457", "0930", "1608", "1003", "0935"])] \
    + [f"{t}-20261121-{h}" for t, h in zip(tickers, ["0930", "1503", "1030", "1400", "0915", "1125", "1315", "1456", "1000", "1600", "0931", "1459"])]
market_data = [f"{t} 成交放量" for t in ticks[:12]] + [f"{t} 跌停" for t in ticks[12:]] + [
    "600519.SH 1688.00 1702.50 1675.11 1690.02", "AAPL 189.95 191.05 188.82 190.64 52364000", "SH600519 20261121", "sz000001 20261121 150000",
    "买一 1688.00 1300 卖一 1688.01 2500", "bid 101.10 x 1200 ask 101.12 x 3400", "OHLC 1450.00 1466.88 1441.02 1459.00", "52-week 101.10-245.35",
    "IF2612 4012.4 4033.0 3998.6", "10004321 认购 0.1234", "ES_F 5012.25 5020.75", "688981 68.90 70.12 3333 3888 3690", "成交 3333 3888 3690 手",
    "VWAP 1688.0123 vol 123456789", "range 1200-1300-1400", "盘口 1200 1300 1400 1500 1600", "03690 20261121 0930 美团", "HK00700 385.40 384.20 390.00 382.60"]
dates = ["2026-11-21 09:30:00", "20261121", "2026/11/21 15:00:01.123", "20261121093000", "20261121 093000", "2019-2020-2021", "1998-2008-2018 crises",
         "1763718600", "1763718600000", "1763718600123456", "2026年11月21日09时30分", "from 20250101 to 20261231", "2026.11.21-2026.12.31", "FY2024-2025-2026",
         "at 0930-1130 and 1300-1500", "2026-11-21T09:30:00.000Z", "21-11-2026 21-12-2026", "20261121-20261231", "timestamp 1763718600000", "Q3 2026 Q4 2026 2027 2028",
         "截至20261121收盘", "公告日期:2026-11-21", "2026-11-21 600519 1450.00", "11/21/2026 11:30", "week of 2026-11-16 to 2026-11-20"]
codes = ["600519 000001.SZ 00700.HK SH600519", "证券代码:600519 证券简称:贵州茅台", "110059 127045 019742 国债", "基金 005827 161725 510300", "CUSIP 037833100",
         "SEDOL 2046251", "WKN 865985", "LEI 549300MLUDYVRQOOXS22", "统一社会信用代码91310000132221234X", "统一社会信用代码 911100001322212345", "FIGI BBG000B9XRY4",
         "CIK 0000320193", "accession 0000320193-26-000077", "文号 2026-0123-4567", "bond 912828YK0", "期货 rb2610 cu2612", "代码 4300471234", "app id 1234567890",
         "IMEI code 490154203237518", "ISBN 978-7-111-12345-6", "EAN 6901234567892", "IP 192.168.100.200", "v10.0.19045.2965", "build 20261121.1.4567", "RFC 3986",
         "0700 20261121", "00386 20261121 1600", "01810 202611", "02318 20261121", "GB 11643-1999", "ISO 13616-1:2020", "MD5 5d41402abc4b2a76b9719d911017c592"]
isins = [f"{c} {i}" for i, c in zip(["US0378331005", "US5949181045", "CNE100000296", "HK0000069689", "KYG875721634", "GB0002634946", "DE0007164600", "FR0000120271",
                                     "JP3633400001", "CH0038863350", "US88160R1014", "US67066G1040", "NL0010273215", "IE00B4L5Y983", "LU0323578657"],
                                    ["ISIN", "债券", "(ISIN)", "isin:", "证券", "fund", "share", "stock", "ETF", "Anleihe", "ticker TSLA", "NVDA", "ASML", "UCITS", "SICAV"])]
amounts = ["净利润13812345678,同比下降", "净利润为13812345678元", "营收15234567890", "营业收入达到18234567890", "成交额13912345678,放量", "成交量17012345678股", "总市值15812345678",
           "市值 3500000000000000 韩元 蒸发", "市值4242424242424242越南盾", "亏损13612345678卢比", "总股本18234567890股", "资产总额15987654321,负债13812345678", "融资余额13312345678",
           "流通股本14512345678", "回购金额 13512345678 日元", "募资19912345678港元", "现金流出13898765432", "注册资本13800000000", "13800000000", "净流入15000000000",
           "revenue was 15234567890 in Q3, down from 18234567890", "net income of 13812345678 won", "market cap 13912345678 USD", "volume 15512345678", "total assets 18612345678",
           "debt of 17712345678 yen", "sold 13812345678 shares", "a loss of 13912345678 rupiah", "worth 4111111111111111 dong", "cash 15812345678, debt 16912345678",
           "$13812345678", "¥13812345678", "HK$13912345678", "RMB 15912345678", "USD13812345678", "人民币13812345678", "€18612345678", "13812345678.50", "13812345678%", "1.13812345678",
           "1,234,567.89", "13,812,345,678", "6,222,021,234,567,890", "+15000000 shares", "+13812345678 yen", "12345678901.23元", "supply 21000000000000 tokens", "4500000000000000 rupiah",
           "5000000000000000", "3500000000000 韩元", "产量13512345678吨", "销量 13812345678 辆", "用户数13912345678户", "15234567890 units", "fell by 13812345678", "from 13812345678 to 15912345678",
           "预算支出18812345678", "持有13812345678份额", "约为13812345678", "高达15812345678", "合计13912345678", "质押13712345678股", "估值达到15012345678", "100000000000000 Zimbabwe dollars"]
orders = ["订单号13812345678", "订单 4111111111111111", "单号:15912345678", "流水号 6222021234567890128", "合同编号13912345678", "发票号码代码 13812345678", "运单单号 73112345678901",
          "交易号4000001234567899", "批号 13812345678", "order 13812345678 was late", "Order #4111111111111111", "invoice 4111111111111111", "tracking 9400111899223197428490", "ref 13912345678",
          "transaction 4000001234567899", "ticket 15912345678", "case 13812345678 filed", "serial 4111111111111111", "txn id 15512345678", "block 18612345678", "SKU 13912345678",
          "工单编号15812345678", "备案编号:13812345678", "证书编号 110101199003071", "专利号 201910123456.7", "patent 10123456789", "filing 0001193125-26-012345", "job id 13812345678",
          "订单20261121093012345678", "order no. 112-1234567-1234567", "user id 13812345678", "时间戳 13812345678", "batch 13512345678", "order_13812345678", "AB13812345678", "#13812345678"]
levels = ["上证指数 3333.33 深成指 10888.88", "沪指3333.88点", "恒指 25100.5 成交 2345 亿", "S&P 500 at 5,123.41", "Dow 38,996.39 +0.12%", "Nasdaq 16,091.92", "日经 39098.68", "VIX 13.81",
          "DXY 104.155 104.201", "EURUSD 1.08123 1.08210", "USDCNY 7.1987-7.2011", "BTC 61234.56 ETH 3388.12", "gold 2034.55/2035.10", "WTI 78.26 Brent 83.62", "10Y 4.2512% 2Y 4.6112%",
          "P/E 25.4 P/B 12.5 ROE 33.3%", "EPS 1.23 vs 1.20", "MA5 1688.02 MA10 1690.11 MA20 1702.33", "MACD 12.345 -3.210", "支撑 3200-3250 压力 3380-3400", "resistance 13500-13800",
          "RSI 70.12 KDJ 88.1", "Shibor 1.8120 LPR 3.4500", "北向净流入 88.88 亿", "科创50 888.88 创业板 1888.88", "support 101.10 resistance 245.35 stop 99.50", "up 212.55 to 5010.00",
          "212.55 555.01 646.55", "KOSPI 2,345.67 -1.2%", "FTSE 100 7,683.50"]
texts = ["buy @150.5 sell @45k @$12 @3.5元", "long @ 45.2 short @ 50", "AAPL@189.5", "开盘价@1688", "10-K, 8-K, Q3'24; 401(k)", "call 250 put 240 exp 20261218", "TSLA call 20261218 250",
         "calls at 1200 1300 1400", "电话会议 101.10-245.35", "电话会 20261121 0930", "微信支付用户 1000000000", "联系方式见公告2026-123", "text 13,000 users", "客服人数 12000 15000 18000",
         "手机销量 12345678 台", "phone shipments 123456789 units", "mobile users 1234567890", "card spending 13812345678 dollars", "信用卡交易额 4111111111111111 元", "JD.com/Walmart deal collapses",
         "Amazon.com/AWS outage", "and/or N/A U.S./China 24/7", "Booking.com/Expedia", "Salesforce.com/Slack deal", "A/B", "T+1 T+0 3+2", "profit < 5% & loss > 3", "price/earnings 25/30",
         "CO2 at 60-70-80", "5G/6G 3GPP Release 18", "第600519号 000858 五粮液", "每10股派276.24元", "10送3转5派1.5", "2/3 3/4 1/2", "1-2-3-4-5-6-7-8-9", "0.1.2.3.4.5", "10.5-11.5-12.5"]

more = ["最高1702.50最低1675.11换手2.33%量比1.05", "买卖盘 13812手 15987手", "龙虎榜 净买入 13812.45 万", "大宗交易 600519 1650.00 13812 股", "分时 0930 1000 1030 1100 1130",
        "600519/000858/000568", "600519、000858、300750 三只", "代码002340 格林美 明天看 7.88", "1.2.3.4.5板 连板", "前十大流通股东持股138123456股", "每股净资产 13.8123 元", "板块 BK0475 BK0896",
        "10000 股 @ 189.50", "spread 138.12/138.15", "level2 1381 2345 6789 笔", "Q1 1381 Q2 2345 Q3 6789", "yield 4.111 4.111 4.111 4.111", "strike 2120 2125 2130", "0 0 1 0 0 2 0 0 3",
        "@6.20 in, @7.45 out", "Vol: 52.364.000", "PMI 49.5 50.1 51.2 52.3", "1000000 1000000 1000000", "EPS of 0.0123 vs 0.0119 est"]
market_data += more
amounts += ["共计13812345678", "gas 4532015112830366 wei", "price 4532015112830366 satoshi", "突破13812345678", "4532015112830366 lira"]
orders += ["tx 4532015112830366", "受理编号 4532015112830366", "txid 13812345678"]
texts += ["Tesla.com/Model3 recall", "Amazon.com/Walmart+Target fall", "Salesforce.com/Slack/Tableau", "Booking.com/Airbnb"]
negative = [("market_data", market_data), ("dates", dates), ("codes", codes), ("isins", isins), ("amounts", amounts), ("orders", orders),
            ("index_levels", levels), ("other", texts)]

if __name__ == "__main__":
    here = pathlib.Path(__file__).parent
    with open(here / "positive.jsonl", "w") as out:
        for kind, mask, rows in positive:
            for text in rows:
                out.write(json.dumps({"kind": kind, "mask": mask, "text": text}, ensure_ascii=False) + "\n")
    with open(here / "negative.jsonl", "w") as out:
        for kind, rows in negative:
            for text in rows:
                out.write(json.dumps({"kind": kind, "text": text}, ensure_ascii=False) + "\n")
    print(sum(len(r) for _, _, r in positive), "to hide,", sum(len(r) for _, r in negative), "to keep")
