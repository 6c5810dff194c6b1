"""The words after `pinn sweep`: flags for the sweep, Hydra's words for its runs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, final

from pinn.app.search.names import OBJECTIVES, PRUNERS, SAMPLERS
from pinn.app.verbs import Arguments
from pinn.hints import did_you_mean

_ABOUT = """\
Search for the settings with the smallest true error: trials run side by side in processes of their own.

words: as after 'pinn', some of them with a space in place of a value:
  field.width=int(interval(8,64))                     whole numbers
  solver.learning_rate=tag(log,interval(1e-4,1e-2))   numbers, spread over the powers of ten
  field.depth=range(2,5)                              2, 3, 4
  field.activation=choice(tanh,sine)                  one of these
A key that only one choice of a group has is searched where that is chosen."""
_TRIALS = 20


@final
@dataclass(frozen=True)
class Options:
    """What is asked of a sweep; `None` is what nobody has said.

    Attributes:
        words: of its runs.
        trials: how many in all, those of earlier calls included.
        sampler, sampler_seed, pruner: how trials are proposed, and which are ended early.
        workers: processes side by side.
        seeds: runs of each trial, which counts by their median.
        objective: what is made small: `error`, or `error,seconds`.
        storage: URL of the database; SQLite in the folder where it is left out.
        name: of the sweep in the database.
        folder: where the runs and the results go.
        timeout: seconds after which no trial is begun.
    """

    words: tuple[str, ...] = ()
    trials: int | None = None
    sampler: str = "tpe"
    sampler_seed: int = 0
    pruner: str | None = None
    workers: int = 1
    seeds: int = 1
    objective: str = "error"
    storage: str | None = None
    name: str | None = None
    folder: Path | None = None
    timeout: float | None = None

    @property
    def objectives(self) -> tuple[str, ...]:
        return tuple(self.objective.split(","))

    @property
    def pruning(self) -> str:
        """The pruner; with two objectives none can say what is hopeless."""
        return self.pruner or ("median" if len(self.objectives) == 1 else "none")

    def definition(self) -> dict[str, Any]:
        """What makes its trials comparable, and is kept with them."""
        return {key: _listed(getattr(self, key)) for key in DEFINING}

    def settings(self) -> dict[str, Any]:
        """All options but the place, as plain lists, numbers and words."""
        return {option.name: _listed(getattr(self, option.name)) for option in fields(self) if option.name != "folder"}


DEFINING = ("words", "seeds", "objective")
"""What a sweep is begun with and cannot be changed: its trials would not be comparable."""


def read(words: Sequence[str]) -> tuple[Mapping[str, Any], Path | None]:
    """What was said, by the names of `Options`, and the folder that is to be gone on with.

    Raises:
        ValueError: words that mean nothing.
    """
    given = {key: value for key, value in vars(_arguments().parse_intermixed_args(words)).items() if value is not None}
    resume = given.pop("resume", None)
    if not given["words"]:
        del given["words"]
    else:
        given["words"] = tuple(_portable(word) for word in given["words"])
    for name in ("trials", "workers", "seeds"):
        _require(name, given.get(name, 1), least=1)
    _require("sampler_seed", given.get("sampler_seed", 0), least=0)
    _require("timeout", given.get("timeout", 1), least=0)
    for name, known in (("sampler", SAMPLERS), ("pruner", PRUNERS), ("objective", OBJECTIVES)):
        _require_known(name, given.get(name, known[0]), known)
    if resume is not None and "folder" in given:
        raise ValueError("--folder: expected the folder once; got it beside --resume. Leave it out.")
    return given, resume


def with_said(begun: Mapping[str, Any], given: Mapping[str, Any], where: str) -> Options:
    """The options of a sweep that was begun before, with what is said anew.

    Raises:
        ValueError: it contradicts what the sweep was begun with.
    """
    contradiction(begun, given, where)
    known = {option.name for option in fields(Options)} - {"folder"}
    before = {key: value for key, value in begun.items() if key in known}
    anew = {key: value for key, value in given.items() if key not in DEFINING}
    return Options(**{**before, "words": tuple(begun["words"]), **anew})


def contradiction(begun: Mapping[str, Any], given: Mapping[str, Any], where: str) -> None:
    """Refuse what cannot be changed once a sweep is begun.

    Raises:
        ValueError: it is said otherwise.
    """
    for key in DEFINING:
        if key in given and _plain(given[key]) != _plain(begun.get(key)):
            raise ValueError(
                f"{_flag(key)}: expected {_plain(begun.get(key))}, with which the sweep in {where} was begun; got "
                f"{_plain(given[key])}.\nLeave it out, or begin another sweep."
            )


def require_agreement(options: Options) -> None:
    """What cannot be asked for together.

    Raises:
        ValueError: it is.
    """
    if len(options.objectives) > 1 and options.pruning != "none":
        raise ValueError(
            f"--pruner {options.pruning}: expected one objective; got {options.objective}, of which nobody can say "
            "what is hopeless. Leave the pruner out."
        )
    if options.seeds > 1 and any(word.lstrip("+").startswith("seed=") and "(" in word for word in options.words):
        raise ValueError("--seeds: expected seeds that are not searched; got a space for seed. Leave one of them out.")


def trials_of(options: Options, most: int | None = None) -> int:
    """How many trials: as many as asked for, else all of a grid, else 20; a grid has no more than `most`."""
    asked = options.trials or most or _TRIALS
    return asked if most is None else min(asked, most)


def _arguments() -> argparse.ArgumentParser:
    arguments = Arguments("sweep", _ABOUT)
    arguments.formatter_class = argparse.RawDescriptionHelpFormatter
    arguments.add_argument("words", nargs="*", metavar="key=value")
    add = arguments.add_argument
    add("--trials", type=int, metavar="N", help=f"how many in all, those of earlier calls included (default {_TRIALS})")
    add("--workers", type=int, metavar="N", help="processes side by side (default 1)")
    add("--seeds", type=int, metavar="N", help="runs of each trial, which counts by their median (default 1)")
    add("--objective", metavar="WHAT", help=f"{' or '.join(OBJECTIVES)}: what is made small (default error)")
    add("--sampler", metavar="NAME", help=f"{', '.join(SAMPLERS)} (default tpe)")
    add("--sampler-seed", type=int, metavar="N", help="of the sampler (default 0)")
    add("--pruner", metavar="NAME", help=f"{', '.join(PRUNERS)}: ends hopeless trials early (default median)")
    add("--timeout", type=float, metavar="SECONDS", help="after which no trial is begun")
    add("--folder", type=Path, metavar="FOLDER", help="for runs and results (default outputs/sweeps/DATE_TIME)")
    add("--resume", type=Path, metavar="FOLDER", help="go on with the sweep in a folder; its words need no repeating")
    add("--storage", metavar="URL", help="database for several machines, such as postgresql://user@host/database")
    add("--name", metavar="NAME", help="of the sweep in the database: machines that give the same one work together")
    return arguments


def _portable(word: str) -> str:
    """A path to the config of a run, so that the sweep can be gone on with from elsewhere."""
    return str(Path(word).absolute()) if "=" not in word and word.endswith((".yaml", ".yml")) else word


def _require(name: str, value: float, *, least: float) -> None:
    if not value >= least:
        raise ValueError(f"{_flag(name)}: expected a number of at least {least}; got {value}.")


def _require_known(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise ValueError(
            f"{_flag(name)}: expected one of {'; '.join(known)}; got {value!r}{did_you_mean(value, known)}"
        )


def _flag(name: str) -> str:
    return name if name == "words" else f"--{name.replace('_', '-')}"


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _plain(value: Any) -> str:
    """A value, or words side by side, as typed."""
    return " ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
