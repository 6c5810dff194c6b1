"""What else a run is recorded in, beside its own files: `record=tensorboard`, `record=mlflow`, or both.

Recorders are served by threads of their own. A training only hands them numbers, a few times a second, and waits for
none: one that fails, or whose server hangs, costs a warning and its record, never the training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, final

from pinn.app.background import Background

if TYPE_CHECKING:
    from pinn.training import Event, Observer

RECORDERS: Mapping[str, Sequence[str]] = {
    "mlflow": ("mlflow", "sqlalchemy", "alembic"),
    "tensorboard": ("tensorboard",),
}
"""Those on offer, each with the libraries that it needs, which an extra of the same name installs."""

FINISHED, FAILED, KILLED = "finished", "failed", "killed"
_PATIENCE = 20.0  # seconds that the end of a run waits for its records


@final
@dataclass(frozen=True)
class Row:
    """What is measured at a step: the numbers by their names in `history.csv`, and what steers the solver."""

    step: int
    seconds: float
    values: Mapping[str, float]


class Recorder(Protocol):
    """Something that runs are recorded in. All methods but the first are called by a thread of its own, in this order;
    what they raise ends the record.
    """

    def check(self) -> None:
        """Look whether it can be written, for a few seconds at most, and write nothing.

        Raises:
            ValueError: it cannot; the message is for a person.
        """

    def begin(self) -> None:
        """A training has taken its first steps."""

    def measure(self, row: Row) -> None:
        """Some steps later."""

    def finish(self, summary: Mapping[str, Any], config: Mapping[str, Any]) -> None:
        """The run has ended and its files are written."""

    def close(self, status: str) -> None:
        """Nothing comes any more; `status` is `finished`, `failed` or `killed`."""


def chosen(config: Mapping[str, Any]) -> list[str]:
    """The names under the key `record`, which may be one name, several or nothing."""
    names = config.get("record") or []
    return [names] if isinstance(names, str) else list(names)


def recorders(config: Mapping[str, Any], folder: Path) -> dict[str, Recorder]:
    """Those that a config asks for.

    Raises:
        ValueError: a library is not installed.
    """
    found: dict[str, Recorder] = {}
    for name in chosen(config):
        missing = [library for library in RECORDERS[name] if find_spec(library) is None]
        if missing:
            raise ValueError(
                f"record={name}: expected the library {missing[0]}; it is not installed.\n"
                f"Say pip install 'pinn[{name}]'."
            )
        found[name] = import_module(f"pinn.app.record_{name}").recorder(config, folder)
    return found


def require_recorders(config: Mapping[str, Any], folder: Path) -> None:
    """Find out at once whether a run can be recorded as it asks for.

    Raises:
        ValueError: it cannot.
    """
    for recorder in recorders(config, folder).values():
        recorder.check()


def final_values(summary: Mapping[str, Any]) -> dict[str, float]:
    """The numbers that a run came to, by names such as `final/relative_l2`."""
    parts = {
        **(summary.get("errors") or {}),
        "residual_rms": (summary.get("residual") or {}).get("rms"),
        **{f"seconds_{name}": value for name, value in (summary.get("seconds") or {}).items()},
        "steps": summary.get("steps"),
    }
    return {f"final/{name}": float(value) for name, value in parts.items() if value is not None}


def steps_of(summary: Mapping[str, Any]) -> int:
    """The steps of a run, those of all rungs where it has climbed the ladder: also of one that is resumed and has none
    left, and so measures nothing.
    """
    return sum(int(each.get("steps") or 0) for each in summary.get("tried") or (summary,))


@final
@dataclass
class Recording:
    """The records of one run on their way."""

    recorders: Mapping[str, Recorder]
    threads: Mapping[str, Background]
    _begun: bool = False
    _status: str = ""

    def observing(self, observer: Observer) -> Observer:
        """The observer of a training, which the records hear of too."""
        if not self.recorders:
            return observer

        def observe(event: Event) -> None:
            observer(event)
            self._measure(event)

        return observe

    def finish(self, summary: Mapping[str, Any], config: Mapping[str, Any], *, whole: bool) -> None:
        """The run has ended and its files are written; `whole` says that nobody has cut it short."""
        self._status = FINISHED if whole else KILLED
        self._each(lambda recorder: recorder.finish(summary, config))

    def close(self, *, killed: bool = False) -> None:
        """End all records, within a time that somebody waits; what has not finished has failed, or was `killed`."""
        status = self._status or (KILLED if killed else FAILED)
        if self._begun:
            self._each(lambda recorder: recorder.close(status))
        for thread in self.threads.values():
            thread.close(_PATIENCE)

    def _measure(self, event: Event) -> None:
        values = {
            "loss": event.loss,
            **{f"loss/{name}": loss for name, loss in event.terms.items()},
            **event.controls(),
        }
        if event.error is not None:
            values["error"] = event.error
        row = Row(event.steps_before + event.step, event.seconds, values)
        self._each(lambda recorder: recorder.measure(row))

    def _each(self, call: Callable[[Recorder], None]) -> None:
        first, self._begun = not self._begun, True
        for name, recorder in self.recorders.items():
            if first:
                self.threads[name].put(recorder.begin)
            self.threads[name].put(partial(call, recorder))


@contextmanager
def recording(config: Mapping[str, Any], folder: Path, warn: Callable[[str], None]) -> Iterator[Recording]:
    """The records that a config asks for, closed with what became of the block.

    Args:
        config: of the run, which `require_recorders` has let pass.
        folder: of the run.
        warn: told in a sentence, once for each, that a record has failed.
    """
    found = recorders(config, folder)
    records = Recording(found, {name: Background(f"record={name}", warn) for name in found})
    try:
        yield records
    except KeyboardInterrupt:
        records.close(killed=True)
        raise
    except BaseException:
        records.close()
        raise
    records.close()
