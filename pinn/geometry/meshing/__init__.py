"""Simplices that fill a shape, for methods that need a mesh."""

from pinn.geometry.meshing.mesh import Simplices, UnmeshableError, mesh

__all__ = ["Simplices", "UnmeshableError", "mesh"]
