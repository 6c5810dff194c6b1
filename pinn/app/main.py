"""The command `pinn`: a Hydra application that turns what a person typed into runs and an exit status.

    0    solved, and the asked accuracy met (or none asked)
    1    accuracy missed or, without a truth, not to be told, training failed, or interrupted with the best field saved
    2    bad input: said in one or two lines, nothing left behind; of `pinn check`: an error was found
    3    as 0, but a checkpoint, an export or the report could not be written
    130  interrupted; what there is of checkpoints is kept
    143  asked to end by SIGTERM: a training is kept in a checkpoint, and `pinn resume=FOLDER` goes on

TensorFlow is imported when a job runs and not before, so that help, completion and every message about the config
come at once.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from pinn import __version__
from pinn.app.apart import Apart
from pinn.app.arguments import CHECK, of_check, translate
from pinn.app.asked import CHECKPOINTS, SUMMARY, remember
from pinn.app.devices import number_of_job, share
from pinn.app.folders import Footprint, aside, contents, follows, footprints
from pinn.app.limits import check
from pinn.app.locate import conf_folder
from pinn.app.lock import LOG, TakenError, locked
from pinn.app.messages import (
    BAD_INPUT,
    FAILED,
    INTERRUPTED,
    SOLVED,
    TERMINATED,
    USER_ERRORS,
    Outcome,
    causes,
    explain,
    say,
)
from pinn.app.process import (
    arguments_of_process,
    errors_raised,
    logging_restored,
    streams_kept_open,
    working_directory_importable,
)
from pinn.app.progress import live
from pinn.app.quiet import forget_output, import_tensorflow
from pinn.app.recording import require_recorders
from pinn.app.settings import plain, register
from pinn.app.sweep import close_broken, close_interrupted
from pinn.app.termination import termination_as_interrupt
from pinn.app.verbs import verb
from pinn.app.wrapping import wrapped

if TYPE_CHECKING:
    from pinn.app.progress import Observer

log = logging.getLogger("pinn")

_TOO_LARGE = (
    "expected a problem that fits into memory; it was full. Ask for fewer points (sampling.interior=N) or a smaller "
    "field (field.width=N).\n"
)

Run = Callable[[Mapping[str, Any], Path, "Observer"], int]


@dataclass(frozen=True)
class _Task:
    """What is done with each config, and whether it can be gone on with, so that its settings are kept for that."""

    run: Run
    resumable: bool


def main(arguments: Sequence[str] | None = None, *, run: Run | None = None) -> int:
    """The command.

    Args:
        arguments: words after the command's name; those of the process when left out.
        run: solves one resolved config into a run folder and returns 0, 1, or 130 where it was interrupted and saved
            what it had; when left out `pinn.app.run.run` or, after the word `check`, `pinn.app.checking.run_check`.

    Returns:
        The exit status. Errors are said on standard error, never raised.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    with termination_as_interrupt() as terminated, errors_raised(), footprints() as taken:
        status = _guarded(words, run, taken)
        if terminated():
            return TERMINATED
        if status in (BAD_INPUT, INTERRUPTED):
            for footprint in taken:
                footprint.undo()
    return status


def _guarded(words: Sequence[str], run: Run | None, taken: Sequence[Footprint]) -> int:
    """Runs the application; everything that it raises becomes an exit status and a message."""
    try:
        return _application(words, run)
    except KeyboardInterrupt:
        say(" ".join(["interrupted.", *_ways_on(taken)]))
        close_interrupted(footprint.home for footprint in taken)
        return INTERRUPTED
    except BrokenPipeError:  # who reads the help by `head` has seen enough
        forget_output()
        return SOLVED
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else SOLVED
    except Exception as error:  # the last place that can turn a traceback into a sentence
        status = close_broken(footprint.home for footprint in taken)
        if status is None:
            return _before_any_job(error, taken)
        say(f"the sweep was not finished: {_kind(error)}.", error)
        return max(status, FAILED)


def _ways_on(taken: Sequence[Footprint]) -> list[str]:
    """How to go on with the runs that have checkpoints, those of a sweep that have not ended among them."""
    homes = [Path(os.path.relpath(footprint.home)) for footprint in taken]
    begun = [home for home in homes if (home / CHECKPOINTS).is_dir()]
    inside = sorted(kept.parent for home in homes for kept in home.glob(f"*/{CHECKPOINTS}"))
    begun += [folder for folder in inside if not (folder / SUMMARY).exists()]
    return [f"'pinn resume={folder}' goes on." for folder in begun]


def _before_any_job(error: Exception, taken: Sequence[Footprint]) -> int:
    """What fails outside a job is the config or the output folder; the job itself never raises."""
    refused = _refused(error, [footprint.home for footprint in taken])
    if refused is not None:
        say(refused, error)
        return BAD_INPUT
    if isinstance(error, USER_ERRORS):
        say(explain(error), error)
        return BAD_INPUT
    say(f"internal error: {_kind(error)}. PINN_DEBUG=1 shows where.", error)
    return FAILED


def _system_error(error: BaseException) -> OSError | None:
    """The operating system's own complaint behind an error; logging wraps it when run.log cannot be opened."""
    return next((cause for cause in causes(error) if isinstance(cause, OSError) and cause.errno is not None), None)


