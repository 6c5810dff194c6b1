"""A solution as a SavedModel, exact conditions and derivatives inside, that TensorFlow runs without `pinn`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import tensorflow as tf

from pinn.app.formats import Wishes
from pinn.app.quiet import absl_silent
from pinn.files import replacing_folder

if TYPE_CHECKING:
    from pinn.app.solution import Solution
    from pinn.calculus import Jet, PointSet
    from pinn.problems import Problem

FOLDER = "saved_model"


def refuse(problem: Problem, wishes: Wishes) -> None:
    """Any problem is served: what trains is a graph of TensorFlow."""


def export(solution: Solution, folder: Path, wishes: Wishes) -> Path:  # noqa: ARG001 - one signature for all formats
    """Write `saved_model/` with two functions of points `[N, d]` of the precision of the run:

    - `serve`, also the signature `serving_default`: the field, `[N]` or `[N, m]`;
    - `derivatives`, also a signature: `gradient` along all axes, time included, `[N, d]` or `[N, m, d]`, and
      `laplacian` in space, `[N]` or `[N, m]`.

    Raises:
        OSError: the folder cannot be written.
    """
    evaluator, axes = solution.evaluator, solution.problem.domain.axes
    spec = tf.TensorSpec([None, len(axes)], evaluator.dtype, name="points")

    def derivatives(_: PointSet, u: Jet) -> dict[str, tf.Tensor]:
        return {"gradient": u.gradient(*axes), "laplacian": u.laplacian()}

    module = tf.Module(name="solution")
    module.serve = tf.function(evaluator.scalar_or_vector, autograph=False, input_signature=[spec])
    module.derivatives = tf.function(evaluator.graph(derivatives), autograph=False, input_signature=[spec])
    served = tf.function(lambda points: {"values": module.serve(points)}, autograph=False, input_signature=[spec])
    functions = [module.serve.get_concrete_function(), module.derivatives.get_concrete_function()]
    module.weights = [variable for function in functions for variable in function.variables]
    signatures = {"serving_default": served, "derivatives": module.derivatives}
    with replacing_folder(folder / FOLDER) as temporary, absl_silent():
        try:
            tf.saved_model.save(module, str(temporary), signatures=signatures)
        except tf.errors.OpError as error:  # what TensorFlow makes of a full disk
            raise OSError(f"{folder / FOLDER}: {error.message}") from error
    return folder / FOLDER
