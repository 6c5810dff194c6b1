"""The solution: a trained field, what is known about it, and its life on disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, final

import keras
import numpy as np
import tensorflow as tf

from pinn.app.build import problem_from
from pinn.app.devices import settle_early
from pinn.app.truth import truth_of
from pinn.app.views import views
from pinn.calculus import Engine, Jet, engine_named
from pinn.fields import Ansatz
from pinn.files import replacement, replacing
from pinn.problems import Problem
from pinn.references import ReferenceSolution
from pinn.references.finite_elements import KIND as FINITE_ELEMENTS
from pinn.report import (
    History,
    Points,
    curves_figure,
    history_figure,
    maps_figure,
    points_figure,
    read_columns,
    save_figures,
    write_columns,
    write_json,
    write_npz,
)
from pinn.training import enforce
from pinn.validation import Errors, Evaluator

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLLOCATION = "collocation/"


@final
@dataclass(frozen=True, eq=False)
class Solution:
    """A field that was trained to solve a problem. Call it with points `[N, d]`; it answers `[N]`, or `[N, m]`.

    Attributes:
        problem: what it solves.
        model: the network, without the ansatz around it.
        evaluator: the field with its exact conditions, and its derivatives.
        summary: what `summary.json` says.
        config: what `config.yaml` says: running it again gives the same solution.
        history: columns `step, seconds, evaluations, loss, error, loss/<term>, stage`, one row a step.
        collocation: the points trained on, by term.
        validation: the points that the errors were measured on, `[N, d]`.
    """

    problem: Problem
    model: keras.Model
    evaluator: Evaluator
    summary: Mapping[str, Any]
    config: Mapping[str, Any]
    history: Mapping[str, np.ndarray]
    collocation: Mapping[str, np.ndarray]
    validation: np.ndarray

    def __call__(self, points: Any) -> np.ndarray:
        """The field at points `[N, d]`: `[N]`, or `[N, m]` for several components."""
        return self.evaluator.value(self._checked(points))

    def jet(self, points: Any) -> Jet:
        """The field with its derivatives at points `[N, d]`: `solution.jet(points).laplacian()`."""
        return self.evaluator.jet(self._checked(points))

    @property
    def errors(self) -> Errors | None:
        """Relative L2, largest and relative H1 error against the exact solution; `None` when it is not known."""
        found = self.summary["errors"]
        return None if found is None else Errors(**{k: np.nan if v is None else v for k, v in found.items()})

    @property
    def verdict(self) -> str:
        """`pass`, `fail`, or `no reference`."""
        return str(self.summary["verdict"])

    def plot(self, what: Literal["solution", "points", "history"] = "solution") -> Figure:
        """A picture: the solution with its error and residual, the collocation points, or the history of the
        training.
        """
        if what == "points":
            return points_figure(self._points(), name=self.problem.name)
        if what == "history":
            return history_figure(History(self.history), name=self.problem.name)
        if what != "solution":
            raise ValueError(f"plot: expected one of solution, points, history; got {what!r}")
        view = views(self.evaluator)[0]
        return maps_figure(view) if view.panels else curves_figure(view)

    def save(self, folder: str | Path) -> Path:
        """Write everything into a run folder, each file whole or not at all; `summary.json` comes last and marks it
        complete.

        Raises:
            OSError: the folder cannot be written.
        """
        folder = Path(folder)
        (folder / "summary.json").unlink(missing_ok=True)  # of what was there before: it is complete no longer
        with replacing(folder / "config.yaml") as stream:
            stream.write(_yaml(self.config).encode())
        write_npz(self._arrays(), folder / "solution.npz")
        write_columns(self.history, folder / "history.csv")
        with replacement(folder / "model.keras", ending=".keras") as temporary:
            self.model.save(temporary)
        save_figures(views(self.evaluator), self._points(), self._drawable_history(), folder)
        write_json(dict(self.summary), folder / "summary.json")
        return folder

    def _arrays(self) -> dict[str, np.ndarray]:
        """The contents of `solution.npz`; equal runs give equal bytes."""
        arrays = {"axes": np.array(self.problem.domain.axes), "points": self.validation}
        arrays["value"] = self.evaluator.value(self.validation)
        if self.evaluator.known:
            arrays["exact"] = self.evaluator.exact(self.validation)
        arrays["weights"] = np.concatenate([np.ravel(v.numpy()) for v in self.model.trainable_variables])
        return arrays | {f"{_COLLOCATION}{name}": points for name, points in self.collocation.items()}

    def _points(self) -> Points:
        return Points(self.problem.domain.axes, self.collocation)

    def _drawable_history(self) -> History | None:
        return History(self.history) if len(self.history["step"]) else None

    def _checked(self, points: Any) -> np.ndarray:
        axes = self.problem.domain.axes
        try:
            array = np.asarray(points, self.evaluator.dtype.as_numpy_dtype)
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"expected points of shape [N, {len(axes)}] for the axes {', '.join(axes)}; "
                f"got no array of numbers: {error}"
            ) from error
        if array.ndim != 2 or array.shape[1] != len(axes):
            raise ValueError(
                f"expected points of shape [N, {len(axes)}] for the axes {', '.join(axes)}; got {list(array.shape)}"
            )
        return array


def field_evaluator(
    problem: Problem,
    model: keras.Model,
    ansatz: Ansatz,
    *,
    engine: Engine,
    dtype: str,
    substitute: Callable[[], ReferenceSolution] | None = None,
) -> Evaluator:
    """The evaluator of a network inside its ansatz."""
    return Evaluator(problem, ansatz(model), engine, tf.as_dtype(dtype), substitute)


def load(folder: str | Path, *, problem: Problem | None = None) -> Solution:
    """Read back what `Solution.save` wrote.

    Args:
        folder: a run folder.
        problem: the problem, where its class cannot be imported by the name it had (one typed into a notebook).

    Raises:
        FileNotFoundError: the folder is no finished run.
        ValueError: the problem cannot be found, or has other axes than the run; a file that is missing or damaged.
        TypeError: the problem is none.
    """
    folder = Path(folder)
    if not (folder / "summary.json").is_file():
        raise FileNotFoundError(f"{folder}: expected the folder of a finished run, with a summary.json; there is none")
    from omegaconf import OmegaConf

    settle_early()
    with _blaming(folder / "summary.json"):
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    with _blaming(folder / "config.yaml"):
        config: Any = OmegaConf.to_container(OmegaConf.load(folder / "config.yaml"))
        settings = {str(key): config[key] for key in config}
        conditions, engine, dtype = settings["conditions"], settings["engine"]["name"], settings["dtype"]
    found = problem_from(settings["problem"]) if problem is None else problem
    if not isinstance(found, Problem):
        raise TypeError(f"problem: expected a pinn.Problem; got {found!r}")
    with _blaming(folder / "model.keras"):
        model = keras.saving.load_model(folder / "model.keras", compile=False)
    with _blaming(folder / "solution.npz"), np.load(folder / "solution.npz") as arrays:
        axes = tuple(map(str, arrays["axes"]))
        collocation = {k.removeprefix(_COLLOCATION): arrays[k] for k in arrays.files if k.startswith(_COLLOCATION)}
        validation = arrays["points"]
    if axes != found.domain.axes:
        raise ValueError(
            f"{folder}: expected a problem with the axes {', '.join(axes)}; "
            f"got {found.name} with {', '.join(found.domain.axes)}"
        )
    ansatz = enforce(found, conditions).ansatz
    substitute = _again(found, summary)
    evaluator = field_evaluator(found, model, ansatz, engine=engine_named(engine), dtype=dtype, substitute=substitute)
    with _blaming(folder / "history.csv"):
        history = read_columns(folder / "history.csv", texts=("stage",), whole=("step",))
    return Solution(found, model, evaluator, summary, settings, history, collocation, validation)


def _again(problem: Problem, summary: Mapping[str, Any]) -> Callable[[], ReferenceSolution] | None:
    """The reference that a run was measured by, made again when it is asked for, where that was a computed one."""
    if (summary.get("reference") or {}).get("kind") != FINITE_ELEMENTS:
        return None
    truth = partial(truth_of, problem, "finite_elements", summary["tolerance"])
    return lambda: cast(ReferenceSolution, truth().substitute)


@contextmanager
def _blaming(path: Path) -> Iterator[None]:
    """Whatever fails while a file of a run is read is said of that file."""
    try:
        yield
    except Exception as error:  # a damaged file fails in as many ways as there are formats
        reason = "it is missing" if not path.is_file() else f"it is damaged ({type(error).__name__})"
        raise ValueError(f"{path}: expected a file as the run wrote it; {reason}. Run it again.") from error


def _yaml(config: Mapping[str, Any]) -> str:
    from omegaconf import OmegaConf

    return OmegaConf.to_yaml(OmegaConf.create(dict(config)))
