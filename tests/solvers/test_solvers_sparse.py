"""The sparse factorisation against dense algebra: elimination orders, solutions, and the solvers on top of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf
from solvers_objectives import Residual, identical, least_squares, rosenbrock, through_a_file

from pinn.solvers import Block, GaussNewton, LeastSquares, Sparse, SparseLinearizer, StopReason
from pinn.solvers.multifrontal import Multifrontal, fronts_of
from pinn.solvers.sparse import RepeatedLinearizer

G = 3  # weights a group


def cells(shape: Sequence[int]) -> list[tuple[int, ...]]:
    """The groups around each inner corner of a grid of groups."""
    strides = [int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))]
    corners = itertools.product(*[range(count - 1) for count in shape])
    return [
        tuple(
            sum(s * (c + k) for s, c, k in zip(strides, corner, shift, strict=True))
            for shift in itertools.product((0, 1), repeat=len(shape))
        )
        for corner in corners
    ]


CASES = {
    "a chain": cells((6,)),
    "a plane": cells((4, 3)),
    "space": cells((3, 2, 3)),
    "one block": [(0, 1, 2)],
    "two that never meet": [(0, 1), (2, 3)],
    "a group that nothing touches": [(0, 2), (2, 3)],
    "a ring": [(k, (k + 1) % 5) for k in range(5)],
}


def system(groups: Sequence[tuple[int, ...]], rows: int = 9, seed: int = 0) -> tuple[list[Block], np.ndarray]:
    """Random blocks whose rows are scattered over the system, and the same as one dense matrix."""
    rng = np.random.default_rng(seed)
    numbers = rng.permutation(rows * len(groups)).reshape(len(groups), rows)
    dense = np.zeros((rows * len(groups), G * (max(map(max, groups)) + 1)))
    blocks = []
    for own, touched in zip(numbers, groups, strict=True):
        matrix = rng.normal(size=(rows, G * len(touched)))
        blocks.append(Block(own, touched, matrix))
        for k, group in enumerate(touched):
            dense[own, group * G : (group + 1) * G] = matrix[:, k * G : (k + 1) * G]
    return blocks, dense


@pytest.mark.parametrize("name", CASES)
def test_every_group_is_eliminated_once_by_all_rows_that_touch_it(name: str) -> None:
    groups = CASES[name]
    fronts = fronts_of(groups)
    pivots = [group for front in fronts for group in front.pivots]
    assert sorted(pivots) == sorted(set(itertools.chain(*groups)))
    assert sorted(k for front in fronts for k in front.blocks) == list(range(len(groups)))
    done: set[int] = set()
    for front in fronts:
        around = set(front.pivots) | set(front.rest)
        assert all(set(groups[k]) <= around for k in front.blocks)
        assert all(set(fronts[k].rest) <= around for k in front.children)
        assert not done & around
        done |= set(front.pivots)


def test_a_chain_never_fills_in() -> None:
    """Least degree goes inwards from the ends: no front knows more than two groups."""
    assert max(len(front.pivots) + len(front.rest) for front in fronts_of(cells((30,)))) == 2


@pytest.mark.parametrize("damping", [1e-14, 0.3])
@pytest.mark.parametrize("name", CASES)
def test_the_solution_is_that_of_dense_algebra(name: str, damping: float) -> None:
    blocks, dense = system(CASES[name], rows=20)
    factors = Multifrontal.of(blocks, group=G, size=dense.shape[1], damping=damping)
    for seed in (1, 2):  # factors serve any right-hand side
        right = np.random.default_rng(seed).normal(size=len(dense))
        stacked = np.vstack([dense, damping * np.eye(dense.shape[1])])
        expected = np.linalg.lstsq(stacked, np.concatenate([-right, np.zeros(dense.shape[1])]))[0]
        np.testing.assert_allclose(factors.solve(right), expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("rows", [2, 4])
def test_fewer_rows_than_columns_are_met_by_the_least_weights(rows: int) -> None:
    blocks, dense = system(cells((4, 3)), rows=rows)
    right = np.random.default_rng(1).normal(size=len(dense))
    found = Multifrontal.of(blocks, group=G, size=dense.shape[1], damping=1e-8).solve(right)
    expected = -np.linalg.pinv(dense) @ right
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


def test_columns_that_depend_on_each_other_leave_no_residual() -> None:
    blocks, dense = system(cells((3, 3)))
    twins = [block._replace(matrix=block.matrix[:, np.arange(block.matrix.shape[1]) // G * G]) for block in blocks]
    columns = np.arange(dense.shape[1])
    right = dense[:, columns // G * G] @ np.ones(len(columns))
    found = Multifrontal.of(twins, group=G, size=len(columns), damping=1e-14).solve(-right)
    np.testing.assert_allclose(dense[:, columns // G * G] @ found, right, atol=1e-12)
    assert np.abs(found).max() < 3.0


@dataclass
class Blocks:
    """A linear or cubic objective in blocks: `r = A w + curvature (A w)^3 - b`, and how often it was linearised."""

    residual: Residual
    blocks: list[Block]
    dense: np.ndarray
    curvature: float
    target: np.ndarray
    linearized: int = 0

    @property
    def groups(self) -> int:
        return self.dense.shape[1] // G

    @property
    def size(self) -> int:
        return self.dense.shape[1]

    dtype = tf.float64

    def evaluate(self, weights: np.ndarray) -> np.ndarray:
        image = self.dense @ weights
        return image + self.curvature * image**3 - self.target

    def linearize(self, weights: np.ndarray) -> tuple[np.ndarray, list[Block]]:
        self.linearized += 1
        slope = 1.0 + 3.0 * self.curvature * (self.dense @ weights) ** 2
        scaled = [block._replace(matrix=slope[block.rows, np.newaxis] * block.matrix) for block in self.blocks]
        return self.evaluate(weights), scaled


def in_blocks(curvature: float = 0.0, *, solvable: bool = True) -> Blocks:
    blocks, dense = system(cells((3, 3)))
    truth = np.random.default_rng(4).normal(size=dense.shape[1])
    image = dense @ truth
    target = image + curvature * image**3
    if not solvable:
        target = target + np.random.default_rng(5).normal(size=len(target))
    return Blocks(least_squares(dense, target), blocks, dense, curvature, target)


def test_least_squares_takes_blocks_where_there_are_some() -> None:
    objective = in_blocks(solvable=False)
    assert isinstance(objective, Sparse)
    solver = LeastSquares()
    advance, start = solver.compile(objective), solver.start(np.zeros(objective.size))
    state, progress = advance(start, 10)
    expected = np.linalg.lstsq(objective.dense, objective.target)[0]
    np.testing.assert_allclose(solver.best(state), expected, rtol=1e-10)
    left = objective.dense @ expected - objective.target
    np.testing.assert_allclose(progress.losses[-1], left @ left, rtol=1e-13)
    assert progress.stop in (StopReason.ROUND_OFF, StopReason.STEP_LIMIT)
    assert objective.linearized == 1  # refinements use the factors again


def test_splitting_the_steps_and_a_file_between_change_nothing(tmp_path) -> None:
    solver = LeastSquares()
    advance, start = solver.compile(in_blocks()), solver.start(np.ones(27))
    whole, _ = advance(start, 4)
    first, _ = advance(start, 1)
    rest, _ = solver.compile(in_blocks())(through_a_file(first, tmp_path / "state.npz"), 3)
    assert identical(whole, rest)


def test_curvature_in_blocks_is_refused_with_the_remedy() -> None:
    solver = LeastSquares()
    with pytest.raises(ValueError, match=r"must be linear in the weights.*patches.*solver=gauss_newton"):
        solver.compile(in_blocks(0.1))(solver.start(np.zeros(27)), 1)


def test_gauss_newton_squares_the_error_in_blocks() -> None:
    objective, solver = in_blocks(0.01), GaussNewton()
    _, progress = solver.compile(objective)(solver.start(np.zeros(27)), 30)
    assert progress.losses[-1] < 1e-20
    large = progress.losses[progress.losses > 1e-18]
    orders = np.log(large[1:]) / np.log(large[:-1])
    assert orders[-1] > 1.7


def test_a_step_says_what_its_model_has_foretold() -> None:
    """The loss itself where the residuals are linear, less where they are bent, and the loss again at the end."""
    solver = GaussNewton()

    def excess(curvature: float, steps: int) -> float:
        objective = in_blocks(curvature, solvable=False)
        state, progress = solver.compile(objective)(solver.start(np.zeros(objective.size)), steps)
        return float(progress.losses[-1] / state["foretold"]) - 1.0

    assert abs(excess(0.0, 1)) < 1e-10
    assert excess(0.01, 1) > 0.1
    assert abs(excess(0.01, 8)) < 1e-3


def test_gauss_newton_shortens_a_step_that_raises_the_loss() -> None:
    solver = GaussNewton(max_steps=200)
    advance = solver.compile(rosenbrock(2))
    _, progress = advance(solver.start(np.array([-1.2, 1.0])), 200)
    assert progress.losses[-1] < 1e-24
    assert np.all(np.diff(progress.losses) < 0)
    # The whole step from atan's far side overshoots farther at every turn; shortened ones come home.
    bent = GaussNewton().compile(Residual(tf.atan, 1))
    _, progress = bent(GaussNewton().start(np.array([3.0])), 30)
    assert progress.losses[-1] < 1e-30
    assert progress.evaluations > 2 * len(progress.losses)


def test_a_jacobian_that_no_longer_foretells_the_residuals_is_computed_anew() -> None:
    objective = in_blocks()
    linearizer = RepeatedLinearizer(SparseLinearizer(objective), 1e-11)
    linearizer(np.zeros(27))
    linearizer(np.ones(27))
    assert objective.linearized == 1
    linearizer(np.ones(27))
    assert objective.linearized == 1
    objective.dense = 2 * objective.dense
    linearizer(np.zeros(27))  # where it says nothing of the Jacobian what the residuals are
    assert objective.linearized == 2
    objective.target = objective.target + 1e-6
    linearizer(np.zeros(27))
    assert objective.linearized == 3


def test_numbers_that_are_not_finite_stop() -> None:
    objective = in_blocks()
    objective.target[3] = np.nan
    for solver in (LeastSquares(), GaussNewton()):
        state, progress = solver.compile(objective)(solver.start(np.ones(27)), 3)
        assert (progress.stop, len(progress.losses)) == (StopReason.NOT_FINITE, 0)
        np.testing.assert_array_equal(solver.best(state), np.ones(27))
