"""Every shipped problem, in the table that each of them must join."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from pinn import problems
from pinn.calculus import LazyJet, PointSet, Tape
from pinn.problems import BoundaryCondition, Condition, PointCondition, Problem

PROBLEMS: dict[str, tuple[Problem, ...]] = {
    "poisson_1d": (problems.Poisson1D(),),
    "poisson_2d": (problems.Poisson2D(),),
    "poisson_nd": tuple(problems.PoissonND(d) for d in (1, 2, 5, 10)),
    "laplace_pairs": tuple(problems.LaplacePairs(d) for d in (2, 10)),
    "laplace_annulus": (problems.LaplaceAnnulus(), problems.LaplaceAnnulus(0.3, 4.0)),
    "poisson_ball": (problems.PoissonBall(),),
    "poisson_expression": (
        problems.PoissonExpression(),
        problems.PoissonExpression("exp(x)*sin(y)*z**2", (-1.0, 0.0, 0.0), (1.0, 1.0, 2.0)),
        problems.PoissonExpression("exp(x)*y", shape={"type": "ellipsoid", "center": [0, 1], "radii": [2, 1]}),
    ),
    "equation": (
        problems.Equation(
            "-laplacian(u) + u**3 = source",
            {"type": "box", "lower": [0, 0], "upper": [1, 1]},
            given=({"dirichlet": "exact"},),
            solution="sin(pi*x)*sin(pi*y)",
        ),
        problems.Equation(
            {
                "flow": "u_t + dot(vector(v, 1), grad(u)) = div(k*grad(u)) + source",
                "heat": "laplacian(v) + u_xy**2 = v_t + source",
            },
            {"type": "annulus", "center": [0, 0], "inner": 0.5, "outer": 1.0},
            (0.0, 0.5),
            (
                {"initial": "exact", "of": "u"},
                {"initial": "x**2", "of": "v"},
                {"dirichlet": "exact", "of": "u", "at": "inner"},
                {"robin": "exact", "coefficient": "1 + t", "of": "u", "at": "outer"},
                {"neumann": "exact", "of": "v", "at": "inner"},
                {"law": "v*v_n + u = n_x*2*x**3*exp(-2*t) + x*y*cos(t)", "at": "outer"},
                {"pin": "exact", "at": [0.75, 0.0, 0.25], "of": "v"},
            ),
            {"k": "1 + x**2/2"},
            ("u", "v"),
            {"u": "x*y*cos(t)", "v": "x**2*exp(-t)"},
        ),
    ),
    "heat_1d": (problems.Heat1D(), problems.Heat1D(diffusivity=2.0, duration=0.3)),
    "heat_2d": (problems.Heat2D(), problems.Heat2D(diffusivity=0.7, duration=2.0)),
    "heat_nd": (problems.HeatND(), problems.HeatND(dimension=1, diffusivity=2.0)),
    "helmholtz_2d": (problems.Helmholtz2D(), problems.Helmholtz2D(wave_number=5.0, waves_x=3, waves_y=2)),
    "screened_poisson": (problems.ScreenedPoisson(), problems.ScreenedPoisson(screening=2.0, angle=-2.0)),
    "poisson_boltzmann": (problems.PoissonBoltzmann(), problems.PoissonBoltzmann(potential=1.0, length=2.0)),
    "bratu_1d": (problems.Bratu1D(), problems.Bratu1D(rate=3.5)),
    "poisson_cubic": (problems.PoissonCubic(),),
    "wave_1d": (problems.Wave1D(), problems.Wave1D(speed=0.5, duration=3.0)),
    "convection_diffusion_1d": (problems.ConvectionDiffusion1D(), problems.ConvectionDiffusion1D(0.5)),
    "convection_diffusion_2d": (problems.ConvectionDiffusion2D(), problems.ConvectionDiffusion2D(0.5)),
    "fisher_kpp": (problems.FisherKPP(), problems.FisherKPP(diffusivity=0.1, growth=4.0, length=1.0, duration=0.5)),
    "burgers_2d": (problems.Burgers2D(), problems.Burgers2D(viscosity=0.1, duration=2.0)),
    "heat_varying": (problems.HeatVarying(), problems.HeatVarying(diffusivity=1.0, contrast=-0.5)),
    "plate_supported": (problems.PlateSupported(),),
    "plate_clamped": (problems.PlateClamped(),),
    "stokes_2d": (problems.Stokes2D(),),
    "kovasznay": (problems.Kovasznay(), problems.Kovasznay(reynolds=1e6)),
    "allen_cahn_1d": (problems.AllenCahn1D(), problems.AllenCahn1D(diffusivity=1e-2, duration=0.5)),
    "lid_driven_cavity": (problems.LidDrivenCavity(),),
    "heat_2d_multiscale": (problems.Heat2DMultiscale(), problems.Heat2DMultiscale(waves=3, duration=0.5)),
    "heat_ball": (problems.HeatBall(), problems.HeatBall(dimension=2, duration=0.5)),
    "poisson_sines": (problems.PoissonSines(), problems.PoissonSines(2)),
    "layered_wall": (problems.LayeredWall(), problems.LayeredWall((3.0, 1.0), (1.0, 2.0), (0.0, -1.0), 0.5)),
    "laplace_discs": (problems.LaplaceDiscs(), problems.LaplaceDiscs(radius=0.05, offset=0.2)),
    "heat_long_time": (problems.HeatLongTime(duration=1.0),),
    "burgers_1d": (problems.Burgers1D(), problems.Burgers1D(viscosity=0.1, duration=2.0)),
}
ALL = [pytest_case for group in PROBLEMS.values() for pytest_case in group]
SOLVED = [problem for problem in ALL if problem.exact is not None]


def interior(problem: Problem, count: int = 200) -> PointSet:
    """Random points inside the domain."""
    shape = problem.domain
    unit = np.random.default_rng(0).uniform(size=(count, shape.unit_dimension))
    return PointSet(tf.constant(shape.interior(unit)), shape.axes)


def places(problem: Problem, condition: Condition, count: int = 50) -> PointSet:
    """The points of a condition: those it is given, or random ones, with normals, on the parts that it names."""
    axes = problem.domain.axes
    if isinstance(condition, PointCondition):
        return PointSet(tf.constant(condition.points), axes)
    assert isinstance(condition, BoundaryCondition)
    random = np.random.default_rng(1)
    sampled = [
        part.sample(random.uniform(size=(count, part.unit_dimension))) for part in problem.domain.select(condition.on)
    ]
    points, normals = (tf.constant(np.concatenate(arrays)) for arrays in zip(*sampled, strict=True))
    return PointSet(points, axes, normals)


def jet_of_exact(problem: Problem, p: PointSet, change: object = None) -> LazyJet:
    """The exact solution as a jet, plus `change(p)` if there is one."""
    assert problem.exact is not None

    def field(coordinates: tf.Tensor) -> tf.Tensor:
        at = PointSet(coordinates, p.axes)
        exact = problem.exact(at)
        return exact + tf.reshape(change(at), [-1] + [1] * (exact.shape.rank - 1)) if callable(change) else exact

    return LazyJet(field, p, problem.frame, Tape())
