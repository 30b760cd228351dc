"""Compares each peer's output with the sum in f64, so that a peer that computes something else is noticed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from peers.child import Child, ChildError
from peers.layers import Layer
from peers.measure import peer_command, peer_env
from peers.registry import Algorithm, Peer

WINOGRAD_FACTOR = 16
"""Winograd's transforms lose some bits; this is far from the 2^24 of a wrong result."""


def check(
    peers: Sequence[Peer], layers: Sequence[Layer], threads: int, avx2: bool, layer_file: Path, log: Path
) -> bool:
    """Prints a line a peer and layer; whether no difference was larger than rounding explains."""
    good = True
    for peer in peers:
        with ExitStack() as stack:
            errors = stack.enter_context(log.open("ab"))
            command = peer_command(peer, layer_file, threads, budget=0)
            try:
                child = stack.enter_context(Child(peer.name, command, peer_env(peer, threads, avx2), errors))
                for layer in layers:
                    good &= report(peer, layer, child.ask(f"check {layer.name}"))
            except ChildError as error:
                print(f"{peer.name}: {error}; see {log}")
                good = False
    return good


def report(peer: Peer, layer: Layer, answer: str) -> bool:
    """Prints the answer beside its limit. A layer that the peer can't do is no difference."""
    word, _, rest = answer.partition(",")
    if word == "ERR":
        print(f"{peer.name:16} {layer.name:32} not done: {rest}")
        return True
    error = float(rest.rpartition(",")[2])
    factor = 1 if peer.algorithm is Algorithm.DIRECT else WINOGRAD_FACTOR
    limit = factor * (layer.reduction + 8)
    verdict = "ok" if error <= limit else "WRONG"
    print(f"{peer.name:16} {layer.name:32} {error:10.1f} of {limit:6} x 2^-24 sum|x||w|  {verdict}")
    return error <= limit
