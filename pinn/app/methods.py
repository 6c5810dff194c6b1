"""Which published methods a run has used, as its summary and its config say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Method = tuple[str, tuple[str, ...]]  # what it did in the run, and the keys of its sources in `pinn.report.SOURCES`

FIELDS: Mapping[str, Method] = {
    "mlp": ("A network that satisfies the equation", ("raissi2019",)),
    "fourier": ("A network behind Fourier features", ("raissi2019", "tancik2020")),
    "random_features": ("Random features", ("dong2021", "zhang2024")),
    "patches": ("Random features on patches", ("chen2022", "babuska1997")),
    "slabs": ("Random features in slabs of time", ("chen2022", "chen2023")),
    "evolving_features": ("Random features whose coefficients evolve", ("du2021", "bruna2024")),
}
SOLVERS: Mapping[str, Method] = {
    "adam": ("Adam", ("kingma2015",)),
    "lbfgs": ("L-BFGS", ("liu1989",)),
    "bfgs": ("BFGS", ("nocedal2006",)),
    "ss_bfgs": ("Self-scaled BFGS", ("albaali1998", "urban2025")),
    "ss_broyden": ("Self-scaled Broyden", ("albaali2005", "urban2025")),
    "gauss_newton": ("Gauss-Newton", ("nocedal2006",)),
    "gauss_newton_cg": ("Gauss-Newton without a matrix", ("martens2010", "frangella2023")),
    "levenberg_marquardt": ("Levenberg-Marquardt", ("marquardt1963",)),
    "engd": ("Energy natural gradients", ("mueller2023",)),
    "least_squares": ("Linear least squares", ("golub2013", "dong2021")),
}
SAMPLINGS: Mapping[str, Method] = {
    "sobol": ("Points of Sobol's sequence", ("sobol1967",)),
    "latin_hypercube": ("Points of a Latin hypercube", ("mckay1979",)),
    "rad": ("Points that follow the residual (RAD)", ("wu2023",)),
    "rar": ("Points added where the residual is large (RAR)", ("wu2023", "lu2021")),
}
BALANCES: Mapping[str, Method] = {
    "gradient_norm": ("Weights by the norms of gradients", ("wang2021",)),
    "ntk": ("Weights by the neural tangent kernel", ("wang2022",)),
    "self_adaptive": ("Weights that are trained", ("mcclenny2023",)),
    "relobralo": ("Weights by relative progress (ReLoBRaLo)", ("bischof2025",)),
    "causal": ("Weights that respect causality", ("wang2024",)),
}
WITHOUT = ("auto", "custom", "chain", "uniform", "grid", "fixed")
"""Choices that rest on nothing published, or on others."""

_MOMENTUM: Method = ("Momentum of SPRING", ("goldshlager2024",))
_SINE: Method = ("Sine as activation", ("sitzmann2020",))
_FEW_AXES: Method = ("Features that see few axes each", ("hashemi2023",))
_ANSATZ: Method = ("Conditions that hold exactly, by an ansatz", ("lagaris1998", "sukumar2022"))
_FORWARD: Method = ("Derivatives in one pass", ("li2024",))
_REFERENCE: Method = ("Reference by finite elements", ("gustafsson2020", "schoeberl1997"))
_ENGINE: Method = ("TensorFlow", ("abadi2016",))


def methods(summary: Mapping[str, Any], config: Mapping[str, Any]) -> list[Method]:
    """What a run rests on, in the order of a text about it; choices that are not known are passed over."""
    return [method for method in _found(summary, config) if method is not None]


def _found(summary: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[Method | None]:
    field, solver = _options(config, "field"), _options(config, "solver")
    yield FIELDS.get(_name(field))
    if field.get("activation") == "sine" and _name(field) in ("mlp", "fourier"):
        yield _SINE
    if field.get("interactions"):
        yield _FEW_AXES
    if (summary.get("conditions") or {}).get("exact"):
        yield _ANSATZ
    if summary.get("engine") == "forward":
        yield _FORWARD
    for name, options in _stages(solver):
        yield SOLVERS.get(name)
        if name == "engd" and options.get("momentum"):
            yield _MOMENTUM
    yield SAMPLINGS.get(_name(_options(config, "sampling")))
    yield BALANCES.get(_name(_options(config, "balance")))
    if (summary.get("reference") or {}).get("kind") == "finite elements":
        yield _REFERENCE
    yield _ENGINE


def _stages(solver: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The solvers of a run by name, those of a chain in their order."""
    if _name(solver) != "chain":
        yield _name(solver), solver
        return
    for name in SOLVERS:
        if isinstance(solver.get(name), Mapping):
            yield name, solver[name]


def _options(config: Mapping[str, Any], group: str) -> Mapping[str, Any]:
    found = config.get(group)
    return found if isinstance(found, Mapping) else {}


def _name(options: Mapping[str, Any]) -> str:
    return str(options.get("name", ""))
