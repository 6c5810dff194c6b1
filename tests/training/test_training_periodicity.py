"""Periodic axes: found and refused, kept by every field, and the kink at their seam."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy.integrate import quad

from pinn.calculus import Jet, PointSet
from pinn.fields import FieldRecipe, FourierFeatures, Layout, Mlp, Patches, RandomFeatures, Seam, Slabs
from pinn.geometry import Ball, Box, Interval, Shape
from pinn.problems import AllenCahn1D, Condition, Dirichlet, Initial, Periodic, Problem
from pinn.training import enforce
from pinn.training.periodicity import seam_of


class Ring(Problem):
    """Any conditions on any domain; `2 u_t = 0.06 u_xx - 0.8 u^2 + 1`, which at u = 1 decays by 0.8."""

    def __init__(self, *conditions: Condition, shape: Shape | None = None, second: float = 0.06) -> None:
        self._conditions, self._shape, self._second = conditions, shape, second

    @property
    def domain(self) -> Shape:
        return self._shape or Interval(0.0, 1.0).over(0.5, 2.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return 2 * u.d("t") - self._second * u.laplacian("x") + 0.8 * u.value**2 - 1.0

    def conditions(self) -> Sequence[Condition]:
        return self._conditions


KINKED = Initial(lambda p: 1.0 + p.x * (1.0 - p.x))


def test_periodic_axes_are_no_terms_and_the_field_is_to_keep_them() -> None:
    for mode in ("auto", "exact", "penalty"):
        found = enforce(Ring(Periodic("x"), Initial(1.0)), mode)
        assert found.periodic == (True, False)
        assert [c.name for c in found.penalties] == (["initial"] if mode == "penalty" else [])
    assert enforce(Ring(Initial(1.0))).periodic == (False, False)


REFUSED: dict[str, tuple[Problem, str]] = {
    "no faces": (Ring(Periodic("x"), shape=Ball((0.0, 0.0), 1.0)), "periodic_x: expected an axis of space between two"),
    "time": (Ring(Periodic("t")), "periodic_t: expected an axis of space between two faces"),
    "unknown": (Ring(Periodic("y")), "periodic_y: .*got 'y' among the parts x_min, x_max, initial"),
    "twice": (Ring(Periodic("x"), Periodic("x")), "periodic: expected each axis once; got x, x"),
    "taken": (
        Ring(Periodic("x"), Dirichlet(0.0), shape=Box((0.0, 0.0), (1.0, 1.0))),
        "periodic_x: expected no other condition on x_min and x_max; got dirichlet_boundary on x_max, x_min",
    ),
    "values": (
        Ring(Periodic("x"), Initial(lambda p: p.x)),
        "initial: expected values that agree at x=0 and 1, which are one place; got 0 and 1",
    ),
}


@pytest.mark.parametrize(("problem", "match"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_periodic_is_refused(problem: Problem, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        enforce(problem)


FIELDS: dict[str, FieldRecipe] = {
    "mlp": Mlp(width=5, depth=2),
    "fourier": FourierFeatures(width=5, depth=1, features=3),
    "random_features": RandomFeatures(features=6),
    "slabs": Slabs(slabs=2, patches=3, features=4, most=4),
}


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_keeps_them_with_all_derivatives(name: str) -> None:
    model = FIELDS[name].build(Layout([-1.0, 0.0], [2.0, 1.0], components=2, periodic=(True, False)))
    generator = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(generator.normal(size=variable.shape))
    t = tf.constant([0.1, 0.4, 0.9], tf.float64)
    sides = []
    for x in (-1.0, 2.0):
        place = tf.fill([3], tf.constant(x, tf.float64))
        with tf.GradientTape(persistent=True) as outer:
            outer.watch(place)
            with tf.GradientTape(persistent=True) as inner:
                inner.watch(place)
                value = model(tf.stack([place, t], axis=1))[:, 1]
            slope = inner.gradient(value, place)
        sides.append(np.stack([value, slope, outer.gradient(slope, place)]))
    np.testing.assert_allclose(sides[0], sides[1], rtol=1e-9, atol=1e-9)
    assert np.abs(sides[0]).min() > 0  # and is not constant


def test_fields_that_cannot_are_refused() -> None:
    with pytest.raises(ValueError, match=r"field=patches: expected no periodic axis; got one\. Say field=slabs"):
        Patches(2, features=3).build(Layout([0.0], [1.0], periodic=(True,)))


def test_the_seam_is_found_from_the_equation() -> None:
    seam = seam_of(Ring(Periodic("x"), KINKED), [Periodic("x"), KINKED])
    assert seam is not None
    assert (seam.axis, seam.ends, seam.start) == (0, (0.0, 1.0), 0.5)
    assert seam.jump == pytest.approx(2.0)  # the slope is 1 at the beginning and -1 at the end
    assert seam.diffusivity == pytest.approx(0.03, rel=1e-6)
    assert seam.decay == pytest.approx(0.8, rel=1e-6)
    of_fronts = enforce(AllenCahn1D()).ansatz.seam
    assert of_fronts is not None
    assert (of_fronts.jump, of_fronts.diffusivity, of_fronts.decay) == pytest.approx((4.0, 1e-4, 10.0), rel=1e-6)


def test_the_seam_does_not_depend_on_the_unit_of_the_field() -> None:
    """`2 u_t = 0.06 u_xx - 0.4 (10^6 u)^2 u`, which at u = 1e-6 decays by 0.6."""

    class Faint(Ring):
        def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
            return 2 * u.d("t") - 0.06 * u.laplacian("x") + 0.4e12 * u.value**3

    faint = Initial(lambda p: 1e-6 * (1.0 + p.x * (1.0 - p.x)))
    seam = seam_of(Faint(Periodic("x"), faint), [Periodic("x"), faint])
    assert seam is not None
    assert (seam.jump, seam.diffusivity, seam.decay) == pytest.approx((2e-6, 0.03, 0.6), rel=1e-6)


NONE: dict[str, dict[str, Any]] = {
    "no kink": {"conditions": (Periodic("x"), Initial(lambda p: tf.sin(2 * math.pi * p.x)))},
    "a number": {"conditions": (Periodic("x"), Initial(1.0))},
    "ends that are apart": {"conditions": (KINKED,)},
    "nothing that smooths": {"conditions": (Periodic("x"), KINKED), "second": 0.0},
}


@pytest.mark.parametrize("case", NONE.values(), ids=NONE)
def test_without_a_kink_or_diffusion_there_is_none(case: dict[str, Any]) -> None:
    conditions = case["conditions"]
    assert seam_of(Ring(*conditions, second=case.get("second", 0.06)), conditions) is None


SEAM = Seam(axis=0, ends=(-1.0, 3.0), start=0.5, jump=3.0, diffusivity=1e-3, decay=0.7)


def _by_hand(s: float, passed: float) -> float:
    """The kink after diffusion, as the mean of `J/2 |y|` under its Gaussian, less what the initial values keep."""
    spread = math.sqrt(2 * SEAM.diffusivity * passed)
    density = lambda z: math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)  # noqa: E731
    spread_out = quad(lambda z: abs(s + spread * z) * density(z), -12, 12, points=[-s / spread], epsabs=1e-13)[0]
    kink = 4.0 / math.pi * math.sin(math.pi * s / 4.0)
    left = math.exp(-SEAM.decay * passed)
    return SEAM.jump / 2 * (left * (spread_out - s) + (left - 1) * kink)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_seam_is_the_diffused_kink_in_every_mode(dtype: str) -> None:
    cases = [(0.02, 0.3), (0.0, 1.0), (0.11, 0.05), (0.3, 2.0)]
    points = tf.constant([(-1.0 + s, 0.5 + passed) for s, passed in cases], dtype)
    expected = [_by_hand(s, passed) for s, passed in cases]
    close = 1e-7 if dtype == "float64" else 2e-5  # the time is bounded, in the last of these digits
    for call in (SEAM, tf.function(SEAM), tf.function(SEAM, jit_compile=True)):
        found = call(points)
        assert found.dtype == dtype
        np.testing.assert_allclose(found, expected, rtol=close, atol=close)


@pytest.mark.parametrize("diffusivity", [1e-9, 1e10])
def test_the_seam_is_a_number_in_single_precision(diffusivity: float) -> None:
    """Where the layer is as thin as it gets, and where time is long over."""
    seam = replace(SEAM, diffusivity=diffusivity)
    points = tf.constant([(x, t) for x in (-1.0, 0.3, 3.0) for t in (0.5, 2.0)])
    for call in (seam, tf.function(seam, jit_compile=True)):
        np.testing.assert_allclose(call(points), seam(tf.cast(points, tf.float64)), rtol=2e-5, atol=1e-6)
        assert np.isfinite(call(points)).all()


def test_it_takes_the_kink_away_and_is_nothing_at_the_start() -> None:
    at = lambda x, t: tf.constant([[x, t]], tf.float64)  # noqa: E731
    for x in (-1.0, -0.99, 0.4, 3.0):
        assert abs(float(SEAM(at(x, 0.5))[0])) < 1e-15
    place = at(0.2, 0.5)
    with tf.GradientTape() as tape:
        tape.watch(place)
        value = SEAM(place)
    begins = -SEAM.decay * SEAM.jump / 2 * 4.0 / math.pi * math.sin(math.pi * 1.2 / 4.0)
    assert float(tape.gradient(value, place)[0, 1]) == pytest.approx(begins, rel=1e-12)
    for t in (0.501, 0.9, 40.0):
        slopes = []
        for x in (-1.0, 3.0):
            place = at(x, t)
            with tf.GradientTape() as tape:
                tape.watch(place)
                value = SEAM(place)
            slopes.append(float(tape.gradient(value, place)[0, 0]))
        assert slopes[0] - slopes[1] == pytest.approx(-SEAM.jump, rel=1e-9)
        assert float(SEAM(at(-1.0, t))[0]) == pytest.approx(float(SEAM(at(3.0, t))[0]), rel=1e-12)


@dataclass(frozen=True)
class Wheel(Problem):
    """`u_t = -u_x` on a ring: what turns."""

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0).over(0.0, 0.25)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.d("t") + u.d("x")

    def conditions(self) -> Sequence[Condition]:
        return (Periodic("x"), Initial(self.exact))

    def exact(self, p: PointSet) -> tf.Tensor:
        return tf.exp(tf.sin(2 * math.pi * (p.x - p.t)))


@pytest.mark.parametrize(
    "field", [RandomFeatures(300), Slabs(2, patches=3, features=100, residual=1e-3, most=6)], ids=repr
)
def test_a_problem_on_a_ring_is_solved_across_the_seam(field: FieldRecipe) -> None:
    from pinn import solve

    solution = solve(Wheel(), field)
    assert solution.errors is not None
    assert solution.errors.relative_l2 < 1e-4


def test_a_network_made_by_hand_is_refused() -> None:
    from pinn import solve

    model = Mlp(width=2, depth=1).build(Layout([0.0, 0.0], [1.0, 0.25]))
    with pytest.raises(ValueError, match=r"expected a recipe of pinn\.fields, which is made periodic along an axis"):
        solve(Wheel(), model)
