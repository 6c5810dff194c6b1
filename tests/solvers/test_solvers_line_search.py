"""The line search: both strong Wolfe conditions, walls of NaN, and lines without a lower point."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pinn.solvers.line_search import Search, StrongWolfe, Trial

Line = Callable[[float], tuple[float, float]]  # step to value and slope


def run(line: Line, options: StrongWolfe, first_step: float = 1.0) -> tuple[Search, list[float]]:
    tried: list[float] = []

    def along(step: float) -> Trial:
        tried.append(step)
        value, slope = line(step)
        return Trial(step, value, slope, np.array([slope]))

    value, slope = line(0.0)
    search = options.search(along, Trial(0.0, value, slope, np.array([slope])), first_step=first_step)
    return search, tried


waves = st.lists(st.tuples(st.floats(0.0, 5.0), st.floats(0.0, 5.0), st.floats(0.0, 6.3)), max_size=4)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    stiffness=st.floats(0.1, 10.0),
    centre=st.floats(-50.0, 50.0),
    waves=waves,
    first_step=st.floats(1e-3, 1e2),
    options=st.sampled_from([(1e-4, 0.9), (1e-4, 0.1), (0.1, 0.5), (1e-6, 1e-3)]),
)
def test_strong_wolfe_conditions_hold_on_smooth_lines(stiffness, centre, waves, first_step, options) -> None:
    """A parabola plus waves is smooth and bounded below: a strong Wolfe point exists (Nocedal, Wright, lemma 3.1)."""

    def line(a: float, sign: float = 1.0) -> tuple[float, float]:
        a *= sign
        value = 0.5 * stiffness * (a - centre) ** 2 + sum(h * math.sin(k * a + p) for h, k, p in waves)
        slope = stiffness * (a - centre) + sum(h * k * math.cos(k * a + p) for h, k, p in waves)
        return value, sign * slope

    assume(abs(line(0.0)[1]) > 1e-3)  # else round-off of values up to 1e4 hides the descent
    sign = -math.copysign(1.0, line(0.0)[1])
    c1, c2 = options
    wolfe = StrongWolfe(sufficient_decrease=c1, curvature=c2, max_evaluations=100)
    search, tried = run(lambda a: line(a, sign), wolfe, first_step)

    assert search.strong
    assert search.evaluations == len(tried)
    step = search.accepted.step
    (value0, slope0), (value, slope) = line(0.0, sign), line(step, sign)
    assert step > 0.0
    assert value <= value0 + c1 * step * slope0
    assert abs(slope) <= c2 * abs(slope0)


def test_cubic_is_minimised_by_one_interpolation() -> None:
    """On a cubic the interpolant is the line itself: after the first, bracketing trial the second is the minimum."""
    line = lambda a: (a**3 - 1.5 * a**2 - 6.0 * a, 3.0 * a**2 - 3.0 * a - 6.0)  # noqa: E731  minimum at 2
    search, tried = run(line, StrongWolfe(curvature=1e-6, sufficient_decrease=1e-8), first_step=3.0)
    assert search.strong
    assert len(tried) == 2
    assert search.accepted.step == pytest.approx(2.0, rel=1e-14)  # a few roundings


@pytest.mark.parametrize("wall", [0.99, 1e-2, 1e-5])
@pytest.mark.parametrize(
    "beyond", [(math.nan, math.nan), (math.inf, -1.0), (0.5, math.nan), (-math.inf, -1.0)], ids=str
)
def test_backs_off_from_a_wall(wall: float, beyond: tuple[float, float]) -> None:
    """The minimum lies at 0.6 of the way to the wall; the first trial, 1, lies beyond it."""
    minimum = 0.6 * wall
    line = lambda a: beyond if a > wall else ((a / minimum - 1.0) ** 2, 2.0 * (a / minimum - 1.0) / minimum)  # noqa: E731
    search, tried = run(line, StrongWolfe())
    assert tried[0] == 1.0
    assert search.strong
    assert 0.0 < search.accepted.step <= wall


def test_lowest_point_before_a_wall_is_taken_when_no_wolfe_point_exists() -> None:
    """On a straight descent up to a wall the slope never flattens: the search creeps up to the wall."""
    line = lambda a: (-a, -1.0) if a <= 0.3 else (math.nan, math.nan)  # noqa: E731
    search, _ = run(line, StrongWolfe(max_evaluations=40))
    assert not search.strong
    assert search.accepted.step == pytest.approx(0.3, rel=1e-6)  # 38 halvings reach 4e-12


def test_expands_towards_a_far_minimum() -> None:
    line = lambda a: ((a - 1e4) ** 2, 2.0 * (a - 1e4))  # noqa: E731
    search, tried = run(line, StrongWolfe(curvature=0.1))
    assert search.strong
    assert len(tried) <= 10  # growth by at least 4 per trial would need log(1e4)/log(4) = 7, then the cubic is exact


def test_endless_descent_returns_the_last_lower_point() -> None:
    search, tried = run(lambda a: (-a, -1.0), StrongWolfe(max_evaluations=12))
    assert (search.strong, search.evaluations, len(tried)) == (False, 12, 12)
    assert search.accepted.step == max(tried)


@pytest.mark.parametrize("sign", [1.0, 0.0], ids=["rises against its slope", "does not change"])
def test_no_lower_point_is_none(sign: float) -> None:
    """The stated slope -1 is a lie, as it is when round-off hides the descent."""
    search, tried = run(lambda a: (1.0 + sign * a, -1.0), StrongWolfe(max_evaluations=100))
    assert search.accepted is None
    # The bracket halves at least every second trial until width * slope is below the ulp of the loss, 2**-52.
    assert len(tried) <= 106
    assert search.evaluations == len(tried)


def test_descent_hidden_by_round_off_is_none() -> None:
    """The slope is true but below the ulp of the loss: no trial may be accepted although its slope vanishes."""
    search, _ = run(lambda a: (1.0, -1e-20 if a == 0.0 else 0.0), StrongWolfe())
    assert search.accepted is None


@pytest.mark.parametrize(
    ("value", "slope", "first"),
    [(1.0, 0.0, 1.0), (1.0, 2.0, 1.0), (math.nan, -1.0, 1.0), (1.0, -1.0, 0.0), (1.0, -math.inf, 1.0)],
)
def test_start_without_descent_is_refused(value: float, slope: float, first: float) -> None:
    with pytest.raises(ValueError, match="finite loss, a negative slope and a first step above 0"):
        run(lambda _: (value, slope), StrongWolfe(), first)


BAD = [
    ({"sufficient_decrease": 0.5, "curvature": 0.4}, ValueError, "sufficient_decrease must be below curvature = 0.4"),
    ({"curvature": 1.0}, ValueError, "curvature must satisfy 0 < curvature < 1"),
    ({"sufficient_decrease": 0.0}, ValueError, "sufficient_decrease must satisfy"),
    ({"max_evaluations": 0}, ValueError, "max_evaluations must be at least 1, got 0"),
    ({"max_evaluations": 2.5}, TypeError, "max_evaluations must be a whole number"),
    ({"curvature": "steep"}, TypeError, "curvature must be a number, got 'steep'"),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD, ids=[m for _, _, m in BAD])
def test_bad_search_options_are_named(options, error, message) -> None:
    with pytest.raises(error, match=message):
        StrongWolfe(**options)
