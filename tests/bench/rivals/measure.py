#!/usr/bin/env python3
"""measure.py BUILD [--quick] [--rivals-only] [--levels L,…] [--model DIR --arith int8]: the protocol, work by work.

Writes this CPU's row into machines.json (page.py makes the page of it) and JSON lines for the page of results to
stdout. See deploy/docs/rivals.md for what is measured and how."""

import argparse
import json
import os
import pathlib
import platform
import resource
import statistics
import subprocess
import sys

import numpy as np

import arms
import prepare
import workload
from arms import LEVELS, Failed, say

HERE = pathlib.Path(__file__).resolve().parent
PACKS = (48, 64, 96, 128, 192, 256, 384, 512)
WRONG = 0.9  # a rival whose worst vector is further off than this cosine is not one
KEY = ("ort_int8_one", "ov_int8_one", "ov_int8_sorted", "gs_int8_one", "gs_int8_packed")
SINGLE = ("ort_fp32_one", "ort_int8_one", "ov_int8_one", "gs_int8_one")


def candidates(level, quick):
    """Forms of ONNX Runtime's int8 that are tried. Without VNNI, pairs of products saturate unless weights have 7
    bits; both are shown, and the rule about wrong vectors decides."""
    if level == "avx2":
        return ("dynamic_7bit", "static_7bit") if quick else (
            "dynamic", "dynamic_7bit", "dynamic_mm_7bit", "dynamic_mha_7bit", "static_7bit", "blocks8")
    return ("dynamic", "static") if quick else (
        "dynamic", "dynamic_mm", "dynamic_mha", "stock_dynamic", "static", "static_fastgelu", "blocks8")


def cosines(vectors, reference):
    found = (vectors * reference).sum(1) / (np.linalg.norm(vectors, axis=1) * np.linalg.norm(reference, axis=1))
    return {"cos_mean": round(float(found.mean()), 5), "cos_worst": round(float(found.min()), 5)}


def ratio(ours, rival):
    """The median of the rounds' own ratios: both sides of each were measured side by side."""
    return round(statistics.median(a / b for a, b in zip(ours.rates, rival.rates)), 3)


