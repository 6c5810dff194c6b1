"""What processes agree on: the end for all where it is for one, as many steps, and the same weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from pinn.training.agreement import Following, Together, agree

HERE = np.array([1.0, 2.0])


def beside(*, weights: np.ndarray = HERE, steps: int = 5, ended: bool = False, interrupted: bool = False) -> Together:
    """The other process, which says this about itself."""
    told: list[tuple[float, ...]] = []
    agree(lambda own: told.append(tuple(own)) or tuple(own), weights, steps=steps, ended=ended, interrupted=interrupted)

    def together(own: Sequence[float]) -> tuple[float, ...]:
        return tuple(map(max, own, told[0]))

    return together


@pytest.mark.parametrize(
    ("other", "following"),
    [
        (tuple, Following(3, interrupted=False)),
        (beside(), Following(5, interrupted=False)),
        (beside(steps=1), Following(3, interrupted=False)),
        (beside(ended=True), Following(0, interrupted=False)),
        (beside(interrupted=True), Following(0, interrupted=True)),
    ],
    ids=["alone", "faster", "slower", "ended", "interrupted"],
)
def test_what_comes_next_is_the_same_for_all(other: Together, following: Following) -> None:
    assert agree(other, HERE, steps=3, ended=False, interrupted=False) == following
    assert agree(other, HERE, steps=3, ended=True, interrupted=False).steps == 0


def test_weights_that_differ_in_one_bit_are_an_error() -> None:
    apart = beside(weights=np.nextafter(HERE, 9.0))
    with pytest.raises(RuntimeError, match="the processes of a run have come to different weights"):
        agree(apart, HERE, steps=3, ended=False, interrupted=False)
