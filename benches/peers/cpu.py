"""What the CPU can do, as Linux tells it."""

from __future__ import annotations

import os
from pathlib import Path


def model() -> str:
    """The CPU's name, family and model number."""
    fields = dict(line.split(":", 1) for line in cpuinfo().split("\n\n")[0].splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    return f"{fields.get('model name', '?')}, family {fields.get('cpu family', '?')}, model {fields.get('model', '?')}"


def vector_lanes() -> int:
    """Floats of the vectors that a library takes here: the channels of a block."""
    held_to_avx2 = os.environ.get("ONEDNN_MAX_CPU_ISA") == "AVX2"
    return 16 if "avx512f" in cpuinfo().split() and not held_to_avx2 else 8


def cpuinfo() -> str:
    return Path("/proc/cpuinfo").read_text()
