"""A solution as one Keras file, its exact conditions inside, that plain Keras opens without `pinn`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from pinn.app.formats import NotExportedError, Wishes
from pinn.app.stock import UnknownOperationError, stock
from pinn.files import replacement
from pinn.training import enforce

if TYPE_CHECKING:
    from pinn.app.solution import Solution
    from pinn.problems import Problem

NAME = "solution.keras"

_POINTS, _ROUND_OFF = 1000, 1e-9  # of the largest value; float32 has its own


def refuse(problem: Problem, wishes: Wishes) -> None:
    """Any problem may be served: which operations the conditions need is known once there is a field."""


def export(solution: Solution, folder: Path, wishes: Wishes) -> Path:  # noqa: ARG001 - one signature for all formats
    """Write `solution.keras`, a model `[N, d] -> [N, m]`: the network, and around it the ansatz as operations of Keras.

    Raises:
        NotExportedError: the ansatz differentiates the network, or has an operation that Keras has not.
        OSError: the folder cannot be written.
    """
    model = whole(solution)
    path = folder / NAME
    with replacement(path, ending=".keras") as temporary:
        model.save(temporary)
        _require_equal(solution, keras.saving.load_model(temporary, compile=False))
    return path


def whole(solution: Solution) -> keras.Model:
    """The network inside its ansatz, as one model of stock operations."""
    ansatz = enforce(solution.problem, str(solution.config["conditions"])).ansatz
    if ansatz.is_trivial:
        return solution.model
    if any(ansatz.fluxes):
        raise _instead("its exact fluxes differentiate the network")
    dtype, axes = solution.evaluator.dtype, solution.problem.domain.dim
    traced = tf.function(lambda x, n: ansatz(lambda _: n)(x), autograph=False).get_concrete_function(
        tf.TensorSpec([None, axes], dtype), tf.TensorSpec([None, solution.problem.components], dtype)
    )
    inputs = keras.Input(shape=(axes,), dtype=dtype.name, name="points")
    given = [inputs, solution.model(inputs)]
    try:
        output: Any = stock(traced, given)
    except UnknownOperationError as error:
        raise _instead(f"its exact conditions use TensorFlow's {error}, which is no operation of Keras") from error
    except Exception as error:  # an operation of Keras that serves fewer shapes or dtypes than TensorFlow's
        reason = str(error).partition("\n")[0].rstrip(".")
        raise _instead(f"Keras refuses an operation of its exact conditions ({reason})") from error
    return keras.Model(inputs, output, name="solution")


def _require_equal(solution: Solution, model: keras.Model) -> None:
    """The file is read back before it is kept."""
    points = solution.validation[:_POINTS]
    expected = solution(points).reshape(len(points), -1)
    got = model(tf.constant(points, solution.evaluator.dtype)).numpy()
    allowed = max(_ROUND_OFF, 1e3 * float(np.finfo(expected.dtype).eps)) * float(np.max(np.abs(expected)))
    if not np.max(np.abs(got - expected)) <= allowed:
        raise _instead("what was written does not say the same")


def _instead(reason: str) -> NotExportedError:
    return NotExportedError(f"no file of Keras holds this field, since {reason}; export=[saved_model] does")
