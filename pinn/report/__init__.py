"""Figures, tables and files from plain arrays.

Records say what there is to show (`View`, `Points`, `History`), functions turn them into figures on an Agg canvas
(no window, no global matplotlib setting), and every file is written whole or not at all.

Names are looked up when they are first used: tables and files need no matplotlib.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinn.lazy import exports

if TYPE_CHECKING:
    from pinn.report.columns import Column, fitted_table
    from pinn.report.comparison import rank, table, write_csv
    from pinn.report.curves import curves_figure
    from pinn.report.domain import Domain, domain_figure
    from pinn.report.error_curves import ErrorCurve, work_precision_figure
    from pinn.report.figures import save_figures
    from pinn.report.files import plain, read_columns, write_columns, write_json, write_npz
    from pinn.report.findings import findings_table
    from pinn.report.history import history_figure
    from pinn.report.maps import maps_figure
    from pinn.report.points import points_figure
    from pinn.report.search import search_figure
    from pinn.report.status import status_line
    from pinn.report.style import save_figure
    from pinn.report.trials import TrialRow, ranked, trials_table, write_trials
    from pinn.report.views import Curve, History, Panel, Points, View
    from pinn.report.vtk import write_pvd, write_vtu
    from pinn.report.work_precision import comparison_figure

__getattr__, __dir__ = exports(
    __name__,
    {
        "pinn.report.comparison": ("rank", "table", "write_csv"),
        "pinn.report.curves": ("curves_figure",),
        "pinn.report.domain": ("Domain", "domain_figure"),
        "pinn.report.error_curves": ("ErrorCurve", "work_precision_figure"),
        "pinn.report.figures": ("save_figures",),
        "pinn.report.files": ("plain", "read_columns", "write_columns", "write_json", "write_npz"),
        "pinn.report.findings": ("findings_table",),
        "pinn.report.history": ("history_figure",),
        "pinn.report.columns": ("Column", "fitted_table"),
        "pinn.report.maps": ("maps_figure",),
        "pinn.report.points": ("points_figure",),
        "pinn.report.search": ("search_figure",),
        "pinn.report.status": ("status_line",),
        "pinn.report.style": ("save_figure",),
        "pinn.report.trials": ("TrialRow", "ranked", "trials_table", "write_trials"),
        "pinn.report.views": ("Curve", "History", "Panel", "Points", "View"),
        "pinn.report.vtk": ("write_pvd", "write_vtu"),
        "pinn.report.work_precision": ("comparison_figure",),
    },
)

__all__ = [
    "Column",
    "Curve",
    "Domain",
    "ErrorCurve",
    "History",
    "Panel",
    "Points",
    "TrialRow",
    "View",
    "comparison_figure",
    "curves_figure",
    "domain_figure",
    "findings_table",
    "fitted_table",
    "history_figure",
    "maps_figure",
    "plain",
    "points_figure",
    "rank",
    "ranked",
    "read_columns",
    "save_figure",
    "save_figures",
    "search_figure",
    "status_line",
    "table",
    "trials_table",
    "work_precision_figure",
    "write_columns",
    "write_csv",
    "write_json",
    "write_npz",
    "write_pvd",
    "write_trials",
    "write_vtu",
]
