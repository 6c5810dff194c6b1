"""A problem's own code, tried once before anything is built on it.

What a person writes can fail in any way: a division by zero, a word that is not there, NumPy on tensors. A rehearsal
runs every method of a problem once, on points that never exist, and turns each failure into one sentence that names
the method and the line.
"""

from __future__ import annotations

import math
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Real
from pathlib import Path
from typing import Any

import tensorflow as tf

from pinn.calculus import Expression, learn
from pinn.geometry import Shape
from pinn.problems.conditions import Condition, Robin, evaluated
from pinn.problems.problem import Problem

_PACKAGE = Path(__file__).parents[1]


def rehearse(problem: Problem, dtype: tf.DType) -> None:
    """Run the domain, the conditions, the residual and the exact solution of a problem once, in milliseconds.

    The functions are traced, never evaluated, as in training; sizes and finite values are checked where points exist.

    Raises:
        ValueError: a method that fails, whatever the error, or returns what no problem can mean.
        TypeError: a domain that is no shape, conditions that are no conditions.
    """
    owner = type(problem).__name__
    with _blaming(f"{owner}.domain", type(problem).domain):
        shape = problem.domain
    if not isinstance(shape, Shape):
        raise TypeError(f"{owner}.domain: expected a shape such as pinn.Box((0, 0), (1, 1)); got {shape!r}")
    components: Any = problem.components
    if isinstance(components, bool) or not isinstance(components, int) or components < 1:
        raise ValueError(f"{owner}.components: expected a whole number of at least 1; got {components!r}")
    for condition in _conditions(problem, owner):
        _rehearse_condition(problem, condition, dtype)
    _trace(problem, f"{owner}.residual", problem.residual, dtype, _require_residual)
    exact = problem.exact
    if exact is not None:
        _trace(problem, f"{owner}.exact", exact, dtype, _require_exact, expression=lambda p, _: exact(p))


def _conditions(problem: Problem, owner: str) -> list[Condition]:
    with _blaming(f"{owner}.conditions", problem.conditions):
        found: Any = problem.conditions()
    if not isinstance(found, list | tuple) or not all(isinstance(condition, Condition) for condition in found):
        raise TypeError(
            f"{owner}.conditions: expected a list of conditions such as [pinn.Dirichlet(0.0)]; got {found!r}"
        )
    return list(found)


def _rehearse_condition(problem: Problem, condition: Condition, dtype: tf.DType) -> None:
    if condition.component is not None and problem.components == 1:
        raise ValueError(
            f"{condition.name}: expected no component, since the field has only one; got {condition.component}"
        )
    _rehearse_value(problem, condition.name, condition.value, dtype)
    if isinstance(condition, Robin):
        _rehearse_value(problem, f"{condition.name}.coefficient", condition.coefficient, dtype)


def _rehearse_value(problem: Problem, what: str, value: Any, dtype: tf.DType) -> None:
    if callable(value):
        _trace(problem, what, value, dtype, _require_data, expression=lambda p, _: evaluated(value, p))
    elif isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"{what}: expected a finite number or a function of the points; got {value!r}")


def _trace(
    problem: Problem,
    what: str,
    function: Callable[..., Any],
    dtype: tf.DType,
    require: Callable[[str, Any, tf.DType], None],
    *,
    expression: Expression | None = None,
) -> None:
    """Trace `expression(p, u)`, the function itself when left out, and look at its answer."""

    def checked(p: Any, u: Any) -> None:
        with _blaming(what, function):
            answer = (expression or function)(p, u)
        require(what, answer, dtype)

    learn(checked, problem.frame, dtype)


def _require_residual(what: str, answer: Any, _: tf.DType) -> None:
    rows = list(answer.values()) if isinstance(answer, Mapping) else [answer]
    if not rows or any(row is None for row in rows):
        raise ValueError(f"{what}: expected what should be zero, [N], or a mapping of names to it; got {answer!r}")


def _require_exact(what: str, answer: Any, dtype: tf.DType) -> None:
    if answer is None:
        raise ValueError(f"{what}: expected the solution at the points; got None. Is a return missing?")
    got = tf.convert_to_tensor(answer, dtype_hint=dtype).dtype
    if got != dtype:
        raise ValueError(f"{what}: expected values in {dtype.name}, as the points are; got {got.name}")


def _require_data(what: str, answer: tf.Tensor, _: tf.DType) -> None:
    if answer.shape.rank is not None and answer.shape.rank > 1:
        raise ValueError(f"{what}: expected values of shape [N], one number a point; got {answer.shape.as_list()}")


@contextmanager
def _blaming(what: str, function: Any) -> Iterator[None]:
    """Any failure inside becomes a `ValueError` that says where in the person's file it happened."""
    try:
        yield
    except (Exception, SystemExit) as error:  # a person's own code can fail in any way
        raise ValueError(f"{what}: {_told(error)}{_place(error, function)}") from error


def _told(error: BaseException) -> str:
    """The package's own complaints speak for themselves; of any other error its kind is said too."""
    if _is_numpy_on_tensors(error):
        return "expected TensorFlow's functions on the points, such as tf.sin; got a NumPy function"
    first = str(error).partition("\n")[0].rstrip(".")
    first = re.sub(r"'_\w*(?:Probe|Jet)' object", "the jet", first)
    frames = traceback.extract_tb(error.__traceback__)
    if first and Path(frames[-1].filename).is_relative_to(_PACKAGE):
        return first
    return f"expected code that runs; got {type(error).__name__}{f': {first}' if first else ''}"


def _place(error: BaseException, function: Any) -> str:
    """The line of the person's file that failed; nothing where the error has none."""
    code = getattr(getattr(function, "fget", function), "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if code is not None and frame.filename == code.co_filename]
    return f" ({Path(code.co_filename).name}, line {lines[-1]})" if code is not None and lines else ""


def _is_numpy_on_tensors(error: BaseException) -> bool:
    return isinstance(error, NotImplementedError) and "numpy" in str(error).lower()
