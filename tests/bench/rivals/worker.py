#!/usr/bin/env python3
"""worker.py onnxruntime MODEL | openvino MODEL PRECISION: one rival with one model, told by lines on stdin what to do.

    load WORKS.json                     {"ready": …}
    run WORK HOW TIMES                  {"cpu": seconds of this process, "wall": seconds}
    embed WORK HOW FILE                 writes float32 [n][hidden] in the messages' order

HOW is one (message by message), padded (batches of 32 as they come) or sorted (batches of 32 by length). Inputs are
made before the clock starts, padding included. MODEL is a path without its ending: MODEL.onnx or .xml takes single
messages, MODEL_padded those with a mask. The C worker speaks the same language."""

import ctypes
import json
import os
import sys
import time

import numpy as np

BATCH = 32
BUCKET = int(os.environ.get("RIVALS_BUCKET", "8"))
FAR = -1e9


def groups(messages, how):
    """[[index]]"""
    order = range(len(messages))
    if how == "one":
        return [[i] for i in order]
    if how == "sorted":
        order = sorted(order, key=lambda i: len(messages[i]))
    order = list(order)
    return [order[i:i + BATCH] for i in range(0, len(order), BATCH)]


def filled(messages, width):
    ids = np.zeros((len(messages), width), np.int32)
    for row, message in zip(ids, messages):
        row[:len(message)] = message
    return ids


def lengths(messages):
    return np.array([len(message) for message in messages], np.int32)


class OnnxRuntime:
    def __init__(self, model):
        import onnxruntime as ort
        self.version = ort.__version__
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self.make = lambda path: ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.model, self.sessions = model, {}

    def prepare(self, messages, how):
        """[a call that gives the vectors of one group]"""
        padded = how != "one"
        if padded not in self.sessions:
            self.sessions[padded] = self.make(self.model + ("_padded" if padded else "") + ".onnx")
        run = self.sessions[padded].run
        calls = []
        for group in groups(messages, how):
            mine = [messages[i] for i in group]
            feed = {"ids": filled(mine, max(map(len, mine)))}
            if padded:
                feed["len"] = lengths(mine)
            calls.append(lambda feed=feed: run(None, feed)[0])
        return calls


class OpenVino:
    """Static shapes: one compiled model per length rounded up to BUCKET (single messages) or per batch's length."""

    def __init__(self, model, precision):
        import openvino as ov
        self.ov, self.version, self.model = ov, ov.__version__.split("-")[0], model
        self.core = ov.Core()
        # Without f32 here its int8 models come out wrong on CPUs with bf16.
        self.settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                         "INFERENCE_PRECISION_HINT": precision, "ENABLE_CPU_PINNING": False}
        self.requests = {}

    def request(self, n, width, masked):
        key = n, width, masked
        if key not in self.requests:
            base = self.model + ("_padded" if masked else "")
            model = self.core.read_model(base + (".onnx" if os.path.exists(base + ".onnx") else ".xml"))
            shapes = {"ids": [n, width]}
            if masked:
                shapes.update(mask=[n, width], len=[n])
            model.reshape(shapes)
            self.requests[key] = self.core.compile_model(model, "CPU", self.settings).create_infer_request()
        return self.requests[key]

    def prepare(self, messages, how):
        alike = len(set(map(len, messages))) == 1
        calls = []
        for group in groups(messages, how):
            mine = [messages[i] for i in group]
            width = max(map(len, mine))
            if how == "one" and not alike:
                width += -width % BUCKET
            request = self.request(len(mine), width, not alike)
            values = {"ids": filled(mine, width)}
            if not alike:
                mask = np.full((len(mine), width), FAR, np.float32)
                for row, message in zip(mask, mine):
                    row[:len(message)] = 0
                values.update(mask=mask, len=lengths(mine))
            tensors = [(name, self.ov.Tensor(value)) for name, value in values.items()]
            calls.append(lambda request=request, tensors=tensors: self.infer(request, tensors))
        return calls

    @staticmethod
    def infer(request, tensors):
        for name, tensor in tensors:
            request.set_tensor(name, tensor)
        request.infer()
        return request.get_output_tensor(0).data


def mask_library():
    """cpuid_mask.so, which can tell whether AVX-512 was used; None without."""
    path = os.environ.get("RIVALS_MASK_LIBRARY")
    return ctypes.CDLL(path) if path else None


class Worker:
    def __init__(self, runtime):
        self.runtime, self.works, self.calls = runtime, {}, {}
        self.library = mask_library()

    def prepared(self, work, how):
        if (work, how) not in self.calls:
            self.calls[work, how] = calls = self.runtime.prepare(self.works[work], how)
            for call in calls:
                call()
        return self.calls[work, how]

    def load(self, path):
        with open(path, encoding="utf-8") as file:
            self.works = json.load(file)
        return {"ready": self.runtime.version, "cpuid_answered": self.library.gs_cpuid_answered() if self.library else 0}

    def run(self, work, how, times):
        calls = self.prepared(work, how)
        if self.library:
            self.library.gs_forget_avx512()
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(int(times)):
            for call in calls:
                call()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        touched = self.library.gs_avx512_touched() if self.library else None
        return {"cpu": cpu, "wall": wall, "avx512_touched": touched}

    def embed(self, work, how, path):
        messages = self.works[work]
        calls = self.prepared(work, how)
        vectors = np.concatenate([call().copy() for call in calls])
        order = [i for group in groups(messages, how) for i in group]
        ret = np.empty_like(vectors, dtype=np.float32)
        ret[order] = vectors
        ret.tofile(path)
        return {"vectors": len(ret)}

    def serve(self):
        for line in sys.stdin:
            verb, *words = line.split()
            reply = {"load": self.load, "run": self.run, "embed": self.embed}[verb](*words)
            print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    runtimes = {"onnxruntime": OnnxRuntime, "openvino": OpenVino}
    # What a library prints does not belong among the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.stdout = answers
    Worker(runtimes[sys.argv[1]](*sys.argv[2:])).serve()