class Measurement:
    def __init__(self, options):
        self.options, self.build = options, pathlib.Path(options.build).resolve()
        self.core = max(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {self.core})
        self.peak = arms.Peak(self.build / "peak.so")
        self.levels = self.peak.levels()
        self.native = self.levels[0]
        self.maker = arms.Maker(self.build, self.core, self.native)
        self.works = json.loads((self.build / "works.json").read_text(encoding="utf-8"))
        self.protocol = arms.Protocol(self.core, self.peak, self.works, 0.06 if options.quick else 0.15)
        self.rounds = 3 if options.quick else 7
        self.references, self.bits = {}, None
        if options.model is None and not options.rivals_only:
            options.model = self.quantized()

    def quantized(self):
        """Our int8 folder, made from the same 200 texts that the rivals were calibrated with."""
        folder = self.build / "int8"
        arm = arms.Arm("quantize", self.native, [self.build / "worker", prepare.model_dir(), "fp32"], "one", {},
                       self.core, self.build / "works.ids")
        arm.ready()
        arm.ask("quantize", "calibration", folder)
        arm.close()
        return folder

    def embed(self, arm, work):
        path = self.build / "vectors.f32"
        arm.ready()
        arm.embed(work, path)
        return np.fromfile(path, np.float32).reshape(len(self.works[work]), -1)

    def reference(self, work):
        """ONNX Runtime's fp32 on the CPU as it is; it equals PyTorch to 3e-7."""
        if work not in self.references:
            arm = self.maker.onnxruntime(self.native, "fp32", "one")
            self.references[work] = self.embed(arm, work)
            arm.close()
        return self.references[work]

    def best_form(self, level):
        """(name, {form: rate and cosine}) of ONNX Runtime's int8 on the English stream."""
        forms = {}
        for form in candidates(level, self.options.quick):
            arm = self.maker.onnxruntime(level, form, "one")
            arm.ready()
            forms[form] = (arm, cosines(self.embed(arm, "en"), self.reference("en")))
            arm.name = form
        series = self.protocol.rounds([arm for arm, _ in forms.values()], "en", 3)
        table = {form: {"median": series[form].row()["median"], **close} for form, (_, close) in forms.items()}
        for arm, _ in forms.values():
            arm.close()
        right = [form for form in table if table[form]["cos_worst"] >= WRONG]
        return max(right, key=lambda form: table[form]["median"]), table

    def rivals(self, level, form):
        make, full = self.maker, level == self.native and not self.options.quick
        bf16 = full and level in ("amx", "avx512") and " avx512_bf16" in open("/proc/cpuinfo", encoding="utf-8").read()
        ret = [make.onnxruntime(level, "fp32", "one"), make.onnxruntime(level, form, "one"),
               make.onnxruntime(level, form, "sorted"),
               make.openvino(level, "int8", "one"), make.openvino(level, "int8", "sorted")]
        if full:
            ret += [make.onnxruntime(level, form, "padded"), make.onnxruntime(level, "fp32", "padded"),
                    make.onnxruntime(level, "fp32", "sorted")]
        if bf16 or level == "avx2":  # its int8 is slower than its fp32 where VNNI is missing
            ret += [make.openvino(level, "bf16" if bf16 else "f32", how) for how in ("one", "sorted")]
        return ret

    def best_pack(self, level):
        """Groundswell's own knob: how many tokens go through together."""
        rates = {}
        for tokens in PACKS[2:7:2] if self.options.quick else PACKS:
            arm = self.maker.groundswell(level, self.options.arith, f"pack{tokens}", self.options.model)
            rates[tokens] = self.protocol.rounds([arm], "en", 3)[arm.name].row()["median"]
            arm.close()
        return max(rates, key=rates.get), rates

    def ours(self, level):
        """[arm], {pack: rate}"""
        if self.options.rivals_only:
            return [], {}
        pack, rates = self.best_pack(level)
        make, model = self.maker.groundswell, self.options.model
        ret = [make(level, self.options.arith, "one", model), make(level, self.options.arith, f"pack{pack}", model)]
        if level == self.native and not self.options.quick:
            ret.append(make(level, "fp32", "one", prepare.model_dir()))
        return ret, {"best": pack, "rates": rates}

    def same_bits(self, arm):
        """Whether this row gives the very bits that the rows before it gave."""
        vectors = self.embed(arm, "en")
        self.bits = vectors if self.bits is None else self.bits
        return bool(np.array_equal(vectors.view(np.uint32), self.bits.view(np.uint32)))

    def accuracy(self, arm, level):
        work = "accuracy" if level == self.native and "accuracy" in self.works else "en"
        if not arm.name.endswith("_one") or "fp32" in arm.name:
            work = "en"
        return {**cosines(self.embed(arm, work), self.reference(work)), "cos_texts": len(self.works[work])}

    def work(self, name, level, them, row):
        """One work at one level: the rows of its arms, and every ratio of ours to a rival."""
        rounds = self.rounds
        found = self.protocol.rounds(them, name, rounds)
        int8 = LEVELS[level][0]
        macs = workload.describe(self.works[name])["macs"] / len(self.works[name])
        rows = row["works"][name] = {arm.name: found[arm.name].row() for arm in them}
        for arm in them:
            share = rows[arm.name]["median"] * macs / 1e9
            rows[arm.name].update(gmacs=round(share, 1), how=arm.how)
            if "int8" in arm.name:
                rows[arm.name].update(share=round(share / rows[arm.name]["peak"], 3), probe=int8)
        for arm in them:
            if arm.name.startswith("gs_int8"):
                rows[arm.name]["times"] = {rival.name: ratio(found[arm.name], found[rival.name]) for rival in them
                                           if not rival.name.startswith("gs_")}
        say(f"{level}: {name}: " + ", ".join(f"{arm.name} {rows[arm.name]['median']:g}" for arm in them))

    def level(self, level):
        row = {"works": {}, "accuracy": {}}
        form, row["candidates"] = self.best_form(level)
        row["ort_form"] = form
        say(f"{level}: ONNX Runtime's best int8: {form}; " +
            ", ".join(f"{name} {one['median']:g}" for name, one in row["candidates"].items()))
        rivals = self.rivals(level, form)
        for arm in rivals:
            arm.ready()
        ours, row["pack"] = self.ours(level)
        everyone = rivals + ours
        try:
            self.works_of(level, everyone, row)
            for arm in everyone:
                row["accuracy"][arm.name] = self.accuracy(arm, level)
            row["same_bits"] = {arm.how: self.same_bits(arm) for arm in ours if "int8" in arm.name}
            row["peaks"] = {probe: round(self.peak(probe, 0.1), 1) for probe in LEVELS[level]}
            row["masked"] = None if level == self.native else {
                arm.name: {"cpuid_answered": arm.about["cpuid_answered"], "avx512_used": arm.touched != 0}
                for arm in rivals}
        finally:
            for arm in everyone:
                arm.close()
        return row

    def works_of(self, level, everyone, row):
        key = [arm for arm in everyone if arm.name in KEY or arm.name.startswith("ov_f32")]
        single = [arm for arm in everyone if arm.name in SINGLE or arm.name == "ov_f32_one"]
        self.work("en", level, everyone, row)
        if self.options.quick:
            self.work("len32", level, single, row)
            return
        if level != self.native:  # twelve minutes are soon over
            key = [arm for arm in key if not arm.name.startswith("ov_") or arm.how == "sorted"]
        for name in ("mixed", "lognormal") if level == self.native else ("lognormal",):
            if name in self.works:
                self.work(name, level, key, row)
        for length in workload.FIXED if level == self.native else (8, 32, 128):
            self.work(f"len{length}", level, single, row)


