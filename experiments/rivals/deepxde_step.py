"""DeepXDE's training step for -lap u = f on the unit square, on given points; the backend is DDE_BACKEND.

Usage: deepxde_step.py POINTS.npz, with `interior [N, 2]` and `boundary [M, 2]`.
"""

from __future__ import annotations

import sys
import time

import deepxde as dde
import numpy as np

dde.config.set_default_float("float64")
BACKEND = dde.backend.backend_name
if BACKEND == "jax":
    import jax
    import jax.numpy as bkd

    jax.config.update("jax_enable_x64", True)
else:
    import deepxde.backend as bkd


def second(y, x, axis):
    value = dde.grad.hessian(y, x, i=axis, j=axis)
    return value[0] if BACKEND == "jax" else value  # the jax backend returns the function beside the value


def equation(x, y):
    source = 2 * np.pi**2 * bkd.sin(np.pi * x[:, 0:1]) * bkd.sin(np.pi * x[:, 1:2])
    return second(y, x, 0) + second(y, x, 1) + source


points = np.load(sys.argv[1])
square = dde.geometry.Rectangle([0, 0], [1, 1])
zero = dde.icbc.DirichletBC(square, lambda _: 0.0, lambda _, on_boundary: on_boundary)
data = dde.data.PDE(
    square, equation, [zero], num_domain=0, num_boundary=0, anchors=np.vstack([points["interior"], points["boundary"]])
)
model = dde.Model(data, dde.nn.FNN([2, 32, 32, 1], "tanh", "Glorot normal"))
model.compile("adam", lr=1e-3)
model.train(iterations=20, display_every=10**9)
print("ready", flush=True)
for line in sys.stdin:
    began = time.perf_counter()
    model.train(iterations=int(line), display_every=10**9)
    print("seconds", time.perf_counter() - began, flush=True)
