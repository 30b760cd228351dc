"""LiteRT (TensorFlow Lite) with XNNPACK, its default; activations NHWC, as it has no other layout."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from peers.convolution import Array, Prepare, Prepared, repeat
from peers.layers import Layer

SCHEMA_VERSION = 3
FILE_IDENTIFIER = b"TFL3"


def create(variant: str, threads: int) -> Prepare:
    """Interpreters of so many threads; NHWC is the one variant."""
    del variant

    def prepare(layer: Layer, x: Array, w: Array) -> Prepared:
        interpreter = Interpreter(model_content=model(layer, w), num_threads=threads)
        interpreter.allocate_tensors()
        source = interpreter.get_input_details()[0]["index"]
        target = interpreter.get_output_details()[0]["index"]
        interpreter.set_tensor(source, np.ascontiguousarray(x.transpose(0, 2, 3, 1)))
        return Prepared(repeat(interpreter.invoke), lambda: interpreter.get_tensor(target).transpose(0, 3, 1, 2))

    return prepare


class Graph:
    """A TensorFlow Lite model in the making."""

    def __init__(self) -> None:
        self.model = schema.ModelT()
        self.model.version = SCHEMA_VERSION
        self.model.buffers = [schema.BufferT()]  # the first stays empty: tensors without data point at it
        self.model.operatorCodes = []
        self.graph = schema.SubGraphT()
        self.graph.tensors = []
        self.graph.operators = []

    def tensor(self, shape: tuple[int, ...], data: np.ndarray[Any, Any] | None = None) -> int:
        """A new tensor's index; constant where there is data."""
        tensor = schema.TensorT()
        tensor.name = f"t{len(self.graph.tensors)}"
        tensor.shape = list(shape)
        tensor.type = schema.TensorType.INT32 if data is not None and data.dtype == np.int32 else 0
        tensor.buffer = 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.ascontiguousarray(data).view(np.uint8).reshape(-1)
            tensor.buffer = len(self.model.buffers)
            self.model.buffers.append(buffer)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def operator(self, code: int, options: tuple[int, object], inputs: list[int], output: int) -> None:
        """Appends an operator with its options and their type."""
        kind = schema.OperatorCodeT()
        kind.builtinCode = kind.deprecatedBuiltinCode = code
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes)
        operator.inputs, operator.outputs = inputs, [output]
        operator.builtinOptionsType, operator.builtinOptions = options
        self.model.operatorCodes.append(kind)
        self.graph.operators.append(operator)

    def serialise(self, source: int, target: int) -> bytes:
        self.graph.inputs, self.graph.outputs = [source], [target]
        self.model.subgraphs = [self.graph]
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), FILE_IDENTIFIER)
        return bytes(builder.Output())


def model(layer: Layer, w: Array) -> bytes:
    """The convolution; its padding is SAME where that gives the layer's own, else an operator before it."""
    graph = Graph()
    source = graph.tensor((layer.n, layer.h, layer.w, layer.c))
    same = pads_like_same(layer)
    padded = source if same or not (layer.pad_h or layer.pad_w) else pad(graph, layer, source)
    weights = w.transpose(1, 2, 3, 0) if layer.is_depthwise else w.transpose(0, 2, 3, 1)
    inputs = [padded, graph.tensor(weights.shape, weights), graph.tensor((layer.k,), np.zeros(layer.k, np.float32))]
    target = graph.tensor((layer.n, layer.out_h, layer.out_w, layer.k))
    options = schema.DepthwiseConv2DOptionsT() if layer.is_depthwise else schema.Conv2DOptionsT()
    options.padding = schema.Padding.SAME if same else schema.Padding.VALID
    options.strideH, options.strideW = layer.stride_h, layer.stride_w
    options.dilationHFactor, options.dilationWFactor = layer.dil_h, layer.dil_w
    if layer.is_depthwise:
        options.depthMultiplier = layer.k // layer.c
        code, kind = schema.BuiltinOperator.DEPTHWISE_CONV_2D, schema.BuiltinOptions.DepthwiseConv2DOptions
    else:
        code, kind = schema.BuiltinOperator.CONV_2D, schema.BuiltinOptions.Conv2DOptions
    graph.operator(code, (kind, options), inputs, target)
    return graph.serialise(source, target)


def pads_like_same(layer: Layer) -> bool:
    """Whether TensorFlow's SAME means the layer's padding: as many outputs as ceil(size / stride), as much before as
    behind."""
    sides = (
        (layer.h, layer.out_h, layer.stride_h, layer.dil_h * (layer.r - 1) + 1, layer.pad_h),
        (layer.w, layer.out_w, layer.stride_w, layer.dil_w * (layer.s - 1) + 1, layer.pad_w),
    )
    return all(
        out == -(-size // stride) and max((out - 1) * stride + window - size, 0) // 2 == pad
        for size, out, stride, window, pad in sides
    )


def pad(graph: Graph, layer: Layer, source: int) -> int:
    """Zeros around the image, which XNNPACK takes into the convolution where it can."""
    around = np.array([[0, 0], [layer.pad_h] * 2, [layer.pad_w] * 2, [0, 0]], np.int32)
    padded = graph.tensor((layer.n, layer.h + 2 * layer.pad_h, layer.w + 2 * layer.pad_w, layer.c))
    inputs = [source, graph.tensor(around.shape, around)]
    graph.operator(schema.BuiltinOperator.PAD, (schema.BuiltinOptions.PadOptions, schema.PadOptionsT()), inputs, padded)
    return padded
