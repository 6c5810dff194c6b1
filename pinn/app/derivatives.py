"""Derivatives of a field by the names that columns and fields of exports have: `u_x`, `u_xy`, `laplacian`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import tensorflow as tf

from pinn.calculus import Jet
from pinn.hints import nearest
from pinn.problems import Problem

Column: TypeAlias = Callable[[Jet], tf.Tensor]  # the jet of all components -> [N]

GRADIENT, HESSIAN, LAPLACIAN = "gradient", "hessian", "laplacian"


def derivatives(words: Sequence[str], problem: Problem) -> dict[str, Column]:
    """The derivatives that some words ask for, by name, in the order in which they were asked for.

    `u_x` and `u_xy` are one each, with a component of the field and one axis or two; `gradient` stands for all first
    derivatives along axes of space, `hessian` for all second ones, `laplacian` for their sum, one a component.

    Raises:
        ValueError: a word that is none of these; the message says what there is.
    """
    known = _all(problem)
    groups = {
        GRADIENT: [f"{u}_{x}" for u in problem.quantities for x in problem.domain.space_axes],
        HESSIAN: [f"{u}_{x}{y}" for u in problem.quantities for x, y in _pairs(problem.domain.space_axes)],
        LAPLACIAN: [name for name in known if name.startswith(LAPLACIAN)],
    }
    found: dict[str, Column] = {}
    for word in words:
        for name in groups.get(word, [word]):
            if name not in known:
                raise ValueError(_unknown(name, [*groups, *known], problem))
            found[name] = known[name]
    return found


def _all(problem: Problem) -> dict[str, Column]:
    """Every derivative of a component, either order of two axes among them."""
    axes, quantities = problem.domain.axes, problem.quantities
    found: dict[str, Column] = {}
    for component, u in enumerate(quantities):
        of = _component(component, len(quantities))
        orders = itertools.chain(((x,) for x in axes), itertools.product(axes, repeat=2))
        found |= {f"{u}_{''.join(names)}": _partial(of, names) for names in orders}
        found[LAPLACIAN if len(quantities) == 1 else f"{LAPLACIAN}_{u}"] = _laplacian(of)
    return found


def _component(component: int, count: int) -> Callable[[Jet], Jet]:
    return (lambda u: u) if count == 1 else (lambda u: u[component])


def _partial(of: Callable[[Jet], Jet], names: tuple[str, ...]) -> Column:
    return lambda u: of(u).d(*names)


def _laplacian(of: Callable[[Jet], Jet]) -> Column:
    return lambda u: of(u).laplacian()


def _pairs(axes: Sequence[str]) -> Iterator[tuple[str, str]]:
    return itertools.combinations_with_replacement(axes, 2)


def _unknown(word: str, known: Sequence[str], problem: Problem) -> str:
    near = nearest(word, known)
    remedy = f" Did you mean {near}?" if near else ""
    u, x = problem.quantities[0], problem.domain.axes[0]
    return (
        f"derivatives: expected {GRADIENT}, {HESSIAN}, {LAPLACIAN}, or a derivative such as {u}_{x} or {u}_{x}{x}, "
        f"of {', '.join(problem.quantities)} along {', '.join(problem.domain.axes)}; got {word!r}.{remedy}"
    )
