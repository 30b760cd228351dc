"""ONNX Runtime's CPU provider (MLAS), a graph of one node, arrays bound once.

`nchw`: plain in and out; the session may convert to its blocked layout and back inside. `nchwc`: the blocked node of
that conversion alone, its input and weights blocked beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from peers.convolution import Array, Prepare, Prepared, pad_channels, repeat
from peers.cpu import vector_lanes
from peers.layers import Layer

BLOCKED_DOMAIN = "com.microsoft.nchwc"
OPSETS = (("", 17), (BLOCKED_DOMAIN, 1))
IR_VERSION = 10


@dataclass(frozen=True)
class Node:
    """The one node of the graph with its data, in the layout that the node takes."""

    domain: str
    x: Array
    w: Array
    output_shape: tuple[int, ...]


def create(variant: str, threads: int) -> Prepare:
    """Sessions of so many threads."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    make = {"nchw": plain_node, "nchwc": blocked_node}[variant]

    def prepare(layer: Layer, x: Array, w: Array) -> Prepared:
        node = make(layer, x, w)
        session = ort.InferenceSession(model(layer, node), options, providers=["CPUExecutionProvider"])
        source = ort.OrtValue.ortvalue_from_numpy(node.x)
        target = ort.OrtValue.ortvalue_from_numpy(np.zeros(node.output_shape, np.float32))
        binding = session.io_binding()
        binding.bind_ortvalue_input("x", source)
        binding.bind_ortvalue_output("y", target)

        def output() -> Array:
            y = target.numpy()
            return y if variant == "nchw" else unblock(y)[:, : layer.k]

        return Prepared(repeat(lambda: session.run_with_iobinding(binding)), output)

    return prepare


def model(layer: Layer, node: Node) -> bytes:
    """The graph, serialised."""
    conv = helper.make_node(
        "Conv",
        ["x", "w"],
        ["y"],
        domain=node.domain,
        kernel_shape=[layer.r, layer.s],
        strides=[layer.stride_h, layer.stride_w],
        pads=[layer.pad_h, layer.pad_w, layer.pad_h, layer.pad_w],
        dilations=[layer.dil_h, layer.dil_w],
        group=layer.groups,
    )
    x, y = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", node.x.shape), ("y", node.output_shape))
    )
    graph = helper.make_graph([conv], layer.name, [x], [y], [numpy_helper.from_array(node.w, "w")])
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    return bytes(made.SerializeToString())


def plain_node(layer: Layer, x: Array, w: Array) -> Node:
    return Node("", x, w, layer.output_shape)


def blocked_node(layer: Layer, x: Array, w: Array) -> Node:
    """Few input channels stay plain, and groups must be whole blocks or single channels.

    Source: ONNX Runtime, onnxruntime/core/optimizer/nchwc_transformer.cc.
    """
    block = vector_lanes()
    narrow = layer.c < block
    depthwise = layer.is_depthwise and layer.k == layer.c
    whole = layer.c // layer.groups % block == 0 and layer.k // layer.groups % block == 0
    if layer.groups > 1 and not (whole or (depthwise and layer.k % block == 0)):
        raise ValueError(f"groups of {layer.c // layer.groups} channels are not whole blocks of {block}")
    padded = pad_channels(w, 0, block)
    if narrow or depthwise:
        weights = padded.reshape(-1, block, *w.shape[1:]).transpose(0, 2, 3, 4, 1)  # [K/B][C][R][S][B of K]
    else:
        padded = pad_channels(padded, 1, block)
        blocks = padded.reshape(padded.shape[0] // block, block, -1, block, layer.r, layer.s)
        weights = blocks.transpose(0, 2, 4, 5, 3, 1)  # [K/B][C/B][R][S][B of C][B of K]
    w = np.ascontiguousarray(weights).reshape(padded.shape)
    output_shape = (layer.n, padded.shape[0], layer.out_h, layer.out_w)
    return Node(BLOCKED_DOMAIN, x if narrow else block_channels(x, block), w, output_shape)


def block_channels(x: Array, block: int) -> Array:
    """NCHW to [N][C/B][H][W][B], under the shape NCHW that the node wants to see."""
    x = pad_channels(x, 1, block)
    n, c, h, w = x.shape
    blocked = x.reshape(n, c // block, block, h, w).transpose(0, 1, 3, 4, 2)
    return np.ascontiguousarray(blocked).reshape(x.shape)


def unblock(y: Array) -> Array:
    """The way back."""
    n, c, h, w = y.shape
    block = vector_lanes()
    return y.reshape(n, c // block, h, w, block).transpose(0, 1, 4, 2, 3).reshape(y.shape)
