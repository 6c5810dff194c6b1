"""Training: a problem, a field and points become an objective, and a loop hands it to a solver."""

from pinn.training.adaptive import ADAPTIVE, Adaptive, Rad, Rar
from pinn.training.checkpoint import (
    Checkpoint,
    DamagedError,
    FormatError,
    Series,
    read_checkpoint,
    write_checkpoint,
)
from pinn.training.enforcement import Enforcement, enforce, require_places
from pinn.training.evolution import Evolution, no_evolution
from pinn.training.history import History
from pinn.training.integration import Integration
from pinn.training.keeper import Keeper
from pinn.training.linearity import linear
from pinn.training.loop import Event, Observer, Training, train
from pinn.training.march import March
from pinn.training.objective import ResidualObjective
from pinn.training.replicas import Replicas
from pinn.training.sampling import SAMPLERS, Sampling, boundary_points, interior_points
from pinn.training.slab import SlabTerms
from pinn.training.snapshot import Snapshot
from pinn.training.spread import SpreadObjective
from pinn.training.terms import EQUATION, Term, natural_weight, terms_of
from pinn.training.wavelengths import intricacy, wave_numbers
from pinn.training.weighting import (
    BALANCES,
    Balance,
    Causal,
    Fixed,
    GradientNorm,
    Ntk,
    Relobralo,
    SelfAdaptive,
    require_fit,
)

__all__ = [
    "ADAPTIVE",
    "BALANCES",
    "EQUATION",
    "SAMPLERS",
    "Adaptive",
    "Balance",
    "Causal",
    "Checkpoint",
    "DamagedError",
    "Enforcement",
    "Event",
    "Evolution",
    "Fixed",
    "FormatError",
    "GradientNorm",
    "History",
    "Integration",
    "Keeper",
    "Keeping",
    "March",
    "Ntk",
    "Observer",
    "Rad",
    "Rar",
    "Relobralo",
    "Replicas",
    "ResidualObjective",
    "Sampling",
    "SelfAdaptive",
    "Series",
    "SlabTerms",
    "Snapshot",
    "SpreadObjective",
    "Term",
    "Training",
    "boundary_points",
    "enforce",
    "require_places",
    "interior_points",
    "intricacy",
    "linear",
    "natural_weight",
    "no_evolution",
    "read_checkpoint",
    "require_fit",
    "terms_of",
    "train",
    "wave_numbers",
    "write_checkpoint",
]
