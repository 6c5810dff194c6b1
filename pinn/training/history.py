"""The history of a run: what was measured at which step, as columns of equal length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, final

import numpy as np

_NUMBERS = ("step", "seconds", "evaluations", "loss", "error")
_TERM = "loss/"
_TABLE = ("first_step", "start", "end", "evaluations", "error")


class _Block(NamedTuple):
    """Steps from one look at the field to the next."""

    losses: np.ndarray  # [k]
    ends: np.ndarray  # as `_TABLE` says, then the losses by term


@final
class History:
    """Grows by blocks of steps; reads as columns `step, seconds, evaluations, loss, error, loss/<term>..., stage`.

    The loss is known at every step. How often the objective was evaluated since the start, the true error and the
    losses by term are known at the end of a block only and are NaN elsewhere.

    It is kept, in memory and in `arrays`, as it was measured: 8 bytes a step, and a row of numbers a block.
    """

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self._terms: tuple[str, ...] = ()
        self._stages: list[tuple[str, int]] = []  # and the number of steps of each, as long as it did not change
        self._evaluations = 0

    @property
    def evaluations(self) -> int:
        """Of the objective so far."""
        return self._evaluations

    def copy(self) -> History:
        """A history that does not grow with this one. What both have in common is shared."""
        twin = History()
        twin._blocks, twin._stages = list(self._blocks), list(self._stages)
        twin._terms, twin._evaluations = self._terms, self._evaluations
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
            terms: the mean square of each residual at the end of the block; of the same ones for all blocks.
        """
        self._evaluations += evaluations
        if not len(losses):
            return
        if not self._blocks:
            self._terms = tuple(terms)
        ends = [first_step, *seconds, self._evaluations, error, *(terms[name] for name in self._terms)]
        self._blocks.append(_Block(np.asarray(losses, np.float64), np.array(ends, np.float64)))
        for stage, steps in groupby(stages):
            count = len(list(steps))
            if self._stages and self._stages[-1][0] == stage:
                count += self._stages.pop()[1]
            self._stages.append((stage, count))

    def columns(self) -> dict[str, np.ndarray]:
        """All columns, each as long as the number of steps."""
        if not self._blocks:
            return {name: np.zeros(0) for name in _NUMBERS} | {"stage": np.zeros(0, "<U1")}
        names = (*_NUMBERS, *(f"{_TERM}{name}" for name in self._terms))
        parts = zip(*map(_columns_of, self._blocks), strict=True)
        return {name: np.concatenate(part) for name, part in zip(names, parts, strict=True)} | {
            "stage": np.repeat(*map(np.array, zip(*self._stages, strict=True)))
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """What `of` needs beside `numbers`: `loss` `[n]`, and `blocks` with a row for each block of steps."""
        losses = [block.losses for block in self._blocks]
        return {
            "loss": np.concatenate([np.zeros(0), *losses]),
            "blocks": np.reshape([block.ends for block in self._blocks], (-1, len(_TABLE) + len(self._terms))),
        }

    def numbers(self) -> dict[str, Any]:
        """The rest of it, as plain JSON."""
        return {
            "evaluations": self._evaluations,
            "terms": list(self._terms),
            "stages": [list(stage) for stage in self._stages],
        }

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], numbers: Mapping[str, Any]) -> History:
        """The history that `arrays` and `numbers` tell of."""
        found = cls()
        table = arrays["blocks"]
        begins = (table[1:, 0] - table[:1, 0]).astype(int)
        found._blocks = [_Block(*pair) for pair in zip(np.split(arrays["loss"], begins), table, strict=False)]
        found._terms = tuple(numbers["terms"])
        found._stages = [(str(stage), int(count)) for stage, count in numbers["stages"]]
        found._evaluations = int(numbers["evaluations"])
        return found


def _columns_of(block: _Block) -> list[np.ndarray]:
    """Its numbers and then its losses by term, each `[k]`."""
    count = len(block.losses)
    first_step, start, end, *at_end = block.ends
    evaluations, error, *terms = (_only_last(value, count) for value in at_end)
    steps = np.arange(first_step, first_step + count).astype(np.int64)
    return [steps, np.linspace(start, end, count + 1)[1:], evaluations, block.losses, error, *terms]


def _only_last(value: float, count: int) -> np.ndarray:
    column = np.full(count, np.nan)
    column[-1] = value
    return column
