"""How far DeepXDE comes, and how soon: true error over seconds, one JSON line a measurement.

Usage: deepxde_accuracy.py REQUEST.json POINTS.npz. The request has `problem` (a name of `PROBLEMS`), `parameters` (its
numbers), `widths` of the layers, `weights` of the penalties on `value` and `flux`, `strategy` (one of `STRATEGIES`),
`seconds` and `seed`; the points have `interior`, `held_out`, and `boundary` where values are prescribed by a penalty,
each `[N, d]`.

Networks, points and precision are those of ours: tanh layers, float64. Zero values, and values at the initial time,
hold exactly by an output transform. L-BFGS keeps 100 pairs and begins anew where it stands still.
PyTorch gets as many threads as serve it best. Measuring the error is not counted. The last line is `done`, with the
seconds until the first step, or `refused`, with the reason.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ["DDE_BACKEND"] = "pytorch"

import deepxde as dde
import numpy as np
import torch
from deepxde.optimizers.config import LBFGS_options

dde.config.set_default_float("float64")
PI = np.pi


@dataclass(frozen=True)
class Case:
    """A problem as DeepXDE takes it; `xp` is NumPy or PyTorch.

    Attributes:
        dimension: of the points, time included.
        time: whether the last axis is time.
        exact: `(xp, x [N, d]) -> [N, 1]`.
        source: `f` of `a Delta u - u_t + f = 0`, likewise, or None for zero.
        diffusivity: `a`.
        transform: the field of points and network, or None where values are a penalty.
        flux: the outward derivative at x = 1, or None where a value is given there.
    """

    dimension: int
    exact: Callable[[ModuleType, Any], Any]
    source: Callable[[ModuleType, Any], Any] | None = None
    transform: Callable[[Any, Any], Any] | None = None
    time: bool = False
    diffusivity: float = 1.0
    flux: float | None = None


def waves(xp, x, axes):
    """The product of `sin(pi x_i)` over some axes, `[N, 1]`."""
    value = xp.sin(PI * x[:, 0:1])
    for i in range(1, axes):
        value = value * xp.sin(PI * x[:, i : i + 1])
    return value


def bump(x, axes):
    """`4 x (1 - x)` over some axes: zero on their faces."""
    value = 4 * x[:, 0:1] * (1 - x[:, 0:1])
    for i in range(1, axes):
        value = value * 4 * x[:, i : i + 1] * (1 - x[:, i : i + 1])
    return value


def cosines(xp, x):
    return sum(xp.cos(PI * x[:, i : i + 1]) for i in range(x.shape[1]))


def poisson_1d():
    return Case(
        1,
        lambda xp, x: waves(xp, x, 1),
        lambda xp, x: PI**2 * waves(xp, x, 1),
        lambda x, y: x * y,
        flux=-PI,
    )


def poisson_2d():
    return Case(
        2,
        lambda xp, x: waves(xp, x, 2),
        lambda xp, x: 2 * PI**2 * waves(xp, x, 2),
        lambda x, y: bump(x, 2) * y,
    )


def poisson_nd(dimension):
    return Case(int(dimension), cosines, lambda xp, x: PI**2 * cosines(xp, x))


def heat(axes, diffusivity, duration):
    rate = axes * diffusivity * PI**2
    return Case(
        axes + 1,
        lambda xp, x: xp.exp(-rate * x[:, -1:]) * waves(xp, x, axes),
        transform=lambda x, y: waves(torch, x, axes) + x[:, -1:] / duration * bump(x, axes) * y,
        time=True,
        diffusivity=diffusivity,
    )


PROBLEMS = {
    "poisson_1d": poisson_1d,
    "poisson_2d": poisson_2d,
    "poisson_nd": poisson_nd,
    "heat_1d": lambda **p: heat(1, **p),
    "heat_2d": lambda **p: heat(2, **p),
}


def make(case, points, widths):
    """A fresh model on given points, with tanh layers of so many units."""

    def equation(x, y):
        space = case.dimension - case.time
        value = case.diffusivity * sum(dde.grad.hessian(y, x, i=i, j=i) for i in range(space))
        if case.time:
            value = value - dde.grad.jacobian(y, x, i=0, j=space)
        return value if case.source is None else value + case.source(torch, x)

    lower, upper = [0.0] * case.dimension, points["held_out"].max(axis=0).clip(1.0).tolist()
    domain = dde.geometry.Interval(0, 1) if case.dimension == 1 else dde.geometry.Hypercube(lower, upper)
    conditions, anchors = [], points["interior"]
    if case.transform is None:
        conditions.append(dde.icbc.PointSetBC(points["boundary"], case.exact(np, points["boundary"])))
    if case.flux is not None:
        right = np.array([[1.0]])
        conditions.append(dde.icbc.NeumannBC(domain, lambda x: np.full((len(x), 1), case.flux), at_right))
        anchors = np.vstack([anchors, right])
    data = dde.data.PDE(domain, equation, conditions, num_domain=0, num_boundary=0, anchors=anchors)
    network = dde.nn.FNN([case.dimension, *widths, 1], "tanh", "Glorot normal")
    if case.transform is not None:
        network.apply_output_transform(case.transform)
    return dde.Model(data, network)


def at_right(x, on_boundary):
    return bool(on_boundary and np.isclose(x[0], 1.0))


class Recorder(dde.callbacks.Callback):
    """Measures after each block of steps, makes blocks longer while they are short, and ends at the time limit.

    The clock stands still while the error is measured.
    """

    def __init__(self, case, points, limit, weights):
        super().__init__()
        self.weights = weights
        self.points, self.truth = points, case.exact(np, points)
        self.limit, self.spent, self.began = limit, 0.0, time.perf_counter()
        self.earlier = self.evaluations = 0
        self.lowest = np.inf

    def resume(self):
        self.began = time.perf_counter()

    def pause(self):
        self.spent += time.perf_counter() - self.began

    def measure(self, evaluations):
        """Say where the model stands after so many evaluations of the present optimiser."""
        self.pause()
        self.evaluations = None if evaluations is None else self.earlier + evaluations
        error = np.linalg.norm(self.model.predict(self.points) - self.truth) / np.linalg.norm(self.truth)
        say(seconds=self.spent, error=float(error), evaluations=self.evaluations)
        self.resume()

    def on_batch_end(self):
        """Called by L-BFGS after its block of iterations."""
        if self.model.opt_name != "L-BFGS":
            return
        options = self.model.opt.param_groups[0]
        before = self.spent
        self.measure(int(self.model.opt.state_dict()["state"][0]["func_evals"]))
        if self.spent - before < 0.3:
            options["max_iter"] = min(2 * options["max_iter"], 200)
            options["max_eval"] = 10 * options["max_iter"]
        loss = float(np.sum(self.model.train_state.loss_train))
        self.model.stop_training = self.spent >= self.limit or not loss < self.lowest
        self.lowest = min(self.lowest, loss)


def say(**values):
    print(json.dumps(values), flush=True)


def adam(model, recorder, until):
    """Steps of Adam until so many seconds are spent."""
    model.compile("adam", lr=1e-3, loss_weights=recorder.weights, verbose=0)
    block, done = 1, 0
    recorder.set_model(model)
    recorder.resume()
    while recorder.spent < until:
        before = recorder.spent
        model.train(iterations=block, display_every=10**9, verbose=0)
        done += block
        recorder.measure(done)
        block = min(2 * block, 1000) if recorder.spent - before < 0.3 else block
    recorder.earlier = done


def lbfgs(model, recorder, until):
    """L-BFGS until so many seconds are spent; it begins anew where it stands still, while that helps."""
    recorder.limit = until
    dde.optimizers.set_LBFGS_options(maxcor=100, ftol=0, gtol=0, maxiter=10**7, maxls=50)
    LBFGS_options["iter_per_step"], LBFGS_options["fun_per_step"] = 5, 50
    before = np.inf
    while recorder.spent < until:
        model.compile("L-BFGS", loss_weights=recorder.weights, verbose=0)
        recorder.set_model(model)
        recorder.resume()
        model.train(display_every=10**9, verbose=0, callbacks=[recorder])
        recorder.pause()
        recorder.earlier = recorder.evaluations
        if not recorder.lowest < before:
            break
        before = recorder.lowest


def nncg(model, recorder, until):
    """Newton's method with conjugate gradients preconditioned by a sketch, with the defaults of DeepXDE."""
    model.compile("NNCG", loss_weights=recorder.weights, verbose=0)
    recorder.set_model(model)
    recorder.resume()
    while recorder.spent < until:
        model.train(iterations=1, display_every=10**9, verbose=0)
        recorder.measure(None)


