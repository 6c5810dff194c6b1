"""Neural fields: networks, their weights as one vector, and the ansatz that satisfies conditions exactly."""

from pinn.fields.ansatz import Ansatz, Data, Datum
from pinn.fields.flat import FlatField
from pinn.fields.networks import SINE, FieldRecipe, FourierFeatures, Mlp

__all__ = ["SINE", "Ansatz", "Data", "Datum", "FieldRecipe", "FlatField", "FourierFeatures", "Mlp"]
