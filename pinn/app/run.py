"""One resolved config, from objects to run folder and exit status."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pinn.app.asked import CHECKPOINTS, remember
from pinn.app.beginning import Beginning
from pinn.app.build import balance_from, field_from, problem_from, sampling_from, solver_from
from pinn.app.checkpoints import Checkpoints
from pinn.app.cluster import is_follower
from pinn.app.formats import NotExportedError, Wishes, export, require
from pinn.app.messages import FAILED, INTERRUPTED, SOLVED, UNKEPT, explain, say
from pinn.app.output import shown, tell
from pinn.app.recording import recording
from pinn.app.report import write_report
from pinn.app.running import agreed, prepare
from pinn.app.solution import Solution
from pinn.app.solve import solve
from pinn.app.warm import started
from pinn.fields import FieldRecipe
from pinn.files import remove_unfinished
from pinn.report import status_line
from pinn.report.status import WIDE_GAP
from pinn.training import Observer
from pinn.training.interrupt import interruption
from pinn.training.loop import INTERRUPTED as TRAINING_INTERRUPTED

log = logging.getLogger("pinn")

_AS_THEY_ARE = ("accuracy", "seed", "conditions", "weights", "dtype", "device", "time_limit", "reference")
"""Keys of a config that are arguments as they stand."""


def run(config: Mapping[str, Any], folder: Path, observer: Observer) -> int:
    """Solve what a config asks for, write the run folder, and end with one line.

    Args:
        config: plain nested mappings with the keys of `conf/config.yaml`.
        folder: where the run is written.
        observer: told about progress.

    Returns:
        0 when solved with the accuracy asked for met (or none asked), 1 when it was missed, when there is no truth to
        tell by, or when training failed, 130 when interrupted, with the best field saved, and 3 in place of 0 when a
        checkpoint, an export or the report could not be written.

    Raises:
        ValueError, TypeError: bad input, before anything is written.
        LateError: the same errors, later.
    """
    device, follows = config["device"], is_follower(config["device"], os.environ)
    prepare(device)  # a problem may compute something while it is made
    refused: list[str] = []
    problem = problem_from(config["problem"])
    require(config.get("export") or (), problem, Wishes())
    beginning = _beginning(config, folder)
    records_of = {**config, "record": None} if follows else config
    with recording(records_of, folder, _warn) as records, beginning.errors_told_apart():
        solution = solve(
            problem,
            **arguments_of(config),
            observer=beginning.observing(records.observing(observer)),
            checkpoints=_checkpoints(config, folder, beginning, refused),
        )
        beginning.stepped()  # where a training that is resumed has no steps left, too
        try:
            interrupted = False if follows else _saved(solution, folder, config, refused)
        except BaseException:
            agreed(device, FAILED)  # the others wait for this process
            raise
        stopped = interrupted or solution.summary["stop_reason"] == TRAINING_INTERRUPTED
        records.finish(solution.summary, solution.config, whole=not stopped)
    say_line = _nothing if follows else tell
    return agreed(device, _status(solution, folder, tell=say_line, stopped=stopped, kept=not refused))


def _saved(solution: Solution, folder: Path, config: Mapping[str, Any], refused: list[str]) -> bool:
    """Whether somebody has interrupted, who waits until all is saved; what was not is added to what is `refused`."""
    with interruption() as interrupted:  # what took long to compute is saved whole
        remove_unfinished(folder)
        solution.save(folder)
        refused += _beside(solution, folder, config)
    return interrupted()


def _status(solution: Solution, folder: Path, *, tell: Callable[[str], None], stopped: bool, kept: bool) -> int:
    """What a run came to, told in some lines, as an exit status."""
    summary = solution.summary
    if "choice" in summary:
        tell(f"chosen: {summary['choice']}")
    tell(
        status_line(
            summary["problem"],
            verdict=summary["verdict"],
            relative_l2=solution.errors.relative_l2 if solution.errors else None,
            seconds=summary["seconds"]["total"],
            tolerance=summary["tolerance"],
            residual=summary["residual"]["rms"],
            reference=summary["reference"],
            folder=shown(folder),
        )
    )
    _say_without_reference(summary["self_consistency"], tell)
    gap = summary["residual"].get("gap")
    if gap is not None and gap > WIDE_GAP:
        tell(
            f"the residual is {gap:.0f} times larger between the training points than on them: take more points "
            "(sampling.interior=...), or draw them anew where it is large (sampling=rad)"
        )
    if stopped:
        tell("interrupted; the best field so far was saved")
        return INTERRUPTED
    if summary["verdict"] == "fail":
        tell(f"training ended: {summary['stop_reason']}")
        return FAILED
    if summary["verdict"] == "no reference" and summary["tolerance"] is not None:
        to_compare = "solution" if summary["reference"] is None else "solution of that accuracy"
        tell(
            f"nobody knows whether accuracy={summary['tolerance']:g} was met: {summary['problem']} has no {to_compare} "
            "to compare with. Leave accuracy out, or say accuracy=best for as good a field as can be"
        )
        return FAILED
    return SOLVED if kept else UNKEPT


def _beside(solution: Solution, folder: Path, config: Mapping[str, Any]) -> list[str]:
    """Write what is made of a saved solution: the formats that are asked for, and the report. Whatever a format cannot
    hold or the disk refuses is said, and costs nothing else.
    """
    writing: dict[str, Callable[[], object]] = {
        name: partial(export, solution, folder, [name], Wishes()) for name in config.get("export") or ()
    }
    if config.get("report"):
        writing["report"] = partial(write_report, folder)
    refused = []
    for name, write in writing.items():
        try:
            write()
        except (NotExportedError, OSError) as error:
            refused.append(f"{name}: {explain(error).removesuffix('.')}")
            _warn(refused[-1])
        except Exception as error:  # a defect, by which a run that is saved does not fail
            refused.append(f"{name}: {type(error).__name__}: {explain(error).removesuffix('.')}")
            _warn(refused[-1])
            log.warning("its traceback", exc_info=error)
    return refused


def _say_without_reference(found: Mapping[str, Any] | None, tell: Callable[[str], None]) -> None:
    """What is known where nothing can be compared."""
    if found is None:
        return
    why = f" ({found['why_no_reference']})" if found["why_no_reference"] else ""
    tell(f"no reference{why}; self-consistency {found['value']:.1e}: {found['kind']}")


def arguments_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """What a config has chosen for a problem, as arguments of `solve` and of `check`.

    Raises:
        ValueError, TypeError: bad input.
    """
    return {
        "field": _field(config),
        "solver": solver_from(config["solver"]),
        "sampling": sampling_from(config["sampling"]),
        "balance": balance_from(config["balance"]),
        "engine": config["engine"]["name"],
        **{key: config[key] for key in _AS_THEY_ARE},
    }


def _field(config: Mapping[str, Any]) -> FieldRecipe | None:
    """The recipe of the field, with the weights of another run where the config names one."""
    source = config.get("init_from")
    return field_from(config["field"]) if source is None else started(source, config["field"])


def _warn(sentence: str) -> None:
    say(f"{sentence}.")
    log.warning("%s", sentence)


def _beginning(config: Mapping[str, Any], folder: Path) -> Beginning:
    """When the training begins: what a run is resumed with is kept then, and not before it has proved good."""
    return Beginning(folder, None if config.get("resume") is None else partial(remember, config, folder))


def _checkpoints(
    config: Mapping[str, Any], folder: Path, begun: Callable[[], None], refused: list[str]
) -> Checkpoints | None:
    """Those of a run folder, where the config asks for any; the first that cannot be written is said, all are noted."""
    if config.get("checkpoint") is None:
        return None

    def note(sentence: str) -> None:
        if not refused:
            say(f"{sentence}.")
        refused.append(sentence)
        log.warning("%s", sentence)

    resume = config.get("resume") is not None
    home = Path(config["resume"]) if resume else folder
    return Checkpoints(home / CHECKPOINTS, **config["checkpoint"], resume=resume, say=_warn, warn=note, begun=begun)


def _nothing(line: str) -> None:
    """What a process says that helps another one."""
