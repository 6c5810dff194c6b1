"""What steers the steps of a solver, as numbers to look at."""

from __future__ import annotations

from pinn.solvers.adam import Adam
from pinn.solvers.chain import Chain
from pinn.solvers.schedules import Schedule
from pinn.solvers.solver import Solver, State


def controls(solver: Solver, state: State) -> dict[str, float]:
    """The `learning_rate` of the next step of Adam, the `damping` of a damped method, nothing where a solver steers
    itself; of a chain those of the stage at work.
    """
    if isinstance(solver, Chain):
        return controls(solver.active(state), solver.active_state(state))
    found = {"damping": float(state["damping"])} if "damping" in state else {}
    if isinstance(solver, Adam):
        found["learning_rate"] = _rate(solver, solver.steps_done(state))
    return found


def _rate(solver: Adam, step: int) -> float:
    if not isinstance(solver.learning_rate, Schedule):
        return float(solver.learning_rate)
    import tensorflow as tf

    return float(solver.learning_rate(tf.constant(step, tf.float64)))
