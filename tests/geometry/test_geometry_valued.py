"""Shapes that promise less: parts without exact values, no exact fluxes, and parts that share a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from pinn.fields import Ansatz
from pinn.geometry import BoundaryPart, Box, Constant
from pinn.geometry.boundary_data import BoundaryData
from pinn.geometry.value_shape import ValueShape

Array = NDArray[np.float64]
BOX = Box((0.0, 0.0), (1.0, 2.0))


@dataclass(frozen=True)
class Rough(ValueShape):
    """A rectangle that says it cannot carry values on y_max, and calls its left and right side "sides"."""

    axes: tuple[str, ...] = ("x", "y")

    @property
    def bounds(self) -> tuple[Array, Array]:
        return BOX.bounds

    @property
    def measure(self) -> float:
        return BOX.measure

    @property
    def unit_dimension(self) -> int:
        return 2

    @property
    def parts(self) -> dict[str, BoundaryPart]:
        sides, rough = ("x_min", "x_max"), ("y_max",)
        return {
            name: replace(part, valued=name not in rough, groups=("sides",) if name in sides else ())
            for name, part in BOX.parts.items()
        }

    def _inside(self, points: Array, slack: float) -> NDArray[np.bool_]:
        return BOX._inside(points, slack)

    def _signed_distance(self, points: Array) -> Array:
        return BOX._signed_distance(points)

    def _interior(self, unit: Array) -> Array:
        return BOX._interior(unit)

    def _vanishing(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:
        return BOX._vanishing(points, names)

    def _lift(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        return BOX._lift(points, data)


ROUGH = Rough()
POINTS = tf.constant([[0.25, 0.5]], tf.float64)


@pytest.mark.parametrize("shape", [ROUGH, ROUGH.over(0.0, 1.0)], ids=["space", "time"])
def test_a_group_stands_for_its_parts(shape: Rough) -> None:
    assert [part.name for part in shape.select("sides")] == ["x_min", "x_max"]
    assert [part.name for part in shape.select(["y_min", "sides", "x_max"])] == ["x_min", "x_max", "y_min"]
    assert sorted(shape.by_part({"sides": Constant(0.0)})) == ["x_max", "x_min"]


def test_valued_parts_are_served() -> None:
    assert ROUGH.vanishing(POINTS, "sides").numpy() == pytest.approx([4 * 0.25 * 0.75], rel=1e-15)
    assert ROUGH.lift(POINTS, {"x_min": Constant(1.0), "x_max": Constant(3.0)}).numpy() == pytest.approx([1.5])


def test_a_time_product_keeps_what_its_shape_in_space_says() -> None:
    parts = ROUGH.over(0.0, 1.0).parts
    assert {name: part.valued for name, part in parts.items()} == {
        "x_min": True,
        "x_max": True,
        "y_min": True,
        "y_max": False,
        "initial": True,
    }


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "vanishing": (lambda: ROUGH.vanishing(POINTS, "boundary"), "no value can be exact on 'y_max'.*penalty"),
    "lift": (lambda: ROUGH.lift(POINTS, {"y_max": Constant(0.0)}), "no value can be exact on 'y_max'.*penalty"),
    "ramp": (lambda: ROUGH.ramp(POINTS, "x_min"), "no flux can be exact on 'x_min' of this shape.*penalty"),
    "project": (lambda: ROUGH.project(POINTS, "x_min"), "no flux can be exact on 'x_min' of this shape.*penalty"),
    "ansatz, value": (
        lambda: Ansatz(ROUGH, ({"y_max": Constant(0.0)},)),
        "on 'y_max' of this shape: .*conditions=auto",
    ),
    "ansatz, flux": (
        lambda: Ansatz(ROUGH, ({},), ({"x_min": Constant(0.0)},)),
        "no flux can be exact on 'x_min' of this shape: .*conditions=auto",
    ),
    "name": (lambda: ROUGH.select("top"), "'top': choose from x_min, x_max, y_min, y_max, sides, or boundary"),
    "twice": (
        lambda: ROUGH.by_part({"sides": Constant(0.0), "x_min": Constant(1.0)}),
        "the data on 'x_min' are given twice",
    ),
}


@pytest.mark.parametrize(("call", "match"), REFUSED.values(), ids=list(REFUSED))
def test_what_the_shape_cannot_carry_is_refused_with_the_remedy(call: Callable[[], object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        call()
