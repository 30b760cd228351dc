"""Every runner by name: who computes, from which layout, and by which kind of algorithm."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Algorithm(Enum):
    """What a runner may compute."""

    DIRECT = "direct"
    """Every product of the definition."""
    ANY = "any"
    """Winograd too."""


@dataclass(frozen=True)
class Peer:
    """A library's convolution in one layout."""

    name: str
    module: str
    """In `peers.runners`."""
    variant: str
    distribution: str
    """The package that holds the library, whose version is reported."""
    algorithm: Algorithm = Algorithm.DIRECT
    avx2: tuple[tuple[str, str], ...] = ()
    """Environment variables that hold it to AVX2; empty where nothing does."""


ONEDNN_AVX2 = (("ONEDNN_MAX_CPU_ISA", "AVX2"),)
TORCH_AVX2 = (*ONEDNN_AVX2, ("ATEN_CPU_CAPABILITY", "avx2"))

PEERS: tuple[Peer, ...] = (
    Peer("onednn", "onednn", "nhwc", "onednn-cpu-gomp", avx2=ONEDNN_AVX2),
    Peer("onednn-blocked", "onednn", "blocked", "onednn-cpu-gomp", avx2=ONEDNN_AVX2),
    Peer("onednn-nchw", "onednn", "nchw", "onednn-cpu-gomp", avx2=ONEDNN_AVX2),
    Peer("openvino-nhwc", "openvino", "nhwc", "openvino", avx2=ONEDNN_AVX2),
    Peer("openvino-nchw", "openvino", "nchw", "openvino", avx2=ONEDNN_AVX2),
    Peer("ort-nchwc", "onnxruntime", "nchwc", "onnxruntime"),
    Peer("ort-nchw", "onnxruntime", "nchw", "onnxruntime"),
    Peer("litert", "litert", "nhwc", "ai-edge-litert"),
    Peer("ncnn", "ncnn", "winograd", "ncnn", Algorithm.ANY),
    Peer("ncnn-direct", "ncnn", "direct", "ncnn"),
    Peer("torch-mkldnn", "torch", "mkldnn", "torch", avx2=TORCH_AVX2),
    Peer("torch-cl", "torch", "channels_last", "torch", avx2=TORCH_AVX2),
)


def by_name(name: str) -> Peer:
    """The runner of that name."""
    for peer in PEERS:
        if peer.name == name:
            return peer
    raise ValueError(f"no peer is called {name!r}; there are {', '.join(peer.name for peer in PEERS)}")


def select(names: str | None, avx2: bool) -> list[Peer]:
    """The runners of a comma-separated list (all where there is none), less those that AVX2 can't be asked of."""
    peers = list(PEERS) if names is None else [by_name(name) for name in names.split(",") if name]
    return [peer for peer in peers if peer.avx2 or not avx2]
