"""Cases of moved shapes and of the ellipse: moments of balls and boxes under affine maps."""

from __future__ import annotations

import math

import numpy as np
from geometry_moments import Array, Case, Moments, Part, box_moments, on_axis, sphere_part

from pinn.geometry import Annulus, Box, Ellipsoid


def mapped(moments: Moments, matrix: Array, offset: Array, scale: float) -> tuple[float, Array, Array]:
    """Under x = A y + b means and covariances follow; the measure is multiplied."""
    return moments.measure * scale, matrix @ moments.mean + offset, matrix @ moments.covariance @ matrix.T


# A rectangle with sides 2 and 1, turned by 0.4, twice as large, moved.
_TURN = np.array([[math.cos(0.4), -math.sin(0.4)], [math.sin(0.4), math.cos(0.4)]])
_A, _B = 2.0 * _TURN, np.array([0.3, -1.0])


def _home(p: Array) -> Array:
    return np.linalg.solve(_A, p - _B)


_SIDES = {
    "x_min": on_axis(box_moments((0.0, 0.0), (0.0, 0.5)), 0, 0.0),
    "x_max": on_axis(box_moments((1.0, 0.0), (1.0, 0.5)), 0, 1.0),
    "y_min": on_axis(box_moments((0.0, 0.0), (1.0, 0.0)), 1, 0.0),
    "y_max": on_axis(box_moments((0.0, 0.5), (1.0, 0.5)), 1, 0.5),
}
TURNED = Case(
    "turned_rectangle",
    Box((0.0, 0.0), (1.0, 0.5)).rotated(0.4).scaled(2.0).translated((0.3, -1.0)),
    Moments(*mapped(box_moments((0.0, 0.0), (1.0, 0.5)), _A, _B, 4.0)),
    {
        name: Part(*mapped(side, _A, _B, 2.0), lambda p, off=side.off: 2.0 * off(_home(p)))
        for name, side in _SIDES.items()
    },
    lambda p: bool(np.all((_home(p) >= 0) & (_home(p) <= [1.0, 0.5]))),
)

# A shell in space, far from the origin: its moments are its own, since it looks the same from everywhere.
_CENTER = np.array([1.0, -2.0, 3.0])


def _shell() -> Moments:
    variance = (1.0**5 - 0.3**5) / 5 / (1.0**3 - 0.3**3)
    return Moments(4 / 3 * math.pi * (1.0 - 0.3**3), _CENTER, np.eye(3) * variance)


SHELL = Case(
    "moved_shell",
    Annulus((0.0, 0.0, 0.0), 0.15, 0.5).scaled(2.0).rotated(0.2, plane=("y", "z")).translated((1.0, -2.0, 3.0)),
    _shell(),
    {"inner": sphere_part(_CENTER, 0.3), "outer": sphere_part(_CENTER, 1.0)},
    lambda p: 0.3 <= math.dist(p, _CENTER) <= 1.0,
)

# An ellipse: its arc length and moments by the trapezoidal rule, which is exact to round-off on periodic functions.
_RADII, _MIDDLE = np.array([1.5, 0.6]), np.array([0.2, -0.4])


def _arc() -> Moments:
    angle = np.arange(512) * math.tau / 512
    points = _MIDDLE + _RADII * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    speed = np.hypot(_RADII[0] * np.sin(angle), _RADII[1] * np.cos(angle))
    mean = speed @ points / speed.sum()
    return Moments(
        float(speed.mean() * math.tau), mean, (points - mean).T @ (speed[:, None] * (points - mean)) / speed.sum()
    )


def _off(p: Array) -> float:
    """A first-order distance: level over slope."""
    y = (p - _MIDDLE) / _RADII
    return float((y @ y - 1) / 2 / np.linalg.norm(y / _RADII))


ELLIPSE = Case(
    "ellipse",
    Ellipsoid(tuple(_MIDDLE), tuple(_RADII)),
    Moments(math.pi * 0.9, _MIDDLE, np.diag(_RADII**2) / 4),
    {"surface": Part(_arc().measure, _arc().mean, _arc().covariance, _off)},
    lambda p: float(np.sum(((p - _MIDDLE) / _RADII) ** 2)) <= 1.0,
    2e-5,
)

MOVED_CASES = (TURNED, SHELL, ELLIPSE)
