"""The moment when a training begins: what is done then, once, and what an error means on either side of it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from pinn.app.asked import SUMMARY
from pinn.app.beginning import Beginning, LateError


def test_it_is_done_once(tmp_path: Path) -> None:
    done: list[str] = []
    (tmp_path / SUMMARY).touch()
    beginning = Beginning(tmp_path, lambda: done.append("also"))
    assert (tmp_path / SUMMARY).exists()
    beginning()
    assert not (tmp_path / SUMMARY).exists()
    (tmp_path / SUMMARY).touch()  # of the run itself
    beginning.stepped()
    assert (tmp_path / SUMMARY).exists()
    assert done == ["also"]


def test_where_it_fails_the_summary_of_before_stays(tmp_path: Path) -> None:
    """A full disk refuses the settings that a run is resumed with: it has not begun, and is what it was."""

    def refused() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / SUMMARY).write_text("{}", encoding="utf-8")
    beginning = Beginning(tmp_path, refused)
    with pytest.raises(OSError, match="No space left"), beginning.errors_told_apart():
        beginning()
    assert (tmp_path / SUMMARY).read_text(encoding="utf-8") == "{}"


def test_errors_are_bad_input_before_the_first_steps_and_failures_after(tmp_path: Path) -> None:
    beginning = Beginning(tmp_path)
    beginning()
    with pytest.raises(ValueError, match=r"^early$"), beginning.errors_told_apart():
        raise ValueError("early")
    beginning.stepped()
    with pytest.raises(LateError, match=r"^ValueError: late$") as caught, beginning.errors_told_apart():
        raise ValueError("late")
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(KeyboardInterrupt), beginning.errors_told_apart():
        raise KeyboardInterrupt
