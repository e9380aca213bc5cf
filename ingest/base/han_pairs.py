#!/usr/bin/env python3
"""Writes ingest/base/han_pairs.h from OpenCC's dictionaries (Debian packages opencc and libopencc-data, 1.1.6).

    ingest/base/han_pairs.py >ingest/base/han_pairs.h

OpenCC is by BYVoid and contributors, Apache License 2.0 (https://github.com/BYVoid/OpenCC). Its data become a table in
the source; nothing of it is needed to build or to run.

Three lists are made:
  pairs            a traditional character and the simplified one that stands for it. The first choice of OpenCC's
                   TSCharacters; from the Hong Kong and Taiwan variants those that TSCharacters lacks. Left out: what is
                   not one of U+4E00 to U+9FFF on the left and of the Basic Multilingual Plane on the right, so that a
                   fold keeps a text's length in UTF-8; and KEEP.
  simplified only  characters that neither traditional Chinese nor Japanese writes: a text that has them is Chinese
  japanese only    characters that Chinese, simplified or traditional, does not write: 円, 込, 気
"""

import subprocess
import tempfile

DICTIONARIES = "/usr/share/opencc"
# Traditional characters that simplified Chinese writes too, with another meaning, and far more often.
KEEP = set("著")
# Made in Japan, or only in use there; no dictionary of OpenCC lists them.
KOKUJI = "込畑峠働匂枠栃塀笹辻凪籾匁俣榊雫噺糀凧躾"
# Japanese forms of traditional characters that are simplified characters, or names' characters, in China as well.
ALSO_CHINESE = set(
    "予蚕励潜禅麦属号辞来没恋学余狭黄党随盗内残欠惨誉秘沪恒单御状窃温虫峰唇偽葱芸税奥虚担尽礼痴台国湾献届将争"
    "挟余査点昼灯猫疏宝蒋床才晩双与蛮捜却增増緒医晋会静堕录録顔群枢徳弯声芦数緑横径楼独条壮称装区断践涛叙当画"
    "莱万参証峡脱乱岳脚欧浅体滞為産粽胆湿嘱写圧浜茎缶寝厠嘘絶匂煙贋歳毎呉児塩巌鄭祷醋殻稜曽頴亘御瑤遥謡戻鴎説"
)


def dictionary(name):
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as out:
        source = f"{DICTIONARIES}/{name}.ocd2"
        subprocess.run(["opencc_dict", "-i", source, "-f", "ocd2", "-t", "text", "-o", out.name],
                       check=True, stdout=subprocess.DEVNULL)
        rows = (line.rstrip("\n").split("\t") for line in out)
        return {key: values.split(" ") for key, values in rows}


def is_han(text):
    return len(text) == 1 and "\u4e00" <= text <= "\u9fff"


def is_three_bytes(text):
    return len(text) == 1 and 0x800 <= ord(text) <= 0xFFFF


def make():
    to_simplified = dictionary("TSCharacters")
    to_traditional = dictionary("STCharacters")
    japanese = {new for old, all_new in dictionary("JPVariants").items() for new in all_new if new != old}
    fold = {old: new[0] for old, new in to_simplified.items()}
    for name in ("HKVariants", "TWVariants"):
        for standard, local in dictionary(name).items():
            simplified = fold.get(standard, standard)
            for variant in local:
                if variant not in fold and variant not in to_traditional and variant != simplified:
                    fold[variant] = simplified
    pairs = {old: new for old, new in fold.items()
             if old != new and is_han(old) and is_three_bytes(new) and old not in KEEP}
    # A fold of a folded text changes nothing: 薴 is not read as 苧, which is itself the traditional form of 苎.
    pairs = {old: new for old, new in pairs.items() if new not in pairs}
    traditional = {new for all_new in to_traditional.values() for new in all_new}
    simplified_only = {new for new in pairs.values() if is_han(new)} - traditional - japanese - set(pairs)
    japanese_only = {c for c in japanese | set(KOKUJI)
                     if is_han(c) and c not in pairs and c not in pairs.values()} - ALSO_CHINESE
    japanese_only -= set(to_traditional) & traditional - set(KOKUJI)
    return pairs, simplified_only, japanese_only


def put(name, text, comment):
    print(f"\n/* {comment} */\nstatic const char *const {name}[] = {{")
    rows = [text[at:at + 40] for at in range(0, len(text), 40)]
    print("\n".join(f'    "{row}",' for row in rows) + "\n};")


def main():
    pairs, simplified_only, japanese_only = make()
    print("/* Made by ingest/base/han_pairs.py from OpenCC's dictionaries, version 1.1.6 (BYVoid and\n"
          " * contributors, Apache License 2.0, https://github.com/BYVoid/OpenCC). Don't edit.\n"
          " *\n"
          f" * {len(pairs)} pairs, {len(simplified_only)} characters of simplified Chinese alone, {len(japanese_only)} of"
          " Japanese\n * alone. Every character has three bytes in UTF-8. */\n"
          "#ifndef GS_BASE_HAN_PAIRS_H\n#define GS_BASE_HAN_PAIRS_H\n\n/* clang-format off */")
    put("gs_han_pairs", "".join(old + pairs[old] for old in sorted(pairs)),
        "A traditional character, then the simplified one that it is read as; twenty pairs a line.")
    put("gs_han_simplified_only", "".join(sorted(simplified_only)),
        "Neither traditional Chinese nor Japanese.")
    put("gs_han_japanese_only", "".join(sorted(japanese_only)), "Neither simplified nor traditional Chinese.")
    print("/* clang-format on */\n\n#endif")


main()
