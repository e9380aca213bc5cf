#!/usr/bin/env python3
"""page.py [MACHINES]: deploy/docs/rivals.md, on stdout, from the rows that runs on different machines have left."""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
WORKS = ("en", "mixed", "lognormal", "len8", "len16", "len32", "len64", "len128")
STREAMS = {"en": "English", "mixed": "English and Chinese", "lognormal": "log-normal lengths"}
TIMES_ORT = {"amx": 4, "avx512": 2, "avx2": 1.6}  # AVX-VNNI without AVX-512 has no target of its own
SHARE = {"avx512": 0.5, "avxvnni": 0.5, "avx2": 0.7}
NAMES = {"ort": "ONNX Runtime", "ov": "OpenVINO", "gs": "**Groundswell**"}
WAYS = {"one": "one by one", "padded": "padded batches of 32", "sorted": "length-sorted batches of 32",
        "packed": "packed, as they come"}
LEVEL = {"amx": "AMX", "avx512": "AVX-512 VNNI", "avxvnni": "AVX-VNNI, 256 bits", "avx2": "AVX2"}


def arm_name(name):
    who, arithmetic, way = name.split("_")
    return f"{NAMES[who]} {arithmetic}, {WAYS[way]}"


def best(rows, who):
    """(arm, row) of the fastest."""
    mine = [(name, row) for name, row in rows.items() if name.startswith(who)]
    return max(mine, key=lambda pair: pair[1]["median"]) if mine else (None, None)


def verdict(reached):
    return "" if reached is None else "reached" if reached else "**missed**"


def target(what, wanted, value, reached):
    return f"| {what} | {wanted} | {value} | {verdict(reached)} |"


def speed_targets(level, row):
    for work, name in STREAMS.items():
        rows = row["works"].get(work, {})
        ours, mine = best(rows, "gs_int8")
        ort, ov = best(rows, "ort_int8")[0], best(rows, "ov_")[0]
        if not mine or not ort:
            continue
        times = mine["times"]
        # What the products alone would come to, were everything else free.
        most = mine["peak"] / rows[ort]["gmacs"]
        yield target(f"{name}: times ONNX Runtime's best int8 ({WAYS[ort.split('_')[2]]})",
                     f">= {TIMES_ORT[level]}" if level in TIMES_ORT else "",
                     f"{times[ort]:.2f} (the peak of the instruction: {most:.2f})",
                     times[ort] >= TIMES_ORT[level] if level in TIMES_ORT else None)
        if ov:
            wanted = 3 if level == "amx" else 1
            yield target(f"{name}: times OpenVINO's best ({ov.split('_')[1]}, {WAYS[ov.split('_')[2]]})",
                         f">= {wanted}" if wanted > 1 else "> 1", f"{times[ov]:.2f}", times[ov] >= wanted)
        if work == "en" and level in SHARE:
            yield target("English: whole-model MAC rate, share of the measured int8 peak", f">= {SHARE[level]:.0%}",
                         f"{mine['share']:.0%} ({mine['gmacs']:.0f} of {mine['peak']:.0f} GMAC/s)",
                         mine["share"] >= SHARE[level])
    rows = row["works"].get("len32", {})
    if "gs_int8_one" in rows and "ort_int8_one" in rows:
        mine, theirs = (1e3 / rows[name]["median"] for name in ("gs_int8_one", "ort_int8_one"))
        yield target("32 tokens alone, against ONNX Runtime's int8", f"<= {theirs:.2f} ms", f"{mine:.2f} ms", mine <= theirs)


def accuracy_targets(row):
    ours = row["accuracy"].get("gs_int8_one")
    if ours:
        texts = f"over {ours['cos_texts']} texts"
        yield target(f"cosine to fp32, mean {texts}", ">= .998", f"{ours['cos_mean']:.5f}", ours["cos_mean"] >= 0.998)
        yield target("cosine to fp32, worst", ">= .98", f"{ours['cos_worst']:.5f}", ours["cos_worst"] >= 0.98)


def print_targets(machine):
    print("| kernels | what | target | measured | |\n|---|---|---|---|---|")
    for level, row in machine["rows"].items():
        for line in [*speed_targets(level, row), *(accuracy_targets(row) if level == machine["native"] else ())]:
            print(f"| {LEVEL[level]} {line}")
    print()


def cosine(close, which):
    return f"{close[which]:.4f}" if which in close else ""


def print_stream(work, rows, accuracy):
    print("| arm | messages/s, median | best | runs | GMAC/s | peak beside it | share | ours, times this "
          "| cosine mean | worst | other cores busy |\n|---|---|---|---|---|---|---|---|---|---|---|")
    _, ours = best(rows, "gs_int8")
    for name, row in sorted(rows.items(), key=lambda pair: pair[1]["median"]):
        close = accuracy.get(name, {})
        times = (ours or {}).get("times", {}).get(name)
        packed = f", up to {row['how'].removeprefix('pack')} tokens" if name.endswith("packed") else ""
        print(f"| {arm_name(name)}{packed} "
              f"| {row['median']:.0f} | {row['best']:.0f} | {row['runs']} | {row['gmacs']:.0f} | {row['peak']:.0f} "
              f"| {format(row['share'], '.0%') if 'share' in row else ''} | {format(times, '.2f') if times else ''} "
              f"| {cosine(close, 'cos_mean')} | {cosine(close, 'cos_worst')} | {row['others_busy']:.2f} |")
    print()


