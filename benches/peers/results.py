"""What was measured, as it is kept in a JSON file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from peers.layers import Layer

SCHEMA = 1


@dataclass(frozen=True)
class Row:
    """A runner's result on a layer; times are minima over passes."""

    runner: str
    layer: str
    threads: int
    min_us: float
    median_us: float
    gflops: float
    peak_gflops: float
    """FMA peak of the same threads, measured beside the layer; the highest of the passes."""

    @property
    def share(self) -> float:
        """Of the peak; nominal operations, so more than 1 is possible."""
        return self.gflops / self.peak_gflops


@dataclass(frozen=True)
class Failure:
    """A layer that a runner can't do."""

    runner: str
    layer: str
    threads: int
    reason: str


@dataclass
class Results:
    """One or several runs on one machine."""

    date: str
    cpu: str
    isa: str
    passes: int
    budget: float
    versions: dict[str, str]
    layers: list[Layer] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Writes JSON; the old file stays until the new one is whole."""
        text = json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1)
        partial = path.with_name(path.name + ".partial")
        partial.write_text(text + "\n")
        partial.replace(path)

    def save_csv(self, path: Path) -> None:
        """A row a line, with the columns of `sparkle-run bench` and the peak."""
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, Row.__dataclass_fields__, lineterminator="\n")
            writer.writeheader()
            writer.writerows(asdict(row) for row in self.rows)


def load(path: Path) -> Results:
    """Reads what `save` wrote."""
    data = json.loads(path.read_text())
    if data.pop("schema", None) != SCHEMA:
        raise ValueError(f"{path} is not a result file of schema {SCHEMA}")
    data["layers"] = [Layer(**layer) for layer in data["layers"]]
    data["rows"] = [Row(**row) for row in data["rows"]]
    data["failures"] = [Failure(**failure) for failure in data["failures"]]
    return Results(**data)


def merge(several: Iterable[Results]) -> Results:
    """Later rows replace earlier ones of the same layer, threads and runner; the rest is the last one's."""
    ordered = list(several)
    merged = ordered[-1]
    layers = {layer.name: layer for results in ordered for layer in results.layers}
    rows = {(row.layer, row.threads, row.runner): row for results in ordered for row in results.rows}
    failures = {(one.layer, one.threads, one.runner): one for results in ordered for one in results.failures}
    merged.layers = list(layers.values())
    merged.rows = list(rows.values())
    merged.failures = [failure for key, failure in failures.items() if key not in rows]
    merged.versions = {name: version for results in ordered for name, version in results.versions.items()}
    return merged
