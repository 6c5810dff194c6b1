"""Finite elements against exact solutions: the order of convergence in space and time, and what they refuse."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from pinn.references import ReferenceSolution
from pinn.references.finite_elements import (
    Evolution,
    Terms,
    Triangulation,
    UnsolvedError,
    WeakForm,
    content,
    finite_elements,
    keep,
    recalled,
    referring,
)
from pinn.references.finite_elements.direct import factorised
from pinn.references.finite_elements.evolution import march, times
from pinn.references.finite_elements.multigrid import multigrid
from pinn.references.finite_elements.solution import Level, solved
from pinn.references.finite_elements.space import Space, System
from pinn.references.finite_elements.steady import interpolations

Function = Callable[[np.ndarray], np.ndarray]


def cube(dim: int, cells: int) -> Triangulation:
    """The unit cube, cut into simplices along diagonals; its parts are `first` (x = 0) and `rest`."""
    ticks = np.arange(cells + 1)
    grid = np.array(list(itertools.product(ticks, repeat=dim)))
    number = {tuple(place): i for i, place in enumerate(grid.tolist())}
    simplices = []
    for corner in itertools.product(ticks[:-1], repeat=dim):
        for order in itertools.permutations(range(dim)):
            path = [np.array(corner)]
            for axis in order:
                path.append(path[-1] + np.eye(dim, dtype=int)[axis])
            simplices.append([number[tuple(place.tolist())] for place in path])
    rows = np.array(simplices)
    found: dict[str, list[list[int]]] = {"first": [], "rest": []}
    for simplex in rows:
        for drop in range(dim + 1):
            facet = np.delete(simplex, drop)
            places = grid[facet]
            for axis in range(dim):
                for end in (0, cells):
                    if np.all(places[:, axis] == end):
                        found["first" if (axis, end) == (0, 0) else "rest"].append(facet.tolist())
    return Triangulation(grid / cells, rows, {k: np.array(v) for k, v in found.items()}, lambda x: x)


def poisson(source: Function, values: Function, parts: Sequence[str], power: int = 1) -> WeakForm:
    r"""`-\Delta u + u^n = f`."""

    def volume(x: np.ndarray, t: float, u: np.ndarray, slope: np.ndarray) -> Terms:
        n, k = x.shape
        one = np.broadcast_to(np.eye(k), (n, k, k))
        return Terms(slope, u**power - source(x), np.zeros((n, k)), one, power * u ** (power - 1), np.zeros((n, k)))

    return WeakForm(volume, values={part: lambda x, t: values(x) for part in parts})


def wave(x: np.ndarray) -> np.ndarray:
    return np.sin(x @ np.arange(1.0, 1.0 + x.shape[1]))


def _reference(form: WeakForm, triangulation: Triangulation, *, accuracy: float) -> ReferenceSolution:
    return referring(*finite_elements(form, triangulation, accuracy=accuracy))


def _error(level: Level, exact: Function, points: np.ndarray) -> float:
    return float(np.linalg.norm(level.value(points) - exact(points)) / np.linalg.norm(exact(points)))


@pytest.mark.parametrize(("dim", "cells", "power"), [(1, 4, 1), (2, 3, 3), (3, 2, 1)])
def test_errors_fall_with_the_third_power_of_the_size(dim: int, cells: int, power: int) -> None:
    stretch = float(np.sum(np.arange(1.0, dim + 1.0) ** 2))
    form = poisson(lambda x: stretch * wave(x) + wave(x) ** power, wave, ("first", "rest"), power)
    points = np.random.default_rng(1).random((1000, dim))
    triangulation, errors, slopes = cube(dim, cells), [], []
    for number in range(3):
        level = solved(System(Space(triangulation), form), number, None)
        errors.append(_error(level, wave, points))
        gap = level.gradient(points) - np.cos(points @ np.arange(1.0, dim + 1.0))[:, None] * np.arange(1.0, dim + 1.0)
        slopes.append(float(np.linalg.norm(gap)))
        triangulation = triangulation.refined()
    assert np.log2(errors[-2] / errors[-1]) == pytest.approx(3.0, abs=0.25)
    assert np.log2(slopes[-2] / slopes[-1]) == pytest.approx(2.0, abs=0.25)


def test_a_flux_through_the_boundary_that_depends_on_the_value() -> None:
    """`-u'' + u = 0` with u = exp(x): at 1, `u' = 2 u - e`."""
    form = poisson(lambda x: np.zeros(len(x)), lambda x: np.ones(len(x)), ("first",))
    film = lambda x, n, t, u: (2.0 * u - np.e, np.full(len(u), 2.0))  # noqa: E731
    form = WeakForm(form.volume, {"rest": film}, form.values)
    found = _reference(form, cube(1, 4), accuracy=1e-8)
    x = np.linspace(0.0, 1.0, 9)[:, np.newaxis]
    np.testing.assert_allclose(found.value(x), np.exp(x[:, 0]), rtol=1e-8)
    assert found.accuracy <= 1e-8


InTime = Callable[..., np.ndarray]  # x, t -> [N], or x, t, u -> [N]


def _in_time(value: InTime, second: bool, source: InTime) -> WeakForm:
    one = lambda x: np.ones(len(x))  # noqa: E731

    def volume(x: np.ndarray, t: float, u: np.ndarray, slope: np.ndarray) -> Terms:
        n = len(x)
        zeros = np.zeros((n, 1))
        return Terms(slope, source(x, t, u), zeros, np.ones((n, 1, 1)), 3.0 * u**2, zeros)

    evolution = Evolution(
        0.0, 1.0, None if second else one, one if second else None, lambda x: value(x, 0.0), lambda x: -value(x, 0.0)
    )
    return WeakForm(volume, values=dict.fromkeys(("first", "rest"), value), evolution=evolution)


@pytest.mark.parametrize("second", [False, True], ids=["first order", "second order"])
def test_steps_in_time_are_of_fifth_order(second: bool) -> None:
    """`u_t` or `u_tt` and `- u_xx + u^3 + s`, nonlinear, for `u = x (1 + x) exp(-t)`: exact in space, and its values at
    the ends change.
    """
    exact = lambda x, t: x[:, 0] * (1.0 + x[:, 0]) * np.exp(-t)  # noqa: E731

    def source(x: np.ndarray, t: float, u: np.ndarray) -> np.ndarray:
        rate = exact(x, t) * (1.0 if second else -1.0)
        return u**3 - exact(x, t) ** 3 - rate + 2.0 * np.exp(-t)

    system = System(Space(cube(1, 2)), _in_time(exact, second, source))
    places = system.space.nodes.places
    errors = [np.abs(march(system, n).stages[-1, -1] - exact(places, 1.0)).max() for n in (1, 2)]
    assert np.log2(errors[0] / errors[1]) > 4.0


def test_a_march_is_read_between_its_steps() -> None:
    exact = lambda x, t: x[:, 0] * np.exp(-t)  # noqa: E731
    source = lambda x, t, u: u**3 - exact(x, t) ** 3 + exact(x, t)  # noqa: E731
    found = _reference(_in_time(exact, False, source), cube(1, 2), accuracy=1e-7)
    points = np.random.default_rng(0).random((50, 2))
    np.testing.assert_allclose(found.value(points), points[:, 0] * np.exp(-points[:, 1]), atol=1e-7)
    np.testing.assert_allclose(found.gradient(points)[:, 0], np.exp(-points[:, 1]), atol=1e-6)


def test_levels_precondition_each_other() -> None:
    """The system of a cube in space, by its two coarser levels and by a factorisation."""
    form, systems, triangulation = poisson(wave, wave, ("first",)), [], cube(3, 1)
    for _ in range(3):
        systems.append(System(Space(triangulation), form, systems[-1] if systems else None))
        triangulation = triangulation.refined()
    finest = systems[-1]
    _, matrix = finest(0.0, np.zeros(finest.space.size), derivative=True)
    own = matrix[finest.free][:, finest.free]
    wanted = np.random.default_rng(0).normal(size=len(finest.free))
    np.testing.assert_allclose(multigrid(own, interpolations(finest))(own @ wanted), wanted, atol=1e-8)
    with pytest.raises(UnsolvedError, match="singular"):
        factorised(0.0 * own)


def test_a_step_that_fails_is_halved() -> None:
    """`u' = 40 u (1 - u) + u_xx` without flux: a steep rise from 0.01, in steps that Newton's method refuses."""

    def volume(x: np.ndarray, t: float, u: np.ndarray, slope: np.ndarray) -> Terms:
        n, zeros = len(x), np.zeros((len(x), 1))
        return Terms(slope, -40.0 * u * (1.0 - u), zeros, np.ones((n, 1, 1)), -40.0 * (1.0 - 2.0 * u), zeros)

    evolution = Evolution(0.0, 4.0, lambda x: np.ones(len(x)), None, lambda x: np.full(len(x), 0.01))
    found = march(System(Space(cube(1, 1)), WeakForm(volume, evolution=evolution)), 1)
    assert len(found.times) > 1 + len(times(evolution, 1))
    np.testing.assert_allclose(found.stages[-1, -1], 1.0, rtol=1e-6)
    exact = 1.0 / (1.0 + 99.0 * np.exp(-40.0 * found.times[1:]))
    np.testing.assert_allclose(found.stages[:, -1, 0], exact, atol=0.05)


