"""`pinn predict RUN --points FILE`: a trained field, its derivatives and its residual at points of one's own."""

from __future__ import annotations

import csv
import io
import math
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from pinn.app.messages import SOLVED, say
from pinn.app.opened import opened
from pinn.app.points_file import PointsFile, points_file
from pinn.app.verbs import Arguments
from pinn.files import replacing

if TYPE_CHECKING:
    import tensorflow as tf

    from pinn.app.derivatives import Column
    from pinn.app.solution import Solution
    from pinn.calculus import Jet, PointSet

Predict = Callable[[np.ndarray], Mapping[str, np.ndarray]]

INSIDE = "inside"
_OUT = "-"


def main(words: Sequence[str]) -> int:
    """The verb.

    Raises:
        ValueError, OSError: words, a run or points that cannot be; nothing is written then.
    """
    arguments = _arguments().parse_args(words)
    solution = opened(arguments.run)
    points = points_file(arguments.points, solution.problem.domain.axes)
    predict, columns = _predictor(solution, arguments.derivatives, residual=arguments.residual)
    out = arguments.out or f"{arguments.points.stem}_values.csv"
    with _written(out) as stream:
        count, outside = _write(points, predict, columns, stream)
    strangers = f", {outside} of them outside the domain, where nothing was learned" if outside else ""
    sentence = f"{count} {'point' if count == 1 else 'points'}{strangers}"
    if out != _OUT:
        print(f"{sentence}: {out}", flush=True)
    elif outside:
        say(f"{sentence}.")
    return SOLVED


def _arguments() -> Arguments:
    found = Arguments("predict", "A trained field, its derivatives and its residual at points of a file.")
    found.add_argument("run", type=Path, metavar="RUN", help="folder of a finished run")
    found.add_argument(
        *("--points",), type=Path, required=True, metavar="FILE",
        help="a .csv with the axes among its columns, a .npy of [N, d], or a .npz with an array an axis or 'points'",
    )  # fmt: skip
    found.add_argument(
        "--out", metavar="FILE", help="a .csv, or - for standard output; otherwise NAME_values.csv in this folder"
    )
    found.add_argument(
        *("--derivatives",), type=lambda text: text.split(","), default=[], metavar="NAMES",
        help="with commas between: gradient, hessian, laplacian, u_x, u_xy, ...",
    )  # fmt: skip
    found.add_argument("--residual", action="store_true", help="what is left of the equation, too")
    return found


def _predictor(solution: Solution, words: Sequence[str], *, residual: bool) -> tuple[Predict, tuple[str, ...]]:
    """What is asked of the field at points `[n, d]`, by column, each `[n]`, computed in one pass; and the columns."""
    from pinn.app.derivatives import derivatives

    problem, domain = solution.problem, solution.problem.domain
    asked = derivatives(words, problem)
    ask = solution.evaluator.asked(lambda p, u: _columns(problem, asked, p, u, residual=residual))
    names = tuple(ask(np.empty((0, domain.dim))))

    def predict(points: np.ndarray) -> Mapping[str, np.ndarray]:
        found = ask(points)
        return {name: found[name] for name in names} | {INSIDE: domain.inside(points).astype(int)}

    return predict, (*names, INSIDE)


def _columns(problem: Any, asked: Mapping[str, Column], p: PointSet, u: Jet, *, residual: bool) -> dict[str, tf.Tensor]:
    """The components, the derivatives, and the residuals where they are asked for, each `[N]`."""
    several = len(problem.quantities) > 1
    found = {name: u[c].value if several else u.value for c, name in enumerate(problem.quantities)}
    found |= {name: column(u) for name, column in asked.items()}
    if residual:
        left = problem.residual(p, u)
        found |= {f"residual_{k}": v for k, v in left.items()} if isinstance(left, Mapping) else {"residual": left}
    return found


@contextmanager
def _written(out: str) -> Iterator[TextIO]:
    """Text that is written to a file, or to standard output, when the block ends well, and not at all when it does
    not.
    """
    if out != _OUT:
        with replacing(out) as stream:
            wrapper = io.TextIOWrapper(stream, encoding="utf-8", newline="")
            yield wrapper
            wrapper.flush()
            wrapper.detach()
        return
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as text:
        yield text
        text.seek(0)
        shutil.copyfileobj(text, sys.stdout)
        sys.stdout.flush()


def _write(points: PointsFile, predict: Predict, columns: Sequence[str], stream: TextIO) -> tuple[int, int]:
    """Every line of the file with the columns beside it; how many there were, and how many outside the domain."""
    taken = sorted(set(points.names) & set(columns))
    if taken:
        raise ValueError(f"expected a file of points without the columns that are computed; got {', '.join(taken)}.")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*points.names, *columns])
    count = outside = 0
    for block, rows in points.blocks():
        found = predict(block)
        cells = [[_cell(value) for value in found[name].tolist()] for name in columns]
        writer.writerows([*row, *values] for row, *values in zip(rows, *cells, strict=True))
        count += len(block)
        outside += int(np.count_nonzero(found[INSIDE] == 0))
    return count, outside


def _cell(value: float) -> str:
    """A number to its last bit; nothing for what is none."""
    return repr(value) if math.isfinite(value) else ""