def print_lengths(row):
    lengths = [work for work in WORKS if work.startswith("len") and work in row["works"]]
    names = [name for name in ("ort_fp32_one", "ort_int8_one", "ov_f32_one", "ov_int8_one", "gs_int8_one")
             if any(name in row["works"][work] for work in lengths)]
    if not lengths:
        return
    print("One message alone, ms of CPU time, median:\n")
    print("| tokens | " + " | ".join(arm_name(name).removesuffix(", one by one") for name in names) + " |\n|---" + "|---" * len(names) + "|")
    for work in lengths:
        rows = row["works"][work]
        print(f"| {work[3:]} | " + " | ".join(f"{1e3 / rows[name]['median']:.3f}" if name in rows else "" for name in names) + " |")
    print()


def print_candidates(row):
    print(f"ONNX Runtime's int8 forms, English one by one; `{row['ort_form']}` was taken: " + "; ".join(
        f"`{form}` {one['median']:.0f} (cosine {one['cos_mean']:.4f}, worst {one['cos_worst']:.4f})"
        for form, one in sorted(row["candidates"].items(), key=lambda pair: -pair[1]["median"])) + ".\n")


def print_mask(level, row):
    if row.get("masked"):
        answered = sum(one["cpuid_answered"] > 0 for one in row["masked"].values())
        used = [name for name, one in row["masked"].items() if one["avx512_used"]]
        said = "AVX-512 was used by none of them" if not used else "AVX-512 was used by " + ", ".join(used)
        if level in ("avxvnni", "avx2"):
            print(f"CPUID was answered for {answered} of {len(row['masked'])} rivals; {said}.\n")
    if row.get("same_bits"):
        said = "the very bits" if all(row["same_bits"].values()) else "**not the bits**"
        print(f"Groundswell's vectors of `en` here, one by one and packed: {said} of the first kernels, one by one.\n")


def print_machine(machine):
    print(f"## {machine['cpu']}\n")
    print(f"- {machine['cores']} cores, {machine['kernel']}; kernels: {', '.join(LEVEL[level] for level in machine['levels'])}")
    print("- " + ", ".join(f"{name} {version}" for name, version in machine["packages"].items()) + f"; {machine['compiler']}")
    print(f"- commit {machine['commit']}; load at the start {machine['load']}"
          + ("; a `--quick` run: fewer rounds and arms" if machine["quick"] else "")
          + ("" if machine["data"] else "; no real texts were there: lengths of the real ones with random ids"))
    for name, work in machine["works"].items():
        if name in STREAMS:
            print(f"- {STREAMS[name]}: {work['messages']} messages, {work['tokens']} tokens, mean {work['mean']}, "
                  f"median {work['median']}, greatest {work['max']}")
    print("\n### Targets\n")
    print_targets(machine)
    for level, row in machine["rows"].items():
        print(f"### {LEVEL[level]}" + (": the CPU as it is" if level == machine["native"] else "") + "\n")
        for work, name in STREAMS.items():
            if work in row["works"]:
                print(f"{name}:\n")
                print_stream(work, row["works"][work], row["accuracy"] if work == "en" else {})
        print_lengths(row)
        print_candidates(row)
        print_mask(level, row)


def print_accuracy():
    """accuracy.json, when accuracy.py has been run."""
    path = HERE / "accuracy.json"
    if not path.exists():
        return
    found = json.loads(path.read_text(encoding="utf-8"))
    close = found["embeddings"]
    print("## Accuracy\n")
    print("`tests/bench/rivals/accuracy.py build/rivals --head DIR`; the same bits on every CPU, so no row of its own.\n")
    print("| what | target | measured | |\n|---|---|---|---|")
    print(target(f"cosine to fp32, mean over {close['texts']:,} English texts", ">= .998", f"{close['cos_mean']:.5f}",
                 close["cos_mean"] >= 0.998))
    print(target(f"the worst of them ({close['worst_tokens']} tokens)", ">= .98", f"{close['cos_worst']:.5f}",
                 close["cos_worst"] >= 0.98))
    if close["short"]:
        print(target(f"the worst of the {close['short']:,} with at most 8 tokens", ">= .98",
                     f"{close['short_worst']:.5f}, mean {close['short_mean']:.5f}", close["short_worst"] >= 0.98))
    labels = found.get("labels")
    if labels:
        agreement = labels["arms"]["int8, Groundswell"]["agreement"]
        print(target(f"the same label as fp32 ({labels['set']}, {labels['texts']:,} texts)", ">= 99.5 %",
                     f"{agreement:.3%}", agreement >= 0.995))
        print("\n| arm | same label as fp32 | accuracy | greatest difference of a logit |\n|---|---|---|---|")
        for name, one in labels["arms"].items():
            print(f"| {name} | {one['agreement']:.2%} | {one['accuracy']:.2%} | {one['greatest_difference']:g} |")
    print()


def main():
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "machines.json"
    machines = json.loads(path.read_text(encoding="utf-8"))
    print((HERE / "protocol.md").read_text(encoding="utf-8"))
    print_accuracy()
    for name in sorted(machines):
        print_machine(machines[name])


main()
