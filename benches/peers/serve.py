"""The process of one peer: answers layer names with rows, as `sparkle-run bench --serve` does.

A line `NAME` is answered by `runner,layer,threads,min_us,median_us,gflops`, a line `check NAME` by
`check,NAME,ERROR` (see `convolution.worst_error`), and what can't be done by `ERR,reason`. The layer asked for last is
kept prepared.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path
from typing import TextIO

from peers import layers, registry, timing
from peers.convolution import Prepare, Prepared, random_data, worst_error
from peers.layers import Layer

LONGEST_REASON = 200


class Server:
    """Answers requests, one layer prepared at a time."""

    def __init__(self, name: str, threads: int, budget: float, known: list[Layer], prepare: Prepare) -> None:
        self.name = name
        self.threads = threads
        self.budget = budget
        self.layers = {layer.name: layer for layer in known}
        self.prepare = prepare
        self.kept: tuple[str, Prepared] | None = None

    def answer(self, line: str) -> str:
        """One line for one line. Whatever a library throws is the layer's answer, not the end of the process."""
        try:
            if line.startswith("check "):
                return self.check(self.layer(line.removeprefix("check ")))
            return self.measure(self.layer(line))
        except Exception as error:
            return f"ERR,{type(error).__name__}: {' '.join(str(error).split())}"[:LONGEST_REASON]

    def layer(self, name: str) -> Layer:
        if name not in self.layers:
            raise ValueError(f"no layer is called {name!r}")
        return self.layers[name]

    def measure(self, layer: Layer) -> str:
        if self.kept is None or self.kept[0] != layer.name:
            self.kept = None  # the old arrays go before the new ones come
            self.kept = layer.name, self.prepare(layer, *random_data(layer))
        time = timing.measure(self.budget, self.kept[1].run)
        gflops = layer.flops / time.min_us / 1e3
        return f"{self.name},{layer.name},{self.threads},{time.min_us:.3f},{time.median_us:.3f},{gflops:.3f}"

    def check(self, layer: Layer) -> str:
        x, w = random_data(layer)
        prepared = self.prepare(layer, x, w)
        prepared.run(2)
        return f"check,{layer.name},{worst_error(layer, x, w, prepared.output()):.3f}"


def own_stdout() -> TextIO:
    """The answers' stream; whatever else a library prints goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def main() -> None:
    """Serves until the end of input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer")
    parser.add_argument("--layers", type=Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--budget", type=float, required=True)
    args = parser.parse_args()
    answers = own_stdout()
    peer = registry.by_name(args.peer)
    module = importlib.import_module(f"peers.runners.{peer.module}")
    prepare: Prepare = module.create(peer.variant, args.threads)
    server = Server(peer.name, args.threads, args.budget, layers.load(args.layers), prepare)
    print("READY", file=answers, flush=True)
    for line in sys.stdin:
        print(server.answer(line.strip()), file=answers, flush=True)


if __name__ == "__main__":
    main()
