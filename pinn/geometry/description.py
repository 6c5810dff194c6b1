"""Shapes from descriptions: mappings of names to numbers, as a config holds them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pinn.geometry.annulus import Annulus
from pinn.geometry.ball import Ball
from pinn.geometry.box import Box, Interval
from pinn.geometry.ellipsoid import Ellipsoid
from pinn.geometry.mesh_files import mesh_from_file
from pinn.geometry.polygon import Polygon, RegularPolygon
from pinn.geometry.polygon_files import polygon_from_file
from pinn.geometry.product import product_of
from pinn.geometry.set_operations import Difference, Intersection, Union
from pinn.geometry.shape import SpatialShape
from pinn.geometry.simplex import Simplex
from pinn.hints import did_you_mean

_TYPES: dict[str, Callable[..., SpatialShape]] = {
    "interval": Interval,
    "box": Box,
    "ball": Ball,
    "annulus": Annulus,
    "ellipsoid": Ellipsoid,
    "simplex": Simplex,
    "polygon": Polygon,
    "regular_polygon": RegularPolygon,
    "polygon_file": polygon_from_file,
    "mesh_file": mesh_from_file,
}
_COMBINED: dict[str, Callable[[tuple[SpatialShape, ...]], SpatialShape]] = {
    "union": Union,
    "intersection": Intersection,
    "product": product_of,
}
_TYPE, _OF, _DIFFERENCE = "type", "of", "difference"
_MOVES: dict[str, Callable[[SpatialShape, Any], SpatialShape]] = {
    "scale": lambda shape, factor: shape.scaled(factor),
    "rotate": lambda shape, turn: _turned(shape, turn) if isinstance(turn, Mapping) else shape.rotated(turn),
    "translate": lambda shape, by: shape.translated(by),
}


def shape_from(description: Mapping[str, Any], place: str = "shape") -> SpatialShape:
    """The shape that a mapping describes.

    `type` is one of interval, box, ball, annulus, ellipsoid, simplex, polygon, regular_polygon, with the arguments of
    that class beside it; polygon_file or mesh_file, with `file`; or union, intersection, product, with the list `of` of
    shapes. Any of them can have `difference`, a list of holes, and then `scale` (a factor), `rotate` (an angle in
    radians, or `{angle: ..., plane: [y, z]}`) and `translate` (one number an axis), which are applied in this order:

        {type: box, lower: [0, 0], upper: [2, 1], difference: [{type: ball, center: [0.5, 0.5], radius: 0.2}]}

    Raises:
        ValueError: an unknown type or key, a key that is missing, or what the shape itself refuses; the message begins
            with the place in the description.
    """
    kind = _checked(description, place)
    rest = {key: value for key, value in description.items() if key not in (_TYPE, _DIFFERENCE, *_MOVES)}
    shape = _combined(kind, rest, place) if kind in _COMBINED else _elementary(kind, rest, place)
    if _DIFFERENCE in description:
        holes = _several(description[_DIFFERENCE], f"{place}.{_DIFFERENCE}")
        shape = _placed(place, Difference, shape, holes)
    for key, move in _MOVES.items():
        if key in description:
            shape = _placed(f"{place}.{key}", move, shape, description[key])
    return shape


def _turned(shape: SpatialShape, turn: Mapping[str, Any]) -> SpatialShape:
    if not {"angle"} <= set(turn) <= {"angle", "plane"}:
        raise ValueError(f"expected an angle, or {{angle: ..., plane: [y, z]}}; got {dict(turn)}")
    return shape.rotated(**turn)


def _checked(description: Any, place: str) -> str:
    if not isinstance(description, Mapping):
        raise ValueError(f"{place}: expected a description such as {{type: ball, ...}}; got {description!r}")
    kinds = (*_TYPES, *_COMBINED)
    if _TYPE not in description:
        raise ValueError(f"{place}.{_TYPE}: a value is missing; expected one of {', '.join(kinds)}")
    kind = description[_TYPE]
    if kind not in kinds:
        raise ValueError(
            f"{place}.{_TYPE}: expected one of {', '.join(kinds)}; got {kind!r}{did_you_mean(kind, kinds)}"
        )
    return str(kind)


def _elementary(kind: str, options: Mapping[str, Any], place: str) -> SpatialShape:
    parameters = inspect.signature(_TYPES[kind]).parameters
    required = [name for name, parameter in parameters.items() if parameter.default is inspect.Parameter.empty]
    _require_keys(kind, options, list(parameters), required, place)
    return _placed(place, _TYPES[kind], **options)


def _combined(kind: str, options: Mapping[str, Any], place: str) -> SpatialShape:
    _require_keys(kind, options, [_OF], [_OF], place)
    return _placed(place, _COMBINED[kind], _several(options[_OF], f"{place}.{_OF}"))


def _several(descriptions: Any, place: str) -> tuple[SpatialShape, ...]:
    if isinstance(descriptions, str | Mapping) or not isinstance(descriptions, Iterable):
        raise ValueError(f"{place}: expected a list of shapes; got {descriptions!r}")
    return tuple(shape_from(description, f"{place}[{i}]") for i, description in enumerate(descriptions))


def _require_keys(kind: str, options: Mapping[str, Any], known: list[str], required: list[str], place: str) -> None:
    for key in options:
        if key not in known:
            served = ", ".join([*known, _DIFFERENCE, *_MOVES])
            raise ValueError(f"{place}.{key}: unknown for {kind}; expected one of {served}{did_you_mean(key, known)}")
    for key in required:
        if key not in options:
            raise ValueError(f"{place}.{key}: a value is missing; {kind} needs {', '.join(required)}")


def _placed(place: str, build: Callable[..., SpatialShape], *arguments: Any, **options: Any) -> SpatialShape:
    """What is built, with the place before the message if it is refused."""
    try:
        return build(*arguments, **options)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{place}: {error}") from None
