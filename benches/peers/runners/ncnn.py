"""ncnn, a net of one layer, activations packed by a vector's channels beforehand.

`winograd` lets it choose the algorithm, `direct` forbids Winograd. ncnn takes one image at a time.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import ncnn
import numpy as np

from peers.convolution import Array, Prepare, Prepared
from peers.cpu import vector_lanes
from peers.layers import Layer

KEEP_PACKING = 1


def create(variant: str, threads: int) -> Prepare:
    """Layers of so many threads."""

    def prepare(layer: Layer, x: Array, w: Array) -> Prepared:
        net = ncnn.Net()
        option = net.opt
        option.num_threads = threads
        option.use_winograd_convolution = variant == "winograd"
        for storage in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage", "bf16_packed"):
            setattr(option, f"use_{storage}", False)
        load(net, layer, w)
        images = [packed(image, layer.c, option) for image in x]

        def forward(image: ncnn.Mat) -> ncnn.Mat:
            extractor = net.create_extractor()
            extractor.input("x", image)
            return extractor.extract("y", KEEP_PACKING)[1]

        def run(calls: int) -> None:
            for _ in range(calls):
                for image in images:
                    forward(image)

        return Prepared(run, lambda: np.stack([unpacked(forward(image), option) for image in images]))

    return prepare


def load(net: ncnn.Net, layer: Layer, w: Array) -> None:
    """A net of an input and the convolution.

    Source: ncnn, docs/developer-guide/operators.md and docs/developer-guide/param-and-model-file-structure.md.
    """
    kind = "Convolution" if layer.groups == 1 else "ConvolutionDepthWise"
    values = {
        0: layer.k,
        1: layer.s,
        11: layer.r,
        2: layer.dil_w,
        12: layer.dil_h,
        3: layer.stride_w,
        13: layer.stride_h,
        4: layer.pad_w,
        14: layer.pad_h,
        6: w.size,
    }
    if layer.groups > 1:
        values[7] = layer.groups
    params = " ".join(f"{key}={value}" for key, value in values.items())
    graph = f"7767517\n2 2\nInput x 0 1 x 0={layer.w} 1={layer.h} 2={layer.c}\n{kind} y 1 1 x y {params}\n"
    with tempfile.TemporaryDirectory() as folder:
        param, model = Path(folder) / "y.param", Path(folder) / "y.bin"
        param.write_text(graph)
        model.write_bytes(bytes(4) + w.tobytes())  # the flag 0: plain f32 follows
        if net.load_param(str(param)) != 0 or net.load_model(str(model)) != 0:
            raise RuntimeError("ncnn refused the model")


def packed(image: Array, channels: int, option: ncnn.Option) -> ncnn.Mat:
    """CHW to ncnn's packing, by the widest vector that divides the channels."""
    lanes = next(lanes for lanes in (vector_lanes(), 8, 4, 1) if channels % lanes == 0)
    return repacked(ncnn.Mat(image), lanes, option)


def unpacked(mat: ncnn.Mat, option: ncnn.Option) -> Array:
    return np.array(repacked(mat, 1, option))


def repacked(mat: ncnn.Mat, lanes: int, option: ncnn.Option) -> ncnn.Mat:
    """A copy with so many channels together."""
    target = ncnn.Mat()
    ncnn.convert_packing(mat, target, lanes, option)
    return target.clone()
