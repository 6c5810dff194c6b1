"""The moment when the input of a run has proved good and its training begins: from then on the folder is its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, final

from pinn.app.asked import SUMMARY
from pinn.app.messages import USER_ERRORS, explain

if TYPE_CHECKING:
    from pinn.training import Event, Observer


class LateError(RuntimeError):
    """What would be bad input, had it not been raised after the first steps of a training."""


@final
class Beginning:
    """What is done when a training begins, and what an error means before and after its first steps.

    Args:
        folder: of the run. The summary of an earlier run in it is removed: this one has not ended.
        also: done at the same moment, before that: where it fails, nothing has begun, and the summary stays.
    """

    def __init__(self, folder: Path, also: Callable[[], None] | None = None) -> None:
        self._folder, self._also = folder, also
        self._has_begun, self._has_stepped = False, False

    def __call__(self) -> None:
        """The training begins. To say it again is no harm."""
        if self._has_begun:
            return
        if self._also is not None:
            self._also()
        self._has_begun = True
        with suppress(OSError):  # nothing is written there then, and that is said at the end
            (self._folder / SUMMARY).unlink(missing_ok=True)

    def stepped(self) -> None:
        """The training has taken steps."""
        self._has_stepped = True
        self()

    def observing(self, observer: Observer) -> Observer:
        """An observer by whom this, too, hears of the first steps."""

        def observe(event: Event) -> None:
            self.stepped()
            observer(event)

        return observe

    @contextmanager
    def errors_told_apart(self) -> Iterator[None]:
        """Errors of the block pass for bad input only before the first steps.

        Raises:
            LateError: one that came later.
        """
        try:
            yield
        except USER_ERRORS as error:
            if not self._has_stepped:
                raise
            raise LateError(f"{type(error).__name__}: {explain(error)}") from error
