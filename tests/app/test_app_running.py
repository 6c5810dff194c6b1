"""What a run computes on, in words, and what joining a cluster must leave as it was."""

from __future__ import annotations

import signal
from types import SimpleNamespace
from typing import cast

import pytest
import tensorflow as tf

from pinn.app.running import LostProcessError, Running, agreed, on, request_to_end_kept
from pinn.training import Replicas


def several(devices: tuple[str, ...], number: int) -> Running:
    """Devices of a strategy that nobody runs."""
    strategy = SimpleNamespace(num_replicas_in_sync=number, extended=SimpleNamespace(worker_devices=devices))
    return Running(devices, Replicas(cast(tf.distribute.Strategy, strategy), "/job:worker" + devices[0]))


ONE, TWO, FAR = Running(("/GPU:1",)), several(("/GPU:0", "/GPU:1"), 2), several(("/GPU:0", "/GPU:1"), 6)


@pytest.mark.parametrize(
    ("running", "number", "words"),
    [
        (ONE, 1, "/GPU:1"),
        (TWO, 2, "/GPU:0, /GPU:1 by MirroredStrategy"),
        (TWO, 1, "/GPU:0, alone of /GPU:0, /GPU:1"),
        (FAR, 6, "/GPU:0, /GPU:1 of each of 3 processes by MultiWorkerMirroredStrategy"),
        (FAR, 1, "/GPU:0, alone of /GPU:0, /GPU:1 of each of 3 processes"),
    ],
)
def test_devices_are_said_with_their_strategy(running: Running, number: int, words: str) -> None:
    assert running.described(number) == words


def test_who_is_alone_is_warned_of_where_there_are_others() -> None:
    ONE.say_alone("field=patches")
    with pytest.warns(UserWarning, match=r"^device: field=patches has no share for .* on /GPU:0 alone"):
        TWO.say_alone("field=patches")


def test_one_device_agrees_with_itself() -> None:
    assert ONE.together((1.5, -2.0)) == TWO.together((1.5, -2.0)) == (1.5, -2.0)
    assert (ONE.number, ONE.place, FAR.number, FAR.place) == (1, "/GPU:1", 6, "/job:worker/GPU:0")
    assert agreed("cpu", 3) == 3


def test_a_request_to_end_still_comes_after_joining_a_cluster() -> None:
    """TensorFlow's own handler stands for any other here."""
    before = signal.getsignal(signal.SIGTERM)
    came: list[int] = []
    try:
        signal.signal(signal.SIGTERM, lambda number, _frame: came.append(number))
        with request_to_end_kept():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert came == [signal.SIGTERM]


@pytest.mark.parametrize(
    ("running", "kind"),
    [(several(("/CPU:0",), 2), LostProcessError), (Running(("/CPU:0",)), tf.errors.UnavailableError)],
    ids=["one of two processes", "alone"],
)
def test_a_process_that_has_gone_is_said_and_other_errors_stay(
    running: Running, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pinn.app.running.prepare", lambda _name: None)
    monkeypatch.setattr("pinn.app.running._running", lambda _name: running)
    monkeypatch.setattr(Running, "place", "/CPU:0")
    with pytest.raises(kind), on("multiworker"):
        raise tf.errors.UnavailableError(None, None, "connection reset")
