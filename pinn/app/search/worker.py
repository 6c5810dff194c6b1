"""A worker: a process of its own that runs one trial after the other, as it is told on its standard input.

Lines of JSON come in, `{"rehearse": [CONFIG, ...]}`, `{"run": {...}}` or `{"stop": true}`, and go out, `{"ready":
true}`, `{"rehearsed": SENTENCE}`, `{"look": [PART, ERROR]}` and `{"done": {...}, "bytes": MEMORY}`. The process ends
with its input: a parent that is gone leaves none behind, and a training under way then is kept in a checkpoint.
"""

from __future__ import annotations

import io
import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, final

from pinn.app import devices
from pinn.app.arguments import as_text
from pinn.app.asked import ASKED, CHECKPOINTS
from pinn.app.board import Event
from pinn.app.main import Run, main, solve
from pinn.app.messages import FAILED, SOLVED, UNKEPT, USER_ERRORS, explain
from pinn.app.process import own_pipes, resident, working_directory_importable
from pinn.app.progress import Observer
from pinn.app.quiet import import_tensorflow
from pinn.app.search.names import LOOKS
from pinn.app.search.result import Result

SUMMARY = "summary.json"
Say = Callable[[Mapping[str, Any]], None]
Rehearse = Callable[[Mapping[str, Any]], None]


@final
@dataclass
class _Watcher:
    """Tells the error at the end of each part of a training, and ends the training when it is told to."""

    say: Say
    stop: threading.Event
    told: int = 0
    pruned: bool = False

    def observe(self, event: Event) -> None:
        if event.error is None or event.step >= event.steps_planned or self.pruned:
            return
        for look in range(self.told + 1, LOOKS * event.step // event.steps_planned + 1):
            self.told = look
            self.say({"look": [look, event.error]})
        if self.stop.is_set():
            self.pruned = True
            signal.raise_signal(signal.SIGINT)  # as Ctrl-C: the training ends at its next step and is saved


@final
@dataclass
class Worker:
    """What runs trials here.

    Args:
        say: sends a message to the parent.
        run: solves one resolved config into a run folder, see `pinn.app.main.main`.
        rehearse: raises where a config cannot be run.
    """

    say: Say
    run: Run
    rehearse: Rehearse
    stop: threading.Event = field(default_factory=threading.Event)

    def serve(self, messages: Iterator[Mapping[str, Any]]) -> None:
        """Do what the messages ask for, one after the other."""
        self.say({"ready": True})
        for message in messages:
            if "rehearse" in message:
                self.say({"rehearsed": self._refusal(message["rehearse"])})
            else:
                self.say({"done": asdict(self._run(**message["run"])), "bytes": resident()})

    def _refusal(self, configs: Sequence[Mapping[str, Any]]) -> str:
        """Why one of the configs cannot be run; empty where all can."""
        for config in configs:
            try:
                self.rehearse(config)
            except USER_ERRORS as error:
                return explain(error)
        return ""

    def _run(self, words: Sequence[str], folder: str, prune: bool, share: int | None) -> Result:
        """A run of a trial; `share` is the number of this worker among several, see `pinn.app.devices.share`."""
        self.stop.clear()
        watcher = _Watcher(self.say, self.stop)
        shared = _shared(self.run, share)
        observed = _observed(shared, watcher) if prune else shared
        said = io.StringIO()
        (Path(folder) / SUMMARY).unlink(missing_ok=True)  # of the same run, interrupted
        with redirect_stdout(io.StringIO()), redirect_stderr(said):
            status = main(_begin_or_go_on(words, Path(folder)), run=observed)
        return _result(status, said.getvalue(), Path(folder), pruned=watcher.pruned)


def _begin_or_go_on(words: Sequence[str], folder: Path) -> list[str]:
    """A trial that was interrupted goes on where it was; any other begins."""
    if (folder / ASKED).is_file() and (folder / CHECKPOINTS).is_dir():
        return [f"resume={as_text(str(folder))}"]
    return [*words, f"hydra.run.dir={as_text(str(folder))}"]


def _shared(run: Run, number: int | None) -> Run:
    """The run on the GPU that is this worker's, where there are several."""

    def shared(config: Mapping[str, Any], folder: Path, observer: Observer) -> int:
        with devices.share(number):
            return run(config, folder, observer)

    return shared


def _observed(run: Run, watcher: _Watcher) -> Run:
    """The run, watched where it tries one field and one solver only: in a ladder the next rung may be better."""

    def watched(config: Mapping[str, Any], folder: Path, observer: Observer) -> int:
        one = any(config[part]["name"] != "auto" for part in ("field", "solver"))

        def observe(event: Event) -> None:
            observer(event)
            watcher.observe(event)

        return run(config, folder, observe if one else observer)

    return watched


def _result(status: int, said: str, folder: Path, *, pruned: bool) -> Result:
    message = " ".join(said.rpartition("pinn: ")[2].split())
    if status not in (SOLVED, FAILED, UNKEPT) and not pruned:
        return Result(status, message)
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        config = (folder / "config.yaml").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return Result(status, message or "it left no summary", pruned=pruned)
    return Result(
        status,
        _divergence(summary),
        (summary.get("errors") or {}).get("relative_l2"),
        (summary.get("seconds") or {}).get("total"),
        str(summary.get("verdict", "")),
        pruned,
        config,
    )


def _divergence(summary: Mapping[str, Any]) -> str:
    """Why the training broke down; empty where it did not."""
    if summary.get("verdict") != "fail":
        return ""
    from pinn.solvers import StopReason

    reason = str(summary.get("stop_reason", ""))
    return reason if reason.startswith(StopReason.NOT_FINITE.value) else ""


def rehearse(config: Mapping[str, Any]) -> None:
    """Make everything that the config names, and see that there is a truth to measure errors by."""
    from pinn.app.build import problem_from
    from pinn.app.run import arguments_of
    from pinn.app.truth import truth_of

    arguments_of(config)
    problem = problem_from(config["problem"])
    tolerance = config["accuracy"] if isinstance(config["accuracy"], float) else None
    truth = truth_of(problem, config["reference"], tolerance)
    if problem.exact is None and problem.reference is None and truth.substitute is None:
        why = f": {truth.why_not}" if truth.why_not else ""
        raise ValueError(
            f"--objective error: expected a problem whose solution is known; {problem.name} has no reference{why}.\n"
            "Without a truth no trial can be told from another."
        )


def work(run: Run = solve, rehearse: Rehearse = rehearse, prepare: Callable[[], None] = import_tensorflow) -> int:
    """Serve the parent on the other end of this process's standard input and output.

    Args:
        run, rehearse: what is done with a config, see `Worker`.
        prepare: called first: the imports that take seconds.
    """
    source, sink = own_pipes()
    incoming, outgoing = io.TextIOWrapper(source, encoding="utf-8"), io.TextIOWrapper(sink, encoding="utf-8")
    messages: queue.SimpleQueue[Mapping[str, Any] | None] = queue.SimpleQueue()
    lock = threading.Lock()

    def say(message: Mapping[str, Any]) -> None:
        with lock:
            outgoing.write(json.dumps(message) + "\n")
            outgoing.flush()

    worker = Worker(say, run, rehearse)

    def listen() -> None:
        for line in incoming:
            message = json.loads(line)
            if "stop" in message:
                worker.stop.set()
            else:
                messages.put(message)
        os.kill(os.getpid(), signal.SIGTERM)  # the parent is gone

    threading.Thread(target=listen, daemon=True).start()
    prepare()
    with working_directory_importable():
        worker.serve(iter(messages.get, None))
    return 0


if __name__ == "__main__":
    sys.exit(work())
