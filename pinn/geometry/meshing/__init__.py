"""Simplices that fill a shape, for methods that need a mesh."""

from pinn.geometry.meshing.filling import Cells, cells
from pinn.geometry.meshing.mesh import Simplices, UnmeshableError, mesh

__all__ = ["Cells", "Simplices", "UnmeshableError", "cells", "mesh"]