def test_what_has_no_solution_is_said_to_have_none() -> None:
    nothing = poisson(lambda x: -1.0 - 0.0 * x[:, 0], lambda x: 0.0 * x[:, 0], ())
    free = nothing.volume

    def without_level(x: np.ndarray, t: float, u: np.ndarray, slope: np.ndarray) -> Terms:
        return free(x, t, u, slope)._replace(source=np.ones(len(x)), source_by_value=np.zeros(len(x)))

    with pytest.raises(UnsolvedError):
        _reference(WeakForm(without_level), cube(1, 4), accuracy=1e-3)
    exploding = poisson(lambda x: 1e3 + 0.0 * x[:, 0], lambda x: 0.0 * x[:, 0], ("first", "rest"))

    def blown_up(x: np.ndarray, t: float, u: np.ndarray, slope: np.ndarray) -> Terms:
        found = exploding.volume(x, t, u, slope)
        return found._replace(source=-100.0 * np.exp(u), source_by_value=-100.0 * np.exp(u))

    with pytest.raises(UnsolvedError):
        _reference(WeakForm(blown_up, {}, exploding.values), cube(1, 4), accuracy=1e-3)


def test_what_was_computed_is_kept_by_its_content(tmp_path: Path) -> None:
    """The same bytes come back; another parameter has another name; a damaged file is none."""
    form, mesh = poisson(wave, wave, ("first", "rest")), cube(1, 4)
    level, accuracy = finite_elements(form, mesh, accuracy=1e-4)
    name = content(form, mesh, ())
    assert name == content(poisson(wave, wave, ("first", "rest")), cube(1, 4), ())
    others = [
        content(poisson(lambda x: 1.001 * wave(x), wave, ("first", "rest")), mesh, ()),
        content(poisson(wave, lambda x: 1.001 * wave(x), ("first", "rest")), mesh, ()),
        content(form, cube(1, 5), ()),
        content(form, mesh, ("a word",)),
    ]
    assert len({name, *others}) == 5
    path = tmp_path / "folder" / name
    assert recalled(path) is None
    keep(level, accuracy, path)
    found = recalled(path)
    assert found is not None
    x = np.linspace(0.0, 1.0, 50)[:, np.newaxis]
    np.testing.assert_array_equal(found[0].value(x), level.value(x))
    assert found[1] == accuracy
    path.write_bytes(path.read_bytes()[:-100])
    assert recalled(path) is None
    (tmp_path / "file").touch()
    keep(level, accuracy, tmp_path / "file" / name)  # no folder can be made there
