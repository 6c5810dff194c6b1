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
from typing import final

import numpy as np
from scipy.integrate import RK23, RK45, OdeSolver, Radau

from pinn.fields import EvolvingFeatures
from pinn.solvers import State
from pinn.training.evolution import Evolution
from pinn.training.history import History
from pinn.training.interrupt import interruption
from pinn.training.loop import INTERRUPTED, Event, Observer, Training, cut_short
from pinn.training.snapshot import Snapshot

END = "the end of time was reached"

_WINDOWS = 50
_FINE = 1e-5  # the tolerance below which a method of higher order pays
_STIFF = 2e4  # times that the fastest disturbance dies: an explicit method would take about as many evaluations
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
        step: how many were taken.
        length: of the last step.
        q: the coefficients there, `[R]`.
        samples: those at the sites so far, `[n, R]`, as the slopes of the field see them: `q` over the time since the
            start, in units of the duration.
        loss: the mean square of what the features cannot follow there.
    """

    windows: int
    step: int
    length: float
    q: np.ndarray
    samples: np.ndarray
    loss: float

    def arrays(self) -> State:
        """Everything, as arrays with names."""
        return {name: np.asarray(value) for name, value in vars(self).items()}

    @classmethod
    def of(cls, arrays: State) -> Evolved:
        """What `arrays` tells of."""
        windows, step, length, loss = (arrays[name].item() for name in ("windows", "step", "length", "loss"))
        return cls(windows, step, length, arrays["q"], arrays["samples"], loss)


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
        first, last = evolution.span
        borders = np.linspace(0, recipe.frames, min(_WINDOWS, recipe.frames) + 1).round() / recipe.frames
        self._borders, self._times = (first + (last - first) * tau for tau in (borders, recipe.sites))
        start = np.zeros(evolution.size)
        # At the first site both `q` and the time since the start are 0: what counts is the slope of `q`.
        sample = (last - first) * evolution.slopes(first, start)
        self._done = Evolved(0, 0, 0.0, start, sample[np.newaxis], math.nan)
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
            failed = failure is not None
            stop = cut_short(failed=failed, interrupted=interrupted(), finished=self.finished) or END
        return Training(
            np.ravel(self.splines()),
            self._snapshot,
            self._done.step,
            stop,
            failure,
            stop == INTERRUPTED,
            self._history,
            0.0,
            self._now(),
        )

    def _advance(self, method: type[OdeSolver], telling: _Telling, halted: Callable[[], bool]) -> str | None:
        """Go through the next window; what is wrong, if anything is."""
        done = self._done
        begin, end = self._borders[done.windows : done.windows + 2]
        stepper = self._stepper(method, begin, end)
        samples, steps, length = [done.samples], done.step, done.length
        while stepper.status == "running":
            message = stepper.step()
            if stepper.status == "failed" or not np.all(np.isfinite(stepper.y)):
                return f"at the time {stepper.t:.6g}: {message or 'the field is not finite'}"
            steps += 1
            if stepper.status == "running" or not length:  # the last step is cut off at the end of the window
                length = float(stepper.step_size)
            samples.append(self._sampled(stepper))
            self._tell(stepper, telling, steps)
            if halted():
                return None
        loss = self._evolution.residual(stepper.t, stepper.y)
        found = np.concatenate(samples)
        self._done = Evolved(done.windows + 1, steps, length, stepper.y, found, loss)
        self._record(telling, steps - done.step, loss, stepper.nfev, method.__name__)
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
        passed = slice(*np.searchsorted(self._times, [stepper.t_old, stepper.t], side="right"))
        times, sites = self._times[passed], self._recipe.sites[passed]
        if not len(times):
            return np.zeros((0, self._evolution.size))
        return np.asarray(stepper.dense_output()(times).T / sites[:, np.newaxis])

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
        stage = f"time {stepper.t:.4g} of {last:.4g}"
        telling.observer(Event(steps, max(planned, steps), stage, self._done.loss, None, now, lambda: self._snapshot))

    def _record(self, telling: _Telling, steps: int, loss: float, evaluations: int, stage: str) -> None:
        """Add a window to the history."""
        self._history.extend(
            np.full(steps, loss),
            first_step=self._done.step - steps + 1,
            seconds=(telling.began, self._now()),
            evaluations=evaluations,
            stages=[stage.lower()] * steps,
            error=math.nan,
            terms={},
        )

    def _taken(self) -> Snapshot:
        """All that it has come to, at the end of a window."""
        return Snapshot(self._done.step, self._now(), self._done.arrays(), {}, self._history.copy())

    def _go_back(self, snapshot: Snapshot) -> None:
        self._done = Evolved.of(snapshot.state)
        self._history = snapshot.history.copy()
        self._began -= snapshot.seconds
        self._snapshot = snapshot

    def _now(self) -> float:
        return time.perf_counter() - self._began
