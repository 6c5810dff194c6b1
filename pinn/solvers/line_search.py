"""A line search for the strong Wolfe conditions.

Along a descent direction `d` from the weights `w`, let `phi(a) = loss(w + a d)`. A step `a` is accepted if

    phi(a)    <= phi(0) + c1 a phi'(0)        sufficient decrease
    |phi'(a)| <= c2 |phi'(0)|                 curvature

with `0 < c1 < c2 < 1`. Together they bound the step from both sides and make `s . y > 0`, so that a quasi-Newton update
with the pair (step, change of gradient) stays positive definite.

Source: J. Nocedal, S. Wright, "Numerical Optimization", 2nd edition, 2006, algorithms 3.5 and 3.6 and formula 3.59.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pinn.solvers.checks import between, whole_number

EPSILON = float(np.finfo(np.float64).eps)


class Trial(NamedTuple):
    """The loss at one step length along a line: `value = phi(step)`, `slope = phi'(step)`, full gradient `[P]`."""

    step: float
    value: float
    slope: float
    gradient: np.ndarray

    @property
    def finite(self) -> bool:
        return math.isfinite(self.value) and math.isfinite(self.slope)


@dataclass(frozen=True)
class Search:
    """The outcome of a line search.

    Attributes:
        accepted: a trial with sufficient decrease and a loss strictly below the start, or `None` if none was found.
        evaluations: how many trials were made.
        strong: whether both strong Wolfe conditions hold at `accepted`.
    """

    accepted: Trial | None
    evaluations: int
    strong: bool


@dataclass(frozen=True, kw_only=True)
class StrongWolfe:
    """Bracket a strong Wolfe point by growing steps, then zoom in by safeguarded cubic interpolation.

    A trial whose loss or slope is not finite counts as too far, and the search backs off towards the last sound one. A
    trial must also lower the loss strictly: where round-off hides the decrease, the search ends.

    Args:
        sufficient_decrease: `c1`.
        curvature: `c2`; 0.9 suits quasi-Newton directions, 0.1 or less approaches an exact minimisation.
        max_evaluations: trials in one search.
    """

    sufficient_decrease: float = 1e-4
    curvature: float = 0.9
    max_evaluations: int = 30

    def __post_init__(self) -> None:
        between("StrongWolfe", "sufficient_decrease", self.sufficient_decrease, 0.0, 1.0)
        between("StrongWolfe", "curvature", self.curvature, 0.0, 1.0)
        whole_number("StrongWolfe", "max_evaluations", self.max_evaluations, least=1)
        if self.sufficient_decrease >= self.curvature:
            raise ValueError(
                f"StrongWolfe: sufficient_decrease must be below curvature = {self.curvature:g}, "
                f"got {self.sufficient_decrease:g}."
            )

    def search(self, along: Callable[[float], Trial], start: Trial, *, first_step: float = 1.0) -> Search:
        """Search along `along`, which maps a step length to its trial.

        Args:
            along: evaluates one trial.
            start: the trial at step 0, with a negative slope.
            first_step: the first step length tried; 1 is natural for (quasi-)Newton directions.

        Raises:
            ValueError: the start is not finite or does not descend.
        """
        if not (start.finite and start.slope < 0.0 and first_step > 0.0):
            raise ValueError(
                "StrongWolfe: the search needs a finite loss, a negative slope and a first step above 0, got "
                f"loss {start.value}, slope {start.slope}, first step {first_step}."
            )
        # Every point kept must lie strictly below the one before it, hence below the start: where c1 a phi'(0) is
        # smaller than the round-off of the loss, sufficient decrease alone would accept a step that gains nothing.
        previous, trial = start, along(first_step)
        for used in range(1, self.max_evaluations + 1):
            if self._too_far(trial, start) or trial.value >= previous.value:
                return self._zoom(along, start, previous, trial, used)
            if self._flat(trial, start):
                return Search(trial, used, True)
            if trial.slope >= 0.0:
                return self._zoom(along, start, trial, previous, used)
            if used < self.max_evaluations:
                previous, trial = trial, along(_beyond(previous, trial))
        return Search(trial, self.max_evaluations, False)

    def _too_far(self, trial: Trial, start: Trial) -> bool:
        limit = start.value + self.sufficient_decrease * trial.step * start.slope
        return not (trial.finite and trial.value <= limit)

    def _flat(self, trial: Trial, start: Trial) -> bool:
        return abs(trial.slope) <= -self.curvature * start.slope

    def _zoom(self, along: Callable[[float], Trial], start: Trial, low: Trial, high: Trial, used: int) -> Search:
        """Shrink the bracket; `low` is its end of lowest loss with sufficient decrease and slopes towards `high`."""
        halve = False
        while used < self.max_evaluations and _resolvable(low, high):
            width = abs(high.step - low.step)
            trial = along(_inside(low, high, halve=halve))
            used += 1
            if self._too_far(trial, start) or trial.value >= low.value:
                high = trial
            elif self._flat(trial, start):
                return Search(trial, used, True)
            else:
                high = low if trial.slope * (high.step - low.step) >= 0.0 else high
                low = trial
            # Interpolation that removed less than half is followed by bisection, so two trials at least halve.
            halve = abs(high.step - low.step) > 0.5 * width
        return Search(None if low is start else low, used, False)


def _resolvable(low: Trial, high: Trial) -> bool:
    """Whether moving across the bracket can still change the loss in float64."""
    width = abs(high.step - low.step)
    return width * abs(low.slope) > EPSILON * abs(low.value) and width > EPSILON * max(low.step, high.step)


def _cubic_minimum(a: Trial, b: Trial) -> float:
    """Return where the cubic with the values and slopes of both trials has its minimum; NaN if it has none."""
    # Products, not powers: an overflow must give infinity, which the callers discard, and not an exception.
    chord = a.slope + b.slope - 3.0 * (a.value - b.value) / (a.step - b.step)
    discriminant = chord * chord - a.slope * b.slope
    if not 0.0 <= discriminant < math.inf:
        return math.nan
    root = math.copysign(math.sqrt(discriminant), b.step - a.step)
    denominator = b.slope - a.slope + 2.0 * root
    if denominator == 0.0:
        return math.nan
    return b.step - (b.step - a.step) * ((b.slope + root - chord) / denominator)


def _inside(low: Trial, high: Trial, *, halve: bool) -> float:
    """Return the next trial step of the zoom, at least a tenth of the bracket away from both ends."""
    middle = 0.5 * (low.step + high.step)
    if halve or not high.finite:
        return middle
    left, right = sorted((low.step, high.step))
    margin = 0.1 * (right - left)
    minimum = _cubic_minimum(low, high)
    return min(max(minimum, left + margin), right - margin) if math.isfinite(minimum) else middle


def _beyond(previous: Trial, trial: Trial) -> float:
    """Return the next, longer step of the bracketing: the cubic's minimum, 1.1 to 4 times the last increase beyond."""
    increase = trial.step - previous.step
    nearest, farthest = trial.step + 1.1 * increase, trial.step + 4.0 * increase
    minimum = _cubic_minimum(previous, trial)
    return min(max(minimum, nearest), farthest) if minimum > trial.step else farthest
