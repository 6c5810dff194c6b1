"""Schedules against their closed forms, in both precisions and under XLA."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from pinn.solvers import Constant, Cosine, ExponentialDecay, Schedule


def cosine(t: float, peak: float, total: int, warmup: int, final: float) -> float:
    if t < warmup:
        return peak * (t + 1) / warmup
    if t >= total:
        return final
    return final + (peak - final) * np.cos(0.5 * np.pi * (t - warmup) / (total - warmup)) ** 2


CASES = {
    "constant": (Constant(0.02), lambda _: 0.02),
    "decay": (ExponentialDecay(0.01, 0.5, 100), lambda t: 0.01 * 2.0 ** (-t / 100)),
    "decay to a floor": (
        ExponentialDecay(0.01, 0.5, 100, final=1e-3),
        lambda t: max(0.01 * 2.0 ** (-t / 100), 1e-3),
    ),
    "cosine": (Cosine(0.01, 1000), lambda t: cosine(t, 0.01, 1000, 0, 0.0)),
    "cosine with warm-up": (
        Cosine(0.01, 1000, warmup_steps=100, final=1e-4),
        lambda t: cosine(t, 0.01, 1000, 100, 1e-4),
    ),
}
STEPS = (0, 1, 49, 99, 100, 101, 550, 999, 1000, 5000)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64], ids=lambda d: d.name)
@pytest.mark.parametrize(("schedule", "formula"), CASES.values(), ids=CASES.keys())
def test_schedule_equals_its_closed_form(schedule: Schedule, formula, dtype: tf.DType) -> None:
    compiled = tf.function(schedule.__call__, jit_compile=True)
    rates = [compiled(tf.constant(float(t), dtype)) for t in STEPS]
    assert {rate.dtype for rate in rates} == {dtype}
    # A few roundings on numbers up to the peak 0.02; the exponent 34 of the decay costs another 34 ulp.
    tolerance = 50 * np.finfo(dtype.as_numpy_dtype).eps
    peak = max(formula(t) for t in STEPS)
    np.testing.assert_allclose([float(r) for r in rates], [formula(t) for t in STEPS], atol=tolerance * peak, rtol=0)


BAD = [
    (lambda: Constant(0.0), "Constant: value must satisfy 0 < value"),
    (lambda: Constant(float("nan")), "Constant: value"),
    (lambda: ExponentialDecay(decay_rate=1.0), "decay_rate must satisfy 0 < decay_rate < 1"),
    (lambda: ExponentialDecay(decay_steps=0), "decay_steps must be at least 1, got 0"),
    (lambda: ExponentialDecay(initial=0.1, final=0.2), "final must satisfy"),
    (lambda: Cosine(total_steps=10, warmup_steps=10), "warmup_steps must be below total_steps = 10, got 10"),
    (lambda: Cosine(warmup_steps=-1), "warmup_steps must be at least 0, got -1"),
    (lambda: Cosine(peak=float("inf")), "peak must satisfy"),
]


@pytest.mark.parametrize(("make", "message"), BAD, ids=[m for _, m in BAD])
def test_bad_schedule_options_are_named(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
