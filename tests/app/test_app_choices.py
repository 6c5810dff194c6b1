"""`pinn.solve` and `pinn.load` from a notebook: what annotations promise and nothing enforces is said at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import pinn
from pinn.app.solution import Solution
from pinn.fields import Mlp
from pinn.problems import Heat1D, Poisson1D
from pinn.solvers import Adam
from pinn.training import Causal, Ntk, Sampling

QUICK = {"solver": Adam(max_steps=1), "sampling": Sampling(interior=8), "field": Mlp(width=4, depth=1)}


def model(inputs: int, outputs: int) -> keras.Model:
    points = keras.Input((inputs,), dtype="float64")
    return keras.Model(points, keras.layers.Dense(outputs, dtype="float64")(points))


# arguments of solve -> the whole message
MISUSE: dict[str, tuple[dict[str, Any], str]] = {
    "a number for a problem": ({"problem": 3}, "problem: expected a pinn.Problem; got 3"),
    "a class for a problem": (
        {"problem": Poisson1D},
        "problem: expected a pinn.Problem; got the class Poisson1D. Write Poisson1D()",
    ),
    "a name for a solver": (
        {"solver": "adam"},
        "solver: expected 'auto' or a solver such as pinn.solvers.Adam(); got 'adam'",
    ),
    "a name for a field": (
        {"field": "mlp"},
        "field: expected a recipe such as pinn.fields.Mlp(width=64), or a Keras model; got 'mlp'",
    ),
    "a class for a field": (
        {"field": Mlp},
        "field: expected a recipe such as pinn.fields.Mlp(width=64), or a Keras model; got the class Mlp. Write Mlp()",
    ),
    "too many outputs": (
        {"field": model(1, 2)},
        "field: expected a model [N, 1] -> [N, 1]; got one that makes [1, 2] of one point",
    ),
    "a count for a sampling": ({"sampling": 100}, "sampling: expected a pinn.training.Sampling; got 100"),
    "a name for a balance": ({"balance": "ntk"}, "balance: expected a balance such as pinn.training.Ntk(); got 'ntk'"),
    "a class for a balance": (
        {"balance": Ntk},
        "balance: expected a balance such as pinn.training.Ntk(); got the class Ntk. Write Ntk()",
    ),
    "the past of a problem without time": (
        {"balance": Causal()},
        "balance=causal: expected a problem with time, whose past decides; got the axes x. "
        "Take balance=gradient_norm or another one",
    ),
    "a number for weights": ({"weights": 3}, "weights: expected a mapping such as {'conditions': 10.0}; got 3"),
    "text for a weight": ({"weights": {"equation": "a"}}, "weights.equation: expected a positive number; got 'a'"),
    "text for an accuracy": (
        {"accuracy": "1e-3"},
        "accuracy: expected a positive relative error such as 1e-4, or 'best'; got '1e-3'",
    ),
    "no accuracy at all": (
        {"accuracy": 0},
        "accuracy: expected a positive relative error such as 1e-4, or 'best'; got 0",
    ),
    "an infinite accuracy": (
        {"accuracy": np.inf},
        "accuracy: expected a positive relative error such as 1e-4, or 'best'; got inf",
    ),
    "text for a time": ({"time_limit": "1"}, "time_limit: expected a positive number of seconds; got '1'"),
    "a negative seed": ({"seed": -1}, "seed: expected a whole number of at least 0; got -1"),
    "a fraction for a seed": ({"seed": 1.5}, "seed: expected a whole number of at least 0; got 1.5"),
    "a dtype of TensorFlow": (
        {"dtype": tf.float32},
        "dtype: expected one of float32, float64, as text; got tf.float32",
    ),
    "a dtype of NumPy": (
        {"dtype": np.float32},
        "dtype: expected one of float32, float64, as text; got <class 'numpy.float32'>",
    ),
    "half precision": ({"dtype": "float16"}, "dtype: expected one of float32, float64; got 'float16'"),
    "a number for an engine": ({"engine": 3}, "engine: expected the name of an engine, such as 'auto'; got 3"),
    "a number for a device": ({"device": 0}, "device: expected 'auto', 'all', 'cpu', 'gpu:1' or 'gpu:0,1'; got 0"),
    "a path for checkpoints": (
        {"checkpoints": "folder"},
        r"checkpoints: expected pinn.Checkpoints('folder'); got 'folder'",
    ),
    "a number for an observer": ({"observer": 3}, "observer: expected a function of one event; got 3"),
}


@pytest.mark.parametrize(("arguments", "message"), MISUSE.values(), ids=MISUSE)
def test_misuse_is_said_before_any_training(arguments: dict[str, Any], message: str) -> None:
    chosen = {"problem": Poisson1D(), **QUICK, **arguments}
    with pytest.raises((ValueError, TypeError)) as caught:
        pinn.solve(**chosen)
    assert str(caught.value) == message


def test_a_model_with_other_inputs_is_refused() -> None:
    with pytest.raises(ValueError, match=r"field: expected a model \[N, 1\] -> \[N, 1\]; got one that fails: "):
        pinn.solve(Poisson1D(), **{**QUICK, "field": model(3, 1)})


SIZES: dict[str, tuple[Callable[[], Any], str]] = {
    "width": (lambda: Mlp(width=1.5), "field.width: expected a whole number of at least 1; got 1.5"),  # type: ignore[arg-type]
    "depth": (lambda: Mlp(depth="2"), "field.depth: expected a whole number of at least 1; got '2'"),  # type: ignore[arg-type]
    "interior": (
        lambda: Sampling(interior=1.5),  # type: ignore[arg-type]
        "sampling.interior: expected a whole number of at least 1 point; got 1.5",
    ),
    "resample_every": (
        lambda: Sampling(resample_every=True),
        "sampling.resample_every: expected a number of steps, or 0 for fixed points; got True",
    ),
}


@pytest.mark.parametrize(("make", "message"), SIZES.values(), ids=SIZES)
def test_sizes_are_whole_numbers(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        make()


@pytest.fixture(scope="module")
def solution() -> Solution:
    return pinn.solve(Poisson1D(), seed=np.int64(1), **QUICK)


@pytest.fixture(scope="module")
def saved(solution: Solution, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return solution.save(tmp_path_factory.mktemp("run"))


def test_a_seed_of_numpy_is_a_whole_number(solution: Solution) -> None:
    assert solution.summary["seed"] == 1
    assert type(solution.summary["seed"]) is int


@pytest.mark.parametrize("points", ["abc", [[0.5], [0.1, 0.2]], [[1j]]], ids=["text", "ragged", "complex"])
def test_points_that_are_no_numbers(points: Any, solution: Solution) -> None:
    with pytest.raises(ValueError, match=r"expected points of shape \[N, 1\] for the axes x; got no array of numbers"):
        solution(points)


FILES = ("summary.json", "config.yaml", "model.keras", "solution.npz", "history.csv")


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named(name: str, saved: Path, tmp_path: Path) -> None:
    run = shutil.copytree(saved, tmp_path / "run")
    (run / name).write_bytes(b"")
    with pytest.raises(ValueError, match=rf"{name}: expected a file as the run wrote it; it is damaged \(\w+\)\. Run"):
        pinn.load(run)


@pytest.mark.parametrize("name", FILES[1:])
def test_a_missing_file_is_named(name: str, saved: Path, tmp_path: Path) -> None:
    run = shutil.copytree(saved, tmp_path / "run")
    (run / name).unlink()
    with pytest.raises(ValueError, match=f"{name}: expected a file as the run wrote it; it is missing. Run it again."):
        pinn.load(run)


def test_a_run_of_another_problem_is_not_mistaken(saved: Path) -> None:
    with pytest.raises(ValueError, match="expected a problem with the axes x; got heat_1d with x, t"):
        pinn.load(saved, problem=Heat1D())
    with pytest.raises(TypeError, match=r"problem: expected a pinn\.Problem; got 3"):
        pinn.load(saved, problem=3)  # type: ignore[arg-type]


def test_nothing_is_left_of_a_model_that_could_not_be_saved(
    solution: Solution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError("the disk is full")

    monkeypatch.setattr(solution.model, "save", half)
    with pytest.raises(OSError, match="the disk is full"):
        solution.save(tmp_path)
    assert not list(tmp_path.glob("*.keras"))
    assert not list(tmp_path.glob(".*.keras"))
