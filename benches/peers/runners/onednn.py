"""oneDNN through its C API (`libdnnl.so.3` of the package onednn-cpu-gomp).

Variants are the layout of the activations: `nhwc`, `nchw`, and `blocked`, some channels together. The weights have the
layout that oneDNN asks for.
"""

from __future__ import annotations

import ctypes
import sys
import weakref
from collections.abc import Sequence
from ctypes import byref, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path

import numpy as np

from peers import timing
from peers.convolution import Array, Prepare, Prepared
from peers.cpu import vector_lanes
from peers.layers import Layer
from peers.runners.loop import loop_in_c

# Source of the numbers: oneDNN 3.2, include/oneapi/dnnl/dnnl_types.h and dnnl_common_types.h.
CPU = 1
STREAM_IN_ORDER = 1
F32 = 3
FORWARD_INFERENCE = 96
CONVOLUTION_DIRECT = 1
TAG_ANY = 1
QUERY_IMPL_INFO = 8
QUERY_SRC_MD, QUERY_WEIGHTS_MD, QUERY_DST_MD = 129, 131, 133
ARG_SRC, ARG_DST, ARG_WEIGHTS = 1, 17, 33
ALLOCATE = c_void_p(-1)

TRIAL_SECONDS = 5e-3


class ExecArg(ctypes.Structure):
    """`dnnl_exec_arg_t`."""

    _fields_ = (("arg", c_int), ("memory", c_void_p))


class Handle:
    """An object of the library, destroyed with this one."""

    def __init__(self, library: ctypes.CDLL, kind: str, create: str, *args: object) -> None:
        self.value = c_void_p()
        check(create, getattr(library, create)(byref(self.value), *args))
        weakref.finalize(self, getattr(library, f"dnnl_{kind}_destroy"), self.value)

    @property
    def _as_parameter_(self) -> c_void_p:
        """What ctypes hands over for it."""
        return self.value


def check(call: str, status: int) -> None:
    """`dnnl_status_t`: 0 is success, 3 is unimplemented."""
    if status != 0:
        raise RuntimeError(f"{call} failed with status {status}")


def dims(values: Sequence[int]) -> ctypes.Array[c_int64]:
    """`dnnl_dims_t`."""
    return (c_int64 * 12)(*values)


class OneDnn:
    """The library with an engine and a stream."""

    def __init__(self) -> None:
        self.library = ctypes.CDLL(str(Path(sys.prefix) / "lib" / "libdnnl.so.3"))
        self.library.dnnl_primitive_desc_query_md.restype = c_void_p
        self.loop = loop_in_c()
        self.engine = self.new("engine", "dnnl_engine_create", CPU, c_size_t(0))
        self.stream = self.new("stream", "dnnl_stream_create", self.engine, STREAM_IN_ORDER)

    def new(self, kind: str, create: str, *args: object) -> Handle:
        return Handle(self.library, kind, create, *args)

    def layout(self, shape: Sequence[int], tag: str) -> Handle:
        """A memory descriptor, of a layout spelled as benchdnn spells it."""
        create = "dnnl_memory_desc_create_with_string_tag"
        return self.new("memory_desc", create, len(shape), dims(shape), F32, c_char_p(tag.encode()))

    def any_layout(self, shape: Sequence[int]) -> Handle:
        """A memory descriptor that leaves the layout to a primitive."""
        return self.new("memory_desc", "dnnl_memory_desc_create_with_tag", len(shape), dims(shape), F32, TAG_ANY)

    def convolution(self, layer: Layer, source: str, target: str) -> Handle:
        """The descriptor of the primitive for activations in these layouts."""
        return self.new(
            "primitive_desc",
            "dnnl_convolution_forward_primitive_desc_create",
            self.engine,
            FORWARD_INFERENCE,
            CONVOLUTION_DIRECT,
            self.layout(layer.input_shape, source),
            self.any_layout(grouped_shape(layer)),
            None,
            self.layout(layer.output_shape, target),
            dims((layer.stride_h, layer.stride_w)),
            dims((layer.dil_h - 1, layer.dil_w - 1)),
            dims((layer.pad_h, layer.pad_w)),
            dims((layer.pad_h, layer.pad_w)),
            None,
        )

    def memory(self, layout: Handle | c_void_p, data: c_void_p = ALLOCATE) -> Handle:
        return self.new("memory", "dnnl_memory_create", layout, self.engine, data)

    def wanted(self, primitive_desc: Handle, query: int) -> c_void_p:
        """The layout of one of a primitive's tensors."""
        return c_void_p(self.library.dnnl_primitive_desc_query_md(primitive_desc, query, 0))

    def is_reference(self, primitive_desc: Handle) -> bool:
        """Whether the implementation chosen is the one that is only there to be right."""
        name = c_char_p()
        status = self.library.dnnl_primitive_desc_query(primitive_desc, QUERY_IMPL_INFO, 0, byref(name))
        check("dnnl_primitive_desc_query", status)
        return (name.value or b"").startswith(b"ref")

    def reorder(self, source: Handle, target: Handle) -> None:
        """Copies between layouts."""
        layouts = [c_void_p(), c_void_p()]
        for memory, layout in zip((source, target), layouts, strict=True):
            check("dnnl_memory_get_memory_desc", self.library.dnnl_memory_get_memory_desc(memory, byref(layout)))
        create = "dnnl_reorder_primitive_desc_create"
        desc = self.new("primitive_desc", create, layouts[0], self.engine, layouts[1], self.engine, None)
        primitive = self.new("primitive", "dnnl_primitive_create", desc)
        self.execute(primitive, 1, {ARG_SRC: source, ARG_DST: target})

    def execute(self, primitive: Handle, calls: int, memories: dict[int, Handle]) -> None:
        """Runs a primitive so many times; with OpenMP each call returns when it is done."""
        args = (ExecArg * len(memories))(*(ExecArg(arg, memory.value) for arg, memory in memories.items()))
        execute = self.library.dnnl_primitive_execute
        status = self.loop.repeat_primitive(execute, primitive, self.stream, len(memories), args, calls)
        check("dnnl_primitive_execute", status)


