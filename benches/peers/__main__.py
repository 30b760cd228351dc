"""`python benches/peers measure|check|report|plot`; see README.md."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from peers import check, layers, measure, plot, registry, report, results  # noqa: E402
from peers.child import ChildError  # noqa: E402

LOG = Path(tempfile.gettempdir()) / "sparkle-peers.log"
ROOT = Path(__file__).resolve().parents[2]
CHECKED = "tiny|odd_(3|13|67)|mbv2_dw192|rx50_g32_(128|1024)|incep|deeplab_d2|rn50_conv1|rn50_s[25]_3x3_.*_b1$"
"""Small layers of every kind: a direct convolution in numpy takes its time."""


def main() -> int:
    """Exit code: 0; 1 where something is missing; 3 where a check found a difference."""
    args = parser().parse_args()
    try:
        return run(args)
    except (OSError, ValueError, ChildError) as error:
        print(error, file=sys.stderr)
        return 1


def run(args: argparse.Namespace) -> int:
    """Does what the command says."""
    match args.command:
        case "measure":
            return run_measure(args)
        case "check":
            return run_check(args)
        case "plot":
            args.output.write_text(plot.svg(results.merge(map(results.load, args.files))))
            return 0
        case _:
            finish(results.merge(map(results.load, args.files)), args)
            return 0


def run_measure(args: argparse.Namespace) -> int:
    """Measures, saving as it goes, then prints the tables."""
    options = measure.Options(
        sparkle=args.sparkle.resolve(),
        layer_file=args.layers.resolve(),
        peers=registry.select(args.peers, avx2=args.isa == "avx2"),
        threads=[int(count) for count in args.threads.split(",")],
        math=args.math.split(","),
        io=args.io,
        budget=args.budget,
        passes=args.passes,
        avx2=args.isa == "avx2",
        log=args.log,
    )

    def save(so_far: results.Results) -> None:
        if args.json:
            so_far.save(args.json)

    finish(measure.measure(options, chosen_layers(args), save), args)
    return 0


def run_check(args: argparse.Namespace) -> int:
    """Compares each peer with the f64 sum."""
    avx2 = args.isa == "avx2"
    peers = registry.select(args.peers, avx2)
    threads = int(args.threads.split(",")[0])
    good = check.check(peers, chosen_layers(args), threads, avx2, args.layers.resolve(), args.log)
    return 0 if good else 3


def chosen_layers(args: argparse.Namespace) -> list[layers.Layer]:
    chosen = [layer for layer in layers.load(args.layers) if re.search(args.only, layer.name)]
    if not chosen:
        raise ValueError(f"no layer's name matches --only {args.only!r}")
    return chosen


def finish(found: results.Results, args: argparse.Namespace) -> None:
    """Prints the tables and writes the files asked for."""
    if args.json:
        found.save(args.json)
    if args.csv:
        found.save_csv(args.csv)
    print(report.text(found))


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="peers", description="Sparkle's CPU convolution beside other libraries'")
    commands = top.add_subparsers(dest="command", required=True)
    measuring = commands.add_parser("measure", help="measure and print the tables")
    runners(measuring, only="", threads="1,2")
    measuring.add_argument("--sparkle", type=Path, default=ROOT / "target/release/sparkle-run", help="the program")
    measuring.add_argument("--math", default="exact", help="exact, fast or both, for Sparkle (default: exact)")
    measuring.add_argument("--io", default="native", help="layout for Sparkle: native, nchw or nhwc")
    measuring.add_argument("--budget", type=float, default=0.12, help="seconds on a layer, for each runner and pass")
    measuring.add_argument("--passes", type=int, default=3, help="the minimum over so many counts")
    outputs(measuring)
    checking = commands.add_parser("check", help="compare the peers' outputs with a sum in f64")
    runners(checking, only=CHECKED, threads="1")
    reporting = commands.add_parser("report", help="print the tables of result files; later files override")
    reporting.add_argument("files", type=Path, nargs="+")
    outputs(reporting)
    plotting = commands.add_parser("plot", help="draw result files as SVG")
    plotting.add_argument("files", type=Path, nargs="+")
    plotting.add_argument("--output", type=Path, required=True)
    return top


def runners(to: argparse.ArgumentParser, only: str, threads: str) -> None:
    """Options that say who runs what."""
    to.add_argument("--layers", type=Path, required=True, help="layer file")
    to.add_argument("--only", default=only, metavar="REGEX", help=f"layers whose name matches (default: {only!r})")
    to.add_argument("--peers", metavar="LIST", help=f"of {','.join(peer.name for peer in registry.PEERS)}")
    to.add_argument("--threads", default=threads, metavar="LIST", help=f"thread counts (default: {threads})")
    to.add_argument("--isa", choices=("native", "avx2"), default="native", help="avx2: those that can be held to it")
    to.add_argument("--log", type=Path, default=LOG, help=f"what the runners print (default: {LOG})")


def outputs(to: argparse.ArgumentParser) -> None:
    to.add_argument("--json", type=Path, help="keep the results here")
    to.add_argument("--csv", type=Path, help="the rows as CSV")


if __name__ == "__main__":
    sys.exit(main())
