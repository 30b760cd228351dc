"""OpenVINO's CPU plugin, a model of one convolution, f32 throughout.

The model is built and saved by the Python package, and run by the C API of the same package, since a call from Python
costs 13 us. Variants are the layout of the activations outside the model, `nhwc` or `nchw`.
"""

from __future__ import annotations

import ctypes
import tempfile
import weakref
from ctypes import byref, c_char_p, c_size_t, c_void_p
from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as ops
from openvino.preprocess import PrePostProcessor

from peers.convolution import Array, Prepare, Prepared
from peers.layers import Layer
from peers.runners.loop import loop_in_c


class CApi:
    """`libopenvino_c.so`."""

    def __init__(self) -> None:
        folder = Path(ov.__file__).parent / "libs"
        self.library = ctypes.CDLL(str(next(folder.glob("libopenvino_c.so*"))))
        self.library.ov_get_last_err_msg.restype = c_char_p
        self.loop = loop_in_c()
        self.core = c_void_p()
        self.check(self.library.ov_core_create(byref(self.core)))

    def check(self, status: int) -> None:
        """`ov_status_e`: 0 is success."""
        if status != 0:
            raise RuntimeError((self.library.ov_get_last_err_msg() or b"no reason given").decode())

    def compile(self, graph: ov.Model, config: dict[str, str]) -> Request:
        """Hands the model over in a file."""
        words = [c_char_p(word.encode()) for pair in config.items() for word in pair]
        compiled = c_void_p()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.xml"
            ov.save_model(graph, path, compress_to_fp16=False)
            compile_model = self.library.ov_core_compile_model_from_file
            name, device = c_char_p(str(path).encode()), c_char_p(b"CPU")
            self.check(compile_model(self.core, name, device, c_size_t(len(words)), byref(compiled), *words))
        return Request(self, compiled)


class Request:
    """A compiled model and its one inference request."""

    def __init__(self, api: CApi, compiled: c_void_p) -> None:
        self.api = api
        weakref.finalize(self, api.library.ov_compiled_model_free, compiled)
        self.request = c_void_p()
        api.check(api.library.ov_compiled_model_create_infer_request(compiled, byref(self.request)))
        weakref.finalize(self, api.library.ov_infer_request_free, self.request)

    def run(self, calls: int) -> None:
        """Infers so many times."""
        self.api.check(self.api.loop.repeat(self.api.library.ov_infer_request_infer, self.request, calls))

    def tensor(self, side: str, shape: tuple[int, ...]) -> Array:
        """The array that the request itself allocated for `input` or `output`."""
        library = self.api.library
        tensor, data = c_void_p(), c_void_p()
        self.api.check(getattr(library, f"ov_infer_request_get_{side}_tensor")(self.request, byref(tensor)))
        weakref.finalize(self, library.ov_tensor_free, tensor)
        self.api.check(library.ov_tensor_data(tensor, byref(data)))
        return np.ctypeslib.as_array(ctypes.cast(data, ctypes.POINTER(ctypes.c_float)), shape)


def create(variant: str, threads: int) -> Prepare:
    """Models compiled for so many threads."""
    api = CApi()
    config = {
        "INFERENCE_NUM_THREADS": str(threads),
        "NUM_STREAMS": "1",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
    }
    axes = (0, 2, 3, 1) if variant == "nhwc" else (0, 1, 2, 3)
    back = tuple(np.argsort(axes))

    def prepare(layer: Layer, x: Array, w: Array) -> Prepared:
        request = api.compile(model(layer, w, channels_last=variant == "nhwc"), config)
        source = request.tensor("input", tuple(layer.input_shape[axis] for axis in axes))
        source[:] = x.transpose(axes)
        outside = tuple(layer.output_shape[axis] for axis in axes)
        return Prepared(request.run, lambda: request.tensor("output", outside).transpose(back))

    return prepare


def model(layer: Layer, w: Array, channels_last: bool) -> ov.Model:
    """The graph; transposes to NHWC are merged into the convolution's own choice of layout."""
    x = ops.parameter(list(layer.input_shape), np.float32)
    window = ([layer.stride_h, layer.stride_w], *([[layer.pad_h, layer.pad_w]] * 2), [layer.dil_h, layer.dil_w])
    if layer.groups == 1:
        y = ops.convolution(x, ops.constant(w), *window)
    else:
        y = ops.group_convolution(x, ops.constant(w.reshape(layer.groups, -1, *w.shape[1:])), *window)
    graph = ov.Model([y], [x], layer.name)
    if not channels_last:
        return graph
    outside = PrePostProcessor(graph)
    for side in (outside.input(), outside.output()):
        side.tensor().set_layout(ov.Layout("NHWC"))
        side.model().set_layout(ov.Layout("NCHW"))
    return outside.build()
