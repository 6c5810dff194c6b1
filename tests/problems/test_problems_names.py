"""What the components of a field are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest
import tensorflow as tf
from problem_cases import PROBLEMS

from pinn.calculus import Jet, PointSet
from pinn.geometry import Box, Shape
from pinn.problems import Problem


@dataclass(frozen=True)
class Misnamed(Problem):
    components: ClassVar[int] = 2
    unknowns: ClassVar[tuple[str, ...]] = ("u", "v", "p")

    @property
    def domain(self) -> Shape:
        return Box((0.0, 0.0), (1.0, 1.0))

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u[0].laplacian() + u[1].value


def test_names_for_other_components_are_refused() -> None:
    with pytest.raises(ValueError, match=r"misnamed: expected a name for each of 2 components; got unknowns = \('u',"):
        _ = Misnamed().quantities


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_shipped_problem_names_its_components(name: str) -> None:
    problem = PROBLEMS[name][0]
    names = problem.quantities
    assert len(set(names)) == len(names) == problem.components
    assert not set(names) & set(problem.domain.axes)
    for parts in problem.vectors.values():
        assert len(parts) == len(problem.domain.space_axes)
        assert max(parts) < problem.components


def test_names_are_given_or_numbers() -> None:
    found = {name: PROBLEMS[name][0].quantities for name in ("poisson_1d", "layered_wall", "kovasznay")}
    assert found == {"poisson_1d": ("u",), "layered_wall": ("u1", "u2"), "kovasznay": ("u", "v", "p")}


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_shipped_problem_says_in_plain_words_what_it_is_about(name: str) -> None:
    first = (type(PROBLEMS[name][0]).__doc__ or "").partition("\n\n")[0]
    assert first.endswith(".")
    assert not set(first) & set("`\\$_")
