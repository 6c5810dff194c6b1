"""Adaptive points: densities and rings as their formulas say, and a function of what they may depend on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from training_cases import PROBLEMS, objective

from pinn.calculus import LazyJet, PointSet, Tape
from pinn.training import ADAPTIVE, EQUATION, Adaptive, Rad, Rar, ResidualObjective, Sampling
from pinn.training.adaptive import density

LINE = np.linspace(0.0, 1.0, 40)[:, np.newaxis]


def pool(count: int, seed: Any) -> np.ndarray:
    """Candidates that are new with every seed."""
    return np.random.default_rng(seed).random((count, 2))


def sizes(points: np.ndarray) -> np.ndarray:
    """A residual with a peak in a corner."""
    return np.exp(-10 * np.sum(points**2, axis=1))


@pytest.mark.parametrize(("power", "uniform"), [(1.0, 1.0), (2.0, 0.0), (0.5, 3.0), (0.0, 0.0)])
def test_the_density_is_its_formula(power: float, uniform: float) -> None:
    residual = np.random.default_rng(0).uniform(0.1, 5.0, 50)
    unnormalised = residual**power / np.mean(residual**power) + uniform
    found = density(residual, power=power, uniform=uniform)
    np.testing.assert_allclose(found, unnormalised / np.sum(unnormalised), rtol=1e-9)
    np.testing.assert_allclose(density(1e-200 * residual, power=power, uniform=uniform), found, rtol=1e-9)


def test_a_residual_of_zero_is_a_uniform_density() -> None:
    np.testing.assert_allclose(density(np.zeros(8), power=1.0, uniform=0.0), 1 / 8)


def test_points_are_drawn_as_often_as_the_density_says() -> None:
    """Chi square over 20 candidates, one drawn in each of 4000 epochs: above 43.8 one time in a thousand."""
    residual = lambda points: points[:, 0] + 0.1  # noqa: E731
    scheme, tried = Rad(candidates=20, power=2.0, uniform=0.5), np.arange(20.0)[:, np.newaxis] / 19
    place = lambda count, seed: tried  # noqa: E731
    drawn = [scheme.renew(place, 1, (3, epoch, 0), LINE[:1], residual)[0, 0] for epoch in range(4000)]
    observed = np.bincount(np.rint(19 * np.array(drawn)).astype(int), minlength=20)
    chances = residual(tried) ** 2 / np.mean(residual(tried) ** 2) + 0.5
    expected = 4000 * chances / chances.sum()
    assert np.sum((observed - expected) ** 2 / expected) < 43.8


def test_points_by_a_density_are_candidates_and_none_twice() -> None:
    scheme = Rad(candidates=60)
    found = scheme.renew(pool, 40, (0, 1, 0), pool(40, 9), sizes)
    candidates = {tuple(point) for point in pool(60, (0, 1, 0))}
    assert found.shape == (40, 2)
    assert len({tuple(point) for point in found} & candidates) == 40
    assert np.mean(sizes(found)) > np.mean(sizes(pool(60, (0, 1, 0))))


def test_a_sharp_density_still_finds_enough_points() -> None:
    """One candidate has all of the residual; the others are taken at random."""
    peak = lambda points: (points[:, 0] == points[:, 0].max()).astype(float)  # noqa: E731
    scheme = Rad(candidates=30, uniform=0.0)
    found = scheme.renew(pool, 20, (0, 1, 0), pool(20, 9), peak)
    assert len({tuple(point) for point in found}) == 20
    assert pool(30, (0, 1, 0))[:, 0].max() in found[:, 0]


def test_a_ring_takes_the_largest_in_and_lets_the_oldest_go() -> None:
    scheme = Rar(share=0.4, added=3, candidates=50)
    start = scheme.start(pool, 20, (7, 0, 0))
    assert start.shape == (20, 2)
    ring: list[tuple[float, ...]] = [tuple(point) for point in start[12:]]
    points = start
    for epoch in range(1, 8):
        points = scheme.renew(pool, 20, (7, epoch, 0), points, sizes)
        tried = pool(50, (7, epoch, 0))
        best = tried[np.argsort(-sizes(tried))[:3]]
        ring = ring[3:] + [tuple(point) for point in best]  # a queue: the plain form of a ring
        np.testing.assert_array_equal(points[:12], start[:12])
        assert {tuple(point) for point in points[12:]} == set(ring)
        assert len(points) == 20


@pytest.mark.parametrize("scheme", [cls() for cls in ADAPTIVE.values()], ids=lambda s: s.name)
def test_points_are_a_function_of_seed_epoch_residual_and_present_points(scheme: Adaptive) -> None:
    start = scheme.start(pool, 12, (1, 0, 0))

    def renew(seed: tuple[int, ...], of: Callable[[np.ndarray], np.ndarray] = sizes) -> np.ndarray:
        return scheme.renew(pool, 12, seed, start, of)

    found = renew((1, 1, 0))
    np.testing.assert_array_equal(scheme.start(pool, 12, (1, 0, 0)), start)
    np.testing.assert_array_equal(renew((1, 1, 0)), found)
    for other in (renew((2, 1, 0)), renew((1, 2, 0)), renew((1, 1, 0), lambda p: 1 - sizes(p))):
        assert not np.array_equal(other, found)


def poisson_residual(target: ResidualObjective, weights: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The equation written out again on a lazy jet."""
    x = tf.constant(points)
    frame = PROBLEMS["poisson_2d"].frame
    field = target.field(tf.constant(weights))
    u = LazyJet(lambda x: field(x)[:, 0], PointSet(x, ("x", "y")), frame, Tape())
    source = 2 * np.pi**2 * tf.sin(np.pi * x[:, 0]) * tf.sin(np.pi * x[:, 1])
    return (u.d("x", "x") + u.d("y", "y") + source).numpy()


