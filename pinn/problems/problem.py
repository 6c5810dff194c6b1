"""The contract of a problem: a domain, a residual, conditions, and the exact solution where one is known."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias, final

import tensorflow as tf

from pinn.calculus import Frame, Jet, PointSet
from pinn.geometry import Shape
from pinn.problems.conditions import Condition
from pinn.references import ReferenceSolution

Residual: TypeAlias = tf.Tensor | Mapping[str, tf.Tensor]


class Problem(ABC):
    """A partial differential equation on a domain. Subclass it as a frozen dataclass whose fields are the parameters:

        @dataclass(frozen=True)
        class Membrane(Problem):
            load: float = 1.0

            @property
            def domain(self):
                return Box((0, 0), (1, 1))

            def residual(self, p, u):
                return u.laplacian() + self.load

            def conditions(self):
                return [Dirichlet(0.0)]

    A problem never knows how derivatives are computed: it receives a jet `u` at the points `p` and writes the
    equation. Give a method `exact(self, p) -> [N]` (or `[N, m]`) when the solution is known, and every run ends with
    the true error.
    """

    components: ClassVar[int] = 1
    """How many components the field has, `m`."""

    unknowns: ClassVar[tuple[str, ...]] = ()
    """Names of the components; `u`, or `u1`, `u2`, ... where nothing is said."""

    vectors: ClassVar[Mapping[str, tuple[int, ...]]] = {}
    """Components that are together a vector in space, by its name: `{"velocity": (0, 1)}`."""

    citation: ClassVar[str] = ""
    """Where the problem comes from."""

    aliases: ClassVar[Mapping[str, str]] = {}
    """Names of options in a config that differ from the dataclass field they set."""

    exact: ClassVar[Callable[[Any, PointSet], tf.Tensor] | None] = None
    """The exact solution as a method, or `None` when no formula is known."""

    reference: ClassVar[Callable[[Any], ReferenceSolution] | None] = None
    """A solution by a classical method, as a method that remembers it, where no formula is known; or `None`."""

    @property
    @abstractmethod
    def domain(self) -> Shape:
        """Where the equation holds."""

    @abstractmethod
    def residual(self, p: PointSet, u: Jet) -> Residual:
        """What should vanish inside the domain: `[N]`, or a mapping of names to `[N]` for several equations."""

    def conditions(self) -> Sequence[Condition]:
        """What holds on the boundary and at the initial time; none unless the problem says so."""
        return ()

    @final
    @property
    def frame(self) -> Frame:
        """The names of the coordinates and the number of components, as a jet needs them."""
        shape = self.domain
        return Frame(shape.axes, shape.time_axis, None if self.components == 1 else self.components)

    @final
    @property
    def quantities(self) -> tuple[str, ...]:
        """The names of the components, one each, as pictures, tables and exports say them.

        Raises:
            ValueError: there are names, and not as many as components.
        """
        if self.unknowns and len(self.unknowns) != self.components:
            raise ValueError(
                f"{self.name}: expected a name for each of {self.components} components; got unknowns = {self.unknowns}"
            )
        return self.unknowns or (("u",) if self.components == 1 else tuple(f"u{c + 1}" for c in range(self.components)))

    @final
    @property
    def name(self) -> str:
        """The class's name in snake case: `Poisson2D` is `poisson_2d`, `Heat2DMultiscale` is `heat_2d_multiscale`."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[A-Z][a-z])", "_", type(self).__name__)
        return words.lower()
