"""An SVG of the share of the peak per layer: Sparkle's bar with the best peers marked on it.

Plain text, no library. The background is transparent, and the colours are middle tones that show on white and on black.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.sax.saxutils import escape

from peers.layers import Layer
from peers.report import Contest, contests, geomean, percent, share
from peers.results import Results, Row

WIDTH = 960
MARGIN = 12
LABEL_WIDTH = 196
PANEL_GAP = 44
HEAD_HEIGHT = 104
ROW_HEIGHT = 13
GROUP_HEIGHT = 26
BAR_HEIGHT = 8
GRID_STEP = 0.5

STYLE = """
text { font: 11px system-ui, sans-serif; fill: #78818c; }
.title { font-size: 15px; font-weight: 600; }
.group { font-weight: 600; }
.layer { font-size: 9.5px; }
.grid { stroke: #78818c; stroke-opacity: .22; }
.peak { stroke: #78818c; stroke-opacity: .75; }
.exact { fill: #3f86c6; }
.fast { fill: #3f86c6; fill-opacity: .38; }
.direct { stroke: #e07b28; stroke-width: 2.5; }
.any { fill: none; stroke: #e07b28; stroke-width: 1.6; }
"""

Shares = Sequence[Contest]


class Panel:
    """The bars of one thread count: a horizontal scale from 0 to `top`."""

    def __init__(self, left: float, width: float, top: float) -> None:
        self.left = left
        self.width = width
        self.top = top

    def x(self, value: float) -> float:
        """Where a share of the peak is."""
        return self.left + self.width * min(value, self.top) / self.top

    def grid(self, begin: float, end: float) -> Iterator[str]:
        """Lines from `begin` to `end`, with their percentages above; the peak's is stronger."""
        for step in range(round(self.top / GRID_STEP) + 1):
            value = step * GRID_STEP
            kind = "peak" if value == 1 else "grid"
            x = self.x(value)
            yield f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{begin:.1f}" y2="{end:.1f}"/>'
            yield label(x, begin - 5, f"{100 * value:.0f} %", anchor="middle")

    def contest(self, one: Contest, y: float) -> Iterator[str]:
        """A layer's bar and marks; the tooltip names the peers."""
        middle = y + ROW_HEIGHT / 2
        yield f"<g><title>{escape(tooltip(one))}</title>"
        for row, kind in ((one.fast, "fast"), (one.exact, "exact")):
            if row is not None:
                width = self.x(row.share) - self.left
                box = f'x="{self.left:.1f}" y="{middle - BAR_HEIGHT / 2:.1f}" height="{BAR_HEIGHT}"'
                yield f'<rect class="{kind}" {box} width="{width:.1f}"/>'
        if one.direct is not None:
            yield tick(self.x(one.direct.share), middle)
        if one.any is not None and one.any != one.direct:
            yield ring(self.x(one.any.share), middle)
        yield "</g>"


def svg(results: Results) -> str:
    """The whole picture."""
    of = [one for one in contests(results) if one.exact or one.direct]
    threads = sorted({one.threads for one in of})
    rows = {(one.layer.name, one.threads): one for one in of}
    names = {one.layer.name for one in of}
    layers = [layer for layer in results.layers if layer.name in names]
    panels = make_panels(threads, of)
    parts: list[str] = []
    y = float(HEAD_HEIGHT)
    for (network, batch), group in groupby(layers, key=lambda layer: (layer.source_network, layer.n)):
        members = list(group)
        parts.append(label(MARGIN, y + GROUP_HEIGHT - 8, f"{network}, batch {batch}", "group"))
        for count, panel in zip(threads, panels, strict=True):
            parts.append(means(panel, y, [rows[key] for layer in members if (key := (layer.name, count)) in rows]))
        y += GROUP_HEIGHT
        for layer in members:
            parts.append(label(MARGIN + LABEL_WIDTH - 8, y + ROW_HEIGHT - 3, short_name(layer), "layer", "end"))
            for count, panel in zip(threads, panels, strict=True):
                if one := rows.get((layer.name, count)):
                    parts.extend(panel.contest(one, y))
            y += ROW_HEIGHT
    head = list(header(results, threads, panels, any(one.fast for one in of)))
    grid = [line for panel in panels for line in panel.grid(HEAD_HEIGHT, y + 4)]
    size = f'width="{WIDTH}" height="{y + MARGIN:.0f}" viewBox="0 0 {WIDTH} {y + MARGIN:.0f}"'
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n<style>{STYLE}</style>'
    return "\n".join([opening, *head, *grid, *parts, "</svg>\n"])


def make_panels(threads: Sequence[int], of: Shares) -> list[Panel]:
    """Side by side, on one scale that holds the largest share."""
    shares = [row.share for one in of for row in (one.exact, one.fast, one.any) if row is not None]
    top = max(1.0, math.ceil(max(shares, default=1.0) / GRID_STEP) * GRID_STEP)
    left = MARGIN + LABEL_WIDTH
    room = WIDTH - MARGIN - left - 12
    width = (room - PANEL_GAP * (len(threads) - 1)) / max(len(threads), 1)
    return [Panel(left + index * (width + PANEL_GAP), width, top) for index in range(len(threads))]


def header(results: Results, threads: Sequence[int], panels: Sequence[Panel], has_fast: bool) -> Iterator[str]:
    """Title, machine, key, and the panels' names."""
    yield label(MARGIN, 24, "Share of the FMA peak per layer, f32 convolution", "title")
    isa = "AVX2 forced" if results.isa == "avx2" else "widest vectors"
    yield label(MARGIN, 42, f"{results.date}, {results.cpu}, {isa}. Nominal operations: Winograd can pass 100 %.")
    x = float(MARGIN)
    for kind, words in (("exact", "Sparkle, exact"), ("fast", "Sparkle, fast")):
        if kind == "exact" or has_fast:
            yield f'<rect class="{kind}" x="{x}" y="55" width="22" height="{BAR_HEIGHT}"/>'
            yield label(x + 28, 63, words)
            x += 130
    yield tick(x + 6, 59)
    yield label(x + 14, 63, "best direct peer")
    yield ring(x + 132, 59)
    yield label(x + 142, 63, "best peer of any algorithm, where faster")
    for count, panel in zip(threads, panels, strict=True):
        yield label(panel.left, 84, f"{count} thread{'s' if count > 1 else ''}", "group")


def means(panel: Panel, y: float, of: Shares) -> str:
    """A group's geometric means, exact and best direct peer, at the right end of its heading."""
    ours = percent(geomean(share(one.exact) for one in of))
    peers = percent(geomean(share(one.direct) for one in of))
    words = f"mean {ours} %, peers {peers} %"
    return label(panel.left + panel.width, y + GROUP_HEIGHT - 8, words, anchor="end")


def tooltip(one: Contest) -> str:
    rows: list[Row | None] = [one.exact, one.fast, one.direct, one.any]
    named = dict.fromkeys(f"{row.runner} {percent(row.share)} %" for row in rows if row is not None)
    return f"{one.layer.name}, {one.threads} threads: {', '.join(named)}"


def short_name(layer: Layer) -> str:
    """Without the batch, which the group's heading says."""
    return layer.name.removesuffix(f"_b{layer.n}")


def label(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    of_kind = f' class="{kind}"' if kind else ""
    return f'<text{of_kind} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def tick(x: float, y: float) -> str:
    return f'<line class="direct" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 5.5:.1f}" y2="{y + 5.5:.1f}"/>'


def ring(x: float, y: float) -> str:
    return f'<circle class="any" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
