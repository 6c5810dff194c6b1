r"""The march of coefficients through time, by an integrator of ordinary differential equations.

Its steps are as long as their error allows: those of an explicit method (Bogacki and Shampine of order 3, Dormand and
Prince of order 5 where a step is to be better than 1e-5), or where an explicit method would have to take small ones
for stability alone, those of Radau IIA of order 5, with the Jacobian of the equation. Which, is found from the largest
rate at which a disturbance grows or dies at the beginning.

Time is divided into windows of whole frames. At the end of a window everything is as if it were the first one, but for
where it begins: there a run can be kept, and goes on bit for bit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from scipy.integrate import RK23, RK45, OdeSolver, Radau

from pinn.fields import EvolvingFeatures
from pinn.solvers import StopReason
from pinn.training.evolution import Evolution
from pinn.training.history import History
from pinn.training.interrupt import interruption
from pinn.training.loop import INTERRUPTED, TIME_LIMIT, Event, Observer, Training
from pinn.training.snapshot import Snapshot

END = "the end of time was reached"

_WINDOWS = 50
_FINE = 1e-5  # the tolerance below which a method of higher order pays
_STIFF = 2e4  # times that the fastest disturbance dies within the duration, above which an implicit method pays
_FIRST = 1e-6  # of the duration: a step, where nobody knows better
_LEAST = 1e-3  # absolute errors that are allowed, relative to the tolerance
_RATE_STEPS, _DISTURBANCE = 12, 1e-6
_BETWEEN = 0.3  # seconds between two looks of the observer


@final
@dataclass(frozen=True, eq=False)
class Evolved:
    """How far it has come.

    Attributes:
        windows: how many are done.
        steps: how many were taken.
        length: of the last step.
        q: the coefficients there, `[R]`.
        samples: those at the sites so far, `[n, R]`, as the slopes of the field see them: `q` over the time since the
            start, in units of the duration.
        losses: the mean square of what the features could not follow, at the end of each window.
    """

    windows: int
    steps: int
    length: float
    q: np.ndarray
    samples: np.ndarray
    losses: tuple[float, ...] = ()

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything, as arrays with names."""
        numbers = {"windows": np.array(self.windows), "steps": np.array(self.steps), "length": np.array(self.length)}
        return {**numbers, "q": self.q, "samples": self.samples, "losses": np.array(self.losses)}

    @classmethod
    def of(cls, arrays: Any) -> Evolved:
        """What `arrays` tells of."""
        steps, windows, length = int(arrays["steps"]), int(arrays["windows"]), float(arrays["length"])
        return cls(windows, steps, length, arrays["q"], arrays["samples"], tuple(map(float, arrays["losses"])))


@dataclass
class _Telling:
    """Since when the present window is gone through, and who is told."""

    observer: Observer | None
    began: float
    told: float = -math.inf


