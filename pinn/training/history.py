"""The history of a run: what was measured at which step, as columns of equal length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import numpy as np


@final
class History:
    """Grows by blocks of steps; reads as columns `step, seconds, evaluations, loss, error, loss/<term>..., stage`.

    The loss is known at every step. How often the objective was evaluated since the start, the true error and the
    losses by term are known at the end of a block only and are NaN elsewhere.

    Args:
        columns: of a history to go on from; none is an empty one.
        evaluations: of the objective until then.
    """

    def __init__(self, columns: Mapping[str, np.ndarray] | None = None, evaluations: int = 0) -> None:
        self._blocks: list[Mapping[str, np.ndarray]] = [columns] if columns and len(columns["step"]) else []
        self._evaluations = evaluations

    @property
    def evaluations(self) -> int:
        """Of the objective so far."""
        return self._evaluations

    def copy(self) -> History:
        """A history that does not grow with this one. What both have in common is shared."""
        twin = History(evaluations=self._evaluations)
        twin._blocks = list(self._blocks)
        return twin

    def extend(
        self,
        losses: np.ndarray,
        *,
        first_step: int,
        seconds: tuple[float, float],
        evaluations: int,
        stages: Sequence[str],
        error: float,
        terms: Mapping[str, float],
    ) -> None:
        """Append one block of steps.

        Args:
            losses: `[k]`, one a step.
            first_step: the number of the first of them, counted from 1.
            seconds: when the block began and ended; times inside are spread evenly.
            evaluations: of the objective in this block.
            stages: the solver at work at each step.
            error: the true relative L2 error at the end of the block, NaN when no exact solution is known.
            terms: the mean square of each residual at the end of the block.
        """
        self._evaluations += evaluations
        count = len(losses)
        if not count:
            return
        start, end = seconds
        at_end = {"error": error, **{f"loss/{name}": value for name, value in terms.items()}}
        self._blocks.append(
            {
                "step": np.arange(first_step, first_step + count),
                "seconds": np.linspace(start, end, count + 1)[1:],
                "evaluations": _only_last(self._evaluations, count),
                "loss": np.asarray(losses, np.float64),
                **{name: _only_last(value, count) for name, value in at_end.items()},
                "stage": np.array(stages),
            }
        )

    def columns(self) -> dict[str, np.ndarray]:
        """All columns, each as long as the number of steps."""
        if not self._blocks:
            numbers = ("step", "seconds", "evaluations", "loss", "error")
            return {name: np.zeros(0) for name in numbers} | {"stage": np.zeros(0, "<U1")}
        return {name: np.concatenate([block[name] for block in self._blocks]) for name in self._blocks[0]}


def _only_last(value: float, count: int) -> np.ndarray:
    column = np.full(count, np.nan)
    column[-1] = value
    return column
