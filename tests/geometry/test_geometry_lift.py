"""The extension g of boundary data: equal to the data on their parts, and ignorant of the data elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from ansatz_modes import (
    COMPILED,
    DTYPES,
    MODES,
    PRECISION,
    Mode,
    TensorFunction,
    assert_precise_jet,
    eager,
    graph,
    subsets,
    value_gradient_curvature,
    xla,
)
from geometry_cases import EVERY_VALUED_CASE, EVERY_VALUED_CLASS, Case, sobol

from pinn.geometry import Annulus, Ball, Box, Constant, Interval, Shape
from pinn.geometry.boundary_data import BoundaryData


def smooth(points: tf.Tensor) -> tf.Tensor:
    """A function without any symmetry, known everywhere: its restrictions are compatible data on all parts."""
    weights = tf.constant(np.linspace(0.5, 1.3, points.shape[1])[:, None], points.dtype)
    phase = tf.squeeze(points @ weights, axis=1)
    return tf.sin(phase) + points[:, 0] * points[:, -1]


@pytest.mark.parametrize("case", **EVERY_VALUED_CASE)
def test_it_equals_compatible_data_on_every_named_part(case: Case) -> None:
    """To round-off: sums of up to 3^5 terms of order 1, and data of slope about 1 at points projected onto a sphere."""
    clouds = {name: part.sample(sobol(64, part.unit_dimension, 1))[0] for name, part in case.shape.parts.items()}
    for names in subsets(case.valued):
        points = tf.constant(np.concatenate([clouds[name] for name in names]))
        lifted = case.shape.lift(points, dict.fromkeys(names, smooth))
        assert lifted.numpy() == pytest.approx(smooth(points).numpy(), abs=5e-14)


@pytest.mark.parametrize("case", **EVERY_VALUED_CASE)
def test_the_data_are_asked_only_at_points_of_their_part(case: Case) -> None:
    """Every call has one row a point; every row lies on the part and in the shape, or in what it was cut from."""
    points = tf.constant(case.shape.interior(sobol(32, case.shape.unit_dimension, 2)))
    asked: dict[str, list[np.ndarray]] = {name: [] for name in case.valued}

    def recorded(name: str) -> BoundaryData:
        def data(where: tf.Tensor) -> tf.Tensor:
            asked[name].append(where.numpy())
            return smooth(where)

        return data

    case.shape.lift(points, {name: recorded(name) for name in case.valued})
    for name, calls in asked.items():
        assert calls
        assert all(where.shape == points.shape for where in calls)
        rows = np.concatenate(calls)
        assert max(abs(case.parts[name].off(row)) for row in rows) <= 1e-15 * 4 * case.size
        assert (case.reach or case.shape).inside(rows).all()


@pytest.mark.parametrize("case", **EVERY_VALUED_CASE)
def test_equal_constants_on_any_parts_give_that_constant(case: Case) -> None:
    points = tf.constant(case.shape.interior(sobol(32, case.shape.unit_dimension, 3)))
    for names in subsets(case.valued):
        assert np.all(case.shape.lift(points, dict.fromkeys(names, Constant(0.7))).numpy() == 0.7)
    assert not case.shape.lift(points, {}).numpy().any()


def full_ansatz(case: Case) -> TensorFunction:
    """`vanishing + lift` for the last parts: among them "initial" if there is one, and faces of two axes if not.

    Three unless the case says fewer, because data on all faces of a five-dimensional box mean 242 terms, which take
    XLA long to compile.
    """
    names = case.valued[-case.probe :]
    return lambda x: case.shape.vanishing(x, names) + case.shape.lift(x, dict.fromkeys(names, smooth))


def assert_precise(case: Case, *ways: tuple[tf.DType, Mode]) -> None:
    assert_precise_jet(full_ansatz(case), case.shape.interior(sobol(16, case.shape.unit_dimension, 4)), *ways)


@pytest.mark.parametrize("case", **EVERY_VALUED_CASE)
def test_float32_is_as_precise_as_it_can_be_up_to_second_derivatives(case: Case) -> None:
    assert_precise(case, (tf.float32, eager))


@pytest.mark.parametrize("case", **EVERY_VALUED_CLASS)
def test_graph_and_xla_agree_with_eager_up_to_second_derivatives(case: Case) -> None:
    assert_precise(case, *COMPILED)


@pytest.mark.parametrize("case", **EVERY_VALUED_CASE)
def test_derivatives_equal_finite_differences(case: Case) -> None:
    """Central differences, step h: truncation h^2 times third derivatives (1e-10 * 1e3), round-off 1e-16 / h."""
    shape, step = case.shape, 1e-5
    points = shape.interior(sobol(16, shape.unit_dimension, 5))
    jet = value_gradient_curvature(full_ansatz(case))
    shifts = step * np.concatenate([np.zeros((1, shape.dim)), np.eye(shape.dim), -np.eye(shape.dim)])
    jets = jet(tf.constant(np.concatenate([points + shift for shift in shifts]))).numpy()
    here, ahead, behind = np.split(jets.reshape(len(shifts), len(points), -1), [1, 1 + shape.dim])
    for i, difference in enumerate((ahead - behind) / (2 * step)):
        assert difference[:, 0] == pytest.approx(here[0, :, 1 + i], abs=1e-6)
        assert difference[:, 1 : 1 + shape.dim].sum(axis=1) == pytest.approx(here[0, :, 1 + shape.dim + i], abs=1e-6)


# --- box ----------------------------------------------------------------------------------------------------------


def multilinear(points: tf.Tensor) -> tf.Tensor:
    """prod_i (1 + i x_i): linear along every axis."""
    return tf.reduce_prod(1.0 + tf.range(1, points.shape[1] + 1, dtype=points.dtype) * points, axis=1)


@pytest.mark.parametrize("dim", [1, 2, 3, 4])
def test_a_box_reproduces_multilinear_functions(dim: int) -> None:
    box = Box((-0.5,) * dim, (1.0,) * dim)
    points = tf.constant(box.interior(sobol(64, dim, 6)))
    lifted = box.lift(points, {"boundary": multilinear}).numpy()
    assert lifted == pytest.approx(multilinear(points).numpy(), abs=1e-12)  # values up to 2 * 3 * 4 * 5


Projector = Callable[[Callable[[np.ndarray], float]], Callable[[np.ndarray], float]]


def projector(axis: int, low: float | None, high: float | None, a: float, b: float) -> Projector:
    """P_i as an operator on functions of one point, literally as it is defined."""

    def project(f: Callable[[np.ndarray], float]) -> Callable[[np.ndarray], float]:
        def projected(x: np.ndarray) -> float:
            def at(value: float) -> float:
                y = x.copy()
                y[axis] = value
                return f(y)

            s = (x[axis] - a) / (b - a)
            if low is None or high is None:
                return at(a if high is None else b)
            return (1 - s) * at(a) + s * at(b)

        return projected

    return project


@pytest.mark.parametrize("names", subsets(("x_min", "x_max", "y_min", "y_max", "z_min", "z_max")), ids="+".join)
def test_a_box_blends_by_the_boolean_sum_of_projectors(names: tuple[str, ...]) -> None:
    """Oracle: f - prod (1 - P_i) f with the projectors composed one after the other, for a known f."""
    box = Box((0.0, 1.0, -1.0), (1.0, 3.0, 0.5))
    points = box.interior(sobol(8, 3, 7))

    def known(x: np.ndarray) -> float:
        return float(smooth(tf.constant(x[None])).numpy()[0])

    remainder = known
    for i, axis in enumerate(box.axes):
        low, high = (
            (box.lower[i] if f"{axis}_min" in names else None),
            (box.upper[i] if f"{axis}_max" in names else None),
        )
        if low is not None or high is not None:
            projected = projector(i, low, high, box.lower[i], box.upper[i])(remainder)
            remainder = lambda x, f=remainder, g=projected: f(x) - g(x)  # noqa: E731
    expected = [known(x) - remainder(x) for x in points]
    lifted = box.lift(tf.constant(points), dict.fromkeys(names, smooth)).numpy()
    assert lifted == pytest.approx(np.array(expected), abs=1e-13)  # 26 terms of order 1


def counted(function: BoundaryData) -> tuple[BoundaryData, list[int]]:
    calls: list[int] = []

    def data(points: tf.Tensor) -> tf.Tensor:
        calls.append(1)
        return function(points)

    return data, calls


COSTS = [("square", 2, 8), ("cube", 3, 26), ("four dimensions", 4, 80)]


@pytest.mark.parametrize(("dim", "evaluations"), [row[1:] for row in COSTS], ids=[row[0] for row in COSTS])
def test_a_box_evaluates_data_on_all_faces_as_often_as_documented(dim: int, evaluations: int) -> None:
    data, calls = counted(smooth)
    Box((0.0,) * dim, (1.0,) * dim).lift(tf.zeros([2, dim], tf.float64), {"boundary": data})
    assert len(calls) == evaluations


def test_a_box_of_many_dimensions_lifts_one_function_among_equal_constants_at_one_evaluation() -> None:
    """On x1_max the data are 2 + prod_(i > 1) 4 x_i (1 - x_i): equal to 2 where that face meets the others."""
    dim = 10
    box = Box((0.0,) * dim, (1.0,) * dim)

    def bump(points: tf.Tensor) -> tf.Tensor:
        return 2.0 + 4.0**9 * tf.reduce_prod(points[:, 1:] * (1.0 - points[:, 1:]), axis=1)

    data, calls = counted(bump)
    named: dict[str, BoundaryData] = dict.fromkeys(box.parts, Constant(2.0)) | {"x1_max": data}
    for name, part in box.parts.items():
        points = tf.constant(part.sample(sobol(16, dim - 1, 8))[0])
        expected = bump(points) if name == "x1_max" else np.full(16, 2.0)
        assert box.lift(points, named).numpy() == pytest.approx(np.array(expected), rel=1e-14)
    assert len(calls) == len(box.parts)


def test_the_lid_of_a_cavity_is_a_linear_blend() -> None:
    walls = dict.fromkeys(("x_min", "x_max", "y_min"), Constant(0.0))
    points = tf.constant([[0.5, 0.25], [0.1, 1.0], [0.9, 0.0]], tf.float64)
    lifted = Box((0.0, 0.0), (1.0, 1.0)).lift(points, {**walls, "y_max": Constant(1.0)})
    assert lifted.numpy() == pytest.approx([0.25, 1.0, 0.0], abs=1e-15)


@pytest.mark.parametrize(
    "shape", [Box((0.0,) * 7, (1.0,) * 7), Box((0.0,) * 7, (1.0,) * 7).over(0.0, 1.0)], ids=["7", "7+1"]
)
def test_too_many_evaluations_are_refused_with_the_remedy(shape: Shape) -> None:
    points = tf.zeros([1, shape.dim], tf.float64)
    with pytest.raises(
        ValueError, match=r"14 faces of a 7-dimensional box takes 2186 evaluations .*penalty conditions"
    ):
        shape.lift(points, {"boundary": smooth})


# --- ball and annulus -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", **DTYPES)
def test_a_ball_has_finite_derivatives_at_and_near_the_center(dtype: tf.DType, mode: Mode) -> None:
    """g = r^4 f(direction): value, first and second derivatives are at most a constant times r^4, r^3, r^2."""
    radii = np.array([0.0, 1e-30, 1e-16, 1e-9, 1e-7, 1e-4])
    points = tf.constant(radii[:, None] * np.array([0.6, 0.8]), dtype)
    ball = Ball((0.0, 0.0), 1.0)
    jet = mode(value_gradient_curvature(lambda x: ball.lift(x, {"sphere": smooth})), points).numpy()
    bound = 100 * radii**2 + 100 * PRECISION[dtype] ** 2  # within one round-off of the center r^2 is as good as 0
    assert np.isfinite(jet).all()
    assert np.all(abs(jet).max(axis=1) <= bound)


def test_the_lift_of_a_ball_falls_with_the_fourth_power_towards_the_center() -> None:
    ball = Ball((1.0, -1.0), 2.0)
    radii = 2.0 ** -np.arange(1, 8)
    points = tf.constant(np.array(ball.center) + radii[:, None] * np.array([0.6, 0.8]))
    values = abs(ball.lift(points, {"sphere": smooth}).numpy())
    assert np.polyfit(np.log(radii), np.log(values), 1)[0] == pytest.approx(4.0, abs=1e-10)


RING_BLENDS = [
    ("both", {"inner": Constant(1.0), "outer": Constant(3.0)}, 1.5),
    ("inner only", {"inner": lambda p: p[:, 1]}, 1.0),
    ("outer only", {"outer": lambda p: p[:, 1]}, 2.0),
    ("both, along a ray", {"inner": lambda p: p[:, 1], "outer": lambda p: p[:, 1] ** 2}, 0.75 * 1.0 + 0.25 * 4.0),
]


@pytest.mark.parametrize(("data", "expected"), [row[1:] for row in RING_BLENDS], ids=[row[0] for row in RING_BLENDS])
def test_an_annulus_blends_linearly_along_rays(data: dict[str, BoundaryData], expected: float) -> None:
    ring = Annulus((0.0, 0.0), 1.0, 2.0)
    assert ring.lift(tf.constant([[0.0, 1.25]], tf.float64), data).numpy() == pytest.approx([expected], rel=1e-15)


# --- time product -----------------------------------------------------------------------------------------------------


def test_initial_data_win_at_the_start_where_the_data_disagree() -> None:
    domain = Interval(0.0, 1.0).over(0.0, 1.0)
    data = {"boundary": lambda p: 5.0 + p[:, 1], "initial": lambda p: p[:, 0] ** 2}
    points = tf.constant([[0.0, 0.0], [0.3, 0.0], [1.0, 0.0]], tf.float64)
    assert domain.lift(points, data).numpy() == pytest.approx([0.0, 0.09, 1.0], abs=1e-15)


def test_constant_walls_leave_the_initial_data_as_they_are() -> None:
    domain = Box((0.0,) * 9, (1.0,) * 9).over(0.0, 1.0)
    data = {"boundary": Constant(0.0), "initial": smooth}
    points = domain.interior(sobol(16, 10, 9))
    start = points.copy()
    start[:, -1] = 0.0
    assert np.array_equal(domain.lift(tf.constant(points), data).numpy(), smooth(tf.constant(start)).numpy())


def test_each_point_gets_the_boundary_data_of_its_own_time() -> None:
    domain = Box((0.0, 0.0), (1.0, 1.0)).over(0.0, 1.0)
    points = tf.constant(domain.interior(sobol(16, 3, 10)))
    lifted = domain.lift(points, {"boundary": lambda p: tf.exp(p[:, 2])}).numpy()
    assert lifted == pytest.approx(np.exp(points.numpy()[:, 2]), rel=1e-14)


@pytest.mark.parametrize("case", **EVERY_VALUED_CLASS)
def test_points_of_unknown_shape_are_served(case: Case) -> None:
    points = tf.constant(case.shape.interior(sobol(4, case.shape.unit_dimension, 11)))
    ansatz = full_ansatz(case)
    unknown = tf.function(ansatz, input_signature=[tf.TensorSpec(None, tf.float64)], autograph=False)
    assert unknown(points).numpy() == pytest.approx(ansatz(points).numpy(), abs=1e-14)


# --- the data themselves ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", **DTYPES)
@pytest.mark.parametrize("mode", [graph, xla])
def test_a_constant_takes_the_dtype_and_number_of_the_points(dtype: tf.DType, mode: Mode) -> None:
    values = mode(Constant(0.1), tf.zeros([5, 2], dtype))
    assert values.dtype == dtype
    assert values.numpy().tolist() == [dtype.as_numpy_dtype(0.1)] * 5


def test_a_number_returned_by_the_data_holds_for_all_points() -> None:
    points = tf.zeros([3, 1], tf.float32)
    for data in (lambda p: 2.0, lambda p: tf.constant(2.0)):
        assert Interval(0.0, 1.0).lift(points, {"x_min": data}).numpy().tolist() == [2.0] * 3


BAD_DATA = [
    ("a number", {"x_min": 0.0}, TypeError, r"the data on 'x_min' must be a function .*got 0.0: use Constant\(0.0\)"),
    ("a column", {"x_min": lambda p: p}, ValueError, r"the data on 'x_min' must have the shape \[N\], got \[3, 1\]"),
    (
        "float32",
        {"x_min": lambda p: tf.cast(p[:, 0], tf.float32)},
        TypeError,
        "must be float64 like the points, got float32",
    ),
    ("unknown part", {"left": Constant(0.0)}, ValueError, "unknown boundary part 'left': choose from x_min, x_max"),
    ("twice", {"boundary": Constant(0.0), "x_max": Constant(1.0)}, ValueError, "the data on 'x_max' are given twice"),
]


@pytest.mark.parametrize(("data", "error", "match"), [row[1:] for row in BAD_DATA], ids=[row[0] for row in BAD_DATA])
def test_bad_data_are_refused(data: dict, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        Interval(0.0, 1.0).lift(tf.zeros([3, 1], tf.float64), data)
