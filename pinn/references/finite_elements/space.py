"""A weak form on quadratic finite elements: residual vector, its derivative, and mass matrices, by scikit-fem."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, final

import numpy as np
from scipy import sparse

from pinn.references.finite_elements.forms import Inflow, UnsolvedError, Values, WeakForm, Weight
from pinn.references.finite_elements.quadratic import Nodes
from pinn.references.finite_elements.triangulation import Integers, Triangulation

Law = TypeVar("Law")

_ORDER = 5  # of the quadrature: a product of quadratic functions and a smooth coefficient


@final
@dataclass(frozen=True, eq=False)
class Space:
    """The quadratic functions on a triangulation in 1, 2 or 3 dimensions; N of them, one a node."""

    triangulation: Triangulation

    @property
    def dim(self) -> int:
        """k."""
        return self.triangulation.points.shape[1]

    @property
    def size(self) -> int:
        """N."""
        return int(self.basis.N)

    @cached_property
    def basis(self) -> Any:
        """The basis of scikit-fem, whose degrees of freedom are the values at nodes.

        Raises:
            UnsolvedError: a simplex that its curved boundary turns inside out.
        """
        from skfem import Basis

        mesh, element = self._mesh, self._element()
        basis = Basis(mesh, element, intorder=_ORDER)
        determinants = mesh.mapping().detDF(basis.X)
        if np.any(determinants * np.sign(determinants[:, :1]) <= 0):
            raise UnsolvedError("the mesh is too coarse for the curvature of the boundary")
        return basis

    @cached_property
    def nodes(self) -> Nodes:
        """The nodes with their places, in the numbers of the degrees of freedom."""
        basis, k = self.basis, self.dim
        corners = np.eye(k + 1)[:, 1:]
        middles = [(corners[i] + corners[j]) / 2 for i, j in itertools.combinations(range(k + 1), 2)]
        wanted = [tuple(place) for place in (*corners, *middles)]
        own = [tuple(place) for place in self._element().doflocs]
        order = [own.index(place) for place in wanted]
        return Nodes(np.ascontiguousarray(basis.doflocs.T), basis.element_dofs[order].T)

    def on(self, parts: Sequence[str]) -> Integers:
        """The nodes on some parts of the boundary."""
        return np.unique(self.basis.get_dofs(facets=self._facets_of(parts)).flatten())

    def boundary(self, parts: Sequence[str]) -> Any:
        """The basis on some parts of the boundary."""
        from skfem import FacetBasis

        return FacetBasis(self._mesh, self._element(), facets=self._facets_of(parts), intorder=_ORDER)

    def _facets_of(self, parts: Sequence[str]) -> Integers:
        missing = [part for part in parts if part not in self._facets]
        if missing:
            raise UnsolvedError(f"the mesh is too coarse for the part {missing[0]!r} of the boundary")
        return np.concatenate([self._facets[part] for part in parts])

    @cached_property
    def _mesh(self) -> Any:
        import skfem

        own = self.triangulation
        straight, curved = {
            1: (skfem.MeshLine1, None),
            2: (skfem.MeshTri1, skfem.MeshTri2),
            3: (skfem.MeshTet1, skfem.MeshTet2),
        }[self.dim]
        mesh = straight(np.ascontiguousarray(own.points.T), np.ascontiguousarray(own.cells.T))
        if curved is None:
            return mesh
        pairs = np.sort((mesh.facets if self.dim == 2 else mesh.edges).T, axis=1)
        places = np.concatenate([own.points, own.middles(pairs)])
        return curved(np.ascontiguousarray(places.T), mesh.t)

    def _element(self) -> Any:
        import skfem

        return (skfem.ElementLineP2, skfem.ElementTriP2, skfem.ElementTetP2)[self.dim - 1]()

    @cached_property
    def _facets(self) -> dict[str, Integers]:
        """The numbers that scikit-fem gives the facets of each part."""
        facets = np.sort(self._mesh.facets.T, axis=1)
        numbers = {tuple(facet): i for i, facet in enumerate(facets.tolist())}
        parts = self.triangulation.parts
        return {
            name: np.array([numbers[tuple(f)] for f in np.sort(rows, axis=1).tolist()]) for name, rows in parts.items()
        }


@final
@dataclass(frozen=True, eq=False)
class System:
    """`M_2 U'' + M_1 U' + K(t, U) = 0` for the values U at the nodes, `[N]`, of which some are given.

    Attributes:
        space: the nodes.
        form: the equation.
        coarser: the same with elements of twice the size.
    """

    space: Space
    form: WeakForm
    coarser: System | None = None

    @cached_property
    def fixed(self) -> Integers:
        """The nodes whose values are given."""
        return self.space.on(list(self.form.values)) if self.form.values else np.zeros(0, np.intp)

    @cached_property
    def free(self) -> Integers:
        """The others."""
        return np.setdiff1d(np.arange(self.space.size), self.fixed)

    def given(self, t: float) -> np.ndarray:
        """The values at the nodes `fixed`; where parts meet, the mean of theirs."""
        total, count = np.zeros(self.space.size), np.zeros(self.space.size)
        for values, nodes in self._valued:
            total[nodes] += values(self.space.nodes.places[nodes], t)
            count[nodes] += 1
        return total[self.fixed] / count[self.fixed]

    def mass(self, weight: Weight | None) -> sparse.csr_matrix:
        """The mass matrix with a weight, `[N, N]`."""
        from skfem import BilinearForm

        basis = self.space.basis
        if weight is None:
            return sparse.csr_matrix((basis.N, basis.N))
        values = _shaped(weight(_points(basis)), basis)
        return BilinearForm(lambda u, v, w: w["weight"] * u * v).assemble(basis, weight=values).tocsr()

    def __call__(self, t: float, values: np.ndarray, *, derivative: bool) -> tuple[np.ndarray, Any]:
        """K, `[N]`, and its derivative, `[N, N]`, or `None` where that is not asked for."""
        vector, matrix = self._inside(t, values, derivative)
        for inflow, basis in self._boundaries:
            more, slope = self._through(inflow, basis, t, values, derivative)
            vector = vector - more
            matrix = matrix - slope if derivative else None
        return vector, matrix

    def _inside(self, t: float, values: np.ndarray, derivative: bool) -> tuple[np.ndarray, Any]:
        from skfem import BilinearForm, LinearForm

        basis = self.space.basis
        field = basis.interpolate(values)
        k = self.space.dim
        terms = self.form.volume(_points(basis), t, np.ravel(np.asarray(field)), field.grad.reshape(k, -1).T)
        data = {name: _shaped(array, basis) for name, array in terms._asdict().items()}
        vector = LinearForm(lambda v, w: _dot(w["flux"], v.grad) + w["source"] * v).assemble(
            basis, flux=data["flux"], source=data["source"]
        )
        if not derivative:
            return vector, None

        def form(u: Any, v: Any, w: Any) -> Any:
            flux = w["flux_by_value"] * u + np.einsum("ij...,j...->i...", w["flux_by_slope"], u.grad)
            return _dot(flux, v.grad) + (w["source_by_value"] * u + _dot(w["source_by_slope"], u.grad)) * v

        return vector, BilinearForm(form).assemble(basis, **data).tocsr()

    def _through(
        self, law: Inflow, basis: Any, t: float, values: np.ndarray, derivative: bool
    ) -> tuple[np.ndarray, Any]:
        from skfem import BilinearForm, LinearForm

        k = self.space.dim
        normals = np.broadcast_to(basis.normals, basis.global_coordinates().shape).reshape(k, -1).T
        inflow, slope = law(_points(basis), normals, t, np.ravel(np.asarray(basis.interpolate(values))))
        vector = LinearForm(lambda v, w: w["q"] * v).assemble(basis, q=_shaped(inflow, basis))
        if not derivative:
            return vector, None
        form = BilinearForm(lambda u, v, w: w["q"] * u * v)
        return vector, form.assemble(basis, q=_shaped(slope, basis)).tocsr()

    @cached_property
    def _valued(self) -> list[tuple[Values, Integers]]:
        return [(values, self.space.on(parts)) for values, parts in _owners(self.form.values)]

    @cached_property
    def _boundaries(self) -> list[tuple[Inflow, Any]]:
        return [(inflow, self.space.boundary(parts)) for inflow, parts in _owners(self.form.inflows)]


def _owners(laws: Mapping[str, Law]) -> list[tuple[Law, list[str]]]:
    """Each law once, with all its parts."""
    by_law: dict[int, tuple[Law, list[str]]] = {}
    for part, law in laws.items():
        by_law.setdefault(id(law), (law, []))[1].append(part)
    return list(by_law.values())


def _points(basis: Any) -> np.ndarray:
    """The points of quadrature, `[n, k]`."""
    x = np.asarray(basis.global_coordinates())
    return x.reshape(len(x), -1).T


def _shaped(array: np.ndarray, basis: Any) -> np.ndarray:
    """An array over the points of quadrature, `[n, ...]`, as scikit-fem has it: `[..., elements, points]`."""
    shape = np.asarray(basis.global_coordinates()).shape[1:]
    return np.moveaxis(array, 0, -1).reshape(*array.shape[1:], *shape)


def _dot(a: Any, b: Any) -> Any:
    return sum(a[i] * b[i] for i in range(len(b)))
