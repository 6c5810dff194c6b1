"""Shapes with named axes: where a problem lives, and where on its boundary which condition holds.

    >>> from pinn.geometry import Ball, Interval
    >>> domain = Interval(0.0, 1.0).over(0.0, 2.0)
    >>> domain.axes, domain.measure, list(domain.parts)
    (('x', 't'), 2.0, ['x_min', 'x_max', 'initial'])
    >>> points, normals = Ball((0.0, 0.0), 1.0).parts["sphere"].sample([[0.0]])
    >>> points.tolist(), normals.tolist()
    ([[1.0, 0.0]], [[1.0, 0.0]])

`Shape` is the contract, with the laws that every shape obeys. A new shape is one file with a subclass of
`SpatialShape`, its name in the list below, and its closed forms as one case of the shared tests.
"""

from __future__ import annotations

from pinn.geometry.annulus import Annulus
from pinn.geometry.ball import Ball
from pinn.geometry.boundary_data import BoundaryData, Constant
from pinn.geometry.box import Box, Interval
from pinn.geometry.description import shape_from
from pinn.geometry.ellipsoid import Ellipsoid
from pinn.geometry.grading import LAWS, Grading, distance_to, graded
from pinn.geometry.mesh import Mesh
from pinn.geometry.mesh_files import mesh_from_file
from pinn.geometry.moved import Moved
from pinn.geometry.named import Named
from pinn.geometry.octaves import octaves, parts_of_octaves
from pinn.geometry.polygon import Polygon, RegularPolygon
from pinn.geometry.polygon_files import polygon_from_file
from pinn.geometry.product import Product
from pinn.geometry.set_operations import Difference, Intersection, Union
from pinn.geometry.shape import INITIAL, BoundaryPart, Shape, SpatialShape
from pinn.geometry.simplex import Simplex
from pinn.geometry.time_product import TimeProduct

__all__ = [
    "octaves",
    "parts_of_octaves",
    "INITIAL",
    "LAWS",
    "Annulus",
    "Ball",
    "BoundaryData",
    "BoundaryPart",
    "Box",
    "Constant",
    "Difference",
    "Grading",
    "Intersection",
    "Interval",
    "Ellipsoid",
    "Mesh",
    "Moved",
    "Named",
    "Polygon",
    "Product",
    "RegularPolygon",
    "Shape",
    "Simplex",
    "SpatialShape",
    "TimeProduct",
    "Union",
    "distance_to",
    "graded",
    "mesh_from_file",
    "polygon_from_file",
    "shape_from",
]
