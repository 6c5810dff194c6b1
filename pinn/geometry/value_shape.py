"""Shapes without exact fluxes, and shapes that leave a smooth hole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, final

from pinn.geometry.boundary_data import BoundaryData
from pinn.geometry.shape import SpatialShape

if TYPE_CHECKING:
    import tensorflow as tf


class Removable(ABC):
    """What a shape also offers if a hole of its form can carry exact values: smooth functions of the points around it.

    The points `[N, d]` lie outside the shape or on its boundary, and `names` and `data` are as in `Shape`.
    """

    @abstractmethod
    def _vanishing_around(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:
        """Zero on the named parts, positive elsewhere, with a slope across them, and 1 far away: `[N]`."""

    @abstractmethod
    def _lift_around(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        """Equal to the data on their parts, and asking for the data nowhere else: `[N]`."""


class ValueShape(SpatialShape):
    """A shape in space without families: its parts carry exact values at most, and fluxes as penalties only."""

    @property
    @final
    def families(self) -> tuple[tuple[str, ...], ...]:
        """None."""
        return ()

    @final
    def _project(self, points: tf.Tensor, part: str) -> tuple[tf.Tensor, tf.Tensor]:  # noqa: ARG002
        raise AssertionError("a part of no family is refused before it is projected onto")

    @final
    def _ramp(self, points: tf.Tensor, part: str) -> tf.Tensor:  # noqa: ARG002
        raise AssertionError("a part of no family is refused before its ramp is asked for")