@final
class Integration:
    """An evolution on its way through time.

    Args:
        evolution: the equation.
        recipe: of the field.
    """

    def __init__(self, evolution: Evolution, recipe: EvolvingFeatures) -> None:
        self._evolution, self._recipe = evolution, recipe
        self._history, self._began = History(), time.perf_counter()
        borders = np.linspace(0, recipe.frames, min(_WINDOWS, recipe.frames) + 1).round() / recipe.frames
        self._borders = [self._time(tau) for tau in borders]
        start = np.zeros(evolution.size)
        self._done = Evolved(0, 0, 0.0, start, self._at_start(start)[np.newaxis])
        self._snapshot = self._taken()

    @property
    def done(self) -> Evolved:
        """How far it has come."""
        return self._done

    @property
    def finished(self) -> bool:
        """Whether it has come to the end of time."""
        return self._done.windows == len(self._borders) - 1

    def splines(self) -> np.ndarray:
        """The coefficients of the field's splines, `[frames + 3, F m]`, zero where it has not come to."""
        samples = np.zeros((len(self._recipe.sites), self._evolution.size))
        samples[: len(self._done.samples)] = self._done.samples
        return self._recipe.splines(self._evolution.coefficients(samples))

    def run(
        self, *, observer: Observer | None = None, time_limit: float | None = None, resume: Snapshot | None = None
    ) -> Training:
        """Go through all of the time, or as far as one gets.

        Args:
            observer: told a few times a second.
            time_limit: seconds, of those before a resume too.
            resume: go on from here instead of beginning; the outcome is that without a stop, bit for bit.
        """
        self._began = time.perf_counter()
        if resume is not None:
            self._go_back(resume)
        method, failure = self._method(), None
        # What is not finite is looked for, and needs no warning.
        with interruption() as interrupted, np.errstate(over="ignore", invalid="ignore"):

            def halted() -> bool:
                return interrupted() or (time_limit is not None and self._now() >= time_limit)

            while failure is None and not self.finished and not halted():
                failure = self._advance(method, _Telling(observer, self._now()), halted)
            stop = self._why(failed=failure is not None, interrupted=interrupted())
        weights, seconds = np.ravel(self.splines()), self._now()
        steps = self._done.steps
        return Training(weights, self._snapshot, steps, stop, failure, stop == INTERRUPTED, self._history, 0.0, seconds)

    def _advance(self, method: type[OdeSolver], telling: _Telling, halted: Callable[[], bool]) -> str | None:
        """Go through the next window; what is wrong, if anything is."""
        done = self._done
        begin, end = self._borders[done.windows : done.windows + 2]
        stepper = self._stepper(method, begin, end)
        samples, steps, length = [done.samples], done.steps, done.length
        while stepper.status == "running":
            message = stepper.step()
            if stepper.status == "failed" or not np.all(np.isfinite(stepper.y)):
                return f"at the time {stepper.t:.6g}: {message or 'the field is not finite'}"
            steps, length = steps + 1, stepper.step_size if stepper.status == "running" else length or stepper.step_size
            samples.append(self._sampled(stepper))
            self._tell(stepper, telling, steps)
            if halted():
                return None
        loss = self._evolution.residual(stepper.t, stepper.y)
        found = np.concatenate(samples)
        self._done = Evolved(done.windows + 1, steps, float(length), stepper.y, found, (*done.losses, loss))
        self._record(telling, steps - done.steps, loss, stepper.nfev, method.__name__)
        self._snapshot = self._taken()
        return None

    def _stepper(self, method: type[OdeSolver], begin: float, end: float) -> OdeSolver:
        """The method at the beginning of a window."""
        q, tolerance, span = self._done.q, self._recipe.tolerance, self._evolution.span
        first = min(self._done.length or _FIRST * (span[1] - span[0]), end - begin)
        # The basis is orthonormal on the points: a coefficient of the size sqrt(M) is one of the field of the size 1.
        least = _LEAST * tolerance * math.sqrt(len(self._evolution.places))
        options = {"jac": self._evolution.jacobian} if method is Radau else {}
        return method(self._evolution.slopes, begin, q, end, rtol=tolerance, atol=least, first_step=first, **options)

    def _sampled(self, stepper: OdeSolver) -> np.ndarray:
        """The samples at the sites that the last step has come by, `[n, R]`."""
        times = np.array([self._time(tau) for tau in self._recipe.sites])
        passed = np.flatnonzero((times > stepper.t_old) & (times <= stepper.t))
        if not len(passed):
            return np.zeros((0, self._evolution.size))
        between = stepper.dense_output()
        return np.stack([between(times[k]) / self._recipe.sites[k] for k in passed])

    def _at_start(self, q: np.ndarray) -> np.ndarray:
        """The sample at the first site, where both `q` and the time since the start are 0: the slope of `q`."""
        first, last = self._evolution.span
        return (last - first) * self._evolution.slopes(first, q)

    def _method(self) -> type[OdeSolver]:
        first, last = self._evolution.span
        if self._rate() * (last - first) > _STIFF:
            return Radau
        return RK45 if self._recipe.tolerance < _FINE else RK23

    def _rate(self) -> float:
        """The largest rate at which a disturbance of the start grows or dies, by the power method."""
        start, first = np.zeros(self._evolution.size), self._evolution.span[0]
        direction, base = np.random.default_rng(0).normal(size=len(start)), self._evolution.slopes(first, start)
        rate = 0.0
        for _ in range(_RATE_STEPS):
            direction *= _DISTURBANCE * math.sqrt(len(self._evolution.places)) / np.linalg.norm(direction)
            change = self._evolution.slopes(first, start + direction) - base
            rate = float(np.linalg.norm(change) / np.linalg.norm(direction))
            if not 0.0 < rate < math.inf:
                break
            direction = change
        return rate

    def _tell(self, stepper: OdeSolver, telling: _Telling, steps: int) -> None:
        now = self._now()
        if telling.observer is None or now - telling.told < _BETWEEN:
            return
        telling.told = now
        first, last = self._evolution.span
        planned = math.ceil(steps * (last - first) / max(stepper.t - first, _FIRST * (last - first)))
        loss = self._done.losses[-1] if self._done.losses else math.nan
        stage = f"time {stepper.t:.4g} of {last:.4g}"
        telling.observer(Event(steps, max(planned, steps), stage, loss, None, now, lambda: self._snapshot))

    def _record(self, telling: _Telling, steps: int, loss: float, evaluations: int, stage: str) -> None:
        """Add a window to the history."""
        self._history.extend(
            np.full(steps, loss),
            first_step=self._done.steps - steps + 1,
            seconds=(telling.began, self._now()),
            evaluations=evaluations,
            stages=[stage.lower()] * steps,
            error=math.nan,
            terms={},
        )

    def _taken(self) -> Snapshot:
        """All that it has come to, at the end of a window."""
        state = {**self._done.arrays(), "step": np.array(self._done.steps, np.int64)}
        return Snapshot(self._done.steps, self._now(), state, {}, self._history.copy())

    def _go_back(self, snapshot: Snapshot) -> None:
        self._done = Evolved.of(snapshot.state)
        self._history = snapshot.history.copy()
        self._began -= snapshot.seconds
        self._snapshot = snapshot

    def _why(self, *, failed: bool, interrupted: bool) -> str:
        """Why it has ended."""
        if failed:
            return StopReason.NOT_FINITE.value
        if interrupted:
            return INTERRUPTED
        return END if self.finished else TIME_LIMIT

    def _time(self, tau: float) -> float:
        """The time of a place on `[0, 1]`."""
        first, last = self._evolution.span
        return float(first + tau * (last - first))

    def _now(self) -> float:
        return time.perf_counter() - self._began
