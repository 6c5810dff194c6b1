"""One training step with a Laplacian residual: every engine and every rival, in turn, in one run.

    .venv/bin/python experiments/benchmark_laplacian.py            the table of steps, and the memory of a wide network
    .venv/bin/python experiments/benchmark_laplacian.py --sweeps   the picture of time and memory over d and N as well

The step is the gradient of `mean((lap u + 1)^2)` with respect to all weights of a tanh network `d-64-64-64-64-1`
without biases, in float32, on 4096 points (256 for d = 100). Every contestant is a process of its own, and all are
asked in turn, so that a noisy machine is noisy for all. The rivals need their environment: make rivals.
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from peers import Peer, in_turn

from pinn.report.style import MARKERS, PALETTE, new_figure, save_figure, styled

PICTURE = Path(__file__).parent / "figures" / "laplacian.png"
WIDTHS = (64, 64, 64, 64)
SECONDS = 0.3  # of one contestant in one round
PATIENCE, MEMORY = 10.0, 16e9  # seconds and bytes that a step of the sweeps may take


@dataclass(frozen=True)
class Contestant:
    """A way of computing the step: a script and the word that it knows the way by."""

    script: str
    way: str

    def start(self, dimension: int, points: int, widths: Sequence[int] = WIDTHS) -> Peer:
        return Peer(self.script, [self.way, str(dimension), ",".join(map(str, widths)), str(points)])


CONTESTANTS = {
    "forward, in blocks": Contestant("laplacian_pinn.py", "blocks"),
    "forward, in one piece": Contestant("laplacian_pinn.py", "forward"),
    "tape, XLA": Contestant("laplacian_pinn.py", "tape"),
    "tape, graph": Contestant("laplacian_pinn.py", "tape-graph"),
    "tape, eager": Contestant("laplacian_pinn.py", "tape-eager"),
    "PyTorch, nested": Contestant("laplacian_torch.py", "nested"),
    "JAX, nested": Contestant("laplacian_jax.py", "nested"),
    "JAX + folx": Contestant("laplacian_jax.py", "folx"),
}
OURS = next(iter(CONTESTANTS))


@dataclass(frozen=True)
class Measured:
    """Seconds of a step and of the first one, and bytes added to the process."""

    step: float
    first: float
    memory: float


def measure(
    names: Sequence[str], dimension: int, points: int, widths: Sequence[int], rounds: int
) -> dict[str, Measured]:
    """All the named contestants on one network, in turn."""
    peers = {name: CONTESTANTS[name].start(dimension, points, widths) for name in names}
    try:
        steps = {name: max(1, round(SECONDS / max(peer(1), 1e-4))) for name, peer in peers.items()}
        seconds = in_turn(peers, steps=steps, rounds=rounds)
        return {name: Measured(seconds[name], peer.first_seconds, peer.memory()) for name, peer in peers.items()}
    finally:
        for peer in peers.values():
            peer.close()


def limit(dimension: int, points: int, widths: Sequence[int], rate: float) -> float:
    """Seconds that the bare matrix products of a pass and its reverse take, at so many multiply-adds a second.

    The value, `d` first derivatives and the Laplacian go through every matrix; the reverse takes two products for each.
    """
    sizes = [dimension, *widths, 1]
    return 3 * (dimension + 2) * points * sum(a * b for a, b in itertools.pairwise(sizes)) / rate


def product_rate() -> float:
    """Multiply-adds a second of this machine's matrix product in float32, the best of several."""
    import tensorflow as tf

    size = 2048
    a = tf.random.stateless_normal([size, size], seed=[0, 0])
    times = []
    for _ in range(9):
        began = time.perf_counter()
        tf.linalg.matmul(a, a).numpy()
        times.append(time.perf_counter() - began)
    return size**3 / min(times)


def steps_table(dimensions: Sequence[int], names: Sequence[str], rounds: int) -> None:
    """Milliseconds of a step, and the ratio of ours to each."""
    rate = product_rate()
    found = {d: measure(names, d, _points(d), WIDTHS, rounds) for d in dimensions}
    print(f"one step, {'-'.join(map(str, ('d', *WIDTHS, 1)))}, float32: ms (ratio of '{OURS}' to it)")
    print(f"{'':24}" + "".join(f"{f'd={d}, N={_points(d)}':>20}" for d in dimensions))
    for name in names:
        cells = [f"{1e3 * m[name].step:.1f} ({m[OURS].step / m[name].step:.2f})" for m in found.values()]
        print(f"{name:24}" + "".join(f"{cell:>20}" for cell in cells))
    bare = {d: limit(d, _points(d), WIDTHS, rate) for d in dimensions}
    cells = [f"{1e3 * bare[d]:.1f} ({found[d][OURS].step / bare[d]:.2f})" for d in dimensions]
    print(f"{'bare matrix products':24}" + "".join(f"{cell:>20}" for cell in cells))
    print(f"{'first step, s':24}" + "".join(f"{found[d][OURS].first:>20.1f}" for d in dimensions))
    print(f"matrix products: {rate / 1e9:.0f} billion multiply-adds a second\n", flush=True)


