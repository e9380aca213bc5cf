"""Arms of a measurement: one process each, pinned to the same core, told in turn what to run.

An arm is a rival or Groundswell with one model, seen at one level: the CPU as it is, or as a smaller one. A rival sees
a smaller CPU because its CPUID is answered for it (cpu_mask.py), Groundswell because GS_KERNELS says so."""

import ctypes
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
# Best first; the probe that tells whether this CPU has the level, and what its fp32 can do at most.
LEVELS = {"amx": ("int8_amx", "fp32_avx512"), "avx512": ("int8_avx512", "fp32_avx512"),
          "avxvnni": ("int8_avxvnni", "fp32_avx2"), "avx2": ("int8_avx2", "fp32_avx2")}
NO_AVX512 = ",".join(f"-AVX512{part}" for part in ("F", "VL", "BW", "DQ", "CD"))
NUMPY_AVX512 = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR"
PROBE_S = 0.006
# Far from being anybody's best, and seconds a run: three rounds will do.
SLOW = ("ort_fp32_padded", "ort_fp32_sorted", "ort_int8_padded", "gs_fp32_one")


class Failed(Exception):
    pass


class Peak:
    """peak.so: GMAC/s that this core has at this moment."""

    def __init__(self, library):
        self.call = ctypes.CDLL(str(library)).gs_peak
        self.call.restype, self.call.argtypes = ctypes.c_double, [ctypes.c_char_p, ctypes.c_double]

    def __call__(self, name, seconds=PROBE_S):
        return self.call(name.encode(), seconds)

    def levels(self):
        return [level for level, (int8, _) in LEVELS.items() if self(int8) > 0]


def busy(core):
    """Ticks that the other cores have worked, and that ours was taken away (steal)."""
    others = stolen = 0
    with open("/proc/stat", encoding="ascii") as stat:
        for line in stat:
            name, *fields = line.split()
            if name.startswith("cpu") and name != "cpu":
                ticks = [int(field) for field in fields]
                if name == f"cpu{core}":
                    stolen = ticks[7]
                else:
                    others += ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]
    return others, stolen


class Arm:
    def __init__(self, name, level, argv, how, env, core, works):
        self.name, self.level, self.how = name, level, how
        self.log = open(os.environ.get("RIVALS_LOG", os.devnull), "a", encoding="utf-8")
        self.child = subprocess.Popen(["taskset", "-c", str(core), *map(str, argv)], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=self.log, text=True, env=dict(os.environ, **env))
        self.works, self.about = works, None
        self.touched = 0

    def ask(self, *words):
        try:
            print(*words, file=self.child.stdin, flush=True)
            line = self.child.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise Failed(f"{self.name} at {self.level} ended with {self.child.wait()} when told to "
                         + " ".join(map(str, words)))
        return json.loads(line)

    def ready(self):
        if self.about is None:
            self.about = self.ask("load", self.works)
        return self.about

    def run(self, work, times):
        """{"cpu", "wall"} of running a work that often."""
        reply = self.ask("run", work, self.how, times)
        self.touched |= reply.get("avx512_touched") or 0
        return reply

    def embed(self, work, path):
        self.ask("embed", work, self.how, path)

    def close(self):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait()
        self.log.close()


