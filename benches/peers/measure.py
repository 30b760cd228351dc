"""Measures layer by layer: on each, every runner after the other, several passes, the peak before and after each."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from peers import cpu
from peers.child import Child, ChildError
from peers.layers import Layer
from peers.registry import Peer
from peers.results import Failure, Results, Row

PACKAGE_FOLDER = Path(__file__).parent.parent
OURS = "sparkle"


@dataclass(frozen=True)
class Options:
    """What to measure with."""

    sparkle: Path
    layer_file: Path
    peers: Sequence[Peer]
    threads: Sequence[int]
    math: Sequence[str]
    io: str
    budget: float
    passes: int
    avx2: bool
    log: Path


def measure(options: Options, layers: Sequence[Layer], save: Callable[[Results], None]) -> Results:
    """Measures all; `save` is called after each layer, so that an interrupted run leaves what it has."""
    results = Results(
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        cpu=cpu.model(),
        isa="avx2" if options.avx2 else "native",
        passes=options.passes,
        budget=options.budget,
        versions=versions(options),
        layers=list(layers),
    )
    for threads in options.threads:
        with ExitStack() as stack:
            children = start(options, threads, stack, results)
            for index, layer in enumerate(layers):
                print(f"{threads} threads, {index + 1}/{len(layers)} {layer.name}", file=sys.stderr, flush=True)
                measure_layer(children, layer, threads, options.passes, results)
                save(results)
    return results


def start(options: Options, threads: int, stack: ExitStack, results: Results) -> list[Child]:
    """Sparkle first, which also tells the peak. A peer that doesn't get ready is left out and named."""
    errors = stack.enter_context(options.log.open("ab"))
    children = [
        stack.enter_context(Child(ours(math), sparkle_command(options, threads, math), sparkle_env(options), errors))
        for math in options.math
    ]
    for peer in options.peers:
        command = peer_command(peer, options.layer_file, threads, options.budget)
        env = peer_env(peer, threads, options.avx2)
        try:
            children.append(stack.enter_context(Child(peer.name, command, env, errors)))
        except ChildError as error:
            print(f"left out: {error}; see {options.log}", file=sys.stderr)
            results.failures.append(Failure(peer.name, "", threads, str(error)))
    return children


def measure_layer(children: Sequence[Child], layer: Layer, threads: int, passes: int, results: Results) -> None:
    """Adds the layer's rows. A runner that fails once is not asked again."""
    best: dict[str, Row] = {}
    asked = list(children)
    peak = ask_peak(children[0])
    for _ in range(passes):
        for child in list(asked):
            try:
                row = parse(child.name, child.ask(layer.name), peak)
            except (ChildError, ValueError) as error:
                asked.remove(child)
                results.failures.append(Failure(child.name, layer.name, threads, str(error)))
                continue
            if child.name not in best or row.min_us < best[child.name].min_us:
                best[child.name] = row
        peak = max(peak, ask_peak(children[0]))
    results.rows.extend(replace(row, peak_gflops=peak) for row in best.values())


def ask_peak(sparkle: Child) -> float:
    answer = sparkle.ask("peak")
    word, _, gflops = answer.partition(",")
    if word != "peak":
        raise ChildError(f"{sparkle.name} tells no peak: {answer}")
    return float(gflops)


def parse(runner: str, answer: str, peak: float) -> Row:
    """A row of the protocol; raises with the reason where there is none."""
    if answer.startswith("ERR,"):
        raise ValueError(answer.removeprefix("ERR,"))
    _, layer, threads, *numbers = answer.split(",")
    min_us, median_us, gflops = map(float, numbers)
    return Row(runner, layer, int(threads), min_us, median_us, gflops, peak)


def ours(math: str) -> str:
    """Sparkle's name in the results."""
    return OURS if math == "exact" else f"{OURS}-{math}"


def sparkle_command(options: Options, threads: int, math: str) -> list[str]:
    command = [str(options.sparkle), "bench", "--serve", "--device", "cpu", "--layers", str(options.layer_file)]
    command += ["--threads", str(threads), "--budget", str(options.budget), "--io", options.io]
    return command if math == "exact" else [*command, "--math", math]


def sparkle_env(options: Options) -> dict[str, str]:
    return {**os.environ, "SPARKLE_CPU_ISA": "avx2"} if options.avx2 else dict(os.environ)


def peer_command(peer: Peer, layer_file: Path, threads: int, budget: float) -> list[str]:
    command = [sys.executable, "-m", "peers.serve", peer.name, "--layers", str(layer_file)]
    return [*command, "--threads", str(threads), "--budget", str(budget)]


def peer_env(peer: Peer, threads: int, avx2: bool) -> dict[str, str]:
    env = {**os.environ, "PYTHONPATH": str(PACKAGE_FOLDER), "OMP_NUM_THREADS": str(threads)}
    return {**env, **dict(peer.avx2)} if avx2 else env


def versions(options: Options) -> dict[str, str]:
    """Of Sparkle and of each peer that is installed."""
    told = subprocess.run([options.sparkle, "--version"], capture_output=True, text=True, check=True).stdout
    found = {OURS: told.split()[-1]}
    for distribution in sorted({peer.distribution for peer in options.peers}):
        try:
            found[distribution] = metadata.version(distribution)
        except metadata.PackageNotFoundError:
            found[distribution] = "not installed"
    return found