STRATEGIES = {
    "L-BFGS": ((1.0, lbfgs),),
    "Adam, L-BFGS": ((0.15, adam), (1.0, lbfgs)),
    "Adam, L-BFGS, NNCG": ((0.15, adam), (0.5, lbfgs), (1.0, nncg)),
}


def best_threads(case, points, widths):
    """Let PyTorch have one thread or all of them, whichever takes 10 steps sooner."""
    took = {}
    for threads in {1, torch.get_num_threads()}:
        torch.set_num_threads(threads)
        model = make(case, points, widths)
        model.compile("adam", lr=1e-3, verbose=0)
        model.train(iterations=2, display_every=10**9, verbose=0)
        began = time.perf_counter()
        model.train(iterations=10, display_every=10**9, verbose=0)
        took[threads] = time.perf_counter() - began
    torch.set_num_threads(min(took, key=took.get))


def main():
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if request["problem"] not in PROBLEMS:
        say(refused=f"it has no formulas for {request['problem']}; it has {', '.join(PROBLEMS)}")
        return
    case, points = PROBLEMS[request["problem"]](**request["parameters"]), dict(np.load(sys.argv[2]))
    widths = request["widths"]
    best_threads(case, points, widths)
    dde.config.set_random_seed(request["seed"])
    began = time.perf_counter()
    model = make(case, points, widths)
    model.compile("adam", lr=1e-3, verbose=0)
    model.train(iterations=0, display_every=10**9, verbose=0)
    setup = time.perf_counter() - began
    penalties = [("value", case.transform is None), ("flux", case.flux is not None)]
    weights = [1.0, *(request["weights"][name] for name, present in penalties if present)]
    recorder = Recorder(case, points["held_out"], request["seconds"], weights)
    try:
        for part, stage in STRATEGIES[request["strategy"]]:
            stage(model, recorder, part * request["seconds"])
    except torch.linalg.LinAlgError as error:
        say(refused=f"ended after {recorder.spent:.1f} s: {str(error).split(':')[-1].strip()}")
        return
    say(done=setup, threads=torch.get_num_threads())


if __name__ == "__main__":
    main()
