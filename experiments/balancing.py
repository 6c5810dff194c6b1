"""Balances and adaptive points, each on a problem where fixed weights or fixed points give a wrong answer.

    .venv/bin/python experiments/balancing.py

* `helmholtz`: two waves of different lengths with the boundary as a penalty of weight 1, which the equation drowns.
* `growth`: logistic growth from an initial penalty, where the field settles on zero before the past has reached it.
* `burgers_1d`: conditions exact; the front lies between the points that do not move.

All schemes of a problem train the same networks by the same steps from the same seeds, each with its defaults.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import tensorflow as tf

import pinn
from pinn.calculus import Jet, PointSet
from pinn.fields import Mlp
from pinn.geometry import Shape
from pinn.problems import Burgers1D, Problem
from pinn.solvers import Adam, Bfgs, Chain, Cosine, Solver
from pinn.training import BALANCES, Rad, Rar, Sampling

_PI = math.pi


@dataclass(frozen=True)
class Helmholtz(Problem):
    r"""`\Delta u + u = f` on `(-1, 1)^2`, `u = 0` on the boundary. Exact: `\sin(\pi x) \sin(4 \pi y)`.

    Source: S. Wang, Y. Teng, P. Perdikaris, SIAM Journal on Scientific Computing 43 (2021), section 5.
    """

    @property
    def domain(self) -> Shape:
        return pinn.Box((-1.0, -1.0), (1.0, 1.0))

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.laplacian() + u.value + (17 * _PI**2 - 1) * self.exact(p)

    def conditions(self) -> Sequence[pinn.Dirichlet]:
        return (pinn.Dirichlet(0.0),)

    def exact(self, p: PointSet) -> tf.Tensor:
        return tf.sin(_PI * p.x) * tf.sin(4 * _PI * p.y)


@dataclass(frozen=True)
class Growth(Problem):
    r"""`u_t = \rho u (1 - u)` on `(0, 2 \pi) \times (0, 1)` from a bell `h`. Exact: `h / (h + (1 - h) e^{-\rho t})`.

    Source: A. Krishnapriyan et al., "Characterizing possible failure modes in physics-informed neural networks",
    NeurIPS 2021, section 3.2.
    """

    rate: float = 10.0

    @property
    def domain(self) -> Shape:
        return pinn.Interval(0.0, 2 * _PI).over(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - no source
        return u.d("t") - self.rate * u.value * (1 - u.value)

    def conditions(self) -> Sequence[pinn.Initial]:
        return (pinn.Initial(_bell),)

    def exact(self, p: PointSet) -> tf.Tensor:
        return _bell(p) / (_bell(p) + (1 - _bell(p)) * tf.exp(-self.rate * p.t))


def _bell(p: PointSet) -> tf.Tensor:
    return tf.exp(-((p.x - _PI) ** 2) / (2 * (_PI / 4) ** 2))


@dataclass(frozen=True)
class Case:
    """A problem with what all schemes share, and the schemes as arguments of `pinn.solve`."""

    problem: Problem
    solver: Solver
    schemes: Mapping[str, Mapping[str, Any]]
    common: Mapping[str, Any] = field(default_factory=dict)


def adam(steps: int) -> Adam:
    """Adam with a rate that falls."""
    return Adam(learning_rate=Cosine(peak=5e-3, total_steps=steps, final=1e-4), max_steps=steps)


def balanced(*names: str, **options: Any) -> dict[str, dict[str, Any]]:
    """Schemes that differ in their balance."""
    return {name: {"balance": BALANCES[name](), **options} for name in names}


def cases(steps: int) -> dict[str, Case]:
    """The problems by name; `steps` are those of Adam, the same number of BFGS steps follow for Burgers' equation."""
    ones = {"weights": {"conditions": 1.0}}
    points = Sampling(interior=600, boundary=160, initial=100)
    moving = {"interior": 1000, "resample_every": 200}
    penalties = {"field": Mlp(width=30, depth=3), "sampling": points, "conditions": "penalty"}
    return {
        "helmholtz": Case(
            Helmholtz(),
            adam(steps),
            {
                **balanced("fixed", "self_adaptive", "relobralo", **ones),
                "fixed, natural": {},
                **balanced("gradient_norm", "ntk"),
            },
            penalties,
        ),
        "growth": Case(Growth(), adam(steps), balanced("fixed", "causal", weights={"conditions": 100.0}), penalties),
        "burgers_1d": Case(
            Burgers1D(),
            Chain((adam(steps // 2), Bfgs(max_steps=steps // 2))),
            {
                "fixed points": {"sampling": Sampling(interior=1000)},
                "drawn anew": {"sampling": Sampling(**moving)},
                "rad": {"sampling": Sampling(**moving, adapt=Rad())},
                "rar": {"sampling": Sampling(**moving, adapt=Rar())},
            },
            {"field": Mlp()},
        ),
    }


def measure(case: Case, scheme: str, seeds: int) -> str:
    """One row: median, least and largest relative L2 error, and the median of the seconds of training."""
    arguments = {**case.common, **case.schemes[scheme]}
    found = [pinn.solve(case.problem, solver=case.solver, seed=seed, **arguments).summary for seed in range(seeds)]
    errors = [summary["errors"]["relative_l2"] for summary in found]
    gaps = [summary["residual"]["gap"] for summary in found]
    seconds = median(summary["seconds"]["train"] for summary in found)
    spread = f"{min(errors):.1e} to {max(errors):.1e}"
    return f"{scheme:16} {median(errors):10.1e} {spread:>20} {median(gaps):10.1f} {seconds:8.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=2500, help="of training (default 2500)")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each scheme (default 3)")
    parser.add_argument("--only", default="", help="problems by name, separated by commas (default all)")
    parser.add_argument("--schemes", default="", help="schemes by name, separated by commas (default all)")
    options = parser.parse_args()
    problems, schemes = (set(filter(None, words.split(","))) for words in (options.only, options.schemes))
    print(f"{'':12} {'scheme':16} {'rel. L2':>10} {'over the seeds':>20} {'gap':>10} {'train [s]':>8}")
    for name, case in cases(options.steps).items():
        for scheme in case.schemes:
            if (not problems or name in problems) and (not schemes or scheme in schemes):
                print(f"{name:12} {measure(case, scheme, options.seeds)}", flush=True)


if __name__ == "__main__":
    main()
