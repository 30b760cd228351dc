"""Samples of a repeated call, taken the way `sparkle-run bench` takes them (src/cli/timing.rs)."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

SAMPLE_SECONDS = 20e-6
MAX_CALLS = 1 << 20


@dataclass(frozen=True)
class Timing:
    """Microseconds a call, over samples."""

    min_us: float
    median_us: float


def measure(budget: float, run: Callable[[int], None]) -> Timing:
    """Times `run(calls)` until `budget` seconds are spent, at least one warm-up call and one sample.

    A sample is as many calls as fill 20 us.
    """
    start = time.perf_counter()
    run(1)
    calls = 1
    samples: list[float] = []
    while True:
        begin = time.perf_counter()
        run(calls)
        elapsed = time.perf_counter() - begin
        if elapsed >= SAMPLE_SECONDS or calls >= MAX_CALLS:
            samples.append(elapsed / calls * 1e6)
        else:
            calls *= 2
        if samples and time.perf_counter() - start >= budget:
            return Timing(min(samples), statistics.median(samples))