class Maker:
    """Makes arms; knows where everything lies."""

    def __init__(self, build, core, native):
        self.build, self.core, self.native = pathlib.Path(build), core, native

    def rival_env(self, level):
        if level == self.native:
            return {}
        env = {"PYTHONPATH": str(self.build / "masked"), "LD_PRELOAD": str(self.build / "cpuid_mask.so"),
               "GS_CPUID_LEVEL": level, "RIVALS_MASK_LIBRARY": str(self.build / "cpuid_mask.so")}
        if level in ("avxvnni", "avx2"):
            # Not the rivals' choice, but a memcpy with AVX-512 would hide behind theirs in the proof.
            env.update(GLIBC_TUNABLES=f"glibc.cpu.hwcaps={NO_AVX512}", NPY_DISABLE_CPU_FEATURES=NUMPY_AVX512)
        return env

    def onnxruntime(self, level, form, how):
        argv = [sys.executable, "-B", HERE / "worker.py", "onnxruntime", self.build / "onnx" / form]
        return Arm(f"ort_{'fp32' if form.startswith('fp32') else 'int8'}_{how}", level, argv, how,
                   self.rival_env(level), self.core, self.build / "works.json")

    def openvino(self, level, precision, how):
        model = self.build / ("openvino/int8" if precision == "int8" else "onnx/plain")
        argv = [sys.executable, "-B", HERE / "worker.py", "openvino", model,
                "f32" if precision == "int8" else precision]
        return Arm(f"ov_{precision}_{how}", level, argv, how, self.rival_env(level), self.core,
                   self.build / "works.json")

    def groundswell(self, level, arithmetic, how, model):
        argv = [self.build / "worker", model, arithmetic]
        name = f"gs_{'fp32' if arithmetic == 'fp32' else 'int8'}_{'one' if how == 'one' else 'packed'}"
        arm = Arm(name, level, argv, how, {"GS_KERNELS": level, "OPENBLAS_NUM_THREADS": "1"}, self.core,
                  self.build / "works.ids")
        about = arm.ready()
        if arithmetic != "fp32" and about["kernels"] != level:
            raise Failed(f"GS_KERNELS={level}, but {about['kernels']} runs")
        return arm


class Series:
    """What one arm did on one work, round by round."""

    def __init__(self):
        self.rates, self.walls, self.peaks, self.others, self.stolen = [], [], [], [], []

    def row(self):
        return {"median": round(statistics.median(self.rates), 2), "best": round(max(self.rates), 2),
                "least": round(min(self.rates), 2), "wall_median": round(statistics.median(self.walls), 2),
                "runs": len(self.rates), "peak": round(statistics.median(self.peaks), 1),
                "others_busy": round(statistics.median(self.others), 2), "stolen": round(max(self.stolen), 2)}


class Protocol:
    """A/B/A/B: every round runs every arm once, with a probe of the core on both sides."""

    def __init__(self, core, peak, works, least_s=0.15):
        self.core, self.peak, self.works, self.least_s = core, peak, works, least_s

    def times(self, arm, work):
        """How often, so that a run takes least_s; also the warm-up."""
        arm.run(work, 1)
        taken = arm.run(work, 1)["wall"]
        return max(1, round(self.least_s / max(taken, 1e-6)))

    def one(self, arm, work, times, series):
        int8, fp32 = LEVELS[arm.level]
        probe = fp32 if "fp32" in arm.name or "f32" in arm.name or "bf16" in arm.name else int8
        others, stolen = busy(self.core)
        before = self.peak(probe)
        taken = arm.run(work, times)
        after = self.peak(probe)
        ticks = [now - then for now, then in zip(busy(self.core), (others, stolen))]
        n, hertz = len(self.works[work]) * times, os.sysconf("SC_CLK_TCK")
        series.rates.append(n / taken["cpu"])
        series.walls.append(n / taken["wall"])
        series.peaks.append(min(before, after))
        series.others.append(ticks[0] / hertz / taken["wall"])
        series.stolen.append(ticks[1] / hertz / taken["wall"])

    def rounds(self, arms, work, n):
        """{arm's name: Series}"""
        ret = {arm.name: Series() for arm in arms}
        times = {arm.name: self.times(arm, work) for arm in arms}
        for number in range(n):
            for arm in arms:
                if number < 3 or arm.name not in SLOW:
                    self.one(arm, work, times[arm.name], ret[arm.name])
        return ret


def say(text):
    print(f"[{time.monotonic() - START:6.1f} s] {text}", file=sys.stderr, flush=True)


START = time.monotonic()
