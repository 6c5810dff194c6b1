"""The tree of cells: measures that converge, a map that is a map, and coordinates that are scrambled evenly."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy import stats

from pinn.geometry import Ball
from pinn.geometry.cells import CellMap, Cover, cell_map, cover_by_distance
from pinn.geometry.checks import Array
from pinn.geometry.scramble import scrambled


def ball_cover(ball: Ball, lower: Array, upper: Array) -> Cover:
    return cover_by_distance(lower, upper, ball.signed_distance((lower + upper) / 2))


def ball_map(ball: Ball, budget: int) -> CellMap:
    found = cell_map(*ball.bounds, partial(ball_cover, ball), ball.inside, budget=budget)
    assert found is not None
    return found


def test_the_measure_converges_with_the_budget() -> None:
    """Cells of size h = 1 / budget on the circle: random errors of h^2 each, sqrt(1 / h) of them, in all h^1.5."""
    ball, budgets = Ball((0.3, -0.1), 1.0), 2 ** np.arange(5, 13)
    errors = [abs(ball_map(ball, int(budget)).measure / ball.measure - 1) for budget in budgets]
    assert np.polyfit(np.log(budgets), np.log(errors), 1)[0] < -1.0
    assert errors[-1] < 1e-5


@pytest.mark.parametrize("dim", [2, 3, 4])
def test_points_do_not_depend_on_those_they_are_computed_with(dim: int) -> None:
    mapped = ball_map(Ball((0.0,) * dim, 1.0), 256)
    unit = np.random.default_rng(1).random((500, dim))
    assert np.array_equal(mapped(unit)[::-1], mapped(unit[::-1]))
    assert np.array_equal(mapped(unit[7:9]), mapped(unit)[7:9])


def test_a_coarse_tree_is_uniform_too() -> None:
    """With 8 cut cells nearly all points of the disk are drawn anew: the radius squared and the angle stay uniform."""
    points = ball_map(Ball((0.0, 0.0), 1.0), 8)(np.random.default_rng(2).random((20_000, 2)))
    angle = np.arctan2(points[:, 1], points[:, 0]) / (2 * np.pi) + 0.5
    # The shares of the cells are measured by 32 points each, to about 1 %.
    assert stats.kstest(np.sum(points**2, axis=1), "uniform").statistic < 0.03
    assert stats.kstest(angle, "uniform").statistic < 0.03


def test_an_empty_set_is_none_and_a_box_is_whole() -> None:
    lower, upper = np.zeros(2), np.ones(2)

    def nowhere(points: Array) -> np.ndarray:
        return np.zeros(len(points), bool)

    def unknown(low: Array, high: Array) -> Cover:
        return Cover(np.zeros(len(low), bool), np.zeros(len(low), bool))

    def everywhere(low: Array, high: Array) -> Cover:
        return Cover(np.ones(len(low), bool), np.zeros(len(low), bool))

    assert cell_map(lower, upper, unknown, nowhere, budget=64) is None
    whole = cell_map(lower, upper, everywhere, nowhere, budget=64)
    assert whole is not None
    assert whole.whole
    assert whole.measure == 1.0
    unit = np.random.default_rng(3).random((10, 2))
    assert np.array_equal(whole(unit), unit)


def test_cells_that_are_halved_unasked_are_not_classified() -> None:
    """In ten dimensions the lattice of a cell has 3^10 points, and a thousand cells of them no place in memory."""
    asked: list[int] = []

    def everywhere(low: Array, high: Array) -> Cover:
        asked.append(len(low))
        return Cover(np.ones(len(low), bool), np.zeros(len(low), bool))

    cell_map(np.zeros(2), np.ones(2), everywhere, lambda points: np.ones(len(points), bool), budget=64, splits=3)
    assert asked == [8]


def test_scrambled_coordinates_are_uniform_and_unrelated() -> None:
    """Neighbours, and attempts on one point, are as good as random: sample correlations of 1 / sqrt(n), five sigma."""
    unit = np.column_stack([np.linspace(0.3, 0.3 + 1e-9, 10_000), np.full(10_000, 0.5)])
    drawn = np.hstack([scrambled(unit, attempt) for attempt in range(3)])
    assert drawn.min() >= 0.0
    assert drawn.max() < 1.0
    for column in drawn.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-6
        assert abs(np.corrcoef(column[:-1], column[1:])[0, 1]) < 5 / 100
    assert abs(np.corrcoef(drawn.T) - np.eye(6)).max() < 5 / 100
    assert np.array_equal(scrambled(np.array([[0.0, -0.0]]), 2), scrambled(np.array([[-0.0, 0.0]]), 2))
