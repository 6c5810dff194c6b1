"""What fields that go through time have in common: what they expect of a run."""

from __future__ import annotations

from collections.abc import Iterable

from pinn.app.bench import Bench
from pinn.solvers import Solver
from pinn.training import Fixed


def reason_of(
    bench: Bench, solver: Solver | None, *, served_by: type[Solver], others: Iterable[tuple[bool, str]]
) -> str | None:
    """Why a field that goes through time cannot serve, in words that say what was expected; `None` if it can.

    Args:
        bench: the problem, and everything chosen.
        solver: that was chosen for it.
        served_by: the solver that it has.
        others: what else would be a reason, and in which words.
    """
    chosen = bench.chosen
    reasons = (
        (chosen.dtype != "float64", f"expected dtype=float64; got {chosen.dtype}"),
        (
            solver is not None and not isinstance(solver, served_by),
            f"expected solver=auto or solver={served_by.name}",
        ),
        (not isinstance(chosen.balance, Fixed), f"expected balance=fixed; got {chosen.balance.name}"),
        *others,
    )
    return next((reason for holds, reason in reasons if holds), None)
