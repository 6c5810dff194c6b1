"""The shared test table: one case a shape, with its moments in closed form and its membership written out slowly.

A new shape adds one entry to `CASES`; every test of laws runs on it. Shapes that are made of others have their cases in
files of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from geometry_mesh_cases import MESH_CASES
from geometry_moments import (
    Array,
    Case,
    Moments,
    Part,
    ball_volume,
    box_moments,
    crossed,
    on_axis,
    sphere_part,
)
from geometry_moved_cases import MOVED_CASES
from geometry_named_cases import NAMED_CASES
from geometry_polygon_cases import POLYGON_CASES
from geometry_product_cases import PRODUCT_CASES
from geometry_set_cases import PLATE, SET_CASES
from geometry_simplex_cases import SIMPLEX_CASES
from scipy.stats import qmc

from pinn.geometry import Annulus, Ball, Box, Interval, Shape
from pinn.geometry.combined import Combined


def box_case(name: str, shape: Box, lower: Sequence[float], upper: Sequence[float]) -> Case:
    a, b = np.array(lower, float), np.array(upper, float)
    lengths, mean, variance = b - a, (a + b) / 2, (b - a) ** 2 / 12
    parts = {}
    for i, axis in enumerate(shape.axes):
        for side, value in (("min", a[i]), ("max", b[i])):
            face_mean, face_variance = mean.copy(), variance.copy()
            face_mean[i], face_variance[i] = value, 0.0
            measure = float(np.prod(np.delete(lengths, i)))
            parts[f"{axis}_{side}"] = Part(
                measure, face_mean, np.diag(face_variance), lambda p, i=i, value=value: p[i] - value
            )
    interior = Moments(float(np.prod(lengths)), mean, np.diag(variance))
    return Case(name, shape, interior, parts, lambda p: all(a[i] <= p[i] <= b[i] for i in range(len(a))))


def round_case(name: str, shape: Shape, center: Sequence[float], inner: float, outer: float) -> Case:
    """Balls and annuli: E |x - c|^2 = d / (d + 2) * (b^(d+2) - a^(d+2)) / (b^d - a^d)."""
    c, d = np.array(center, float), len(center)
    shell = outer**d - inner**d
    variance = (outer ** (d + 2) - inner ** (d + 2)) / (d + 2) / shell
    parts = (
        {"inner": sphere_part(c, inner), "outer": sphere_part(c, outer)} if inner else {"sphere": sphere_part(c, outer)}
    )
    interior = Moments(ball_volume(d) * shell, c, np.eye(d) * variance)
    return Case(name, shape, interior, parts, lambda p: inner <= math.dist(p, c) <= outer)


def time_case(case: Case, shape: Shape, start: float, end: float) -> Case:
    duration = box_moments((start,), (end,))

    def product(m: Moments) -> tuple[float, Array, Array]:
        found = crossed(m, duration)
        return found.measure, found.mean, found.covariance

    parts = {name: Part(*product(part), lambda p, off=part.off: off(p[:-1])) for name, part in case.parts.items()}
    parts["initial"] = on_axis(crossed(case.interior, box_moments((start,), (start,))), -1, start)
    return Case(
        f"{case.name}_in_time",
        shape,
        Moments(*product(case.interior)),
        parts,
        lambda p: start <= p[-1] <= end and case.contains(p[:-1]),
        case.accuracy,
        case.distance,
        case.reach.over(start, end) if case.reach else None,
        case.peak,
    )


INTERVAL = box_case("interval", Interval(-0.5, 2.0), [-0.5], [2.0])
RECTANGLE = box_case("rectangle", Box((0.0, -1.0), (2.0, 0.5)), [0.0, -1.0], [2.0, 0.5])
DISK = round_case("disk", Ball((0.3, -0.2), 1.5), [0.3, -0.2], 0.0, 1.5)
RING = round_case("ring", Annulus((1.0, 0.5), 0.4, 1.0), [1.0, 0.5], 0.4, 1.0)

CASES = (
    RECTANGLE,
    INTERVAL,
    box_case("cuboid", Box((0.0, 1.0, -2.0), (1.0, 1.5, -0.5)), [0.0, 1.0, -2.0], [1.0, 1.5, -0.5]),
    box_case("box_5d", Box((0.0,) * 5, (1.0, 2.0, 1.0, 0.5, 1.0)), [0.0] * 5, [1.0, 2.0, 1.0, 0.5, 1.0]),
    DISK,
    round_case("ball", Ball((0.0, 1.0, 0.0), 0.8), [0.0, 1.0, 0.0], 0.0, 0.8),
    round_case("ball_5d", Ball((0.1,) * 5, 1.2), [0.1] * 5, 0.0, 1.2),
    RING,
    round_case("shell", Annulus((0.0, 0.0, 1.0), 0.5, 1.2), [0.0, 0.0, 1.0], 0.5, 1.2),
    round_case("annulus_4d", Annulus((0.0,) * 4, 0.6, 1.0), [0.0] * 4, 0.6, 1.0),
    time_case(RECTANGLE, RECTANGLE.shape.over(0.0, 1.0), 0.0, 1.0),
    time_case(INTERVAL, INTERVAL.shape.over(0.5, 2.0), 0.5, 2.0),
    time_case(DISK, DISK.shape.over(0.0, 3.0), 0.0, 3.0),
    time_case(RING, RING.shape.over(-1.0, 1.0, axis="tau"), -1.0, 1.0),
    *SET_CASES,
    *POLYGON_CASES,
    *MOVED_CASES,
    *NAMED_CASES,
    *SIMPLEX_CASES,
    *PRODUCT_CASES,
    *MESH_CASES,
    time_case(PLATE, PLATE.shape.over(0.0, 1.0), 0.0, 1.0),
)
EVERY_CASE = {"argvalues": CASES, "ids": [case.name for case in CASES]}


def _class_of(shape: Shape) -> type[Shape]:
    return Combined if isinstance(shape, Combined) else type(shape)


# The first case of every class, for what is slow and does not depend on the dimension: compiling.
# Set operations are one class in this: what differs between them is not TensorFlow code.
ONE_CASE_A_CLASS = tuple({_class_of(case.shape): case for case in reversed(CASES)}.values())
EVERY_CLASS = {"argvalues": ONE_CASE_A_CLASS, "ids": [case.name for case in ONE_CASE_A_CLASS]}


def _only(cases: Sequence[Case], serves: Callable[[Case], bool]) -> dict[str, Any]:
    chosen = [case for case in cases if serves(case)]
    return {"argvalues": chosen, "ids": [case.name for case in chosen]}


# Those whose parts carry exact values, and those whose parts carry exact fluxes.
EVERY_VALUED_CASE, EVERY_VALUED_CLASS = (
    _only(cases, lambda case: bool(case.valued)) for cases in (CASES, ONE_CASE_A_CLASS)
)
EVERY_FLUX_CASE, EVERY_FLUX_CLASS = (
    _only(cases, lambda case: bool(case.shape.families)) for cases in (CASES, ONE_CASE_A_CLASS)
)


def sobol(n: int, k: int, seed: int) -> Array:
    """n scrambled Sobol points `[n, k]`; for k = 0 there is nothing to choose."""
    return qmc.Sobol(k, rng=np.random.default_rng(seed)).random(n) if k else np.empty((n, 0))


def clear_of_edges(case: Case, name: str, n: int, seed: int) -> tuple[Array, Array]:
    """At most n points of a part, and normals, at least 6 % of the size away from the planes and spheres of all others.

    Parts that lie in its own plane are none of the others. There are 8 points at least.
    """
    part = case.shape.parts[name]
    points, normals = part.sample(away_from_edges(4 * n, part.unit_dimension, seed))
    others = [other.off for key, other in case.parts.items() if key != name]
    away = np.array([[abs(off(p)) for p in points] for off in others]).reshape(len(others), len(points))
    away = away[away.max(axis=1, initial=0.0) > 1e-9 * case.size]
    clear = np.flatnonzero((away > 0.06 * case.size).all(axis=0))[:n]
    assert len(clear) >= min(8, n)
    return points[clear], normals[clear]


def away_from_edges(n: int, k: int, seed: int) -> Array:
    """Unit coordinates `[n, k]` in [0.2, 0.8]: points of a part that keep their distance from the other parts."""
    return 0.2 + 0.6 * np.random.default_rng(seed).random((n, k))
