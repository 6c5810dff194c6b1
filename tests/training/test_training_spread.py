"""Shares of points, and an objective on four devices that is the one on one device."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from pinn.training.shares import Cut, RowOrder

METHODS = (
    *("residuals", "loss", "loss_and_gradient", "jacobian", "jacobian_product", "transposed_product"),
    *("term_losses", "term_gradients", "term_traces", "resample", "weigh", "restore"),
)
FIRST_ORDER = ("adam", "bfgs", "ss_broyden", "lbfgs")
SECOND_ORDER = ("gauss_newton_cg", "levenberg_marquardt", "engd", "gauss_newton", "least_squares")


@pytest.mark.parametrize(("points", "shares"), [(10, 4), (8, 4), (1, 4), (5, 4), (3, 1), (7, 2)])
def test_shares_hold_every_point_once(points: int, shares: int) -> None:
    cut, array = Cut(points, shares), np.arange(points) + 100.0
    parts, counts = (np.stack([of(k) for k in range(shares)]) for of in (lambda k: cut.of(array, k), cut.counts))
    assert parts.shape == counts.shape == (shares, cut.size)
    np.testing.assert_array_equal(parts[counts == 1.0], array)
    assert set(np.unique(counts)) <= {0.0, 1.0}
    assert set(parts[counts == 0.0]) <= {array[-1]}


def test_rows_of_shares_come_back_in_the_order_of_the_whole() -> None:
    cuts = [Cut(10, 4), Cut(1, 4), Cut(10, 4), Cut(6, 4)]
    found = RowOrder.of(cuts)
    rows = np.arange(27.0)
    by_share = rows[found.own]  # what the shares hold, those that fill up too
    assert by_share.shape == (4, 3 + 1 + 3 + 2)
    np.testing.assert_array_equal(by_share.ravel()[found.order], rows)
    np.testing.assert_array_equal(by_share[0], [0, 1, 2, 10, 11, 12, 13, 21, 22])
    np.testing.assert_array_equal(by_share[3], [9, 9, 9, 10, 20, 20, 20, 26, 26])


@pytest.fixture(scope="module")
def gaps() -> Mapping[str, float]:
    """Of all that `spread_on_four` compares, in one process."""
    script = Path(__file__).with_name("spread_on_four.py")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, float] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", [*METHODS, *FIRST_ORDER, *SECOND_ORDER])
def test_four_devices_are_one(name: str, gaps: Mapping[str, float]) -> None:
    """Only the order of sums differs: some rounding errors of 1e-16, which the steps of a solver enlarge."""
    assert gaps[name] < 1e-12


def test_all_gaps_are_asked_for(gaps: Mapping[str, float]) -> None:
    assert set(gaps) == {*METHODS, *FIRST_ORDER, *SECOND_ORDER}
