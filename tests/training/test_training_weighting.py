"""Balances: every update is its published formula, written out plainly, and keeps the identities of its scheme."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from pinn.geometry import Interval
from pinn.solvers import State
from pinn.training import (
    BALANCES,
    EQUATION,
    Balance,
    Causal,
    Fixed,
    GradientNorm,
    Ntk,
    Relobralo,
    SelfAdaptive,
    require_fit,
)

NAMES = (EQUATION, "edge", "initial")
RANDOM = np.random.default_rng(3)


@dataclass(frozen=True)
class Seen:
    """Terms whose numbers are given; what is not given must not be asked for."""

    given_losses: np.ndarray | None = None
    given_norms: np.ndarray | None = None
    given_traces: np.ndarray | None = None
    given_squares: Mapping[str, np.ndarray] = field(default_factory=dict)
    given_times: Mapping[str, np.ndarray] = field(default_factory=dict)
    names: tuple[str, ...] = NAMES
    seed: int = 5

    def losses(self) -> np.ndarray:
        assert self.given_losses is not None
        return self.given_losses

    def gradient_norms(self) -> np.ndarray:
        assert self.given_norms is not None
        return self.given_norms

    def traces(self) -> np.ndarray:
        assert self.given_traces is not None
        return self.given_traces

    def squares(self) -> Mapping[str, np.ndarray]:
        return self.given_squares

    def times(self) -> Mapping[str, np.ndarray]:
        return self.given_times


def numbers(count: int = 3) -> np.ndarray:
    return RANDOM.uniform(0.1, 10.0, count)


def followed(balance: Balance, looks: list[Seen]) -> list[tuple[State, Mapping[str, Any]]]:
    """The state and the factors after each look."""
    state, found = balance.start(looks[0]), []
    for look in looks:
        before = {key: np.array(value) for key, value in state.items()}
        state, untouched = balance.update(state, look), state
        assert all(np.array_equal(before[key], untouched[key]) for key in before)
        found.append((state, balance.factors(state, look)))
    return found


SIZED: dict[str, tuple[Callable[..., Balance], Callable[[np.ndarray], Seen]]] = {
    "gradient_norm": (GradientNorm, lambda sizes: Seen(given_norms=sizes)),
    "ntk": (Ntk, lambda sizes: Seen(given_traces=sizes)),
}


@pytest.mark.parametrize("name", SIZED)
def test_factors_inverse_to_a_size_are_averaged(name: str) -> None:
    make, see = SIZED[name]
    sizes = [numbers() for _ in range(4)]
    expected = sizes[0].sum() / sizes[0]
    for found, size in zip(followed(make(memory=0.75), [see(s) for s in sizes]), sizes, strict=True):
        if size is not sizes[0]:
            expected = 0.75 * expected + 0.25 * size.sum() / size
        np.testing.assert_allclose([found[1][name] for name in NAMES], expected, rtol=1e-12)


@pytest.mark.parametrize("name", SIZED)
def test_weighted_sizes_are_equal_and_the_least_factor_is_at_least_one(name: str) -> None:
    make, see = SIZED[name]
    sizes = numbers()
    ((_, factors),) = followed(make(), [see(sizes)])
    weighted = [factors[key] * size for key, size in zip(NAMES, sizes, strict=True)]
    np.testing.assert_allclose(weighted, sizes.sum(), rtol=1e-12)
    assert min(factors.values()) >= 1.0


@pytest.mark.parametrize("name", SIZED)
def test_a_term_of_size_zero_keeps_its_factor_and_broken_numbers_change_nothing(name: str) -> None:
    make, see = SIZED[name]
    balance = make(memory=0.0)
    first, second, third = followed(balance, [see(np.array(s)) for s in ((1, 2, 1), (0, 1, 3), (np.nan, 1, 1))])
    assert second[1] == {EQUATION: first[1][EQUATION], "edge": 4.0, "initial": 4 / 3}
    assert third[1] == second[1]


def softmax_by_hand(values: np.ndarray) -> np.ndarray:
    return np.array([1.0 / sum(np.exp(other - value) for other in values) for value in values])


def test_relative_progress_is_its_formula_and_sums_to_the_number_of_terms() -> None:
    balance = Relobralo(temperature=0.5, memory=0.75, saudade=0.5)
    losses = [numbers() for _ in range(30)]
    found = followed(balance, [Seen(given_losses=loss) for loss in losses])
    expected, kinds = np.ones(3), set()
    for t, loss in enumerate(losses):
        since_last = 3 * softmax_by_hand(loss / (0.5 * losses[max(t - 1, 0)]))
        since_start = 3 * softmax_by_hand(loss / (0.5 * losses[0]))
        last = bool(np.random.default_rng((5, t)).random() < 0.5)
        kinds.add(last)
        expected = 0.75 * (expected if last else since_start) + 0.25 * since_last
        factors = np.array([found[t][1][name] for name in NAMES])
        np.testing.assert_allclose(factors, expected, rtol=1e-10)
        np.testing.assert_allclose(factors.sum(), 3.0, rtol=1e-12)
    assert kinds == {True, False}


def test_relative_progress_survives_a_term_that_is_solved() -> None:
    balance = Relobralo()
    looks = [Seen(given_losses=np.array(loss)) for loss in ((1, 0, 1), (1e3, 1, 0), (np.inf, 1, 1))]
    _, second, third = followed(balance, looks)
    assert np.isfinite(list(second[1].values())).all()
    assert third[1] == second[1]


def test_point_weights_climb_by_the_squares_in_units_of_the_first_loss() -> None:
    squares = [{name: numbers(4 + k) for k, name in enumerate(NAMES)} for _ in range(3)]
    losses = [np.array([np.mean(look[name]) for name in NAMES]) for look in squares]
    looks = [Seen(given_losses=loss, given_squares=look) for loss, look in zip(losses, squares, strict=True)]
    found = followed(SelfAdaptive(rate=0.5), looks)
    expected = {name: np.ones_like(squares[0][name]) for name in NAMES}
    for (_, factors), look in zip(found, squares, strict=True):
        for k, name in enumerate(NAMES):
            expected[name] = expected[name] + 0.5 / losses[0][k] * look[name]
            np.testing.assert_allclose(factors[name], expected[name], rtol=1e-12)


def test_a_term_that_was_zero_at_first_keeps_its_point_weights() -> None:
    look = Seen(np.array([0.0]), given_squares={EQUATION: np.zeros(3)}, names=(EQUATION,))
    later = replace(look, given_squares={EQUATION: np.ones(3)})
    broken = replace(look, given_squares={EQUATION: np.full(3, np.nan)})
    for _, factors in followed(SelfAdaptive(), [look, later, broken]):
        np.testing.assert_array_equal(factors[EQUATION], 1.0)


def causal_by_hand(times: np.ndarray, squares: np.ndarray, bins: int, strictness: float) -> np.ndarray:
    """The weights of the points: sort by time, cut into bins of equal count, and sum what came before."""
    order = sorted(range(len(times)), key=lambda n: times[n])
    chunks = np.array_split(np.array(order), bins)  # equal counts here
    weights, past = np.empty(len(times)), 0.0
    for chunk in chunks:
        weights[chunk] = np.exp(-strictness * past)
        past += np.mean(squares[chunk])
    return weights


def seen_in_time(squares: np.ndarray, times: np.ndarray) -> Seen:
    return Seen(given_squares={EQUATION: squares}, given_times={EQUATION: times})


def test_causal_weights_are_their_formula_one_at_first_and_falling() -> None:
    times, squares = RANDOM.uniform(0.0, 2.0, 24), numbers(24)
    balance = Causal(bins=6, ladder=(0.01, 0.1), threshold=0.99)
    ((_, factors),) = followed(balance, [seen_in_time(squares, times)])
    assert list(factors) == [EQUATION]
    np.testing.assert_allclose(factors[EQUATION], causal_by_hand(times, squares, 6, 0.01), rtol=1e-12)
    in_time = factors[EQUATION][np.argsort(times)]
    np.testing.assert_array_equal(in_time[:4], 1.0)
    assert (np.diff(in_time) <= 0).all()
    assert (np.diff(in_time[::4]) < 0).all()


def test_causal_weights_grow_stricter_when_the_past_is_solved_and_never_milder() -> None:
    times = np.linspace(0.0, 1.0, 12)
    balance = Causal(bins=4, ladder=(1.0, 10.0, 100.0), threshold=0.9)
    sizes = (1.0, 1e-3, 1e-3, 1e-5, 1e-9, 1.0)
    found = followed(balance, [seen_in_time(np.full(12, size), times) for size in sizes])
    # Three bins lie before the last: its weight is exp(-3 eps L), above 0.9 for eps L below 0.035.
    assert [int(state["rung"]) for state, _ in found] == [0, 1, 2, 2, 2, 2]
    np.testing.assert_allclose(found[1][1][EQUATION][-1], np.exp(-3 * 10 * 1e-3))
    np.testing.assert_allclose(found[-1][1][EQUATION][-1], np.exp(-3 * 100 * 1.0))


def test_causal_weights_follow_the_points_when_these_are_drawn_anew() -> None:
    times, squares = np.linspace(0.0, 1.0, 8), numbers(8)
    balance = Causal(bins=4, ladder=(1.0,))
    ((state, factors),) = followed(balance, [seen_in_time(squares, times)])
    turned = balance.factors(state, seen_in_time(squares, times[::-1]))
    np.testing.assert_array_equal(turned[EQUATION], factors[EQUATION][::-1])
    broken = balance.update(state, seen_in_time(np.full(8, np.inf), times))
    np.testing.assert_array_equal(broken["losses"], state["losses"])


def test_fixed_weights_look_at_nothing() -> None:
    assert followed(Fixed(), [Seen()]) == [({}, {})]
    assert Fixed().every == 0


def test_every_balance_has_its_name_and_its_file() -> None:
    for name, cls in BALANCES.items():
        assert cls().name == name
        assert cls.__module__ == f"pinn.training.weighting.{name}"


def test_more_bins_than_points_are_refused() -> None:
    with pytest.raises(ValueError, match=r"balance\.bins: expected at most .* points of the equation, 3; got 4"):
        Causal(bins=4).start(seen_in_time(np.ones(3), np.ones(3)))


BAD_INPUT: dict[str, tuple[Callable[[], Any], str]] = {
    "never": (lambda: Ntk(every=0), "balance.every: expected a number of steps of at least 1; got 0"),
    "half a step": (lambda: Causal(every=0.5), "balance.every: .*; got 0.5"),  # type: ignore[arg-type]
    "memory": (lambda: GradientNorm(memory=1.0), "balance.memory: expected a number at least 0 and below 1; got 1.0"),
    "rate": (lambda: SelfAdaptive(rate=0.0), "balance.rate: expected a number above 0; got 0.0"),
    "temperature": (lambda: Relobralo(temperature=-1.0), "balance.temperature: expected a number above 0; got -1.0"),
    "saudade": (lambda: Relobralo(saudade=1.1), "balance.saudade: expected a number at least 0 and below 1; got 1.1"),
    "bins": (lambda: Causal(bins=1), "balance.bins: expected a whole number of at least 2; got 1"),
    "ladder": (lambda: Causal(ladder=(1.0, 0.1)), r"balance.ladder: .* in rising order; got \[1.0, 0.1\]"),
    "no ladder": (lambda: Causal(ladder=()), r"balance.ladder: expected positive numbers in rising order; got \[\]"),
    "threshold": (lambda: Causal(threshold=1.0), "balance.threshold: expected a number above 0 and below 1; got 1.0"),
    "no time": (
        lambda: require_fit(Causal(), Interval(0.0, 1.0), resample_every=0),
        r"balance=causal: expected a problem with time, .*; got the axes x\. Take balance=gradient_norm",
    ),
    "moving points": (
        lambda: require_fit(SelfAdaptive(), Interval(0.0, 1.0), resample_every=7),
        r"balance=self_adaptive: expected points that stay, .*; got sampling.resample_every=7\. Write",
    ),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_refused_in_a_sentence(name: str) -> None:
    make, message = BAD_INPUT[name]
    with pytest.raises(ValueError, match=message):
        make()


def test_what_fits_is_not_refused() -> None:
    require_fit(Causal(), Interval(0.0, 1.0).over(0.0, 1.0), resample_every=7)
    require_fit(SelfAdaptive(), Interval(0.0, 1.0), resample_every=0)