def grouped_shape(layer: Layer) -> tuple[int, ...]:
    """KCRS, or GKCRS where there are groups."""
    k, *rest = layer.weights_shape
    return layer.weights_shape if layer.groups == 1 else (layer.groups, k // layer.groups, *rest)


def pointer(array: Array) -> c_void_p:
    return c_void_p(array.ctypes.data)


class Convolution:
    """A convolution's primitive with its three tensors."""

    def __init__(self, one: OneDnn, layer: Layer, desc: Handle) -> None:
        self.one = one
        self.layer = layer
        self.primitive = one.new("primitive", "dnnl_primitive_create", desc)
        queries = {ARG_SRC: QUERY_SRC_MD, ARG_WEIGHTS: QUERY_WEIGHTS_MD, ARG_DST: QUERY_DST_MD}
        self.memories = {arg: one.memory(one.wanted(desc, query)) for arg, query in queries.items()}

    def load(self, x: Array, w: Array) -> None:
        """Brings input and weights into the layouts of the primitive."""
        plain = self.one.layout(grouped_shape(self.layer), "abcd" if self.layer.groups == 1 else "abcde")
        source = self.one.layout(self.layer.input_shape, "abcd")
        self.one.reorder(self.one.memory(source, pointer(x)), self.memories[ARG_SRC])
        self.one.reorder(self.one.memory(plain, pointer(w)), self.memories[ARG_WEIGHTS])

    def run(self, calls: int) -> None:
        self.one.execute(self.primitive, calls, self.memories)

    def output(self) -> Array:
        y = np.empty(self.layer.output_shape, np.float32)
        target = self.one.layout(self.layer.output_shape, "abcd")
        self.one.reorder(self.memories[ARG_DST], self.one.memory(target, pointer(y)))
        return y


def create(variant: str, threads: int) -> Prepare:
    """The thread count comes from OMP_NUM_THREADS, which this library reads when it is loaded."""
    del threads
    one = OneDnn()

    def prepare(layer: Layer, x: Array, w: Array) -> Prepared:
        if variant == "blocked":
            convolution = fastest_blocked(one, layer)
        else:
            tag = {"nhwc": "acdb", "nchw": "abcd"}[variant]
            convolution = Convolution(one, layer, one.convolution(layer, tag, tag))
        convolution.load(x, w)
        return Prepared(convolution.run, convolution.output)

    return prepare


def fastest_blocked(one: OneDnn, layer: Layer) -> Convolution:
    """A vector's channels together where they divide evenly; else whatever blocks are fastest, and a plain input."""
    lanes = vector_lanes()
    widest = f"aBcd{lanes}b"
    if layer.groups == 1 and layer.c % lanes == 0 and layer.k % lanes == 0:
        return Convolution(one, layer, one.convolution(layer, widest, widest))
    best: tuple[float, Convolution] | None = None
    for block in (block for block in (16, 8, 4) if block <= lanes):
        for source in ("abcd", f"aBcd{block}b"):
            try:
                desc = one.convolution(layer, source, f"aBcd{block}b")
            except RuntimeError:
                continue  # no implementation for these layouts
            if one.is_reference(desc):
                continue
            convolution = Convolution(one, layer, desc)
            time = timing.measure(TRIAL_SECONDS, convolution.run).min_us
            if best is None or time < best[0]:
                best = time, convolution
    if best is None:
        raise RuntimeError("no implementation for blocked activations")
    return best[1]
