"""Realistic and degenerate records for the tests of figures, built from closed forms and seeded noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from pinn.report import Curve, Domain, History, Panel, Points, View


def wiggle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A smooth pattern of unit size, in the manner of a trained network's error."""
    return np.sin(5.1 * x + 1.3) * np.cos(3.7 * y - 0.4) + 0.4 * np.sin(9.0 * x * y + 2.0)


def fields(x: np.ndarray, y: np.ndarray, exact: np.ndarray, size: float) -> dict[str, np.ndarray]:
    """All four quantities `[ny, nx]` for an exact solution and a size of the error."""
    error = size * wiggle(x, y)
    return {
        "solution": exact + error,
        "exact": exact,
        "error": error,
        "residual": 40.0 * size * wiggle(2.0 * x, 2.0 * y),
    }


def panel(
    exact: Callable[[np.ndarray, np.ndarray], np.ndarray],
    x: np.ndarray,
    y: np.ndarray,
    *,
    title: str = "",
    labels: tuple[str, str] = ("x", "y"),
    size: float = 3e-6,
    inside: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> Panel:
    """A panel of a closed form with a small error, NaN where `inside` is false."""
    xx, yy = np.meshgrid(x, y)
    values = fields(xx, yy, exact(xx, yy), size)
    if inside is not None:
        values = {key: np.where(inside(xx, yy), array, np.nan) for key, array in values.items()}
    return Panel(title, labels, x, y, values)


def unit(n: int = 81) -> np.ndarray:
    return np.linspace(0.0, 1.0, n)


def square() -> View:
    x = unit()
    return View("poisson_2d", "u", panels=[panel(lambda a, b: np.sin(np.pi * a) * np.sin(np.pi * b), x, x)])


def without_exact() -> View:
    x = unit()
    values = panel(lambda a, b: 2e4 * a * (1 - a) * b, x, x).values
    kept = {key: values[key] for key in ("solution", "residual")}
    return View("my_problem", "T [K]", panels=[Panel("", ("x [m]", "y [m]"), x, x, kept)])


def annulus() -> View:
    x = np.linspace(-1.0, 1.0, 121)
    ring = panel(
        lambda a, b: np.log(np.maximum(np.hypot(a, b), 1e-3)),
        x,
        x,
        inside=lambda a, b: (np.hypot(a, b) <= 1.0) & (np.hypot(a, b) >= 0.35),
    )
    return View("laplace_annulus", "u", panels=[ring])


def slices() -> View:
    x = unit(61)
    panels = [
        panel(
            lambda a, b, z=z: np.sin(np.pi * a) * np.sin(np.pi * b) * np.sin(np.pi * (z + 0.5)),
            x,
            x,
            title=f"z = {z:g}",
            size=2e-4,
        )
        for z in (-0.25, 0.0, 0.25)
    ]
    return View("poisson_3d", "u", panels=panels)


def snapshots() -> View:
    x = unit(61)
    panels = [
        panel(
            lambda a, b, t=t: np.exp(-19.7 * t) * np.sin(np.pi * a) * np.sin(np.pi * b),
            x,
            x,
            title=f"t = {t:g}",
            size=1e-5,
        )
        for t in (0.0, 0.05, 0.25)
    ]
    return View("heat_2d", "u", panels=panels)


def channel() -> View:
    return View(
        "poiseuille", "p [Pa]", panels=[panel(lambda a, b: 4 * b * (1 - b) * a, np.linspace(0, 4, 161), unit(41))]
    )


def tall() -> View:
    return View("column", "u", panels=[panel(lambda a, b: b * a, unit(41), np.linspace(0, 3, 121), size=1e3)])


def heat() -> View:
    x, t = unit(81), np.linspace(0.0, 0.5, 91)

    def exact(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.exp(-(np.pi**2) * b) * np.sin(np.pi * a)

    curves = [
        Curve(f"t = {s:g}", "x", x, fields(x, np.full_like(x, s), exact(x, np.full_like(x, s)), 2e-5))
        for s in (0.0, 0.05, 0.1, 0.2, 0.5)
    ]
    return View("heat_1d", "u", curves, [panel(exact, x, t, labels=("x", "t"), size=2e-5)])


def line() -> View:
    x = np.linspace(-1.0, 1.0, 201)
    return View("poisson_1d", "u", [Curve("", "x", x, fields(x, x, np.sin(np.pi * x), 4e-7))])


def cuts() -> View:
    x, y = unit(), np.linspace(0.0, 2.0, 101)
    along_x = [Curve(f"y = {s:g}", "x [m]", x, fields(x, x, np.sin(np.pi * x) * s, 1e-3)) for s in (0.5, 1.0)]
    return View("plate", "u [mm]", [*along_x, Curve("x = 0.5", "y [m]", y, fields(y, y, np.sin(y), 1e-3))])


def degenerate_panel(values: Mapping[str, np.ndarray]) -> View:
    ny, nx = next(iter(values.values())).shape
    return View("edge", "u", panels=[Panel("", ("x", "y"), np.arange(nx) + 0.0, np.arange(ny) + 0.0, values)])


def degenerate_curve(values: Mapping[str, np.ndarray]) -> View:
    n = next(iter(values.values())).size
    return View("edge", "u", [Curve("", "x", np.arange(n) + 0.0, values)])


def degenerate_values(shape: tuple[int, ...]) -> dict[str, dict[str, np.ndarray]]:
    """Inputs that tempt a colour scale to divide by zero, by name."""
    ramp = np.linspace(0.0, 1.0, int(np.prod(shape))).reshape(shape)
    nan, zero, one = np.full(shape, np.nan), np.zeros(shape), np.ones(shape)
    lone = nan.copy()
    lone.flat[0] = 2.5
    spike = 1e-3 * (ramp - 0.5)
    spike.flat[0] = 40.0
    return {
        "constant": {"solution": 3.0 * one, "exact": 3.0 * one, "error": zero, "residual": zero},
        "zero": {"solution": zero, "exact": zero, "error": zero, "residual": zero},
        "negative zero": {"solution": -zero, "residual": -zero},
        "residual all NaN": {"solution": ramp, "residual": nan},
        "everything NaN": {"solution": nan, "exact": nan, "error": nan, "residual": nan},
        "one finite value": {"solution": lone, "exact": lone, "error": lone, "residual": lone},
        "exact zero, solution tiny": {"solution": 1e-9 * ramp, "exact": zero, "error": 1e-9 * ramp, "residual": ramp},
        "infinite residual": {"solution": ramp, "residual": np.where(ramp > 0.5, np.inf, ramp)},
        "nearly constant": {"solution": 1.0 + 1e-7 * ramp, "exact": one, "error": 1e-7 * ramp, "residual": ramp},
        "round-off": {"solution": 1.0 + 1e-16 * ramp, "exact": one, "error": 1e-16 * ramp, "residual": 1e-15 * ramp},
        "huge": {"solution": 1e200 * ramp, "exact": 1e200 * ramp, "error": 1e180 * ramp, "residual": 1e190 * ramp},
        "subnormal": {"solution": 1e-310 * ramp, "exact": zero, "error": 1e-310 * ramp, "residual": 1e-310 * ramp},
        "spike in a corner": {"solution": ramp, "exact": ramp, "error": 1e-5 * ramp, "residual": spike},
    }


def interior(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n, d))


def face(n: int, d: int, axis: int, value: float, seed: int = 1) -> np.ndarray:
    points = interior(n, d, seed)
    points[:, axis] = value
    return points


def points_line() -> Points:
    return Points(("x",), {"interior": interior(200, 1), "left": np.zeros((1, 1)), "right": np.ones((1, 1))})


def points_heat() -> Points:
    groups = {
        "interior": interior(1000, 2) * [1.0, 0.5],
        "initial": face(120, 2, 1, 0.0),
        "left": face(60, 2, 0, 0.0, 2) * [1.0, 0.5],
        "right": face(60, 2, 0, 1.0, 3) * [1.0, 0.5],
    }
    return Points(("x", "t"), groups)


def points_square() -> Points:
    sides = {
        f"dirichlet {name}": face(60, 2, axis, value, 5 + axis)
        for name, axis, value in (("west", 0, 0.0), ("east", 0, 1.0), ("south", 1, 0.0), ("north", 1, 1.0))
    }
    return Points(("x [m]", "y [m]"), {"interior": interior(20000, 2), **sides})


def points_cube() -> Points:
    walls = np.concatenate([face(80, 3, axis, value, axis) for axis in range(3) for value in (0.0, 1.0)])
    return Points(("x", "y", "z"), {"interior": interior(2000, 3), "walls": walls, "hole": np.empty((0, 3))})


def points_many() -> Points:
    return Points(tuple(f"x{i}" for i in range(6)), {"interior": interior(3000, 6), "boundary": face(300, 6, 0, 0.0)})


def domain(d: int, holes: int = 0) -> Domain:
    """A unit cube, of which one face has no condition and one corner is ringed; with more parts than a legend holds."""
    names = ("x", "y", "z")[:d]
    parts = {
        f"{name}_{side}": face(60, d, axis, value)
        for axis, name in enumerate(names)
        for side, value in (("min", 0.0), ("max", 1.0))
    }
    parts |= {f"hole_{k}": interior(20, d, seed=k) for k in range(holes)}
    conditions = dict.fromkeys(list(parts)[1:], "dirichlet")
    return Domain("plate", names, interior(300, d), parts, conditions, np.zeros((1, d)))


def referred() -> View:
    """A solution beside a reference that is no formula."""
    return replace(heat(), truth="Fourier series", accuracy=4.2e-8)


def history(adam: int = 2000, lbfgs: int = 1500) -> History:
    """Noisy Adam, then a steep L-BFGS; the error measured every tenth row."""
    random = np.random.default_rng(0)
    step = np.arange(adam + lbfgs) + 1.0
    first = 3.0 * np.exp(-np.arange(adam) / 260.0) + 2e-3
    first = first * np.exp(0.35 * random.standard_normal(adam))
    second = 2e-3 * np.exp(-np.arange(lbfgs) / 130.0) + 3e-10
    loss = np.concatenate([first, second])
    seconds = np.concatenate([np.arange(adam) * 0.004, adam * 0.004 + np.arange(lbfgs) * 0.011]) + 0.8
    error = np.where(np.arange(step.size) % 10 == 0, 0.3 * np.sqrt(loss), np.nan)
    parts = {
        "loss/interior": 0.7 * loss,
        "loss/dirichlet": 0.2 * loss,
        "loss/initial": 0.1 * loss * (1.0 + 0.5 * np.sin(step / 200)),
    }
    stage = np.array(["adam"] * adam + ["lbfgs"] * lbfgs)
    return History({"step": step, "seconds": seconds, "loss": loss, "error": error, **parts, "stage": stage})


def history_of(loss: Sequence[float], error: Sequence[float], stage: Sequence[str] | None = None) -> History:
    k = len(loss)
    columns: dict[str, object] = {"step": np.arange(k), "seconds": 0.1 * np.arange(k), "loss": loss, "error": error}
    return History(columns if stage is None else {**columns, "stage": stage})  # type: ignore[arg-type]


def sweep(widths: Sequence[int], activations: Sequence[str], seeds: Sequence[int]) -> list[dict[str, object]]:
    """A sweep over three overrides, with one run that failed and one that diverged when it is large enough."""
    random = np.random.default_rng(3)
    rows: list[dict[str, object]] = []
    for width in widths:
        for activation in activations:
            for seed in seeds:
                error = 10.0 ** (
                    -2.0 - 1.2 * np.log2(width / 8) + 0.5 * random.standard_normal() + 0.4 * (activation == "tanh")
                )
                rows.append(
                    {
                        "problem": "poisson_2d",
                        "field.width": width,
                        "field.activation": activation,
                        "seed": seed,
                        "relative_l2": float(error),
                        "seconds": float(4.0 * (width / 16) ** 0.8 * np.exp(0.2 * random.standard_normal())),
                        "verdict": "pass" if error < 1e-4 else "fail",
                        "folder": f"outputs/sweeps/poisson_2d/{len(rows)}",
                    }
                )
    if len(rows) > 20:
        rows[7] |= {"relative_l2": float("nan"), "verdict": "fail"}
        rows[11] |= {"relative_l2": None, "seconds": None, "verdict": "failed"}
    return rows


VIEWS = {
    "square": square,
    "without exact": without_exact,
    "annulus": annulus,
    "slices": slices,
    "snapshots": snapshots,
    "channel": channel,
    "tall": tall,
    "heat": heat,
    "heat by a reference": referred,
    "line": line,
    "cuts": cuts,
}
DOMAINS = {
    "an interval": lambda: domain(1),
    "a square": lambda: domain(2),
    "twenty holes": lambda: domain(2, 20),
    "a cube": lambda: domain(3),
}
POINTS = {
    "line": points_line,
    "heat": points_heat,
    "square": points_square,
    "cube": points_cube,
    "many axes": points_many,
}
HISTORIES: dict[str, Callable[[], History]] = {
    "adam then lbfgs": history,
    "one row": lambda: history_of([1e-3], [0.1], ["adam"]),
    "one row, no error": lambda: history_of([1e-3], [np.nan]),
    "zeros": lambda: history_of([1.0, 0.0, 0.0], [1e-2, 0.0, np.nan], ["adam", "adam", "lbfgs"]),
    "all NaN": lambda: history_of([np.nan, np.nan], [np.nan, np.nan], ["adam", "lbfgs"]),
    "diverged": lambda: history_of([1.0, 1e80, np.inf], [1.0, 1e40, np.nan], ["adam"] * 3),
    "constant": lambda: history_of([1e-3] * 5, [1e-2] * 5, ["random features"] * 5),
    "many stages": lambda: history_of(
        np.geomspace(1, 1e-9, 60).tolist(), np.geomspace(1, 1e-5, 60).tolist(), [f"stage {i // 10}" for i in range(60)]
    ),
    "short last stage": lambda: history_of([1.0] * 99 + [0.1], [0.5] * 100, ["adam"] * 99 + ["lbfgs"]),
}
SWEEPS: dict[str, Callable[[], list[dict[str, object]]]] = {
    "nine": lambda: sweep([16, 32, 64], ["tanh"], [0, 1, 2]),
    "sixty": lambda: sweep([8, 16, 32, 64, 128], ["tanh", "sine", "gelu"], [0, 1, 2, 3]),
    "one": lambda: sweep([16], ["tanh"], [0]),
    "crowded dozen": lambda: [
        {**row, "relative_l2": 1e-5, "seconds": 5.0} for row in sweep([16, 32, 64], ["tanh", "sine"], [0, 1])
    ],
    "exact and instant": lambda: [
        {"k": 1, "relative_l2": 0.0, "seconds": 0.0, "verdict": "pass", "folder": "a"},
        {"k": 2, "relative_l2": 1e-3, "seconds": 100.0, "verdict": "fail", "folder": "b"},
    ],
    "all failed": lambda: [{"k": k, "relative_l2": None, "seconds": None, "verdict": "failed"} for k in range(3)],
    "nothing": list,
}
