"""How fine a field must be: waves of the data along each axis, and boundaries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf

from pinn.calculus import Jet, PointSet, Tape
from pinn.geometry import Ball, Box, Shape
from pinn.problems import Heat2DMultiscale, Problem
from pinn.training import Sampling, enforce, intricacy, terms_of, wave_numbers


@dataclass(frozen=True)
class Wavy(Problem):
    """`\\Delta u = e^{i k . x}`, in two equations, on a box with sides 2 and 4."""

    k: tuple[float, float] = (3.0, 5.0)

    @property
    def domain(self) -> Shape:
        return Box((0.0, 0.0), (2.0, 4.0))

    def residual(self, p: PointSet, u: Jet) -> dict[str, tf.Tensor]:
        angle = self.k[0] * p.x + self.k[1] * p.y
        return {"real": u.laplacian() - tf.cos(angle), "imaginary": u.laplacian() - tf.sin(angle)}


@dataclass(frozen=True)
class Still(Problem):
    """`\\Delta u = 0`, and nobody says where."""

    @property
    def domain(self) -> Shape:
        return Box((0.0, 0.0), (1.0, 1.0))

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.laplacian()


def numbers_of(problem: Problem) -> np.ndarray:
    held = enforce(problem)
    (equation, *_) = terms_of(problem, held.penalties, Sampling(), dtype=tf.float64, weights={})
    return wave_numbers(equation, held.ansatz, problem.domain, components=1, dtype=tf.float64, engine=Tape())


def test_a_wave_has_its_number_along_each_axis_in_half_lengths() -> None:
    np.testing.assert_allclose(numbers_of(Wavy()), [3.0, 10.0], rtol=1e-4)
    np.testing.assert_allclose(numbers_of(Heat2DMultiscale(waves=20))[0], 10 * np.pi, rtol=0.1)


def test_an_equation_without_data_has_no_waves() -> None:
    np.testing.assert_array_equal(numbers_of(Still()), 0.0)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (Box((0, 0), (3, 3)), [1, 1]),
        (Box((0, 0, 0), (1, 1, 1)), [1, 1, 1]),
        (Box((0, 0), (1, 3)).over(0, 7), [2 / 3, 2, 1]),
        (Box((-1, -1), (1, 1)) - Ball((0, 0), 0.5), [(8 + np.pi) / (2 * (4 - np.pi / 4))] * 2),
    ],
    ids=["square", "cube", "plate over time", "hole"],
)
def test_holes_and_long_axes_are_intricate(shape: Shape, expected: list[float]) -> None:
    np.testing.assert_allclose(intricacy(shape), expected, rtol=1e-6)
