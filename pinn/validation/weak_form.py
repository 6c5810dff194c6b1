r"""The weak form of a problem, learned from its residual and its conditions.

With the coefficients that `pinn.validation.symbol` finds in `r = -a : H + m u_tt + c u_t + b`, where a may depend on
x, t and u, the flux is `a \nabla u` and the source is what is left:

    `r = m u_tt + c u_t - \nabla . (a \nabla u) + s`,    `s = b + (\nabla . a) . \nabla u`,

with the divergence of a by differentiation. Where a coefficient jumps the flux is taken to be continuous.
Whatever does not fit is refused with a sentence: there is no reference then, and never a wrong one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import tensorflow as tf

from pinn.calculus import Frame
from pinn.geometry import Shape, TimeProduct
from pinn.problems import Problem
from pinn.references.finite_elements import Evolution, Terms, UnsolvedError, WeakForm
from pinn.references.finite_elements.forms import Volume
from pinn.validation.boundary_laws import Laws, laws
from pinn.validation.symbol import DTYPE, Numbers, Symbol, compiled, random_numbers, slopes

_MOST_AXES = 3
_POINTS = 64  # at which it is tried what form an equation has
_ROUND_OFF = 1e-9  # relative to the largest term
_STREAM = 7


@final
@dataclass(frozen=True)
class Equation:
    """The residual of a problem, taken apart.

    Attributes:
        symbol: the residual.
        sign: 1 or -1, so that `sign r` has a positive a.
        frame: of the problem.
    """

    symbol: Symbol
    sign: float
    frame: Frame

    @property
    def dim(self) -> int:
        """The number of axes of space, k."""
        return len(self.frame.axes) - (self.frame.time_axis is not None)

    def principal(self, points: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
        """a at points `[N, d]` where the field has a value `[N]`: `[N, k, k]`, symmetric."""
        d = len(self.frame.axes)
        second = tf.zeros([tf.shape(points)[0], d, d], points.dtype)
        with tf.GradientTape() as tape:
            tape.watch(second)
            residual = self.sign * self.symbol(points, Numbers(value, tf.zeros_like(points), second))
        slope = -slopes(residual, tape, second)[:, : self.dim, : self.dim]
        return (slope + tf.transpose(slope, [0, 2, 1])) / 2.0

    def in_time(self, points: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """c and m at points, `[N]` each."""
        d = len(self.frame.axes)
        first, second = tf.zeros_like(points), tf.zeros([tf.shape(points)[0], d, d], points.dtype)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch((first, second))
            residual = self.sign * self.symbol(points, Numbers(points[:, 0] * 0.0, first, second))
        return slopes(residual, tape, first)[:, -1], slopes(residual, tape, second)[:, -1, -1]

    def lower(self, points: tf.Tensor, value: tf.Tensor, slope: tf.Tensor) -> tf.Tensor:
        """b at points for a value `[N]` and slopes over space `[N, k]`: `[N]`."""
        d = len(self.frame.axes)
        first = tf.pad(slope, [[0, 0], [0, d - self.dim]])
        second = tf.zeros([tf.shape(points)[0], d, d], points.dtype)
        return self.sign * self.symbol(points, Numbers(value, first, second))

    def terms(self, points: tf.Tensor, value: tf.Tensor, slope: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The flux `[N, k]` and the source `[N]`."""
        with tf.GradientTape(persistent=True) as tape:
            tape.watch((points, value))
            a = self.principal(points, value)
            rows = [[a[:, i, j] for j in range(self.dim)] for i in range(self.dim)]
        source = self.lower(points, value, slope)
        for i, row in enumerate(rows):
            for j, entry in enumerate(row):
                along = slopes(entry, tape, points)[:, i] + slopes(entry, tape, value) * slope[:, i]
                source = source + along * slope[:, j]
        return tf.einsum("nij,nj->ni", a, slope), source


def weak_form(problem: Problem) -> WeakForm:
    """What finite elements need to know of a problem.

    Raises:
        UnsolvedError: it is not of a form that they serve; the message says what is in the way.
    """
    if problem.components > 1:
        raise UnsolvedError(f"finite elements serve one field, not a system of {problem.components}")
    shape = problem.domain
    if len(shape.space_axes) > _MOST_AXES:
        raise UnsolvedError(f"no mesh of a domain with {len(shape.space_axes)} axes of space fits into memory")
    equation = _understood(problem)
    found = laws(problem, equation.principal)
    evolution = _evolution(shape, equation, found) if isinstance(shape, TimeProduct) else None
    volume = _volume(equation)
    if evolution is None and found.pin is None and not found.holds and not _holds(shape, volume):
        raise UnsolvedError("the conditions leave a constant free: add a Pin")
    return WeakForm(volume, found.inflows, found.values, evolution, found.pin)