def memory_table(names: Sequence[str], rounds: int) -> None:
    """Peak memory and time of a step of a wide network."""
    dimension, points, widths = 50, 2048, (768, 768, 512, 512)
    found = measure(names, dimension, points, widths, rounds)
    print(f"one step, {'-'.join(map(str, (dimension, *widths, 1)))}, N={points}, float32")
    print(f"{'':24}{'GB':>8}{'ratio':>8}{'s':>8}{'ratio':>8}")
    for name, m in found.items():
        ratios = found[OURS].memory / m.memory, found[OURS].step / m.step
        print(f"{name:24}{m.memory / 1e9:8.2f}{ratios[0]:8.2f}{m.step:8.2f}{ratios[1]:8.2f}")
    print(flush=True)


def _points(dimension: int) -> int:
    return 256 if dimension >= 100 else 4096


def sweeps(names: Sequence[str], rounds: int) -> None:
    """Time and memory over the dimension at 256 points, and over the number of points in the plane: a picture."""
    dimensions, counts = (1, 3, 10, 100, 1000), (100, 1000, 10_000, 100_000, 1_000_000)
    over_d = _sweep(names, [(d, 256) for d in dimensions], rounds)
    over_n = _sweep(names, [(2, n) for n in counts], rounds)
    _draw({"dimension": (dimensions, over_d), "points": (counts, over_n)})
    print(f"drawn: {PICTURE}")


def _sweep(names: Sequence[str], sizes: Sequence[tuple[int, int]], rounds: int) -> dict[str, list[Measured]]:
    """Each contestant over growing sizes, as long as the next one should take neither too long nor too much memory."""
    found: dict[str, list[Measured]] = {name: [] for name in names}
    for k, (dimension, points) in enumerate(sizes):
        growth = dimension * points / math.prod(sizes[k - 1]) if k else 1.0
        for name in names:
            done = found[name]
            if len(done) < k or (done and not _bearable(done[-1], growth)):
                continue
            done.extend(measure([name], dimension, points, WIDTHS, rounds).values())
            print(f"{name:24} d={dimension:<5} N={points:<8} {1e3 * done[-1].step:10.2f} ms", flush=True)
    return found


def _bearable(last: Measured, growth: float) -> bool:
    """Whether a step so many times larger is expected to stay within `PATIENCE` and `MEMORY`."""
    return last.step * growth < PATIENCE and last.memory * growth < MEMORY


@styled
def _draw(panels: Mapping[str, tuple[Sequence[int], Mapping[str, Sequence[Measured]]]]) -> None:
    figure = new_figure(9.0, 6.6)
    axes = figure.subplots(2, 2, sharex="col")
    for column, (label, (sizes, found)) in enumerate(panels.items()):
        for name, done, marker, colour in zip(found, found.values(), MARKERS, PALETTE, strict=False):
            style = {"marker": marker, "color": colour, "linewidth": 2.4 if name == OURS else 1.0, "label": name}
            steps, memory = [1e3 * m.step for m in done], [max(m.memory, 1e6) / 1e6 for m in done]
            axes[0][column].loglog(sizes[: len(done)], steps, **style)
            axes[1][column].loglog(sizes[: len(done)], memory, **style)
        title = "256 points" if label == "dimension" else "in the plane"
        axes[0][column].set(ylabel="a training step [ms]", title=title)
        axes[1][column].set(xlabel=label, ylabel="peak memory of the step [MB]")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    save_figure(figure, PICTURE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dimensions", default="2,3,10,100", help="dimensions of the table")
    parser.add_argument("--rounds", type=int, default=7, help="measurements of each contestant, in turn (default 7)")
    parser.add_argument(
        "--only",
        default=",".join(name.replace(",", ";") for name in CONTESTANTS),
        help="contestants by name, with ; for a comma",
    )
    parser.add_argument("--without-memory", action="store_true", help="leave out the wide network")
    parser.add_argument("--without-tables", action="store_true", help="leave out both tables")
    parser.add_argument("--sweeps", action="store_true", help="draw time and memory over d and N as well")
    options = parser.parse_args()
    names = [name.replace(";", ",") for name in options.only.split(",")]
    if not options.without_tables:
        steps_table([int(d) for d in options.dimensions.split(",")], names, options.rounds)
    if not (options.without_memory or options.without_tables):
        memory_table([name for name in names if name not in ("tape, eager", "JAX, nested")], 1)
    if options.sweeps:
        sweeps(names, 3)


if __name__ == "__main__":
    main()
