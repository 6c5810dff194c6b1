"""A problem checked before a second of training: findings, a table of them, and a picture of the domain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
import tensorflow as tf

from pinn.app.bench import Bench
from pinn.app.choices import Choices, choices_of, require
from pinn.app.estimate import cost
from pinn.app.running import on, prepare
from pinn.problems import BoundaryCondition, Periodic, Problem, rehearse
from pinn.report import Domain, domain_figure, findings_table, save_figure, write_json
from pinn.training import interior_points, require_places
from pinn.training.sampling import boundary_points
from pinn.validation.checks import CHECKS, Finding, Level, worst

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table

FILE, PICTURE = "check.json", "domain.png"
_INSIDE, _ON_BOUNDARY = 1000, 1500
_MOST_AXES = 3
_REFUSED = "run"  # what a run says by itself


@final
@dataclass(frozen=True)
class Examination:
    """What the checks of a problem have found.

    Attributes:
        problem: what was checked.
        findings: of all checks, in a fixed order; see `pinn.validation.checks.Finding`.
    """

    problem: Problem
    findings: tuple[Finding, ...]

    @property
    def level(self) -> Level:
        """The gravest level of all findings: `ok`, `warning` or `error`."""
        return worst(self.findings)

    def table(self) -> Table:
        """The findings as a table for the terminal."""
        rows = [(f.level, f.check, f.what, f.where, f.remedy) for f in self.findings]
        return findings_table(rows, title=self.problem.name)

    def plot(self) -> Figure | None:
        """The domain with its parts, named and coloured, its points, and the places that findings are about; `None`
        where the domain has more than three axes.
        """
        return domain_figure(_drawn(self)) if self.problem.domain.dim <= _MOST_AXES else None

    def save(self, folder: str | Path) -> list[Path]:
        """Write `check.json` and, where there is one, the picture `domain.png`, each whole or not at all."""
        found = {
            "problem": self.problem.name,
            "level": self.level,
            "findings": [{**asdict(f), "numbers": dict(f.numbers)} for f in self.findings],
        }
        written = [write_json(found, Path(folder) / FILE)]
        figure = self.plot()
        return written if figure is None else [*written, save_figure(figure, Path(folder) / PICTURE)]


def check(problem: Problem, **choices: Any) -> Examination:
    """Check a problem in seconds, before anything is trained.

    The checks are those of `pinn.validation.checks.CHECKS`: coverage of the boundary, corners where conditions
    disagree, normals, well-posedness, the exact solution put in, and the scale of all terms; and `cost`, the memory and
    time of the run. Nothing is trained, and nothing is written.

    Args:
        problem: what is checked.
        **choices: whatever `pinn.solve` is to be given beside the problem.

    Raises:
        ValueError, TypeError: what no run could begin with, such as a part of the boundary that does not exist.
    """
    chosen = choices_of(**choices)
    require(problem, chosen, None, None)
    prepare(chosen.device)
    rehearse(problem, tf.as_dtype(chosen.dtype))
    require_places(problem)
    found: list[Finding] = []
    for name, examine in CHECKS.items():
        found += _tried(name, examine, problem)
    return Examination(problem, (*found, *_costs(problem, chosen, found)))


def _tried(name: str, examine: Callable[[Problem], list[Finding]], problem: Problem) -> list[Finding]:
    """The findings of a check, or that it failed: code of one's own can fail in any way."""
    try:
        return examine(problem)
    except Exception as error:
        first = str(error).partition("\n")[0]
        what = f"could not be tried: {type(error).__name__}: {first}"
        return [Finding("warning", name, what, remedy="the problem may still be fine; solve it with few steps")]


def _costs(problem: Problem, chosen: Choices, found: list[Finding]) -> list[Finding]:
    """The cost of the run, or why it would refuse the problem, unless a check has said so."""
    quick = replace(chosen, reference="none")  # a reference that is computed may take minutes
    try:
        with on(chosen.device) as device:
            return cost(Bench.of(problem, quick, device, None, None))
    except (ValueError, TypeError) as error:
        said = worst(found) == "error"
        return [] if said else [Finding("error", _REFUSED, str(error))]


def _drawn(examination: Examination) -> Domain:
    """The domain as arrays."""
    problem = examination.problem
    shape = problem.domain
    parts = list(shape.parts.values())
    share = max(_ON_BOUNDARY // len(parts), 1)
    on_parts = {part.name: boundary_points([part], share, kind="sobol", seed=(0,))[0] for part in parts}
    marks = [
        [finding.numbers[axis] for axis in shape.axes]
        for finding in examination.findings
        if finding.level != "ok" and all(axis in finding.numbers for axis in shape.axes)
    ]
    return Domain(
        name=problem.name,
        axes=shape.axes,
        interior=interior_points(shape, _INSIDE, kind="sobol", seed=(0,)),
        parts=on_parts,
        conditions={name: ", ".join(_kinds(problem, name)) for name in on_parts},
        marks=np.array(marks).reshape(-1, shape.dim),
    )


def _kinds(problem: Problem, part: str) -> Iterator[str]:
    """What holds on a part, in a word for each condition."""
    for c in problem.conditions():
        if isinstance(c, BoundaryCondition) and part in {p.name for p in problem.domain.select(c.on)}:
            yield "_".join([c.kind, *map(str, c.components)])
        elif isinstance(c, Periodic) and part in c.faces:
            yield c.kind