def _understood(problem: Problem) -> Equation:
    """The residual with its sign, after a check that it has the form that finite elements serve."""
    frame = problem.frame
    symbol = Symbol.of(problem.residual, frame)
    points = tf.constant(_inside(problem.domain), DTYPE)
    tried = [random_numbers(_POINTS, len(frame.axes), seed) for seed in (1, 2)]
    equation = Equation(symbol, 1.0, frame)
    matrices = np.concatenate([equation.principal(points, numbers.value).numpy() for numbers in tried])
    if not np.all(np.isfinite(matrices)):
        raise UnsolvedError("the equation is not finite for every value of the field")
    spectrum = np.linalg.eigvalsh(matrices)
    if not (np.all(spectrum > 0) or np.all(spectrum < 0)):
        raise UnsolvedError("finite elements need second derivatives along all axes of space, all with one sign")
    equation = Equation(symbol, float(np.sign(spectrum.flat[0])), frame)
    if not all(_fits(equation, points, numbers) for numbers in tried):
        raise UnsolvedError("finite elements need an equation that is linear in its highest derivatives")
    return equation


def _fits(equation: Equation, points: tf.Tensor, numbers: Numbers) -> bool:
    """Whether the residual is what was taken apart, at points for numbers that were not used for it."""
    k = equation.dim
    space = numbers.second[:, :k, :k]
    parts = [
        -tf.einsum("nij,nij->n", equation.principal(points, numbers.value), space),
        equation.lower(points, numbers.value, numbers.first[:, :k]),
    ]
    if equation.frame.time_axis is not None:
        first, second = equation.in_time(points)
        parts += [first * numbers.first[:, -1], second * numbers.second[:, -1, -1]]
    whole = equation.sign * equation.symbol(points, numbers)
    gap, size = tf.abs(whole - tf.add_n(parts)), tf.add_n([tf.abs(part) for part in parts])
    return bool(np.all(gap.numpy() <= _ROUND_OFF * size.numpy()))


def _volume(equation: Equation) -> Volume:
    k, timed = equation.dim, equation.frame.time_axis is not None

    def terms(points: tf.Tensor, value: tf.Tensor, slope: tf.Tensor) -> tuple[tf.Tensor, ...]:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch((value, slope))
            flux, source = equation.terms(points, value, slope)
            rows = tf.unstack(flux, num=k, axis=1)
        by_value, by_slope = (tf.stack([slopes(row, tape, to) for row in rows], axis=1) for to in (value, slope))
        return flux, source, by_value, by_slope, slopes(source, tape, value), slopes(source, tape, slope)

    found = compiled(terms, (k + timed,), (), (k,))
    return lambda x, t, u, slope: Terms(*found(_points(x, t, timed), u, slope))


def _evolution(shape: TimeProduct, equation: Equation, found: Laws) -> Evolution:
    """What is in time; the coefficients there may depend on the place only."""
    points = _inside(shape)
    moved = np.array(points)
    moved[:, -1] = points[::-1, -1]
    first, second = (part.numpy() for part in equation.in_time(tf.constant(points, DTYPE)))
    later = [part.numpy() for part in equation.in_time(tf.constant(moved, DTYPE))]
    if not all(np.allclose(a, b, rtol=1e-9, atol=0.0) for a, b in zip((first, second), later, strict=True)):
        raise UnsolvedError("the coefficient of the derivative in time depends on the time")
    leading = second if np.any(second) else first
    if not np.all(leading > 0):
        raise UnsolvedError("the derivative in time has no coefficient with the sign that makes the problem well posed")
    if found.value is None or (np.any(second) and found.velocity is None):
        raise UnsolvedError("the initial state is not given")
    weights = compiled(equation.in_time, (len(equation.frame.axes),))
    of_first, of_second = (lambda x, i=i: weights(_points(x, shape.start, True))[i] for i in range(2))
    return Evolution(
        shape.start,
        shape.end,
        of_first if np.any(first) else None,
        of_second if np.any(second) else None,
        found.value,
        found.velocity,
    )


def _holds(shape: Shape, volume: Volume) -> bool:
    """Whether the equation itself fixes the level of the solution."""
    points = _inside(shape)
    terms = volume(points, 0.0, np.ones(len(points)), np.ones_like(points))
    return bool(np.any(terms.source_by_value))


def _inside(shape: Shape) -> np.ndarray:
    """Some points, `[n, d]`."""
    return shape.interior(np.random.default_rng(_STREAM).random((_POINTS, shape.unit_dimension)))


def _points(x: np.ndarray, t: float, timed: bool) -> np.ndarray:
    return np.column_stack([x, np.full(len(x), t)]) if timed else x
