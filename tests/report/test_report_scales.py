"""Scales hold every value, ticks say exactly what they stand for, and labels are set as symbols."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinn.report.placement import place_labels
from pinn.report.scales import SPIKE, Scale, decades, diverging, exponent_of, sequential
from pinn.report.style import caption, is_time, literal, new_figure, symbol

NUMBERS = st.floats(min_value=-1e200, max_value=1e200, allow_nan=False)
ARRAYS = st.lists(NUMBERS | st.just(math.nan) | st.just(math.inf), min_size=1, max_size=30).map(np.array)


def spoken(scale: Scale) -> np.ndarray:
    """The ticks as a reader finds them: the texts times the factor."""
    texts = [float(text.replace("\N{MINUS SIGN}", "-")) for text in scale.texts]
    return np.array(texts) * 10.0**scale.exponent


@given(ARRAYS)
def test_a_sequential_scale_holds_all_values_and_speaks_true(values: np.ndarray) -> None:
    scale = sequential(values)
    known = values[np.isfinite(values)]
    if scale is None:
        assert known.size == 0
        return
    # A constant field of magnitude below 1e-300 counts as zero.
    assert scale.low <= known.min() + 1e-300
    assert scale.high >= known.max() - 1e-300
    assert scale.low < scale.high
    assert len(scale.ticks) == len(scale.texts) == len(set(scale.texts)) >= 1
    span = scale.high - scale.low
    # Texts are rounded to a thousandth of a step, which is less than the span.
    assert np.all(np.abs(spoken(scale) - scale.ticks) <= 2e-3 * span)


@given(ARRAYS)
def test_a_diverging_scale_is_symmetric_and_has_zero_among_its_ticks(values: np.ndarray) -> None:
    scale = diverging(values)
    known = np.abs(values[np.isfinite(values)])
    if scale is None:
        assert known.size == 0
        return
    assert scale.low == -scale.high < 0.0
    assert 0.0 in scale.ticks
    if scale.extend == "neither":
        assert scale.high >= known.max() - 1e-300
    else:
        assert known.max() > SPIKE * scale.high


@given(ARRAYS.map(np.abs))
def test_decades_are_powers_of_ten_around_the_positive_values(values: np.ndarray) -> None:
    known = values[np.isfinite(values) & (values > 1e-300)]
    limits = decades(values, depth=12.0)
    if limits is None:
        assert known.size == 0
        return
    low, high = (math.log10(limit) for limit in limits)
    assert abs(low - round(low)) < 1e-9  # ten to a whole power, up to the round-off of log10
    assert abs(high - round(high)) < 1e-9
    assert 1.0 - 1e-9 <= high - low <= 12.0 + 1e-9
    assert limits[1] >= known.max() * (1.0 - 1e-8)


@pytest.mark.parametrize(
    ("magnitude", "exponent"),
    [(0.0, 0), (0.1, 0), (0.0999, -2), (1.0, 0), (9999.0, 0), (1e4, 4), (3.2e-6, -6), (1e-310, 0), (7e200, 200)],
)
def test_factors_leave_everyday_numbers_alone(magnitude: float, exponent: int) -> None:
    assert exponent_of(magnitude) == exponent


@pytest.mark.parametrize(
    ("values", "texts", "exponent"),
    [
        ([0.0, 1.0], ("0.0", "0.2", "0.4", "0.6", "0.8", "1.0"), 0),
        ([0.0, 4000.0], ("0", "1000", "2000", "3000", "4000"), 0),
        ([-2e-6, 2e-6], ("\N{MINUS SIGN}2", "\N{MINUS SIGN}1", "0", "1", "2"), -6),
        ([3.0, 3.0], ("3",), 0),
        ([-2.5e-7], ("\N{MINUS SIGN}2.5",), -7),
        ([0.0], ("0",), 0),
    ],
    ids=str,
)
def test_tick_texts_are_short(values: list[float], texts: tuple[str, ...], exponent: int) -> None:
    scale = sequential(np.array(values))
    assert scale is not None
    assert (scale.texts, scale.exponent) == (texts, exponent)


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("x", "$x$"),
        ("x [m]", "$x$ [m]"),
        ("T (K)", "$T$ (K)"),
        ("x0", "x0"),
        ("u_x", "u_x"),
        ("a b", "a b"),
        ("", ""),
    ],
)
def test_lone_letters_are_set_in_italics(label: str, text: str) -> None:
    assert symbol(label) == text


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("z = -0.25", "$z$ = \N{MINUS SIGN}0.25"),
        ("y = 1, t = 0.5 s", "$y$ = 1, $t$ = 0.5 s"),
        ("x0 = 2e-3", "x0 = 2e-3"),
        ("front view", "front view"),
    ],
)
def test_captions(title: str, text: str) -> None:
    assert caption(title) == text


def test_time_and_dollar_signs() -> None:
    assert [label for label in ("t", "t [s]", "time", "x", "tau", "T", "") if is_time(label)] == [
        "t",
        "t [s]",
        "time",
    ]
    assert literal("a$b") == r"a\$b"


def test_labels_are_placed_until_there_is_no_room() -> None:
    figure = new_figure(4.0, 3.0)
    axes = figure.subplots()
    points = np.full((36, 2), 0.5)
    written = place_labels(axes, points, ["a long enough name"] * 36)
    assert written[0]
    assert not written[-1]
    assert sum(written) == len(axes.texts)