def _refused(error: Exception, folders: Sequence[Path]) -> str | None:
    """What to say where the disk refused to hold the results in one of the folders."""
    disk = _system_error(error)
    if disk is None or not any(_concerns(disk, folder) for folder in folders):
        return None
    return f"cannot write the results: {explain(disk).rstrip('.')}.\nChoose another folder by hydra.run.dir=FOLDER."


def _concerns(disk: OSError, home: Path) -> bool:
    """Whether the disk refused something at, in or above a folder; a full disk does not say what it refused."""
    if disk.filename is None:
        return disk.errno in (errno.ENOSPC, errno.EDQUOT)
    place = Path(os.fsdecode(disk.filename)).absolute()
    return place.is_relative_to(home) or home.is_relative_to(place)


def _application(words: Sequence[str], run: Run | None) -> int:
    if "--version" in words:
        print(f"pinn {__version__}")
        return SOLVED
    asked = verb(words)
    if asked is not None:
        return asked(words[1:])
    register()
    outcomes: list[Outcome] = []
    checking = words[:1] == [CHECK]
    apart = Apart()
    task = _Task(run or (_check if checking else _here_or(apart)), resumable=not checking)

    def job(config: DictConfig) -> Outcome:
        outcomes.append(_job(config, task))
        return outcomes[-1]

    with ExitStack() as stack:
        arguments = translate(of_check(words[1:]) if checking else words)
        stack.callback(apart.close)
        for prepare in (logging_restored(), streams_kept_open(), working_directory_importable()):
            stack.enter_context(prepare)
        stack.enter_context(arguments_of_process("pinn", arguments))
        stack.enter_context(wrapped(when="--help" in words or "-h" in words))
        hydra.main(config_path=str(conf_folder()), config_name="config", version_base="1.3")(job)()
    return max((outcome.status for outcome in outcomes), default=SOLVED)


def _job(config: DictConfig, task: _Task) -> Outcome:
    """One run of one composed config: what it came to. Raises only `KeyboardInterrupt`."""
    folder = Path(HydraConfig.get().runtime.output_dir)
    if follows(config):
        folder = aside(folder)
    try:
        with locked(folder):
            return _ended(config, folder, task)
    except (TakenError, OSError) as error:
        return _bad_input(error, folder)


def _ended(config: DictConfig, folder: Path, task: _Task) -> Outcome:
    """What one run came to, in a folder where nobody else writes."""
    before = contents(folder)
    try:
        status = _settled(config, folder, task)
        return Outcome(FAILED, interrupted=True) if status == INTERRUPTED else Outcome(status)
    except USER_ERRORS as error:
        return _bad_input(error, folder) if contents(folder) == before else _failed(error, folder)
    except Exception as error:  # any failure of a run is logged and gets its exit status
        return _failed(error, folder)


def _bad_input(error: Exception, folder: Path) -> Outcome:
    message = _refused(error, [folder]) or explain(error)
    say(f"{_job_prefix()}{message}", error)
    return Outcome(BAD_INPUT, message)


def _settled(config: DictConfig, folder: Path, task: _Task) -> int:
    """One run in a folder of its own: its exit status."""
    check(config)
    settings = plain(config)
    if task.resumable:
        require_recorders(settings, folder)
    if task.resumable and settings["resume"] is None:
        remember(settings, folder)
    log.info("pinn %s: %s, seed %s, into %s", __version__, settings["name"], settings["seed"], folder)
    shown, number = settings["progress"] and not follows(config), number_of_job(HydraConfig.get())
    watching = live(enabled=shown, title=settings["name"], time_limit=settings["time_limit"])
    with watching as observer, share(number):
        status = task.run(settings, folder, observer)
    log.info("exit status %d", status)
    return status


def _failed(error: Exception, folder: Path) -> Outcome:
    log.error("the run failed", exc_info=error)
    reason = _TOO_LARGE if _out_of_memory(error) else f"{_kind(error)}. "
    message = _refused(error, [folder]) or f"the run failed: {reason}The traceback is in {folder / LOG}."
    say(f"{_job_prefix()}{message}", error)
    return Outcome(FAILED, message)


def _out_of_memory(error: Exception) -> bool:
    """Python's own complaint, or TensorFlow's, which is not imported here."""
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"


def _job_prefix() -> str:
    """Which run of a sweep speaks."""
    config = HydraConfig.get()
    return f"run {config.job.num}: " if config.mode == RunMode.MULTIRUN else ""


def _kind(error: BaseException) -> str:
    first = explain(error).splitlines()[0].rstrip(".")
    name = type(error).__name__
    return first if first == name else f"{name}: {first}"


def solve(config: Mapping[str, Any], folder: Path, observer: Observer) -> int:
    """The real run, with everything heavy imported here."""
    import_tensorflow()
    from pinn.app.run import run

    return run(config, folder, observer)


def _here_or(apart: Apart) -> Run:
    """One run alone is made here, and so is one that a launcher has brought into another process; those of a sweep in
    this process are made apart.
    """
    home = os.getpid()

    def run(config: Mapping[str, Any], folder: Path, observer: Observer) -> int:
        many = HydraConfig.get().mode == RunMode.MULTIRUN and os.getpid() == home
        return (apart if many else solve)(config, folder, observer)

    return run


def _check(config: Mapping[str, Any], folder: Path, observer: Observer) -> int:
    """The check in place of the run, with everything heavy imported here."""
    import_tensorflow()
    from pinn.app.checking import run_check

    return run_check(config, folder, observer)


if __name__ == "__main__":
    sys.exit(main())
