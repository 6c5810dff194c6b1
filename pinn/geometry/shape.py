"""The contract of a shape, and of a part of its boundary."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

from numpy.typing import ArrayLike, NDArray

from pinn.geometry.boundary_data import BoundaryData, Constant, checked_data, common_constant
from pinn.geometry.checks import Array, device_points, host_points, listed, unit_points

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    from pinn.geometry.moved import Moved
    from pinn.geometry.named import Named
    from pinn.geometry.product import Product
    from pinn.geometry.set_operations import Difference, Intersection, Union
    from pinn.geometry.time_product import TimeProduct

BOUNDARY = "boundary"
INITIAL = "initial"
ROUND_OFFS = 8.0  # a point computed by one of the maps here is off by at most a few units in the last place


@dataclass(frozen=True)
class BoundaryPart:
    """An elementary part of a boundary: a face, a sphere, the initial time.

    Attributes:
        name: how conditions refer to it, such as "x_min", "sphere", "inner", "initial".
        measure: its length, area, ... in the units of the axes. A point counts 1; on a time product the measure is that
            of the part in space times the duration; for "initial" it is the measure of the shape in space.
        unit_dimension: the number k of unit-cube coordinates that `sample` takes.
        sample: unit coordinates `[n, k]` -> (points `[n, d]`, outward unit normals `[n, d]`). Uniform coordinates give
            points uniform in measure, so `measure * mean(f(points))` estimates the integral of f over the part.
        valued: whether `vanishing` and `lift` of the shape serve the part, so that a value can hold on it exactly.
        smooth: whether they do so with bounded second derivatives up to the ends of the part. Where these grow towards
            corners, a network pays for exact values with the residual there, and a penalty is the better choice.
        groups: further names under which `select` finds the part, each shared by parts that belong together, such as
            the edges of one hole.
        knots: where `sample` jumps: of its first coordinate the values `[m + 1]` between which lie the m pieces that
            the part is made of, such as the triangles of a surface. None if it is one piece.
    """

    name: str
    measure: float
    unit_dimension: int
    sample: Callable[[ArrayLike], tuple[Array, Array]]
    valued: bool = True
    smooth: bool = True
    groups: tuple[str, ...] = ()
    knots: Array | None = field(default=None, compare=False, repr=False)


class Shape(ABC):
    """A closed bounded set with named axes, a boundary in named parts, and uniform maps from the unit cube.

    The public methods check what they are given and are final; a new shape writes the abstract ones. Everything is
    float64 NumPy, but for `vanishing`, `lift`, `project` and `ramp`, which are TensorFlow functions: in float32 or
    float64, eagerly, in `tf.function` or under XLA, twice differentiable with respect to the points.

    Laws that every shape obeys (with n the outward normal of a part, M its measure, and D the space dimension):

    - `signed_distance` and `inside` agree, and n is the gradient of `signed_distance` on the part;
    - the divergence theorem links `measure`, `interior` and the `parts` (a time product has no part at its end);
    - `vanishing` is zero on the named parts and only there, with a slope along n that is not zero;
    - `lift` equals the data on the named parts, and asks for the data nowhere else;
    - both refuse parts that are not `valued`: these can carry penalties only;
    - `project` onto a part lands on it with the normals of `sample`, leaves its points where they are, moves no point
      of a part of another family off that part, and does not change along the normals of its own family;
    - `ramp` of a part is constant on every part of its family, with the slope 1 along n on the part itself, and with
      the value 0 and the slope 0 on the others; its slope across the parts of other families is 0.

    Attributes:
        axes: the names of all coordinates in their order, such as `("x", "y")` or `("x", "t")`.
    """

    axes: tuple[str, ...]

    @property
    @abstractmethod
    def time_axis(self) -> str | None:
        """The name of the time axis (always the last one), or None for a shape in space."""

    @property
    @abstractmethod
    def bounds(self) -> tuple[Array, Array]:
        """The smallest box around the shape, or a larger one where a shape says so: lower corner `[d]`, upper `[d]`."""

    @property
    @abstractmethod
    def measure(self) -> float:
        """Length, area, volume, ... in the units of the axes."""

    @property
    @abstractmethod
    def unit_dimension(self) -> int:
        """The number of unit-cube coordinates that `interior` takes."""

    @property
    @abstractmethod
    def parts(self) -> dict[str, BoundaryPart]:
        """The elementary parts of the boundary by name, in a fixed order."""

    @property
    @abstractmethod
    def families(self) -> tuple[tuple[str, ...], ...]:
        """The parts that `project` and `ramp` serve, grouped by the coordinate that is constant on them.

        The two faces of an axis are a family, and so are two concentric spheres: parts of one family never meet. A flux
        can be prescribed exactly through these parts; "initial" is none of them. There may be no family at all.
        """

    @property
    @final
    def dim(self) -> int:
        """The number d of coordinates, time included."""
        return len(self.axes)

    @property
    @final
    def space_axes(self) -> tuple[str, ...]:
        """The names of the coordinates without time."""
        return tuple(axis for axis in self.axes if axis != self.time_axis)

    @property
    @final
    def names(self) -> tuple[str, ...]:
        """What `select` takes beside "boundary": the names of the parts, then those of groups."""
        parts = self.parts
        return tuple(dict.fromkeys([*parts, *(group for part in parts.values() for group in part.groups)]))

    @final
    def select(self, on: str | Collection[str]) -> tuple[BoundaryPart, ...]:
        """The parts that `on` names, each once, in the order of `parts`.

        Args:
            on: the name of a part or of a group, several names, or "boundary" for all parts in space (never "initial").

        Raises:
            ValueError: a name is unknown; the message lists the parts and the groups.
        """
        known = self.names
        asked = (on,) if isinstance(on, str) else tuple(on)
        for name in asked:
            if name not in (BOUNDARY, *known):
                raise ValueError(f"unknown boundary part {name!r}: choose from {listed(known)}, or {BOUNDARY}.")
        everywhere = BOUNDARY in asked
        return tuple(
            part
            for name, part in self.parts.items()
            if not {name, *part.groups}.isdisjoint(asked) or (everywhere and name != INITIAL)
        )

    @final
    def inside(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Whether each of the points `[N, d]` lies in the closed shape: `[N]`.

        A few units in the last place of the size of the shape are forgiven, in the precision the points come in
        (float32 points are judged as such), so that points of the boundary count as inside.
        """
        array, round_off = host_points(points, self.dim)
        return self._inside(array, ROUND_OFFS * round_off)

    @final
    def signed_distance(self, points: ArrayLike) -> Array:
        """Euclidean distance from each of the points `[N, d]` to the boundary, negative inside: `[N]`.

        The boundary meant is the whole topological one; for a time product it includes the end time. Set operations
        give a bound where the distance costs more (see there): the sign is right, and the size never too large.
        """
        return self._signed_distance(host_points(points, self.dim)[0])

    @final
    def interior(self, unit: ArrayLike) -> Array:
        """Maps unit-cube coordinates `[n, unit_dimension]` into the shape: points `[n, d]`.

        The map keeps volume ratios: uniform coordinates give uniform points, and `measure * mean(f(points))` estimates
        the integral of f. It is monotone a coordinate where that is possible, so that low-discrepancy coordinates
        (Sobol, Latin hypercube) give points that are as evenly spread.

        Raises:
            ValueError: the coordinates have a wrong shape or leave [0, 1].
        """
        return self._interior(unit_points(unit, self.unit_dimension))

    @final
    def vanishing(self, points: tf.Tensor, parts: str | Collection[str]) -> tf.Tensor:
        """A smooth function of the points `[N, d]` that is zero on the named parts: `[N]`.

        It is positive elsewhere inside, has a non-zero slope across the interior of every named part, and a maximum of
        about 1 (never more; less where shapes are combined). It is the factor phi in the ansatz `u = g + phi * N`. With
        no parts named it is 1 everywhere.

        Args:
            points: `[N, d]` in the shape.
            parts: what `select` takes, or nothing at all: `()`.

        Raises:
            ValueError: a part is unknown or not `valued`, or the points have a wrong shape.
        """
        names = frozenset(part.name for part in self._select_valued(parts))
        tensor = device_points(points, self.dim)
        return self._vanishing(tensor, names) if names else Constant(1.0)(tensor)

    @final
    def lift(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        """A smooth extension of boundary data to the points `[N, d]`: `[N]`. It is the g in `u = g + phi * N`.

        On every named part it equals the data of that part, if the data agree where parts meet. The data are only
        evaluated at points of their part, always N at a time and in the order of the points. When all data are the same
        `Constant`, so is the lift, at no cost; with no data it is 0.

        Args:
            points: `[N, d]` in the shape.
            data: for each part a function `[N, d] -> [N]`; "boundary" stands for all parts in space.

        Raises:
            ValueError: a part is unknown, not `valued` or given twice, the data have a wrong shape, or the shape cannot
                interpolate so many parts at a reasonable cost.
            TypeError: the data are not callable (write `Constant(0.0)` for a number), or have another dtype.
        """
        tensor = device_points(points, self.dim)
        by_part = self.by_part(data)
        self._select_valued(by_part)
        if not by_part:
            return Constant(0.0)(tensor)
        constant = common_constant(by_part.values())
        return self._lift(tensor, by_part) if constant is None else constant(tensor)

    @final
    def project(self, points: tf.Tensor, part: str) -> tuple[tf.Tensor, tf.Tensor]:
        """The points `[N, d]` moved onto a part, `[N, d]`, and the outward unit normals there, `[N, d]`.

        Onto a face by replacing one coordinate, onto a sphere along the ray from its center (from the center itself in
        a direction that is fixed), with the time kept: it is the nearest point of the part.

        Raises:
            ValueError: the part is in no family, or the points have a wrong shape.
        """
        self._require_family(part)
        return self._project(device_points(points, self.dim), part)

    @final
    def ramp(self, points: tf.Tensor, part: str) -> tf.Tensor:
        r"""A smooth function `\omega` of the points `[N, d]` with the outward slope 1 on the part: `[N]`, in units of
        length.

        With the distance s to the other part of the family, and L the distance of the two, it is `s^2 / (2 L)`: on the
        other part its value and its slope are 0. So `u - \omega c`, with c constant along the normals of the family,
        has the flux of u less c through the part, and the value and the flux of u on the other.

        Raises:
            ValueError: the part is in no family, or the points have a wrong shape.
        """
        self._require_family(part)
        return self._ramp(device_points(points, self.dim), part)

    @final
    def over(self, start: float, end: float, *, axis: str = "t") -> TimeProduct:
        """The space-time domain `shape x [start, end]`, with time as its last coordinate."""
        from pinn.geometry.time_product import TimeProduct

        return TimeProduct(self, start, end, axis=axis)

    @final
    def by_part(self, data: Mapping[str, Any]) -> dict[str, BoundaryData]:
        """The data by elementary part, with "boundary" spelled out; their answers are checked when they are called.

        Raises:
            ValueError: a part is unknown or given twice.
            TypeError: the data are not callable.
        """
        by_part: dict[str, BoundaryData] = {}
        for name, function in data.items():
            for part in self.select(name):
                if part.name in by_part:
                    raise ValueError(f"the data on {part.name!r} are given twice: name each part once.")
                by_part[part.name] = checked_data(part.name, function)
        return by_part

    @final
    def _select_valued(self, on: str | Collection[str]) -> tuple[BoundaryPart, ...]:
        parts = self.select(on)
        for part in parts:
            if not part.valued:
                raise ValueError(
                    f"no value can be exact on {part.name!r} of this shape: use a penalty condition there."
                )
        return parts

    @final
    def _require_family(self, part: str) -> None:
        served = [name for family in self.families for name in family]
        if not served:
            raise ValueError(f"no flux can be exact on {part!r} of this shape: use a penalty condition there.")
        if part not in served:
            raise ValueError(f"a flux goes through a part in space, got {part!r}: choose from {', '.join(served)}.")

    @abstractmethod
    def _inside(self, points: Array, slack: float) -> NDArray[np.bool_]:
        """`inside`, forgiving `slack` times the largest coordinate."""

    @abstractmethod
    def _signed_distance(self, points: Array) -> Array:
        """`signed_distance` of checked points."""

    @abstractmethod
    def _interior(self, unit: Array) -> Array:
        """`interior` of checked coordinates."""

    @abstractmethod
    def _vanishing(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:
        """`vanishing` for at least one part, all of them known."""

    @abstractmethod
    def _lift(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        """`lift` for at least one part, all of them known, not all the same constant.

        The data must be called with N rows of which row i belongs to `points[i]`: a time product binds the time of each
        row to the data before it hands them to its shape in space.
        """

    @abstractmethod
    def _project(self, points: tf.Tensor, part: str) -> tuple[tf.Tensor, tf.Tensor]:
        """`project` of checked points onto a part of a family."""

    @abstractmethod
    def _ramp(self, points: tf.Tensor, part: str) -> tf.Tensor:
        """`ramp` at checked points for a part of a family."""


class SpatialShape(Shape):
    """A shape without time: the base of everything that a time product can be built on."""

    @property
    @final
    def time_axis(self) -> None:
        """None: all axes are space axes."""
        return None

    @final
    def with_part(self, name: str, predicate: Callable[[Any], Any]) -> Named:
        """The shape with a name for the boundary points where a predicate of the coordinates holds.

        Such as `shape.with_part("top", lambda p: p.y > 1 - 1e-9)`; with 0.99 the upper ends of the sides would belong
        to it too. Parts that it divides become two.

        Cost: the boundary is looked at, 0.02 s for a square and 0.1 s for a cube, and what is found is remembered for a
        shape with the same function: a problem whose domain is made anew each time takes a function of its module
        rather than a lambda.
        """
        from pinn.geometry.named import Named

        return Named(self, name, predicate)

    @final
    def translated(self, by: Sequence[float]) -> Moved:
        """The shape moved by a vector, one number an axis; parts keep their names."""
        from pinn.geometry.moved import translation

        return translation(self, by)

    @final
    def rotated(self, angle: float, plane: Sequence[str] | None = None) -> Moved:
        """The shape turned about the origin by an angle in radians.

        In the plane of two axes, from the first towards the second one, such as `plane=("y", "z")`; in two dimensions
        there is only one.
        """
        from pinn.geometry.moved import rotation

        return rotation(self, angle, plane)

    @final
    def scaled(self, factor: float) -> Moved:
        """The shape with all coordinates multiplied by a factor greater than 0."""
        from pinn.geometry.moved import scaling

        return scaling(self, factor)

    @final
    def __sub__(self, hole: SpatialShape) -> Difference:
        """The shape without a hole; a second hole is one of the same difference, `hole_2`."""
        from pinn.geometry.set_operations import Difference

        if isinstance(self, Difference):
            return Difference(self.shape, (*self.holes, hole))
        return Difference(self, (hole,))

    @final
    def __and__(self, other: SpatialShape) -> Intersection:
        """What both shapes have in common; a third shape is one of the same intersection."""
        from pinn.geometry.set_operations import Intersection

        return Intersection((*self.shapes, other) if isinstance(self, Intersection) else (self, other))

    @final
    def __mul__(self, other: SpatialShape) -> Product:
        """All points with a first part in this shape and a second one in the other, which has other axes."""
        from pinn.geometry.product import Product

        return Product(self, other)

    @final
    def __or__(self, other: SpatialShape) -> Union:
        """Both shapes together; a third shape is one of the same union."""
        from pinn.geometry.set_operations import Union

        return Union((*self.shapes, other) if isinstance(self, Union) else (self, other))
