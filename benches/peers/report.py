"""Tables: a row per layer, geometric means over sets, and the layers where a peer is ahead."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from peers.layers import Layer
from peers.measure import OURS
from peers.registry import PEERS, Algorithm
from peers.results import Results, Row

MARK = 0.97
FAST = f"{OURS}-fast"

SETS: tuple[tuple[str, Callable[[Layer], bool]], ...] = (
    ("ResNet-50, batch 1", lambda layer: layer.source_network == "resnet50" and layer.n == 1),
    ("ResNet-50, batch 16", lambda layer: layer.source_network == "resnet50" and layer.n == 16),
    ("ResNet-50 1x1, batch 1", lambda layer: is_resnet(layer, 1, 1) and layer.r == 1),
    ("ResNet-50 3x3 stride 1, batch 1", lambda layer: is_resnet(layer, 1, 3) and layer.stride_h == 1),
    ("ResNet-50 3x3 stride 1, batch 16", lambda layer: is_resnet(layer, 16, 3) and layer.stride_h == 1),
    ("1x1", lambda layer: layer.r == layer.s == 1),
    ("stems (c <= 4, r >= 6)", lambda layer: layer.c <= 4 and layer.r >= 6),
    ("depthwise", lambda layer: layer.source_network in {"mobilenetv2_dw", "bigdw"}),
    ("grouped", lambda layer: layer.groups > 1 and not layer.is_depthwise),
    ("tiny", lambda layer: layer.source_network == "tiny"),
    ("dilated", lambda layer: layer.source_network == "dilated"),
    ("vgg16", lambda layer: layer.source_network == "vgg16"),
    ("unet_vae", lambda layer: layer.source_network == "unet_vae"),
    ("all", lambda layer: True),
)


def is_resnet(layer: Layer, n: int, r: int) -> bool:
    """A ResNet-50 layer of that batch and kernel."""
    return layer.source_network == "resnet50" and layer.n == n and layer.r == r


@dataclass(frozen=True)
class Contest:
    """A layer on so many threads: Sparkle's rows and the best peers'. `None` where nothing was measured."""

    layer: Layer
    threads: int
    exact: Row | None
    fast: Row | None
    direct: Row | None
    """Best peer that computes every product."""
    any: Row | None
    """Best peer of whatever algorithm."""

    @property
    def exact_ratio(self) -> float | None:
        """Exact against the best direct peer."""
        return ratio(self.exact, self.direct)

    @property
    def any_ratio(self) -> float | None:
        """The faster of ours against the best peer of any algorithm."""
        mine = best(row for row in (self.exact, self.fast) if row is not None)
        return ratio(mine, self.any)


def contests(results: Results) -> list[Contest]:
    """In the order of the layer file, the thread counts of a layer together."""
    direct = {peer.name for peer in PEERS if peer.algorithm is Algorithm.DIRECT}
    rows: dict[tuple[str, int], dict[str, Row]] = {}
    for row in results.rows:
        rows.setdefault((row.layer, row.threads), {})[row.runner] = row
    threads = sorted({row.threads for row in results.rows})
    made = []
    for layer in results.layers:
        for count in threads:
            of = rows.get((layer.name, count), {})
            peers = [row for runner, row in of.items() if not runner.startswith(OURS)]
            best_direct = best(row for row in peers if row.runner in direct)
            made.append(Contest(layer, count, of.get(OURS), of.get(FAST), best_direct, best(peers)))
    return made


def best(rows: Iterable[Row]) -> Row | None:
    return min(rows, key=lambda row: row.min_us, default=None)


def ratio(mine: Row | None, other: Row | None) -> float | None:
    """Speed against speed."""
    return None if mine is None or other is None else other.min_us / mine.min_us


def geomean(values: Iterable[float | None]) -> float | None:
    """`None` where nothing is there, or one is missing."""
    given = list(values)
    known = [value for value in given if value is not None]
    return math.exp(sum(map(math.log, known)) / len(known)) if known and len(known) == len(given) else None


def percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f}"


def times(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def share(row: Row | None) -> float | None:
    return None if row is None else row.share


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with aligned columns."""
    table = [list(header), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in table)
    lines = [f"| {' | '.join(row)} |" for row in padded]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def layer_table(of: Sequence[Contest]) -> str:
    """Shares of the peak in percent, and who the best peers are."""
    header = ("layer", "thr", "exact", "fast", "best direct", "", "best any", "", "exact/direct", "ours/any")
    return markdown(header, map(layer_cells, of))


def layer_cells(one: Contest) -> tuple[str, ...]:
    return (
        one.layer.name,
        str(one.threads),
        percent(share(one.exact)),
        percent(share(one.fast)),
        percent(share(one.direct)),
        one.direct.runner if one.direct else "-",
        percent(share(one.any)),
        one.any.runner if one.any else "-",
        times(one.exact_ratio),
        times(one.any_ratio),
    )


def set_table(of: Sequence[Contest]) -> str:
    """Geometric means over the issue's sets; a set with a missing row in a column shows none there."""
    header = ("set", "rows", "thr", "exact", "fast", "best direct", "best any", "exact/direct", "ours/any")
    threads = sorted({one.threads for one in of})
    rows = []
    for name, belongs in SETS:
        for count in threads:
            chosen = [one for one in of if belongs(one.layer) and one.threads == count]
            if chosen:
                rows.append((name, str(len(chosen)), str(count), *set_cells(chosen)))
    return markdown(header, rows)


def set_cells(chosen: Sequence[Contest]) -> tuple[str, ...]:
    return (
        percent(geomean(share(one.exact) for one in chosen)),
        percent(geomean(share(one.fast) for one in chosen)),
        percent(geomean(share(one.direct) for one in chosen)),
        percent(geomean(share(one.any) for one in chosen)),
        times(geomean(one.exact_ratio for one in chosen)),
        times(geomean(one.any_ratio for one in chosen)),
    )


def behind(of: Sequence[Contest]) -> list[Contest]:
    """Where exact is under 0.97 of the best direct peer, or the faster of ours of the best peer of all."""

    def under(value: float | None) -> bool:
        return value is not None and value < MARK

    return [one for one in of if under(one.exact_ratio) or (one.fast is not None and under(one.any_ratio))]


def runner_table(results: Results) -> str:
    """Each runner's geometric mean over the layers it did."""
    shares: dict[tuple[str, int], list[float]] = {}
    for row in results.rows:
        shares.setdefault((row.runner, row.threads), []).append(row.share)
    rows = [(runner, str(threads), str(len(of)), percent(geomean(of))) for (runner, threads), of in shares.items()]
    return markdown(("runner", "thr", "layers", "share"), rows)


def text(results: Results) -> str:
    """Everything."""
    of = contests(results)
    named = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    failures = [f"{no.runner}, {no.threads} threads, {no.layer or 'start'}: {no.reason}" for no in results.failures]
    late = behind(of)
    parts = [
        f"{results.date}, {results.cpu}, {results.isa}; {results.passes} passes of {results.budget} s; {named}\n"
        "Shares are percent of the FMA peak measured beside the layer; ratios are speeds, over 1 = Sparkle is faster.",
        layer_table(of),
        runner_table(results),
        set_table(of),
        f"{len(late)} rows under {MARK} of the best peer\n" + (layer_table(late) if late else ""),
        "Not measured:\n" + "\n".join(failures) if failures else "",
    ]
    return "\n\n".join(part for part in parts if part)