def command(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=HERE).stdout.strip()


def cpu_name():
    found = {}
    for line in open("/proc/cpuinfo", encoding="utf-8"):
        name, _, value = line.partition(":")
        found.setdefault(name.strip(), value.strip())
    return f"{found.get('model name', platform.machine())}, family {found.get('cpu family')} model {found.get('model')}"


def about(m, options):
    loads = os.getloadavg()
    return {"cpu": cpu_name(), "cores": os.cpu_count(), "levels": m.levels, "native": m.native, "quick": options.quick,
            "kernel": f"{platform.system()} {platform.release()}", "load": round(loads[0], 2),
            "compiler": command("cc", "--version").splitlines()[0],
            "commit": command("git", "rev-parse", "--short=12", "HEAD"), "packages": prepare.versions(),
            "data": "accuracy" in m.works, "ours": "quantized" if options.arith == "auto" else "rounded at loading",
            "works": {name: workload.describe(messages) for name, messages in m.works.items()
                      if name not in ("accuracy", "calibration")}}


def report(machine):
    """The lines for the page of results."""
    for level, row in machine["rows"].items():
        for work, rows in row["works"].items():
            for name, one in rows.items():
                case = f"{level}, {work}, {name}"
                print(json.dumps({"bench": "encoder", "case": case, "min": one["least"], "median": one["median"],
                                  "max": one["best"], "unit": "messages/s"}))
                for rival, times in one.get("times", {}).items():
                    print(json.dumps({"bench": "encoder", "case": f"{case} over {rival}", "value": times,
                                      "unit": "times"}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rivals-only", action="store_true")
    parser.add_argument("--model", type=pathlib.Path, help="our folder instead of one quantized here")
    parser.add_argument("--arith", default="auto", choices=("int8", "auto"),
                        help="int8: rounds an fp32 folder at loading")
    parser.add_argument("--levels", default="", help="only these, comma-separated")
    parser.add_argument("--machines", type=pathlib.Path, default=HERE / "machines.json")
    options = parser.parse_args()
    m = Measurement(options)
    if options.levels:
        m.levels = [level for level in m.levels if level in options.levels.split(",")]
    machine = about(m, options)
    try:
        machine["rows"] = {level: m.level(level) for level in m.levels}
    except Failed as error:
        sys.exit(f"measure: {error}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    say(f"all arms together used {used.ru_utime + used.ru_stime:.0f} s of CPU")
    machines = json.loads(options.machines.read_text(encoding="utf-8")) if options.machines.exists() else {}
    machines[machine["cpu"]] = machine
    options.machines.write_text(json.dumps(machines, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    report(machine)


if __name__ == "__main__":
    main()
