"""Time in octaves: as much for each of them, and there and back."""

from __future__ import annotations

import numpy as np
import pytest

from pinn.geometry import octaves, parts_of_octaves


@pytest.mark.parametrize("early", [1e-3, 0.05, 3.0])
def test_octaves_go_from_the_start_to_the_end_and_back(early: float) -> None:
    parts = np.linspace(0.0, 1.0, 101)
    seen = octaves(parts, early)
    assert seen[[0, -1]] == pytest.approx([0.0, 1.0], abs=1e-15)
    assert np.all(np.diff(seen) > 0)
    np.testing.assert_allclose(parts_of_octaves(seen, early), parts, rtol=1e-12, atol=1e-15)


def test_each_octave_beyond_the_early_part_has_as_much() -> None:
    shares = np.diff(octaves(1e-4 * 2.0 ** np.arange(7, 13), 1e-4))  # from 128 times the early part on
    np.testing.assert_allclose(shares, np.log(2) / np.log(1e4), rtol=0.01)  # 1 / 128 of them is still linear
