"""PyTorch's oneDNN convolution, weights reordered beforehand.

`mkldnn`: activations in oneDNN's own blocked layout (`to_mkldnn`). `channels_last`: ordinary tensors in NHWC.
"""

from __future__ import annotations

import torch
from torch.utils import mkldnn

from peers.convolution import Array, Prepare, Prepared, repeat
from peers.layers import Layer


def create(variant: str, threads: int) -> Prepare:
    """Sets the thread count of the process."""
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    return {"mkldnn": prepare_blocked, "channels_last": prepare_channels_last}[variant]


def prepare_blocked(layer: Layer, x: Array, w: Array) -> Prepared:
    """The module that `torch.utils.mkldnn` makes of a `Conv2d`."""
    convolution = torch.nn.Conv2d(
        layer.c,
        layer.k,
        (layer.r, layer.s),
        (layer.stride_h, layer.stride_w),
        (layer.pad_h, layer.pad_w),
        (layer.dil_h, layer.dil_w),
        layer.groups,
        bias=False,
    ).eval()
    convolution.weight.copy_(torch.from_numpy(w))
    module: torch.nn.Module = mkldnn.to_mkldnn(convolution)  # type: ignore[no-untyped-call]
    source = torch.from_numpy(x).to_mkldnn()
    return Prepared(repeat(lambda: module(source)), lambda: module(source).to_dense().numpy())


def prepare_channels_last(layer: Layer, x: Array, w: Array) -> Prepared:
    """The operator that the compiler puts in place of a convolution whose weights are frozen."""
    source = torch.from_numpy(x).to(memory_format=torch.channels_last)
    window = [layer.pad_h, layer.pad_w], [layer.stride_h, layer.stride_w], [layer.dil_h, layer.dil_w], layer.groups
    weights = torch.ops.mkldnn._reorder_convolution_weight(torch.from_numpy(w), *window, list(x.shape))

    def call() -> torch.Tensor:
        made: torch.Tensor = torch.ops.mkldnn._convolution_pointwise(source, weights, None, *window, "none", [], "")
        return made

    return Prepared(repeat(call), lambda: call().contiguous().numpy())