def test_an_objective_places_its_equation_by_the_residual_at_the_weights() -> None:
    """Against the ring and the residual done by hand; the conditions are drawn anew, and nothing compiles again."""
    scheme = Rar(share=0.5, added=2, candidates=64)
    sampling = Sampling(interior=12, boundary=8, resample_every=1, adapt=scheme)
    target, field = objective(PROBLEMS["poisson_2d"], sampling=sampling)
    weights, tried = field.weights(), []
    look = target.residuals_at
    target.residuals_at = lambda *a: (tried.append(a[2]), look(*a))[1]  # type: ignore[method-assign]
    traces: list[int] = []

    @tf.function(autograph=False)
    def loss(w: tf.Tensor) -> tf.Tensor:
        traces.append(1)
        return target.loss(w)

    loss(tf.constant(weights))
    before = target.points()
    target.resample(1, weights)
    after = target.points()
    loss(tf.constant(weights))
    assert len(traces) == len(tried) == 1
    assert tried[0].shape == (64, 2)
    residual = np.abs(poisson_residual(target, weights, tried[0]))
    expected = before[EQUATION].copy()
    expected[6:8] = tried[0][np.argsort(-residual)[:2]]
    np.testing.assert_allclose(after[EQUATION], expected, rtol=1e-12)
    assert not np.array_equal(after["dirichlet_boundary"], before["dirichlet_boundary"])


def test_several_residuals_count_alike() -> None:
    """The sum of their magnitudes, each in units of its own mean: multiplying one by 1000 would change nothing."""
    seen: list[np.ndarray] = []

    class Spy(Adaptive):
        name = "spy"

        def start(self, place: Any, count: int, seed: Any) -> np.ndarray:
            return place(count, seed)

        def renew(self, pool: Any, count: int, seed: Any, present: np.ndarray, sizes: Any) -> np.ndarray:
            seen.append(sizes(LINE))
            return present

    target, field = objective(PROBLEMS["pair"], sampling=Sampling(interior=5, resample_every=1, adapt=Spy()))
    target.resample(1, field.weights())
    rows = target.residuals_at(EQUATION, field.weights(), LINE, np.zeros_like(LINE))
    assert set(rows) == {"first", "second"}
    expected = sum(np.abs(row) / np.mean(np.abs(row)) for row in rows.values())
    np.testing.assert_allclose(seen[0], expected, rtol=1e-12)


BAD_INPUT: dict[str, tuple[Callable[[], Any], str]] = {
    "never": (
        lambda: Sampling(adapt=Rar()),
        r"sampling.resample_every: expected the number of steps after which points adapt \(sampling=rar\); got 0",
    ),
    "no scheme": (lambda: Sampling(adapt="rad"), r"sampling.adapt: expected Rad\(\), Rar\(\) or None; got 'rad'"),  # type: ignore[arg-type]
    "power": (lambda: Rad(power=-1.0), "sampling.power: expected a number of at least 0; got -1.0"),
    "uniform": (lambda: Rad(uniform=float("nan")), "sampling.uniform: expected a number of at least 0; got nan"),
    "share": (lambda: Rar(share=1.0), "sampling.share: expected a number of at least 0 and below 1; got 1.0"),
    "candidates": (lambda: Rar(candidates=0), "sampling.candidates: expected a whole number of at least 1; got 0"),
    "added": (lambda: Rar(added=1.5), "sampling.added: expected a whole number of at least 1; got 1.5"),  # type: ignore[arg-type]
    "few": (lambda: Rad(candidates=5).start(pool, 6, (0,)), "at least as many as points, 6; got 5. Ask for more"),
    "many": (lambda: Rar(added=5).start(pool, 8, (0,)), "sampling.added: expected at most the 4 points .*; got 5"),
    "one": (lambda: Rar().start(pool, 1, (0,)), "sampling.interior: expected at least 2 points, some .*; got 1"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_refused_in_a_sentence(name: str) -> None:
    make, message = BAD_INPUT[name]
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def test_a_pool_is_large_and_bounded() -> None:
    assert [Rad().pool_size(count) for count in (7, 10_000, 100_000)] == [70, 65_536, 100_000]
    assert Rad(candidates=9).pool_size(9) == 9
