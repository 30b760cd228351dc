"""The layer file: one convolution a row, as `sparkle-run bench --layers` reads it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layer:
    """A convolution; c and k count all groups, dilation 1 is none, padding is the same on opposite sides."""

    name: str
    n: int
    c: int
    h: int
    w: int
    k: int
    r: int
    s: int
    stride_h: int
    stride_w: int
    pad_h: int
    pad_w: int
    dil_h: int
    dil_w: int
    groups: int
    flops: int
    source_network: str

    @property
    def out_h(self) -> int:
        """Rows of the output."""
        return (self.h + 2 * self.pad_h - self.dil_h * (self.r - 1) - 1) // self.stride_h + 1

    @property
    def out_w(self) -> int:
        """Columns of the output."""
        return (self.w + 2 * self.pad_w - self.dil_w * (self.s - 1) - 1) // self.stride_w + 1

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """NCHW."""
        return self.n, self.c, self.h, self.w

    @property
    def weights_shape(self) -> tuple[int, int, int, int]:
        """KCRS, C of one group."""
        return self.k, self.c // self.groups, self.r, self.s

    @property
    def output_shape(self) -> tuple[int, int, int, int]:
        """NCHW."""
        return self.n, self.k, self.out_h, self.out_w

    @property
    def reduction(self) -> int:
        """Products summed into one output."""
        return self.r * self.s * self.c // self.groups

    @property
    def is_depthwise(self) -> bool:
        """Whether each channel is its own group."""
        return 1 < self.groups == self.c


def load(path: Path) -> list[Layer]:
    """Reads a layer file, in its order."""
    with path.open(newline="") as file:
        return [parse(row) for row in csv.DictReader(file)]


def parse(row: dict[str, str]) -> Layer:
    """A row of the file."""
    numbers = {key: int(value) for key, value in row.items() if key not in ("name", "source_network")}
    return Layer(name=row["name"], source_network=row["source_network"], **numbers)
