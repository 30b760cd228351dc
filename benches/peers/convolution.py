"""What a peer's runner offers, the data of a layer, and the reference it is checked against."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peers.layers import Layer

Array = NDArray[np.float32]

ROUNDING = 2.0**-24


@dataclass(frozen=True)
class Prepared:
    """A layer whose weights and arrays are in place."""

    run: Callable[[int], None]
    """Computes it so many times."""
    output: Callable[[], Array]
    """The last result, NCHW. Not timed."""


Prepare = Callable[[Layer, Array, Array], Prepared]
"""Takes the layer, its input (NCHW) and its weights (KCRS); raises where the library can't do it."""


def repeat(call: Callable[[], Any]) -> Callable[[int], None]:
    """`Prepared.run` for a library that has to be called from Python each time."""

    def run(calls: int) -> None:
        for _ in range(calls):
            call()

    return run


def random_data(layer: Layer) -> tuple[Array, Array]:
    """Input and weights in [-1, 1), the same for every runner."""
    rng = np.random.default_rng(zlib.crc32(layer.name.encode()))
    x, w = (rng.random(shape, np.float32) * 2 - 1 for shape in (layer.input_shape, layer.weights_shape))
    return x, w


def pad_channels(x: Array, axis: int, block: int) -> Array:
    """Zeros up to the next multiple of `block` along `axis`."""
    widths = [(0, 0)] * x.ndim
    widths[axis] = (0, -x.shape[axis] % block)
    return np.pad(x, widths)


def worst_error(layer: Layer, x: Array, w: Array, y: Array) -> float:
    """The largest difference from the sum in f64, in units of 2^-24 times the sum of |x||w|."""
    if y.shape != layer.output_shape:
        raise ValueError(f"the output has the shape {y.shape}, not {layer.output_shape}")
    exact = direct(layer, x.astype(np.float64), w.astype(np.float64))
    scale = direct(layer, np.abs(x).astype(np.float64), np.abs(w).astype(np.float64))
    return float(np.max(np.abs(y - exact) / np.maximum(scale * ROUNDING, np.finfo(np.float64).tiny)))


def direct(layer: Layer, x: NDArray[np.float64], w: NDArray[np.float64]) -> NDArray[np.float64]:
    """The convolution by its definition, one tap after the other."""
    x = np.pad(x, ((0, 0), (0, 0), (layer.pad_h,) * 2, (layer.pad_w,) * 2))
    x = x.reshape(layer.n, layer.groups, -1, *x.shape[2:])
    w = w.reshape(layer.groups, -1, *w.shape[1:])
    y = np.zeros((layer.n, layer.groups, w.shape[1], layer.out_h, layer.out_w))
    for r in range(layer.r):
        for s in range(layer.s):
            rows = slice(r * layer.dil_h, r * layer.dil_h + (layer.out_h - 1) * layer.stride_h + 1, layer.stride_h)
            columns = slice(s * layer.dil_w, s * layer.dil_w + (layer.out_w - 1) * layer.stride_w + 1, layer.stride_w)
            y += np.einsum("ngchw,gkc->ngkhw", x[..., rows, columns], w[..., r, s], optimize=True)
    return y.reshape(layer.output_shape)
