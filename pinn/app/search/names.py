"""Names that a sweep can be asked for, known without Optuna, so that its help needs nothing installed."""

from __future__ import annotations

import sys

SAMPLERS = ("tpe", "random", "qmc", "grid", "gp", "cmaes", "nsga2", "nsga3")
PRUNERS = ("median", "hyperband", "none")
OBJECTIVES = ("error", "error,seconds")
LOOKS = 10
"""Parts of a training after each of which its error is told, and compared with those of other trials."""
COMMAND = (sys.executable, "-m", "pinn.app.search.worker")
"""Starts a worker."""
