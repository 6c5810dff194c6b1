"""Products of shapes: names of parts, products of products, mixed lifts, and messages."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from pinn.geometry import Annulus, Ball, Box, Constant, Interval, Product, RegularPolygon

DISK, LENGTH = Ball((0.0, 0.0), 1.0), Interval(0.0, 2.0, axis="z")


def test_parts_that_both_factors_have_are_numbered_and_grouped() -> None:
    torus_like = DISK * Ball((0.0, 0.0), 2.0, axes=("u", "v"))
    assert torus_like.axes == ("x", "y", "u", "v")
    assert list(torus_like.parts) == ["sphere_1", "sphere_2"]
    assert [part.name for part in torus_like.select("sphere")] == ["sphere_1", "sphere_2"]
    assert torus_like.families == (("sphere_1",), ("sphere_2",))
    assert torus_like.parts["sphere_2"].measure == pytest.approx(math.pi * 4 * math.pi, rel=1e-15)
    points, normals = torus_like.parts["sphere_2"].sample(np.full((1, 3), 0.3))
    assert np.linalg.norm(points[0, 2:]) == pytest.approx(2.0, rel=1e-15)
    assert normals[0, :2].tolist() == [0.0, 0.0]


def test_a_product_of_intervals_is_a_box() -> None:
    """In all that can be asked, as far as round-off."""
    product = Interval(0.0, 1.0) * Interval(-1.0, 1.0, axis="y") * LENGTH
    box = Box((0.0, -1.0, 0.0), (1.0, 1.0, 2.0))
    assert product.axes == box.axes
    assert list(product.parts) == list(box.parts)
    assert product.families == box.families
    points = np.random.default_rng(0).uniform(-0.5, 1.5, (50, 3))
    assert product.signed_distance(points) == pytest.approx(box.signed_distance(points), rel=1e-15)
    tensor = tf.constant(points)
    data = {name: (lambda p, k=k: tf.sin(p[:, 0] + k * p[:, 1] * p[:, 2])) for k, name in enumerate(box.parts)}
    data["y_min"] = Constant(0.5)
    assert product.vanishing(tensor, list(data)).numpy() == pytest.approx(box.vanishing(tensor, list(data)).numpy())
    for part in ("x_max", "y_min", "z_max"):
        assert product.ramp(tensor, part).numpy() == pytest.approx(box.ramp(tensor, part).numpy(), rel=1e-14)
        for ours, theirs in zip(product.project(tensor, part), box.project(tensor, part), strict=True):
            assert ours.numpy() == pytest.approx(theirs.numpy(), rel=1e-15)
    for names in (["x_min"], ["z_max"], ["x_min", "y_max"], ["y_min", "y_max"], ["x_min", "y_min", "z_min"]):
        chosen = {name: data[name] for name in names}
        assert np.isfinite(product.lift(tensor, chosen).numpy()).all()
    compatible = {name: (lambda p: tf.sin(p[:, 0] + p[:, 1] * p[:, 2])) for name in box.parts}
    assert product.lift(tensor, compatible).numpy() == pytest.approx(box.lift(tensor, compatible).numpy(), abs=1e-13)


@pytest.mark.parametrize("z_max", [Constant(3.0), lambda p: 3.0 + 0.0 * p[:, 0]], ids=["number", "function"])
@pytest.mark.parametrize("sphere", [Constant(3.0), lambda p: 3.0 + 0.0 * p[:, 0], None], ids=["number", "function", ""])
def test_numbers_and_functions_mix(sphere: Any, z_max: Any) -> None:
    cylinder = DISK * LENGTH
    points = tf.constant(cylinder.parts["z_max"].sample(np.random.default_rng(1).random((8, 2)))[0])
    data = {"z_max": z_max} | ({"sphere": sphere} if sphere else {})
    assert cylinder.lift(points, data).numpy() == pytest.approx(np.full(8, 3.0), rel=1e-14)


def test_a_prism_keeps_the_edges_of_its_polygon() -> None:
    prism = RegularPolygon(6) * LENGTH
    assert [part.name for part in prism.select("outer")] == [f"edge_{i}" for i in range(6)]
    assert prism.measure == pytest.approx(3 * math.sqrt(3.0), rel=1e-14)
    assert sum(part.measure for part in prism.select("outer")) == pytest.approx(12.0, rel=1e-14)
    assert not prism.parts["edge_0"].smooth


def test_products_are_cut_and_moved_like_any_shape() -> None:
    """A tube, and a ball that cuts half of its volume out of one end."""
    tube = Annulus((0.0, 0.0), 0.5, 1.0) * LENGTH
    shape = (tube - Ball((0.75, 0.0, 2.0), 0.2)).scaled(2.0)
    assert list(shape.parts) == ["inner", "outer", "z_min", "z_max", "hole_1"]
    assert shape.measure / 8 == pytest.approx(math.pi * 1.5 - 2 / 3 * math.pi * 0.2**3, rel=1e-4)


BAD: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "axis": (
        lambda: DISK * Interval(0.0, 1.0),
        ValueError,
        r"both factors have the axis 'x', got \('x', 'y'\) and \('x',\): name the axes of one",
    ),
    "number": (lambda: DISK * 2.0, TypeError, "a product takes shapes in space, .* got 2.0"),
    "time": (lambda: Product(DISK, Interval(0, 1, axis="z").over(0, 1)), TypeError, "a product takes shapes in space"),
    "part": (lambda: (DISK * LENGTH).select("top"), ValueError, "'top': choose from sphere, z_min, z_max"),
}


@pytest.mark.parametrize(("call", "error", "match"), BAD.values(), ids=list(BAD))
def test_what_is_no_product_is_refused_with_the_remedy(call: Callable[[], Any], error: type, match: str) -> None:
    with pytest.raises(error, match=match):
        call()
