"""Neural fields: networks, their weights as one vector, and the ansatz that satisfies conditions exactly."""

from pinn.fields.ansatz import Ansatz, Data, Datum
from pinn.fields.evolving import EvolvingFeatures
from pinn.fields.flat import FlatField
from pinn.fields.layers import SINE
from pinn.fields.layout import Layout
from pinn.fields.networks import FieldRecipe, FourierFeatures, Mlp
from pinn.fields.patch_grid import Axis, PatchGrid
from pinn.fields.patches import POINTS_A_FEATURE, Patches, Patchwork, points_on_face
from pinn.fields.random_features import RandomFeatures
from pinn.fields.seam import Seam
from pinn.fields.slabs import Slabs
from pinn.fields.slabwork import Slabwork

__all__ = [
    "POINTS_A_FEATURE",
    "SINE",
    "Ansatz",
    "Axis",
    "Data",
    "Datum",
    "EvolvingFeatures",
    "FieldRecipe",
    "FlatField",
    "FourierFeatures",
    "Layout",
    "Mlp",
    "PatchGrid",
    "Patches",
    "Patchwork",
    "RandomFeatures",
    "Seam",
    "Slabs",
    "Slabwork",
    "points_on_face",
]
